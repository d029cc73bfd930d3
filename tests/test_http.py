# SPDX-License-Identifier: Apache-2.0
"""`skerry serve`: tools and runs over HTTP, and what a connection may do to the service."""

import concurrent.futures
import http.client
import json
import socket
import subprocess
import time

import pytest

from conftest import SAFE_TOOLS, TOOLS, wait_until
from grpc_client import Client


class Http:
    """http(METHOD, PATH, BODY) -> status, headers, parsed body; one connection for all."""

    def __init__(self, address, context=None):
        self.host, port = address.split(":")
        self.port = int(port)
        self.connection = (http.client.HTTPSConnection(self.host, self.port, timeout=60, context=context) if context else
                           http.client.HTTPConnection(self.host, self.port, timeout=60))

    def __call__(self, method, path, body=None, **headers):
        text = body if isinstance(body, (bytes, str, type(None))) else json.dumps(body)
        self.connection.request(method, path, text, {name.replace("_", "-"): value for name, value in headers.items()})
        response = self.connection.getresponse()
        content = response.read()
        return response.status, dict(response.getheaders()), json.loads(content) if content else None

    def get(self, path):
        status, _, body = self("GET", path)
        assert status == 200, body
        return body

    def post(self, path, **body):
        status, _, answer = self("POST", path, body)
        assert status == 200, answer
        return answer

    def raw(self, *pieces, half_close=False, timeout=15):
        """What comes back for these bytes, until the service closes."""
        with socket.create_connection((self.host, self.port), timeout=timeout) as connection:
            for piece in pieces:
                connection.sendall(piece)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            received = bytearray()
            while piece := connection.recv(1 << 16):
                received += piece
            return bytes(received)


@pytest.fixture
def client(served):
    return Http(served.http)


def events_of(answer):
    """(event, data) of a whole stream."""
    blocks = [block for block in answer.split("\n\n") if block and not block.startswith(":")]
    return [(block.split("\n")[0].removeprefix("event: "), json.loads(block.split("\n")[1].removeprefix("data: "))) for block in blocks]


# ------------------------------------------------------------------------------------------------------------- runs


def test_a_run_is_told_as_the_command_line_tells_it(client, run_json):
    code = "import sys\nprint('out \\u4f60')\nprint('err', file=sys.stderr)\n40 + 2"
    here, there = run_json(code), client.post("/v1/run", code=code)
    assert set(there) == set(here)
    assert {k: there[k] for k in ("outcome", "exit_code", "stdout", "stderr", "result", "limits")} == {
        k: here[k] for k in ("outcome", "exit_code", "stdout", "stderr", "result", "limits")}


def test_a_run_takes_what_the_command_line_takes(client):
    told = client.post("/v1/run", code="import sys, os; print(sys.argv, os.environ['K'], input())", args=["a", "b"],
                       env={"K": "v"}, stdin="line\n")
    assert told["stdout"] == "['-c', 'a', 'b'] v line\n"
    assert client.post("/v1/run", code="while True: pass", timeout=0.3)["outcome"] == "deadline"
    assert client.post("/v1/run", code="x = bytearray(300 << 20)", memory=200)["exception"]["type"] == "MemoryError"
    assert client.post("/v1/run", code="print('x' * 100)", max_output=10)["truncated"] == ["stdout"]
    twice = [client.post("/v1/run", code="import random, os; print(random.random(), os.urandom(4))", seed=7)["stdout"] for _ in range(2)]
    assert twice[0] == twice[1]
    assert client.post("/v1/run", code="1/0", isolation="process")["exit_code"] == 1
    assert client.post("/v1/run", code="'numpy' in __import__('sys').modules", template="python")["result"] == "False"


def test_a_session_is_the_command_line_s(client, run):
    first = client.post("/v1/run", code="x = 41", session="s", durable=True)
    assert (first["session"]["revision"], first["session"]["saved"]) == (1, "durable")
    assert run("s", "print(x + 1)").ok().out == "42\n"
    assert client.post("/v1/run", code="x", session="s")["result"] == "41"


def test_events_come_while_it_runs(client):
    client.connection.request("POST", "/v1/run", json.dumps({"code": "import time, sys\nprint('a', flush=True); time.sleep(1)\nprint('b', file=sys.stderr)"}),
                              {"Accept": "text/event-stream"})
    response = client.connection.getresponse()
    assert response.getheader("Content-Type") == "text/event-stream"
    begun = time.monotonic()
    assert [response.readline() for _ in range(3)] == [b"event: started\n", b"data: {}\n", b"\n"]
    assert response.readline() == b"event: stdout\n" and json.loads(response.readline()[6:]) == {"text": "a\n"}
    rest = response.read().decode()
    assert time.monotonic() - begun > 0.7
    (error, data), (outcome, told) = events_of(rest.lstrip("\n"))
    assert (error, data, outcome, told["exit_code"]) == ("stderr", {"text": "b\n"}, "outcome", 0)


# Lines to both streams in turn, a hundred a second.
CHATTER = "import sys, time\nfor i in range(100): print(i, flush=True); print(-i, file=sys.stderr, flush=True); time.sleep(0.01)"


def test_a_limit_on_events_joins_output_and_loses_nothing(client):
    client.connection.request("POST", "/v1/run", json.dumps({"code": CHATTER, "output_events_per_second": 5}), {"Accept": "text/event-stream"})
    events = events_of(client.connection.getresponse().read().decode())
    told = dict(events)["outcome"]
    printed = [(name, data["text"]) for name, data in events if name in ("stdout", "stderr")]
    assert 4 <= len(printed) <= 3 + 5 * told["usage"]["wall_ms"] / 1000 + 2, printed
    for stream, sign in (("stdout", 1), ("stderr", -1)):
        assert "".join(text for name, text in printed if name == stream) == "".join(f"{sign * i}\n" for i in range(100))


WRONG_RUNS = {
    "no code": ({}, "'code' is missing"),
    "code is no text": ({"code": 1}, "must be of type string"),
    "unknown name": ({"code": "1", "cod": 1}, "Unknown parameters for run: cod"),
    "time": ({"code": "1", "timeout": 0}, "'timeout' must be at least 0.001"),
    "much time": ({"code": "1", "timeout": 1e308}, "'timeout' must be at most 600"),
    "memory": ({"code": "1", "memory": 5000}, "'memory' must be at most 1024"),
    "session": ({"code": "1", "session": "../x"}, "session's name"),
    "template": ({"code": "1", "template": "nope"}, "unknown template"),
    "a path as template": ({"code": "1", "template": "../store", "session": "s"}, "unknown template"),
    "events": ({"code": "1", "output_events_per_second": 0}, "'output_events_per_second' must be at least 1"),
    "text as seed": ({"code": "1", "seed": "7"}, "must be of type integer"),
    "args": ({"code": "1", "args": [1]}, "nothing but strings"),
    "isolation": ({"code": "1", "isolation": "none"}, "'isolation' must be"),
}


@pytest.mark.parametrize("body, said", WRONG_RUNS.values(), ids=WRONG_RUNS.keys())
def test_a_run_that_cannot_be_says_why(client, body, said):
    status, _, answer = client("POST", "/v1/run", body)
    assert status == 400 and said in answer["error"]


# ------------------------------------------------------------------------------------------------------------- tools


def test_tools_tell_about_themselves(client):
    assert client.get("/tools/list") == SAFE_TOOLS
    assert client.get("/tools/list?category=code") == ["python_executor", "code_executor", "python_wasi_runner"]
    assert client.get("/tools/categories") == ["calculation", "code", "session"]
    assert [each["name"] for each in client.get("/tools/schemas")] == client.get("/tools/list")
    assert client.get("/tools/calculator/schema")["parameters"]["required"] == ["expression"]
    assert client.get("/tools/python_executor/metadata")["sandboxed"] is True
    assert client.get("/api/v1/tools")["count"] == len(SAFE_TOOLS)
    assert client.get("/api/v1/tools/calculator")["category"] == "calculation"
    assert client("GET", "/tools/nope/schema")[0] == 404


def test_tools_are_called(client):
    told = client.post("/tools/execute", tool_name="calculator", parameters={"expression": "6*7"})
    assert (told["success"], told["output"]["result"], told["error"]) == (True, 42, None)
    wrapped = client.post("/tools/execute", tool_name="calculator", parameters={"calculator": {"expression": "6*7"}})
    assert wrapped["output"]["result"] == 42
    failed = client.post("/tools/execute", tool_name="python_executor", parameters={"code": "print('kept'); 1/0"})
    assert failed["success"] is False and failed["output"] == "kept\n" and "ZeroDivisionError" in failed["error"]
    for _ in range(2):
        told = client.post("/tools/execute", tool_name="python_executor", session_context={"session_id": "s"},
                           parameters={"code": "n = globals().get('n', 0) + 1; print(n)"})
    assert told["text"] == "2\n" and told["metadata"]["execution_count"] == 2
    assert client.post("/tools/execute", tool_name="calculator", parameters={"wrong": 1})["success"] is False
    assert client("POST", "/tools/execute", {"tool_name": "code_execut"})[0] == 404
    assert client("POST", "/tools/execute", {"parameters": {}})[0] == 400
    long = client.post("/tools/execute", tool_name="python_executor", parameters={"code": "print('x' * 50_000)"})
    assert len(long["text"]) == 50_001


def test_a_batch_is_called_in_order(client):
    calls = [{"tool_name": "calculator", "parameters": {"expression": e}} for e in ("1+1", "1/0", "3*3")]
    status, _, results = client("POST", "/tools/batch-execute", calls)
    assert status == 200 and [each["success"] for each in results] == [True, False, True]
    for wrong in ({"calls": calls}, [1], [{}], calls * 34, '[1], "x": 2', "[", ""):
        assert client("POST", "/tools/batch-execute", wrong)[0] == 400, wrong


def test_the_gateway_s_call(client):
    told = client.post("/api/v1/tools/python_executor/execute", arguments={"code": "print(1)"}, session_id="g")
    assert told["success"] and told["usage"] == {"tokens": 0, "cost_usd": 0.001} and told["metadata"]["session_id"] == "g"
    assert client("POST", "/api/v1/tools/nope/execute", {"arguments": {}})[0] == 404


def test_a_query_that_is_code_runs_without_a_model(client):
    told = client.post("/agent/query", query="Execute Python: print('Hello, Shannon!')")
    assert (told["success"], told["response"]) == (True, "Hello, Shannon!\n")
    assert told["metadata"]["tool_executions"][0]["tool"] == "python_executor"
    forced = client.post("/agent/query", query="compute", forced_tool_calls=[{"tool": "calculator", "parameters": {"expression": "2+3"}}])
    assert json.loads(forced["response"])["result"] == 5
    status, _, answer = client("POST", "/agent/query", {"query": "What is the weather?"})
    assert status == 409 and "none is configured" in answer["error"]
    status, _, answer = client("POST", "/agent/query", {"query": "Execute Python: 1", "allowed_tools": []})
    assert status == 403 and "not among those" in answer["error"]


WRONG_TYPES = [
    ("POST", "/agent/query", {"query": "Execute Python: 1", "context": [1]}, "context must be an object"),
    ("POST", "/agent/query", {"query": "Execute Python: 1", "session_id": 5}, "session_id must be a text"),
    ("POST", "/agent/query", {"query": "Execute Python: 1", "agent_id": {}}, "agent_id must be a text"),
    ("POST", "/agent/query", {"query": "Execute Python: 1", "temperature": 3}, "temperature must be from 0 to 2"),
    ("POST", "/agent/query", {"query": "x", "forced_tool_calls": [{"tool": "calculator", "parameters": 1}]}, "must be an object"),
    ("POST", "/tools/execute", {"tool_name": "calculator", "session_context": 1}, "session_context must be an object"),
    ("POST", "/api/v1/tools/calculator/execute", {"arguments": [1]}, "arguments must be an object"),
    ("POST", "/api/v1/tools/calculator/execute", {"session_id": 1}, "session_id must be text"),
    ("GET", "/tools/list?exclude_dangerous=perhaps", None, "exclude_dangerous must be true or false"),
]


@pytest.mark.parametrize("method, path, body, said", WRONG_TYPES)
def test_a_value_of_the_wrong_type_is_not_passed_over(client, method, path, body, said):
    status, _, answer = client(method, path, body)
    assert status == 400 and said in answer["error"]


def test_what_may_be_left_out_may_be_null(client):
    told = client.post("/agent/query", query="Execute Python: print(1)", context=None, session_id=None, agent_id=None, temperature=None)
    assert told["response"] == "1\n" and told["metadata"]["agent_id"] == "default"
    assert client.post("/api/v1/tools/calculator/execute", arguments={"expression": "1"}, session_id=None)["success"]
    assert client.get("/tools/list?exclude_dangerous=False") == TOOLS and client.get("/tools/list?exclude_dangerous=true") == SAFE_TOOLS


def test_a_path_that_is_there_word_for_word_is_no_variable_s(client):
    status, headers, answer = client("GET", "/api/v1/tasks/stream")
    assert (status, headers["Allow"]) == (405, "POST") and "POST" in answer["error"]


def test_health_and_the_document(client):
    for path in ("/health", "/health/", "/health/ready", "/health/live", "/readiness"):
        assert client.get(path)["status"] == "healthy"
    document = client.get("/openapi.json")
    assert document["openapi"] == "3.1.0"
    for path, operations in document["paths"].items():
        for method in operations:
            good = next(answer for code, answer in operations[method]["responses"].items() if code < "400")
            if "application/json" not in good.get("content", {}):
                continue  # others look at these
            status, _, _ = client(method.upper(), path.replace("{tool}", "calculator"), {} if method == "post" else None)
            assert status < 500 and str(status) in operations[method]["responses"], (path, status)


# -------------------------------------------------------------------------------------------------------- connections


def test_one_connection_takes_many_requests(client):
    before = client("GET", "/health")[1]
    assert "Connection" not in before or before["Connection"] != "close"
    sock = client.connection.sock
    for n in range(20):
        assert client.post("/v1/run", code=f"print({n})")["stdout"] == f"{n}\n"
    assert client.connection.sock is sock


def test_requests_may_come_before_answers(client):
    request = b"POST /tools/execute HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
    bodies = [json.dumps({"tool_name": "calculator", "parameters": {"expression": f"{n}+1"}}).encode() for n in range(5)]
    pipelined = b"".join(request % (len(body), body) for body in bodies) + b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answers = client.raw(pipelined).decode()
    assert [f'"result":{n + 1}' in answers for n in range(5)] == [True] * 5
    assert answers.count("HTTP/1.1 200 OK") == 6 and answers.index('"result":1') < answers.index('"result":5')


def test_bodies_in_chunks_and_expectations(client, tmp_path):
    chunked = (b"POST /v1/run HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
               b"8\r\n{\"code\":\r\n5\r\n\"1+1\"\r\n1\r\n}\r\n0\r\n\r\n")
    assert b'"result":"2"' in client.raw(chunked)
    (tmp_path / "body").write_text(json.dumps({"code": "print(len(input()))", "stdin": "x" * 5_000_000}))
    done = subprocess.run(["curl", "-s", "-H", "Expect: 100-continue", "--data-binary", f"@{tmp_path / 'body'}",
                           f"http://{client.host}:{client.port}/v1/run"], capture_output=True, check=True)
    assert json.loads(done.stdout)["stdout"] == "5000000\n"


def test_what_is_no_request_is_refused(client):
    assert b" 400 " in client.raw(b"hello\r\n\r\n")
    assert b" 400 " in client.raw(b"GET ftp://elsewhere/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert b" 400 " in client.raw(b"GET /%zz?a=%ff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert b" 431 " in client.raw(b"GET / HTTP/1.1\r\nX: " + b"x" * (70 << 10))
    assert b" 413 " in client.raw(b"POST /v1/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: 73400321\r\n\r\n")
    assert b" 400 " in client.raw(b"POST /v1/run HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}")
    for body in (b"", b"[]", b"{", b"\xff", b'{"code": "\xff"}', b'{"code":"1","code":"2"}', b'{"a":' * 100_000, b'{"code": NaN}'):
        status, _, answer = client("POST", "/v1/run", body)
        assert status == 400 and answer["error"], body[:20]
    status, headers, _ = client("DELETE", "/v1/run")
    assert status == 405 and headers["Allow"] == "POST"
    assert client("GET", "/nope")[0] == 404
    assert client.get("/health")["status"] == "healthy"


def test_a_request_that_others_could_read_otherwise_is_refused_and_the_connection_ends(client):
    hidden = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    for coding in ("identity", "xchunked", '"chunked"', "chunked, chunked", "chunked, identity", "gzip, chunked", "chunked;q=1"):
        head = f"POST /v1/run HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {coding}\r\n\r\n".encode()
        said = client.raw(head + hidden)
        assert said.startswith(b"HTTP/1.1 400") and said.count(b"HTTP/1.1") == 1, coding
    for more in (b"Transfer-Encoding: xchunked\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n",
                 b"Host: other\r\nContent-Length: 2\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"):
        said = client.raw(b"POST /v1/run HTTP/1.1\r\nHost: localhost\r\n" + more + b"\r\n{}" + hidden)
        assert said.startswith(b"HTTP/1.1 400") and said.count(b"HTTP/1.1") == 1, more
    assert client.raw(b"GET /health HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400")
    # An absolute target is a path with more before it.
    said = client.raw(b"GET http://localhost/health?a=b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200")
    # Lines between chunks are as short as a head.
    endless = b"POST /v1/run HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * (1 << 20)
    assert b" 431 " in client.raw(endless)


def test_without_keys_no_other_name_leads_here(client):
    def status(host):
        return int(client.raw(f"GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()).split()[1])

    for host in ("localhost", f"localhost:{client.port}", "127.0.0.1", "[::1]:8000"):
        assert status(host) == 200, host
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.0.1"):
        assert status(host) == 403, host


def test_a_page_of_elsewhere_may_not_use_a_browser_here(client):
    for origin in ("http://example.com", "null", "http://localhost.example.com"):
        status, _, answer = client("POST", "/v1/run", {"code": "1"}, Origin=origin)
        assert status == 403 and "other origins" in answer["error"]
    assert client("POST", "/v1/run", {"code": "1"}, Origin=f"http://localhost:{client.port}")[0] == 200


def test_a_variable_that_no_environment_can_have_is_refused(client):
    for env, said in (({"A=B": "c"}, "has = or NUL"), ({"": "c"}, "is empty"), ({"A": "b\0c"}, "variable A has a NUL"), ({"A\0": "c"}, "has = or NUL")):
        status, _, answer = client("POST", "/v1/run", {"code": "1", "env": env, "session": "env"})
        assert status == 400 and said in answer["error"], env
    assert client.post("/v1/run", code="import os; print(os.environ['A'])", env={"A": "b=c"})["stdout"] == "b=c\n"


def test_all_bodies_together_have_a_bound(client, served):
    piece = b"x" * (1 << 20)
    waiting, answers = [], []
    try:
        for _ in range(3):
            connection = socket.create_connection((client.host, client.port), timeout=30)
            waiting.append(connection)
            connection.sendall(b"POST /tools/execute HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (70 << 20))
            try:
                for _ in range(69):
                    connection.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass
        for connection in waiting:
            connection.setblocking(False)
            try:
                answers.append(connection.recv(100))
            except BlockingIOError:
                answers.append(None)
            except ConnectionResetError:
                answers.append(b"HTTP/1.1 503")
    finally:
        for connection in waiting:
            connection.close()
    assert answers[0] is None and any(answer and answer.startswith(b"HTTP/1.1 503") for answer in answers), answers
    assert wait_until(lambda: client("POST", "/v1/run", {"code": "1", "stdin": "x" * 100_000})[0] == 200, 5)


def test_a_client_that_goes_frees_its_worker(client, served):
    with Client(served.grpc) as agent:
        for events in ("", "Accept: text/event-stream\r\n"):
            body = b'{"code": "while True: print(1)"}'
            connection = socket.create_connection((client.host, client.port))
            connection.sendall(f"POST /v1/run HTTP/1.1\r\nHost: localhost\r\n{events}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            assert wait_until(lambda: agent.HealthCheck().active_tasks == 1, 5)
            connection.close()
            assert wait_until(lambda: agent.HealthCheck().active_tasks == 0, 1)


def test_slow_and_silent_clients_hold_nobody_up(client):
    idle = [socket.create_connection((client.host, client.port)) for _ in range(200)]
    begun = time.monotonic()
    with socket.create_connection((client.host, client.port), timeout=30) as slow:
        slow.sendall(b"GET /health HTTP/1.1\r\nX: ")
        assert client.get("/health")["status"] == "healthy"
        assert slow.recv(100) == b"", "ten seconds for a header"
    assert 9 < time.monotonic() - begun < 20
    assert client.post("/v1/run", code="print(1)")["stdout"] == "1\n"
    for connection in idle:
        connection.close()


def test_runs_at_once(client):
    def one(n):
        return Http(f"{client.host}:{client.port}").post("/v1/run", code=f"print({n})")["stdout"]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(100))) == [f"{n}\n" for n in range(100)]


def test_a_run_tells_how_long_it_waited_for_a_worker(serve):
    service = serve("--workers", "1")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: Http(service.http).post("/v1/run", code="import time; time.sleep(0.3)"), range(4)))
    waits = sorted(run["usage"]["queue_ms"] for run in runs)
    assert waits[0] < 250 and waits[-1] > 500, waits
