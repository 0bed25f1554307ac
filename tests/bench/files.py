"""The files that are measured: made once in a folder and kept there for the next run.

Names: main (SIZE of bf16: tensors of 32 MiB with small ones between, one of 8 MiB), gpt2 (GPT-2 small, 548 MB, with
its real names and shapes), shards (eight files, SIZE together), many (a hundred small files). Each is there plain and
encrypted by the command; main also as version 1 and with ChaCha20-Poly1305.
"""

import json
import math
import os
import subprocess
from pathlib import Path

import numpy as np

MIB = 1 << 20
DTYPES = {"BF16": 2, "F32": 4}
PICKED = "embed.weight"  # what W1 takes; 8 MiB
SHARDS, MANY = 8, 100
AES = ["--alg", "aes256gcm"]
VARIANTS = {"v2": AES, "v1": [*AES, "--version", "1"], "chacha": ["--alg", "chacha20poly1305"]}


def size_of(text):
    """Bytes: a number, with K, M or G."""
    units = {"K": 1 << 10, "M": MIB, "G": 1 << 30}
    return int(float(text.rstrip("KMGiB")) * units.get(text.rstrip("iB")[-1].upper(), 1))


def main_shapes(size, begin=0):
    """Layers of one tensor of 32 MiB and three small ones."""
    shapes = {PICKED: ("BF16", (1024, 4096))}
    for i in range(begin, begin + max(1, (size - 8 * MIB) // (32 * MIB))):
        shapes[f"layers.{i}.norm.weight"] = ("BF16", (4096,))
        shapes[f"layers.{i}.proj.weight"] = ("BF16", (4096, 4096))
        shapes[f"layers.{i}.proj.bias"] = ("BF16", (1001,))  # tensors after it are aligned to nothing
        shapes[f"layers.{i}.scale"] = ("BF16", ())
    return shapes


def gpt2_shapes():
    """The tensors of the published model of 124 million parameters, its masks included: 548 090 880 bytes."""
    shapes = {"wte.weight": (50257, 768), "wpe.weight": (1024, 768)}
    for i in range(12):
        shapes |= {f"h.{i}.{name}": shape for name, shape in {
            "ln_1.weight": (768,), "ln_1.bias": (768,), "attn.bias": (1, 1, 1024, 1024),
            "attn.c_attn.weight": (768, 2304), "attn.c_attn.bias": (2304,),
            "attn.c_proj.weight": (768, 768), "attn.c_proj.bias": (768,),
            "ln_2.weight": (768,), "ln_2.bias": (768,),
            "mlp.c_fc.weight": (768, 3072), "mlp.c_fc.bias": (3072,),
            "mlp.c_proj.weight": (3072, 768), "mlp.c_proj.bias": (768,)}.items()}
    shapes |= {"ln_f.weight": (768,), "ln_f.bias": (768,)}
    return {name: ("F32", shape) for name, shape in shapes.items()}


def small_shapes(number):
    """A small shard of a model with many: 64 tensors of 16 KiB."""
    return {f"block.{number}.expert.{i}.weight": ("BF16", (64, 128)) for i in range(64)}


def write_plain(path, shapes, seed):
    """A file as stock writers lay it out, of random bytes. Written piece by piece, so that memory does not matter."""
    head, at = {"__metadata__": {"format": "pt"}}, 0
    for name, (dtype, shape) in shapes.items():
        size = DTYPES[dtype] * math.prod(shape)
        head[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    rng = np.random.default_rng(seed)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        while at > 0:
            piece = min(at, 32 * MIB)
            f.write(rng.bytes(piece))
            at -= piece


class Files:
    """What lies in the folder. Paths are made when they are asked for."""

    def __init__(self, folder, size, command, say=lambda text: None):
        self.folder = Path(folder).resolve()
        self.size, self.command, self.say = size, command, say
        self.folder.mkdir(parents=True, exist_ok=True)
        self.keys = self.folder / "keys.jwk"
        self.make_keys()

    def make_keys(self):
        """One signing key, and a master key for each cipher."""
        held = json.loads(self.keys.read_text())["keys"] if self.keys.exists() else []
        for alg in ("aes256gcm", "chacha20poly1305"):
            if not any(k.get("alg") == alg for k in held):
                one = self.folder / "one.jwk"
                self.ctshim("keygen", "-f", "-o", one, "--alg", alg)
                made = json.loads(one.read_text())["keys"]
                held += made if not held else [k for k in made if k["kty"] == "oct"]
                one.unlink()
        self.keys.touch(0o600)
        self.keys.write_text(json.dumps({"keys": held}))

    def ctshim(self, *args):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CTSHIM_", "CRYPTOTENSOR_", "LD_"))}
        subprocess.run([self.command, *args], env=env, check=True, stdout=subprocess.DEVNULL)

    def shapes(self, name):
        """Folder name below ours -> the shapes of each file."""
        label = f"{self.size // MIB}M"
        if name == "gpt2":
            return "gpt2", [gpt2_shapes()]
        if name == "shards":
            layers = max(1, self.size // SHARDS // (32 * MIB))
            return f"shards-{label}", [main_shapes(self.size // SHARDS, i * layers) for i in range(SHARDS)]
        if name == "many":
            return "many", [small_shapes(i) for i in range(MANY)]
        return f"main-{label}", [main_shapes(self.size)]

    def made(self, place, make):
        """`place`, made by `make(place)` under another name first: half of one is never taken for a whole."""
        if not place.exists():
            self.say(f"making {place.relative_to(self.folder)}")
            part = place.with_name(place.name + ".part")
            subprocess.run(["rm", "-rf", part], check=True)
            part.parent.mkdir(parents=True, exist_ok=True)
            make(part)
            part.rename(place)
        return sorted(place.iterdir())

    def plain(self, name):
        """The plain files called `name`."""
        folder, shapes = self.shapes(name)

        def make(place):
            place.mkdir()
            for i, one in enumerate(shapes):
                write_plain(place / f"{i:05}.safetensors", one, [i, len(one)])
        return self.made(self.folder / "plain" / folder, make)

    def encrypted(self, name, variant="v2"):
        """The same, encrypted by the command."""
        plain = self.plain(name)[0].parent
        return self.made(self.folder / variant / plain.name, lambda place: self.ctshim(
            "encrypt", plain, place, "--keys", self.keys, *VARIANTS[variant]))

    def data_size(self, name):
        """Bytes of tensors in all files called `name`."""
        return sum(DTYPES[d] * math.prod(s) for one in self.shapes(name)[1] for d, s in one.values())
