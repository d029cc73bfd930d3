# SPDX-License-Identifier: Apache-2.0
"""`skerry config`, and the service under what it is told."""

import json
import signal
import time

import pytest

from conftest import ROOT, wait_until
from grpc_client import Client as AgentClient
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


def test_what_runs_may_ask_for_is_bounded_as_told(serve, tmp_path):
    (tmp_path / "bounds.yaml").write_text(
        "wasi:\n  max_memory_bytes: 104857600\n  max_timeout_seconds: 5\n  max_asked_output_bytes: 2000000\n  execution_timeout_ms: 2000\n")
    client = Http(serve("--config", str(tmp_path / "bounds.yaml")).http)
    for asked, said in (({"timeout": 5.5}, "'timeout' must be at most 5"), ({"memory": 257}, "'memory' must be at most 256"),
                        ({"max_output": 2000001}, "'max_output' must be at most 2000000")):
        status, _, answer = client("POST", "/v1/run", {"code": "1", **asked})
        assert status == 400 and said in answer["error"], answer
    told = client.post("/v1/run", code="print('x' * 1500000)", timeout=5, memory=200, max_output=2000000)
    assert len(told["stdout"]) == 1500001 and told["limits"]["wall_seconds"] == 5


def test_what_a_run_finds_in_its_environment(serve, tmp_path):
    (tmp_path / "variables.yaml").write_text("wasi:\n  env_vars:\n    GREETING: hello, you\n    MODE: service\n")
    client = Http(serve("--config", str(tmp_path / "variables.yaml")).http)
    code = "import os; print(os.environ['GREETING'], os.environ['MODE'])"
    assert client.post("/v1/run", code=code)["stdout"] == "hello, you service\n"
    assert client.post("/v1/run", code=code, env={"MODE": "own"})["stdout"] == "hello, you own\n"
    assert client.post("/v1/run", code=code, session="s")["stdout"] == "hello, you service\n"
    tool = client.post("/tools/execute", tool_name="python_executor", parameters={"code": code})
    assert tool["output"] == "hello, you service\n"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fuel_can_be_counted(serve, tmp_path):
    (tmp_path / "fuel.yaml").write_text("wasi:\n  max_fuel: 400000000\n")
    client = Http(serve("--config", str(tmp_path / "fuel.yaml")).http)
    assert client.post("/v1/run", code="print(1)")["stdout"] == "1\n"
    assert client.post("/v1/run", code="while True: pass")["outcome"] == "out_of_fuel"


def test_calls_have_the_time_that_all_calls_have(serve):
    client = Http(serve(env={"ENFORCE_TIMEOUT_SECONDS": "1"}).http)
    late = client.post("/tools/execute", tool_name="python_executor", parameters={"code": "print('kept', flush=True)\nwhile True: pass"})
    assert late["output"] == "kept\n", "what it said is not lost"
    assert not late["success"] and late["error"].startswith("request_timeout") and "enforcement.timeout_seconds" in late["error"]
    assert 900 < late["execution_time_ms"] < 5000
    assert client.post("/tools/execute", tool_name="python_executor", parameters={"code": "print(1)"})["output"] == "1\n"
    assert wait_until(lambda: metric(client, "skerry_workers", state="running") == 0, 5)


def test_a_query_may_have_so_many_tokens(serve):
    client = Http(serve(env={"ENFORCE_MAX_TOKENS": "20"}).http)
    assert client.post("/agent/query", query="Execute Python: print(1)")["response"] == "1\n"
    status, _, answer = client("POST", "/agent/query", {"query": "Execute Python: " + "1;" * 100})
    assert status == 429 and "token_limit_exceeded" in answer["error"]


def test_calls_of_one_request_can_be_made_at_once(serve):
    calls = [{"tool": "python_executor", "parameters": {"code": f"import time; time.sleep(0.8); print({n})"}} for n in range(4)]
    calls.insert(1, {"tool": "calculator", "parameters": {"expression": "1/0"}})

    def took(service):
        client = Http(service.http)
        client.post("/v1/run", code="1")
        begun = time.monotonic()
        answer = client.post("/agent/query", query="label", forced_tool_calls=calls)
        executions = answer["metadata"]["tool_executions"]
        assert [each["success"] for each in executions] == [True, False, True, True, True]
        assert [each["output"] for each in executions if each["success"]] == ["0\n", "1\n", "2\n", "3\n"]
        return time.monotonic() - begun

    one_by_one = took(serve())
    assert one_by_one > 3.1
    assert took(serve(env={"TOOL_PARALLELISM": "5"})) < 0.75 * one_by_one


def test_the_shipped_files_say_what_holds_anyway(config):
    shipped = [word for name in ("shannon", "agent") for word in ("--config", ROOT / "config" / f"{name}.yaml")]
    values = {key: each["value"] for key, each in effective(config("--json", *shipped)).items()}
    assert values == {key: each["value"] for key, each in effective(config("--json")).items()}


def test_variables_of_the_reference_are_taken_or_named(config):
    told = config("--json", env={"PORT": "9000", "METRICS_PORT": "9001", "WORKSPACE_MAX_SIZE_MB": "64", "LLM_MODEL": "m",
                                 "LLM_SERVICE_URL": "http://llm:8000", "LLM_API_KEY": "a-secret"}).ok()
    assert json.loads(told.out)["service.http"]["value"] == ["127.0.0.1:8000", "127.0.0.1:9000"]
    assert json.loads(told.out)["service.metrics"] == {"value": ["127.0.0.1:9001"], "from": "METRICS_PORT", "reloaded": False}
    assert json.loads(told.out)["wasi.max_files_bytes"]["value"] == 64 << 20
    assert json.loads(told.out)["llm.model"]["value"] == "m"
    assert "LLM_SERVICE_URL is set and not used" in told.err and "a-secret" not in told.out + told.err
    refused = config(env={"PYTHON_EXECUTOR_MODE": "firecracker"})
    assert refused.code == 125 and '"wasi"' in refused.err


def test_what_is_told_can_be_json_with_every_call(serve, tmp_path):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    (tmp_path / "log.yaml").write_text("service:\n  log_calls: true\n")
    service = serve("--config", str(tmp_path / "log.yaml"))
    client = Http(service.http)
    client("POST", "/v1/run", {"code": "print('secret')"}, X_Request_ID="r-1", traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    client("POST", "/tools/execute", {"tool_name": "calculator", "parameters": {"expression": "1"}}, traceparent="nonsense")
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(10) == 0
    text = service.process.stderr.read().decode()
    first, second = (json.loads(line) for line in text.splitlines() if line.startswith("{"))
    assert (first["request"], first["trace"], first["tool"], first["outcome"]) == ("r-1", trace, "python_executor", "ok")
    assert (second["tool"], second["trace"]) == ("calculator", "")
    assert "secret" not in text


def test_words_can_be_json(start, own_home, environment):
    process = start("serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--orchestrator", "127.0.0.1:0",
                    env={**environment, "SKERRY_HOME": str(own_home), "SKERRY_LOG": "json"})
    told = [json.loads(process.stderr.readline()) for _ in range(3)]
    assert [each["message"].split(" on ")[0] for each in told] == ["gRPC", "HTTP", "orchestrator"]
    assert told[0]["time"].endswith("Z")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert all(json.loads(line)["message"] for line in process.stderr.read().splitlines())


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
    assert metric(prometheus, "skerry_session_image_bytes_count") == 0
    kept = client.post("/v1/run", code="x = 1", session="s")["session"]["bytes"]
    assert kept > 0
    assert metric(prometheus, "skerry_session_image_bytes_sum") == kept
    client.post("/v1/run", code="import os\nos._exit(0)", session="s")
    assert metric(prometheus, "skerry_session_image_bytes_count") == 1


def test_the_python_tool_can_be_limited_by_the_minute(serve):
    client = Http(serve(env={"PYTHON_EXECUTOR_RATE_LIMIT": "3"}).http)
    assert client.get("/tools/python_executor/metadata")["rate_limit"] == 3
    body = {"tool_name": "python_executor", "parameters": {"code": "print(1)"}}
    answers = [client("POST", "/tools/execute", body) for _ in range(4)]
    assert [status for status, _, _ in answers] == [200, 200, 200, 429]
    assert "3 calls of python_executor a minute" in answers[3][2]["error"] and answers[3][1]["Retry-After"]
    assert client.post("/tools/execute", tool_name="calculator", parameters={"expression": "1+1"})["success"], "others are not"


def test_results_are_kept_where_that_was_told(serve, tmp_path):
    (tmp_path / "cache.yaml").write_text("tools:\n  cache_seconds:\n    python_executor: 2\n")
    service = serve("--config", str(tmp_path / "cache.yaml"))
    client = Http(service.http)
    code = "import time; print(time.time_ns())"

    def call(code=code, tool="python_executor", **more):
        result = client.post("/tools/execute", tool_name=tool, parameters={"code": code, **more})
        return result["output"], result["metadata"].get("cached")

    first, cached = call()
    assert cached is False
    assert call() == (first, True)
    assert metric(client, "skerry_tool_cache_total", tool_name="python_executor", result="hit") == 1
    assert metric(client, "skerry_tool_cache_total", tool_name="python_executor", result="miss") == 1
    assert metric(client, "skerry_run_outcomes_total", outcome="completed") == 1, "a hit is no run"
    other, cached = call(code + " # another")
    assert (other != first, cached) == (True, False)
    assert call(stdin="x")[1] is False
    # Failures are made again, and so is what a session may change.
    assert [call("1/0")[1] for _ in range(2)] == [False, False]
    assert [call(session_id="s")[1] for _ in range(2)] == [None, None]
    calculated = [client.post("/tools/execute", tool_name="calculator", parameters={"expression": "2+2"}) for _ in range(2)]
    assert all("cached" not in each["metadata"] for each in calculated), "no time was told for it"
    assert client("DELETE", "/tools/calculator/cache")[::2] == (200, {"removed": 0})
    assert client("DELETE", "/tools/python_executor/cache")[2]["removed"] >= 2
    assert client("DELETE", "/tools/none/cache")[0] == 404
    again, cached = call()
    assert (again != first, cached) == (True, False)
    assert wait_until(lambda: call()[0] != again, 4), "it expires"
    with AgentClient(service.grpc) as agent:
        assert agent.GetToolCapability(tool_id="python_executor").tool.cache_ttl_ms == 2000
        assert agent.GetToolCapability(tool_id="calculator").tool.cache_ttl_ms == 0
        task = {"query": "run", "context": {"tool_parameters": {"tool": "python_executor", "code": code + " # task"}}}
        hits = [agent.ExecuteTask(**task).metrics.cache_hit for _ in range(2)]
    assert hits == [False, True]
