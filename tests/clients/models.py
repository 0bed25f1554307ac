"""Plain models that the tests encrypt, written by stock safetensors from seeded random bytes."""

import os
import random

import numpy as np
from safetensors import TensorSpec, serialize

# Another seed gives other bytes in the same shapes; the one in use heads pytest's output.
SEED = int(os.environ.get("CTSHIM_TEST_SEED", "20260101"))

SIZES = {
    "bool": 1, "uint8": 1, "int8": 1, "int16": 2, "uint16": 2, "float16": 2, "bfloat16": 2,
    "int32": 4, "uint32": 4, "float32": 4, "float64": 8, "int64": 8, "uint64": 8,
    "float8_e4m3fn": 1, "float8_e5m2": 1,
}

# Lengths that are multiples of nothing, tensors of no bytes and of one, names that JSON escapes.
COMMON = {
    "weight": ("float32", (257, 509)),
    "layer.0.half": ("float16", (333, 77)),
    "layer.0.double": ("float64", (31, 5)),
    "layer.1.long": ("int64", (1001,)),
    "layer.1.int": ("int32", (7, 11, 13)),
    "layer.1.short": ("int16", (3, 5)),
    "layer.1.byte": ("int8", (4097,)),
    "mask": ("bool", (129,)),
    "bytes": ("uint8", (65537,)),
    "one": ("uint8", (1,)),
    "scalar": ("float32", ()),
    "empty": ("float32", (0, 4)),
    "void": ("uint8", (0,)),
    'na"me\\ \t\u00e9\u4e16': ("float32", (3, 3)),
}

SHAPES = {
    # Every type that numpy has.
    "numpy": COMMON | {"u16": ("uint16", (99,)), "u32": ("uint32", (98,)), "u64": ("uint64", (97,))},
    # Types that only torch has.
    "torch": COMMON | {"brain": ("bfloat16", (129, 65)), "e4m3": ("float8_e4m3fn", (501,)),
                       "e5m2": ("float8_e5m2", (17, 3))},
    # Tensors of several whole chunks of 2 MiB, so that parallel paths run, and of parts of one.
    "big": {
        "large": ("uint8", ((9 << 20) + 12345,)),
        "matrix": ("float32", (1024, 701)),
        "exact": ("float32", (1024, 1024)),
        "small": ("float16", (1001,)),
        "empty": ("float32", (0,)),
    },
    # For damage: tensors of several small chunks, the last one short.
    "damage": {
        "first": ("float32", (40000,)),
        "second": ("uint8", (100003,)),
        "tiny": ("uint8", (100,)),
        "nothing": ("float32", (0,)),
    },
}

METADATA = {"format": "pt", "note": 'line\nbreak, "quotes", \u00e9'}


def values(dtype, count, rng):
    """Bytes of `count` elements. Floats are small and finite, so that they compare and add up."""
    if dtype == "bool":
        return rng.integers(0, 2, count, np.uint8).tobytes()
    if dtype in ("float16", "float32", "float64"):
        return rng.standard_normal(count).astype(dtype).tobytes()
    if dtype == "bfloat16":
        return (rng.standard_normal(count).astype(np.float32).view(np.uint32) >> 16).astype(
            np.uint16).tobytes()
    if dtype.startswith("float8"):
        return rng.integers(0, 0x70, count, np.uint8).tobytes()
    return rng.bytes(count * SIZES[dtype])


def make(name, metadata=METADATA):
    """The bytes of the plain model `name`."""
    rng = np.random.default_rng([SEED, *name.encode()])
    specs, alive = {}, []
    for tensor, (dtype, shape) in SHAPES[name].items():
        data = np.frombuffer(bytearray(values(dtype, int(np.prod(shape, dtype=int)), rng)), np.uint8)
        alive.append(data)
        specs[tensor] = TensorSpec(dtype=dtype, shape=list(shape), data_ptr=data.ctypes.data,
                                   data_len=data.nbytes)
    return bytes(serialize(specs, metadata))


def generator(purpose):
    """A seeded generator for one purpose."""
    return random.Random(f"{SEED} {purpose}")
