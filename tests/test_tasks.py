# SPDX-License-Identifier: Apache-2.0
"""Tasks over HTTP and gRPC: what is accepted is done or reported, whatever happens to the service and its clients."""

import concurrent.futures
import json
import os
import resource
import signal
import sqlite3
import subprocess
import time

import grpc
import pytest

from conftest import ROOT, wait_until
from grpc_client import Client, name_of
from stream_clients import EventSource, WebSocket
from test_http import Http

ENDLESS = "Execute Python: import time\nwhile True: time.sleep(0.05)"
FINAL = ("TASK_STATUS_COMPLETED", "TASK_STATUS_FAILED", "TASK_STATUS_CANCELLED", "TASK_STATUS_TIMEOUT")


class Tasks(Http):
    """tasks.submit(QUERY) -> id and so on, over one connection."""

    def submit(self, query, headers=None, **body):
        status, _, answer = self("POST", "/api/v1/tasks", {"query": query, **body}, **(headers or {}))
        assert status == 200, answer
        return answer["task_id"]

    def status(self, task):
        return self.get(f"/api/v1/tasks/{task}")

    def calls(self, *codes, **body):
        """A task of several calls of python_executor."""
        calls = [{"tool": "python_executor", "parameters": {"code": code}} for code in codes]
        return self.submit("several calls", context={"tool_calls": calls}, **body)

    def comes_to(self, task, *states, seconds=30):
        assert wait_until(lambda: self.status(task)["status"].removeprefix("TASK_STATUS_") in states, seconds), self.status(task)
        return self.status(task)

    def control(self, task, action, **body):
        return self("POST", f"/api/v1/tasks/{task}/{action}", body or None)

    def events(self, task, **query):
        words = "&".join(f"{k}={v}" for k, v in query.items())
        return self.get(f"/api/v1/tasks/{task}/events?{words}")["events"]

    def types(self, task):
        return [event["type"] for event in self.events(task, limit=200)]


@pytest.fixture
def tasks(served):
    return Tasks(served.http)


@pytest.fixture
def orchestrator(served):
    with Client(served.orchestrator, "shannon.orchestrator.OrchestratorService") as client:
        yield client


def source(served, task, **how):
    words = {k: v for k, v in how.items() if k in ("types", "last_event_id")}
    headers = {k: v for k, v in how.items() if k not in words}
    query = "".join(f"&{k}={v}" for k, v in words.items())
    return EventSource(served.http, f"/api/v1/stream/sse?workflow_id={task}{query}", **headers)


# ------------------------------------------------------------------------------------------------ submit and look


def test_a_task_is_taken_at_once_and_done_in_its_time(tasks):
    begun = time.time()
    status, headers, answer = tasks("POST", "/api/v1/tasks", {"query": "Execute Python: import time; time.sleep(0.3); print('Hello, Shannon!')",
                                                              "mode": "simple", "context": {"a": [1]}})
    assert status == 200 and time.time() - begun < 0.3
    task = answer["task_id"]
    assert answer["status"] == "STATUS_CODE_OK" and headers["X-Workflow-ID"] == task and headers["X-Session-ID"]
    done = tasks.comes_to(task, "COMPLETED")
    assert done["result"] == "Hello, Shannon!\n" and done["error"] is None and done["workflow_id"] == task
    assert done["mode"] == "simple" and done["context"] == {"a": [1]} and done["session_id"] == headers["X-Session-ID"]
    assert done["created_at"] <= done["started_at"] <= done["completed_at"] == done["updated_at"]
    created = time.mktime(time.strptime(done["created_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert abs(created - begun) < 5
    (execution,) = done["metadata"]["tool_executions"]
    assert execution["tool"] == "python_executor" and execution["metadata"]["exit_code"] == 0
    assert done["unified_response"]["performance"]["execution_time_ms"] >= 250


def test_output_of_a_task_is_whole_and_json_is_parsed(tasks):
    task = tasks.submit("Execute Python: print('x' * 500_000)")
    assert tasks.comes_to(task, "COMPLETED")["result"] == "x" * 500_000 + "\n"
    task = tasks.submit("Execute Python: import json; print(json.dumps({'a': [1, None]}))")
    assert tasks.comes_to(task, "COMPLETED")["response"] == {"a": [1, None]}
    task = tasks.submit("Execute Python: print('1, \"x\": 2')")
    assert tasks.comes_to(task, "COMPLETED")["response"] is None


def test_how_it_ended_is_the_status(tasks):
    failed = tasks.submit("Execute Python: print('before'); 1/0")
    late = tasks.submit("wait", context={"tool_parameters": {"tool": "python_executor", "code": "while True: pass", "timeout_seconds": 1}})
    failed = tasks.comes_to(failed, "FAILED")
    assert "ZeroDivisionError" in failed["error"] and failed["result"] == "before\n"
    assert "timeout after 1 seconds" in tasks.comes_to(late, "TIMEOUT")["error"]


def test_a_session_given_is_gone_on_with_and_one_made_up_is_a_label(tasks):
    tasks.comes_to(tasks.submit("Execute Python: x = 41", session_id="s"), "COMPLETED")
    assert tasks.comes_to(tasks.submit("Execute Python: print(x + 1)", session_id="s"), "COMPLETED")["result"] == "42\n"
    listed = tasks.get("/api/v1/tasks?session_id=s")
    assert listed["total_count"] == 2 and all(each["session_id"] == "s" for each in listed["tasks"])


def test_lists_are_filtered_and_paged(tasks):
    ids = [tasks.submit(f"Execute Python: print({i})") for i in range(5)]
    failed = tasks.submit("Execute Python: 1/0")
    for task in (*ids, failed):
        tasks.comes_to(task, "COMPLETED", "FAILED")
    page = tasks.get("/api/v1/tasks?limit=2&offset=1")
    assert page["total_count"] == 6 and [each["task_id"] for each in page["tasks"]] == [ids[4], ids[3]]
    for status in ("FAILED", "failed", "TASK_STATUS_FAILED"):
        assert [each["task_id"] for each in tasks.get(f"/api/v1/tasks?status={status}")["tasks"]] == [failed]
    assert tasks.get("/api/v1/tasks?session_id=nobodys") == {"tasks": [], "total_count": 0}


def test_events_tell_what_happened(tasks):
    task = tasks.submit("Execute Python: print('a' * 3000)")
    tasks.comes_to(task, "COMPLETED")
    events = tasks.events(task)
    assert [event["type"] for event in events if not (event["payload"] or {}).get("intermediate")] == [
        "WORKFLOW_STARTED", "TOOL_INVOKED", "TOOL_OBSERVATION", "WORKFLOW_COMPLETED", "STREAM_END"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert all(event["workflow_id"] == task and event["agent_id"] and event["timestamp"].endswith("Z") for event in events)
    output = "".join(event["message"] for event in events if (event["payload"] or {}).get("intermediate"))
    assert output == "a" * 3000 + "\n"
    observed = [event for event in events if event["type"] == "TOOL_OBSERVATION"][-1]
    assert observed["payload"]["success"] is True and observed["payload"]["usage"]["duration_ms"] > 0 and len(observed["message"]) <= 2000
    assert tasks.events(task, limit=2, offset=1) == events[1:3]


def test_parameters_are_shown_cut(tasks):
    task = tasks.submit("Execute Python: x = '" + "y" * 5000 + "'")
    tasks.comes_to(task, "COMPLETED")
    (invoked,) = [event for event in tasks.events(task) if event["type"] == "TOOL_INVOKED"]
    assert len(invoked["payload"]["params"]["code"]) <= 1000
    assert len(tasks.status(task)["query"]) > 5000


# --------------------------------------------------------------------------------------------------- bad requests

WRONG_BODIES = {
    "no query": ({}, "query"),
    "empty query": ({"query": ""}, "query"),
    "query is no text": ({"query": 1}, "query"),
    "needs a model": ({"query": "what time is it?"}, "language model"),
    "attachments": ({"query": "q", "attachments": [1]}, "attachments"),
    "session": ({"query": "Execute Python: 1", "session_id": "../x"}, "session_id"),
    "empty session": ({"query": "Execute Python: 1", "session_id": ""}, "session_id"),
    "long session": ({"query": "Execute Python: 1", "session_id": "x" * 129}, "session_id"),
    "context": ({"query": "Execute Python: 1", "context": []}, "context"),
    "mode": ({"query": "Execute Python: 1", "mode": "quick"}, "mode must be one of simple"),
    "tier": ({"query": "Execute Python: 1", "model_tier": "huge"}, "model_tier"),
    "retry": ({"query": "Execute Python: 1", "retry_on_restart": 1}, "true or false"),
    "forbidden tool": ({"query": "Execute Python: 1", "context": {"allowed_tools": []}}, "not among those"),
    "calls are no list": ({"query": "q", "context": {"tool_calls": {}}}, "must be a list"),
    "too many calls": ({"query": "q", "context": {"tool_calls": [{"tool": "calculator"}] * 101}}, "more than 100"),
    "no JSON": (b"{", "not JSON"),
    "a list": (b"[]", "must be a JSON object"),
    "twice": (b'{"query": "a", "query": "b"}', "twice"),
    "not UTF-8": (b'{"query": "\xff"}', "not JSON"),
    "deep": (b'{"query": ' + b"[" * 100 + b"]" * 100 + b"}", "64 levels"),
}


@pytest.mark.parametrize("body, said", WRONG_BODIES.values(), ids=WRONG_BODIES)
def test_what_cannot_be_done_is_refused_at_once(tasks, body, said):
    for path in ("/api/v1/tasks", "/api/v1/tasks/stream"):
        status, _, answer = tasks("POST", path, body)
        assert 400 <= status < 500 and said in answer["error"], answer
    assert tasks.get("/api/v1/tasks")["total_count"] == 0


@pytest.mark.parametrize("path", [
    "/api/v1/tasks?limit=0", "/api/v1/tasks?limit=101", "/api/v1/tasks?limit=x", "/api/v1/tasks?offset=-1", "/api/v1/tasks?offset=1e3",
    "/api/v1/tasks?status=odd", "/api/v1/tasks?session_id=a/b", "/api/v1/tasks?offset=99999999999999999999",
    "/api/v1/tasks/a%2Fb", "/api/v1/tasks/%20", "/api/v1/tasks/" + "x" * 129, "/api/v1/tasks/x/events?limit=201", "/api/v1/tasks/x/events?limit=",
    "/api/v1/stream/sse", "/api/v1/stream/sse?workflow_id=../x", "/api/v1/stream/sse?workflow_id=x&types=a%0Ab",
    "/api/v1/stream/sse?workflow_id=x&last_event_id=-1", "/api/v1/stream/sse?workflow_id=x&last_event_id=1-2",
])
def test_wrong_words_in_a_path_are_named(tasks, path):
    status, _, answer = tasks("GET", path)
    assert status == 400 and answer["error"]


def test_a_task_that_is_not_there_is_not_found(tasks, served, orchestrator):
    for path in ("", "/events", "/stream", "/control-state"):
        assert tasks("GET", f"/api/v1/tasks/task-nobodys{path}")[0] == 404
    for action in ("cancel", "pause", "resume"):
        assert tasks.control("task-nobodys", action)[0] == 404
    assert tasks("GET", "/api/v1/stream/sse?workflow_id=nobodys")[0] == 404
    with WebSocket(served.http, "/api/v1/stream/ws?workflow_id=nobodys") as client:
        assert client.status == 404
    with pytest.raises(grpc.RpcError) as error:
        orchestrator.GetTaskStatus(task_id="nobodys")
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_a_body_of_more_than_40_mib_is_refused_and_one_of_less_is_not(tasks):
    code = "Execute Python: print(len('" + "x" * (20 << 20) + "'))"
    assert tasks.comes_to(tasks.submit(code), "COMPLETED")["result"] == f"{20 << 20}\n"
    assert tasks("POST", "/api/v1/tasks", {"query": "x" * (40 << 20)})[0] == 413
    assert tasks("POST", "/api/v1/tasks", {"query": "Execute Python: " + "x" * (33 << 20)})[0] == 400


def test_tasks_that_wait_are_bounded(tasks):
    running = [tasks.submit(ENDLESS) for _ in range(8)]
    taken, status = 0, 200
    for _ in range(1100):
        status, headers, answer = tasks("POST", "/api/v1/tasks", {"query": "Execute Python: 1"})
        if status != 200:
            break
        taken += 1
    assert status == 429 and 990 <= taken <= 1008 and headers["Retry-After"] and "tasks wait already" in answer["error"]
    for task in running:
        assert tasks.control(task, "cancel")[0] == 200
    assert wait_until(lambda: tasks.get("/api/v1/tasks?status=QUEUED")["total_count"] == 0, 60)


# ---------------------------------------------------------------------------------------------------- idempotency


def test_a_key_makes_a_task_count_once_also_after_a_kill(serve):
    first = serve()
    tasks = Tasks(first.http)
    body = {"query": "Execute Python: print(1)"}
    status, headers, answer = tasks("POST", "/api/v1/tasks", body, Idempotency_Key="k-1")
    assert status == 200 and "X-Idempotency-Cached" not in headers
    status, again, same = tasks("POST", "/api/v1/tasks", body, Idempotency_Key="k-1")
    assert (status, same) == (200, answer) and again["X-Idempotency-Cached"] == "true" and again["X-Session-ID"] == headers["X-Session-ID"]
    status, _, wrong = tasks("POST", "/api/v1/tasks", {"query": "Execute Python: print(2)"}, Idempotency_Key="k-1")
    assert status == 409 and "another request" in wrong["error"]
    assert tasks("POST", "/api/v1/tasks/stream", body, Idempotency_Key="k-1")[0] == 409
    assert tasks("POST", "/api/v1/tasks", {"query": ""}, Idempotency_Key="k-2")[0] == 400
    assert tasks("POST", "/api/v1/tasks", body, Idempotency_Key="k-2")[0] == 200  # a refusal is not kept
    for key in ("", "x" * 256, "ä"):
        assert tasks("POST", "/api/v1/tasks", body, Idempotency_Key=key)[0] == 400
    first.process.kill()
    first.process.wait(5)
    tasks = Tasks(serve().http)
    assert tasks("POST", "/api/v1/tasks", body, Idempotency_Key="k-1")[2] == answer
    assert tasks.get("/api/v1/tasks")["total_count"] == 2


def test_one_key_at_once_from_many_clients_is_one_task(served):
    def submit(_):
        return Tasks(served.http)("POST", "/api/v1/tasks", {"query": "Execute Python: 1"}, Idempotency_Key="k")[2]["task_id"]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(submit, range(32)))) == 1


# -------------------------------------------------------------------------------------------------------- control


def test_a_running_task_is_cancelled_and_its_worker_free(tasks):
    task = tasks.submit(ENDLESS)
    tasks.comes_to(task, "RUNNING")
    status, _, answer = tasks.control(task, "cancel", reason="enough")
    assert status == 200 and answer["success"]
    ended = tasks.comes_to(task, "CANCELLED", seconds=5)
    assert "cancelled" in ended["error"].lower()
    state = tasks.get(f"/api/v1/tasks/{task}/control-state")
    assert state["is_cancelled"] and state["cancel_reason"] == "enough"
    assert tasks.types(task)[-1] == "STREAM_END" and "WORKFLOW_CANCELLED" in tasks.types(task)
    assert tasks.control(task, "cancel")[0] == 200  # it is so
    for action in ("pause", "resume"):
        status, _, answer = tasks.control(task, action)
        assert status == 409 and "TASK_STATUS_CANCELLED" in answer["error"]


def test_a_task_pauses_between_two_calls_and_goes_on(tasks):
    task = tasks.calls("import time; time.sleep(1); print('one')", "print('two')")
    tasks.comes_to(task, "RUNNING")
    status, _, answer = tasks.control(task, "pause", reason="wait")
    assert status == 200 and "next call" in answer["message"]
    assert tasks.get(f"/api/v1/tasks/{task}/control-state")["is_pausing"]
    paused = tasks.comes_to(task, "PAUSED")
    assert paused["progress"] == 0.5
    state = tasks.get(f"/api/v1/tasks/{task}/control-state")
    assert state["is_paused"] and not state["is_pausing"] and state["pause_reason"] == "wait" and state["paused_at"]
    assert tasks.control(task, "pause")[0] == 200
    assert tasks.control(task, "resume")[0] == 200
    done = tasks.comes_to(task, "COMPLETED")
    assert [each["output"] for each in done["metadata"]["tool_executions"]] == ["one\n", "two\n"]
    assert [t for t in tasks.types(task) if "PAUS" in t or "RESUM" in t] == ["WORKFLOW_PAUSING", "WORKFLOW_PAUSED", "WORKFLOW_RESUMED"]
    for action in ("cancel", "pause", "resume"):
        assert tasks.control(task, action)[0] == 409


def test_a_task_that_waits_is_paused_resumed_and_cancelled(tasks):
    running = [tasks.submit(ENDLESS) for _ in range(8)]
    waiting, other = tasks.submit("Execute Python: print(1)"), tasks.submit("Execute Python: print(2)")
    assert tasks.status(waiting)["status"] == "TASK_STATUS_QUEUED" and tasks.status(waiting)["started_at"] is None
    assert tasks.control(waiting, "resume")[0] == 409
    assert tasks.control(waiting, "pause")[2]["status"] == "TASK_STATUS_PAUSED"
    assert tasks.control(other, "cancel")[2]["status"] == "TASK_STATUS_CANCELLED"
    for task in running:
        tasks.control(task, "cancel")
    time.sleep(0.3)
    assert tasks.status(waiting)["status"] == "TASK_STATUS_PAUSED"
    assert tasks.control(waiting, "resume")[0] == 200
    assert tasks.comes_to(waiting, "COMPLETED")["result"] == "1\n"


def test_wrong_bodies_of_control_are_named(tasks):
    task = tasks.submit(ENDLESS)
    for body in (b"[", b"[]", {"reason": 1}, {"reason": "x" * 1001}):
        assert tasks("POST", f"/api/v1/tasks/{task}/cancel", body)[0] == 400
    tasks.control(task, "cancel")


# -------------------------------------------------------------------------------------------------------- streams


def test_events_come_as_they_happen_and_end_with_done(served, tasks):
    status, headers, answer = tasks("POST", "/api/v1/tasks/stream", {
        "query": "Execute Python: import time\nprint('first', flush=True); time.sleep(1.5)\nprint('second')"})
    assert status == 201 and headers["Link"] == f"<{answer['stream_url']}>; rel=stream"
    status, redirect, _ = tasks("GET", f"/api/v1/tasks/{answer['task_id']}/stream")
    assert status == 307 and redirect["Location"] == answer["stream_url"]
    with EventSource(served.http, answer["stream_url"]) as events:
        assert events.status == 200 and events.headers["content-type"] == "text/event-stream"
        seen = []
        for event in events:
            seen.append((time.monotonic(), event))
        assert events.comments[0].startswith(":")
    names = [event.name for _, event in seen]
    assert names[0] == "WORKFLOW_STARTED" and names[-2:] == ["WORKFLOW_COMPLETED", "done"]
    assert seen[-1][1].data == "[DONE]"
    printed = [(at, json.loads(event.data)) for at, event in seen if '"intermediate":true' in event.data]
    assert [data["message"] for _, data in printed] == ["first\n", "second\n"]
    assert printed[1][0] - printed[0][0] > 1  # it came when it was printed
    assert [int(event.id) for _, event in seen] == list(range(1, len(seen) + 1))


def test_the_first_line_of_a_stream_is_a_comment(served, tasks):
    task = tasks.submit("Execute Python: print(1)")
    answer = tasks.raw(f"GET /api/v1/stream/sse?workflow_id={task} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body.startswith(b": ") and body.endswith(b"event: done\ndata: [DONE]\n\n")


def test_whoever_comes_again_misses_nothing_and_sees_nothing_twice(served, tasks):
    task = tasks.submit("Execute Python: import time\nfor i in range(40): print(i, flush=True); time.sleep(0.02)")
    seen, place = [], None
    while True:
        headers = {"Last_Event_ID": place} if place else {}
        with source(served, task, last_event_id=0, **headers) as events:  # the header goes before the query
            for count, event in enumerate(events):
                seen.append(event)
                place = event.id
                if event.name == "done" or count == 4:
                    break
        if seen[-1].name == "done":
            break
    assert [int(event.id) for event in seen] == list(range(1, len(seen) + 1))
    output = "".join(json.loads(event.data)["message"] for event in seen if '"intermediate":true' in event.data)
    assert output == "".join(f"{i}\n" for i in range(40))
    with source(served, task, last_event_id=place) as events:
        assert [(event.name, event.data) for event in events] == [("done", "[DONE]")]


def test_types_choose_among_events(served, tasks):
    task = tasks.submit("Execute Python: 1/0")
    tasks.comes_to(task, "FAILED")
    with source(served, task, types="ERROR_OCCURRED,WORKFLOW_STARTED") as events:
        assert [event.name for event in events] == ["WORKFLOW_STARTED", "error", "done"]
    cancelled = tasks.submit(ENDLESS)
    tasks.comes_to(cancelled, "RUNNING")
    tasks.control(cancelled, "cancel")
    with source(served, cancelled) as events:
        names = [event.name for event in events]
    assert names[-3:] == ["TOOL_OBSERVATION", "workflow.cancelled", "done"] and "workflow.cancelling" in names


def test_a_stream_of_a_task_that_waits_is_kept_alive(served, tasks):
    running = [tasks.submit(ENDLESS) for _ in range(8)]
    task = tasks.submit("Execute Python: print(1)")
    with source(served, task) as events:
        deadline = time.monotonic() + 15
        line = b""
        events.file.readline(), events.file.readline()  # the first comment
        line = events.file.readline()
        assert line.startswith(b":") and time.monotonic() < deadline
        for each in running:
            tasks.control(each, "cancel")
        assert [event.name for event in events][-1] == "done"


def test_a_client_that_goes_leaves_the_task_alone(served, tasks):
    task = tasks.submit("Execute Python: import time; time.sleep(0.5); print('still')")
    source(served, task).close()
    assert tasks.comes_to(task, "COMPLETED")["result"] == "still\n"


def test_a_slow_reader_is_bounded_and_can_go_on(served, tasks):
    task = tasks.submit("Execute Python: print('x' * 1_000_000)")
    with source(served, task) as slow:
        tasks.comes_to(task, "COMPLETED")
        time.sleep(0.5)
        output = "".join(json.loads(event.data)["message"] for event in slow if '"intermediate":true' in event.data)
    assert output == "x" * 1_000_000 + "\n"


def test_a_thousand_streams_are_cheap(served, tasks):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    running = [tasks.submit(ENDLESS) for _ in range(8)]
    task = tasks.submit("Execute Python: print('at last')")

    def resident():
        return int(next(line for line in open(f"/proc/{served.process.pid}/status") if line.startswith("VmRSS")).split()[1])

    before = resident()
    streams = [source(served, task, timeout=60) for _ in range(1000)]
    assert tasks.status(task)["status"] == "TASK_STATUS_QUEUED"
    assert resident() - before < 60_000  # KiB
    for each in running:
        tasks.control(each, "cancel")
    for stream in streams:
        assert [event.name for event in stream][-1] == "done"
        stream.close()


def test_a_web_socket_has_the_same_events(served, tasks):
    task = tasks.submit("Execute Python: import time; print('a', flush=True); time.sleep(0.3); print('b')")
    with WebSocket(served.http, f"/api/v1/stream/ws?workflow_id={task}") as client:
        assert client.status == 101
        client.send(client.PING, b"are you there?")
        client.send(client.TEXT, b"whatever")
        assert client.receive() is not None
        texts, code = client.messages()
    assert code == 1000
    events = [json.loads(text) for text in texts]
    assert events[-1]["type"] == "STREAM_END" and tasks.events(task, limit=200)[-1] == events[-1]
    middle = events[len(events) // 2]["seq"]
    with WebSocket(served.http, f"/api/v1/stream/ws?workflow_id={task}&last_event_id={middle}") as client:
        texts, code = client.messages()
    assert [json.loads(text)["seq"] for text in texts] == [event["seq"] for event in events if event["seq"] > middle]
    assert tasks("GET", f"/api/v1/stream/ws?workflow_id={task}")[0] == 426


def test_a_web_socket_answers_pings_and_closes_as_it_should(served, tasks):
    task = tasks.submit(ENDLESS)
    path = f"/api/v1/stream/ws?workflow_id={task}&types=WORKFLOW_COMPLETED"
    with WebSocket(served.http, path) as client:
        client.send(client.PING, b"hello")
        assert client.receive() == (client.PONG, b"hello")
        client.send(client.CLOSE, b"\x03\xe8")
        assert client.messages() == ([], 1000)
    for opcode, payload, how, code in ((1, b"x" * (65 << 10), {}, 1009), (1, b"unmasked", {"masked": False}, 1002), (3, b"", {}, 1002),
                                       (1, b"\xff", {}, 1007)):
        with WebSocket(served.http, path) as client:
            client.send(opcode, payload, **how)
            assert client.messages()[1] == code, (opcode, code)
    with WebSocket(served.http, path, Origin="https://example.com") as client:
        assert client.status == 403
    with WebSocket(served.http, path, Origin=f"http://{served.http}") as client:
        assert client.status == 101
    assert tasks.status(task)["status"] == "TASK_STATUS_RUNNING"
    tasks.control(task, "cancel")


# ------------------------------------------------------------------------------------------------------ kill, stop


def test_after_a_kill_every_task_is_done_or_reported(serve):
    first = serve()
    tasks = Tasks(first.http)
    running = [tasks.submit(ENDLESS) for _ in range(7)]
    again = tasks.submit("Execute Python: import time; time.sleep(1); print('twice')", retry_on_restart=True)
    tasks.comes_to(again, "RUNNING")
    waiting = [tasks.submit(f"Execute Python: print({i})") for i in range(20)]
    with source(first, running[0]) as events:
        place = next(iter(events)).id
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(5)
    second = serve()
    tasks = Tasks(second.http)
    for i, task in enumerate(waiting):
        assert tasks.comes_to(task, "COMPLETED")["result"] == f"{i}\n"
    for task in running:
        status = tasks.status(task)
        assert status["status"] == "TASK_STATUS_FAILED" and "retry_on_restart" in status["error"]
    assert tasks.comes_to(again, "COMPLETED")["result"] == "twice\n" and tasks.status(again)["metadata"]["attempts"] == 2
    assert "ERROR_RECOVERY" in tasks.types(again)
    with source(second, running[0], last_event_id=place) as events:
        assert [event.name for event in events if event.name != "TOOL_OBSERVATION"][-3:] == ["error", "WORKFLOW_FAILED", "done"]


def test_nothing_accepted_is_lost_however_often_it_is_killed(serve):
    accepted = set()
    for _ in range(4):
        service = serve()
        tasks = Tasks(service.http)
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            accepted.add(tasks.submit("Execute Python: print('done')"))
        service.process.send_signal(signal.SIGKILL)
        service.process.wait(5)
    tasks = Tasks(serve().http)
    assert len(accepted) > 8
    for task in accepted:
        status = tasks.comes_to(task, "COMPLETED", "FAILED", seconds=60)
        assert (status["result"] == "done\n") if status["status"] == "TASK_STATUS_COMPLETED" else "the service stopped" in status["error"]
    assert tasks.get("/api/v1/tasks")["total_count"] == len(accepted)


def test_a_stop_waits_for_what_runs_and_leaves_what_waits(serve):
    first = serve()
    tasks = Tasks(first.http)
    running = [tasks.submit("Execute Python: import time; time.sleep(1); print('whole')") for _ in range(8)]
    waiting = tasks.submit("Execute Python: print('later')")
    tasks.comes_to(running[-1], "RUNNING")
    with source(first, waiting) as events:
        first.process.send_signal(signal.SIGTERM)
        assert [event.name for event in events] == []  # no `done`: it is not over
    assert first.process.wait(15) == 0
    tasks = Tasks(serve().http)
    assert [tasks.status(task)["result"] for task in running] == ["whole\n"] * 8
    assert tasks.comes_to(waiting, "COMPLETED")["result"] == "later\n"


# ------------------------------------------------------------------------------------------------------- database


def database(own_home):
    return own_home / "tasks" / "tasks.db"


def test_a_locked_database_is_said_to_be_and_nothing_is_lost(served, tasks, own_home):
    task = tasks.submit("Execute Python: import time; time.sleep(1); print('kept')")
    tasks.comes_to(task, "RUNNING")
    with sqlite3.connect(database(own_home), isolation_level=None) as lock:
        lock.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        status, headers, answer = tasks("POST", "/api/v1/tasks", {"query": "Execute Python: 1"})
        assert status == 503 and "another program" in answer["error"] and time.monotonic() - begun < 40
        assert "/" not in answer["error"]
        assert Http(served.http).post("/tools/execute", tool_name="calculator", parameters={"expression": "1+1"})["output"]["result"] == 2
        lock.execute("ROLLBACK")
    assert tasks.comes_to(task, "COMPLETED")["result"] == "kept\n"


def test_a_damaged_database_is_said_to_be_and_the_service_serves_on(serve, own_home):
    first = serve()
    tasks = Tasks(first.http)
    for i in range(20):
        tasks.comes_to(tasks.submit(f"Execute Python: print({i})"), "COMPLETED")
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(10) == 0
    file = database(own_home)
    file.write_bytes(os.urandom(20_000))
    for beside in file.parent.glob("tasks.db-*"):
        beside.unlink()
    second = serve()
    tasks = Tasks(second.http)
    for method, path, body in (("POST", "/api/v1/tasks", {"query": "Execute Python: 1"}), ("GET", "/api/v1/tasks", None), ("GET", "/api/v1/tasks/x", None)):
        status, _, answer = tasks(method, path, body)
        assert status == 500 and "damaged" in answer["error"] and str(own_home) not in answer["error"]
    assert tasks.post("/v1/run", code="print(1)")["stdout"] == "1\n"
    file.rename(file.parent / "damaged.db")
    assert tasks.comes_to(tasks.submit("Execute Python: print('new')"), "COMPLETED")["result"] == "new\n"
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(10) == 0
    assert "move the file away" in second.process.stderr.read().decode()


def test_a_full_disk_is_said_to_be_and_passes(in_mount_namespace, own_home, binary):
    done = in_mount_namespace(f"""
        mkdir -p {own_home}/tasks
        mount -t tmpfs -o size=1m,mode=0700 none {own_home}/tasks
        SKERRY_HOME={own_home} {os.sys.executable} - "$SKERRY" <<'END'
import http.client, json, os, signal, subprocess, sys, time
service = subprocess.Popen([sys.argv[1], "serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--orchestrator", "127.0.0.1:0"],
                           stderr=subprocess.PIPE, text=True)
lines = [service.stderr.readline() for _ in range(3)]
port = int(lines[1].split(":")[-1])
def ask(method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, json.dumps(body) if body else None)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())
def submit(query):
    return ask("POST", "/api/v1/tasks", {{"query": query}})
slow = submit("Execute Python: import time; time.sleep(2); print('kept')")[1]["task_id"]
time.sleep(0.5)
ballast = open(os.environ["SKERRY_HOME"] + "/tasks/ballast", "wb")
try:
    while True:
        ballast.write(b"x" * 512)
        ballast.flush()
except OSError:
    pass
refused = submit("Execute Python: x = '" + "x" * 300000 + "'")
assert refused[0] == 503 and "disk is full" in refused[1]["error"], refused
assert ask("POST", "/v1/run", {{"code": "print(1)"}})[1]["stdout"] == "1\\n"
time.sleep(2)
os.truncate(ballast.name, 0)
for _ in range(200):
    told = ask("GET", "/api/v1/tasks/" + slow)[1]
    if told.get("status") == "TASK_STATUS_COMPLETED":
        break
    time.sleep(0.05)
assert told["result"] == "kept\\n", told
again = submit("Execute Python: print(1)")
assert again[0] == 200, again
service.send_signal(signal.SIGTERM)
assert service.wait(15) == 0
print("passed")
END
    """)
    assert done.out == "passed\n", done.err


def test_two_services_in_one_home_do_not_take_each_other_s_tasks(serve):
    first, second = serve(), serve()
    tasks = Tasks(first.http)
    task = tasks.submit("Execute Python: import time; time.sleep(1); print('mine')")
    status, headers, answer = Tasks(second.http)("GET", f"/api/v1/tasks/{task}")
    assert status == 503 and "another service" in answer["error"]
    assert tasks.comes_to(task, "COMPLETED")["result"] == "mine\n"
    first.process.kill()
    first.process.wait(5)
    assert Tasks(second.http).status(task)["result"] == "mine\n"


# ----------------------------------------------------------------------------------------------------------- gRPC


def test_the_orchestrator_s_calls_are_about_the_same_tasks(served, tasks, orchestrator):
    taken = orchestrator.SubmitTask(query="Execute Python: print('over gRPC')", metadata={"user_id": "u", "session_id": "s", "labels": {"mode": "simple"}},
                                    context={"k": 1})
    assert taken.task_id == taken.workflow_id and name_of(taken, "status") == "STATUS_CODE_OK"
    done = tasks.comes_to(taken.task_id, "COMPLETED")
    assert done["session_id"] == "s" and done["mode"] == "simple" and done["context"] == {"k": 1}
    told = orchestrator.GetTaskStatus(task_id=taken.task_id, include_details=True)
    assert name_of(told, "status") == "TASK_STATUS_COMPLETED" and told.progress == 1 and told.result == "over gRPC\n"
    assert told.agent_statuses[0].agent_id == "python_executor" and told.metrics.agents_used == 1
    other = tasks.submit("Execute Python: 1/0")
    tasks.comes_to(other, "FAILED")
    assert "ZeroDivisionError" in orchestrator.GetTaskStatus(task_id=other).error_message
    listed = orchestrator.ListTasks()
    assert listed.total_count == 2 and [each.task_id for each in listed.tasks] == [other, taken.task_id]
    assert listed.tasks[0].created_at.seconds > 1_700_000_000 and listed.tasks[0].completed_at.seconds
    assert orchestrator.ListTasks(user_id="u").total_count == 1
    assert orchestrator.ListTasks(filter_status="TASK_STATUS_FAILED").tasks[0].task_id == other
    assert orchestrator.ListTasks(session_id="s", limit=1).total_count == 1


def test_control_over_grpc(tasks, orchestrator):
    task = tasks.submit(ENDLESS)
    tasks.comes_to(task, "RUNNING")
    assert orchestrator.PauseTask(task_id=task, reason="r").success
    assert orchestrator.ResumeTask(task_id=task).success
    assert orchestrator.CancelTask(task_id=task, reason="enough").success
    tasks.comes_to(task, "CANCELLED")
    refused = orchestrator.ResumeTask(task_id=task)
    assert not refused.success and "TASK_STATUS_CANCELLED" in refused.message
    state = orchestrator.GetControlState(task_id=task)
    assert state.is_cancelled and state.cancel_reason == "enough" and state.paused_at


def test_events_over_grpc_are_the_same(served, tasks):
    task = tasks.submit("Execute Python: import time; print('a', flush=True); time.sleep(0.3); print('b')")
    with Client(served.orchestrator, "shannon.orchestrator.StreamingService") as client:
        updates = list(client.StreamTaskExecution(workflow_id=task))
        events = tasks.events(task, limit=200)
        assert [(each.seq, each.type, each.message) for each in updates] == [(e["seq"], e["type"], e["message"]) for e in events]
        rest = list(client.StreamTaskExecution(workflow_id=task, last_event_id=updates[2].seq, types=["WORKFLOW_COMPLETED", "TOOL_OBSERVATION"]))
        assert [each.seq for each in rest] == [e["seq"] for e in events[3:] if e["type"] in ("WORKFLOW_COMPLETED", "TOOL_OBSERVATION")]
        with pytest.raises(grpc.RpcError) as error:
            list(client.StreamTaskExecution(workflow_id="nobodys"))
        assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_what_the_orchestrator_does_not_do_says_what_to_do(orchestrator):
    wrong = [
        (lambda: orchestrator.ApproveTask(workflow_id="x"), grpc.StatusCode.UNIMPLEMENTED, "no approval"),
        (lambda: orchestrator.CreateSchedule(name="x"), grpc.StatusCode.UNIMPLEMENTED, "cron"),
        (lambda: orchestrator.ListSchedules(), grpc.StatusCode.UNIMPLEMENTED, "cron"),
        (lambda: orchestrator.SubmitTask(query="Execute Python: 1", require_approval=True), grpc.StatusCode.UNIMPLEMENTED, "approve"),
        (lambda: orchestrator.SubmitTask(query="what is it?"), grpc.StatusCode.FAILED_PRECONDITION, "language model"),
        (lambda: orchestrator.SubmitTask(query=""), grpc.StatusCode.INVALID_ARGUMENT, "query"),
        (lambda: orchestrator.SubmitTask(query="Execute Python: 1", metadata={"session_id": "a/b"}), grpc.StatusCode.INVALID_ARGUMENT, "session_id"),
        (lambda: orchestrator.GetTaskStatus(task_id="a/b"), grpc.StatusCode.INVALID_ARGUMENT, "task_id"),
        (lambda: orchestrator.ListTasks(limit=101), grpc.StatusCode.INVALID_ARGUMENT, "limit"),
        (lambda: orchestrator.ListTasks(offset=-1), grpc.StatusCode.INVALID_ARGUMENT, "offset"),
        (lambda: orchestrator.CancelTask(task_id="x", reason="r" * 2000), grpc.StatusCode.INVALID_ARGUMENT, "reason"),
    ]
    for call, code, said in wrong:
        with pytest.raises(grpc.RpcError) as error:
            call()
        assert error.value.code() == code and said in error.value.details()


# ----------------------------------------------------------------------------------------------------------- keys


def test_tasks_are_their_tenant_s_and_their_key_s_tools_hold(serve, skerry, own_home):
    def key(*words):
        return json.loads(skerry("keys", "create", *words, "--json", env={"SKERRY_HOME": str(own_home)}).ok().out)["key"]

    mine, other, narrow = key("a"), key("b"), key("a", "--tool", "calculator")
    service = serve()
    tasks = Tasks(service.http)

    def ask(key, method, path, body=None):
        return tasks(method, path, body, **({"X_API_Key": key} if key else {}))

    assert ask(None, "POST", "/api/v1/tasks", {"query": "Execute Python: 1"})[0] == 401
    status, _, answer = ask(mine, "POST", "/api/v1/tasks", {"query": "Execute Python: print(1)"})
    assert status == 200
    task = answer["task_id"]
    for path in ("", "/events", "/stream", "/control-state"):
        assert ask(None, "GET", f"/api/v1/tasks/{task}{path}")[0] == 401
        assert ask(other, "GET", f"/api/v1/tasks/{task}{path}")[0] == 404
        assert ask(mine, "GET", f"/api/v1/tasks/{task}{path}")[0] in (200, 307)
    for path in ("/api/v1/stream/sse", "/api/v1/stream/ws"):
        with WebSocket(service.http, f"{path}?workflow_id={task}", X_API_Key=other) as client:
            assert client.status == 404
        with WebSocket(service.http, f"{path}?workflow_id={task}") as client:
            assert client.status == 401
    for action in ("cancel", "pause", "resume"):
        assert ask(other, "POST", f"/api/v1/tasks/{task}/{action}")[0] == 404
    assert ask(other, "GET", "/api/v1/tasks")[2]["total_count"] == 0 and ask(mine, "GET", "/api/v1/tasks")[2]["total_count"] == 1
    status, _, answer = ask(narrow, "POST", "/api/v1/tasks", {"query": "Execute Python: 1"})
    assert status == 403 and "of this key" in answer["error"]
    with Client(service.orchestrator, "shannon.orchestrator.OrchestratorService") as client:
        for call in (lambda: client.SubmitTask(query="Execute Python: 1"), lambda: client.GetTaskStatus(task_id=task), lambda: client.ListTasks(),
                     lambda: client.CancelTask(task_id=task), lambda: client.GetControlState(task_id=task)):
            with pytest.raises(grpc.RpcError) as error:
                call()
            assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED


# --------------------------------------------------------------------------------------------------------- script


@pytest.fixture
def submit_task(served):
    def run(*words, stdin=""):
        return subprocess.run([ROOT / "scripts" / "submit_task.sh", *words], input=stdin, capture_output=True, text=True, timeout=60,
                              env={**os.environ, "SKERRY_URL": f"http://{served.http}"})

    return run


def test_the_script_prints_the_result_and_ends_as_the_task_did(submit_task, tasks):
    done = submit_task("Execute Python: print('Hello, Shannon!')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello, Shannon!\n", "")
    failed = submit_task("Execute Python: print('before'); 1/0")
    assert (failed.returncode, failed.stdout) == (1, "before\n") and "ZeroDivisionError" in failed.stderr
    refused = submit_task("what time is it?")
    assert refused.returncode == 3 and "language model" in refused.stderr
    assert submit_task().returncode == 2 and submit_task("a", "b").returncode == 2 and submit_task("--odd", "a").returncode == 2
    assert submit_task("--timeout", "0", "a").returncode == 2
    nameless = submit_task("--session", "", "Execute Python: x = 41")
    assert nameless.returncode == 2 and "--session is empty" in nameless.stderr
    assert submit_task("--help").returncode == 0
    late = submit_task("--timeout", "1", ENDLESS)
    assert late.returncode == 124 and "it goes on" in late.stderr
    (running,) = tasks.get("/api/v1/tasks?status=RUNNING")["tasks"]
    tasks.control(running["task_id"], "cancel")
    assert submit_task("--url", "http://127.0.0.1:9", "Execute Python: 1").returncode == 3


def test_the_script_takes_sessions_input_and_keys(submit_task, tasks):
    assert submit_task("--session", "s", "Execute Python: x = 41").returncode == 0
    assert submit_task("--session", "s", "-", stdin="Execute Python: print(x + 1)").stdout == "42\n"
    streamed = submit_task("--stream", "Execute Python: import sys; print('out'); print('err \\u4f60', file=sys.stderr)")
    assert (streamed.stdout, streamed.stderr) == ("out\n", "err \u4f60\n")
    ids = {submit_task("--no-wait", "--idempotency-key", "k", "Execute Python: print(1)").stdout for _ in range(2)}
    assert len(ids) == 1 and tasks.comes_to(ids.pop().strip(), "COMPLETED")["result"] == "1\n"
    told = json.loads(submit_task("--json", "Execute Python: print(2)").stdout)
    assert told["status"] == "TASK_STATUS_COMPLETED" and told["result"] == "2\n"
