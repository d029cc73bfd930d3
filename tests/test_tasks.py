# SPDX-License-Identifier: Apache-2.0
"""Tasks over HTTP and gRPC: what is accepted is done or reported, whatever happens to the service and its clients."""

import concurrent.futures
import json
import os
import subprocess
import time

import grpc
import pytest

from conftest import ROOT, wait_until
from grpc_client import Client, name_of
from stream_clients import WebSocket
from task_client import ENDLESS, Tasks


@pytest.fixture
def tasks(served):
    return Tasks(served.http)


@pytest.fixture
def orchestrator(served):
    with Client(served.orchestrator, "shannon.orchestrator.OrchestratorService") as client:
        yield client


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
