# SPDX-License-Identifier: Apache-2.0
"""The client that blocks. `_async_client` is its twin: what is asked and how answers are read is `_calls`'."""

from __future__ import annotations

import contextlib
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from . import _calls as calls
from ._http import Reply, Steps, message_of
from ._transport import Address, Kept, Link
from .errors import ConnectionLostError, SkerryError
from .models import (
    Checkpoint, Diff, Event, FileChange, Health, Listing, Revision, Run, SessionInfo, SessionLog, StoredFile, StoredFiles, Written,
)

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ._async_client import AsyncClient
    from ._calls import LiveOptions, RunOptions, SessionRunOptions
    from ._local import LocalService

T = TypeVar("T")

SILENCE_SECONDS = 660.0
PATIENCE_SECONDS = 30.0


class Client:
    """A Skerry service. Threads may share one; each call has a connection for itself, which is kept for the next."""

    def __init__(self, base_url: str | None = None, key: str | None = None, *, timeout: float | None = SILENCE_SECONDS,
                 patience: float = PATIENCE_SECONDS, ssl_context: ssl.SSLContext | None = None, service: LocalService | None = None):
        """`base_url` and `key` are else those of SKERRY_URL and SKERRY_KEY, or this machine's port 8000 and none. `timeout`: seconds
        without a byte after which the service counts as gone; `patience`: for which one that is busy is asked again, after the time that it
        names: it has not begun what it refused. A `service` is stopped when the client is closed."""
        url, self._key = calls.settings(base_url, key)
        self._address = Address.of(url, ssl_context, timeout)
        self._headers = calls.headers_for(self._key)
        self._kept: Kept[Link] = Kept()
        self._patience = patience
        self._service = service

    @property
    def base_url(self) -> str:
        return self._address.url

    def twin(self) -> AsyncClient:
        """The other kind of client of the same service."""
        from ._async_client import AsyncClient

        address = self._address
        return AsyncClient(address.url, self._key, timeout=address.timeout, patience=self._patience, ssl_context=address.ssl_context)

    # --------------------------------------------------------------------------------------------------------- runs

    def run(self, code: str, **options: Unpack[RunOptions]) -> Run:
        """Runs a program to its end. See `RunOptions`."""
        return self._call(calls.run(code, options))

    def stream(self, code: str, **options: Unpack[RunOptions]) -> RunStream:
        """Runs a program and tells its events while it lasts. Leaving the stream early ends the run."""
        return RunStream(self, calls.stream(code, options))

    def live(self, code: str, **options: Unpack[LiveOptions]) -> LiveRun:
        """Runs a program that asks for input while it runs."""
        return LiveRun(self, calls.live(), calls.run_body(code, options, calls.LiveOptions))

    # ----------------------------------------------------------------------------------------------------- sessions

    def session(self, name: str | None = None) -> Session:
        """A session by name; it begins with its first run. Without a name it is a new one."""
        return Session(self, name or calls.new_name())

    def sessions(self) -> list[SessionInfo]:
        """All of this key's tenant, last used first."""
        return self._call(calls.sessions())

    def delete_sessions(self) -> int:
        """Forgets all of this key's tenant: how many there were."""
        return self._call(calls.delete_sessions())

    def import_session(self, name: str, data: bytes | os.PathLike[str]) -> Session:
        """A new session of what `Session.export` or `Session.export_to` gave, on any service."""
        self._call(calls.import_session(name, data))
        return Session(self, name)

    # -------------------------------------------------------------------------------------------------------- files

    def upload(self, data: bytes | os.PathLike[str]) -> StoredFile:
        """Keeps bytes, or what a file of yours holds, for runs: give it to them in `files`. What is sent twice is kept once."""
        return self._call(calls.upload(data))

    def download(self, file: str | StoredFile | FileChange) -> bytes:
        """The content of a file that the service keeps: an upload, one that a run left, or the id of either."""
        return self._call(calls.download(file))

    def download_to(self, path: str | os.PathLike[str], file: str | StoredFile | FileChange) -> int:
        """The same into a file of yours, piece by piece: its bytes."""
        with open(path, "wb") as target:
            link, _ = self._start(calls.download(file))
            try:
                return link.drive(calls.body_into(link.connection, target))
            finally:
                self._kept.put(link)

    def uploads(self, after: str | None = None) -> StoredFiles:
        """What the service keeps of this key's tenant, a thousand at a time: pass the `next` of one page as `after` for the next."""
        return self._call(calls.uploads(after))

    def remove_upload(self, file: str | StoredFile | FileChange) -> None:
        """Removes a file before its time."""
        self._call(calls.remove_upload(file))

    # ------------------------------------------------------------------------------------------------------- service

    def health(self) -> Health:
        """Whether it can run something; what is wrong is in `status`, and no exception."""
        return self._call(calls.health())

    def version(self) -> str:
        return self._call(calls.version())

    def openapi(self) -> dict[str, Any]:
        """The service's description of itself."""
        return self._call(calls.openapi())

    def close(self) -> None:
        """Closes what is kept; a service that `local` started ends."""
        self._kept.close()
        if self._service:
            self._service.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------------------- sending

    def _call(self, call: calls.Call[T]) -> T:
        link, result = self._exchange(call, call.exchange)
        self._kept.put(link)
        return result

    def _start(self, call: calls.Call[T]) -> tuple[Link, Reply]:
        return self._exchange(call, call.start)

    def _exchange(self, call: calls.Call[Any], steps: Callable[..., Steps[T]]) -> tuple[Link, T]:
        end = time.monotonic() + self._patience
        while True:
            kept = self._kept.take(Link.owner())
            link = kept or Link(self._address)
            try:
                return link, link.drive(steps(link.connection, self._address, self._headers))
            except BaseException as error:
                self._kept.put(link)
                wait = calls.wait_before_repeating(call, error, kept is not None, end)
                if wait is None:
                    raise
            time.sleep(wait)


class RunStream(Iterator[Event]):
    """Events of a run, which begins when they are first asked for. In a `with` statement, or read to its end."""

    def __init__(self, client: Client, call: calls.Call[None], first: Mapping[str, Any] | None = None):
        self._client = client
        self._call = call
        self._first = first
        self._link: Link | None = None
        self._flow: calls.EventFlow | None = None

    def __next__(self) -> Event:
        flow = self._open()
        try:
            event = self._link.drive(flow.next()) if self._link else None
        except BaseException:
            self._leave()
            raise
        if event is None:
            self._leave()
            raise StopIteration
        return event

    def finish(self) -> Run:
        """Reads what is left of the events: how it went. Raises SkerryError if it was closed before."""
        for _ in self:
            pass
        return self._open().finished()

    def close(self) -> None:
        """Ends the run if it is under way."""
        if self._link:
            self._link.shut()
        self._leave()

    def _open(self) -> calls.EventFlow:
        if self._flow is None:
            self._link, _ = self._client._start(self._call)
            self._flow = calls.EventFlow(self._link.connection, is_live=self._first is not None)
            if self._first is not None:
                self._link.wait_forever()
                self._link.write(message_of(self._first))
        return self._flow

    def _leave(self) -> None:
        link, self._link = self._link, None
        if link:
            self._client._kept.put(link)

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class LiveRun(RunStream):
    """A run whose input comes while it lasts: one reads the events, and any may send."""

    def send(self, text: str) -> None:
        """Input for the program; a line ends with a newline. What comes after its end is dropped: the events tell of that."""
        for piece in calls.input_pieces(text):
            self._say(piece)

    def end(self) -> None:
        """There is no more input."""
        self._say({"end": True})

    def interrupt(self) -> None:
        """Ctrl-C: `KeyboardInterrupt` in a program that waits, the end of one that does not."""
        self._say({"interrupt": True})

    def _say(self, message: Mapping[str, Any]) -> None:
        self._open()
        if self._link:
            with contextlib.suppress(ConnectionLostError):
                self._link.write(message_of(message))


class Session:
    """An interpreter that stays between runs, and whose states can be gone back to."""

    def __init__(self, client: Client, name: str):
        self.client = client
        self.name = name

    def run(self, code: str, **options: Unpack[SessionRunOptions]) -> Run:
        """Runs a program where the session stands. One that completes or fails is a new revision."""
        return self.client.run(code, session=self.name, **options)

    def stream(self, code: str, **options: Unpack[SessionRunOptions]) -> RunStream:
        return self.client.stream(code, session=self.name, **options)

    def live(self, code: str, *, input_timeout: float | None = None, **options: Unpack[SessionRunOptions]) -> LiveRun:
        return self.client.live(code, session=self.name, input_timeout=input_timeout, **options)

    def info(self) -> SessionInfo:
        return self.client._call(calls.info(self.name))

    def log(self) -> SessionLog:
        """Its revisions, and what else happened to it."""
        return self.client._call(calls.log(self.name))

    def checkpoint(self, label: str | None = None) -> Checkpoint:
        """Gives the revision where it stands a label (without one, the time), and keeps it."""
        return self.client._call(calls.checkpoint(self.name, label))

    def rewind(self, revision: int | str) -> Revision:
        """Goes back to a revision, by number or label; 0 is the template. Later ones stay."""
        return self.client._call(calls.rewind(self.name, revision))

    def fork(self, name: str | None = None) -> Session:
        """A second session that starts where this one stands."""
        return Session(self.client, self.client._call(calls.fork(self.name, name or calls.new_name())).name)

    def diff(self, old: int | str, new: int | str | None = None) -> Diff:
        """Variables added, changed and removed from one revision to another, or to where it stands."""
        return self.client._call(calls.diff(self.name, old, new))

    def export(self, revision: int | str | None = None) -> bytes:
        """A revision with all that another machine needs to go on from it."""
        return self.client._call(calls.export(self.name, revision))

    def export_to(self, path: str | os.PathLike[str], revision: int | str | None = None) -> int:
        """The same into a file, piece by piece: its bytes."""
        with open(path, "wb") as file:
            link, _ = self.client._start(calls.export(self.name, revision))
            try:
                return link.drive(calls.body_into(link.connection, file))
            finally:
                self.client._kept.put(link)

    def files(self, path: str | None = None, *, recursive: bool = False) -> Listing:
        """What is in a directory, by default the one in which programs begin."""
        return self.client._call(calls.files(self.name, path, recursive))

    def read_file(self, path: str) -> bytes:
        """A file's content, up to 64 MiB."""
        return self.client._call(calls.read_file(self.name, path))

    def write_file(self, path: str, data: bytes | os.PathLike[str]) -> Written:
        """Writes bytes, or what a file of yours holds, up to 64 MiB; and makes the directories on the way."""
        return self.client._call(calls.write_file(self.name, path, data))

    def move_file(self, old: str, new: str) -> None:
        """Moves a file or directory, and makes the directories on the way; a file that is there already is replaced."""
        self.client._call(calls.move_file(self.name, old, new))

    def archive(self, path: str | None = None) -> bytes:
        """A directory with all that is in it, by default all files, as a tar archive of up to 64 MiB."""
        return self.client._call(calls.archive(self.name, path))

    def unpack(self, data: bytes | os.PathLike[str], path: str | None = None) -> int:
        """Unpacks a tar archive, or a file of yours that is one, into a directory: bytes of its files. All of it, or nothing."""
        return self.client._call(calls.unpack(self.name, data, path)).size

    def remove_file(self, path: str, *, recursive: bool = False) -> None:
        """Removes a file; with `recursive` a directory and all in it. One that is not there is well."""
        self.client._call(calls.remove_file(self.name, path, recursive))

    def delete(self) -> bool:
        """Forgets it: whether it was there."""
        return self.client._call(calls.delete(self.name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """A session in a `with` statement is forgotten at its end."""
        try:
            self.delete()
        except SkerryError:
            if error is None:
                raise

    def __repr__(self) -> str:
        return f"Session({self.name!r})"
