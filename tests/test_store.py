# SPDX-License-Identifier: Apache-2.0
"""`skerry store`: where sessions lie, as a whole."""

import concurrent.futures
import json
import os
import signal
import subprocess
import time

import pytest

from conftest import let_pass


@pytest.fixture
def store(in_own_home):
    """store(*args): `skerry store …`."""
    return lambda *args, **how: in_own_home("store", *args, **how)


def revisions(session, name, **how):
    return [each["revision"] for each in json.loads(session("log", name, "--json", **how).ok().out)["revisions"]]


def test_garbage_is_collected(run, store, own_home):
    run("s", "x = 1").ok()
    (own_home / "store" / "revisions" / ("0" * 32 + ".revision")).write_bytes(b"x" * 10)
    (own_home / "store" / "backup").mkdir()  # as a killed backup leaves it
    assert json.loads(store("gc", "--json").ok().out) == {"files": 1, "bytes": 10, "compressed": 0, "freed_bytes": 0}
    assert not (own_home / "store" / "backup").exists()
    assert run("s", "print(x)").ok().out == "1\n"


COLD = {"SKERRY_SESSION_COLD": "1"}


def compressed_files(home):
    return {path.name.split(".")[0] for path in (home / "store" / "revisions").glob("*.zst")}


@pytest.fixture
def cold_session(run, own_home):
    """A session `s` of three revisions whose files are compressed by a run in another one."""
    for n in range(3):
        run("s", f"x = list(range({n}, 1000)); import numpy as np; a = np.arange({n}, 100_000)").ok()
    let_pass(own_home, 2)
    run("other", "1", env=COLD).ok()
    assert len(compressed_files(own_home)) == 3


def test_a_cold_session_takes_little_room_and_goes_on(cold_session, run, session, store, own_home):
    assert "0 damaged" in store("check").ok().out
    assert run("s", "print(x[0], a[-1])").ok().out == "2 99999\n"
    assert not list((own_home / "store" / "revisions").glob("*/.tmp*"))
    session("rewind", "s", "1").ok()
    assert run("s", "print(x[0])").ok().out == "0\n"


def test_cold_revisions_can_be_compared_exported_and_forked(cold_session, session, run, other_home, tmp_path):
    assert "x" in session("diff", "s", "1", "2").ok().out
    session("export", "s", tmp_path / "s", "--revision", "1").ok()
    session("import", tmp_path / "s", env=other_home).ok()
    assert run("s", "print(x[0])", env=other_home).ok().out == "0\n"
    session("fork", "s", "t").ok()
    assert run("t", "print(x[0])").ok().out == "2\n"


def test_a_backup_holds_cold_sessions(cold_session, run, store, own_home, other_home, tmp_path):
    store("backup", tmp_path / "all").ok()
    store("restore", tmp_path / "all", env=other_home).ok()
    assert "0 damaged" in store("check", env=other_home).ok().out
    assert run("s", "print(x[0])", env=other_home).ok().out == "2\n"


def test_gc_compresses_at_once_and_says_what_it_freed(run, store, own_home):
    run("s", "x = 'ab' * 200_000").ok()
    let_pass(own_home, 2)
    freed = json.loads(store("gc", "--json", env=COLD).ok().out)
    assert freed["compressed"] == 1 and freed["freed_bytes"] > 100_000, freed
    assert json.loads(store("gc", "--json", env=COLD).ok().out)["compressed"] == 0
    assert run("s", "print(len(x))").ok().out == "400000\n"
    assert not compressed_files(own_home)


def test_a_damaged_cold_revision_is_passed_over_and_told(cold_session, run, store, own_home):
    newest = max((own_home / "store" / "revisions").glob("*.zst"), key=lambda path: path.stat().st_size)
    newest.write_bytes(newest.read_bytes()[:-100])
    checked = store("check")
    assert checked.code == 125 and newest.name in checked.out


def test_kills_while_files_are_compressed_lose_nothing(run, store, start, own_home, binary, environment):
    for n in range(4):
        run(f"s{n}", f"import numpy as np; x = {n}; a = np.random.default_rng({n}).bytes(8_000_000)").ok()
    let_pass(own_home, 2)
    for pause in (0.02, 0.04, 0.08, 0.12, 0.2):
        collecting = subprocess.Popen([binary, "store", "gc"], env=environment | {"SKERRY_HOME": str(own_home)} | COLD, stdout=subprocess.DEVNULL)
        time.sleep(pause)
        collecting.kill()
        collecting.wait()
        assert "0 damaged" in store("check").ok().out
    for n in range(4):
        assert run(f"s{n}", "print(x, len(a))").ok().out == f"{n} 8000000\n"
    store("gc", env=COLD).ok()
    assert not list((own_home / "store" / "revisions").glob(".tmp*"))


# --------------------------------------------------------------------------------------------------- bytes of a tenant


def test_the_oldest_revisions_of_the_longest_unused_go_for_bytes(run, session):
    fill = "import os; x = os.urandom(4_000_000)"
    for name in ("a", "a", "a", "b"):
        run(name, fill).ok()
    held = sum(each["bytes"] for each in json.loads(session("list", "--json").ok().out)["sessions"])
    limit = {"SKERRY_SESSION_BYTES": str(held + 2_000_000)}
    run("b", fill, env=limit).ok()
    # A file may be needed by later revisions, too: then the next one goes as well.
    assert revisions(session, "a") in ([2, 3], [3]) and revisions(session, "b") == [1, 2]
    log = session("log", "a").ok().out
    assert "evicted: its oldest " in log and f"the sessions' files were more than {held + 2_000_000} bytes" in log
    assert run("a", "print(len(x))", env=limit).ok().out == "4000000\n"


def test_what_there_is_no_room_for_is_told(run, session):
    run("s", "x = 1").ok()
    done = run("s", "x = 2", env={"SKERRY_SESSION_BYTES": "4096"})
    assert done.code == 125 and "SKERRY_SESSION_BYTES raises that" in done.err
    assert run("s", "print(x)").ok().out == "1\n"
    for bad in ("0", "-1", "much", "1" * 30):
        assert "SKERRY_SESSION_BYTES" in session("list", env={"SKERRY_SESSION_BYTES": bad}).err


# ------------------------------------------------------------------------------------------------- backup and restore


def test_a_backup_is_the_whole_store(run, session, store, other_home, tmp_path):
    for name in ("a", "b"):
        for n in range(3):
            run(name, f"x = '{name}{n}'").ok()
    session("fork", "a", "c").ok()
    session("checkpoint", "b", "good").ok()
    assert "files backed up" in store("backup", tmp_path / "all").ok().out
    assert "files restored" in store("restore", tmp_path / "all", env=other_home).ok().out
    for name, value in (("a", "a2"), ("b", "b2"), ("c", "a2")):
        assert run(name, "print(x)", env=other_home).ok().out == value + "\n"
    session("rewind", "b", "1", env=other_home).ok()
    assert run("b", "print(x)", env=other_home).ok().out == "b0\n"
    session("rewind", "b", "good", env=other_home).ok()
    assert "0 damaged" in store("check", env=other_home).ok().out


def test_any_tar_reads_a_backup(run, store, tmp_path):
    run("s", "x = 1").ok()
    store("backup", tmp_path / "all").ok()
    names = subprocess.run(["tar", "--zstd", "-tf", tmp_path / "all"], capture_output=True, check=True, text=True).stdout.split()
    assert names[:2] == ["skerry-backup", "sessions.db"] and {name.split("/")[0] for name in names[2:]} == {"templates", "revisions"}


def test_a_backup_goes_through_pipes(run, store, other_home):
    run("s", "x = 5").ok()
    piped = store("backup", "-", "--json").ok()
    told = json.loads(piped.err.splitlines()[-1])  # behind the progress, if there was any
    assert told["files"] >= 3
    restored = json.loads(store("restore", "-", "--json", stdin=piped.stdout, env=other_home).ok().out)
    assert restored == {"files": told["files"]}
    assert run("s", "print(x)", env=other_home).ok().out == "5\n"


def test_sessions_are_replaced_only_by_force(run, store, tmp_path):
    run("s", "x = 1").ok()
    store("backup", tmp_path / "all").ok()
    run("s", "x = 2").ok()
    done = store("restore", tmp_path / "all")
    assert done.code == 125 and "--force" in done.err
    assert run("s", "print(x)").ok().out == "2\n"
    store("restore", tmp_path / "all", "--force").ok()
    assert run("s", "print(x)").ok().out == "1\n"


def test_a_store_in_use_is_not_replaced(run, store, start, own_home, binary, environment, tmp_path):
    run("s", "x = 1").ok()
    store("backup", tmp_path / "all").ok()
    process = subprocess.Popen([binary, "run", "--session", "s", "-c", "print('on', flush=True)\nimport time; time.sleep(20)"],
                               env={**environment, "SKERRY_HOME": str(own_home)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    assert process.stdout.readline() == b"on\n"
    done = store("restore", tmp_path / "all", "--force")
    assert done.code == 125 and "the store is in use" in done.err
    os.killpg(process.pid, signal.SIGINT)
    process.wait(5)
    process.stdout.close()
    store("restore", tmp_path / "all", "--force").ok()


def test_a_backup_of_a_live_store_is_consistent(run, session, store, other_home, tmp_path):
    run("s", "n = 0").ok()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run, "s", "n += 1", env={"SKERRY_SESSION_REVISIONS": "3"}) for _ in range(25)]
        for number in range(4):
            store("backup", tmp_path / f"{number}").ok()
        for each in runs:
            each.result().ok()
    for number in range(4):
        store("restore", tmp_path / f"{number}", "--force", env=other_home).ok()
        assert "0 damaged" in store("check", env=other_home).ok().out
        head = json.loads(session("info", "s", "--json", env=other_home).ok().out)["head"]
        assert run("s", "print(n)", env=other_home).ok().out == f"{head - 1}\n"


@pytest.mark.parametrize("change, said", [
    (lambda file: b"", "ends early"),
    (lambda file: b"PK\x03\x04" + file, "is none"),
    (lambda file: file[: len(file) // 2], "ends early"),
    (lambda file: file[:5000] + bytes([file[5000] ^ 1]) + file[5001:], ""),
    (lambda file: file + b"x", "bytes behind it"),
], ids=["empty", "another format", "cut off", "a flipped bit", "longer"])
def test_a_bad_backup_changes_nothing(run, store, own_home, tmp_path, change, said):
    run("s", "x = 1").ok()
    store("backup", tmp_path / "all").ok()
    (tmp_path / "bad").write_bytes(change((tmp_path / "all").read_bytes()))
    done = store("restore", tmp_path / "bad", "--force")
    last = done.err.splitlines()[-1]  # on a slow machine it says first what it is about
    assert done.code == 125 and last.startswith(f"skerry: {tmp_path / 'bad'}: ") and said in last
    assert run("s", "print(x)").ok().out == "1\n"
    assert not list(own_home.glob("store.restoring*"))
    assert store("restore", tmp_path / "missing").code == 125


def test_killed_backups_and_restores_leave_a_whole_store(run, store, binary, environment, own_home, tmp_path):
    run("s", "import os; x = os.urandom(30_000_000); n = 0").ok()
    store("backup", tmp_path / "all").ok()
    run("s", "n = 1").ok()
    target = tmp_path / "target"
    target.mkdir()
    for attempt in range(8):
        for command in (["backup", str(target / "file")], ["restore", str(tmp_path / "all"), "--force"]):
            process = subprocess.Popen([binary, "store", *command], env={**environment, "SKERRY_HOME": str(own_home)},
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.02 + 0.06 * attempt)
            process.send_signal(signal.SIGKILL)
            process.wait(5)
            assert run("s", "print(len(x), n in (0, 1))").ok().out == "30000000 True\n"
    for name in os.listdir(target):  # a backup that counts is whole
        if not name.startswith(".tmp-"):
            store("restore", target / name, "--force").ok()
    store("gc").ok()
    assert "0 damaged" in store("check").ok().out
    store("restore", tmp_path / "all", "--force").ok()
    assert not (own_home / "store" / "backup").exists() and not (own_home / "store.restoring").exists()
    assert run("s", "print(n)").ok().out == "0\n"
