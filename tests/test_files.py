# SPDX-License-Identifier: Apache-2.0
"""Files: what is given with --dir, what is taken with :rw and --output-dir, and that nothing else of the host is there."""

import hashlib
import http.client
import json
import os
import socket
import time

import pytest


@pytest.fixture
def given(tmp_path):
    """A directory to give: a.txt, sub/b.txt, and a link that stays inside."""
    directory = tmp_path / "given"
    (directory / "sub").mkdir(parents=True)
    (directory / "a.txt").write_text("A")
    (directory / "sub" / "b.txt").write_text("B")
    (directory / "link").symlink_to("sub/b.txt")
    return directory


def tree(directory):
    """{relative path: content, None for a directory, "-> target" for a link}"""
    found = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        found[name] = f"-> {os.readlink(path)}" if path.is_symlink() else None if path.is_dir() else path.read_text()
    return found


BEFORE = {"a.txt": "A", "link": "-> sub/b.txt", "sub": None, "sub/b.txt": "B"}

# ---------------------------------------------------------------------------------------------------- reading --dir


def test_a_given_directory_can_be_read(run_code, given):
    code = "import os\nfor d, s, f in os.walk('/data'): print(d, sorted(s), sorted(f))\nprint(open('/data/sub/b.txt').read(), open('/data/link').read(), os.readlink('/data/link'))"
    assert run_code(code, "--dir", f"{given}::/data").ok().out == "/data ['sub'] ['a.txt', 'link']\n/data/sub [] ['b.txt']\nB B sub/b.txt\n"


def test_a_relative_host_directory_is_taken_from_where_the_caller_stands(run_code, given):
    assert run_code("print(open('/d/a.txt').read())", "--dir", "given::/d").ok().out == "A\n"


def test_several_directories_can_be_given(run_code, given):
    code = "print(open('/x/a.txt').read(), open('/deep/er/y/b.txt').read())"
    assert run_code(code, "--dir", f"{given}::/x", "--dir", f"{given}/sub::/deep/er/y").ok().out == "A B\n"


def test_a_directory_can_be_given_below_tmp(run_code, given):
    assert run_code("print(open('/tmp/in/a.txt').read())", "--dir", f"{given}::/tmp/in").ok().out == "A\n"
    code = "import tempfile; print(open('/tmp/a.txt').read(), len(tempfile.mkdtemp()) > 0)"
    assert run_code(code, "--dir", f"{given}::/tmp").ok().out == "A True\n"


def test_unicode_spaces_and_odd_names_arrive_unchanged(run_code, tmp_path):
    names = ["日本語.txt", "ü", "a b", "-x", "quote'\"", "tab\tname", "😀", ".hidden", "e\u0301", "x" * 200]
    directory = tmp_path / "names"
    directory.mkdir()
    for name in names:
        (directory / name).write_text(name)
    code = "import os\nfor n in sorted(os.listdir('/n')): assert open('/n/' + n).read() == n\nprint(len(os.listdir('/n')))"
    assert run_code(code, "--dir", f"{directory}::/n").ok().out == f"{len(names)}\n"


def test_a_large_file_arrives_unchanged(run_code, tmp_path):
    directory = tmp_path / "large"
    directory.mkdir()
    (directory / "f").write_bytes(os.urandom(1 << 20) * 20)
    expected = hashlib.sha256((directory / "f").read_bytes()).hexdigest()
    code = "import hashlib\nprint(hashlib.sha256(open('/d/f', 'rb').read()).hexdigest())"
    assert run_code(code, "--dir", f"{directory}::/d").ok().out.strip() == expected


def test_a_module_in_a_given_directory_can_be_imported(run_code, given):
    (given / "helper.py").write_text("def f(): return 42\n")
    done = run_code("import helper\nprint(helper.f())", "--dir", f"{given}::/lib", "--env", "PYTHONPATH=/lib").ok()
    assert done.out == "42\n"


def test_times_of_given_files_are_kept(run_code, given):
    os.utime(given / "a.txt", (1_600_000_000, 1_600_000_000))
    assert run_code("import os\nprint(int(os.stat('/d/a.txt').st_mtime))", "--dir", f"{given}::/d").ok().out == "1600000000\n"


# ---------------------------------------------------------------------------------------------------- read-only


@pytest.mark.parametrize("action", [
    "open('/d/a.txt', 'w')", "open('/d/a.txt', 'a')", "open('/d/a.txt', 'r+')", "open('/d/new', 'w')", "os.remove('/d/a.txt')",
    "os.rename('/d/a.txt', '/d/z')", "os.rename('/d/a.txt', '/tmp/z')", "os.replace('/tmp/own', '/d/a.txt')", "os.mkdir('/d/z')",
    "os.rmdir('/d/sub')", "os.truncate('/d/a.txt', 0)", "os.link('/tmp/own', '/d/z')", "os.symlink('a.txt', '/d/z')",
    "os.utime('/d/a.txt')", "os.utime('/d')", "open('/d/sub/z', 'w')", "open('/d/link', 'w')", "open('/d/../d/sub/../z', 'w')",
])
def test_a_directory_without_rw_is_read_only(run_code, given, action):
    code = f"import errno, os\nopen('/tmp/own', 'w').close()\ntry: {action}\nexcept OSError as e: print(errno.errorcode[e.errno])\nelse: print('took it')"
    done = run_code(code, "--dir", f"{given}::/d").ok()
    assert done.out.strip() in ("EROFS", "EACCES", "EPERM", "EXDEV"), done.out
    assert tree(given) == BEFORE


def test_a_link_in_tmp_to_a_read_only_file_does_not_make_it_writable(run_code, given):
    code = "import os\nos.symlink('../d/a.txt', '/tmp/l')\ntry: open('/tmp/l', 'w').write('X')\nexcept OSError as e: print('refused')\nprint(open('/d/a.txt').read())"
    assert run_code(code, "--dir", f"{given}::/d").ok().out == "refused\nA\n"


def test_a_copy_of_a_read_only_file_is_writable(run_code, given):
    code = "import shutil\nshutil.copytree('/d', '/tmp/d')\nopen('/tmp/d/a.txt', 'a').write('+')\nprint(open('/tmp/d/a.txt').read(), open('/d/a.txt').read())"
    assert run_code(code, "--dir", f"{given}::/d").ok().out == "A+ A\n"


# ---------------------------------------------------------------------------------------------------- writing back


def test_changes_below_rw_are_written_back(run_code, given):
    code = "import os\nopen('/d/a.txt', 'a').write('+')\nopen('/d/new.txt', 'w').write('N')\nos.makedirs('/d/x/y')\nopen('/d/x/y/z', 'w').write('Z')\nos.mkdir('/d/empty')"
    run_code(code, "--dir", f"{given}::/d:rw").ok()
    assert tree(given) == {**BEFORE, "a.txt": "A+", "new.txt": "N", "x": None, "x/y": None, "x/y/z": "Z", "empty": None}


def test_removals_below_rw_are_written_back(run_code, given):
    run_code("import os, shutil\nos.remove('/d/a.txt')\nos.remove('/d/link')\nshutil.rmtree('/d/sub')", "--dir", f"{given}::/d:rw").ok()
    assert tree(given) == {}


def test_a_nested_tree_can_be_removed(run_code, given):
    (given / "p" / "q" / "r").mkdir(parents=True)
    (given / "p" / "q" / "r" / "f").write_text("x")
    (given / "p" / "g").write_text("x")
    run_code("import shutil\nshutil.rmtree('/d/p')", "--dir", f"{given}::/d:rw").ok()
    assert tree(given) == BEFORE


def test_renames_below_rw_are_written_back(run_code, given):
    run_code("import os\nos.rename('/d/a.txt', '/d/sub/c.txt')\nos.rename('/d/sub', '/d/moved')", "--dir", f"{given}::/d:rw").ok()
    after = tree(given)
    assert after.pop("link", None) in (None, "-> sub/b.txt")
    assert after == {"moved": None, "moved/b.txt": "B", "moved/c.txt": "A"}


def test_a_file_replaced_by_a_directory_and_the_other_way_round(run_code, given):
    code = "import os, shutil\nos.remove('/d/a.txt'); os.mkdir('/d/a.txt'); open('/d/a.txt/in', 'w').write('I')\nshutil.rmtree('/d/sub'); open('/d/sub', 'w').write('S'); os.remove('/d/link')"
    run_code(code, "--dir", f"{given}::/d:rw").ok()
    assert tree(given) == {"a.txt": None, "a.txt/in": "I", "sub": "S"}


def test_writing_through_a_link_inside_changes_its_target(run_code, given):
    run_code("open('/d/link', 'w').write('through')", "--dir", f"{given}::/d:rw").ok()
    assert tree(given) == {**BEFORE, "sub/b.txt": "through"}


def test_an_unchanged_file_is_not_written(run_code, given):
    before = (given / "a.txt").stat().st_mtime_ns, (given / "a.txt").stat().st_ctime_ns
    run_code("open('/d/a.txt').read(); open('/d/new', 'w').close()", "--dir", f"{given}::/d:rw").ok()
    assert ((given / "a.txt").stat().st_mtime_ns, (given / "a.txt").stat().st_ctime_ns) == before


def test_a_truncated_and_a_shrunk_file_are_written_back(run_code, given):
    (given / "long").write_text("0123456789")
    run_code("import os\nos.truncate('/d/long', 4)\nopen('/d/a.txt', 'w').close()", "--dir", f"{given}::/d:rw").ok()
    assert tree(given) == {**BEFORE, "long": "0123", "a.txt": ""}


def test_a_large_file_is_written_back_whole(run_code, given):
    run_code("open('/d/big', 'wb').write(bytes(range(256)) * 40_000)", "--dir", f"{given}::/d:rw").ok()
    assert (given / "big").read_bytes() == bytes(range(256)) * 40_000


def test_many_files_are_written_back(run_code, given):
    run_code("for i in range(2000): open(f'/d/{i}', 'w').write(str(i))", "--dir", f"{given}::/d:rw").ok()
    assert all((given / str(i)).read_text() == str(i) for i in range(2000))


def test_changes_of_a_program_that_fails_are_written_back_too(run_code, given):
    done = run_code("open('/d/log', 'w').write('so far')\n1/0", "--dir", f"{given}::/d:rw")
    assert done.code == 1
    assert (given / "log").read_text() == "so far"


def test_a_guests_link_is_never_made_on_the_host_and_the_output_is_kept(run_code, given):
    done = run_code("import os\nos.symlink('a.txt', '/d/evil')\nprint('kept')", "--dir", f"{given}::/d:rw")
    assert (done.code, done.out) == (125, "kept\n")
    assert "evil" in done.err and "link" in done.err
    assert tree(given) == BEFORE


def test_a_run_whose_results_cannot_be_written_still_gives_its_output_in_json(skerry, given):
    done = skerry("run", "--json", "--dir", f"{given}::/d:rw", "-c", "import os\nos.symlink('a.txt', '/d/evil')\nprint('kept')")
    assert done.code == 125
    report = json.loads(done.out)
    assert "evil" in report["error"] and report["stdout"] == "kept\n"


# ---------------------------------------------------------------------------------------------------- what is refused


def refused(done, *words):
    assert (done.code, done.stdout) == (125, b"")
    for word in words:
        assert str(word) in done.err, done.err


@pytest.mark.parametrize("target", ["/etc/passwd", "/etc", "../../outside", "../" * 30 + "etc/passwd", "../sub/../../outside", "/", "../.."])
def test_a_link_that_leaves_the_directory_is_refused_by_name(run_code, given, target):
    (given.parent / "outside").write_text("secret")
    (given / "sub" / "leaves").symlink_to(target)
    refused(run_code("print(1)", "--dir", f"{given}::/d"), given / "sub" / "leaves")


@pytest.mark.parametrize("target", ["nowhere", "../nowhere", "../../nowhere", "/no/such/place", "loop"])
def test_a_link_that_leads_nowhere_leads_nowhere_in_the_guest(run_code, given, target):
    (given / "loop").symlink_to(target)
    code = "import os\nprint(os.readlink('/d/loop'), os.path.exists('/d/loop'), len(list(os.walk('/d'))) > 0)"
    assert run_code(code, "--dir", f"{given}::/d:rw").ok().out == f"{target} False True\n"
    assert os.readlink(given / "loop") == target


def test_a_directory_whose_name_only_begins_alike_is_outside(run_code, given):
    (given.parent / "given-not").mkdir()
    (given / "leaves").symlink_to("../given-not")
    refused(run_code("print(1)", "--dir", f"{given}::/d"), given / "leaves")


def test_a_fifo_is_refused_by_name(run_code, given):
    os.mkfifo(given / "pipe")
    refused(run_code("print(1)", "--dir", f"{given}::/d", timeout=10), given / "pipe")


def test_a_socket_is_refused_by_name(run_code, given, monkeypatch):
    monkeypatch.chdir(given)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind("sock")
        refused(run_code("print(1)", "--dir", f"{given}::/d"), given / "sock")


def test_a_device_is_refused_by_name(run_code, given):
    try:
        os.mknod(given / "null", 0o600 | 0o020000, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("making a device needs root")
    refused(run_code("print(1)", "--dir", f"{given}::/d"), given / "null")


def test_the_hosts_own_devices_are_refused(run_code):
    refused(run_code("print(1)", "--dir", "/dev::/d"), "/dev/")


def test_more_bytes_than_allowed_are_refused_by_name(run_code, given):
    (given / "big").write_bytes(b"x" * (3 << 20))
    refused(run_code("print(1)", "--dir", f"{given}::/d", "--max-files", "2"), given / "big", "--max-files")
    assert run_code("print(1)", "--dir", f"{given}::/d", "--max-files", "4").ok().out == "1\n"


def test_many_files_that_are_too_large_together_are_refused(run_code, given):
    for n in range(5):
        (given / f"part{n}").write_bytes(b"x" * (1 << 20))
    refused(run_code("print(1)", "--dir", f"{given}::/d", "--max-files", "4"), "--max-files")


def test_a_sparse_file_of_a_terabyte_is_refused_at_once(run_code, given):
    with open(given / "sparse", "wb") as f:
        f.truncate(1 << 40)
    done = run_code("print(1)", "--dir", f"{given}::/d")
    refused(done, given / "sparse", "--max-files")
    assert done.seconds < 10


@pytest.mark.parametrize(("value", "word"), [
    ("", "--dir"), ("given", "HOST::GUEST"), ("::/d", "HOST::GUEST"), ("given::", "absolute"), ("given::d", "absolute"),
    ("given::/d/../../x", "/d/../../x"), ("no-such::/d", "no-such"), ("given/a.txt::/", "path of its own"), ("given::/usr/local", "belongs to the runtime"),
    ("given::/usr/local/lib/python315.zip/x", "/usr/local/lib"), ("given::/d:ro", ":ro"),
])
def test_a_senseless_dir_is_refused(run_code, given, value, word):
    refused(run_code("print(1)", "--dir", value), word)


def test_two_directories_at_one_place_are_refused(run_code, given):
    refused(run_code("print(1)", "--dir", f"{given}::/d", "--dir", f"{given}/sub::/d"), "/d")


# ---------------------------------------------------------------------------------------------------- --output-dir


def test_output_dir_gets_what_the_guest_made_by_its_path(run_code, tmp_path):
    code = "import os\nos.makedirs('/x/y')\nopen('/x/y/f', 'w').write('1')\nopen('rel', 'w').write('2')\nos.mkdir('/empty')\nopen('/tmp/t', 'w').write('3')"
    run_code(code, "--output-dir", "new/out").ok()
    assert tree(tmp_path / "new" / "out") == {"x": None, "x/y": None, "x/y/f": "1", "rel": "2", "empty": None}


def test_output_dir_leaves_other_files_alone_and_replaces_its_own(run_code, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("stays")
    (tmp_path / "out" / "f").write_text("a long old text")
    run_code("open('/f', 'w').write('new')", "--output-dir", "out").ok()
    assert tree(tmp_path / "out") == {"mine": "stays", "f": "new"}


def test_output_dir_does_not_follow_a_link_that_lies_there(run_code, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "victim").write_text("untouched")
    (tmp_path / "out" / "f").symlink_to(tmp_path / "victim")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "d").symlink_to(tmp_path / "elsewhere")
    done = run_code("import os\nopen('/f', 'w').write('evil')\nos.mkdir('/d')\nopen('/d/g', 'w').write('evil')\nprint('kept')", "--output-dir", "out")
    assert (done.code, done.out) == (125, "kept\n")
    assert (tmp_path / "victim").read_text() == "untouched"
    assert list((tmp_path / "elsewhere").iterdir()) == []


STOPPED = {
    "a loop": "while True: pass",
    "a sleep": "import time; time.sleep(60)",
    "deep in calls": "def f(n):\n    if n: f(n - 1)\n    else:\n        while True: pass\nf(500)",
    "a sort": "x = list(range(3_000_000))\nwhile True: x.sort(key=lambda i: -i); x.sort()",
    "writing": "n = 0\nwhile True:\n    n += 1; print(n)",
    "writing files": "n = 0\nwhile True:\n    n += 1; open(f'/d/{n % 50}', 'w').write('x' * 1000)",
}


@pytest.mark.parametrize("code", STOPPED.values(), ids=STOPPED)
def test_a_run_at_its_deadline_hands_its_files_over_and_changes_none(run_code, given, tmp_path, code):
    before = "open('/f', 'w').write('so far'); open('/d/a.txt', 'w').write('changed'); print('begun', flush=True)\n"
    done = run_code(before + code, "--output-dir", "out", "--dir", f"{given}::/d:rw", "--timeout", "1", "--max-output", "1000000")
    assert done.code == 124 and done.out.startswith("begun\n") and done.seconds < 5
    assert done.err.endswith("ran longer than 1 s; allow more with --timeout S; what it changed below --dir …:rw is not written back\n")
    assert (tmp_path / "out/f").read_text() == "so far"
    assert tree(given) == BEFORE


def test_output_dir_that_is_a_file_is_refused_by_option_and_name(run_code, tmp_path):
    (tmp_path / "f").write_text("x")
    done = run_code("open('/a', 'w').write('1')", "--output-dir", "f")
    assert done.code == 125
    assert "--output-dir" in done.err and "Not a directory" in done.err
    assert (tmp_path / "f").read_text() == "x"


def test_a_figure_reaches_the_output_dir(run_code, tmp_path):
    run_code("import matplotlib.pyplot as plt\nplt.plot([1, 2, 4])\nplt.savefig('plot.png')", "--output-dir", "out").ok()
    assert (tmp_path / "out" / "plot.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_a_program_that_makes_nothing_writes_nothing(run_code, tmp_path):
    run_code("open('/tmp/x', 'w').write('1')", "--output-dir", "out").ok()
    assert not (tmp_path / "out").exists() or tree(tmp_path / "out") == {}


def test_a_disk_full_on_the_host_is_reported_and_the_output_kept(in_mount_namespace, tmp_path):
    done = in_mount_namespace("""
        mkdir small && mount -t tmpfs -o size=64k none small
        code=0; "$SKERRY" run --output-dir small -c 'print("kept"); open("/big", "wb").write(b"x" * (1 << 20))' || code=$?
        echo "code $code"
    """)
    assert "kept\n" in done.out and "code 125\n" in done.out
    assert "No space left on device" in done.err and "big" in done.err


def test_a_read_only_output_dir_is_reported(in_mount_namespace):
    done = in_mount_namespace("""
        mkdir ro && mount -t tmpfs -o ro none ro
        code=0; "$SKERRY" run --output-dir ro -c 'print("kept"); open("/f", "w").write("x")' || code=$?
        echo "code $code"
    """)
    assert done.out == "kept\ncode 125\n"
    assert "Read-only file system" in done.err


def bytes_on_disk(directory):
    return sum(path.stat().st_blocks * 512 for path in directory.rglob("*") if path.is_file())


def test_a_file_with_a_hole_arrives_whole_and_with_its_hole(run_code, tmp_path):
    code = "f = open('/f', 'wb')\nf.write(b'begin')\nf.seek(2 << 20)\nf.write(b'middle')\nf.truncate(3 << 20)"
    run_code(code, "--output-dir", "out").ok()
    content = (tmp_path / "out" / "f").read_bytes()
    assert content == b"begin".ljust(2 << 20, b"\0") + b"middle".ljust(1 << 20, b"\0")
    assert bytes_on_disk(tmp_path / "out") < 1 << 20


SPARSE = """
import os, errno
made = []
for i in range(2000):
    f = os.open(f'/s{i}', os.O_CREAT | os.O_RDWR)
    try:
        os.ftruncate(f, 256 << 20)
        made.append(i)
    except OSError as e:
        made.append(errno.errorcode[e.errno])
    os.close(f)
print(made[:2], set(made[1:]))
"""


def test_holes_count_towards_the_limit_for_files_and_take_no_room(run_code, tmp_path):
    done = run_code(SPARSE, "--timeout", "2", "--output-dir", "out").ok()
    assert done.out == "[0, 'ENOSPC'] {'ENOSPC'}\n"
    assert (tmp_path / "out" / "s0").stat().st_size == 256 << 20
    assert bytes_on_disk(tmp_path / "out") < 1 << 20
    assert done.seconds < 5


def test_files_that_go_nowhere_are_not_sent(run_code):
    # The supervisor ends a run that sends changes which nobody asked for.
    assert run_code("open('/f', 'w').write('x')\nprint('made')").ok().out == "made\n"


def test_names_of_one_file_are_hard_links_on_the_host(run_code, tmp_path):
    code = "import os\nopen('/a', 'wb').write(b'x' * (100 << 20))\nos.mkdir('/d')\nfor i in range(50): os.link('/a', f'/d/{i}')"
    run_code(code, "--output-dir", "out").ok()
    links = [tmp_path / "out" / "a", *(tmp_path / "out" / "d").iterdir()]
    assert len(links) == 51
    assert len({path.stat().st_ino for path in links}) == 1
    assert links[-1].stat().st_size == 100 << 20


def test_a_hard_link_across_directories_that_are_written_back_is_a_file_in_each(run_code, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    code = "import os\nopen('/one/f', 'w').write('x')\nos.link('/one/f', '/one/g')\nos.link('/one/f', '/two/h')"
    run_code(code, "--dir", "one::/one:rw", "--dir", "two::/two:rw", "--output-dir", "out").ok()
    assert tree(tmp_path / "one") == {"f": "x", "g": "x"}
    assert tree(tmp_path / "two") == {"h": "x"}
    assert tree(tmp_path / "out") == {"one": None, "one/f": "x", "one/g": "x", "two": None, "two/h": "x"}
    assert (tmp_path / "one" / "f").stat().st_nlink == 2


def test_a_directory_below_tmp_is_written_back(run_code, tmp_path):
    (tmp_path / "mine").mkdir()
    run_code("open('/tmp/mine/f', 'w').write('x')\nopen('/tmp/other', 'w').write('x')", "--dir", "mine::/tmp/mine:rw").ok()
    assert tree(tmp_path / "mine") == {"f": "x"}


def test_sparse_files_cost_the_service_neither_time_nor_memory(served):
    host, port = served.http.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    begun = time.monotonic()
    connection.request("POST", "/v1/run", json.dumps({"code": SPARSE, "timeout": 2}))
    report = json.loads(connection.getresponse().read())
    assert (report["outcome"], report["stdout"]) == ("completed", "[0, 'ENOSPC'] {'ENOSPC'}\n")
    assert time.monotonic() - begun < 5


# ---------------------------------------------------------------------------------------------------- the guest's own


def test_tmp_is_writable_and_empty_in_each_run(run_code):
    code = "import os, tempfile\nprint([n for n in os.listdir('/tmp') if not n.startswith('.')], tempfile.gettempdir())\nopen('/tmp/left', 'w').write('x')"
    assert [run_code(code).ok().out for _ in range(2)] == ["[] /tmp\n"] * 2


def test_relative_paths_start_at_the_working_directory(run_code):
    code = "import os\nprint(os.getcwd())\nopen('a', 'w').write('1')\nprint(open('/a').read())\nos.chdir('/tmp')\nopen('b', 'w').write('2')\nprint(open('/tmp/b').read(), os.path.abspath('c'), open('../a').read())"
    assert run_code(code).ok().out == "/\n1\n2 /tmp/c 1\n"


def test_the_library_cannot_be_written(run_code):
    code = "import os\ntry: open('/usr/local/lib/python315.zip/evil.py', 'w')\nexcept OSError as e: print('refused')\ntry: os.remove('/usr/local/lib/python315.zip')\nexcept OSError as e: print('refused')"
    assert run_code(code).ok().out == "refused\nrefused\n"


def test_files_behave_as_python_expects(run_code):
    code = """
import os, pathlib
p = pathlib.Path('/tmp/w')
p.mkdir()
(p / 'a').write_bytes(b'0123456789')
with open(p / 'a', 'r+b') as f:
    f.seek(-3, 2); f.write(b'XYZ!'); f.seek(2); print(f.read(3), f.tell())
with open(p / 'a', 'ab') as f: f.write(b'end')
print((p / 'a').read_bytes(), (p / 'a').stat().st_size)
os.link(p / 'a', p / 'hard'); os.symlink('a', p / 'soft')
print(os.stat(p / 'a').st_nlink, os.readlink(p / 'soft'), (p / 'soft').read_bytes() == (p / 'hard').read_bytes())
os.remove(p / 'a'); print((p / 'hard').exists(), (p / 'soft').exists(), (p / 'soft').is_symlink())
os.rename(p / 'hard', p / 'b'); print(sorted(os.listdir(p)))
try: os.rmdir(p)
except OSError as e: print(type(e).__name__)
try: (p / 'b' / 'c').write_text('')
except OSError as e: print(type(e).__name__)
try: os.mkdir(p)
except OSError as e: print(type(e).__name__)
f = open(p / 'gone', 'w+'); os.remove(p / 'gone'); f.write('still'); f.seek(0); print(f.read())
"""
    assert run_code(code).ok().out == (
        "b'234' 5\nb'0123456XYZ!end' 14\n2 a True\nTrue False True\n['b', 'soft']\nOSError\nNotADirectoryError\nFileExistsError\nstill\n")


@pytest.mark.parametrize("path", [
    "/etc/passwd", "/etc/hostname", "/proc/self/environ", "/proc/1/cmdline", "/dev/mem", "/sys/kernel", "/root", "/work", "/home",
    "../etc/passwd", "../../../../../../../../etc/passwd", "/tmp/../../../etc/passwd", "/tmp/../etc/passwd", "//etc/passwd", "/./../etc/passwd",
    "etc/passwd", "/usr/local/lib/../../../etc/passwd", "/usr/bin/python3",
])
def test_no_host_file_can_be_reached(run_code, path):
    code = f"import os\nfor f in (open, os.listdir, os.stat, os.lstat, os.readlink):\n    try: f({path!r})\n    except OSError: pass\n    else: print('reached by', f.__name__)\nprint(os.path.exists({path!r}))"
    assert run_code(code).ok().out == "False\n"


@pytest.mark.parametrize("target", ["/etc/passwd", "../etc/passwd", "../../../../etc/passwd", "/proc/self/root/etc/passwd", "/tmp/../../etc/passwd"])
def test_a_guests_own_link_cannot_lead_to_the_host(run_code, target):
    code = f"import os\ntry:\n    os.symlink({target!r}, '/tmp/l')\n    print(open('/tmp/l').read())\nexcept OSError: print('refused')"
    assert run_code(code).ok().out == "refused\n"


def test_the_program_itself_and_its_folder_are_not_in_the_guest(skerry, tmp_path):
    (tmp_path / "secret.txt").write_text("s")
    (tmp_path / "p.py").write_text("import os\nprint(os.path.exists(__file__), os.path.exists('secret.txt'), sorted(os.listdir('.')))")
    assert skerry("run", tmp_path / "p.py").ok().out == "False False []\n"


def test_a_given_directory_is_not_reached_by_its_host_path(run_code, given):
    assert run_code(f"import os\nprint(os.path.exists({str(given)!r}))", "--dir", f"{given}::/d").ok().out == "False\n"


def test_the_parent_of_a_given_directory_stays_out_of_reach(run_code, given):
    (given.parent / "outside").write_text("secret")
    code = "import os\nprint(os.path.exists('/d/../outside'), sorted(os.listdir('/d/..')))"
    assert run_code(code, "--dir", f"{given}::/d").ok().out == "False ['d']\n"


def test_a_directory_swapped_for_a_link_while_it_runs_is_not_followed(start, tmp_path, given):
    process = start("run", "--dir", f"{given}::/d:rw", "-c", "import os\nprint('ready')\nimport time; time.sleep(0.7)\nopen('/d/sub/evil', 'w').write('x')")
    assert process.stdout.readline() == b"ready\n"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (given / "sub").rename(tmp_path / "away")
    (given / "sub").symlink_to(elsewhere)
    assert process.wait(20) == 125
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("guest", ["/workspace", "/workspace/below"])
def test_a_directory_may_lie_where_the_runtime_has_its_link(run_code, given, guest):
    (given / "a.txt").write_text("1")
    code = f"import os\nprint(open('{guest}/a.txt').read(), os.path.islink('/workspace'), os.path.exists('/a.txt'))\nopen('{guest}/b', 'w').write('2')"
    assert run_code(code, "--dir", f"{given}::{guest}:rw").ok().out == "1 False False\n"
    assert (given / "b").read_text() == "2"
