# SPDX-License-Identifier: Apache-2.0
"""Programs of the service that ask a person: over gRPC and over a WebSocket, prompts, lines, ends, interrupts, and time that is not theirs."""

import contextlib
import hashlib
import json
import signal
import threading
import time

import pytest

from conftest import processes_below, wait_until
from live_clients import GrpcRun, SocketRun
from stream_clients import WebSocket
from test_http import Http


def metrics(http):
    http.connection.request("GET", "/metrics")
    return http.connection.getresponse().read().decode()


ASK = "name = input('name? ')\nprint('hello', name)\n"


class Person:
    """Reads what the program says, and answers."""

    def __init__(self, wire):
        self.wire = wire
        self.said = ""
        self.complained = ""
        self.warned = []
        self.waits = False
        self.started = False
        self.outcome = None

    def hear(self):
        """The next event's name; none at the end."""
        name, value = next(self.wire.events, (None, None))
        if name == "stdout":
            self.said += value
        elif name == "stderr":
            self.complained += value
        elif name == "waiting":
            assert value is not self.waits
            self.waits = value
        elif name == "started":
            self.started = True
        elif name == "outcome":
            self.outcome = value
        elif name == "warning":
            self.warned.append(value)
        return name

    def is_asked(self):
        """What was said until the program waits."""
        before = len(self.said)
        while not (self.hear() == "waiting" and self.waits):
            assert self.outcome is None and self.wire.status is None, (self.outcome, self.wire.status, self.complained)
        return self.said[before:]

    def answers(self, text):
        self.wire.text(text)

    def outcome_of(self):
        while self.hear():
            pass
        assert self.wire.status is None, self.wire.status
        return self.outcome

    def refusal(self):
        while self.hear():
            pass
        assert self.outcome is None
        return self.wire.status


@pytest.fixture(params=[GrpcRun, SocketRun], ids=["grpc", "websocket"])
def wire(request):
    return request.param


@pytest.fixture
def begin(served, wire):
    """begin(CODE, **PARAMETERS): a run with a person before it."""
    opened = []

    def begin(code, **run):
        opened.append(wire(served, code=code, **run))
        return Person(opened[-1])

    yield begin
    for each in opened:
        each.close()


def test_a_prompt_is_shown_before_the_wait_and_the_answer_is_read(begin):
    person = begin(ASK)
    assert person.is_asked() == "name? " and person.started
    person.answers("Ada\n")
    assert person.outcome_of()["outcome"] == "completed"
    assert person.said == "name? hello Ada\n" and not person.waits


def test_lines_are_read_as_they_come_and_a_part_of_one_waits_for_the_rest(begin):
    person = begin("import sys\nfor line in sys.stdin: print('got', line, end='', flush=True)\nprint('end')\n")
    person.is_asked()
    person.answers("one\ntw")
    assert person.is_asked() == "got one\n"
    person.answers("o\n")
    assert person.is_asked() == "got two\n"
    person.wire.end()
    assert person.outcome_of()["outcome"] == "completed"
    assert person.said.endswith("end\n")


@pytest.mark.parametrize("isolation", ["tenant", "process"])
def test_the_end_is_the_end_of_the_file(begin, isolation):
    person = begin("import sys\ntry: input('> ')\nexcept EOFError: print('eof')\nprint(repr(sys.stdin.read()))\n", isolation=isolation)
    person.is_asked()
    person.wire.end()
    assert person.outcome_of()["outcome"] == "completed" and person.said == "> eof\n''\n"


def test_a_grpc_client_that_sends_no_more_has_ended_the_input(served):
    wire = GrpcRun(served, code="print(input('> '))\ntry: input()\nexcept EOFError: print('eof')")
    wire.text("x\n")
    wire.half_close()
    person = Person(wire)
    assert person.outcome_of()["outcome"] == "completed" and person.said.endswith("x\neof\n")
    wire.close()


def test_each_wait_may_be_interrupted_and_the_program_goes_on(begin):
    person = begin("for i in range(3):\n    try: input(f'{i}> ')\n    except KeyboardInterrupt: print('no', i)\nprint(input('last> '))\n")
    for i in range(3):
        assert person.is_asked().endswith(f"{i}> ")
        person.wire.interrupt()
    assert person.is_asked().endswith("no 2\nlast> ")
    person.answers("yes\n")
    assert person.outcome_of()["outcome"] == "completed" and person.said.endswith("yes\n")


def test_an_interrupt_that_nobody_catches_ends_the_program_as_pythons(begin):
    person = begin("input('> ')")
    person.is_asked()
    person.wire.interrupt()
    outcome = person.outcome_of()
    assert outcome["outcome"] == "failed" and outcome["exit_code"] == 130 and outcome["exception"]["type"] == "KeyboardInterrupt"


def test_a_second_interrupt_ends_a_program_that_goes_on_without_asking(begin):
    person = begin("try: input('> ')\nexcept KeyboardInterrupt: print('no', flush=True)\nwhile True: pass\n")
    person.is_asked()
    person.wire.interrupt()
    while not person.said.endswith("no\n"):
        person.hear()
    person.wire.interrupt()
    assert person.outcome_of()["outcome"] == "cancelled"


def test_an_interrupt_of_a_program_that_computes_cancels_it(begin):
    person = begin("print('works', flush=True)\nwhile True: pass\n")
    while not person.said:
        person.hear()
    person.wire.interrupt()
    outcome = person.outcome_of()
    assert outcome["outcome"] == "cancelled" and outcome["exit_code"] == 130


def test_waiting_is_not_the_programs_time_and_computing_is(begin):
    person = begin("input('> ')\nprint('works')\nwhile True: pass\n", timeout=1)
    person.is_asked()
    time.sleep(1.5)
    person.answers("\n")
    outcome = person.outcome_of()
    assert outcome["outcome"] == "deadline" and person.said == "> works\n"
    assert outcome["limit"]["name"] == "wall" and outcome["limit"]["option"] == '"timeout": S'


def test_a_person_who_does_not_come_has_a_limit_of_their_own(begin):
    begun = time.monotonic()
    person = begin("input('> ')", input_timeout=0.5)
    outcome = person.outcome_of()
    assert time.monotonic() - begun < 5
    assert outcome["outcome"] == "deadline" and outcome["exit_code"] == 124
    assert outcome["message"] == 'waited longer than 0.5 s for input; allow more with "input_timeout": S'
    assert outcome["limit"] == {"name": "input", "value": 0.5, "unit": "seconds", "option": '"input_timeout": S'}
    assert outcome["usage"]["wall_ms"] < 400


def test_input_may_come_before_it_is_asked_for_and_after_stdin(begin):
    person = begin("import time\ntime.sleep(0.3)\nprint([input() for _ in range(4)])\n", stdin="a\nb")
    person.answers("c\nd\n")
    person.answers("e\n")
    assert person.outcome_of()["outcome"] == "completed"
    assert person.said == "['a', 'bc', 'd', 'e']\n"


def test_large_input_arrives_whole(begin):
    person = begin("import sys, hashlib\ndata = sys.stdin.read()\nprint(len(data), hashlib.sha256(data.encode()).hexdigest())\n")
    text = "".join(f"line {i}\n" for i in range(4_000))
    for _ in range(60):
        person.answers(text)
    person.wire.end()
    assert person.outcome_of()["outcome"] == "completed"
    assert person.said == f"{60 * len(text)} {hashlib.sha256((60 * text).encode()).hexdigest()}\n"


def test_a_client_that_vanishes_while_it_is_awaited_ends_its_run(served, begin):
    http = Http(served.http)
    person = begin("input('> ')", isolation="process")
    person.is_asked()
    assert 'skerry_workers{state="running"} 1' in metrics(http)
    person.wire.vanish()
    assert wait_until(lambda: 'skerry_workers{state="running"} 0' in metrics(http), 5)


def test_a_websocket_client_that_takes_nothing_is_cut_off(serve, tmp_path):
    config = tmp_path / "write.yaml"
    config.write_text("service:\n  write_timeout_seconds: 1\n  loop_handler_alarm_ms: 50\nwasi:\n  max_asked_output_bytes: 30000000\n")
    served = serve(env={"CONFIG_PATH": str(config)})
    http = Http(served.http)
    code = "for _ in range(800): print('x' * 30_000)\n"
    wire = SocketRun(served, code=code, max_output=30_000_000, isolation="process")
    assert wait_until(lambda: 'skerry_workers{state="running"} 1' in metrics(http), 5)
    assert wait_until(lambda: 'skerry_workers{state="running"} 0' in metrics(http), 5)
    assert len(b"".join(iter(lambda: wire.socket.file.read1(1 << 20), b""))) < 20_000_000
    wire.close()
    reader = SocketRun(served, code=code, max_output=30_000_000, isolation="process")
    assert sum(len(value) for name, value in reader.events if name == "stdout") == 800 * 30_001
    reader.close()


def memory_of(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) << 10


def test_a_flood_that_nobody_reads_takes_no_memory(served, wire):
    flooded = wire(served, code="while True: pass", timeout=3)
    before = memory_of(served.process.pid)
    piece = "x" * 60_000
    if wire is GrpcRun:
        for _ in range(1_000):
            flooded.text(piece)
    else:
        flood = json.dumps({"input": piece})

        def send():
            try:
                for _ in range(1_000):
                    flooded.socket.send(WebSocket.TEXT, flood.encode())
            except OSError:
                pass

        threading.Thread(target=send, daemon=True).start()
    most = 0
    end = time.monotonic() + 2
    while time.monotonic() < end:
        most = max(most, memory_of(served.process.pid))
        time.sleep(0.05)
    assert most - before < 16 << 20
    assert Person(flooded).outcome_of()["outcome"] == "deadline"
    flooded.close()


def test_a_session_goes_on_where_such_a_run_left_it(begin):
    for number in range(2):
        person = begin("try: names.append(input('> '))\nexcept NameError: names = [input('> ')]\nprint(names)\n", session="people")
        person.is_asked()
        person.answers(f"n{number}\n")
        outcome = person.outcome_of()
        assert outcome["outcome"] == "completed", person.complained
        assert outcome["session"]["saved"] == "committed" and int(outcome["session"]["revision"]) == number + 1
    assert person.said.endswith("['n0', 'n1']\n")


def test_what_comes_too_late_is_not_the_next_runs(begin):
    first = begin("print('x')", session="late")
    for _ in range(20):
        first.answers("late\n" * 1_000)
    assert first.outcome_of()["outcome"] == "completed"
    second = begin("print(input('> '))", session="late")
    second.is_asked()
    second.answers("mine\n")
    assert second.outcome_of()["outcome"] == "completed" and second.said == "> mine\n"


@pytest.mark.parametrize("run, what", [
    ({"code": "1", "command": ["x"]}, "command"), ({"code": "1", "input_timeout": 0}, "input_timeout"),
    ({"code": "1", "input_timeout": 604801}, "input_timeout"), ({"code": "1", "isolation": "none"}, "isolation")])
def test_what_does_not_fit_is_refused_by_name(begin, wire, run, what):
    if wire is GrpcRun and what == "command":
        pytest.skip("the message has no such field")
    status, why = begin(**run).refusal()
    assert status == 400 and what in why


def test_the_plain_forms_have_no_time_for_input(served):
    status, _, body = Http(served.http)("POST", "/v1/run", {"code": "1", "input_timeout": 1})
    assert status == 400 and "input_timeout" in body["error"]


def test_input_after_its_end_ends_the_run(begin):
    person = begin("import time\ntime.sleep(20)")
    person.wire.end()
    person.answers("late")
    assert person.refusal() == (400, "there is input after its end")


@pytest.mark.parametrize("message", [b"", b"{", b"[]", b"{}", b'"x"', b'{"input": 1}', b'{"end": false}', b'{"input": "x", "end": true}', b'{"text": "x"}',
                                     b'{"input": "\xff"}', b"\xff\x00"])
def test_a_websocket_message_that_is_none_ends_the_run(served, message):
    wire = SocketRun(served, code="input('> ')")
    person = Person(wire)
    person.is_asked()
    wire.socket.send(WebSocket.TEXT if b"\xff" not in message else 2, message)
    status, _ = person.refusal()
    assert status == 400
    wire.close()


def test_a_message_too_large_cuts_its_client_off(served):
    http = Http(served.http)
    wire = SocketRun(served, code="input('> ')", stdin="x" * 200_000 + "\n")  # the first may be larger
    wire.text("y" * 70_000)
    with contextlib.suppress(ConnectionResetError):  # it is closed with what it sent unread
        while wire.socket.receive()[0] not in (WebSocket.CLOSE, None):
            pass
    assert wait_until(lambda: 'skerry_workers{state="running"} 0' in metrics(http), 5)
    wire.close()


def test_such_runs_need_a_key_and_count_against_its_rate(serve, skerry, own_home, wire):
    words = ("keys", "create", "acme", "--runs-per-second", "1", "--json")
    key = json.loads(skerry(*words, env={"SKERRY_HOME": str(own_home)}).ok().out)["key"]
    served = serve()
    refused = wire(served, code="1")
    assert Person(refused).refusal()[0] == 401
    refused.close()
    outcomes = []
    for _ in range(4):
        run = wire(served, key=key, code="print(input())")
        run.text("x\n")
        person = Person(run)
        while person.hear():
            pass
        outcomes.append(person.outcome["outcome"] if person.outcome else run.status[0])
        run.close()
    assert outcomes[0] == "completed" and 429 in outcomes


def test_a_service_that_stops_lets_the_program_be_answered(serve, wire):
    service = serve()
    run = wire(service, code=ASK)
    person = Person(run)
    person.is_asked()
    service.process.send_signal(signal.SIGTERM)
    assert b"stopping" in service.process.stderr.readline()
    person.answers("Ada\n")
    assert person.outcome_of()["outcome"] == "completed" and person.said.endswith("hello Ada\n")
    run.close()
    assert service.process.wait(10) == 0 and not processes_below(service.process.pid)
