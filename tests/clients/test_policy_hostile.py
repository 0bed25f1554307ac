"""Policies that want more than they may have: they deny, soon, and leave the process as it was."""

import pytest

from policies import denied, load

LOOP = """allow if {
	count([1 | some i in numbers.range(1, 90000); some j in numbers.range(1, 90000); i + j == 0]) == 0
}
"""

# Each would take for ever, or all memory, or all stack.
HOSTILE = {
    "a long loop": LOOP,
    "doubling strings": "a0 := \"xxxxxxxxxxxxxxxx\"\n\n" + "".join(
        f'a{i + 1} := concat("", [a{i}, a{i}])\n\n' for i in range(40)) + "allow if count(a40) > 0\n",
    "doubling numbers": "a0 := 9999999999\n\n" + "".join(f"a{i + 1} := a{i} * a{i}\n\n" for i in range(30))
                        + "allow if a30 > 0\n",
    "a large range": "allow if count(numbers.range(1, 1000000000)) > 0\n",
    "a shift": "allow if bits.lsh(1, 1000000000) > 0\n",
    "an exponent": "allow if 1e1000000000 + 1 > 0\n",
    "a cross product": "s := {x | some x in numbers.range(1, 3000)}\n\n"
                       "allow if count({[x, y] | some x in s; some y in s}) > 0\n",
    "nested text": "allow if " + "(" * 20000 + "true" + ")" * 20000 + "\n",
    "nested arrays": "allow if " + "[" * 50000 + "]" * 50000 + " != 0\n",
    "a regular expression": f"allow if regex.match(`((a{{0,1000}}){{0,1000}}){{0,1000}}b`, \"{'a' * 1000}\")\n",
    "backtracking": "allow if regex.match(`^(a*)*(a*)*(a*)*b$`, \"" + "a" * 100000 + "\")\n",
    "deep calls": "".join(f"f{i}(x) := f{i + 1}(x)\n\n" for i in range(5000))
                  + "f5000(x) := x\n\nallow if f0(1) == 1\n",
    "many rules": "".join(f"r{i} := {i}\n" for i in range(60000)) + "\nallow if false\n",
    "objects within objects": "d0 := {}\n\n" + "".join(f'd{i + 1} := {{"a": d{i}, "b": d{i}}}\n\n' for i in range(60))
                              + "allow if object.union_n([d60, d60]) == {}\n",
    "equal trees": "a0 := [1]\n\nb0 := [1]\n\n" + "".join(f"{x}{i + 1} := [{x}{i}, {x}{i}]\n\n" for i in range(60)
                                                             for x in "ab") + "allow if a60 == b60\n",
    "a patch that grows": 'allow if json.patch({}, [{"op": "copy", "from": "", "path": "/a"} | some i in '
                          "numbers.range(1, 90000)]) == 1\n",
    "replacements": "a0 := [1]\n\nallow if every x in numbers.range(1, 90000) { regex.replace(`" + "a" * 99999
                    + "`, `a`, `bbbbbbbbbb`) != x }\n",
    "a schema of itself": 'allow if json.match_schema({}, {"$ref": "#"})[0]\n',
    "a large exponent": "allow if 1 / 3e-999999999 > 0\n",
    "text that is repeated": 'allow if sprintf("%*d", [999999999, 1]) == ""\n\nallow if sprintf("'
                             + "%99999d" * 5000 + '", [1]) == ""\n',
    "worlds": "".join(f"f{i}(x) := [f{i + 1}(x) | input.a] with input.a as [x]\n\n" for i in range(3000))
              + "f3000(x) := x\n\nallow if f0(1)\n",
    "hashes": "allow if every i in numbers.range(1, 90000) { crypto.sha256(`" + "a" * 400000 + "`) != i }\n",
    "networks": 'allow if count(net.cidr_expand("0.0.0.0/0")) > 0\n',
    "a recursion by data": "allow if data.model[input.process.user]\n\nroot := data.model.allow\n",
    "walking": "d0 := [1]\n\n" + "".join(f"d{i + 1} := [d{i}, d{i}, d{i}]\n\n" for i in range(30))
               + "allow if count([p | walk(d30, [p, _])]) == 0\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name, shim, keys, guarded):
    """A limit of memory is not needed by what is bounded: the program itself is given little."""
    model = guarded("package model\n\n" + HOSTILE[name])
    result = shim.python("import resource, sys\n"
                         "resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))\n"
                         "try:\n    open(sys.argv[1], 'rb')\nexcept PermissionError:\n    print('denied')\n"
                         "print(len(open(sys.executable, 'rb').read()) > 0)",
                         model, keys=keys, quiet=False, timeout=30).check()
    assert result.text.split() == ["denied", "True"], result.describe()
    assert len(result.messages) == 1 and "the policy in the file" in result.messages[0]


def test_limits_are_told(shim, keys, guarded):
    """By their names, with the line."""
    model = guarded("package model\n\n" + LOOP)
    denied(load(shim, model, keys), model, "so loading is denied: line ", "limit_")


LONG = ['replace(a, b, "x") != ""', 'strings.replace_n({b: "x"}, a) != ""', "trim(c, b) != c"]


@pytest.mark.parametrize("call", LONG)
def test_long_comparisons_are_steps(call, shim, keys, guarded):
    """One call of a builtin may compare much with much."""
    many = "".join(f"{x}{i + 1} := concat(``, [{x}{i}, {x}{i}])\n\n" for i in range(14) for x in "ac")
    model = guarded(f"package model\n\na0 := `{'a' * 32}`\n\nc0 := `{'b' * 32}`\n\n{many}a := a14\n\nc := c14\n\n"
                    f"b := concat(``, [a13, `b`])\n\nallow if {call}\n")
    denied(load(shim, model, keys), model, "limit_steps")


def test_a_policy_cannot_see_that_it_hit_a_limit(shim, keys, guarded):
    model = guarded("package model\n\n" + LOOP.replace("allow", "heavy") + "\nallow if not heavy\n\nallow if true\n")
    denied(load(shim, model, keys), model, "limit_")


def test_text_that_is_no_text(shim, keys, guarded):
    """Control characters and others do not reach the terminal."""
    for text in ('\n\nallow if "\x1b[31m" == 1\n', "\n\n\x07allow\n", "\n\nallow if \ufeff\n"):
        result = load(shim, guarded("package model" + text), keys)
        assert result.text.split()[0] == "EACCES", result.describe()
        assert not set(result.err) & (set(range(32)) - {9, 10}), result.describe()


def test_a_long_policy(shim, keys, guarded):
    """One that is longer than policies may be, and one that is nearly so and well."""
    model = guarded("package model\n\nallow if true\n\n# " + "x" * (1 << 20))
    denied(load(shim, model, keys), model, "limit_source")
    assert not load(shim, guarded("package model\n\nallow if true\n\n# " + "x" * 900000), keys).messages
