"""What the tests put into each folder: a model in both forms, keys, clients, and every build."""

import shutil
import subprocess
from pathlib import Path

import pytest
from folders import BUILDERS, INSIDE, Folder

import models
import reference
from harness import COMMAND, LIBRARY, PROGRAMS, Shim

C_PROGRAMS = ("reads.c", "stdio.c", "maps.c")
PYTHON_PROGRAMS = ("checks.py", "python_io.py", "pysafetensors.py", "pytorch.py")


def made(suite):
    folder = Folder(suite)
    if not folder.stamp.is_file():
        pytest.skip(f"there is no folder of {suite}")
    return folder


@pytest.fixture(scope="session")
def material(tmp_path_factory):
    """A place with what goes into every folder."""
    place, shim = tmp_path_factory.mktemp("material"), Shim(tmp_path_factory.mktemp("home"))
    for keys in ("keys", "wrong"):
        shim.ctshim("keygen", "-o", place / f"{keys}.jwk", "--enc-kid", "model-key",
                    "--sign-kid", "model-signer").check()
    for name in ("numpy", "torch"):
        plain, encrypted = place / f"{name}.plain", place / f"{name}.safetensors"
        plain.write_bytes(models.make(name))
        shim.ctshim("encrypt", plain, encrypted, "--keys", place / "keys.jwk", "--chunk-size", "4096").check()
        (place / f"{name}.expected").write_bytes(reference.image(plain.read_bytes(), encrypted.read_bytes()))
    for source in C_PROGRAMS:
        # Compiled on the machine of the build: no newer than what the library itself must reach.
        subprocess.run(["cc", "-D_GNU_SOURCE", "-O1", "-pthread", "-o", place / source[:-2], PROGRAMS / source],
                       check=True)
    for source in PYTHON_PROGRAMS:
        shutil.copy(PROGRAMS / source, place)
    shutil.copy(PROGRAMS / "guest_crypto.py", place)
    return place


@pytest.fixture(scope="session")
def folder(material):
    """suite -> its folder, filled; the build of this machine is in `here`."""
    filled = {}

    def get(suite):
        if suite not in filled:
            one = made(suite)
            place = one.prepare()
            for file in material.iterdir():
                shutil.copy(file, place)
            (place / "scratch").mkdir()
            (place / "here").mkdir()
            for built in (LIBRARY, COMMAND):
                shutil.copy(built, place / "here")
            filled[suite] = one
        return filled[suite]

    return get


@pytest.fixture(scope="session")
def built(folder):
    """builder -> the directory, here, that has its library and command."""
    done = {}

    def get(builder):
        if builder not in done:
            try:
                done[builder] = LIBRARY.parent if builder == "here" else folder(builder).build()
            except AssertionError as e:
                done[builder] = e
        assert isinstance(done[builder], Path), str(done[builder])[-3000:]
        return done[builder]

    return get


@pytest.fixture(scope="session")
def bring(folder, built):
    """(suite, builder) -> the suite's folder, and the build's directory as it is called in there."""
    def get(suite, builder):
        one, source = folder(suite), built(builder)
        place = one.outside(f"{INSIDE}/{builder}")
        place.mkdir(exist_ok=True)
        for name in (LIBRARY.name, COMMAND.name):
            if not (place / name).exists():
                shutil.copy(source / name, place)
        return one, f"{INSIDE}/{builder}"

    return get


BUILDS = ["here", *BUILDERS]
