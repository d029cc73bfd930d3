# SPDX-License-Identifier: Apache-2.0
"""`skerry run --session` and `skerry session`: the interpreter goes on where it stood, and nothing acknowledged is lost."""

import concurrent.futures
import json
import os
import random
import signal
import subprocess
import time

import pytest

from conftest import default_home, let_pass, parsed


@pytest.fixture
def outs(run):
    """outs(CODE, …): what each run of one session prints."""
    return lambda *codes: [run("s", code).ok().out for code in codes]


# ------------------------------------------------------------------------------------------------- what goes on living

# What one run leaves, and what the next one sees of it. The first rows are those that sessions elsewhere lose.
KEPT = {
    "int": ("x = 41", "x + 1", "42"),
    "a huge int": ("x = 7 ** 9000", "x == 7 ** 9000", "True"),
    "inf and nan": ("x = [float('inf'), float('nan')]", "x", "[inf, nan]"),
    "tuple": ("x = (1, (2,))", "x", "(1, (2,))"),
    "None": ("x = None", "x is None", "True"),
    "set": ("x = {3}", "x", "{3}"),
    "bytes": ("x = b'a\\0'", "x", "b'a\\x00'"),
    "complex": ("x = 1 + 2j", "x", "(1+2j)"),
    "function": ("def f(n=2): return n * k\nk = 3", "f()", "6"),
    "lambda and closure": ("def make(n):\n    return lambda: n\nf = make(9)", "f()", "9"),
    "class and instance": ("class A:\n    def __init__(self): self.v = 5\na = A()", "(a.v, isinstance(a, A))", "(5, True)"),
    "import": ("import math as m", "m.floor(2.5)", "2"),
    "date": ("import datetime\nd = datetime.date(2026, 1, 2)", "d.isoformat()", "'2026-01-02'"),
    "Counter": ("from collections import Counter\nc = Counter('aab')", "c['a'], type(c).__name__", "(2, 'Counter')"),
    "defaultdict": ("from collections import defaultdict\nd = defaultdict(list)", "d['new']", "[]"),
    "IntEnum": ("import enum\nclass E(enum.IntEnum):\n    A = 1\ne = E.A", "e is E.A", "True"),
    "str subclass": ("class S(str): pass\ns = S('t')", "type(s) is S", "True"),
    "underscore": ("_hidden = 1", "_hidden", "1"),
    "sys and json rebound": ("sys = 1; json = 2", "(sys, json)", "(1, 2)"),
    "aliasing": ("a = b = []", "(a.append(1), b, a is b)", "(None, [1], True)"),
    "print rebound": ("keep = print\ndef print(*a): keep('mine', *a)", "print(1)", None),
    "future import": ("from __future__ import annotations\nx = 1", "x", "1"),
    "generator half-way": ("def g():\n    yield 1\n    yield 2\ni = g(); next(i)", "next(i)", "2"),
    "open file": ("f = open('/tmp/t', 'w+'); f.write('abc')", "(f.write('d'), f.seek(0), f.read())", "(1, 0, 'abcd')"),
    "written file": ("open('/tmp/t', 'w').write('abc')", "open('/tmp/t').read()", "'abc'"),
    "numpy array": ("import numpy as np\na = np.arange(10.0); v = a[::2]; v[0] = 7", "a[0], v.base is a", "(np.float64(7.0), True)"),
    "data frame": ("import pandas as pd\nd = pd.DataFrame({'a': [1, 2]})", "int(d.a.sum())", "3"),
    "matplotlib": ("import matplotlib.pyplot as plt\nplt.plot([1, 2])", "len(plt.gca().lines)", "1"),
    "sqlite in memory": ("import sqlite3\ndb = sqlite3.connect(':memory:'); db.execute('create table t (n)'); db.execute('insert into t values (4)')",
                         "db.execute('select n from t').fetchone()", "(4,)"),
    "regex": ("import re\np = re.compile('(a+)')", "p.match('aab')[1]", "'aa'"),
    "environment": ("import os; os.environ['K'] = 'v'", "os.environ['K']", "'v'"),
    "weak reference": ("import weakref\nclass A: pass\na = A(); w = weakref.ref(a)", "w() is a", "True"),
    "context manager held open": ("import contextlib\n@contextlib.contextmanager\ndef c():\n    yield 5\nm = c(); m.__enter__()", "m.__exit__(None, None, None)", "False"),
    "exception kept": ("try: 1/0\nexcept ZeroDivisionError as e: kept = e", "kept.__traceback__.tb_lineno", "1"),
    "iterator": ("i = iter(range(3)); next(i)", "list(i)", "[1, 2]"),
    "monkeypatch": ("import math; math.tau = 6", "math.tau", "6"),
    "decimal context": ("import decimal; decimal.getcontext().prec = 3", "decimal.Decimal(1) / 3", "Decimal('0.333')"),
}


@pytest.mark.parametrize("first, then, expected", KEPT.values(), ids=KEPT.keys())
def test_what_one_run_leaves_the_next_one_has(run, first, then, expected):
    run("s", first).ok()
    report = parsed(run("s", then, "--json"))
    assert (report["outcome"], report["result"], report["stderr"]) == ("completed", expected, "")


def test_del_stays_deleted(outs):
    assert outs("x = 1", "del x", "print('x' in globals())")[2] == "False\n"


def test_what_was_assigned_before_an_exception_stays(run):
    done = run("s", "x = 5\n1 / 0\ny = 6")
    assert done.code == 1 and '  File "<run 1>", line 2, in <module>\n    1 / 0\n    ~~^~~\n' in done.err
    assert run("s", "print(x, 'y' in globals())").ok().out == "5 False\n"


@pytest.mark.parametrize("ending, code", [("sys.exit()", 0), ("sys.exit(3)", 3), ("raise SystemExit('no')", 1)])
def test_what_was_assigned_before_an_exit_stays(run, ending, code):
    assert run("s", f"import sys\nx = 5\n{ending}").code == code
    assert run("s", "print(x)").ok().out == "5\n"


def test_a_traceback_names_the_run_that_a_function_came_from(run):
    run("s", "def f(n):\n    return 1 / n").ok()
    run("s", "pass\npass\npass").ok()
    err = run("s", "f(0)").err
    assert '  File "<run 3>", line 1, in <module>\n    f(0)\n' in err
    assert '  File "<run 1>", line 2, in f\n    return 1 / n\n' in err


def test_output_is_each_runs_own(outs):
    assert outs("print('one', end='')", "print('two')") == ["one", "two\n"]


def test_a_heavy_session_goes_on(run):
    run("s", "import numpy as np\na = np.arange(8_000_000); a[::512] = -1").ok()
    assert run("s", "a[1] += 1; print(int(a.sum()))").ok().out.strip().isdigit()
    assert run("s", "print(int(a[1]), a[512])").ok().out == "2 -1\n"


def test_random_numbers_go_on_and_sessions_differ(run, session):
    draw = "import random; print(random.random(), random.getrandbits(64))"
    first = [run("a", draw).ok().out, run("a", draw).ok().out]
    assert len({*first, run("b", draw).ok().out}) == 3
    session("fork", "a", "c").ok()
    assert run("a", draw).ok().out == run("c", draw).ok().out  # a fork draws what its origin would
    entropy = "import os, uuid; print(os.urandom(8).hex(), uuid.uuid4())"
    session("fork", "a", "d").ok()
    assert run("a", entropy).ok().out != run("d", entropy).ok().out


# A property: a session fed in pieces ends as one program does that is all of them.
PIECES = [
    "a = []", "a.append(len(a))", "b = a", "b = list(a)", "d = {}", "d[len(d)] = tuple(a)", "a *= 2", "del a[3:]", "c = {str(i): i for i in a}",
    "def f(x):\n    return x + len(a)", "v = f(3)", "class K:\n    n = len(d)", "k = K(); k.m = k.n + 1", "e = (i * i for i in range(50))",
    "a.append(next(e, None))", "t = 0\nfor i in range(10):\n    t += i * len(b)", "s = 'x' * len(a)", "s += 'é日'", "import itertools as it",
    "a += list(it.islice(it.count(len(a)), 2))", "w = sorted(map(str, a))", "d.clear()", "import numpy as np\nn = np.ones(20)", "n[len(a) % 20] *= 3",
    "z = [float('inf'), -0.0, 1e300]", "try:\n    a[99]\nexcept IndexError as x:\n    y = str(x)",
]
STATE = """
import json as _json
print(_json.dumps({k: repr(v if not hasattr(v, 'tolist') else v.tolist()) for k, v in sorted(globals().items())
    if type(v).__name__ in ('int', 'float', 'str', 'list', 'dict', 'tuple', 'ndarray') and k[0] != '_'}))
"""


@pytest.mark.parametrize("seed", range(4))
def test_pieces_amount_to_the_whole_program_along_forks_and_rewinds(run, session, run_code, seed):
    choice = random.Random(seed)
    setup = ["a = []; b = a; d = {}; e = iter(()); s = ''", "import itertools as it; import numpy as np; n = np.ones(20)"]
    written = {"s0": []}  # what each session amounts to
    revisions = {}  # (session, number) -> the same of a revision
    numbers = {"s0": 0}
    for step in range(14):
        name = choice.choice(sorted(written))
        kind = choice.random()
        if kind < 0.15 and numbers[name]:
            fork = f"s{len(written)}"
            session("fork", name, fork).ok()
            written[fork], numbers[fork] = list(written[name]), 0
            continue
        if kind < 0.3 and numbers[name]:
            number = choice.choice([n for (s, n) in revisions if s == name])
            session("rewind", name, number).ok()
            written[name] = list(revisions[name, number])
            continue
        piece = choice.choice(PIECES) if written[name] else "\n".join(setup)
        report = parsed(run(name, piece, "--json"))
        written[name] = [*written[name], piece]
        numbers[name] = report["session"]["revision"]
        revisions[name, numbers[name]] = list(written[name])
    for name, pieces in written.items():
        if not pieces:
            continue
        wrapped = "\n".join(f"try:\n    exec({piece!r}, globals())\nexcept Exception: pass" for piece in pieces)
        assert json.loads(run(name, STATE).ok().out) == json.loads(run_code(wrapped + STATE).ok().out), pieces


# -------------------------------------------------------------------------------------------- runs that keep nothing

LOST = {
    "deadline": (["--timeout", "0.5"], "x = 2\nwhile True: pass", 124),
    "os._exit": ([], "x = 2\nimport os\nos._exit(0)", 0),
}


@pytest.mark.parametrize("args, code, exit_code", LOST.values(), ids=LOST.keys())
def test_a_run_that_does_not_come_back_changes_nothing_and_says_so(run, session, args, code, exit_code):
    run("s", "x = 1").ok()
    report = parsed(run("s", code, "--json", *args))
    assert report["exit_code"] == exit_code
    assert (report["session"]["revision"], report["session"]["saved"]) == (1, "no")
    assert report["session"]["message"].startswith("rewound to revision 1: ")
    assert "session s: rewound to revision 1" in run("s", code, *args).err
    assert run("s", "print(x)").ok().out == "1\n"
    assert "rewound to revision 1" in session("log", "s").ok().out


def test_a_killed_run_changes_nothing(run, start, own_home, environment, binary):
    run("s", "x = 1").ok()
    process = subprocess.Popen([binary, "run", "--session", "s", "-c", "x = 2\nprint('on', flush=True)\nwhile True: pass"],
                               env={**environment, "SKERRY_HOME": str(own_home)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout.readline() == b"on\n"
    process.send_signal(signal.SIGKILL)
    process.wait(5)
    process.stdout.close()
    assert run("s", "print(x)").ok().out == "1\n"


def test_kills_at_any_instant_lose_nothing_that_was_answered(run, own_home, environment, binary, session):
    run("s", "n = 0").ok()
    answered = 0
    for attempt in range(12):
        process = subprocess.Popen([binary, "run", "--json", "--session", "s", "-c", "n += 1; n"],
                                   env={**environment, "SKERRY_HOME": str(own_home)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(0.012 + 0.003 * attempt)
        process.kill()
        out = process.communicate()[0]
        if out.endswith(b"\n"):
            answered = int(json.loads(out)["result"])
        now = int(parsed(run("s", "n", "--json"))["result"])
        assert now in (answered, answered + 1)
        answered = now
    assert session("list").ok().out.count("s ") >= 1


def test_a_full_disk_is_told_and_the_old_head_stays(in_mount_namespace, own_home):
    done = in_mount_namespace(f"""
        export SKERRY_HOME={own_home}
        mkdir -p $SKERRY_HOME/store && mount -t tmpfs -o size=4m,mode=700 none $SKERRY_HOME/store
        for t in {default_home()}/templates/*.image; do :; done
        set +e
        $SKERRY run --session s -c 'x = 1' 2>&1; echo "first $?"
        umount $SKERRY_HOME/store && mount -t tmpfs -o size=400m,mode=700 none $SKERRY_HOME/store
        $SKERRY run --session s -c 'x = 1' 2>&1; echo "second $?"
        head -c 500m /dev/zero > $SKERRY_HOME/store/filler 2>/dev/null
        truncate -s -1m $SKERRY_HOME/store/filler
        $SKERRY run --session s --json -c 'x = bytes(range(256)) * 40000' 2>&1; echo "third $?"
        rm $SKERRY_HOME/store/filler
        $SKERRY run --session s -c 'print(type(x).__name__)'; echo "fourth $?"
    """).out
    assert "first 125" in done  # not even the template has room
    assert "second 0" in done
    assert "third 125" in done and "is not saved, and still at revision 1" in done
    assert done.endswith("int\nfourth 0\n")


def test_a_read_only_store_is_told(run, own_home, in_mount_namespace):
    run("s", "x = 1").ok()
    done = in_mount_namespace(f"""
        export SKERRY_HOME={own_home}
        mount --bind $SKERRY_HOME/store $SKERRY_HOME/store && mount -o remount,bind,ro $SKERRY_HOME/store
        set +e; $SKERRY run --session s -c 'print(x)'; echo "code $?"
    """)
    assert done.out.endswith("code 125\n")
    assert "sessions.db" in done.err


# ------------------------------------------------------------------------------------------------------- time travel


def test_rewind_goes_back_and_forth(run, session):
    for n in range(1, 4):
        run("s", f"x = {n}").ok()
    assert session("rewind", "s", "1").ok().out == "session s is at revision 1 now; later ones stay\n"
    assert run("s", "print(x)").ok().out == "1\n"
    session("rewind", "s", "3").ok()
    assert run("s", "print(x)").ok().out == "3\n"
    session("rewind", "s", "0").ok()
    assert run("s", "print('x' in globals())").ok().out == "False\n"


def test_checkpoints_have_names(run, session):
    run("s", "x = 1").ok()
    session("checkpoint", "s", "good one").ok()
    run("s", "x = 2").ok()
    session("rewind", "s", "good one").ok()
    assert run("s", "print(x)").ok().out == "1\n"
    assert session("checkpoint", "s").code == 0  # named by the time
    assert session("checkpoint", "s", "12").code == 125


def test_log_tells_revision_time_code_outcome_and_bytes(run, session):
    run("s", "\n\n  # a comment\nx = 1").ok()
    run("s", "1/0")
    log = json.loads(session("log", "s", "--json").ok().out)
    first, second = log["revisions"]
    assert (first["revision"], first["parent"], first["outcome"], first["first_line"]) == (1, 0, "completed", "  # a comment")
    assert (second["revision"], second["outcome"], second["head"]) == (2, "failed", True)
    assert first["bytes"] > 4096 and abs(first["created_unix_ns"] / 1e9 - time.time()) < 60
    shown = session("log", "s").ok().out
    assert "# a comment" in shown and "failed" in shown


def test_diff_lists_variables(run, session):
    run("s", "a = 1; b = [1]; c = 'gone'; same = {1: 2}\ndef f(): return 1").ok()
    run("s", "b.append(2); del c; d = 1.5\ndef f(): return 2").ok()
    diff = json.loads(session("diff", "s", "1", "2", "--json").ok().out)
    names = {kind: [each["name"] for each in diff[kind]] for kind in diff}
    assert names == {"added": ["d"], "changed": ["b", "f"], "removed": ["c"]}
    assert diff["added"][0] == {"name": "d", "type": "float", "value": "1.5"}
    assert "no variable differs" in session("diff", "s", "2", "2").ok().out
    shown = session("diff", "s", "0", "1").ok().out
    assert "{1: 2}" in shown and "_skerry" not in shown


def test_diff_survives_a_hostile_guest(run, session):
    run("s", "class X:\n    def __repr__(self): raise ValueError\n    def __reduce__(self): raise KeyError\nx = X()").ok()
    run("s", "import _skerry\n_skerry.tell_variables = lambda: print('not json')").ok()
    assert "repr raised ValueError" in session("diff", "s", "0", "1").ok().out
    done = session("diff", "s", "1", "2")
    assert done.code == 125 and "does not tell its variables" in done.err


def test_a_fork_goes_its_own_way(run, session):
    run("a", "x = []").ok()
    session("fork", "a", "b").ok()
    run("b", "x.append(1)").ok()
    assert [run(s, "print(x)").ok().out for s in "ab"] == ["[]\n", "[1]\n"]
    session("clear", "a").ok()
    assert run("b", "print(x)").ok().out == "[1]\n"
    assert session("fork", "b", "b").code == 125


def test_list_info_and_clear(run, session):
    assert "no sessions" in session("list").ok().out
    run("one", "x = 1").ok()
    run("two", "x = 1").ok()
    listed = json.loads(session("list", "--json").ok().out)["sessions"]
    assert [each["name"] for each in listed] == ["two", "one"]
    info = json.loads(session("info", "one", "--json").ok().out)
    assert (info["head"], info["runs"], info["template"]) == (1, 1, "python-data")
    assert session("clear", "one").ok().out == "1 session cleared\n"
    assert session("info", "one").code == 125
    assert "cleared" in session("log", "one").ok().out
    assert session("clear").ok().out == "1 session cleared\n"
    assert "no sessions" in session("list").ok().out


def test_idle_sessions_expire_and_the_longest_unused_go(run, session, own_home):
    run("old", "x = 1").ok()
    let_pass(own_home, 2)
    assert "no sessions" in session("list", env={"SKERRY_SESSION_TTL": "1"}).ok().out
    assert "expired" in session("log", "old").ok().out
    for name in ("a", "b", "c"):
        run(name, "x = 1", env={"SKERRY_SESSIONS": "2"}).ok()
    assert "evicted" in session("info", "a").err
    assert session("list", env={"SKERRY_SESSION_TTL": "never"}).code == 125


def test_only_so_many_revisions_are_kept(run, session, own_home):
    for n in range(6):
        run("s", f"x = {n}", env={"SKERRY_SESSION_REVISIONS": "3"}).ok()
    log = json.loads(session("log", "s", "--json").ok().out)
    assert [each["revision"] for each in log["revisions"]] == [4, 5, 6]
    assert len(list((own_home / "store" / "revisions").iterdir())) <= 4
    session("rewind", "s", "4").ok()
    assert run("s", "print(x)").ok().out == "3\n"


# -------------------------------------------------------------------------------------------------- together and apart


def test_runs_at_once_in_one_session_take_turns(run, session):
    run("s", "n = 0").ok()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: run("s", "import time\nm = n\ntime.sleep(0.01)\nn = m + 1").ok(), range(12)))
    assert run("s", "print(n)").ok().out == "12\n"


def test_runs_at_once_in_several_sessions_do_not_mix(run):
    work = [(f"s{k % 3}", f"v{k} = {k}") for k in range(9)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: run(*each).ok(), work))
    for s in range(3):
        names = run(f"s{s}", "print(sorted(k for k in globals() if k[0] == 'v'))").ok().out
        assert names == repr(sorted(f"v{k}" for k in range(9) if k % 3 == s)) + "\n"


def test_a_waiting_run_ends_with_ctrl_c(run, own_home, environment, binary):
    run("s", "x = 1").ok()
    how = {"env": {**environment, "SKERRY_HOME": str(own_home)}, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "start_new_session": True}
    first = subprocess.Popen([binary, "run", "--session", "s", "-c", "print('on', flush=True)\nimport time; time.sleep(20)"], **how)
    assert first.stdout.readline() == b"on\n"
    second = subprocess.Popen([binary, "run", "--session", "s", "-c", "print('mine')"], **how)
    time.sleep(0.2)
    assert second.poll() is None
    os.killpg(second.pid, signal.SIGINT)
    assert second.wait(3) in (130, -signal.SIGINT)
    os.killpg(first.pid, signal.SIGINT)
    assert first.wait(3) == 130
    for process in (first, second):
        process.stdout.close()
    assert run("s", "print(x)").ok().out == "1\n"


def test_durable_is_said_when_it_is_so(run):
    assert parsed(run("s", "x = 1", "--json"))["session"]["saved"] == "committed"
    assert parsed(run("s", "x = 1", "--json", "--durable"))["session"]["saved"] == "durable"


def test_a_run_without_a_session_leaves_nothing(run_json, bare_home):
    report = run_json("x = 1", env={"SKERRY_HOME": str(bare_home)})
    assert report["session"] is None
    assert not (bare_home / "store").exists()


def test_a_home_s_first_session_keeps_its_template_and_others_share_it(run_json, bare_home):
    for name in ("first", "second"):
        assert run_json("x = 1", "--session", name, env={"SKERRY_HOME": str(bare_home)})["outcome"] == "completed"
    sizes = sorted(each.stat().st_size for each in (bare_home / "store" / "templates").iterdir())
    assert sizes[-1] > 1 << 20 and sum(size > 1 << 20 for size in sizes) == 1


# ------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("option", ["--session", "--template", "--output-dir", "--stdin"])
def test_an_option_with_nothing_is_not_one_that_was_left_out(in_own_home, option):
    # As in `--session "$NAME"` where NAME is not set.
    done = in_own_home("run", option, "", "-c", "print('ran')")
    assert (done.code, done.out) == (125, "")
    assert f"{option} is empty" in done.err
    report = in_own_home("run", "--json", option, "", "-c", "print('ran')")
    assert report.code == 125 and option in json.loads(report.out)["error"]


def test_an_empty_label_or_revision_is_refused(run, session, tmp_path):
    run("s", "x = 1").ok()
    for words in (("checkpoint", "s", ""), ("export", "s", str(tmp_path / "f"), "--revision", ""), ("clear", ""), ("info", "")):
        assert session(*words).code == 125, words
    assert run("s", "print(x)").ok().out == "1\n"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../up", ".hidden", "a..b", "sp ace", "ü", "😀", "a\n", "x" * 129, "x" * 10_000])
def test_a_bad_name_is_refused(run, session, name):
    if name:
        done = run(name, "x = 1")
        assert done.code == 125 and "a session's name has" in done.err
    assert session("info", name).code == 125


@pytest.mark.parametrize("args", [("rewind", "s", "9"), ("rewind", "s", "nope"), ("rewind", "s", "-1"), ("rewind", "s", "1" * 400), ("rewind", "none", "1"),
                                  ("fork", "none", "n"), ("fork", "s", "../x"), ("diff", "s", "1", "77"), ("info", "none"), ("clear", "none"),
                                  ("checkpoint", "none", "l"), ("checkpoint", "s", "l" * 10_000), ("log", "none")])
def test_what_is_unknown_is_named(run, session, args):
    run("s", "x = 1").ok()
    done = session(*args)
    assert done.code == 125 and done.err.startswith("skerry: ")
    assert run("s", "print(x)").ok().out == "1\n"


def test_another_template_is_refused(run):
    run("s", "x = 1", "--template", "python").ok()
    done = run("s", "x = 1", "--template", "python-data")
    assert done.code == 125 and 'began on template "python"' in done.err
    assert run("s", "print(x)").ok().out == "1\n"


def test_a_rebuilt_template_does_not_disturb_a_session(run, own_home, skerry):
    run("s", "x = 1", "--template", "python").ok()
    templates = own_home / "templates"
    source = templates.resolve()
    templates.unlink()
    templates.mkdir(mode=0o700)
    for name in ("python-data.image", "python-data.image.seal"):
        (templates / name).symlink_to(source / name)
    # The template `python` is gone, and made anew for who asks for it.
    assert run("s", "print(x)").ok().out == "1\n"
    assert skerry("run", "--template", "python", "-c", "print(3)", env={"SKERRY_HOME": str(own_home)}, timeout=300).ok().out == "3\n"
    assert run("s", "print(x + 1)").ok().out == "2\n"


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove"])
def test_a_damaged_revision_is_passed_over_and_told(run, session, skerry, own_home, damage):
    run("s", "x = 1").ok()
    before = set((own_home / "store" / "revisions").iterdir())
    run("s", "x = 2\nimport os\nrest = os.urandom(50_000)").ok()
    (newest,) = set((own_home / "store" / "revisions").iterdir()) - before
    if damage == "truncate":
        os.truncate(newest, 5000)
    elif damage == "flip":
        with open(newest, "r+b") as file:
            file.seek(100)
            byte = file.read(1)
            file.seek(100)
            file.write(bytes([byte[0] ^ 1]))
    else:
        newest.unlink()
    checked = skerry("store", "check", env={"SKERRY_HOME": str(own_home)})
    assert checked.code == 125 and newest.name in checked.out
    done = run("s", "print(x)").ok()
    assert done.out == "1\n" and "went back to revision 1" in done.err
    assert "went back to revision 1" in session("log", "s").ok().out


def test_a_database_that_is_none_is_named(run, own_home):
    run("s", "x = 1").ok()
    for path in (own_home / "store").glob("sessions.db*"):
        path.write_bytes(b"nonsense" * 1000)
    done = run("s", "print(x)")
    assert done.code == 125 and "sessions.db" in done.err


def test_a_session_over_its_memory_limit_says_how_to_open_it(run):
    run("s", "x = bytearray(100_000_000)", "--memory", "400").ok()
    done = run("s", "print(len(x))", "--memory", "64")
    assert done.code == 125 and "--memory" in done.err
    assert run("s", "print(len(x))", "--memory", "400").ok().out == "100000000\n"


def test_an_uncaught_memory_error_can_be_survived_twice(run):
    for _ in range(2):
        assert run("s", "x = [0] * 10 ** 9").code == 1
    assert run("s", "print('on')").ok().out == "on\n"


def test_a_directory_or_file_given_again_is_what_the_host_has_now(run, tmp_path):
    (tmp_path / "in").mkdir()
    given = tmp_path / "in/data.csv"
    given.write_text("first")
    show = "import os; print(open('/data/data.csv').read(), open('/one.csv').read(), sorted(os.listdir('/data')))"
    options = ("--dir", "in::/data", "--dir", "in/data.csv::/one.csv")
    assert run("s", show, *options, cwd=tmp_path).ok().out == "first first ['data.csv']\n"
    given.write_text("second")
    (tmp_path / "in/late.csv").write_text("late")
    assert run("s", show).ok().out == "first first ['data.csv']\n"
    assert run("s", show, *options, cwd=tmp_path).ok().out == "second second ['data.csv', 'late.csv']\n"
    run("s", "open('/work.csv', 'w').write('own')").ok()
    own = run("s", "pass", "--dir", "in::/work.csv", cwd=tmp_path)
    assert own.code == 125 and "/work.csv is a file in the guest" in own.err
