"""ctshim rewrap: other keys for files whose tensor data stays where it is."""

import json
import os
import shutil

import pytest

import reference
import sealer
from harness import COMMAND
from rotation import prepare

LONG_KID = "k" * 5000  # fits no padding: the file is written anew
WAYS = {"in place": "new", "into a new file": LONG_KID}
DENY = "package model\nallow = false\n"
KEYED = [("2", "aes256gcm"), ("2", "aes128gcm"), ("1", "chacha20poly1305")]


def body(data):
    return data[reference.data_start(data):]


@pytest.fixture(params=WAYS)
def rotation(request, shim, tmp_path, plain_models):
    made = prepare(shim, tmp_path, plain_models("damage"), "--chunk-size", "1000", new_kid=WAYS[request.param])
    return made, request.param


def test_only_keys_change(rotation, shim):
    rotation, way = rotation
    before, inode = rotation.before, rotation.model.stat()
    result = rotation.rewrap().check()
    after = rotation.model.read_bytes()
    assert result.text.startswith(f"{rotation.model}: rewrapped {way}: master key old -> {WAYS[way]}"), result.text
    assert body(after) == body(before) and after != before
    assert (rotation.model.stat().st_ino == inode.st_ino) == (way == "in place")
    assert (len(after) == len(before)) == (way == "in place")
    assert rotation.model.stat().st_mode == inode.st_mode and os.listdir(rotation.folder) == [rotation.model.name]
    old, new = (reference.header(d)["__metadata__"] for d in (before, after))
    assert {n for n in old if old[n] != new[n]} == {"__crypto_keys__", "__encryption__", "__signature__"}
    entries = [json.loads(m["__encryption__"]) for m in (old, new)]
    for name, entry in entries[0].items():
        changed = {n for n in entry if entry[n] != entries[1][name][n]}
        assert changed == {"wrapped_key", "key_iv", "key_tag"}
    assert rotation.opens(rotation.new) and not rotation.opens(rotation.old)
    shim.ctshim("verify", rotation.model, "--keys", rotation.new).check()
    shim.ctshim("verify", rotation.model, "--keys", rotation.old).check(1)
    assert "has the new keys already" in rotation.rewrap().check().text
    assert rotation.model.read_bytes() == after


READER = r"""
import mmap, os, subprocess, sys
path, image, *command = sys.argv[1:]
want = open(image, 'rb').read()
fd = os.open(path, os.O_RDONLY)
assert os.read(fd, 100) == want[:100]
private = mmap.mmap(fd, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
shared = mmap.mmap(fd, 0, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
stream = open(path, 'rb', buffering=4096)
assert private[-50:] == want[-50:] and stream.read(10) == want[:10]
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
rest = b''
while piece := os.read(fd, 70001): rest += piece
assert want[:100] + rest == want
assert private[:] == want and shared[:] == want and want[:10] + stream.read() == want
assert mmap.mmap(fd, 0, prot=mmap.PROT_READ)[:] == want and os.pread(fd, 5000, 1000) == want[1000:6000]
again = os.open(path, os.O_RDONLY)
sys.exit(os.read(again, len(want)) != want)
"""


@pytest.mark.parametrize("serve", ["eager", "memfd"])
@pytest.mark.parametrize("version", ["1", "2"])
def test_whoever_has_it_open_goes_on(version, serve, rotation, shim, tmp_path):
    """Descriptors, mappings and streams of before; the next open wants the new keys, which it finds beside the old."""
    rotation, way = rotation
    if version == "1":
        rotation.model.unlink()
        shim.ctshim("encrypt", rotation.plain, rotation.model, "--keys", rotation.old, "--version", "1").check()
    image = tmp_path / "image"
    image.write_bytes(reference.image(rotation.plain.read_bytes(), rotation.model.read_bytes()))
    command = [COMMAND, "rewrap", rotation.model,
               "--keys", rotation.old, "--new-keys", rotation.new]
    result = shim.python(READER, rotation.model, image, *command, keys=rotation.both, serve=serve, quiet=False)
    if way == "in place":
        assert result.status == 0 and not result.messages, result.describe()
    else:  # the new file's header is longer, so that what is seen of it is too: only the last read differs
        assert result.status == 1 and not result.messages and b"Error" not in result.err, result.describe()
    assert rotation.opens(rotation.new)
    # It is the old keys that served it: with the new ones alone it could not even have begun.
    rotation.model.write_bytes(rotation.before)
    assert shim.python(READER, rotation.model, image, "true", keys=rotation.new, quiet=False).status != 0


def test_dry_run_changes_nothing(rotation, shim):
    rotation, way = rotation
    stat = rotation.model.stat()
    result = rotation.rewrap("--dry-run").check()
    assert f"would be rewrapped {way}" in result.text and "old" in result.text
    said = json.loads(rotation.rewrap("--dry-run", "--json").check().text)
    assert [(s["file"], s["action"], s["done"]) for s in said] == [
        (str(rotation.model), "in-place" if way == "in place" else "copy", False)]
    now = rotation.model.stat()
    assert rotation.model.read_bytes() == rotation.before and now.st_mtime_ns == stat.st_mtime_ns
    assert os.listdir(rotation.folder) == [rotation.model.name]
    rotation.rewrap().check()
    assert rotation.model.read_bytes() != rotation.before


@pytest.mark.parametrize("version, alg", KEYED)
@pytest.mark.parametrize("foreign", [False, True])
def test_every_kind_of_file(foreign, version, alg, shim, tmp_path, plain_models):
    """Also such as another writer made, whose header has no room; and partly encrypted ones."""
    plain, model = plain_models("numpy").read_bytes(), tmp_path / "model.safetensors"
    keys = {}
    for kid in ("old", "new"):
        keys[kid] = tmp_path / f"{kid}.jwk"
        shim.ctshim("keygen", "-o", keys[kid], "--alg", alg, "--enc-kid", kid * 3, "--sign-kid", kid).check()
    if foreign:
        model.write_bytes(sealer.seal(plain, json.loads(keys["old"].read_text()), version=int(version), alg=alg,
                                      chunk=5000, pad=1))
    else:
        shim.ctshim("encrypt", plain_models("numpy"), model, "--keys", keys["old"], "--version", version,
                    "--alg", alg, "--exclude", "weight").check()
    data = body(model.read_bytes())
    shim.ctshim("rewrap", model, "--keys", keys["old"], "--new-keys", keys["new"]).check()
    after = model.read_bytes()
    assert body(after) == data
    assert sealer.unseal(after, json.loads(keys["new"].read_text())) == reference.image(plain, after)
    assert shim.run(["cat", model], keys=keys["new"]).check().out == reference.image(plain, after)
    assert shim.run(["cat", model], keys=keys["old"], quiet=False).status == 1


def test_policy(shim, tmp_path, plain_models):
    """It is replaced when asked for, else kept; a policy that denies can be got rid of."""
    rotation = prepare(shim, tmp_path, plain_models("damage"))
    policy = tmp_path / "policy.rego"
    policy.write_text(DENY)
    assert "policy replaced" in rotation.rewrap("--policy", policy).check().text
    result = shim.run(["cat", rotation.model], keys=rotation.new, quiet=False)
    assert result.status == 1 and "policy" in result.messages[0]
    policy.write_text("# anybody\npackage model\nallow = true\n")
    shim.ctshim("rewrap", rotation.model, "--keys", rotation.new, "--new-keys", rotation.new, "--policy", policy).check()
    assert rotation.opens(rotation.new)
    assert "policy kept" in shim.ctshim("rewrap", rotation.model, "--keys", rotation.new, "--new-keys", rotation.old
                                        ).check().text
    text = json.loads(reference.header(rotation.model.read_bytes())["__metadata__"]["__policy__"])["local"]
    assert text == policy.read_text()


def test_directory(shim, tmp_path, plain_models):
    """Shards, a link into a cache, a plain model, other files; links and names stay as they are."""
    rotation = prepare(shim, tmp_path, plain_models("damage"))
    folder, blob = rotation.folder, tmp_path / "blobs" / "0123"
    blob.parent.mkdir()
    (folder / "sub").mkdir()
    shutil.copyfile(rotation.model, folder / "sub" / "b.safetensors")
    shutil.copyfile(rotation.model, blob)
    (folder / "linked.safetensors").symlink_to("../blobs/0123")
    shutil.copyfile(rotation.plain, folder / "plain.safetensors")
    (folder / "config.json").write_text("{}")
    dry = shim.ctshim("rewrap", folder, "--keys", rotation.old, "--new-keys", rotation.new, "-n").check().text
    assert dry.count("would be rewrapped in place") == 3 and "plain.safetensors: plain: not encrypted" in dry
    shim.ctshim("rewrap", folder, "--keys", rotation.old, "--new-keys", rotation.new).check()
    for path in (rotation.model, folder / "sub" / "b.safetensors", folder / "linked.safetensors"):
        image = reference.image(rotation.plain.read_bytes(), path.read_bytes())
        assert shim.run(["cat", path], keys=rotation.new).check().out == image
        assert shim.run(["cat", path], keys=rotation.old, quiet=False).status == 1
    assert (folder / "linked.safetensors").is_symlink() and len(os.listdir(blob.parent)) == 1
    assert (folder / "plain.safetensors").read_bytes() == rotation.plain.read_bytes()
    assert (folder / "config.json").read_text() == "{}"


def test_one_bad_file_and_nothing_is_changed(shim, tmp_path, plain_models):
    rotation = prepare(shim, tmp_path, plain_models("damage"))
    bad = rotation.folder / "z.safetensors"
    bad.write_bytes(sealer.flip_in_text(rotation.before, b'"__signature__":"'))
    result = shim.ctshim("rewrap", rotation.folder, "--keys", rotation.old, "--new-keys", rotation.new).check(1)
    assert any(m.startswith(f"ctshim: {bad}: bad signature") for m in result.messages)
    assert any("nothing was changed" in m for m in result.messages)
    assert rotation.model.read_bytes() == rotation.before
    assert sorted(os.listdir(rotation.folder)) == [rotation.model.name, "z.safetensors"]


def test_hard_links(shim, tmp_path, plain_models):
    """The other name of a file would not find its journal: so that one keeps the old keys."""
    rotation = prepare(shim, tmp_path, plain_models("damage"))
    other = tmp_path / "other name"
    other.hardlink_to(rotation.model)
    assert "into a new file" in rotation.rewrap().check().text
    assert other.read_bytes() == rotation.before and rotation.opens(rotation.new)


def refuse(rotation, says, **options):
    """Not done, in words, and nothing is changed."""
    result = rotation.shim.ctshim("rewrap", rotation.model, *[x for n, v in options.items() for x in (f"--{n}", v)])
    assert result.status == 1 and any(says in m for m in result.messages), result.describe()
    assert os.listdir(rotation.folder) == [rotation.model.name]


def test_refusals(shim, keysets, tmp_path, plain_models):
    rotation = prepare(shim, tmp_path, plain_models("damage"))
    old, new = rotation.old, rotation.new
    reader = tmp_path / "reader.jwk"
    shim.ctshim("keygen", "--public", "-o", reader, "--keys", new).check()
    refuse(rotation, "it needs the verification key 'old-signer'", keys=new, **{"new-keys": keysets["aes256gcm"]})
    refuse(rotation, "aes256gcm", keys=old, **{"new-keys": keysets["aes128gcm"]})
    refuse(rotation, "sign", keys=old, **{"new-keys": reader})
    refuse(rotation, "nowhere", keys=old, **{"new-keys": tmp_path / "nowhere"})
    assert rotation.model.read_bytes() == rotation.before
    rotation.journal.write_bytes(b"mine")
    result = rotation.rewrap().check(1)
    assert str(rotation.journal) in result.messages[0] and "move it away" in result.messages[0]
    assert rotation.journal.read_bytes() == b"mine" and rotation.model.read_bytes() == rotation.before
    rotation.journal.unlink()
    rotation.model.write_bytes(rotation.plain.read_bytes())
    refuse(rotation, "it is not encrypted", keys=old, **{"new-keys": new})
    usage = shim.ctshim("rewrap", rotation.model, "--keys", old)
    assert usage.status == 2 and "--new-keys" in usage.messages[0]
