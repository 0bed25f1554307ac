"""Speaking with the two implementations of the format.

    with Theirs("0.2.3") as theirs, Served() as served:
        theirs.save("m", data="plain", tensors=[("a", "float32", [2], 80, 8)], metadata={"x": "y"},
                    config={"enc_key": {…}, "sign_key": {…}})
        theirs.load("m", keys=KEYS)                 # KEYS: the text of a JWK Set
        served.load("m", keys="keys.jwk")           # stock safetensors under the shim
        served.read("m", keys="keys.jwk")           # plain reads under the shim

Each is a process that lives for long and is started when it is first needed. Every call returns an
`Answer`; whatever goes wrong is a value:

    answer.ok           whether all went well
    answer.kind         None, or the exception's class ("SafetensorError", "OSError", "PanicException"…),
                        or "crash" (the process died of a signal) or "hang" (no answer in time)
    answer.error        the exception's message
    answer.errno        of an OSError
    answer.tensors      load: name -> (dtype as in headers, shape, SHA-256 of the bytes)
    answer.metadata     load: a dict, or None when there is none
    answer.order        load: names by offset
    answer.size, answer.sha256      read
    answer.said         what the process wrote to stderr meanwhile: the shim's lines, for one

A process that crashes or hangs is started anew for the next call.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

PLACE = Path(__file__).resolve().parent
ROOT = PLACE.parents[1]
BUILD = ROOT / os.environ.get("BUILD", "build")
LIBRARY, COMMAND = BUILD / "libctshim.so", BUILD / "ctshim"
TIMEOUT = 120  # seconds for one answer


@dataclass
class Answer:
    """What became of a request."""
    kind: str | None = None
    error: str | None = None
    errno: int | None = None
    tensors: dict = field(default_factory=dict)
    metadata: dict | None = None
    order: list = field(default_factory=list)
    size: int | None = None
    sha256: str | None = None
    version: str | None = None
    preloaded: bool | None = None
    said: str = ""

    def __post_init__(self):
        self.tensors = {n: (d, tuple(s), h) for n, (d, s, h) in self.tensors.items()}

    @property
    def ok(self):
        return self.kind is None

    @property
    def died(self):
        """Did it do what no input may make it do?"""
        return self.kind in ("crash", "hang", "PanicException")

    @property
    def content(self):
        """What a model means: equal for equal models. No metadata and an empty one are the same."""
        return self.tensors, self.metadata or {}

    def check(self):
        """Itself, when all went well."""
        assert self.ok, f"{self.kind}: {self.error}\n{self.said}"
        return self


class Worker:
    """A process that answers lines of JSON."""

    def __init__(self, python, script, env=None, timeout=TIMEOUT):
        self.argv, self.timeout = [str(python), str(PLACE / script)], timeout
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8",
            "HOME": os.environ.get("HOME", "/"), "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1", "RUST_BACKTRACE": "0",
        } | (env or {})
        self.process = self.log = None
        self.starts = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.argv, env=self.env, stdin=subprocess.PIPE, start_new_session=True,
                                        stdout=subprocess.PIPE, stderr=self.log, bufsize=0)
        self.starts += 1

    def stop(self):
        """End the process, and the children that it may have."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.log.close()
        self.process = None

    def line(self):
        """The next line of the process; empty when it ended, None when it takes too long."""
        pieces = []
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not (pieces and pieces[-1].endswith(b"\n")):
                if not selector.select(self.timeout):
                    return None
                piece = self.process.stdout.read(1 << 16)
                if not piece:
                    return b""
                pieces.append(piece)
        return b"".join(pieces)

    def ask(self, do, **request):
        """The answer to one request."""
        if self.process is None:
            self.start()
        before = os.fstat(self.log.fileno()).st_size
        try:
            self.process.stdin.write(json.dumps(request | {"do": do}).encode() + b"\n")
            line = self.line()
        except BrokenPipeError:
            line = b""
        said = os.pread(self.log.fileno(), 1 << 20, before).decode(errors="replace")
        if line:
            return Answer(**json.loads(line), said=said)
        if line is None:
            answer = Answer(kind="hang", error=f"no answer in {self.timeout} seconds", said=said)
        else:
            answer = Answer(kind="crash", said=said,
                            error=f"the process ended with status {self.process.wait()}")
        self.stop()
        return answer

    def about(self):
        return self.ask("about")


class Theirs(Worker):
    """The other implementation."""

    def __init__(self, version, **options):
        self.version = version
        super().__init__(python_of(version), "theirs_worker.py", **options)

    def save(self, path, *, data, tensors, metadata=None, config=None, keys=None):
        """Write `path`: `tensors` are (name, dtype as numpy calls it, shape, offset, size), pieces of
        the file `data`; `config` is what their `serialize_file` takes (None: a plain file)."""
        return self.ask("save", path=str(path), data=str(data), tensors=tensors, metadata=metadata,
                        config=config, keys=keys)

    def load(self, path, *, keys=None, how="bytes"):
        """Everything in `path`: how="bytes": every type of tensor; how="open": tensor by tensor, as
        their `load_file` does, for numpy's types only. `keys`: the text of a JWK Set."""
        return self.ask("load", path=str(path), how=how, keys=keys)

    def rewrap(self, path, *, new, old=None, keys=None):
        """Exchange the keys of `path` (0.2.0 and later): `new` and `old` are configs like save's."""
        return self.ask("rewrap", path=str(path), new=new, old=old, keys=keys)


class Served(Worker):
    """Stock safetensors: under the shim, or without it (preload=False)."""

    def __init__(self, *, preload=True, python=sys.executable, env=None, **options):
        self.preload = preload
        shim = {"LD_PRELOAD": str(LIBRARY)} if preload else {}
        super().__init__(python, "served_worker.py", env=shim | (env or {}), **options)

    def start(self):
        super().start()
        there = self.about()
        assert there.preloaded == self.preload, f"{LIBRARY}: preloaded or not, against the wish: {there}"

    def load(self, path, *, keys=None, how="open", env=None):
        """Everything in `path`: how="open": `safe_open`, which maps the file; how="bytes":
        `deserialize` of what was read. `keys` is the path of a key file; with it, or with `env`,
        a child of the process does the work."""
        return self.ask("load", path=str(path), how=how, env=environment(keys, env))

    def read(self, path, *, keys=None, copy=None, env=None):
        """Size and SHA-256 of `path`, by plain reads; the bytes themselves go to the file `copy`."""
        return self.ask("read", path=str(path), copy=str(copy) if copy else None,
                        env=environment(keys, env))


def environment(keys, env):
    """The variables of one request, or None when the process itself will do."""
    if keys is None and env is None:
        return None
    return ({"CRYPTOTENSOR_KEY_JKU": str(keys)} if keys else {}) | (env or {})


def python_of(version):
    return ROOT / ".venv" / "theirs" / version / "bin" / "python"


def versions():
    """Versions of the other implementation that are installed here, oldest first."""
    lines = (ROOT / "scripts" / "theirs.txt").read_text().splitlines()
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return [v for v in wanted if python_of(v).exists()]
