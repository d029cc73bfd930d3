# SPDX-License-Identifier: Apache-2.0
"""How an exception is shown to the program's caller and told to the host: its traceback where Python prints it, and its parts as
data."""

import keyword
import linecache
import re
import sys
import traceback

from _skerry_hints import hint_for

# Structured reports are for programs to read: enough for any real traceback, bounded for hostile ones.
MAX_FRAMES = 64
MAX_CAUSES = 16
MAX_NOTES = 32
# The file of all modules of ours.
_OURS = "<skerry>"
MAX_TEXT = 16_384
# Given back when memory has run out, so that there is some to say so with.
RESERVE = bytearray(1 << 20)


def lay_in_reserve():
    """After a run of a session that spent it. Where memory is still full, the next run goes without."""
    try:
        RESERVE.extend(bytes(1 << 20))
    except MemoryError:
        pass


def clip(text, limit=MAX_TEXT):
    return text if len(text) <= limit else text[:limit] + f"... [{len(text) - limit} more characters]"


def clip_bytes(text, limit):
    """The same for a limit of bytes, which the host has. The text has no surrogates."""
    if 4 * len(text) <= limit or len(data := text.encode()) <= limit:
        return text
    begin = data[: limit - 100].decode(errors="ignore")
    return begin + f"... [{len(text) - len(begin)} more characters]"


def clean(text):
    """Surrogates (from undecodable input) cannot go through UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _frames_of(summary):
    frames = [
        {"file": clip(clean(f.filename)), "line": f.lineno or 0, "function": clip(clean(f.name)), "source": clip(clean(f.line or ""))}
        for f in summary
        if f.filename != _OURS
    ]
    if len(frames) > MAX_FRAMES:
        half = MAX_FRAMES // 2
        frames = frames[:half] + frames[-half:]
    return frames


def type_name(kind):
    module = kind.__module__
    return kind.__qualname__ if module in ("builtins", "__main__") else f"{module}.{kind.__qualname__}"


def name_of(error):
    """What can be told of an exception whatever its class does."""
    description = {"type": clean(type_name(type(error))), "message": _message_of(error), "frames": []}
    if isinstance(error, MemoryError):
        description["is_memory"] = True
    return description


def _notes_of(error):
    """What the program added to it: anything, for all that Python checks."""
    notes = getattr(error, "__notes__", None)
    if not isinstance(notes, (list, tuple)):
        return []
    return [clip(clean(note)) for note in notes[:MAX_NOTES] if isinstance(note, str)]


def _causes_of(error):
    """What it was raised from, or while what was handled; the nearest first, each once."""
    causes, seen = [], {id(error)}
    while len(causes) < MAX_CAUSES:
        relation, cause = "cause", error.__cause__
        if cause is None:
            relation, cause = "context", None if error.__suppress_context__ else error.__context__
        if cause is None or id(cause) in seen:
            break
        seen.add(id(cause))
        summary = traceback.extract_tb(cause.__traceback__, -MAX_FRAMES // 4)
        described = {"relation": relation, **name_of(cause), "frames": _frames_of(summary)}
        if notes := _notes_of(cause):
            described["notes"] = notes
        causes.append(described)
        error = cause
    return causes


def _describe(error, summary, hint):
    description = name_of(error)
    if hint:
        description["hint"] = clip(clean(hint))
    if notes := _notes_of(error):
        description["notes"] = notes
    if error.__context__ is not None or error.__cause__ is not None:
        description["causes"] = _causes_of(error)
    frames = description["frames"] = _frames_of(summary)
    if isinstance(error, SyntaxError) and error.filename is not None:
        frames.append(
            {
                "file": clip(clean(str(error.filename))),
                "line": error.lineno or 0,
                "function": "<module>",
                "source": clip(clean((error.text or "").strip())),
            }
        )
    return description


def _message_of(error):
    try:
        return clip(clean(str(error.msg if isinstance(error, SyntaxError) else error)))
    except BaseException:  # the program's own __str__
        return ""


def _complete(error):
    """Errors that the compiler finds after parsing come without the line's text."""
    if isinstance(error, SyntaxError) and error.text is None and error.filename and error.lineno:
        error.text = linecache.getline(error.filename, error.lineno) or None


def _write_error(text):
    if sys.stderr is not None:
        try:
            sys.stderr.write(text)
        except UnicodeEncodeError:
            sys.stderr.write(clean(text))


def report(error, trace):
    """Prints the traceback where Python would, and describes it to the host."""
    if isinstance(error, MemoryError):
        # The frames still hold what filled the memory; nothing can be told before that is gone.
        RESERVE.clear()
        traceback.clear_frames(trace)
    error.__traceback__ = trace
    _complete(error)
    hint = hint_for(error, trace)
    if sys.excepthook is not sys.__excepthook__:
        try:
            sys.excepthook(type(error), error, trace)
            return _describe(error, traceback.extract_tb(trace, -MAX_FRAMES), hint)
        except BaseException as second:
            hook_trace = without_us(second.__traceback__)
            _write_error("Error in sys.excepthook:\n" + "".join(traceback.format_exception(type(second), second, hook_trace)))
            _write_error("\nOriginal exception was:\n")
    shown = traceback.TracebackException(type(error), error, trace, compact=True)
    shown.stack.__class__ = _Stack
    text = "".join(shown.format())
    _write_error(f"{text}hint: {hint}\n" if hint else text)
    return _describe(error, shown.stack, hint)


# A call of a name, and one operator between two operands: what most exceptions come from. No brackets and no quotes inside.
_SIMPLE_CALL = re.compile(r"([A-Za-z_][\w.]*)\([^()\[\]{}'\"#\\]*\)", re.ASCII)
_SIMPLE_OPERATION = re.compile(r"([\w.]+) ?([-+*/%@&|^]|//|\*\*|<<|>>) ?[\w.]+", re.ASCII)


def _anchors_of(segment):
    """The columns of `segment` between which carets stand out, and the characters; None where there are none."""
    if (match := _SIMPLE_CALL.fullmatch(segment)) and not keyword.iskeyword(match[1]):
        return match.end(1), len(segment), "~", "^"
    if (match := _SIMPLE_OPERATION.fullmatch(segment)) and not keyword.iskeyword(match[1]):
        return *match.span(2), "~", "^"
    try:
        found = traceback._extract_caret_anchors_from_line_segment(segment)
    except Exception:
        return None
    return found and (found.left_end_offset, found.right_start_offset, found.primary_char, found.secondary_char)


def _format_frame(self, frame, **options):
    """Functions of ours stand where a desktop has built-in ones, which have no frames."""
    return None if frame.filename == _OURS else _format_in_library(self, frame, **options)


_format_in_library = traceback.StackSummary.format_frame_summary
traceback.StackSummary.format_frame_summary = _format_frame


class _Stack(traceback.StackSummary):
    """The same text as its base, in a third of the time for the usual frame: one line of plain ASCII."""

    def format_frame_summary(self, frame, **options):
        lines = frame._original_lines
        if (
            not lines.isascii()
            or frame.end_lineno != frame.lineno
            or frame.colno is None
            or frame.end_colno is None
            or frame.locals
            or frame.filename == _OURS
            or frame.filename.startswith("<stdin-")
            or options.get("colorize")
        ):
            return super().format_frame_summary(frame, **options)
        original = lines.rstrip("\n")
        line = original.lstrip(" ")
        start = frame.colno - len(original) + len(line)
        end = frame.end_colno - len(original) + len(line)
        if not 0 <= start < end <= len(line) or not line.isprintable() or line[0] == "#":
            return super().format_frame_summary(frame, **options)
        anchors = _anchors_of(line[start:end])
        text = f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n    {line}\n'
        # Only a call that is all of a `return` or of an assignment goes without carets whatever its anchors.
        if line[end - 1] == ")" and ("=" in line or line.startswith("return")):
            shown = self._should_show_carets(start, end, [line], anchors)
        else:
            shown = anchors or line[:start] or line[end:].rstrip()
        if not shown:
            return text
        left, right, first, second = anchors or (end - start, end - start, "^", "^")
        carets = first * left + second * (right - left) + first * (end - start - right)
        return f"{text}    {' ' * start}{carets}\n"


def without_us(trace):
    """The traceback from the program's first frame on."""
    while trace is not None and trace.tb_frame.f_code.co_filename == _OURS:
        trace = trace.tb_next
    return trace
