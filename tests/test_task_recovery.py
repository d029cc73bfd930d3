# SPDX-License-Identifier: Apache-2.0
"""Tasks and what goes wrong around them: a service that is killed or stopped, a database that is locked, damaged or full."""

import os
import signal
import sqlite3
import time

import pytest

from task_client import ENDLESS, Tasks, source
from test_http import Http


@pytest.fixture
def tasks(served):
    return Tasks(served.http)


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
