"""The command on a large model: bounded memory, progress on a terminal."""

import os
import pty
import select
import signal
import subprocess
import time

from harness import COMMAND


def test_memory_is_bounded(large, shim, keys, tmp_path):
    """Streams: far less memory than the model has bytes, version 1 (one message) included."""
    measure = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)\n"
    )
    for version in ("1", "2"):
        for argv in (
            ["encrypt", large, "e", "--version", version, "--force"],
            ["decrypt", "e", "d", "--force"],
            ["verify", "e"],
        ):
            result = shim.python(measure, COMMAND, *argv, "--keys", keys, cwd=tmp_path, on=False).check()
            assert int(result.text) <= 128, (argv, result.text)
    for name in "ed":
        (tmp_path / name).unlink()  # large


def test_progress_on_a_terminal(large, shim, keys, tmp_path):
    """A bar with rate and time left, for people only. What takes a fifth of a second gets none: it is held up so long."""
    primary, secondary = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "encrypt", large, "out", "--keys", keys, "--threads", "1"],
        cwd=tmp_path,
        stdout=secondary,
        stderr=secondary,
        env=shim.env(on=False, TERM="xterm"),
    ) as program:
        os.close(secondary)
        while program.poll() is None and not list(tmp_path.iterdir()):
            time.sleep(.001)
        program.send_signal(signal.SIGSTOP)
        time.sleep(.5)
        program.send_signal(signal.SIGCONT)
        said = b""
        while True:
            ready, _, _ = select.select([primary], [], [], 30)
            try:
                part = os.read(primary, 65536) if ready else b""
            except OSError:
                part = b""
            if not part:
                break
            said += part
    os.close(primary)
    assert program.returncode == 0
    assert b"%" in said and b"/s" in said and b"\r" in said, said[-500:]
    assert b"\r" not in shim.ctshim("encrypt", large, tmp_path / "again", "--keys", keys).check().err
