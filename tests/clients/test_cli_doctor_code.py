"""ctshim doctor: what goes past libc, or is in its way: each sample with the twin that is innocent."""

import os
import platform
import shutil
import subprocess

import pytest

from doctor import MAIN, build, examine, findings, message
from harness import LIBRARY

x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the sample is x86-64 code")

RAW = """
#include <sys/syscall.h>
long raw(long a, long b, long c)
{
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(NUMBER), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}
"""


def linked(folder, name, code, *options):
    """A program that is linked with a library of this code."""
    library = build(folder, f"lib{name}.so", code, "-shared", "-fPIC", "-O2", *options)
    program = build(folder, f"use-{name}", MAIN, "-Wl,--no-as-needed", library, f"-Wl,-rpath,{folder}")
    assert library and program
    return program, library


@x86
@pytest.mark.parametrize("number, id", [
    ("SYS_openat", "system-calls"), ("SYS_open", "system-calls"), ("SYS_read", "system-calls"),
    ("SYS_pread64", "system-calls"), ("SYS_mmap", "system-calls"), ("SYS_preadv2", "system-calls"),
    ("SYS_io_uring_setup", "io-uring"), ("SYS_io_submit", "kernel-aio"),
    ("SYS_futex", None), ("SYS_getpid", None), ("SYS_write", None), ("SYS_close", None),
])
@pytest.mark.parametrize("optimize", ["-O0", "-O2"])
def test_system_calls_of_a_library(number, id, optimize, shim, tmp_path):
    """Calls that read or open files are found by their numbers; others do not matter."""
    program, library = linked(tmp_path, "raw", RAW.replace("NUMBER", number), optimize)
    target = examine(shim, program, status=0)
    assert findings(target) == ({id} if id else set()), target["findings"]
    assert target["mode"] == ("memfd" if id else "lazy")
    if id:
        assert message(target, id).startswith(str(library)) and "may" in message(target, id)


@x86
def test_system_calls_of_a_program(shim, tmp_path):
    program = build(tmp_path, "program", RAW.replace("NUMBER", "SYS_read") + MAIN, "-O2")
    assert findings(examine(shim, program, status=0)) == {"system-calls"}


@x86
def test_bytes_that_look_like_a_call(shim, tmp_path):
    """The two bytes of the instruction, and the number's, in constants and far apart."""
    code = "unsigned f(unsigned x) { return x * 0x050f0000u + 0x0500000fu; }\nunsigned g(void) { return 257; }\n"
    code += '__asm__(".text; movl $257, %eax; imul %ebx, %ecx; .byte 0x0f, 0x05; ret");\n'
    program, _ = linked(tmp_path, "bytes", code)
    assert not findings(examine(shim, program, status=0))


def test_io_uring_by_its_library(shim, tmp_path):
    ring = build(tmp_path, "liburing.so", "int io_uring_queue_init(void) { return 0; }\n", "-shared", "-fPIC")
    program = build(tmp_path, "ring", "int io_uring_queue_init(void);\n"
                    "int main(void) { return io_uring_queue_init(); }\n", ring, f"-Wl,-rpath,{tmp_path}")
    target = examine(shim, program, status=0)
    assert "io-uring" in findings(target, "warning") and target["mode"] == "memfd"
    assert target["functions"]["past"] == 1


def test_kernel_aio_by_its_library(shim, tmp_path):
    aio = build(tmp_path, "libaio.so", "int io_submit(void) { return 0; }\n", "-shared", "-fPIC")
    program = build(tmp_path, "aio", "int io_submit(void);\nint main(void) { return io_submit(); }\n", aio,
                    f"-Wl,-rpath,{tmp_path}")
    target = examine(shim, program, status=0)
    assert findings(target, "warning") == {"past-the-library"} and target["mode"] == "memfd"


@x86
@pytest.mark.parametrize("options", [(), ("-fno-plt",), ("-no-pie", "-fno-pie"), ("-fcf-protection=full",), ("-O0",)])
def test_deep_binding(options, shim, tmp_path):
    code = "#include <dlfcn.h>\nint main(void) { return dlopen(\"libz.so.1\", FLAGS) != 0; }\n"
    for flags, seen in (("RTLD_NOW | RTLD_DEEPBIND", True), ("RTLD_LAZY | RTLD_DEEPBIND | RTLD_LOCAL", True),
                        ("RTLD_NOW", False), ("RTLD_LAZY | RTLD_GLOBAL", False)):
        program = build(tmp_path, "deep", code.replace("FLAGS", flags), "-O2", *options)
        assert findings(examine(shim, program, status=0)) == ({"deepbind"} if seen else set())


OWN_READ = "#include <unistd.h>\nssize_t read(int fd, void *p, size_t n) { return 0; }\n"


@pytest.mark.parametrize("options", [("-rdynamic",), ()])
def test_a_program_with_a_read_of_its_own(options, shim, tmp_path):
    """Exported or not: the program's own definition is found before the library's."""
    program = build(tmp_path, "own", OWN_READ + "int main(void) { return read(0, 0, 0); }\n", *options)
    target = examine(shim, program, status=1)
    assert findings(target) == {"own-definition"} and " read " in message(target, "own-definition")
    hands_on = OWN_READ + '#include <dlfcn.h>\nint main(void) { return dlsym(RTLD_NEXT, "read") == 0; }\n'
    program = build(tmp_path, "hands-on", hands_on, *options)
    assert findings(examine(shim, program, status=0), "warning") == {"own-definition"}
    other = build(tmp_path, "other", OWN_READ.replace(" read(", " my_read(") + MAIN)
    assert not findings(examine(shim, other, status=0))


def test_a_sanitizer_hands_on(shim, tmp_path):
    """AddressSanitizer defines read and open, and calls the next ones: no reason to refuse."""
    program = build(tmp_path, "asan", MAIN, "-fsanitize=address", "-static-libasan")
    if program is None:
        pytest.skip("no static AddressSanitizer")
    assert not findings(examine(shim, program, status=0))


def test_symbolic_libraries(shim, tmp_path):
    """One that defines read and binds to itself passes the library by; without -Bsymbolic it does not."""
    code = OWN_READ + "int use(void) { return read(0, 0, 0); }\n"
    program, library = linked(tmp_path, "symbolic", code, "-Wl,-Bsymbolic")
    target = examine(shim, program, status=0)
    assert findings(target, "warning") == {"symbolic"} and str(library) in message(target, "symbolic")
    program, _ = linked(tmp_path, "open", code)
    assert not findings(examine(shim, program, status=0))


def test_other_preloads(shim, tmp_path):
    other = build(tmp_path, "libother.so", """
        #include <fcntl.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        int open(const char *path, int flags, ...) { return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600); }
        """, "-shared", "-fPIC")
    harmless = build(tmp_path, "liballoc.so", "int nothing;\n", "-shared", "-fPIC")
    program = build(tmp_path, "program", MAIN)
    for value, status, level, id in (
            (f"{other}:{LIBRARY}", 0, "warning", "preload-before"), (f"{LIBRARY}:{other}", 0, "note", "preload-behind"),
            (f"{other}", 0, "note", "preload-behind"), (f"{harmless} {LIBRARY}", 0, None, None),
            (f"{tmp_path}/none.so", 0, "warning", "preload-missing"),
            (f"{tmp_path}/libctshim.so", 1, "problem", "preload-missing")):
        target = examine(shim, program, status=status, env={"LD_PRELOAD": value})
        assert findings(target) == ({id} if id else set()), value
        if id:
            assert findings(target, level) == {id}
        if id in ("preload-before", "preload-behind"):
            assert str(other) in message(target, id) and "open" in message(target, id)


@pytest.mark.parametrize("name", ["libjemalloc.so.2", "libasan.so"])
def test_preloads_that_do_no_harm(name, shim):
    """jemalloc stands in front of nothing of ours; AddressSanitizer does, and hands on."""
    found = subprocess.run(["cc", f"-print-file-name={name}"], capture_output=True, text=True).stdout.strip()
    if "/" not in found:
        pytest.skip(f"{name} is not installed")
    env = {"ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
    for value in (f"{found}:{LIBRARY}", f"{LIBRARY}:{found}", found):
        assert not findings(examine(shim, "cat", status=0, env=env | {"LD_PRELOAD": value}))


def write_script(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_scripts(shim, tmp_path):
    """What counts is the interpreter, through other scripts and through env."""
    cat = write_script(tmp_path / "a", "#!/usr/bin/env -S cat -u\n")
    nested = write_script(tmp_path / "b", f"#!{cat}\n")
    for script in (cat, nested, write_script(tmp_path / "c", "#! /usr/bin/env cat\n")):
        target = examine(shim, script, status=0)
        assert target["kind"] == "script" and os.path.samefile(target["program"], shutil.which("cat"))
    static = build(tmp_path, "static", MAIN, "-static")
    if static is not None:
        assert findings(examine(shim, write_script(tmp_path / "d", f"#!{static}\n"), status=1)) == {"static"}
    for text, id in (("#!/nowhere/sh\n", "not-found"), ("#!/usr/bin/env -S -i cat\n", "environment"),
                     ("#!/usr/bin/env no-such-command\n", "not-found"), (f"#!{tmp_path}/loop\n", "not-a-program")):
        assert id in findings(examine(shim, write_script(tmp_path / "loop", text), status=1), "problem"), text


def test_shell_scripts_that_lose_the_library(shim, tmp_path):
    for line, level in (("unset LD_PRELOAD", "warning"), ("exec env -i cat", "warning"), ("sudo cat", "warning"),
                        ("LD_PRELOAD= cat", "warning"), ("LD_PRELOAD=/x/libctshim.so cat", "note"),
                        ("# unset LD_PRELOAD", "note"), ("exec cat", "note")):
        script = write_script(tmp_path / "s", f"#!/bin/sh\n\n{line}\n")
        target = examine(shim, script, status=0)
        assert findings(target, level) == {"script"} and findings(target) == {"script"}, line
        assert level == "note" or "line 3 " in "".join(f["message"] for f in target["findings"])


def test_commands(shim, tmp_path):
    sudo = tmp_path / "bin" / "sudo"
    sudo.parent.mkdir()
    sudo.write_bytes(build(tmp_path, "program", MAIN).read_bytes())
    sudo.chmod(0o755)
    env = {"PATH": f"{sudo.parent}:{os.environ['PATH']}"}
    for command, id in ((["cat", "x"], None), (["env", "A=b", "cat"], None), (["env", "-i", "cat"], "environment"),
                        (["env", "-u", "LD_PRELOAD", "cat"], "environment"), (["env", "-", "cat"], "environment"),
                        (["env", "-u", "HOME", "cat"], None), (["env", "-S", "-i cat"], "environment"),
                        (["env", "LD_PRELOAD=/x.so", "cat"], "environment"),
                        (["env", "-i", f"LD_PRELOAD={LIBRARY}", "cat"], None),
                        (["env", "env", "-i", "cat"], "environment"),
                        (["sudo", "cat"], "environment"), (["env", "no-such-command"], "not-found")):
        target = examine(shim, "--", *command, status=1 if id else 0, env=env)
        assert findings(target) == ({id} if id else set()), command
        assert target["target"] == " ".join(command)
