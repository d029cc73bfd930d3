# SPDX-License-Identifier: Apache-2.0
"""Little programs of every kind do what CPython on this machine makes of them: what they print, how they end, what their last expression
is worth and where exceptions come from. Cut anywhere into runs of a session, they do the same.

The programs are in programs/, a file for each subject. SKERRY_CUTS=N cuts them elsewhere, SKERRY_PROGRAMS=tables/ takes those whose
names begin so."""

import ast
import concurrent.futures
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import textwrap

import pytest

from conftest import ROOT, mount_namespace_command
from test_http import Http

PROGRAMS = pathlib.Path(__file__).parent / "programs"
CUTS = int(os.environ.get("SKERRY_CUTS", "1"))

# What differs and is to: the program, and what docs/differences.md says of it. A program that no longer differs may not be here.
BITS = "The guest is a machine of 32 bits"
DIGITS = "in the last digit"
DIFFERENCES = {
    "arrays/numbers to the last digit": DIGITS,
    "concurrency/a program that asyncio starts": "There are no other programs",
    "dates/name of the zone of gmtime": "`time.gmtime` calls its zone UTC",
    "files/subprocess": "There are no other programs",
    "formats/registered csv dialects": "All packages have been imported",
    "library/a command by os.system": "There are no other programs",
    "library/hashing with scrypt": "`hashlib.scrypt`",
    "library/ctypes sizes": "`ctypes` is not there",
    "library/platform names": "`sys.platform`, `os.uname` and `platform` name this machine",
    "numbers/a hash partitioner": BITS,
    "numbers/functions to the last digit": DIGITS,
    "numbers/hashes of numbers": BITS,
    "numbers/itertools beyond 32 bits": BITS,
    "numbers/length of a large range": BITS,
    "numbers/machine sizes": BITS,
    "numbers/repeat beyond memory": BITS,
    "numbers/sequence too long": BITS,
    "tables/memory of a frame": BITS,
}

# The judge's packages, and a /tmp of its own: the script comes through a descriptor that outlives the other /tmp.
IN_OWN_TMP = """exec 3<"$1"; mount --bind "$2" /mnt
for there in /tmp /srv /media; do mount -t tmpfs -o mode=1777 none $there; done
exec /mnt/bin/python -I -c 'import sys; exec(compile(open(3).read(), "native", "exec"), {"__name__": "native"})'"""
ENVIRONMENT = {"HOME": "/tmp", "LANG": "C.UTF-8", "PATH": os.environ["PATH"], "MPLBACKEND": "Agg", "TZ": "UTC"}

FRAME = re.compile(r'[ |]*File "(.*)", line (\d+)(?:, in (.+))?')
WARNING = re.compile(r"(<string>|/media/program.py):(\d+): ")


def programs(begin=os.environ.get("SKERRY_PROGRAMS", "")):
    """(name, code, whether it is run whole) of each program, in a list."""
    found = []
    for path in sorted(PROGRAMS.glob("*.py")):
        for part in path.read_text().split("\n#%% ")[1:]:
            title, code = part.split("\n", 1)
            name = f"{path.stem}/{title.removesuffix(' (whole)')}"
            if name.startswith(begin):
                found.append((name, code.strip("\n") + "\n", title.endswith(" (whole)")))
    return found


def shape_of(stderr, file):
    """Standard error without what depends on where a program lies and on the version of CPython: of tracebacks the frames of the
    program, without sources and carets; code that it makes has the same name, and no source."""
    shape, in_frame, lines = [], False, stderr.splitlines()
    for line, following in zip(lines, [*lines[1:], ""]):
        depth = len(line) - len(line.lstrip(" |"))
        if match := FRAME.match(line):
            in_frame = depth
            if match[1] == file and not FRAME.match(following) and following.startswith(line[:depth] + "  "):
                shape.append(f"line {match[2]} in {match[3] or '<module>'}")
        elif in_frame is False or depth < in_frame + 2:
            match = WARNING.match(line)
            in_frame = 0 if match else False
            shape.append(f"line {match[2]}: {line[match.end():]}" if match else line.rstrip())
    return shape


def seen_of(report):
    """What is compared of a run in the sandbox, as the judge would tell it."""
    exception, stderr = report["exception"], report["stderr"]
    if exception:
        stderr = stderr.removesuffix(f"hint: {exception['hint']}\n")
        exception = {"type": exception["type"], "message": exception["message"],
                     "lines": [[f["line"], f["function"]] for f in exception["frames"] if f["file"] == "<string>" and f["source"]]}
    return {"stdout": report["stdout"], "stderr": shape_of(stderr, "<string>"), "exit_code": report["exit_code"], "result": report["result"],
            "exception": exception}


def pieces_of(code, cuts):
    """The program in two to four, cut between statements of its top level."""
    lines = code.splitlines(True)
    starts = {min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))]) for node in ast.parse(code).body}
    ends = {node.end_lineno for node in ast.parse(code).body}
    places = sorted((starts - ends) - {min(starts)})
    chosen = sorted(cuts.sample(places, min(len(places), cuts.randint(1, 3))))
    return ["".join(lines[a - 1:b - 1]) for a, b in zip([1, *chosen], [*chosen, len(lines) + 1])]


def run_in_session(client, session, pieces):
    """The runs together, as far as a script would have come."""
    stdout = ""
    for piece in pieces:
        report = client.post("/v1/run", code=piece, session=session)
        stdout += report["stdout"]
        if report["exit_code"] != 0:
            break
    exception = report["exception"]
    return {"stdout": stdout, "exit_code": report["exit_code"], "result": report["result"],
            "exception": exception and {key: exception[key] for key in ("type", "message")}}


def differences(seen, meant):
    """A line for each part that differs, with the first place where it does."""
    for part in seen:
        ours, theirs = seen[part], meant[part]
        if ours != theirs:
            if isinstance(ours, str) and isinstance(theirs, str):
                ours, theirs = ours.splitlines(), theirs.splitlines()
            if isinstance(ours, list) and isinstance(theirs, list):
                at = next((n for n, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), min(len(ours), len(theirs)))
                ours, theirs = ours[at:at + 3], theirs[at:at + 3]
            yield f"  {part}: {ours!r}\n  natively {theirs!r}"


@pytest.fixture
def natively():
    """natively(CODE, WHOLE): what CPython here makes of a program. Where it is whole, its end is an interpreter's."""
    pytest.importorskip("pandas", minversion="3.0")
    command = [*mount_namespace_command(), "sh", "-euc", IN_OWN_TMP, "sh", PROGRAMS.parent / "native_programs.py", sys.prefix]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True) as judge:
        def run(*program):
            judge.stdin.write(json.dumps(program) + "\n")
            judge.stdin.flush()
            return json.loads(judge.stdout.readline())

        yield run


def found_of(address, natively, name, code, is_whole):
    """How the program differs in a fresh sandbox, or else in a session."""
    client, meant = Http(address), natively.result()
    meant = {**meant, "stderr": shape_of(meant["stderr"], "/media/program.py")}
    found = list(differences(seen_of(client.post("/v1/run", code=code)), meant))
    if found or is_whole:
        return found
    pieces = pieces_of(code, random.Random(f"{CUTS} {name}"))
    exception = meant["exception"] and {key: meant["exception"][key] for key in ("type", "message")}
    found = list(differences(run_in_session(client, re.sub(r"\W", "-", name), pieces), {**meant, "exception": exception}))
    if found:
        found.append(f"  cut with SKERRY_CUTS={CUTS} into\n" + "  ---- a run:\n".join(textwrap.indent(piece, "  | ") for piece in pieces))
    return found


@pytest.mark.timeout(180)
def test_programs_do_what_they_do_natively(serve, natively, tmp_path):
    # A thousand sessions on two busy cores: how long a handler takes is other tests' to watch.
    (tmp_path / "calm.yaml").write_text("service:\n  loop_handler_alarm_ms: 1000\n")
    service = serve(env={"CONFIG_PATH": str(tmp_path / "calm.yaml")})
    wrong = []
    # The judge works in a thread of its own, ahead of what is compared.
    with concurrent.futures.ThreadPoolExecutor(1) as judge, concurrent.futures.ThreadPoolExecutor(2) as guests:
        asked = [(name, guests.submit(found_of, service.http, judge.submit(natively, code, is_whole), name, code, is_whole))
                 for name, code, is_whole in programs()]
        for name, found in asked:
            found = found.result()
            if name in DIFFERENCES:
                found = [] if found else ["  no longer differs: take it from DIFFERENCES"]
            if found:
                wrong += [name, *found]
    assert not wrong, "\n".join(wrong)


def test_what_differs_is_documented():
    document = " ".join((ROOT / "docs/differences.md").read_text().split())
    names = [name for name, *_ in programs("")]
    assert len(names) == len(set(names)) >= 400
    assert set(DIFFERENCES) <= set(names)
    assert [reason for reason in DIFFERENCES.values() if reason not in document] == []
