"""Modules invented at random: package t, a few rules, each of which may use those before it."""

from words import CALLS, CONSTANTS, FIXED, KINDS, NUMBERS, OPERATORS, PATHS, ROOTS, STRINGS


class Inventor:
    def __init__(self, rng):
        self.rng = rng
        self.rules = []  # their texts
        self.names = []  # (reference, kind) of what they define
        self.functions = []  # (name, arity)
        self.vars = []  # (name, kind) in scope
        self.fresh = 0

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, things):
        return self.rng.choice(things)

    def kind(self):
        return self.pick(KINDS)

    def var(self, kind="any"):
        name = f"v{self.fresh}"
        self.fresh += 1
        self.vars.append((name, kind))
        return name

    def known(self, kind):
        """Variables and rules that are of a kind, or may be."""
        return [
            n
            for n, k in self.vars * 2 + self.names
            if k == kind or kind == "any" or (k == "any" and self.chance(0.5))
        ]

    # Terms.

    def reference(self):
        text = self.pick(ROOTS + [n for n, _ in self.vars[-4:]] * 2 + [n for n, _ in self.names[-4:]])
        for _ in range(self.rng.randrange(4)):
            text += f"[{self.pick(self.vars)[0]}]" if self.vars and self.chance(0.2) else self.pick(PATHS)
        return text

    def argument(self, kind, depth):
        if kind in FIXED:
            return self.pick(FIXED[kind]) if self.chance(0.95) else self.term("any", depth)
        many = {"nums": "num", "strs": "str", "sets": "set", "objs": "obj"}
        if kind in many:
            items = ", ".join(self.term(many[kind], depth + 1) for _ in range(self.rng.randrange(4)))
            if kind == "objs" or (self.chance(0.6) and kind != "sets"):
                return f"[{items}]"
            return f"{{{items}}}" if items else "set()"
        if kind == "coll":
            kind = self.pick(["arr", "obj", "set", "str"])
        if kind == "coll2":
            kind = self.pick(["arr", "set"])
        return self.term(kind, depth)

    def call(self, kind, depth):
        if self.functions and self.chance(0.3):
            name, arity = self.pick(self.functions)
            arguments = [self.term(self.kind(), depth + 1) for _ in range(arity)]
        else:
            name = self.pick(list(CALLS[kind]))
            arguments = [self.argument(k, depth + 1) for k in CALLS[kind][name]]
        return f"{name}({', '.join(arguments)})"

    def comprehension(self, kind, depth):
        kept = list(self.vars)
        body = self.body(depth + 1, self.rng.randrange(1, 3))
        own = [n for n, _ in self.vars if (n, "any") not in kept and n not in [m for m, _ in kept]]
        head = self.pick(own) if own and self.chance(0.7) else self.term(self.kind(), depth + 2)
        key = self.pick(own) if own else self.term("str", depth + 2)
        self.vars = kept
        return {"arr": f"[{head} | {body}]", "set": f"{{{head} | {body}}}"}.get(kind, f"{{{key}: {head} | {body}}}")

    def composite(self, kind, depth):
        terms = [self.term(self.kind(), depth + 1) for _ in range(self.rng.randrange(1, 4))]
        if kind == "arr":
            return f"[{', '.join(terms)}]"
        if kind == "set":
            return f"{{{', '.join(terms)}}}"
        keys = self.rng.sample(['"a"', '"k"', '"x"', "1", "input.s", '"long key"'], len(terms))
        return "{" + ", ".join(f"{k}: {t}" for k, t in zip(keys, terms)) + "}"

    def infix(self, kind, depth):
        if kind in OPERATORS:
            return f"({self.term(kind, depth + 1)} {self.pick(OPERATORS[kind])} {self.term(kind, depth + 1)})"
        same = self.kind()
        if self.chance(0.3):
            return f"({self.term(same, depth + 1)} in {self.term(self.pick(['arr', 'obj', 'set']), depth + 1)})"
        operator = self.pick(["==", "!=", "<", "<=", ">", ">="])
        return f"({self.term(same, depth + 1)} {operator} {self.term(same, depth + 1)})"

    def term(self, kind="any", depth=0):
        if self.chance(0.04):
            kind = "any"
        if kind == "any" and self.chance(0.6):
            return self.reference()
        if kind == "any":
            kind = self.kind()
        known = self.known(kind)
        if known and self.chance(0.3):
            return self.pick(known)
        if depth > 2 or self.chance(0.3):
            return self.pick(CONSTANTS[kind])
        ways = [self.call]
        if kind in ("arr", "set", "obj"):
            ways += [self.composite, self.comprehension]
        if kind in ("num", "set", "bool"):
            ways += [self.infix]
        if kind == "str" and self.chance(0.2):
            return f'$"{self.pick(["", "a", "é "])}{{{self.template_term(depth)}}}-{{{self.pick(STRINGS)}}}"'
        return self.pick(ways)(kind, depth)

    def template_term(self, depth):
        """Without variables of its own, most of the time."""
        text = self.term("any", depth + 1)
        return text.replace("[_]", "[0]") if self.chance(0.95) else text

    # Statements.

    def pattern(self, depth):
        """An array or an object with new variables in it."""
        parts = [
            self.var() if self.chance(0.6) else self.pick(["_", "1", '"x"']) for _ in range(self.rng.randrange(1, 4))
        ]
        if self.chance(0.25):
            return f'{{"k": {parts[0]}, "v": _}}'
        if self.chance(0.2):
            parts[0] = f"[{parts[0]}, _]"
        return f"[{', '.join(parts)}]"

    def declare(self, depth):
        kind = self.kind()
        text = self.term(kind, depth + 1)
        return f"{self.var(kind)} := {text}"

    def some_in(self, depth):
        text = self.term(self.pick(["arr", "set", "obj", "any"]), depth + 1)
        if self.chance(0.15):
            return f"some {self.pattern(depth)} in {text}"
        if self.chance(0.4):
            return f"some {self.var()}, {self.var()} in {text}"
        return f"some {self.var()} in {text}"

    def every(self, depth):
        text = self.term(self.pick(["arr", "set", "obj"]), depth + 1)
        kept = list(self.vars)
        key = self.var() if self.chance(0.3) else ""
        name = self.var()
        tests = [f"{name} {self.pick(['!=', '>', '<', '=='])} {self.pick(NUMBERS)}", self.statement(depth + 2)]
        if key:
            tests[0] += f"; {key} != {self.pick(['7', STRINGS[0]])}"
            key += ", "
        body = "; ".join(tests[: self.rng.randrange(1, 3)])
        self.vars = kept
        return f"every {key}{name} in {text} {{ {body} }}"

    def negation(self, depth):
        kept = list(self.vars)
        text = self.pick([self.infix, self.call])("bool", depth) if self.chance(0.5) else self.reference()
        self.vars = kept
        return f"not {text.strip()}" if not text.startswith("(") else f"not {text[1:-1]}"

    def unify(self, depth):
        text = self.term("any", depth + 1)
        return f"{self.pattern(depth)} {self.pick([':=', '=', '='])} {text}"

    def iterate(self, depth):
        text = self.pick(ROOTS[1:]) if not self.names or self.chance(0.6) else self.pick(self.names)[0]
        inner = f"[{self.var()}]"
        return f"{self.var()} = {text}{inner}"

    def walked(self, depth):
        return f"walk({self.term(self.pick(['obj', 'arr']), depth + 1)}, [{self.var('arr')}, {self.var()}])"

    def call_with_result(self, depth):
        kind = self.pick(["num", "str", "arr"])
        text = self.call(kind, depth)
        return f"{text[:-1]}, {self.var(kind)})" if "(" in text[:-1] and not text.endswith("()") else text

    def statement(self, depth):
        ways = [
            (5, self.declare),
            (3, self.some_in),
            (1, self.every),
            (2, self.negation),
            (1, self.unify),
            (2, self.iterate),
            (0.4, self.walked),
            (0.5, self.call_with_result),
            (3, lambda d: self.infix("bool", d + 1)[1:-1]),
            (1, lambda d: self.reference()),
            (1, lambda d: self.call("bool", d + 1)),
        ]
        way = self.rng.choices([w for _, w in ways], [n for n, _ in ways])[0]
        text = way(depth)
        if self.chance(0.06) and not text.startswith(("some ", "every ")):
            targets = [
                "input",
                "input.a",
                "input.n",
                "input.zz.y",
                "data.base",
                "data.users.ann",
                "count",
                "data.base.o.x",
                "lower",
            ]
            target = self.pick(
                targets + [n for n, _ in self.names] + [f"data.t.{n}" for n, _ in self.names + self.functions]
            )
            if "[" not in target:
                kind = {"count": "num", "lower": "str", "input": "obj", "data.base": "obj"}.get(target, self.kind())
                text += f" with {target} as {self.pick(CONSTANTS[kind])}"
        return text

    def body(self, depth, count):
        statements = [self.statement(depth) for _ in range(count)]
        if self.chance(0.2):  # the order is free
            self.rng.shuffle(statements)
        return "; ".join(statements)

    # Rules.

    def rule(self):
        self.vars = []
        number = len(self.rules)
        makers = [
            (4, self.complete),
            (2, self.partial_set),
            (2, self.partial_object),
            (2, self.function),
            (1, self.chain),
            (1, self.defaulted),
            (1, self.nested),
            (1, self.twice),
        ]
        self.rng.choices([m for _, m in makers], [n for n, _ in makers])[0](number)

    def add(self, text, name=None, kind="any"):
        self.rules.append(text)
        if name:
            self.names.append((name, kind))

    def complete(self, number):
        kind = self.kind()
        body = self.body(0, self.rng.randrange(1, 4))
        self.add(f"r{number} := {self.term(kind, 1)} if {{ {body} }}", f"r{number}", kind)

    def partial_set(self, number):
        body = self.body(0, self.rng.randrange(1, 4))
        self.add(f"r{number} contains {self.term(self.kind(), 1)} if {{ {body} }}", f"r{number}", "set")

    def partial_object(self, number):
        body = self.body(0, self.rng.randrange(1, 4))
        names = [n for n, _ in self.vars]
        key = self.pick(names + ['"k"'])
        self.add(f"r{number}[{key}] := {self.term(self.kind(), 1)} if {{ {body} }}", f"r{number}", "obj")

    def nested(self, number):
        body = self.body(0, self.rng.randrange(1, 4))
        names = [n for n, _ in self.vars] + ['"k"']
        tail = (
            f"[{self.pick(names)}] contains {self.term('any', 2)}"
            if self.chance(0.4)
            else f"[{self.pick(names)}].q := {self.term('any', 2)}"
        )
        self.add(f"r{number}.p{tail} if {{ {body} }}", f"r{number}.p", "obj")

    def twice(self, number):
        """Two definitions, which may agree, add up or contradict."""
        name = f"r{number}"
        both = []
        way = self.pick([f"{name} := ", f"{name} contains ", f'{name}["k"] := '])
        for _ in range(2):
            self.vars = []
            body = self.body(0, self.rng.randrange(1, 3))
            both.append(f"{way}{self.pick(NUMBERS[:4])} if {{ {body} }}")
        self.add("\n".join(both), name, "any")

    def chain(self, number):
        kind = self.kind()
        parts = []
        for i in range(self.rng.randrange(2, 4)):
            self.vars = []
            body = self.body(0, self.rng.randrange(1, 3))
            value = "" if i == 0 and self.chance(0.2) else f" := {self.term(kind, 1)}"
            parts.append(f"{f'r{number}' if i == 0 else 'else'}{value} if {{ {body} }}")
        self.vars = []
        if self.chance(0.4):
            parts.append(f"else := {self.pick(CONSTANTS[kind])}")
        self.add(" ".join(parts), f"r{number}", kind)

    def defaulted(self, number):
        kind = self.kind()
        body = self.body(0, self.rng.randrange(1, 3))
        constant = self.pick([c for c in CONSTANTS[kind] if "input" not in c and "data" not in c])
        self.add(
            f"default r{number} := {constant}\nr{number} := {self.term(kind, 1)} if {{ {body} }}", f"r{number}", kind
        )

    def function(self, number):
        arity = self.rng.randrange(1, 3)
        texts = []
        for i in range(self.rng.randrange(1, 3)):
            self.vars = []
            parameters = []
            for _ in range(arity):
                parameters.append(
                    self.var() if self.chance(0.75) else self.pick([self.pattern(0), "1", '"a"', "true", "_"])
                )
            body = self.body(0, self.rng.randrange(1, 3))
            texts.append(f"f{number}({', '.join(parameters)}) := {self.term('any', 1)} if {{ {body} }}")
            if self.chance(0.3):
                self.vars = [(p, "any") for p in parameters if p.startswith("v")]
                texts[-1] += f" else := {self.term('any', 2)}"
        self.functions.append((f"f{number}", arity))
        self.add("\n".join(texts))


def module(rng):
    """Lines of rules; a rule may have several."""
    inventor = Inventor(rng)
    for _ in range(rng.randrange(1, 5)):
        inventor.rule()
    return inventor.rules


def text(rules):
    return "package t\n\n" + "\n\n".join(rules) + "\n"
