"""The peers, the columns of the table: what they are called and how a worker becomes one.

    plain       stock safetensors, the plain file
    lazy, eager, memfd      stock safetensors under the library, the encrypted file
    theirs      the Rust implementation's package, the same encrypted file
    gocryptfs   stock safetensors, the plain file on a gocryptfs mount

`lazy@DIR` takes DIR/libctshim.so instead of the build's: two builds beside each other in one run. `lazy+NAME=VALUE`
(may be repeated: lazy+A=1+B=2) sets variables in that peer's environment.
"""

import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODES = ("lazy", "eager", "memfd")
NAMES = ("plain", *MODES, "theirs", "gocryptfs")
OURS = ("CTSHIM_", "CRYPTOTENSOR_", "LD_")


def newest_theirs():
    """The newest version that the tests have an environment of, and the folder of its packages; None without one."""
    lines = (ROOT / "scripts" / "theirs.txt").read_text().split("\n")
    version = [line.strip() for line in lines if line.strip() and not line.startswith("#")][-1]
    found = sorted((ROOT / ".venv" / "theirs" / version).glob("lib/python3*/site-packages/cryptotensors"))
    return (version, found[0].parent) if found else (version, None)


def clean_environment():
    return {k: v for k, v in os.environ.items() if not k.startswith(OURS)} | {"PYTHONDONTWRITEBYTECODE": "1"}


class Peer:
    """One column."""

    def __init__(self, text, build, files, mounts):
        self.text = text
        head, *settings = text.split("+")
        self.kind, _, where = head.partition("@")
        if self.kind not in NAMES:
            raise ValueError(f"{text}: no such peer: they are {', '.join(NAMES)}")
        self.settings = dict(s.partition("=")[::2] for s in settings)
        self.library = Path(where or build).resolve() / "libctshim.so"
        self.files, self.mounts = files, mounts

    @property
    def ours(self):
        return self.kind in MODES

    def missing(self, work):
        """Why it cannot do the work, in words; None when it can."""
        if self.ours and not self.library.exists():
            return f"there is no {self.library.name}: run make"
        if self.kind == "theirs":
            if newest_theirs()[1] is None:
                return "the package has no build for this Python: see scripts/setup"
            if work == "W5":
                return "it has no such backend"
        if self.kind == "gocryptfs":
            return self.mounts.gocryptfs_missing()
        return None

    def paths(self, name, variant):
        """The files it reads, and those whose bytes should lie in the page cache."""
        if self.kind == "plain":
            found = self.files.plain(name)
            return found, found
        if self.kind == "gocryptfs":
            return self.mounts.gocryptfs(self.files.plain(name))
        found = self.files.encrypted(name, variant)
        return found, found

    def environment(self):
        env = clean_environment()
        if self.ours:
            env |= {"LD_PRELOAD": str(self.library), "CTSHIM_SERVE": self.kind,
                    "CRYPTOTENSOR_KEY_JKU": f"file://{self.files.keys}"}
        if self.kind == "theirs":
            env["CRYPTOTENSOR_KEYS"] = self.files.keys.read_text()
        return env | self.settings

    def request(self):
        """The part of a worker's request that the peer decides."""
        if self.kind == "theirs":
            return {"package": "cryptotensors", "site": str(newest_theirs()[1])}
        return {"package": "safetensors"}


def their_config(keys):
    """What their save is told, to encrypt under our keys."""
    found = json.loads(Path(keys).read_text())["keys"]
    return {"enc_key": next(k for k in found if k["kty"].lower() == "oct"),
            "sign_key": next(k for k in found if k["kty"].lower() == "okp" and "d" in k)}


def python():
    return sys.executable


def column(text):
    """A peer's heading, short."""
    return re.sub(r"@.*?(?=\+|$)", "@", text) if len(text) > 24 else text
