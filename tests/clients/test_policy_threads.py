"""Eight threads that open eight models at the same time: each opening is asked about, whoever asks beside it."""

import json

import pytest

import reference

COUNT, TIMES = 8, 4
SITE = """package site

allow if {
	crypto.sha256(input.model.sign_kid) == crypto.sha256("model-signer")
	regex.match(`guarded-[0-9]+[.]safetensors$`, input.model.path)
	count([i | some i in numbers.range(1, 2000)]) == 2000
}
"""


@pytest.fixture
def models(guarded, plain_models, tmp_path):
    """Pairs of a model, with a policy of its own, and the file that it is to look like."""
    plain, pairs = plain_models("damage").read_bytes(), []
    for i in range(COUNT):
        model = guarded(f"package model\n\nallow if input.model.name == \"guarded-{i}.safetensors\"\n")
        expected = tmp_path / f"expected-{i}"
        expected.write_bytes(reference.image(plain, model.read_bytes()))
        pairs += [model, expected]
    return pairs


def opened(shim, compile_program, models, keys, env=None, on=True):
    program = compile_program("policy_threads.c", options=("-O1", "-g", "-D_GNU_SOURCE", "-pthread"))
    return shim.run([program, TIMES, *models], keys=keys, env=env, on=on, quiet=False, timeout=60).check()


def test_all_allowed(shim, compile_program, models, keys):
    result = opened(shim, compile_program, models, keys, env={"CTSHIM_POLICY": SITE})
    assert result.text.split() == ["served"] * COUNT * TIMES and not result.messages, result.describe()
    assert set(opened(shim, compile_program, models, keys, on=False).text.split()) == {"differs"}


def test_all_denied(shim, compile_program, models, keys):
    result = opened(shim, compile_program, models, keys, env={"CTSHIM_POLICY": SITE.replace("2000\n", "2001\n")})
    assert result.text.split() == ["EACCES"] * COUNT * TIMES, result.describe()
    for line in result.messages:
        assert "the operator's policy (CTSHIM_POLICY) denies loading: data.site.allow is undefined" in line


def test_each_has_its_own(shim, compile_program, models, keys, tmp_path):
    """Half of them are allowed, and each decision is recorded once."""
    audit = tmp_path / "audit"
    site = 'package site\n\nallow if regex.match(`guarded-[0-3]`, input.model.name)\n'
    result = opened(shim, compile_program, models, keys, env={"CTSHIM_POLICY": site, "CTSHIM_AUDIT": audit})
    assert sorted(result.text.split()) == ["EACCES"] * 16 + ["served"] * 16, result.describe()
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    for pair in range(COUNT):
        mine = [x["decision"] for x in lines if x["model"]["path"].endswith(f"guarded-{pair}.safetensors")]
        assert mine == ["allow" if pair < 4 else "deny"] * TIMES
