# SPDX-License-Identifier: Apache-2.0
"""The official TypeScript SDK of MCP, both of its lines, against the real service."""

import os
import shutil
import subprocess

import pytest

from conftest import ROOT, left_processes, processes_below, wait_until
from mcp_client import MODULES, NODE


@pytest.fixture(params=["http", "stdio"])
def where(request, binary, own_home, environment, skerry):
    """How a client reaches a service, as arguments: over HTTP with keys of two tenants, or a command."""
    if request.param == "stdio":
        return ["stdio", binary, "mcp", "--workers", "2"]
    keys = [skerry("keys", "create", tenant, env={"SKERRY_HOME": str(own_home)}).ok().out.strip() for tenant in ("team-a", "team-b")]
    return ["http", f"http://{request.getfixturevalue('served').http}/mcp", *keys]


@pytest.mark.parametrize("package, line, revision", [("sdk", "1", "2025-11-25"), ("client", "2", "2026-07-28")])
def test_the_sdk_drives_tools_resources_progress_and_cancellation(where, package, line, revision, environment, own_home, tmp_path):
    if not (MODULES / "@modelcontextprotocol" / package / "package.json").exists():
        pytest.skip("needs the SDK: `make test-clients`")
    # Packages are found beside the program.
    shutil.copy(ROOT / "tests" / "clients" / "mcp_client.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    before = processes_below(os.getpid())
    driven = subprocess.run([NODE, tmp_path / "mcp_client.mjs", line, revision, *where], capture_output=True, text=True, timeout=60,
                            env={**environment, "SKERRY_HOME": str(own_home)})
    assert driven.stdout == "well\n", driven.stderr
    # The client does not wait for the server that it has ended. One that is served over HTTP is this test's.
    assert where[0] == "http" or wait_until(lambda: not left_processes(before), 10)
