# SPDX-License-Identifier: Apache-2.0
"""Uncaught exceptions of `skerry run`: what is printed, and what the report says."""

import pytest

from conftest import parsed

FAILING = """\
import sys

def outer(n):
    return inner(n)

def inner(n):
    return 1 / n

outer(0)
"""


def test_a_traceback_names_file_lines_functions_and_sources(skerry, tmp_path):
    (tmp_path / "prog.py").write_text(FAILING)
    done = skerry("run", "prog.py")
    assert (done.code, done.stdout) == (1, b"")
    lines = done.err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert '  File "prog.py", line 9, in <module>' in lines and "    outer(0)" in lines
    assert '  File "prog.py", line 4, in outer' in lines and "    return inner(n)" in lines
    assert '  File "prog.py", line 7, in inner' in lines and "    return 1 / n" in lines
    assert not any(word in done.err.lower() for word in ("wasm", "skerry", "<unknown>"))


def test_json_describes_an_exception_frame_by_frame(skerry, tmp_path):
    (tmp_path / "prog.py").write_text(FAILING)
    report = parsed(skerry("run", "--json", "prog.py"))
    assert (report["outcome"], report["exit_code"]) == ("failed", 1)
    assert report["message"] == "ZeroDivisionError: division by zero"
    assert report["exception"] == {
        "type": "ZeroDivisionError",
        "message": "division by zero",
        "hint": "",
        "frames": [
            {"file": "prog.py", "line": 9, "function": "<module>", "source": "outer(0)"},
            {"file": "prog.py", "line": 4, "function": "outer", "source": "return inner(n)"},
            {"file": "prog.py", "line": 7, "function": "inner", "source": "return 1 / n"},
        ],
        "notes": [],
        "causes": [],
    }
    assert report["stderr"].endswith("ZeroDivisionError: division by zero\n")


def test_a_traceback_through_the_library_still_names_the_programs_line(run_json):
    report = run_json("import json\n\njson.loads('{')")
    assert report.exception_type == "json.decoder.JSONDecodeError"
    assert report["exception"]["frames"][0] == {"file": "<string>", "line": 3, "function": "<module>", "source": "json.loads('{')"}


def test_an_exception_of_the_programs_own_class_has_its_bare_name(run_json):
    report = run_json("class Odd(Exception): pass\nraise Odd('text')")
    assert (report["exception"]["type"], report["exception"]["message"]) == ("Odd", "text")
    assert report["stderr"].endswith("Odd: text\n")


def test_a_message_of_many_lines_and_signs_is_kept(run_json):
    report = run_json("raise ValueError('a\\nb \\x00 日本 \\ud800')")
    assert report["exception"]["message"].startswith("a\nb \0 日本 ")
    assert report["exit_code"] == 1


def test_a_huge_message_is_cut_in_the_report(run_json):
    report = run_json("raise ValueError('x' * 5_000_000)")
    assert 1000 < len(report["exception"]["message"]) < 100_000
    assert report["truncated"] == ["stderr"]


def test_deep_tracebacks_are_shortened_in_the_report(run_json):
    report = run_json("def f(n):\n    if n: f(n - 1)\n    else: 1/0\nf(400)")
    frames = report["exception"]["frames"]
    assert 10 < len(frames) <= 128
    assert frames[0]["line"] == 4 and frames[-1]["source"] == "else: 1/0"


def test_notes_are_printed(run_code):
    done = run_code("e = ValueError('v')\ne.add_note('a note')\nraise e")
    assert done.err.endswith("ValueError: v\na note\n")


def test_a_chained_exception_shows_its_cause(run_code):
    done = run_code("try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('v') from e")
    assert done.code == 1
    assert "KeyError: 'k'\n\nThe above exception was the direct cause of the following exception:\n\nTraceback" in done.err
    assert done.err.endswith("ValueError: v\n")


def test_an_exception_while_handling_shows_both(run_code):
    done = run_code("try:\n    {}['k']\nexcept KeyError:\n    1/0")
    assert "KeyError: 'k'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback" in done.err


def test_raise_from_none_hides_the_cause(run_code):
    done = run_code("try:\n    {}['k']\nexcept KeyError:\n    raise ValueError('v') from None")
    assert "KeyError" not in done.err


def test_an_exception_group_shows_every_member(run_json):
    report = run_json("raise ExceptionGroup('both', [ValueError('v'), ExceptionGroup('in', [TypeError('t')])])")
    assert (report["exit_code"], report["exception"]["type"]) == (1, "ExceptionGroup")
    assert report["stderr"].startswith("  + Exception Group Traceback (most recent call last):")
    for text in ("both (2 sub-exceptions)", "ValueError: v", "in (1 sub-exception)", "TypeError: t"):
        assert text in report["stderr"]


def test_keyboard_interrupt_ends_with_130(run_code):
    done = run_code("print('a')\nraise KeyboardInterrupt")
    assert (done.code, done.out) == (130, "a\n")
    assert done.err.endswith("KeyboardInterrupt\n")


def test_the_programs_excepthook_is_called(run_json):
    report = run_json("import sys\ndef hook(kind, error, trace): print('hook', kind.__name__, error, trace.tb_lineno)\nsys.excepthook = hook\n1/0")
    assert (report["exit_code"], report["stdout"], report["stderr"]) == (1, "hook ZeroDivisionError division by zero 4\n", "")
    assert report["exception"]["type"] == "ZeroDivisionError"


def test_an_excepthook_that_fails_hides_neither_error(run_json):
    report = run_json("import sys\ndef hook(*_): raise KeyError('second')\nsys.excepthook = hook\nraise ValueError('first')")
    assert report["exit_code"] == 1
    assert "second" in report["stderr"] and "first" in report["stderr"]
    assert report["exception"]["type"] == "ValueError" and report["exception"]["message"] == "first"


def test_an_exception_whose_str_fails_is_still_reported(run_json):
    report = run_json("class Bad(Exception):\n    def __str__(self): 1/0\nraise Bad")
    assert (report["outcome"], report["exit_code"]) == ("failed", 1)
    assert report["exception"]["type"] == "Bad"
    assert "Bad" in report["stderr"]


def test_an_error_while_stderr_is_gone_is_still_described(run_json):
    for gone in ("sys.stderr = None", "sys.stderr.close()", "import os; os.close(2)"):
        report = run_json(f"import sys\n{gone}\n1/0")
        assert (report["outcome"], report["exit_code"]) == ("failed", 1), gone
        assert report["exception"]["type"] == "ZeroDivisionError", gone


def test_warnings_go_to_stderr_and_are_no_failure(run_code):
    done = run_code("import warnings\nwarnings.warn('careful')\nprint('ok')")
    assert (done.code, done.out) == (0, "ok\n")
    assert "UserWarning: careful" in done.err


@pytest.mark.parametrize(
    ("code", "kind", "line", "source"),
    [
        ("def", "SyntaxError", 1, "def"),
        ("x = (1,\ny = 2", "SyntaxError", 1, "x = (1,"),
        ("x = 1\nif x\n    pass", "SyntaxError", 2, "if x"),
        ("x = 1\n  y = 2", "IndentationError", 2, "y = 2"),
        ("if 1:\n\tx\n        y", "TabError", 3, "y"),
        ("x = 'abc", "SyntaxError", 1, "x = 'abc"),
        # These are found after parsing, when the source is no longer at hand.
        ("x = 1\nreturn x", "SyntaxError", 2, "return x"),
        ("x = 1\ndef f(): await x", "SyntaxError", 2, "def f(): await x"),
        ("x = 1\nbreak", "SyntaxError", 2, "break"),
        ("def f():\n    x = 1\n    global x", "SyntaxError", 3, "global x"),
    ],
)
def test_a_syntax_error_names_its_line_and_shows_it(run_json, code, kind, line, source):
    report = run_json(code)
    assert (report["outcome"], report["exit_code"], report["exception"]["type"]) == ("failed", 1, kind)
    frame = report["exception"]["frames"][-1]
    assert (frame["file"], frame["line"], frame["source"]) == ("<string>", line, source)
    assert f'  File "<string>", line {line}\n    {source}\n' in report["stderr"]
    assert "Traceback" not in report["stderr"]


def test_a_syntax_error_prints_nothing_of_the_program(run_code):
    done = run_code("print('never')\ndef")
    assert (done.code, done.stdout) == (1, b"")


# Each raises; each stands at the top, after `return` in a function, and deeper in one.
RAISING = r"""
f(0)
1 / 0
x = f(0)
x = f(0) + 1
x: int = f(0)
x = y = f(0)
x += f(0)
x = len(5)
x = int(1, 2, 3)
a = b == f(0)
yy.zz = f(0)
a['b'][5]
( {} ) [ 'a' ]
f(*g(0))
f(f(0))
f(x=f(0))
f(x for x in q)
f(a=1, *b)
f(not 0, yy)
f(lambda: f(0), yy)
(lambda: 1/0)()
not(f(0))
not -f
-"a"
- 1/0
1//0
1 % 0
1**"a"
1 << 0.5
1 @ 2
1  /  0
1 .real(2)
1.//0
1if f(0)else 2
x = 1 if f(0) else 2
f(0) or f(1)
f(0).a
f(0)[1]
f (0)
f( 0 );
f(0) ;x=1
1 +   (1 / 0)  # a comment
1 < "a"
f"{f(0)}"
"a" "b" + f(0)
"\x1b" + f(0)
print("é", f(0))
é = 1/0
assert 1 == 2, "x"
raise ValueError(1)
raise f(0)
del zz
import nope
from os import nope
for i in f(0): pass
with f(0) as g: pass
if f(0) : pass
class A: f(0)
next(iter([]))
[f(0) for _ in range(2)]
"""

COMPARING = """
import linecache, traceback, _skerry_report
compared = 0
for form in FORMS:
    for around in ('{}', 'def g():\\n    return {}\\ng()', 'def g():\\n  if 1:\\n        {}\\ng()', 'def g():\\n\\t{}\\ng()'):
        source = 'def f(*a, **k):\\n    return 1 / a[0]\\n' + around.replace('{}', form)
        try:
            code = compile(source, '<form>', 'exec')
        except SyntaxError:
            continue
        linecache.cache['<form>'] = (len(source), None, source.splitlines(True), '<form>')
        try:
            exec(code, {'a': {'b': {}}})
        except BaseException as error:
            shown = traceback.TracebackException(type(error), error, error.__traceback__, compact=True)
            expected = ''.join(shown.format())
            shown.stack.__class__ = _skerry_report._Stack
            assert ''.join(shown.format()) == expected, (source, expected, ''.join(shown.format()))
            compared += 1
print(compared)
"""


def test_a_traceback_is_what_pythons_own_module_prints(run_code):
    forms = RAISING.strip().splitlines()
    code = COMPARING.replace("FORMS", repr([*forms, "(1\n/ 0)", "x = (\n  1 / 0)", "f(\n0)"]))
    assert int(run_code(code).ok().out) > 2 * len(forms)
