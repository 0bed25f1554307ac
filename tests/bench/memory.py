"""Peak memory of a process and of a control group, above what they had at `start()`."""

import os
from pathlib import Path

PEAKS = (("memory.max_usage_in_bytes", "0"), ("memory.peak", "1"))  # version 1 and 2, and what sets each back
USAGES = ("memory.usage_in_bytes", "memory.current")


class GroupPeak:
    """What a control group uses: everything that its processes bring into memory, page tables and memory files
    too. Pages of a file that were cached before are not."""

    def __init__(self, group):
        self.group, self.peak, self.used = group and Path(group), None, 0

    def start(self):
        for name, back in PEAKS if self.group else ():
            try:
                # Version 2's is set back for whoever holds this descriptor, and read through it.
                self.peak = os.open(self.group / name, os.O_RDWR)
                os.write(self.peak, back.encode())
            except OSError:
                continue
        self.used = next((int((self.group / u).read_text()) for u in USAGES if (self.group / u).exists()), 0) \
            if self.group else 0

    def read(self):
        """Bytes, or None where there is no group."""
        if self.peak is None:
            return None
        found = int(os.pread(self.peak, 64, 0)) - self.used
        os.close(self.peak)
        self.peak = None
        return max(found, 0)


def status(name):
    """A number of /proc/self/status, in bytes."""
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith(name + ":"))


class Memory:
    """Peaks of this process and its group."""

    def __init__(self, group):
        self.group, self.rss = GroupPeak(group), 0

    def start(self):
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")  # sets VmHWM back
        self.rss = status("VmRSS")
        self.group.start()

    def peaks(self):
        return {"rss": status("VmHWM") - self.rss, "cgroup": self.group.read()}
