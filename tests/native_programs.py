# SPDX-License-Identifier: Apache-2.0
"""Runs programs as `python -c` does on this machine, each in a fork of an interpreter that has imported pandas: test_differential.py's judge.

Reads a program per line of standard input, as JSON, and answers each with a line: an object with `stdout`, `stderr`, `exit_code`, `result`
and `exception`, which mean what they mean in a report of `skerry run --json`. /tmp, the programs' directory and the file for them are tmpfs
of the caller's."""

import __future__
import ast
import builtins
import ctypes
import gc
import json
import os
import pathlib
import resource
import shutil
import signal
import sys
import types

import numpy  # noqa: F401
import pandas  # noqa: F401

PROGRAM, DIRECTORY = pathlib.Path("/media/program.py"), "/srv"
TELL = 3  # the child's descriptor for what its streams do not hold
SECONDS = 20
FUTURE = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})


def drop_capabilities():
    """Or modes of files would mean nothing."""
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    ctypes.CDLL(None).capset(header, none)


def type_name(kind):
    return kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"


def of_program(trace):
    """The traceback from the program's first frame on."""
    while trace is not None and trace.tb_frame.f_code.co_filename != str(PROGRAM):
        trace = trace.tb_next
    return trace


def lines_of(trace):
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(PROGRAM):
            yield [trace.tb_lineno, trace.tb_frame.f_code.co_name]
        trace = trace.tb_next


def described(error):
    try:
        message = str(error.msg if isinstance(error, SyntaxError) else error)
    except Exception:
        message = ""
    lines = [*lines_of(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename == str(PROGRAM):
        lines.append([error.lineno, "<module>"])
    return {"type": type_name(type(error)), "message": message, "lines": lines}


def execute(code, is_whole):
    """In the forked child. An interpreter's end touches all that pandas has made, so that only whole programs have it."""
    tell = os.fdopen(TELL, "w")  # before the program's first descriptor
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__builtins__ = builtins
    sys.argv, sys.path[:0] = ["-c"], [""]
    told, status = {}, 0
    try:
        tree = ast.parse(code, PROGRAM)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        body = compile(tree, PROGRAM, "exec", dont_inherit=True)
        exec(body, main.__dict__)
        if last is not None:
            flags = body.co_flags & FUTURE
            value = eval(compile(ast.Expression(last.value), PROGRAM, "eval", flags, dont_inherit=True), main.__dict__)
            told["result"] = None if value is None else repr(value)
            value = None
    except SystemExit:
        raise
    except BaseException as error:
        told["exception"] = described(error)
        error.__traceback__ = of_program(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        status = 130 if isinstance(error, KeyboardInterrupt) else 1
        if is_whole:
            sys.exit(status)
    finally:
        json.dump(told, tell)
        tell.close()
    if not is_whole:
        leave(status)


def leave(status):
    sys.stdout.flush()
    os._exit(status)


def run(code, is_whole):
    PROGRAM.write_text(code)
    kept = [os.memfd_create("kept") for _ in range(3)]
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.chdir(DIRECTORY)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, fd in enumerate([nothing, *kept]):
            os.dup2(fd, number)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        drop_capabilities()
        return execute(code, is_whole)
    _, status = os.waitpid(child, 0)
    try:
        os.killpg(child, signal.SIGKILL)  # what it left running
    except ProcessLookupError:
        pass
    texts = []
    for fd in kept:
        os.lseek(fd, 0, os.SEEK_SET)
        with os.fdopen(fd, "rb") as file:
            texts.append(file.read().decode("utf-8", "replace"))
    for directory in ("/tmp", DIRECTORY):
        for entry in os.scandir(directory):
            shutil.rmtree(entry) if entry.is_dir(follow_symlinks=False) else os.unlink(entry)
    code = os.waitstatus_to_exitcode(status)
    return {"stdout": texts[0], "stderr": texts[1], "exit_code": code if code >= 0 else 128 - code,
            "result": None, "exception": None, **json.loads(texts[2] or "{}")}


def serve():
    """True in the parent, when there are no more programs."""
    answers = os.fdopen(os.dup(1), "w")
    orders = os.fdopen(os.dup(0), "r")
    gc.freeze()
    for line in orders:
        answer = run(*json.loads(line))
        if answer is None:
            return
        print(json.dumps(answer), file=answers, flush=True)


serve()
