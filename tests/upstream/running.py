"""Running a suite: one copy of it for each run, under pytest, in an environment of our own."""

import importlib.util
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from expected import NEEDS
from harness import BUILD, COMMAND, Shim
from outcomes import read

HERE = Path(__file__).resolve().parent
PLACE = BUILD / "upstream"
TIMEOUT = 1200  # seconds for one run


@dataclass(frozen=True)
class Run:
    """One way to run a suite. `seal` are options of `ctshim encrypt`; None encrypts nothing."""
    name: str
    shim: bool
    seal: tuple | None = None
    serve: str | None = None

    @property
    def what(self):
        files = "nothing encrypted" if self.seal is None else " ".join(("encrypted", *self.seal))
        mode = f", mode {self.serve}" if self.serve else ""
        return f"{'with' if self.shim else 'without'} the library, {files}{mode}"


class Keys:
    """A writer's key file, and the reader's, which cannot sign."""

    def __init__(self, home):
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        self.shim = Shim(home)
        self.writer, self.reader = home / "keys.jwk", home / "readers.jwk"
        self.shim.ctshim("keygen", "-o", self.writer).check()
        self.shim.ctshim("keygen", "--public", "-o", self.reader, "--keys", self.writer).check()


def left_out():
    """Files of tests that cannot run here -> the packages that they lack."""
    lacks = {file: [p for p in packages if not importlib.util.find_spec(p)]
             for file, packages in NEEDS.items()}
    return {file: missing for file, missing in lacks.items() if missing}


@dataclass
class Suite:
    """The suite of one version of stock safetensors, which runs upon that version."""
    version: str
    source: Path
    packages: Path | None  # where that version lies, when it is not the installed one
    keys: Keys

    def copy(self, place):
        """A copy to run in: tests write into their own directory."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.source / "tests", place / "tests")
        shutil.copyfile(self.source / "setup.cfg", place / "setup.cfg")
        (place / "tmp").mkdir()

    def env(self, run, place, said):
        """What the tests and the plugin find in their environment."""
        env = {"CTSHIM_UPSTREAM_VERSION": self.version, "TMPDIR": place / "tmp", "CTSHIM_LOG_FILE": said,
               "PYTHONPATH": ":".join(map(str, filter(None, (self.packages, HERE))))}
        if run.seal is not None:
            env["CTSHIM_UPSTREAM_SEAL"] = shlex.join([str(COMMAND), str(self.keys.writer), *run.seal])
        return env

    def run(self, run):
        """Run it: the outcomes, and what the library said."""
        place = PLACE / f"{self.version}-{run.name}"
        report, log, said = (place.with_name(f"{place.name}.{kind}") for kind in ("xml", "log", "said"))
        for old in (report, log, said):
            old.unlink(missing_ok=True)
        self.copy(place)
        result = self.keys.shim.run(
            [sys.executable, "-m", "pytest", "-c", "setup.cfg", "-p", "saves", "-p", "no:cacheprovider",
             "-q", f"--junitxml={report}", *(f"--ignore=tests/{f}" for f in left_out()), "tests"],
            on=run.shim, keys=self.keys.reader, serve=run.serve, env=self.env(run, place, said),
            quiet=False, cwd=place, timeout=TIMEOUT)
        log.write_bytes(result.out + result.err)
        shutil.rmtree(place)
        if result.status not in (0, 1) or not report.is_file():
            sys.exit(f"upstream tests: {self.version}, {run.what}: pytest ended with status {result.status}: "
                     f"see {log}")
        return read(report), said.read_text().splitlines() if said.is_file() else []
