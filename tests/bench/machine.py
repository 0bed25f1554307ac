"""The machine, named by its parts."""

import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import peers


def first(path, pattern):
    try:
        found = re.search(pattern, Path(path).read_text(), re.M)
    except OSError:
        return None
    return found.group(1).strip() if found else None


def said(argv, pattern):
    """What a program says of its version."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True)
    except OSError:
        return None
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if found else None


def cpu():
    name = first("/proc/cpuinfo", r"^model name\s*:(.*)$") or platform.machine()
    flags = (first("/proc/cpuinfo", r"^(?:flags|Features)\s*:(.*)$") or "").split()
    shown = [f for f in ("aes", "avx2", "avx512f", "vaes", "vpclmulqdq", "sha_ni", "pmull") if f in flags]
    return name + (f" ({', '.join(shown)})" if shown else "")


def version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def parts():
    """What to know of where the numbers were taken; nothing that names one machine."""
    memory = int(first("/proc/meminfo", r"^MemTotal:\s*(\d+)") or 0) / (1 << 20)
    virtual = "hypervisor" in (first("/proc/cpuinfo", r"^flags\s*:(.*)$") or "").split()
    theirs, there = peers.newest_theirs()
    found = {
        "processor": cpu(), "cores": len(os.sched_getaffinity(0)), "memory": f"{memory:.1f} GiB",
        "virtual": "yes" if virtual else "no", "kernel": platform.release().split("-")[0],
        "system": first("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
        "huge pages": first("/sys/kernel/mm/transparent_hugepage/enabled", r"\[(\w+)\]"),
        "python": sys.version.split()[0], "torch": version("torch"), "safetensors": version("safetensors"),
        "OpenSSL (in the library)": said(["pkg-config", "--modversion", "libcrypto"], r"(\S+)"),
        "cryptotensors": theirs if there else None,
        "gocryptfs": said(["gocryptfs", "--version"], r"gocryptfs v?([\w.+-]+)"),
        "compiler": said(["cc", "--version"], r"^(.*)"),
    }
    return {k: v for k, v in found.items() if v is not None}
