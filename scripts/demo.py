"""The same stock server, four times: does an encrypted model answer like the plain one?

    .venv/bin/python scripts/demo.py [--tiny]        (scripts/demo installs and builds first)

Exit status: 0 as promised; 1 something answered otherwise; 2 the demo could not be set up;
130 interrupted.
"""

import argparse
import ctypes
import hashlib
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import urllib.parse
import urllib.request
from pathlib import Path

import demo_model

ROOT = Path(__file__).resolve().parent.parent
DEMO = Path("build/demo")  # paths are below ROOT, so that printed commands are short
QUESTIONS = ["Where are the keys kept?", "Where can I find the keys?", "It will rain tomorrow."]
START, ANSWER, STEP = 180, 60, 600  # seconds of patience
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# Settings of the user's own would make the four servers something else than printed.
ENV = {k: v for k, v in os.environ.items()
       if k != "LD_PRELOAD" and not k.startswith(("CTSHIM_", "CRYPTOTENSOR_"))}


class Trouble(Exception):
    """The demo cannot go on."""


def die_with_parent():
    """Even a killed demo leaves no server behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Server:
    """One scripts/serve.py: its first output decides whether it serves."""

    def __init__(self, command, log):
        self.log = log
        with open(log, "wb") as out:
            # A session of its own, so that all of it can be killed.
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.STDOUT, env=ENV,
                                            start_new_session=True, preexec_fn=die_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def url(self):
        """Where it serves; None when it ended instead."""
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            said = re.search(r"^serving on (http://\S+)$", self.output(), re.M)
            if ended:
                return None
            if said:
                return said[1]
            time.sleep(0.05)
        raise TimeoutError(f"the server did not start within {START} seconds")

    def output(self):
        return self.log.read_text(errors="replace")

    def reason(self):
        """What it said of its end: its own last line, and the shim's where there is one."""
        lines = [line.strip() for line in self.output().splitlines() if line.strip()]
        shim = [line for line in lines if line.startswith("ctshim: ")][:1]
        return " / ".join(shim + [line for line in lines[-1:] if line not in shim])


class Result:
    """What one server gave: answers (bytes), or the error in words."""

    def __init__(self):
        self.answers, self.error, self.started = [], None, False

    def first_numbers(self, count=4):
        try:
            vector = json.loads(self.answers[0])["embedding"]
            return " ".join(f"{x:.5f}" for x in vector[:count]) + " ..."
        except (ValueError, KeyError, TypeError):
            return repr(self.answers[0][:40])

    def digest(self):
        return hashlib.sha256(b"".join(self.answers)).hexdigest()


def ask(command, log):
    result = Result()
    with Server(command, log) as server:
        try:
            url = server.url()
            if url is None:
                status = server.process.returncode
                how = f"status {status}" if status >= 0 else signal.Signals(-status).name
                result.error = f"the server ended with {how}: {server.reason() or 'no word'}"
                return result
            result.started = True
            for question in QUESTIONS:
                query = urllib.parse.urlencode({"text": question})
                with NO_PROXY.open(f"{url}/embed?{query}", timeout=ANSWER) as reply:
                    result.answers.append(reply.read())
        except (OSError, http.client.HTTPException) as e:  # timeouts and URLError are OSErrors
            result.answers = []
            result.error = " / ".join(filter(None, [f"{type(e).__name__}: {e}", server.reason()]))
    return result


def shell(command):
    print("  $", shlex.join(command), flush=True)


def ctshim(*args):
    command = ["build/ctshim", *map(str, args)]
    shell(command)
    try:
        subprocess.run(command, check=True, env=ENV, stdin=subprocess.DEVNULL, timeout=STEP)
    except OSError as e:
        raise Trouble(f"{command[0]}: {e.strerror}: run make first") from e
    except subprocess.SubprocessError as e:
        raise Trouble(f"ctshim {args[0]}: {e}") from e


def make_keys():
    """The right key set, and a wrong one with the same names: it trusts the right signer, so
    that nothing but the content key is wrong in it."""
    names = ["--enc-kid", "demo-model", "--sign-kid", "demo-signer", "--force"]
    right, wrong = DEMO / "keys.jwk", DEMO / "wrong-keys.jwk"
    ctshim("keygen", "-o", right, *names)
    ctshim("keygen", "-o", wrong, *names)

    def content_keys(keys):
        return [k for k in keys["keys"] if k["kty"].lower() == "oct"]

    sets = [json.loads(path.read_text()) for path in (right, wrong)]
    for good, bad in zip(*map(content_keys, sets), strict=True):
        good["k"] = bad["k"]
    wrong.write_text(json.dumps(sets[0], indent=2) + "\n")
    print(f"    ({wrong}: then given the signer's key of {right})")
    return right, wrong


def prepare(tiny):
    """The plain model, the keys, the encrypted model."""
    os.chdir(ROOT)
    for built in ("build/ctshim", "build/libctshim.so"):
        if not Path(built).is_file():
            raise Trouble(f"{built}: not there: run make first")
    if DEMO.exists():
        shutil.rmtree(DEMO)
    plain, encrypted = DEMO / "plain", DEMO / "encrypted"
    name = demo_model.make(plain, tiny)
    megabytes = (plain / "model.safetensors").stat().st_size / 1e6
    print(f"The model: {name}, {megabytes:.1f} MB of weights, in {plain}\n")
    print("Keys, and the model encrypted with them:")
    right, wrong = make_keys()
    ctshim("encrypt", plain, encrypted, "--keys", right)

    inside = Path(sys.prefix) == ROOT / ".venv"
    python = ".venv/bin/python" if inside else sys.executable

    def command(model, keys=None):
        shim = ["env", "LD_PRELOAD=build/libctshim.so", f"CRYPTOTENSOR_KEY_JKU={keys}"]
        return [*(shim if keys else []), python, "scripts/serve.py", str(model), "--port", "0"]

    return {
        "plain model": command(plain),
        "encrypted, with the shim": command(encrypted, right),
        "encrypted, without the shim": command(encrypted),
        "encrypted, wrong key": command(encrypted, wrong),
    }


def table(results):
    print(f"\n{'server':<28} {'first numbers of the answer':<40} SHA-256 of the answers")
    print("-" * 92)
    for name, result in results.items():
        if result.answers:
            print(f"{name:<28} {result.first_numbers():<40} {result.digest()[:20]}...")
        else:
            text = textwrap.shorten("no answer: " + result.error, 360, placeholder=" [...]")
            for n, line in enumerate(textwrap.wrap(text, 63)):
                print(f"{name if n == 0 else '':<28} {line}")


def verdict(plain, shim, without, wrong):
    """What was promised and did not happen; and what did, in a sentence."""
    broken = []
    if not plain.answers:
        broken.append("the plain model gave no answer")
    if not shim.answers:
        broken.append("the encrypted model under the shim gave no answer")
    elif shim.answers != plain.answers:
        broken.append("the encrypted model under the shim answered otherwise than the plain one")
    if without.answers and without.answers == plain.answers:
        broken.append("the encrypted model answered right without the shim: it is not encrypted")
    if wrong.started or wrong.error is None:
        broken.append("the server loaded the model with a wrong key")
    elif wrong.error.startswith("TimeoutError"):
        broken.append("with a wrong key the server hung instead of failing")
    noise = "its answers are another, worthless text" if without.answers else "it gives no answer"
    return broken, ("Under the shim the unmodified server answered from the encrypted model "
                    "byte for byte as from the plain one. "
                    f"Without the shim {noise}; with a wrong key it does not start.")


def main():
    parser = argparse.ArgumentParser(
        description="Ask a stock server the same questions: from a plain model, from the "
                    "encrypted one with the shim, without it, and with a wrong key.")
    parser.add_argument("--tiny", action="store_true",
                        help="a small model of random weights instead of all-MiniLM-L6-v2")
    commands = prepare(parser.parse_args().tiny)

    print("\nThe four servers, asked one after another:")
    results = {}
    for number, (name, command) in enumerate(commands.items(), 1):
        print(f"  {number}. {name}")
        shell(command)
        results[name] = ask(command, DEMO / f"server-{number}.log")
    print("\nThe questions:", " | ".join(QUESTIONS))
    table(results)
    print(f"\nAll that the servers said: {DEMO}/server-1.log to server-4.log")

    broken, success = verdict(*results.values())
    if broken:
        for log in sorted(DEMO.glob("server-*.log")):
            last = log.read_text(errors="replace").splitlines()[-8:]
            print(f"\n{log}:", *last, sep="\n  ")
        print("\n" + textwrap.fill("FAILED: " + "; ".join(broken) + ".", 92))
        return 1
    print("\n" + textwrap.fill("OK: " + success, 92))
    return 0


if __name__ == "__main__":
    # Ends by exception, so that the servers are ended on the way out.
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, lambda number, _: sys.exit(128 + number))
    try:
        sys.exit(main())
    except Trouble as e:
        print(f"ctshim: demo: {e}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\nctshim: demo: interrupted", file=sys.stderr)
        sys.exit(130)
