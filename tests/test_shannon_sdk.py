# SPDX-License-Identifier: Apache-2.0
"""Shannon's own Python client, as PyPI has it, against the service: each of its methods that is about something we serve, and plain
requests for what it never sends."""

import asyncio
import base64
import json
import signal
import subprocess
import sys

import httpx
import pytest
from shannon import ShannonClient, errors
from shannon.models import TaskStatusEnum

from conftest import SAFE_TOOLS, let_pass
from grpc_client import Client
from task_client import ENDLESS

# A service without keys serves a client that sends one, which this client insists on.
KEY = "sk_any"


class Sdk(ShannonClient):
    """The client, with a run in a session and a loop of its own."""

    def __init__(self, address, key=KEY):
        super().__init__(f"http://{address}", api_key=key)
        self._loop = asyncio.new_event_loop()

    def done(self, query, **how):
        handle = self.submit_task(query, **how)
        return self.wait(handle.task_id, poll_interval=0.02)

    def __exit__(self, *about):
        super().__exit__(*about)
        self._loop.close()


@pytest.fixture
def sdk(served):
    with Sdk(served.http) as client:
        yield client


@pytest.fixture
def plain(served):
    with httpx.Client(base_url=f"http://{served.http}", timeout=60) as client:
        yield client


def run(plain, session, code, **headers):
    answer = plain.post("/v1/run", json={"code": code, "session": session}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer, status, said=""):
    assert answer.status_code == status and said in answer.json()["error"], answer.text


# ------------------------------------------------------------------------------------------------------- tasks and tools


def test_tasks_go_through_the_client(sdk):
    handle = sdk.submit_task("Execute Python: print('Hello, Shannon!')", session_id="s", mode="simple", idempotency_key="k")
    again = sdk.submit_task("Execute Python: print('Hello, Shannon!')", session_id="s", mode="simple", idempotency_key="k")
    assert (handle.task_id, handle.session_id) == (again.task_id, "s")
    status = sdk.wait(handle.task_id, poll_interval=0.02)
    assert (status.status, status.result, status.session_id, status.progress) == (TaskStatusEnum.COMPLETED, "Hello, Shannon!\n", "s", 1)
    (listed,), total = sdk.list_tasks(session_id="s", status="COMPLETED")
    assert (listed.task_id, total, listed.mode) == (handle.task_id, 1, "simple") and listed.completed_at >= listed.created_at
    assert sdk.get_task_events(handle.task_id)[-1].type == "STREAM_END"
    assert [event.type for event in sdk.stream(handle.task_id)][-1] in ("done", "STREAM_END")
    assert [event.type for event in sdk.stream_ws(handle.task_id)][0] == "WORKFLOW_STARTED"
    streamed, url = sdk.submit_and_stream("Execute Python: 1/0")
    assert url.endswith(streamed.task_id) and sdk.wait(streamed.task_id, poll_interval=0.02).status == TaskStatusEnum.FAILED
    with pytest.raises(errors.TaskNotFoundError):
        sdk.get_status("task-nobodys")


def test_tasks_are_controlled_through_the_client(sdk):
    calls = [{"tool": "python_executor", "parameters": {"code": code}} for code in ("import time; time.sleep(0.5)", "print(2)")]
    task = sdk.submit_task("two calls", context={"tool_calls": calls}).task_id
    assert sdk.pause_task(task, reason="wait") and sdk.get_control_state(task).pause_reason == "wait"
    assert sdk.resume_task(task)
    assert sdk.wait(task, poll_interval=0.02).result == "2\n"
    endless = sdk.submit_task(ENDLESS).task_id
    assert sdk.cancel(endless, reason="enough")
    assert sdk.wait(endless, poll_interval=0.02).status == TaskStatusEnum.CANCELLED
    assert sdk.get_control_state(endless).is_cancelled


def test_tools_and_health_go_through_the_client(sdk):
    assert [tool.name for tool in sdk.list_tools()] == SAFE_TOOLS
    assert sdk.get_tool("calculator").category == "calculation"
    assert sdk.execute_tool("calculator", arguments={"expression": "6*7"}).output["result"] == 42
    assert sdk.execute_tool("python_executor", arguments={"code": "x = 1"}, session_id="t").success
    assert sdk.health()["status"] and sdk.readiness()["status"]
    assert "/api/v1/sessions/{session}" in sdk.get_openapi_spec()["paths"]


def test_a_timeline_tells_when_and_how_long(sdk, plain):
    task = sdk.done("Execute Python: import time; time.sleep(0.2); print(1)").task_id
    told = sdk.get_task_timeline(task)
    assert [event["type"] for event in told["events"]] == ["WF_SCHEDULED", "WF_STARTED", "ACT_COMPLETED", "WF_COMPLETED"]
    assert told["workflow_id"] == task and told["stats"] == {"total": 4, "mode": "summary", "activities": 1, "failed_activities": 0}
    assert told["events"][2]["duration_ms"] >= 200 and told["events"][3]["duration_ms"] >= told["events"][2]["duration_ms"]
    assert [event["timestamp"] for event in told["events"]] == sorted(event["timestamp"] for event in told["events"])
    path = f"/api/v1/tasks/{task}/timeline"
    full = plain.get(path, params={"mode": "full", "include_payloads": "true"}).json()
    assert any(event["type"] == "ACT_SCHEDULED" and event["payload"]["tool"] == "python_executor" for event in full["events"])
    refused(plain.get(path, params={"mode": "all"}), 400, "mode must be summary or full")
    refused(plain.get(path, params={"include_payloads": "1"}), 400, "true or false")
    with pytest.raises(errors.TaskNotFoundError):
        sdk.get_task_timeline("task-nobodys")


# -------------------------------------------------------------------------------------------------------------- sessions


def test_a_session_is_the_one_that_runs_and_the_command_line_know(sdk, plain, session):
    run(plain, "ran", "x = 41")
    sdk.done("Execute Python: print(1)", session_id="asked", mode="simple")
    sdk.done("Execute Python: 1/0", session_id="asked")
    sdk.done("Execute Python: print(x + 1)", session_id="ran")
    listed, total = sdk.list_sessions()
    assert total == 2 and [each.session_id for each in listed] == ["ran", "asked"]
    ran, asked = listed
    assert (asked.message_count, asked.successful_tasks, asked.failed_tasks, asked.success_rate) == (2, 1, 1, 0.5)
    assert (asked.latest_task_query, asked.latest_task_status, asked.first_task_mode) == ("Execute Python: 1/0", "FAILED", "simple")
    assert asked.is_active and asked.user_id == "default" and asked.last_activity_at >= asked.created_at
    assert ran.expires_at > ran.updated_at >= ran.created_at and (ran.message_count, ran.total_cost_usd) == (1, 0)
    one = sdk.get_session("ran")
    assert (one.session_id, one.task_count, one.total_tokens_used, one.created_at) == ("ran", 1, 0, ran.created_at)
    assert "ran" in session("list").ok().out
    assert [each.session_id for each in sdk.list_sessions(limit=1, offset=1)[0]] == ["asked"]
    assert sdk.list_sessions(offset=2) == ([], 2)
    with pytest.raises(errors.SessionNotFoundError, match="Session not found"):
        sdk.get_session("nobodys")


def test_a_task_without_a_session_makes_one_of_its_own(sdk):
    handle = sdk.submit_task("Execute Python: print(1)")
    assert sdk.get_session(handle.session_id).task_count == 1


def test_history_and_events_are_oldest_first(sdk, plain):
    tasks = [sdk.done(f"Execute Python: print({number})", session_id="s").task_id for number in range(3)]
    failed = sdk.done("Execute Python: 1/0", session_id="s").task_id
    history = sdk.get_session_history("s")
    assert [item.task_id for item in history] == [*tasks, failed]
    assert [item.result for item in history[:3]] == ["0\n", "1\n", "2\n"] and history[0].status == "COMPLETED"
    assert all(item.completed_at >= item.created_at and item.tokens_used == 0 for item in history)
    told = plain.get("/api/v1/sessions/s/history").json()
    assert told["total"] == 4 and "ZeroDivisionError" in told["tasks"][3]["error_message"] and told["tasks"][0]["tools_invoked"] == 1
    turns, count = sdk.get_session_events("s", limit=2, offset=1)
    assert count == 4 and [(turn.turn, turn.task_id, turn.final_output) for turn in turns] == [(2, tasks[1], "1\n"), (3, tasks[2], "2\n")]
    assert turns[0].events[0].type == "WORKFLOW_STARTED" and turns[0].metadata["agents_involved"] == ["skerry"]
    assert turns[0].user_query == "Execute Python: print(1)" and turns[0].metadata["execution_time_ms"] >= 0
    events = plain.get("/api/v1/sessions/s/events", params={"include_payload": "true"}).json()["turns"][0]["events"]
    assert any((event["payload"] or {}).get("tool") == "python_executor" for event in events)
    assert "payload" not in plain.get("/api/v1/sessions/s/events").json()["turns"][0]["events"][0]
    run(plain, "ran", "1")
    assert sdk.get_session_history("ran") == [] and sdk.get_session_events("ran") == ([], 0)
    for call in (sdk.get_session_history, sdk.get_session_events):
        with pytest.raises(errors.SessionNotFoundError):
            call("nobodys")


def test_a_page_of_too_many_events_is_refused_and_a_smaller_one_is_not(sdk, plain):
    calls = [{"tool": "calculator", "parameters": {"expression": "1"}}] * 100
    handles = [sdk.submit_task("sums", session_id="s", context={"tool_calls": calls}) for _ in range(26)]
    for handle in handles:
        assert sdk.wait(handle.task_id, poll_interval=0.02).status == TaskStatusEnum.COMPLETED
    refused(plain.get("/api/v1/sessions/s/events", params={"limit": 100}), 413, "at most 33554432 and 5000")
    turns, count = sdk.get_session_events("s", limit=20)
    assert count == 26 and len(turns) == 20 and len(turns[19].events) > 200


def test_a_history_of_too_many_bytes_is_refused(sdk, plain):
    def print_megabytes(count):
        # Each is there twice: as the task's result, and as its call's output.
        handles = [sdk.submit_task("Execute Python: print('x' * 1_000_000)", session_id="s") for _ in range(count)]
        for handle in handles:
            assert sdk.wait(handle.task_id, poll_interval=0.02).status == TaskStatusEnum.COMPLETED

    print_megabytes(3)
    assert [len(item.result) for item in sdk.get_session_history("s")] == [1_000_001] * 3
    print_megabytes(17)
    refused(plain.get("/api/v1/sessions/s/history"), 413, "page by page")
    assert sdk.get_session("s").task_count == 20


def test_a_title_is_kept_and_belongs_to_its_session(serve, plain_client):
    first = serve()
    with Sdk(first.http) as sdk, plain_client(first) as plain:
        run(plain, "s", "x = 1")
        assert sdk.update_session_title("s", "  Quarterly\nreport\u200b ")
        assert sdk.get_session("s").title == sdk.list_sessions()[0][0].title == "Quarterlyreport"
        assert plain.patch("/api/v1/sessions/s", json={"title": "\u65e5" * 60}).json() == {"session_id": "s", "title": "\u65e5" * 60}
        for wrong in ("", " \t", "\u65e5" * 61):
            with pytest.raises(errors.ValidationError, match="expected 1 to 60"):
                sdk.update_session_title("s", wrong)
        with pytest.raises(errors.SessionNotFoundError):
            sdk.update_session_title("nobodys", "t")
        for body in ({}, {"title": 1}, {"title": None}):
            refused(plain.patch("/api/v1/sessions/s", json=body), 400, "title must be there, and text")
        refused(plain.patch("/api/v1/sessions/s", content=b"["), 400)
        refused(plain.patch("/api/v1/sessions/s", json={"title": "x" * 70_000}), 413)
    first.process.kill()
    first.process.wait(5)
    second = serve()
    with Sdk(second.http) as sdk, plain_client(second) as plain:
        assert sdk.get_session("s").title == "\u65e5" * 60
        # Forgotten by another way: the next one of that name is another session.
        assert plain.delete("/v1/sessions/s").status_code == 200
        run(plain, "s", "x = 1")
        assert sdk.get_session("s").title is None


def test_a_session_outlives_its_state_while_it_has_tasks(sdk, plain, own_home):
    run(plain, "s", "x = 1")
    run(plain, "other", "x = 1")
    sdk.update_session_title("s", "Mine")
    sdk.done("Execute Python: print(x)", session_id="s")
    assert sdk.get_session("s").expires_at
    let_pass(own_home, 4000)
    assert [each.session_id for each in sdk.list_sessions()[0]] == ["s"]
    kept = sdk.get_session("s")
    assert (kept.title, kept.task_count, kept.expires_at) == ("Mine", 1, None) and sdk.list_session_files("s") == []
    with pytest.raises(errors.SessionNotFoundError):
        sdk.get_session("other")


@pytest.fixture
def plain_client():
    return lambda service: httpx.Client(base_url=f"http://{service.http}", timeout=60)


def test_a_deleted_session_is_gone_and_its_tasks_are_not(sdk, plain):
    task = sdk.done("Execute Python: x = 41; open('f', 'w').write('1')", session_id="s").task_id
    sdk.update_session_title("s", "t")
    run(plain, "other", "x = 2")
    assert sdk.delete_session("s") and sdk.delete_session("s") and sdk.delete_session("nobodys")
    assert [each.session_id for each in sdk.list_sessions()[0]] == ["other"]
    for call in (sdk.get_session, sdk.get_session_history, sdk.get_session_events, sdk.list_session_files):
        with pytest.raises(errors.SessionNotFoundError):
            call("s")
    assert sdk.get_status(task).status == TaskStatusEnum.COMPLETED
    assert plain.get("/v1/sessions/s").status_code == 404
    assert "NameError" in sdk.done("Execute Python: print(x)", session_id="s").error_message
    assert (sdk.get_session("s").task_count, sdk.get_session("s").title) == (1, None)
    assert run(plain, "other", "x")["result"] == "2"


@pytest.mark.parametrize("path", [
    "?limit=0", "?limit=101", "?limit=x", "?offset=-1", "?offset=99999999999999999999", "/..s", "/.s", "/a%2Fb", "/" + "x" * 129,
    "/s/events?limit=0", "/s/events?limit=101", "/s/events?offset=-1", "/s/events?include_payload=1", "/a%2Fb/history", "/a%20b/files",
])
def test_wrong_words_in_a_path_are_named(plain, path):
    refused(plain.get("/api/v1/sessions" + path), 400)


# ----------------------------------------------------------------------------------------------------------------- files


def test_files_of_a_session_are_listed_and_read(sdk, plain):
    run(plain, "s", "import os; os.makedirs('d/e'); open('d/t.md', 'w').write('# \u4f60'); open('d/b.png', 'wb').write(bytes(range(256)))")
    run(plain, "s", "open('d/l.txt', 'wb').write(b'\\xff'); open('c.yaml', 'w').write('a: 1'); os.mkdir('memory'); open('memory/m', 'w').write('1')")
    assert [(f.path, f.name, f.is_dir) for f in sdk.list_session_files("s")] == [
        ("c.yaml", "c.yaml", False), ("d", "d", True), ("memory", "memory", True)]
    assert [(f.path, f.is_dir, f.size_bytes) for f in sdk.list_session_files("s", path="d") if not f.is_dir] == [
        ("d/b.png", False, 256), ("d/l.txt", False, 1), ("d/t.md", False, 5)]
    assert sdk.list_session_files("s", path="nothing") == []
    text = sdk.download_session_file("s", "d/t.md")
    assert (text.content, text.content_type, text.size_bytes) == ("# \u4f60", "text/markdown", 5)
    image = sdk.download_session_file("s", "d/b.png")
    assert (base64.b64decode(image.content), image.content_type, image.size_bytes) == (bytes(range(256)), "image/png", 256)
    latin = sdk.download_session_file("s", "d/l.txt")
    assert (base64.b64decode(latin.content), latin.content_type) == (b"\xff", "application/octet-stream")
    assert (sdk.download_session_file("s", "c.yaml").content_type, sdk.download_session_file("s", "c.yaml").content) == ("text/yaml", "a: 1")
    (inner,) = sdk.list_session_files("s", path="memory")
    assert sdk.download_session_file("s", inner.path).content_type == "application/octet-stream"
    raw = plain.get("/api/v1/sessions/s/files/d/b.png", headers={"Accept": "image/*"})
    assert raw.content == bytes(range(256)) and raw.headers["content-type"] == "image/png" and raw.headers["content-security-policy"] == "sandbox"
    part = plain.get("/api/v1/sessions/s/files/d/b.png", headers={"Accept": "image/png", "Range": "bytes=1-2"})
    assert (part.status_code, part.content) == (206, b"\x01\x02")


def test_what_is_no_file_of_a_session_is_refused(sdk, plain):
    run(plain, "s", "import os; os.mkdir('d'); open('large', 'wb').truncate(11 << 20); os.symlink('/usr', 'up')")
    files = "/api/v1/sessions/s/files"
    refused(plain.get(files + "/nothing"), 404)
    refused(plain.get(files + "/d"), 400, "not a file")
    refused(plain.get(files + "/large"), 400, "max 10485760")
    refused(plain.get(files, params={"path": "large"}), 400, "not a directory")
    refused(plain.get(files, params={"path": "x\0y"}), 400)
    for path in ("../x", "d/../../x", "/etc"):
        refused(plain.get(files, params={"path": path}), 400, "invalid path")
    for path in ("%2e%2e/etc/passwd", "a%2f..%2f..%2fetc", "%2Fetc%2Fpasswd"):
        refused(plain.get(f"{files}/{path}"), 400)
    assert plain.get(files + "/up/os-release").status_code in (400, 403, 404)
    with pytest.raises(errors.SessionNotFoundError):
        sdk.download_session_file("nobodys", "x")
    sdk.done("Execute Python: print(1)", session_id="no-run-with-files")
    assert sdk.list_session_files("no-run-with-files") == []


def test_memory_is_the_caller_s_or_the_one_named(served, sdk, plain):
    with Client(served.grpc, "shannon.sandbox.SandboxService") as sandbox:
        for user in ("default", "alice"):
            assert sandbox.FileWrite(session_id="s", user_id=user, path="memory/notes/n.md", content=user, create_dirs=True).success
    (directory,) = sdk.list_memory_files()
    assert (directory.path, directory.is_dir) == ("notes", True)
    assert sdk.download_memory_file("notes/n.md").content == "default"
    named = plain.get("/api/v1/memory/files/memory/notes/n.md", params={"user_id": "alice"}).json()
    assert named["content"] == "alice" and named["success"]
    listed = plain.get("/api/v1/memory/files", params={"user_id": "alice", "path": "notes"}).json()["files"]
    assert [each["path"] for each in listed] == ["notes/n.md"]
    assert plain.get("/api/v1/memory/files", params={"user_id": "nobody"}).json()["files"] == []
    with pytest.raises(errors.ShannonError, match="not found"):
        sdk.download_memory_file("nothing")
    refused(plain.get("/api/v1/memory/files/x", params={"user_id": "a/b"}), 400, "user_id")
    refused(plain.get("/api/v1/memory/files", params={"user_id": "a.b"}), 400, "user_id")
    refused(plain.get("/api/v1/memory/files", params={"path": "../x"}), 400, "invalid path")


# ----------------------------------------------------------------------------------------------------------- keys and all


def test_each_route_is_its_tenant_s(serve, skerry, own_home):
    def key(*words):
        made = json.loads(skerry("keys", "create", *words, "--json", env={"SKERRY_HOME": str(own_home)}).ok().out)
        return made["key"], made["key"].split("_")[1]

    (mine, my_id), (theirs, _), (narrow, _) = key("a"), key("b"), key("a", "--tool", "calculator")
    service = serve()
    with Sdk(service.http, mine) as me, Sdk(service.http, theirs) as other, httpx.Client(base_url=f"http://{service.http}") as plain:
        task = me.done("Execute Python: open('f.txt', 'w').write('mine')", session_id="s").task_id
        other.done("Execute Python: open('f.txt', 'w').write('theirs')", session_id="own")
        with Client(service.grpc, "shannon.sandbox.SandboxService", key=mine) as sandbox:
            assert sandbox.FileWrite(session_id="s", user_id=my_id, path="memory/f.txt", content="mine").success
        me.update_session_title("s", "Mine")
        assert me.list_sessions()[0][0].user_id == my_id
        assert [each.session_id for each in other.list_sessions()[0]] == ["own"]
        assert [each.name for each in me.list_memory_files()] == ["f.txt"] and other.list_memory_files() == []
        for call in (lambda it: it.get_session("s"), lambda it: it.get_session_history("s"), lambda it: it.get_session_events("s"),
                     lambda it: it.list_session_files("s"), lambda it: it.download_session_file("s", "f.txt"),
                     lambda it: it.update_session_title("s", "Mine"), lambda it: it.get_task_timeline(task),
                     lambda it: it.download_memory_file("f.txt")):
            with pytest.raises(errors.ShannonError) as error:
                call(other)
            assert error.value.code == "404"
            assert call(me)
        assert other.delete_session("s") and me.get_session("s").title == "Mine"
        named = plain.get("/api/v1/memory/files/f.txt", params={"user_id": my_id}, headers={"X-API-Key": theirs})
        refused(named, 404)
        paths = ["", "/s", "/s/history", "/s/events", "/s/files", "/s/files/f.txt"]
        routes = [*(("GET", "/api/v1/sessions" + path) for path in paths), ("PATCH", "/api/v1/sessions/s"), ("DELETE", "/api/v1/sessions/s"),
                  ("GET", "/api/v1/memory/files"), ("GET", "/api/v1/memory/files/f.txt")]
        for method, path in routes:
            body = {"title": "t"} if method == "PATCH" else None
            refused(plain.request(method, path, json=body), 401)
            refused(plain.request(method, path, json=body, headers={"X-API-Key": "sk_wrong"}), 401)
            refused(plain.request(method, path, json=body, headers={"X-API-Key": narrow}), 403, "python_executor")
        refused(plain.get(f"/api/v1/tasks/{task}/timeline"), 401)
        assert me.get_session("s").title == "Mine"
        with pytest.raises(errors.AuthenticationError):
            Sdk(service.http, "sk_wrong").list_sessions()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(10) == 0


def test_the_client_s_command_line_works(served, sdk):
    def cli(*words):
        done = subprocess.run([sys.executable, "-m", "shannon.cli", "--base-url", f"http://{served.http}", "--api-key", KEY, *words],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    sdk.done("Execute Python: open('f.txt', 'w').write('text')", session_id="s")
    cli("session-title", "s", "Title of mine")
    assert sdk.get_session("s").title == "Title of mine" and "s\tdefault" in cli("session-list")
    assert "f.txt" in cli("session-files", "s") and "text" in cli("session-file-get", "s", "f.txt")
    cli("session-delete", "s")
    assert sdk.list_sessions() == ([], 0)
