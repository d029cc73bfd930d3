# SPDX-License-Identifier: Apache-2.0
"""SKERRY_PACKAGES: where `make deb wheel` has put the packages. Without it these tests are skipped."""

import os
import pathlib

import pytest


@pytest.fixture(scope="session")
def packages():
    if not (folder := os.environ.get("SKERRY_PACKAGES")):
        pytest.skip("installs packages: make test-packages")
    return pathlib.Path(folder)
