# SPDX-License-Identifier: Apache-2.0
"""Programs that ask a person at a terminal: prompts, lines, Ctrl-D, Ctrl-C, and time that is not theirs."""

import json
import signal
import time

import pytest

from test_top import Terminal


@pytest.fixture
def ask(start, program):
    """ask(code, *options): the program on a terminal of its own, as its foreground."""
    opened = []

    def begin(code, *options, command="run"):
        opened.append(Terminal(start, command, *options, program(code)))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


@pytest.fixture
def program(tmp_path):
    def write(code):
        path = tmp_path / "program.py"
        path.write_text(code)
        return str(path)
    return write


def test_a_prompt_is_shown_and_lines_are_read_until_the_end(ask):
    screen = ask("name = input('name? ')\nprint('hello', name)\ntry: input('more? ')\nexcept EOFError: print('no more')\n")
    assert screen.shows(r"name\? $")
    screen.press(b"Ada\n")
    assert screen.shows("hello Ada") and screen.shows(r"more\? $")
    screen.press(b"\x04")
    assert screen.shows("no more") and screen.process.wait(5) == 0


@pytest.mark.parametrize("read", ["input('> ')", "print('> ', end='', flush=True); sys.stdin.readline()", "print('> ', end='', flush=True); sys.stdin.read()",
                                  "print('> ', end='', flush=True); sys.stdin.buffer.read()", "print('> ', end='', flush=True); next(sys.stdin)"])
def test_the_first_interrupt_is_pythons_and_the_program_may_go_on(ask, read):
    screen = ask(f"import sys\ntry:\n    {read}\nexcept KeyboardInterrupt:\n    print('interrupted')\nprint('again', input('again> '))\n")
    assert screen.shows("> $")
    screen.process.send_signal(signal.SIGINT)
    assert screen.shows("interrupted") and screen.shows("again> $")
    screen.press(b"yes\n")
    assert screen.shows("again yes") and screen.process.wait(5) == 0


def test_an_interrupt_that_nobody_catches_ends_the_program_as_pythons(ask):
    screen = ask("input('> ')")
    assert screen.shows("> $")
    screen.process.send_signal(signal.SIGINT)
    assert screen.process.wait(5) == 130 and b"KeyboardInterrupt" in screen.process.stderr.read()


def test_each_wait_may_be_interrupted_and_a_program_that_works_is_ended(ask):
    screen = ask("for i in range(3):\n    try: input(f'{i}> ')\n    except KeyboardInterrupt: print('no', i)\nprint('works', flush=True)\nwhile True: pass\n")
    for i in range(3):
        assert screen.shows(f"{i}> $")
        screen.process.send_signal(signal.SIGINT)
        assert screen.shows(f"no {i}")
    assert screen.shows("works")
    screen.process.send_signal(signal.SIGINT)
    assert screen.process.wait(5) == 130 and b"cancelled" in screen.process.stderr.read()


def test_waiting_for_a_person_is_not_the_programs_time(ask):
    screen = ask("input('> ')\nprint('done')\nwhile True: pass\n", "--timeout", "1")
    assert screen.shows("> $")
    time.sleep(1.5)
    screen.press(b"\n")
    assert screen.shows("done") and screen.process.wait(5) == 124
    assert b"ran longer than 1 s" in screen.process.stderr.read()


def test_a_person_who_does_not_come_has_a_limit_of_their_own(ask):
    begun = time.monotonic()
    screen = ask("input('> ')", "--input-timeout", "0.5")
    assert screen.process.wait(5) == 124 and time.monotonic() - begun < 4
    assert b"waited longer than 0.5 s for input; allow more with --input-timeout S" in screen.process.stderr.read()


def test_json_names_that_limit_and_counts_the_programs_own_time(ask):
    screen = ask("input('> ')", "--json", "--input-timeout", "0.5")
    assert screen.process.wait(5) == 124
    told = json.loads(screen.read().strip().splitlines()[-1])
    assert told["limit"] == {"name": "input", "value": 0.5, "unit": "seconds", "option": "--input-timeout S"}
    assert told["usage"]["wall_ms"] < 400


def test_input_that_comes_from_a_program_counts_as_before(skerry, start):
    process = start("run", "--timeout", "0.5", "-c", "input()", stdin=-1)
    assert process.wait(5) == 124 and b"ran longer than 0.5 s" in process.stderr.read()
    done = skerry("run", "--input-timeout", "0", "-c", "1")
    assert done.code == 125 and "--input-timeout" in done.err
