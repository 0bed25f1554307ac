"""Names, metadata, key ids and policies of every kind of text: written by each implementation, read by the other."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))

from fixed import TEXTS, case, keys_of, run, specs, tools  # noqa: E402, F401
from workers import versions  # noqa: E402

WRITERS = [("read", v, 1) for v in versions()] + [("read", v, 2) for v in versions()[-1:]] + [
    ("write", None, 1), ("write", None, 2)]
every_writer = pytest.mark.parametrize("kind, writer, version", WRITERS)
every_text = pytest.mark.parametrize("text", TEXTS)


def one(kind, writer, version, tensors=None, **more):
    tensors = tensors or specs(("F32", (30,)), ("U8", (7,)))
    return case(kind, tensors, version=version, chunk=16 if version == 2 else None,
                **({"writer": writer} if writer else {}) | more)


@every_text
@every_writer
def test_names_and_metadata(kind, writer, version, text, tools):
    """As a tensor's name, as a name and as a value of metadata; all of a tensor or only that one encrypted."""
    text = TEXTS[text]
    tensors = specs(("F32", (30,), text), ("U8", (7,), f"{text}.weight"), ("U8", (3,), "other"))
    for sealed in (None, [text]):
        run(one(kind, writer, version, tensors, metadata={text: "value", "key": text, f"{text}{text}": text},
                sealed=sealed), tools)


@every_text
@every_writer
def test_policies(kind, writer, version, text, tools):
    """In a comment of the policy that decides loading, and as the whole of the other one."""
    comment = TEXTS[text].replace("\n", " ")
    run(one(kind, writer, version, local=f"# {comment}\npackage model # {comment}\nallow = true\n#{comment}",
            remote=TEXTS[text] if kind == "read" else None), tools)


def keys(kid=None, jku=None):
    given = {"kid": kid and iter(kid).__next__, "jku": jku and iter(jku).__next__}
    return keys_of("aes256gcm", **given)


@every_text
@every_writer
def test_key_ids(kind, writer, version, text, tools):
    text = TEXTS[text]
    run(one(kind, writer, version, keys=keys(kid=[text, f"{text} signer"], jku=[f"file:///{text}", text])), tools)


@pytest.mark.parametrize("named", ["neither", "kid", "jku", "both", "one kid"])
@every_writer
def test_how_keys_are_named(kind, writer, version, named, tools):
    """Without a kid the first key of its type serves."""
    ids, places = ["e", "s"], ["file:///nowhere/e.jwk", "https://keys.example/s"]
    given = {"neither": keys(), "kid": keys(kid=ids), "jku": keys(jku=places), "both": keys(kid=ids, jku=places),
             "one kid": keys(kid=ids)}[named]
    if named == "one kid":
        given = replace(given, master={n: v for n, v in given.master.items() if n != "kid"})
    run(one(kind, writer, version, keys=replace(given, before=())), tools)
