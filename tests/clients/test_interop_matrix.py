"""Every cipher, version, chunk size and selection of tensors, every type and shape: written by each
implementation and read by the other."""

import hashlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))

from differential import same_content, their_config  # noqa: E402
from dtypes import NOT_THEIRS, THEY_READ, THEY_WRITE, step  # noqa: E402
from fixed import case, keys_of, run, specs, tools  # noqa: E402, F401
from keymaker import ALGORITHMS  # noqa: E402
from plain import content, stock_file  # noqa: E402
from workers import versions  # noqa: E402

MIB = 1 << 20
CHUNKS = (1, 7, 4096, None, MIB + 1, 2 * MIB, 1 << 40)  # None: what the writer takes by itself: 512 KiB here, 2 MiB there
WRITERS = [(v, 1, None) for v in versions()] + [(v, 2, c) for v in versions()[-1:] for c in CHUNKS]
SELECTIONS = ("all", "filter", "one")


def around(chunk):
    """Tensors as long as chunks are, a little longer, a little shorter; and of none and one byte."""
    edge = {None: MIB // 2, 1 << 40: 65536}.get(chunk, chunk)
    lengths = [0, 1, edge - 1, edge, edge + 1] + ([2 * edge, 3 * edge + 2] if edge < MIB else [])
    return specs(*(("U8", (n,)) for n in lengths), ("F64", ()), ("F16", (3, 5, 7)), ("BF16", (1, 1)))


def chosen(tensors, selection):
    names = [t.name for t in tensors]
    return {"all": None, "filter": names[::2], "one": names[4:5]}[selection]


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("writer, version, chunk", WRITERS)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_they_write(alg, writer, version, chunk, selection, tools):
    tensors = around(chunk if version == 2 else 4096)
    run(case("read", tensors, alg=alg, writer=writer, version=version, chunk=chunk,
             sealed=chosen(tensors, selection)), tools)


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("version, chunk", [(1, None)] + [(2, c) for c in CHUNKS])
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_we_write(alg, version, chunk, selection, tools):
    tensors = around(chunk if version == 2 else 4096)
    run(case("write", tensors, alg=alg, version=version, chunk=chunk, sealed=chosen(tensors, selection)), tools)


def of_types(types):
    """One tensor of each type, a multiple of 24 bits long, and another one as short as can be."""
    return specs(*((t, (5, step(t)[0] * 6), f"{t} long") for t in types),
                 *((t, step(t)[:1], f"{t} short") for t in types))


@pytest.mark.parametrize("writer, version", [(v, 1) for v in versions()] + [(v, 2) for v in versions()[-1:]])
@pytest.mark.parametrize("how", ["open", "bytes"])
def test_types_that_they_write(writer, version, how, tools):
    run(case("read", of_types(THEY_WRITE), writer=writer, version=version, how=how,
             chunk=7 if version == 2 else None), tools)


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("version", [1, 2])
def test_types_that_they_read(version, odd, tools):
    run(case("write", of_types(THEY_READ), version=version, chunk=7 if version == 2 else None, odd=odd,
             how="bytes"), tools)


@pytest.mark.parametrize("dtype", NOT_THEIRS)
def test_types_that_they_do_not_know(dtype, tools):
    """Stock safetensors and we read them."""
    one, folder = case("write", of_types([dtype])), tools.folder
    tools.clear()
    (folder / "plain").write_bytes(stock_file(one.tensors, one.metadata, one.pool()))
    (folder / "keys.jwk").write_text(one.keys.text())
    tools.ctshim("encrypt", folder / "plain", folder / "encrypted", "--keys", folder / "keys.jwk")
    same_content(tools.served.load(folder / "encrypted", keys=folder / "keys.jwk"),
                 content(one.tensors, one.metadata, one.pool()), "stock safetensors under the shim")
    for theirs in tools.theirs.values():
        answer = theirs.load(folder / "encrypted", keys=one.keys.text(), how="bytes")
        assert not answer.ok and f"unknown variant `{dtype}`" in answer.error


SHAPES = {
    "scalars": [("F32", ()), ("U8", ()), ("F64", ()), ("BOOL", ()), ("C64", ())],
    "one element": [("F32", (1,)), ("U8", (1, 1, 1, 1)), ("I64", (1,))],
    "one byte": [("U8", (1,))],
    "many dimensions": [("I16", (1, 2) * 20), ("U8", (1,) * 200)],
    "large dimension of nothing": [("F32", (0, 1 << 53)), ("U8", (3,))],
    "many tensors": [("F32", (2, 3))] * 3000,
}


@pytest.mark.parametrize("kind, writer, version", [("read", v, 1) for v in versions()]
                         + [("read", v, 2) for v in versions()[-1:]] + [("write", None, 1), ("write", None, 2)])
@pytest.mark.parametrize("shapes", SHAPES)
def test_shapes(shapes, kind, writer, version, tools):
    run(case(kind, specs(*SHAPES[shapes]), writer=writer, version=version), tools)


def test_a_dimension_past_what_json_carries(tools):
    """2 to the 53rd is the most that every JSON parser reads exactly. Only a tensor of no bytes can have more; we refuse
    to guess, in words."""
    one = case("read", specs(("F32", (0, 1 << 62))))
    tools.clear()
    (tools.folder / "pool").write_bytes(b"")
    (tools.folder / "keys.jwk").write_text(one.keys.text())
    tools.theirs[one.writer].save(tools.folder / "encrypted", data=tools.folder / "pool", config=their_config(one),
                                  tensors=[t.request() for t in one.tensors]).check()
    answer = tools.served.load(tools.folder / "encrypted", keys=tools.folder / "keys.jwk")
    assert not answer.ok and "a number that is not an exact integer from 0 to 2^53" in answer.said


@pytest.mark.parametrize("count", [2, 7, 60])
@pytest.mark.parametrize("writer, version", [(v, 1) for v in versions()] + [(v, 2) for v in versions()[-1:]])
def test_several_tensors_of_no_bytes(writer, version, count, tools):
    """They lie at one place. The other implementation puts them into a random order when it reads, and
    rejects its own file when that is another one than it signed; we keep the header's order."""
    empty = [(t, s) for t, s in zip(["F32", "U8", "I64", "F16"] * count, [(0,), (2, 0), (0, 0, 3)] * count)][:count]
    one = case("read", specs(("F32", (9,)), *empty, ("U8", (5,))), writer=writer, version=version)
    run(one, tools)
    own = [tools.theirs[writer].load(tools.folder / "encrypted", keys=one.keys.text()) for _ in range(40)]
    if count > 2:
        assert any("Signature verification failed" in a.error for a in own if not a.ok)
    for answer in own:
        assert answer.ok or "Signature verification failed" in answer.error


@pytest.mark.parametrize("version", [1, 2])
def test_two_tensors_of_no_bytes_for_them(version, tools):
    """It finds the order that we signed, when it is lucky."""
    run(case("write", specs(("F32", (0,)), ("F32", (9,)), ("U8", (0, 7))), version=version), tools)


def test_a_large_tensor(tools, tmp_path):
    """256 MiB, both ways."""
    one = case("read", specs(("U8", (256 * MIB,)), ("F32", (3,))), alg="aes128gcm")
    pool = one.pool()
    one.pool = lambda: pool  # it is drawn once
    run(one, tools)
    tools.clear()
    one.kind = "write"
    run(one, tools)
    tools.clear()


@pytest.mark.parametrize("replaced", ["rewritten", "renamed"])
def test_one_process_reads_what_they_write_again_and_again(replaced, tools):
    """The same name, the same length, often the same inode: each time with keys and bytes of its own."""
    keys, folder, seen = keys_of("aes256gcm"), tools.folder, set()
    tools.clear()
    (folder / "keys.jwk").write_text(keys.text())
    tools.served.stop()
    tools.served.env["CRYPTOTENSOR_KEY_JKU"] = str(folder / "keys.jwk")
    try:
        for number in range(25):
            one = case("read", specs(("U8", (5000,)), ("F32", (3,))), chunk=512, keys=keys)
            one.number = number
            (folder / "pool").write_bytes(one.pool())
            path = folder / ("model" if replaced == "rewritten" else "new")
            tools.theirs[one.writer].save(
                path, data=folder / "pool", tensors=[t.request() for t in one.tensors], metadata=one.metadata,
                config={"enc_key": keys.master, "sign_key": keys.signer, "chunk_size": 512}).check()
            path.replace(folder / "model")
            want = content(one.tensors, one.metadata, one.pool())
            same_content(tools.served.load(folder / "model"), want, f"round {number}")
            seen.add(hashlib.sha256(repr(want).encode()).digest())
    finally:
        del tools.served.env["CRYPTOTENSOR_KEY_JKU"]
        tools.served.stop()
    assert len(seen) == 25
