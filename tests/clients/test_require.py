"""What passes for plain. CTSHIM_REQUIRE=encrypted: an encrypted model that was replaced by a plain one is refused.
And whether asked for or not, no damage makes an encrypted model a plain one."""

import shutil

import pytest

import reference
import sealer
from harness import PROGRAMS

LOAD = "import sys; from safetensors.numpy import load_file; print(len(load_file(sys.argv[1])))"
READ = "import sys; print(len(open(sys.argv[1], 'rb').read()))"
OPEN = "import os, sys; os.close(os.open(sys.argv[1], getattr(os, sys.argv[2])))"
SAVE = """
import sys, numpy as np
from safetensors.numpy import save_file
save_file({'a': np.zeros(3)}, sys.argv[1])
"""
SMALL = b'8\0\0\0\0\0\0\0{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}   \7'


def test_plain_models_are_refused(shim, keys, plain_models):
    plain = plain_models("numpy")
    for code in (READ, LOAD):
        shim.python(code, plain, keys=keys).check()
        result = shim.python(code, plain, keys=keys, env={"CTSHIM_REQUIRE": "encrypted"}, quiet=False)
        assert result.status == 1 and not result.out, result.describe()
        assert any("it is not encrypted, and CTSHIM_REQUIRE" in m and str(plain) in m for m in result.messages)
    assert b"PermissionError" in shim.python(READ, plain, env={"CTSHIM_REQUIRE": "encrypted"}, quiet=False).err


@pytest.mark.parametrize("serve", ["eager", "memfd"])
def test_encrypted_models_are_served(serve, shim, small):
    result = shim.run(["cat", small.encrypted], keys=small.keys, serve=serve, env={"CTSHIM_REQUIRE": "encrypted"})
    assert result.check().out == small.image


@pytest.mark.parametrize("argv", [["cat", "{}"], ["sha256sum", "{}"], ["dd", "if={}", "of=/dev/null"],
                                  ["bash", "-c", "cat < {}"], ["od", "-c", "{}"]])
def test_by_whatever_way_they_are_read(argv, shim, plain_models):
    argv = [a.format(plain_models("numpy")) for a in argv]
    shim.run(argv).check()
    result = shim.run(argv, env={"CTSHIM_REQUIRE": "encrypted"}, quiet=False)
    assert result.status != 0 and "it is not encrypted" in result.messages[0], result.describe()


@pytest.mark.parametrize("serve", ["eager", "memfd"])
@pytest.mark.parametrize("way", ["python", "stream", "descriptor", "direct"])
def test_by_whatever_descriptor(way, serve, shim, plain_models):
    """Standard input as a stream and as it is, a number that was inherited, and one that goes past the cache."""
    plain = plain_models("numpy")
    code = {"python": "import sys; print(len(sys.stdin.buffer.read()))",
            "stream": "import ctypes; c = ctypes.CDLL(None); print(c.getchar() + 1)",
            "descriptor": "import os, sys; print(len(os.read(int(sys.argv[1]), 100)))",
            "direct": "import os, sys; print(os.open(sys.argv[2], os.O_DIRECT))"}[way]

    def run(required):
        with open(plain, "rb") as f:
            return shim.python(code, f.fileno(), plain, stdin=f, pass_fds=[f.fileno()], serve=serve, quiet=False,
                               env={"CTSHIM_REQUIRE": required})

    free, asked = run(None), run("encrypted")
    assert free.status == 0 and free.text.strip() not in ("", "0") and not free.messages, free.describe()
    assert asked.status != 0 or asked.text.strip() in ("", "0"), asked.describe()  # getchar: EOF
    assert "it is not encrypted" in asked.messages[0]


def test_speaking_of_encryption_is_not_enough(shim, tmp_path):
    """A plain model whose text has a reserved name in it, where it means nothing, is a plain model."""
    tensor = {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}
    heads = [{name: tensor} for name in reference.RESERVED]
    heads += [{"__metadata__": {"about": name}, "w": tensor} for name in reference.RESERVED]
    heads += [{"__metadata__": {f"x{name}": ""}, "w": tensor} for name in reference.RESERVED]
    model = tmp_path / "model.safetensors"
    for head in heads:
        model.write_bytes(sealer.assemble(head, b"\1\2\3\4"))
        shim.python(LOAD, model).check()
        for code in (LOAD, READ):
            result = shim.python(code, model, env={"CTSHIM_REQUIRE": "encrypted"}, quiet=False)
            assert result.status == 1 and not result.out, (head, result.describe())
            assert "it is not encrypted" in result.messages[0]


def test_also_small_ones(shim, tmp_path):
    (tmp_path / "small").write_bytes(SMALL)
    shim.python(LOAD, tmp_path / "small").check()
    result = shim.python(LOAD, tmp_path / "small", env={"CTSHIM_REQUIRE": "encrypted"}, quiet=False)
    assert result.status == 1 and "it is not encrypted" in result.messages[0]


def test_only_where_asked_for(shim, plain_models, tmp_path):
    """Other paths, other files and other directions pass."""
    plain = tmp_path / "copy.safetensors"
    shutil.copyfile(plain_models("numpy"), plain)
    asked = {"CTSHIM_REQUIRE": "encrypted"}
    assert shim.python(READ, plain, env=asked | {"CTSHIM_MATCH": f"{tmp_path}/*"}, quiet=False).status == 1
    shim.python(READ, plain, env=asked | {"CTSHIM_MATCH": "/elsewhere/*"}).check()
    shim.python(READ, plain, env=asked | {"CTSHIM_DISABLE": "1"}).check()
    shim.python(READ, PROGRAMS / "checks.h", env=asked).check()
    shim.python(OPEN, plain, "O_WRONLY", env=asked).check()
    assert shim.python(OPEN, plain, "O_RDWR", env=asked, quiet=False).status == 1
    shim.python(SAVE, tmp_path / "new.safetensors", env=asked).check()
    shim.python(READ, plain, env={"CTSHIM_REQUIRE": ""}).check()


def test_another_value_is_an_error(shim, plain_models):
    result = shim.python(READ, plain_models("numpy"), env={"CTSHIM_REQUIRE": "yes"}, quiet=False)
    assert result.status == 1 and "CTSHIM_REQUIRE is 'yes': use encrypted" in result.messages[0]
    shim.python(READ, PROGRAMS / "checks.h", env={"CTSHIM_REQUIRE": "yes"}).check()


def test_what_a_parser_might_let_pass_is_refused_too(shim, tmp_path):
    """A stock loader may accept what this library's parser does not: that is no way around."""
    text = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
    text = text.ljust(-(-len(text) // 8) * 8)
    (tmp_path / "twice").write_bytes(len(text).to_bytes(8, "little") + text + b"\7")
    result = shim.python(READ, tmp_path / "twice", env={"CTSHIM_REQUIRE": "encrypted"}, quiet=False)
    assert result.status == 1 and "it is not encrypted" in result.messages[0]


READ_ALL = """
import sys
for path in sys.argv[1:]:
    try:
        with open(path, 'rb') as f: print(len(f.read()))
    except OSError as e: print(e.errno)
"""
EBADMSG = 74


def read_all(shim, folder, files, **options):
    """What a program gets of each: the errno, or the number of bytes."""
    paths = [folder / f"{i}.bin" for i in range(len(files))]
    for path, data in zip(paths, files):
        path.write_bytes(data)
    return [int(n) for n in shim.python(READ_ALL, *paths, quiet=False, **options).check().text.split()]


def relaid(encrypted, metadata=None, last=False, space=b""):
    """`encrypted` with a header of the same meaning that is written otherwise. It is not signed anew."""
    head = reference.header(encrypted)
    first = {"__metadata__": (metadata or {}) | head.pop("__metadata__")}
    text = reference.compact(head | first if last else first | head)
    return sealer.assemble({}, encrypted[reference.data_start(encrypted):], text=text[:1] + space + text[1:])


@pytest.mark.parametrize("how", [{}, {"last": True}, {"space": b" "}, {"metadata": {"A": '{"b":{"c":{}}}'}},
                                 {"metadata": {"A": "x" * 3_000_000}}, {"metadata": {"A": "}}" * 1_000_000}}],
                         ids=["first", "last", "spaced", "with JSON inside", "long", "long and misleading"])
def test_no_shorter_length_makes_it_plain(how, shim, small, tmp_path):
    """The header's length says less than it is: what is cut off still says that the file was encrypted."""
    data = relaid(small.encrypted.read_bytes(), **how)
    length = reference.data_start(data) - 8
    # Wherever the cut text looks like an end, and at some other places.
    ends = [i + 1 for i in range(min(length - 1, 5000)) if data[8 + i:9 + i] == b"}"]
    lengths = sorted({8, 9, 20, 24, 100, length // 2, length // 3, *ends[:60]} - {length})
    mutants = [n.to_bytes(8, "little") + data[8:] for n in lengths if n < len(data) - 8]
    assert len(mutants) > 5
    assert read_all(shim, tmp_path, mutants, keys=small.keys) == [EBADMSG] * len(mutants)
    assert read_all(shim, tmp_path, mutants, on=False) == [len(data)] * len(mutants)


def test_no_bit_of_the_first_name_makes_it_plain(shim, small, tmp_path):
    """The length, and all of `{"__metadata__":{`."""
    data = small.encrypted.read_bytes()
    assert data[8:25] == b'{"__metadata__":{'
    mutants = [sealer.flip(data, at, bit) for at in range(25) for bit in range(8)]
    assert read_all(shim, tmp_path, mutants, keys=small.keys) == [EBADMSG] * len(mutants)


def test_damaged_plain_models_pass(shim, plain_models, tmp_path):
    """The same damage to what was plain is the program's affair."""
    for name in ("numpy", "damage"):
        data = plain_models(name).read_bytes()
        mutants = [sealer.flip(data, at, bit) for at in range(25) for bit in range(8)]
        assert read_all(shim, tmp_path, mutants) == [len(data)] * len(mutants)
