"""ctshim doctor: programs that can be served, and the kinds that cannot. No program that is looked at runs."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

from doctor import MAIN, build, diagnose, examine, findings, message
from harness import COMMAND, LIBRARY, ROOT

HOOKS = re.findall(r"^(?:HOOK\([^,]*, *|ALIAS\()(\w+),", (ROOT / "preload" / "hooks.def").read_text(), re.M)
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")


@pytest.fixture
def program(tmp_path):
    """An ordinary program: what every other sample differs from in one thing."""
    made = build(tmp_path, "program", MAIN)
    assert made is not None, "no C compiler"
    return made


def patch(path, at, value):
    data = bytearray(path.read_bytes())
    data[at : at + len(value)] = value
    path.write_bytes(data)


def test_what_can_be_served(shim, program):
    target = examine(shim, program, status=0)
    assert target["served"] and target["kind"] == "program" and target["mode"] == "lazy"
    assert target["program"] == str(program) and not target["findings"]


@pytest.mark.parametrize("name", ["cat", "cp", "python3", "perl", "node", "java", "git", "bash", "tar", "curl"])
def test_stock_programs(name, shim):
    """Those that other tests find served. Guesses about machine code must not accuse them."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    target = examine(shim, name, status=0)
    assert not findings(target, "warning"), target["findings"]


def test_this_python(shim):
    target = examine(shim, sys.executable, status=0)
    assert target["functions"]["served"] > 5 and target["functions"]["harmless"] > 20
    assert any("open64" in file["served"] for file in target["files"])


def test_several(shim, program, tmp_path):
    answer = diagnose(shim, program, "no-such-program", "cat", status=1)
    assert [t["served"] for t in answer["targets"]] == [True, False, True]
    assert answer["library"] == str(LIBRARY)


def test_functions_by_name(shim):
    text = shim.ctshim("doctor", "--all", "cat").check().text
    assert re.search(r"^  read +served$", text, re.M) and re.search(r"^  lseek +needs no help$", text, re.M)
    assert "libc" not in text.split("all files")[1]


def test_every_hook_counts_as_served(shim, tmp_path):
    """A library that imports all of them, straight from the list that ours is made from."""
    code = "".join(f"extern char {name}[];\n" for name in HOOKS)
    code += "char *all[] = {" + ", ".join(HOOKS) + "};\n"
    every = build(tmp_path, "every.so", code, "-fno-builtin", "-shared", "-fPIC")
    assert every is not None
    (file,) = [f for f in examine(shim, every, status=0)["files"] if f["file"] == str(every)]
    assert sorted(file["served"]) == sorted(HOOKS)


def test_every_way_to_read_is_known(shim, tmp_path):
    """What libc offers for opening, reading and mapping is in the doctor's table, or is left out on purpose."""
    libc = re.search(r"libc\.so\.6 => (\S+)",
                     subprocess.run(["ldd", LIBRARY], capture_output=True, text=True).stdout)[1]
    table = subprocess.run(["nm", "-D", "--defined-only", libc], capture_output=True, text=True).stdout
    names = {line.split()[-1].split("@")[0] for line in table.splitlines() if "GLIBC_PRIVATE" not in line}
    names = {n for n in names if re.search(r"open|read|mmap|splice|sendfile|copy_file", n)}
    known = set(HOOKS) | set(re.findall(r"IO_(?:FINE|PAST)\((\w+)", (ROOT / "cli" / "io_calls.def").read_text()))
    # Threads, messages, terminals, catalogues, log, character sets, and libc's inner parts.
    other = re.compile(r"p?thread|^_?_?nl_|mq_|pty|catopen|openlog|iconv|popen|eventfd|mntent|^_IO_|pidfd|fsopen"
                       r"|open_w?memstream|open_tree|^posix_openpt|sem_|gconv|^__mmap$|openat2")
    assert not {n for n in names - known if not other.search(n)}


def test_static(shim, tmp_path):
    for option in ("-static", "-static-pie"):
        static = build(tmp_path, "static", MAIN, option)
        if static is None:
            pytest.skip("no static libc")
        target = examine(shim, static, status=1)
        assert findings(target) == {"static"} and "decrypt" in message(target, "static")


@pytest.mark.parametrize("section", [".note.go.buildid", ".go.buildinfo"])
def test_go(section, shim, program, tmp_path):
    """Whatever the Go tool chain made makes its own system calls, also where it is linked with libc."""
    if shutil.which("objcopy") is None:
        pytest.skip("binutils are not installed")
    (tmp_path / "note").write_bytes(b"anything")
    subprocess.run(["objcopy", "--add-section", f"{section}={tmp_path / 'note'}", program], check=True)
    assert findings(examine(shim, program, status=1)) == {"go"}


def test_run_refuses_go(shim, tmp_path, keys):
    """By the note that its linker leaves in every program."""
    note = r'''
        __asm__(".section .note.go.buildid,\"a\",@note; .long 4, 4, 4; .ascii \"NAME\\0\\0\"; .long 0; .previous");
        '''
    for name, status in (("Go", 126), ("No", 0)):
        program = build(tmp_path, name, note.replace("NAME", name) + MAIN)
        shim.ctshim("run", "--keys", keys, "--", program).check(status)


def test_musl(shim, tmp_path):
    foreign = build(tmp_path, "foreign", MAIN, "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1")
    assert findings(examine(shim, foreign, status=1)) == {"musl"}
    if shutil.which("musl-gcc") is not None:
        real = build(tmp_path, "real", MAIN, compiler="musl-gcc")
        assert findings(examine(shim, real, status=1)) == {"musl"}


def test_other_architectures(shim, program):
    other = b"\xb7\0" if program.read_bytes()[18] == 62 else b"\x3e\0"
    for at, value in ((18, b"\xf3\0"), (18, other), (18, b"\x03\0"), (4, b"\x01")):
        before = program.read_bytes()
        patch(program, at, value)
        assert findings(examine(shim, program, status=1), "problem") == {"architecture"}
        program.write_bytes(before)
    assert examine(shim, program, status=0)["served"]


@needs_root
def test_privileges(shim, program, tmp_path):
    os.chown(program, 65534, 65534)
    for mode, status, level in ((0o4755, 1, "problem"), (0o2755, 1, "problem"), (0o755, 0, None)):
        program.chmod(mode)
        target = examine(shim, program, status=status)
        assert findings(target, level) == ({"privileges"} if level else set())
    os.chown(program, 0, 0)
    program.chmod(0o4755)
    assert findings(examine(shim, program, status=0), "warning") == {"privileges"}


@needs_root
def test_capabilities(shim, program):
    if shutil.which("setcap") is None:
        pytest.skip("setcap is not installed")
    if subprocess.run(["setcap", "cap_net_bind_service+ep", program], capture_output=True).returncode:
        pytest.skip("file capabilities cannot be set here")
    target = examine(shim, program, status=0)
    assert findings(target, "warning") == {"privileges"} and "capabilities" in message(target, "privileges")


@needs_root
def test_as_another_user(shim, program):
    """Files that only others may read, and what counts for that user and not for root."""
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(["sleep", "60"]) as sleeper:
        os.chmod(folder, 0o755)
        for path in (COMMAND, LIBRARY, program):
            shutil.copy(path, folder)

        def look(what, words, status=1):
            done = subprocess.run([f"{folder}/ctshim", "doctor", what], capture_output=True, text=True,
                                  env={"PATH": "/usr/bin:/bin"}, cwd="/", **nobody)
            assert done.returncode == status and words in done.stdout, done

        copy = f"{folder}/program"
        look(copy, "can be served", 0)
        look(str(sleeper.pid), "cannot tell")
        os.chmod(copy, 0o4755)
        look(copy, "set-user-ID")
        os.chmod(copy, 0o711)
        look(copy, "cannot tell")
        os.chmod(copy, 0o755)
        if not subprocess.run(["setcap", "cap_net_bind_service+ep", copy], capture_output=True).returncode:
            look(copy, "capabilities")
        sleeper.kill()


def test_no_foreign_loader_runs(shim, tmp_path):
    """A program may name any file as its loader; asking that one would run it."""
    loader, mark = tmp_path / "ld-linux-x86-64.so.2", tmp_path / "ran"
    loader.write_text(f"#!/bin/sh\ntouch {mark}\n")
    loader.chmod(0o755)
    evil = build(tmp_path, "evil", MAIN, f"-Wl,--dynamic-linker={loader}")
    assert findings(examine(shim, evil, status=0)) == {"loader"}
    assert not mark.exists()


def test_nothing_runs(shim, tmp_path):
    mark = tmp_path / "ran"
    touch = f'#include <fcntl.h>\n__attribute__((constructor)) void f(void) {{ open("{mark}", O_CREAT, 0600); }}\n'
    library = build(tmp_path, "libtouch.so", touch, "-shared", "-fPIC")
    program = build(tmp_path, "toucher", touch + MAIN, "-Wl,--no-as-needed", library, f"-Wl,-rpath,{tmp_path}")
    target = examine(shim, program, status=0)
    assert any(f["file"] == str(library) for f in target["files"])
    assert not mark.exists()
    subprocess.run([program], check=True)
    assert mark.exists()


def test_libraries(shim, tmp_path):
    """A library alone; found by $ORIGIN through a link; and missing."""
    library = build(tmp_path, "libpart.so", "int part(void) { return 0; }\n", "-shared", "-fPIC")
    assert examine(shim, library, status=0)["kind"] == "library"
    program = build(tmp_path, "user", "int part(void); int main(void) { return part(); }\n", library,
                    "-Wl,-rpath,$ORIGIN")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link").symlink_to(program)
    assert str(library) in {f["file"] for f in examine(shim, tmp_path / "elsewhere" / "link", status=0)["files"]}
    library.unlink()
    target = examine(shim, program, status=1)
    assert "libpart.so" in message(target, "library-missing")


def test_what_is_no_program(shim, tmp_path):
    (tmp_path / "text.py").write_text("print(1)\n")
    for name, id in ((tmp_path / "text.py", "not-a-program"), (tmp_path, "not-a-program"),
                     (tmp_path / "none", "not-found"), ("no-such-command", "not-found"),
                     ("4194999", "not-found")):
        assert findings(examine(shim, name, status=1)) == {id}
    (tmp_path / "123").write_bytes((COMMAND).read_bytes())
    (tmp_path / "123").chmod(0o755)
    assert examine(shim, "./123", status=0, cwd=tmp_path)["kind"] == "program"
    object_file = build(tmp_path, "object", MAIN, "-c")
    assert findings(examine(shim, object_file, status=1)) == {"not-a-program"}


def test_without_the_library(shim, program, tmp_path):
    alone = tmp_path / "bin" / "ctshim"
    alone.parent.mkdir()
    shutil.copy(COMMAND, alone)
    for damage in (None, b"\x7fELF damaged", LIBRARY.read_bytes()[:5000]):
        if damage is not None:
            (alone.parent / "libctshim.so").write_bytes(damage)
        result = shim.run([alone, "doctor", program], on=False).check(1)
        assert re.search(r"^  problem .*libctshim\.so", result.text, re.M), result.describe()
    part = build(tmp_path, "libgone.so", "int gone(void) { return 0; }\n", "-shared", "-fPIC")
    assert build(alone.parent, "libctshim.so", "int gone(void);\nint use(void) { return gone(); }\n", part, "-shared",
                 "-fPIC")
    part.unlink()
    result = shim.run([alone, "doctor", program], on=False).check(1)
    assert re.search(r"^  problem .*libgone\.so", result.text, re.M), result.describe()
    (alone.parent / "libctshim.so").unlink()
    shutil.copy(LIBRARY, alone.parent / "libctshim.so")
    shim.run([alone, "doctor", program], on=False).check(0)


def test_usage(shim, program):
    for args in ((), ("--",), ("--no-such-option", program), ("--keys", "k.jwk", program)):
        assert "doctor --help" in shim.ctshim("doctor", *args).check(2).messages[0]
    text = shim.ctshim("doctor", "--help").check().text
    assert "Example:" in text and "Exit status:" in text


def test_without_libelf(shim, program, small, tmp_path):
    """Only looking at programs wants it; it is loaded then, and never into other people's processes."""
    (tmp_path / "libelf.so.1").write_bytes(b"no library")
    env = {"LD_LIBRARY_PATH": tmp_path}
    assert "libelf1" in shim.ctshim("doctor", program, env=env).check(1).messages[0]
    shim.ctshim("doctor", "--model", small.encrypted, "--keys", small.keys, env=env).check(0)
    assert shim.ctshim("run", "--keys", small.keys, "--", "cat", small.encrypted, env=env).check().out == small.image
    if shutil.which("readelf") is not None:
        for path in (COMMAND, LIBRARY):
            assert "libelf" not in subprocess.run(["readelf", "-dW", path], capture_output=True, text=True).stdout
