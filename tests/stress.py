"""Runs the stress program in every serving mode: see tests/stress.mk."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "clients"))

import models  # noqa: E402
import reference  # noqa: E402
from configs import SERVING_MODES  # noqa: E402
from harness import COMMAND, LIBRARY  # noqa: E402

# What ThreadSanitizer is told. Children of busy processes are what this is about. Names are not looked up while a
# report is made: that maps files, through the very hooks that are being reported on.
TSAN = "die_after_fork=0:exitcode=66:symbolize=0"


def make_models(folder):
    """Two encrypted models, their plain images, and the key file."""
    keys = folder / "keys.jwk"
    subprocess.run([COMMAND, "keygen", "-o", keys, "--enc-kid", "k", "--sign-kid", "s"], check=True,
                   stdout=subprocess.DEVNULL)
    paths = []
    for name in ("numpy", "damage"):
        plain, encrypted, expected = (folder / f"{name}.{end}" for end in ("plain", "safetensors", "expected"))
        plain.write_bytes(models.make(name))
        subprocess.run([COMMAND, "encrypt", plain, encrypted, "--keys", keys, "--chunk-size", "4096"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        expected.write_bytes(reference.image(plain.read_bytes(), encrypted.read_bytes()))
        paths += [encrypted, expected]
    return keys, paths


def run(options, mode, folder, keys, paths):
    env = dict(os.environ, CRYPTOTENSOR_KEY_JKU=str(keys), CTSHIM_SERVE=mode, CTSHIM_LAZY_FROM="0")
    env["LD_PRELOAD"] = str(options.library.resolve())
    if options.runtime:
        env["LD_PRELOAD"] = f"{options.runtime.resolve()}:{env['LD_PRELOAD']}"
        env["TSAN_OPTIONS"] = f"{TSAN}:{env.get('TSAN_OPTIONS', '')}"
    scratch = folder / mode
    scratch.mkdir()
    argv = [options.program, options.seconds, options.seed, scratch, *paths]
    # A hang is a failure too; a sanitizer makes everything slower, the end included.
    done = subprocess.run([str(a) for a in argv], env=env, timeout=float(options.seconds) + 300)
    print(f"{mode}: {'ok' if done.returncode == 0 else f'FAILED with status {done.returncode}'}", flush=True)
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--library", type=Path, default=LIBRARY)
    parser.add_argument("--runtime", type=Path, help="ThreadSanitizer's, with which both were built")
    parser.add_argument("--seconds", default="120")
    parser.add_argument("--seed", default=str(time.time_ns() % 1000000))
    parser.add_argument("--mode", choices=SERVING_MODES, action="append", help="default: every one")
    options = parser.parse_args()
    options.program = options.program.resolve()
    with tempfile.TemporaryDirectory() as folder:
        keys, paths = make_models(Path(folder))
        good = [run(options, mode, Path(folder), keys, paths) for mode in options.mode or SERVING_MODES]
    sys.exit(0 if all(good) else 1)


main()
