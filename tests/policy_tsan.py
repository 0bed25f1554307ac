"""Threads that open models under policies, with library and program built with ThreadSanitizer: see tests/stress.mk."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "clients"))

import models  # noqa: E402
import reference  # noqa: E402
from harness import COMMAND  # noqa: E402

COUNT, TIMES = 8, 20
SITE = """package site

allow if {
	crypto.sha256(input.model.name) != ""
	regex.match(`^model-[0-9]+$`, input.model.name)
	time.now_ns() > 0
	count(input.process.argv) > NUMBER
}
"""


def make_models(folder):
    """Encrypted models with policies of their own, each with its plain image, and the key file."""
    keys, plain = folder / "keys.jwk", folder / "plain"
    subprocess.run(
        [COMMAND, "keygen", "-o", keys, "--enc-kid", "k", "--sign-kid", "s"], check=True, stdout=subprocess.DEVNULL
    )
    plain.write_bytes(models.make("damage"))
    paths = []
    for i in range(COUNT):
        model, policy, expected = folder / f"model-{i}", folder / f"policy-{i}", folder / f"expected-{i}"
        policy.write_text(f'package model\n\nallow if input.model.name == "model-{i}"\n')
        subprocess.run(
            [COMMAND, "encrypt", plain, model, "--keys", keys, "--policy", policy],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        expected.write_bytes(reference.image(plain.read_bytes(), model.read_bytes()))
        paths += [model, expected]
    return keys, paths


def run(options, keys, paths, site, wanted, audit):
    env = dict(os.environ, CRYPTOTENSOR_KEY_JKU=str(keys), CTSHIM_POLICY=site, CTSHIM_AUDIT=str(audit))
    env["LD_PRELOAD"] = f"{options.runtime.resolve()}:{options.library.resolve()}"
    # Names are not looked up while a report is made: that maps files, through the very hooks that are reported on.
    env["TSAN_OPTIONS"] = f"exitcode=66:symbolize=0:{env.get('TSAN_OPTIONS', '')}"
    argv = [str(a) for a in (options.program.resolve(), TIMES, *paths)]
    done = subprocess.run(argv, env=env, timeout=300, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    decided = [json.loads(line)["decision"] for line in audit.read_text().splitlines()]
    good = done.returncode == 0 and done.stdout.split() == [wanted] * COUNT * TIMES and len(decided) == COUNT * TIMES
    print(f"policies, all {wanted}: {'ok' if good else f'FAILED with status {done.returncode}'}", flush=True)
    if not good:
        print(done.stdout[-300:], done.stderr[-3000:])
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--runtime", type=Path, required=True, help="ThreadSanitizer's, with which both were built")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys, paths = make_models(folder)
        good = [
            run(options, keys, paths, SITE.replace("NUMBER", number), wanted, folder / wanted)
            for number, wanted in (("1", "served"), ("1000", "EACCES"))
        ]
    sys.exit(0 if all(good) else 1)


main()
