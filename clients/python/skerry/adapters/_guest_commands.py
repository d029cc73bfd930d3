# SPDX-License-Identifier: Apache-2.0
"""What `_guest_shell` calls by name, and like it **runs in the sandbox**: the part of each command that models use, with its messages."""

from __future__ import annotations

import errno
import fnmatch
import io
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ._guest_shell import COMMANDS, run


def command(*names: str) -> Callable[[Callable[[list[str]], int]], Callable[[list[str]], int]]:
    def register(function: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
        COMMANDS.update(dict.fromkeys(names, function))
        return function

    return register


def options(given: list[str], flags: str, valued: str = "", long: dict[str, str] | None = None) -> tuple[dict[str, Any], list[str]]:
    """Options by their letter, and what else there is. Raises ValueError for one that is not known."""
    found: dict[str, Any] = {}
    rest: list[str] = []
    waiting = list(given)
    while waiting:
        each = waiting.pop(0)
        if each == "--":
            rest += waiting
            break
        if each.startswith("--"):
            name, _, value = each.partition("=")
            letter = (long or {}).get(name)
            if letter is None:
                raise ValueError(f"there is no option {name} here")
            found.setdefault(letter, []).append(value)
        elif each[:1] != "-" or len(each) < 2:
            rest.append(each)
        else:
            letters = each[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in valued:
                    if not letters and not waiting:
                        raise ValueError(f"option -{letter} needs a value")
                    found.setdefault(letter, []).append(letters or waiting.pop(0))
                    letters = ""
                elif letter in flags:
                    found[letter] = True
                else:
                    known = " ".join(f"-{one}" for one in flags + valued)
                    raise ValueError(f"there is no option -{letter} here; there are {known}")
    return found, rest


def write(data: bytes | str) -> None:
    """To standard output, as it is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


def fail(name: str, path: str, error: OSError | str) -> int:
    print(f"{name}: {path}: {error if isinstance(error, str) else error.strerror}", file=sys.stderr, flush=True)
    return 1


def contents(name: str, paths: list[str]) -> Iterator[tuple[str, bytes | None]]:
    """Of each file, or of standard input; None for one that cannot be read, which has been said."""
    for path in paths or ["-"]:
        try:
            if path == "-":
                yield path, sys.stdin.buffer.read()
            else:
                with open(path, "rb") as file:
                    yield path, file.read()
        except OSError as error:
            fail(name, path, error)
            yield path, None


def lines_of(data: bytes) -> list[bytes]:
    """Each with its end, which is a line feed and nothing else; the last one may have none."""
    return io.BytesIO(data).readlines()


def each_path(name: str, paths: Iterable[str], do: Callable[[str], object]) -> int:
    code = 0
    for path in paths:
        try:
            do(path)
        except OSError as error:
            code = fail(name, path, error)
    return code


# ------------------------------------------------------------------------------------------------------- shell's own


@command("true", ":")
def true(_: list[str]) -> int:
    return 0


@command("false")
def false(_: list[str]) -> int:
    return 1


@command("pwd")
def pwd(_: list[str]) -> int:
    write(os.getcwd() + "\n")
    return 0


@command("cd")
def cd(given: list[str]) -> int:
    os.chdir(given[0] if given else os.environ.get("HOME", "/"))
    return 0


@command("export")
def export(given: list[str]) -> int:
    for each in given:
        name, is_set, value = each.partition("=")
        if not name.isidentifier():
            raise ValueError(f"{each!r} is no name")
        if is_set:
            os.environ[name] = value
    return 0


@command("env", "printenv")
def env(given: list[str]) -> int:
    if given:
        write("".join(f"{os.environ[name]}\n" for name in given if name in os.environ))
        return int(any(name not in os.environ for name in given))
    write("".join(f"{name}={value}\n" for name, value in os.environ.items()))
    return 0


@command("sh", "bash")
def sh(given: list[str]) -> int:
    rest = list(given)
    is_text = False
    while rest and rest[0].startswith("-") and len(rest[0]) > 1:
        is_text = is_text or "c" in rest[0]
        if not set(rest[0][1:]) <= set("celux"):
            raise ValueError(f"there is no option {rest[0]} here; there is -c")
        rest.pop(0)
    if is_text:
        return run(rest[0] if rest else "")
    if not rest:
        return run(sys.stdin.read())
    with open(rest[0], encoding="utf-8", errors="surrogateescape") as file:
        return run(file.read())


@command("echo")
def echo(given: list[str]) -> int:
    flags = ""
    rest = list(given)
    while rest and re.fullmatch("-[neE]+", rest[0]):
        flags += rest.pop(0)[1:]
    text = " ".join(rest)
    write((unescaped(text) if "e" in flags else text) + "\n" * ("n" not in flags))
    return 0


def unescaped(text: str) -> str:
    known = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}
    return re.sub(r"\\([ntr\\0abfve])", lambda match: known[match[1]], text)


@command("printf")
def printf(given: list[str]) -> int:
    if not given:
        raise ValueError("there is no format")
    form, values = unescaped(given[0]), given[1:]
    conversion = r"%[-+ 0-9.]*[sdiufgexXoc]"
    unknown = re.search(rf"%(?!%)(?!{conversion[1:]}).{{0,2}}", form.replace("%%", ""))
    if unknown:
        raise ValueError(f"there is no conversion {unknown[0]} here")
    wanted = len(re.findall(conversion, form.replace("%%", "")))
    while True:
        taken, values = values[:wanted], values[wanted:]
        taken += [""] * (wanted - len(taken))
        rest = iter(taken)

        def one(match: re.Match[str], rest: Iterator[str] = rest) -> str:
            if match[0] == "%%":
                return "%"
            value, kind = next(rest), match[0][-1]
            if kind == "c":
                return value[:1]
            return match[0] % (int(value or "0", 0) if kind in "diuxXo" else float(value or 0) if kind in "fge" else value)

        write(re.sub(f"%%|{conversion}", one, form))
        if not values or not wanted:
            return 0


@command("test", "[")
def test(given: list[str]) -> int:
    words = [each for each in given if each != "]"]
    is_negated = words[:1] == ["!"] and len(words) > 1
    words = words[is_negated:]
    unary: dict[str, Callable[[str], object]] = {
        "-e": os.path.exists, "-f": os.path.isfile, "-d": os.path.isdir, "-L": os.path.islink, "-h": os.path.islink, "-r": os.path.exists,
        "-w": os.path.exists, "-s": lambda path: os.path.exists(path) and os.path.getsize(path), "-n": bool, "-z": lambda text: not text,
    }
    binary: dict[str, Callable[[Any, Any], bool]] = {
        "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b, "-le": lambda a, b: a <= b,
        "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b,
    }
    if len(words) <= 1:
        holds = bool(words and words[0])
    elif len(words) == 2 and words[0] in unary:
        holds = bool(unary[words[0]](words[1]))
    elif len(words) == 3 and words[1] in ("=", "==", "!="):
        holds = (words[0] == words[2]) == (words[1] != "!=")
    elif len(words) == 3 and words[1] in binary:
        holds = binary[words[1]](int(words[0]), int(words[2]))
    else:
        raise ValueError(f"{' '.join(given)}: there are {' '.join(unary)} = != {' '.join(binary)} and !")
    return int(holds == is_negated)


# ------------------------------------------------------------------------------------------------------------- files


@command("ls")
def ls(given: list[str]) -> int:
    chosen, paths = options(given, "1aAlRhdt")
    code = 0
    files: list[str] = []
    directories: list[str] = []
    for path in paths or ["."]:
        if not os.path.lexists(path):
            code = 2 * fail("ls", f"cannot access {path!r}", "No such file or directory")
        elif os.path.isdir(path) and "d" not in chosen:
            directories.append(path)
        else:
            files.append(path)
    write("".join(_line_of(path, path, chosen) for path in sorted(files)))
    is_titled = "R" in chosen or len(paths) > 1
    for index, top in enumerate(directories):
        for folder, below, _ in os.walk(top):
            below.sort()
            write("\n" * bool(files or index or folder != top) + f"{folder}:\n" if is_titled else "")
            names = sorted(name for name in os.listdir(folder) if chosen.keys() & {"a", "A"} or not name.startswith("."))
            if "t" in chosen:
                names.sort(key=lambda name: -os.lstat(os.path.join(folder, name)).st_mtime)
            names = [".", ".."] * ("a" in chosen) + names
            write("".join(_line_of(os.path.join(folder, name), name, chosen) for name in names))
            if "R" not in chosen:
                break
    return code


def _line_of(path: str, name: str, chosen: dict[str, Any]) -> str:
    if "l" not in chosen:
        return name + "\n"
    told = os.lstat(path)
    when = time.strftime("%b %d %H:%M", time.gmtime(told.st_mtime))
    return f"{stat.filemode(told.st_mode)} {told.st_nlink} {told.st_size:>8} {when} {name}\n"


@command("cat")
def cat(given: list[str]) -> int:
    chosen, paths = options(given, "n")
    read = [data for _, data in contents("cat", paths)]
    joined = b"".join(data for data in read if data is not None)
    write(b"".join(b"%6d\t%s" % each for each in enumerate(lines_of(joined), 1)) if "n" in chosen else joined)
    return int(None in read)


@command("mkdir")
def mkdir(given: list[str]) -> int:
    chosen, paths = options(given, "p", long={"--parents": "p"})
    return each_path("mkdir", paths, lambda path: os.makedirs(path, exist_ok=True) if "p" in chosen else os.mkdir(path))


@command("touch")
def touch(given: list[str]) -> int:
    def do(path: str) -> None:
        with open(path, "ab"):
            os.utime(path)

    return each_path("touch", options(given, "")[1], do)


@command("rm")
def rm(given: list[str]) -> int:
    chosen, paths = options(given, "rRfdv", long={"--recursive": "r", "--force": "f"})

    def do(path: str) -> None:
        if os.path.isdir(path) and not os.path.islink(path):
            if chosen.keys() & {"r", "R"}:
                shutil.rmtree(path)
            elif "d" in chosen:
                os.rmdir(path)
            else:
                raise OSError(21, "Is a directory", path)
        elif os.path.lexists(path) or "f" not in chosen:
            os.remove(path)

    return each_path("rm", paths, do)


@command("rmdir")
def rmdir(given: list[str]) -> int:
    return each_path("rmdir", options(given, "")[1], os.rmdir)


@command("mv")
def mv(given: list[str]) -> int:
    chosen, paths = options(given, "fn")

    def do(source: str, target: str) -> None:
        if "n" in chosen and os.path.lexists(target):
            return
        try:
            os.rename(source, target)  # onto a file, or a directory that is empty
        except OSError as error:
            if error.errno != errno.EXDEV or os.path.isdir(target):
                raise
            shutil.move(source, target)

    return _to_target("mv", paths, do)


@command("cp")
def cp(given: list[str]) -> int:
    chosen, paths = options(given, "rRapf")
    is_deep = bool(chosen.keys() & {"r", "R", "a"})

    def do(source: str, target: str) -> None:
        if not os.path.isdir(source) or (is_deep and os.path.islink(source)):
            if os.path.isdir(target):
                raise OSError(errno.EISDIR, "a directory of that name is in the target")
            shutil.copy2(source, target, follow_symlinks=not is_deep)
        elif not is_deep:
            raise OSError(errno.EISDIR, "-r is missing: it is a directory")
        elif f"{os.path.realpath(target)}/".startswith(f"{os.path.realpath(source)}/"):
            raise OSError(errno.EINVAL, "a directory cannot be copied into itself")
        else:
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)

    return _to_target("cp", paths, do)


def _to_target(name: str, paths: list[str], do: Callable[[str, str], None]) -> int:
    if len(paths) < 2:
        raise ValueError("a source and a target are wanted")
    *sources, target = paths
    if len(sources) > 1 and not os.path.isdir(target):
        return fail(name, target, "Not a directory")

    def one(source: str) -> None:
        if not os.path.lexists(source):
            raise OSError(2, "No such file or directory", source)
        place = os.path.join(target, os.path.basename(source.rstrip("/"))) if os.path.isdir(target) else target
        if os.path.abspath(source) == os.path.abspath(place):
            raise OSError(22, "source and target are the same file", source)
        do(source, place)

    return each_path(name, sources, one)


@command("find")
def find(given: list[str]) -> int:
    tops = [each for each in given[: next((i for i, each in enumerate(given) if each[:1] in "-!("), len(given))]]
    waiting = given[len(tops) :]
    tests: list[Callable[[str], bool]] = []
    deepest = sys.maxsize
    while waiting:
        name = waiting.pop(0)
        if name == "-print":
            continue
        if name not in ("-name", "-iname", "-path", "-type", "-maxdepth") or not waiting:
            raise ValueError(f"{name}: there are -name, -iname, -path, -type f|d|l and -maxdepth, each with a value")
        value = waiting.pop(0)
        if name == "-maxdepth":
            deepest = int(value)
        else:
            tests.append(_test_of(name, value))
    code = 0
    for top in tops or ["."]:
        if not os.path.lexists(top):
            code = fail("find", top, "No such file or directory")
            continue
        for path in _below(top, deepest):
            if all(holds(path) for holds in tests):
                write(path + "\n")
    return code


def _test_of(name: str, value: str) -> Callable[[str], bool]:
    if name == "-type":
        kinds: dict[str, Callable[[str], bool]] = {"f": lambda path: os.path.isfile(path) and not os.path.islink(path),
                                                   "d": lambda path: os.path.isdir(path) and not os.path.islink(path), "l": os.path.islink}
        if value not in kinds:
            raise ValueError(f"-type {value}: there are f, d and l")
        return kinds[value]
    if name == "-path":
        return lambda path: fnmatch.fnmatchcase(path, value)
    if name == "-iname":
        return lambda path: fnmatch.fnmatchcase(os.path.basename(path).lower(), value.lower())
    return lambda path: fnmatch.fnmatchcase(os.path.basename(path), value)


def _below(path: str, deepest: int) -> Iterator[str]:
    yield path
    if deepest > 0 and os.path.isdir(path) and not os.path.islink(path):
        for name in sorted(os.listdir(path)):
            yield from _below(os.path.join(path, name), deepest - 1)


# -------------------------------------------------------------------------------------------------------------- text


@command("head")
def head(given: list[str]) -> int:
    return _end_of("head", given, lambda items, count, _: items[:count])


@command("tail")
def tail(given: list[str]) -> int:
    return _end_of("tail", given, lambda items, count, is_from: items[count - 1 :] if is_from else items[max(0, len(items) - count) :])


def _end_of(name: str, given: list[str], cut: Callable[[Any, int, bool], Any]) -> int:
    chosen, paths = options([f"-n{each[1:]}" if re.fullmatch(r"-\d+", each) else each for each in given], "q", "nc")
    letter = "c" if "c" in chosen else "n"
    wanted = chosen.get(letter, ["10"])[-1]
    if not re.fullmatch(r"\+?\d+", wanted):
        raise ValueError(f"invalid number: {wanted!r}")
    code = 0
    for index, (path, data) in enumerate(contents(name, paths)):
        if data is None:
            code = 1
            continue
        if len(paths) > 1 and "q" not in chosen:
            write("\n" * bool(index) + f"==> {path} <==\n")
        count, is_from = max(1, int(wanted)) if wanted[0] == "+" else int(wanted), wanted[0] == "+"
        write(cut(data, count, is_from) if letter == "c" else b"".join(cut(lines_of(data), count, is_from)))
    return code


@command("wc")
def wc(given: list[str]) -> int:
    chosen, paths = options(given, "lwcm")
    shown = [letter for letter in "lwmc" if letter in chosen] or list("lwc")
    code, totals = 0, [0] * len(shown)
    measures: dict[str, Callable[[bytes], int]] = {"l": lambda data: data.count(b"\n"), "w": lambda data: len(data.split()), "c": len,
                                                   "m": lambda data: len(data.decode("utf-8", "replace"))}
    for path, data in contents("wc", paths):
        if data is None:
            code = 1
            continue
        counts = [measures[letter](data) for letter in shown]
        totals = [total + count for total, count in zip(totals, counts)]
        write(" ".join([*map(str, counts), *[path] * bool(paths)]) + "\n")
    if len(paths) > 1:
        write(" ".join([*map(str, totals), "total"]) + "\n")
    return code


@command("sort")
def sort(given: list[str]) -> int:
    """2 where a file could not be read."""
    chosen, paths = options(given, "nru")
    read = [data for _, data in contents("sort", paths)]
    if None in read:
        return 2
    lines = [line.removesuffix(b"\n") for data in read if data is not None for line in lines_of(data)]

    def number(line: bytes) -> float:
        match = re.match(rb"[ \t]*(-?(?:\d+\.?\d*|\.\d+))", line)
        return float(match[1]) if match else 0.0

    if "u" in chosen:  # the first of those that are equal
        equal = {number(line) if "n" in chosen else line: line for line in reversed(lines)}
        lines = list(equal.values())
    lines.sort(key=lambda line: (number(line), line) if "n" in chosen else (0.0, line), reverse="r" in chosen)
    write(b"".join(line + b"\n" for line in lines))
    return 0


@command("grep")
def grep(given: list[str]) -> int:
    """2 where a file could not be read, else 1 where nothing was found."""
    chosen, rest = options(given, "inrRvclEFwoqshHx", "emABC", {"--include": "I", "--recursive": "r", "--ignore-case": "i", "--line-number": "n"})
    if chosen.keys() & {"A", "B", "C"}:
        raise ValueError("-A, -B and -C are not here: -n tells the lines, head and tail show them")
    patterns = chosen.get("e") or [rest.pop(0)] if rest or "e" in chosen else []
    if not patterns:
        raise ValueError("there is no pattern")
    try:
        search = _expression("|".join(f"(?:{_regular(pattern, chosen)})" for pattern in patterns), chosen)
    except re.error as error:
        raise ValueError(f"{patterns[0]!r}: {error}") from error
    is_deep = bool(chosen.keys() & {"r", "R"})
    paths = [path for top in rest or ["."] for path in _files_in(top, chosen.get("I"))] if is_deep else rest
    is_named = "h" not in chosen and ("H" in chosen or is_deep or len(paths) > 1)
    found, code = 0, 0
    for path, data in contents("grep", paths) if paths or not is_deep else ():
        if data is None:
            code = 2
            continue
        found += _grep_in(path if is_named else "", path, data, search, chosen)
    return code or int(not found)


def _regular(pattern: str, chosen: dict[str, Any]) -> str:
    """The pattern as Python has it: in basic ones, a backslash makes `+ ? | ( ) { }` special, not plain."""
    if "F" in chosen:
        return re.escape(pattern)
    pattern = re.sub(r"\[:(\w+):\]", lambda match: {"space": r"\s", "digit": r"\d", "alpha": "a-zA-Z", "alnum": "a-zA-Z0-9"}.get(match[1], match[0]), pattern)
    if "E" in chosen:
        return pattern
    return re.sub(r"(\\?)([+?|(){}])|\\.", lambda match: match[0] if match[2] is None else match[2] if match[1] else "\\" + match[2], pattern)


def _expression(pattern: str, chosen: dict[str, Any]) -> re.Pattern[str]:
    pattern = rf"(?<!\w)(?:{pattern})(?!\w)" if "w" in chosen else rf"^(?:{pattern})$" if "x" in chosen else pattern
    return re.compile(pattern, re.IGNORECASE if "i" in chosen else 0)


def _files_in(top: str, included: list[str] | None) -> Iterator[str]:
    if not os.path.isdir(top):
        yield top
    for folder, below, names in os.walk(top):
        below.sort()
        for name in sorted(names):
            if not included or any(fnmatch.fnmatchcase(name, pattern.strip("'\"")) for pattern in included):
                yield os.path.join(folder, name)


def _grep_in(prefix: str, path: str, data: bytes, search: re.Pattern[str], chosen: dict[str, Any]) -> int:
    """How many lines were found; prints them."""
    most = int(chosen["m"][-1]) if "m" in chosen else sys.maxsize
    lines, found = [], 0
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n") if data else [], 1):
        if found >= most:
            break
        if bool(search.search(line)) != ("v" in chosen):
            found += 1
            head = (f"{prefix}:" if prefix else "") + (f"{number}:" if "n" in chosen else "")
            lines += [head + match[0] for match in search.finditer(line) if match[0]] if "o" in chosen and "v" not in chosen else [head + line]
    if "q" in chosen:
        return found
    if "l" in chosen:
        lines = [path] if found else []
    elif "c" in chosen:
        lines = [(f"{prefix}:" if prefix else "") + str(found)]
    elif b"\0" in data[:8192] and lines:
        lines = [f"Binary file {path} matches"]
    write("".join(line + "\n" for line in lines))
    return found
