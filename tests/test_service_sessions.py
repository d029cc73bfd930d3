# SPDX-License-Identifier: Apache-2.0
"""`skerry serve`: sessions and runs over HTTP (`/v1/sessions`) and over gRPC (`skerry.v1.Skerry`)."""

import base64
import concurrent.futures
import http.client
import json
import threading
import time

import grpc
import pytest
from google.protobuf import json_format

from conftest import let_pass, wait_until
from grpc_client import Client
from test_http import Http


@pytest.fixture
def client(served):
    return Http(served.http)


@pytest.fixture
def own(served):
    with Client(served.grpc, "skerry.v1.Skerry") as client:
        yield client


def run(client, code, session, **more):
    return client.post("/v1/run", code=code, session=session, **more)


def events(stream):
    return [(event.WhichOneof("event"), event) for event in stream]


def outcome_of(stream):
    kind, last = events(stream)[-1]
    assert kind == "outcome"
    return last.outcome


def refused(call, code):
    with pytest.raises(grpc.RpcError) as error:
        answer = call()
        if hasattr(answer, "__iter__") and not hasattr(answer, "DESCRIPTOR"):
            list(answer)
    assert error.value.code() == code, error.value.details()
    return error.value.details()


# ------------------------------------------------------------------------------------------------------------- HTTP


def test_tools_look_after_sessions(client):
    run(client, "x = 1; name = 'Alice'", "work")
    run(client, "x = 2", "work")
    run(client, "y = 3", "other")
    told = client.post("/tools/execute", tool_name="get_session_info", parameters={"session_id": "work"})["output"]
    assert (told["session_id"], told["execution_count"], told["variable_count"]) == ("work", 2, 2)
    assert told["variables"] == [{"name": "name", "type": "str", "value": "'Alice'"}, {"name": "x", "type": "int", "value": "2"}]
    mine = client.post("/tools/execute", tool_name="get_session_info", parameters={}, session_context={"session_id": "other"})
    assert mine["output"]["session_id"] == "other"
    for parameters in ({}, {"session_id": "none"}, {"session_id": "../etc"}):
        wrong = client.post("/tools/execute", tool_name="get_session_info", parameters=parameters)
        assert not wrong["success"] and wrong["error"]
    # To forget is not for everybody's list, and never by mistake.
    assert "clear_sessions" not in client.get("/tools/list") and "get_session_info" in client.get("/tools/list")
    assert not client.post("/tools/execute", tool_name="clear_sessions", parameters={"session_id": ""})["success"]
    assert len(client.get("/v1/sessions")["sessions"]) == 2
    assert client("POST", "/api/v1/tools/clear_sessions/execute", {"arguments": {}})[0] == 403
    one = client.post("/tools/execute", tool_name="clear_sessions", parameters={"session_id": "work"})
    assert one["output"] == {"cleared": 1}
    assert [each["name"] for each in client.get("/v1/sessions")["sessions"]] == ["other"]
    assert client.post("/tools/execute", tool_name="clear_sessions", parameters={})["output"] == {"cleared": 1}
    assert client.get("/v1/sessions")["sessions"] == []


def test_time_travel_over_http(client):
    for code in ("x = 1", "x = 2; import math", "y = [x] * 3"):
        run(client, code, "work")
    info = client.get("/v1/sessions/work")
    assert (info["name"], info["head"], info["runs"], info["template"]) == ("work", 3, 3, "python-data")
    assert [each["name"] for each in client.get("/v1/sessions")["sessions"]] == ["work"]

    made = client.post("/v1/sessions/work/checkpoint", label="good")
    assert (made["revision"], made["label"], made["replaced_label"]) == (3, "good", None)
    assert client.post("/v1/sessions/work/rewind", revision=1)["revision"] == 1
    assert run(client, "print(x, 'y' in globals(), 'math' in globals())", "work")["stdout"] == "1 False False\n"
    assert client.post("/v1/sessions/work/rewind", revision="good")["revision"] == 3
    assert run(client, "print(x, y)", "work")["stdout"] == "2 [2, 2, 2]\n"

    assert client.post("/v1/sessions/work/fork", name="aside")["name"] == "aside"
    run(client, "x = 'aside'", "aside")
    assert run(client, "print(x)", "work")["stdout"] == "2\n"

    log = client.get("/v1/sessions/work/log")
    assert [each["revision"] for each in log["revisions"]][:3] == [1, 2, 3]
    assert log["revisions"][2]["first_line"] == "y = [x] * 3"
    assert any("rewound to revision 1" in each["text"] for each in log["events"])

    diff = client.get("/v1/sessions/work/diff?from=1&to=3")
    assert [each["name"] for each in diff["added"]] == ["math", "y"]
    assert [(each["name"], each["value"]) for each in diff["changed"]] == [("x", "2")]
    assert [each["name"] for each in client.get("/v1/sessions/work/diff?from=0&to=1")["added"]] == ["x"]

    status, _, body = client("DELETE", "/v1/sessions/aside")
    assert (status, body) == (200, {"cleared": 1})
    assert client("GET", "/v1/sessions/aside")[0] == 404


def test_a_session_moves_to_another_service(client, serve, skerry, tmp_path):
    run(client, "import collections\nc = collections.Counter('abca')\nopen('kept.txt', 'w').write('file')", "work")
    connection = http.client.HTTPConnection(client.host, client.port)
    connection.request("GET", "/v1/sessions/work/export")
    answer = connection.getresponse()
    exported = answer.read()
    assert (answer.status, answer.getheader("Content-Type")) == (200, "application/octet-stream")
    assert answer.getheader("Transfer-Encoding") == "chunked" and len(exported) > 1000

    status, _, made = client("POST", "/v1/sessions/copy/import", exported)
    assert (status, made["revision"]) == (200, 1), made
    assert run(client, "print(c.most_common(1), open('kept.txt').read())", "copy")["stdout"] == "[('a', 2)] file\n"
    assert client("POST", "/v1/sessions/copy/import", exported)[0] == 409

    # The command line reads what the service wrote.
    (tmp_path / "work.session").write_bytes(exported)
    skerry("session", "import", tmp_path / "work.session", "--name", f"from-service-{time.time_ns()}").ok()


@pytest.mark.parametrize("damaged", [b"", b"x", b"{}", b"\0" * 4096])
def test_what_is_no_export_is_refused(client, damaged):
    status, _, answer = client("POST", "/v1/sessions/copy/import", damaged)
    assert status == 400 and answer["error"]
    assert client("GET", "/v1/sessions/copy")[0] == 404


def test_a_truncated_export_is_refused(client):
    run(client, "x = 1", "work")
    connection = http.client.HTTPConnection(client.host, client.port)
    connection.request("GET", "/v1/sessions/work/export?revision=1")
    exported = connection.getresponse().read()
    for cut in (10, len(exported) // 2, len(exported) - 1):
        status, _, answer = client("POST", "/v1/sessions/copy/import", exported[:cut])
        assert status == 400 and answer["error"], answer


@pytest.mark.parametrize("method, path, body, status, word", [
    ("GET", "/v1/sessions/nobody", None, 404, "nobody"),
    ("GET", "/v1/sessions/..%2Fetc", None, 400, "session"),
    ("GET", "/v1/sessions/a%00b", None, 404, ""),
    ("GET", "/v1/sessions/nobody/log", None, 404, "nobody"),
    ("GET", "/v1/sessions/nobody/diff?from=1", None, 404, "nobody"),
    ("GET", "/v1/sessions/work/diff", None, 400, "from"),
    ("GET", "/v1/sessions/work/diff?from=99", None, 404, "99"),
    ("GET", "/v1/sessions/work/export?revision=nothing", None, 404, "nothing"),
    ("GET", "/v1/sessions/nobody/export", None, 404, "nobody"),
    ("POST", "/v1/sessions/work/rewind", {}, 400, "revision"),
    ("POST", "/v1/sessions/work/rewind", {"revision": -1}, 400, "revision"),
    ("POST", "/v1/sessions/work/rewind", {"revision": 1.5}, 400, "revision"),
    ("POST", "/v1/sessions/work/rewind", {"revision": ""}, 400, "revision"),
    ("POST", "/v1/sessions/work/rewind", {"revision": 7}, 404, "7"),
    ("POST", "/v1/sessions/nobody/rewind", {"revision": 1}, 404, "nobody"),
    ("POST", "/v1/sessions/work/checkpoint", {"label": ""}, 400, "label"),
    ("POST", "/v1/sessions/work/checkpoint", {"label": 3}, 400, "label"),
    ("POST", "/v1/sessions/work/fork", {}, 400, "name"),
    ("POST", "/v1/sessions/work/fork", {"name": "work"}, 409, "work"),
    ("POST", "/v1/sessions/work/fork", {"name": "../x"}, 400, "session"),
    ("POST", "/v1/sessions/nobody/fork", {"name": "x"}, 404, "nobody"),
    ("DELETE", "/v1/sessions/nobody", None, 404, "nobody"),
    ("DELETE", "/v1/sessions", None, 400, "'all'"),
    ("DELETE", "/v1/sessions/", None, 400, "'all'"),
    ("DELETE", "/v1/sessions?all=1", None, 400, "boolean"),
    ("DELETE", "/v1/sessions?all=", None, 400, "boolean"),
    ("DELETE", "/v1/sessions?all=false", None, 400, "all"),
    ("PATCH", "/v1/sessions/work", {}, 405, ""),
])
def test_what_does_not_fit_is_refused_and_changes_nothing(client, method, path, body, status, word):
    run(client, "x = 1", "work")
    seen, _, answer = client(method, path, body)
    assert seen == status, answer
    assert word in answer["error"]
    assert run(client, "print(x)", "work")["stdout"] == "1\n"


def test_all_are_forgotten_only_when_that_is_said(client):
    for name in ("a", "b"):
        run(client, "x = 1", name)
    assert client("DELETE", "/v1/sessions?all=true")[2] == {"cleared": 2}
    assert client.get("/v1/sessions") == {"sessions": []}


def test_a_rewind_waits_for_the_run_and_holds_up_nobody(served, client):
    run(client, "x = 1", "work")
    run(client, "x = 2", "work")

    def slow():
        Http(served.http).post("/v1/run", code="import time; time.sleep(1.5); x = 3", session="work")

    thread = threading.Thread(target=slow)
    thread.start()
    time.sleep(0.4)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        rewinds = [pool.submit(lambda: Http(served.http).post("/v1/sessions/work/rewind", revision=1)) for _ in range(6)]
        begun = time.monotonic()
        run(client, "z = 1", "other")
        assert client.get("/v1/sessions/work")["head"] == 2
        assert client.post("/v1/sessions/other/rewind", revision=1)["revision"] == 1
        assert time.monotonic() - begun < 0.9
        assert not any(each.done() for each in rewinds)
        assert [each.result()["revision"] for each in rewinds] == [1] * 6
    thread.join()
    assert run(client, "print(x)", "work")["stdout"] == "1\n"


def test_a_run_tells_when_it_starts(client):
    connection = http.client.HTTPConnection(client.host, client.port, timeout=30)
    connection.request("POST", "/v1/run", json.dumps({"code": "print('now', flush=True)\n1 + 1"}),
                       {"Accept": "text/event-stream"})
    answer = connection.getresponse().read().decode()
    assert [line for line in answer.splitlines() if line.startswith("event:")] == [
        "event: started", "event: stdout", "event: display", "event: outcome"]


# ------------------------------------------------------------------------------------------------------------- gRPC


def test_a_run_over_grpc_is_a_stream_of_events(own):
    told = events(own.Run(code="import sys\nprint('out')\nprint('err', file=sys.stderr)\n40 + 2"))
    assert [kind for kind, _ in told] == ["started", "stdout", "stderr", "display", "result", "outcome"]
    assert (told[1][1].stdout, told[2][1].stderr, told[4][1].result) == ("out\n", "err\n", "42")
    assert told[3][1].display.is_result and told[3][1].display.parts[0].text == "42"
    outcome = told[-1][1].outcome
    assert (outcome.outcome, outcome.exit_code) == ("completed", 0)
    assert outcome.usage.wall_ms > 0 and outcome.usage.dirty_pages > 0


def test_failures_are_outcomes_over_grpc(own):
    failed = outcome_of(own.Run(code="def f():\n    1 / 0\nf()"))
    assert (failed.outcome, failed.exit_code, failed.exception.type) == ("failed", 1, "ZeroDivisionError")
    assert [frame.line for frame in failed.exception.frames] == [3, 2]
    late = outcome_of(own.Run(code="while True: pass", timeout=0.2))
    assert (late.outcome, late.exit_code, late.limit.option) == ("deadline", 124, '"timeout": S')
    cut = events(own.Run(code="print('x' * 5000)", max_output=100))
    assert cut[-1][1].outcome.truncated == ["stdout"]


def test_a_limit_on_events_holds_over_grpc(own):
    code = "import time\nfor i in range(50): print(i, flush=True); time.sleep(0.01)"
    told = events(own.Run(code=code, output_events_per_second=4))
    printed = [event.stdout for kind, event in told if kind == "stdout"]
    assert 2 <= len(printed) <= 3 + 4 * told[-1][1].outcome.usage.wall_ms / 1000 + 2
    assert "".join(printed) == "".join(f"{i}\n" for i in range(50))


def test_output_comes_while_the_run_goes_on_and_closing_ends_it(served, own):
    call = own.Run(code="import time\nprint('first', flush=True)\ntime.sleep(50)")
    assert [next(call).WhichOneof("event") for _ in range(2)] == ["started", "stdout"]
    begun = time.monotonic()
    call.cancel()
    with Client(served.grpc) as agent:
        assert wait_until(lambda: agent.HealthCheck().active_tasks == 0, 5)
    assert time.monotonic() - begun < 1


def test_time_travel_over_grpc(own):
    for code in ("x = 1", "x = 2", "y = x"):
        assert outcome_of(own.Run(code=code, session="work")).session.saved == "committed"
    assert own.GetSession(session="work").head == 3
    assert own.Checkpoint(session="work", label="good").revision.label == "good"
    assert own.Rewind(session="work", revision="1").revision == 1
    assert events(own.Run(code="print(x)", session="work"))[1][1].stdout == "1\n"
    assert own.Rewind(session="work", revision="good").revision == 3
    assert own.Fork(session="work", name="aside").head == 3
    assert {each.name for each in own.ListSessions().sessions} == {"work", "aside"}
    diff = own.Diff(session="work", **{"from": "1", "to": "3"})
    assert ([each.name for each in diff.added], [each.value for each in diff.changed]) == (["y"], ["2"])
    assert len(own.GetSessionLog(session="work").revisions) == 4
    pieces = [piece.data for piece in own.ExportSession(session="work")]
    exported = b"".join(pieces)
    assert own.ImportSession(session="copy", data=base64.b64encode(exported).decode()).revision == 1
    assert events(own.Run(code="print(x, y)", session="copy"))[1][1].stdout == "2 2\n"
    assert own.ClearSessions(session="copy").cleared == 1
    assert own.ClearSessions(all=True).cleared == 2
    assert [each.name for each in own.ListTemplates().templates if each.is_default] == ["python-data"]


def test_grpc_codes_are_true(own):
    list(own.Run(code="x = 1", session="work"))
    assert "nobody" in refused(lambda: own.GetSession(session="nobody"), grpc.StatusCode.NOT_FOUND)
    refused(lambda: own.GetSession(session="../x"), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: own.GetSession(), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: own.Rewind(session="work", revision="9"), grpc.StatusCode.NOT_FOUND)
    refused(lambda: own.Fork(session="work", name="work"), grpc.StatusCode.ALREADY_EXISTS)
    refused(lambda: own.Diff(session="work"), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: own.ClearSessions(), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: own.ClearSessions(session="work", all=True), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: own.ImportSession(session="copy", data="eHh4"), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: own.ExportSession(session="nobody"), grpc.StatusCode.NOT_FOUND)
    refused(lambda: own.Run(code="1", timeout=-1), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: own.Run(code="1", timeout="NaN"), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: own.Run(code="1", isolation="none"), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: own.Run(code="1", session="a/b"), grpc.StatusCode.INVALID_ARGUMENT)
    assert json_format.MessageToDict(own.GetSession(session="work"))["head"] == "1"


@pytest.mark.parametrize("method, fields, http_method, path, body", [
    ("Rewind", {}, "POST", "/rewind", {}),
    ("Rewind", {"revision": "-1"}, "POST", "/rewind", {"revision": "-1"}),
    ("Rewind", {"revision": "9"}, "POST", "/rewind", {"revision": 9}),
    ("Rewind", {"revision": "nothing"}, "POST", "/rewind", {"revision": "nothing"}),
    ("Fork", {}, "POST", "/fork", {}),
    ("Fork", {"name": "../x"}, "POST", "/fork", {"name": "../x"}),
    ("Fork", {"name": "n" * 129}, "POST", "/fork", {"name": "n" * 129}),
    ("Fork", {"name": "work"}, "POST", "/fork", {"name": "work"}),
    ("Checkpoint", {"label": "7"}, "POST", "/checkpoint", {"label": "7"}),
    ("Checkpoint", {"label": "a\nb"}, "POST", "/checkpoint", {"label": "a\nb"}),
    ("Checkpoint", {"label": "l" * 129}, "POST", "/checkpoint", {"label": "l" * 129}),
    ("Diff", {}, "GET", "/diff", None),
    ("Diff", {"to": "1"}, "GET", "/diff?to=1", None),
    ("Diff", {"from": "9"}, "GET", "/diff?from=9", None),
    ("Diff", {"from": "1", "to": "nothing"}, "GET", "/diff?from=1&to=nothing", None),
    ("ExportSession", {"revision": "nothing"}, "GET", "/export?revision=nothing", None),
], ids=lambda value: value[:20] if isinstance(value, str) else "")
def test_what_does_not_fit_is_refused_in_the_same_words_over_both(own, client, method, fields, http_method, path, body):
    run(client, "x = 1", "work")
    status, _, answer = client(http_method, f"/v1/sessions/work{path}", body)
    code = {400: grpc.StatusCode.INVALID_ARGUMENT, 404: grpc.StatusCode.NOT_FOUND, 409: grpc.StatusCode.ALREADY_EXISTS}[status]
    assert refused(lambda: getattr(own, method)(session="work", **fields), code) == answer["error"]


def test_that_a_session_begins_anew_is_an_event_before_the_run_and_stands_in_its_outcome(serve, own_home):
    service = serve(env={"SKERRY_SESSION_TTL": "1"})
    client = Http(service.http)
    run(client, "x = 1", "a")
    run(client, "x = 1", "b")
    let_pass(own_home, 2)
    host, port = service.http.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.request("POST", "/v1/run", json.dumps({"code": "'x' in globals()", "session": "a"}),
                       {"Accept": "text/event-stream", "Content-Type": "application/json"})
    told = connection.getresponse().read().decode()
    connection.close()
    names = [line.removeprefix("event: ") for line in told.splitlines() if line.startswith("event: ")]
    assert names == ["warning", "started", "display", "outcome"], told
    data = [json.loads(line.removeprefix("data: ")) for line in told.splitlines() if line.startswith("data: ")]
    assert data[0]["text"].startswith("begins anew: the one of this name expired")
    assert data[3]["result"] == "False" and data[3]["session"]["notice"] == data[0]["text"]
    with Client(service.grpc, "skerry.v1.Skerry") as own:
        kinds = events(own.Run(code="1", session="b"))
        assert [kind for kind, _ in kinds] == ["warning", "started", "display", "result", "outcome"]
        assert kinds[0][1].warning.startswith("begins anew")
        assert [kind for kind, _ in events(own.Run(code="1", session="b"))] == ["started", "display", "result", "outcome"]
