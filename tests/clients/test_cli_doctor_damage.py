"""ctshim doctor on damaged ELF files: always words and a status, never a crash."""

import subprocess

import pytest

import models
from doctor import MAIN, build
from harness import COMMAND


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Bytes of a program and of a library with all that the doctor looks at."""
    folder = tmp_path_factory.mktemp("samples")
    code = """
        #include <dlfcn.h>
        #include <unistd.h>
        ssize_t pread(int fd, void *p, size_t n, off_t at) { return read(fd, p, n); }
        void *use(void) { return dlopen("libz.so.1", RTLD_NOW | RTLD_DEEPBIND); }
        """
    library = build(folder, "libsample.so", code, "-shared", "-fPIC", "-O2", "-Wl,-Bsymbolic")
    program = build(folder, "sample", code + MAIN, "-O2")
    return [program.read_bytes(), library.read_bytes()]


def look(path, data):
    """A copy of a program with these bytes."""
    path.write_bytes(data)
    path.chmod(0o755)
    done = subprocess.run([COMMAND, "doctor", path], capture_output=True, timeout=60)
    assert done.returncode in (0, 1), (done.returncode, done.stderr[-500:])
    assert b"served" in done.stdout.splitlines()[-1]
    return done


def test_cut_off_anywhere(samples, tmp_path):
    for data in samples:
        lengths = [*range(0, 72), *range(72, len(data), len(data) // 120)]
        statuses = [look(tmp_path / "cut", data[:length]).returncode for length in lengths]
        assert statuses[:64] == [1] * 64
        assert look(tmp_path / "cut", data).returncode == 0 or data is samples[0]


@pytest.mark.parametrize("area", ["header", "tables", "anywhere"])
def test_flipped_bits(area, samples, tmp_path):
    rng = models.generator(f"doctor {area}")
    for _ in range(120):
        data = bytearray(rng.choice(samples))
        sections = int.from_bytes(data[40:48], "little")
        low, high = {"header": (0, 64), "tables": (64, 1200), "anywhere": (0, len(data))}[area]
        for _ in range(rng.choice((1, 1, 3, 20))):
            at = rng.randrange(low, high)
            if area == "tables" and rng.random() < 0.5:
                at = rng.randrange(sections, len(data))
            data[at] ^= 1 << rng.randrange(8)
        try:
            look(tmp_path / "flipped", bytes(data))
        except AssertionError:
            (tmp_path / "kept").write_bytes(data)
            raise AssertionError(f"seed {models.SEED}: see {tmp_path / 'kept'}") from None


def test_numbers_that_promise_too_much(samples, tmp_path):
    """Counts, offsets and sizes of the header at their limits."""
    for data in samples:
        for at, length in ((32, 8), (40, 8), (54, 2), (56, 2), (58, 2), (60, 2), (62, 2)):
            for value in (0, 1, (1 << 8 * length) - 1, 1 << (8 * length - 1), len(data), len(data) - 1):
                changed = bytearray(data)
                changed[at : at + length] = (value % (1 << 8 * length)).to_bytes(length, "little")
                look(tmp_path / "promise", bytes(changed))
