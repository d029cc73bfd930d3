# SPDX-License-Identifier: Apache-2.0
"""`skerry session export` and `skerry session import`: a session as one file, for another store."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import home_that_has, temporary_files
from export_file import export_file, field, first_version, fields_of, parts_of, with_header

@pytest.fixture(scope="module")
def made_once(binary, environment, kept_template, tmp_path_factory):
    """A home with a session at revision 2, and the file that it was exported to: tests have copies of both."""
    directory = tmp_path_factory.mktemp("exported")
    home = home_that_has(kept_template, directory / "home")

    def skerry(*args):
        subprocess.run([binary, *args], env={**environment, "SKERRY_HOME": str(home)}, check=True, timeout=60)

    skerry("run", "--session", "s", "-c", "x = [1]; import numpy as np; a = np.arange(1000)\nopen('/tmp/note', 'w').write('kept')")
    skerry("run", "--session", "s", "-c", "def f(): return sum(x) + int(a[-1])")
    skerry("session", "export", "s", directory / "s.skerry")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def exported(made_once, own_home, tmp_path):
    """A file with a session at revision 2, which `own_home` has, too."""
    for part in ("revisions", "sessions.db"):
        source = made_once / "home" / "store" / part
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, own_home / "store" / part)
    return shutil.copy2(made_once / "s.skerry", tmp_path / "s.skerry")


def test_an_export_goes_on_elsewhere(exported, run, session, other_home):
    assert session("import", exported, env=other_home).ok().out == "session s is revision 2 of s\n"
    assert run("s", "print(f(), open('/tmp/note').read())", env=other_home).ok().out == "1000 kept\n"
    log = json.loads(session("log", "s", "--json", env=other_home).ok().out)["revisions"]
    assert [(each["revision"], each["outcome"], each["first_line"]) for each in log[:1]] == [(1, "imported", "imported: s, revision 2")]
    run("s", "x.append(2)", env=other_home).ok()
    session("rewind", "s", "1", env=other_home).ok()
    assert run("s", "print(x)", env=other_home).ok().out == "[1]\n"
    assert run("s", "print(x)").ok().out == "[1]\n"


def test_an_imported_session_rests_on_no_template(exported, run, session, other_home, in_own_home, tmp_path):
    session("import", exported, env=other_home).ok()
    templates = tmp_path / "other" / "templates"
    templates.unlink()
    templates.mkdir(mode=0o700)
    assert run("s", "print(f())", env=other_home).ok().out == "1000\n"
    in_own_home("store", "gc", env=other_home).ok()
    assert run("s", "print(f())", env=other_home).ok().out == "1000\n"
    assert "0 damaged" in in_own_home("store", "check", env=other_home).ok().out


def test_an_earlier_revision_can_be_exported(run, session, other_home, tmp_path):
    for n in (1, 2):
        run("s", f"x = {n}").ok()
    session("checkpoint", "s", "end").ok()
    for where, value in (("1", "1"), ("end", "2")):
        session("export", "s", tmp_path / "file", "--revision", where).ok()
        session("import", tmp_path / "file", "--name", f"at-{where}", env=other_home).ok()
        assert run(f"at-{where}", "print(x)", env=other_home).ok().out == value + "\n"
    for where in ("0", "9", "nope"):
        assert session("export", "s", tmp_path / "none", "--revision", where).code == 125
    assert not (tmp_path / "none").exists()


def test_it_goes_through_pipes(run, session, other_home, exported):
    out = session("export", "s", "-").ok()
    assert out.stdout[:8] == b"SKRYEXP\0" and "session s, revision 2" in out.err
    session("import", "-", "--name", "piped", stdin=out.stdout, env=other_home).ok()
    assert run("piped", "print(f())", env=other_home).ok().out == "1000\n"


def test_json_says_what_was_written_and_read(exported, session, tmp_path):
    done = json.loads(session("export", "s", tmp_path / "again", "--json").ok().out)
    assert (done["session"], done["revision"], done["bytes"]) == ("s", 2, (tmp_path / "again").stat().st_size)
    assert done["memory_bytes"] > done["bytes"] > 1_000_000 and len(done["module_sha256"]) == 64
    done = json.loads(session("import", exported, "--name", "t", "--json").ok().out)
    assert (done["session"], done["revision"]) == ("t", 1)
    failed = session("import", exported, "--name", "t", "--json")
    assert "already" in json.loads(failed.out)["error"]


def test_a_name_that_is_taken_says_what_to_do(exported, session, run):
    done = session("import", exported)
    assert done.code == 125 and 'there is a session "s" already; `--name OTHER`' in done.err
    assert session("import", exported, "--name", "../t").code == 125
    session("import", exported, "--name", "t").ok()
    assert run("t", "print(f())").ok().out == run("s", "print(f())").ok().out


def test_an_existing_file_is_replaced_whole(exported, session):
    exported.write_bytes(b"old")
    session("export", "s", exported).ok()
    assert exported.read_bytes()[:8] == b"SKRYEXP\0"
    done = session("export", "s", exported.parent / "missing" / "file")
    assert done.code == 125 and "No such file" in done.err


def changed(file, change):
    """The export with its manifest changed, compressed and signed again."""
    manifest, pages = parts_of(file)
    return export_file(change(manifest), pages)


def without(manifest, number):
    return b"".join(whole for each, whole, _ in fields_of(manifest) if each != number)


# What is wrong with a file, and what is said about it.
BAD = {
    "empty": (lambda file: b"", "it is something else"),
    "another format": (lambda file: b"PK\x03\x04" + file, "it is something else"),
    "cut off in the header": (lambda file: file[:40], "it is cut off"),
    "cut off": (lambda file: file[: len(file) // 2], "its checksum is wrong: it was changed, damaged or cut off"),
    "one byte short": (lambda file: file[:-1], "its checksum is wrong"),
    "one byte long": (lambda file: file + b"x", "its checksum is wrong"),
    "a flipped bit": (lambda file: file[:5000] + bytes([file[5000] ^ 1]) + file[5001:], "its checksum is wrong"),
    "a foreign version": (lambda file: with_header(file, version=3), "format 3, this program reads up to 2"),
    "claims 100 GB": (lambda file: with_header(file, pages_size=100 << 30), "claims more than an export may hold"),
    "claims a manifest of 4 GB": (lambda file: with_header(file, manifest_size=0xFFFFFFFF), "claims more than an export may hold"),
    "claims 4 GB": (lambda file: with_header(file, pages_size=65535 * 65536), "its pages are not as many as it says"),
    "nonsense that is signed": (lambda file: with_header(file[:32] + b"\xFF" * (len(file) - 32)), "the compressed part is none"),
    "a million runs": (lambda file: export_file(b"\x4a\x00" * (1 << 20)), 'the message has "runs" more often than is allowed'),
    "a thousand facts": (lambda file: changed(file, lambda manifest: manifest + field(5, b"") * 1000), '"facts" more often than is allowed'),
    "a large fact": (lambda file: changed(file, lambda manifest: manifest + field(5, field(1, b"k" * 257))), '"key" longer than 256 bytes'),
    "two host states": (lambda file: changed(file, lambda manifest: manifest + field(7, b"")), '"host_state" twice in one message'),
}


@pytest.mark.parametrize("change, said", BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_and_told(exported, session, tmp_path, change, said):
    bad = tmp_path / "bad"
    bad.write_bytes(change(exported.read_bytes()))
    for done in (session("import", bad, "--name", "t"), session("import", "-", "--name", "t", stdin=bad.read_bytes())):
        assert done.code == 125 and said in done.err, done.err
        assert done.err.startswith(("skerry: " + str(bad), "skerry: -: "))
    assert session("info", "t").code == 125


@pytest.mark.parametrize("file", ["missing", "."])
def test_a_file_that_cannot_be_read_is_told(session, file, home):
    done = session("import", file)
    assert done.code == 125 and done.err.startswith(f"skerry: {file}: ")


def test_an_export_of_another_runtime_is_refused_by_name(exported, session, tmp_path):
    def other_module(manifest):
        module = re.search(rb"\x1a\x40([0-9a-f]{64})", manifest)
        return manifest[: module.start(1)] + b"e" * 64 + manifest[module.end(1) :]

    bad = tmp_path / "bad"
    bad.write_bytes(changed(exported.read_bytes(), other_module))
    done = session("import", bad, "--name", "t")
    assert done.code == 125 and "made with another runtime, module " + "e" * 64 in done.err


def test_host_state_that_is_none_is_refused(exported, session, tmp_path):
    bad = tmp_path / "bad"
    bad.write_bytes(changed(exported.read_bytes(), lambda manifest: without(manifest, 7) + field(7, b"\xff\xff\xff")))
    done = session("import", bad, "--name", "t")
    assert done.code == 125 and "its files and descriptors" in done.err


def test_a_file_of_the_first_version_is_read(exported, run, session, other_home, tmp_path):
    manifest, pages = parts_of(exported.read_bytes())
    old = tmp_path / "old"
    old.write_bytes(export_file(first_version(manifest), pages, version=1))
    session("import", old, env=other_home).ok()
    assert run("s", "print(f(), open('/tmp/note').read())", env=other_home).ok().out == "1000 kept\n"
    for cut, said in ((40, "it is cut off"), (len(old.read_bytes()) // 2, "it is cut off: ")):
        (tmp_path / "bad").write_bytes(old.read_bytes()[:cut])
        done = session("import", tmp_path / "bad", "--name", "t")
        assert done.code == 125 and said in done.err


def test_an_import_takes_no_facts(exported, run, session, own_home, tmp_path):
    for i in range(3):
        other = tmp_path / f"other{i}"
        other.write_bytes(changed(exported.read_bytes(), lambda manifest: manifest + field(5, field(1, b"fact") + field(2, b"%d" % i * 200))))
        session("import", other, "--name", f"t{i}").ok()
        assert run(f"t{i}", "print(f())").ok().out == "1000\n"
    # The template that `s` began on, and one base for all imports, whatever their facts were.
    assert len(list((own_home / "store" / "templates").iterdir())) == 2


def test_a_killed_export_or_import_leaves_nothing(exported, run, session, binary, environment, own_home, tmp_path):
    run("s", "a = np.random.default_rng(1).integers(0, 256, 40_000_000, dtype=np.uint8)").ok()
    expected = run("s", "print(len(a), f())").ok().out
    session("export", "s", tmp_path / "big").ok()
    target = tmp_path / "target"
    target.mkdir()
    for attempt in range(8):
        for command in (["export", "s", str(target / "file")], ["import", str(tmp_path / "big"), "--name", f"t{attempt}"]):
            process = subprocess.Popen([binary, "session", *command], env={**environment, "SKERRY_HOME": str(own_home)},
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.02 + 0.04 * attempt)
            process.send_signal(signal.SIGKILL)
            process.wait(5)
    for name in os.listdir(target):  # an export that counts is whole
        if not name.startswith(".tmp-"):
            session("import", target / name, "--name", "whole").ok()
    listed = [each["name"] for each in json.loads(session("list", "--json").ok().out)["sessions"]]
    for name in listed:
        assert run(name, "print(len(a), f())").ok().out == expected


def test_a_damaged_session_is_not_exported(run, session, own_home, tmp_path):
    run("s", "x = 1").ok()
    (revision,) = (own_home / "store" / "revisions").iterdir()
    with open(revision, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\xAA")
    done = session("export", "s", tmp_path / "file")
    assert done.code == 125 and revision.name in done.err
    assert not (tmp_path / "file").exists() and not temporary_files(tmp_path / "home")
