"""`rewrap` killed at every call that changes a file: the model opens with the old keys or with the new."""

import os
import signal

import pytest

import models
from harness import COMMAND
from rotation import prepare

HOWS = ["before", "half", "after", "power"]
LONG_KID = "k" * 5000  # fits no padding: the file is written anew


@pytest.fixture(scope="module")
def killer(tmp_path_factory, compile_program):
    return compile_program("killer.c", options=("-shared", "-fPIC", "-O1", "-ldl"))


@pytest.fixture(scope="module", params=["in place", "new file"])
def rotation(request, shim, tmp_path_factory, plain_models):
    return prepare(shim, tmp_path_factory.mktemp("killed"), plain_models("damage"), "--chunk-size", "1000",
                   new_kid="new" if request.param == "in place" else LONG_KID)


def rewrap_killed(rotation, killer, at, how, seed=0, count=None):
    env = {"LD_PRELOAD": killer, "KILL_AT": at, "KILL_HOW": how, "KILL_SEED": seed, "KILL_COUNT": count}
    argv = [COMMAND, "rewrap", rotation.model, "--keys", rotation.old, "--new-keys", rotation.new]
    return rotation.shim.run(argv, on=False, env=env)


@pytest.fixture(scope="module")
def calls(rotation, killer, tmp_path_factory):
    """How many calls there are to die at."""
    rotation.reset()
    path = tmp_path_factory.mktemp("count") / "calls"
    rewrap_killed(rotation, killer, 0, "before", count=path).check()
    return int(path.read_text())


def check_after_death(rotation):
    """One generation of keys opens the model, a set of both always does, and the same command ends the work."""
    old, new = rotation.opens(rotation.old), rotation.opens(rotation.new)
    assert old or new, "neither the old keys nor the new ones open it"
    assert rotation.opens(rotation.both)
    rotation.rewrap().check()
    assert rotation.opens(rotation.new) and not rotation.opens(rotation.old)
    assert [p.name for p in rotation.folder.iterdir()] == [rotation.model.name], "something was left behind"
    return old, new


@pytest.mark.parametrize("how", HOWS)
def test_killed_at_every_call(how, rotation, killer, calls):
    assert calls >= 7
    seeds = range(5) if how == "power" else range(1)
    states = set()
    for at in range(1, calls + 1):
        for seed in seeds:
            rotation.reset()
            result = rewrap_killed(rotation, killer, at, how, models.SEED + seed)
            assert result.status == -signal.SIGKILL, f"call {at} of {calls}: {result.describe()}"
            try:
                states.add(check_after_death(rotation))
            except AssertionError as e:
                raise AssertionError(f"killed {how} call {at} of {calls}, seed {models.SEED + seed}: {e}") from e
    # It was killed early and late.
    assert (True, False) in states and (how == "before" or (False, True) in states)


def test_half_done_needs_its_journal(shim, tmp_path, plain_models, killer):
    """Without the journal a half exchanged header is refused, with a message that says where it was."""
    rotation = prepare(shim, tmp_path, plain_models("damage"), "--chunk-size", "1000")
    for at in range(1, 50):
        rotation.reset()
        rewrap_killed(rotation, killer, at, "after")
        if b"keys are being exchanged" in rotation.model.read_bytes()[:512]:
            break
    assert rotation.opens(rotation.old) and rotation.opens(rotation.new)
    for command in (["verify"], ["inspect"]):
        result = shim.ctshim(*command, rotation.model, *(["--keys", rotation.new] * (command == ["verify"])))
        result.check()
        assert "run rewrap again to finish it" in result.messages[0]
    os.rename(rotation.journal, tmp_path / "kept")
    for keys in (rotation.old, rotation.new):
        result = shim.run(["cat", rotation.model], keys=keys, quiet=False)
        assert result.status == 1 and not result.out
        assert str(rotation.journal) in result.messages[0] and "interrupted" in result.messages[0]
    assert rotation.rewrap().status == 1
    # A journal of another exchange, or a changed one, is not believed.
    for change in (lambda t: t[:-1] + bytes([t[-1] ^ 1]), lambda t: t[:-1], lambda t: b"", lambda t: t + b" "):
        rotation.journal.write_bytes(change((tmp_path / "kept").read_bytes()))
        assert not rotation.opens(rotation.old) and not rotation.opens(rotation.new)
    os.replace(tmp_path / "kept", rotation.journal)
    assert rotation.opens(rotation.old) and rotation.opens(rotation.new)
