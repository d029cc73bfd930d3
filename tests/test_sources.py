# SPDX-License-Identifier: Apache-2.0
"""Programs as bytes: encodings, line ends, sizes, and what is no Python at all."""

import pytest

from conftest import parsed


def test_nul_bytes_in_the_source_are_a_syntax_error(run_source):
    done = run_source(b"print(1)\0print(2)\n")
    assert (done.code, done.stdout) == (1, b"")
    assert "SyntaxError: source code string cannot contain null bytes" in done.err


def test_bad_utf8_is_a_syntax_error_that_says_so(run_source):
    done = run_source(b"x = 1\nprint('\xff')\n")
    assert (done.code, done.stdout) == (1, b"")
    assert "SyntaxError" in done.err and "\\xff" in done.err and "line 2" in done.err


def test_a_truncated_utf8_sequence_is_a_syntax_error(run_source):
    done = run_source(b"print('\xe6\x97')")
    assert done.code == 1
    assert "SyntaxError" in done.err


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"# -*- coding: latin-1 -*-\nprint('\xe9')", "é\n"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nprint('\x80')", "€\n"),
        (b"\xef\xbb\xbfprint('bom')", "bom\n"),
        (b"\xef\xbb\xbf# coding: utf-8\nprint('both')", "both\n"),
        ("# coding: utf-8\r\nprint('é')\r\nif 1:\r\n    print('crlf')\r\n".encode(), "é\ncrlf\n"),
        (b"print('old mac')\rprint('lines')\r", "old mac\nlines\n"),
        (b"print(1)\n\x0cprint(2)", "1\n2\n"),
        (b"if 1:\n    print('no newline at the end')", "no newline at the end\n"),
        (b"# only a comment", ""),
        (b"\n\n\n", ""),
    ],
)
def test_encodings_and_line_ends_are_read_as_python_reads_them(run_source, source, expected):
    assert run_source(source).ok().out == expected


def test_an_unknown_coding_is_a_syntax_error(run_source):
    done = run_source(b"# coding: no-such\nprint(1)")
    assert (done.code, done.stdout) == (1, b"")
    assert "SyntaxError" in done.err and "no-such" in done.err


def test_a_result_in_another_encoding_is_found_too(skerry):
    report = parsed(skerry("run", "--json", "-", stdin=b"# coding: latin-1\nx = '\xe9'; x"))
    assert report["result"] == "'é'"


def test_a_traceback_in_another_encoding_shows_its_line(run_source):
    done = run_source(b"# coding: latin-1\nint('\xe9')")
    assert done.code == 1
    assert "    int('é')\n" in done.err


def test_a_syntax_error_at_line_100_000_is_found_there(skerry, tmp_path):
    (tmp_path / "long.py").write_text("x = 1\n" * 99_999 + "def (\n")
    report = parsed(skerry("run", "--json", "--memory", "1024", "long.py"))
    assert report["exception"]["type"] == "SyntaxError"
    assert report["exception"]["frames"] == [{"file": "long.py", "line": 100_000, "function": "<module>", "source": "def ("}]


def test_an_exception_at_line_100_000_is_found_there(skerry, tmp_path):
    (tmp_path / "long.py").write_text("x = 1\n" * 99_999 + "1 / 0\n")
    report = parsed(skerry("run", "--json", "--memory", "1024", "long.py"))
    assert report["exception"]["frames"] == [{"file": "long.py", "line": 100_000, "function": "<module>", "source": "1 / 0"}]


def test_a_source_of_10_mb_runs(run_source):
    source = b"x = '" + b"a" * 10_000_000 + b"'\nprint(len(x))\n"
    assert run_source(source).ok().out == "10000000\n"


def test_a_source_of_10_mb_in_short_lines_ends_cleanly_for_want_of_memory(run_source):
    done = run_source(b"x = 'abcdefgh'\n" * 700_000)
    assert (done.code, done.stdout) == (1, b"")
    assert "MemoryError" in done.err and "--memory" in done.err


def test_a_source_beyond_the_limit_is_refused_and_the_limit_named(skerry, tmp_path):
    (tmp_path / "huge.py").write_bytes(b"#" * (33 << 20))
    done = skerry("run", "huge.py")
    assert (done.code, done.stdout) == (125, b"")
    assert "huge.py" in done.err and "33554432" in done.err
    done = skerry("run", "-", stdin=b"#" * (33 << 20))
    assert done.code == 125
    assert "stdin" in done.err or "standard input" in done.err
    assert "33554432" in done.err
