"""Node's ways to read a file, through a ring of the kernel's where it uses one, and through threads."""

import shutil

import pytest

from configs import every_client_config
from harness import Checks

CHECKS = Checks("node_io.js")

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def argv():
    return ["node", CHECKS.source]


@pytest.mark.parametrize("ring", ["0", "1"], ids=["threads", "io_uring"])
@every_client_config
@pytest.mark.parametrize("name", CHECKS.names)
def test_node(name, config, ring, outcomes):
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, argv(), {"UV_USE_IO_URING": ring}))


@every_client_config
def test_damaged_or_no_key(config, all_fail):
    all_fail(CHECKS, config, argv())
