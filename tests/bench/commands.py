"""W9: a file is encrypted and decrypted by the command, beside `cp`, the Rust implementation's save, and a copy into
and out of a gocryptfs mount.

The command brings its output to the disk before it is done (fsync), so `cp` is measured with `sync FILE` behind it;
`cp alone` without. The Rust implementation has no command: its save of tensors that are in memory already stands
beside encrypting, and its load followed by the stock package's save beside decrypting; neither of them waits for the
disk. Memory is what the control group counted, with the pages of the files that are written.
"""

import filecmp
import os
import resource
import subprocess
import time

import measure
import peers
from memory import GroupPeak
from rows import Row
from works import COMMAND_GOALS


def timed(argv, env, group):
    """Run commands one after another; time and peak memory of all."""
    def join():
        if group.path:
            (group.path / "cgroup.procs").write_text(str(os.getpid()))
    used_by_group = GroupPeak(group.path)
    used_by_group.start()
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    for one in argv:
        process = subprocess.Popen([str(a) for a in one], env=env, preexec_fn=join, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        said = process.stderr.read()
        process.stderr.close()
        if process.wait():
            raise measure.Failed(f"{one[0]}: status {process.returncode}: {said.strip()[-300:]}")
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": took, "rss": None, "cgroup": used_by_group.read(), "sums": [], "digests": [],
            "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


class Commands:
    """One direction: `how` is "encrypt" or "decrypt"."""

    def __init__(self, how, options, files, mounts, group):
        self.how, self.build, self.files, self.mounts, self.group = how, options.build, files, mounts, group
        self.plain, self.encrypted = files.plain("main")[0], files.encrypted("main")[0]
        self.source = self.plain if how == "encrypt" else self.encrypted
        self.out = files.folder / f"out-{how}.safetensors"

    def fresh(self, data):
        """Nothing where output goes, nothing left to write, everything read is warm."""
        self.out.unlink(missing_ok=True)
        os.sync()
        measure.warm_cache([self.source])
        measure.warm_memory(4 * data)  # saving takes three times the data: tensors, what they become, the file's pages

    def same(self, digest, want, got):
        if digest and not filecmp.cmp(want, got, shallow=False):
            raise measure.Failed("what came out is not what went in")

    def cp(self, digest, and_sync):
        self.fresh(self.files.size)
        argv = [["cp", self.source, self.out]] + ([["sync", self.out]] if and_sync else [])
        found = timed(argv, peers.clean_environment(), self.group)
        self.same(digest, self.source, self.out)
        return found

    def ctshim(self, digest):
        self.fresh(self.files.size)
        argv = [self.build.resolve() / "ctshim", self.how, self.source, self.out, "--keys", self.files.keys]
        found = timed([argv], peers.clean_environment(), self.group)
        self.came_back(digest)
        return found

    def came_back(self, digest):
        """The output means the plain file."""
        if not digest:
            return
        if self.how == "decrypt":
            return self.same(True, self.plain, self.out)
        again = self.out.with_name("again.safetensors")
        again.unlink(missing_ok=True)
        self.files.ctshim("decrypt", self.out, again, "--keys", self.files.keys)
        self.same(True, self.plain, again)
        again.unlink()

    def theirs(self, digest, peer):
        self.out.unlink(missing_ok=True)
        encrypting = self.how == "encrypt"
        request = {"work": "w9" if encrypting else "plain_save", "files": [str(self.source)], "target": str(self.out),
                   "cgroup": self.group.path and str(self.group.path)} | peer.request()
        if encrypting:
            request["config"] = peers.their_config(self.files.keys)
        found = measure.Run(lambda digest: [request], peer.environment(), lambda: self.fresh(self.files.size),
                            self.group)(digest)
        if encrypting:
            self.came_back_theirs(digest)
        return found | {"sums": []}

    def came_back_theirs(self, digest):
        """Their writer lays the file out in its own order: it is whole, and every tag of it is right."""
        if digest:
            if self.out.stat().st_size < self.plain.stat().st_size:
                raise measure.Failed("what came out is too short")
            self.files.ctshim("verify", self.out, "--keys", self.files.keys)

    def gocryptfs(self, digest):
        (on_mount,), cipher = self.mounts.gocryptfs([self.plain])
        self.fresh(self.files.size)
        measure.warm_cache(cipher)
        out = on_mount.with_name("out") if self.how == "encrypt" else self.out
        out.unlink(missing_ok=True)
        source = self.plain if self.how == "encrypt" else on_mount
        found = timed([["cp", source, out], ["sync", out]], peers.clean_environment(), self.group)
        self.same(digest, self.plain, out)
        out.unlink()
        return found


def rows(options, files, mounts, group, line):
    if options.work and "W9" not in options.work:
        return
    for how in ("encrypt", "decrypt"):
        does, row = Commands(how, options, files, mounts, group), Row(
            f"W9 {how}", "a file with the command", COMMAND_GOALS[how], files.data_size("main"))
        peer = peers.Peer("theirs", options.build, files, mounts)
        found = {"cp": lambda d, c=does: c.cp(d, True), "cp alone": lambda d, c=does: c.cp(d, False),
                 "ctshim": lambda d, c=does: c.ctshim(d), "theirs": lambda d, c=does: c.theirs(d, peer),
                 "gocryptfs": lambda d, c=does: c.gocryptfs(d)}
        if how == "decrypt":  # the goal is their save, in both directions
            saving = Commands("encrypt", options, files, mounts, group)
            found["their save"] = lambda d, c=saving: c.theirs(d, peer)
        no_theirs = peer.missing("W9")
        for name, why in (("theirs", no_theirs), ("their save", no_theirs), ("gocryptfs", mounts.gocryptfs_missing())):
            if why:
                row.skip(name, why)
                found.pop(name, None)
        row.run(found, options.runs, line)
        for out in files.folder.glob("out-*.safetensors"):
            out.unlink()
        yield row

