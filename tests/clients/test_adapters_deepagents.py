# SPDX-License-Identifier: Apache-2.0
"""`skerry.adapters.deepagents`."""

import asyncio
import os
import shlex

import pytest

from adapter_client import client  # noqa: F401
from conftest import processes_below

pytest.importorskip("deepagents")


@pytest.fixture
def sandbox(client):
    from skerry.adapters.deepagents import SkerrySandbox

    with SkerrySandbox(client) as sandbox:
        yield sandbox
    assert client.sessions() == []


@pytest.fixture
def sh(sandbox):
    """sh(COMMAND): its exit code and its output."""

    def execute(command, **how):
        done = sandbox.execute(command, **how)
        return done.exit_code, done.output

    return execute


def python(code):
    return f"python3 -c {shlex.quote(code)}"


@pytest.mark.parametrize("how", ["blocking", "asyncio"])
def test_a_deep_agent_writes_a_file_runs_it_and_reads_what_it_left(client, sandbox, how):
    from deepagents import create_deep_agent
    from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
    from langchain_core.messages import AIMessage

    from skerry.adapters.deepagents import INSTRUCTIONS

    class Script(GenericFakeChatModel):
        def bind_tools(self, tools, **_):
            return self

    def asks(number, tool, **arguments):
        return AIMessage("", tool_calls=[{"type": "tool_call", "id": str(number), "name": tool, "args": arguments}])

    program = "import numpy\nopen('out.txt', 'w').write(f'{numpy.arange(7).sum() * 2}\\n')\nprint('done')\n"
    says = [asks(1, "write_file", file_path="/app/main.py", content=program), asks(2, "execute", command="cd /app && python3 main.py && ls"),
            asks(3, "edit_file", file_path="/app/main.py", old_string="'done'", new_string="'again'"), asks(4, "execute", command="python3 /app/main.py"),
            asks(5, "read_file", file_path="/app/out.txt"), asks(6, "grep", pattern="numpy", glob="*.py"), asks(7, "glob", pattern="**/*.txt"),
            asks(8, "ls", path="/"), AIMessage("It is 42.")]
    agent = create_deep_agent(Script(messages=iter(says)), backend=sandbox, system_prompt=INSTRUCTIONS)
    asked = {"messages": [("user", "What is it?")]}
    messages = (agent.invoke(asked) if how == "blocking" else asyncio.run(agent.ainvoke(asked)))["messages"]
    told = {message.tool_call_id: message.content for message in messages if message.type == "tool"}
    assert messages[-1].content == "It is 42." and len(told) == 8
    assert "done\nmain.py\nout.txt\n" in told["2"] and "again\n" in told["4"]
    assert "42" in told["5"] and "/app/main.py" in told["6"] and "/app/out.txt" in told["7"] and "/out.txt" in told["7"] and "/app" in told["8"]


def test_files(sandbox, sh):
    assert sandbox.ls("/").entries == [] and sandbox.glob("*").matches == [] and sandbox.grep("a").matches == []
    assert sandbox.write("/a/b.txt", "one\ntwo\nthree\n").path == "/a/b.txt"
    assert sh("cat /a/b.txt a/b.txt | wc -l") == (0, "6\n")
    read = sandbox.read("/a/b.txt", offset=1, limit=1)
    assert (read.file_data["content"].rstrip("\n"), read.start_line, read.end_line, read.total_lines) == ("two", 2, 2, 3)
    assert sandbox.edit("/a/b.txt", "two", "2").occurrences == 1
    assert "not found" in sandbox.edit("/a/b.txt", "two", "2").error and "t" in sandbox.edit("/a/b.txt", "e", "E").error
    assert sandbox.edit("/a/b.txt", "e", "E", replace_all=True).occurrences == 3
    assert sandbox.download_files(["/a/b.txt"])[0].content == b"onE\n2\nthrEE\n"
    assert [(each["path"], each["is_dir"]) for each in sandbox.ls("/a").entries] == [("/a/b.txt", False)]
    assert [(each["path"], each["is_dir"]) for each in sandbox.ls("/").entries] == [("/a", True)]
    assert sandbox.delete("/a").path == "/a" and "not found" in sandbox.delete("/a").error
    for path in ("/a", "/a/b.txt"):
        assert "file_not_found" in sandbox.read(path).error and "file_not_found" in sandbox.edit(path, "x", "y").error
    assert "file_not_found" in sandbox.ls("/a").error


def test_many_files_go_up_and_down_and_each_tells_what_is_wrong_with_it(sandbox):
    binary = bytes(range(256))
    sent = [("/ok.bin", binary), ("/usr/lib/x", b""), ("/../x", b""), ("/deep/er/x", b"y"), ("/deep", b"")]
    assert [each.error for each in sandbox.upload_files(sent)] == [None, "permission_denied", "permission_denied", None, "is_directory"]
    got = sandbox.download_files(["/ok.bin", "/no", "/deep", "/../../etc/passwd", "/deep/er/x"])
    assert [each.content for each in got] == [binary, None, None, None, b"y"]
    assert [each.error for each in got] == [None, "file_not_found", "is_directory", "permission_denied", None]
    assert sandbox.read("/ok.bin").file_data["encoding"] == "base64" and "binary" in sandbox.edit("/ok.bin", "a", "b").error


def test_lines_that_end_as_on_windows_are_edited_as_they_are_read(sandbox):
    sandbox.upload_files([("/w.txt", b"a\r\nb\r\nc\r\n")])
    assert "\r" not in sandbox.read("/w.txt").file_data["content"]
    assert sandbox.edit("/w.txt", "a\nb", "x\ny").occurrences == 1
    assert sandbox.download_files(["/w.txt"])[0].content == b"x\r\ny\r\nc\r\n"


def test_searches(sandbox, sh):
    sandbox.upload_files([("/src/a.py", b"x = 1\nTODO\n"), ("/src/deep/b.py", b"TODO one\n# TODO"), ("/c.txt", b"TODO"), ("/.hidden.py", b""), ("/bin.dat", b"TODO\xff")])

    def found(*args, **how):
        done = sandbox.grep(*args, **how)
        return sorted((each["path"], each["line"]) for each in done.matches), done.truncated

    python_files = [("/src/a.py", 2), ("/src/deep/b.py", 1), ("/src/deep/b.py", 2)]
    assert found("TODO") == ([("/c.txt", 1), *python_files], False)
    assert found("TODO", glob="*.py") == (python_files, False) == found("TODO", "/src")
    assert found("TODO", "/src", "deep/*.py") == (python_files[1:], False)
    assert len(found("TODO", max_count=2)[0]) == 2 and found("TODO", max_count=2)[1] and found("T.DO") == ([], False)
    assert found("TODO", max_count=4) == ([("/c.txt", 1), *python_files], False)
    assert [each["path"] for each in sandbox.glob("*.py").matches] == ["/src/a.py", "/src/deep/b.py"]
    assert [each["path"] for each in sandbox.glob("src/*.py").matches] == ["/src/a.py"]
    assert [each["path"] for each in sandbox.glob("**/*.py", "/src").matches] == ["/src/a.py", "/src/deep/b.py"]
    assert sandbox.glob("../*").error and sandbox.grep("a", glob="../*").error
    for code in ("import json; json.dumps = lambda *_: '[\"../x\", 1, \"\"]'", "import json; json.dumps = lambda *_: '[' * 100000"):
        assert sh(python(code))[0] == 0
        assert sandbox.grep("TODO").matches == []  # what a program makes of the answer is not believed


@pytest.mark.parametrize(("command", "code", "output"), [
    ("python3 - one 'two three' <<'EOF'\nimport sys\nprint(sys.argv, '$HOME')\nEOF\necho $?", 0, "['-', 'one', 'two three'] $HOME\n0\n"),
    ("cat <<EOF > a.txt && cat a.txt\n$? \\$x\nEOF", 0, "0 $x\n"),
    ("printf 'b\\na\\nc\\n' > f; sort f | head -n 2 | python3 -c 'import sys; print(sys.stdin.read().upper())'", 0, "A\nB\n\n"),
    ("false || echo 'a|b' \"c;d\" e\\&f && true; false; echo \"$?\"", 0, "a|b c;d e&f\n1\n"),
    ("mkdir -p d/e && touch d/e/x.py d/y.txt && cp -r d f && mv f g && rm -r d && find . -name '*.py' && ls g", 0, "./g/e/x.py\ne\ny.txt\n"),
    ("echo one > x; echo two >> x; cat x nope 2>&1 | grep -n o; test -f x && [ 2 -gt 1 ]", 0, "1:one\n2:two\n3:cat: nope: No such file or directory\n"),
    ("cd nope || exit 3", 3, "cd: nope: No such file or directory\n"),
    ("A=1 python3 -c 'import os; print(os.environ[\"A\"])'; echo \"[$A]\"; B=2; echo $B", 0, "1\n[]\n2\n"),
    ("set -e; mkdir q; cd q; pwd; false; echo no", 1, "/q\n"),
    ("printf '1\\n2\\n3\\n' | tail -n +2 | wc -l; echo a.b | grep -c 'a\\.b\\|x'; echo a.b | grep -F a.b; grep x nope", 2, "2\n1\na.b\ngrep: nope: No such file or directory\n"),
    ("echo 'print(6 * 7)' > m.py; python3 -m m; bash -c 'python3 m.py'; echo *.py 'm*'", 0, "42\n42\nm.py m*\n"),
    ("python3 -c 'import sys; print(1); print(2, file=sys.stderr); sys.stdout.close(); sys.exit(7)'", 7, "1\n2\n"),
])
def test_commands(sh, command, code, output):
    assert sh(command) == (code, output)


@pytest.mark.parametrize("command", ["curl http://example.com", "pip install numpy", "/bin/ls2", "apt-get update", "node -e 1", "../python3"])
def test_what_is_not_there_says_what_is(sh, command):
    code, output = sh(command)
    assert code == 127 and output.startswith(command.split()[0] + ": not available") and "python3" in output and "grep" in output


@pytest.mark.parametrize("command", ["echo $(id)", "echo `id`", "sleep 1 &", "(cd /; ls)", "for x in a; do echo $x; done", "echo 'a", "echo \"a", "a &&", "| a", "cat <<EOF\nx",
                                     "echo a > ", "ls 3> x", "echo ${a:-b}", "set -x"])
def test_what_the_shell_has_not_is_refused_before_anything_is_done(sandbox, sh, command):
    code, output = sh(f"echo done > mark; {command}" if command != "set -x" else command)
    assert code == 2 and output.startswith("shell: ") and sandbox.ls("/").entries == []


def test_a_program_is_as_one_of_its_own_process(sandbox, sh):
    sandbox.write("/m.py", "value = 1\n")
    assert sh(python("import m, os, sys; x = m.value; os.environ['A'] = '1'; os.chdir('/tmp'); sys.argv.append(1); print(x, __name__)")) == (0, "1 __main__\n")
    sandbox.write("/m.py", "value = 2\n")
    assert sh(python("import m, os, sys; print(m.value, 'x' in globals(), os.environ.get('A'), os.getcwd(), sys.argv)")) == (0, "2 False None / ['-c']\n")
    assert sh("export A=1; cd /tmp; python3 -c 'import atexit; atexit.register(print, \"end\")'") == (0, "end\n")
    assert sh("echo \"$A\"; pwd") == (0, "\n/\n")
    code, output = sh(python("def f():\n    return 1 / 0\nf()"))
    assert code == 1 and output.splitlines()[1:3] == ['  File "<string>", line 3, in <module>', "    f()"] and output.endswith("ZeroDivisionError: division by zero\n")


def test_a_command_that_is_stopped_undoes_itself_alone(sandbox, sh):
    assert sh("echo 1 > kept") == (0, "")
    code, output = sh("echo 2 > kept; python3 -c 'print(\"begun\", flush=True)\nwhile True: pass'", timeout=1)
    assert code == 124 and output.startswith("begun\n") and "deadline" in output and "rewound" in output
    assert sh("cat kept") == (0, "1\n")
    assert sh(python("x = []\nwhile True: x.append(bytes(10_000_000))"))[0] != 0
    assert sandbox.execute(python("print('a' * 3_000_000)")).truncated
    assert sh("ls", timeout=10_000_000)[0] == 2 and sh("cat kept") == (0, "1\n")


def test_hostile_commands_stay_in_the_sandbox(sandbox, sh, tmp_path):
    before = set(processes_below(os.getpid()).values())
    mark = tmp_path / "mark"
    for command in (f"touch {mark}", f"echo x > {mark}", f"mkdir -p {tmp_path} && cp /etc/passwd {mark}", python(f"open({str(mark)!r}, 'w')"),
                    python(f"import os; os.system('touch {mark}')"), python(f"import subprocess; subprocess.run(['touch', {str(mark)!r}])"),
                    f"echo a; touch {mark}; $(touch {mark})", f"echo a\ntouch {mark}", f"bash -c 'touch {mark}'", f"python3 -c 'pass'; touch {mark} #"):
        sandbox.execute(command)
    assert not mark.exists() and set(processes_below(os.getpid()).values()) <= before
    assert "root:" not in sh("cat /etc/passwd; cat //etc/../etc/passwd")[1]
    assert "SKERRY_TEST_SECRET" not in sh("env")[1] and sh(f"cat /proc/{os.getpid()}/environ")[0] == 1
    assert "no network" in sh(python("import urllib.request as u; u.urlopen('http://127.0.0.1:1')"))[1]
    assert sh(python("import os; os.symlink('/etc/passwd', 'link'); os.symlink('../../../etc/passwd', 'up')"))[0] in (0, 1)
    assert all(each.content is None for each in sandbox.download_files(["/link", "/up", "/../etc/passwd"]))
    assert sh("sh loop.sh")[0] == 1 and sandbox.write("/loop.sh", "sh loop.sh\n").error is None and sh("sh loop.sh", timeout=5)[0] != 0
    assert sh("echo fine") == (0, "fine\n")


def test_a_program_that_breaks_the_shell_gets_a_new_one(sh):
    assert sh("true") == (0, "")
    assert sh(python("import sys\nfor name in list(sys.modules):\n    if 'guest' in name: del sys.modules[name]"))[0] in (0, 1)
    assert sh("echo again") == (0, "again\n")
    assert sh(python("raise KeyError('_skerry_guest._guest_shell')"))[0] == 1  # which is not taken for a shell that is missing


def test_a_named_session_stays(client):
    from skerry.adapters.deepagents import SkerrySandbox

    with SkerrySandbox(client, session="kept", timeout=20) as first:
        first.write("/a", "b")
    assert first.id == "kept" and [each.name for each in client.sessions()] == ["kept"]
    assert SkerrySandbox(client, session="kept").execute("cat a").output == "b"
