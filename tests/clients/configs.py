"""The ways to encrypt and to serve a model that tests run over."""

from dataclasses import dataclass

import pytest

# How the library can serve a model: what CTSHIM_SERVE may say.
SERVE_MODES = ("eager", "memfd")


@dataclass(frozen=True)
class Config:
    """One way to encrypt a model and to serve it."""
    model: str = "numpy"
    version: int = 2
    alg: str = "aes256gcm"
    chunk: str = "2M"
    serve: str = "eager"
    exclude: tuple = ()   # globs of tensors that stay in the clear
    foreign: bool = False  # written by the tests' own implementation: no page alignment, ties

    def __str__(self):
        parts = [self.model, f"v{self.version}", self.alg]
        parts += [self.chunk] if self.version == 2 else []
        parts += ["partly"] if self.exclude else []
        parts += ["foreign"] if self.foreign else []
        return "-".join([*parts, self.serve])


# The combinations that programs of checks run over.
CONFIGS = [
    Config("numpy", 2, chunk="4096"),
    Config("numpy", 2, chunk="4096", serve="memfd"),
    Config("numpy", 1),
    Config("numpy", 1, serve="memfd"),
    Config("big", 2),
    Config("big", 2, serve="memfd"),
    Config("big", 1),
    Config("numpy", 2, "chacha20poly1305", "1000"),
    Config("numpy", 1, "aes128gcm"),
    Config("numpy", 2, "aes128gcm", "65536", serve="memfd"),
    Config("numpy", 2, chunk="4096", exclude=("weight", "layer.1.*")),
    Config("numpy", 2, chunk="5000", foreign=True),
]

every_mode = pytest.mark.parametrize("serve", SERVE_MODES)
every_config = pytest.mark.parametrize("config", CONFIGS, ids=str)
