# SPDX-License-Identifier: Apache-2.0
"""`skerry keys` and the service: who may do what, and how often."""

import json
import os
import signal
import socket
import time

import grpc
import pytest
from google.protobuf import json_format, message_factory

from conftest import wait_until
from grpc_client import Client
from test_http import Http


@pytest.fixture
def keys(skerry, own_home):
    """keys(*words): `skerry keys` in the home that `serve` uses; with --json, its answer."""

    def call(*words):
        return skerry("keys", *words, env={"SKERRY_HOME": str(own_home)})

    return call


@pytest.fixture
def new_key(keys):
    return lambda *words: json.loads(keys("create", *words, "--json").ok().out)


class Asking(Http):
    """Http with a key, or with other headers in its place."""

    def __init__(self, address, key=None, **headers):
        super().__init__(address)
        self.headers = {**({"X-API-Key": key} if key else {}), **headers}

    def __call__(self, method, path, body=None, **headers):
        return super().__call__(method, path, body, **{**self.headers, **headers})


def calls(client, **metadata):
    """ExecuteTool over gRPC with this metadata."""
    method = client.service.methods_by_name["ExecuteTool"]
    request = json_format.ParseDict({"tool_name": "calculator", "parameters": {"expression": "6*7"}},
                                    message_factory.GetMessageClass(method.input_type)())
    call = client.channel.unary_unary(f"/{client.service.full_name}/ExecuteTool", request_serializer=type(request).SerializeToString,
                                      response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
    return call(request, timeout=20, metadata=[(name.replace("_", "-"), value) for name, value in metadata.items()])


def run(client, code, **more):
    return client("POST", "/v1/run", {"code": code, **more})


def test_a_key_is_shown_once_and_kept_as_a_hash(keys, own_home):
    text = keys("create", "team-a", "--label", "ci").ok().out.strip()
    assert text.startswith("skerry_") and len(text) == 84
    stored = (own_home / "keys.json").read_text()
    assert text not in stored and text.split("_")[2] not in stored
    assert os.stat(own_home / "keys.json").st_mode & 0o777 == 0o600
    (key,) = json.loads(keys("list", "--json").ok().out)["keys"]
    assert (key["tenant"], key["label"], key["id"]) == ("team-a", "ci", text.split("_")[1])
    assert "team-a" in keys("list").ok().out
    keys("revoke", key["id"]).ok()
    assert json.loads(keys("list", "--json").ok().out) == {"keys": []}
    assert keys("revoke", key["id"]).code == 125


@pytest.mark.parametrize("words, word", [
    (["create", "Team A"], "lower-case"), (["create", ""], "lower-case"), (["create", "a", "--runs-per-second", "-1"], "from 0"),
    (["create", "a", "--runs-per-second", "nan"], "from 0"), (["create"], "required"), (["revoke", "x"], "no key x"), (["frob"], "no command")])
def test_what_makes_no_key_says_why(keys, words, word):
    done = keys(*words)
    assert done.code == 125 and word in done.err


def test_with_keys_nobody_comes_in_without_one(serve, new_key):
    key = new_key("team-a")["key"]
    service = serve()
    status, headers, answer = run(Http(service.http), "1")
    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer") and "X-API-Key" in answer["error"]
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    for asking in (Asking(service.http, wrong), Asking(service.http, "x"), Asking(service.http, Authorization="Basic " + key),
                   Asking(service.http, Authorization="Bearer " + wrong)):
        for method, path in (("POST", "/v1/run"), ("GET", "/tools/list"), ("GET", "/v1/sessions"), ("POST", "/agent/query")):
            assert asking(method, path, {})[0] == 401
    for asking in (Asking(service.http, key), Asking(service.http, Authorization="bearer " + key)):
        assert run(asking, "print(1)")[2]["stdout"] == "1\n"
    for path in ("/health", "/health/ready", "/openapi.json"):
        assert Http(service.http)("GET", path)[0] == 200


def test_grpc_asks_for_the_key_too(serve, new_key):
    key = new_key("team-a")["key"]
    with Client(serve().grpc) as client:
        for metadata in ({}, {"x_api_key": "x"}, {"authorization": "Bearer x"}):
            with pytest.raises(grpc.RpcError) as error:
                calls(client, **metadata)
            assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED
        assert calls(client, x_api_key=key).output.struct_value["result"] == 42
        assert calls(client, authorization=f"Bearer {key}").output.struct_value["result"] == 42
        assert client.HealthCheck().healthy
        with pytest.raises(grpc.RpcError) as error:
            client.DiscoverTools()
        assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_tenants_do_not_see_each_other(serve, new_key):
    a, b = new_key("a")["key"], new_key("b")["key"]
    service = serve()
    first, second = Asking(service.http, a), Asking(service.http, b)
    run(first, "x = 'of a'", session="work")
    assert run(second, "x", session="work")[2]["exception"]["type"] == "NameError"
    run(second, "x = 'of b'", session="work")
    assert run(first, "print(x)", session="work")[2]["stdout"] == "of a\n"
    run(first, "1", session="mine")
    assert [each["name"] for each in second("GET", "/v1/sessions")[2]["sessions"]] == ["work"]
    assert second("GET", "/v1/sessions/mine")[0] == 404
    assert second("DELETE", "/v1/sessions?all=true")[2] == {"cleared": 1}
    assert run(first, "print(x)", session="work")[2]["stdout"] == "of a\n"
    # Two keys of one tenant share what is the tenant's.
    other = Asking(service.http, a)
    assert run(other, "print(x)", session="work")[2]["stdout"] == "of a\n"


def test_a_key_calls_the_tools_it_names_and_no_others(serve, new_key):
    key = new_key("bots", "--tool", "calculator")["key"]
    service = serve()
    asking = Asking(service.http, key)
    assert asking("POST", "/tools/execute", {"tool_name": "calculator", "parameters": {"expression": "2*3"}})[2]["output"]["result"] == 6
    for path, body in (("/tools/execute", {"tool_name": "python_executor", "parameters": {"code": "1"}}), ("/v1/run", {"code": "1"}),
                       ("/agent/query", {"query": "Execute Python: 1"}), ("/v1/sessions/x/rewind", {"revision": 1})):
        status, _, answer = asking("POST", path, body)
        assert status == 403, answer
    # All there is to sessions, whatever else is wrong with the request.
    routes = [(method.upper(), path) for path, methods in asking("GET", "/openapi.json")[2]["paths"].items() for method in methods
              if path.startswith("/v1/sessions")]
    assert len(routes) >= 11
    for method, path in routes:
        status, _, answer = asking(method, path.replace("{session}", "x").replace("{revision}", "1"), {} if method in ("POST", "PUT") else None)
        assert status == 403, (method, path, answer)
    with Client(service.grpc) as client:
        assert calls(client, x_api_key=key).output.struct_value["result"] == 42
    # Nor may it reach by files what it may not reach by code.
    with Client(service.grpc, "shannon.sandbox.SandboxService", key=key) as files:
        for call in (lambda: files.FileList(session_id="x", path="."), lambda: files.FileWrite(session_id="x", path="a", content="b"),
                     lambda: files.ExecuteCommand(session_id="x", command="ls")):
            with pytest.raises(grpc.RpcError) as error:
                call()
            assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED
    able = new_key("bots")["key"]
    service.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: run(Asking(service.http, able), "1")[0] == 200, 5)
    with Client(service.grpc, "shannon.sandbox.SandboxService", key=able) as files:
        assert files.FileWrite(session_id="x", path="a", content="b").success


def test_rates_and_quotas_say_when_to_come_back(serve, new_key):
    slow, few = new_key("slow", "--runs-per-second", "2")["key"], new_key("few", "--runs-per-day", "2")["key"]
    service = serve()
    asking = Asking(service.http, slow)
    seen = [run(asking, "1") for _ in range(4)]
    assert [each[0] for each in seen[:2]] == [200, 200] and 429 in [each[0] for each in seen]
    assert seen[0][1]["X-RateLimit-Limit"] == "2"
    refused = next(each for each in seen if each[0] == 429)
    assert int(refused[1]["Retry-After"]) >= 1 and "rate_limit_exceeded" in refused[2]["error"]
    assert asking("GET", "/tools/list")[0] == 200  # looking costs nothing
    assert wait_until(lambda: run(asking, "1")[0] == 200, 3)
    asking = Asking(service.http, few)
    assert [run(asking, "1")[0] for _ in range(3)] == [200, 200, 429]
    assert "quota_exceeded" in run(asking, "1")[2]["error"]
    with Client(service.grpc) as client, pytest.raises(grpc.RpcError) as error:
        calls(client, x_api_key=few)
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert int(dict(error.value.trailing_metadata())["retry-after"]) >= 1


def test_keys_are_read_again_on_sighup(serve, new_key, keys, own_home):
    first = new_key("a")
    service = serve()
    assert run(Asking(service.http, first["key"]), "1")[0] == 200
    second = new_key("b")
    keys("revoke", first["id"]).ok()
    service.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: run(Asking(service.http, second["key"]), "1")[0] == 200, 5)
    assert run(Asking(service.http, first["key"]), "1")[0] == 401
    # What cannot be read changes nothing, and never lets everybody in.
    (own_home / "keys.json").write_text("{")
    service.process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert run(Http(service.http), "1")[0] == 401
    assert run(Asking(service.http, second["key"]), "1")[0] == 200


def test_when_the_last_key_goes_nobody_is_let_in(serve, new_key, keys, own_home):
    only = new_key("a")
    service = serve()
    keys("revoke", only["id"]).ok()
    service.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: run(Asking(service.http, only["key"]), "1")[0] == 401, 5)
    assert run(Http(service.http), "1")[0] == 401
    (own_home / "keys.json").unlink()
    service.process.send_signal(signal.SIGHUP)
    assert not wait_until(lambda: run(Http(service.http), "1")[0] == 200, 0.5)


def test_a_stream_ends_with_its_key(serve, new_key, keys):
    only, other = new_key("a"), new_key("b")
    service = serve()
    host, port = service.http.split(":")
    body = b'{"code": "import time\\nfor n in range(300): print(n, flush=True); time.sleep(0.1)"}'
    with socket.create_connection((host, int(port)), timeout=20) as stream:
        stream.sendall(b"POST /v1/run HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nX-API-Key: %s\r\nContent-Length: %d\r\n\r\n%s"
                       % (only["key"].encode(), len(body), body))
        assert b"200 OK" in stream.recv(1000)
        keys("revoke", only["id"]).ok()
        service.process.send_signal(signal.SIGHUP)
        begun = time.monotonic()
        while stream.recv(10_000):
            assert time.monotonic() - begun < 10
    assert run(Asking(service.http, other["key"]), "1")[0] == 200


def test_a_stream_over_grpc_ends_with_its_key(serve, new_key, keys):
    only = new_key("a")
    service = serve()
    with Client(service.grpc, "skerry.v1.Skerry", key=only["key"]) as client:
        stream = client.Run(code="import time\nfor n in range(300): print(n, flush=True); time.sleep(0.1)")
        next(stream)
        keys("revoke", only["id"]).ok()
        service.process.send_signal(signal.SIGHUP)
        begun = time.monotonic()
        with pytest.raises(grpc.RpcError) as error:
            list(stream)
        assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED
        assert time.monotonic() - begun < 10


def test_a_large_body_of_nobody_is_not_read(serve, new_key):
    key = new_key("a")["key"].encode()
    client = Http(serve().http)
    head = b"POST /v1/run HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s"
    for more in (b"Content-Length: 5000000\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5000000\r\nExpect: 100-continue\r\n",
                 b"Content-Length: 5000000\r\nX-API-Key: skerry_wrong\r\n"):
        said = client.raw(head % more + b"\r\n")
        assert said.startswith(b"HTTP/1.1 401"), more
    body = b'{"code": "print(len(input()))", "stdin": "%s"}' % (b"x" * 100_000)
    assert b"100000" in client.raw(head % (b"X-API-Key: %s\r\nContent-Length: %d\r\n" % (key, len(body))) + b"\r\n" + body)


def test_others_reach_it_only_with_keys(start, serve, new_key, own_home, environment):
    env = {**environment, "SKERRY_HOME": str(own_home)}
    refused = start("serve", "--http", "0.0.0.0:0", "--grpc", "127.0.0.1:0", "--orchestrator", "127.0.0.1:0", env=env)
    assert refused.wait(20) == 125 and b"skerry keys create" in refused.stderr.read()
    new_key("a")
    service = serve("--metrics", "0.0.0.0:0")
    port = [int(line.rsplit(":", 1)[1]) for line in [service.process.stderr.readline().decode()]][0]
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        metrics = Http(f"127.0.0.1:{port}")
        assert run(metrics, "1")[0] == 404 and metrics("GET", "/health/ready")[0] == 200, "for operators alone"
    wide = start("serve", "--grpc", "127.0.0.1:0", "--http", "0.0.0.0:0", "--orchestrator", "127.0.0.1:0", env=env)
    addresses = dict(wide.stderr.readline().decode().removeprefix("skerry: ").strip().split(" on ") for _ in range(3))
    assert run(Http("127.0.0.1:" + addresses["HTTP"].rpartition(":")[2]), "1")[0] == 401


def test_a_key_may_be_required_where_there_is_none(serve):
    assert run(Http(serve("--require-key").http), "1")[0] == 401


def test_the_audit_log_has_who_what_and_how_it_ended_and_no_code(serve, new_key, own_home):
    key = new_key("team-a")
    service = serve()
    asking = Asking(service.http, key["key"])
    asking("POST", "/v1/run", {"code": "print('SECRET-CODE')", "session": "work"}, X_Request_ID="trace-me")
    asking("POST", "/tools/execute", {"tool_name": "python_executor", "parameters": {"code": "1/0 # SECRET-CODE"},
                                      "session_context": {"user_id": "ann"}})
    log = own_home / "logs" / "audit.jsonl"
    assert wait_until(lambda: log.exists() and len(log.read_text().splitlines()) == 2, 5)
    text = log.read_text()
    assert "SECRET" not in text and key["key"] not in text
    first, second = map(json.loads, text.splitlines())
    assert (first["tenant"], first["key"], first["tool"], first["session"], first["outcome"], first["request"]) == (
        "team-a", key["id"], "python_executor", "work", "ok", "trace-me")
    assert (second["user"], second["outcome"]) == ("ann", "failed") and second["took_ms"] > 0
    assert os.stat(log).st_mode & 0o777 == 0o600


def test_a_request_has_an_id(serve):
    client = Http(serve().http)
    assert client("GET", "/tools/list", None, X_Request_ID="mine-1")[1]["X-Request-ID"] == "mine-1"
    for odd in ("", "a b", "x" * 65, "a\tb"):
        assert len(client("GET", "/tools/list", None, X_Request_ID=odd)[1]["X-Request-ID"]) == 16
