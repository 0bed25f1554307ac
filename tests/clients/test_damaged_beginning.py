"""Damage to the first bytes of a file: it does not look like safetensors any more, and is still no plain file."""

import pytest

import sealer
from configs import Config
from reference import data_start, header

READ = """
import sys
for path in sys.argv[1:]:
    try:
        with open(path, 'rb') as f: print(len(f.read()))
    except OSError as e: print(e.errno)
"""
EBADMSG = 74


def read_all(shim, folder, mutants, keys, on=True):
    """What a program gets of each: the errno, or the number of bytes."""
    paths = []
    for i, data in enumerate(mutants):
        paths.append(folder / f"{i}.bin")
        paths[-1].write_bytes(data)
    result = shim.python(READ, *paths, keys=keys, on=on, quiet=False).check()
    return [int(x) for x in result.text.split()], result.messages


@pytest.mark.parametrize("config", [Config("damage", chunk="4096"), Config("damage", 1),
                                    Config("damage", chunk="4096", foreign=True)], ids=str)
def test_no_bit_of_the_beginning_hides_the_rest(config, shim, pair, tmp_path):
    files = pair(config)
    data = files.encrypted.read_bytes()
    mutants = [sealer.flip(data, at, bit) for at in range(16) for bit in range(8)]
    got, messages = read_all(shim, tmp_path, mutants, files.keys)
    assert got == [EBADMSG] * len(mutants)
    assert len(messages) == len(mutants) and all(m.endswith("get it again") for m in messages)
    assert read_all(shim, tmp_path, mutants, files.keys, on=False)[0] == [len(data)] * len(mutants)


def test_no_length_hides_the_rest(shim, small, tmp_path):
    data = small.encrypted.read_bytes()
    lengths = [0, 1, 7, 8, 9, 30, 100, 4087, data_start(data) - 9, data_start(data) - 7, len(data) - 8, len(data),
               99_999_999, 100_000_000, 100_000_001, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
    mutants = [n.to_bytes(8, "little") + data[8:] for n in lengths]
    assert read_all(shim, tmp_path, mutants, small.keys)[0] == [EBADMSG] * len(mutants)


def test_any_reserved_name_is_enough(shim, small, tmp_path):
    """Whichever of the four are lost, the rest still says that the file was encrypted; all four: it is plain."""
    data = small.encrypted.read_bytes()
    names = [n for n in header(data)["__metadata__"] if n.startswith("__")]
    mutants = [data]
    for kept in range(1, 16):
        lost = [n.encode() for i, n in enumerate(names) if not kept >> i & 1]
        mutant = data
        for name in lost:
            mutant = mutant.replace(name, name.replace(b"_", b"-"))
        mutants.append(mutant)
    assert len(names) == 4
    got, _ = read_all(shim, tmp_path, mutants, small.keys)
    assert got == [len(data)] + [EBADMSG] * 14 + [len(data)]


def test_other_files_that_begin_so_pass(shim, tmp_path, plain_models):
    """A beginning alone refuses nothing: plain models, cut off or damaged, and other texts, are as they are."""
    plain = plain_models("damage").read_bytes()
    others = [b'\0' * 8 + b'{"__metadata__": 1}' * 100, b"\xff" * 8 + b'{"__meta' + b"x" * 2_000_000,
              plain[:len(plain) // 2], plain[:40], sealer.flip(plain, 2), sealer.flip(plain, 7), b'{"__metadata__"',
              b"12345678" + b'{"__metadata__":{"__policies__":1}}']
    assert read_all(shim, tmp_path, others, None)[0] == [len(o) for o in others]
