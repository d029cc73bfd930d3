# SPDX-License-Identifier: Apache-2.0
"""What is said of sessions: nothing is lost or replaced in silence, and each refusal has a way on."""

import json
import subprocess

import pytest

from conftest import let_pass, parsed


def test_an_empty_name_is_not_all_sessions(run, session, tmp_path):
    run("s", "x = 1").ok()
    done = session("clear", "")
    assert done.code == 125 and "a session's name has" in done.err
    session("export", "s", tmp_path / "s").ok()
    assert session("import", tmp_path / "s", "--name", "").code == 125
    assert json.loads(session("clear", "--json").ok().out) == {"cleared": 1}


@pytest.mark.parametrize("args, said", [
    (["session"], "skerry session needs a command of its own"),
    (["store"], "skerry store needs a command of its own"),
    (["session", "lst"], 'skerry session has no command "lst"; `skerry session --help` names them'),
    (["sesion"], 'unknown command "sesion"'),
])
def test_a_wrong_command_is_named(skerry, args, said):
    done = skerry(*args)
    assert done.code == 125 and said in done.err


def test_output_that_is_lost_is_a_failure(run, in_own_home, binary, environment, own_home):
    run("s", "x = 1").ok()
    for args in (["session", "list"], ["session", "log", "s", "--json"], ["--help"]):
        with open("/dev/full", "wb") as full:
            done = in_own_home(*args, stdout=full)
        assert done.code == 125 and "standard output could not be written" in done.err, args
    # A reader that has had enough is none.
    done = subprocess.run(f"{binary} session --help | head -c 1", shell=True, capture_output=True,
                          env={**environment, "SKERRY_HOME": str(own_home)})
    assert done.stderr == b"" and len(done.stdout) == 1


def test_beginning_anew_is_told_in_json_too(run, own_home):
    assert parsed(run("s", "x = 1", "--json"))["session"]["notice"] == ""
    let_pass(own_home, 2)
    report = parsed(run("s", "'x' in globals()", "--json", env={"SKERRY_SESSION_TTL": "1"}))
    assert report["result"] == "False"
    assert report["session"]["notice"].startswith("begins anew: the one of this name expired")


def test_going_back_is_told_in_json_too(run, own_home):
    run("s", "x = 1").ok()
    before = set((own_home / "store" / "revisions").iterdir())
    run("s", "x = 2; y = list(range(100_000))").ok()
    (damaged,) = set((own_home / "store" / "revisions").iterdir()) - before
    damaged.write_bytes(b"")
    report = parsed(run("s", "x", "--json"))
    assert report["result"] == "1"
    assert report["session"]["notice"].startswith("went back to revision 1")


def test_a_session_that_has_grown_says_what_its_runs_need(run):
    run("s", "x = bytearray(300 << 20)", "--memory", "512").ok()
    done = run("s", "print(len(x))")
    assert done.code == 125
    assert "that its session has added" in done.err and "--memory MB" in done.err
    assert run("s", "print(len(x) >> 20)", "--memory", "512").ok().out == "300\n"


def test_labels_that_move_are_told(run, session):
    run("s", "x = 1").ok()
    assert session("checkpoint", "s", "good").ok().out == 'revision 1 is "good" now\n'
    assert session("checkpoint", "s", "fine").ok().out == 'revision 1 is "fine" now, and "good" no more\n'
    run("s", "x = 2").ok()
    assert "; revision 1 was, and may be forgotten" in session("checkpoint", "s", "fine").ok().out
    assert session("checkpoint", "s", "\x1b[31m").code == 125


def test_a_run_that_waits_for_another_says_so(run, binary, environment, own_home):
    run("s", "x = 1").ok()
    code = "import time; print('on', flush=True); time.sleep(1.5); x = 2"
    first = subprocess.Popen([binary, "run", "--session", "s", "-c", code], stdout=subprocess.PIPE,
                             env={**environment, "SKERRY_HOME": str(own_home)})
    assert first.stdout.readline() == b"on\n"
    second = run("s", "print(x)").ok()
    assert second.out == "2\n" and "waiting for the run that is under way" in second.err
    assert first.wait(5) == 0
    first.stdout.close()
    assert "waiting" not in run("s", "print(x)").ok().err


def test_results_appear_whole_or_not_at_all(run, in_mount_namespace, own_home):
    done = in_mount_namespace(f"""
        export SKERRY_HOME={own_home}
        mkdir out && mount -t tmpfs -o size=1m none out
        set +e
        $SKERRY run --session s --output-dir out -c 'open("/big", "wb").write(b"x" * 3_000_000); x = 5' 2>&1; echo "code $?"
        ls -A out
    """).out
    assert "No space left on device" in done and done.endswith("code 125\n"), "nothing is left in the directory"
    assert "session s: the run itself is kept, as revision 1" in done
    assert run("s", "print(x)").ok().out == "5\n"


def test_diff_tells_of_all_variables_whatever_one_does(run, session):
    run("s", "class X:\n    def __repr__(self): raise SystemExit\nx = X()\ny = 1").ok()
    run("s", "import builtins\nbuiltins.repr = builtins.type = None\ny = 2").ok()
    diff = json.loads(session("diff", "s", "1", "2", "--json").ok().out)
    assert "y" in [each["name"] for each in diff["changed"]]
    assert "<repr raised SystemExit>" in session("diff", "s", "0", "1").ok().out


def test_diff_sees_generators_and_closures_advance_and_no_more(run, session):
    run("s", "def gen():\n    n = 0\n    while True:\n        n += 1\n        yield n\n"
             "def counter():\n    n = 0\n    def count():\n        nonlocal n\n        n += 1\n        return n\n    return count\n"
             "g = gen(); next(g); still = gen(); next(still); c = counter(); same = counter()").ok()
    run("s", "next(g); c()").ok()
    diff = json.loads(session("diff", "s", "1", "2", "--json").ok().out)
    assert sorted(each["name"] for each in diff["changed"]) == ["c", "g"]
    assert not diff["added"] and not diff["removed"]


def test_a_table_stays_a_table_whatever_a_guest_calls_things(run, session):
    run("s", "globals()['a\\nb\\x1b[31m'] = 'x' * 500\nclass R:\n    def __repr__(self): return 'p\\x1b[2J\\u202eq\\nr'\nr = R()").ok()
    shown = session("diff", "s", "0", "1").ok().out
    assert "\x1b" not in shown and "\u202e" not in shown
    assert all(line.startswith(("+ ", "   ")) for line in shown.splitlines()), shown
    assert "…" in shown


def test_check_names_the_sessions_that_damage_concerns(run, in_own_home, own_home):
    run("s", "x = b'MARK' * 100_000").ok()
    (file,) = (own_home / "store" / "revisions").glob("*.revision")
    content = bytearray(file.read_bytes())
    content[content.rindex(b"MARKMARK")] ^= 1
    file.write_bytes(content)
    done = in_own_home("store", "check", "--json")
    report = json.loads(done.out)
    assert done.code == 125 and len(report["damaged"]) == 1 and report["error"]
    assert "in use by session s from revision 1 to 1" in report["damaged"][0]
    saved = in_own_home("store", "backup", own_home / "b", "--json").ok()
    assert json.loads(saved.out)["damaged"] == report["damaged"]
    assert "backed up as it is, damaged" in saved.err


def test_a_restored_backup_does_not_expire_at_once(run, in_own_home, own_home, other_home, session):
    short = {"SKERRY_SESSION_TTL": "2"}
    run("s", "x = 42").ok()
    let_pass(own_home, 3)
    in_own_home("store", "backup", own_home / "b").ok()
    in_own_home("store", "restore", own_home / "b", env=other_home).ok()
    assert run("s", "print(x)", env={**other_home, **short}).ok().out == "42\n"
    assert "no sessions" in session("list", env=short).ok().out
