"""An aarch64 build, and the library at work under qemu.

    cross.py [PYTEST OPTION]...   exit status 0: all is as it should be; 1: it is not; 77: skipped, saying why

The compiler and its libc are Debian's packages for crossing. OpenSSL for the other processor comes from the place
that apt has this machine's packages from, into a directory of its own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from folders import BUILD, ROOT

SKIPPED = 77
TRIPLET, ARCHITECTURE = "aarch64-linux-gnu", "arm64"
CACHE = BUILD / "cross"
SYSROOT, BUILT = CACHE / "sysroot", CACHE / "aarch64"
PACKAGES = ("libssl-dev", "zlib1g-dev", "libzstd-dev")
EMULATORS = ("qemu-aarch64", "qemu-aarch64-static")


class NotMade(Exception):
    """Something that is needed is not to be had; says what."""


def emulator():
    return next(filter(None, map(shutil.which, EMULATORS)), None)


def needs():
    """Why it cannot be done at all; None when it can."""
    for command, package in ((f"{TRIPLET}-gcc", f"gcc-{TRIPLET} libc6-dev-{ARCHITECTURE}-cross"),
                             ("apt-get", "apt"), ("dpkg-deb", "dpkg"), ("pkg-config", "pkg-config")):
        if shutil.which(command) is None:
            return f"there is no {command}: apt-get install {package}"
    if emulator() is None:
        return f"there is none of {', '.join(EMULATORS)}: apt-get install qemu-user"
    return None


def sysroot():
    """OpenSSL's headers and static library, unpacked in a directory. Nothing of the machine's apt is changed."""
    stamp = CACHE / "sysroot.made"
    if stamp.is_file():
        return
    work, log = CACHE / "apt", CACHE / "apt.log"
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(SYSROOT, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True)
    places = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                             "Created-By: Packages", "Origin: Debian"], capture_output=True, text=True).stdout
    if not places:
        raise NotMade("apt knows no place that has Debian")
    key = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    option = f"[signed-by={key}] " if key.is_file() else ""
    sources = work / "sources.list"
    sources.write_text("".join(f"deb {option}{line}\n" for line in sorted(set(places.splitlines()))))
    settings = {
        "APT::Architecture": ARCHITECTURE, "APT::Architectures": ARCHITECTURE, "APT::Sandbox::User": "root",
        "Dir::Etc::SourceList": sources, "Dir::Etc::SourceParts": "/dev/null", "Dir::State::Status": "/dev/null",
        "Dir::State::Lists": work / "lists", "Dir::Cache": work / "cache", "Acquire::Languages": "none",
    }
    apt = ["apt-get", *(f"-o{name}={value}" for name, value in settings.items())]
    with open(log, "wb") as out:
        for argv in ([*apt, "update"], [*apt, "download", *PACKAGES]):
            if subprocess.run(argv, cwd=work, stdin=subprocess.DEVNULL, stdout=out, stderr=out).returncode != 0:
                raise NotMade(f"{ARCHITECTURE} packages cannot be fetched: see {log}")
    for package in work.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, SYSROOT], check=True)
    shutil.rmtree(work)
    stamp.touch()


def build():
    """The library and the command; a warning is an error."""
    libraries = f"{SYSROOT}/usr/lib/{TRIPLET}"
    flags = f"-isystem {SYSROOT}/usr/include -isystem {SYSROOT}/usr/include/{TRIPLET} -L{libraries}"
    environment = os.environ | {"PKG_CONFIG_LIBDIR": f"{libraries}/pkgconfig", "PKG_CONFIG_SYSROOT_DIR": str(SYSROOT)}
    return subprocess.run(["make", "--no-print-directory", f"CC={TRIPLET}-gcc", f"BUILD={BUILT}", f"CFLAGS={flags}",
                           "WERROR=1", "all"], cwd=ROOT, env=environment).returncode == 0


def main(options):
    why = needs()
    if why is None and not (ROOT / ".deps" / "cjson" / "cJSON.c").is_file():
        why = "cJSON's source is not there: scripts/cjson-source"
    if why is None:
        try:
            sysroot()
        except NotMade as e:
            why = str(e)
    if why is not None:
        print(f"check-cross: skipped: {why}")
        return SKIPPED
    if not build():
        print("check-cross: the build fails")
        return 1
    here = Path(__file__).resolve().parent
    return int(pytest.main(["-q", "-rs", "-p", "no:cacheprovider", "--noconftest", "--rootdir", str(here),
                            str(here / "test_cross.py"), *options]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
