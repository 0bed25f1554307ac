"""Every name by which a program can reach what the library stands in front of: libc's symbols against the list."""

import re
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass

import pytest

import hooks
from harness import LIBRARY, ROOT
from test_library import MUSL_SAYS

pytestmark = pytest.mark.skipif(shutil.which("readelf") is None, reason="binutils are not installed")

# A program can bind to these, and needs no hook.
UNHOOKED = {}

# Names of which libc has several versions. A plain definition stands in front of all of them, and hands on to the
# newest; why that is right.
VERSIONED = {
    "aio_read": "moved from librt to libc, otherwise the same",
    "aio_read64": "moved from librt to libc, otherwise the same",
    "lio_listio": "the oldest may signal too early, the newer ones not at all late",
    "lio_listio64": "the oldest may signal too early, the newer ones not at all late",
    "pthread_sigmask": "moved from libpthread to libc, otherwise the same",
    "shm_open": "moved from librt to libc, otherwise the same",
}


# Where libc has two functions for one name and its alias: the same source, compiled twice.
COMPILED_TWICE = {"__open64_2", "__openat64_2", "freopen64", "__pread64_chk"}

OLDEST = (2, 34)  # the oldest glibc that the library runs on


@dataclass(frozen=True)
class Symbol:
    """A name that a library exports. Version "": it has none."""
    name: str
    version: str
    address: int

    @property
    def number(self):
        return tuple(int(n) for n in re.findall(r"\d+", self.version))


def exported(library):
    """The functions that programs can bind to: GLIBC_PRIVATE is for libc's own parts."""
    done = subprocess.run(["readelf", "--dyn-syms", "-W", library], capture_output=True, text=True, check=True,
                          env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    rows = re.findall(r"^ *\d+: +([0-9a-f]+) +\d+ (FUNC|IFUNC) +(?:GLOBAL|WEAK) +\S+ +(\d+) (\w+)(?:@@?(\S+))?",
                      done.stdout, re.M)
    found = [Symbol(name, version, int(address, 16)) for address, _, _, name, version in rows]
    return [s for s in found if s.version != "GLIBC_PRIVATE"]


@pytest.fixture(scope="module")
def libc():
    """name -> its symbols."""
    text = subprocess.run(["ldd", LIBRARY], capture_output=True, text=True, check=True).stdout
    found = defaultdict(list)
    for symbol in exported(re.search(r"libc\.so\.6 => (\S+)", text)[1]):
        found[symbol.name].append(symbol)
    assert len(found) > 2000
    return found


def plain_name(name):
    """What is left of a name without libc's ways to vary one: foo64, __foo, __foo_chk, foo_2, _IO_foo."""
    before = None
    while before != name:
        before = name
        name = re.sub(r"^(_IO_|__libc_|_+)|(_nocancel|_chk|_unlocked|_2|64|v2)$", "", name)
    return name


def test_exports_the_list_and_nothing_else():
    symbols = exported(LIBRARY)
    assert sorted(s.name for s in symbols) == sorted([*hooks.NAMES, MUSL_SAYS])
    assert not [s for s in symbols if s.version], "a plain definition stands in front of every version"


def test_what_programs_are_known_to_import_is_there():
    """Independent of the list: what stock programs and libraries call."""
    known = """open open64 __open_2 __open64_2 openat openat64 __openat_2 __openat64_2 creat creat64
        read __read_chk pread pread64 __pread_chk __pread64_chk readv preadv preadv64 preadv2 preadv64v2
        mmap mmap64 munmap fopen fopen64 fdopen freopen freopen64 close dup dup2 dup3 fcntl fcntl64 sendfile sendfile64 copy_file_range ioctl syscall"""
    assert not set(known.split()) - {s.name for s in exported(LIBRARY)}


def test_every_name_is_one_of_libcs(libc):
    assert not [name for name in hooks.NAMES if name not in libc]


def test_every_sibling_is_hooked(libc):
    """A program that was compiled with other headers or options calls the same function by another name."""
    hooked = {plain_name(name) for name in hooks.NAMES}
    missed = {name for name in libc if plain_name(name) in hooked} - set(hooks.NAMES)
    assert missed == set(UNHOOKED)


@pytest.mark.parametrize("alias", hooks.ALIASES)
def test_an_alias_is_the_same_function(alias, libc):
    """One hook can serve both names because libc itself has one function for both."""
    target = hooks.ALIASES[alias]
    assert libc[alias][-1].address == libc[target][-1].address or alias in COMPILED_TWICE


def test_nothing_is_younger_than_the_oldest_glibc(libc):
    """A name that is missing at run time is one that must not be looked up: that allocates."""
    assert not [name for name in hooks.NAMES if min(s.number for s in libc[name]) > OLDEST]


def test_several_versions_are_known(libc):
    assert {name for name in hooks.NAMES if len(libc[name]) > 1} <= set(VERSIONED)


def test_older_versions_are_hooked_too(shim, small, compile_program):
    """What was linked long ago binds to the same definitions."""
    program = compile_program("versions.c")
    under, bare = (shim.run([program, small.encrypted], on=on, keys=small.keys).text.split() for on in (True, False))
    if bare == ["none"]:
        pytest.skip("this architecture's libc has no older versions")
    assert set(under) == {"refused"} and set(bare) == {"read"}


def test_a_hook_has_the_type_of_the_list(tmp_path):
    """A definition that differs from the list does not compile, nor does one that the list lacks."""
    wrong = {"SHIM_HOOK int read(int fd, void *bytes, size_t len)": False,
             "SHIM_HOOK ssize_t read(int fd, void *bytes, size_t len)": True,
             "SHIM_HOOK int not_in_the_list(int fd)": False}
    for definition, good in wrong.items():
        source = tmp_path / "hook.c"
        source.write_text(f'#include "real.h"\n{definition} {{ (void)fd; return 0; }}\n')
        done = subprocess.run(["cc", "-D_GNU_SOURCE", "-std=gnu11", "-Werror", "-Wmissing-prototypes", "-fno-builtin",
                               "-fsyntax-only", "-I", ROOT / "preload", source], capture_output=True)
        assert (done.returncode == 0) == good, done.stderr


def test_loading_allocates_nothing(shim, compile_program):
    """Real functions are looked up without the allocator, which may itself be what calls them."""
    counter = compile_program("allocations.c", options=("-O1", "-shared", "-fPIC"))
    counts = {preload: shim.run(["/bin/true"], env={"LD_PRELOAD": preload}, on=False).check().err.decode()
              for preload in (f"{counter}", f"{counter}:{LIBRARY}")}
    assert re.fullmatch(r"allocations: \d+\n", counts[f"{counter}"])
    assert len(set(counts.values())) == 1, counts
    missing = shim.run(["/bin/true"], env={"LD_PRELOAD": counter, "LOOK_UP": "no_such_name"}, on=False)
    assert missing.err.decode() != counts[f"{counter}"], "the counter does not see what a miss allocates"
