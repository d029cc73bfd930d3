# SPDX-License-Identifier: Apache-2.0
"""Limits: each ends or cuts a run cleanly, says its value and the option that raises it, and refuses senseless values."""

import json
import subprocess
import time

import pytest

from test_http import Http

MIB = 1 << 20

# --------------------------------------------------------------------------------------------------------- wall time


def test_an_endless_loop_ends_at_the_deadline_and_keeps_its_output(run_code):
    done = run_code("print('kept')\nwhile True: pass", "--timeout", "0.5")
    assert (done.code, done.stdout) == (124, b"kept\n")
    assert 0.4 < done.seconds < 3
    assert "deadline" in done.err and "0.5 s" in done.err and "--timeout" in done.err


def test_sleep_counts_against_the_deadline(run_code):
    done = run_code("import time\ntime.sleep(30)", "--timeout", "0.5")
    assert done.code == 124
    assert 0.4 < done.seconds < 3


def test_waiting_for_stdin_counts_against_the_deadline(start):


    begun = time.monotonic()
    process = start("run", "--timeout", "0.5", "-c", "input()", stdin=subprocess.PIPE)
    assert process.wait(10) == 124
    assert 0.4 < time.monotonic() - begun < 3


def test_sleep_really_sleeps(run_code):
    done = run_code("import time\na = time.monotonic(); time.sleep(0.4); print(time.monotonic() - a)").ok()
    assert 0.4 <= float(done.out) < 1.5
    assert done.seconds > 0.4


def test_the_deadline_in_json_names_its_limit(run_json):
    report = run_json("print('a')\nimport time\ntime.sleep(9)", "--timeout", "0.3")
    assert (report["outcome"], report["exit_code"], report["stdout"]) == ("deadline", 124, "a\n")
    assert report["limit"] == {"name": "wall", "value": 0.3, "unit": "seconds", "option": "--timeout S"}
    assert report["limits"]["wall_seconds"] == 0.3
    assert 250 < report["usage"]["wall_ms"] < 3000


def test_both_streams_are_kept_at_the_deadline(run_json):
    report = run_json("import sys\nprint('o')\nprint('e', file=sys.stderr)\nwhile 1: pass", "--timeout", "0.3")
    assert (report["stdout"], report["stderr"]) == ("o\n", "e\n")


@pytest.mark.parametrize("code", [
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "pow(7, 10 ** 9)",
    "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
    "import atexit\n@atexit.register\ndef forever():\n    while True: pass",
    "class A:\n    def __del__(self):\n        while True: pass\na = A()",
    "import numpy as np\nwhile True: np.linalg.svd(np.ones((50, 50)))",
    "import sys\nsys.setswitchinterval(1e9)\nfor _ in iter(int, 1): pass",
], ids=["swallows", "bignum", "regex", "atexit", "del", "numpy", "for"])
def test_nothing_outlives_the_deadline(run_code, code):
    done = run_code(code, "--timeout", "0.5")
    assert done.code == 124
    assert done.seconds < 4


def test_a_run_that_meets_its_deadline_changes_no_file_of_ours(run_code, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_text("before")
    done = run_code("open('/d/a', 'w').write('after')\nopen('/d/b', 'w').close()\nwhile 1: pass", "--timeout", "0.3", "--dir", "d::/d:rw")
    assert done.code == 124
    assert {p.name: p.read_text() for p in (tmp_path / "d").iterdir()} == {"a": "before"}


# ------------------------------------------------------------------------------------------------------------ memory


@pytest.mark.parametrize("code", [
    "x = bytearray(1_000_000_000)",
    "x = []\nwhile True: x.append('a' * 1_000_000)",
    "x = 'a'\nwhile True: x += x",
    "x = []\nwhile True: x = [x, x]",
    "d = {}\ni = 0\nwhile True:\n    d[i] = str(i)\n    i += 1",
    "x = [0]\nwhile True: x.extend(x)",
    "l = []\nwhile True: l.append(object())",
    "class Node:\n    def __init__(self, n): self.n = n\nh = None\nwhile True: h = Node(h)",
    "def f():\n    l = []\n    while True: l.append({'k': len(l)})\nf()",
    "import numpy as np\nl = []\nwhile True: l.append(np.ones(100_000))",
    "import pandas as pd\nl = []\nwhile True: l.append(pd.DataFrame({'a': range(100_000)}))",
], ids=["one", "strings", "doubling", "pairs", "dict", "list", "objects", "chain", "function", "numpy", "pandas"])
def test_unbounded_allocation_fails_with_a_memory_error_and_a_hint(run_json, code):
    report = run_json(f"print('before')\n{code}")
    assert report["stdout"] == "before\n"
    assert "256 MiB" in report["message"] and "--memory" in report["message"]
    assert report["limit"] == {"name": "memory", "value": 256 * MIB, "unit": "bytes", "option": "--memory MB"}
    if (report["outcome"], report["exit_code"]) == ("out_of_memory", 137):
        return  # what filled the memory was a chain too long to be freed on any stack
    assert (report["outcome"], report["exit_code"]) == ("failed", 1)
    assert report.exception_type.endswith("MemoryError")  # numpy has one of its own
    assert "MemoryError" in report["stderr"]


def test_an_uncaught_memory_error_gives_people_the_hint(run_code):
    done = run_code("bytearray(10 ** 9)")
    assert (done.code, done.stdout) == (1, b"")
    assert "Traceback" in done.err and "MemoryError" in done.err
    assert "256 MiB" in done.err and "--memory" in done.err


def test_a_memory_error_can_be_caught_and_the_program_goes_on(run_code):
    code = "try:\n    x = bytearray(10 ** 9)\nexcept MemoryError:\n    print('caught')\ny = bytearray(50 << 20)\nprint(len(y))"
    assert run_code(code).ok().out == "caught\n52428800\n"


def test_memory_caught_at_the_brink_can_be_used_again(run_code):
    code = "l = []\ntry:\n    while True: l.append(bytearray(1 << 20))\nexcept MemoryError:\n    n = len(l)\n    del l\nprint(n > 100, len(bytearray(100 << 20)))"
    assert run_code(code).ok().out == "True 104857600\n"


def test_more_memory_is_had_for_the_asking(run_json):
    code = "x = bytearray(400 << 20)\nlen(x)"
    assert run_json(code)["outcome"] == "failed"
    report = run_json(code, "--memory", "1024")
    assert (report["outcome"], report["result"]) == ("completed", str(400 << 20))
    assert report["limits"]["memory_bytes"] == 1024 * MIB
    # A part may lie in what the template has free.
    assert 350 * MIB < report["usage"]["peak_memory_bytes"] <= 1024 * MIB


def test_memory_never_exceeds_the_limit(run_json):
    report = run_json("l = []\nwhile True: l.append(bytearray(1 << 20))", "--memory", "128")
    assert report["limit"]["value"] == 128 * MIB
    assert report["usage"]["peak_memory_bytes"] <= 128 * MIB


@pytest.mark.parametrize("code", ["eval('(' * 100_000 + ')' * 100_000)", "eval('-' * 100_000 + '1')"])
def test_source_too_deep_for_the_parser_is_not_blamed_on_the_memory_limit(run_json, code):
    report = run_json(code)
    assert (report["outcome"], report["exit_code"]) == ("failed", 1)
    assert report["limit"] is None
    assert "--memory" not in report["message"]


# ------------------------------------------------------------------------------------------------------------ output

CUT = "\n[output cut at {} bytes; allow more with --max-output BYTES]\n"


@pytest.mark.parametrize("limit", [1, 99, 65536, 1 << 20])
def test_output_of_exactly_the_limit_is_whole(run_json, limit):
    report = run_json(f"print('x' * {limit}, end='')", "--max-output", limit)
    assert report["stdout"] == "x" * limit
    assert report["truncated"] == []


@pytest.mark.parametrize("limit", [0, 1, 99, 65536, 1 << 20])
def test_one_byte_more_is_cut_with_a_marker(run_json, limit):
    report = run_json(f"print('x' * {limit + 1}, end='')", "--max-output", limit)
    assert report["stdout"] == "x" * limit + CUT.format(limit)
    assert report["truncated"] == ["stdout"]
    assert (report["outcome"], report["exit_code"]) == ("completed", 0)


def test_output_is_cut_in_a_terminal_too(run_code):
    done = run_code("print('x' * 100)\nprint('y')", "--max-output", "10").ok()
    assert done.out == "x" * 10 + CUT.format(10)


def test_each_stream_has_a_limit_of_its_own(run_json):
    report = run_json("import sys\nprint('o' * 100, end='')\nprint('e' * 101, end='', file=sys.stderr)", "--max-output", "100")
    assert (report["stdout"], report["stderr"]) == ("o" * 100, "e" * 100 + CUT.format(100))
    assert report["truncated"] == ["stderr"]


def test_floods_on_both_streams_are_cut_and_the_program_still_ends_well(run_json):
    code = "import sys\nfor i in range(30_000):\n    print('o' * 999)\n    print('e' * 999, file=sys.stderr)\nsys.exit(9)"
    report = run_json(code)
    assert (report["outcome"], report["exit_code"]) == ("failed", 9)
    assert report["truncated"] == ["stdout", "stderr"]
    for stream, letter in (("stdout", "o"), ("stderr", "e")):
        assert report[stream].endswith(CUT.format(MIB))
        assert len(report[stream]) == MIB + len(CUT.format(MIB))
        assert report[stream].startswith(letter * 999 + "\n")


def test_an_endless_flood_ends_at_the_deadline_with_its_prefix_kept(run_json):
    report = run_json("while True: print('x' * 1000)", "--timeout", "0.5")
    assert (report["outcome"], report["truncated"]) == ("deadline", ["stdout"])
    assert len(report["stdout"]) == MIB + len(CUT.format(MIB))


def test_output_cut_inside_a_character_is_still_json(run_json):
    report = run_json("print('é' * 100, end='')", "--max-output", "99")
    assert report["stdout"] == "é" * 49 + "\ufffd" + CUT.format(99)


def test_11_mb_in_100_000_lines_succeeds_with_its_prefix(run_json):
    report = run_json("for i in range(100_000): print(f'{i:0110}')")
    assert (report["outcome"], report["truncated"]) == ("completed", ["stdout"])
    assert report["stdout"].startswith(f"{0:0110}\n{1:0110}\n")


def test_a_larger_output_limit_holds(run_code):
    assert len(run_code("print('x' * 5_000_000, end='')", "--max-output", "5000000").ok().stdout) == 5_000_000


# ------------------------------------------------------------------------------------------------------------- files


def test_a_full_disk_is_enospc_and_the_limit_named(run_json):
    report = run_json("open('/tmp/a', 'wb').write(b'x' * (2 << 20))", "--max-files", "1")
    assert (report["outcome"], report["exit_code"], report["exception"]["type"]) == ("failed", 1, "OSError")
    assert "No space left on device" in report["exception"]["message"]
    assert report["limit"] == {"name": "files", "value": MIB, "unit": "bytes", "option": "--max-files MB"}
    assert "--max-files" in report["message"]


def test_a_full_disk_can_be_caught_and_room_made(run_code):
    code = """
import errno, os
try:
    with open('/tmp/a', 'wb') as f:
        while True: f.write(b'x' * 65536)
except OSError as e:
    print(errno.errorcode[e.errno])
os.remove('/tmp/a')
print(open('/tmp/b', 'wb').write(b'y' * 500_000))
"""
    assert run_code(code, "--max-files", "1").ok().out == "ENOSPC\n500000\n"


def test_a_file_cannot_be_extended_beyond_the_limit(run_code):
    code = "import errno\nf = open('/tmp/a', 'wb')\nfor n in (10 ** 7, 10 ** 15, 2 ** 62):\n    try: f.truncate(n); f.seek(n); f.write(b'x'); f.flush(); print('took', n)\n    except OSError as e: print(errno.errorcode[e.errno])"
    done = run_code(code, "--max-files", "1").ok()
    assert "took" not in done.out
    assert set(done.out.split()) <= {"ENOSPC", "EFBIG", "EINVAL"}


def test_many_small_files_meet_a_limit_and_not_the_hosts_memory(run_json):
    report = run_json("i = 0\nwhile True:\n    open(f'/tmp/{i}', 'w').close()\n    i += 1")
    assert (report["outcome"], report["exception"]["type"]) == ("failed", "OSError")
    assert "No space left on device" in report["exception"]["message"]


def test_directories_cannot_be_nested_without_end(run_json):
    report = run_json("import os\nwhile True:\n    os.mkdir('d')\n    os.chdir('d')", "--timeout", "20")
    assert (report["outcome"], report["exception"]["type"]) == ("failed", "OSError")


def test_open_files_are_limited_with_emfile_and_the_limit_named(run_json):
    report = run_json("l = []\nwhile True: l.append(open(f'/tmp/{len(l)}', 'w'))", "--max-open-files", "20")
    assert (report["outcome"], report["exception"]["type"]) == ("failed", "OSError")
    assert "No file descriptors available" in report["exception"]["message"]
    assert report["limit"] == {"name": "open_files", "value": 20, "unit": "files", "option": "--max-open-files N"}
    assert "--max-open-files" in report["message"]


def test_open_files_can_be_closed_and_opened_again(run_code):
    code = """
import errno
l = []
try:
    while True: l.append(open(f'/tmp/{len(l)}', 'w'))
except OSError as e:
    print(errno.errorcode[e.errno], 200 < len(l) < 256)
for f in l: f.close()
for i in range(2000): open('/tmp/x', 'w').close()
print('ok')
"""
    assert run_code(code).ok().out == "EMFILE True\nok\n"


# --------------------------------------------------------------------------------------------------------- recursion

DEEP = "l = []\nfor _ in range(100_000): l = [l]\n"


@pytest.mark.parametrize("code", [
    "def f(): f()\nf()",
    "f = lambda n: f(n + 1)\nf(0)",
    "def f(n): return [f(n + 1) for _ in 'a']\nf(0)",
    "def g(n):\n    yield from g(n + 1)\nlist(g(0))",
    "class A:\n    def __getattr__(self, n): return getattr(self, n)\nA().x",
    "class A:\n    def __repr__(self): return repr(self)\nrepr(A())",
    "class A: pass\nA.__call__ = A()\nA()()",
    "class A:\n    def __eq__(self, o): return self == o\nA() == A()",
    "class A:\n    def __len__(self): return len(self)\nlen(A())",
    "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(x): return sorted([x], key=f)\nf(1)",
    "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(x): return list(map(f, [x]))\nf(1)",
    "import sys\nsys.setrecursionlimit(10 ** 9)\nclass A:\n    def __repr__(self): return repr(self)\nrepr(A())",
    "import sys\nsys.setrecursionlimit(10 ** 9)\nimport copy\n" + DEEP + "copy.deepcopy(l)",
    "import sys\nsys.setrecursionlimit(10 ** 9)\nimport re\nre.compile('(' * 50_000 + ')' * 50_000)",
    DEEP + "repr(l)",
    DEEP + "str(l)",
    "l = []; m = []\nfor _ in range(100_000): l = [l]; m = [m]\nl == m",
    "t = ()\nfor _ in range(100_000): t = (t,)\nhash(t)",
    "t = int\nfor _ in range(100_000): t = (t,)\nisinstance('', t)",
    "t = int\nfor _ in range(50_000): t = list[t]\nrepr(t)",
    "import json\n" + DEEP + "json.dumps(l)",
    "import json\njson.loads('[' * 100_000 + ']' * 100_000)",
    "import json\njson.loads('{\"a\":' * 100_000 + '1' + '}' * 100_000)",
    "import pickle\n" + DEEP + "pickle.dumps(l)",
    "import copy\n" + DEEP + "copy.deepcopy(l)",
    "import marshal\n" + DEEP + "marshal.dumps(l)",
    "import pprint\n" + DEEP + "pprint.pformat(l)",
    "import ast\nast.literal_eval('[' * 100_000 + ']' * 100_000)",
    "import ast\nast.parse('-' * 50_000 + '1')",
    "import ast\nx = ast.Constant(1)\nfor _ in range(100_000): x = ast.UnaryOp(op=ast.USub(), operand=x, lineno=1, col_offset=0)\ncompile(ast.Expression(x), 'a', 'eval')",
    "eval('(' * 100_000 + ')' * 100_000)",
    "eval('1' + '+1' * 100_000)",
    "eval('a' + '.b' * 100_000)",
    "eval('[]' + '[0]' * 100_000)",
    "exec('if 1:\\n' + ''.join(' ' * i + 'if 1:\\n' for i in range(1, 200)) + ' ' * 200 + 'pass')",
    "import re\nre.compile('(' * 50_000 + ')' * 50_000)",
    "import xml.etree.ElementTree as E\nE.tostring(E.fromstring('<a>' * 100_000 + '</a>' * 100_000))",
    "from lxml import etree\netree.fromstring('<a>' * 100_000 + '</a>' * 100_000)",
    "import sqlite3\nsqlite3.connect(':memory:').execute('select ' + '(' * 5000 + '1' + ')' * 5000)",
    "import numpy as np\n" + DEEP + "np.array(l)",
    "import sympy\ne = x = sympy.Symbol('x')\nfor _ in range(3000): e = sympy.sin(e)\nstr(e.diff(x))",
    "import itertools\nx = iter([])\nfor _ in range(100_000): x = itertools.chain(x, [])\nnext(x)",
])
def test_deep_recursion_ends_in_a_python_exception_or_succeeds(run_json, code):
    report = run_json(code, "--memory", "512")
    if (report["outcome"], report["exit_code"]) == ("completed", 0):
        return  # the stack held it all
    assert (report["outcome"], report["exit_code"]) == ("failed", 1), report["message"]
    assert report.exception_type in {"RecursionError", "MemoryError", "ValueError", "SyntaxError", "IndentationError", "StopIteration",
                                     "NameError", "lxml.etree.XMLSyntaxError", "sqlite3.OperationalError", "re.PatternError"}


def test_a_program_that_lifts_its_own_recursion_limit_ends_at_the_stack(run_json):
    report = run_json("import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()", "--memory", "512")
    assert (report["outcome"], report["exit_code"]) in {("trapped", 134), ("failed", 1), ("out_of_memory", 137)}
    assert any(word in report["message"] for word in ("stack", "memory", "MemoryError", "RecursionError"))


@pytest.mark.parametrize("code", [
    DEEP + "l = None",
    "h = None\nfor i in range(200_000): h = (i, h)\nh = None",
    "h = None\nfor i in range(200_000): h = {'next': h}\nh = None",
    "class Node:\n    def __init__(self, v, n): self.v = v; self.next = n\nh = None\nfor i in range(200_000): h = Node(i, h)\nh = None",
    "class Node:\n    __slots__ = ('v', 'next')\n    def __init__(self, v, n): self.v = v; self.next = n\nh = None\nfor i in range(200_000): h = Node(i, h)\nh = None",
    "f = None\nfor _ in range(200_000): f = lambda f=f: f\nf = None",
    "f = len\nfor _ in range(100_000): f = property(f)\nf = None",
    "import itertools\nx = iter([])\nfor _ in range(100_000): x = itertools.chain(x)\nx = None",
    "import functools\nf = len\nfor _ in range(100_000): f = functools.partial(f)\nf = None",
    "e = None\nfor _ in range(100_000):\n    n = ValueError(); n.__cause__ = e; e = n\ne = n = None",
    "import xml.etree.ElementTree as E\nx = E.fromstring('<a>' * 100_000 + '</a>' * 100_000)\nx = None",
    "import collections\nd = None\nfor _ in range(100_000): d = collections.OrderedDict(a=d)\nd = None",
    "g = None\ndef f(x):\n    yield x\nfor _ in range(100_000):\n    g = f(g); next(g)\ng = None",
], ids=["list", "tuple", "dict", "node", "slots", "lambda", "property", "chain", "partial", "exception", "etree", "ordered", "generator"])
def test_a_deep_structure_is_freed_without_a_trap(run_json, code):
    report = run_json(code + "\nprint('freed')")
    assert (report["outcome"], report["stdout"]) == ("completed", "freed\n"), report["message"]


def test_a_deep_structure_left_to_the_end_is_freed_without_a_trap(run_json):
    report = run_json("h = None\nfor i in range(200_000): h = (i, h)\nprint(h[0])")
    assert (report["outcome"], report["exit_code"], report["stdout"]) == ("completed", 0, "199999\n"), report["message"]


def test_a_recursion_error_can_be_caught_and_the_program_goes_on(run_code):
    code = "def f(): f()\nfor _ in range(20):\n    try: f()\n    except RecursionError as e: last = str(e)\nprint(last)\n" + DEEP + "try: repr(l)\nexcept RecursionError: print('again')\nwhile l: l = l[0]\nprint('end')"
    assert run_code(code).ok().out == "maximum recursion depth exceeded\nagain\nend\n"


def test_recursion_900_deep_works(run_code):
    assert run_code("def f(n): return 0 if n == 0 else 1 + f(n - 1)\nprint(f(900))").ok().out == "900\n"


def test_recursion_through_c_200_deep_works(run_code):
    assert run_code("def f(n): return 0 if n == 0 else 1 + max(map(f, [n - 1]))\nprint(f(200))").ok().out == "200\n"


def test_a_raised_recursion_limit_is_of_use(run_code):
    code = "import sys\nsys.setrecursionlimit(20_000)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\nprint(f(10_000))"
    assert run_code(code).ok().out == "10000\n"


def test_nested_json_of_usual_depth_works(run_code):
    assert run_code("import json\nx = json.loads('[' * 200 + ']' * 200)\nprint(len(json.dumps(x)))").ok().out == "400\n"


# ------------------------------------------------------------------------------------------------------- bad options

BAD = [
    ("--timeout", ["0", "-1", "1e308", "-1e308", "nan", "inf", "86401", "1e-400", "abc", "", "1s"]),
    ("--memory", ["0", "-1", "1e308", "nan", "inf", "4096", "99999999999999999999", "abc", "", "0.5"]),
    ("--max-output", ["-1", "1e308", "nan", "1073741825", "99999999999999999999", "abc", "1.5", ""]),
    ("--max-files", ["-1", "1e308", "nan", "4097", "99999999999999999999", "abc"]),
    ("--max-open-files", ["0", "-1", "2", "4097", "nan", "1e308", "99999999999999999999", "abc"]),
    ("--max-table-elements", ["-1", "200001", "nan", "1e308", "99999999999999999999", "abc"]),
    ("--fuel", ["0", "-1", "nan", "1.5", "18446744073709551616", "abc"]),
    ("--seed", ["nan", "1.5", "18446744073709551616", "abc", ""]),
    ("--clock", ["-1", "nan", "inf", "1e10", "1e308", "abc", "", "2026-01-31", "2026-02-31T12:00:00Z", "2026-13-01T00:00:00Z",
                 "1969-01-01T00:00:00Z", "2026-01-31T25:00:00Z"]),
    ("--clock-resolution", ["0", "-1", "0.0001", "1000001", "nan", "inf", "abc", ""]),
]


@pytest.mark.parametrize(("option", "value"), [(option, value) for option, values in BAD for value in values])
def test_a_senseless_value_is_refused_by_name_and_nothing_runs(run_code, option, value):
    done = run_code("print('ran')", option, value)
    assert (done.code, done.stdout) == (125, b"")
    assert option in done.err
    # No value that nobody gave.
    assert "18446744073709551615" not in done.err and "9223372036854775807" not in done.err
    assert done.seconds < 5


@pytest.mark.parametrize(("option", "value"), [
    ("--timeout", "0.5"), ("--timeout", "86400"), ("--memory", "1"), ("--memory", "4095"), ("--memory", "100.5"), ("--max-output", "2"),
    ("--max-output", "1073741824"), ("--max-files", "0"), ("--max-files", "4096"), ("--max-open-files", "16"),
    ("--max-open-files", "4096"), ("--max-table-elements", "0"), ("--max-table-elements", "200000"), ("--seed", "0"), ("--seed", "18446744073709551615"), ("--clock", "0"),
    ("--clock", "1769860800.5"), ("--clock", "2026-01-31T12:00:00Z"), ("--clock-resolution", "0.001"), ("--clock-resolution", "1000000"),
])
def test_a_value_at_its_bounds_is_taken(run_code, option, value):
    assert run_code("print(1)", option, value).ok().out == "1\n"


@pytest.mark.parametrize("template", ["python", "python-data"])
def test_what_the_template_brings_does_not_count_as_memory_of_the_run(run_json, template):
    report = run_json("print(1)", "--memory", "2", "--template", template)
    assert (report["outcome"], report["stdout"]) == ("completed", "1\n")
    assert report["usage"]["peak_memory_bytes"] <= 2 * MIB
    took = "l = []\ntry:\n    while True: l.append(bytearray(1 << 20))\nexcept MemoryError:\n    n = len(l)\n    del l\nn"
    report = run_json(took, "--memory", "100", "--template", template)
    assert 80 <= int(report["result"]) <= 160  # beside the limit, there is what warming up has left free
    assert report["usage"]["peak_memory_bytes"] <= 100 * MIB


def test_a_run_may_write_all_of_its_template_and_use_all_its_memory(run_json):
    """As far as Python code comes at it: the collector's and the allocator's heads, counts of every object."""
    code = ("import gc, sys\ngc.unfreeze()\nfor i in range(3): gc.collect()\nx = bytearray(b'x') * (200 << 20)\n"
            "print(len(x) >> 20)")
    report = run_json(code, "--memory", "256")
    assert (report["outcome"], report["stdout"]) == ("completed", "200\n"), report["message"]


# -------------------------------------------------------------------------------------------------------------- fuel


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fuel_ends_a_run_and_is_counted(run_json):
    report = run_json("print('kept', flush=True)\nwhile True: pass", "--fuel", "50000000", timeout=800)
    assert (report["outcome"], report["exit_code"], report["stdout"]) == ("out_of_fuel", 152, "kept\n")
    assert report["limit"] == {"name": "fuel", "value": 50_000_000, "unit": "units", "option": "--fuel N"}
    assert "--fuel" in report["message"]
    first, second = (run_json("sum(range(10_000))", "--fuel", "10000000000", "--seed", "1", "--clock", "0") for _ in range(2))
    assert first["result"] == "49995000"
    assert first["usage"]["fuel"] == second["usage"]["fuel"] > 10_000




# ------------------------------------------------------------------------------------------------ in the caller's words

SPIN, FILL, SPEAK = "while True: pass", "x = bytearray(1 << 30)", "print('x' * (3 << 20))"
OVER_HTTP = {
    "run": ("/v1/run", lambda code: {"code": code, "timeout": 1}, {SPIN: '"timeout": S', FILL: '"memory": MB', SPEAK: '"max_output": BYTES'}),
    "tool": ("/tools/execute", lambda code: {"tool_name": "python_executor", "parameters": {"code": code, "timeout_seconds": 1}},
             {SPIN: '"timeout_seconds": S', FILL: "wasi.memory_limit_bytes", SPEAK: "wasi.max_output_bytes"}),
}


@pytest.mark.parametrize("way", OVER_HTTP)
def test_a_limit_is_named_in_the_words_of_who_asks(served, way):
    path, body, words = OVER_HTTP[way]
    http = Http(served.http)
    for code, expected in words.items():
        answer = json.dumps(http("POST", path, body(code))[2])
        assert expected.replace('"', '\\"') in answer, answer[-500:]
        assert "--" not in answer.replace("x" * 100, ""), "that is an option of the command line"
