# SPDX-License-Identifier: Apache-2.0
"""The tool of `clients/typescript` for the AI SDK."""

import shutil
import subprocess

import pytest

from conftest import ROOT

MODULES = ROOT / "build" / "adapters" / "node" / "node_modules"
COMPILER = ROOT / "build" / "clients" / "typescript" / "node_modules" / ".bin" / "tsc"


def test_a_model_s_calls_are_answered(request, tmp_path):
    if not (MODULES / "ai").exists() or not COMPILER.exists():
        pytest.skip("the AI SDK is not installed")
    service = request.getfixturevalue("served")
    shutil.copytree(ROOT / "clients" / "typescript", tmp_path / "package")
    compiled = subprocess.run([COMPILER, "--project", tmp_path / "package"], capture_output=True, text=True, timeout=60)
    assert compiled.returncode == 0, compiled.stdout
    shutil.copy(ROOT / "tests" / "clients" / "ai_sdk" / "tool.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    driven = subprocess.run(["node", tmp_path / "tool.mjs", tmp_path / "package" / "dist", f"http://{service.http}"],
                            capture_output=True, text=True, timeout=60)
    assert driven.stdout == "well\n", driven.stderr
