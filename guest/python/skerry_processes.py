# SPDX-License-Identifier: Apache-2.0
"""multiprocessing where no process can be started: a process is a thread with copies of what a fork would have copied.

What goes through queues, pipes and pools is pickled. A process has the program's global names for itself, and copies of its
arguments and of the containers that those names hold; imported modules and the classes of the program are shared.
"""

import array
import copy
import os
import pickle
import sys
import threading
import traceback
import types
from collections import deque

import _skerry_alarms as alarms
import _skerry_threads as threads
from _skerry_shared import (
    Copying, End, Manager, Pipe, Queue, Sent, Sentinel, SharedLock, SharedRLock, SimpleQueue, make_array, make_pipe, make_value, shared_kind, wait,
    wait_for_any,
)  # fmt: skip

_getpid_in_c = os.getpid
_CONTAINERS = (list, dict, set, bytearray, deque, array.array)


class _ProcessState:
    """What a process has for itself: the program's global names and its ends of pipes."""

    def __init__(self, pid):
        self.pid = pid
        self.ends = []
        main = sys.modules["__main__"].__dict__
        parent = threads.current().process
        self._from = parent.names if parent is not None else main
        self.names = dict(self._from)
        self._memo = {}
        for name, value in list(self.names.items()):
            own_object = type(value).__module__ == "__main__"
            if isinstance(value, (types.FunctionType, End)) or type(value) in _CONTAINERS or own_object:
                self.names[name] = self.copy(value)

    def copy(self, value):
        if type(value) is types.FunctionType:
            return self._function(value)
        if type(value) is types.MethodType:
            return types.MethodType(self._function(value.__func__), self.copy(value.__self__))
        before = Copying.state
        Copying.state = self
        try:
            return copy.deepcopy(value, self._memo)
        except Exception:  # a fork copies what it does not understand, too
            return value
        finally:
            Copying.state = before

    def _function(self, function):
        if function.__globals__ is not self._from:
            return function
        mine = types.FunctionType(
            function.__code__, self.names, function.__name__, function.__defaults__, function.__closure__
        )
        mine.__kwdefaults__, mine.__qualname__ = function.__kwdefaults__, function.__qualname__
        mine.__module__, mine.__doc__ = function.__module__, function.__doc__
        mine.__dict__.update(function.__dict__)
        return mine


_last_pid = _getpid_in_c()


class _Child:
    """What a started Process keeps of the process: multiprocessing.popen_fork.Popen."""

    method = "fork"

    def __init__(self, process):
        global _last_pid
        _last_pid += 1
        self.pid = _last_pid
        self.returncode = None
        self.ended = Pipe()
        self.sentinel = Sentinel(self)
        self.state = state = _ProcessState(self.pid)
        mine = object.__new__(type(process))
        for name, value in process.__dict__.items():
            if name in ("_args", "_kwargs"):  # each for itself: one that cannot be copied keeps none from being so
                kept = value.items() if name == "_kwargs" else enumerate(value)
                value = [(key, state.copy(each)) for key, each in kept]
                mine.__dict__[name] = dict(value) if name == "_kwargs" else tuple(each for _, each in value)
            else:
                mine.__dict__[name] = value if name in ("_config", "_popen") else state.copy(value)
        if mine._target is not None:
            mine._target, mine._args, mine._kwargs = threads.direct(mine._target, mine._args, mine._kwargs)
        state.process = mine
        self._fiber = threads.new_fiber(*threads.direct(self._run, (), {}), bool(process.daemon))
        self._fiber.ident = threads.main.ident  # it has a main thread of its own
        self._fiber.process = state
        mine.__dict__["_popen"] = self
        alarms._others[self.pid] = self

    def _run(self):
        code = 1
        process = self.state.process
        try:
            process.run()
            code = 0
        except SystemExit as error:
            if error.code is None or isinstance(error.code, int):
                code = error.code or 0
            else:
                sys.stderr.write(f"{error.code}\n")
        except BaseException as error:
            trace = error.__traceback__.tb_next
            lines = traceback.format_exception(type(error), error, trace)
            sys.stderr.write("".join([f"Process {process.name}:\n", *lines]))
        finally:
            while waited := next((each for each in self._threads() if not each.daemon), None):
                threads.join(waited)
            self._end(code & 0xFF)

    def _threads(self):
        return [each for each in threads.fibers if each.process is self.state and each is not self._fiber]

    def _end(self, code):
        if self.returncode is not None:
            return
        self.returncode = code
        for each in self._threads():
            threads.stop(each)
        for each in self.state.ends:
            each.close()
        self.state.names.clear()
        alarms._others.pop(self.pid, None)
        self.ended.changed()

    def poll(self, flag=None):
        if self.returncode is None and threads.fibers:
            threads.yield_()
        return self.returncode

    def wait(self, timeout=None):
        wait([self.ended], lambda: self.returncode is not None, timeout)
        return self.returncode

    def _signal(self, number):
        if self.returncode is None:
            self._end(-number)
            threads.stop(self._fiber)

    def terminate(self):
        self._signal(15)

    def kill(self):
        self._signal(9)

    def interrupt(self):
        self._signal(2)

    def close(self):
        pass


def _change_process(state):
    from multiprocessing import process

    process._current_process = _main_process if state is None else state.process


_main_process = None


def _getpid():
    state = threads.current().process
    return _getpid_in_c() if state is None else state.pid


def _make_executor(context):
    """The class of concurrent.futures' pool of processes."""
    import concurrent.futures.process as futures
    from concurrent.futures.thread import ThreadPoolExecutor

    def remote(sent):
        function, args, kwargs = threads.direct(*sent.value())
        try:
            return Sent(function(*args, **kwargs)).value()
        except BaseException as error:
            failure = pickle.loads(pickle.dumps(futures._ExceptionWithTraceback(error, error.__traceback__)))
        raise failure

    def begin(executor_process, initializer, args):
        process = executor_process()
        state = _ProcessState(_new_pid())
        state.process = process
        threads.current().process = state
        _change_process(state)
        if initializer is not None:
            state.copy(initializer)(*[state.copy(each) for each in args])

    class ProcessPoolExecutor(ThreadPoolExecutor):
        BROKEN = futures.BrokenProcessPool

        def __init__(self, max_workers=None, mp_context=None, initializer=None, initargs=(), *, max_tasks_per_child=None):
            if initializer is not None and not callable(initializer):
                raise TypeError("initializer must be a callable")
            make = (mp_context or context).Process
            super().__init__(max_workers or os.process_cpu_count() or 1, "", begin, (make, initializer, initargs))

        def submit(self, fn, /, *args, **kwargs):
            try:
                sent = Sent((fn, args, kwargs))
            except Exception as error:
                future = futures._base.Future()
                future.set_exception(error)
                return future
            return super().submit(remote, sent)

        def map(self, fn, *iterables, timeout=None, chunksize=1, **options):
            if chunksize < 1:
                raise ValueError("chunksize must be >= 1.")
            return super().map(fn, *iterables, timeout=timeout, **options)

    ProcessPoolExecutor.__qualname__ = "ProcessPoolExecutor"
    ProcessPoolExecutor.__module__ = "concurrent.futures.process"
    return ProcessPoolExecutor


def _new_pid():
    global _last_pid
    _last_pid += 1
    return _last_pid


def fit_multiprocessing():
    import concurrent.futures
    import concurrent.futures.process
    import multiprocessing
    import multiprocessing.connection
    import multiprocessing.pool
    from multiprocessing import context, process

    global _main_process
    _main_process = process._current_process
    os.getpid = _getpid
    threads.on_process = _change_process
    base = context.BaseContext
    executor = _make_executor(context._default_context)
    context._default_context._default_context = context.ForkContext()
    plain = {name: None for name in ("join", "task_done")}
    makers = {
        "Lock": SharedLock,
        "RLock": SharedRLock,
        "Queue": type("Queue", (Queue,), {**plain, "__module__": "multiprocessing.queues"}),
        "JoinableQueue": type("JoinableQueue", (Queue,), {"__module__": "multiprocessing.queues"}),
        "SimpleQueue": SimpleQueue,
        "Condition": shared_kind(threading.Condition),
        "Event": shared_kind(threading.Event),
        "Semaphore": shared_kind(threading.Semaphore),
        "BoundedSemaphore": shared_kind(threading.BoundedSemaphore),
        "Barrier": shared_kind(threading.Barrier),
    }

    def maker(kind):
        return lambda self, *args, **kwargs: kind(*args, **kwargs)

    for name, kind in makers.items():
        setattr(base, name, maker(kind))
    base.Pipe, base.Value, base.Array = make_pipe, make_value, make_array
    base.RawValue = lambda self, kind, *args: make_value(self, kind, *args)
    base.RawArray = lambda self, kind, values: make_array(self, kind, values)
    base.Manager = lambda self: Manager(self)
    for kind in (context.Process, context.ForkProcess, context.SpawnProcess, context.ForkServerProcess):
        kind._Popen = staticmethod(_Child)
    context.ForkServerContext._check_available = lambda self: None
    multiprocessing.connection.Pipe = lambda duplex=True: make_pipe(None, duplex)
    multiprocessing.connection.Connection = End
    multiprocessing.connection.wait = wait_for_any
    multiprocessing.pool.wait = wait_for_any
    concurrent.futures.process.ProcessPoolExecutor = concurrent.futures.ProcessPoolExecutor = executor
    vars(multiprocessing).update({name: getattr(context._default_context, name) for name in multiprocessing.__all__})
    process._process_counter = process.itertools.count(1)
