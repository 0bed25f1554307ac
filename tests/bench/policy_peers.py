"""What a policy costs, here and in other engines of its language: compiled and evaluated once, in turns, as a table of
medians.

policy_peers.py BENCH_POLICY PACKAGES: the engines are in the folder PACKAGES, as far as they can be had.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 60
WARM = 5


def opa(policy, given):
    """Open Policy Agent, called in its process."""
    from opa_bindings import OpaEngine

    def once():
        with OpaEngine() as engine:
            engine.add_policy("policy.rego", policy)
            return engine.eval_document("model.allow", given)

    return once


def rego_cpp(policy, given):
    from regopy import Interpreter

    text = json.dumps(given)

    def once():
        engine = Interpreter()
        engine.set_input_term(text)
        engine.add_module("policy", policy)
        return json.loads(str(engine.query("data.model.allow")))["expressions"][0]

    return once


def regorus(policy, given):
    import opa_eval

    text = json.dumps(given)
    file = tempfile.NamedTemporaryFile("w", suffix=".rego")  # lives as long as this function's result
    file.write(policy)
    file.flush()

    def once(file=file):
        return opa_eval.OpaEval(file.name, query="data.model.allow").evaluate_parsed(text)

    return once


PEERS = {"OPA": opa, "rego-cpp": rego_cpp, "regorus": regorus}


def serve(name, packages):
    """In a process of its own: for each line, the microseconds of one turn."""
    sys.path.insert(0, packages)
    policy, given = json.loads(sys.stdin.readline())
    once = PEERS[name](policy, given)
    for _ in sys.stdin:
        start = time.perf_counter()
        allows = once()
        took = (time.perf_counter() - start) * 1e6
        if allows is not True:
            sys.exit(f"{name}: denied: {allows!r}")
        print(took, flush=True)


class Process:
    """One of them; `times` is None once it has failed."""

    def __init__(self, name, packages, texts):
        self.times = []
        self.process = subprocess.Popen(
            [sys.executable, __file__, name, packages],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.tell(json.dumps(texts))

    def tell(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def turn(self):
        self.tell("go")
        line = self.process.stdout.readline() if self.times is not None else ""
        if line:
            self.times.append(float(line))
        else:
            self.times = None


def said(program, *words):
    return subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout


def compare(program, packages, which):
    """Name -> median, None for an engine that is not there or does not know what the policy calls."""
    texts = [said(program, which), json.loads(said(program, "input"))]
    others = {name: Process(name, packages, texts) for name in PEERS}
    ours = []
    for _ in range(ROUNDS + WARM):
        ours.append(json.loads(said(program, "20", which))["whole_us"]["median"])
        for other in others.values():
            other.turn()
    medians = {"ctshim": statistics.median(ours[WARM:])}
    return medians | {n: statistics.median(o.times[WARM:]) if o.times else None for n, o in others.items()}


def main(program, packages):
    usual, simple = (compare(program, packages, which) for which in ("usual", "simple"))
    print(f"a policy compiled and evaluated once: medians of {ROUNDS} turns, microseconds")
    print(f"{'':<10}{'the usual one':>20}{'without networks':>20}")
    for name in usual:
        cells = ["-" if median is None else f"{median:.0f}" for median in (usual[name], simple[name])]
        print(f"{name:<10}{cells[0]:>20}{cells[1]:>20}")
    print("-: not to be had, or does not know a function that the policy calls")


if __name__ == "__main__":
    if sys.argv[1] in PEERS:
        serve(*sys.argv[1:])
    else:
        main(*sys.argv[1:])
