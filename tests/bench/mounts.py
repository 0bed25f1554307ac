"""File systems in user space that the bench mounts: gocryptfs for a peer, slowfs for the cold rows. Where FUSE or a
program is missing, words say so, and the rows are skipped."""

import os
import shutil
import subprocess
import time
from pathlib import Path

LATENCY_US, LINE = 1000, 1 << 30       # slowfs: a round trip, and bytes a second: a ten-gigabit network file system
READ_AHEAD_KB = 1024                   # as an NFS client is usually given; where we may set it


def fuse_missing():
    if not os.path.exists("/dev/fuse"):
        return "there is no FUSE here (/dev/fuse)"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "FUSE may not be used here (/dev/fuse)"
    if not (shutil.which("fusermount3") or shutil.which("fusermount")):
        return "there is no fusermount3: scripts/setup --dev"
    return None


class Mounts:
    """Mounts when first asked, and unmounts at the end."""

    def __init__(self, options, say):
        self.folder, self.build, self.say = options.folder.resolve(), options.build.resolve(), say
        self.mounted, self.failed = {}, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for place, process in self.mounted.items():
            subprocess.run([shutil.which("fusermount3") or "fusermount", "-u", "-z", place], capture_output=True)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def mount(self, place, argv):
        """Start a file system's server and wait until it serves; raises OSError with what it said."""
        if place in self.mounted:
            return
        place.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        for _ in range(200):
            if os.path.ismount(place):
                self.mounted[place] = process
                return
            if process.poll() is not None:
                raise OSError(f"{Path(argv[0]).name}: {process.stdout.read().decode(errors='replace').strip()[-200:]}")
            time.sleep(0.05)
        process.kill()
        raise OSError(f"{Path(argv[0]).name} does not serve")

    def tried(self, name, mount):
        """Why `mount()` does not do, asked once; None when it does."""
        if name not in self.failed:
            try:
                self.failed[name] = fuse_missing() or mount()
            except OSError as e:
                self.failed[name] = str(e)
        return self.failed[name]

    # gocryptfs

    def gocryptfs_missing(self):
        return self.tried("gocryptfs", self.mount_gocryptfs)

    def mount_gocryptfs(self):
        program = shutil.which("gocryptfs")
        if not program:
            return "there is no gocryptfs: scripts/setup --dev"
        self.cipher, self.clear = self.folder / "gocryptfs" / "cipher", self.folder / "gocryptfs" / "clear"
        password = self.folder / "gocryptfs" / "password"
        if not (self.cipher / "gocryptfs.conf").exists():
            self.cipher.mkdir(parents=True, exist_ok=True)
            password.write_text("for measuring only\n")
            # Names in the clear, so that we find the file whose pages are to be warm.
            done = subprocess.run([program, "-q", "-init", "-plaintextnames", "-scryptn", "10", "-passfile", password,
                                   self.cipher], capture_output=True, text=True)
            if done.returncode:
                return f"gocryptfs: {(done.stdout + done.stderr).strip()[-200:]}"
        self.mount(self.clear, [program, "-q", "-fg", "-passfile", password, self.cipher, self.clear])
        return None

    def gocryptfs(self, plain):
        """Copies of the plain files on the mount; the files that hold their ciphertext."""
        name = plain[0].parent.name
        if not (self.clear / name).exists():
            self.say(f"copying {name} into gocryptfs")
            part = self.clear / (name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            for path in plain:
                shutil.copyfile(path, part / path.name)
            part.rename(self.clear / name)
        return [self.clear / name / p.name for p in plain], [self.cipher / name / p.name for p in plain]

    # slowfs

    def slow_missing(self):
        return self.tried("slowfs", self.mount_slow)

    def mount_slow(self):
        program = self.build / "slowfs"
        if not program.exists():
            return "slowfs was not built, libfuse3's headers are missing: scripts/setup --dev"
        self.slow_place = self.folder / "slow"
        self.mount(self.slow_place, [program, self.folder, self.slow_place, str(LATENCY_US), str(LINE)])
        device = os.stat(self.slow_place).st_dev
        try:
            Path(f"/sys/class/bdi/{os.major(device)}:{os.minor(device)}/read_ahead_kb").write_text(f"{READ_AHEAD_KB}\n")
        except OSError as e:
            self.say(f"slow file system: read-ahead stays at the kernel's 128 KiB ({e.strerror})")
        return None

    def slow(self, path):
        """The same file on the slow file system."""
        return self.slow_place / Path(path).resolve().relative_to(self.folder)
