# SPDX-License-Identifier: Apache-2.0
"""Signals, killed parents, damaged and read-only homes: each gives a clear error and exit code, and leaves nothing behind."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from conftest import SECRET, environment_of, is_gone, left_processes, processes_below, temporary_files, wait_until

ENDLESS = "print('ready')\nwhile True: pass"

# -------------------------------------------------------------------------------------------------- stopped from outside


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("to_group", [True, False], ids=["terminal", "process"])
def test_a_stopped_run_is_cancelled_with_130_and_no_process_stays(start, number, to_group):
    process = start("run", "-c", ENDLESS)
    assert process.stdout.readline() == b"ready\n"
    below = processes_below(process.pid)
    assert below
    if to_group:
        os.killpg(process.pid, number)  # as a terminal's Ctrl-C: everybody gets it
    else:
        process.send_signal(number)
    assert process.wait(3) == 130
    assert b"cancelled" in process.stderr.read()
    assert wait_until(lambda: all(map(is_gone, below)), 1)


def test_ctrl_c_while_the_guest_sleeps_or_reads_ends_it_at_once(start):
    for code in ("import time\nprint('ready')\ntime.sleep(60)", "print('ready')\ninput()"):
        process = start("run", "-c", code, stdin=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        begun = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(3) == 130
        assert time.monotonic() - begun < 1


def test_a_cancelled_run_in_json_keeps_its_output(start):
    process = start("run", "--json", "-c", ENDLESS)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    report = json.loads(process.communicate(timeout=5)[0])
    assert (report["outcome"], report["exit_code"], report["stdout"], process.returncode) == ("cancelled", 130, "ready\n", 130)


def test_a_cancelled_run_writes_no_files(start, tmp_path):
    process = start("run", "--output-dir", "out", "-c", "open('/f', 'w').write('x')\n" + ENDLESS)
    assert process.stdout.readline() == b"ready\n"
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(3) == 130
    assert not (tmp_path / "out" / "f").exists()


@pytest.mark.parametrize("delay", [0, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03])
def test_ctrl_c_at_any_moment_of_the_start_leaves_nothing(start, delay):
    process = start("run", "-c", ENDLESS)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(3) in (130, -signal.SIGINT)  # before anything has begun, a signal simply kills


def test_a_guest_that_ignores_interrupts_is_stopped_all_the_same(start):
    process = start("run", "-c", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready')\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass")
    assert process.stdout.readline() == b"ready\n"
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(3) == 130


FLOOD = "print('ready')\nwhile True: print('x' * 1000)"


@pytest.mark.parametrize("code", [FLOOD, "print('ready')\nprint('x' * 500_000)\nwhile True: pass"], ids=["flood", "loop"])
def test_the_deadline_holds_though_nobody_reads_the_output(start, code):
    process = start("run", "--timeout", "1", "--max-output", "100000000", "-c", code)
    assert process.stdout.readline() == b"ready\n"
    assert wait_until(lambda: processes_below(process.pid), 1)
    assert wait_until(lambda: not processes_below(process.pid), 3), "the guest goes on after its deadline"
    rest, error = process.communicate(timeout=10)
    assert process.returncode == 124
    assert b"deadline" in error
    assert len(rest) > 200_000, "what it had written is lost"


def test_ctrl_c_ends_a_run_whose_output_nobody_reads(start):
    process = start("run", "--max-output", "100000000", "-c", FLOOD)
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(3) == 130


def test_a_slow_reader_gets_all(start):
    process = start("run", "--max-output", "100000000", "-c", "for i in range(30): print(str(i) * 100_000)")
    read = b""
    while piece := os.read(process.stdout.fileno(), 50_000):
        read += piece
        time.sleep(0.001)
    assert read == b"".join(str(i).encode() * 100_000 + b"\n" for i in range(30))
    assert process.wait(3) == 0


@pytest.mark.parametrize("code", [ENDLESS, "import time\nprint('ready')\ntime.sleep(60)", "print('ready')\nimport sys\nsys.stdin.read()",
                                  "print('ready')\nwhile True: print('x' * 1000)"], ids=["loop", "sleep", "read", "flood"])
def test_a_killed_parent_takes_the_guest_with_it(start, code):
    process = start("run", "-c", code, stdin=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    below = processes_below(process.pid)
    assert below
    process.kill()
    assert process.wait(3) == -signal.SIGKILL
    assert wait_until(lambda: all(map(is_gone, below)), 1), "the guest outlived its parent by more than a second"


def test_a_guest_s_process_has_no_environment(start):
    process = start("run", "-c", ENDLESS)
    assert process.stdout.readline() == b"ready\n"
    assert SECRET in pathlib.Path(f"/proc/{process.pid}/environ").read_text()  # the pair: that is how it would look
    below = processes_below(process.pid)
    assert below
    for pid in below:
        assert environment_of(pid) == b""


def test_a_guest_killed_from_outside_is_out_of_memory_and_says_so(start):
    # What the kernel does when memory runs out.
    process = start("run", "--json", "-c", ENDLESS)
    assert wait_until(lambda: processes_below(process.pid), 3)
    time.sleep(0.3)
    os.kill(min(processes_below(process.pid)), signal.SIGKILL)
    report = json.loads(process.communicate(timeout=5)[0])
    assert (report["outcome"], report["exit_code"], report["stdout"]) == ("out_of_memory", 137, "ready\n")
    assert report["limit"]["name"] == "memory" and "--memory" in report["message"]


def test_a_stopped_and_continued_run_goes_on(start):
    process = start("run", "-c", "print('ready')\nfor i in range(3_000_000): pass\nprint('end')")
    assert process.stdout.readline() == b"ready\n"
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGCONT)
    assert process.wait(20) == 0
    assert process.stdout.read() == b"end\n"


def test_no_zombie_and_no_process_stays_after_many_runs(run_code):
    for _ in range(10):
        run_code("pass").ok()
        run_code("1/0")
    assert left_processes() == {}


# ------------------------------------------------------------------------------------------------------------- the home


def snapshot(home):
    """Every file but those of benches, which other tests run meanwhile."""
    files = (path for path in home.rglob("*") if path.is_file() and path.relative_to(home).parts[0] != "bench")
    return {path.relative_to(home): (path.stat().st_ino, path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def test_a_run_changes_nothing_in_the_home(run_code, private_home):
    mine = {"SKERRY_HOME": str(private_home)}  # others begin sessions in the shared one
    run_code("1/0", "--template", "python", env=mine)  # the first of a template in a copied home hashes it
    before = snapshot(private_home)
    run_code("print(1)", env=mine).ok()
    run_code("1/0", "--template", "python", env=mine)
    run_code("while 1: pass", "--timeout", "0.2", env=mine)
    assert snapshot(private_home) == before


def test_a_read_only_home_works_once_it_is_set_up(in_mount_namespace, home):
    done = in_mount_namespace(f"""
        mount --bind '{home}' '{home}' && mount -o remount,ro,bind '{home}'
        if touch '{home}/x' 2>/dev/null; then echo 'still writable'; exit 1; fi
        "$SKERRY" run -c 'import numpy; print(numpy.arange(4).sum())'
        "$SKERRY" run --template python -c 'print(1)'
    """)
    assert (done.code, done.out, done.err) == (0, "6\n1\n", "")


def test_a_read_only_home_that_is_empty_says_what_to_do(in_mount_namespace):
    done = in_mount_namespace("""
        mkdir ro && mount -t tmpfs -o ro,mode=700 none ro
        export SKERRY_HOME="$PWD/ro"; code=0; "$SKERRY" run -c 'print(1)' || code=$?; echo "code $code"
    """)
    assert done.out == "code 125\n"
    assert "/ro" in done.err and ("Read-only file system" in done.err or "setup" in done.err)


@pytest.mark.parametrize("which", ["missing", "empty"])
def test_a_home_that_is_not_set_up_says_what_to_run(skerry, tmp_path, which):
    where = tmp_path / "home"
    if which == "empty":
        where.mkdir(mode=0o700)
    done = skerry("run", "-c", "print(1)", env={"SKERRY_HOME": str(where)})
    assert (done.code, done.stdout) == (125, b"")
    assert str(where) in done.err and "scripts/setup_python_wasi.sh" in done.err


@pytest.mark.parametrize("where", ["/dev/null", "/dev/null/x", "/proc/nowhere"])
def test_a_home_that_cannot_be_is_named(skerry, where):
    done = skerry("run", "-c", "print(1)", env={"SKERRY_HOME": where})
    assert (done.code, done.stdout) == (125, b"")
    assert where in done.err


def test_without_any_home_the_variable_is_named(binary, environment):
    bare = {k: v for k, v in environment.items() if k not in ("SKERRY_HOME", "XDG_DATA_HOME", "HOME")}
    done = subprocess.run([binary, "run", "-c", "print(1)"], env=bare, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (125, b"")
    assert b"SKERRY_HOME" in done.stderr


def test_a_home_that_others_may_write_is_refused(skerry, private_home):
    native = private_home / "native"
    native.chmod(0o777)
    try:
        done = skerry("run", "-c", "print(1)", env={"SKERRY_HOME": str(private_home)})
    finally:
        native.chmod(0o700)
    assert (done.code, done.stdout) == (125, b"")
    assert str(native) in done.err and "writable" in done.err


# ----------------------------------------------------------------------------------------------------------- damage


@pytest.fixture(scope="module")
def private_home(home, tmp_path_factory, binary, environment):
    """A copy of the home that may be damaged; mended by the tests themselves, since that is what they are about."""
    copy = tmp_path_factory.mktemp("private") / "home"
    subprocess.run(["cp", "-aL", "--reflink=auto", str(home), str(copy)], check=True)
    # A copy has other times: the first run takes all its hashes anew.
    subprocess.run([binary, "run", "-c", "pass"], env={**environment, "SKERRY_HOME": str(copy)}, check=True, timeout=300)
    yield copy
    shutil.rmtree(copy)


@pytest.fixture
def damaged(skerry, private_home):
    """damaged(): runs a program in the private home."""

    def run(code="print(2 + 2)", *args, **how):
        return skerry("run", *args, "-c", code, env={"SKERRY_HOME": str(private_home)}, timeout=400, **how)

    yield run
    again = run()
    assert (again.code, again.out, again.err) == (0, "4\n", ""), "the home is not mended for good"
    assert not temporary_files(private_home)


def flip_a_byte(path, at=0.5):
    with open(path, "r+b") as file:
        file.seek(int(path.stat().st_size * at))
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0x40]))


def flip_a_byte_unseen(path):
    before = path.stat()
    flip_a_byte(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


DAMAGE = {
    "flipped": flip_a_byte,
    "flipped-in-the-header": lambda path: flip_a_byte(path, 0.0001),
    "flipped-with-its-time-restored": flip_a_byte_unseen,
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "emptied": lambda path: os.truncate(path, 0),
    "unsealed": lambda path: path.with_name(path.name + ".seal").unlink(),
    "sealed-with-nonsense": lambda path: path.with_name(path.name + ".seal").write_bytes(b"\0\xff nonsense \n\n" * 9),
    "with-an-empty-seal": lambda path: path.with_name(path.name + ".seal").write_bytes(b""),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_template_is_named_and_made_anew(damaged, private_home, damage):
    # The small template: it is warm again in a second.
    template = private_home / "templates" / "python.image"
    DAMAGE[damage](template)
    done = damaged("import decimal\nprint(decimal.Decimal(4) + 2)", "--template", "python")
    assert (done.code, done.out) == (0, "6\n")
    assert str(template) in done.err
    again = damaged("print(1)", "--template", "python")
    assert (again.code, again.out, again.err) == (0, "1\n", "")


def test_a_missing_template_is_made(damaged, private_home):
    for path in (private_home / "templates").iterdir():
        path.unlink()
    done = damaged()
    assert (done.code, done.out) == (0, "4\n")
    assert "python-data" in done.err


def test_a_damaged_template_is_mended_by_setup_which_then_does_nothing(damaged, skerry, private_home):
    template = private_home / "templates" / "python.image"
    flip_a_byte(template)
    mended = skerry("setup", env={"SKERRY_HOME": str(private_home)}, timeout=300).ok()
    assert str(template) in mended.err and "warming up template python" in mended.err
    again = skerry("setup", env={"SKERRY_HOME": str(private_home)}).ok()
    assert "nothing to do" in again.out and again.err == ""


def test_two_runs_that_find_one_damage_both_succeed(damaged, private_home):
    flip_a_byte(private_home / "templates" / "python-data.image")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: damaged(), range(2)))
    assert [(run.code, run.out) for run in runs] == [(0, "4\n")] * 2


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_mending_that_is_interrupted_goes_on_in_the_next_run(damaged, private_home, binary, environment, number):
    flip_a_byte(private_home / "templates" / "python-data.image")
    process = subprocess.Popen([binary, "run", "-c", "print(1)"], env={**environment, "SKERRY_HOME": str(private_home)},
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    assert any(b"warming up template python-data" in line for line in process.stderr)
    time.sleep(0.3)
    os.killpg(process.pid, number)
    assert process.wait(5) != 0
    assert process.communicate()[0] == b""
    assert wait_until(lambda: left_processes() == {}, 2)
    done = damaged()
    assert (done.code, done.out) == (0, "4\n")


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_library_index_is_named_and_made_anew(damaged, private_home, damage):
    index = private_home / "runtimes" / "python" / "blobs.index"
    DAMAGE[damage](index)
    done = damaged("import decimal\nprint(decimal.Decimal(1) + 1)")
    assert (done.code, done.out) == (0, "2\n")
    assert str(index) in done.err or "indexing" in done.err


@pytest.mark.parametrize("name", ["python-stdlib.zip", "mpl-data.tar"])
@pytest.mark.parametrize("damage", ["flipped", "cut"])
def test_a_damaged_part_is_named_with_the_command_that_mends_it_and_never_run(skerry, private_home, home, name, damage):
    part = private_home / "runtimes" / "python" / name
    DAMAGE[damage](part)
    try:
        done = skerry("run", "-c", "import matplotlib.pyplot, ftplib, wave\nprint('ran')", env={"SKERRY_HOME": str(private_home)}, timeout=300)
        assert (done.code, done.stdout) == (125, b"")
        assert str(part) in done.err
        assert "setup" in done.err
    finally:
        part.unlink()
        subprocess.run(["cp", "-a", str(home / "runtimes" / "python" / name), str(part)], check=True)
        assert skerry("setup", env={"SKERRY_HOME": str(private_home)}, timeout=300).code == 0


def test_setup_verify_finds_damage_that_left_no_trace_in_times(skerry, private_home):
    template = private_home / "templates" / "python.image"
    flip_a_byte(template)
    done = skerry("setup", "--verify", env={"SKERRY_HOME": str(private_home)}, timeout=300).ok()
    assert str(template) in done.err
    assert skerry("run", "--template", "python", "-c", "print(3)", env={"SKERRY_HOME": str(private_home)}).ok().out == "3\n"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("damage", ["flipped", "unsealed"])
def test_damaged_native_code_is_named_and_compiled_anew(damaged, private_home, damage):
    natives = list((private_home / "native").glob("*.native"))  # a home may hold other engines' and fuel's, too
    for native in natives:
        DAMAGE[damage](native)
    done = damaged()
    assert (done.code, done.out) == (0, "4\n")
    assert any(str(native) in done.err for native in natives) and "compiling CPython" in done.err


def test_doctor_names_a_damage_and_the_command_that_mends_it(skerry, private_home):
    template = private_home / "templates" / "python.image"
    flip_a_byte(template)
    env = {"SKERRY_HOME": str(private_home)}
    done = skerry("doctor", env=env)
    assert done.code != 0
    assert str(template) in done.out + done.err and "skerry setup" in done.out + done.err
    skerry("setup", env=env, timeout=300).ok()
    skerry("doctor", env=env).ok()


WALLS = """user-namespace pid-namespace empty-root network-namespace ipc-namespace uts-namespace descriptors capabilities
no-new-privileges seccomp landlock resource-limits cgroup parent-death""".split()


def test_doctor_tells_of_every_wall_whether_it_stands_and_how_to_mend_it(skerry):
    walls = json.loads(skerry("doctor", "--quick", "--json").out)["walls"]
    assert [each["wall"] for each in walls] == WALLS
    for each in walls:
        assert each["state"] in ("stands", "missing")
        assert bool(each["message"]) == bool(each["mend"]) == (each["state"] == "missing"), each
    text = skerry("doctor", "--quick").out
    assert all(name in text for name in WALLS)


def test_walls_may_be_required(skerry):
    walls = json.loads(skerry("doctor", "--quick", "--json").out)["walls"]
    missing = [each["wall"] for each in walls if each["state"] == "missing" and each["wall"] != "cgroup"]
    done = skerry("run", "--require-walls", "-c", "print(1)")
    if missing:
        assert (done.code, done.out) == (125, "") and all(wall in done.err for wall in missing)
    else:
        assert done.ok().out == "1\n"


def test_a_wall_that_the_host_refuses_is_done_without_unless_it_is_required(binary, home, environment):
    """No user namespaces below this one: a limit that a namespace may set for itself."""
    if subprocess.run(["unshare", "--user", "--map-root-user", "sh", "-c", "echo 0 >/proc/sys/user/max_user_namespaces"], capture_output=True).returncode:
        pytest.skip("this machine allows no user namespaces")
    refused = 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$0" run "$@"'

    def run(*args):
        return subprocess.run(["unshare", "--user", "--map-root-user", "sh", "-c", refused, str(binary), *args],
                              capture_output=True, text=True, env=environment | {"SKERRY_HOME": str(home)}, timeout=60)

    done = run("-c", "print(1)")
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    done = run("--require-walls", "-c", "print(1)")
    assert (done.returncode, done.stdout) == (125, "") and "user-namespace" in done.stderr


# ------------------------------------------------------------------------------------------------ dirty-page methods


@pytest.mark.parametrize("method", ["scan", "read", "compare"])
def test_every_way_to_find_dirty_pages_gives_the_same_runs(skerry, method):
    env = {"SKERRY_DIRTY_PAGES": method}
    code = "import numpy as np\nx = b'x' * (30 << 20)\nprint(np.arange(10).sum(), len(x))"
    done = skerry("run", "--json", "-c", code, env=env)
    report = json.loads(done.out)
    assert (done.code, report["stdout"]) == (0, "45 31457280\n")
    small = json.loads(skerry("run", "--json", "-c", "pass", env=env).out)
    assert 1 <= small["usage"]["dirty_pages"] < report["usage"]["dirty_pages"] < 30_000
    assert skerry("run", "-c", "1/0", env=env).code == 1


def test_every_way_to_find_dirty_pages_counts_alike(skerry):
    counts = {}
    for method in ("scan", "read", "compare"):
        done = skerry("run", "--json", "--seed", "1", "--clock", "0", "-c", "x = [i for i in range(100_000)]", env={"SKERRY_DIRTY_PAGES": method})
        counts[method] = json.loads(done.out)["usage"]["dirty_pages"]
    # By content it may be fewer: a page that was written with what it held.
    assert counts["compare"] <= counts["scan"] * 1.05 and counts["compare"] <= counts["read"] * 1.05
    assert min(counts.values()) > 200 and max(counts.values()) < 2 * min(counts.values())
