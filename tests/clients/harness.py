"""Running programs with and without the shim, in an environment that the tests control."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")  # `make BUILD=…` hands its own on
LIBRARY = BUILD / "libctshim.so"
COMMAND = BUILD / "ctshim"
PROGRAMS = Path(__file__).resolve().parent / "programs"
TIMEOUT, TIMED_OUT = 60, 1000  # seconds; a status that no program has


@dataclass
class Result:
    """What a program did."""
    argv: list
    status: int
    out: bytes
    err: bytes

    @property
    def text(self):
        return self.out.decode(errors="replace")

    @property
    def messages(self):
        """The shim's (and the command's) lines on stderr."""
        return [line for line in self.err.decode(errors="replace").splitlines()
                if line.startswith("ctshim")]

    def check(self, status=0):
        """Itself, when the exit status is as wanted."""
        assert self.status == status, self.describe()
        return self

    def describe(self):
        status = (f"signal {signal.Signals(-self.status).name}" if self.status < 0
                  else "timed out" if self.status == TIMED_OUT else f"status {self.status}")
        return (f"{' '.join(map(str, self.argv))}\n{status}\nstdout: {self.out[-2000:]!r}\n"
                f"stderr: {self.err.decode(errors='replace')[-4000:]}")


@dataclass
class Shim:
    """Runs commands: `on` decides whether the shim is there, all else is the same."""
    home: Path
    base: dict = field(default_factory=dict)

    def env(self, *, on=True, keys=None, serve=None, LD_PRELOAD="SHIM", **extra):
        """`LD_PRELOAD` may place other libraries before and behind SHIM, which is left out when off."""
        env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
        } | self.base
        preload = [str(LIBRARY) if p == "SHIM" else p for p in str(LD_PRELOAD).split(":") if on or p != "SHIM"]
        if preload:
            env["LD_PRELOAD"] = ":".join(preload)
        if keys is not None:
            env["CRYPTOTENSOR_KEY_JKU"] = f"file://{keys}"
        if serve is not None:
            env["CTSHIM_SERVE"] = serve
        return env | {k: str(v) for k, v in extra.items() if v is not None}

    def run(self, argv, *, on=True, keys=None, serve=None, env=None, quiet=True, cwd=None,
            stdin=subprocess.DEVNULL, input=None, timeout=TIMEOUT, pass_fds=()):
        """Run `argv`. With `quiet`, the shim must not have said anything."""
        argv = [str(a) for a in argv]
        environment = self.env(on=on, keys=keys, serve=serve, **(env or {}))
        try:
            done = subprocess.run(
                argv, env=environment, cwd=cwd or self.home, timeout=timeout, pass_fds=pass_fds,
                capture_output=True, **({"input": input} if input is not None else {"stdin": stdin}))
            result = Result(argv, done.returncode, done.stdout, done.stderr)
        except subprocess.TimeoutExpired as e:
            result = Result(argv, TIMED_OUT, e.stdout or b"", e.stderr or b"")
        if quiet and on:
            assert not result.messages, result.describe()
        return result

    def python(self, code, *args, python=sys.executable, **options):
        """Run a few lines of Python."""
        return self.run([python, "-c", code, *args], **options)

    def ctshim(self, *args, **options):
        """Run the command."""
        return self.run([COMMAND, *args], on=False, **options)


# How a check begins in each language.
DEFINITIONS = {
    ".c": r"^CHECK\((\w+)\)", ".cc": r"^CHECK\((\w+)\)", ".js": r"^\s*(?:async )?(\w+)\(\) \{$",
    ".java": r"^\tstatic void (\w+)\(", ".rs": r"^\t(\w+) => \{$", ".pl": r"^sub (\w+) \{$",
}


class Checks:
    """A client program made of named checks, each of which compares what it reads with what it
    should: it prints a line `{"check": NAME, "says": "ok" or what is wrong}` for each.

    Every check called check_… must fail without the shim; those called same_… hold either way.
    """

    def __init__(self, source):
        self.source = PROGRAMS / source
        text = self.source.read_text()
        if self.source.suffix == ".py":
            names = [f.name for f in ast.parse(text).body if isinstance(f, ast.FunctionDef)]
        else:
            names = re.findall(DEFINITIONS[self.source.suffix], text, re.M)
        self.names = [n for n in names if n.startswith(("check_", "same_"))]
        assert len(set(self.names)) == len(self.names) > 0, source

    def outcome(self, result):
        """name -> what the check said."""
        said = {}
        for line in result.out.decode(errors="replace").splitlines():
            if line.startswith("{"):
                one = json.loads(line)
                said[one["check"]] = one["says"]
        return {n: said.get(n, f"did not run to its end:\n{result.describe()}") for n in self.names}

    def verdict(self, name, config, shimmed, bare):
        """Assert what a check said with the shim, and without it."""
        assert shimmed[name] == "ok", shimmed[name]
        if config.exclude:
            return  # what a check reads may lie in the clear
        if name.startswith("check_"):
            assert bare[name] != "ok", "the check holds without the shim too: it proves nothing"
        else:
            assert bare[name] == "ok", f"without the shim: {bare[name]}"


def alternates():
    """Where other versions of stock safetensors lie: version -> directory."""
    places = [Path(p) for p in os.environ.get("CTSHIM_TEST_ALT", "").split(":") if p]
    places.append(ROOT / ".venv" / "alt")
    found = {}
    for place in places:
        for path in sorted(place.glob("safetensors-*")):
            found.setdefault(path.name.removeprefix("safetensors-"), path)
    return found
