# SPDX-License-Identifier: Apache-2.0
"""Threads in an interpreter that is built without them.

A thread is a chain of Python frames in a chunk of memory of its own; the one that waits lets another run (`_switch`). CPython
runs calls from Python to Python in one loop in C, which goes on in the frame that a returning one names as its previous: to
change that word is to change threads. It and what else is a thread's own (`_STATE`) are words of the interpreter's memory,
which `_words` shows. A thread that waits inside a call from C (a `key` of `sorted`) has part of its state on the stack of C:
it goes on when that part is the innermost again, `_Fiber.entry`.

Threads change where one waits, and nowhere else: runs with the same seed do the same.
"""

import _thread
import builtins
import contextvars
import functools
import sys
import time
import traceback
import types
from collections import deque

import _host
from _asyncio import _get_running_loop, _set_running_loop, _swap_current_task

_words = memoryview(bytearray(4 * 77)).cast("I")


def _find_state():
    """The word at which the interpreter keeps its only thread's state. Raises where CPython's structures are not those that
    this file is written for."""
    runtime = int(_host.call(b"t" + id(_words).to_bytes(4, "little")))

    def offset(place):
        return _words[(runtime + 8) // 4 + 2 * place]

    # _Py_DebugOffsets: the size of PyThreadState, its current_frame, datastack_chunk and exc_state; the size of
    # _PyInterpreterFrame, its previous and owner; the code of a code object.
    if [offset(place) for place in (0, 21, 25, 31, 36, 38, 39, 43, 55)] != [0x30F00F0, 736, 56, 160, 176, 44, 4, 38, 128]:
        raise RuntimeError("the threads are not written for this version of CPython")
    interpreter = _words[(runtime + offset(4)) // 4]
    state = _words[(interpreter + offset(8)) // 4] // 4
    context = contextvars.Context()
    known = _words[state + 10] == sys.getrecursionlimit() and _words[state + 23] == 4 * state + 176
    if not known or context.run(lambda: _words[state + 34]) != id(context):
        raise RuntimeError("the threads are not written for this build of CPython")
    return state


_THREAD = _find_state()
_RECURSION = _THREAD + 9  # py_recursion_remaining
_RECURSION_LIMIT = _THREAD + 10
_FRAME = _THREAD + 14  # current_frame
_HANDLED = _THREAD + 23  # exc_info: the innermost of the exceptions that are being handled
_CONTEXT = _THREAD + 34
_CONTEXT_VERSION = _THREAD + 36
_CHUNK = _THREAD + 40  # datastack_chunk: where frames lie, and its top and limit
_TOP = _THREAD + 41
_LIMIT = _THREAD + 42
_OUTERMOST = _THREAD + 44  # exc_state: the outermost of the exceptions that are being handled

_C_STACK = _THREAD + 196  # c_stack_top, c_stack_soft_limit, c_stack_hard_limit


def _deepen_stack():
    """CPython thinks of browsers, and takes 128 KiB for all that C's stack may hold: some 300 calls through C, as of a function with
    `lru_cache`. The module has laid out 16 MiB, and the host's stack (engine::Engine::kGuestStack) is made for more than is used here."""
    top, soft, hard = _words[_C_STACK : _C_STACK + 3]
    if top != 16 << 20 or (top - soft, top - hard) != (112 << 10, 120 << 10):
        raise RuntimeError("the stack is not written for this build of CPython")
    for word in (_C_STACK + 1, _C_STACK + 2):
        _words[word] -= 2 << 20


_deepen_stack()
_sleep_in_c = time.sleep
_monotonic = time.monotonic
_MAIN_IDENT = _thread.get_ident()


class _Fiber:
    """One thread. `frame` is where it goes on, 0 before it has begun; `base` the word that names its first frame's previous;
    `entry` the frame by which C called the part of it that is on C's stack, None if there is none."""

    __slots__ = (
        "args", "base", "context", "daemon", "deadline", "done", "entry", "error", "frame", "function", "ident", "kwargs",
        "loop", "process", "ready", "state", "task", "thread", "waiters",
    )  # fmt: skip

    def __init__(self, ident, function=None, args=(), kwargs=None, daemon=False):
        self.ident = ident
        self.function, self.args, self.kwargs = function, args, kwargs
        self.daemon = daemon
        self.done = self.ready = False
        self.frame = self.base = 0
        self.context = self.deadline = self.entry = self.error = self.loop = self.process = self.task = self.thread = None
        self.waiters = []


main = _Fiber(_MAIN_IDENT)
_current = main
_idents = _MAIN_IDENT
# All that have begun and not ended, without the main one.
fibers = []
_ready = deque()
_timed = []
_spins = 0
# What a signal's timer wants of one who waits: when it goes off, and what is to be called then.
alarm = None
on_alarm = None
_ALARM = object()


def _switch(to):
    """Lets `to` run, and returns when another lets the caller run again. What follows the hop runs with the other's state
    until it has put its own back, and must push no frame before."""
    global _current
    me = _current
    me.frame = _words[_FRAME]
    if to.frame:
        _hop(to)
    else:
        me.state = (
            _words[_CHUNK], _words[_TOP], _words[_LIMIT], _words[_HANDLED], _words[_OUTERMOST], _words[_RECURSION],
            _words[_CONTEXT],
        )  # fmt: skip
        if me.entry is None:
            _words[me.base] = 0
        _words[_TOP] = _words[_LIMIT]  # full: the next frame begins a chunk
        _begin(to)
    left = _current
    left.state = (
        _words[_CHUNK], _words[_TOP], _words[_LIMIT], _words[_HANDLED], _words[_OUTERMOST], _words[_RECURSION],
        _words[_CONTEXT],
    )  # fmt: skip
    if left.entry is None and not left.done:
        _words[left.base] = 0  # nobody may look for a frame that may be gone
    _current = me
    (
        _words[_CHUNK], _words[_TOP], _words[_LIMIT], _words[_HANDLED], _words[_OUTERMOST], _words[_RECURSION],
        _words[_CONTEXT],
    ) = me.state  # fmt: skip
    _words[_CONTEXT_VERSION] += 1  # context variables remember values by it
    _change_owner(left, me)


def _hop(to):
    _words[(_words[_FRAME] >> 2) + 1] = to.frame


def _change_owner(left, me):
    """Changes what asyncio and multiprocessing keep once for the thread, in C or in a global name."""
    left.loop = _get_running_loop()
    if left.loop is not None:
        left.task = _swap_current_task(left.loop, None)
    if left.loop is not me.loop:
        _set_running_loop(me.loop)
    if me.loop is not None and me.task is not None:
        _swap_current_task(me.loop, me.task)
        me.task = None
    if left.process is not me.process:
        on_process(me.process)


def on_process(process):
    """Replaced by the module of processes."""


def _begin(fiber):
    """The first frame of a thread: runs it, then others that have not begun yet, and returns into one that has."""
    global _current
    base = _words[_FRAME] // 4 + 1
    _words[base] = fiber.entry
    while True:
        left, _current = _current, fiber
        fiber.base, fiber.entry, fiber.frame = base, None, 4 * base
        _words[_HANDLED] = 4 * _OUTERMOST
        _words[_OUTERMOST] = 0
        _words[_RECURSION] = _words[_RECURSION_LIMIT]
        _words[_CONTEXT] = id(fiber.context)
        _words[_CONTEXT_VERSION] += 1
        _change_owner(left, fiber)
        try:
            if fiber.kwargs:
                fiber.function(*fiber.args, **fiber.kwargs)
            else:
                fiber.function(*fiber.args)
        except SystemExit:
            pass
        except BaseException as error:
            text = f"Exception ignored in thread started by {fiber.function!r}"
            trace = error.__traceback__.tb_next
            sys.stderr.write("".join([text, ":\n", *traceback.format_exception(type(error), error, trace)]))
            error = trace = None
        end(fiber)
        entry = _words[base]
        to = _next(entry)
        if to.frame:
            break
        fiber = to
    if to.entry is None:
        _words[to.base] = entry
    # This frame is its chunk's first: the chunk goes with it, and the one before is what is current then.
    _words[_words[_CHUNK] >> 2] = to.state[0]
    _words[base] = to.frame


def end(fiber):
    """A thread has come to its end, or is not to run on."""
    fiber.done = True
    fiber.function = fiber.args = fiber.kwargs = None
    fibers.remove(fiber)
    if fiber in _timed:
        _timed.remove(fiber)
    if fiber.ready:
        _ready.remove(fiber)
    for waiter in fiber.waiters:
        wake(waiter)


def wake(fiber):
    """Puts a thread that waits among those that can run."""
    if not fiber.ready and not fiber.done:
        fiber.ready = True
        _ready.append(fiber)


def current():
    return _current


def block(deadline=None):
    """The current thread waits until somebody wakes it or the deadline has come; now and then it is woken for nothing. Raises
    RuntimeError where that can never be."""
    me = _current
    # Where C called into this thread last, and whether that was before the thread's first frame.
    at = _words[_FRAME] >> 2
    base = me.base
    while (_words[at + 9] >> 16) & 255 != 3 and at + 1 != base:
        at = _words[at + 1] >> 2
    if at + 1 == base:
        entry, me.entry = _words[base], None
    else:
        entry = me.entry = at << 2
    if deadline is not None:
        me.deadline = deadline
        _timed.append(me)
    to = _next(entry)
    if to is not me:
        if to.frame == 0:
            to.entry = entry
        elif to.entry is None:
            _words[to.base] = entry
        _switch(to)
    if deadline is not None and me in _timed:
        _timed.remove(me)
    if me.error is not None:
        error, me.error = me.error, None
        if error is _ALARM:
            on_alarm()
        else:
            raise error


def _next(entry):
    """Whoever runs next, where `entry` is how C called into the innermost part of its stack."""
    while True:
        if _timed:
            now = _monotonic()
            for fiber in sorted((each for each in _timed if each.deadline <= now), key=_deadline):
                _timed.remove(fiber)
                wake(fiber)
        for fiber in _ready:
            if fiber.frame == 0 or fiber.entry is None or fiber.entry == entry:
                _ready.remove(fiber)
                fiber.ready = False
                return fiber
        until = [fiber.deadline for fiber in _timed if fiber.entry is None or fiber.entry == entry]
        if alarm is not None and main.entry == entry:
            until.append(alarm)
        if not until:
            return _deadlocked(entry)
        rest = min(until) - _monotonic()
        if rest > 0:
            _sleep_in_c(rest)
        elif min(until) is alarm:
            main.error = _ALARM
            return main


def alarm_main():
    """A timer has gone off while another thread runs: the main one sees to it."""
    if main.error is None:
        main.error = _ALARM
        wake(main)


def _deadline(fiber):
    return fiber.deadline


def _deadlocked(entry):
    """Nothing can run any more. The main thread is told, if it can go on; else the one that C's stack belongs to."""
    _current.frame = _words[_FRAME]
    told = main
    if main.entry != entry:
        told = next((fiber for fiber in fibers if fiber.entry == entry), _current)
    waits = [f"{_name(fiber)} waits {_place(fiber)}" for fiber in [main, *fibers] if fiber is not told and not fiber.done]
    text = f"deadlock: this wait of {_name(told)} cannot end, because no other thread can run on"
    if told is not main:
        text += " (a thread that waits inside a call from C must be let go on before those that it interrupted)"
    told.error = RuntimeError("; ".join([text, *waits[:20]]))
    return told


def _name(fiber):
    if fiber is main:
        return "the main thread"
    if fiber.thread is None and fiber.process is not None:
        return fiber.process.process.name
    return fiber.thread.name if fiber.thread is not None else f"thread {fiber.ident}"


def _place(fiber):
    """Where a thread waits: the function of the library, and the program's line that called it."""
    if not fiber.frame:
        return "to begin"
    at, function = fiber.frame >> 2, ""
    while at and at + 1 != fiber.base:
        if (_words[at + 9] >> 16) & 255 != 3:
            address = _words[at] & ~3
            code = _object_at(address)
            if code.co_filename != "<skerry>":
                if not code.co_filename.startswith(sys.prefix + "/lib/"):
                    step = (_words[at + 7] - address - 128) // 2
                    line = next((p[0] for n, p in enumerate(code.co_positions()) if n == step), code.co_firstlineno)
                    return f"in {function or 'a call'} at line {line} of {code.co_filename}"
                function = code.co_qualname
        at = _words[at + 1] >> 2
    return f"in {function or 'a call'}"


def _object_at(address):
    box = [None]
    item = _words[id(box) // 4 + 3] // 4
    old = _words[item]
    _words[item] = address
    found = box[0]
    _words[item] = old
    return found


def yield_():
    """Lets the others run that can."""
    wake(_current)
    block()


def spin():
    """A loop that asks again and again whether another thread is ready lets it run now and then."""
    global _spins
    _spins += 1
    if _spins > 100:
        _spins = 0
        yield_()


def sleep(seconds, /):
    """time.sleep."""
    kind = type(seconds)
    if (not fibers and alarm is None) or (kind is not float and kind is not int) or not seconds >= 0:
        return _sleep_in_c(seconds)
    until = _monotonic() + seconds
    while True:
        block(until)
        if _monotonic() >= until:
            return None


def until(timeout):
    """The deadline of a wait that lasts so long at most."""
    if timeout is None or timeout == -1:
        return None
    return _monotonic() + timeout


def join(fiber, deadline=None):
    """Waits for the end of a thread."""
    while not fiber.done and (deadline is None or _monotonic() < deadline):
        fiber.waiters.append(_current)
        block(deadline)


def stop(fiber):
    """A thread is not to run on. What it has on the stack of C must end by itself: an exception ends it."""
    if fiber.done or fiber is _current:
        return
    if fiber.entry is None:
        end(fiber)
    else:
        fiber.error = SystemExit()
        wake(fiber)


def direct(function, args, kwargs):
    """The same call without C in between, where it is one of a method or of functools.partial."""
    while True:
        if type(function) is types.MethodType:
            args = (function.__self__, *args)
            function = function.__func__
        elif type(function) is functools.partial and functools.Placeholder not in function.args:
            args = (*function.args, *args)
            kwargs = {**function.keywords, **kwargs}
            function = function.func
        elif type(function) is types.BuiltinMethodType and type(function.__self__) is contextvars.Context:
            args = (function.__self__, *args)
            function = _run_in_context
        else:
            return function, args, kwargs


def _run_in_context(context, function, *args, **kwargs):
    """Context.run."""
    function, args, kwargs = direct(function, args, kwargs)
    before = _words[_CONTEXT]
    _words[_CONTEXT] = id(context)
    _words[_CONTEXT_VERSION] += 1
    try:
        return function(*args, **kwargs)
    finally:
        _words[_CONTEXT] = before
        _words[_CONTEXT_VERSION] += 1


_iter_in_c = iter


def _iter(*args):
    """The builtin while there are threads: `iter(queue.get, None)`, a worker's usual loop, is called from C. A generator is not
    once its loop has run, so that it begins with a value that has been waited for."""
    if len(args) != 2 or _current is main or type(args[0]) is not types.MethodType:
        return _iter_in_c(*args)
    function, last = args
    return _values(function, last, function())


def _values(function, last, value):
    while value != last:
        yield value
        value = function()


def new_fiber(function, args, kwargs, daemon):
    global _idents
    builtins.iter = _iter
    _idents += 4096
    fiber = _Fiber(_idents, function, args, kwargs, daemon)
    fiber.process = _current.process
    fiber.context = contextvars.Context()
    fibers.append(fiber)
    wake(fiber)
    return fiber
