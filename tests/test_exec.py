# SPDX-License-Identifier: Apache-2.0
"""`skerry exec`: strangers' modules on the command line, with the streams and directories of whoever runs them."""

import json
import os
import subprocess
import time

import pytest

WASI = "wasi_snapshot_preview1"
IMPORTS = f"""(import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "{WASI}" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "{WASI}" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "{WASI}" "proc_exit" (func $exit (param i32)))"""


def module(body, more=""):
    return f'(module {IMPORTS} (memory (export "memory") 1) {more} (func (export "_start") {body}))'


@pytest.fixture
def execute(skerry, tmp_path):
    """execute(MODULE, *options): `skerry exec` of a module in text or binary form."""

    def run(content, *options, **how):
        path = tmp_path / "module.wasm"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return skerry("exec", *options, path, **how)

    return run


def open_and_list(path):
    """Opens the directory, and writes its listing as it is; the exit code is the first error."""
    return module(
        f"""(local $error i32)
        (local.set $error (call $open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const {len(path)}) (i32.const 2) (i64.const 0x4000) (i64.const 0) (i32.const 0) (i32.const 8)))
        (if (local.get $error) (then (call $exit (local.get $error))))
        (local.set $error (call $readdir (i32.load (i32.const 8)) (i32.const 1024) (i32.const 4096) (i64.const 0) (i32.const 20)))
        (if (local.get $error) (then (call $exit (local.get $error))))
        (i32.store (i32.const 16) (i32.const 1024))
        (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32)))""",
        f'(data (i32.const 64) "{path}")')


def writes(path, text="new"):
    return module(
        f"""(local $error i32)
        (local.set $error (call $open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const {len(path)}) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 8)))
        (if (local.get $error) (then (call $exit (local.get $error))))
        (i32.store (i32.const 16) (i32.const 256)) (i32.store (i32.const 20) (i32.const {len(text)}))
        (call $exit (call $write (i32.load (i32.const 8)) (i32.const 16) (i32.const 1) (i32.const 32)))""",
        f'(data (i32.const 64) "{path}") (data (i32.const 256) "{text}")')


# ------------------------------------------------------------------------------------------- arguments and environment


def strings(kind):
    """Writes the arguments, or the environment, as they lie in memory."""
    return f"""(module (import "{WASI}" "{kind}_sizes_get" (func $sizes (param i32 i32) (result i32))) (import "{WASI}" "{kind}_get" (func $get (param i32 i32) (result i32)))
      (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32))) (memory (export "memory") 1)
      (func (export "_start") (if (call $sizes (i32.const 0) (i32.const 12)) (then unreachable)) (if (call $get (i32.const 1024) (i32.const 4096)) (then unreachable))
        (i32.store (i32.const 8) (i32.const 4096)) (if (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 20)) (then unreachable))))"""


def test_arguments_and_environment_are_what_was_given_and_no_more(skerry, tmp_path):
    (tmp_path / "args.wat").write_text(strings("args"))
    (tmp_path / "environ.wat").write_text(strings("environ"))
    given = ["first", "", 'the "second"', "-3", "--dir", "é\n"]
    name, *arguments = skerry("exec", tmp_path / "args.wat", "--", *given).stdout.decode().split("\0")[:-1]
    assert name.endswith("args.wat") and arguments == given
    assert skerry("exec", tmp_path / "args.wat").stdout.decode().split("\0")[1:] == [""]
    assert skerry("exec", tmp_path / "environ.wat").stdout == b""
    variables = skerry("exec", tmp_path / "environ.wat", "--env", 'A= " =', "--env", "B=a\nb").stdout
    assert sorted(variables.split(b"\0")) == [b"", b'A= " =', b"B=a\nb"]


# ------------------------------------------------------------------------------------------------------------- streams


# Writes "y" for ever, or until it cannot: then its exit code is the error.
YES = module(
    """(local $error i32)
    (loop $more (br_if $more (i32.eqz (local.tee $error (call $write (i32.const STREAM) (i32.const 0) (i32.const 1) (i32.const 32))))))
    (call $exit (local.get $error))""",
    '(data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00") (data (i32.const 16) "y\\0a")')


@pytest.mark.parametrize("stream", [1, 2])
def test_a_reader_that_has_gone_is_the_program_s_to_know(binary, environment, tmp_path, stream):
    (tmp_path / "yes.wat").write_text(YES.replace("STREAM", str(stream)))
    reader, writer = os.pipe()
    begun = time.monotonic()
    ends = {"stdout": writer, "stderr": subprocess.DEVNULL} if stream == 1 else {"stdout": subprocess.DEVNULL, "stderr": writer}
    run = subprocess.Popen([binary, "exec", tmp_path / "yes.wat"], stdin=subprocess.DEVNULL, env=environment, **ends)
    os.close(writer)
    assert os.read(reader, 2) == b"y\n"
    os.close(reader)
    assert run.wait(20) == 64, "pipe"
    assert time.monotonic() - begun < 10


def test_a_stream_that_cannot_be_written_is_an_error_of_ours_and_the_program_s(binary, environment, tmp_path):
    (tmp_path / "yes.wat").write_text(YES.replace("STREAM", "1"))
    with open("/dev/full", "wb") as full:
        run = subprocess.run([binary, "exec", tmp_path / "yes.wat"], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, env=environment, timeout=20)
    assert run.returncode == 125 and b"standard output" in run.stderr


# -------------------------------------------------------------------------------------------------------------- memory


def told(run):
    report = json.loads(run.stdout)
    return report["outcome"], report["exit_code"]


def test_memories_are_bounded_together(execute):
    four = '(module (memory (export "memory") 1) (memory PAGES) (memory PAGES) (func (export "_start") (drop (memory.grow 0 (i32.const 100))) (drop (memory.grow 1 (i32.const GROWTH))) (if (i32.lt_s (memory.grow 2 (i32.const GROWTH)) (i32.const 0)) (then unreachable))))'
    assert told(execute(four.replace("PAGES", "0").replace("GROWTH", "1900"), "--json")) == ("completed", 0)
    report = json.loads(execute(four.replace("PAGES", "0").replace("GROWTH", "2100"), "--json").stdout)
    assert (report["outcome"], report["limit"]["name"], report["limit"]["value"]) == ("out_of_memory", "memory", 256 << 20)
    assert report["usage"]["peak_memory_bytes"] == (1 + 100 + 2100) * 65536, "of all of them"
    declared = execute(four.replace("PAGES", "3000").replace("GROWTH", "0"))
    assert declared.code == 125 and "memory 2 has a minimum of 196608000 bytes, all so far together 393281536 bytes; raise it with --memory MB" in declared.err


def test_a_maximum_is_no_need(execute):
    assert execute('(module (memory 1 65536) (func (export "_start")))').code == 0


def test_only_what_gives_up_for_want_of_memory_died_of_it(execute):
    refused = '(module (memory 1) (func (export "_start") (drop (memory.grow (i32.const 60000))) AFTER))'
    for after, outcome in {
        "unreachable": "out_of_memory",
        "(drop (i32.div_u (i32.const 1) (i32.const 0)))": "trapped",
        "(drop (i32.load (i32.const -4)))": "trapped",
        "(drop (memory.grow (i32.const 1))) unreachable": "trapped",
    }.items():
        assert told(execute(refused.replace("AFTER", after), "--json"))[0] == outcome, after


def test_a_full_heap_of_the_collector_is_out_of_memory(execute):
    fills = """(module (type $list (struct (field (ref null $list)) (field i64)))
      (func (export "_start") (local $all (ref null $list)) (loop $more (local.set $all (struct.new $list (local.get $all) (i64.const 7))) (br $more))))"""
    report = json.loads(execute(fills, "--json", "--memory", "16").stdout)
    assert (report["outcome"], report["limit"]["value"]) == ("out_of_memory", 16 << 20)


# ------------------------------------------------------------------------------------------------------------- modules


def leb(value):
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def section(number, payload):
    return bytes([number]) + leb(len(payload)) + payload


def large(segments, table=0):
    """A command with a table of that size and that many data segments, each a byte and 6 bytes further on."""
    data = b"".join(b"\0\x41" + signed(at * 6) + b"\x0b\x01x" for at in range(segments))
    return (b"\0asm\x01\0\0\0" + section(1, b"\x01\x60\0\0") + section(3, b"\x01\0") + section(4, b"\x01\x70\0" + leb(table)) + section(5, b"\x01\0" + leb(100))
            + section(7, b"\x01\x06_start\0\0") + section(10, b"\x01\x02\0\x0b") + section(11, leb(segments) + data))


def signed(value):
    out = b""
    while value >= 0x40:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def test_programs_of_the_go_toolchain_fit_and_compile_at_once(execute):
    begun = time.monotonic()
    assert execute(large(100_000, table=10_435)).code == 0
    assert time.monotonic() - begun < 5, "joined segments compile at once; 100,000 calls take ten seconds"


@pytest.mark.parametrize("content, option, value, said", [
    (large(1_001), "--max-data-segments", 1_000, "1001 data segments, limit 1000; raise it with --max-data-segments N"),
    (large(0, table=11), "--max-table-elements", 10, "a minimum of 11 elements; raise it with --max-table-elements N"),
    (large(0) + section(0, b"\x01x" + bytes(1 << 20)), "--max-module", 1, "limit 1048576 bytes; raise it with --max-module MB"),
])
def test_what_a_module_declares_has_limits_with_options(execute, content, option, value, said):
    refused = execute(content, option, value)
    assert refused.code == 125 and said in refused.err
    assert execute(content, option, value * 2).code == 0


def test_compiling_has_a_bound_of_its_own(execute):
    slow = b"\0asm\x01\0\0\0" + section(1, b"\x01\x60\0\0") + section(3, leb(199_000) + bytes(199_000)) + section(7, b"\x01\x06_start\0\0") + section(
        10, leb(199_000) + b"\x02\0\x0b" * 199_000)
    refused = execute(slow, "--max-compile", 1)
    assert refused.code == 125 and "1 s of processor time; raise it with --max-compile S" in refused.err


def test_every_unknown_import_is_named(execute):
    said = execute('(module (import "wasi_unstable" "fd_write" (func)) (import "env" "b" (global i32)) (func (export "_start")))').err
    assert 'unknown imports "wasi_unstable"."fd_write" (func), "env"."b" (global); wasi_unstable is WASI before preview 1' in said


def test_a_trap_names_its_function(execute):
    trapped = execute('(module (func $divide (drop (i32.div_u (i32.const 1) (i32.const 0)))) (func (export "_start") (call $divide)))')
    assert trapped.code == 134 and 'integer divide by zero in function "divide" at offset 0x' in trapped.err


# --------------------------------------------------------------------------------------------------------- directories


@pytest.fixture
def host(tmp_path):
    path = tmp_path / "host"
    path.mkdir()
    (path / "a.txt").write_text("old")
    return path


def test_every_directory_lies_below_the_one_that_is_open(execute, host):
    looks = f"""(module (import "{WASI}" "fd_prestat_get" (func $prestat (param i32 i32) (result i32))) (import "{WASI}" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1) (func (export "_start") (if (call $prestat (i32.const 3) (i32.const 0)) (then unreachable))
        (if (i32.ne (i32.load (i32.const 4)) (i32.const 1)) (then unreachable)) (call $exit (call $prestat (i32.const 4) (i32.const 0)))))"""
    assert execute(looks).code == 8, "badf: nothing but the root, which is there for every program"
    assert execute(looks, "--dir", f"{host}::/given").code == 8
    relative = execute(looks, "--dir", f"{host}::given")
    assert relative.code == 125 and "must be an absolute path" in relative.err


def test_a_directory_may_be_the_root(execute, host):
    assert b"a.txt" in execute(open_and_list("."), "--dir", f"{host}::/").stdout
    assert execute(writes("a.txt"), "--dir", f"{host}::/").code == 69, "rofs"
    assert execute(writes("a.txt"), "--dir", f"{host}::/:rw").code == 0
    assert (host / "a.txt").read_text() == "new"


def test_a_directory_may_be_tmp(execute, host):
    assert b"a.txt" in execute(open_and_list("tmp"), "--dir", f"{host}::/tmp").stdout
    assert execute(writes("tmp/b.txt"), "--dir", f"{host}::/tmp").code == 69, "rofs"
    assert execute(writes("tmp/b.txt"), "--dir", f"{host}::/tmp:rw").code == 0
    assert (host / "b.txt").read_text() == "new"


def test_names_that_are_not_utf_8_pass(execute, host):
    (host / "sub").mkdir()
    with open(bytes(host) + b"/sub/bad\xff", "w") as file:
        file.write("kept")
    listed = execute(open_and_list("d/sub"), "--dir", f"{host}::/d:rw")
    assert (listed.code, listed.err) == (0, "") and b"bad\xff" in listed.stdout
    renames = f"""(module (import "{WASI}" "path_rename" (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
      (import "{WASI}" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1) (data (i32.const 0) "d/sub") (data (i32.const 16) "d/new")
      (func (export "_start") (call $exit (call $rename (i32.const 3) (i32.const 0) (i32.const 5) (i32.const 3) (i32.const 16) (i32.const 5)))))"""
    moved = execute(renames, "--dir", f"{host}::/d:rw")
    assert (moved.code, moved.err) == (0, "")
    with open(bytes(host) + b"/new/bad\xff") as file:
        assert file.read() == "kept"


def test_imports_keep_to_the_limit_for_files(execute, host):
    (host / "large").write_bytes(bytes(3 << 20))
    refused = execute(open_and_list("d"), "--dir", f"{host}::/d", "--max-files", "2")
    assert refused.code == 125 and "--max-files MB" in refused.err
    assert execute(open_and_list("d"), "--dir", f"{host}::/d", "--max-files", "4").code == 0
