# SPDX-License-Identifier: Apache-2.0
"""Runs the real binary against a real home.

SKERRY_BIN    the binary; default build/release/bin/skerry
SKERRY_HOME   a home that is set up already; default as the binary has it
SKERRY_SLOW_TESTS=1   also run the tests that compile CPython anew
"""

import ast
import collections
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from dataclasses import dataclass, field

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Whatever a test starts and forgets becomes a child of this process (PR_SET_CHILD_SUBREAPER), so that it can be told apart
# from everybody else's.
ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)

# A shell starts what runs in its background with these ignored, and what we start would inherit that.
for number in (signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


def pytest_collection_modifyitems(config, items):
    if os.environ.get("SKERRY_SLOW_TESTS") == "1":
        return
    skip = pytest.mark.skip(reason="compiles CPython for minutes: set SKERRY_SLOW_TESTS=1")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


SECRET = "host-secret-5f1c"

# The service's tools, in the order of its lists. Models are offered none that is dangerous or about sessions.
TOOLS_FOR_MODELS = ["python_executor", "code_executor", "python_wasi_runner", "calculator"]
SAFE_TOOLS = [*TOOLS_FOR_MODELS, "get_session_info"]
TOOLS = [*SAFE_TOOLS, "clear_sessions"]


@dataclass
class Run:
    """How one invocation ended."""

    code: int  # as a shell has it, but negative for a death by signal
    stdout: bytes
    stderr: bytes
    seconds: float
    command: list = field(repr=False)

    @property
    def out(self):
        return self.stdout.decode("utf-8")

    @property
    def err(self):
        return self.stderr.decode("utf-8", "replace")

    def ok(self):
        """Itself, if the program ended well: for tests that are about what it printed."""
        assert self.code == 0, f"exit code {self.code}\nstdout: {self.out[-2000:]}\nstderr: {self.err[-2000:]}"
        return self


class Report(dict):
    """The object that `--json` prints."""

    code = None  # of the process
    stderr_of_skerry = ""

    @property
    def exception_type(self):
        return (self["exception"] or {}).get("type")


def default_home():
    if os.environ.get("SKERRY_HOME"):
        return pathlib.Path(os.environ["SKERRY_HOME"]).absolute()
    if os.environ.get("XDG_DATA_HOME"):
        return pathlib.Path(os.environ["XDG_DATA_HOME"]) / "skerry"
    return pathlib.Path.home() / ".local" / "share" / "skerry"


@pytest.fixture(scope="session")
def binary():
    path = pathlib.Path(os.environ.get("SKERRY_BIN", ROOT / "build" / "release" / "bin" / "skerry")).absolute()
    for _ in range(600):  # a build may be replacing it
        if path.exists():
            return path
        time.sleep(0.1)
    pytest.exit(f"{path} is missing: run `make build` or set SKERRY_BIN", returncode=2)


@pytest.fixture(scope="session")
def home(binary, environment):
    """A home that is set up: the first run mends templates that another version made."""
    done = subprocess.run([binary, "run", "-c", "pass"], env=environment, capture_output=True, timeout=600)
    if done.returncode != 0:
        pytest.exit(f"{default_home()} is not set up: run `skerry setup`\n{done.stderr.decode()}", returncode=2)
    return default_home()


@pytest.fixture(scope="session")
def environment():
    """What the binary sees: the caller's environment, and a secret that no guest may see."""
    return {
        **{k: v for k, v in os.environ.items() if k not in ("SKERRY_DIRTY_PAGES", "NO_COLOR")},
        "SKERRY_HOME": str(default_home()),
        "SKERRY_TEST_SECRET": SECRET,
    }


@pytest.fixture
def skerry(binary, home, environment, tmp_path):
    """skerry(*args): runs the binary to its end, in an empty directory."""

    def run(*args, stdin=b"", timeout=60, env=None, cwd=None, stdout=subprocess.PIPE):
        command = [str(binary), *map(str, args)]
        if isinstance(stdin, str):
            stdin = stdin.encode()
        begun = time.monotonic()
        done = subprocess.run(
            command, input=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=timeout,
            env={**environment, **(env or {})}, cwd=cwd or tmp_path, start_new_session=True,
        )
        return Run(done.returncode, done.stdout or b"", done.stderr, time.monotonic() - begun, command)

    return run


@pytest.fixture
def run_code(skerry):
    """run_code(CODE, *options): `skerry run -c CODE`."""
    return lambda code, *args, **how: skerry("run", *args, "-c", code, **how)


@pytest.fixture
def run_source(skerry):
    """run_source(BYTES, *options): the program comes through standard input, so that it may hold any bytes."""
    return lambda source, *args, **how: skerry("run", *args, "-", stdin=source, **how)


@pytest.fixture
def run_json(skerry):
    """run_json(CODE, *options): the object that `skerry run --json -c CODE` prints, and nothing but it."""

    def run(code, *args, **how):
        done = skerry("run", "--json", *args, "-c", code, **how)
        return parsed(done)

    return run


def parsed(done):
    lines = done.out.splitlines()
    assert len(lines) == 1, f"expected one JSON object, got {done.out[-1000:]!r}\nstderr: {done.err[-1000:]}"
    report = Report(json.loads(lines[0]))
    report.code = done.code
    report.stderr_of_skerry = done.err
    assert report["exit_code"] == done.code
    return report


@pytest.fixture
def start(binary, home, environment, tmp_path):
    """start(*args): the running process, in a process group of its own; whatever is left of it is killed at the end."""
    started = []

    def run(*args, **how):
        how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment, **how}
        process = subprocess.Popen([str(binary), *map(str, args)], cwd=tmp_path,
                                   start_new_session=True, **how)
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        said = process.communicate()[1] or b""
        held = [line for line in (said if isinstance(said, bytes) else said.encode()).splitlines() if b"kept the event loop" in line]
        assert not held, held


Served = collections.namedtuple("Served", "process grpc http orchestrator")


@pytest.fixture
def serve(start, own_home, environment, tmp_path):
    """serve(*options, env=…): the service in a home with sessions of its own: its process and addresses."""

    # Whatever the test does, nothing holds the event loop for long; `start` reads what is said of it.
    alarm = tmp_path / "alarm.yaml"
    alarm.write_text("service:\n  loop_handler_alarm_ms: 50\n")

    def run(*args, env=None):
        process = start("serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--orchestrator", "127.0.0.1:0", *args,
                        env={**environment, "SKERRY_HOME": str(own_home), "CONFIG_PATH": str(alarm), **(env or {})})
        addresses = []
        for what in ("gRPC", "HTTP", "orchestrator"):
            line = process.stderr.readline().decode()
            if not line.startswith((f"skerry: {what} on 127.0.0.1:", f"skerry: {what} over TLS on 127.0.0.1:")):
                process.kill()
                pytest.fail(line + process.stderr.read().decode())
            addresses.append(line.split()[-1])
        return Served(process, *addresses)

    return run


@pytest.fixture
def served(serve):
    """The service; that it ends well when it is told to is part of every test."""
    service = serve()
    yield service
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(10) == 0


def children_of(pid):
    """Of all its threads; threads and processes may end meanwhile."""
    children = []
    try:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                children += map(int, (task / "children").read_text().split())
    except OSError:
        pass
    return children


def processes_below(pid):
    """Live descendants: {pid: command}."""
    found = {}
    for child in children_of(pid):
        try:
            state = pathlib.Path(f"/proc/{child}/stat").read_text().rsplit(") ", 1)[1][0]
            command = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if state not in "ZX":
            found[child] = command
        found |= processes_below(child)
    return found


def environment_of(pid):
    """What /proc tells of a process's environment; a jailed one's is root's alone to read."""
    try:
        return pathlib.Path(f"/proc/{pid}/environ").read_bytes().strip(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return b""  # it has gone
    except PermissionError:
        pytest.skip("only root may look at a jailed process")


def left_processes(before=()):
    """What lives below this process and was not there before."""
    return {pid: command for pid, command in processes_below(os.getpid()).items() if pid not in before}


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition, seconds):
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def let_pass(home, seconds):
    """As if the time had passed for the sessions of a home: their uses and their files are so much older."""
    ns = int(seconds * 1e9)
    with contextlib.closing(sqlite3.connect(home / "store" / "sessions.db")) as database, database:
        database.execute("UPDATE sessions SET used = used - ?", (ns,))
    for path in (home / "store" / "revisions").rglob("*"):
        times = path.stat()
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns - ns))


def temporary_files(directory):
    """Files that somebody began to write and did not finish."""
    return [p for p in directory.rglob("*") if p.name.startswith(".tmp-")]


def reap_orphans():
    """Workers whose service was killed are ours to reap, as init would; what a test has started itself is not."""
    for child in children_of(os.getpid()):
        try:
            name, state = pathlib.Path(f"/proc/{child}/stat").read_text().split(" (", 1)[1].rsplit(") ", 1)
            if state[0] == "Z" and name in ("skerry-zygote", "skerry-compiler"):
                os.waitpid(child, os.WNOHANG)
        except OSError:
            continue


@pytest.fixture(scope="session", autouse=True)
def reaper():
    """Reaps all the time: some programs wait until processes have gone."""
    ended = threading.Event()

    def reap():
        while not ended.wait(0.05):
            reap_orphans()

    thread = threading.Thread(target=reap, daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.fixture(autouse=True)
def nothing_is_left_behind(request):
    """After every test: no process of ours lives, and the home holds no temporary file."""
    before = processes_below(os.getpid())  # of fixtures that several tests share
    yield
    if not wait_until(lambda: not left_processes(before), 1):
        left = left_processes(before)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        pytest.fail(f"processes left behind: {left}")
    if (home := default_home()).exists():
        # Another of pytest's processes may be keeping a template at this moment.
        wait_until(lambda: not temporary_files(home), 20)
        assert not temporary_files(home)


def home_beside(directory):
    """A home with sessions of its own in `directory`; runtime and templates are the tests'."""
    directory.mkdir(mode=0o700)
    for part in ("runtimes", "native", "modules", "templates"):
        if (default_home() / part).exists():
            (directory / part).symlink_to(default_home() / part)
    return directory


@pytest.fixture(scope="session")
def kept_template(binary, home, environment, tmp_path_factory):
    """What a store keeps of the template that sessions begin on: a third of a gigabyte, written once and not for every test."""
    first = home_beside(tmp_path_factory.mktemp("kept") / "home")
    # A store links to the home's own where it can, and the seal there tells whenever a link comes or goes.
    (first / "templates").unlink()
    shutil.copytree(default_home() / "templates", first / "templates")
    subprocess.run([binary, "run", "--session", "s", "-c", "pass"], env={**environment, "SKERRY_HOME": str(first)}, check=True, timeout=60)
    template = max((first / "store" / "templates").iterdir(), key=lambda path: path.stat().st_size)
    before = template.stat()
    yield template
    assert (template.stat().st_size, template.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns), "a test changed it in its place"


def home_that_has(template, directory):
    """`home_beside`, whose store has the template already."""
    made = home_beside(directory)
    for part in (made / "store", made / "store" / "templates"):
        part.mkdir(mode=0o700)
    os.link(template, made / "store" / "templates" / template.name)
    return made


@pytest.fixture
def own_home(kept_template, tmp_path):
    """A home with sessions of its own."""
    return home_that_has(kept_template, tmp_path / "home")


@pytest.fixture
def bare_home(home, tmp_path):
    """`own_home` as it is on a machine that never had a session."""
    return home_beside(tmp_path / "bare")


@pytest.fixture
def other_home(kept_template, tmp_path):
    """A second `own_home`, for `env`: another machine, as far as sessions go."""
    return {"SKERRY_HOME": str(home_that_has(kept_template, tmp_path / "other"))}


@pytest.fixture
def in_own_home(skerry, own_home):
    """in_own_home(*args): the binary, in a home with sessions of its own."""
    return lambda *args, **how: skerry(*args, **{**how, "env": {"SKERRY_HOME": str(own_home), **how.get("env", {})}})


@pytest.fixture
def run(in_own_home):
    """run(SESSION, CODE, *options): one run in a session."""
    return lambda session, code, *args, **how: in_own_home("run", "--session", session, *args, "-c", code, **how)


@pytest.fixture
def session(in_own_home):
    """session(*args): `skerry session …`."""
    return lambda *args, **how: in_own_home("session", *args, **how)


def mount_namespace_command():
    """The start of a command that may mount without anybody else seeing it; skips where the kernel forbids that."""
    for command in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        if shutil.which("unshare") is None:
            break
        probe = subprocess.run([*command, "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True)
        if probe.returncode == 0:
            return command
    pytest.skip("this machine allows no mount namespaces (unshare -m)")


@pytest.fixture
def in_mount_namespace(binary, home, environment, tmp_path):
    """in_mount_namespace(SCRIPT): a shell script in mounts of its own; $SKERRY is the binary."""
    command = mount_namespace_command()

    def run(script, timeout=60):
        begun = time.monotonic()
        done = subprocess.run([*command, "sh", "-euc", script], capture_output=True, timeout=timeout, cwd=tmp_path,
                              env={**environment, "SKERRY": str(binary)})
        return Run(done.returncode, done.stdout, done.stderr, time.monotonic() - begun, command)

    return run


def value_of_last_expression(code):
    """What `result` should be, by the host's own Python: the repr of the last statement, if it is an expression."""
    tree = ast.parse(code)
    names = {"__name__": "__main__"}
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<string>", "exec"), names)
    if last is None:
        return None
    value = eval(compile(ast.Expression(last.value), "<string>", "eval"), names)
    return None if value is None else repr(value)
