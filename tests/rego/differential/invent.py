"""Modules invented at random: package t, a few rules, each of which may use those before it.

Most of what is compared comes from `input` and `data`, whose types are known only at evaluation; where two constants of
different types meet, Open Policy Agent's type checker rejects the module, which ends the comparison.
"""

INPUT = {
    "a": [1, 2, 3],
    "b": {"a": "d", "b": None, "c": [{"k": 1, "v": "x"}, {"k": 2, "v": "y"}]},
    "s": "hello",
    "u": "Grüße, 世界",
    "n": 5,
    "f": 1.5,
    "big": 123456789012345678901234567890,
    "t": True,
    "no": False,
    "e": [],
    "m": {"x": [1, [2, 3]], "y": {"z": 0}},
    "w": ["a", "b", "a", "c"],
    "when": "2026-03-01T12:00:00Z",
    "ip": "10.1.2.3",
}
DATA = {
    "base": {"a": [1, {"b": 2}], "o": {"x": 1, "y": 2}, "n": [5, 3, 5, 1]},
    "users": {"ann": {"roles": ["x", "y"], "age": 30}, "bob": {"roles": [], "age": 7}},
    "nets": ["10.0.0.0/8", "fd00::/8"],
}

NUMBERS = ["0", "1", "2", "3", "-1", "1.5", "0.1", "10", "1000", "7", "input.n", "input.a[0]", "data.base.o.y", "input.f", "input.big"]
STRINGS = ['"a"', '"x"', '"d"', '""', '"hello"', '"a,b"', "`r\\w`", '"ü"', "input.s", "input.b.a", "input.u", "input.w[1]", '"k"']
BOOLEANS = ["true", "false", "input.t", "input.no"]
ARRAYS = ["[]", "[1, 2]", "input.a", "input.b.c", "data.base.a", "data.base.n", "data.users.ann.roles", "input.e", "input.w", '["a", "b"]']
OBJECTS = ["{}", '{"a": 1}', "input.b", "data.base.o", "data.users", "input.m", "data.users.ann", '{"x": 2, "z": null}']
SETS = ["set()", "{1, 2}", '{"a", "x"}', "{2, 3}", "{input.n}"]
CONSTANTS = {"num": NUMBERS, "str": STRINGS, "bool": BOOLEANS, "arr": ARRAYS, "obj": OBJECTS, "set": SETS}
KINDS = list(CONSTANTS)
PATHS = [".a", ".b", ".k", ".x", ".roles", "[0]", "[1]", '["x"]', "[_]", "[_]", '["v"]', "[-1]", "[input.n]", "[count(input.e)]"]
ROOTS = ["input", "input.a", "input.b", "input.b.c", "input.m", "input.zz", "input.w", "data.base", "data.users", "data.base.n", "data.nope"]

# name: kinds of its arguments, kind of its result
CALLS = {
    "num": {
        "count": ("coll",), "sum": ("nums",), "product": ("nums",), "max": ("nums",), "min": ("nums",), "abs": ("num",), "ceil": ("num",),
        "floor": ("num",), "round": ("num",), "to_number": ("str",), "indexof": ("str", "str"), "bits.and": ("num", "num"),
        "bits.lsh": ("num", "num"), "bits.negate": ("num",), "strings.count": ("str", "str"), "time.parse_rfc3339_ns": ("when",),
        "bits.xor": ("num", "num"), "bits.rsh": ("num", "num"), "semver.compare": ("semver", "semver"),
    },
    "str": {
        "concat": ("str", "strs"), "lower": ("str",), "upper": ("str",), "replace": ("str", "str", "str"), "trim": ("str", "str"),
        "substring": ("str", "num", "num"), "sprintf": ("format", "arr"), "format_int": ("num", "base"), "type_name": ("any",),
        "json.marshal": ("any",), "base64.encode": ("str",), "hex.encode": ("str",), "trim_left": ("str", "str"),
        "trim_suffix": ("str", "str"), "trim_prefix": ("str", "str"), "trim_space": ("str",), "strings.reverse": ("str",),
        "urlquery.encode": ("str",), "crypto.sha256": ("str",), "time.weekday": ("ns",), "regex.replace": ("str", "pattern", "str"),
        "trim_right": ("str", "str"), "base64url.encode_no_pad": ("str",), "strings.replace_n": ("obj", "str"), "time.format": ("ns",),
    },
    "bool": {
        "is_number": ("any",), "is_string": ("any",), "is_array": ("any",), "is_object": ("any",), "is_set": ("any",), "is_null": ("any",),
        "is_boolean": ("any",), "startswith": ("str", "str"), "endswith": ("str", "str"), "contains": ("str", "str"),
        "regex.match": ("pattern", "str"), "glob.match": ("glob", "arr", "str"), "net.cidr_contains": ("cidr", "ip"),
        "object.subset": ("obj", "obj"), "strings.any_prefix_match": ("str", "strs"), "json.is_valid": ("str",), "regex.is_valid": ("str",),
        "semver.is_valid": ("any",), "strings.any_suffix_match": ("strs", "str"),
    },
    "arr": {
        "array.concat": ("arr", "arr"), "array.slice": ("arr", "num", "num"), "array.reverse": ("arr",), "sort": ("coll2",),
        "split": ("str", "str"), "numbers.range": ("small", "small"), "regex.split": ("pattern", "str"), "time.clock": ("ns",),
        "regex.find_n": ("pattern", "str", "num"), "indexof_n": ("str", "str"), "numbers.range_step": ("small", "small", "small"),
        "time.date": ("ns",), "regex.find_all_string_submatch_n": ("pattern", "str", "num"), "time.diff": ("ns", "ns"),
    },
    "obj": {
        "object.union": ("obj", "obj"), "object.remove": ("obj", "arr"), "object.filter": ("obj", "arr"), "json.filter": ("obj", "paths"),
        "json.remove": ("obj", "paths"), "object.union_n": ("objs",), "json.patch": ("obj", "patch"),
    },
    "set": {"object.keys": ("obj",), "union": ("sets",), "intersection": ("sets",), "graph.reachable": ("obj", "arr")},
    "any": {"object.get": ("obj", "key", "any"), "json.unmarshal": ("str",), "walk": ("any",)},
}
FIXED = {
    "when": ["input.when", '"2026-01-01T00:00:00+02:00"', '"1999-12-31T23:59:59.5Z"'],
    "base": ["2", "8", "10", "16"],
    "format": ['"%v"', '"%d-%s"', '"%s %v"', '"%5.2f|"', '"%x"', '"%05d"', '"%q"', '"%v %v %v"', '"%%"', '"%-4v|"', '"%t"', '"%e"'],
    "pattern": ['"a"', '"^h.l*"', '"[a-c]+"', "`\\w`", '"(l)(o)?"', '"^$"', '"x*"', '"(?i)G"'],
    "glob": ['"*"', '"h*o"', '"{a,hello}"', '"?"', '"[a-c]"', '"*.b"'],
    "cidr": ["data.nets[0]", '"10.1.0.0/16"', '"::/0"', "data.nets[_]"],
    "ip": ["input.ip", '"10.1.2.255"', '"fd00::1"', '"192.168.0.0/16"'],
    "small": ["0", "1", "3", "-2", "5", "input.n"],
    "ns": ["1772366400000000000", "0", "time.parse_rfc3339_ns(input.when)"],
    "semver": ['"1.2.3"', '"1.10.0-rc.1"', '"1.2.3+build"'],
    "paths": ['["a"]', '["b/c", "x"]', '{"c/0/k"}', '[["x", 0]]', '["roles/0"]'],
    "patch": [
        '[{"op": "add", "path": "/q", "value": 1}]',
        '[{"op": "remove", "path": "/a"}]',
        '[{"op": "replace", "path": "x", "value": input.a}]',
    ],
    "key": ['"a"', '"x"', '["c", 0, "k"]', '["y", "z"]', "1", '"nope"'],
}
OPERATORS = {"num": ["+", "-", "*", "/", "%"], "set": ["|", "&", "-"]}


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
        return [n for n, k in self.vars * 2 + self.names if k == kind or kind == "any" or (k == "any" and self.chance(0.5))]

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
        return f"({self.term(same, depth + 1)} {self.pick(['==', '!=', '<', '<=', '>', '>='])} {self.term(same, depth + 1)})"

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
        parts = [self.var() if self.chance(0.6) else self.pick(["_", "1", '"x"']) for _ in range(self.rng.randrange(1, 4))]
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
            (5, self.declare), (3, self.some_in), (1, self.every), (2, self.negation), (1, self.unify), (2, self.iterate), (0.4, self.walked),
            (0.5, self.call_with_result), (3, lambda d: self.infix("bool", d + 1)[1:-1]), (1, lambda d: self.reference()),
            (1, lambda d: self.call("bool", d + 1)),
        ]
        way = self.rng.choices([w for _, w in ways], [n for n, _ in ways])[0]
        text = way(depth)
        if self.chance(0.06) and not text.startswith(("some ", "every ")):
            targets = ["input", "input.a", "input.n", "input.zz.y", "data.base", "data.users.ann", "count", "data.base.o.x", "lower"]
            target = self.pick(targets + [n for n, _ in self.names] + [f"data.t.{n}" for n, _ in self.names + self.functions])
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
            (4, self.complete), (2, self.partial_set), (2, self.partial_object), (2, self.function), (1, self.chain), (1, self.defaulted),
            (1, self.nested), (1, self.twice),
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
        tail = f"[{self.pick(names)}] contains {self.term('any', 2)}" if self.chance(0.4) else f"[{self.pick(names)}].q := {self.term('any', 2)}"
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
        self.add(f"default r{number} := {constant}\nr{number} := {self.term(kind, 1)} if {{ {body} }}", f"r{number}", kind)

    def function(self, number):
        arity = self.rng.randrange(1, 3)
        texts = []
        for i in range(self.rng.randrange(1, 3)):
            self.vars = []
            parameters = []
            for _ in range(arity):
                parameters.append(self.var() if self.chance(0.75) else self.pick([self.pattern(0), "1", '"a"', "true", "_"]))
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
