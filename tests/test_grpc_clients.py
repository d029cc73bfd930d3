# SPDX-License-Identifier: Apache-2.0
"""gRPC's clients beside grpcio, as people use them: grpc-js and grpcurl."""
import json
import subprocess

import pytest

from conftest import ROOT
from test_grpc_interop import program


@pytest.fixture
def grpcurl():
    """grpcurl(*words): what it prints, or the code that it ends with."""

    def run(*words):
        done = subprocess.run([program("clients/grpcurl"), "-plaintext", *words], capture_output=True, text=True, timeout=60)
        return done.stdout if done.returncode == 0 else done.stderr

    return run


def test_grpcurl_finds_and_calls_what_there_is(serve, grpcurl):
    service = serve()
    listed = grpcurl(service.grpc, "list").split()
    assert {"shannon.agent.AgentService", "skerry.v1.Skerry", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection"} <= set(listed)
    assert "ExecuteTool" in grpcurl(service.grpc, "describe", "shannon.agent.AgentService")
    described = grpcurl(service.grpc, "describe", "skerry.v1.RunRequest")
    assert "skerry.v1.rules" in described and '"Seconds after which the run is killed"' in described, described
    code = {"tool_name": "python_executor", "parameters": {"code": "print(6 * 7)"}}
    said = json.loads(grpcurl("-d", json.dumps(code), service.grpc, "shannon.agent.AgentService/ExecuteTool"))
    assert said["output"] == "42\n"
    assert "SERVING" in grpcurl(service.grpc, "grpc.health.v1.Health/Check")
    events = grpcurl("-d", '{"code": "print(1)"}', service.grpc, "skerry.v1.Skerry/Run")
    assert '"stdout"' in events and '"outcome"' in events


def test_grpcurl_shows_statuses_and_asks_with_a_key(serve, skerry, grpcurl, own_home):
    key = json.loads(skerry("keys", "create", "a", "--json", env={"SKERRY_HOME": str(own_home)}).ok().out)["key"]
    service = serve()
    call = ["-d", '{"tool_name": "calculator", "parameters": {"expression": "6*7"}}', service.grpc, "shannon.agent.AgentService/ExecuteTool"]
    assert "Unauthenticated" in grpcurl(*call)
    assert json.loads(grpcurl("-H", f"authorization: Bearer {key}", *call))["status"]
    assert "Unauthenticated" in grpcurl("-H", "authorization: Bearer skerry_wrong", *call)


def test_grpc_js_is_served(serve):
    service = serve()
    done = subprocess.run(["node", ROOT / "tests" / "interop" / "grpc_js.mjs", service.grpc], capture_output=True, timeout=120,
                          env={"PATH": "/usr/bin:/bin:/usr/local/bin", "SKERRY_TEST_MODULES": str(ROOT / "build" / "clients")})
    assert done.returncode == 0, done.stderr.decode()
    said = json.loads(done.stdout)
    assert said["health"]["healthy"] is True
    text = lambda result: result["output"]["stringValue"]  # noqa: E731
    assert text(said["printed"]) == "42\n"
    assert [text(each) for each in said["many"]] == [f"{i}\n" for i in range(20)]
    assert text(said["large"]) == "3000000\n"
    assert said["late"]["code"] == 4, "DEADLINE_EXCEEDED"
    assert said["run"]["code"] == 0 and len(said["run"]["events"]) >= 3
    assert said["stopped"]["code"] == 1, "CANCELLED"
