"""A command cut short, by a signal or for want of room, leaves nothing behind."""

import os
import signal
import subprocess
import time

import pytest

from cli import left_in
from harness import COMMAND


def heed_signals():
    """Who runs the tests in the background, or under nohup, has signals ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_interrupted(number, large, shim, keys, tmp_path):
    """No partial file under the name, and none beside it when the signal can be caught."""
    with subprocess.Popen(
        [COMMAND, "encrypt", large, "out", "--keys", keys, "--threads", "1"],
        cwd=tmp_path,
        env=shim.env(on=False),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_signals,
    ) as program:
        deadline = time.monotonic() + 10
        # Not before it has begun to write.
        while not any(p.stat().st_blocks > 2048 for p in tmp_path.iterdir()):
            assert time.monotonic() < deadline and program.poll() is None
            time.sleep(0.005)
        program.send_signal(number)
        out, err = program.communicate(timeout=30)
    assert program.returncode in (-number, 128 + number), (program.returncode, err)
    assert not (tmp_path / "out").exists()
    if number != signal.SIGKILL:
        assert left_in(tmp_path) == []


def test_interrupted_in_a_directory(large, shim, keys, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "config.json").write_text("{}")
    (tmp_path / "in" / "m.safetensors").symlink_to(large)
    with subprocess.Popen(
        [COMMAND, "encrypt", "in", "out", "--keys", keys, "--threads", "1"],
        cwd=tmp_path,
        env=shim.env(on=False),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_signals,
    ) as program:
        time.sleep(0.15)
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=30)
    assert program.returncode != 0 and sorted(os.listdir(tmp_path)) == ["in"]


def test_disk_full(shim, keys, small):
    """What cannot be written is said, and leaves nothing."""
    if not os.path.ismount("/dev/shm"):
        pytest.skip("/dev/shm is no file system of its own")
    script = 'ulimit -f 100; trap "" XFSZ; exec "$0" encrypt "$1" "$2" --keys "$3"'
    out = small.keys.parent / "too-large"
    result = shim.run(["bash", "-c", script, COMMAND, small.plain, out, keys], on=False)
    assert result.status == 1 and result.messages and not out.exists(), result.describe()
    assert not [n for n in os.listdir(out.parent) if "too-large" in n]
