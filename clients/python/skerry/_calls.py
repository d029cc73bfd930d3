# SPDX-License-Identifier: Apache-2.0
"""What the service can be asked: how each request is made and how its answer is read. Both clients send these."""

from __future__ import annotations

import base64
import json
import os
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypedDict, TypeVar, Union
from urllib.parse import quote, urlencode

from ._http import Connection, EventReader, Reply, StaleConnection, Steps, head_of, text_of, web_socket_headers
from ._transport import Address
from .errors import HINTS, KINDS, BusyError, ConnectionLostError, NotSavedError, ProtocolError, ServiceError, SkerryError
from .models import (
    EVENTS, Checkpoint, Diff, Display, Event, FileChange, Finished, Health, Listing, Output, Revision, Run, SessionInfo, SessionLog, StoredFile,
    StoredFiles, Written, read,
)

T = TypeVar("T")

VERSION = "0.1.0"
PIECE = 1 << 18


GivenFile = Union[str, bytes, "os.PathLike[str]", StoredFile, FileChange]


class SessionRunOptions(TypedDict, total=False):
    """What a run may be told beside its code and its session. What is left out, or None, is as the service has it."""

    template: str | None
    """The image to start from: `python-data` has numpy and pandas imported, `python` starts bare."""
    stdin: str | None
    args: list[str] | None
    """`sys.argv`, from its second on."""
    env: Mapping[str, str] | None
    timeout: float | None
    """Seconds after which the run is killed."""
    memory: float | None
    """MiB beside the template's."""
    max_output: int | None
    """Bytes kept of each stream."""
    seed: int | None
    """Makes all randomness follow from this number."""
    durable: bool | None
    """Answer when the session is safe from a power loss, too."""
    isolation: str | None
    """`process`: a process of its own; `tenant`: one of the tenant's."""
    output_events_per_second: int | None
    """Of a stream: what comes faster is joined."""
    files: Mapping[str, GivenFile] | None
    """Files that the program finds, by path: their text, their bytes, a path of yours, or a file that the service keeps: what
    `Client.upload` gave, or one of a `Run.files`."""


class RunOptions(SessionRunOptions, total=False):
    """What a run may be told beside its code."""

    session: str | None
    """Goes on where this session stands; a new name makes one."""


class LiveOptions(RunOptions, total=False):
    """Those of a run whose input comes while it lasts."""

    input_timeout: float | None
    """Seconds for which it may wait for input, all waits together."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and how its answer is read."""

    method: str
    path: str
    read: Callable[[Reply], T]
    body: bytes | os.PathLike[str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    good: tuple[int, ...] = (200,)

    @property
    def may_be_repeated(self) -> bool:
        return self.method == "GET"

    def start(self, connection: Connection, address: Address, headers: Mapping[str, str]) -> Steps[Reply]:
        """Sends it; the answer without its body if it is a good one. Raises ServiceError for a refusal."""
        length = None if self.body is None else len(self.body) if isinstance(self.body, bytes) else os.stat(self.body).st_size
        head = head_of(self.method, address.prefix + self.path, address.host_header, {**headers, **self.headers}, length)
        if isinstance(self.body, bytes) and len(self.body) <= PIECE:
            reply = yield from connection.request(head + self.body)
        else:
            reply = yield from connection.request(head, _pieces(self.body))
        if reply.status not in self.good:
            raise error_of(Reply(reply.status, reply.headers, (yield from connection.rest())))
        return reply

    def exchange(self, connection: Connection, address: Address, headers: Mapping[str, str]) -> Steps[T]:
        reply = yield from self.start(connection, address, headers)
        return self.read(Reply(reply.status, reply.headers, (yield from connection.rest())))


def _pieces(body: bytes | os.PathLike[str] | None) -> Iterator[bytes]:
    if isinstance(body, bytes):
        for at in range(0, len(body), PIECE):
            yield body[at : at + PIECE]
    elif body is not None:
        with open(body, "rb") as file:
            while piece := file.read(PIECE):
                yield piece


def error_of(reply: Reply) -> Exception:
    try:
        told = reply.json()
    except ProtocolError as wrong:
        return wrong
    message = str(told.get("error") or told.get("status") or f"HTTP {reply.status}")
    after = reply.headers.get("retry-after", "")
    kind = NotSavedError if "outcome" in told else KINDS.get(reply.status, ServiceError)
    error = kind(reply.status, message, hint=str(told.get("hint") or HINTS.get(reply.status, "")),
                 retry_after=float(after) if after.isdigit() else None, request_id=reply.headers.get("x-request-id", ""))
    if isinstance(error, NotSavedError):
        error.run = read(Run, told)
    return error


def wait_before_repeating(call: Call[Any], error: BaseException, was_kept: bool, end: float) -> float | None:
    """Seconds until it may be sent again, at most until `end`; None: it may not, or not any more."""
    if isinstance(error, StaleConnection) and was_kept and call.may_be_repeated:
        return 0
    return wait_while_busy(error, end)


def wait_while_busy(error: BaseException, end: float) -> float | None:
    """The same for what a busy service refused to begin."""
    if not isinstance(error, BusyError):
        return None
    wait = (error.retry_after or 1) * random.uniform(1, 1.5)  # those who were refused together do not come back together
    return wait if time.monotonic() + wait < end else None


def headers_for(key: str | None) -> dict[str, str]:
    headers = {"User-Agent": f"skerry-python/{VERSION}"}
    if key:
        headers["X-API-Key"] = key
    return headers


def settings(base_url: str | None, key: str | None) -> tuple[str, str | None]:
    """As given, or from the environment."""
    return base_url or os.environ.get("SKERRY_URL") or "http://127.0.0.1:8000", key or os.environ.get("SKERRY_KEY") or None


# ----------------------------------------------------------------------------------------------------------------- runs


def run_body(code: str, options: Mapping[str, Any], known: type = RunOptions) -> dict[str, Any]:
    """Raises TypeError for an option that there is not."""
    unknown = options.keys() - known.__annotations__.keys()
    if unknown:
        raise TypeError(f"a run has no option {', '.join(sorted(map(repr, unknown)))}")
    body = {name: value for name, value in options.items() if value is not None}
    if "env" in body:
        body["env"] = dict(body["env"])
    if "files" in body:
        body["files"] = {path: _given(path, file) for path, file in body["files"].items()}
    return {"code": code, **body}


def _given(path: str, file: GivenFile) -> dict[str, str]:
    if isinstance(file, str):
        return {"text": file}
    if isinstance(file, (StoredFile, FileChange)):
        if not file.id:
            raise ValueError(f"{path}: the service does not keep that file")
        return {"id": file.id}
    content = file if isinstance(file, bytes) else Path(file).read_bytes()
    return {"base64": base64.b64encode(content).decode()}


def run(code: str, options: Mapping[str, Any]) -> Call[Run]:
    return _post("/v1/run", run_body(code, options), _of(Run))


def stream(code: str, options: Mapping[str, Any]) -> Call[None]:
    return _post("/v1/run", run_body(code, options), _nothing, {"Accept": "text/event-stream"})


def live() -> Call[None]:
    return Call("GET", "/v1/run/stream", _nothing, headers=web_socket_headers(), good=(101,))


def input_pieces(text: str) -> Iterator[dict[str, str]]:
    """Messages that bring it: each of less than 64 KiB, however it is written."""
    for at in range(0, len(text), 8192):
        yield {"input": text[at : at + 8192]}


class EventFlow:
    """Events of one run, from an event stream or a WebSocket; what it printed is gathered for its `Run`."""

    def __init__(self, connection: Connection, is_live: bool):
        self._connection = connection
        self._events = None if is_live else EventReader(connection)
        self._printed: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._shown: list[Any] = []
        self.run: Run | None = None

    def next(self) -> Steps[Event | None]:
        """None after the last. Raises ConnectionLostError where the outcome is missing, and ServiceError."""
        told = yield from self._told()
        if told is None:
            if self.run is None:
                raise ConnectionLostError("the service closed the connection before the run had ended")
            return None
        name, data = told
        if name == "error":
            body = json.dumps(data).encode()
            raise error_of(Reply(int(data.get("status", 500)), {}, body))
        if name == "outcome":
            return self._finished(data)
        event = EVENTS.get(name, Event)(name, data)
        if isinstance(event, Output):
            self._printed[name].append(event.text)
        elif isinstance(event, Display):
            self._shown.append(data)
        return event

    def finished(self) -> Run:
        if self.run is None:
            raise SkerryError("the stream was closed before the run had ended")
        return self.run

    def _told(self) -> Steps[tuple[str, dict[str, Any]] | None]:
        if self._events:
            return (yield from self._events.next())
        message = yield from self._connection.message()
        if message is None:
            return None
        told = json.loads(message)
        return told["event"], told["data"]

    def _finished(self, data: dict[str, Any]) -> Event:
        printed = {name: "".join(texts) for name, texts in self._printed.items()}
        whole = {**data, **printed, "results": data.get("results") or self._shown}
        if "error" in data:
            raise error_of(Reply(500, {}, json.dumps(whole).encode()))
        self.run = read(Run, whole)
        return Finished("outcome", data, self.run)


# ------------------------------------------------------------------------------------------------------------- sessions


def new_name() -> str:
    return f"py-{uuid.uuid4().hex[:16]}"


def sessions() -> Call[list[SessionInfo]]:
    return Call("GET", "/v1/sessions", lambda reply: [read(SessionInfo, each) for each in reply.json()["sessions"]])


def delete_sessions() -> Call[int]:
    return Call("DELETE", "/v1/sessions?all=true", _cleared)


def info(name: str) -> Call[SessionInfo]:
    return Call("GET", _session(name), _of(SessionInfo))


def delete(name: str) -> Call[bool]:
    return Call("DELETE", _session(name), lambda reply: reply.status == 200, good=(200, 404))


def log(name: str) -> Call[SessionLog]:
    return Call("GET", _session(name, "/log"), _of(SessionLog))


def diff(name: str, old: int | str, new: int | str | None) -> Call[Diff]:
    return Call("GET", _session(name, "/diff", {"from": old, "to": new}), _of(Diff))


def checkpoint(name: str, label: str | None) -> Call[Checkpoint]:
    return _post(_session(name, "/checkpoint"), {} if label is None else {"label": label}, _of(Checkpoint))


def rewind(name: str, revision: int | str) -> Call[Revision]:
    return _post(_session(name, "/rewind"), {"revision": revision}, _of(Revision))


def fork(name: str, new: str) -> Call[SessionInfo]:
    return _post(_session(name, "/fork"), {"name": new}, _of(SessionInfo))


def export(name: str, revision: int | str | None) -> Call[bytes]:
    return Call("GET", _session(name, "/export", {"revision": revision}), lambda reply: reply.body)


def import_session(name: str, data: bytes | os.PathLike[str]) -> Call[Revision]:
    return Call("POST", _session(name, "/import"), _of(Revision), data, {"Content-Type": "application/octet-stream"})


def files(name: str, path: str | None, recursive: bool) -> Call[Listing]:
    return Call("GET", _session(name, "/files", {"path": path, "recursive": "true" if recursive else None}), _of(Listing))


def read_file(name: str, path: str) -> Call[bytes]:
    return Call("GET", _session(name, f"/files/{quote(path)}"), lambda reply: reply.body)


def write_file(name: str, path: str, data: bytes | os.PathLike[str]) -> Call[Written]:
    return Call("PUT", _session(name, f"/files/{quote(path)}"), _of(Written), data, {"Content-Type": "application/octet-stream"})


def remove_file(name: str, path: str, recursive: bool) -> Call[None]:
    return Call("DELETE", _session(name, f"/files/{quote(path)}", {"recursive": "true" if recursive else None}), _nothing, good=(204,))


def move_file(name: str, old: str, new: str) -> Call[Written]:
    return _post(_session(name, "/move"), {"from": old, "to": new}, _of(Written))


def archive(name: str, path: str | None) -> Call[bytes]:
    return Call("GET", _session(name, "/archive", {"path": path}), lambda reply: reply.body)


def unpack(name: str, data: bytes | os.PathLike[str], path: str | None) -> Call[Written]:
    return Call("PUT", _session(name, "/archive", {"path": path}), _of(Written), data, {"Content-Type": "application/octet-stream"})


def upload(data: bytes | os.PathLike[str]) -> Call[StoredFile]:
    return Call("POST", "/v1/files", _of(StoredFile), data, {"Content-Type": "application/octet-stream"}, good=(201,))


def download(file: str | StoredFile | FileChange) -> Call[bytes]:
    return Call("GET", f"/v1/files/{quote(_id_of(file), safe='')}", lambda reply: reply.body)


def uploads(after: str | None) -> Call[StoredFiles]:
    return Call("GET", "/v1/files" + (f"?{urlencode({'after': after})}" if after else ""), _of(StoredFiles))


def remove_upload(file: str | StoredFile | FileChange) -> Call[None]:
    return Call("DELETE", f"/v1/files/{quote(_id_of(file), safe='')}", _nothing, good=(204,))


def _id_of(file: str | StoredFile | FileChange) -> str:
    found = file if isinstance(file, str) else file.id
    if not found:
        raise ValueError("the service does not keep that file")
    return found


def body_into(connection: Connection, file: BinaryIO) -> Steps[int]:
    """Writes what is left of an answer into a file: its bytes."""
    size = 0
    while piece := (yield from connection.piece()):
        size += file.write(piece)
    return size


# --------------------------------------------------------------------------------------------------------------- health


def health() -> Call[Health]:
    return Call("GET", "/health", _of(Health), good=(200, 503))


def openapi() -> Call[dict[str, Any]]:
    return Call("GET", "/openapi.json", Reply.json)


def version() -> Call[str]:
    return Call("GET", "/openapi.json", lambda reply: str(reply.json()["info"]["version"]))


# --------------------------------------------------------------------------------------------------------------- pieces


def _post(path: str, body: Mapping[str, Any], reader: Callable[[Reply], T], headers: Mapping[str, str] = {}) -> Call[T]:
    return Call("POST", path, reader, text_of(body), {"Content-Type": "application/json", **headers})


def _session(name: str, rest: str = "", query: Mapping[str, Any] = {}) -> str:
    given = [(key, value) for key, value in query.items() if value is not None]
    return f"/v1/sessions/{quote(name, safe='')}{rest}" + (f"?{urlencode(given)}" if given else "")


def _of(cls: type[T]) -> Callable[[Reply], T]:
    return lambda reply: read(cls, reply.json())


def _cleared(reply: Reply) -> int:
    return int(reply.json()["cleared"])


def _nothing(reply: Reply) -> None:
    return None
