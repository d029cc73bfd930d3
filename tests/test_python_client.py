# SPDX-License-Identifier: Apache-2.0
"""`clients/python`, as a wheel, against the real service: what it sends and reads, and what it does when things go wrong."""

import asyncio
import concurrent.futures
import dataclasses
import inspect
import io
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import typing

import pytest

from conftest import ROOT, is_gone, wait_until
from test_tls import Authority

PACKAGE = ROOT / "clients" / "python"
# What the service describes and the client leaves out, and why. An entry that is no longer left out fails.
LEFT_OUT_ROUTES = {
    "GET /health/ready": "/health says the same",
    "GET /readiness": "/health says the same",
    "GET /health/live": "an answer of /health is one",
}
LEFT_OUT_FIELDS = {}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The package as people get it: made a wheel and installed, without a network."""
    installed = tmp_path_factory.mktemp("installed")
    done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation",
                           "--no-index", "--target", installed, PACKAGE], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return installed


@pytest.fixture
def skerry(wheel, monkeypatch):
    """The package; conftest's fixture of that name is the program, which `binary` is here."""
    monkeypatch.syspath_prepend(str(wheel))
    for name in ("SKERRY_URL", "SKERRY_KEY"):
        monkeypatch.delenv(name, raising=False)
    import skerry as package

    assert package.__file__.startswith(str(wheel))
    return package


@pytest.fixture
def client(skerry, served):
    with skerry.Client(f"http://{served.http}") as client:
        yield client


# ------------------------------------------------------------------------------------------------------ one description


def schema_at(document, path, method="post"):
    answers = document["paths"][path][method]["responses"]
    return answers[next(status for status in ("200", "201") if status in answers)]["content"]["application/json"]["schema"]


def compare(schema, cls, models, where):
    """Fields of a schema that a class has not, and those of what they hold."""
    hints = typing.get_type_hints(cls)
    told, known = set(schema["properties"]), {each.name for each in dataclasses.fields(cls)}
    unknown = {f"{where}.{name}" for name in told - known}
    for name in sorted(told & known):
        part = models.part_of(hints[name])
        inner = schema["properties"][name]
        inner = inner.get("items", inner)
        if part and "properties" in inner:
            unknown |= compare(inner, part, models, f"{where}.{name}")
    return unknown


# Fields that a run's answer has on newer services alone.
NEWER = {"results", "files", "files_truncated"}


def test_every_field_of_the_service_s_description_is_known(client, skerry):
    from skerry import models

    document = client.openapi()
    body = document["paths"]["/v1/run"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"code", *skerry.RunOptions.__annotations__}
    assert set(skerry.LiveOptions.__annotations__) - set(skerry.RunOptions.__annotations__) == {"input_timeout"}

    answers = {("/v1/run", "post"): models.Run, ("/v1/sessions/{session}", "get"): models.SessionInfo,
               ("/v1/sessions/{session}/log", "get"): models.SessionLog, ("/v1/sessions/{session}/diff", "get"): models.Diff,
               ("/v1/sessions/{session}/checkpoint", "post"): models.Checkpoint, ("/v1/sessions/{session}/rewind", "post"): models.Revision,
               ("/v1/sessions/{session}/fork", "post"): models.SessionInfo, ("/v1/sessions/{session}/import", "post"): models.Revision,
               ("/v1/sessions/{session}/files", "get"): models.Listing, ("/v1/sessions/{session}/files/{path}", "put"): models.Written,
               ("/v1/files", "post"): models.StoredFile, ("/v1/files", "get"): models.StoredFiles, ("/health", "get"): models.Health}
    unknown = set()
    for (path, method), cls in answers.items():
        schema = schema_at(document, path, method)
        unknown |= compare(schema, cls, models, cls.__name__)
        gone = {each.name for each in dataclasses.fields(cls)} - set(schema["properties"]) - (NEWER if cls is models.Run else set())
        assert not gone, f"{cls.__name__} has what {path} has not: {gone}"
    assert unknown == set(LEFT_OUT_FIELDS)


def test_every_route_of_the_service_s_own_wire_is_known(client, skerry):
    from skerry import _calls as calls

    asked = [calls.run("", {}), calls.live(), calls.sessions(), calls.delete_sessions(), calls.info("{session}"), calls.delete("{session}"),
             calls.log("{session}"), calls.diff("{session}", 1, None), calls.checkpoint("{session}", None), calls.rewind("{session}", 0),
             calls.fork("{session}", "b"), calls.export("{session}", None), calls.import_session("{session}", b""), calls.health(),
             calls.openapi(), calls.files("{session}", None, False), calls.read_file("{session}", "{path}"),
             calls.write_file("{session}", "{path}", b""), calls.remove_file("{session}", "{path}", False),
             calls.move_file("{session}", "a", "b"), calls.archive("{session}", None), calls.unpack("{session}", b"", None), calls.upload(b""), calls.download("{file}"), calls.uploads(None), calls.remove_upload("{file}")]
    known = {f"{call.method} {call.path.split('?')[0].replace('%7B', '{').replace('%7D', '}')}" for call in asked}
    routes = {f"{method.upper()} {path}" for path, operations in client.openapi()["paths"].items() for method in operations
              if path.startswith(("/v1/", "/health", "/readiness", "/openapi"))}
    assert routes - known == set(LEFT_OUT_ROUTES)
    assert known <= routes


def test_both_clients_have_the_same_methods(skerry):
    for name in ("Client", "Session", "RunStream", "LiveRun"):
        ours, theirs = getattr(skerry, name), getattr(skerry, f"Async{name}")
        parameters = [{method.replace("__a", "__"): [str(p) for p in inspect.signature(function).parameters.values()]
                       for method, function in inspect.getmembers(cls, inspect.isfunction)} for cls in (ours, theirs)]
        assert json.dumps(parameters[1], sort_keys=True).replace("Async", "") == json.dumps(parameters[0], sort_keys=True), name


# ----------------------------------------------------------------------------------------------------------------- runs


def test_files_go_in_and_come_out(client, skerry, tmp_path):
    own = tmp_path / "own.bin"
    own.write_bytes(bytes(range(256)))
    sent = client.upload(b"kept")
    assert client.upload(b"kept").id == sent.id and [file.id for file in client.uploads().files].count(sent.id) == 1
    run = client.run("open('out/all', 'wb').write(b''.join(open(name, 'rb').read() for name in ('text', 'bytes', 'a/own', 'id')))",
                     files={"text": "t", "bytes": b"\xff", "a/own": own, "id": sent, "out/x": ""})
    (out,) = run.check().files
    assert (out.path, out.change, out.size, run.files_truncated) == ("out/all", "created", 262, False)
    content = b"t\xff" + bytes(range(256)) + b"kept"
    assert client.download(out) == client.download(out.id) == content
    assert client.download_to(tmp_path / "got", out) == 262 and (tmp_path / "got").read_bytes() == content
    assert client.run("len(open('again', 'rb').read())", files={"again": out}).result == "262"
    client.remove_upload(out)
    with pytest.raises(skerry.NotFoundError):
        client.download(out)
    with pytest.raises(ValueError, match="does not keep"):
        client.run("1", files={"gone": client.run("import os; os.remove('x')", files={"x": ""}).files[0]})


def test_files_of_a_session_move_and_travel_as_archives(client, tmp_path):
    session = client.session("archives")
    session.write_file("d/a.txt", b"a")
    session.move_file("d/a.txt", "d/e/b.txt")
    archive = session.archive("d")
    with tarfile.open(fileobj=io.BytesIO(archive)) as read:
        assert read.getnames() == ["e", "e/b.txt"]
    with tarfile.open(tmp_path / "own.tar", "w") as written:
        written.add(__file__, "deep/below/this.py")
    with client.session("other") as other:
        assert other.unpack(archive) == 1 and other.unpack(tmp_path / "own.tar", "from here") == os.path.getsize(__file__)
        assert other.run("open('e/b.txt').read(), 'archives' in open('from here/deep/below/this.py').read()").result == "('a', True)"


def test_a_run_takes_every_option_and_tells_all(client):
    run = client.run("import sys, os; print(sys.argv, os.environ['K'], input()); print('e', file=sys.stderr)\n6 * 7", args=["a"],
                     env={"K": "v"}, stdin="line\n", timeout=20, memory=128, max_output=4096, seed=1, durable=False,
                     isolation="process", template="python", output_events_per_second=10)
    assert (run.stdout, run.stderr, run.result, run.outcome, run.ok) == ("['-c', 'a'] v line\n", "e\n", "42", "completed", True)
    assert run.limits.wall_seconds == 20 and run.usage.wall_ms > 0 and run.check() is run
    assert run.text == "['-c', 'a'] v line\ne\n42"
    assert client.run("print('好', '\\u00e9')").stdout == "好 é\n"
    assert client.run("None", stdin=None, session=None).result is None


def test_a_failure_is_no_exception_until_it_is_checked(client, skerry):
    run = client.run("import socket\ndef f():\n    socket.create_connection(('192.0.2.1', 80))\nf()")
    assert not run.ok and [frame.line for frame in run.exception.frames[:2]] == [4, 3]
    with pytest.raises(skerry.RunFailed, match="(?s)Traceback .*hint: there is no network") as failure:
        run.check()
    assert failure.value.hint and failure.value.run is run
    with pytest.raises(skerry.RunFailed, match=r'deadline: .*raise it with "timeout": S'):
        client.run("while True: pass", timeout=0.2).check()
    assert client.run("raise SystemExit(3)").exit_code == 3


def test_a_refusal_tells_status_and_message(client, skerry):
    with pytest.raises(skerry.InvalidRequestError, match="'memory' must be at most 1024") as refusal:
        client.run("1", memory=5000)
    assert refusal.value.status == 400 and refusal.value.request_id
    with pytest.raises(skerry.InvalidRequestError, match="larger than"):
        client.run("#" * (17 << 20))
    with pytest.raises(TypeError, match="no option 'tiemout'"):
        client.run("1", tiemout=3)
    with pytest.raises(skerry.NotFoundError, match="there is no session"):
        client.session("none").log()
    with pytest.raises(skerry.InvalidRequestError, match="session's name"):
        client.session("../x").info()
    assert client.run("1").ok  # on the same connection


def test_events_come_while_it_runs(client, skerry):
    with client.stream("import time, sys\nprint('a', flush=True); time.sleep(0.5)\nprint('b', file=sys.stderr)\n7") as stream:
        kinds = []
        for event in stream:
            kinds.append(type(event).__name__)
            if isinstance(event, skerry.Output) and event.stream == "stdout":
                assert "Finished" not in kinds
        assert kinds == ["Started", "Output", "Output", "Display", "Finished"]
    run = stream.finish()
    assert (run.stdout, run.stderr, run.result, run.session) == ("a\n", "b\n", "7", None)
    with pytest.raises(skerry.InvalidRequestError):
        client.stream("1", timeout=0).finish()
    with client.stream("while True: print('x' * 1000)") as stream:  # left early, which ends it
        next(stream)
    with pytest.raises(skerry.SkerryError, match="closed before"):
        stream.finish()
    assert client.stream("print('x' * 300_000)").finish().stdout == "x" * 300_000 + "\n"


def test_input_while_it_runs(client, skerry):
    with client.live("print('hello', input('name? '))", input_timeout=20) as live:
        for event in live:
            if isinstance(event, skerry.Waiting) and event.waiting:
                live.send("Ada\n")
    assert live.finish().stdout == "name? hello Ada\n"
    with client.live("import sys\nprint(len(sys.stdin.read()))") as live:
        live.send("é" * 200_000)
        live.end()
        assert live.finish().stdout == "200000\n"
    live = client.session("s").live("x = input()")
    next(live)
    live.interrupt()
    assert live.finish().outcome in ("failed", "cancelled")  # as it waits already, or not yet
    with pytest.raises(skerry.InvalidRequestError, match="'timeout' must"):
        client.live("1", timeout=0).finish()


def test_threads_share_a_client(client):
    results = {}

    def work(number):
        results[number] = [client.run(f"{number} * {n}").result for n in range(10)]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: [str(n * m) for m in range(10)] for n in range(6)}
    pid = os.fork()  # a child must not speak on its parent's connections
    if pid == 0:
        os._exit(0 if client.run("5").result == "5" else 1)
    assert client.run("6").result == "6"
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


# ------------------------------------------------------------------------------------------------------------- sessions


def test_sessions_go_back_and_aside(client):
    session = client.session("work")
    assert session.run("x = 1").session.revision == 1
    assert session.checkpoint("good").label == "good"
    session.run("x = 2; y = []")
    assert re.search("deadline.*rewound to revision 2", session.run("while True: pass", timeout=0.1).text, re.DOTALL)
    fork = session.fork()
    diff = session.diff("good")
    assert [(v.name, v.value) for v in diff.changed] == [("x", "2")] and [v.name for v in diff.added] == ["y"]
    assert session.rewind("good").revision == 1
    assert (session.run("x").result, fork.run("x").result) == ("1", "2")
    log = session.log()
    assert [r.revision for r in log.revisions] == [1, 2, 3] and "rewound" in log.events[-1].text
    assert {each.name for each in client.sessions()} == {"work", fork.name} and session.info().head == 3
    assert session.stream("x += 1\nx").finish().session.revision == 4
    with client.session() as own:
        own.run("1")
        assert len(client.sessions()) == 3
    assert (fork.delete(), fork.delete(), client.delete_sessions(), client.sessions()) == (True, False, 1, [])


def test_values_are_shown(client, skerry):
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()\nimport pandas as pd\npd.DataFrame({'a': [1]})"
    run = client.run(code)
    figure, table = run.results
    assert figure.png.startswith(b"\x89PNG") and figure.chart["type"] == "line" and not figure.is_result
    assert "<table" in table.html and table.is_result and table.text == run.result
    with client.stream(code) as stream:
        shown = [event for event in stream if isinstance(event, skerry.Display)]
    assert len(shown) == 2 and [each.data for each in stream.finish().results] == [each.data for each in run.results]
    failed = client.run("try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    error.add_note('n')\n    raise ValueError('v') from error").exception
    assert [(each.relation, each.type, each.notes) for each in failed.causes] == [("cause", "ZeroDivisionError", ["n"])]


def test_files_of_a_session(client, skerry, tmp_path):
    session = client.session("files")
    assert session.write_file("data/ü 1.bin", b"\x00\xff").size == 2
    (tmp_path / "mine").write_bytes(b"m" * 300_000)
    session.write_file("mine", tmp_path / "mine")
    assert session.run("open('out.csv', 'w').write('a,b')\nlen(open('mine').read()), open('data/ü 1.bin', 'rb').read()").result == "(300000, b'\\x00\\xff')"
    assert session.read_file("data/ü 1.bin") == b"\x00\xff" and session.read_file("out.csv") == b"a,b"
    listed = session.files(recursive=True)
    assert sorted((each.path, each.is_directory, each.type) for each in listed.files) == [
        ("data", True, None), ("data/ü 1.bin", False, "application/octet-stream"), ("mine", False, "application/octet-stream"), ("out.csv", False, "text/csv")]
    assert [each.path for each in session.files("data").files] == ["data/ü 1.bin"]
    session.remove_file("data", recursive=True)
    with pytest.raises(skerry.NotFoundError):
        session.read_file("data/ü 1.bin")
    with pytest.raises(skerry.NotAllowedError):
        session.read_file("../x")


def test_a_session_moves_through_bytes_and_files(client, skerry, tmp_path):
    session = client.session("a")
    session.run("x = 41", template="python")
    size = session.export_to(tmp_path / "a.skerry")
    assert size == (tmp_path / "a.skerry").stat().st_size > 1_000_000
    assert client.import_session("b", tmp_path / "a.skerry").run("x + 1").result == "42"
    assert client.import_session("c", session.export(1)).run("x").result == "41"
    with pytest.raises(skerry.ConflictError):
        client.import_session("b", tmp_path / "a.skerry")
    with pytest.raises(skerry.InvalidRequestError):
        client.import_session("d", b"no session" * 1_000_000)


def test_programs_call_functions_of_ours(client, skerry):
    heard = []

    def price(fruit, count=1):
        heard.append((fruit, count))
        if not fruit:
            raise LookupError("no fruit")
        return {"total": 3 * count, "when": object}

    with skerry.ToolSession(client, {"price": price}, timeout=20) as tools:
        run = tools.run("print('a', end='')\nt = price('é\\x1e\\n', count=2)\nprint('b', t['total'])\nt['when']").check()
        assert (run.stdout, run.result) == ("ab 6\n", "\"<class 'object'>\"") and heard == [("é\x1e\n", 2)]
        assert "RuntimeError: LookupError: no fruit" in tools.run("price('')").stderr
        assert tools.run("try: price()\nexcept RuntimeError as e: print(e)").stdout.startswith("TypeError: ")
        tools.tools["big"] = lambda n: "y" * n
        assert tools.run("print(len(big(2_000_000)), price('a'))").stdout == "2000000 {'total': 3, 'when': \"<class 'object'>\"}\n"
        assert tools.run("input()").exception.type == "EOFError"
        assert "more was printed" in tools.run("print('x' * 100)\nprice('a')", max_output=50).message
        tools.assign(data=[1, None, "ü"])
        assert tools.run("data").result == "[1, None, 'ü']"
        threads = "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as p: print(sorted(map(len, p.map(big, range(9)))))"
        assert tools.run(threads).stdout == f"{list(range(9))}\n"
        forged = "import sys\nmark = price.__closure__[[c for c in price.__code__.co_freevars].index('mark')].cell_contents\n"
        for asked in ("{}", "1", "null", "[" * 100_000, '{"name": [], "args": [], "kwargs": {}}', '{"name": "price", "args": 1, "kwargs": {}}', "9" * 5000, ""):
            run = tools.run(f"{forged}print('a' + mark + {asked!r} + '\\x1e\\nb')")
            assert run.ok and run.stdout[0] == "a" and run.stdout.endswith("b\n"), asked
        run = tools.run(f"{forged}print(mark)")
        assert run.ok and run.stdout.startswith("\x1e")
        assert "there is no other()" in tools.run("price.__closure__[-1]\n" + forged + "sys.stdout.write(mark + '{\"name\": \"other\", \"args\": [], \"kwargs\": {}}\\x1e\\n'); print(input())").stdout
        with pytest.raises(KeyboardInterrupt):
            tools.tools["stop"] = lambda: (_ for _ in ()).throw(KeyboardInterrupt())
            tools.run("stop()")
        assert tools.run("1").result == "1"
    assert client.sessions() == []


def test_live_runs_that_a_busy_service_refuses_come_again(serve, skerry):
    client = skerry.Client(f"http://{serve('--workers', '1').http}")

    def one(number):
        with skerry.ToolSession(client) as tools:
            return tools.run(f"import time; time.sleep(0.02)\n{number}").result

    with concurrent.futures.ThreadPoolExecutor(90) as pool:  # 64 may wait
        assert list(pool.map(one, range(90))) == [str(n) for n in range(90)]


# ---------------------------------------------------------------------------------------------------------------- async


def test_the_async_client_does_the_same(skerry, served):
    async def main():
        async with skerry.AsyncClient(f"http://{served.http}") as client:
            runs = await asyncio.gather(*(client.run(f"{n} + 1") for n in range(8)))
            assert [run.result for run in runs] == [str(n + 1) for n in range(8)]
            events = [event async for event in client.stream("print('a')\n1")]
            assert [event.name for event in events] == ["started", "stdout", "display", "outcome"] and events[-1].run.stdout == "a\n"
            async with client.live("print(input())") as live:
                await live.send("there\n")
                assert (await live.finish()).stdout == "there\n"
            session = client.session("s")
            await session.run("x = 1", template="python")
            await session.checkpoint("good")
            fork = await session.fork("t")
            await fork.run("x = 2")
            assert ((await session.run("x")).result, (await (await client.session("t").fork()).run("x")).result) == ("1", "2")
            assert len((await session.log()).revisions) == 2 and (await session.rewind("good")).revision == 1
            assert (await client.import_session("u", await session.export())).name == "u"
            with pytest.raises(skerry.NotFoundError):
                await client.session("none").info()
            waiting = asyncio.create_task(client.run("import time; time.sleep(20)"))
            await asyncio.sleep(0.1)
            waiting.cancel()  # ends the run, and the connection is not used again
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert (await client.run("8")).result == "8" and (await client.health()).ok
            # More than wait at once: those that are refused come again.
            assert {run.result for run in await asyncio.gather(*(client.run("9") for _ in range(150)))} == {"9"}
            async with skerry.AsyncClient(client.base_url, patience=0) as hasty:
                told = await asyncio.gather(*(hasty.run("import time; time.sleep(0.05)") for _ in range(150)), return_exceptions=True)
                busy = [each for each in told if isinstance(each, Exception)]
                assert busy and {(type(each), each.status, each.retry_after) for each in busy} == {(skerry.BusyError, 429, 1)}
        return client

    client = asyncio.run(main())
    assert asyncio.run(client.run("9")).result == "9"  # in another loop

    async def many():
        return [(await client.run("9")).result for _ in range(20)]

    told = []
    threads = [threading.Thread(target=lambda: told.append(asyncio.run(many()))) for _ in range(3)]  # in several
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [["9"] * 20] * 3


# ------------------------------------------------------------------------------------------------- keys, and what fails


def test_tenants_see_their_own(serve, skerry, binary, environment, own_home, monkeypatch):
    home = {**environment, "SKERRY_HOME": str(own_home)}
    keys = [subprocess.run([binary, "keys", "create", tenant], env=home, capture_output=True, text=True, check=True).stdout.split()[0]
            for tenant in ("team-a", "team-b")]
    url = f"http://{serve().http}"
    monkeypatch.setenv("SKERRY_URL", url)
    with skerry.Client(key=keys[0]) as a, skerry.Client(url, keys[1]) as b, skerry.Client() as nobody:
        a.session("s").run("x = 'a'")
        with pytest.raises(skerry.NotFoundError):
            b.session("s").info()
        b.session("s").run("x = 'b'")
        assert (a.session("s").run("x").result, b.session("s").run("x").result) == ("'a'", "'b'")
        for refused in (lambda: nobody.run("1"), lambda: nobody.stream("1").finish(), lambda: nobody.live("1").finish()):
            with pytest.raises(skerry.NotAllowedError, match="hint: give Client") as refusal:
                refused()
            assert refusal.value.status == 401
        assert nobody.health().ok and nobody.version()
        monkeypatch.setenv("SKERRY_KEY", keys[1])
        assert skerry.Client().session("s").run("x").result == "'b'"
    with pytest.raises(ValueError, match="more than one line"):
        skerry.Client(key="a\r\nX: y").run("1")
    for url in ("127.0.0.1:8000", "ftp://x", "http://", "http://user@host"):
        with pytest.raises(ValueError):
            skerry.Client(url)


def test_a_service_that_vanishes_is_told_from_one_that_is_not_there(serve, start, environment, own_home, skerry):
    service = serve()
    client = skerry.Client(f"http://{service.http}")
    live, stream = client.live("input()"), client.stream("import time\nprint(1, flush=True); time.sleep(20)")
    next(live), next(stream), next(stream)
    threading.Timer(0.3, lambda: service.process.kill()).start()
    with pytest.raises(skerry.ConnectionLostError):
        client.run("import time; time.sleep(20)")
    for left in (live, stream):
        with pytest.raises(skerry.ConnectionLostError):
            left.finish()
    service.process.wait(5)
    with pytest.raises(skerry.UnreachableError, match="skerry serve"):
        client.run("1")
    with pytest.raises(ConnectionError):
        asyncio.run(skerry.AsyncClient(client.base_url).run("1"))
    again = start("serve", "--grpc", "127.0.0.1:0", "--http", service.http, "--orchestrator", "127.0.0.1:0",
                  env={**environment, "SKERRY_HOME": str(own_home)})
    while b"orchestrator" not in again.stderr.readline():
        pass
    assert client.run("2").result == "2"
    again.send_signal(signal.SIGTERM)
    again.wait(10)


def test_over_tls(serve, skerry, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("makes its certificates with `openssl`, which is not there")
    authority = Authority(tmp_path / "ours")
    certificate, key = authority.make("server")
    url = f"https://{serve('--tls-cert', certificate, '--tls-key', key).http}"
    with skerry.Client(url, ssl_context=authority.context()) as client:
        assert client.run("6 * 7").result == "42"
        (kept,) = client._kept._links
        assert client.run("1").ok and client._kept._links[0] is kept and client.stream("print(1)").finish().stdout == "1\n"
    assert asyncio.run(skerry.AsyncClient(url, ssl_context=authority.context()).run("1")).result == "1"
    with pytest.raises(skerry.UnreachableError, match="certificate"):
        skerry.Client(url).run("1")


def test_silence_ends(skerry):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(skerry.ConnectionLostError, match="said nothing for 0.2 s"):
            skerry.Client(url, timeout=0.2).run("1")
        with pytest.raises(skerry.ConnectionLostError, match="said nothing for 0.2 s"):
            asyncio.run(skerry.AsyncClient(url, timeout=0.2).run("1"))


# ------------------------------------------------------------------------------------------------------- what is read


def drive(steps, received):
    """What the steps come to where these pieces are received one by one."""
    pieces = iter(received)
    wanted = next(steps)
    try:
        while True:
            wanted = steps.send(next(pieces, b"") if wanted is None else b"")
    except StopIteration as end:
        return end.value


SHOWN = {"data": {"text/plain": "<Figure>", "image/png": "iVBORw0=", "application/json": {"a": 1}}, "metadata": {"w": 2},
         "is_result": True, "chart": {"type": "line"}, "newer": 1}


def events_bytes():
    told = {"outcome": "completed", "exit_code": 0, "message": "", "truncated": [], "result": None, "exception": None, "limit": None,
            "session": None, "usage": None, "limits": None, "newer": True}
    blocks = [": alive", "event: started\ndata: {}", 'event: stdout\ndata: {"text": "a\\nb: c"}', f"event: display\ndata: {json.dumps(SHOWN)}",
              'event: newer\ndata: {"x": 1}', f"event: outcome\ndata: {json.dumps(told)}"]
    return "".join(block + "\n\n" for block in blocks).encode()


def test_an_answer_is_the_same_however_it_is_cut(skerry):
    from skerry._calls import EventFlow
    from skerry._http import Connection

    body = events_bytes()
    chunks = b"".join(b"%x;ext\r\n%s\r\n" % (len(part), part) for part in (body[:100], body[100:101], body[101:])) + b"0\r\nTrailer: x\r\n\r\n"
    answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks

    def whole(connection):
        yield from connection.request(b"")
        flow = EventFlow(connection, is_live=False)
        events = []
        while event := (yield from flow.next()):
            events.append(event)
        return events

    for size in (1, 2, 7, len(answer)):
        connection = Connection()
        events = drive(whole(connection), [answer[at:at + size] for at in range(0, len(answer), size)])
        assert [type(event).__name__ for event in events] == ["Started", "Output", "Display", "Event", "Finished"]
        assert connection.is_reusable and events[1].text == "a\nb: c"
        (shown,) = events[-1].run.results
        assert (shown.text, shown.png, shown.json, shown.is_result, shown.chart) == ("<Figure>", b"\x89PNG\r", {"a": 1}, True, {"type": "line"})
        assert shown._repr_mimebundle_() == (SHOWN["data"], SHOWN["metadata"]) and events[2].result == shown and shown.html is None
    for cut in (10, 60, len(answer) // 2):
        with pytest.raises(skerry.ConnectionLostError):
            drive(whole(Connection()), [answer[:cut]])
    for nonsense in (b"SSH-2.0-OpenSSH\r\n", b"\0" * 100_000, b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"):
        with pytest.raises(skerry.ProtocolError):
            drive(whole(Connection()), [nonsense])


def test_what_is_newer_or_older_than_the_client_is_read(skerry):
    from skerry.models import Run, read

    told = {"outcome": "completed", "exit_code": 0, "message": "", "stdout": "", "stderr": "", "truncated": [], "result": None,
            "exception": None, "limit": None, "session": None, "usage": None, "limits": None}
    assert (read(Run, told).results, read(Run, told).files) == ([], [])
    newer = read(Run, {**told, "later": 1, "results": [SHOWN],
                       "files": [{"path": "/a.csv", "size": 3, "type": "text/csv", "sha256": "00", "change": "created"}]})
    assert newer.files[0].path == "/a.csv" and newer.results[0].text == "<Figure>"
    odd = skerry.Result({"image/png": "é", "image/jpeg": 1, "text/html": None})
    assert (odd.png, odd.jpeg, odd.html, odd.text, odd.json) == (None, None, None, None, None)
    with pytest.raises(skerry.ProtocolError):
        read(Run, {"outcome": "completed"})


# ------------------------------------------------------------------------------------------------------ one of one's own


def test_a_local_service_ends_with_its_client(skerry, binary, own_home, home, tmp_path, monkeypatch):
    monkeypatch.setenv("SKERRY_BIN", str(binary))
    with skerry.local(home=own_home) as client:
        assert client.run("6 * 7").result == "42"
        service = client._service
        assert service.is_running
    assert not service.is_running and service._process.returncode is not None
    with pytest.raises(skerry.UnreachableError):
        client.run("1")
    for wrong, said in ((lambda: skerry.local(tmp_path / "none"), "is no program"), (lambda: skerry.local(home=tmp_path), "does not serve\n.*missing"),
                        (lambda: skerry.local("/bin/false"), "does not serve"), (lambda: skerry.local(options=["--nope"], home=own_home), "--nope")):
        with pytest.raises(skerry.LocalServiceError, match=f"(?s){said}"):
            wrong()


def test_a_local_service_ends_with_a_process_that_is_killed(skerry, wheel, binary, own_home, environment):
    code = ("import skerry, asyncio, threading\nclients = []\n"
            "thread = threading.Thread(target=lambda: clients.append(skerry.local()))\nthread.start(); thread.join()\n"
            "print(clients[0].run('1').result, clients[0]._service._process.pid, flush=True)\nclients[0].run('while True: pass')")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
                               env={**environment, "PYTHONPATH": str(wheel), "SKERRY_BIN": str(binary), "SKERRY_HOME": str(own_home)})
    result, watcher = process.stdout.readline().split()
    assert result == "1"
    services = [int(pid) for pid in pathlib.Path(f"/proc/{watcher}/task/{watcher}/children").read_text().split()]
    assert len(services) == 1 and not is_gone(services[0])
    process.kill()
    process.wait()
    process.stdout.close()
    assert wait_until(lambda: is_gone(services[0]) and is_gone(watcher), 10)


def test_the_wheel_has_all_and_nothing_else(wheel):
    names = {str(path.relative_to(wheel)) for path in wheel.rglob("*") if path.is_file() and "dist-info" not in str(path) and path.suffix != ".pyc"}
    assert names == {str(path.relative_to(PACKAGE)) for path in (PACKAGE / "skerry").rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert "skerry/py.typed" in names
    metadata = next(wheel.glob("skerry-*.dist-info")) / "METADATA"
    assert list(metadata.parent.rglob("LICENSE")) and "Requires-Dist: httpx" not in metadata.read_text() and "Requires-Python: >=3.10" in metadata.read_text()


# ------------------------------------------------------------------------------------------------------------- documents


def test_the_documents_snippets_work(skerry, wheel, served, binary, own_home, environment, tmp_path):
    for document in (ROOT / "docs" / "clients.md", PACKAGE / "README.md"):
        blocks = re.findall(r"```python\n(.*?)```", document.read_text(), re.DOTALL)
        assert blocks
        done = subprocess.run([sys.executable, "-c", "\n".join(blocks)], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                              env={**environment, "PYTHONPATH": str(wheel), "SKERRY_URL": f"http://{served.http}", "SKERRY_BIN": str(binary),
                                   "SKERRY_HOME": str(own_home)})
        assert done.returncode == 0 and done.stdout, (document, done.stderr)
