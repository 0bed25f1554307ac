"""The operator's policy beside the file's: CTSHIM_POLICY, CTSHIM_POLICY_DATA, and what is wrong with them."""

import os

import pytest

from policies import LOAD, denied, digest, documented, load

YES, NO = "package model\n\nallow if true\n", "package model\n\nallow := false\n"
SITE = 'package site\n\nallow if input.model.sign_kid == "model-signer"\n'
OTHER = 'package site\n\nallow if input.model.sign_kid == "somebody"\n'
DEFAULT = "package model\nallow = true"


@pytest.fixture(scope="module")
def wanted(shim, plain_models):
    return digest(shim, plain_models("damage"))


@pytest.mark.parametrize("policy", [YES, NO, DEFAULT], ids=["allows", "denies", "default"])
@pytest.mark.parametrize("site", [SITE, OTHER], ids=["allows", "denies"])
def test_both_must_allow(policy, site, shim, keys, guarded, wanted):
    model = guarded(policy)
    result = load(shim, model, keys, env={"CTSHIM_POLICY": site})
    if policy == NO:
        denied(result, model, "the policy in the file denies loading: data.model.allow is false")
    elif site == OTHER:
        denied(result, model, "the operator's policy (CTSHIM_POLICY) denies loading: data.site.allow is undefined")
    else:
        assert result.text.split() == [wanted] and not result.messages


@pytest.fixture
def served(shim, keys, guarded, wanted):
    """Is a model with the default policy loaded? True, or the result."""
    model = guarded(DEFAULT)

    def get(cwd=None, **env):
        result = shim.python(LOAD, model, keys=keys, env=env, quiet=False, cwd=cwd).check()
        if result.text.split() == [wanted]:
            assert not result.messages, result.describe()
            return True
        return denied(result, model)

    return get


def test_a_file(served, tmp_path):
    path = tmp_path / "policy.rego"
    path.write_text(SITE)
    assert served(CTSHIM_POLICY=path) is True
    assert served(CTSHIM_POLICY="policy.rego", cwd=tmp_path) is True
    path.write_text(OTHER)
    assert "data.site.allow is undefined" in served(CTSHIM_POLICY=path).messages[0]


def test_inline_text(served):
    assert served(CTSHIM_POLICY='package site  allow := true'.replace("  ", "\n")) is True
    assert served(CTSHIM_POLICY="  package site\nimport rego.v1\nallow if true") is True
    assert served(CTSHIM_POLICY="package site") is not True
    assert served(CTSHIM_POLICY="# none\n") is not True


def test_a_directory(served, tmp_path):
    """All its modules are one policy; what is no module, or a test, is not looked at."""
    (tmp_path / "a.rego").write_text(
        "package site\n\nimport data.lists\n\nallow if input.model.sign_kid in lists.signers\n")
    (tmp_path / "b.rego").write_text('package lists\n\nsigners := {"model-signer"}\n')
    (tmp_path / "a_test.rego").write_text("package broken {{{")
    (tmp_path / ".hidden.rego").write_text("package broken {{{")
    (tmp_path / "README").write_text("not a module")
    assert served(CTSHIM_POLICY=tmp_path) is True
    (tmp_path / "b.rego").write_text('package lists\n\nsigners := {"somebody"}\n')
    assert "data.site.allow is undefined" in served(CTSHIM_POLICY=tmp_path).messages[0]


def test_every_package_that_defines_allow_decides(served, tmp_path):
    (tmp_path / "a.rego").write_text("package a\n\nallow if true\n")
    (tmp_path / "b.rego").write_text("package b\n\nallow if true\n")
    (tmp_path / "c.rego").write_text("package c\n\nhelper := 1\n")
    assert served(CTSHIM_POLICY=tmp_path) is True
    (tmp_path / "b.rego").write_text("package b\n\nallow if false\n")
    assert "data.b.allow is undefined" in served(CTSHIM_POLICY=tmp_path).messages[0]


def test_a_package_over_two_files(served, tmp_path):
    (tmp_path / "a.rego").write_text("package site\n\nallow if ours\n")
    (tmp_path / "b.rego").write_text('package site\n\nours if input.model.sign_kid == "model-signer"\n')
    assert served(CTSHIM_POLICY=tmp_path) is True


def test_data(served, tmp_path):
    policy = "package site\n\nallow if input.model.sign_kid in data.trusted\n"
    path = tmp_path / "data.json"
    for text, allowed in (('{"trusted": ["model-signer"]}', True), ('{"trusted": []}', False), ("{}", False)):
        path.write_text(text)
        assert (served(CTSHIM_POLICY=policy, CTSHIM_POLICY_DATA=path) is True) == allowed
        assert (served(CTSHIM_POLICY=policy, CTSHIM_POLICY_DATA=text) is True) == allowed
    assert served(CTSHIM_POLICY=policy) is not True


def test_data_is_no_rule(shim, keys, guarded):
    """A file whose policy says nothing is not allowed by the operator's data."""
    model = guarded("package a\n\nx := 1\n")
    denied(load(shim, model, keys, env={"CTSHIM_POLICY_DATA": '{"a": {"allow": true}}'}), model)


def test_the_file_does_not_see_the_operators_modules(shim, keys, guarded):
    """Nor can it define rules for them."""
    model = guarded("package model\n\nallow if data.site.allow\n")
    denied(load(shim, model, keys, env={"CTSHIM_POLICY": SITE}), model, "the policy in the file")
    model = guarded("package site\n\nallow := true\n")
    env = {"CTSHIM_POLICY": "package site\n\nallow if false\n"}
    denied(load(shim, model, keys, env=env), model, "the operator's policy")


WRONG = {
    "missing file": ({"CTSHIM_POLICY": "{}/none.rego"}, ["CTSHIM_POLICY: ", "none.rego cannot be read (No such file"]),
    "no Rego": ({"CTSHIM_POLICY": "{}/bad.rego"}, ["bad.rego, line 3, column "]),
    "empty directory": ({"CTSHIM_POLICY": "{}/empty"}, ["CTSHIM_POLICY: ", "/empty has no *.rego file"]),
    "one bad module in a directory": ({"CTSHIM_POLICY": "{}/mixed"}, ["mixed/b.rego, line 1"]),
    "inline, no Rego": ({"CTSHIM_POLICY": "package site\nallow if {"}, ["CTSHIM_POLICY, line "]),
    "no allow anywhere": ({"CTSHIM_POLICY": "package site\n\nx := 1\n"}, ["data.site.allow is undefined"]),
    "missing data": ({"CTSHIM_POLICY": SITE, "CTSHIM_POLICY_DATA": "{}/none.json"}, ["CTSHIM_POLICY_DATA: "]),
    "data, no JSON": ({"CTSHIM_POLICY": SITE, "CTSHIM_POLICY_DATA": "{{"}, ["CTSHIM_POLICY_DATA", "until it is JSON"]),
    "data, no object": ({"CTSHIM_POLICY": SITE, "CTSHIM_POLICY_DATA": "[1]"}, ["CTSHIM_POLICY_DATA is no JSON object"]),
    "missing input": ({"CTSHIM_POLICY": SITE, "CTSHIM_POLICY_INPUT": "{}/none.json"}, ["CTSHIM_POLICY_INPUT: "]),
    "input, no JSON": ({"CTSHIM_POLICY": SITE, "CTSHIM_POLICY_INPUT": '{"a": 1}, {}'}, ["CTSHIM_POLICY_INPUT", "JSON"]),
    "input, a file of no JSON": ({"CTSHIM_POLICY": SITE, "CTSHIM_POLICY_INPUT": "{}/bad.rego"},
                                 ["CTSHIM_POLICY_INPUT", "JSON"]),
    "a file that is too long": ({"CTSHIM_POLICY": "{}/long.rego"}, ["long.rego is too long"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_misconfiguration_denies(name, served, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "a.rego").write_text(SITE)
    (tmp_path / "mixed" / "b.rego").write_text("package {\n")
    (tmp_path / "bad.rego").write_text("package site\n\nallow if := 3\n")
    (tmp_path / "long.rego").write_text(SITE + "# " + "x" * (1 << 20))
    env, says = WRONG[name]
    result = served(**{n: v.replace("{}", str(tmp_path)) for n, v in env.items()})
    assert result is not True and all(s in result.messages[0] for s in says), result.describe()


def test_a_policy_that_cannot_be_read(served, tmp_path):
    (tmp_path / "loop.rego").symlink_to("loop.rego")
    assert "cannot be read" in served(CTSHIM_POLICY=tmp_path / "loop.rego").messages[0]


@pytest.mark.parametrize("name", ["CTSHIM_POLICY_HASH", "CTSHIM_AUDIT_REQUIRED"])
def test_switches(name, shim, keys, guarded):
    """As other variables: what is not understood is an invalid argument."""
    model = guarded(YES)
    result = load(shim, model, keys, env={name: "yes"})
    assert result.text.split()[0] == "EINVAL", result.describe()
    assert f"{name} is 'yes': use 1 or 0" in result.messages[0]
    assert not load(shim, model, keys, env={name: "0"}).messages


def test_changes_count_from_the_next_opening_on(shim, keys, guarded, tmp_path):
    path = tmp_path / "policy.rego"
    path.write_text(SITE)
    program = """
import sys
for text in (None, sys.argv[3], sys.argv[4]):
    if text:
        open(sys.argv[2], "w").write(text)
    try:
        open(sys.argv[1], "rb").close()
        print("open")
    except PermissionError:
        print("denied")
"""
    env = {"CTSHIM_POLICY": path}
    result = shim.python(program, guarded(DEFAULT), path, OTHER, SITE, keys=keys, env=env, quiet=False)
    assert result.check().text.split() == ["open", "denied", "open"], result.describe()


def test_the_documented_one(shim, keys, guarded, tmp_path):
    _, (policy, test) = documented()
    folder, models = tmp_path / "ctshim", tmp_path / "models"
    folder.mkdir()
    models.mkdir()
    (folder / "policy.rego").write_text(policy.replace("/srv/models/", f"{models}/"))
    model = guarded(DEFAULT)
    inside = models / "m.safetensors"
    os.link(model, inside)
    env = {"CTSHIM_POLICY": folder, "CTSHIM_POLICY_DATA": '{"signers": ["model-signer"]}'}
    assert not load(shim, inside, keys, env=env).messages
    denied(load(shim, model, keys, env=env), model, "data.site.allow is undefined")
    denied(load(shim, inside, keys, env=env | {"CTSHIM_POLICY_DATA": '{"signers": []}'}), inside)
    partly = guarded(DEFAULT, names=("first",))
    os.replace(partly, inside)
    denied(load(shim, inside, keys, env=env), inside)
    (folder / "policy.rego").write_text(policy)
    (folder / "policy_test.rego").write_text(test)
    assert "2 of 2 passed" in shim.ctshim("policy", "test", folder).check().text
    (folder / "policy.rego").write_text(policy.replace("in data.signers", "in data.others"))
    shim.ctshim("policy", "test", folder).check(1)
