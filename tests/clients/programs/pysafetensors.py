"""Stock safetensors with numpy: whatever version is on the path."""

import json
import threading

import numpy as np
import safetensors
from safetensors import safe_open
from safetensors.numpy import load, load_file, save_file

from checks import equal, main, same

VERSION = tuple(int(p) for p in safetensors.__version__.split(".")[:2])
BACKENDS = [{}, {"backend": "mmap"}, {"backend": "pread"}] if VERSION >= (0, 8) else [{}]


def wanted(c):
    """name -> (shape, bytes), worked out from the plaintext image."""
    length = int.from_bytes(c.expected[:8], "little")
    head = json.loads(c.expected[8:8 + length])
    data = c.expected[8 + length:]
    meta = head.pop("__metadata__", None)
    return {n: (tuple(t["shape"]), data[slice(*t["data_offsets"])]) for n, t in head.items()}, meta


def compare(c, tensors):
    want, _ = wanted(c)
    same(sorted(tensors), sorted(want), "names")
    for name, (shape, data) in want.items():
        same(tuple(tensors[name].shape), shape, f"shape of {name}")
        equal(np.asarray(tensors[name]).tobytes(), data, name)


def check_load_file(c):
    for options in BACKENDS:
        compare(c, load_file(c.model, **options))


def check_load_bytes(c):
    with open(c.model, "rb") as f:
        compare(c, load(f.read()))


def check_keys(c):
    want, _ = wanted(c)
    for options in BACKENDS:
        with safe_open(c.model, "np", **options) as f:
            same(sorted(f.keys()), sorted(want))
            compare(c, {name: f.get_tensor(name) for name in f.keys()})


def check_metadata(c):
    """What the program put there, and nothing of ours."""
    _, meta = wanted(c)
    with safe_open(c.model, "np") as f:
        same(f.metadata(), meta)
        same([k for k in f.metadata() if k.startswith("__")], [])
        # Something to tell it from reading without the shim, for which metadata is not secret.
        name = next(iter(f.keys()))
    compare(c, load_file(c.model))
    same(name in wanted(c)[0], True)


def check_slices(c):
    want, _ = wanted(c)
    for options in BACKENDS:
        with safe_open(c.model, "np", **options) as f:
            for name, (shape, data) in want.items():
                if len(shape) != 2 or 0 in shape:
                    continue
                part = f.get_slice(name)
                same(tuple(part.get_shape()), shape)
                whole = np.frombuffer(data, f.get_tensor(name).dtype).reshape(shape)
                for got, right in ((part[1:3], whole[1:3]), (part[:, 1:2], whole[:, 1:2]),
                                   (part[0:1, :], whole[0:1, :]), (part[2:], whole[2:])):
                    equal(np.ascontiguousarray(got).tobytes(), np.ascontiguousarray(right).tobytes(), name)


def check_without_context(c):
    f = safe_open(c.model, "np")
    compare(c, {name: f.get_tensor(name) for name in f.keys()})


def check_tensors_outlive_the_file(c):
    tensors = load_file(c.model)
    with open(c.model, "rb") as f:
        f.read()
    compare(c, tensors)


def check_threads(c):
    wrong = []
    with safe_open(c.model, "np") as f:
        names = list(f.keys())

    def work(turn):
        try:
            with safe_open(c.model, "np") as f:
                compare(c, {n: f.get_tensor(n) for n in names[turn:] + names[:turn]})
        except BaseException as e:
            wrong.append(repr(e))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    same(wrong, [])


def check_saved_again(c):
    """A plain copy made by the stock library has the same content."""
    _, meta = wanted(c)
    save_file(load_file(c.model), c.path("again.safetensors"), metadata=meta)
    compare(c, load_file(c.path("again.safetensors")))


if __name__ == "__main__":
    main(globals())
