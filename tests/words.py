#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses words in the code for which there is a standard term, uses of the standard library for which there is something
that is checked, and a language's name where no language is known: that belongs in skerry/runtime/ and the configuration.

In tests it refuses to sleep, too, but for the sleeps that are listed. Prints each as file:line, with the reason, and ends with 1 if
there was any.

    tests/words.py [SOURCE_DIRECTORY]
"""

import re
import sys
from pathlib import Path

# An identifier, or a part of one, and what it is called here.
WORDS = {
    r"k(Most|Longest|Largest)([A-Z]\w*)?": "kMax...",
    r"\w*Setting": "Options",
    r"setting_": "options_",
    r"\w*(Output|Text)Seen": "OutputCallback, TextCallback",
    r"\w*Door": "HostCallHandler",
    r"Desk|Seats?": "FreshSandboxes, SessionSandboxes",
    r"Wish": "ControlRequest",
    r"World": "RunEnvironment",
    r"Origins?": "LoadedImage, ImageCatalog",
    r"Place": "Location, ResolvedPath, PreparedFile, by what it is",
    r"ModelShare": "ModelUsage",
    r"std::(mutex|lock_guard|unique_lock|scoped_lock)": "loop::Mutex, loop::MutexLock, which Clang checks",
}
# Where such a word stands all the same.
ALLOWED = {"skerry/loop/mutex.h": r"std::(mutex|unique_lock)"}
# A test that sleeps is slow, and too quick on a busy machine: poll until what it waits for is so, or date back what should be old.
# Those that remain, how many in each file, and why.
SLEEP = re.compile(r"(?<![.>])\b(sleep_for|sleep_until|usleep|nanosleep)\(")
SLEEPS = {
    "skerry/access/audit_log_test.cc": 2,  # lines come apart, each written before the next; polls a pipe
    "skerry/app/output_queue_test.cc": 1,  # a reader that is late
    "skerry/bench/bench_directory_test.cc": 3,  # polls twice; that a directory stays
    "skerry/broker/test_zygote.cc": 1,  # polls
    "skerry/jail/limited_process_test.cc": 1,  # a thread that must exist
    "skerry/loop/lag_meter_test.cc": 1,  # a handler that waits: what is measured
    "skerry/store/directory_store_test.cc": 1,  # until a process is killed, at any instant
    "skerry/worker/events/event_receiver_test.cc": 2,  # what passes is what is counted, by the system's clock
    "skerry/worker/run_process_test.cc": 2,  # a reader and a guest that are late
}
PATTERN = re.compile("|".join(rf"(?P<w{n}>\b(?:{word})\b)" for n, word in enumerate(WORDS)))
TERMS = list(WORDS.values())

# What names a language, in code and in texts; comments may.
LANGUAGE = re.compile(r"\w*python\w*|\b_skerry\w*\.", re.IGNORECASE)
COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//.*')
LANGUAGE_FOLDERS = {"runtime", "config"}
# Who may name one all the same, and why.
LANGUAGE_FILES = {
    # Names of Shannon's tools, which its clients send and read.
    "access/principal.h": "the permission to run has the tool's name",
    "agent/agent.cc": "calls the tool",
    "agent/conversation.cc": "tells a model of the tool",
    "app/service.cc": "adds the tools",
    "app/service_main.cc": "the option for python_wasi_runner",
    "bench/service/service_measurement.cc": "calls the tool",
    "mcp/run_tool.cc": "the tool that models know by that name",
    "mcp/server.cc": "tells models of the tool",
    "tool/modules/module_source.cc": "names Shannon's variable",
    "files/media_type.cc": "MIME types of files",
    "tool/python_executor.cc": "the tool",
    "tool/python_executor.h": "the tool",
    "tool/modules/python_wasi_runner.cc": "the tool, for interpreters that callers bring",
    "tool/modules/python_wasi_runner.h": "the tool, for interpreters that callers bring",
    "tool/result_cache.cc": "tools whose results may be kept",
    "tool/runs.cc": "runs count as calls of the tool",
    "tool/session_tools.cc": "the tools' tags",
    # As Shannon does it.
    "agent/direct_code.cc": "finds a program in a query",
    # Texts for people, who run nothing else yet.
    "api/run_routes.cc": "the route's summary",
    "app/main.cc": "help",
    "app/commands/run_command.cc": "help",
    "app/run_options.cc": "help",
    "app/commands/setup_command.cc": "help",
    "app/commands/template_command.cc": "help",
    # Compares with the machine's own interpreter.
    "bench/measurement.cc": "the bench cpu",
    "bench/measurement_report.cc": "the bench cpu",
    "bench/native_python.cc": "the bench cpu",
    "bench/native_python.h": "the bench cpu",
    "bench/peers_program.cc": "the bench peers",
}


def is_test(file):
    return file.stem.endswith(("_test", "_fuzz")) or file.stem.startswith("test_")


def languages_named(root):
    """Where a language is named that should not be known, and exceptions that are none any more."""
    unused = set(LANGUAGE_FILES)
    for file in sorted(p for p in (root / "skerry").rglob("*") if p.suffix in {".h", ".cc"} and not is_test(p)):
        name = file.relative_to(root / "skerry")
        if name.parts[0] in LANGUAGE_FOLDERS:
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = LANGUAGE.search(COMMENT.sub(lambda comment: comment.group(1) or "", line))
            if match and str(name) in LANGUAGE_FILES:
                unused.discard(str(name))
            elif match:
                yield f'skerry/{name}:{number}: "{match.group()}" names a language: that is for skerry/runtime and the configuration'
    yield from (f"tests/words.py: skerry/{name} names no language: strike it from LANGUAGE_FILES" for name in sorted(unused))


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    found = 0
    for file in sorted(p for p in (root / "skerry").rglob("*") if p.suffix in {".h", ".cc"}):
        name = file.relative_to(root)
        for number, line in enumerate(file.read_text().splitlines(), 1):
            for match in PATTERN.finditer(line):
                if re.fullmatch(ALLOWED.get(str(name), "-"), match.group()):
                    continue
                found += 1
                print(f'{name}:{number}: "{match.group()}" is called {TERMS[int(match.lastgroup[1:])]}')
        is_for_tests = name.stem.endswith("_test") or name.stem.startswith("test_")
        sleeps = [n for n, line in enumerate(file.read_text().splitlines(), 1) if SLEEP.search(line)] if is_for_tests else []
        if len(sleeps) > SLEEPS.get(str(name), 0):
            found += 1
            print(f"{name}:{sleeps[-1]}: a test that sleeps: poll, date back, or say in tests/words.py why not")
    for breach in languages_named(root):
        found += 1
        print(breach)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
