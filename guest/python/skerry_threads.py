# SPDX-License-Identifier: Apache-2.0
"""Locks and event loops where there are no other threads."""

import time


def fit_asyncio():
    """A loop's self-pipe, a pair of sockets, wakes it from other threads and signals. There are neither here."""
    from asyncio import selector_events

    def nothing(self):
        pass

    loop = selector_events.BaseSelectorEventLoop
    loop._make_self_pipe = loop._close_self_pipe = loop._write_to_self = nothing


class _Lock:
    """threading.Lock where there are no other threads: a lock that is held stays held while one waits for it. The
    interpreter's own answers such a wait by ending the guest."""

    __slots__ = ("_held", "__weakref__")

    def __init__(self):
        self._held = False

    def acquire(self, blocking=True, timeout=-1):
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        if not self._held:
            self._held = True
            return True
        if not blocking:
            return False
        if timeout == -1:
            raise RuntimeError("deadlock: the lock is held, and no other thread exists that could release it")
        time.sleep(timeout)
        return False

    def release(self):
        if not self._held:
            raise RuntimeError("release unlocked lock")
        self._held = False

    def locked(self):
        return self._held

    def _at_fork_reinit(self):
        self._held = False

    __enter__ = acquire

    def __exit__(self, *_):
        self.release()


def fit_threading():
    import threading

    threading.Lock = threading._allocate_lock = _Lock
