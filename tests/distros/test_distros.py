"""One build, in the library's own words "glibc 2.34 to the newest", on each of them."""

import re
import shutil

import pytest
import test_reach as reach
from bindings import Bindings
from conftest import BUILDS, C_PROGRAMS
from folders import BUILDERS, INSIDE, SERVED

from harness import COMMAND, LIBRARY, Checks
import hooks

everywhere = pytest.mark.parametrize("suite", SERVED)
every_build = pytest.mark.parametrize("builder", BUILDS)
MODEL, EXPECTED = f"{INSIDE}/numpy.safetensors", f"{INSIDE}/numpy.expected"
KEYS, WRONG = f"{INSIDE}/keys.jwk", f"{INSIDE}/wrong.jwk"


def under(place, keys=KEYS):
    """The environment that the library needs."""
    return {"LD_PRELOAD": f"{place}/{LIBRARY.name}", "CRYPTOTENSOR_KEY_JKU": keys}


def content(folder, path):
    return folder.outside(path).read_bytes()


@pytest.mark.parametrize("name", [LIBRARY.name, COMMAND.name])
@pytest.mark.parametrize("builder", BUILDERS)
def test_what_is_built_there(builder, name, built):
    """It is as what is built here: no newer glibc, nothing but libc, hardened, no larger than it must be."""
    one = built(builder) / name
    for test in (reach.test_needs_no_newer_glibc, reach.test_an_older_glibc_has_one_thing_to_say,
                 reach.test_undefined_symbols_are_libcs, reach.test_hardened, reach.test_size):
        test(one)
    assert re.findall(r"\(NEEDED\).*\[(.*)\]", reach.dynamic(one)) == ["libc.so.6"]


@every_build
@everywhere
def test_command(suite, builder, bring):
    folder, place = bring(suite, builder)
    command, scratch = f"{place}/{COMMAND.name}", f"{INSIDE}/scratch"
    folder.run([command, "verify", MODEL, "--keys", KEYS]).check()
    assert folder.run([command, "verify", MODEL, "--keys", WRONG]).status == 1
    folder.run(["rm", "-f", f"{scratch}/again", f"{scratch}/plain"]).check()
    folder.run([command, "encrypt", f"{INSIDE}/numpy.plain", f"{scratch}/again", "--keys", KEYS]).check()
    folder.run([command, "decrypt", f"{scratch}/again", f"{scratch}/plain", "--keys", KEYS]).check()
    assert content(folder, f"{scratch}/plain") == content(folder, f"{INSIDE}/numpy.plain")
    shown = folder.run([command, "run", "--keys", KEYS, "--", "cat", MODEL]).check()
    assert shown.out == content(folder, EXPECTED)


COREUTILS = [
    ["cat", MODEL],
    ["head", "-c", "100000", MODEL],
    ["tail", "-c", "100000", MODEL],
    ["dd", f"if={MODEL}", "bs=4099", "status=none"],
    ["od", "-An", "-tx1", MODEL],
    ["base64", MODEL],
    ["sh", "-c", 'sha256sum <"$0"', MODEL],
    ["sh", "-c", 'cp "$0" "$1" && cat "$1"', MODEL, f"{INSIDE}/scratch/copy"],
]


@pytest.mark.parametrize("argv", COREUTILS, ids=lambda argv: argv[0] if argv[0] != "sh" else argv[2].split()[0])
@every_build
@everywhere
def test_coreutils(suite, builder, argv, bring):
    """As from the plain file; without the library, or with the wrong key, not."""
    folder, place = bring(suite, builder)
    right = folder.run([a.replace(MODEL, EXPECTED) for a in argv]).check().out
    served = folder.run(argv, **under(place)).check()
    assert right and served.out == right and not served.messages, served.describe()
    assert folder.run(argv).out != right
    refused = folder.run(argv, **under(place, WRONG))
    assert refused.status != 0 and refused.messages and MODEL in refused.messages[0], refused.describe()
    assert not refused.out


def checks(folder, place, source, argv, model="numpy"):
    """Run a program of checks with the library and without it; each of them must be as it should."""
    program = Checks(source)
    scratch = f"{INSIDE}/scratch"

    def outcome(**env):
        folder.run(["sh", "-c", f"rm -rf {scratch} && mkdir {scratch} && cp {INSIDE}/{model}.safetensors {scratch}/m"])
        result = folder.run([*argv, f"{scratch}/m", f"{INSIDE}/{model}.expected", scratch], timeout=300, **env)
        return result, program.outcome(result)

    served, shimmed = outcome(**under(place))
    _, bare = outcome()
    assert not served.messages, served.describe()
    wrong = {n: shimmed[n] for n in program.names if shimmed[n] != "ok"}
    wrong |= {n: "holds without the library too" for n in program.names
              if n.startswith("check_") and bare[n] == "ok"}
    wrong |= {n: f"without the library: {bare[n]}" for n in program.names
              if n.startswith("same_") and bare[n] != "ok"}
    assert not wrong


@pytest.mark.parametrize("source", C_PROGRAMS)
@every_build
@everywhere
def test_c_programs(suite, builder, source, bring):
    folder, place = bring(suite, builder)
    checks(folder, place, source, [f"{INSIDE}/{source[:-2]}"])


@every_build
@everywhere
def test_python(suite, builder, bring):
    """Debian's own."""
    folder, place = bring(suite, builder)
    checks(folder, place, "python_io.py", ["/usr/bin/python3", f"{INSIDE}/python_io.py"])


@pytest.mark.parametrize("package, source, model", [
    ("python3-safetensors", "pysafetensors.py", "numpy"),
    ("python3-torch", "pytorch.py", "torch"),
])
@every_build
@everywhere
def test_safetensors(suite, builder, package, source, model, bring):
    """The safetensors and torch that Debian packages."""
    folder, place = bring(suite, builder)
    if not folder.has("python3-safetensors") or not folder.has(package):
        pytest.skip(f"{suite} has no {package}")
    checks(folder, place, source, ["/usr/bin/python3", f"{INSIDE}/{source}"], model)


def other_openssl(folder, giver):
    """The OpenSSL of another suite, in a directory of its own, as conda's Python has one."""
    place = f"{INSIDE}/openssl-{giver.suite}"
    outside = folder.outside(place)
    outside.mkdir(exist_ok=True)
    for name in ("libcrypto.so.3", "libssl.so.3"):
        found = next(p for p in giver.outside("/usr/lib").glob(f"*-linux-gnu/{name}"))
        shutil.copy(found, outside)
    return place


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("suite, giver", [
    ("bookworm", None), ("trixie", None), ("sid", None), ("trixie", "sid"), ("trixie", "bookworm"), ("sid", "trixie"),
])
@every_build
def test_beside_another_openssl(suite, giver, order, builder, bring, folder):
    """Python's ssl works and is its own, whichever libcrypto the process has: the system's, or one that a
    Python brings along, newer or older than ours."""
    guest, place = bring(suite, builder)
    env = under(place)
    if giver is not None:
        env["LD_LIBRARY_PATH"] = other_openssl(guest, folder(giver))
    argv = ["/usr/bin/python3", f"{INSIDE}/guest_crypto.py", MODEL, order]
    probe = guest.run([*argv[:1], "-c", "import ssl; print(ssl.OPENSSL_VERSION)"],
                      **{k: v for k, v in env.items() if k == "LD_LIBRARY_PATH"})
    if giver is not None and probe.status != 0:
        pytest.skip(f"{suite}'s Python does not work with {giver}'s OpenSSL, with or without the library")
    env |= {"LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": f"{INSIDE}/scratch/bound"}
    guest.run(["sh", "-c", f"rm -rf {INSIDE}/scratch && mkdir {INSIDE}/scratch"]).check()
    result = guest.run(argv, **env).check()
    assert result.out == content(guest, EXPECTED)
    assert probe.text.strip() in result.err.decode(), result.describe()
    if giver is not None:
        assert f"openssl-{giver}/libcrypto" in result.err.decode(), result.describe()
    logs = list(guest.outside(f"{INSIDE}/scratch").glob("bound.*"))
    bound = Bindings("".join(p.read_text(errors="replace") for p in logs))
    library = f"{place}/{LIBRARY.name}"
    assert bound.openssl() and library not in bound.openssl()
    assert bound.to(library) <= set(hooks.NAMES)
    # Programs have libc's variables in them, and lead to its allocator; nothing else of theirs is for us.
    others = {name for place, name in bound.of(library) if not place.endswith("/libc.so.6")}
    assert bound.of(library) and others <= {"stdin", "stdout", "stderr", "malloc", "free", "calloc", "realloc"}


@every_build
def test_an_older_glibc_says_one_thing(builder, bring):
    folder, place = bring("bullseye", builder)
    for argv, env in ((["cat", MODEL], under(place)), ([f"{place}/{COMMAND.name}", "--version"], {})):
        result = folder.run(argv, **env)
        lines = result.err.decode().splitlines()
        assert result.status != 0 and not result.out, result.describe()
        assert len(lines) == 1 and re.search(r"version `GLIBC_2\.34' not found \(required by .*ctshim", lines[0]), lines
    assert folder.run(["cat", MODEL]).check().out == content(folder, MODEL)
