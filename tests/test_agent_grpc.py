# SPDX-License-Identifier: Apache-2.0
"""`skerry serve`: shannon.agent.AgentService over gRPC, as Shannon's clients call it."""

import concurrent.futures
import re
import signal
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from conftest import TOOLS, wait_until
from grpc_client import Client, metadata, name_of, output, refused


@pytest.fixture
def agent(served):
    with Client(served.grpc) as client:
        yield client


# ----------------------------------------------------------------------------------------------------- the wire contract

# Message: field = number, as Shannon's clients have them.
FIELDS = {
    "shannon.agent.ExecuteTaskRequest": "metadata=1 query=2 context=3 mode=4 available_tools=5 config=6 session_context=7",
    "shannon.agent.AgentConfig": "max_iterations=1 timeout_seconds=2 enable_sandbox=3 memory_limit_mb=4 enable_learning=5",
    "shannon.agent.SessionContext": "session_id=1 history=2 persistent_context=3 files_created=4 tools_used=5 total_tokens_used=6 "
                                    "total_cost_usd=7 user_id=8",
    "shannon.agent.ExecuteTaskResponse": "task_id=1 status=2 result=3 tool_calls=4 tool_results=5 metrics=6 error_message=7 "
                                         "final_state=8 metadata=9",
    "shannon.agent.TaskUpdate": "task_id=1 state=2 message=3 tool_call=4 tool_result=5 progress=6 delta=7",
    "shannon.agent.ToolCallRequest": "tool_name=1 parameters=2 session_id=3 user_id=4 tenant_id=5",
    "shannon.agent.GetCapabilitiesResponse": "supported_tools=1 supported_modes=2 max_memory_mb=3 max_concurrent_tasks=4 version=5",
    "shannon.agent.HealthCheckResponse": "healthy=1 message=2 uptime_seconds=3 active_tasks=4 memory_usage_percent=5",
    "shannon.agent.DiscoverToolsRequest": "query=1 categories=2 tags=3 exclude_dangerous=4 max_results=5",
    "shannon.agent.DiscoverToolsResponse": "tools=1",
    "shannon.agent.GetToolCapabilityRequest": "tool_id=1",
    "shannon.agent.GetToolCapabilityResponse": "tool=1",
    "shannon.agent.ToolCapability": "id=1 name=2 description=3 category=4 input_schema=5 output_schema=6 required_permissions=7 "
                                    "estimated_duration_ms=8 is_dangerous=9 version=10 author=11 tags=12 examples=13 rate_limit=14 "
                                    "cache_ttl_ms=15",
    "shannon.agent.ToolExample": "description=1 input=2 output=3",
    "shannon.agent.RateLimit": "requests_per_minute=1 requests_per_hour=2",
    "shannon.common.TaskMetadata": "task_id=1 user_id=2 session_id=3 tenant_id=4 created_at=5 labels=6 max_agents=7 token_budget=8",
    "shannon.common.ToolCall": "name=1 parameters=2 tool_id=3",
    "shannon.common.ToolResult": "tool_id=1 output=2 status=3 error_message=4 execution_time_ms=5 metadata=6",
    "shannon.common.ExecutionMetrics": "latency_ms=1 token_usage=2 cache_hit=3 cache_score=4 agents_used=5 mode=6",
    "shannon.common.TokenUsage": "prompt_tokens=1 completion_tokens=2 total_tokens=3 cost_usd=4 model=5 tier=6 provider=7",
}
ENUMS = {
    "shannon.agent.AgentState": "UNSPECIFIED IDLE PLANNING EXECUTING WAITING COMPLETED FAILED",
    "shannon.common.StatusCode": "UNSPECIFIED OK ERROR TIMEOUT RATE_LIMITED BUDGET_EXCEEDED",
    "shannon.common.ExecutionMode": "UNSPECIFIED SIMPLE STANDARD COMPLEX",
    "shannon.common.ModelTier": "UNSPECIFIED SMALL MEDIUM LARGE",
}


def test_an_answer_that_would_be_too_large_for_clients_is_cut_and_not_lost(agent):
    code = "import sys; sys.stdout.buffer.write(b'\\xff' * 1048576); sys.stdout.flush()"
    answer = agent.ExecuteTask(query=f"Execute Python: {code}")
    assert answer.result == "\ufffd" * 1048576, "the result comes first"
    assert "[cut: gRPC clients take 4 MiB" in output(answer.tool_results[0])
    calls = [{"tool": "python_executor", "parameters": {"code": "print('a' * 1000000)"}} for _ in range(5)]
    answer = agent.ExecuteTask(query="run", context={"tool_calls": calls})
    assert len(answer.tool_results) == 5 and answer.result == "a" * 1000000 + "\n"
    assert all(output(each).startswith("aaaa") for each in answer.tool_results)


def test_names_and_numbers_are_those_of_the_contract(agent):
    assert {"shannon.agent.AgentService", "grpc.health.v1.Health"} <= set(agent.reflection.get_services())
    for name, fields in FIELDS.items():
        message = agent.pool.FindMessageTypeByName(name)
        assert " ".join(f"{field.name}={field.number}" for field in message.fields) == fields
    for name, values in ENUMS.items():
        enum = agent.pool.FindEnumTypeByName(name)
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", name.rsplit(".", 1)[1]).upper() + "_"
        assert [value.name.removeprefix(prefix) for value in enum.values] == values.split()
        assert [value.number for value in enum.values] == list(range(len(enum.values)))


# --------------------------------------------------------------------------------------------------------- ExecuteTool


def test_a_program_and_all_there_is_to_tell(agent):
    result = agent.python("import sys\nprint('Hello, Shannon! \\U0001f980 \\u4f60')\nprint('careful', file=sys.stderr)\n6 * 7")
    assert (result.tool_id, output(result), name_of(result, "status")) == (
        "python_executor", "Hello, Shannon! \U0001f980 \u4f60\n", "STATUS_CODE_OK")
    told = metadata(result)
    assert (told["stderr"], told["exit_code"], told["outcome"], told["result"]) == ("careful\n", 0, "completed", "42")
    assert told["interpreter"] == "CPython 3.15.0 (WASI)" and told["execution_time_ms"] > 0


# Code, further parameters, and what becomes of it: status, output, error, metadata.
RUNS = {
    "silent": ("x = 1", {}, "OK", "", None, {"exit_code": 0}),
    "exit 0": ("print('a'); raise SystemExit", {}, "OK", "a\n", None, {"exit_code": 0}),
    "exit 3": ("import sys; print('a'); sys.exit(3)", {}, "ERROR", "a\n", "Execution failed", {"exit_code": 3}),
    "stdin": ("print(input()[::-1])", {"stdin": "abc\n"}, "OK", "cba\n", None, {}),
    "syntax error": ("print((1", {}, "ERROR", "", "SyntaxError", {}),
    "exception keeps output": ("print('before'); 1/0", {}, "ERROR", "before\n", "ZeroDivisionError: division by zero",
                               {"exit_code": 1, "outcome": "failed"}),
    "recursion": ("def f(): f()\nf()", {}, "ERROR", "", "RecursionError", {}),
    "memory": ("x = []\nwhile True: x.append(bytearray(1 << 20))", {}, "ERROR", "", "emory", {}),
    "time-out": ("print('on', flush=True)\nwhile True: pass", {"timeout_seconds": 1}, "TIMEOUT", "on\n",
                 "Execution timeout after 1 seconds", {"timeout": True, "outcome": "deadline"}),
    "no process": ("import subprocess\nsubprocess.run(['ls'])", {}, "ERROR", "", "Error", {}),
    "no network": ("import socket\nsocket.create_connection(('127.0.0.1', 1))", {}, "ERROR", "", "ConnectionRefusedError", {}),
    "no look-up": ("import socket\nsocket.create_connection(('example.org', 1))", {}, "ERROR", "", "gaierror", {}),
    "no host files": ("print(open('/etc/passwd').read())", {}, "ERROR", "", "FileNotFoundError", {}),
    "bytes that are no text": ("import sys; sys.stdout.buffer.write(b'a\\xff\\xe2\\x82')", {}, "OK", "a\ufffd\ufffd\ufffd", None, {}),
    "more than 60 seconds is 60": ("1", {"timeout_seconds": 300}, "OK", "", None, {"limits": {"wall_seconds": 60}}),
    "a number as text": ("1", {"timeout_seconds": "5"}, "OK", "", None, {"limits": {"wall_seconds": 5}}),
}


@pytest.mark.parametrize("code, parameters, status, out, error, told", RUNS.values(), ids=RUNS.keys())
def test_runs(agent, code, parameters, status, out, error, told):
    result = agent.python(code, **parameters)
    assert (name_of(result, "status"), output(result)) == (f"STATUS_CODE_{status}", out)
    assert (result.error_message == "") if error is None else (error in result.error_message)
    for key, value in told.items():
        seen = metadata(result)[key]
        assert {k: seen[k] for k in value} == value if isinstance(value, dict) else seen == value
    assert "wasm" not in result.error_message and "/work" not in result.error_message


def test_long_output_is_cut_with_a_marker_and_is_no_failure(agent):
    result = agent.python("for i in range(100_000): print('x' * 110)")
    assert name_of(result, "status") == "STATUS_CODE_OK"
    assert len(output(result)) > 1 << 20 and output(result).endswith("allow more with the service's wasi.max_output_bytes]\n")
    assert metadata(result)["truncated"] == ["stdout"]
    exact = agent.python("print('x' * ((1 << 20) - 1))")
    assert len(output(exact)) == 1 << 20 and metadata(exact)["truncated"] == []


def test_what_cannot_be_called_says_why(agent):
    call = agent.ExecuteTool
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    assert refused(lambda: agent.python(""), invalid) == "No code provided to execute"
    assert "'code' is missing" in refused(lambda: call(tool_name="python_executor"), invalid)
    assert "b, cod" in refused(lambda: agent.python("1", cod=1, b=2), invalid)
    for timeout in (0, -1, 0.5, 1e308, "soon", True, None and 0, [1]):
        if timeout is not None:
            assert "'timeout_seconds'" in refused(lambda: agent.python("1", timeout_seconds=timeout), invalid)
    assert "session's name" in refused(lambda: agent.python("1", session_id="../up"), invalid)
    assert refused(lambda: call(tool_name="nope"), grpc.StatusCode.NOT_FOUND) == "Tool not found: nope"


def test_messages_of_seventy_mebibytes_are_taken_and_no_larger(agent):
    text = "x" * (31 << 20)
    assert output(agent.python("import sys; print(len(sys.stdin.read()))", stdin=text)) == f"{31 << 20}\n"
    assert "longer than" in refused(lambda: agent.python("1", stdin="x" * (69 << 20)), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: agent.python("1", stdin="x" * (70 << 20)), grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert output(agent.python("print(1)")) == "1\n"


def test_sessions_keep_everything(agent):
    first = agent.python("import math\nx = [math.inf]\ndef f(): return len(x)", session_id="s")
    second = agent.python("x.append(1); print(f(), math.pi > 3)", session_id="s")
    assert output(second) == "2 True\n"
    assert [metadata(each)["execution_count"] for each in (first, second)] == [1, 2]
    assert metadata(second)["session_id"] == "s" and metadata(second)["session"]["saved"] == "committed"
    by_field = agent.ExecuteTool(tool_name="python_executor", parameters={"code": "print(len(x))"}, session_id="s")
    assert output(by_field) == "2\n"
    assert name_of(agent.python("print(x)"), "status") == "STATUS_CODE_ERROR"
    lost = agent.python("x = 0\nwhile True: pass", session_id="s", timeout_seconds=1)
    assert metadata(lost)["session"]["message"].startswith("rewound to revision 3")
    assert output(agent.python("print(len(x))", session_id="s")) == "2\n"


def test_sessions_at_once_do_not_mix(agent):
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda i: agent.python(f"v{i} = {i}", session_id=f"s{i % 3}"), range(10)))
    seen = [eval(output(agent.python("print(sorted(n for n in globals() if n[0] == 'v'))", session_id=f"s{s}"))) for s in range(3)]
    assert seen == [[f"v{i}" for i in range(10) if i % 3 == s] for s in range(3)]


# --------------------------------------------------------------------------------------------------------- ExecuteTask


def test_a_query_that_is_code_runs_verbatim(agent):
    for query in ("Execute Python: print('Hello, Shannon!')", "Execute Python:\n```python\nprint('Hello, Shannon!')\n```"):
        response = agent.ExecuteTask(query=query, metadata={"task_id": "t-1"})
        assert (response.task_id, response.result) == ("t-1", "Hello, Shannon!\n")
        assert name_of(response, "status") == "STATUS_CODE_OK" and name_of(response, "final_state") == "AGENT_STATE_COMPLETED"
        assert response.tool_calls[0].name == "python_executor"
    details = refused(lambda: agent.ExecuteTask(query="What is the weather?"), grpc.StatusCode.FAILED_PRECONDITION)
    assert "none is configured" in details
    refused(lambda: agent.ExecuteTask(), grpc.StatusCode.INVALID_ARGUMENT)


TOOL_PARAMETERS = {
    "tool": {"tool": "calculator", "expression": "6*7"},
    "tool_name": {"tool_name": "calculator", "expression": "6*7"},
    "name": {"name": "calculator", "expression": "6*7"},
    "the only one available": {"expression": "6*7"},
    "nested": {"tool": "calculator", "parameters": {"expression": "6*7"}},
    "beside overrides nested": {"tool": "calculator", "parameters": {"expression": "0"}, "expression": "6*7"},
}


@pytest.mark.parametrize("parameters", TOOL_PARAMETERS.values(), ids=TOOL_PARAMETERS.keys())
def test_tool_parameters(agent, parameters):
    response = agent.ExecuteTask(query="label", context={"tool_parameters": parameters}, available_tools=["calculator"])
    assert response.result == "42"
    assert output(response.tool_results[0]) == {"expression": "6*7", "result": 42.0}


def test_a_list_of_calls_goes_on_after_a_failure(agent):
    calls = [{"tool": "calculator", "parameters": {"expression": e}} for e in ("2+2", "1/0", "5*3")]
    response = agent.ExecuteTask(context={"tool_calls": calls})
    assert [call.parameters["expression"] for call in response.tool_calls] == ["2+2", "1/0", "5*3"]
    assert [name_of(each, "status") for each in response.tool_results] == [f"STATUS_CODE_{s}" for s in ("OK", "ERROR", "OK")]
    assert name_of(response, "status") == "STATUS_CODE_ERROR" and response.result == "15"
    assert response.error_message.startswith("calculator: ")
    unknown = agent.ExecuteTask(context={"tool_calls": [{"tool": "nope", "parameters": {}}, *calls[:1]]})
    assert unknown.error_message == "nope: Tool not found: nope" and unknown.result == "4"


def test_tools_that_are_not_allowed_are_refused(agent):
    denied = grpc.StatusCode.PERMISSION_DENIED
    parameters = {"tool": "calculator", "expression": "1"}
    refused(lambda: agent.ExecuteTask(context={"tool_parameters": parameters}, available_tools=["python_executor"]), denied)
    calls = {"tool_calls": [{"tool": "calculator", "parameters": {"expression": "1"}}], "allowed_tools": ["python_executor"]}
    refused(lambda: agent.ExecuteTask(context=calls), denied)
    refused(lambda: agent.ExecuteTask(query="Execute Python: 1", available_tools=["calculator"]), denied)
    assert agent.ExecuteTask(context={**calls, "allowed_tools": ["calculator"]}).result == "1"


def test_the_request_says_session_and_time(agent):
    code = {"tool": "python_executor", "code": "n = globals().get('n', 0) + 1; print(n)"}
    agent.ExecuteTask(context={"tool_parameters": code}, session_context={"session_id": "s"})
    assert agent.ExecuteTask(context={"tool_parameters": code}, metadata={"session_id": "s"}).result == "2\n"
    loop = {"tool": "python_executor", "code": "while True: pass"}
    response = agent.ExecuteTask(context={"tool_parameters": loop}, config={"timeout_seconds": 1})
    assert name_of(response, "status") == "STATUS_CODE_TIMEOUT" and response.metrics.latency_ms >= 1000


def test_long_parameters_are_not_sent_back_whole(agent):
    code = "print(len('" + "x" * 100_000 + "'))"
    response = agent.ExecuteTask(context={"tool_parameters": {"tool": "python_executor", "code": code}})
    assert response.result == "100000\n" and len(response.tool_calls[0].parameters["code"]) < 5000


def test_a_stream_tells_output_while_it_comes(agent):
    begun = time.monotonic()
    updates, times = [], []
    for update in agent.StreamExecuteTask(query="Execute Python: import time, sys\nfor i in range(3):\n"
                                                "    print(i, flush=True); time.sleep(0.4)\nprint('e', file=sys.stderr)"):
        updates.append(update)
        times.append(time.monotonic() - begun)
    deltas = [(update.delta, update.message) for update in updates if update.delta]
    assert deltas == [("0\n", ""), ("1\n", ""), ("2\n", ""), ("e\n", "stderr")]
    assert [name_of(u, "state") for u in (updates[0], updates[1], updates[-1])] == [
        f"AGENT_STATE_{s}" for s in ("PLANNING", "EXECUTING", "COMPLETED")]
    assert (updates[0].progress, updates[-1].progress, updates[-1].message) == (0, 1, "0\n1\n2\n")
    first = next(at for update, at in zip(updates, times) if update.delta)
    assert times[-1] - first > 1.0, "output came with the end"
    assert output(updates[-2].tool_result) == "0\n1\n2\n"


def test_a_client_that_goes_frees_its_worker(agent):
    call = agent.begin("ExecuteTool", tool_name="python_executor", parameters={"code": "while True: pass"})
    assert wait_until(lambda: agent.HealthCheck().active_tasks == 1, 5)
    call.cancel()
    assert wait_until(lambda: agent.HealthCheck().active_tasks == 0, 1)
    stream = agent.StreamExecuteTask(query="Execute Python: while True: print('x' * 1000)")
    next(stream)
    assert wait_until(lambda: agent.HealthCheck().active_tasks == 1, 5)
    stream.cancel()
    assert wait_until(lambda: agent.HealthCheck().active_tasks == 0, 1)
    assert output(agent.python("print(1)")) == "1\n"


# ------------------------------------------------------------------------------------------------- what there is to call


def test_tools_are_found(agent):
    assert [tool.name for tool in agent.DiscoverTools().tools] == TOOLS
    assert [tool.name for tool in agent.DiscoverTools(query="ARITHMETIC").tools] == ["calculator"]
    assert [tool.name for tool in agent.DiscoverTools(categories=["code"], query="numpy").tools] == ["python_executor"]
    assert len(agent.DiscoverTools(max_results=1).tools) == 1
    tool = agent.GetToolCapability(tool_id="python_executor").tool
    assert (tool.version, tool.category, tool.is_dangerous) == ("2.0.0", "code", False)
    assert tool.input_schema["required"][0] == "code"
    assert tool.input_schema["properties"]["timeout_seconds"]["maximum"] == 60
    refused(lambda: agent.GetToolCapability(tool_id="nope"), grpc.StatusCode.NOT_FOUND)


def test_capabilities_and_health_are_true(agent):
    can = agent.GetCapabilities()
    assert list(can.supported_tools) == TOOLS
    assert (can.max_memory_mb, can.max_concurrent_tasks, list(can.supported_modes)) == (256, 16, [1, 2, 3])
    health = agent.HealthCheck()
    assert health.healthy and health.active_tasks == 0 and 0 < health.memory_usage_percent < 100
    standard = health_pb2_grpc.HealthStub(agent.channel).Check(health_pb2.HealthCheckRequest())
    assert standard.status == health_pb2.HealthCheckResponse.SERVING


# ------------------------------------------------------------------------------------------------------ the process


def test_what_is_under_way_ends_before_the_service_does(serve):
    process, address, *_ = serve()
    with Client(address) as client:
        run = client.begin("ExecuteTool", tool_name="python_executor", parameters={"code": "import time; time.sleep(1); print('done')"})
        assert wait_until(lambda: client.HealthCheck().active_tasks == 1, 5)
        process.send_signal(signal.SIGTERM)
        assert output(run.result()) == "done\n"
        assert process.wait(10) == 0


def test_sessions_outlive_a_kill_of_everything(serve):
    process, address, *_ = serve()
    with Client(address) as client:
        client.python("x = 42", session_id="s")
    process.kill()
    process.wait(5)
    process, address, *_ = serve()
    with Client(address) as client:
        assert output(client.python("print(x)", session_id="s")) == "42\n"


def test_a_port_is_one_service_s_and_this_machine_s_alone(served, skerry):
    for option, address in (("--grpc", served.grpc), ("--http", served.http), ("--orchestrator", served.orchestrator)):
        free = {"--grpc": "127.0.0.1:0", "--http": "127.0.0.1:0", "--orchestrator": "127.0.0.1:0"}
        taken = skerry("serve", *(word for each in {**free, option: address}.items() for word in each))
        assert taken.code == 125 and "cannot listen on " in taken.err and address in taken.err
        for wide in ("0.0.0.0:0", "[::]:0", "example.com:0"):
            done = skerry("serve", option, wide)
            assert done.code == 125 and "so only this machine may reach it" in done.err
        for wrong in ("127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536"):
            assert "expected HOST:PORT" in skerry("serve", f"{option}={wrong}").err
