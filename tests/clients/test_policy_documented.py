"""The ten policies of docs/policy.md, taken from the page, each end to end under stock safetensors: a model that
carries it is loaded where it should be, and nowhere else."""

import datetime
import hashlib
import os
import pwd
import sys

import pytest

from policies import LOAD, denied, digest, documented, load
from test_policy_input import addresses

TEN, _ = documented()
NOW = datetime.datetime.now(datetime.timezone.utc)
HOST, USER = os.uname().nodename, pwd.getpwuid(os.geteuid()).pw_name
PROGRAM = os.path.realpath(sys.executable)
PROGRAM_HASH = hashlib.sha256(open(PROGRAM, "rb").read()).hexdigest()
IMAGE = "registry.example.com/inference/server:3@sha256:" + "ab" * 32
LICENCE = '{"licence": "an example of a licence"}'
ALL = '"0.0.0.0/0", "::/0"'
EXPIRY, EXECUTABLE, ZEROS = "2027-07-01T00:00:00Z", "/usr/bin/python3.11", "0" * 64
THESE_DAYS = {'{"Saturday", "Sunday"}': f'{{"{NOW:%A}", "{NOW + datetime.timedelta(1):%A}"}}'}
AS_A_CANDIDATE = {"metadata.stage": "metadata.format", "candidate": "pt"}
WHOLE_DAY = {"hour >= 8": "hour >= 0", "hour < 18": "hour < 24"}
NO_DAY = {'{"Saturday", "Sunday"}': "set()"}

# What of the text is changed to fit this machine and this day; the environment; is it allowed?
CASES = {
    "Expiry date": [({EXPIRY: "2200-01-01T00:00:00Z"}, {}, True), ({EXPIRY: "2001-01-01T00:00:00Z"}, {}, False)],
    "Business hours": [(WHOLE_DAY | NO_DAY, {}, True), (WHOLE_DAY | THESE_DAYS, {}, False),
                       (NO_DAY | {"hour < 18": "hour < 8"}, {}, False)],
    "Hosts": [({"inference-2": HOST}, {}, True), ({}, {}, False)],
    "Addresses": [({'"10.20.0.0/16", "fd12:3456::/32", "fe80::/10"': ALL}, {}, len(addresses()) > 0),
                  ({'"10.20.0.0/16"': '"192.0.2.255/32"', '"fe80::/10"': '"2001:db8::/32"'}, {}, False)],
    "Users": [({"evaluation": USER}, {}, True), ({}, {}, False),
              ({"4242": str((os.getgroups() or [4242])[0])}, {}, len(os.getgroups()) > 0)],
    "Executables": [({EXECUTABLE: PROGRAM, ZEROS: PROGRAM_HASH, "/srv/inference/serve.py": "-c"}, {}, True),
                    ({EXECUTABLE: PROGRAM, "/srv/inference/serve.py": "-c"}, {}, False),
                    ({EXECUTABLE: PROGRAM, ZEROS: PROGRAM_HASH}, {}, False),
                    ({ZEROS: PROGRAM_HASH, "/srv/inference/serve.py": "-c", EXECUTABLE: "/bin/sh"}, {}, False)],
    "Environment": [({}, {"CTSHIM_ENVIRONMENT": "production"}, True), ({}, {"CTSHIM_ENVIRONMENT": "test"}, False),
                    ({}, {}, False), ({}, {"CTSHIM_ENVIRONMENT": "staging"}, False),
                    (AS_A_CANDIDATE, {"CTSHIM_ENVIRONMENT": "staging"}, True)],
    "Container image": [({}, {"CTSHIM_POLICY_ENV": "IMAGE", "IMAGE": IMAGE}, True), ({}, {"IMAGE": IMAGE}, False),
                        ({}, {"CTSHIM_POLICY_ENV": "IMAGE", "IMAGE": IMAGE[:-1]}, False),
                        ({}, {"CTSHIM_POLICY_ENV": "IMAGE", "IMAGE": "x" + IMAGE}, False),
                        ({}, {"CTSHIM_POLICY_ENV": "IMAGE"}, False)],
    "Licence": [({"2027-12-31": "2200-12-31"}, {"CTSHIM_POLICY_INPUT": LICENCE}, True),
                ({"2027-12-31": "2200-12-31"}, {"CTSHIM_POLICY_INPUT": LICENCE.replace("an", "another")}, False),
                ({"2027-12-31": "2001-12-31"}, {"CTSHIM_POLICY_INPUT": LICENCE}, False),
                ({}, {}, False)],
    "Framework": [({}, {}, "torch"), ({"2.1.0": "999.0.0"}, {}, False), ({"pytorch": "jax"}, {}, False)],
}


def test_the_page_has_ten_and_each_has_cases():
    assert set(TEN) == set(CASES) and len(TEN) == 10
    for name, cases in CASES.items():
        assert {bool(allowed) for _, _, allowed in cases} == {True, False} or name == "Addresses", name


@pytest.fixture(scope="module")
def wanted(shim, plain_models):
    return digest(shim, plain_models("damage"))


@pytest.mark.parametrize("name, number", [(name, n) for name in CASES for n in range(len(CASES[name]))])
def test_documented(name, number, shim, keys, guarded, wanted):
    changes, env, allowed = CASES[name][number]
    policy = TEN[name]
    for old, new in changes.items():
        assert policy.count(old) == 1, old
        policy = policy.replace(old, new)
    model = guarded(policy)
    if name == "Framework":
        pytest.importorskip("torch")
        result = shim.python("import torch\n" + LOAD, model, keys=keys, env=env, quiet=False).check()
        if allowed:  # nor where PyTorch is installed, but not loaded
            denied(load(shim, model, keys), model, "data.model.allow is undefined")
    else:
        result = load(shim, model, keys, env=env)
    if allowed:
        assert result.text.split() == [wanted] and not result.messages, result.describe()
    else:
        denied(result, model, "the policy in the file denies loading: data.")


def test_they_compile_as_they_stand(shim, tmp_path):
    for n, policy in enumerate(TEN.values()):
        (tmp_path / f"{n}.rego").write_text(policy)
        shim.ctshim("policy", "check", tmp_path / f"{n}.rego").check()


def test_published_forms(shim, keys, guarded, wanted):
    """What the format's documentation shows: its package, v0, its four fields."""
    torch = pytest.importorskip("torch")
    policy = """package cryptotensors

import future.keywords.in

default allow = false

allow {
    input.framework == "pytorch"
    input.framework_version >= "2.0.0"
    input.environment in ["production", "staging"]
    input.timestamp >= "2025-01-15T10:30:00Z"
    input.custom.deployment_id == "deploy-123"
    hour := time.clock(time.now_ns())[0]
    hour >= 0
}
"""
    env = {"CTSHIM_ENVIRONMENT": "production", "CTSHIM_POLICY_INPUT": '{"deployment_id": "deploy-123"}'}
    model = guarded(policy)
    good = shim.python("import torch\n" + LOAD, model, keys=keys, env=env, quiet=False).check()
    assert good.text.split() == [wanted] and not good.messages, good.describe()
    for change in ({"CTSHIM_ENVIRONMENT": "x"}, {"CTSHIM_POLICY_INPUT": "{}"}):
        result = shim.python("import torch\n" + LOAD, model, keys=keys, env=env | change, quiet=False).check()
        denied(result, model, "data.cryptotensors.allow is false")
