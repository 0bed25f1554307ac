"""ctshim policy check, eval, test and explain; the policies that encrypt and rewrap are given."""

import json
import os

import pytest

import reference

GOOD = 'package model\n\nimport rego.v1\n\nallow if input.day == "sunday"\n'
BAD = "package model\n\nallow if := 1\n"
V0 = 'package model\n\nallow { input.day == "sunday" }\n'


@pytest.fixture
def file(tmp_path):
    def get(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path
    return get


def test_check(shim, file):
    good, bad, old = file("good.rego", GOOD), file("bad.rego", BAD), file("old.rego", V0)
    assert shim.ctshim("policy", "check", good).check().text == f"{good}: ok: data.model, Rego v1\n"
    assert shim.ctshim("policy", "check", old).check().text == f"{old}: ok: data.model, Rego v0\n"
    result = shim.ctshim("policy", "check", bad).check(1)
    assert result.messages[0].startswith(f"ctshim: {bad}:3:") and ": rego_parse_error: " in result.messages[0]


@pytest.mark.parametrize("text, code, line, column", [
    ("package a\n\nx if y\n", "rego_unsafe_var_error", 3, 6),
    ("package a\n\nx if f(1)\n", "rego_type_error", 3, 6),
    ("package a\n\nx if x\n", "rego_recursion_error", 3, 1),
    ("package a\n\nx := 1\n\nx contains 1\n", "rego_type_error", None, None),
    ("package a\n\n\n\nx := \"\\q\"\n", "rego_parse_error", 5, None),
])
def test_check_says_where(text, code, line, column, shim, file):
    path = file("a.rego", text)
    result = shim.ctshim("policy", "check", "--json", path).check(1)
    (one,) = json.loads(result.text)
    assert one["file"] == str(path) and one["status"] == "failed" and one["error"]["code"] == code, one
    assert line is None or one["error"]["line"] == line
    assert column is None or one["error"]["column"] == column
    shown = shim.ctshim("policy", "check", path).check(1).messages[0]
    assert shown.startswith(f"ctshim: {path}:{one['error']['line']}:{one['error']['column']}: {code}: "), shown


def test_check_together(shim, file, tmp_path):
    """Modules that use each other; a directory is all of its modules."""
    a = file("d/a.rego", "package a\n\nallow if data.b.f(1)\n")
    b = file("d/b.rego", "package b\n\nf(x) := x\n")
    file("d/notes.txt", "no module")
    shim.ctshim("policy", "check", tmp_path / "d").check()
    shim.ctshim("policy", "check", a, b).check()
    assert "rego_type_error" in shim.ctshim("policy", "check", a).check(1).messages[0]
    found = json.loads(shim.ctshim("policy", "check", "--json", tmp_path / "d").check().text)
    assert [(one["package"], one["rego"], one["status"]) for one in found] == [("data.a", 1, "ok"), ("data.b", 1, "ok")]


def test_check_nothing(shim, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no *.rego file" in shim.ctshim("policy", "check", tmp_path / "empty").check(1).messages[0]
    shim.ctshim("policy", "check", tmp_path / "none.rego").check(1)


def test_eval(shim, file):
    policy = file("p.rego", GOOD)
    sunday, data = file("i.json", '{"day": "sunday"}'), file("d.json", '{"n": 123456789012345678901234567890}')
    result = shim.ctshim("policy", "eval", "--module", policy, "--input", sunday, "data.model.allow").check()
    assert json.loads(result.text)[0]["expressions"] == [True]
    result = shim.ctshim("policy", "eval", "-m", policy, "data.model.allow")
    assert json.loads(result.check().text) == []
    shim.ctshim("policy", "eval", "-m", policy, "--fail", "data.model.allow").check(1)
    shim.ctshim("policy", "eval", "-m", policy, "-i", sunday, "--fail", "data.model.allow").check()
    shim.ctshim("policy", "eval", "--fail", "1 == 2").check(1)
    result = shim.ctshim("policy", "eval", "-d", data, "x := data.n + 1").check()
    assert json.loads(result.text)[0]["bindings"] == {"x": 123456789012345678901234567891}
    result = shim.ctshim("policy", "eval", "some x in [3, 4]").check()
    assert [one["bindings"]["x"] for one in json.loads(result.text)] == [3, 4]


def test_eval_errors(shim, file):
    policy = file("p.rego", 'package model\n\nallow if to_number("x") == 1\n')
    said = shim.ctshim("policy", "eval", "-m", policy, "data.model.allow").check(1).messages[0]
    assert said.startswith(f"ctshim: {policy}:3:") and "eval_builtin_error" in said
    assert shim.ctshim("policy", "eval", "1 +").check(1).messages[0].startswith("ctshim: query:1:")
    assert "no.json" in shim.ctshim("policy", "eval", "-i", file("no.json", "{"), "1").check(1).messages[0]
    shim.ctshim("policy", "eval", "-i", "/nonexistent", "1").check(1)


TESTS = """package model_test

test_sunday if data.model.allow with input as {"day": "sunday"}

test_monday if not data.model.allow with input as {"day": "monday"}

helper_test_no if false
"""


def test_test(shim, file, tmp_path):
    file("d/p.rego", GOOD)
    file("d/p_test.rego", TESTS)
    result = shim.ctshim("policy", "test", tmp_path / "d").check()
    assert result.text.splitlines() == ["data.model_test.test_sunday: pass", "data.model_test.test_monday: pass",
                                        "2 of 2 passed"]
    file("d/more_test.rego", 'package more\n\ntest_wrong if false\n\ntest_value := 3\n\ntest_error if to_number("x")\n')
    result = shim.ctshim("policy", "test", tmp_path / "d").check(1)
    assert "data.more.test_wrong: fail: it is undefined" in result.text
    assert "data.more.test_value: fail: it is 3" in result.text
    assert "more_test.rego:7:" in result.text and "eval_builtin_error" in result.text
    assert "2 of 5 passed" in result.text
    found = json.loads(shim.ctshim("policy", "test", "--json", tmp_path / "d").check(1).text)
    assert {one["name"]: one["result"] for one in found} == {
        "data.model_test.test_sunday": "pass", "data.model_test.test_monday": "pass", "data.more.test_wrong": "fail",
        "data.more.test_value": "fail", "data.more.test_error": "error"}


def test_test_without_tests(shim, file):
    assert "nothing to test" in shim.ctshim("policy", "test", file("p.rego", GOOD)).check(1).messages[0]


def test_explain(shim, guarded):
    model = guarded('package model\n\nallow if input.environment == "production"\n')
    result = shim.ctshim("policy", "explain", model).check(1)
    assert result.text.startswith(f"{model}: loading would be denied\n")
    assert "the policy in the file: denies: data.model.allow is undefined" in result.text
    result = shim.ctshim("policy", "explain", model, env={"CTSHIM_ENVIRONMENT": "production"}).check()
    assert "loading would be allowed" in result.text and '"environment": "production"' in result.text
    assert "the operator's policy: there is none" in result.text
    assert "  the policy in the file: allows (" in result.text


def test_explain_json(shim, guarded, file):
    model = guarded('package model\n\nallow if input.environment == "production"\n')
    site = file("site.rego", "package site\n\nallow if input.environment == \"x\"\n")
    env = {"CTSHIM_ENVIRONMENT": "production"}
    one = json.loads(shim.ctshim("policy", "explain", "--json", model, env=env).check().text)
    assert one["decision"] == "allow" and one["file"] == {"outcome": "allows"} and "operator" not in one
    assert one["input"]["model"]["path"] == str(model) and one["input"]["environment"] == "production"
    assert "addresses" not in one["input"]["host"]
    one = json.loads(shim.ctshim("policy", "explain", "--json", "--all", model, env=env).check().text)
    assert "addresses" in one["input"]["host"] and len(one["input"]["process"]["sha256"]) == 64
    one = json.loads(shim.ctshim("policy", "explain", "--json", "--policy", site, model, env=env).check(1).text)
    assert one["decision"] == "deny" and one["operator"] == {"outcome": "denies", "why": "data.site.allow is undefined"}
    given = file("i.json", '{"environment": "production"}')
    one = json.loads(shim.ctshim("policy", "explain", "--json", "--input", given, model).check().text)
    assert one["decision"] == "allow" and one["input"] == {"environment": "production"}


def test_explain_others(shim, guarded, plain_models, keys):
    text = shim.ctshim("policy", "explain", guarded("package model\nallow = true")).check().text
    assert "allows everyone with the keys (the default)" in text and "nobody asks for it" in text
    shim.ctshim("policy", "explain", plain_models("damage")).check(1)
    assert "fails: line 3" in shim.ctshim("policy", "explain", guarded(BAD)).check(1).text
    result = shim.ctshim("policy", "explain", guarded(GOOD), env={"CTSHIM_POLICY": "/nonexistent"}).check(1)
    assert "/nonexistent cannot be read" in result.messages[0]


def test_encrypt_compiles(shim, keys, plain_models, file, tmp_path):
    out, bad = tmp_path / "e", file("bad.rego", BAD)
    argv = ["encrypt", plain_models("damage"), out, "--keys", keys]
    result = shim.ctshim(*argv, "--policy", bad).check(1)
    assert f"{bad}, line 3, column " in result.messages[0] and "rego_parse_error" in result.messages[0]
    assert not out.exists()
    unsafe = file("unsafe.rego", "package model\n\nallow if x\n")
    assert "rego_unsafe_var_error" in shim.ctshim(*argv, "--policy", unsafe).check(1).messages[0]
    shim.ctshim(*argv, "--policy", bad, "--unchecked-policy").check()
    assert json.loads(reference.metadata(out.read_bytes())["__policy__"])["local"] == BAD


def test_encrypt_warns(shim, keys, plain_models, file, tmp_path):
    argv = ["encrypt", plain_models("damage"), tmp_path / "e", "--keys", keys, "--force", "--policy"]
    assert not shim.ctshim(*argv, file("a.rego", GOOD)).check().messages
    assert "it is Rego v0" in shim.ctshim(*argv, file("b.rego", V0)).check().messages[0]
    lonely = file("c.rego", "package other\n\nx := 1\n")
    assert "no rule data.other.allow" in shim.ctshim(*argv, lonely).check().messages[0]


@pytest.mark.parametrize("argv", [(), ("nonsense",), ("check",), ("eval",), ("eval", "1", "2"), ("test",), ("explain",),
                                  ("explain", "a", "b"), ("check", "--nonsense", "a"), ("eval", "--module", "", "1")])
def test_wrong_usage(argv, shim):
    result = shim.ctshim("policy", *argv)
    assert result.status == 2 and result.out == b"" and result.messages, result.describe()


def test_help(shim):
    for argv in (("policy", "--help"), ("help", "policy"), ("policy", "check", "--help")):
        result = shim.ctshim(*argv).check()
        assert "Usage: ctshim policy" in result.text and "Exit status:" in result.text and not result.err
