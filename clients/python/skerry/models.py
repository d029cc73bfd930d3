# SPDX-License-Identifier: Apache-2.0
"""What the service answers. Fields are named as on the wire; those of a newer service that are not here are left out."""

from __future__ import annotations

import base64
import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .errors import ProtocolError, RunFailed

T = TypeVar("T")


@dataclass(frozen=True)
class Frame:
    file: str
    line: int
    function: str
    source: str


@dataclass(frozen=True)
class Cause:
    """What an exception was raised from, or while what was handled."""

    relation: str
    """`cause`: it was given as such; `context`: it was being handled."""
    type: str
    message: str
    frames: list[Frame]
    notes: list[str]


@dataclass(frozen=True)
class ExceptionInfo:
    """The exception that a program did not catch."""

    type: str
    """As a traceback names it."""
    message: str
    frames: list[Frame]
    """Outermost first, at most 64."""
    hint: str
    """What to do instead, where the cause is that this is a sandbox; else empty."""
    notes: list[str] = field(default_factory=list)
    """That the program added to it."""
    causes: list[Cause] = field(default_factory=list)
    """The nearest first."""


@dataclass(frozen=True)
class Limit:
    """The limit that ended a run."""

    name: str
    value: float
    unit: str
    option: str
    """What raises it."""


@dataclass(frozen=True)
class SessionState:
    """What became of a run's session."""

    name: str
    revision: int
    """Where the session stands now; 0 is the template."""
    saved: str
    """`committed`, `durable`, or `no`: this run is not that revision."""
    message: str
    """Why nothing was saved; else empty."""
    notice: str
    """Why the run did not start where the session last stood; else empty."""
    bytes: int


@dataclass(frozen=True)
class Usage:
    wall_ms: float
    cpu_ms: float
    peak_memory_bytes: int
    dirty_pages: int
    fuel: int | None
    queue_ms: float


@dataclass(frozen=True)
class Limits:
    memory_bytes: int
    wall_seconds: float
    output_bytes: int
    fuel: int | None
    files_bytes: int
    open_files: int
    table_elements: int


@dataclass(frozen=True)
class FileInfo:
    """A file or directory of a session."""

    path: str
    is_directory: bool
    size: int
    modified: str
    """RFC 3339, in UTC."""
    type: str | None
    """Its media type, as its name tells it; None for a directory."""


@dataclass(frozen=True)
class Listing:
    files: list[FileInfo]
    truncated: bool
    """Whether there are more than are listed."""


@dataclass(frozen=True)
class Written:
    path: str
    size: int


@dataclass(frozen=True)
class Result:
    """Something that a program showed: the value of its last expression, a figure, a table; in one form or several."""

    data: dict[str, Any]
    """By media type; what is binary is base64."""
    metadata: dict[str, Any] = field(default_factory=dict)
    is_result: bool = False
    """Whether it is the last expression's value, and not something shown on the way."""
    chart: dict[str, Any] | None = None
    """What is drawn, as numbers, where it is known."""

    @property
    def text(self) -> str | None:
        return self._text_of("text/plain")

    @property
    def html(self) -> str | None:
        return self._text_of("text/html")

    @property
    def markdown(self) -> str | None:
        return self._text_of("text/markdown")

    @property
    def latex(self) -> str | None:
        return self._text_of("text/latex")

    @property
    def svg(self) -> str | None:
        return self._text_of("image/svg+xml")

    @property
    def png(self) -> bytes | None:
        return self._bytes_of("image/png")

    @property
    def jpeg(self) -> bytes | None:
        return self._bytes_of("image/jpeg")

    @property
    def json(self) -> Any:
        return self.data.get("application/json")

    def _text_of(self, media_type: str) -> str | None:
        value = self.data.get(media_type)
        return value if isinstance(value, str) else None

    def _bytes_of(self, media_type: str) -> bytes | None:
        value = self._text_of(media_type)
        try:
            return None if value is None else base64.b64decode(value)
        except ValueError:  # the program says that it is one
            return None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Notebooks show it as the program did."""
        return self.data, self.metadata


@dataclass(frozen=True)
class FileChange:
    """A file that a run made, changed or removed."""

    path: str
    size: int = 0
    type: str | None = None
    """Its media type; None when it was deleted."""
    sha256: str | None = None
    change: str = ""
    """`created`, `modified` or `deleted`."""
    id: str | None = None
    """With which the service has its content for a time, for `Client.download` and for other runs; None when it is not kept."""
    message: str = ""
    """Why it is not kept; else empty."""


@dataclass(frozen=True)
class StoredFile:
    """A file that the service keeps for a time, for runs and for `Client.download`."""

    id: str
    sha256: str
    size: int
    expires: str
    """RFC 3339, in UTC: when it goes unless it is used."""


@dataclass(frozen=True)
class StoredFiles:
    files: list[StoredFile]
    used: int
    """Bytes of all, of a quota that may not be exceeded."""
    quota: int
    next: str | None = None
    """What `after` is for the next page; None: there is none."""


@dataclass(frozen=True)
class Run:
    """How a run went."""

    outcome: str
    """`completed`, `failed`, `trapped`, `deadline`, `out_of_memory`, `out_of_fuel`, `cancelled` or `crashed`."""
    exit_code: int
    message: str
    """One line: why it did not complete; empty when it did."""
    stdout: str
    stderr: str
    truncated: list[str]
    """The streams that were cut: `stdout`, `stderr`."""
    result: str | None
    """`repr` of the last expression's value; None for none, and for `None`."""
    exception: ExceptionInfo | None
    limit: Limit | None
    session: SessionState | None
    usage: Usage | None
    limits: Limits | None
    results: list[Result] = field(default_factory=list)
    """What the program showed, in order; empty where the service does not tell."""
    files: list[FileChange] = field(default_factory=list)
    """Files that it left; empty where the service does not tell."""
    files_truncated: bool = False
    """Whether it left more files than these."""

    @property
    def ok(self) -> bool:
        """Whether the program ended by itself, and well."""
        return self.outcome == "completed"

    def check(self) -> Run:
        """Itself, if the program completed; else raises `RunFailed`, which has its traceback."""
        if not self.ok:
            raise RunFailed(self)
        return self

    @property
    def text(self) -> str:
        """All there is to read, for a person or a model: output, errors, why it was stopped, what became of the session, the result."""
        parts = [self.session.notice if self.session else "", self.stdout, self.stderr]
        if not self.ok and not self.exception:
            parts.append(str(RunFailed(self)))
        parts += [self.session.message if self.session else "", self.result or ""]
        return "\n".join(part.rstrip("\n") for part in parts if part)


@dataclass(frozen=True)
class SessionInfo:
    name: str
    template: str
    head: int
    """The revision that the next run goes on from."""
    revisions: int
    """Its own that are kept."""
    runs: int
    """That were ever committed."""
    bytes: int
    created_unix_ns: int
    used_unix_ns: int


@dataclass(frozen=True)
class Revision:
    """A state of a session that can be gone back to."""

    revision: int
    parent: int | None
    """The revision that it came from; None for revision 0, the template."""
    head: bool
    """Whether the next run goes on from it."""
    created_unix_ns: int
    first_line: str
    outcome: str
    label: str
    bytes: int
    pages: int
    durable: bool


@dataclass(frozen=True)
class Checkpoint(Revision):
    replaced_label: str | None
    """That the revision had before."""
    label_taken_from: int | None
    """The revision that had the label before."""


@dataclass(frozen=True)
class LogEvent:
    at_unix_ns: int
    text: str


@dataclass(frozen=True)
class SessionLog:
    revisions: list[Revision]
    """Oldest first."""
    events: list[LogEvent]
    """What else happened, as an eviction or a rewind."""


@dataclass(frozen=True)
class Variable:
    name: str
    type: str
    value: str
    """Its `repr`, at most 200 characters."""


@dataclass(frozen=True)
class Diff:
    added: list[Variable]
    changed: list[Variable]
    removed: list[Variable]


@dataclass(frozen=True)
class Health:
    status: str
    """`healthy`, or what is wrong."""
    service: str
    timestamp: float

    @property
    def ok(self) -> bool:
        return self.status == "healthy"


# --------------------------------------------------------------------------------------------------------------- events


@dataclass(frozen=True)
class Event:
    """Something that a run tells while it lasts. A newer service may send names that have no class here: those are plain ones."""

    name: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Started(Event):
    """The program begins."""


@dataclass(frozen=True)
class Output(Event):
    """The program printed something."""

    @property
    def stream(self) -> str:
        """`stdout` or `stderr`."""
        return self.name

    @property
    def text(self) -> str:
        return str(self.data["text"])


@dataclass(frozen=True)
class Warned(Event):
    """The service has something to say before the run: that its session begins anew, for one."""

    @property
    def text(self) -> str:
        return str(self.data["text"])


@dataclass(frozen=True)
class Display(Event):
    """The program showed something."""

    @property
    def result(self) -> Result:
        return read(Result, self.data)


@dataclass(frozen=True)
class Waiting(Event):
    """The program waits for input, or goes on."""

    @property
    def waiting(self) -> bool:
        return bool(self.data["waiting"])


@dataclass(frozen=True)
class Finished(Event):
    """The last event: how the run went, with all that it printed."""

    run: Run


EVENTS: dict[str, type[Event]] = {
    "started": Started, "stdout": Output, "stderr": Output, "warning": Warned, "display": Display, "waiting": Waiting,
}


# -------------------------------------------------------------------------------------------------------------- reading


def read(cls: type[T], given: Mapping[str, Any]) -> T:
    """An object of the wire as an instance of `cls`, one of the classes here. Raises ProtocolError if a field is missing."""
    plan = _plan(cls)  # type: ignore[arg-type]
    try:
        return cls(**{name: plan[name](value) if value is not None else None for name, value in given.items() if name in plan})
    except (TypeError, AttributeError) as error:
        raise ProtocolError(f"the service does not tell all of a {cls.__name__}: {error}") from error


@functools.cache
def _plan(cls: type[Any]) -> dict[str, Callable[[Any], Any]]:
    hints = typing.get_type_hints(cls)
    return {each.name: _reader_of(hints[each.name]) for each in dataclasses.fields(cls)}


def part_of(hint: Any) -> Any:
    """The class of this module that a field holds, by itself, in a list, or beside None; or None."""
    if typing.get_origin(hint) in (list, types.UnionType):
        return next(filter(None, map(part_of, typing.get_args(hint))), None)
    return hint if dataclasses.is_dataclass(hint) else None


def _reader_of(hint: Any) -> Callable[[Any], Any]:
    part = part_of(hint)
    if part is None:
        return _itself
    if typing.get_origin(hint) is list:
        return lambda values: [read(part, value) for value in values]
    return lambda value: read(part, value)


def _itself(value: Any) -> Any:
    return value
