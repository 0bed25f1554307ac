"""Runs in the ordinary environment, with the shim preloaded or, as a negative control, without:
reads models by stock safetensors. `workers.Served` speaks with it and has the interface.

A request with an `env` is carried out by a forked child, which sets these variables before it meets
its first encrypted model: so it has keys and a serving mode of its own, and may crash.
"""

import hashlib
import json
import mmap
import os
import sys

import numpy  # noqa: F401: imported once, not by each child
import safetensors
from answering import Names, answer, describe, serve
from safetensors import safe_open

# What stock safetensors makes arrays of by numpy alone.
NUMPY = {"BOOL", "U8", "I8", "I16", "U16", "I32", "U32", "I64", "U64", "F16", "F32", "F64", "C64"}


def mapped(path):
    """name -> its bytes, in a mapping of the whole file."""
    with open(path, "rb") as f:
        whole = memoryview(mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ))
    start = 8 + int.from_bytes(whole[:8], "little")
    head = json.loads(bytes(whole[8:start]))
    return {
        name: whole[start + t["data_offsets"][0]:start + t["data_offsets"][1]]
        for name, t in head.items() if name != "__metadata__"
    }


def opened(path, f):
    """Tensor by tensor, by `safe_open`; types that numpy lacks, from another mapping."""
    others = None
    for name in f.offset_keys():
        piece = f.get_slice(name)
        if piece.get_dtype() in NUMPY:
            data = f.get_tensor(name).tobytes()
        else:
            others = others or mapped(path)
            data = others[name]
        yield name, piece.get_dtype(), piece.get_shape(), data


def load(path, how):
    """Everything in `path`."""
    with safe_open(path, framework="numpy") as f:
        metadata, order = f.metadata(), f.offset_keys()
        if how == "open":
            return describe(opened(path, f), metadata, order)
    with open(path, "rb") as f:
        found = safetensors.deserialize(f.read())
    return describe(((n, t["dtype"], t["shape"], t["data"]) for n, t in found), metadata, order)


def read(path, copy):
    """The file as it reads, byte for byte."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size, digest, out = 0, hashlib.sha256(), None
        if copy:
            out = open(copy, "wb")
        while piece := os.read(fd, 8 << 20):
            size += len(piece)
            digest.update(piece)
            if out:
                out.write(piece)
        if out:
            out.close()
        return {"sha256": digest.hexdigest(), "size": size}
    finally:
        os.close(fd)


def about():
    with open("/proc/self/maps") as f:
        preloaded = any("libctshim.so" in line for line in f)
    return {"version": safetensors.__version__, "preloaded": preloaded}


def in_child(functions, request):
    """The answer of a forked child to a request that brings its environment along."""
    env = request.pop("env", None)
    if env is None:
        return answer(functions, request)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.environ.update(env)
        with os.fdopen(writer, "w") as out:
            out.write(json.dumps(answer(functions, request)))
        sys.stderr.flush()
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as f:
        text = f.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != 0:
        return {"kind": "crash", "error": f"the process ended with status {status}"}
    return json.loads(text)


serve(Names(about=about, load=load, read=read), in_child)
