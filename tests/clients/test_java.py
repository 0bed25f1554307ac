"""Java's ways to read a file, and its ways to start a process while a model is open."""

import shutil
import subprocess

import pytest

from configs import every_client_config, every_mode_config
from harness import Checks

CHECKS = Checks("JavaIo.java")
LAUNCHERS = ("VFORK", "POSIX_SPAWN", "FORK")
PROCESSES = [n for n in CHECKS.names if "process" in n or "child" in n]

pytestmark = pytest.mark.skipif(shutil.which("javac") is None, reason="no JDK is installed")


@pytest.fixture(scope="session")
def java(tmp_path_factory):
    """launcher -> the beginning of a command line; a small, quickly started machine."""
    classes = tmp_path_factory.mktemp("java")
    done = subprocess.run(["javac", "-d", classes, CHECKS.source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return lambda launcher: ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classes,
                             f"-Djdk.lang.Process.launchMechanism={launcher}", "JavaIo"]


@every_client_config
@pytest.mark.parametrize("name", CHECKS.names)
def test_java(name, config, outcomes, java):
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, java("VFORK")))


@pytest.mark.parametrize("launcher", LAUNCHERS)
@every_mode_config
@pytest.mark.parametrize("name", PROCESSES)
def test_process_launch(name, config, launcher, outcomes, java):
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, java(launcher)))


@every_client_config
def test_damaged_or_no_key(config, all_fail, java):
    all_fail(CHECKS, config, java("VFORK"))


def test_source_launch(shim, small, tmp_path):
    """One file of source, compiled in memory, as scripts are."""
    source = tmp_path / "Cat.java"
    source.write_text("public class Cat { public static void main(String[] a) throws Exception {"
                      " System.out.write(java.nio.file.Files.readAllBytes(java.nio.file.Paths.get(a[0])));"
                      " System.out.flush(); } }")
    run = ["java", "-XX:+UseSerialGC", source, small.encrypted]
    assert shim.run(run, keys=small.keys).check().out == small.image
    assert shim.run(run, on=False).check().out == small.encrypted.read_bytes()
