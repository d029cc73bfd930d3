# SPDX-License-Identifier: Apache-2.0
"""A small shell for commands of models. **It runs in the sandbox**: `deepagents` sends this file's text there. It starts no program, as there
are none: `python3` and the commands of `_guest_commands` are functions in one interpreter.

Not here: functions, loops, substitutions, jobs. Commands of a pipeline run one after the other, and each is given all that the last one wrote."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import glob
import io
import linecache
import os
import re
import runpy
import sys
import threading
import traceback
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

COMMANDS: dict[str, Callable[[list[str]], int]] = {}
PYTHON = re.compile(r"(/usr(/local)?/bin/)?python3?(\.\d+)?")
KEYWORDS = frozenset("if then else elif fi for while until do done case esac function select { } [[ time coproc".split())
OPERATORS = re.compile(r"&&|\|\||;|\||\n|\d?(?:<<<|<<-|<<|>>|>&|<&|>\||>|<)|&>>|&>|&|\(|\)")
VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*|[?#@*0-9$!])|\{([A-Za-z_]\w*|\?)\})")
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=", re.ASCII)


class Refused(Exception):
    """The command line has what this shell has not, or cannot be read."""


class Exit(Exception):
    """`exit`, or a failure under `set -e`."""


# --------------------------------------------------------------------------------------------------------------- reading


@dataclass
class Word:
    """Parts in order: `plain` text, in which patterns count; `quoted` text, in which they do not; the name of a `variable`, or of a `quoted
    variable`."""

    parts: list[tuple[str, str]] = field(default_factory=list)

    def add(self, kind: str, text: str) -> None:
        if self.parts and self.parts[-1][0] == kind and "variable" not in kind:
            text = self.parts.pop()[1] + text
        self.parts.append((kind, text))

    @property
    def text(self) -> str:
        """As it is written, without its quotes."""
        return "".join(f"${text}" if "variable" in kind else text for kind, text in self.parts)


@dataclass
class Redirect:
    operator: str
    stream: int
    """What is given another place: 0, 1 or 2; 3 is both outputs."""
    word: Word


@dataclass
class Command:
    assignments: list[tuple[str, Word]] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)


@dataclass
class Pipeline:
    joint: str
    """What stands in front: `&&`, `||`, or `;`."""
    commands: list[Command] = field(default_factory=lambda: [Command()])
    is_negated: bool = False


class Reader:
    """Reads a command line: what is in it, before anything of it is done."""

    def __init__(self, text: str):
        self._text = text.replace("\\\r\n", "\\\n").replace("\r\n", "\n")
        self._at = 0
        self._documents: list[tuple[Redirect, Word]] = []

    def pipelines(self) -> list[Pipeline]:
        """Raises Refused."""
        done: list[Pipeline] = [Pipeline(";")]
        while (token := self._next()) is not None:
            last = done[-1]
            command = last.commands[-1]
            is_empty = not (command.words or command.assignments or command.redirects)
            if isinstance(token, Word):
                self._take(token, last)
            elif token in ("\n", ";") and is_empty and len(last.commands) == 1 and last.joint == ";":
                continue
            elif token == "\n" and is_empty:  # a line may end behind an operator
                continue
            elif token in ("&&", "||", ";", "\n"):
                _refuse_if(is_empty, f"syntax error near {token!r}")
                done.append(Pipeline(";" if token == "\n" else token))
            elif token == "|":
                _refuse_if(is_empty, "syntax error near '|'")
                last.commands.append(Command())
            elif token in ("&", "(", ")"):
                raise Refused(f"{token!r} is not available: no jobs in the background, no subshells")
            else:
                command.redirects.append(self._redirect(token))
        last = done[-1]
        if not (last.commands[-1].words or last.commands[-1].assignments or last.commands[-1].redirects):
            _refuse_if(last.joint != ";" or len(last.commands) > 1 or last.is_negated, "syntax error: something is missing at the end")
            done.pop()
        _refuse_if(bool(self._documents), "a here-document has no text")
        return done

    def _take(self, word: Word, pipeline: Pipeline) -> None:
        command = pipeline.commands[-1]
        kind, text = word.parts[0] if word.parts else ("quoted", "")
        is_first = not command.words and kind == "plain"
        if is_first and (match := ASSIGNMENT.match(text)):
            command.assignments.append((match[1], Word([("plain", text[match.end() :]), *word.parts[1:]])))
        elif is_first and len(word.parts) == 1 and text == "!" and len(pipeline.commands) == 1 and not command.assignments:
            pipeline.is_negated = not pipeline.is_negated
        elif is_first and len(word.parts) == 1 and text in KEYWORDS:
            raise Refused(f"{text!r} is not available: write it in Python, as in python3 - <<'EOF'")
        else:
            command.words.append(word)

    def _redirect(self, token: str) -> Redirect:
        operator = token.lstrip("0123456789")
        number = token[: len(token) - len(operator)]
        target = self._next()
        if not isinstance(target, Word):
            raise Refused(f"syntax error: {token!r} needs a word behind it")
        if operator in ("&>", "&>>"):
            return Redirect(operator[1:], 3, target)
        stream = int(number) if number else 0 if operator[0] == "<" else 1
        _refuse_if(stream > 2 or (operator[0] == "<") != (stream == 0), f"{token!r} is not available: streams are 0, 1 and 2")
        redirect = Redirect(operator, stream, target)
        if operator in ("<<", "<<-"):
            self._documents.append((redirect, target))
        return redirect

    def _next(self) -> Word | str | None:
        text = self._text
        while self._at < len(text) and (text[self._at] in " \t" or text.startswith("\\\n", self._at)):
            self._at += 1 if text[self._at] != "\\" else 2
        if text.startswith("#", self._at):
            self._at = (text + "\n").index("\n", self._at)
        if self._at >= len(text):
            return None
        if match := OPERATORS.match(text, self._at):
            self._at = match.end()
            if match[0] == "\n":
                self._read_documents()
            return match[0]
        return self._word()

    def _word(self) -> Word:
        word = Word()
        text = self._text
        while self._at < len(text) and text[self._at] not in " \t\n;|&<>()":
            character = text[self._at]
            if character == "'":
                end = text.find("'", self._at + 1)
                _refuse_if(end < 0, "a quote (') is not closed")
                word.add("quoted", text[self._at + 1 : end])
                self._at = end + 1
            elif character == '"':
                self._at = self._in_double_quotes(word, self._at + 1)
            elif character == "\\":
                if text[self._at + 1 : self._at + 2] != "\n":
                    word.add("quoted", text[self._at + 1 : self._at + 2])
                self._at += 2
            elif character in "$`":
                self._at = _variable(text, self._at, word, "variable", "plain")
            else:
                word.add("plain", character)
                self._at += 1
        return word

    def _in_double_quotes(self, word: Word, at: int) -> int:
        text = self._text
        word.add("quoted", "")
        while at < len(text) and text[at] != '"':
            at = _expandable(text, at, word, '$`"\\\n')
        _refuse_if(at >= len(text), 'a quote (") is not closed')
        return at + 1

    def _read_documents(self) -> None:
        """What stands below a line that ends in `<<EOF`: its redirect's word becomes the text."""
        for redirect, delimiter in self._documents:
            end, lines = delimiter.text, []
            while True:
                _refuse_if(self._at >= len(self._text), f"a here-document does not end: a line {end!r} is missing")
                line, _, _ = self._text[self._at :].partition("\n")
                self._at += len(line) + 1
                if redirect.operator == "<<-":
                    line = line.lstrip("\t")
                if line == end:
                    break
                lines.append(line + "\n")
            body, at = Word([("quoted", "")]), 0
            text = "".join(lines)
            if all(kind == "plain" for kind, _ in delimiter.parts):
                while at < len(text):
                    at = _expandable(text, at, body, "$`\\\n")
            else:
                body.add("quoted", text)
            redirect.word, redirect.operator = body, "<<"
        self._documents.clear()


def _refuse_if(is_wrong: bool, message: str) -> None:
    if is_wrong:
        raise Refused(message)


def _expandable(text: str, at: int, word: Word, escapable: str) -> int:
    """Reads one character where variables count and patterns do not: where it goes on."""
    if text[at] == "\\" and at + 1 < len(text) and text[at + 1] in escapable:
        word.add("quoted", "" if text[at + 1] == "\n" else text[at + 1])
        return at + 2
    if text[at] in "$`":
        return _variable(text, at, word, "quoted variable", "quoted")
    word.add("quoted", text[at])
    return at + 1


def _variable(text: str, at: int, word: Word, kind: str, literal: str) -> int:
    if match := VARIABLE.match(text, at):
        word.add(kind, match[1] or match[2])
        return match.end()
    _refuse_if(text[at] == "`" or text[at : at + 2] in ("$(", "${", "$'"), f"{text[at : at + 2]!r} is not available: of substitutions there is $NAME alone")
    word.add(literal, "$")
    return at + 1


# ----------------------------------------------------------------------------------------------------------------- doing


def run(line: str) -> int:
    """Runs a command line in a shell of its own: its exit code. The directory and the variables are afterwards as they were."""
    cwd, environ = os.getcwd(), dict(os.environ)
    try:
        return Shell().run(line)
    finally:
        _restore(cwd, environ)


class Shell:
    """What one shell knows between its commands."""

    def __init__(self) -> None:
        self.code = 0
        self.options: set[str] = set()
        """Of `set`: `errexit`, `nounset`, `pipefail`."""

    def run(self, line: str) -> int:
        try:
            pipelines = Reader(line).pipelines()
            for index, pipeline in enumerate(pipelines):
                if (pipeline.joint == "&&" and self.code) or (pipeline.joint == "||" and not self.code):
                    continue
                self.code = self._pipeline(pipeline)
                is_asked = pipeline.is_negated or (index + 1 < len(pipelines) and pipelines[index + 1].joint != ";")
                if self.code and "errexit" in self.options and not is_asked:
                    break
        except Refused as refused:
            _say(f"shell: {refused}")
            self.code = 2
        except Exit as end:
            self.code = end.args[0]
        return self.code

    def _pipeline(self, pipeline: Pipeline) -> int:
        codes, given = [], None
        for index, command in enumerate(pipeline.commands):
            is_last = index + 1 == len(pipeline.commands)
            output = None if is_last else _stream(io.BytesIO())
            with contextlib.ExitStack() as stack:
                if given is not None:
                    stack.enter_context(_replaced("stdin", _stream(io.BytesIO(given))))
                if output is not None:
                    stack.enter_context(_replaced("stdout", output))
                codes.append(self._command(command))
            given = b"" if output is None else _content(output)
        code = codes[-1]
        if "pipefail" in self.options:
            code = next((each for each in reversed(codes) if each), 0)
        return int(not code) if pipeline.is_negated else code

    def _command(self, command: Command) -> int:
        with contextlib.ExitStack() as stack:
            try:
                words = [text for word in command.words for text in self._expanded(word)]
                for redirect in command.redirects:
                    self._redirect(redirect, stack)
            except OSError as error:
                _say(f"shell: {error.filename}: {error.strerror}")
                return 1
            values = {name: "".join(self._pieces(word)) for name, word in command.assignments}
            if not words:
                os.environ.update(values)
                return 0
            before = dict(os.environ)
            os.environ.update(values)
            try:
                return self._call(words[0], words[1:])
            finally:
                for name in values:  # they are that command's alone
                    _set(name, before.get(name))
                _flush()

    def _call(self, name: str, arguments: list[str]) -> int:
        if PYTHON.fullmatch(name):
            return python(arguments)
        if name in ("exit", "set"):
            return self._exit(arguments) if name == "exit" else self._set_options(arguments)
        called = COMMANDS.get(name.removeprefix("/usr").removeprefix("/bin/"))
        if called is None:
            _say(f"{name}: not available in this sandbox, which has no programs and no shell of an operating system. There are: python3 "
                 f"(-c CODE, FILE, -m MODULE, - <<'EOF'), {', '.join(sorted(COMMANDS))}, exit, set; and | && || ; > >> < 2>&1 <<. Do the rest in Python.")
            return 127
        try:
            return called(arguments)
        except OSError as error:
            _say(f"{name}: {error.filename or ''}: {error.strerror or error}")
        except ValueError as error:
            _say(f"{name}: {error}")
            return 2
        return 1

    def _exit(self, arguments: list[str]) -> int:
        raise Exit(int(arguments[0]) & 0xFF if arguments and arguments[0].isdigit() else self.code)

    def _set_options(self, arguments: list[str]) -> int:
        names = {"e": "errexit", "u": "nounset"}
        waiting = list(arguments)
        while waiting:
            flags = waiting.pop(0)
            for flag in flags[1:]:
                name = waiting.pop(0) if flag == "o" and waiting else names.get(flag, flag)
                if flags[0] not in "-+" or name not in ("errexit", "nounset", "pipefail"):
                    raise Refused(f"set {flags}: there are -e, -u and -o pipefail")
                (self.options.add if flags[0] == "-" else self.options.discard)(name)
        return 0

    def _redirect(self, redirect: Redirect, stack: contextlib.ExitStack) -> None:
        names = {0: ["stdin"], 1: ["stdout"], 2: ["stderr"], 3: ["stdout", "stderr"]}[redirect.stream]
        text = "".join(self._pieces(redirect.word))
        if redirect.operator in ("<<", "<<<"):
            made = _stream(io.BytesIO((text + "\n" * (redirect.operator == "<<<")).encode("utf-8", "surrogateescape")))
        elif redirect.operator in (">&", "<&"):
            _refuse_if(text not in ("1", "2") or redirect.stream == 0, f"{redirect.operator}{text} is not available: there are 2>&1 and 1>&2")
            made = sys.stdout if text == "1" else sys.stderr  # type: ignore[assignment]
        elif text == "/dev/null":
            made = _stream(io.BytesIO())
        else:
            mode = {"<": "rb", ">": "wb", ">|": "wb", ">>": "ab"}[redirect.operator]
            made = _stream(stack.enter_context(open(text, mode)))
        for name in names:
            stack.enter_context(_replaced(name, made))

    def _expanded(self, word: Word) -> list[str]:
        """The words that it becomes: variables have their values, a pattern the names that it fits."""
        pieces: list[list[tuple[str, str]]] = [[]]
        for kind, text in word.parts:
            value = self._value(text) if "variable" in kind else text
            if kind == "variable":
                first, *rest = re.split(r"[ \t\n]+", value)
                pieces[-1].append(("plain", first))
                pieces += [[("plain", each)] for each in rest]
            else:
                pieces[-1].append(("quoted" if "quoted" in kind else kind, value))
        done = []
        for piece in pieces:
            literal = "".join(text for _, text in piece)
            if any(kind == "plain" and re.search(r"[*?[]", text) for kind, text in piece):
                pattern = "".join(text if kind == "plain" else glob.escape(text) for kind, text in piece)
                done += sorted(glob.glob(pattern)) or [literal]
            elif literal or any(kind == "quoted" for kind, _ in piece):
                done.append(re.sub(r"^~(?=/|$)", os.environ.get("HOME", "/"), literal) if piece[0][0] == "plain" else literal)
        return done

    def _pieces(self, word: Word) -> Iterator[str]:
        for kind, text in word.parts:
            yield self._value(text) if "variable" in kind else text

    def _value(self, name: str) -> str:
        if name == "?":
            return str(self.code)
        if name in os.environ:
            return os.environ[name]
        if name == "PWD":
            return os.getcwd()
        _refuse_if("nounset" in self.options, f"{name}: unbound variable")
        return "0" if name == "#" else ""


def _restore(cwd: str, environ: dict[str, str]) -> None:
    with contextlib.suppress(OSError):  # it may have been removed
        os.chdir(cwd)
    for name in environ.keys() | os.environ.keys():
        _set(name, environ.get(name))


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stream(raw: Any) -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, "utf-8", "surrogateescape", newline="\n", write_through=True)


class _Lent(io.RawIOBase):
    """A stream that stays open when a program closes what it was given."""

    def __init__(self, owner: BinaryIO):
        self._owner = owner

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._owner.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        size = self._owner.write(data)
        self._owner.flush()
        return size

    def fileno(self) -> int:
        return self._owner.fileno()


def _content(stream: io.TextIOWrapper) -> bytes:
    try:
        stream.flush()
        return stream.buffer.getvalue()  # type: ignore[attr-defined, no-any-return]
    except ValueError:  # the program closed it
        return b""


@contextlib.contextmanager
def _replaced(name: str, stream: object) -> Iterator[None]:
    before = getattr(sys, name)
    setattr(sys, name, stream)
    try:
        yield
    finally:
        _flush()
        setattr(sys, name, before)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # a program may have closed it, or put something else there
            stream.flush()


# ---------------------------------------------------------------------------------------------------------------- python


def python(arguments: list[str]) -> int:
    """`python3`: a program with its own `__main__`, arguments, directory and environment. Libraries that it imports stay loaded; modules in
    files of the session are forgotten, so that the next program sees them as they are then."""
    rest = list(arguments)
    while rest and re.fullmatch(r"-[uBEIsSqOb]+|-[XW]", rest[0]):
        if rest.pop(0) in ("-X", "-W") and rest:
            rest.pop(0)
    first = rest[0] if rest else "-"
    if first in ("-V", "--version"):
        print("Python", sys.version.split()[0])
        return 0
    if first in ("-c", "-m"):
        if len(rest) < 2:
            _say(f"python3: {first} needs something behind it")
            return 2
        if first == "-m":
            return _module(rest[1], rest[1:])
        return _program(rest[1], "<string>", ["-c", *rest[2:]])
    if first == "-":
        return _program(sys.stdin.read(), "<stdin>", ["-", *rest[1:]])
    if first.startswith("-"):
        _say(f"python3: {first}: there are -c CODE, -m MODULE, FILE, and - for standard input")
        return 2
    try:
        with open(os.path.join(first, "__main__.py") if os.path.isdir(first) else first, "rb") as file:
            source = file.read()
    except OSError as error:
        _say(f"python3: can't open file {first!r}: [Errno {error.errno}] {error.strerror}")
        return 2
    return _program(source, os.path.abspath(first), rest, first)


def _program(source: str | bytes, name: str, arguments: list[str], path: str | None = None) -> int:
    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = builtins
    if path is not None:
        main.__file__ = name
    elif isinstance(source, str):  # so that tracebacks have its lines
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)

    def run() -> None:
        sys.modules["__main__"] = main
        exec(compile(source, name, "exec", dont_inherit=True), main.__dict__)

    return _as_process(run, arguments, "" if path is None else os.path.dirname(name))


def _module(name: str, arguments: list[str]) -> int:
    known = sys.modules.pop(name, None)  # or a warning says that it has been imported
    try:
        return _as_process(lambda: runpy.run_module(name, run_name="__main__", alter_sys=True), arguments, "")
    finally:
        if known is not None:
            sys.modules[name] = known


def _as_process(run: Callable[[], object], arguments: list[str], directory: str) -> int:
    """Its exit code. What a process of its own would have had for itself is as before."""
    main, argv, path, cwd, environ = sys.modules["__main__"], sys.argv, sys.path[:], os.getcwd(), dict(os.environ)
    known, threads, handlers = set(sys.modules), set(threading.enumerate()), atexit._ncallbacks()
    streams = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = _stream(io.BufferedReader(_Lent(sys.stdin.buffer)))
    sys.stdout, sys.stderr = _stream(_Lent(sys.stdout.buffer)), _stream(_Lent(sys.stderr.buffer))
    sys.argv, sys.path[:1] = list(arguments), [directory]
    try:
        code = _code_of(run)
        for thread in set(threading.enumerate()) - threads:
            if not thread.daemon:
                thread.join()
        if atexit._ncallbacks() != handlers:
            atexit._run_exitfuncs()
        return code
    finally:
        _flush()
        sys.stdin, sys.stdout, sys.stderr = streams
        sys.modules["__main__"], sys.argv, sys.path[:] = main, argv, path
        _restore(cwd, environ)
        for name in set(sys.modules) - known:
            if not str(getattr(sys.modules[name], "__file__", None) or "/usr/").startswith("/usr/"):
                del sys.modules[name]


def _code_of(run: Callable[[], object]) -> int:
    try:
        run()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        _say(str(end.code))
        return 1
    except BaseException as error:
        _report(error)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _report(error: BaseException) -> None:
    """The traceback from the program's own first frame on; with the runtime's hint, where it has one."""
    trace = error.__traceback__
    while trace is not None and (trace.tb_frame.f_globals is globals() or trace.tb_frame.f_code.co_filename == "<frozen runpy>"):
        trace = trace.tb_next
    try:
        from _skerry_report import report  # type: ignore[import-not-found]
    except ImportError:
        traceback.print_exception(type(error), error, trace)
    else:
        report(error, trace)
