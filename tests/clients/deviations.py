"""Where a program can tell an encrypted model under the library from the plain file, and why that is so."""

from dataclasses import dataclass

from configs import SERVING_MODES

ALL, MEMFD, LAZY = SERVING_MODES, ("memfd",), ("lazy",)
SERVED = tuple(mode for mode in SERVING_MODES if mode != "memfd")  # where the descriptor is the encrypted file's


@dataclass(frozen=True)
class Deviation:
    """Lines of the conformance program that differ. `key` and `says` are globs; `says` is what the line says under
    the library, None: that there is no such line."""
    key: str
    modes: tuple
    says: str
    reason: str
    sometimes: bool = False  # depends on the kernel or the file system: it need not occur


def several(keys, modes, says, reason, sometimes=False):
    return [Deviation(key, modes, says, reason, sometimes) for key in keys]


WRITING = "an encrypted model is never opened for writing: that would put plaintext among ciphertext"
DIRECT = "O_DIRECT would read past the library"
COPY = "copying inside the kernel would copy ciphertext; refused as for a file that cannot, callers read and write"
THREADS = "threads inside libc would read ciphertext; refused as where there is no such call"
FILE = "the descriptor is that of a memory file"
FURTHER = FILE + ", where positions go further"
UNSEEN = "what was not touched is not decrypted, and this call of the kernel's does not come past the library"
ZEROS = "anonymous memory would show zeros where a file's mapping shows the file"

ACCESSES = ("O_RDWR", "O_WRONLY", "O_WRONLY and O_APPEND", "O_RDWR and O_CREAT", "neither reading nor writing")

DEVIATIONS = [
    *several([f"open | {a}" for a in ACCESSES], ALL, "-1 EROFS", WRITING),
    *several([f"fcntl | F_GETF? of {a}" for a in ACCESSES], ALL, None, WRITING),
    *several([f"pread64 | a look: open {a}" for a in ACCESSES], ALL, None, WRITING),
    *several(["syscall | openat2 for writing", "syscall | openat for writing"], ALL, "-1 EROFS", WRITING),
    *several(["pread64 | a look: syscall openat2 for writing", "pread64 | a look: syscall openat for writing"],
             ALL, None, WRITING),
    *several(["fopen | to be changed", "fopen64 | to be added to", "fopen | to be added to, and read",
              "freopen64 | to be changed"], ALL, "NULL EROFS", WRITING),
    Deviation("open | a descriptor's link for writing", SERVED, "-1 EROFS", WRITING),
    Deviation("pread64 | a look: open a descriptor's link for writing", SERVED, None, WRITING),

    Deviation("open | O_DIRECT", ALL, "-1 EINVAL", DIRECT, sometimes=True),
    Deviation("fcntl | F_GETF? of O_DIRECT", ALL, None, DIRECT, sometimes=True),
    Deviation("pread64 | a look: open O_DIRECT", ALL, None, DIRECT, sometimes=True),
    Deviation("fcntl | F_SETFL to O_DIRECT", SERVED, "-1 EINVAL", DIRECT, sometimes=True),
    Deviation("fcntl | F_GETFL after O_DIRECT", SERVED, "[0-9]*", DIRECT, sometimes=True),

    *several(["sendfile | a model", "sendfile64 | a model", "sendfile* | a model, from an offset",
              "sendfile | a model, nothing", "sendfile | a model, past the end", "syscall | sendfile a model",
              "splice | a model", "splice | a model, from an offset", "syscall | splice a model"],
             SERVED, "-1 EINVAL", COPY),
    *several(["sendfile* | a model*: what came out", "syscall | sendfile a model: what came out"],
             SERVED, "0 | 0 | 0:", COPY),
    Deviation("sendfile | a model: the offset", SERVED, "0", COPY),
    Deviation("splice | a model*: what the pipe gave", SERVED, None, COPY),
    Deviation("syscall | splice a model: what the pipe gave", SERVED, None, COPY),
    Deviation("splice | a model: what came out", SERVED, "0 | 0 | 0:", COPY + " (the position stays where it was)"),
    *several(["copy_file_range | a model*", "syscall | copy_file_range a model"], ALL, "-1 EXDEV", COPY),
    *several(["copy_file_range | a model*: what came out", "syscall | copy_file_range a model: what came out"],
             ALL, "0 | 0 | 0:", COPY),
    Deviation("copy_file_range | a model: the offsets", ALL, "0 100", COPY),
    *several(["ioctl | FICLONE* of a model"], ALL, "refused", COPY, sometimes=True),
    *several(["ioctl FICLONE* | a model: what came out"], ALL, "0 | 0 | 0:", COPY, sometimes=True),
    Deviation("ioctl | FICLONE into a model", MEMFD, "-1 EXDEV", FILE, sometimes=True),

    *several(["aio_read* | a model", "lio_listio* | a model"], SERVED, "-1 ENOSYS", THREADS),
    *several(["aio_read* | a model: then", "lio_listio* | a model: then"], SERVED, None, THREADS),

    Deviation("fstat | links and owner", MEMFD, "0 *", FILE + ", which has no name"),
    Deviation("fstat | inode and device", MEMFD, "others", FILE),
    Deviation("fstatfs | kind", MEMFD, "another", FILE, sometimes=True),
    *several([f"fcntl | F_GETFL of {flag}" for flag in ("O_SYNC", "O_DSYNC", "O_NOFOLLOW", "O_ASYNC")],
             MEMFD, "[0-9]*", FILE + "; these flags are given when a file is opened and mean nothing to a reader"),
    Deviation("* | at the largest position", MEMFD, "-1 EINVAL", FURTHER, sometimes=True),
    Deviation("lseek | SEEK_SET to the last offset", MEMFD, "9223372036854775807", FURTHER, sometimes=True),
    *several(["preadv* | RWF_NOWAIT*", "preadv* | both*"], MEMFD, "-1 EOPNOTSUPP",
             FILE + ", and the kernel does not know this flag for such", sometimes=True),
    *several(["preadv* | RWF_NOWAIT*: the buffers", "preadv* | both*: the buffers"], MEMFD, "20000:*",
             FILE + ", and the kernel does not know this flag for such", sometimes=True),
    *several(["preadv64v2 | RWF_NOWAIT*: the position", "preadv64v2 | both*: the position",
              "syscall preadv2 | RWF_NOWAIT*: the position", "syscall preadv2 | both*: the position"], MEMFD, "3000",
             FILE + ", and the kernel does not know this flag for such", sometimes=True),
    Deviation("mmap | MAP_SYNC: *", MEMFD, "failed EOPNOTSUPP", FILE + ", on which another check comes first",
              sometimes=True),

    Deviation("mmap | what is cut off*", ALL, "4096:*",
              "the pages were decrypted before the file became shorter, and stay"),
    Deviation("mmap | what is left of a file, shared", LAZY, "SIGBUS*",
              "what lies around a page is decrypted with it, and is no more", sometimes=True),
    Deviation("open | what is left of a file", ALL, "-1 EBADMSG", "a model that is cut off is damaged"),

    Deviation("process_vm_readv | the parent's mapping", LAZY, "-1 EFAULT", UNSEEN),
    Deviation("process_vm_readv | the parent's mapping: the bytes", LAZY, "9000:*", UNSEEN),
    Deviation("pread | /proc/self/mem, never touched: the bytes", LAZY, "9000:*", UNSEEN),
    Deviation("open | a name that lies in a mapping", LAZY, "-1 EFAULT", UNSEEN),

    Deviation("madvise | MADV_DONTNEED: the page that was written to", SERVED, "4096:*",
              ZEROS + ": the page is kept, and with it what the program wrote"),
    *several(["madvise | MADV_GUARD_INSTALL, *"], SERVED, "-1 EINVAL", ZEROS + " when the guard is gone: refused",
             sometimes=True),
    *several(["madvise | a guard*", "madvise | MADV_GUARD_REMOVE, *"], SERVED, None,
             ZEROS + " when the guard is gone: refused", sometimes=True),
    *several(["mremap | to more", "mremap | to more, at a place"], SERVED, "failed ENOMEM",
             ZEROS + " in what a mapping grows by: refused, and what was there stays"),
    Deviation("mremap | a second time", SERVED, "failed EINVAL", "anonymous memory cannot be mapped a second time"),
    Deviation("mremap | MREMAP_DONTUNMAP", SERVED, "failed EINVAL", ZEROS + " in what is left behind: refused",
              sometimes=True),
    Deviation("mremap | MREMAP_DONTUNMAP[:,]*", SERVED, None, ZEROS + " in what is left behind: refused",
              sometimes=True),
]
