"""Stock safetensors with torch, and torch's own ways to a file."""

import io
import json
import threading

import safetensors
import torch
from safetensors import safe_open
from safetensors.torch import load, load_file, save_file

from checks import equal, main, same

torch.set_num_threads(1)
VERSION = tuple(int(p) for p in safetensors.__version__.split(".")[:2])
BACKENDS = [{}, {"backend": "pread"}] if VERSION >= (0, 8) else [{}]


def wanted(c):
    length = int.from_bytes(c.expected[:8], "little")
    head = json.loads(c.expected[8:8 + length])
    data = c.expected[8 + length:]
    meta = head.pop("__metadata__", None)
    return {n: (tuple(t["shape"]), data[slice(*t["data_offsets"])]) for n, t in head.items()}, meta


def raw(tensor):
    if tensor.numel() == 0:
        return b""
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def compare(c, tensors):
    want, _ = wanted(c)
    same(sorted(tensors), sorted(want), "names")
    for name, (shape, data) in want.items():
        same(tuple(tensors[name].shape), shape, f"shape of {name}")
        equal(raw(tensors[name]), data, name)


def check_load_file(c):
    for options in BACKENDS:
        compare(c, load_file(c.model, **options))


def check_load_bytes(c):
    with open(c.model, "rb") as f:
        compare(c, load(f.read()))


def check_safe_open(c):
    for options in BACKENDS:
        with safe_open(c.model, "pt", **options) as f:
            same(f.metadata(), wanted(c)[1])
            compare(c, {n: f.get_tensor(n) for n in f.keys()})


def check_slices(c):
    want, _ = wanted(c)
    for options in BACKENDS:
        with safe_open(c.model, "pt", **options) as f:
            for name, (shape, data) in want.items():
                if len(shape) != 2 or 0 in shape:
                    continue
                whole = f.get_tensor(name)
                equal(raw(whole), data, name)
                part = f.get_slice(name)
                same(list(part.get_shape()), list(shape))
                for cut in ((slice(1, 3),), (slice(None), slice(0, 2)), (slice(1, None), slice(1, 2))):
                    equal(raw(part[cut]), raw(whole[cut]), f"{name} {cut}")


def check_in_place(c):
    """Tensors live on a private mapping: changing one changes neither the file nor a second load."""
    first = load_file(c.model)
    for tensor in first.values():
        if tensor.is_floating_point() and tensor.element_size() > 1:
            tensor.mul_(0).add_(1)
    compare(c, load_file(c.model))
    second = load_file(c.model)
    same(all(bool((t == 1).all()) for t in first.values()
             if t.is_floating_point() and t.element_size() > 1), True)
    compare(c, second)


def check_tensors_outlive_the_file(c):
    tensors = load_file(c.model)
    for _ in range(2):
        load_file(c.model)
    compare(c, tensors)


def check_storage_from_file(c):
    storage = torch.UntypedStorage.from_file(c.model, False, c.size)
    equal(bytes(torch.tensor([], dtype=torch.uint8).set_(storage).numpy()), c.expected)
    equal(torch.from_file(c.model, False, 5000, dtype=torch.uint8).numpy(), c.expected[:5000])


def check_frombuffer(c):
    with open(c.model, "rb") as f:
        equal(torch.frombuffer(bytearray(f.read()), dtype=torch.uint8).numpy(), c.expected)


def check_threads(c):
    wrong = []

    def work():
        try:
            with safe_open(c.model, "pt") as f:
                compare(c, {n: f.get_tensor(n) for n in f.keys()})
        except BaseException as e:
            wrong.append(repr(e))

    threads = [threading.Thread(target=work) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    same(wrong, [])


def check_saved_again(c):
    """save_file and torch.save hand mapped memory to the kernel."""
    tensors = load_file(c.model)
    save_file(tensors, c.path("again.safetensors"))
    compare(c, load_file(c.path("again.safetensors")))
    # Tensors of several types on one mapping cannot be saved together: apart, then.
    tensors = {n: t.clone() for n, t in tensors.items()}
    torch.save(tensors, c.path("again.pt"))
    compare(c, torch.load(c.path("again.pt")))
    room = io.BytesIO()
    torch.save(tensors, room)
    room.seek(0)
    compare(c, torch.load(room))


def check_computing(c):
    want, _ = wanted(c)
    name = next(n for n, (shape, _) in want.items() if len(shape) == 2 and shape[0] > 100)
    tensor = load_file(c.model)[name].float()
    right = torch.frombuffer(bytearray(want[name][1]), dtype=load_file(c.model)[name].dtype).reshape(
        want[name][0]).float()
    equal(raw(tensor.T @ tensor), raw(right.T @ right))


if __name__ == "__main__":
    main(globals())
