# SPDX-License-Identifier: Apache-2.0
"""`skerry config`, and the service under what it is told."""

import json
import signal

import pytest

from conftest import wait_until
from test_http import Http


@pytest.fixture
def config(skerry, tmp_path):
    """config(*words, env=…): `skerry config --json`, run where `config/` may lie."""

    def call(*words, env=None, text=None):
        if text is not None:
            (tmp_path / "given.yaml").write_text(text)
            words = ("--config", tmp_path / "given.yaml", *words)
        return skerry("config", *words, env=env)

    return call


def effective(done):
    return json.loads(done.ok().out)


def test_every_value_says_where_it_is_from(config, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "shannon.yaml").write_text("service:\n  workers: 3\nwasi:\n  memory_limit_bytes: 104857600\n")
    (tmp_path / "config" / "agent.yaml").write_text("service:\n  workers: 5\n")
    told = effective(config("--json", env={"WASI_MEMORY_LIMIT_MB": "512"}))
    assert told["service.workers"] == {"value": 5, "from": "config/agent.yaml:2", "reloaded": False}
    assert told["wasi.memory_limit_bytes"] == {"value": 512 << 20, "from": "WASI_MEMORY_LIMIT_MB", "reloaded": False}
    assert told["wasi.execution_timeout_ms"]["from"] == "default"
    table = config().ok().out
    assert "service.workers" in table and "config/agent.yaml:2" in table


@pytest.mark.parametrize("text, words", [
    ("wasi:\n  max_feul: 1\n", ["given.yaml:2:", "wasi.max_feul"]),
    ("service:\n  workers: lots\n", ["given.yaml:2:", "1 to 1024", '"lots"']),
    ("wasi:\n  security:\n    allow_subprocess: true\n", ["given.yaml:3:", "cannot start processes"]),
    ("a: [1\n", ["given.yaml:"]),
    ("service:\n  workers: 1\n  workers: 2\n", ["given.yaml:3:", "twice"]),
])
def test_what_does_not_fit_ends_the_start_with_file_and_line(config, skerry, tmp_path, text, words):
    for command in (config(text=text), skerry("serve", "--config", tmp_path / "given.yaml")):
        assert command.code == 125
        for word in words:
            assert word in command.err


def test_a_file_that_is_named_must_be_there(config):
    assert config("--config", "none.yaml").code == 125
    assert config(env={"AGENT_CONFIG_PATH": "/none.yaml"}).code == 125
    assert "WASI_TIMEOUT_SECONDS" in config(env={"WASI_TIMEOUT_SECONDS": "soon"}).err


def test_limits_and_timeouts_are_those_that_were_told(serve, tmp_path):
    (tmp_path / "limits.yaml").write_text("wasi:\n  execution_timeout_ms: 700\n  max_output_bytes: 100\n")
    client = Http(serve("--config", str(tmp_path / "limits.yaml")).http)
    late = client.post("/v1/run", code="while True: pass")
    assert (late["outcome"], late["limits"]["wall_seconds"]) == ("deadline", 0.7)
    assert client.post("/v1/run", code="print('x' * 1000)")["truncated"] == ["stdout"]


def test_rates_can_be_told_while_it_runs(serve, tmp_path):
    path = tmp_path / "rates.yaml"
    path.write_text("")
    service = serve("--config", str(path))
    client = Http(service.http)
    assert [client("POST", "/v1/run", {"code": "1"})[0] for _ in range(5)] == [200] * 5
    path.write_text("enforcement:\n  rate_rps: 0.01\n")
    service.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: client("POST", "/v1/run", {"code": "1"})[0] == 429, 5)
    path.write_text("enforcement:\n  rate_rps: never\n")
    service.process.send_signal(signal.SIGHUP)
    assert not wait_until(lambda: client("POST", "/v1/run", {"code": "1"})[0] == 200, 0.5)
    path.write_text("enforcement:\n  rate_rps: 0\n")
    service.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: client("POST", "/v1/run", {"code": "1"})[0] == 200, 5)


def metric(client, name, **labels):
    """The value of one line of /metrics; None when there is none."""
    client.connection.request("GET", "/metrics")
    response = client.connection.getresponse()
    assert response.getheader("Content-Type").startswith("text/plain")
    for line in response.read().decode().splitlines():
        if line.startswith(name + "{") or line.startswith(name + " "):
            if all(f'{key}="{value}"' in line for key, value in labels.items()):
                return float(line.rsplit(" ", 1)[1])
    return None


def test_what_happens_is_counted(serve):
    service = serve("--metrics", "127.0.0.1:0")
    line = service.process.stderr.readline().decode()
    assert line.startswith("skerry: metrics on 127.0.0.1:")
    client, prometheus = Http(service.http), Http(line.split()[-1])
    client.post("/v1/run", code="1")
    client.post("/tools/execute", tool_name="python_executor", parameters={"code": "1/0"})
    client.post("/tools/execute", tool_name="python_executor", parameters={"code": "while 1: pass", "timeout_seconds": 1})
    for number in range(5):
        client("POST", "/tools/execute", {"tool_name": f"made-up-{number}", "parameters": {}})
    calls = "agent_core_tool_executions_total"
    assert metric(prometheus, calls, tool_name="python_executor", status="success") == 1
    assert metric(prometheus, calls, tool_name="python_executor", status="error") == 1
    assert metric(prometheus, calls, tool_name="python_executor", status="timeout") == 1
    assert metric(prometheus, calls, tool_name="other", status="unknown_tool") == 5
    assert metric(prometheus, calls, tool_name="made-up-0") is None
    assert metric(prometheus, "agent_core_tool_duration_seconds_count", tool_name="python_executor") == 3
    assert metric(prometheus, "skerry_run_dirty_pages_count") == 3
    assert metric(prometheus, "agent_core_enforcement_allowed_total") == 8
    assert metric(prometheus, "skerry_broker_events_total", event="killed") == 1
    assert metric(prometheus, "skerry_tenant_calls_total", tenant="default") == 8
    assert metric(prometheus, "skerry_workers", state="running") == 0
