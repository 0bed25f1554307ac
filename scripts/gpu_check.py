"""Does a GPU get right tensors from encrypted models, in every serving mode, and how fast beside the plain file?

    gpu_check.py [--size 2G] [--runs 3] [--folder DIR] [--device cuda] [--probe]

Each check runs in a process of its own (gpu_worker.py), from the plain file first, whose tensors the others must equal.
A cudaHostRegister that is refused is told and is no failure: what counts is that no wrong byte arrives. `--device cpu`
tries the script itself where there is no GPU. `--probe` only says whether there is one.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "bench"))

CHECKS = {
    "load_file": 'load_file(file, device="cuda")',
    "pread": 'the same, backend="pread"',
    "to": 'load_file(file), then .to("cuda")',
    "threads": "the same from four threads at once",
    "pinned": ".pin_memory(), then an asynchronous copy",
    "register": "cudaHostRegister on the untouched mapping, then an asynchronous copy",
    "register_touched": "the same after every page was touched",
}
NO_GPU = 77


def probe(device):
    """Why there is nothing to check; None when there is."""
    import torch
    if device == "cpu" or torch.cuda.is_available():
        return None
    if Path("/proc/driver/nvidia/version").exists() or Path("/dev/kfd").exists():
        return f"torch {torch.__version__} cannot use the GPU that is here: name a Python in PYTHON whose torch can"
    return "there is no GPU here"


def run(check, path, device, environment):
    """What a check found, as a dict: seconds, digest, or what it said when it failed."""
    argv = [sys.executable, Path(__file__).with_name("gpu_worker.py"), check, path, device]
    try:
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        return {"failed": "no answer in 600 s"}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            return json.loads(line)
    said = " | ".join(done.stderr.strip().split("\n")[-3:])
    return {"failed": f"status {done.returncode}: {said}"}


def warmed(path, size):
    """Nothing of the first run's is left to the memory or the disk."""
    from measure import warm_cache, warm_memory
    warm_memory(3 * size)
    warm_cache([path])


def best(check, peers, runs, device, size):
    """The best of several runs, taken in turn: one for each peer. The digest must be the same each time."""
    found = [[] for _ in peers]
    for _ in range(runs):
        for peer, mine in zip(peers, found):
            (path,), _ = peer.paths("main", "v2")
            warmed(path, size)
            mine.append(run(check, path, device, peer.environment()))
    return [summary(mine) for mine in found]


def summary(found):
    bad = [f for f in found if "failed" in f or "refused" in f]
    if bad:
        return bad[0]
    if len({f["digest"] for f in found}) > 1:
        return {"failed": "not the same tensors each time"}
    return min(found, key=lambda f: f["seconds"])


def told(found, expected, plain):
    """A cell in words, and whether it is as it must be."""
    if "refused" in found:
        return f"refused: {found['refused']}", True
    if "failed" in found:
        return f"FAILED: {found['failed']}", False
    equal = found["digest"] == expected
    beside = f"{found['seconds'] / plain['seconds']:5.2f} × plain" if "seconds" in plain else ""
    return f"{found['seconds'] * 1e3:8.1f} ms  {beside:14}  {'equal' if equal else 'WRONG TENSORS'}", equal


def about(device):
    import safetensors
    import torch
    name = "no GPU (a trial of this script)" if device == "cpu" else torch.cuda.get_device_name(0)
    print(f"{name}; torch {torch.__version__}, CUDA {torch.version.cuda}, safetensors {safetensors.__version__}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", default="2G")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--build", type=Path, default=ROOT / "build")
    options.add_argument("--folder", type=Path)
    options.add_argument("--device", default="cuda")
    options.add_argument("--probe", action="store_true")
    options = options.parse_args()
    if why := probe(options.device):
        print(f"gpu-check: {why}")
        return NO_GPU
    if options.probe:
        return 0
    from files import Files, size_of
    from peers import MODES, Peer
    files = Files(options.folder or options.build / "bench", size_of(options.size), options.build / "ctshim")
    about(options.device)
    peers = [Peer(name, options.build, files, None) for name in ("plain", *MODES)]
    right = True
    for check, words in CHECKS.items():
        print(f"{check}: {words}")
        # What is right, without any GPU: the plain file's.
        expected = best(check, peers[:1], 1, "cpu", 0)[0].get("digest")
        cells = best(check, peers, options.runs, options.device, files.size)
        for peer, found in zip(peers, cells):
            text, fine = told(found, expected, cells[0])
            right = right and fine
            print(f"  {peer.text:8}{text}", flush=True)
    print("gpu-check: every tensor equal" if right else "gpu-check: something is not as it must be: see above")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
