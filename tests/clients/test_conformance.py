"""The conformance program: every call, on the plain file without the library and on its encrypted twin with it.

The two outputs are equal line by line, but for what deviations.py lists and explains.
"""

import fnmatch
import re
import shutil
from collections import Counter

import pytest

import hooks
import models
from configs import SERVING_MODES, Config
from deviations import DEVIATIONS
from harness import LIBRARY, PROGRAMS

SOURCES = sorted((p.name for p in PROGRAMS.glob("conform*.c")), key=lambda name: (name != "conform.c", name))
TOPICS = re.findall(r"^TOPIC\((\w+)\)", "".join((PROGRAMS / s).read_text() for s in SOURCES), re.M)
CHUNKS, WHOLE = Config("numpy", 2, chunk="4096"), Config("numpy", 1)
PARTLY = Config("numpy", 2, chunk="4096", exclude=("weight", "layer.1.*"))
PLAIN = ("-O1", "-g", "-w")
EARLY = ("-O1", "-g", "-w", "-shared", "-fPIC", "-DEARLY")
FORTIFIED = ("-O2", "-g", "-w", "-D_FILE_OFFSET_BITS=64", "-D_FORTIFY_SOURCE=2")
BIG = Config("big", 2)
RUNS = [(CHUNKS, PLAIN), (CHUNKS, FORTIFIED), (WHOLE, PLAIN), (PARTLY, PLAIN), (BIG, PLAIN)]

# What these do has nothing to do with a model's bytes: ciphertext gives the same lines.
WITHOUT_BYTES = {"seek_sparse", "open_facts"}

every_run = pytest.mark.parametrize("config, options", RUNS, ids=["chunks", "fortified", "v1", "partly", "big"])
every_topic = pytest.mark.parametrize("topic", TOPICS)
every_mode = pytest.mark.parametrize("mode", SERVING_MODES)


def lines_of(result):
    """key -> what the line says. What comes several times is numbered."""
    seen, lines = Counter(), {}
    for line in result.check().text.splitlines():
        name, what, says = line.split(" | ", 2)
        key = f"{name} | {what}"
        seen[key] += 1
        lines[key if seen[key] == 1 else f"{key} #{seen[key]}"] = says
    assert lines, result.describe()
    return lines


@pytest.fixture(scope="module")
def says(shim, pair, scratch, compile_program):
    """What the program prints, each combination once. No mode: without the library."""
    done = {}

    def run(program, topic, folder, mode, keys, early):
        env = {"SEED": models.SEED, "CTSHIM_LAZY_FROM": "0"} | ({"LD_PRELOAD": f"{LIBRARY}:{program}"} if early else {})
        return shim.run([shutil.which("true") if early else program, topic, folder], on=mode is not None, serve=mode,
                        keys=keys, env=env, quiet=False)

    def prepare(model):
        folder = scratch()
        for name in ("model", "model.1", "model.2", "model.3", "model.4"):
            shutil.copyfile(model, folder / name)
            (folder / name).chmod(0o644)
        (folder / "link").symlink_to("model")
        (folder / "other").write_bytes(b"".join(b"%d\n" % n for n in range(20000)))
        return folder

    def get(topic, config, options, mode, encrypted=True):
        what = (topic, config, options, mode, encrypted)
        if what not in done:
            files = pair(config)
            folder = prepare(files.encrypted if encrypted else files.expected)
            program = compile_program(*SOURCES, options=options)
            done[what] = lines_of(run(program, topic, folder, mode, files.keys, early=options is EARLY))
            shutil.rmtree(folder)
        return done[what]

    return get


def matching(mode, key, shown):
    """The deviation that explains a line; None when there is none."""
    return next((d for d in DEVIATIONS
                 if mode in d.modes and fnmatch.fnmatchcase(key, d.key)
                 and (shown is None if d.says is None else shown is not None and fnmatch.fnmatchcase(shown, d.says))),
                None)


def compare(plain, shimmed, mode):
    """The deviations that occur, and the differences that nothing explains."""
    occur, unexplained = set(), []
    for key in [*plain, *(k for k in shimmed if k not in plain)]:
        want, got = plain.get(key), shimmed.get(key)
        if want == got:
            continue
        deviation = matching(mode, key, got)
        if deviation is None:
            unexplained.append(f"{key}\n    plain: {want}\n    {mode}: {got}")
        else:
            occur.add(deviation)
    order = [k for k in shimmed if k in plain] == [k for k in plain if k in shimmed]
    return occur, unexplained if order else [*unexplained, "the lines come in another order"]


@every_mode
@every_run
@every_topic
def test_topic(topic, config, options, mode, says):
    _, unexplained = compare(says(topic, config, options, None, encrypted=False),
                             says(topic, config, options, mode), mode)
    assert not unexplained, "\n".join(unexplained)


@pytest.mark.parametrize("config", [CHUNKS, WHOLE], ids=["chunks", "v1"])
@every_topic
def test_ciphertext_differs(topic, config, says):
    """Without the library the encrypted file gives other lines: the topic looks at bytes."""
    plain, bare = (says(topic, config, PLAIN, None, encrypted=e) for e in (False, True))
    assert (plain == bare) == (topic in WITHOUT_BYTES)


@every_mode
@every_topic
def test_before_the_constructor(topic, mode, says):
    """In another library's constructor, before the library itself was started, everything is the same."""
    assert says(topic, CHUNKS, EARLY, mode) == says(topic, CHUNKS, PLAIN, mode)


def test_that_is_before_the_constructor(shim, compile_program):
    program = compile_program(*SOURCES, options=EARLY)
    env = {"LD_PRELOAD": f"{LIBRARY}:{program}", "LD_DEBUG": "files"}
    done = shim.run([shutil.which("true")], env=env, quiet=False)
    starts = re.findall(r"calling init: (\S+)", done.err.decode())
    assert str(program) in starts and str(LIBRARY) not in starts


@every_mode
def test_every_deviation_occurs(mode, says):
    """What no longer differs is to be struck from the list."""
    occur = set()
    for topic in TOPICS:
        for config, options in RUNS:
            occur |= compare(says(topic, config, options, None, encrypted=False),
                             says(topic, config, options, mode), mode)[0]
    missing = [d.key for d in DEVIATIONS if mode in d.modes and not d.sometimes and d not in occur]
    assert not missing


def test_every_hook_is_called(says):
    """Each name that the library stands in front of is one that the program prints lines of."""
    called = {key.split(" | ")[0] for topic in TOPICS for key in says(topic, CHUNKS, PLAIN, None, encrypted=False)}
    assert not set(hooks.NAMES) - called
