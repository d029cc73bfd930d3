# SPDX-License-Identifier: Apache-2.0
"""What processes share: queues, pipes, locks, values, and the objects of managers. What goes through them is pickled."""

import _thread
import array
import copy
import io
import pickle
import queue
import threading
import time
import types
from collections import deque

import _skerry_threads as threads


class Copying:
    state = None


class Sent:
    """A pickled object. What processes share is not pickled, but handed over."""

    def __init__(self, value):
        stream = io.BytesIO()
        self._shared = []
        _Pickler(stream, self._shared).dump(value)
        self._bytes = stream.getvalue()

    def value(self):
        return _Unpickler(io.BytesIO(self._bytes), self._shared).load()


class _Pickler(pickle.Pickler):
    def __init__(self, stream, shared):
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self._list = shared

    def persistent_id(self, value):
        if not isinstance(value, Shared):
            return None
        self._list.append(value)
        return len(self._list) - 1


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream, shared):
        super().__init__(stream)
        self._list = shared

    def persistent_load(self, at):
        return copy.copy(self._list[at])

    def find_class(self, module, name):
        process = threads.current().process
        if module == "__main__" and process is not None and "." not in name and name in process.names:
            return process.names[name]
        return super().find_class(module, name)


class Shared:
    """What is the same object in all processes."""

    __slots__ = ()

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


def shared_kind(kind, name=None):
    return type(name or kind.__name__, (Shared, kind), {"__module__": "multiprocessing.synchronize"})


class SharedLock(Shared, _thread.lock):
    __slots__ = ()


class SharedRLock(Shared, _thread.RLock):
    __slots__ = ()


class Queue(Shared, queue.Queue):
    """multiprocessing.JoinableQueue; without what it cannot do, multiprocessing.Queue."""

    _closed = False

    def put(self, item, block=True, timeout=None):
        if self._closed:
            raise ValueError(f"Queue {self!r} is closed")
        super().put(Sent(item), block, timeout)

    def get(self, block=True, timeout=None):
        if self._closed:
            raise ValueError(f"Queue {self!r} is closed")
        return super().get(block, timeout).value()

    def close(self):
        self._closed = True

    def join_thread(self):
        pass

    cancel_join_thread = join_thread


class Pipe:
    """One direction of a pipe."""

    def __init__(self):
        self.items = deque()
        self.readers = self.writers = 0
        self.waiting = []

    def changed(self):
        waiting, self.waiting = self.waiting, []
        for fiber in waiting:
            threads.wake(fiber)


def wait(pipes, ready, timeout):
    until = threads.until(timeout)
    while not (found := ready()) and (until is None or time.monotonic() < until):
        for pipe in pipes:
            pipe.waiting.append(threads.current())
        threads.block(until)
    return found


class End(Shared):
    """multiprocessing.connection.Connection."""

    def __init__(self, reads, writes):
        self._reads, self._writes = reads, writes
        self.closed = False
        if reads is not None:
            reads.readers += 1
        if writes is not None:
            writes.writers += 1

    readable = property(lambda self: self._reads is not None)
    writable = property(lambda self: self._writes is not None)

    def __copy__(self):
        mine = End(self._reads, self._writes)
        process = threads.current().process
        if process is not None:
            process.ends.append(mine)
        return mine

    def __deepcopy__(self, memo):
        if self.closed:
            return self
        mine = memo[id(self)] = End(self._reads, self._writes)
        if Copying.state is not None:
            Copying.state.ends.append(mine)
        return mine

    def _check(self, pipe, what):
        if self.closed:
            raise OSError("handle is closed")
        if pipe is None:
            raise OSError(f"connection is {what}-only")

    def _put(self, item):
        self._check(self._writes, "read")
        if not self._writes.readers:
            raise BrokenPipeError(32, "Broken pipe")
        self._writes.items.append(item)
        self._writes.changed()

    def _get(self):
        self._check(self._reads, "write")
        pipe = self._reads
        wait([pipe], lambda: pipe.items or not pipe.writers, None)
        if not pipe.items:
            raise EOFError
        return pipe.items.popleft()

    def send(self, value):
        self._put(Sent(value))

    def recv(self):
        item = self._get()
        return item.value() if isinstance(item, Sent) else pickle.loads(item)

    def send_bytes(self, data, offset=0, size=None):
        data = bytes(data)
        self._put(data[offset : len(data) if size is None else offset + size])

    def recv_bytes(self, maxlength=None):
        item = self._get()
        return item if isinstance(item, bytes) else item._bytes

    def _ready(self):
        return bool(self._reads.items) or not self._reads.writers

    def poll(self, timeout=0.0):
        self._check(self._reads, "write")
        return bool(wait([self._reads], self._ready, timeout))

    def close(self):
        if self.closed:
            return
        self.closed = True
        if self._reads is not None:
            self._reads.readers -= 1
            self._reads.changed()
        if self._writes is not None:
            self._writes.writers -= 1
            self._writes.changed()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def make_pipe(self, duplex=True):
    there, back = Pipe(), Pipe() if duplex else None
    return End(there, back), End(back, there)


def wait_for_any(object_list, timeout=None):
    """multiprocessing.connection.wait."""
    objects = list(object_list)
    pipes = [each._reads if isinstance(each, End) else each.pipe for each in objects]
    return wait(pipes, lambda: [each for each in objects if each._ready()], timeout)


class SimpleQueue(Shared):
    """multiprocessing.SimpleQueue, as its pools use it, too."""

    def __init__(self, ends=None):
        self._reader, self._writer = ends or make_pipe(None, False)
        self._rlock = SharedLock()

    def __copy__(self):
        return SimpleQueue((copy.copy(self._reader), copy.copy(self._writer)))

    def __deepcopy__(self, memo):
        return memo.setdefault(id(self), SimpleQueue((copy.deepcopy(self._reader, memo), copy.deepcopy(self._writer, memo))))

    def put(self, item):
        self._writer.send(item)

    def get(self):
        return self._reader.recv()

    def empty(self):
        return not self._reader.poll()

    def close(self):
        self._reader.close()
        self._writer.close()


class Sentinel:
    def __init__(self, child):
        self._child = child
        self.pipe = child.ended

    def _ready(self):
        return self._child.returncode is not None


class _Value(Shared):
    """multiprocessing.Value and Array: a C type's range, without ctypes."""

    def __init__(self, code, values, lock):
        if code == "c":
            code = "B"
        if not isinstance(code, str):
            raise TypeError("the sandbox has no ctypes: name the type by a letter of the module array")
        self._values = array.array(code, [0] * values if isinstance(values, int) else values)
        self._lock = lock

    value = property(lambda self: self._values[0], lambda self, value: self._values.__setitem__(0, value))

    def get_lock(self):
        return self._lock

    def get_obj(self):
        return self

    def acquire(self, *args):
        return self._lock.acquire(*args)

    def release(self):
        self._lock.release()

    def __len__(self):
        return len(self._values)

    def __getitem__(self, at):
        found = self._values[at]
        return list(found) if isinstance(found, array.array) else found

    def __setitem__(self, at, value):
        self._values[at] = array.array(self._values.typecode, value) if isinstance(at, slice) else value

    def __iter__(self):
        return iter(list(self._values))

    def __enter__(self):
        self._lock.acquire()
        return self

    def __exit__(self, *_):
        self._lock.release()


def make_value(self, typecode_or_type, *args, lock=True):
    return _Value(typecode_or_type, [*args] or 1, SharedRLock() if lock in (True, False) else lock)


def make_array(self, typecode_or_type, size_or_initializer, *, lock=True):
    values = size_or_initializer if isinstance(size_or_initializer, int) else list(size_or_initializer)
    return _Value(typecode_or_type, values, SharedRLock() if lock in (True, False) else lock)


def _proxy(kind, name, methods):
    """A manager's object: its methods take and return copies."""

    def call(method):
        def forward(self, *args):
            with self._lock:
                found = getattr(self._value, method)(*Sent(args).value())
            if method in ("keys", "values", "items"):
                found = list(found)
            return self if found is self._value else Sent(found).value()

        return forward

    def make(self, *args, **kwargs):
        self._value = kind(*args, **kwargs)
        self._lock = threading.RLock()

    body = {method: call(method) for method in methods.split()}
    body["__init__"] = make
    body["__str__"] = lambda self: str(self._value)
    body["__repr__"] = lambda self: f"<{name} object, typeid {kind.__name__!r} at {id(self):#x}>"
    body["_getvalue"] = lambda self: Sent(self._value).value()
    body["__iter__"] = lambda self: iter(list(self._value))
    body["__module__"] = "multiprocessing.managers"
    return type(name, (Shared,), body)


_DictProxy = _proxy(
    dict, "DictProxy",
    "__contains__ __delitem__ __getitem__ __len__ __setitem__ __or__ __ior__ clear copy get items keys pop popitem setdefault update values",
)  # fmt: skip
_ListProxy = _proxy(
    list, "ListProxy",
    "__add__ __contains__ __delitem__ __getitem__ __len__ __mul__ __setitem__ __iadd__ __imul__ append clear copy count extend index insert "
    "pop remove reverse sort",
)  # fmt: skip


class _Namespace(Shared, types.SimpleNamespace):
    pass


class Manager(Shared):
    """multiprocessing.Manager."""

    dict, list, Namespace = _DictProxy, _ListProxy, _Namespace

    def __init__(self, context):
        self._context = context
        for name in "Queue JoinableQueue Event Lock RLock Semaphore BoundedSemaphore Condition Barrier Value Array Pool".split():
            setattr(self, name, getattr(context, name))

    def shutdown(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass
