# SPDX-License-Identifier: Apache-2.0
"""What runs of a session have anew and what stays, and that all a program wrote is delivered, however it ended."""

import pytest

from conftest import parsed

REPLACED = "skerry: an earlier run of this session replaced or closed standard {}; this run has its own\n"


# ------------------------------------------------------------------------------------------------------ standard input


@pytest.mark.parametrize("read, seen", [
    ("print(input())", "1\n"),
    ("for line in sys.stdin: print(line.strip()); break", "1\n"),
    ("print(sys.stdin.buffer.read(2))", "b'1\\n'\n"),
    ("print(sys.stdin.read(1)); sys.stdin.close()", "1\n"),
    ("print(stdin.readline().strip()); sys.stdin.detach()", "1\n"),
])
def test_unread_input_is_never_the_next_runs(run, read, seen):
    assert run("s", "import sys\nfrom sys import stdin\n" + read, stdin=b"1\nsecret\n" * 500).ok().out == seen
    assert run("s", "print(repr(sys.stdin.read()), repr(stdin.read()))", stdin=b"mine").ok().out == "'mine' ''\n"
    assert run("s", "print(repr(sys.stdin.buffer.read()))").ok().out == "b''\n"
    assert run("s", "input()").err.splitlines()[-2] == "EOFError: EOF when reading a line"
    assert run("s", "print(input())", stdin=b"again").ok().out == "again\n"


# ----------------------------------------------------------------------------------------------------- standard output


@pytest.mark.parametrize("deed, told", [
    ("sys.stdout = io.StringIO()", "output"),
    ("sys.stdout = None", "output"),
    ("sys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'utf-8')", "output"),
    ("sys.stdout.close()", "output"),
    ("sys.stdout.detach()", "output"),
    ("cm = contextlib.redirect_stdout(io.StringIO()); cm.__enter__()", "output"),
    ("sys.stdout = io.StringIO(); 1 / 0", "output"),
    ("sys.stderr.close()", "error"),
    ("sys.stderr = sys.stdout; sys.stdin = io.StringIO('x')", "input and standard error"),
])
def test_a_stream_that_was_replaced_or_closed_is_back(run, deed, told):
    run("s", "import contextlib, io, sys\n" + deed)
    done = run("s", "print('heard', flush=True); sys.stderr.write('seen\\n'); sys.stdout.buffer.write(b'bytes\\n')").ok()
    assert done.out == "heard\nbytes\n"
    assert done.err == REPLACED.format(told) + "seen\n"
    done = run("s", "print('heard')").ok()
    assert (done.out, done.err) == ("heard\n", "")


def test_a_handler_of_an_earlier_run_goes_on_writing(run):
    run("s", "import logging, sys; logging.basicConfig(format='%(message)s'); sys.stderr.close()").ok()
    assert run("s", "logging.error('still here')").err.endswith("still here\n")


def test_what_a_program_made_stays(run):
    run("s", "import io, os, sys, warnings; b = io.StringIO(); f = open('f', 'w+'); os.environ['A'] = 'b'; sys.path.append('x')").ok()
    code = "b.write('t'); f.write('u'); f.seek(0); print(b.getvalue(), f.read(), os.environ['A'], sys.path[-1])"
    assert run("s", code).ok().out == "t u b x\n"


# ------------------------------------------------------------------------------------------------ what each run has anew


def test_a_warning_is_shown_by_each_run(run):
    for code in ("import warnings; warnings.warn('old')", "warnings.warn('old')", "warnings.warn('old')"):
        assert run("s", code).ok().err.count("UserWarning: old") == 1
    twice = "def f(): warnings.warn('in f')\nf(); f()"
    assert [run("s", twice).ok().err.count("UserWarning") for _ in range(2)] == [1, 1]
    run("s", "warnings.simplefilter('ignore')").ok()
    assert run("s", "warnings.warn('old')").ok().err == ""  # what the program asked for stays


def test_arguments_directory_and_signal_handlers_are_new(run):
    code = "import os, signal, sys\nprint(sys.argv, os.getcwd(), signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    first = run("s", code).ok().out
    run("s", "os.makedirs('a/b'); os.chdir('a/b'); signal.signal(signal.SIGINT, signal.SIG_IGN); sys.argv = [1]").ok()
    assert run("s", code).ok().out == first and first.endswith("True\n")
    run("s", "import shutil; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')")
    assert run("s", code).ok().out == first


def test_a_function_shows_lines_of_its_own_text(in_own_home, tmp_path):
    program = tmp_path / "step.py"
    texts = ["def ratio(a, b):\n    return a / b\n",
             "import inspect\nprint('divides nothing')\nprint(inspect.getsource(ratio))\nratio(1, 0)\n",
             "def other():\n    return ratio(2, 0)\nother()\n"]
    errors = []
    for text in texts:
        program.write_text(text)
        done = in_own_home("run", "--session", "s", "step.py", cwd=tmp_path)
        errors.append(done.err)
        if "getsource" in text:
            assert "return a / b" in done.out
    for error in errors[1:]:
        assert '  File "step.py", line 2, in ratio\n    return a / b\n' in error
        assert "divides nothing" not in error
    assert '  File "step.py", line 2, in other\n    return ratio(2, 0)\n' in errors[2]


def test_figures_that_were_shown_or_returned_are_closed_and_others_kept(run):
    count = "import matplotlib.pyplot as plt; print(plt.get_fignums())"
    run("s", "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.savefig('a.png'); plt.show()").ok()
    assert run("s", count).ok().out == "[]\n"
    parsed(run("s", "fig, ax = plt.subplots()\nfig", "--json"))
    assert run("s", count + "; fig.savefig('b.png')").ok().out == "[]\n"
    run("s", "plt.plot([1, 2])").ok()  # goes on in the next run, as at a prompt
    assert run("s", count + "; plt.savefig('c.png')").ok().out == "[1]\n"


# --------------------------------------------------------------------------------------------------------------- results


@pytest.mark.parametrize("code, result", [
    ("2**20000", "<int object whose repr raised ValueError: Exceeds the limit (4300 digits) for integer string conversion"),
    ("class Odd:\n    def __repr__(self): raise RuntimeError('cannot show')\nOdd()", "<Odd object whose repr raised RuntimeError: cannot show>"),
    ("class Odd:\n    def __repr__(self): return 5\nOdd()", "<Odd object whose repr raised TypeError: "),
    ("async def f(): return 1\nf()", "<coroutine object f at 0x"),
    ("2**60", "1152921504606846976"),
])
def test_a_value_is_told_or_why_it_is_not(run_json, code, result):
    report = run_json(code)
    assert (report["outcome"], report["stderr"]) == ("completed", "")
    assert report["result"].startswith(result)


@pytest.mark.parametrize("value", ["'x' * 3_000_000", "'\\u65e5' * 1_000_000"])
def test_a_value_that_is_too_long_says_so(run_json, value):
    result = run_json(value)["result"]
    assert result.endswith(" more characters]") and 900_000 < len(result.encode()) <= 1 << 20


def test_echo_fails_as_a_prompt_does(run_code):
    assert run_code("2**20000", "--echo").err.splitlines()[-1].startswith("ValueError: Exceeds the limit (4300 digits)")
    assert run_code("None", "--echo").ok().stdout == b""


# -------------------------------------------------------------------------------------------------------------- delivery

PARTIAL = "import os, sys, time\nprint('a', 'b', end=' ')\nprint('.', end='')\nsys.stderr.write('partial')\n"


@pytest.mark.parametrize("end, outcome", [
    ("while True: pass", "deadline"), ("time.sleep(30)", "deadline"), ("os._exit(3)", "failed"),
    ("def f(): return f() if sys.setrecursionlimit(1 << 30) is None else 0\nf()", None), ("1 / 0", "failed"), ("", "completed"),
])
def test_partial_lines_are_delivered_however_a_run_ends(run_json, end, outcome):
    report = run_json(PARTIAL + end, "--timeout", 1)
    assert report["outcome"] == outcome or outcome is None
    assert report["stdout"] == "a b ." and report["stderr"].startswith("partial")


def test_partial_lines_come_while_the_program_goes_on(start, home):
    process = start("run", "-c", "import sys\nprint('step 1 ...', end=' ')\nsys.stderr.write('e')\nwhile True: pass")
    assert process.stdout.read(11) == b"step 1 ... "
    assert process.stderr.read(1) == b"e"
    assert process.poll() is None


def test_many_small_pieces_are_whole_and_in_order(run_code):
    code = "import sys\nfor i in range(20_000):\n    print(i, end=',')\n    if i % 1000 == 0: sys.stderr.write('.')"
    done = run_code(code).ok()
    assert done.out == "".join(f"{i}," for i in range(20_000)) and done.err == "." * 20


def test_the_two_streams_keep_their_order(skerry, tmp_path):
    code = "import sys\nfor i in range(200): print(i, end=' '); sys.stderr.write('e ')"
    done = skerry("run", "-c", code).ok()
    assert done.out.split() == [str(i) for i in range(200)] and done.err == "e " * 200


@pytest.mark.parametrize("code", [
    "f = open('r.txt', 'w'); f.write('all of it\\n')",
    "f = open('r.txt', 'wb'); f.write(b'all of it\\n')",
    "import csv; w = csv.writer(open('r.txt', 'w', newline='\\n'), lineterminator='\\n'); w.writerow(['all of it'])",
    "f = open('r.txt', 'w'); f.write('all of it\\n'); 1 / 0",
    "def g():\n    f = open('r.txt', 'w'); f.write('all of it\\n'); keep.append(f); 1 / 0\nkeep = []; g()",
    "def g():\n    f = open('r.txt', 'w'); f.write('all of it\\n'); raise SystemExit(2)\ng()",
])
@pytest.mark.parametrize("options", [[], ["--session", "s"]])
def test_files_that_are_open_at_the_end_are_whole(in_own_home, tmp_path, code, options):
    in_own_home("run", *options, "--output-dir", tmp_path / "out", "-c", code)
    assert (tmp_path / "out" / "r.txt").read_bytes() == b"all of it\n"


def test_a_file_that_stays_open_goes_on_in_the_next_run(run, tmp_path):
    run("s", "f = open('r.txt', 'w'); f.write('one ')").ok()
    assert run("s", "f.write('two'); f.close(); print(open('r.txt').read())").ok().out == "one two\n"
