"""Access policies in files: who may load, in which order things are checked, and what is said of a denial."""

import json
import subprocess

import pytest

import sealer
from policies import denied, digest, load

READ = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"


@pytest.fixture(scope="module")
def wanted(shim, plain_models):
    return digest(shim, plain_models("damage"))


ALLOWING = {
    "v1": "package model\n\nallow if 1 < 2\n",
    "the default rule": "package model\n\ndefault allow := true\n\nallow := false if input.nothing\n",
    "v0": "package model\n\ndefault allow = false\n\nallow { input.model.version == 2 }\n",
    "another package": "package a.b.c\n\nallow if input.model.cipher == \"aes256gcm\"\n",
    "the format's own": "package cryptotensors\n\ndefault allow = false\n\nallow { input.timestamp > \"2020\" }\n",
    "with a helper": "package model\n\nallow if new(input.model)\n\nnew(m) if m.version >= 2\n",
    "imports": "package model\n\nimport rego.v1\n\nallow if \"a\" in {\"a\", \"b\"}\n",
}

DENYING = {
    "false": ("package model\n\nallow := false\n", "data.model.allow is false"),
    "undefined": ("package model\n\nallow if 1 > 2\n", "data.model.allow is undefined"),
    "no such rule": ("package model\n\nallowed := true\n", "data.model.allow is undefined"),
    "its package's rule": ("package a.b\n\nx := true\n", "data.a.b.allow is undefined"),
    "a string": ('package model\n\nallow := "true"\n', 'data.model.allow is "true", which is not true'),
    "a number": ("package model\n\nallow := 1\n", "data.model.allow is 1, which is not true"),
    "a set": ("package model\n\nallow contains true\n", "data.model.allow is [true], which is not true"),
    "null": ("package model\n\nallow := null\n", "data.model.allow is null, which is not true"),
    "v0, undefined": ("package model\n\nallow { input.day == \"sunday\" }\n", "data.model.allow is undefined"),
    "no Rego": ("package model\n\nallow if {\n", "line "),
    "empty": ("", "rego_parse_error"),
    "unsafe": ("package model\n\nallow if x > 1\n", "line 3, column 10: rego_unsafe_var_error"),
    "no such function": ("package model\n\nallow if nowhere.send({})\n", "rego_type_error"),
    "recursion": ("package model\n\nallow if f(1)\n\nf(x) := f(x)\n", "rego_recursion_error"),
    "conflict": ("package model\n\nallow := true\n\nallow := false\n", "eval_conflict_error"),
    "a builtin that fails": ('package model\n\nallow if not to_number("x") == 1\n', "eval_builtin_error"),
}


@pytest.mark.parametrize("name", ALLOWING)
def test_allows(name, shim, keys, guarded, wanted):
    result = load(shim, guarded(ALLOWING[name]), keys)
    assert result.text.split() == [wanted] and not result.messages, result.describe()


@pytest.mark.parametrize("name", DENYING)
def test_denies(name, shim, keys, guarded):
    policy, says = DENYING[name]
    model = guarded(policy)
    result = denied(load(shim, model, keys), model, "the policy in the file", says)
    assert len(result.messages) == 2  # it was opened twice


@pytest.mark.parametrize("serve", ["eager", "lazy", "memfd"])
def test_every_way_in(serve, shim, keys, guarded):
    """Each is refused, and each would be served but for the policy."""
    program = """
import ctypes, errno, os, sys
def ways():
    yield lambda: open(sys.argv[1], "rb").close()
    yield lambda: os.close(os.open(sys.argv[1], os.O_RDONLY))
    libc = ctypes.CDLL(None, use_errno=True)
    def fopen():
        libc.fopen.restype = ctypes.c_void_p
        if not libc.fopen(sys.argv[1].encode(), b"r"):
            raise OSError(ctypes.get_errno(), "fopen")
    yield fopen
for way in ways():
    try:
        way()
        print("ok")
    except OSError as e:
        print(errno.errorcode[e.errno])
"""
    for policy, says in (("package model\n\nallow := false\n", "EACCES"), ("package model\n\nallow if true\n", "ok")):
        result = shim.python(program, guarded(policy), keys=keys, serve=serve, quiet=False)
        assert result.text.split() == [says] * 3, result.describe()


def test_standard_input(shim, keys, guarded):
    for policy, allowed in (("package model\n\nallow if false\n", False), ("package model\n\nallow if true\n", True)):
        model = guarded(policy)
        with open(model, "rb") as f:
            result = shim.run(["cat"], keys=keys, stdin=f, quiet=False)
        assert (result.status == 0) == allowed and (len(result.out) > 0) == allowed, result.describe()
        assert any("the policy in the file" in line for line in result.messages) == (not allowed)


def test_signature_before_policy_before_keys(shim, keys, guarded, tmp_path):
    """A policy that nobody signed is not asked; where a policy denies, no key is tried."""
    deny = "package model\n\nallow := false\n"

    model = guarded(deny)
    data = bytearray(model.read_bytes())
    at = data.index(b"allow := false")
    data[at:at + 5] = b"Allow"
    model.write_bytes(data)
    assert "bad signature" in load(shim, model, keys).messages[0]
    # The right signer, and a master key of the right name that opens nothing.
    both = json.loads(keys.read_text())
    other = sealer.new_keys(enc_kid="x", sign_kid="y", seed=4711)
    for key in both["keys"]:
        if key["kty"].lower() == "oct":
            key["k"] = next(k["k"] for k in other["keys"] if k["kty"].lower() == "oct")
    wrong = tmp_path / "wrong.jwk"
    wrong.write_text(json.dumps(both))
    wrong.chmod(0o600)
    allow = "package model\n\nallow if true\n"
    for policy, says in ((deny, "data.model.allow is false"), (allow, "wrong master key")):
        assert says in load(shim, guarded(policy), wrong).messages[0]


def test_each_opening_is_judged(shim, keys, guarded):
    """Also of a file that the process has open; and what is open stays open."""
    program = """
import os, sys
seen = []
for stage in ("production", "development", "production", None):
    if stage:
        os.environ["CTSHIM_ENVIRONMENT"] = stage
    else:
        del os.environ["CTSHIM_ENVIRONMENT"]
    try:
        seen.append(open(sys.argv[1], "rb"))
        print("open")
    except PermissionError:
        print("denied")
print(len({f.read() for f in seen}), len(seen))
"""
    model = guarded('package model\n\nallow if input.environment == "production"\n')
    result = shim.python(program, model, keys=keys, quiet=False).check()
    assert result.text.split() == ["open", "denied", "open", "denied", "1", "2"], result.describe()
    assert len(result.messages) == 2


def test_a_child_has_what_its_parent_opened(shim, keys, guarded):
    """What a process inherits is open; what another program inherits by exec is judged when it meets it."""
    program = """
import os, subprocess, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
os.set_inheritable(fd, True)
os.environ["CTSHIM_ENVIRONMENT"] = "development"
pid = os.fork()
if pid == 0:
    os._exit(0 if os.pread(fd, 8, 0) == os.pread(fd, 8, 0) else 1)
print(os.waitpid(pid, 0)[1])
print(subprocess.run([sys.executable, "-c", f"import os; os.pread({fd}, 8, 0)"], close_fds=False,
                     stderr=subprocess.PIPE).stderr.count(b"PermissionError"))
"""
    model = guarded('package model\n\nallow if input.environment == "production"\n')
    env = {"CTSHIM_ENVIRONMENT": "production"}
    result = shim.python(program, model, keys=keys, env=env, quiet=False).check()
    assert result.text.split() == ["0", "1"], result.describe()


def test_threads_with_little_stack(shim, keys, guarded, compile_program):
    """The evaluation does not run on the stack of whoever opens."""
    program = compile_program("small_stack.c")
    deep = "package model\n\n" + "".join(f"r{i} := {'(' * 20}r{i + 1}{')' * 20}\n" for i in range(30)) + (
        "r30 := 1\n\nallow if r0 == 1\n")
    model = guarded(deep)
    result = shim.run([program, model], keys=keys, quiet=False)
    assert result.status == 0 and result.text.split() == ["0"], result.describe()
    refused = shim.run([program, guarded(deep.replace("allow if r0 == 1", "allow := false"))], keys=keys, quiet=False)
    assert refused.text.split() == ["13"], refused.describe()


def test_many_threads_at_once(shim, keys, guarded):
    program = """
import sys, threading
got = []
def read():
    for _ in range(5):
        with open(sys.argv[1], "rb") as f:
            got.append(f.read())
threads = [threading.Thread(target=read) for _ in range(16)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(got), len(set(got)))
"""
    model = guarded("package model\n\nallow if count(numbers.range(1, 1000)) == 1000\n")
    assert shim.python(program, model, keys=keys).check().text.split() == ["80", "1"]


def test_default_policy_costs_nothing(shim, keys, guarded, tmp_path):
    """Nothing is read and asked for it that input is made of."""
    strace = subprocess.run(["sh", "-c", "command -v strace"], capture_output=True, text=True).stdout.strip()
    if not strace:
        pytest.skip("strace is not installed")

    def trace(policy):
        log = tmp_path / "trace"
        env = shim.env(keys=keys)
        shim.run([strace, "-f", "-o", log, "env", f"LD_PRELOAD={env['LD_PRELOAD']}", "cat", guarded(policy)], on=False,
                 keys=keys).check()
        return log.read_text(errors="replace")

    marks = ("/proc/self/cmdline", "/etc/machine-id")
    assert not any(mark in trace(sealer.DEFAULT_POLICY) for mark in marks)
    assert all(mark in trace("package model\n\nallow if input.process.pid > 0\n") for mark in marks)


def test_rewrap_to_another_policy(shim, keys, guarded, tmp_path):
    """The owner exchanges a policy that denies everybody, himself included, without being asked."""
    model = guarded("package model\n\nallow := false\n")
    policy = tmp_path / "other.rego"
    denied(load(shim, model, keys), model, "is false")
    policy.write_text('package model\n\nallow if input.environment == "production"\n')
    shim.ctshim("rewrap", model, "--keys", keys, "--new-keys", keys, "--policy", policy).check()
    denied(load(shim, model, keys), model, "is undefined")
    assert not load(shim, model, keys, env={"CTSHIM_ENVIRONMENT": "production"}).messages
    policy.write_text("package model\n\nallow := \n")
    sealed = model.read_bytes()
    result = shim.ctshim("rewrap", model, "--keys", keys, "--new-keys", keys, "--policy", policy).check(1)
    assert f"{policy}, line " in result.messages[0] and model.read_bytes() == sealed


@pytest.mark.parametrize("which", ["decrypt", "verify"])
def test_the_command_asks_too(which, shim, keys, guarded, tmp_path):
    model = guarded('package model\n\nallow if input.environment == "production"\n')
    argv = [which, model, *([tmp_path / "plain"] if which == "decrypt" else []), "--keys", keys]
    result = shim.ctshim(*argv).check(1)
    assert "data.model.allow is undefined" in result.text + result.err.decode()
    assert not (tmp_path / "plain").exists()
    shim.ctshim(*argv, env={"CTSHIM_ENVIRONMENT": "production"}).check()


def test_verify_without_the_policy(shim, keys, guarded):
    model = guarded("package model\n\nallow := false\n")
    shim.ctshim("verify", model, "--keys", keys).check(1)
    shim.ctshim("verify", model, "--keys", keys, "--no-policy").check()
    data = bytearray(model.read_bytes())
    data[-1] ^= 1
    model.write_bytes(data)
    shim.ctshim("verify", model, "--keys", keys, "--no-policy").check(1)
