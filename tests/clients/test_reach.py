"""Where one build of the library runs, how it is hardened, and how it refuses where it does not run."""

import re
import shutil
import subprocess

import pytest

from harness import BUILD, COMMAND, LIBRARY, ROOT
from test_library import MUSL_SAYS, tool

pytestmark = pytest.mark.skipif(
    shutil.which("readelf") is None or shutil.which("nm") is None, reason="binutils are not installed")

NEWEST, OLDER = (2, 34), (2, 31)  # glibc: what is needed, and what is there on systems that are refused
BUILT = pytest.mark.parametrize("built", [LIBRARY, COMMAND], ids=["library", "command"])
# What is loaded of the file, in bytes. Nearly all is OpenSSL, whose providers refer to every algorithm: it measured
# 3.9 MB with Debian 12's (3.0), and 5.4 with intel-ipsec-mb beside it; 6.4 with Debian 13's (3.5, and libzstd), 6.7 with unstable's. Ours is 0.1 of it.
SIZE = 8_000_000


def versions(built):
    """The versions of glibc's that `built` needs, as tuples."""
    return {tuple(map(int, v.split("."))) for v in
            re.findall(r"Name: GLIBC_([\d.]+)", tool("readelf", "-VW", built))}


def dynamic(built):
    return tool("readelf", "-dW", built)


def segments(built):
    return tool("readelf", "-lW", built)


def notes(path):
    return tool("readelf", "-nW", path)


def machine():
    return re.search(r"Machine:\s+(.*)", tool("readelf", "-hW", LIBRARY))[1]


@BUILT
def test_needs_no_newer_glibc(built):
    found = versions(built)
    assert found and max(found) <= NEWEST, sorted(found)
    other = re.findall(r"Name: (?!GLIBC_[\d.]+ )(\S+)", tool("readelf", "-VW", built))
    assert not other, "versions of another kind, which an older loader does not know"


@BUILT
def test_an_older_glibc_has_one_thing_to_say(built):
    """ld.so writes a line for each version that it misses."""
    assert {v for v in versions(built) if v > OLDER} == {NEWEST}


def test_the_versions_can_be_told_apart(tmp_path):
    """What the tests above read is there to be read: a program that needs more shows it."""
    if shutil.which("cc") is None:
        pytest.skip("no compiler")
    source = tmp_path / "young.c"
    source.write_text('int main(void) { extern int arc4random(void); return arc4random() == 0; }')
    program = tmp_path / "young"
    done = subprocess.run(["cc", "-o", program, source], capture_output=True)
    if done.returncode != 0:
        pytest.skip("this glibc has no arc4random")
    assert max(versions(program)) > NEWEST


@BUILT
def test_undefined_symbols_are_libcs(built):
    """Each with a version of glibc's; without one, only what may be missing: what the compiler's start files look
    for, and the tracing of libzstd (Debian 13's OpenSSL brings it), which nothing here calls."""
    undefined = [line.split()[-2:] for line in tool("nm", "-D", "--undefined-only", built).splitlines()]
    allowed = {"_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__gmon_start__"}
    allowed |= {f"ZSTD_trace_{way}compress_{end}" for way in ("", "de") for end in ("begin", "end")}
    if not (ROOT / ".deps" / "cjson" / "cJSON.c").exists():
        undefined = [(kind, name) for kind, name in undefined if not name.startswith("cJSON_")]
    stray = [name for kind, name in undefined if "@GLIBC_" not in name and not (kind == "w" and name in allowed)]
    assert undefined and not stray


@BUILT
def test_hardened(built):
    assert "GNU_RELRO" in segments(built)
    assert re.search(r"BIND_NOW|FLAGS.*NOW", dynamic(built))
    assert not re.search(r"TEXTREL|RPATH|RUNPATH", dynamic(built))
    assert not re.search(r"LOAD.* RWE ", segments(built)), "memory that can be written and executed"
    assert not re.search(r"GNU_STACK.*RWE", segments(built)), "an executable stack"
    assert re.search(r"Type:\s+DYN", tool("readelf", "-hW", built)), "not position independent"
    assert "__stack_chk_fail" in tool("nm", "-D", "--undefined-only", built)


def test_soname():
    assert re.search(r"SONAME.*\[libctshim\.so\]", dynamic(LIBRARY))


@BUILT
def test_size(built):
    loaded = sum(int(size, 16) for size in re.findall(r"LOAD(?:\s+0x\w+){3}\s+0x(\w+)", segments(built)))
    assert 1_000_000 < loaded < SIZE


def own_objects():
    return [p for d in ("crypto", "format", "preload", "cli") for p in sorted((BUILD / "obj" / d).glob("*.o"))]


def test_shadow_stack_and_landing_pads():
    """Our code is marked for both. The library is marked for the shadow stack, which a process would lose by
    it otherwise; for landing pads when all that goes into it is (Debian's start files are not)."""
    if "X86-64" not in machine():
        pytest.skip("these are x86-64's")
    objects = own_objects()
    assert objects
    unmarked = [p.name for p in objects if not re.search(r"IBT, SHSTK", notes(p))]
    assert not unmarked
    assert re.search(r"x86 feature:.*SHSTK", notes(LIBRARY))


def test_hooks_begin_with_landing_pads():
    if "X86-64" not in machine() or shutil.which("objdump") is None:
        pytest.skip("these are x86-64's, and objdump reads them")
    code = tool("objdump", "-d", "--no-show-raw-insn", LIBRARY)
    places = {line.split()[2]: line.split()[0].lstrip("0") for line in tool("nm", "-D", "--defined-only", LIBRARY).splitlines()}
    for hook in ("open64", "read", "mmap", "fopen", "write", "sigaction"):
        assert re.search(rf"^\s+{places[hook]}:\s+endbr64", code, re.M), hook


def test_fortified():
    """All but the files that define libc's functions."""
    checked = {p.name for p in own_objects() if re.search(r"__\w+(?<!__stack)_chk\b", tool("nm", "-u", p))}
    assert {"log.o", "keys.o", "recognise.o"} <= checked
    hooks = {p.with_suffix(".o").name for p in (ROOT / "preload").glob("*.c") if "SHIM_HOOK" in p.read_text()}
    assert hooks and not hooks & checked


@pytest.fixture(scope="module")
def musl_program(tmp_path_factory):
    if shutil.which("musl-gcc") is None:
        pytest.skip("musl-gcc is not installed")
    folder = tmp_path_factory.mktemp("musl")
    (folder / "head.c").write_text(
        '#include <stdio.h>\nint main(int n, char **v) { FILE *f = fopen(v[1], "r");'
        ' for (int c; f && (c = getc(f)) != EOF;) putchar(c); return n != 2 || !f; }')
    subprocess.run(["musl-gcc", "-o", folder / "head", folder / "head.c"], check=True)
    if "ld-musl" not in segments(folder / "head"):
        pytest.skip("musl-gcc makes static programs here")
    return folder / "head"


def test_musl_refuses_in_one_line(musl_program, shim, small):
    """Its loader does not run the program without the library, and says in a line why."""
    result = shim.run([musl_program, small.encrypted], keys=small.keys, quiet=False)
    assert result.status != 0 and not result.out, result.describe()
    lines = result.err.decode().splitlines()
    assert len(lines) == 1 and str(LIBRARY) in lines[0] and MUSL_SAYS in lines[0], result.describe()
    assert "glibc" in MUSL_SAYS and "musl" in MUSL_SAYS
    # Without the library it reads what is there.
    bare = shim.run([musl_program, small.encrypted], on=False)
    assert bare.check().out == small.encrypted.read_bytes()


def test_run_says_musl_first(musl_program, shim, small):
    result = shim.ctshim("run", "--keys", small.keys, "--", musl_program, small.encrypted)
    assert result.status == 126 and not result.out
    lines = result.err.decode().splitlines()
    assert len(lines) == 1 and "musl" in lines[0], result.describe()
