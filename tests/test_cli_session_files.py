# SPDX-License-Identifier: Apache-2.0
"""`skerry session files`: what goes in and out of a session without a service, and what is refused."""

import gzip
import json
import os
import pty
import signal
import subprocess
import tarfile

import pytest

from conftest import children_of, wait_until
from test_file_routes import members_of, tar_of

EVERY_BYTE = bytes(range(256)) * 300


@pytest.fixture
def files(session):
    """files(*args): `skerry session files …`."""
    return lambda *args, **how: session("files", *args, **how)


@pytest.fixture
def put(files):
    """put(PATH, CONTENT): a file of the session "s"."""
    return lambda path, content=b"", **how: files("put", "s", "-", path, stdin=content, **how).ok()


@pytest.fixture
def paths(files):
    """paths(): of all files and directories of the session "s"."""
    return lambda *args: [each["path"] for each in json.loads(files("list", "s", "-r", "--json", *args).ok().out)["files"]]


def refused(done, *words):
    """What the command says that failed, and did so as our failures do."""
    assert done.code == 125 and done.err.startswith("skerry: "), (done.code, done.out, done.err)
    assert all(word in done.err for word in words), done.err
    return done.err


def head_of(session):
    return json.loads(session("info", "s", "--json").ok().out)["head"]


def test_a_file_goes_in_and_out(files, run, tmp_path):
    (tmp_path / "in.bin").write_bytes(EVERY_BYTE)
    assert files("put", "s", "in.bin", "data/").ok().out == "wrote data/in.bin of session s: 75.0 KiB\n"
    assert run("s", "d = open('data/in.bin', 'rb').read(); open('out.bin', 'wb').write(d[::-1]); print(len(d))").ok().out == "76800\n"
    assert files("get", "s", "out.bin").ok().out == "out.bin of session s is in ./out.bin: 75.0 KiB\n"
    assert (tmp_path / "out.bin").read_bytes() == EVERY_BYTE[::-1]
    (tmp_path / "there").mkdir()
    files("get", "s", "workspace/data/in.bin", "there").ok()
    assert (tmp_path / "there" / "in.bin").read_bytes() == EVERY_BYTE
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "there" / "in.bin").stat().st_mode & 0o777 == 0o666 & ~mask


def test_standard_streams_are_files_too(files, put):
    put("deep/er/x", EVERY_BYTE)
    put("empty")
    done = files("get", "s", "deep/er/x", "-").ok()
    assert (done.stdout, done.err) == (EVERY_BYTE, "")
    assert files("get", "s", "empty", "-").ok().stdout == b""
    refused(files("put", "s", "-", "deep/", stdin=b"1"), "standard input has no name", "deep/NAME")


def test_json_says_what_was_done(files, put, tmp_path):
    assert json.loads(files("put", "s", "-", "a/x", "--json", stdin="12").ok().out) == {"path": "a/x", "size": 2}
    assert json.loads(files("get", "s", "a/x", "y", "--json").ok().out) == {"path": "a/x", "size": 2, "file": "y"}
    done = files("get", "s", "a/x", "-", "--json").ok()
    assert done.out == "12" and json.loads(done.err)["file"] == "-"
    assert json.loads(files("move", "s", "a/x", "b/y", "--json").ok().out) == {"path": "b/y", "size": 2}
    archive = json.loads(files("archive", "s", "b", "-o", "b.tar", "--json").ok().out)
    assert archive == {"path": "b", "size": (tmp_path / "b.tar").stat().st_size, "file": "b.tar"}
    assert json.loads(files("unpack", "s", "b.tar", "c", "--json").ok().out) == {"path": "c", "size": 2}
    assert json.loads(files("remove", "s", "b/y", "--json").ok().out) == {"path": "b/y", "removed": True}
    failed = files("get", "s", "b/y", "-", "--json")
    assert failed.code == 125 and json.loads(failed.out)["error"].startswith("File not found: b/y")


def test_a_directory_is_listed(files, put):
    put("a/b/c.txt", b"cc")
    put("a/.hidden", b"h")
    rows = files("list", "s", "a").ok().out.splitlines()
    assert rows[0].split() == ["path", "size", "modified"] and [row.split()[:3] for row in rows[1:]] == [
        ["a/.hidden", "1", "B"], ["a/b/", "-", rows[2].split()[2]]]
    listed = json.loads(files("ls", "s", "a", "--json").ok().out)
    assert listed["truncated"] is False and [(each["path"], each["is_directory"], each["size"], each["type"]) for each in listed["files"]] == [
        ("a/.hidden", False, 1, "application/octet-stream"), ("a/b", True, 0, None)]
    assert {each["path"] for each in json.loads(files("list", "s", "-r", "--json").ok().out)["files"]} == {"a", "a/.hidden", "a/b", "a/b/c.txt"}
    refused(files("list", "s", "a/.hidden"), "Path is not a directory: a/.hidden")
    refused(files("list", "s", "none"), "No such file", "skerry session files list s")


def test_an_older_revision_is_read(files, put, paths, session):
    put("x", b"old")
    session("checkpoint", "s", "good").ok()
    put("x", b"new")
    put("y", b"2")
    for where in ("1", "good"):
        assert files("get", "s", "x", "-", "--revision", where).ok().out == "old"
        assert paths("--revision", where) == ["x"]
        assert members_of(files("archive", "s", "--revision", where).ok().stdout) == {"x": b"old"}
    assert files("get", "s", "x", "-").ok().out == "new"
    assert json.loads(files("list", "s", "--revision", "0", "--json").ok().out)["files"] == []
    refused(files("get", "s", "x", "-", "--revision", "nope"), 'no revision or checkpoint "nope"', "skerry session log s")


def test_a_change_is_a_revision_that_can_be_taken_back(files, put, run, session, paths):
    run("s", "x = 1").ok()
    put("f", b"1")
    assert [each["outcome"] for each in json.loads(session("log", "s", "--json").ok().out)["revisions"]] == ["completed", "files"]
    assert run("s", "print(x, open('f').read())").ok().out == "1 1\n"
    session("rewind", "s", "1").ok()
    assert paths() == [] and run("s", "print(x)").ok().out == "1\n"


def test_looking_is_no_change(files, put, session):
    put("x", b"1")
    head = head_of(session)
    for look in (("list", "s"), ("get", "s", "x", "-"), ("archive", "s")):
        files(*look).ok()
    assert head_of(session) == head


def test_a_local_file_is_replaced_only_when_that_is_said(files, put, tmp_path):
    put("x", b"new")
    (tmp_path / "old").write_text("old")
    (tmp_path / "link").symlink_to("old")
    (tmp_path / "nowhere").symlink_to("missing")
    for name in ("old", "link", "nowhere"):
        refused(files("get", "s", "x", name), f"{name} is there already", "--force")
        refused(files("archive", "s", "-o", name), f"{name} is there already", "--force")
    assert (tmp_path / "old").read_text() == "old" and not (tmp_path / "missing").exists()
    files("get", "s", "x", "old", "--force").ok()
    assert (tmp_path / "old").read_text() == "new"
    files("archive", "s", "-o", "nowhere", "-f").ok()
    assert members_of((tmp_path / "nowhere").read_bytes()) == {"x": b"new"} and not (tmp_path / "missing").exists()
    refused(files("archive", "s", "-o", "."), "is a directory")
    (tmp_path / "x").write_text("mine")
    refused(files("get", "s", "x"), "./x is there already")
    refused(files("get", "s", "x", "."), "x is there already")
    assert (tmp_path / "x").read_text() == "mine"


def test_what_appears_while_the_file_comes_is_kept(files, put, start, own_home, environment, tmp_path):
    put("x", EVERY_BYTE)
    os.mkfifo(tmp_path / "pipe")
    getting = start("session", "files", "get", "s", "x", "pipe", env={**environment, "SKERRY_HOME": str(own_home)})
    assert (tmp_path / "pipe").read_bytes() == EVERY_BYTE, "a pipe is written to, and not replaced"
    assert getting.wait(30) == 0 and (tmp_path / "pipe").is_fifo()


def test_files_and_directories_move(files, put, paths):
    put("d/x", b"1")
    put("y", b"2")
    assert files("move", "s", "d/x", "new/place/x").ok().out == "d/x of session s is new/place/x now\n"
    files("mv", "s", "new", "old").ok()
    files("move", "s", "y", "old/place/x").ok()
    assert files("get", "s", "old/place/x", "-").ok().out == "2" and sorted(paths()) == ["d", "old", "old/place", "old/place/x"]
    refused(files("move", "s", "none", "a"), "No such file", "skerry session files list")
    refused(files("move", "s", "old", "old/below"))
    refused(files("move", "s", ".", "a"), "root")


def test_files_and_directories_are_removed(files, put, paths):
    put("d/x", b"1")
    refused(files("remove", "s", "d"), "Directory not empty", "--recursive")
    refused(files("remove", "s", "d/y"), "File not found: d/y")
    assert files("remove", "s", "d/x").ok().out == "removed d/x of session s\n"
    put("d/e/x", b"1")
    files("rm", "s", "d", "-r").ok()
    assert paths() == []
    refused(files("remove", "s", ".", "-r"), "the root of a session's files stays")


def test_archives_of_a_native_tar_go_in_and_out(files, run, tmp_path):
    (tmp_path / "in" / "Grüße").mkdir(parents=True)
    (tmp_path / "in" / "Grüße" / ("n" * 120)).write_bytes(EVERY_BYTE)
    (tmp_path / "in" / "link").symlink_to("Grüße")
    sent = subprocess.run(["tar", "-C", tmp_path / "in", "-c", "."], capture_output=True, check=True).stdout
    assert files("unpack", "s", "-", "project", stdin=sent).ok().out == "unpacked into project of session s: 75.0 KiB\n"
    assert run("s", "import os; print(sorted(os.listdir('project')), os.path.islink('project/link'))").ok().out == "['Grüße', 'link'] True\n"
    files("archive", "s", "project", "-o", "project.tar").ok()
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-C", tmp_path / "out", "-xf", tmp_path / "project.tar"], check=True)
    assert (tmp_path / "out" / "link" / ("n" * 120)).read_bytes() == EVERY_BYTE
    done = files("archive", "s").ok()
    assert done.err == "" and f"project/Grüße/{'n' * 120}" in members_of(done.stdout)


@pytest.mark.parametrize("archive, expected", [
    (tar_of(("../x", b"")), "../x"), (tar_of(("/etc/passwd", b"")), "/etc/passwd"), (tar_of(("a/../../x", b"")), "a/../../x"),
    (tar_of(("fifo", {"type": tarfile.FIFOTYPE})), "fifo"), (tar_of(("tty", {"type": tarfile.CHRTYPE})), "tty"),
    (tar_of(("x", {"type": tarfile.LNKTYPE, "linkname": "../../etc/passwd"})), "x"), (tar_of(("usr/x", b"")), "usr/x"),
    (tar_of(("up", {"type": tarfile.SYMTYPE, "linkname": "/.."}), ("up/../../x", b"")), "up/../../x"),
    (tar_of(("\x1b[31mred\x1b[2J", {"type": tarfile.FIFOTYPE})), " [31mred [2J"), (b"nothing", "ends early"),
    (tar_of(("ok", b"x" * 2000))[:1000], "ends early"), (gzip.compress(bytes(1 << 20)), "gzip -d"),
], ids=["up", "absolute", "up below", "pipe", "device", "hard link out", "runtime's", "link out", "terminal codes", "no archive", "cut off", "compressed"])
def test_archives_that_lead_elsewhere_leave_nothing(files, put, paths, session, archive, expected):
    put("before", b"1")
    head = head_of(session)
    said = refused(files("unpack", "s", "-", stdin=archive if expected == "gzip -d" else tar_of(("first", b"1"))[:1024] + archive), expected)
    assert "\x1b" not in said
    assert paths() == ["before"] and head_of(session) == head


def test_an_archive_that_grows_meets_the_quota_and_changes_nothing(files, put, paths):
    put("before", b"1")
    large = tar_of(("a", bytes(30 << 20)), *((f"{i}", {"type": tarfile.LNKTYPE, "linkname": "a"}) for i in range(20)))
    refused(files("unpack", "s", "-", stdin=large), "quota")
    assert paths() == ["before"]


def test_what_is_large_is_refused_with_its_bound(files, put, paths, run, tmp_path):
    put("before", b"1")
    with open(tmp_path / "large", "wb") as large:
        large.truncate((64 << 20) + 1)
    refused(files("put", "s", "large", "x"), "67108865 bytes", "64 MiB")
    refused(files("unpack", "s", "large"), "67108865 bytes", "64 MiB")
    refused(files("put", "s", "/dev/zero", "x"), "more than 64 MiB")
    assert paths() == ["before"]
    with open(tmp_path / "large", "wb") as large:
        large.truncate(64 << 20)
    files("put", "s", "large", "x").ok()
    refused(files("put", "s", "large", "y"), "quota exceeded", "104857600", "remove")
    files("get", "s", "x", "again").ok()
    assert (tmp_path / "again").stat().st_size == 64 << 20
    run("s", "open('x', 'ab').write(b'1')").ok()
    refused(files("get", "s", "x", "more"), "67108865 bytes (max 67108864)")
    refused(files("archive", "s", "-o", "more"), "67108864")
    assert not (tmp_path / "more").exists()


OUTSIDE = [("../x", "traversal"), ("a/../../x", "traversal"), ("/etc/passwd", "Absolute"), ("memory/x", "memory/ is a user's"), ("a\udcff", "UTF-8")]


@pytest.mark.parametrize("path, word", OUTSIDE, ids=["up", "up below", "absolute", "memory", "bytes"])
def test_paths_that_lead_out_are_refused(files, put, paths, tmp_path, path, word):
    put("in", b"1")
    for args in (["get", "s", path, "-"], ["put", "s", "-", path], ["remove", "s", path], ["move", "s", "in", path], ["move", "s", path, "x"],
                 ["list", "s", path], ["archive", "s", path], ["unpack", "s", "-", path]):
        refused(files(*args, stdin=b""), word)
    assert paths() == ["in"] and not (tmp_path / "x").exists()


def test_links_of_programs_lead_nowhere_else(files, run, tmp_path):
    (tmp_path / "secret").write_text("host")
    run("s", f"import os; os.symlink('{tmp_path}/secret', 'out'); os.symlink('f', 'near'); os.symlink('/usr', 'up'); open('f', 'w').write('1')").ok()
    assert files("get", "s", "near", "-").ok().out == "1"
    refused(files("get", "s", "out", "-"))
    refused(files("get", "s", "up/../../etc/passwd", "-"), "traversal")
    files("remove", "s", "out").ok()
    assert (tmp_path / "secret").read_text() == "host"


def test_names_of_programs_do_nothing_to_a_terminal(files, run):
    run("s", "open('a\\x1b[2Jb\\nc', 'w').write('x')").ok()
    done = files("list", "s").ok()
    assert "\x1b" not in done.out and len(done.out.splitlines()) == 2
    assert json.loads(files("list", "s", "--json").ok().out)["files"][0]["path"] == "a\x1b[2Jb\nc"


def test_only_text_goes_to_a_terminal(files, put, binary, environment, own_home, tmp_path):
    put("text", "one\ttwo\nGrüße\n".encode())
    put("codes", b"\x1b[2J")
    put("binary", EVERY_BYTE)

    def shown(*args):
        ours, theirs = pty.openpty()
        done = subprocess.run([binary, "session", "files", *args], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, timeout=60, cwd=tmp_path,
                              env={**environment, "SKERRY_HOME": str(own_home)})
        os.write(theirs, b"|")
        text = b""
        while not text.endswith(b"|"):
            text += os.read(ours, 1 << 16)
        os.close(ours)
        os.close(theirs)
        return done.returncode, text[:-1].replace(b"\r\n", b"\n").decode(), done.stderr.decode()

    assert shown("get", "s", "text", "-") == (0, "one\ttwo\nGrüße\n", "")
    for name in ("codes", "binary"):
        code, out, said = shown("get", "s", name, "-")
        assert (code, out) == (125, "") and "no text for a terminal" in said
    code, out, said = shown("archive", "s")
    assert (code, out) == (125, "") and "name a file with -o" in said


def test_a_session_that_is_not_there_is_not_begun_by_a_look(files, session, tmp_path):
    for args in (["list", "s"], ["get", "s", "x", "-"], ["archive", "s"], ["remove", "s", "x"], ["move", "s", "x", "y"]):
        refused(files(*args), 'there is no session "s"', "skerry session list")
    for args in (["list", "../s"], ["put", "a/b", "-", "x"]):
        assert files(*args).code == 125
    assert json.loads(session("list", "--json").ok().out)["sessions"] == []


@pytest.mark.parametrize("how", [("put", "-", "x"), ("unpack", "-")], ids=["put", "unpack"])
def test_a_session_begins_with_what_is_put_there(files, run, session, how):
    command, *rest = how
    files(command, "s", *rest, stdin=b"1" if command == "put" else tar_of(("x", b"1"))).ok()
    assert json.loads(session("info", "s", "--json").ok().out)["template"] == "python-data"
    assert run("s", "print(open('x').read())").ok().out == "1\n"
    # Its generators are its own.
    files(command, "t", *rest, stdin=b"1" if command == "put" else tar_of(("x", b"1"))).ok()
    assert run("s", "import random; print(random.random())").ok().out != run("t", "import random; print(random.random())").ok().out


def test_a_failed_put_begins_no_session(files, session):
    refused(files("unpack", "s", "-", stdin=tar_of(("../x", b"1"))), "../x")
    assert session("info", "s").code == 125


def test_looking_does_not_wait_for_a_run_and_changing_does(files, put, start, own_home, environment, session, paths):
    put("x", b"1")
    how = {"env": {**environment, "SKERRY_HOME": str(own_home)}, "stdin": subprocess.PIPE}
    running = start("run", "--session", "s", "-c", "print('begun', flush=True); input(); open('y', 'w').write('2')", **how)
    assert running.stdout.readline() == b"begun\n"
    assert paths() == ["x"] and files("get", "s", "x", "-").ok().out == "1"
    putting = start("session", "files", "put", "s", "-", "z", **how)
    putting.stdin.write(b"3")
    putting.stdin.close()
    putting.stdin = None
    assert putting.stderr.readline() == b"skerry: session s: waiting for the run that is under way\n"
    assert putting.poll() is None and paths() == ["x"]
    running.communicate(b"\n", timeout=30)
    assert running.returncode == 0
    assert putting.wait(30) == 0
    assert sorted(paths()) == ["x", "y", "z"]


def test_one_that_is_ended_while_it_waits_changes_nothing(put, start, own_home, environment, session, paths):
    put("x", b"1")
    how = {"env": {**environment, "SKERRY_HOME": str(own_home)}, "stdin": subprocess.PIPE}
    running = start("run", "--session", "s", "-c", "print('begun', flush=True); input()", **how)
    assert running.stdout.readline() == b"begun\n"
    removing = start("session", "files", "remove", "s", "x", **how)
    assert b"waiting" in removing.stderr.readline()
    removing.send_signal(signal.SIGINT)
    assert removing.wait(30) == -signal.SIGINT
    running.communicate(b"\n", timeout=30)
    assert paths() == ["x"]


def test_one_that_is_cancelled_at_its_work_changes_nothing(put, start, own_home, environment, session, paths, tmp_path):
    put("x", b"1")
    head = head_of(session)
    (tmp_path / "large").write_bytes(os.urandom(60 << 20))  # half a second of work
    putting = start("session", "files", "put", "s", "large", "y", env={**environment, "SKERRY_HOME": str(own_home)})
    assert wait_until(lambda: children_of(putting.pid), 30)
    putting.send_signal(signal.SIGINT)
    _, said = putting.communicate(timeout=30)
    assert (putting.returncode, said.decode().splitlines()[-1]) == (130, "skerry: cancelled")
    assert paths() == ["x"] and head_of(session) == head


def test_what_lasts_is_told(start, own_home, environment, files):
    slow = start("session", "files", "put", "s", "-", "x", env={**environment, "SKERRY_HOME": str(own_home)}, stdin=subprocess.PIPE)
    slow.stdin.write(b"1")
    slow.stdin.flush()
    assert slow.stderr.readline().decode() == "skerry: the files of session s …\n"
    _, said = slow.communicate(timeout=30)
    assert slow.returncode == 0 and "… done in" in said.decode()
    assert files("get", "s", "x", "-").ok().out == "1"


def test_a_full_disk_is_told_and_leaves_nothing(files, put, in_mount_namespace, own_home):
    put("x", bytes(3 << 20))
    with open("/dev/full", "wb") as full:
        refused(files("get", "s", "x", "-", stdout=full), "No space left on device")
    done = in_mount_namespace(f"""
        export SKERRY_HOME={own_home}
        mkdir out && mount -t tmpfs -o size=1m none out
        "$SKERRY" session files get s x out/x 2>&1 || echo code $?
        "$SKERRY" session files archive s -o out/x 2>&1 || echo code $?
        ls -A out
    """).ok().out
    assert done.count("No space left on device") == 2 and done.endswith("code 125\n"), done


def test_a_store_that_is_full_keeps_what_was_there(files, put, paths, in_mount_namespace, own_home, tmp_path):
    put("x", b"1")
    (tmp_path / "large").write_bytes(os.urandom(4 << 20))
    done = in_mount_namespace(f"""
        export SKERRY_HOME={own_home}
        mkdir small && mount -t tmpfs -o size=3m none small
        cp -a {own_home}/store/revisions/. small/ && mount --bind small {own_home}/store/revisions
        "$SKERRY" session files put s large y 2>&1 || echo code $?
        "$SKERRY" session files get s x -
    """).ok().out
    assert "No space left on device" in done and done.endswith("code 125\n1"), done
    assert paths() == ["x"]


def test_a_local_directory_says_what_to_do(files, tmp_path):
    (tmp_path / "d").mkdir()
    refused(files("put", "s", "d", "x"), "tar -C d -c . | skerry session files unpack")
    assert "skerry session files list" not in refused(files("put", "s", "missing", "x"), "missing", "No such file"), "that is no file of the session"


def test_a_directory_of_the_session_says_what_to_do(files, put):
    put("d/x", b"1")
    refused(files("get", "s", "d", "-"), "Path is not a file", "skerry session files archive s")
    refused(files("get", "s", ".", "-"), "root", "skerry session files archive s")
    refused(files("put", "s", "-", "d", stdin=b"1"), "Is a directory", "ends in /")
    assert files("get", "s", "d/x", "-").ok().out == "1"


def test_the_command_line_helps(files, session):
    for command in ("list", "get", "put", "move", "remove", "archive", "unpack"):
        assert f"skerry session files {command}" in files(command, "--help").ok().out
    assert "skerry session files unpack work" in files("--help").ok().out
    refused(files("nothing"), 'skerry session files has no command "nothing"', "`skerry session files --help`")
    refused(files(), "skerry session files needs a command of its own")
    refused(session("nothing"), 'skerry session has no command "nothing"')
    assert files("get", "s").code == 125 and files("get", "s", "").code == 125 and files("put", "s", "x", "").code == 125
