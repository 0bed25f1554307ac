"""The engines that are compared: each answers (module, input, data) with what `data.t` is: ("value", v), ("undefined",)
or ("error", {codes}, message).

Others than ours run in processes of their own, begun anew when they die.
"""

import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

BUILD = Path(os.environ.get("BUILD", "build"))
PACKAGES = BUILD / "rego-peers"  # what the Makefile has pip put there
CODE = re.compile(r"\b(?:rego|eval)_\w+_error\b|limit_\w+|evaluation_error|prepare_error")
SECONDS = 20


READ = json.JSONDecoder(
    parse_float=lambda text: Decimal(text).normalize(),
    object_hook=lambda members: Decimal(members["$"]) if members.keys() == {"$"} else members,
)


def numbers(text):
    """JSON with exact numbers, so that 1 and 1.0 are one and 0.1 is what it says; {"$": TEXT} is a number too."""
    return READ.decode(text if isinstance(text, str) else text.decode())


class Ours:
    """The driver, answers.c."""

    name = "ours"

    def __init__(self, strict=True):
        self.strict = strict
        self.process = None

    def start(self):
        self.process = subprocess.Popen([BUILD / "rego-answers"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, module, given, data):
        if self.process is None or self.process.poll() is not None:
            self.start()
        texts = [t.encode() for t in (module, json.dumps(given), json.dumps(data))]
        self.process.stdin.write(
            f"{int(self.strict)} {' '.join(str(len(t)) for t in texts)}\n".encode() + b"".join(texts)
        )
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode()
        if not line:
            raise RuntimeError(f"the engine died with {self.process.wait()}")
        kind, _, rest = line.rstrip("\n").partition(" ")
        if kind == "value":
            return kind, numbers(rest)[0]["bindings"]["x"]
        if kind == "undefined":
            return (kind,)
        code, where, message = (rest.split(" ", 2) + [""])[:3]
        return kind, {code}, f"line {where}: {message}"


class Peer:
    """An engine of a Python package, in this file run as a program: a line of JSON in, a line out."""

    def __init__(self, name, strict):
        self.name = name
        self.strict = strict
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, module, given, data):
        if self.process is None or self.process.poll() is not None:
            self.start()
        try:
            self.process.stdin.write(json.dumps([module, given, data]).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            self.process.wait()
            return "error", {"crash"}, "the process died"
        kind, *rest = numbers(line)
        if kind == "value":
            return kind, numbers(rest[0])
        if kind == "undefined":
            return (kind,)
        return kind, set(CODE.findall(rest[0])), rest[0]


def opa(module, given, data):
    """Open Policy Agent itself, compiled into a Python package; errors of builtins end the evaluation."""
    from opa_bindings import OpaEngine, OpaError, OpaUndefinedError
    from opa_bindings import engine as bindings

    bindings.json.loads = numbers  # in this process only
    with OpaEngine() as engine:
        engine.print_handler = lambda *_: None
        try:
            engine.add_policy("m.rego", module)
            engine.add_data(data)
            return "value", json.dumps(engine.eval_document("t", given), default=lambda number: {"$": str(number)})
        except OpaUndefinedError:
            return ("undefined",)
        except OpaError as e:
            return "error", f"{e.code}: {e.message}"


def rego_cpp(module, given, data):
    """rego-cpp; errors of builtins are undefined."""
    from regopy import Interpreter

    engine = Interpreter()
    try:
        engine.set_input_term(json.dumps(given))
        engine.add_data_json(json.dumps(data))
        engine.add_module("m", module)
        answer = json.loads(str(engine.query("data.t")))
    except Exception as e:  # its own, and those of its answers that are no JSON
        return "error", str(e)[:400]
    if not answer:
        return ("undefined",)
    return "value", json.dumps(answer["expressions"][0])


ASK = {"opa": opa, "rego-cpp": rego_cpp}
MODULES = {"opa": "opa_bindings", "rego-cpp": "regopy"}


def there(name):
    return (PACKAGES / MODULES[name]).is_dir()


def peers():
    """Those whose packages are there, each with an engine of ours that takes errors of builtins as it does."""
    return [
        (Peer(name, strict), Ours(strict)) for name, strict in (("opa", True), ("rego-cpp", False)) if there(name)
    ]


def serve(name):
    sys.path.insert(0, str(PACKAGES))
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an engine prints is no answer
    import signal

    for line in sys.stdin:
        signal.alarm(SECONDS)
        out.write(json.dumps(ASK[name](*json.JSONDecoder().decode(line))) + "\n")
        out.flush()
        signal.alarm(0)


if __name__ == "__main__":
    serve(sys.argv[1])
