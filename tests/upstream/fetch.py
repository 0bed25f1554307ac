"""Fetching a suite: the pinned source distribution, by pip as it is configured here."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sources.txt"
REQUIREMENTS = HERE.parents[1] / "scripts" / "requirements.txt"


class NotFetched(Exception):
    """The suite cannot be had here; says why."""


def installed_version():
    """The version of safetensors in .venv."""
    return re.search(r"^safetensors==(\S+)", REQUIREMENTS.read_text(), re.M)[1]


def pin(version):
    """The line of sources.txt for a version."""
    for line in SOURCES.read_text().splitlines():
        if line.startswith(f"safetensors=={version} "):
            return line
    sys.exit(f"upstream tests: {SOURCES.name} has no line for safetensors {version}: add its hash")


def download(version, place):
    """Download the source distribution of a version."""
    requirement = place / f"safetensors-{version}.txt"
    requirement.write_text(pin(version) + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download",
         "--no-deps", "--no-build-isolation", "--no-binary", "safetensors", "-d", place, "-r", requirement],
        env=os.environ | {"PYTHONPATH": str(HERE / "backend")}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True)
    if "DO NOT MATCH THE HASHES" in done.stderr:
        sys.exit(f"upstream tests: safetensors {version}: not the file that {SOURCES.name} pins")
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotFetched(f"pip could not download safetensors {version}: "
                         + (" ".join(said) or done.stderr.strip()[-2000:]))


def suite(version, place):
    """The directory of the Python binding, with its tests; fetched when it is not there yet."""
    unpacked = place / f"safetensors-{version}"
    if not unpacked.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        download(version, place)
        fresh = place / "unpacking"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.unpack_archive(place / f"{unpacked.name}.tar.gz", fresh)
        (fresh / unpacked.name).rename(unpacked)
        fresh.rmdir()
    return unpacked / "bindings" / "python"
