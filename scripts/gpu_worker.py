"""One way to bring a model to the GPU: gpu_worker.py CHECK FILE DEVICE. Prints {"seconds": …, "digest": …}, or
{"refused": …}.

The clock runs from the opening of the file until everything is there; the digest is of what came back from the device.
"""

import hashlib
import json
import mmap
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import torch
from safetensors.torch import load_file

check, path, device = sys.argv[1:4]


def moved(tensor):
    """On the device; a copy, where the device is the processor."""
    return tensor.clone() if device == "cpu" else tensor.to(device)


def by_load_file():
    return load_file(path, device=device)


def by_pread():
    return load_file(path, device=device, backend="pread")


def by_to():
    return {name: moved(t) for name, t in load_file(path).items()}


def by_threads():
    with ThreadPoolExecutor(4) as pool:
        loaded = load_file(path)
        return dict(zip(loaded, pool.map(moved, loaded.values())))


def by_pinned():
    loaded = load_file(path)
    if device == "cpu":
        return loaded
    pinned = {name: t.pin_memory() for name, t in loaded.items()}
    return {name: t.to(device, non_blocking=True) for name, t in pinned.items()}


class Refused(Exception):
    """cudaHostRegister said no."""


def whole_mapping(touched):
    """The file's data as one tensor on a private mapping, registered with CUDA."""
    with open(path, "rb") as f:
        area = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY)
    whole = torch.frombuffer(area, dtype=torch.uint8)
    if touched:
        whole[::mmap.PAGESIZE].sum()
    if device != "cpu":
        runtime = torch.cuda.cudart()
        code = runtime.cudaHostRegister(whole.data_ptr(), whole.numel(), 0)
        if code != runtime.cudaError.success:
            raise Refused(f"{code}: {runtime.cudaGetErrorString(code)}")
    begin = 8 + int.from_bytes(bytes(whole[:8].tolist()), "little")  # headers are not the same
    data = whole[begin:]
    there = data.clone() if device == "cpu" else data.to(device, non_blocking=True)
    keep.append((area, whole))
    return {"data": there}


def by_register():
    return whole_mapping(False)


def by_register_touched():
    return whole_mapping(True)


def finished():
    if device != "cpu":
        torch.cuda.synchronize()


def digest(tensors):
    """SHA-256 of all tensors."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        flat = tensors[name].detach().to("cpu").contiguous().reshape(-1).view(torch.uint8)
        found.update(name.encode() + memoryview(flat.numpy()))
    return found.hexdigest()


keep = []
if device != "cpu":
    torch.zeros(1, device=device)  # the context is there before the clock runs
    finished()
began = time.perf_counter()
try:
    result = globals()["by_" + check]()
    finished()
    took = time.perf_counter() - began
    print(json.dumps({"seconds": took, "digest": digest(result)}), flush=True)
except Refused as refused:
    print(json.dumps({"refused": str(refused)}), flush=True)
