"""Runs in an environment of the other implementation: does what lines of JSON on standard input
ask for, and answers each with a line. `workers.Theirs` speaks with it and has the interface.

It uses nothing but the package itself and Python's own library, and of the package the functions
that take raw bytes, so that every type of tensor passes through without torch or numpy.
"""

import os

import cryptotensors
import numpy  # noqa: F401: imported once, not by the first tensor
from answering import Names, describe, serve

OWN = ("__crypto_keys__", "__encryption__", "__policy__", "__signature__")


def give_keys(keys):
    """Keys reach the library as its users give them to it: as JSON in the environment. It looks
    there each time, so that one process can play many users."""
    if keys is None:
        os.environ.pop("CRYPTOTENSOR_KEYS", None)
    else:
        os.environ["CRYPTOTENSOR_KEYS"] = keys


def save(path, data, tensors, metadata, config, keys):
    """Write `path`. Tensors are pieces of the file `data`."""
    give_keys(keys)
    with open(data, "rb") as f:
        whole = memoryview(f.read())
    given = {
        name: {"dtype": dtype, "shape": shape, "data": bytes(whole[offset:offset + size])}
        for name, dtype, shape, offset, size in tensors
    }
    cryptotensors.serialize_file(given, path, metadata, config)
    return {}


def users(f):
    """The user's metadata. 0.1.0 shows the format's own among it; 0.2.3 shows, apart from the rest,
    everything that begins with two underscores."""
    shown = dict(f.metadata() or {})
    if hasattr(f, "reserved_metadata"):
        shown |= f.reserved_metadata() or {}
    return {k: v for k, v in shown.items() if k not in OWN}


def load(path, how, keys):
    """Everything in `path`."""
    give_keys(keys)
    # What `safe_open` says of metadata holds for `bytes` too: the other way has no way to ask.
    with cryptotensors.safe_open(path, framework="numpy") as f:
        metadata, order = users(f), f.offset_keys()
        if how == "open":
            return describe(opened(f, order), metadata, order)
    with open(path, "rb") as f:
        found = cryptotensors.deserialize(f.read())
    return describe(((n, t["dtype"], t["shape"], t["data"]) for n, t in found), metadata, order)


def opened(f, order):
    """As `load_file` reads: tensor by tensor, into arrays. Only numpy's types."""
    for name in order:
        piece = f.get_slice(name)
        yield name, piece.get_dtype(), piece.get_shape(), f.get_tensor(name).tobytes()


def rewrap(path, new, old, keys):
    """Exchange the keys of `path`."""
    give_keys(keys)
    cryptotensors.rewrap_file(path, new, old)
    return {}


def about():
    return {"version": cryptotensors.__version__}


serve(Names(about=about, save=save, load=load, rewrap=rewrap))
