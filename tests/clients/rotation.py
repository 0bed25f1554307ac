"""What the tests of `rewrap` share: key files of two generations, and models between them."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import reference


@dataclass(frozen=True)
class Rotation:
    """A model under the old keys, and what a program must see of it whatever its keys."""
    shim: object
    folder: Path
    old: Path
    new: Path
    both: Path  # a key file with the keys of both
    plain: Path
    model: Path
    before: bytes  # the encrypted file as it was

    @property
    def journal(self):
        return self.model.with_name(self.model.name + ".rewrap")

    def reset(self):
        """Everything as it was."""
        for path in self.folder.iterdir():
            path.unlink()
        self.model.write_bytes(self.before)

    def rewrap(self, *options, **more):
        return self.shim.ctshim("rewrap", self.model, "--keys", self.old, "--new-keys", self.new, *options,
                                **more)

    def sees(self, keys, serve=None):
        """What a stock program reads under the library with these keys; None when it is refused."""
        result = self.shim.run(["cat", self.model], keys=keys, serve=serve, quiet=False)
        return result.out if result.status == 0 else None

    def opens(self, keys):
        """Do these keys open the file, to its right plaintext? Anything else that is seen is wrong."""
        seen = self.sees(keys)
        if seen is None:
            return False
        assert seen == reference.image(self.plain.read_bytes(), self.model.read_bytes()), "wrong bytes"
        return True


def prepare(shim, folder, plain, *options, old_kid="old", new_kid="new"):
    """A rotation whose old keys have encrypted `plain`."""
    place = folder / "files"
    place.mkdir()
    keys = {}
    for which, kid in (("old", old_kid), ("new", new_kid)):
        keys[which] = folder / f"{which}.jwk"
        shim.ctshim("keygen", "-o", keys[which], "--enc-kid", kid, "--sign-kid", f"{kid}-signer").check()
    both = folder / "both.jwk"
    both.write_text(json.dumps({"keys": [k for w in keys.values() for k in json.loads(w.read_text())["keys"]]}))
    both.chmod(0o600)
    model = place / "model.safetensors"
    shim.ctshim("encrypt", plain, model, "--keys", keys["old"], *options).check()
    shutil.copymode(plain, model)
    return Rotation(shim, place, keys["old"], keys["new"], both, plain, model, model.read_bytes())
