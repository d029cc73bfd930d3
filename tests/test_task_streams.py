# SPDX-License-Identifier: Apache-2.0
"""Events of tasks as they happen, over server-sent events and WebSockets: nothing is missed, and no reader holds a task up."""

import json
import resource
import time

import pytest

from stream_clients import EventSource, WebSocket
from task_client import ENDLESS, Tasks, source


@pytest.fixture
def tasks(served):
    return Tasks(served.http)


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
