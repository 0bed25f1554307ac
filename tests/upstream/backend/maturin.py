"""Stands in for the build backend that safetensors' source distribution names.

pip downloads no source distribution without asking its backend for metadata, and the real backend
needs a Rust compiler for that. The metadata lie in the distribution already.
"""

import shutil
from pathlib import Path


def prepare_metadata_for_build_wheel(directory, config_settings=None):
    place = Path(directory) / "safetensors.dist-info"
    place.mkdir()
    shutil.copyfile("PKG-INFO", place / "METADATA")
    return place.name
