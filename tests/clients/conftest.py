"""What every test starts from: built binaries, keys, pairs of plain and encrypted models."""

import itertools
import json
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import models
import reference
import sealer
from configs import Config
from harness import COMMAND, LIBRARY, PROGRAMS, Shim

ALGORITHMS = ("aes128gcm", "aes256gcm", "chacha20poly1305")


def pytest_report_header():
    return [f"ctshim: {LIBRARY}", f"random seed: {models.SEED} (CTSHIM_TEST_SEED sets another)"]


def pytest_sessionstart():
    for built in (LIBRARY, COMMAND):
        if not built.is_file():
            pytest.exit(f"{built}: not there: run make first", returncode=4)


@dataclass(frozen=True)
class Pair:
    """A plain model and its encrypted form."""
    plain: Path
    encrypted: Path
    expected: Path  # the plaintext image of `encrypted`, as the oracle has it
    keys: Path

    @property
    def image(self):
        return self.expected.read_bytes()


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """The home directory of every program that is run."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def shim(home):
    return Shim(home)


@pytest.fixture(scope="session")
def keysets(tmp_path_factory, shim):
    """alg -> key file, made by the command."""
    place = tmp_path_factory.mktemp("keys")
    paths = {}
    for alg in ALGORITHMS:
        paths[alg] = place / f"{alg}.jwk"
        shim.ctshim("keygen", "-o", paths[alg], "--alg", alg, "--enc-kid", "model-key",
                    "--sign-kid", "model-signer").check()
    return paths


@pytest.fixture(scope="session")
def keys(keysets):
    """The key file that most tests use."""
    return keysets["aes256gcm"]


@pytest.fixture(scope="session")
def plain_models(tmp_path_factory):
    """name -> path of a plain model."""
    place = tmp_path_factory.mktemp("plain")
    made = {}

    def get(name):
        if name not in made:
            made[name] = place / f"{name}.safetensors"
            made[name].write_bytes(models.make(name))
        return made[name]

    return get


@pytest.fixture(scope="session")
def pair(tmp_path_factory, shim, keysets, plain_models):
    """Config -> Pair; how it is served makes no difference to the files."""
    place = tmp_path_factory.mktemp("pairs")
    made = {}

    def get(config):
        what = (config.model, config.version, config.alg, config.chunk, config.exclude, config.foreign)
        if what in made:
            return made[what]
        folder = place / str(len(made))
        folder.mkdir()
        plain, encrypted = plain_models(config.model), folder / "model.safetensors"
        keys = keysets[config.alg]
        if config.foreign:
            encrypted.write_bytes(sealer.seal(
                plain.read_bytes(), json.loads(keys.read_text()), version=config.version,
                alg=config.alg, chunk=2 << 20 if config.chunk == "2M" else int(config.chunk)))
        else:
            options = ["--alg", config.alg, "--version", config.version]
            options += ["--chunk-size", config.chunk] if config.version == 2 else []
            options += itertools.chain.from_iterable(("--exclude", g) for g in config.exclude)
            shim.ctshim("encrypt", plain, encrypted, "--keys", keys, *options).check()
        # Under another name and in another place, so that nothing but content can tell.
        expected = folder / "expected.bin"
        expected.write_bytes(reference.image(plain.read_bytes(), encrypted.read_bytes()))
        made[what] = Pair(plain, encrypted, expected, keys)
        return made[what]

    return get


@pytest.fixture(scope="session")
def small(pair):
    """A small model with many chunks."""
    return pair(Config("numpy", chunk="4096"))


@pytest.fixture(scope="session")
def big(pair):
    """A model with several chunks of 2 MiB in one tensor."""
    return pair(Config("big"))


@pytest.fixture
def guarded(tmp_path, plain_models, keys):
    """Seals a small model with a policy: policy, and what sealer.seal() takes -> its path."""
    numbers = itertools.count()

    def get(policy, model="damage", **how):
        path = tmp_path / f"guarded-{next(numbers)}.safetensors"
        path.write_bytes(sealer.seal(plain_models(model).read_bytes(), json.loads(keys.read_text()), chunk=65536,
                                     policy=policy, **how))
        return path

    return get


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A plain model that takes a while: 400 MiB of zeros, without blocks on the disk."""
    path = tmp_path_factory.mktemp("large") / "large.safetensors"
    size = 400 << 20
    head = reference.compact({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}})
    with open(path, "wb") as f:
        f.write(sealer.assemble({}, b"", text=head))
        f.truncate(f.tell() + size)
    yield path
    path.unlink()


@pytest.fixture(scope="session")
def scratch(tmp_path_factory):
    """A new empty directory, each time that it is called."""
    return lambda: tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="session")
def outcomes(shim, pair, scratch):
    """Runs a program of checks once for each combination, with the shim and without it."""
    seen = {}

    def get(checks, config, argv, env=None):
        def run(on, serve):
            what = (checks.source, pair(config), tuple(map(str, argv)), str(env), on, serve)
            if what not in seen:
                files, folder = pair(config), scratch()
                encrypted = folder / "model.safetensors"
                # A copy of its own: a check may try to write to it.
                shutil.copyfile(files.encrypted, encrypted)
                result = shim.run([*argv, encrypted, files.expected, folder], on=on, serve=serve, keys=files.keys,
                                  env={"CTSHIM_LAZY_FROM": "0"} | (env or {}), quiet=False)
                says = checks.outcome(result)
                if on and result.messages:
                    said = f"the checks went well, but the shim said: {result.messages}"
                    says = {n: s if s != "ok" else said for n, s in says.items()}
                seen[what] = says
                shutil.rmtree(folder)
            return seen[what]

        return run(True, config.serve), run(False, None)

    return get


@pytest.fixture(scope="session")
def all_fail(shim, pair, scratch):
    """Runs a program of checks where nothing can be read: with a bit flipped in every byte of the
    data, or without the key. What fails must be the checks, not the program."""

    def run(checks, config, argv, env, damaged):
        files, folder = pair(config), scratch()
        path = folder / "model.safetensors"
        data = bytearray(files.encrypted.read_bytes())
        if damaged:
            start = reference.data_start(data)
            data[start:] = data[start:].translate(bytes(b ^ 1 for b in range(256)))
        path.write_bytes(data)
        result = shim.run([*argv, path, files.expected, folder], serve=config.serve, env=env, quiet=False,
                          keys=files.keys if damaged else None)
        shutil.rmtree(folder)
        # A mapping that is filled where it is touched has no other way to fail than a bus error.
        assert result.status in (0, -signal.SIGBUS if config.serve == "lazy" else 0), result.describe()
        assert any(str(path) in line for line in result.messages), result.describe()
        return checks.outcome(result)

    def get(checks, config, argv, env=None):
        for damaged in (True, False):
            says = run(checks, config, argv, env, damaged)
            assert not [n for n, said in says.items() if n.startswith("check_") and said == "ok"], says

    return get


def compiled(tmp_path_factory, name, sources, options, compiler="cc"):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    program = tmp_path_factory.mktemp("programs") / name
    done = subprocess.run([compiler, "-D_GNU_SOURCE", "-pthread", "-o", program,
                           *options, *(PROGRAMS / s for s in sources)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program


@pytest.fixture(scope="session")
def compile_program(tmp_path_factory):
    """Compile a client; each combination once."""
    made = {}

    def get(*sources, options=("-O1", "-g"), compiler="cc"):
        what = (sources, tuple(options), compiler)
        if what not in made:
            made[what] = compiled(tmp_path_factory, Path(sources[0]).stem, sources, options, compiler)
        return made[what]

    return get


@pytest.fixture(scope="session")
def probe(compile_program):
    """The program that reads one range in every way and says what each gave."""
    return compile_program("probe.c")
