# SPDX-License-Identifier: Apache-2.0
"""`skerry run` as a terminal tool: streams, exit codes, arguments, results, sources of every kind."""

import concurrent.futures
import hashlib
import subprocess

import pytest

from conftest import parsed, value_of_last_expression

# ---------------------------------------------------------------------------------------------------------- streams


def test_print_reaches_stdout_and_nothing_else(run_code):
    done = run_code("print(2+2)")
    assert (done.code, done.stdout, done.stderr) == (0, b"4\n", b"")


def test_stdout_and_stderr_are_kept_apart(run_code):
    done = run_code("import sys\nprint('out')\nprint('err', file=sys.stderr)")
    assert (done.code, done.stdout, done.stderr) == (0, b"out\n", b"err\n")


def test_silent_code_succeeds_silently(run_code):
    done = run_code("x = 1")
    assert (done.code, done.stdout, done.stderr) == (0, b"", b"")


def test_empty_code_succeeds(run_code):
    assert run_code("").ok().stdout == b""


def test_output_without_newline_is_kept_to_the_byte(run_code):
    assert run_code("print('a', end='')").stdout == b"a"


def test_unicode_output_is_utf8_to_the_byte(run_code):
    text = "naïve 日本語 😀 \u202e"
    assert run_code(f"print({text!r})").ok().stdout == (text + "\n").encode()


def test_bytes_written_to_the_buffer_arrive_unchanged(run_code):
    done = run_code("import sys\nsys.stdout.buffer.write(bytes(range(256)))").ok()
    assert done.stdout == bytes(range(256))


def test_both_streams_are_kept_when_the_program_fails(run_code):
    done = run_code("import sys\nprint('before')\nprint('warning', file=sys.stderr)\nsys.exit(3)")
    assert (done.code, done.stdout, done.stderr) == (3, b"before\n", b"warning\n")


def test_lines_stream_while_the_program_still_runs(start):
    process = start("run", "-c", "import time\nprint('first')\ntime.sleep(20)")
    assert process.stdout.readline() == b"first\n"
    assert process.poll() is None


def test_stdin_streams_line_by_line(start):
    process = start("run", "-c", "for _ in range(2): print(input().upper())", stdin=subprocess.PIPE)
    for line in (b"one\n", b"two\n"):
        process.stdin.write(line)
        process.stdin.flush()
        assert process.stdout.readline() == line.upper()
    assert process.wait(10) == 0


def test_input_reads_stdin(run_code):
    assert run_code("print(input('? ') + input())", stdin="a\nb\n").ok().stdout == b"? ab\n"


def test_input_at_end_of_file_raises_eof_error(run_code):
    done = run_code("input()")
    assert done.code == 1
    assert done.err.splitlines()[-2] == "EOFError: EOF when reading a line"


def test_stdin_bytes_arrive_unchanged(run_code):
    data = bytes(range(256)) * 40
    done = run_code("import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())", stdin=data).ok()
    assert done.stdout == data


def test_megabytes_pass_through_stdin(run_code):
    done = run_code("import sys, hashlib\nprint(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())", stdin=b"ab" * 4_000_000).ok()
    assert done.out.strip() == hashlib.sha256(b"ab" * 4_000_000).hexdigest()


def test_stdin_option_reads_a_file(run_code, tmp_path):
    (tmp_path / "in.txt").write_text("from the file\n")
    assert run_code("print(input())", "--stdin", "in.txt", stdin="from the pipe\n").ok().stdout == b"from the file\n"


def test_missing_stdin_file_is_named(run_code):
    done = run_code("print(1)", "--stdin", "no-such-file")
    assert (done.code, done.stdout) == (125, b"")
    assert "--stdin" in done.err and "no-such-file" in done.err


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_a_run_survives_closed_standard_streams(binary, home, environment, closed, tmp_path):
    code = "import sys; sys.stdout.write('out'); sys.stdout.flush(); sys.stderr.write('err'); sys.stderr.flush(); open('/made','w').write('done')"
    done = subprocess.run(["sh", "-c", f'exec "$0" run --output-dir got -c "$1" {closed}', str(binary), code],
                          env=environment, cwd=tmp_path, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (b"" if " >&-" in " " + closed else b"out")
    assert done.stderr == (b"" if "2>&-" in closed else b"err")
    assert (tmp_path / "got" / "made").read_text() == "done"


def test_a_reader_that_goes_away_is_a_broken_pipe_and_the_program_s_to_know(start, tmp_path):
    process = start("run", "--output-dir", "got", "-c", "try:\n    while True: print('x' * 40)\nexcept BrokenPipeError: open('/made', 'w').write('done')")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(20) in (0, 120), "120: as Python, when what it had in its buffer could not be written"
    assert (tmp_path / "got" / "made").read_text() == "done"
    process.stdout = None


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_output_that_the_host_cannot_take_is_no_success(skerry, options):
    with open("/dev/full", "wb") as full:
        done = skerry("run", *options, "-c", "print('lost')", stdout=full)
    assert done.code != 0
    assert "No space left on device" in done.err


# ------------------------------------------------------------------------------------------------------- exit codes


def test_every_exit_code_is_the_programs_own(run_code):
    def code_of(code):
        return run_code(f"import sys; sys.exit({code})").code

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert list(pool.map(code_of, range(256))) == list(range(256))


@pytest.mark.parametrize(
    ("code", "expected", "stderr"),
    [
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(None)", 0, ""),
        ("raise SystemExit", 0, ""),
        ("exit(4)", 4, ""),
        ("quit()", 0, ""),
        ("import sys; sys.exit(True)", 1, ""),
        ("import sys; sys.exit(-1)", 255, ""),
        ("import sys; sys.exit(256)", 0, ""),
        ("import sys; sys.exit(257)", 1, ""),
        ("import sys; sys.exit('bye')", 1, "bye\n"),
        ("import sys; sys.exit('')", 1, "\n"),
        ("import sys; sys.exit(2.5)", 1, "2.5\n"),
        ("import sys; sys.exit((1, 2))", 1, "(1, 2)\n"),
        ("import sys; sys.exit('日本')", 1, "日本\n"),
        # What does not fit a C long is -1 to CPython; it must not look like success.
        ("import sys; sys.exit(2**70)", 255, ""),
        ("import sys; sys.exit(-2**70)", 255, ""),
        ("raise SystemExit(7)", 7, ""),
        ("try:\n    raise SystemExit(5)\nfinally:\n    pass", 5, ""),
    ],
)
def test_sys_exit_of_any_value_ends_as_python_does(run_code, code, expected, stderr):
    done = run_code(code)
    assert (done.code, done.out, done.err) == (expected, "", stderr)


def test_exit_keeps_what_was_printed(run_code):
    assert run_code("import sys; print('kept'); sys.exit(0)").ok().stdout == b"kept\n"


def test_exit_inside_a_caught_exception_goes_on(run_code):
    assert run_code("import sys\ntry: sys.exit(3)\nexcept SystemExit as e: print('caught', e.code)").ok().out == "caught 3\n"


def test_an_exit_code_other_than_zero_is_failed_in_json(run_json):
    report = run_json("import sys; print('x'); sys.exit(3)")
    assert (report["outcome"], report["exit_code"], report["stdout"], report["exception"]) == ("failed", 3, "x\n", None)


@pytest.mark.parametrize("code", [0, 7, 255])
def test_os_exit_ends_at_once_with_its_code(run_code, code):
    done = run_code(f"import os, atexit\natexit.register(print, 'never')\nprint('flushed', flush=True)\nos._exit({code})\nprint('never')")
    assert (done.code, done.stdout, done.stderr) == (code, b"flushed\n", b"")


def test_abort_is_trapped_without_a_wasm_backtrace(run_json):
    report = run_json("import os\nprint('before', flush=True)\nos.abort()")
    assert (report["outcome"], report["exit_code"], report["stdout"]) == ("trapped", 134, "before\n")
    assert "backtrace" not in report["message"] and "0x" not in report["message"]


# ------------------------------------------------------------------------------------------- the end of a program


def test_atexit_handlers_run_last_first(run_code):
    code = "import atexit\natexit.register(print, 'first')\natexit.register(print, 'last')\nprint('body')"
    assert run_code(code).ok().out == "body\nlast\nfirst\n"


def test_atexit_handlers_run_after_an_exception_too(run_code):
    done = run_code("import atexit\natexit.register(print, 'bye')\n1/0")
    assert (done.code, done.out) == (1, "bye\n")
    assert "ZeroDivisionError" in done.err


def test_an_atexit_handler_that_fails_does_not_stop_the_others(run_code):
    done = run_code("import atexit\natexit.register(print, 'runs')\natexit.register(lambda: 1/0)")
    assert done.out == "runs\n"
    assert "ZeroDivisionError" in done.err


def test_finalizers_run_at_exit(run_code):
    code = "class A:\n    def __del__(self): print('del', self.n)\na = A(); a.n = 1\n_b = A(); _b.n = 2"
    assert sorted(run_code(code).ok().out.splitlines()) == ["del 1", "del 2"]


def test_finalizers_in_cycles_run_at_exit(run_code):
    code = "class A:\n    def __del__(self): print('del')\na = A(); a.me = a\ndel a"
    assert run_code(code).ok().out == "del\n"


def test_a_finalizer_that_fails_at_exit_is_reported_and_harmless(run_code):
    done = run_code("class A:\n    def __del__(self): 1/0\na = A()\nprint('ok')")
    assert (done.code, done.out) == (0, "ok\n")
    assert "ZeroDivisionError" in done.err


def test_a_file_left_open_is_flushed_at_exit(run_code, tmp_path):
    run_code("f = open('/kept.txt', 'w')\nf.write('all of it')", "--output-dir", "got").ok()
    assert (tmp_path / "got" / "kept.txt").read_text() == "all of it"


def test_closing_stdout_is_no_failure(run_code):
    done = run_code("import sys\nprint('a')\nsys.stdout.close()")
    assert (done.code, done.stdout, done.stderr) == (0, b"a\n", b"")


def test_printing_to_closed_stdout_raises(run_code):
    done = run_code("import sys\nsys.stdout.close()\nprint(1)")
    assert (done.code, done.stdout) == (1, b"")
    assert done.err.endswith("ValueError: I/O operation on closed file.\n")


def test_printing_to_closed_stderr_fails_with_exit_code_1(run_json):
    report = run_json("import sys\nprint('a')\nsys.stderr.close()\nprint(1, file=sys.stderr)")
    assert (report["outcome"], report["exit_code"], report["stdout"]) == ("failed", 1, "a\n")
    assert report.exception_type == "ValueError"


def test_closing_the_descriptor_under_stdout_raises(run_code):
    done = run_code("import os\nos.close(1)\nprint(1)")
    assert (done.code, done.stdout) == (1, b"")
    assert "Bad file descriptor" in done.err


def test_none_as_stdout_is_silent(run_code):
    done = run_code("import sys\nsys.stdout = None\nsys.stderr = None\nprint(1)")
    assert (done.code, done.stdout, done.stderr) == (0, b"", b"")


def test_stdout_replaced_by_a_buffer_keeps_its_text(run_code):
    code = "import io, sys\nsys.stdout = io.StringIO()\nprint('hidden')\nt = sys.stdout.getvalue()\nsys.stdout = sys.__stdout__\nprint(repr(t))"
    assert run_code(code).ok().out == "'hidden\\n'\n"


# ------------------------------------------------------------------------------------- arguments and what is around


def test_argv_of_code_is_dash_c(run_code):
    assert run_code("import sys; print(sys.argv)").ok().out == "['-c']\n"


def test_argv_after_the_dashes_reaches_the_program(skerry):
    done = skerry("run", "-c", "import sys; print(sys.argv)", "--", "a", "--json", "-x", "", "é", "a b").ok()
    assert done.out == "['-c', 'a', '--json', '-x', '', 'é', 'a b']\n"


def test_argv_of_a_file_starts_with_its_name(skerry, tmp_path):
    (tmp_path / "p.py").write_text("import sys; print(sys.argv)")
    assert skerry("run", "p.py", "--", "--year", "2026").ok().out == "['p.py', '--year', '2026']\n"


def test_argv_of_standard_input_starts_with_a_dash(skerry):
    assert skerry("run", "-", "--", "q", stdin="import sys; print(sys.argv)").ok().out == "['-', 'q']\n"


def test_a_program_comes_from_stdin_without_a_dash_too(skerry):
    assert skerry("run", stdin="print(5)").ok().out == "5\n"


def test_a_file_is_main_and_knows_its_name(skerry, tmp_path):
    (tmp_path / "p.py").write_text("print(__name__, __file__)\nif __name__ == '__main__': print('main')")
    assert skerry("run", "p.py").ok().out == "__main__ p.py\nmain\n"


def test_code_is_main_and_has_no_file(run_code):
    assert run_code("print(__name__, '__file__' in globals(), __doc__)").ok().out == "__main__ False None\n"


def test_the_main_module_is_the_program(run_code):
    assert run_code("import __main__\nx = 5\nprint(__main__.x, __main__.__dict__ is globals())").ok().out == "5 True\n"


def test_the_programs_names_are_only_its_own(run_code):
    assert run_code("print(sorted(n for n in globals() if not n.startswith('__')))").ok().out == "[]\n"


def test_a_class_of_the_program_can_be_pickled(run_code):
    code = "import pickle\nclass A:\n    x = 1\na = A(); a.y = 2\nb = pickle.loads(pickle.dumps(a))\nprint(b.y, type(b) is A)"
    assert run_code(code).ok().out == "2 True\n"


def test_names_from_one_run_are_gone_in_the_next(run_code):
    run_code("import builtins, sys\nbuiltins.planted = 1\nsys.planted = 2\nsys.modules['planted'] = 3").ok()
    code = "import builtins, sys\nprint(hasattr(builtins, 'planted'), hasattr(sys, 'planted'), 'planted' in sys.modules)"
    assert run_code(code).ok().out == "False False False\n"


def test_env_sets_variables(run_code):
    done = run_code("import os; print(os.environ['A'], os.environ['B'], os.environ['C'])", "--env", "A=1", "--env", "B=x=y", "--env", "C=é")
    assert done.ok().out == "1 x=y é\n"


@pytest.mark.parametrize("given", ["", "NAME", "=value"])
def test_a_malformed_env_is_refused(run_code, given):
    done = run_code("print(1)", "--env", given)
    assert (done.code, done.stdout) == (125, b"")
    assert "--env" in done.err and "NAME=VALUE" in done.err


def test_the_templates_differ_in_what_is_imported(run_code):
    code = "import sys; print('numpy' in sys.modules, 'pandas' in sys.modules)"
    assert run_code(code, "--template", "python").ok().out == "False False\n"
    assert run_code(code, "--template", "python-data").ok().out == "True True\n"
    assert run_code(code).ok().out == "True True\n"


def test_numpy_and_pandas_work_in_both_templates(run_code):
    code = "import numpy as np, pandas as pd\nprint(np.arange(10).sum(), pd.DataFrame({'a': [1, 2]}).a.sum())"
    for template in ("python", "python-data"):
        assert run_code(code, "--template", template).ok().out == "45 3\n"


def test_an_unknown_template_is_refused_and_the_known_named(run_code):
    done = run_code("print(1)", "--template", "nope")
    assert (done.code, done.stdout) == (125, b"")
    assert all(word in done.err for word in ("nope", "python-data", "python"))


def test_a_missing_file_is_named(skerry):
    done = skerry("run", "no-such.py")
    assert (done.code, done.stdout) == (125, b"")
    assert "no-such.py" in done.err and "No such file" in done.err


def test_a_directory_as_program_is_refused(skerry, tmp_path):
    done = skerry("run", tmp_path)
    assert (done.code, done.stdout) == (125, b"")
    assert str(tmp_path) in done.err


@pytest.mark.parametrize("arguments", [["--bogus", "-c", "1"], ["-c"], ["--timeout"]])
def test_a_wrong_command_line_is_our_failure_and_runs_nothing(skerry, arguments):
    done = skerry("run", *arguments)
    assert (done.code, done.stdout) == (125, b"")
    assert arguments[0] in done.err


def test_help_tells_options_and_exit_codes(skerry):
    done = skerry("run", "--help").ok()
    for word in ("--timeout", "--memory", "--dir", "--output-dir", "--seed", "--clock", "--json", "124", "125", "137"):
        assert word in done.out


@pytest.mark.parametrize("arguments", [["no-such.py"], ["--memory", "0", "-c", "1"], ["--template", "nope", "-c", "1"],
                                       ["--stdin", "nope", "-c", "1"], ["--dir", "nope", "-c", "1"]])
def test_our_own_failures_are_json_too(skerry, arguments):
    report = parsed(skerry("run", "--json", *arguments))
    assert (report["outcome"], report["exit_code"]) == (None, 125)
    assert report["error"]


# ----------------------------------------------------------------------------------------------------------- results


@pytest.mark.parametrize(
    "code",
    [
        "1", "1 + 1", "'text'", '"""doc"""', "None", "...", "True", "-1", "1, 2", "b'x'", "3.5", "f'{1}'", "f'{1}' 'x'", "'a' 'b'",
        "x = 5", "x = 5\nx", "x = 5; x", "x = 5; x;", "5; 6", "1 # comment", "1\n# comment\n\n", "'a'; 'b'",
        "(1 +\n 2)", "[\n 1,\n 2,\n]", "1\\\n+ 2", "'''a\nb'''", "len('abc')\n",
        "if True:\n  5", "if True: 5", "for i in range(3): i", "while False: pass\nelse: 5", "try:\n  1\nfinally:\n  2",
        "import io\nwith io.StringIO() as f: f.tell()",
        "match 1:\n  case 1: 5", "def f(): return 1", "def f(): return 1\nf()", "f = lambda: 3\nf()",
        "@staticmethod\ndef f(): pass", "class A: pass", "import math", "import math\nmath.pi", "x = 1\ndel x",
        "x = 1\n(x := 5)", "[i for i in range(3)]", "{i: i for i in range(2)}", "x = [1]\nx[0]", "x = {'a': 1}\nx['a']",
        "1 if True else 2", "a = 0\nb = 7\na if a else b", "a = 1\nb = 7\na if a else b",
        "a = 1\n0 < a < 3", "a = 9\n0 < a < 3", "1 < 2 < 3", "a = []\na and 0", "a = [1]\na and 0", "a = 3\nb = 4\na and b",
        "a = 0\nb = 4\na and b", "a = 0\nb = 4\na or b", "a = 0\nb = 4\nb or a", "a = 1\nnot a", "a = 3\na is None",
        "a = 1\n(a == 1) and (a < 2 or a > 5)", "a = 2\n'even' if a % 2 == 0 else 'odd'",
        # A value that is not last is no result, even where the compiler leaves no trace of what follows it.
        "x = 5\nx\npass", "x = 3\nx\nNone", "x = 3\nx\n...", "x = 3\nx\n7", "x = 3\nx\n'text'", "len('abc')\npass", "x = 3\nx\nif 0: 1",
        "x = 3\nx\nwhile 0: 1", "x = 3\nx\nassert True", "x = 3\nx\ny: int", "x = 3\nx\nx: int", "x = 3\nx\nglobal q",
        "x = 3\nx\nimport math", "x = 3\nx\nfor i in []: i", "x = 3\nx; y = 1", "x = 3\nx; pass", "x = 3\nx; 8",
        "é = 'ü'; é", "é = 'ü'; é # ä", "x = '日本'; x ;", "print_ = 1\nprint_", "_ = 3\n_", "_ = 3", "a = b = 1",
        "x = 5\nx\n\f", "x = 'a\\x0cb'\nx", "x = '''\x0c\n'''\nx", "x = '\u2028'\nx", "x = 5\n'\u2028', x", "x = 5\nx # \u2028 pass",
        "5 if False else None", "x = 1\nx if x else None", "x = 0\nx if x else None", "[None]", "(None)", "lambda_ = None\nlambda_",
    ],
)
def test_result_is_the_repr_of_the_last_expression(run_json, code):
    report = run_json(code)
    assert (report["outcome"], report["exit_code"], report["stdout"], report["stderr"]) == ("completed", 0, "", "")
    assert report["result"] == value_of_last_expression(code)


def test_a_result_is_not_printed(run_code):
    assert run_code("40 + 2").ok().stdout == b""


def test_echo_prints_the_last_expressions_value(run_code):
    done = run_code("x = 'a'\nx * 3", "--echo").ok()
    assert done.out == "'aaa'\n"


@pytest.mark.parametrize("code", ["None", "x = 5", "x = 5\nx\npass", "if True: 5", "for i in range(3): i", "def f(): pass"])
def test_echo_prints_nothing_when_there_is_no_value(run_code, code):
    assert run_code(code, "--echo").ok().stdout == b""


def test_echo_comes_after_what_was_printed(run_code):
    assert run_code("print('a')\n7", "--echo").ok().out == "a\n7\n"


def test_echo_and_json_give_both(run_json):
    report = run_json("print('a')\n7", "--echo")
    assert (report["stdout"], report["result"]) == ("a\n7\n", "7")


def test_print_as_last_expression_has_no_result(run_json):
    report = run_json("print('x')")
    assert (report["stdout"], report["result"]) == ("x\n", None)


def test_a_failed_program_has_no_result(run_json):
    report = run_json("5\n1/0")
    assert (report["outcome"], report["result"]) == ("failed", None)


def test_a_result_of_a_dataframe_is_its_repr(run_json):
    report = run_json("import pandas as pd\npd.DataFrame({'a': [1, 2]})")
    assert report["result"] == "   a\n0  1\n1  2"


def test_a_huge_result_is_cut(run_json):
    report = run_json("'x' * 3_000_000")
    assert (report["outcome"], report["exit_code"]) == ("completed", 0)
    assert 100_000 < len(report["result"]) <= 1_048_700


def test_a_result_with_lone_surrogates_is_still_json(run_json):
    report = run_json("class R:\n    def __repr__(self): return 'a\\ud800b'\nR()")
    assert (report["outcome"], report["exit_code"]) == ("completed", 0)
    assert report["result"].startswith("a") and report["result"].endswith("b")


@pytest.mark.parametrize("code", ["class R:\n    def __repr__(self): raise ValueError('no')\nR()", "9 ** 20000",
                                  "class R:\n    def __repr__(self): return 5\nR()"])
def test_asking_for_json_does_not_change_a_programs_fate(run_code, run_json, code):
    assert run_code(code).code == 0
    report = run_json(code)
    assert (report["outcome"], report["exit_code"]) == ("completed", 0)
    assert " object whose repr raised " in report["result"]


def test_a_repr_that_fails_under_echo_shows_no_frame_of_ours(run_code):
    done = run_code("class R:\n    def __repr__(self): raise ValueError('no')\nR()", "--echo")
    assert done.code == 1
    assert done.err.endswith("ValueError: no\n")
    assert "skerry" not in done.err and "_tell_result" not in done.err


def test_json_has_exactly_the_documented_keys(run_json):
    report = run_json("print('x')\n1")
    assert list(report) == ["outcome", "exit_code", "message", "stdout", "stderr", "truncated", "result", "results", "exception", "limit", "session",
                            "usage", "limits", "files", "files_truncated"]
    assert set(report["usage"]) == {"wall_ms", "cpu_ms", "queue_ms", "peak_memory_bytes", "dirty_pages", "fuel"}
    assert report["limits"] == {"memory_bytes": 256 << 20, "wall_seconds": 30.0, "output_bytes": 1 << 20, "fuel": None,
                                "files_bytes": 256 << 20, "open_files": 256, "table_elements": 10000}


def test_usage_tells_what_the_run_used(run_json):
    small = run_json("pass")["usage"]
    large = run_json("import time\nx = bytearray(50 << 20)\nt = time.monotonic()\nwhile time.monotonic() < t + 0.3: pass")["usage"]
    assert 0 < small["wall_ms"] < 300 and 1 <= small["dirty_pages"] < 5000
    assert 250 < large["wall_ms"] < 5000 and 20 < large["cpu_ms"] <= large["wall_ms"] + 50
    assert large["peak_memory_bytes"] >= small["peak_memory_bytes"]
    assert large["dirty_pages"] > small["dirty_pages"]
    assert small["fuel"] is None


def test_many_runs_at_once_keep_their_outputs_apart(run_code):
    def run(n):
        return run_code(f"import time\nprint({n})\ntime.sleep(0.05)\nprint({n} * 2)").ok().out

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert list(pool.map(run, range(30))) == [f"{n}\n{n * 2}\n" for n in range(30)]


def test_async_programs_run(run_code):
    code = "import asyncio\nasync def f(n):\n    await asyncio.sleep(0.01 * n)\n    return n\nasync def main(): print(await asyncio.gather(f(2), f(1)))\nasyncio.run(main())"
    assert run_code(code).ok().out == "[2, 1]\n"


def test_a_signal_handler_can_be_asked_for_without_a_crash(run_json):
    report = run_json("import signal\nprint(signal.getsignal(signal.SIGINT) is not None)\ntry: signal.raise_signal(signal.SIGINT)\nexcept BaseException as e: print(type(e).__name__)")
    assert report["outcome"] in ("completed", "failed")
    assert report["exit_code"] in (0, 1, 130)


def test_running_python_again_inside_python_is_clean(run_code):
    code = "import runpy, sys\nopen('/tmp/m.py', 'w').write('print(__name__, 1)')\nsys.path.insert(0, '/tmp')\nimport m\nrunpy.run_path('/tmp/m.py', run_name='again')\nexec('print(2)')"
    assert run_code(code).ok().out == "m 1\nagain 1\n2\n"


def test_version_is_printed(skerry):
    done = skerry("--version")
    assert done.code == 0
    assert done.out.strip()


def test_a_run_starts_quickly(run_code):
    # The bar is 60 ms for the whole process; ten times that leaves room for a loaded machine.
    assert min(run_code("pass").seconds for _ in range(5)) < 0.6


def test_lines_of_standard_input_end_as_they_came(skerry):
    code = "import sys\nfirst = sys.stdin.readline()\nprint(repr(first), repr(sys.stdin.read()), sys.stdin.newlines, sys.stdin.name, sys.stdin.mode, sys.stdin.buffer.name)"
    done = skerry("run", "-c", code, stdin=b"a\r\nb\rc\n\r")
    assert done.ok().out == "'a\\r\\n' 'b\\rc\\n\\r' None <stdin> r <stdin>\n"
