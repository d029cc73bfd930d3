# SPDX-License-Identifier: Apache-2.0
"""`skerry serve` with a language model: queries that are no code, over HTTP and gRPC, against a server that plays a script."""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

import grpc
import pytest

from conftest import TOOLS_FOR_MODELS, wait_until
from grpc_client import Client, name_of, output
from model_server import ModelServer, body, calls, endless, half_a_stream, python, refusal, silence, words
from stream_clients import EventSource
from test_http import Http, events_of

KEY = "sk-test-4f0c2a"


@pytest.fixture
def model():
    server = ModelServer()
    yield server
    server.stop()


@pytest.fixture
def serve_with(serve):
    """serve_with(model, NAME=value…): the service that asks this model; it must end well."""
    started = []

    def run(model, **variables):
        env = {"LLM_BASE_URL": model.url, "LLM_API_KEY": KEY, "LLM_MODEL": "scripted", **variables}
        started.append(serve(env=env))
        return started[-1]

    yield run
    for service in started:
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(10) == 0
        assert KEY not in service.process.stderr.read().decode()


@pytest.fixture
def service(serve_with, model):
    return serve_with(model)


@pytest.fixture
def client(service):
    return Http(service.http)


@pytest.fixture
def agent(service):
    with Client(service.grpc) as client:
        yield client


def ask(client, query="What is 6 times 7?", **more):
    return client.post("/agent/query", query=query, **more)


def refused(client, status, said, query="What is it?", **more):
    got, headers, answer = client("POST", "/agent/query", {"query": query, **more})
    assert got == status and said in answer["error"], (got, answer)
    assert KEY not in json.dumps(answer)
    return headers, answer


def streamed(client, query="What is 6 times 7?", **more):
    """The events of a streamed query: (event, data)."""
    client.connection.request("POST", "/agent/query", json.dumps({"query": query, "stream": True, **more}),
                              {"Accept": "text/event-stream"})
    response = client.connection.getresponse()
    assert response.status == 200 and response.getheader("Content-Type") == "text/event-stream"
    return events_of(response.read().decode())


# ------------------------------------------------------------------------------------------------------------ the loop


def test_the_model_calls_python_and_says_what_it_found(client, model):
    model.plays(python("print(6 * 7)"), words("It is 42."))
    told = ask(client)
    assert (told["success"], told["response"], told["finish_reason"]) == (True, "It is 42.", "stop")
    assert (told["tokens_used"], told["model_used"], told["provider"]) == (220, "scripted-1", "127.0.0.1")
    metadata = told["metadata"]
    assert (metadata["input_tokens"], metadata["output_tokens"], metadata["ended_by"]) == (200, 20, "answer")
    assert metadata["tools_used"] == ["python_executor"] and "cost_usd" not in metadata
    assert metadata["tool_executions"][0]["output"] == "42\n"
    first, second = model.requests
    assert first["model"] == "scripted" and first["stream"] is False and "temperature" not in first
    assert [each["role"] for each in first["messages"]] == ["system", "user"]
    assert [each["function"]["name"] for each in first["tools"]] == TOOLS_FOR_MODELS
    assert model.told() == ["42\n"]
    assert second["messages"][-1]["tool_call_id"] == second["messages"][-2]["tool_calls"][0]["id"]
    assert model.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_a_program_that_fails_is_mended(client, model):
    model.plays(python("print(6 * seven)"), python("seven = 7\nprint(6 * seven)"), words("42"))
    told = ask(client)
    assert [each["success"] for each in told["metadata"]["tool_executions"]] == [False, True]
    assert "NameError: name 'seven' is not defined" in model.told(1)[0] and told["response"] == "42"


def test_two_failures_end_the_calls_and_the_model_says_so(client, model):
    model.plays(python("1/0"), python("2/0"), words("It cannot be computed."))
    told = ask(client)
    assert told["metadata"]["ended_by"] == "consecutive_failures" and told["response"] == "It cannot be computed."
    assert model.requests[-1]["tool_choice"] == "none"


def test_budgets_end_the_calls(client, model):
    model.plays(*[python("print(1)")] * 3, words("enough"))
    assert ask(client)["metadata"]["ended_by"] == "max_iterations"
    model.plays(calls(*[("calculator", {"expression": "1+1"})] * 7), words("enough"))
    told = ask(client)
    assert told["metadata"]["ended_by"] == "max_tool_calls" and len(told["metadata"]["tool_executions"]) == 5
    model.plays(calls(*[("python_executor", {"code": "print('x' * 50_000)"})] * 4), words("enough"))
    told = ask(client)
    assert told["metadata"]["ended_by"] == "max_tool_output"
    assert sum(map(len, model.told())) < 62_000
    # The caller has all of it.
    assert [len(each["output"]) for each in told["metadata"]["tool_executions"]] == [50_001] * 4


def test_calls_that_make_no_sense_are_told_to_the_model(client, model):
    model.plays(calls(("rm_rf", {})), calls(("calculator", {"expression": "6*7"})), words("42"))
    assert ask(client)["response"] == "42" and "there is no tool rm_rf" in model.told(1)[0]
    model.plays(calls(("calculator", '{"expression": ')), calls(("calculator", {"expr": "1"})), words("no"))
    assert ask(client)["metadata"]["ended_by"] == "consecutive_failures"
    assert "not JSON" in model.told()[0] and "'expression' is missing" in model.told()[1]


def test_only_allowed_tools_are_offered_and_the_session_is_the_caller_s(client, model):
    model.plays(python("x = 1"), words("no"))
    told = ask(client, allowed_tools=["calculator"])
    assert [each["function"]["name"] for each in model.requests[0]["tools"]] == ["calculator"]
    assert told["metadata"]["tool_executions"] == [] and told["metadata"]["allowed_tools"] == ["calculator"]
    ask_python = ("python_executor", {"code": "n = globals().get('n', 0) + 1; print(n)", "session_id": "other"})
    model.plays(calls(ask_python), words("1"), calls(ask_python), words("2"))
    for expected in ("1\n", "2\n"):
        execution = ask(client, session_id="mine")["metadata"]["tool_executions"][0]
        assert execution["output"] == expected and execution["metadata"]["session_id"] == "mine"


def test_forced_calls_come_first_and_the_model_interprets(client, model):
    model.plays(words("It is five."))
    forced = [{"tool": "calculator", "parameters": {"expression": "2+3"}}]
    told = ask(client, forced_tool_calls=forced)
    assert told["response"] == "It is five." and told["metadata"]["tool_executions"][0]["output"]["result"] == 5
    assert '"result":5' in model.told()[0]
    refused(client, 400, "cannot be streamed", forced_tool_calls=forced, stream=True)
    refused(client, 404, "Tool not found", forced_tool_calls=[{"tool": "nope"}])
    assert len(model.requests) == 1


def test_code_needs_no_model(client, agent, model):
    assert ask(client, "Execute Python: print(1)")["response"] == "1\n"
    context = {"tool_parameters": {"tool": "calculator", "expression": "6*7"}}
    assert agent.ExecuteTask(query="label", context=context).result == "42"
    assert model.requests == []


def test_history_and_wishes_reach_the_model(client, agent, model):
    model.plays(words("a"), words("b"))
    ask(client, context={"history": [{"role": "user", "content": "Hi"}, "assistant: Hello"]}, temperature=0.2, max_tokens=50)
    assert [(each["role"], each["content"]) for each in model.requests[0]["messages"][1:]] == [
        ("user", "Hi"), ("assistant", "Hello"), ("user", "What is 6 times 7?")]
    assert (model.requests[0]["temperature"], model.requests[0]["max_tokens"]) == (0.2, 50)
    agent.ExecuteTask(query="And now?", session_context={"history": ["user: Hi", "assistant: Hello"]})
    assert [each["role"] for each in model.requests[1]["messages"]] == ["system", "user", "assistant", "user"]


def test_mode_and_score_choose_the_model(serve_with, model):
    service = serve_with(model, LLM_MODEL_SMALL="small", LLM_MODEL_LARGE="large", LLM_PRICES="small=1/10,large=5/50")
    client = Http(service.http)
    hard = "1. Explain why A is slow\n2. Compare it with B\n3. Design C, then prove it right, finally verify it"
    asked = [({"query": "What is 2+2?"}, "small"), ({"query": hard}, "large"), ({"mode": "simple", "query": hard}, "small"),
             ({"mode": "supervisor"}, "large"), ({"model_tier": "medium"}, "scripted"), ({"model_override": "mine/7b:q4"}, "mine/7b:q4")]
    for wishes, expected in asked:
        model.plays(words("fine"))
        told = ask(client, **wishes)
        assert model.requests[-1]["model"] == expected, wishes
        cost = {"small": 100 * 1e-6 + 10 * 10e-6, "large": 100 * 5e-6 + 10 * 50e-6}.get(expected)
        assert told["metadata"].get("cost_usd") == (pytest.approx(cost) if cost else None)
    with Client(service.grpc) as agent:
        model.plays(words("fine"), words("fine"))
        usage = agent.ExecuteTask(query="What?", mode="EXECUTION_MODE_COMPLEX").metrics.token_usage
        assert model.requests[-1]["model"] == "large" and (usage.total_tokens, usage.model) == (110, "scripted-1")
        assert name_of(usage, "tier") == "MODEL_TIER_LARGE" and usage.provider == "127.0.0.1"
        agent.ExecuteTask(query="What?", metadata={"labels": {"mode": "supervisor"}}, context={"model_tier": "small"})
        assert model.requests[-1]["model"] == "small"


WRONG = {
    "mode": {"mode": "fast"},
    "mode's type": {"mode": 1},
    "tier": {"model_tier": "huge"},
    "override": {"model_override": "a b"},
    "temperature": {"temperature": 3},
    "temperature's type": {"temperature": "hot"},
    "max_tokens": {"max_tokens": 0},
    "max_tokens' type": {"max_tokens": 1.5},
    "stream": {"stream": "yes"},
    "history": {"context": {"history": "Hi"}},
    "history's items": {"context": {"history": [1]}},
    "a long query": {"query": "x" * 300_000},
}


@pytest.mark.parametrize("wishes", WRONG.values(), ids=WRONG.keys())
def test_wishes_that_cannot_be_are_refused(client, model, wishes):
    status, _, answer = client("POST", "/agent/query", {"query": "What?", **wishes})
    assert status == 400 and answer["error"] and model.requests == []


# ----------------------------------------------------------------------------------------------------------- streaming


def test_a_streamed_query_tells_words_and_calls_as_they_come(client, model):
    model.plays(python("print(6 * 7)"), words("It is forty-two."))
    events = streamed(client, agent_id="a-1")
    names = [event for event, _ in events]
    assert names[:3] == ["TOOL_INVOKED", "TOOL_OUTPUT", "TOOL_OBSERVATION"] and names[-1] == "thread.message.completed"
    assert set(names[3:-1]) == {"thread.message.delta"} and len(names) > 5
    assert all(data["event"] == event and data["agent_id"] == "a-1" for event, data in events)
    assert "".join(data["delta"] for event, data in events if event == "thread.message.delta") == "It is forty-two."
    assert events[1][1]["text"] == "42\n" and events[2][1]["output"] == "42\n"
    last = events[-1][1]
    assert (last["response"], last["model"], last["provider"]) == ("It is forty-two.", "scripted-1", "127.0.0.1")
    assert last["usage"] == {"total_tokens": 220, "input_tokens": 200, "output_tokens": 20}
    assert last["metadata"]["tool_executions"][0]["output"] == "42\n"


def test_a_streamed_query_fails_with_a_status_until_something_was_said(client, model, service):
    model.plays(refusal(500, "down"))
    refused(client, 502, "fails (500): down", stream=True)
    model.plays(python("print(1)"), refusal(500, "down"))
    events = streamed(client)
    assert events[-1][0] == "error" and events[-1][1]["status"] == 502
    model.plays(lambda server: (server.begin_stream(), server.send_chunk({"delta": {"content": "Hm"}})))
    events = streamed(Http(service.http))
    assert [event for event, _ in events] == ["thread.message.delta", "error"]


def test_streamed_code_is_told_while_it_prints(client):
    events = streamed(client, "Execute Python: print('a', flush=True); print('b')")
    assert "".join(data["delta"] for event, data in events if event == "thread.message.delta") == "a\nb\n"
    assert events[-1][0] == "thread.message.completed" and events[-1][1]["response"] == "a\nb\n"


def test_who_asks_for_no_events_gets_a_json_object_a_line(client):
    client.connection.request("POST", "/agent/query", json.dumps({"query": "Execute Python: print('a')", "stream": True}))
    response = client.connection.getresponse()
    assert response.status == 200 and response.getheader("Content-Type") == "text/event-stream"
    told = [json.loads(line) for line in response.read().decode().splitlines()]
    assert "".join(each["delta"] for each in told if each["event"] == "thread.message.delta") == "a\n"
    assert told[-1]["event"] == "thread.message.completed" and told[-1]["usage"]["total_tokens"] == 0


def test_grpc_streams_words_and_calls(agent, model):
    model.plays(python("print(6 * 7)"), words("It is forty-two."))
    updates = list(agent.StreamExecuteTask(query="What is 6 times 7?", metadata={"task_id": "t"}))
    assert "".join(update.delta for update in updates) == "It is forty-two."
    assert len([update for update in updates if update.delta]) > 2
    assert [u.tool_call.name for u in updates if u.HasField("tool_call")] == ["python_executor"]
    results = {u.tool_result.tool_id: output(u.tool_result) for u in updates if u.HasField("tool_result")}
    assert results["python_executor"] == "42\n" and results["usage_metrics"]["total_tokens"] == 220
    assert updates[-1].message == "It is forty-two." and name_of(updates[-1], "state") == "AGENT_STATE_COMPLETED"


def test_grpc_tells_calls_and_tokens(agent, model):
    model.plays(python("print(1/0)"), words("It cannot be."))
    response = agent.ExecuteTask(query="What is 1/0?")
    assert response.result == "It cannot be." and name_of(response, "status") == "STATUS_CODE_OK"
    assert name_of(response.tool_results[0], "status") == "STATUS_CODE_ERROR"
    assert response.metrics.token_usage.total_tokens == 220
    assert response.metadata["ended_by"] == "answer" and response.metadata["iterations"] == 2


# ---------------------------------------------------------------------------------------------- servers that are no good


def grpc_refused(agent, code):
    with pytest.raises(grpc.RpcError) as error:
        agent.ExecuteTask(query="What?")
    assert error.value.code() == code and KEY not in error.value.details()
    return error.value


def test_a_server_that_is_down_is_a_bad_gateway(client, agent, model):
    model.stop()
    refused(client, 502, "does not take a connection")
    grpc_refused(agent, grpc.StatusCode.UNAVAILABLE)
    assert ask(client, "Execute Python: print(1)")["response"] == "1\n"


def test_a_server_that_is_slow_or_endless_times_out(serve_with, model):
    service = serve_with(model, LLM_TIMEOUT_SECONDS="1")
    client = Http(service.http)
    model.plays(silence)
    begun = time.monotonic()
    refused(client, 504, "in time")
    assert time.monotonic() - begun < 2 and wait_until(model.hung_up.is_set, 2)
    model.plays(silence)
    with Client(service.grpc) as agent:
        grpc_refused(agent, grpc.StatusCode.DEADLINE_EXCEEDED)
    model.plays(endless)
    begun = time.monotonic()
    events = streamed(client)
    assert events[-1][0] == "error" and events[-1][1]["status"] == 504 and time.monotonic() - begun < 2


LIES = {
    "no JSON": body("<html>maintenance</html>", "text/html"),
    "broken JSON": body('{"choices": ['),
    "wrong types": body('{"choices": "none"}'),
    "no finish_reason": body('{"choices": [{"message": {"content": "hi"}}]}'),
    "another finish_reason": body('{"choices": [{"message": {"content": "hi"}, "finish_reason": "bored"}]}'),
    "calls without names": body('{"choices": [{"message": {"tool_calls": [{"id": "x"}]}, "finish_reason": "tool_calls"}]}'),
    "calls that are none": body('{"choices": [{"message": {"content": ""}, "finish_reason": "tool_calls"}]}'),
    "very deep": body('{"choices": ' + "[" * 100_000),
    "no such status": refusal(599),
}


@pytest.mark.parametrize("scene", LIES.values(), ids=LIES.keys())
def test_a_server_that_lies_is_a_bad_gateway(client, model, scene):
    model.plays(scene, words("fine"))
    refused(client, 502, "the model server")
    assert ask(client)["response"] == "fine"


def test_a_busy_server_is_asked_once_more_and_then_the_client_waits(client, agent, model):
    model.plays(refusal(429, "slow down", Retry_After="1"), words("fine"))
    begun = time.monotonic()
    assert ask(client)["response"] == "fine" and time.monotonic() - begun >= 1
    model.plays(refusal(429, "slow down", Retry_After="900"))
    headers, _ = refused(client, 429, "slow down")
    assert headers["Retry-After"] == "900"
    model.plays(refusal(429, "slow down", Retry_After="900"))
    error = grpc_refused(agent, grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert ("retry-after", "900") in [tuple(each) for each in error.trailing_metadata()]
    assert len(model.requests) == 4


def test_refusals_say_what_to_do_and_never_the_key(client, agent, model):
    model.plays(refusal(401, f"bad key {KEY}"), refusal(401, f"bad key {KEY}"))
    refused(client, 409, "LLM_API_KEY")
    grpc_refused(agent, grpc.StatusCode.FAILED_PRECONDITION)
    model.plays(refusal(308, Location=f"http://elsewhere/{KEY}"))
    refused(client, 409, "redirects (308)")
    model.plays(refusal(400, f"too long, {KEY}"))
    refused(client, 400, "too long, [key]")
    model.plays(python("print(1)"), refusal(500, KEY))
    _, answer = refused(client, 502, "fails (500)")
    assert answer["tool_executions"][0]["output"] == "1\n"


# -------------------------------------------------------------------------------------------------- clients that leave


def test_a_client_that_goes_ends_the_model_s_call(client, agent, model):
    for scene, query in ((silence, {}), (half_a_stream, {"stream": True})):
        model.hung_up.clear()
        model.plays(scene)
        connection = http.client.HTTPConnection(client.host, client.port)
        asked = len(model.requests)
        connection.request("POST", "/agent/query", json.dumps({"query": "What?", **query}))
        assert wait_until(lambda: len(model.requests) > asked, 5)
        connection.close()
        assert wait_until(model.hung_up.is_set, 2)
    model.hung_up.clear()
    model.plays(silence)
    call = agent.begin("ExecuteTask", query="What?")
    assert wait_until(lambda: len(model.requests) == 3, 5)
    call.cancel()
    assert wait_until(model.hung_up.is_set, 2)


def test_a_client_that_goes_ends_the_model_s_run(client, agent, model):
    model.plays(python("while True: pass"), words("never"))
    connection = http.client.HTTPConnection(client.host, client.port)
    connection.request("POST", "/agent/query", json.dumps({"query": "What?"}))
    assert wait_until(lambda: agent.HealthCheck().active_tasks == 1, 5)
    connection.close()
    assert wait_until(lambda: agent.HealthCheck().active_tasks == 0, 1)
    time.sleep(0.1)
    assert len(model.requests) == 1


def test_what_is_under_way_is_answered_before_the_service_ends(serve, model):
    service = serve(env={"LLM_BASE_URL": model.url, "LLM_MODEL": "scripted"})
    client = Http(service.http)
    model.plays(lambda server: (time.sleep(1), server.respond(200, json.dumps({"choices": [words("late")]}))))
    client.connection.request("POST", "/agent/query", json.dumps({"query": "What?"}))
    assert wait_until(lambda: model.requests, 5)
    service.process.send_signal(signal.SIGTERM)
    assert json.loads(client.connection.getresponse().read())["response"] == "late"
    assert service.process.wait(10) == 0


# ------------------------------------------------------------------------------------------------------- configuration


def test_without_a_model_it_says_how_to_configure_one(served):
    status, _, answer = Http(served.http)("POST", "/agent/query", {"query": "What?"})
    assert status == 409 and all(name in answer["error"] for name in ("LLM_BASE_URL", "LLM_API_KEY", "LLM_MODEL"))
    with Client(served.grpc) as agent:
        grpc_refused(agent, grpc.StatusCode.FAILED_PRECONDITION)


@pytest.mark.parametrize("variables, said", [
    ({"LLM_MODEL": "m"}, "LLM_BASE_URL) is not"),
    ({"LLM_BASE_URL": "https://x.example/v1"}, "LLM_MODEL) is not"),
    ({"LLM_BASE_URL": "x.example", "LLM_MODEL": "m"}, "expected http(s)://HOST"),
    ({"LLM_BASE_URL": "http://x.example/v1", "LLM_MODEL": "m", "LLM_API_KEY": KEY}, "unencrypted"),
    ({"LLM_BASE_URL": "https://x.example/v1", "LLM_MODEL": "m", "LLM_API_KEY": f"{KEY}\r\nX: y"}, "no key has"),
    ({"LLM_BASE_URL": "https://x.example/v1", "LLM_MODEL": "m", "LLM_TIMEOUT_SECONDS": "0"}, "1 to 3600"),
    ({"LLM_BASE_URL": "https://x.example/v1", "LLM_MODEL": "m", "LLM_PRICES": "m=1"}, "expected MODEL=INPUT/OUTPUT"),
])
def test_a_wrong_configuration_is_an_error_at_the_start(skerry, variables, said):
    done = skerry("serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", env=variables)
    assert done.code == 125 and said in done.err and KEY not in done.err


def test_the_key_is_in_no_process_s_environment(service, client, model):
    model.plays(python("import os; print(dict(os.environ))"), words("none"))
    assert KEY not in json.dumps(ask(client))
    seen = 0
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and b"skerry" in (entry / "cmdline").read_bytes():
                seen += 1
                assert KEY.encode() not in (entry / "environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    assert seen >= 3


def certificate_for(name, directory):
    """A certificate that only itself vouches for: (certificate, key)."""
    made = directory / "certificate.pem", directory / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-keyout", made[1], "-out", made[0], "-subj", "/CN=model", "-addext", f"subjectAltName={name}"],
                   check=True, capture_output=True)
    return made


@pytest.mark.parametrize("name, is_trusted, works", [("IP:127.0.0.1", True, True), ("IP:127.0.0.1", False, False),
                                                     ("DNS:model.example", True, False)],
                         ids=["trusted", "trusted by nobody", "another's"])
def test_over_tls_the_server_must_prove_its_name(serve_with, tmp_path, name, is_trusted, works):
    certificate = certificate_for(name, tmp_path)
    model = ModelServer(certificate)
    try:
        client = Http(serve_with(model, **({"SSL_CERT_FILE": str(certificate[0])} if is_trusted else {})).http)
        model.plays(words("safe"))
        if works:
            assert ask(client)["response"] == "safe"
        else:
            refused(client, 502, "cannot be trusted")
            assert model.requests == []
    finally:
        model.stop()


# -------------------------------------------------------------------------------------------------------------- tasks


def test_a_task_asks_the_model_and_tells_its_words(client, service, model):
    model.plays(python("print(6 * 7)"), words("It is 42."))
    _, _, taken = client("POST", "/api/v1/tasks", {"query": "What is 6 times 7?"})
    with EventSource(service.http, f"/api/v1/stream/sse?workflow_id={taken['task_id']}") as stream:
        events = list(stream)
    deltas = [json.loads(event.data)["delta"] for event in events if event.name == "thread.message.delta"]
    (whole,) = [json.loads(event.data) for event in events if event.name == "thread.message.completed"]
    assert "".join(deltas) == whole["response"] == "It is 42." and whole["metadata"]["model_used"] == "scripted-1"
    told = client.get(f"/api/v1/tasks/{taken['task_id']}")
    assert (told["status"], told["result"], told["model_used"], told["provider"]) == ("TASK_STATUS_COMPLETED", "It is 42.", "scripted-1", "127.0.0.1")
    assert told["usage"]["total_tokens"] == 220 and told["metadata"]["tool_executions"][0]["output"] == "42\n"


def test_a_tasks_context_reaches_the_model_as_a_querys_does(client, agent, model):
    fields = {"temperature": 0.2, "max_tokens": 50, "model_override": "mine", "history": ["user: Hi", "assistant: Hello"]}
    model.plays(words("a"), words("b"), words("c"))
    _, _, taken = client("POST", "/api/v1/tasks", {"query": "And now?", "context": fields})
    assert wait_until(lambda: client.get(f"/api/v1/tasks/{taken['task_id']}")["status"] == "TASK_STATUS_COMPLETED", 10)
    agent.ExecuteTask(query="And now?", context=fields)
    ask(client, "And now?", context={"history": fields.pop("history")}, **fields)
    for asked in model.requests:
        assert (asked["temperature"], asked["max_tokens"], asked["model"]) == (0.2, 50, "mine")
        assert [each["role"] for each in asked["messages"]] == ["system", "user", "assistant", "user"]


def test_a_task_whose_model_fails_has_failed_and_one_that_is_cancelled_ends(client, service, model):
    model.plays(refusal(400, "no such thing"))
    _, _, taken = client("POST", "/api/v1/tasks", {"query": "What is it?"})
    path = f"/api/v1/tasks/{taken['task_id']}"
    assert wait_until(lambda: client.get(path)["status"] == "TASK_STATUS_FAILED", 20) and "no such thing" in client.get(path)["error"]
    model.plays(endless)
    _, _, taken = client("POST", "/api/v1/tasks", {"query": "What is it, at length?"})
    path = f"/api/v1/tasks/{taken['task_id']}"
    assert wait_until(lambda: any(event["type"] == "LLM_PARTIAL" for event in client.get(path + "/events")["events"]), 20)
    assert client("POST", path + "/cancel")[0] == 200
    assert wait_until(lambda: client.get(path)["status"] == "TASK_STATUS_CANCELLED", 5)


def test_files_can_name_the_model_and_where_its_key_lies(serve, skerry, model, tmp_path):
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "model.yaml").write_text(f"""
llm:
  base_url: {model.url}
  model: from-a-file
  models: {{large: larger}}
  api_key_file: {tmp_path / "key"}
  prices: [from-a-file=1/10]
""")
    os.chmod(tmp_path / "key", 0o644)
    refused = skerry("serve", "--config", tmp_path / "model.yaml")
    assert refused.code == 125 and "llm.api_key_file" in refused.err and "chmod 600" in refused.err
    os.chmod(tmp_path / "key", 0o600)
    client = Http(serve("--config", str(tmp_path / "model.yaml")).http)
    model.plays(words("forty-two"))
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    status, _, answer = client("POST", "/agent/query", {"query": "What is 6 times 7?"}, traceparent=trace)
    assert status == 200 and answer["response"] == "forty-two"
    assert model.requests[0]["model"] == "from-a-file"
    assert model.headers[0]["Authorization"] == f"Bearer {KEY}"
    # The trace goes on, with a span of the service's own.
    passed_on = model.headers[0]["traceparent"]
    assert passed_on[:36] == trace[:36] and passed_on[36:52] != trace[36:52] and passed_on[52:] == "-01"
