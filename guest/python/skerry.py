# SPDX-License-Identifier: Apache-2.0
"""Runs one program inside the guest, as `python FILE` would, and tells the host how it ended.

Loaded once, when a template is made; `serve` runs in a sandbox that was just reset to it, so everything here is as it was
then. The runtime's export `turn` hands it a frame: a JSON object, a newline, the program's bytes. The object is left out
when all is as by default: that saves parsing and the pages it would dirty. The exit code is turn's result. What more there is
to tell goes through `_host.call`, never through a stream that the program can write:

    guest -> host  b"d" + JSON    how it ended: exit_code, result, exception
                   b"f"           whether files are open that can be written to: an empty answer for no
                   b"w" + WHAT     in the caller's words, how files, modules or stdin are handed in: skerry_hints.py
"""

import __future__
import ast
import atexit
import builtins
import gc
import json
import keyword
import os
import re
import sys
import time
import types
import warnings

import _host
import _reactor
import _skerry_alarms
import _skerry_await
import _skerry_display
import _skerry_mapping
import _skerry_threads
from _skerry_alarms import fit_signals
from _skerry_await import run_awaiting
from _skerry_charts import fit_charts
from _skerry_display import fit_display, note_result, show_figures, show_result, shown
from _skerry_figures import fit_ticks
from _skerry_fonts import keep_fonts
from _skerry_hints import fit_advice
from _skerry_processes import fit_multiprocessing
from _skerry_report import RESERVE, clean, clip, clip_bytes, lay_in_reserve, name_of, report, type_name, without_us
from _skerry_state import NAMELESS, begin_run, end_run, name_lines, note_state
from _skerry_streams import fit_streams, flush_streams
from _skerry_template import immortalise, tell_new_random_states, tell_random_states, watch_seeds
from _skerry_threading import fit_asyncio, fit_threading

# Of the packages beside the library's archive.
sys.path += ["/usr/local/lib/python315-packages.zip", "/usr/local/lib/python3.15/site-packages"]

# What a result's repr may hold; the host cuts at its own limit, too.
MAX_RESULT = 1 << 20

# As the host gave it: imports put names of their own there.
_ENVIRONMENT = frozenset(os.environ)
# What the template holds before any program; `prepare` fills these in.
_INITIAL_NAMES = frozenset()
_EXIT_HANDLERS = 0
_LOG_HANDLERS = 0
# The future features that earlier runs of a session have imported: as at a prompt, they are its later runs', too.
_features = 0
_FUTURE_FLAGS = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})

# How code ends that drops its last expression's value: it pops it, and returns None.
_DROPPING = compile("_", "", "exec").co_code[-6:]
_RETURN = _DROPPING[-2:]
# What begins a line that may be no expression. `match` and `type` are words of statements only at times.
_STATEMENTS = frozenset({*keyword.kwlist, "match", "type"} - {"None", "True", "False", "lambda", "not", "await", "yield"})
_FIRST_WORD = re.compile(r"\w*")
# What a line that goes on with an earlier one begins with, or one without a statement.
_NO_BEGINNING = frozenset(" \t\f\r\n#)]}'\"\\")
# Further up than this nobody looks for where the last statement begins.
_MAX_TAIL = 200


def _compile(source, text, lines, name, flags):
    """The program's code, and that of its last expression if it ends in one; without the latter, the code returns what the
    last expression does. Parsing first and compiling then would take three times as long, so that the compiled code is asked."""
    code = compile(source, name, "exec", flags, dont_inherit=True)
    # What the compiler decodes itself has columns of its own, and some ends of lines are such to str.splitlines alone.
    if source is text and not flags and len(lines) == text.count("\n") + (text[-1:] != "\n"):
        returning = _returning(code, lines)
        if returning is not None:
            return returning, None
        if _ends_in_statement(lines):
            return code, None
    filters = warnings.filters
    filters.insert(0, ("ignore", None, SyntaxWarning, None, 0))  # they have been shown
    try:
        tree = ast.parse(source, name)
        if not tree.body or not isinstance(tree.body[-1], ast.Expr):
            return code, None
        last = ast.Expression(tree.body.pop().value)
        body = compile(tree, name, "exec", flags, dont_inherit=True)
        flags |= body.co_flags & _FUTURE_FLAGS  # its future imports count for its last line, too
        return body, compile(last, name, "eval", flags=flags, dont_inherit=True)
    finally:
        del filters[0]


def _returning(code, lines):
    """The code, made to return its last expression's value in place of dropping it; None where that is not plain to see. A
    statement in column 0 belongs to no other, and code that ends by dropping a value for one that begins with no statement's
    word is an expression's. Where branches end on their own, there is more than one return."""
    steps = code.co_code
    if not steps.endswith(_DROPPING) or steps[::2].count(_RETURN[0]) != 1:
        return None
    *_, (line, last_line, column, last_column), _, _ = code.co_positions()
    if column != 0 or not 0 < line <= last_line <= len(lines):
        return None
    statement = lines[line - 1 : last_line]
    # An annotation drops a value, too.
    if _FIRST_WORD.match(statement[0])[0] in _STATEMENTS or any(":" in each for each in statement):
        return None
    # The compiler leaves no trace of statements that do nothing.
    rest = [lines[last_line - 1].encode()[last_column:].decode(), *lines[last_line:]]
    if any(each.strip()[:1] not in ("", "#") for each in rest):
        return None
    return code.replace(co_code=steps[: -len(_DROPPING)] + _RETURN + _DROPPING[2:])


def _ends_in_statement(lines):
    """Whether the program ends in a statement that is no expression: False where that would take parsing all of it."""
    for begin in range(len(lines) - 1, max(-1, len(lines) - _MAX_TAIL), -1):
        if lines[begin][0] not in _NO_BEGINNING:
            break
    else:
        return False
    try:
        tail = ast.parse("".join(lines[begin:]))
    except (SyntaxError, ValueError):
        return False
    return bool(tail.body) and not isinstance(tail.body[-1], ast.Expr)


def _text_of(source):
    """The program for the compiler, and for showing its lines: text where it is UTF-8, which compiles in half the time of
    bytes. Bytes where the compiler must look for a coding line, or say what is wrong with them."""
    try:
        text = source.decode()
    except UnicodeDecodeError:
        return source, source.decode("latin-1")
    if text[:1] == "\ufeff":
        return source, text[1:]
    return source if "coding" in text else text, text


def _exit_code(error):
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF if -(1 << 63) <= code < 1 << 63 else 255  # what a C long does not hold is -1
    try:
        print(code, file=sys.stderr)
    except (OSError, ValueError):
        pass
    return 1


def _failed(error, done):
    """Fills `done` for an exception that reached the top."""
    if isinstance(error, SystemExit):
        done["exit_code"] = _exit_code(error)
        return
    done["exit_code"] = 130 if isinstance(error, KeyboardInterrupt) else 1
    try:
        done["exception"] = report(error, without_us(error.__traceback__))
    except BaseException as second:  # the program's own __str__ or stderr failed
        done["exception"] = name_of(error)
        try:
            sys.__stderr__.write(f"{type_name(type(error))} (and reporting it raised {type(second).__name__})\n")
        except BaseException:
            pass


def _tell_result(value, header, done):
    if value is None:
        return
    if header.get("echo"):
        if _skerry_display.wanted == "images" and _skerry_display.show_image(value):
            return
        print(repr(value))
    if _skerry_display.wanted == "all":
        done["result"] = clip_bytes(clean(show_result(value)), MAX_RESULT)
    else:
        if header.get("want_result"):
            done["result"] = clip_bytes(clean(shown(value)), MAX_RESULT)
        note_result(value)
    if type(value) is types.CoroutineType:
        value.close()  # that nobody awaits it is seen in the result


def _flush(done):
    if not flush_streams():
        done.setdefault("exit_code", 120)  # as Python: the output could not be written


def _run_exit_handlers():
    """Those that the program registered, or whose work it made: the template's own have nothing to do otherwise."""
    logging = sys.modules.get("logging")
    if atexit._ncallbacks() != _EXIT_HANDLERS or (logging is not None and len(logging._handlerList) != _LOG_HANDLERS):
        atexit._run_exitfuncs()


def _let_go(names):
    """What the interpreter does to a script's names at its end, so that finalizers run: private ones go first. Imported
    modules alone finalize nothing."""
    made = [n for n in names if n not in _INITIAL_NAMES]
    if all(type(names[n]) is types.ModuleType for n in made):
        return
    made.sort(key=lambda n: n[:1] != "_")
    for name in made:
        names[name] = None
    gc.collect()


def _finish(names, done):
    """What Python does between the last statement and the end: threads, exit handlers, then finalizers."""
    if _skerry_await.runner is not None:
        _skerry_await.close()
    if _skerry_threads.fibers:
        sys.modules["threading"]._shutdown()
    _run_exit_handlers()
    if not _INITIAL_NAMES.issuperset(names):
        _flush(done)  # a finalizer may close what it was written to
        _let_go(names)


def _apply(header):
    _skerry_display.begin(header.get("displays", ""), header.get("sixels", False))
    if header.get("continued"):
        begin_run()
    env = header.get("env")
    if env:
        os.environ.update(env)
        if "TZ" in env:
            time.tzset()
        if "PYTHONPATH" in env:
            sys.path[1:1] = [p for p in env["PYTHONPATH"].split(":") if p]
    sys.argv = header.get("argv") or ["-c"]


def serve(frame):
    global _features
    end = frame.index(b"\n")
    source = frame[end + 1:]
    header = json.loads(frame[:end]) if end else {}
    name = header.get("name", NAMELESS)
    if header:
        if "zero_free_memory" in header:
            gc.collect()
            return 0
    if not RESERVE:
        lay_in_reserve()
    done = {}
    main = sys.modules["__main__"]
    names = main.__dict__
    if header.get("file"):
        names["__file__"] = name
        names["__cached__"] = None
    try:
        if header:
            _apply(header)
        source, text = _text_of(source)
        lines = text.splitlines(True)
        name = name_lines(name, len(source), lines)
        wants_result = header.get("want_result") or header.get("echo")
        awaits = False
        flags = _features
        while True:
            try:
                if wants_result:
                    code, last = _compile(source, text, lines, name, flags)
                else:
                    code, last = compile(source, name, "exec", flags, dont_inherit=True), None
                break
            except SyntaxError:
                if awaits or ("await" not in text and "async" not in text):
                    raise
                awaits = True
                flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    except BaseException as error:
        error.__traceback__ = None
        _failed(error, done)
    else:
        if header.get("continued"):
            _features |= code.co_flags & _FUTURE_FLAGS
        try:
            value = types.FunctionType(code, names)()
            if awaits:
                value = run_awaiting(code, value)
            if last is not None:
                value = types.FunctionType(last, names)()
                if awaits:
                    value = run_awaiting(last, value)
            if wants_result:
                _tell_result(value, header, done)
            value = None  # or it would outlive its names
        except BaseException as error:
            _failed(error, done)
    try:
        if _skerry_display.wanted == "all":
            show_figures()
        if header.get("continued"):
            end_run()
        else:
            _finish(names, done)
    except BaseException as error:
        _failed(error, done)
    if _skerry_threads.alarm is not None:
        _skerry_alarms.disarm()
    if _skerry_mapping.has_lent:
        _skerry_mapping.sync()
    _flush(done)
    if not done:
        return 0
    exit_code = done.get("exit_code", 0)
    if len(done) > ("exit_code" in done):
        _host.call(b"d" + json.dumps(done).encode())
    return exit_code


# Programs may give these names another meaning.
_repr, _type = repr, type


def tell_variables():
    """Prints what programs have assigned: for each name its type, its repr and a digest of its value. Whatever their own
    code does meanwhile is their word, and no reason not to tell of the rest."""
    import hashlib
    import marshal
    import pickle

    def digest(value, depth=0):
        identity = str(id(value))  # an image keeps addresses
        if depth > 3 or isinstance(value, (_type, types.ModuleType)):
            return identity
        try:
            if isinstance(value, types.FunctionType):
                # The second version tells nothing of how often something is referred to.
                parts = [marshal.dumps(value.__code__, 2), pickle.dumps(value.__defaults__)]
                parts += [digest(cell.cell_contents, depth + 1).encode() for cell in value.__closure__ or ()]
                return hashlib.sha256(b"".join(parts)).hexdigest()
            if isinstance(value, types.GeneratorType):
                frame = value.gi_frame
                if frame is None:
                    return identity + " ended"
                inside = [f"{name}={digest(local, depth + 1)}" for name, local in frame.f_locals.items()]
                return f"{identity} {frame.f_lasti} {inside}"
            return hashlib.sha256(pickle.dumps(value)).hexdigest()
        except BaseException:
            return identity

    told = {}
    for name, value in list(sys.modules["__main__"].__dict__.items()):
        if name in _INITIAL_NAMES or not isinstance(name, str) or value is sys.modules["_skerry"]:
            continue
        try:
            text = _repr(value)
        except BaseException as error:
            text = f"<repr raised {_type(error).__name__}>"
        kind = f"{_type(value).__module__}.{_type(value).__qualname__}".removeprefix("builtins.")
        told[clean(name)] = [clip(clean(kind), 200), clip(clean(text), 200), digest(value)]
    sys.__stdout__.write(json.dumps(told))


def _turn(source, environ, _serve=None):
    return _serve(source), False


def prepare():
    """Makes the warm interpreter what a fresh one is, and takes `turn` over."""
    global _RUN_NAMES
    _settle()
    # What a session's runs are called: compiling interns that, and where it is new, writes somewhere in a table of 2 MiB.
    _RUN_NAMES = tuple(sys.intern(f"<run {number}>") for number in range(1, 1001))
    # The reactor keeps hold of its function `turn`, which parses its text, compiles it and shows its value: 100 µs for
    # `serve()`. The same function with our code goes straight there.
    _reactor.turn.__code__ = _turn.__code__
    _reactor.turn.__defaults__ = (serve,)
    fit_streams()
    fit_asyncio()
    fit_threading()
    fit_signals()
    fit_multiprocessing()
    fit_charts()
    fit_ticks()
    fit_display()


def _settle():
    """What is here now is there before any program: a fresh `__main__` and directory, the host's environment, and exit handlers
    that have nothing to do."""
    global _INITIAL_NAMES, _EXIT_HANDLERS, _LOG_HANDLERS
    _EXIT_HANDLERS = atexit._ncallbacks()
    logging = sys.modules.get("logging")
    _LOG_HANDLERS = len(logging._handlerList) if logging is not None else 0
    sys.argv[:] = ["-c"]
    if sys.path[:1] != [""]:
        sys.path.insert(0, "")
    for name in os.environ.keys() - _ENVIRONMENT:
        del os.environ[name]
    os.chdir("/")
    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = main
    _INITIAL_NAMES = frozenset(main.__dict__) | {"__file__", "__cached__"}
    note_state()
    fit_advice()
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None  # made anew from fresh entropy when it is next needed


def freeze():
    """What is there now is there in every run: none of them counts references to it or looks for garbage in it."""
    gc.collect()
    immortalise()
    gc.freeze()


def seal():
    """The last thing before the template is captured."""
    if "matplotlib.pyplot" in sys.modules:
        keep_fonts()
    tell_random_states()
    prepare()
    freeze()


def begin_additions():
    """The first thing when a template becomes another: packages have come that nobody looked for yet."""
    import importlib

    global _seed
    importlib.invalidate_caches()
    _seed = watch_seeds()


def finish_additions():
    """What a program does at its end, but for its exit handlers: in a template they have nothing to do."""
    if _skerry_await.runner is not None:
        _skerry_await.close()
    if _skerry_threads.fibers:
        raise RuntimeError("a thread that was started has not ended: in a template there can be none")
    _let_go(sys.modules["__main__"].__dict__)


def end_additions():
    """The last thing before that is captured. Prints what the one who builds it should know."""
    begin_run()
    for name in tell_new_random_states(_seed):
        print(f"{name} is a random generator of numpy's: every fresh run on this template draws the same numbers from it")
    _settle()
    freeze()
