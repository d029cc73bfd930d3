# SPDX-License-Identifier: Apache-2.0
"""The module `mmap`. A mapping is a copy of the file that is kept equal to it: what is changed through the mapping's own methods is in the
file at once, and what is read through them is what the file holds. Whoever has its buffer (numpy, a memoryview) changes the copy: that is
in the file after `flush`, `close`, the opening of any file, and the run's end."""

import errno
import os
import posix
import sys
import weakref

ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE, ACCESS_COPY = range(4)
_CONSTANTS = {
    "ACCESS_DEFAULT": 0, "ACCESS_READ": 1, "ACCESS_WRITE": 2, "ACCESS_COPY": 3, "MAP_SHARED": 1, "MAP_PRIVATE": 2, "MAP_ANON": 32,
    "MAP_ANONYMOUS": 32, "MAP_DENYWRITE": 2048, "MAP_EXECUTABLE": 4096, "MAP_POPULATE": 32768, "MAP_NORESERVE": 16384, "MAP_STACK": 131072,
    "PROT_READ": 1, "PROT_WRITE": 2, "PROT_EXEC": 4, "PAGESIZE": 4096, "ALLOCATIONGRANULARITY": 4096, "MADV_NORMAL": 0, "MADV_RANDOM": 1,
    "MADV_SEQUENTIAL": 2, "MADV_WILLNEED": 3, "MADV_DONTNEED": 4, "MADV_FREE": 8, "error": OSError,
}  # fmt: skip
_PAGE = 4096
_WRITABLE = 1  # PyBUF_WRITABLE
_NAMES = {0: "ACCESS_DEFAULT", 1: "ACCESS_READ", 2: "ACCESS_WRITE", 3: "ACCESS_COPY"}

# Mappings whose buffer somebody has had to write to, and whether there has been one: from then on opening a file looks at them.
_lent = weakref.WeakSet()
has_lent = False


def sync():
    """What was written through buffers goes into the files."""
    for each in list(_lent):
        if not each.closed:
            each._write_changes()


def _watch(event, args):
    if event == "open" and _lent:
        sync()


class mmap:
    __slots__ = ("_data", "_fd", "_is_shared", "_offset", "_access", "_place", "_seen", "_clean", "_exports", "closed", "__weakref__")

    def __init__(self, fileno, length, flags=1, prot=3, access=ACCESS_DEFAULT, offset=0, *, trackfd=True):
        self.closed = True
        if length < 0:
            raise OverflowError("memory mapped length must be positive")
        if offset < 0:
            raise OverflowError("memory mapped offset must be positive")
        if access != ACCESS_DEFAULT and (flags != 1 or prot != 3):
            raise ValueError("mmap can't specify both access and flags, prot.")
        if access not in _NAMES:
            raise ValueError("mmap invalid access parameter.")
        is_private = bool(flags & 2) or access == ACCESS_COPY
        if access == ACCESS_DEFAULT and not prot & 2:
            access = ACCESS_READ
        self._fd, self._is_shared, self._offset, self._access, self._place = -1, False, offset, access, 0
        self._clean, self._exports, self._seen = None, 0, None
        if fileno == -1 or flags & 32:
            if not length:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            self._data = bytearray(length)
        else:
            sys.audit("mmap.__new__", fileno, length, access, offset)
            size = posix.fstat(fileno).st_size
            if not length:
                if not size:
                    raise ValueError("cannot mmap an empty file")
                if offset >= size:
                    raise ValueError("mmap offset is greater than file size")
                length = size - offset
            elif offset > size or size - offset < length:
                raise ValueError("mmap length is greater than file size")
            if offset % _PAGE:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            if access != ACCESS_READ and not is_private:
                try:
                    posix.pwrite(fileno, b"", 0)
                except OSError:
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None
            self._fd = os.dup(fileno)
            self._data = bytearray(length)
            self.closed = False
            try:
                self._read()
            except OSError:
                self.close()
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None
            self._is_shared = not is_private
        self.closed = False

    # Between the copy and the file.

    def _read(self):
        self._seen = posix.fstat(self._fd).st_mtime_ns
        held = posix.pread(self._fd, len(self._data), self._offset)
        self._data[: len(held)] = held
        if len(held) < len(self._data):
            self._data[len(held) :] = bytes(len(self._data) - len(held))

    def _ready(self):
        """Makes the copy what the file holds now."""
        if self.closed:
            raise ValueError("mmap closed or invalid")
        if self._is_shared and posix.fstat(self._fd).st_mtime_ns != self._seen:
            if self._clean is not None:
                self._write_changes()
            self._read()
            if self._clean is not None:
                self._clean = bytes(self._data)

    def _store(self, start, data):
        if self._access == ACCESS_READ:
            raise TypeError("mmap can't modify a readonly memory map.")
        self._data[start : start + len(data)] = data
        if self._is_shared and data:
            self._write(start, data)

    def _write(self, start, data):
        room = posix.fstat(self._fd).st_size - self._offset - start
        if room > 0:  # what lies behind the end of a file that was cut is nowhere
            posix.pwrite(self._fd, data[:room], self._offset + start)
        self._seen = posix.fstat(self._fd).st_mtime_ns
        if self._clean is not None:
            self._clean = self._clean[:start] + bytes(data) + self._clean[start + len(data) :]

    def _write_changes(self):
        if self._clean is None or not self._is_shared:
            return
        data, clean = bytes(self._data), self._clean
        if data == clean:
            return
        for start in range(0, len(data), _PAGE):
            if data[start : start + _PAGE] != clean[start : start + _PAGE]:
                room = posix.fstat(self._fd).st_size - self._offset - start
                posix.pwrite(self._fd, data[start : start + min(_PAGE, max(room, 0))], self._offset + start)
        self._clean = data
        self._seen = posix.fstat(self._fd).st_mtime_ns

    # Buffers.

    def __buffer__(self, flags, /):
        global has_lent
        self._ready()
        view = memoryview(self._data)
        self._exports += 1
        if self._access == ACCESS_READ:
            if flags & _WRITABLE:
                self._exports -= 1
                raise BufferError("Object is not writable.")
            return view.toreadonly()
        if flags and self._is_shared and self._clean is None:
            self._clean = bytes(self._data)
            _lent.add(self)
            if not has_lent:
                has_lent = True
                sys.addaudithook(_watch)
        return view

    def __release_buffer__(self, view, /):
        self._exports -= 1
        view.release()

    # What programs call.

    def close(self):
        if self.closed:
            return
        if self._exports:
            raise BufferError("cannot close exported pointers exist")
        self._write_changes()
        self.closed = True
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1
        self._data = bytearray()

    def __del__(self):
        try:
            self._exports = 0
            self.close()
        except (AttributeError, OSError):
            pass

    def __enter__(self):
        self._ready()
        return self

    def __exit__(self, *_):
        self.close()

    def __len__(self):
        if self.closed:
            raise ValueError("mmap closed or invalid")
        return len(self._data)

    def __getitem__(self, key):
        self._ready()
        if isinstance(key, slice):
            return bytes(self._data[key])
        try:
            return self._data[key]
        except IndexError:
            raise IndexError("mmap index out of range") from None
        except TypeError:
            raise TypeError("mmap indices must be integers") from None

    def __setitem__(self, key, value):
        self._ready()
        if isinstance(key, slice):
            value = bytes(memoryview(value))
            start, stop, step = key.indices(len(self._data))
            if len(range(start, stop, step)) != len(value):
                raise IndexError("mmap slice assignment is wrong size")
            if step == 1:
                self._store(start, value)
                return
            for at, each in zip(range(start, stop, step), value):
                self._store(at, bytes((each,)))
            return
        if not isinstance(value, int):
            raise TypeError("mmap assignment must be single-byte integer")
        if not 0 <= value <= 255:
            raise ValueError("mmap item value must be in range(0, 256)")
        try:
            at = range(len(self._data))[key]
        except IndexError:
            raise IndexError("mmap index out of range") from None
        self._store(at, bytes((value,)))

    def __delitem__(self, key):
        raise TypeError("mmap object doesn't support item deletion" if not isinstance(key, slice) else "mmap object doesn't support slice deletion")

    def __iter__(self):
        for at in range(len(self)):
            yield self[at : at + 1]

    def __contains__(self, value):
        return any(each == value for each in self)

    def find(self, sub, start=None, end=None, /):
        self._ready()
        return self._data.find(memoryview(sub), self._place if start is None else start, end)

    def rfind(self, sub, start=None, end=None, /):
        self._ready()
        return self._data.rfind(memoryview(sub), self._place if start is None else start, end)

    def read(self, n=None, /):
        self._ready()
        rest = max(len(self._data) - self._place, 0)
        count = rest if n is None or n < 0 else min(n, rest)
        self._place += count
        return bytes(self._data[self._place - count : self._place])

    def read_byte(self):
        self._ready()
        if self._place >= len(self._data):
            raise ValueError("read byte out of range")
        self._place += 1
        return self._data[self._place - 1]

    def readline(self):
        self._ready()
        end = self._data.find(b"\n", self._place)
        return self.read(None if end < 0 else end + 1 - self._place)

    def write(self, data, /):
        self._ready()
        data = bytes(memoryview(data))
        if self._access == ACCESS_READ:
            raise TypeError("mmap can't modify a readonly memory map.")
        if len(data) > len(self._data) - self._place:
            raise ValueError("data out of range")
        self._store(self._place, data)
        self._place += len(data)
        return len(data)

    def write_byte(self, byte, /):
        self._ready()
        if self._access == ACCESS_READ:
            raise TypeError("mmap can't modify a readonly memory map.")
        if self._place >= len(self._data):
            raise ValueError("write byte out of range")
        self._store(self._place, bytes((byte,)))
        self._place += 1

    def seek(self, pos, whence=0, /):
        self._ready()
        if whence not in (0, 1, 2):
            raise ValueError("unknown seek type")
        place = pos + (0, self._place, len(self._data))[whence]
        if not 0 <= place <= len(self._data):
            raise ValueError("seek out of range")
        self._place = place
        return place

    def seekable(self):
        return True

    def tell(self):
        self._ready()
        return self._place

    def size(self):
        self._ready()
        return posix.fstat(self._fd).st_size

    def flush(self, offset=0, size=None, /, *, flags=0):
        self._ready()
        if not 0 <= offset <= len(self._data) or size is not None and not 0 <= size <= len(self._data) - offset:
            raise ValueError("flush values out of range")
        self._write_changes()

    def move(self, dest, src, count, /):
        self._ready()
        if self._access == ACCESS_READ:
            raise TypeError("mmap can't modify a readonly memory map.")
        if min(dest, src, count) < 0 or max(dest, src) + count > len(self._data):
            raise ValueError("source, destination, or count out of range")
        self._store(dest, bytes(self._data[src : src + count]))

    def resize(self, newsize, /):
        self._ready()
        if self._access in (ACCESS_READ, ACCESS_COPY):
            raise TypeError("mmap can't resize a readonly or copy-on-write memory map.")
        if self._exports:
            raise BufferError("mmap can't resize with extant pointers exported.")
        if newsize < 0 or self._offset + newsize < 0:
            raise ValueError("new size out of range")
        if self._fd >= 0:
            os.ftruncate(self._fd, self._offset + newsize)
        self._data[newsize:] = bytes(max(newsize - len(self._data), 0))
        self._clean = None
        self._seen = None

    def madvise(self, option, start=0, length=None, /):
        self._ready()

    def __repr__(self):
        if self.closed:
            return "<mmap.mmap closed=True>"
        return f"<mmap.mmap closed=False, access={_NAMES[self._access]}, length={len(self._data)}, pos={self._place}, offset={self._offset}>"

    def __reduce__(self):
        raise TypeError("cannot pickle 'mmap.mmap' object")


def _fit_module():
    import mmap as module

    mmap.__module__ = "mmap"
    vars(module).update(_CONSTANTS, mmap=mmap)


_fit_module()
