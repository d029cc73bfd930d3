# SPDX-License-Identifier: Apache-2.0
"""`skerry serve`: shannon.sandbox.SandboxService over gRPC: files of sessions, and commands over them."""

import base64
import concurrent.futures
import json
import time

import grpc
import pytest

from grpc_client import Client, output, refused

SERVICE = "shannon.sandbox.SandboxService"


@pytest.fixture
def files(served):
    with Client(served.grpc, SERVICE) as client:
        yield client


@pytest.fixture
def agent(served):
    with Client(served.grpc) as client:
        yield client


@pytest.fixture
def write(files):
    """write(PATH, CONTENT, …): a file in session s, written."""

    def call(path, content, session="s", **more):
        answer = files.FileWrite(session_id=session, path=path, content=content, **more)
        assert answer.success, answer
        return answer

    return call


@pytest.fixture
def read(files):
    def call(path, session="s", **more):
        answer = files.FileRead(session_id=session, path=path, **more)
        assert answer.success, answer
        return answer.content

    return call


@pytest.fixture
def command(files):
    return lambda text, session="s", **more: files.ExecuteCommand(session_id=session, command=text, **more)


def names(answer):
    return [entry.name for entry in answer.entries]


def python(agent, code, session="s"):
    result = agent.python(code, session_id=session)
    assert result.error_message == "", result
    return output(result)


# ----------------------------------------------------------------------------------------------------- the wire contract

FIELDS = {
    "FileReadRequest": "session_id=1 path=2 max_bytes=3 encoding=4 user_id=5",
    "FileReadResponse": "success=1 content=2 error=3 size_bytes=4 file_type=5",
    "FileWriteRequest": "session_id=1 path=2 content=3 append=4 create_dirs=5 encoding=6 user_id=7",
    "FileWriteResponse": "success=1 bytes_written=2 error=3 absolute_path=4",
    "FileListRequest": "session_id=1 path=2 pattern=3 recursive=4 include_hidden=5 user_id=6",
    "FileListResponse": "success=1 entries=2 error=3 file_count=4 dir_count=5",
    "FileEntry": "name=1 path=2 is_file=3 size_bytes=4 modified_time=5",
    "CommandRequest": "session_id=1 command=2 timeout_seconds=3 user_id=4",
    "CommandResponse": "success=1 stdout=2 stderr=3 exit_code=4 error=5 execution_time_ms=6",
    "FileSearchRequest": "session_id=1 query=2 path=3 max_results=4 regex=5 include=6 context_lines=7",
    "FileSearchResponse": "success=1 matches=2 error=3 files_scanned=4 matches_found=5 truncated=6",
    "SearchMatch": "file=1 line=2 content=3 context=4",
    "ContextLine": "line=1 content=2",
    "FileEditRequest": "session_id=1 path=2 old_text=3 new_text=4 replace_all=5",
    "FileEditResponse": "success=1 error=2 replacements=3 snippet=4 file_size_after=5",
    "FileDeleteRequest": "session_id=1 path=2 pattern=3 recursive=4",
    "FileDeleteResponse": "success=1 error=2 deleted_count=3 deleted_paths=4",
}


def test_messages_have_the_fields_that_clients_know(files):
    for message, fields in FIELDS.items():
        known = files.pool.FindMessageTypeByName(f"shannon.sandbox.{message}").fields
        assert " ".join(f"{field.name}={field.number}" for field in known) == fields, message


def test_all_methods_are_there(files):
    assert [method.name for method in files.service.methods] == [
        "FileRead", "FileWrite", "FileList", "ExecuteCommand", "FileSearch", "FileEdit", "FileDelete"]


# ----------------------------------------------------------------------------------------------------- files


def test_what_is_written_is_read(files, write):
    written = write("hello.txt", "Hello, WASI Sandbox!")
    assert (written.bytes_written, written.absolute_path) == (20, "hello.txt")
    answer = files.FileRead(session_id="s", path="hello.txt")
    assert (answer.success, answer.content, answer.size_bytes, answer.file_type) == (True, "Hello, WASI Sandbox!", 20, "txt")


def test_append_keeps_what_is_there(write, read):
    write("log", "one\n")
    write("log", "two\n", append=True)
    assert read("log") == "one\ntwo\n"
    write("log", "three\n")
    assert read("log") == "three\n"


def test_directories_are_made_when_asked_for(files, write, read):
    answer = files.FileWrite(session_id="s", path="a/b/c.txt", content="x")
    assert not answer.success and "Parent directory does not exist" in answer.error
    write("a/b/c.txt", "x", create_dirs=True)
    assert read("a/b/c.txt") == "x"


def test_files_are_listed(files, write):
    for name in ("one.txt", "two.txt", "three.md", ".hidden"):
        write(name, name)
    write("below/four.txt", "4", create_dirs=True)
    answer = files.FileList(session_id="s")
    assert answer.success and names(answer) == ["below", "one.txt", "three.md", "two.txt"]
    assert (answer.file_count, answer.dir_count) == (3, 1)
    entry = answer.entries[1]
    assert (entry.path, entry.is_file, entry.size_bytes) == ("one.txt", True, 7)
    assert abs(entry.modified_time - time.time()) < 60
    assert names(files.FileList(session_id="s", pattern="*.txt")) == ["one.txt", "two.txt"]
    deep = files.FileList(session_id="s", pattern="*.txt", recursive=True)
    assert [each.path for each in deep.entries] == ["below/four.txt", "one.txt", "two.txt"]
    assert ".hidden" in names(files.FileList(session_id="s", include_hidden=True))
    assert names(files.FileList(session_id="s", path="below")) == ["four.txt"]


def test_what_is_not_there_or_of_another_kind_is_told(files, write):
    write("d/f", "x", create_dirs=True)
    for answer, said in (
            (files.FileRead(session_id="s", path="no.txt"), "File not found"),
            (files.FileRead(session_id="s", path="d"), "Path is not a file"),
            (files.FileList(session_id="s", path="d/f"), "Path is not a directory"),
            (files.FileList(session_id="s", path="no"), "No such file"),
            (files.FileWrite(session_id="s", path="d", content="x"), "Is a directory"),
            (files.FileRead(session_id="never-seen", path="a"), "File not found"),
            (files.FileSearch(session_id="s", query="x", path="no"), "No such file")):
        assert not answer.success and said in answer.error, answer


def test_looking_begins_no_session(files, session):
    assert files.FileList(session_id="fresh").file_count == 0
    assert files.ExecuteCommand(session_id="fresh", command="ls -a").success
    assert files.FileSearch(session_id="fresh", query="x").success
    assert "fresh" not in session("list").out


def test_sessions_do_not_see_each_other(files, write):
    write("data.txt", "a's", session="session-a")
    assert not files.FileRead(session_id="session-b", path="data.txt").success
    for path in ("../session-a/data.txt", "../../session-a/data.txt", "./../session-a/data.txt", "x/../../session-a/data.txt"):
        refused(lambda: files.FileRead(session_id="session-b", path=path), grpc.StatusCode.PERMISSION_DENIED)
        answer = files.ExecuteCommand(session_id="session-b", command=f"cat {path}")
        assert not answer.success and "a's" not in answer.stdout


@pytest.mark.parametrize("path", ["/etc/passwd", "../up.txt", "a/../../b", "\\windows", "/workspace/../etc/passwd", "/tmp/x"])
def test_paths_out_of_the_workspace_are_refused(files, path):
    for call in (lambda: files.FileRead(session_id="s", path=path),
                 lambda: files.FileWrite(session_id="s", path=path, content="x"),
                 lambda: files.FileList(session_id="s", path=path),
                 lambda: files.FileSearch(session_id="s", query="x", path=path),
                 lambda: files.FileEdit(session_id="s", path=path, old_text="x"),
                 lambda: files.FileDelete(session_id="s", path=path)):
        refused(call, grpc.StatusCode.PERMISSION_DENIED)


def test_workspace_is_a_name_of_the_root(write, read):
    write("workspace/a.txt", "1")
    assert read("a.txt") == read("/workspace/a.txt") == read("workspace/./a.txt") == "1"


@pytest.mark.parametrize("session", ["", "../escape", ".hidden", "a/b", "$(rm -rf)", "a..b", "x" * 129, "a b"])
def test_bad_session_ids_are_refused(files, session):
    refused(lambda: files.FileRead(session_id=session, path="a"), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: files.FileWrite(session_id=session, path="a", content="x"), grpc.StatusCode.INVALID_ARGUMENT)


def test_binary_files_go_as_base64(files, write, read):
    content = bytes(range(256)) * 4
    write("b.bin", base64.b64encode(content).decode(), encoding="base64")
    assert base64.b64decode(read("b.bin", encoding="base64")) == content
    answer = files.FileRead(session_id="s", path="b.bin")
    assert not answer.success and "base64" in answer.error
    # Padding is part of it, and white space is not.
    for bad in ("no base64!", "aGk", "aG k=", "aGk=\n", "aGk=aGk="):
        refused(lambda: files.FileWrite(session_id="s", path="c", content=bad, encoding="base64"),
                grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: files.FileRead(session_id="s", path="b.bin", encoding="latin-1"), grpc.StatusCode.INVALID_ARGUMENT)


def test_a_file_is_read_whole_or_not_at_all(files, write, read):
    limit = 10 << 20
    write("big", "x" * limit)
    assert len(read("big")) == limit
    write("big", "x", append=True)
    answer = files.FileRead(session_id="s", path="big")
    assert not answer.success and answer.content == "" and f"File too large: {limit + 1} bytes (max {limit})" in answer.error
    write("small", "12345")
    assert not files.FileRead(session_id="s", path="small", max_bytes=4).success
    assert read("small", max_bytes=5) == "12345"
    refused(lambda: files.FileRead(session_id="s", path="small", max_bytes=-1), grpc.StatusCode.INVALID_ARGUMENT)


def test_a_workspace_has_a_quota(files, write):
    part = "x" * (30 << 20)
    for name in "abc":
        write(name, part)
    said = refused(lambda: files.FileWrite(session_id="s", path="d", content=part), grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert "quota" in said and str(100 << 20) in said
    assert not files.FileRead(session_id="s", path="d").success
    # What makes it smaller is no matter; nor is a copy of another session's affair.
    write("a", "")
    write("d", part)
    refused(lambda: files.ExecuteCommand(session_id="s", command="cp d e"), grpc.StatusCode.RESOURCE_EXHAUSTED)


# ----------------------------------------------------------------------------------------------------- memory


def test_memory_is_a_users_in_every_session(files, write, read):
    write("memory/notes.md", "tea", user_id="alice")
    assert read("memory/notes.md", session="other", user_id="alice") == "tea"
    assert not files.FileRead(session_id="s", path="memory/notes.md", user_id="bob").success
    assert names(files.FileList(session_id="s", path="memory", user_id="alice")) == ["notes.md"]
    assert files.ExecuteCommand(session_id="s", command="cat memory/notes.md", user_id="alice").stdout == "tea"
    assert names(files.FileList(session_id="s", user_id="alice")) == []


def test_memory_is_nobodys_without_a_user(files, write):
    write("memory/a", "1", user_id="alice")
    refused(lambda: files.FileRead(session_id="s", path="memory/a"), grpc.StatusCode.PERMISSION_DENIED)
    refused(lambda: files.FileWrite(session_id="s", path="memory/a", content="2"), grpc.StatusCode.PERMISSION_DENIED)
    refused(lambda: files.FileSearch(session_id="s", query="1", path="memory"), grpc.StatusCode.PERMISSION_DENIED)
    refused(lambda: files.FileEdit(session_id="s", path="memory/a", old_text="1"), grpc.StatusCode.PERMISSION_DENIED)
    refused(lambda: files.FileDelete(session_id="s", path="memory/a"), grpc.StatusCode.PERMISSION_DENIED)
    answer = files.ExecuteCommand(session_id="s", command="cat memory/a")
    assert not answer.success and "user_id" in answer.stderr


@pytest.mark.parametrize("user", ["../escape", ".bob", "a b", "a.b", "x" * 129, "`id`"])
def test_bad_user_ids_are_refused(files, user):
    refused(lambda: files.FileRead(session_id="s", path="memory/a", user_id=user), grpc.StatusCode.INVALID_ARGUMENT)


def test_memory_has_a_quota_of_its_own(files, write):
    write("memory/a", "x" * (9 << 20), user_id="alice")
    said = refused(lambda: files.FileWrite(session_id="s", path="memory/b", content="x" * (2 << 20), user_id="alice"),
                   grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert "Memory quota" in said
    write("memory/b", "x" * (1 << 20), user_id="alice")


def test_memory_is_no_session_that_anybody_sees(write, session):
    write("memory/a", "1", user_id="alice")
    assert "alice" not in session("list").out


def test_a_command_changes_the_workspace_or_memory(files, write, command):
    write("a", "1")
    write("memory/b", "2", user_id="u")
    assert command("cp a memory/a", user_id="u").success
    assert command("cp memory/b b", user_id="u").success
    assert command("cat a b memory/a memory/b", user_id="u").stdout == "1212"
    for text in ("rm a memory/a", "mv memory/a c"):
        assert not command(text, user_id="u").success
    assert command("cat a memory/a", user_id="u").stdout == "11"


# ----------------------------------------------------------------------------------------------------- delete, edit, search


def test_deletions(files, write):
    delete = lambda **fields: files.FileDelete(session_id="s", **fields)
    write("f", "1")
    write("d/g", "2", create_dirs=True)
    assert files.ExecuteCommand(session_id="s", command="mkdir empty").success
    answer = delete(path="f")
    assert (answer.success, answer.deleted_count, list(answer.deleted_paths)) == (True, 1, ["f"])
    assert delete(path="empty").deleted_count == 1
    answer = delete(path="d")
    assert not answer.success and "not empty" in answer.error
    answer = delete(path="missing")
    assert (answer.success, answer.deleted_count) == (True, 0)
    refused(lambda: delete(path=""), grpc.StatusCode.PERMISSION_DENIED)
    assert delete(path="d", recursive=True).deleted_count == 1
    assert files.FileList(session_id="s").dir_count == 0


def test_deletions_by_pattern(files, write):
    for name in ("a.tmp", "b.tmp", "keep.txt", "d/c.tmp", "d/keep.txt"):
        write(name, "x", create_dirs=True)
    answer = files.FileDelete(session_id="s", path="", pattern="*.tmp")
    assert (answer.deleted_count, sorted(answer.deleted_paths)) == (2, ["a.tmp", "b.tmp"])
    assert names(files.FileList(session_id="s")) == ["d", "keep.txt"]
    assert files.FileDelete(session_id="s", pattern="*.tmp", recursive=True).deleted_count == 1
    assert [each.path for each in files.FileList(session_id="s", recursive=True).entries if each.is_file] == [
        "d/keep.txt", "keep.txt"]
    assert not files.FileDelete(session_id="s", path="keep.txt", pattern="*").success
    refused(lambda: files.FileDelete(session_id="s", pattern="../*"), grpc.StatusCode.PERMISSION_DENIED)
    refused(lambda: files.FileDelete(session_id="s", path="d", pattern="/etc/*"), grpc.StatusCode.PERMISSION_DENIED)


def test_edits(files, write, read):
    edit = lambda **fields: files.FileEdit(session_id="s", path="e.py", **fields)
    write("e.py", "a = 1\nb = 1\nc = 1\n")
    answer = edit(old_text="= 1", new_text="= 2")
    assert (answer.success, answer.replacements, answer.file_size_after) == (True, 1, 18)
    assert "a = 2" in answer.snippet
    assert edit(old_text="= 1", new_text="= 33", replace_all=True).replacements == 2
    assert read("e.py") == "a = 2\nb = 33\nc = 33\n"
    assert "not found" in edit(old_text="zzz", new_text="y").error
    refused(lambda: edit(old_text="", new_text="y"), grpc.StatusCode.INVALID_ARGUMENT)
    assert not files.FileEdit(session_id="s", path="none", old_text="a").success


def test_searches(files, write):
    write("src/a.py", "import os\nHELLO = 1\nprint(hello)\n", create_dirs=True)
    write("b.txt", "nothing\nsay Hello\n")
    write(".secret", "hello\n")
    write("c.png", "hello\n")
    search = lambda **fields: files.FileSearch(session_id="s", **fields)
    answer = search(query="hello")
    assert [(match.file, match.line, match.content) for match in answer.matches] == [
        ("b.txt", 2, "say Hello"), ("src/a.py", 2, "HELLO = 1"), ("src/a.py", 3, "print(hello)")]
    assert (answer.files_scanned, answer.matches_found, answer.truncated) == (2, 3, False)
    answer = search(query="hello", context_lines=1, include="*.py")
    assert [(near.line, near.content) for near in answer.matches[0].context] == [(1, "import os"), (3, "print(hello)")]
    assert search(query="^print", regex=True).matches_found == 1
    assert search(query="^print").matches_found == 0
    answer = search(query="hello", max_results=1)
    assert (answer.matches_found, answer.truncated) == (1, True)
    for bad in ({"query": ""}, {"query": "x" * 201}, {"query": "(", "regex": True}, {"query": "x", "context_lines": 6},
                {"query": "x", "max_results": -1}, {"query": "x", "max_results": 1001}):
        refused(lambda: search(**bad), grpc.StatusCode.INVALID_ARGUMENT)


def test_no_pattern_hangs(files, write):
    write("a.txt", "a" * 100_000 + "\n")
    begun = time.monotonic()
    assert files.FileSearch(session_id="s", query="(a+)+$!", regex=True).success
    assert files.FileList(session_id="s", pattern="*a" * 100 + "b").file_count == 0
    assert files.ExecuteCommand(session_id="s", command="grep -E '(a*)*b' a.txt").exit_code == 1
    assert time.monotonic() - begun < 5


# ----------------------------------------------------------------------------------------------------- commands


def test_everyday_commands(command, write):
    write("a.txt", "one\ntwo\nthree\n")
    assert "a.txt" in command("ls").stdout.split()
    assert command("cat a.txt").stdout == "one\ntwo\nthree\n"
    assert command("grep two a.txt").stdout == "two\n"
    assert command("mkdir -p x/y").success and command("touch x/y/new").success
    assert command("ls x/y").stdout == "new\n"
    assert command("head -n 1 a.txt").stdout == "one\n"
    assert command("tail -n 1 a.txt").stdout == "three\n"
    assert command("wc -l a.txt").stdout == "3 a.txt\n"
    assert command("cp -r x z").success and command("mv z w").success
    assert command("find . -name 'n*' -type f").stdout.split() == ["./w/y/new", "./x/y/new"]
    assert command("rm -r w x").success
    assert command("ls").stdout == "a.txt\n"
    assert command("echo -n 'a  b' c").stdout == "a  b c"
    assert command("pwd").stdout == "/workspace\n"
    answer = command("cat none.txt")
    assert (answer.success, answer.exit_code, answer.stderr) == (False, 1, "cat: none.txt: No such file or directory\n")


@pytest.mark.parametrize("text", ["curl http://evil.example", "wget x", "bash -c ls", "python -c 1", "nc -l 1", "/bin/ls", "sh", "cd /"])
def test_other_commands_are_not_allowed(command, text):
    answer = command(text)
    assert not answer.success and "not allowed" in answer.error and answer.exit_code == 1


@pytest.mark.parametrize("text", ["ls | cat", "ls; rm -rf .", "ls && rm x", "ls || rm x", "echo $(ls)", "echo `ls`",
                                  "echo x > f", "cat < f", "ls\nrm x", "ls\rrm x", "echo 'a|b'", "ls & rm x"])
def test_more_than_one_command_is_not_allowed(command, text):
    answer = command(text)
    assert not answer.success and "not allowed" in answer.error


@pytest.mark.parametrize("text", ["cat /etc/passwd", "ls ../", "cat ../../x", "cp a.txt ../b", "rm -rf /", "mv a.txt /tmp/x", "find /",
                                  "grep -r x /etc", "rm -rf usr", "rm tmp", "rm -r ."])
def test_commands_stay_in_the_workspace(command, write, text):
    write("a.txt", "1")
    answer = command(text)
    assert not answer.success and answer.stdout == "" and answer.exit_code > 0
    assert command("cat a.txt").stdout == "1"


def test_a_commands_time_is_capped(files, command, write):
    refused(lambda: command("ls", timeout_seconds=-1), grpc.StatusCode.INVALID_ARGUMENT)
    assert command("ls", timeout_seconds=1000).success


def test_output_is_cut_and_says_so(command, write):
    write("big", "x" * (3 << 20))
    answer = command("cat big")
    assert answer.success and "truncated" in answer.stdout[-100:] and len(answer.stdout) < (1 << 20) + 100


# ----------------------------------------------------------------------------------------------------- with runs


def test_runs_and_file_calls_see_the_same_files(agent, write, read, command):
    write("in.txt", "21")
    code = """
n = int(open('in.txt').read())
assert open('/workspace/in.txt').read() == open('workspace/in.txt').read() == '21'
open('/workspace/out.txt', 'w').write(str(2 * n))
print(n)
"""
    assert python(agent, code) == "21\n"
    assert read("out.txt") == read("workspace/out.txt") == "42"
    assert command("ls").stdout == "in.txt\nout.txt\n"
    # Between two runs that one worker keeps the state of.
    write("in.txt", "3")
    assert python(agent, "print(n, open('in.txt').read())") == "21 3\n"
    assert command("rm in.txt").success
    assert python(agent, "import os; print(os.path.exists('in.txt'), n)") == "False 21\n"


def test_variables_outlive_changes_of_files(agent, write):
    python(agent, "x = list(range(1000)); f = open('kept', 'w')")
    write("a", "1" * 100_000)
    python(agent, "f.write('more'); f.close()")
    assert python(agent, "print(sum(x), open('kept').read(), len(open('a').read()))") == "499500 more 100000\n"


def test_a_change_is_a_revision_that_can_be_taken_back(agent, files, write, read, session):
    write("a.txt", "one")
    write("a.txt", "two")
    listed = session("log", "s").out
    assert "FileWrite a.txt" in listed and "files" in listed
    session("rewind", "s", "1")
    assert read("a.txt") == "one"
    assert python(agent, "print(open('a.txt').read())") == "one\n"
    session("rewind", "s", "0")
    listed = files.FileList(session_id="s")
    assert listed.success and listed.file_count == 0
    assert "File not found" in files.FileRead(session_id="s", path="a.txt").error
    assert not files.FileRead(session_id="s", path="a.txt").success
    write("b", "1")
    assert files.FileList(session_id="s").file_count == 1


def test_sessions_begun_by_a_file_have_random_numbers_of_their_own(agent, write):
    draw = "import random, numpy; print(random.random(), numpy.random.rand())"
    numbers = set()
    for name in ("r1", "r2", "r3"):
        write("a", "x", session=name)
        numbers.update(python(agent, draw, session=name).split())
    assert len(numbers) == 6


def test_links_of_guests_lead_nowhere_outside(agent, files, command, write, read):
    python(agent, """
import os
os.mkdir('d'); open('d/in.txt', 'w').write('inside')
os.symlink('d/in.txt', 'good'); os.symlink('d', 'dir')
os.symlink('../../etc/passwd', 'out'); os.symlink('loop2', 'loop'); os.symlink('loop', 'loop2')
os.symlink('..', 'd/up'); os.symlink('nowhere', 'dangling')
""")
    assert read("good") == "inside" and read("dir/in.txt") == "inside" and read("dir/up/d/in.txt") == "inside"
    # `..` of the guest's root is the root: there is no outside.
    for path in ("loop", "dangling", "out"):
        assert not files.FileRead(session_id="s", path=path).success
    assert files.FileList(session_id="s", recursive=True).file_count > 0
    assert command("find . -name in.txt").stdout == "./d/in.txt\n"
    assert "inside" in command("grep -r inside .").stdout
    answer = files.FileDelete(session_id="s", pattern="*", recursive=True)
    assert answer.success and {"good", "out"} <= set(answer.deleted_paths)


def test_guests_cannot_make_the_service_read_much(agent, files):
    python(agent, "f = open('sparse', 'wb'); f.truncate(200 << 20); f.close()")
    assert not files.FileRead(session_id="s", path="sparse").success
    refused(lambda: files.FileWrite(session_id="s", path="a", content="x"), grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert files.FileDelete(session_id="s", path="sparse").deleted_count == 1
    assert files.FileWrite(session_id="s", path="a", content="x").success


def test_nothing_is_lost_when_many_write_and_run_at_once(agent, files, read):
    def write_one(number):
        return files.FileWrite(session_id="s", path=f"w{number}", content=str(number)).success

    def append_one(number):
        return files.FileWrite(session_id="s", path="log", content=f"{number}\n", append=True).success

    def run_one(number):
        return output(agent.python(f"v{number} = {number}; open('r{number}', 'w').write('{number}'); print({number})", session_id="s"))

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        written = [pool.submit(write_one, number) for number in range(12)]
        appended = [pool.submit(append_one, number) for number in range(12)]
        ran = [pool.submit(run_one, number) for number in range(8)]
        assert all(each.result() for each in written + appended)
        assert [each.result() for each in ran] == [f"{number}\n" for number in range(8)]
    listed = names(files.FileList(session_id="s"))
    assert listed == sorted(["log"] + [f"w{n}" for n in range(12)] + [f"r{n}" for n in range(8)])
    assert sorted(map(int, read("log").split())) == list(range(12))
    assert python(agent, "print(sum([v0, v1, v2, v3, v4, v5, v6, v7]))") == "28\n"


def test_looking_does_not_wait_for_a_run(agent, files, write, read):
    write("a", "before")
    running = agent.begin("ExecuteTool", tool_name="python_executor",
                          parameters={"code": "import time; open('a', 'w').write('after'); time.sleep(2)", "session_id": "s"})
    time.sleep(0.5)
    begun = time.monotonic()
    assert read("a") == "before"
    assert time.monotonic() - begun < 0.5
    # A change waits, and comes behind.
    write("b", "1")
    assert time.monotonic() - begun > 0.5
    assert running.result().error_message == ""
    assert read("a") == "after"


def test_a_cancelled_change_changes_nothing(agent, files, write):
    write("a", "1")
    running = agent.begin("ExecuteTool", tool_name="python_executor",
                          parameters={"code": "import time; time.sleep(2)", "session_id": "s"})
    time.sleep(0.5)
    waiting = files.begin("FileWrite", session_id="s", path="b", content="1")
    time.sleep(0.2)
    waiting.cancel()
    running.result()
    time.sleep(0.3)
    assert names(files.FileList(session_id="s")) == ["a"]


def test_what_was_written_outlives_the_service(serve, in_own_home):
    first = serve()
    with Client(first.grpc, SERVICE) as client:
        client.FileWrite(session_id="s", path="a", content="1")
        client.FileWrite(session_id="s", path="memory/m", content="2", user_id="u")
    first.process.kill()
    first.process.wait()
    second = serve()
    with Client(second.grpc, SERVICE) as client:
        assert client.FileRead(session_id="s", path="a").content == "1"
        assert client.FileRead(session_id="s", path="memory/m", user_id="u").content == "2"
    assert in_own_home("store", "check").code == 0
    second.process.terminate()
    assert second.process.wait(10) == 0


def test_keys_are_asked_for_and_tenants_have_files_of_their_own(serve, in_own_home):
    keys = [json.loads(in_own_home("keys", "create", tenant, "--json").ok().out)["key"] for tenant in ("a", "b")]
    service = serve()
    with (Client(service.grpc, SERVICE) as nobody, Client(service.grpc, SERVICE, keys[0]) as first,
          Client(service.grpc, SERVICE, keys[1]) as second):
        for name, fields in (("FileRead", {}), ("FileWrite", {}), ("FileList", {}), ("ExecuteCommand", {"command": "ls"}),
                             ("FileSearch", {"query": "x"}), ("FileEdit", {}), ("FileDelete", {})):
            refused(lambda: getattr(nobody, name)(session_id="s", **fields), grpc.StatusCode.UNAUTHENTICATED)
        assert first.FileWrite(session_id="s", path="a", content="1").success
        assert first.FileWrite(session_id="s", path="memory/a", content="1", user_id="u").success
        assert first.FileRead(session_id="s", path="a").content == "1"
        assert second.FileList(session_id="s").file_count == 0
        assert second.FileList(session_id="s", path="memory", user_id="u").file_count == 0
    service.process.terminate()
    assert service.process.wait(10) == 0
