# SPDX-License-Identifier: Apache-2.0
"""What each run of a session has anew, and what becomes of open files at the end of one. All else that programs make
stays. Fresh runs need none of this: they start from the template."""

import gc
import io
import linecache
import sys
import warnings

import _host
from os import chdir, getcwd
from _signal import getsignal, signal
from signal import Signals
from _skerry_display import end_figures, fit_figures
from _skerry_streams import renew_streams

# What the template has; `note_state` fills these in.
_HANDLERS = {}
_DIRECTORY = "/"


class _Name(str):
    """The name of a file that is run again with another text, or of what has no file: libraries call code that they make "<string>", too.
    It is equal to the first one's and not found in its place, so that functions of each text find their own source lines."""

    __slots__ = ()
    __hash__ = object.__hash__


# A program that has no file.
NAMELESS = _Name("<string>")


def note_state():
    global _DIRECTORY
    _DIRECTORY = getcwd()
    _HANDLERS.update((number, handler) for number in map(int, Signals) if (handler := getsignal(number)) is not None)
    _forget_warnings()
    linecache.clearcache()  # of rehearsals
    fit_figures()


def name_lines(name, size, lines):
    """Keeps the program's lines for those who show them. Returns the name by which code finds them."""
    known = linecache.cache.get(name)
    if known is not None and known[2] != lines:
        name = _Name(name)
    linecache.cache[name] = (size, None, lines, name)
    return name


def begin_run():
    """Before a run that follows others."""
    renew_streams()
    _forget_warnings()
    try:
        if getcwd() != _DIRECTORY:
            chdir(_DIRECTORY)
    except OSError:  # removed
        chdir(_DIRECTORY)
    for number, handler in _HANDLERS.items():
        if getsignal(number) is not handler:
            signal(number, handler)


def end_run():
    """After a run that others may follow: what it wrote to files is in them."""
    end_figures()
    if _host.call(b"f"):
        _flush_files()


def _forget_warnings():
    """Makes every module's registry out of date, so that what was shown once is shown again."""
    warnings.onceregistry.clear()
    with warnings._lock:
        warnings._filters_mutated_lock_held()


def _flush_files():
    files = [each for each in gc.get_objects() if isinstance(each, io._io._IOBase)]
    files.sort(key=lambda each: not isinstance(each, io._io._TextIOBase))  # text is on top of bytes
    for file in files:
        try:
            if not file.closed and file.writable():
                file.flush()
        except Exception:
            pass  # as at the interpreter's end
