"""Beside a Python with an OpenSSL of its own, as conda's: what works without the library works under it, and each
symbol is bound to whom it belongs. (make check-distros does the same with newer and older copies.)"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bindings import Bindings
import hooks

from harness import LIBRARY, PROGRAMS

GUEST = PROGRAMS / "guest_crypto.py"
PYTHONS = pytest.mark.parametrize("python", [sys.executable, "/usr/bin/python3"], ids=["tests", "system"])


def libraries(python, shim, search=None):
    """The libcrypto and libssl that this Python uses, from `search` if it looks there; none when they are
    inside it."""
    look = "import ssl; print(open('/proc/self/maps').read())"
    maps = shim.python(look, python=python, on=False, env={"LD_LIBRARY_PATH": search}).check().text
    return sorted(set(re.findall(r"/\S+/lib(?:ssl|crypto)\S*", maps)))


@pytest.fixture(params=["its own", "brought along"])
def search(request, tmp_path):
    """LD_LIBRARY_PATH, by which a Python finds a copy; None: where it always finds it."""
    return tmp_path / "lib" if request.param == "brought along" else None


@pytest.mark.parametrize("order", ["before", "after"])
@PYTHONS
def test_symbols_go_where_they_belong(python, order, search, shim, small, tmp_path):
    if shutil.which(python) is None:
        pytest.skip(f"{python} is not installed")
    found = libraries(python, shim)
    if not found:
        pytest.skip("its OpenSSL is inside it")
    if search is not None:
        search.mkdir()
        for path in found:
            shutil.copy(path, search)
        if not any(str(search) in p for p in libraries(python, shim, search)):
            pytest.skip("this Python does not look there")
    log = tmp_path / "bound"
    result = shim.run([python, GUEST, small.encrypted, order], keys=small.keys, env={
        "LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": log, "LD_LIBRARY_PATH": search}).check()
    assert result.out == small.image
    if search is not None:
        assert f" {search}/" in result.err.decode(), result.describe()
    bound = Bindings("".join(p.read_text(errors="replace") for p in tmp_path.glob("bound.*")))
    assert bound.openssl() and str(LIBRARY) not in bound.openssl()
    assert bound.to(str(LIBRARY)) and bound.to(str(LIBRARY)) <= set(hooks.NAMES)
    others = {name for place, name in bound.of(str(LIBRARY)) if not place.endswith("/libc.so.6")}
    assert others <= {"stdin", "stdout", "stderr", "malloc", "free", "calloc", "realloc"}


def test_what_is_read_would_show_a_stray_symbol(tmp_path):
    """A library that shows its copy of a symbol is bound to: the test above would see it."""
    if shutil.which("cc") is None:
        pytest.skip("no compiler")
    source, stray, program = tmp_path / "stray.c", tmp_path / "libstray.so", tmp_path / "program"
    source.write_text("unsigned long OpenSSL_version_num(void) { return 1; }")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", stray, source], check=True)
    (tmp_path / "main.c").write_text(
        "unsigned long OpenSSL_version_num(void); int main(void) { return OpenSSL_version_num() != 1; }")
    done = subprocess.run(["cc", "-o", program, tmp_path / "main.c", "-lcrypto"], capture_output=True)
    if done.returncode != 0:
        pytest.skip("no libcrypto to link with")
    subprocess.run([program], check=True, env={"LD_PRELOAD": str(stray), "LD_DEBUG": "bindings",
                                               "LD_DEBUG_OUTPUT": str(tmp_path / "out")})
    bound = Bindings("".join(p.read_text(errors="replace") for p in Path(tmp_path).glob("out.*")))
    assert str(stray) in bound.openssl() and bound.to(str(stray)) == {"OpenSSL_version_num"}
