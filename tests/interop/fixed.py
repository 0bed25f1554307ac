"""Cases that are chosen, not drawn, and what their tests share."""

import random

import keymaker
import pytest
from differential import KINDS, Tools
from dtypes import NUMPY, step
from inventor import Case
from models import SEED
from plain import Tensor
from workers import versions

# Texts that JSON escapes, that C and shells take apart, that sort differently as UTF-16, that look
# like something else, that are long.
TEXTS = {
    "quotes": "\"'`\"\"",
    "backslashes": "\\ \\\\ \\n \\u0041 \\",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f",
    "c1": "\x80\x85\x9f\xa0\xad",
    "latin": "na\u00efve \u00e9\u00df",
    "combining": "e\u0301 \u1e9b\u0323",
    "wide": "\u4e16\u754c \u0645\u0631\u062d\u0628\u0627",
    "lines": "\r\n \u2028 \u2029 \x0b \x0c",
    "marks": "\ufeff\u202e\u200d\ufffd\uffff",
    "astral": "\U0001f600\U0001f468\u200d\U0001f469 \U0010ffff",
    "json": '{"__metadata__":{"a":[1,null]}}',
    "solidus": "</script> \\/ //",
    "format": "%s%n%1$s $HOME `id`",
    "globs": "*?[a-z]\\*{a,b}",
    "space": "  leading and trailing  ",
    "reserved": "__signature__x",
    "long": "long \u00e9\" " * 12000,
}


def specs(*wanted, prefix="t"):
    """Tensors one behind another, of (dtype, shape) or (dtype, shape, name)."""
    made, at = [], 0
    for i, (dtype, shape, *name) in enumerate(wanted):
        elements, quantum = step(dtype)
        count = 1
        for n in shape:
            count *= n
        made.append(Tensor(*name or [f"{prefix}{i}"], dtype, tuple(shape), at, count // elements * quantum))
        at += made[-1].size
    return made


def keys_of(alg, **options):
    return keymaker.draw(random.Random(f"{SEED} {alg}"), alg, **{"kid": iter(["enc", "sign"]).__next__} | options)


def case(kind, tensors, *, alg="aes256gcm", **changes):
    """A case like those that `invent` makes, with ordinary settings where none are given."""
    settings = dict(metadata={"format": "pt"}, version=2, chunk=None, sealed=None, local=None, remote=None,
                    writer=versions()[-1], odd=False, forms=False, keys=None) | changes
    settings["keys"] = settings["keys"] or keys_of(alg)
    if any(t.dtype not in NUMPY or len(t.shape) > 64 for t in tensors):  # nothing that numpy has
        settings.setdefault("how", "bytes")
    return Case(kind, SEED, 0, tensors, alg=alg, **settings)


def run(one, tools):
    """Run a case; its words, when it fails, have all that it was made of."""
    tools.clear()
    try:
        KINDS[one.kind](one, tools)
    except AssertionError as e:
        pytest.fail(f"{e}\n{one.describe()}", pytrace=False)


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    """Both implementations, ready to work."""
    if not versions():
        pytest.skip("the other implementation is not installed here (it has no build for this Python)")
    with Tools(tmp_path_factory.mktemp("interop")) as made:
        yield made
