# SPDX-License-Identifier: Apache-2.0
"""Descriptors as POSIX has them and WASI preview 1 has not: duplicates, pipes, and the module `fcntl` with its locks. The host keeps all
three (skerry/runtime/python/file_requests.h). A pipe's ends are both in this program: a read that waits lets other threads run, and where
none can write, it is an error in place of waiting for ever."""

import errno
import io
import operator
import os
import posix
import stat
import struct

import _host
import _skerry_threads
from _skerry_errors import of_wasi
from _skerry_posix import _add_module, _put

_LOWEST = 0xFFFFFFFF
# WASI's flags of a descriptor, and its rights to read and write.
_NONBLOCK = 4


def _ask(frame):
    answer = _host.call(frame)
    if answer[:1] == b"-":
        number = of_wasi(int(answer[1:]))
        raise OSError(number, os.strerror(number))
    return [int(each) for each in answer.split()]


def _number(fd):
    """What C takes for a descriptor."""
    fd = operator.index(fd)
    if not 0 <= fd < _LOWEST:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return fd


def dup(fd, /):
    """Return a duplicate of a file descriptor."""
    return _ask(b"D" + struct.pack("<II", _number(fd), _LOWEST))[0]


def dup2(fd, fd2, inheritable=True):
    """Duplicate file descriptor."""
    return _ask(b"D" + struct.pack("<II", _number(fd), _number(fd2)))[0]


# ---------------------------------------------------------------------------------------------------------------- pipes


# Threads that wait for something to change in a pipe.
_waiting = []


def _in_turn(call, *args):
    """The call, again and again while it would wait and there are threads that run meanwhile."""
    while True:
        try:
            result = call(*args)
        except OSError as error:
            if error.errno != errno.EDEADLK or not _skerry_threads.fibers:
                raise
        else:
            while _waiting:
                _skerry_threads.wake(_waiting.pop())
            return result
        _waiting.append(_skerry_threads.current())
        _skerry_threads.block()


class _PipeIO(io.FileIO):
    def readinto(self, buffer):
        return _in_turn(super().readinto, buffer)

    def read(self, size=-1):
        if size is None or size < 0:
            return self.readall()
        return _in_turn(super().read, size)

    def readall(self):
        pieces = []
        while piece := self.read(io.DEFAULT_BUFFER_SIZE):
            pieces.append(piece)
        return b"".join(pieces)

    def write(self, data):
        return _in_turn(super().write, data)

    def close(self):
        _in_turn(super().close)


def _is_pipe(fd):
    return fd > 2 and stat.S_ISFIFO(os.fstat(fd).st_mode)


def _fdopen(fd, mode="r", buffering=-1, encoding=None, *args, **kwargs):
    if not isinstance(fd, int):
        raise TypeError(f"invalid fd type ({type(fd)}, expected integer)")
    if not _is_pipe(fd) or "+" in mode:
        return _open(fd, mode, buffering, encoding, *args, **kwargs)
    raw = _PipeIO(fd, mode.replace("t", "").replace("b", "") or "r", kwargs.pop("closefd", True))
    if buffering == 0:
        if "b" not in mode:
            raise ValueError("can't have unbuffered text I/O")
        return raw
    size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
    binary = io.BufferedReader(raw, size) if "r" in mode else io.BufferedWriter(raw, size)
    if "b" in mode:
        return binary
    text = io.TextIOWrapper(binary, io.text_encoding(encoding), *args, line_buffering=buffering == 1, **kwargs)
    text.mode = mode
    return text


_open = os.fdopen
_fdopen.__name__ = _fdopen.__qualname__ = "fdopen"


def _read(fd, length, /):
    return _in_turn(posix.read, fd, length)


def _write(fd, data, /):
    return _in_turn(posix.write, fd, data)


def _close(fd):
    return _in_turn(posix.close, fd)


_close.__name__ = _close.__qualname__ = "close"
_read.__name__ = _read.__qualname__ = "read"
_write.__name__ = _write.__qualname__ = "write"


def pipe():
    """Create a pipe: a pair of descriptors, to read from and to write to."""
    return pipe2(0)


def pipe2(flags, /):
    """Create a pipe with flags set atomically."""
    if os.read is not _read:
        # From here on there may be something to wait for.
        os.read, os.write, os.close, os.fdopen = _read, _write, _close, _fdopen
    output, input = _ask(b"P" + struct.pack("<I", _NONBLOCK if flags & os.O_NONBLOCK else 0))
    return output, input


# ---------------------------------------------------------------------------------------------------------------- fcntl

_CONSTANTS = {
    "LOCK_SH": 1, "LOCK_EX": 2, "LOCK_NB": 4, "LOCK_UN": 8, "F_DUPFD": 0, "F_GETFD": 1, "F_SETFD": 2, "F_GETFL": 3, "F_SETFL": 4, "F_GETLK": 5,
    "F_SETLK": 6, "F_SETLKW": 7, "F_RDLCK": 0, "F_WRLCK": 1, "F_UNLCK": 2, "F_DUPFD_CLOEXEC": 1030, "FD_CLOEXEC": 1,
}  # fmt: skip


def _fd_of(file):
    if isinstance(file, int):
        fd = file
    elif hasattr(file, "fileno"):
        fd = file.fileno()
    else:
        raise TypeError("argument must be an int, or have a fileno() method.")
    if fd < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({fd})")
    posix.fstat(fd)  # that it is open
    return fd


def flock(fd, operation, /):
    """Perform the lock operation on file descriptor fd: a lock belongs to an open file, which duplicates share."""
    number = _fd_of(fd)
    how = {1: 1, 2: 2, 8: 0}.get(operation & ~4)
    if how is None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    while True:
        try:
            _ask(b"L" + struct.pack("<II", number, how))
            return
        except BlockingIOError:
            if operation & 4:
                raise
            if not _skerry_threads.fibers:
                raise OSError(errno.EDEADLK, "this program has the lock through another descriptor, and would wait for itself") from None
        _skerry_threads.sleep(0.001)


def lockf(fd, cmd, len=0, start=0, whence=0, /):
    """A wrapper around the fcntl() locking calls: such locks belong to the process, of which there is one, and keep nobody out."""
    number = _fd_of(fd)
    if cmd & ~4 not in (1, 2, 8):
        raise ValueError("unrecognized lockf argument")
    mode = fcntl(number, 3) & (os.O_RDONLY | os.O_RDWR | os.O_WRONLY)
    if cmd & 2 and mode == os.O_RDONLY or cmd & 1 and mode == os.O_WRONLY:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def fcntl(fd, cmd, arg=0, /):
    """Perform the operation cmd on file descriptor fd."""
    file, fd = fd, _fd_of(fd)  # an object that nobody else has stays open meanwhile
    if cmd in (0, 1030):  # F_DUPFD, F_DUPFD_CLOEXEC
        for to in range(arg, arg + 65536):
            try:
                posix.fstat(to)
            except OSError:
                return dup2(fd, to)
    if cmd == 1:  # F_GETFD
        return int(not posix.get_inheritable(fd)) if hasattr(posix, "get_inheritable") else 1
    if cmd in (2, 6, 7):  # F_SETFD, F_SETLK, F_SETLKW: no other program could inherit it, nor have a lock
        return arg if isinstance(arg, bytes) else 0
    if cmd == 3:  # F_GETFL
        flags, reads, writes = _ask(b"F" + struct.pack("<I", fd))
        mode = os.O_RDWR if reads and writes else os.O_WRONLY if writes else os.O_RDONLY
        return mode | flags
    if cmd == 4:  # F_SETFL
        if (fcntl(fd, 3) ^ arg) & os.O_APPEND:
            raise OSError(errno.EINVAL, "O_APPEND cannot be changed here: open the file with it")
        posix.set_blocking(fd, not arg & os.O_NONBLOCK)
        return 0
    if cmd == 5 and isinstance(arg, bytes):  # F_GETLK: F_UNLCK
        return struct.pack("h", 2) + arg[2:]
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def ioctl(fd, request, arg=0, mutate_flag=True, /):
    """Perform the operation request on file descriptor fd: there are no devices that have any."""
    _fd_of(fd)
    raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))


def os_lockf(fd, command, length, /):
    """Apply, test or remove a POSIX lock on an open file descriptor."""
    _fd_of(fd)


os_lockf.__name__ = os_lockf.__qualname__ = "lockf"


def fit_descriptors():
    for function in (dup, dup2, pipe, pipe2, os_lockf):
        _put(function)
    os.F_ULOCK, os.F_LOCK, os.F_TLOCK, os.F_TEST = 0, 1, 2, 3
    _add_module("fcntl", "The operations on descriptors.", (fcntl, flock, ioctl, lockf), _CONSTANTS)


fit_descriptors()
