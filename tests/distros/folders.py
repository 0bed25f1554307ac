"""Folders with other distributions in them, made by debootstrap and entered by chroot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients"))

from harness import BUILD, ROOT, TIMEOUT, Result  # noqa: E402

CACHE = BUILD / "distros"
INSIDE = "/ctshim"  # what tests put into a folder, as it is called there
BUILDING = ("gcc", "make", "libc6-dev", "libssl-dev", "libcjson-dev", "libelf-dev", "zlib1g-dev", "libzstd-dev",
            "pkg-config", "dpkg-dev", "ca-certificates")
# suite -> packages beside python3: those that must be there, and those that unstable may lack for a while.
SUITES = {
    "bookworm": ((), ()),
    "trixie": (BUILDING, ("python3-numpy", "python3-safetensors", "python3-torch")),
    "sid": (BUILDING, ("python3-numpy", "python3-safetensors")),
    "bullseye": ((), ()),  # a glibc that is too old
}
BUILDERS = [suite for suite, (needed, _) in SUITES.items() if needed]
SERVED = [suite for suite in SUITES if suite != "bullseye"]

# Mounts are made in a name space of their own: nothing of them is left, however this ends.
ENTER = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'


class NotMade(Exception):
    """A folder cannot be made; says why."""


def mirror():
    """Where this machine's apt has Debian from."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages",
                           "Origin: Debian", "Label: Debian"], capture_output=True, text=True)
    if done.returncode != 0 or not done.stdout.strip():
        raise NotMade("apt knows no place that has Debian")
    return done.stdout.split()[0]


def obstacle():
    """Why there can be no folders at all; None when there can."""
    if os.geteuid() != 0:
        return "chroot and debootstrap need root"
    for command, package in (("debootstrap", "debootstrap"), ("unshare", "util-linux"), ("apt-get", "apt")):
        if shutil.which(command) is None:
            return f"there is no {command}: apt-get install {package}"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        return "mount name spaces are not allowed here"
    try:
        mirror()
    except NotMade as e:
        return str(e)
    return None


class Folder:
    """One suite in a folder."""

    def __init__(self, suite):
        self.suite, self.path = suite, CACHE / suite
        self.log = CACHE / f"{suite}.log"
        self.stamp = CACHE / f"{suite}.made"

    def _logged(self, argv, **options):
        with open(self.log, "ab") as log:
            return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options).returncode == 0

    def _say(self, what):
        print(f"{self.suite}: {what}", flush=True)

    def make(self):
        """Make it, unless it is there. NotMade when that cannot be done."""
        needed, wished = SUITES[self.suite]
        content = " ".join(("python3", *needed, *wished))
        if self.stamp.is_file() and self.stamp.read_text() == content:
            return
        CACHE.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        shutil.rmtree(self.path, ignore_errors=True)
        self._say("debootstrap makes a folder (a minute or two)")
        if not self._logged(["debootstrap", "--variant=minbase", "--include=python3", self.suite, self.path,
                             mirror()]):
            why = self.log.read_text(errors="replace").strip().splitlines()
            raise NotMade(f"debootstrap fails: {why[-1] if why else 'no reason given'}"
                          f" (a suite that it does not know needs a newer one; all of it: {self.log})")
        if needed and not self.install(needed):
            raise NotMade(f"its packages cannot be installed: see {self.log}")
        for package in wished:
            if not self.install([package]):
                self._say(f"{package} cannot be installed: tests that need it will be skipped")
        self.stamp.write_text(content)

    def install(self, packages):
        self._say(f"installing {' '.join(packages)}")
        return self._logged(self.command(["apt-get", "install", "-y", "--no-install-recommends", *packages],
                                         DEBIAN_FRONTEND="noninteractive"))

    def command(self, argv, **env):
        """What runs `argv` in the folder, in an environment that has nothing but `env`."""
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"} | env
        return ["unshare", "-m", "sh", "-c", ENTER, self.path, "/usr/bin/env", "-i",
                *(f"{name}={value}" for name, value in env.items()), *map(str, argv)]

    def run(self, argv, timeout=2 * TIMEOUT, **env):
        done = subprocess.run(self.command(argv, **env), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=timeout)
        return Result([f"({self.suite})", *argv], done.returncode, done.stdout, done.stderr)

    def has(self, package):
        return b"install ok installed" in self.run(["dpkg-query", "-s", package]).out

    def outside(self, path):
        """A path in the folder, as it is called here."""
        return Path(f"{self.path}{path}")

    def prepare(self):
        """An empty place for a session's files."""
        place = self.outside(INSIDE)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        return place

    def build(self):
        """Build the library and the command with this system's compiler and libraries; their place."""
        source = self.outside(f"{INSIDE}/source")
        source.mkdir(exist_ok=True)
        for part in ("Makefile", "crypto", "format", "preload", "cli", "scripts", "tests"):
            whole = ROOT / part
            shutil.copytree(whole, source / part, dirs_exist_ok=True) if whole.is_dir() else shutil.copy(whole, source)
        script = f"cd {INSIDE}/source && {{ scripts/cjson-source || :; }} && make -j4 WERROR=1"
        self.run(["sh", "-c", script], timeout=600).check()
        return source / "build"
