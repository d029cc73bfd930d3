# SPDX-License-Identifier: Apache-2.0
"""Signals that a program sends itself: alarms, interval timers, and `os.kill` of its own process.

The guest has no signals from outside. A timer's time is looked at wherever a thread waits and, while one is set, at each
jump and call of a function (`sys.monitoring`), which makes tight loops several times slower for as long.
"""

import errno
import os
import select
import signal
import sys
import time

import _signal
import _skerry_threads as threads

_TOOL = 3
_EVENTS = sys.monitoring.events.JUMP | sys.monitoring.events.PY_START
ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF = range(3)
_SIGNALS = {ITIMER_REAL: signal.SIGALRM, ITIMER_VIRTUAL: signal.SIGVTALRM, ITIMER_PROF: signal.SIGPROF}
_IGNORED = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}
# Which timer: when it goes off, and after how long again.
_timers = {}


class ItimerError(OSError):
    """signal.ItimerError."""


def setitimer(which, seconds, interval=0.0, /):
    if which not in _SIGNALS:
        raise ItimerError(22, "Invalid argument")
    if seconds < 0 or interval < 0:
        raise ItimerError(22, "Invalid argument")
    old = getitimer(which)
    _timers.pop(which, None)
    if seconds:
        _timers[which] = (time.monotonic() + seconds, interval)
    _arm()
    return old


def getitimer(which, /):
    if which not in _SIGNALS:
        raise ItimerError(22, "Invalid argument")
    at, interval = _timers.get(which, (None, 0.0))
    return (0.0 if at is None else max(at - time.monotonic(), 1e-6), float(interval))


def alarm(seconds, /):
    old, _ = setitimer(ITIMER_REAL, seconds.__index__())
    return -int(-old // 1)


def _arm():
    monitoring = sys.monitoring
    before = threads.alarm
    threads.alarm = min((at for at, _ in _timers.values()), default=None)
    if (before is None) == (threads.alarm is None):
        return
    if threads.alarm is None:
        monitoring.set_events(_TOOL, 0)
        monitoring.free_tool_id(_TOOL)
        return
    monitoring.use_tool_id(_TOOL, "signal timers")
    monitoring.register_callback(_TOOL, monitoring.events.JUMP, _look)
    monitoring.register_callback(_TOOL, monitoring.events.PY_START, _look)
    monitoring.set_events(_TOOL, _EVENTS)


def disarm():
    """At the end of a run."""
    _timers.clear()
    _arm()


def _look(code, *_):
    if threads.alarm is not None and time.monotonic() >= threads.alarm and code.co_filename != "<skerry>":
        if threads.current() is not threads.main:
            return threads.alarm_main()
        try:
            go_off()
        except BaseException as error:
            error.__traceback__ = _without_us(error.__traceback__)
            raise


def _without_us(trace):
    while trace is not None and trace.tb_frame.f_code.co_filename == "<skerry>":
        trace = trace.tb_next
    return trace


def go_off():
    """Calls the handlers of the timers whose time has come, in the main thread."""
    now = time.monotonic()
    due = [which for which, (at, _) in _timers.items() if at <= now]
    for which in due:
        interval = _timers.pop(which)[1]
        if interval:
            _timers[which] = (now + interval, interval)
    _arm()
    for which in due:
        _deliver(_SIGNALS[which])


def _deliver(number):
    handler = signal.getsignal(number)
    if handler == signal.SIG_DFL:
        if number not in _IGNORED:
            os._exit(128 + number)
    elif handler != signal.SIG_IGN and handler is not None:
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename == "<skerry>":
            frame = frame.f_back
        handler(int(number), frame)


def raise_signal(number, /):
    if number in (signal.SIGKILL, signal.SIGSTOP):
        os._exit(128 + number)
    if not 0 < number < signal.NSIG:
        raise OSError(errno.EINVAL, "Invalid argument")
    _deliver(signal.Signals(number) if number in signal.valid_signals() else number)


def kill(pid, number, /):
    """os.kill, of whom there is: this process, and those that multiprocessing has begun."""
    number = number.__index__()
    if not 0 <= number < signal.NSIG:
        raise OSError(errno.EINVAL, "Invalid argument")
    if pid in (0, os.getpid()):
        if number:
            raise_signal(number)
    elif pid not in _others:
        _kill_other(pid, number)
    elif number:
        _others[pid]._signal(number)


# What there is to say of processes that are not there.
_kill_other = os.kill


# Other processes, by their number.
_others = {}


def pause():
    """Waits for a timer."""
    before = dict(_timers)
    while _timers == before:
        threads.block()


def valid_signals():
    return set(signal.Signals)


def _select(read, write, error, timeout=None, /):
    if read or write or error or timeout is None:
        return _select_in_c(read, write, error, timeout)
    time.sleep(timeout)
    return [], [], []


_select_in_c = select.select


def fit_signals():
    os.kill = kill
    select.select = _select
    for module in (_signal, signal):
        for each in (setitimer, getitimer, alarm, pause, raise_signal, valid_signals, ItimerError):
            setattr(module, each.__name__, each)
        module.ITIMER_REAL, module.ITIMER_VIRTUAL, module.ITIMER_PROF = ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF
    threads.on_alarm = go_off
    ItimerError.__module__ = "signal"
    ItimerError.__qualname__ = "itimer_error"

    from asyncio import events, unix_events

    def add_signal_handler(self, sig, callback, *args):
        self._check_signal(sig)
        self._check_closed()
        self._signal_handlers[sig] = events.Handle(callback, args, self, None)
        signal.signal(sig, lambda number, _: self._handle_signal(number))

    unix_events._UnixSelectorEventLoop.add_signal_handler = add_signal_handler
