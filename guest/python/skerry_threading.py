# SPDX-License-Identifier: Apache-2.0
"""Gives the modules _thread, threading, queue, concurrent.futures and asyncio the threads of `_skerry_threads`."""

import _thread
import itertools
import time
from collections import deque

import _skerry_threads as threads
from _skerry_threads import block, current, direct, join, new_fiber, until, wake

_monotonic = time.monotonic


class _Lock:
    """threading.Lock."""

    __slots__ = ("__weakref__", "_count", "_held", "_owner", "_waiters")

    def __init__(self):
        self._held = False
        self._waiters = None

    def acquire(self, blocking=True, timeout=-1):
        if timeout != -1:
            if not blocking:
                raise ValueError("can't specify a timeout for a non-blocking call")
            if timeout < 0:
                raise ValueError("timeout value must be a non-negative number")
            if timeout > _thread.TIMEOUT_MAX:
                raise OverflowError("timeout value is too large")
        if threads.fibers:
            threads.spin()
        if not self._held:
            self._held = True
            return True
        return bool(blocking) and self._wait(timeout)

    def _wait(self, timeout):
        deadline = until(timeout)
        me = current()
        if self._waiters is None:
            self._waiters = deque()
        while self._held:
            if deadline is not None and _monotonic() >= deadline:
                return False
            self._waiters.append(me)
            try:
                block(deadline)
            finally:
                if me in self._waiters:
                    self._waiters.remove(me)
        self._held = True
        return True

    def release(self):
        if not self._held:
            raise RuntimeError("release unlocked lock")
        self._held = False
        if self._waiters:
            self._wake_one()

    def _wake_one(self):
        while self._waiters:
            fiber = self._waiters.popleft()
            if not fiber.done:
                wake(fiber)
                return

    def locked(self):
        return self._held

    def _at_fork_reinit(self):
        self.__init__()

    __enter__ = acquire
    acquire_lock, release_lock, locked_lock = acquire, release, locked

    def __exit__(self, *_):
        self.release()

    def __reduce__(self):
        raise TypeError(f"cannot pickle '_thread.{type(self).__name__}' object")

    def __repr__(self):
        return f"<{'locked' if self._held else 'unlocked'} _thread.lock object at {id(self):#x}>"


class _RLock(_Lock):
    """threading.RLock."""

    __slots__ = ()

    def __init__(self):
        self._held = False
        self._owner = self._waiters = None
        self._count = 0

    def acquire(self, blocking=True, timeout=-1):
        if self._owner is current():
            self._count += 1
            return True
        taken = _Lock.acquire(self, blocking, timeout)
        if taken:
            self._owner = current()
            self._count = 1
        return taken

    def release(self):
        if self._owner is not current():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._owner = None
            self._held = False
            if self._waiters:
                self._wake_one()

    def _is_owned(self):
        return self._owner is current()

    def _recursion_count(self):
        return self._count if self._owner is current() else 0

    def _release_save(self):
        if not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        saved = self._count, self._owner
        self._count = 1
        self._owner = current()
        self.release()
        return saved

    def _acquire_restore(self, saved):
        _Lock.acquire(self)
        self._count, self._owner = saved

    __enter__ = acquire
    __exit__ = _Lock.__exit__

    def __repr__(self):
        state = "locked" if self._held else "unlocked"
        owner = self._owner.ident if self._owner is not None else 0
        return f"<{state} _thread.RLock object owner={owner} count={self._count} at {id(self):#x}>"


class _ThreadHandle:
    """What threading.Thread has of a thread."""

    def __init__(self):
        self._fiber = None
        self._done = False

    @property
    def ident(self):
        return self._fiber.ident if self._fiber is not None else 0

    def is_done(self):
        if threads.fibers:
            threads.yield_()
        return self._done or (self._fiber is not None and self._fiber.done)

    def join(self, timeout=None):
        fiber = self._fiber
        if fiber is None and not self._done:
            raise RuntimeError("thread not started")
        if fiber is current():
            raise RuntimeError("Cannot join current thread")
        if not self._done:
            join(fiber, until(timeout))

    def _set_done(self):
        self._done = True


class _Ran:
    """The context of a thread that runs in it already. Context.run would call from C."""

    def run(self, function):
        try:
            function()
        except BaseException as error:
            error.__traceback__ = error.__traceback__.tb_next
            raise


def _start_joinable_thread(function, handle=None, daemon=True):
    fiber = new_fiber(*direct(function, (), {}), daemon)
    thread = getattr(function, "__self__", None)
    if hasattr(thread, "_bootstrap_inner"):
        fiber.thread = thread
        fiber.context, thread._context = thread._context, _Ran()
        if getattr(thread, "_target", None):
            thread._target, thread._args, thread._kwargs = direct(thread._target, thread._args, thread._kwargs)
        if _is_starting_worker:
            thread._started.set()  # `start` does not wait for it
    if handle is None:
        handle = _ThreadHandle()
    handle._fiber = fiber
    return handle


def _start_new_thread(function, args, kwargs=None, /):
    if not callable(function):
        raise TypeError("first arg must be callable")
    if not isinstance(args, tuple):
        raise TypeError("2nd arg must be a tuple")
    return new_fiber(*direct(function, args, kwargs or {}), True).ident


def _make_thread_handle(ident):
    handle = _ThreadHandle()
    handle._fiber = next((fiber for fiber in [threads.main, *threads.fibers] if fiber.ident == ident), None)
    return handle


def _get_ident():
    return current().ident


def _count():
    return len(threads.fibers)


def _shutdown():
    """Waits for all that are no daemons."""
    while waited := next((fiber for fiber in threads.fibers if not fiber.daemon), None):
        waited.waiters.append(current())
        block()


class _Selector:
    """Waits for a loop's events, and lets other threads run meanwhile."""

    def __init__(self, loop):
        self._loop = loop
        self._select = loop._selector.select
        self._waiter = None

    def wait(self, timeout=None):
        loop = self._loop
        if not threads.fibers and threads.alarm is None:
            if timeout is not None or loop._selector.get_map():
                return self._select(timeout)
        events = self._select(0)
        until = None if timeout is None else _monotonic() + max(0, timeout)
        while not events and not loop._woken and (until is None or _monotonic() < until):
            wait = until
            if loop._selector.get_map():  # input does not wake anybody
                soon = _monotonic() + 0.01
                wait = soon if until is None else min(until, soon)
            self._waiter = current()
            try:
                block(wait)
            finally:
                self._waiter = None
            events = self._select(0)
        loop._woken = False
        if threads.fibers:
            threads.spin()
        return events


def fit_asyncio():
    """A loop's self-pipe, a pair of sockets, wakes it from other threads and signals. A flag does so here."""
    from asyncio import selector_events

    def make(self):
        self._woken = False
        self._selector.select = _Selector(self).wait  # a method: an object would be called from C

    def close(self):
        pass

    def write(self):
        self._woken = True
        waiter = self._selector and self._selector.select.__self__._waiter
        if waiter is not None:
            wake(waiter)

    loop = selector_events.BaseSelectorEventLoop
    loop._make_self_pipe, loop._close_self_pipe, loop._write_to_self = make, close, write


def _is_set(self):
    if threads.fibers:
        threads.spin()
    return self._flag


# An executor starts its threads under locks that all executors have in common.
_is_starting_worker = False


def _adjust_thread_count(self):
    global _is_starting_worker
    _is_starting_worker = True
    try:
        _adjust_in_library(self)
    finally:
        _is_starting_worker = False


def _submit(self, fn, /, *args, **kwargs):
    future = _submit_in_library(self, fn, *args, **kwargs)
    threads.yield_()
    return future


def _run_task(self, task):
    function, args, kwargs = direct(*task)
    return function(*args, **kwargs)


def fit_threading():
    """Where a module has taken functions of `_thread` before they were replaced, or classes in C that wait in C."""
    import _threading_local
    import concurrent.futures.thread
    import queue
    import threading

    threading.Lock = threading._LockType = threading._allocate_lock = _Lock
    threading._CRLock = _RLock
    threading.get_ident = threading.get_native_id = _get_ident
    threading._start_joinable_thread = _start_joinable_thread
    threading._make_thread_handle = _make_thread_handle
    threading._ThreadHandle = _ThreadHandle
    threading._thread_shutdown = _shutdown
    threading.Thread.native_id = property(lambda thread: thread.ident)
    threading.local = _threading_local.local
    threading.Event.is_set = _is_set
    threading._active_limbo_lock = _RLock()
    threading._counter = itertools.count(1).__next__
    first = threading.main_thread()
    first._os_thread_handle = _make_thread_handle(threads.main.ident)
    first._started._cond.__init__(_Lock())
    queue.SimpleQueue = queue._PySimpleQueue
    concurrent.futures.thread.WorkerContext.run = _run_task
    concurrent.futures.thread._global_shutdown_lock = _Lock()
    global _adjust_in_library, _submit_in_library
    executor = concurrent.futures.thread.ThreadPoolExecutor
    if executor.submit is not _submit:
        _adjust_in_library, executor._adjust_thread_count = executor._adjust_thread_count, _adjust_thread_count
        _submit_in_library, executor.submit = executor.submit, _submit


for _kind, _as in ((_Lock, "lock"), (_RLock, "RLock"), (_ThreadHandle, "_ThreadHandle")):
    _kind.__module__, _kind.__name__, _kind.__qualname__ = "_thread", _as, _as
_thread.lock = _thread.LockType = _thread.allocate_lock = _thread.allocate = _Lock
_thread.RLock = _RLock
_thread._ThreadHandle = _ThreadHandle
_thread.start_joinable_thread = _start_joinable_thread
_thread.start_new_thread = _thread.start_new = _start_new_thread
_thread._make_thread_handle = _make_thread_handle
_thread.get_ident = _thread.get_native_id = _get_ident
_thread._count = _count
_thread._shutdown = _shutdown
time.sleep = threads.sleep
