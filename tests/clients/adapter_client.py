# SPDX-License-Identifier: Apache-2.0
"""Adapters of `clients/python`, with the frameworks themselves and models that say what a test wants. `make adapters` runs them; where a
framework is not installed, its tests skip."""

import importlib.util
import sys

import pytest

from conftest import ROOT


def needs(name):
    return pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed")


@pytest.fixture
def client(served, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "clients" / "python"))
    monkeypatch.setenv("SKERRY_URL", f"http://{served.http}")
    import skerry

    with skerry.Client() as client:
        yield client
    for name in [name for name in sys.modules if name.split(".")[0] == "skerry"]:
        del sys.modules[name]
