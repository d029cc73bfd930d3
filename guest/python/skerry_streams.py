# SPDX-License-Identifier: Apache-2.0
"""The standard streams. What a program writes leaves the guest at once, as with `python -u`, so that no end of a run loses it: the
host joins what comes in pieces. Each run of a session has streams of its own, in the same objects: what holds one of them, such as
a logging handler, goes on writing."""

import errno
import io
import sys


class _Input(io.FileIO):
    """Standard input. A wait that the host ends has been interrupted by a person: there are no signals to tell it."""

    has_read = False
    has_ended = False

    def readinto(self, buffer):
        self.has_read = True
        try:
            count = super().readinto(buffer)
            self.has_ended = count == 0
            return count
        except OSError as error:
            if error.errno != errno.ECANCELED:
                raise
        raise KeyboardInterrupt

    def readall(self):
        pieces = []
        buffer = bytearray(io.DEFAULT_BUFFER_SIZE)
        while count := self.readinto(buffer):
            pieces.append(bytes(buffer[:count]))
        return None if count is None and not pieces else b"".join(pieces)


class _Output(io.FileIO):
    """The binary layer of an output stream, without a buffer. Programs ask a desktop's for what is below it."""

    @property
    def raw(self):
        return self


class _Stream:
    """One of the three, and how it is made anew in place."""

    def __init__(self, name, number, told):
        self.name = name
        self.number = number
        self.told = told  # as notices call it
        old = getattr(sys, name)
        self._options = old.encoding, old.errors, "\n"
        self._raw = (_Output if number else _Input).__new__(_Output if number else _Input)
        self._buffer = self._raw if number else io.BufferedReader.__new__(io.BufferedReader)
        self.text = io.TextIOWrapper.__new__(io.TextIOWrapper)
        self.renew()
        self.text.mode = "w" if number else "r"

    def renew(self):
        """Drops what is buffered, and opens what was closed or detached."""
        self._raw.__init__(self.number, "wb" if self.number else "rb", closefd=False)
        self._raw.__dict__.clear()  # that it is closed, for one
        self._raw.name = f"<{self.name}>"
        if self._buffer is not self._raw:
            self._buffer.__init__(self._raw)
        self.text.__init__(self._buffer, *self._options, write_through=self.number > 0)

    def is_sound(self):
        try:
            return not self.text.closed
        except ValueError:  # detached
            return False

    def is_stale(self):
        return self._buffer is not self._raw and self._raw.has_read

    def has_ended(self):
        return self._raw.has_ended

    def put_back(self):
        """For a run that follows others. Whether an earlier one had replaced or closed the stream."""
        was_touched = getattr(sys, self.name, None) is not self.text
        setattr(sys, self.name, self.text)  # the last reference to a replacement may close what it shares with ours
        setattr(sys, f"__{self.name}__", self.text)
        if not self.is_sound():
            was_touched = True
            self.renew()
        elif self.is_stale():
            self.renew()
        return was_touched


_STREAMS = []


def fit_streams():
    _STREAMS[:] = [
        _Stream("stdin", 0, "standard input"), _Stream("stdout", 1, "standard output"), _Stream("stderr", 2, "standard error"),
    ]
    for stream in _STREAMS:
        stream.put_back()


def renew_streams():
    """Before a run that follows others in its session: input that an earlier one left unread is gone."""
    touched = [stream.told for stream in _STREAMS if stream.put_back()]
    if touched:
        sys.stderr.write(f"skerry: an earlier run of this session replaced or closed {' and '.join(touched)}; this run has its own\n")


def input_has_ended():
    """Whether the program has met the end of its standard input."""
    return _STREAMS[0].has_ended()


def flush_streams():
    """Those that the program put in place of ours, too. Whether all was written."""
    done = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException:
            done = False
    return done
