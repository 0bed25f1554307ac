"""The document `input`, field by field, compared with what the process finds out about itself by other means."""

import json
import mmap
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

from policies import PAGE

# Each: the field, and an expression in the process that opens the model.
FIELDS = {
    "model.path": "os.path.realpath(sys.argv[1])",
    "model.name": "os.path.basename(sys.argv[1])",
    "model.size": "os.path.getsize(sys.argv[1])",
    "model.enc_kid": "'model-key'",
    "model.sign_kid": "'model-signer'",
    "model.version": "2",
    "model.cipher": "'aes256gcm'",
    "model.tensors": "4",
    "model.encrypted_tensors": "3",
    "model.metadata": "{'format': 'pt', 'note': 'line\\nbreak, \"quotes\", \\u00e9'}",
    "process.pid": "os.getpid()",
    "process.executable": "os.readlink('/proc/self/exe')",
    "process.sha256": "hashlib.sha256(open('/proc/self/exe', 'rb').read()).hexdigest()",
    "process.argv": "open('/proc/self/cmdline').read().split('\\0')[:-1]",
    "process.cwd": "os.getcwd()",
    "process.uid": "os.geteuid()",
    "process.gid": "os.getegid()",
    "process.groups": "os.getgroups()",
    "process.user": "pwd.getpwuid(os.geteuid()).pw_name",
    "process.parent.pid": "os.getppid()",
    "process.parent.executable": "os.readlink(f'/proc/{os.getppid()}/exe')",
    "process.cgroup": "[l.rstrip('\\n').split(':', 2)[2] for l in open('/proc/self/cgroup') if l.startswith('0::')][0]",
    "host.name": "os.uname().nodename",
    "host.kernel": "os.uname().release",
    "host.arch": "os.uname().machine",
    "host.machine_id": "open('/etc/machine-id').read().strip()",
    "environment": "'here and there'",
    "env": "{'FACT': os.environ['FACT'], 'SHOWN': 'a \\u00e9 \"b\"'}",
    "custom": "{'deployment': [1, {'a': None}]}",
    "custom.deployment[1]": "{'a': None}",
    "timestamp": "None",
}

OPEN = """
import hashlib, json, os, pwd, sys
fact = %s
if "FACT" not in os.environ:
    os.environ["FACT"] = json.dumps([fact, 1][int(sys.argv[2])] if sys.argv[2] != "0" else fact)
open(sys.argv[1], "rb").close()
"""

ENV = {
    "CTSHIM_POLICY_ENV": "FACT, SHOWN,UNSET", "SHOWN": 'a \u00e9 "b"', "HIDDEN": "secret",
    "CTSHIM_ENVIRONMENT": "here and there", "CTSHIM_POLICY_INPUT": ' {"deployment": [1, {"a": null}]}\n',
}


def opened(shim, model, keys, policy, code, *args, env=None):
    """Is it allowed?"""
    env = ENV | {"CTSHIM_POLICY": policy} | (env or {})
    result = shim.python(code, model, *args, keys=keys, quiet=False, env=env)
    assert (result.status == 0) == (not result.messages), result.describe()
    assert result.status == 0 or (b"PermissionError" in result.err and "the operator's policy" in result.messages[0]), (
        result.describe())
    return result.status == 0


@pytest.fixture
def model(guarded):
    return guarded("package model\nallow = true", names=("first", "second", "tiny"))


@pytest.mark.parametrize("field", [f for f in FIELDS if f not in ("timestamp", "env")])
def test_field(field, shim, keys, model):
    """It is equal to what the process says; and the comparison can fail."""
    if field == "host.machine_id" and not os.path.exists("/etc/machine-id"):
        pytest.skip("/etc/machine-id is not there")
    policy = f"package site\n\nallow if input.{field} == json.unmarshal(input.env.FACT)\n"
    code = OPEN % FIELDS[field]
    assert opened(shim, model, keys, policy, code, "0")
    assert not opened(shim, model, keys, policy, code, "1")


def test_env(shim, keys, model):
    """What is named and set, and nothing else."""
    allow = "package site\n\nallow if input.env == {\"SHOWN\": \"a \u00e9 \\\"b\\\"\"}\n"
    code = "import sys\nopen(sys.argv[1], 'rb')"
    for names, allowed in (("SHOWN", True), ("SHOWN:UNSET", True), (" SHOWN\tSHOWN2,", True), ("HIDDEN", False),
                           ("", False)):
        assert opened(shim, model, keys, allow, code, env={"CTSHIM_POLICY_ENV": names}) == allowed, names


def test_time(shim, keys, model):
    code = "import os, sys, time\nos.environ['FACT'] = str(time.time_ns() + int(sys.argv[2]))\nopen(sys.argv[1], 'rb')"
    policy = """package site
allow if {
	input.time.ns == time.now_ns()
	now := to_number(input.env.FACT)
	input.time.ns - now < 60000000000
	now - input.time.ns < 60000000000
	input.timestamp == input.time.rfc3339
	regex.match(`^2\\d{3}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`, input.timestamp)
	seconds := time.parse_rfc3339_ns(input.timestamp)
	seconds <= input.time.ns
	input.time.ns - seconds < 1000000000
}
"""
    assert opened(shim, model, keys, policy, code, "0")
    assert not opened(shim, model, keys, policy, code, "100000000000")


def addresses():
    """By other means than the library's."""
    found, last = set(), None
    for line in open("/proc/net/fib_trie"):
        if "|--" in line:
            last = line.split()[-1]
        elif "host LOCAL" in line and not last.startswith("127."):
            found.add(last)
    import ipaddress
    for line in open("/proc/net/if_inet6") if os.path.exists("/proc/net/if_inet6") else ():
        found.add(str(ipaddress.IPv6Address(int(line.split()[0], 16))))
    return found - {"::1"}


def test_addresses(shim, keys, model):
    code = "import sys\nopen(sys.argv[1], 'rb')"
    policy = "package site\n\nallow if {a | some a in input.host.addresses} == {a | some a in %s}\n"
    here = sorted(addresses())
    assert opened(shim, model, keys, policy % json.dumps(here), code)
    assert not opened(shim, model, keys, policy % json.dumps([*here, "192.0.2.254"]), code)


def test_addresses_without_any(shim, keys, model):
    """In a network namespace of its own, where only loopback is."""
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode != 0:
        pytest.skip("no network namespace can be made here")
    for policy, allowed in (("input.host.addresses == []", True), ("count(input.host.addresses) > 0", False)):
        env = ENV | {"CTSHIM_POLICY": f"package site\n\nallow if {policy}\n"}
        result = shim.run(["unshare", "-n", "cat", model], keys=keys, env=env, quiet=False)
        assert (result.status == 0) == allowed, result.describe()


FRAMEWORK = "package site\n\nallow if {\n\tinput.framework == \"%s\"\n\tinput.frameworks == [\"%s\"]\n}\n"


def test_framework_torch(shim, keys, model):
    torch = pytest.importorskip("torch")
    policy = FRAMEWORK % ("pytorch", "pytorch")
    policy += f'\nallow := false if input.framework_version != "{torch.__version__}"\n'
    assert opened(shim, model, keys, policy, "import sys, torch\nopen(sys.argv[1], 'rb')")
    assert not opened(shim, model, keys, policy, "import sys\nopen(sys.argv[1], 'rb')")
    nothing = "package site\n\nallow if {\n\tnot input.framework\n\tinput.frameworks == []\n}\n"
    assert opened(shim, model, keys, nothing, "import sys\nopen(sys.argv[1], 'rb')")


@pytest.mark.parametrize("name, library", [
    ("tensorflow", "libtensorflow_framework.so.2"), ("jax", "libjax_common.so"), ("paddle", "libpaddle.so"),
    ("mlx", "libmlx.so"), ("onnxruntime", "libonnxruntime.so.1.20.1"), ("llama.cpp", "libllama.so")])
def test_framework_by_its_library(name, library, shim, keys, model, tmp_path):
    """Code that is mapped from a file of that name; data is not enough."""
    (tmp_path / library).write_bytes(bytes(mmap.PAGESIZE))
    code = ("import mmap, os, sys\nf = os.open(sys.argv[2], os.O_RDONLY)\n"
            "m = mmap.mmap(f, 0, mmap.MAP_PRIVATE, mmap.PROT_READ | int(sys.argv[3]))\nopen(sys.argv[1], 'rb')")
    policy = FRAMEWORK % (name, name)
    assert opened(shim, model, keys, policy, code, tmp_path / library, str(mmap.PROT_EXEC))
    assert not opened(shim, model, keys, policy, code, tmp_path / library, "0")


def test_container(shim, keys, model, tmp_path):
    """What podman leaves in a container tells its image."""
    if subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "x", "/run"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespace can be made here")
    ident = "0123456789abcdef" * 4
    (tmp_path / "env").write_text(
        f'engine="podman-4.3.1"\nname="model"\nid="{ident}"\nimage="registry.example.com/i:1"\n')
    policy = """package site

allow if {
	c := input.process.container
	c.runtime == "podman"
	c.name == "model"
	c.image == "registry.example.com/i:1"
}
"""
    script = f"mount -t tmpfs x /run && cp {tmp_path}/env /run/$1 && shift && exec cat {model}"
    for name, allowed in ((".containerenv", True), ("other", False)):
        result = shim.run(["unshare", "-m", "sh", "-c", script, "sh", name], keys=keys,
                          env=ENV | {"CTSHIM_POLICY": policy}, quiet=False)
        assert (result.status == 0) == allowed, result.describe()


def test_custom_from_a_file(shim, keys, model, tmp_path):
    file, code = tmp_path / "input.json", "import sys\nopen(sys.argv[1], 'rb')"
    policy = 'package site\n\nallow if input.custom.licence == "l-1"\n'
    for text, allowed in (('{"licence": "l-1"}\n', True), ('{"licence": "l-2"}', False), ('"l-1"', False)):
        file.write_text(text)
        assert opened(shim, model, keys, policy, code, env={"CTSHIM_POLICY_INPUT": file}) == allowed


def test_absent_fields_are_undefined(shim, keys, model):
    code = "import sys\nopen(sys.argv[1], 'rb')"
    for field in ("environment", "custom", "env.FACT", "framework", "process.container.image", "nonsense"):
        env = {"CTSHIM_ENVIRONMENT": None, "CTSHIM_POLICY_INPUT": None}
        assert opened(shim, model, keys, f"package site\n\nallow if not input.{field}\n", code, env=env), field
        assert not opened(shim, model, keys, f"package site\n\nallow if input.{field}\n", code, env=env), field


def test_names_that_are_no_utf8(shim, keys, model, tmp_path):
    """They do not break the document."""
    other = os.path.join(os.fsencode(tmp_path), b"m\xff\x01\"\\.safetensors")
    shutil.copyfile(os.fsencode(model), other)
    program = "import os, sys\nopen(os.fsencode(sys.argv[1]), 'rb')"
    policy = 'package site\n\nallow if endswith(input.model.path, "/m\ufffd\\u0001\\"\\\\.safetensors")\n'
    env = ENV | {"CTSHIM_POLICY": policy}
    result = shim.run([sys.executable, "-c", program, os.fsdecode(other)], keys=keys, env=env, quiet=False)
    assert result.status == 0, result.describe()


def test_a_user_without_a_name(shim, keys, model):
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody without a name")
    code = "import os, sys\nos.setgroups([7, 8])\nos.setgid(54321)\nos.setuid(54322)\nopen(sys.argv[1], 'rb')"
    policy = """package site

allow if {
	not input.process.user
	input.process.uid == 54322
	input.process.gid == 54321
	{g | some g in input.process.groups} == {7, 8}
}
"""
    env = {"CRYPTOTENSOR_KEYS": keys.read_text()}
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are its user's alone
        os.chmod(folder, 0o755)
        shared = shutil.copyfile(model, os.path.join(folder, "model.safetensors"))
        assert opened(shim, shared, None, policy, code, env=env)
        assert not opened(shim, shared, None, policy, "import sys\nopen(sys.argv[1], 'rb')", env=env)


def test_every_documented_field_is_tested():
    """The page's table and the tests name the same fields."""
    text = PAGE.read_text().split("## The document `input`")[1].split("## Variables")[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `input")]
    named = set()
    for row in rows:
        first, *others = [part.strip().strip("`") for part in row.replace("\u2020", "").split(",")]
        first = first.removeprefix("input.")
        named |= {first} | {(first.rsplit(".", 1)[0] + o if "." in first else o.lstrip(".")) for o in others}
    elsewhere = {"time.rfc3339", "time.ns", "host.addresses", "framework", "framework_version", "frameworks",
                 "process.container"}
    assert named == {f for f in FIELDS if "[" not in f} | elsewhere
