# SPDX-License-Identifier: Apache-2.0
"""The client for asyncio, the twin of `_client`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from . import _calls as calls
from ._http import Reply, Steps, message_of
from ._transport import Address, AsyncLink, Kept
from .errors import ConnectionLostError, SkerryError
from .models import (
    Checkpoint, Diff, Event, FileChange, Health, Listing, Revision, Run, SessionInfo, SessionLog, StoredFile, StoredFiles, Written,
)

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ._calls import LiveOptions, RunOptions, SessionRunOptions
    from ._client import Client
    from ._local import LocalService

T = TypeVar("T")

SILENCE_SECONDS = 660.0
PATIENCE_SECONDS = 30.0


class AsyncClient:
    """A Skerry service. Tasks may share one, of one event loop; each call has a connection for itself, which is kept for the next."""

    def __init__(self, base_url: str | None = None, key: str | None = None, *, timeout: float | None = SILENCE_SECONDS,
                 patience: float = PATIENCE_SECONDS, ssl_context: ssl.SSLContext | None = None, service: LocalService | None = None):
        """`base_url` and `key` are else those of SKERRY_URL and SKERRY_KEY, or this machine's port 8000 and none. `timeout`: seconds
        without a byte after which the service counts as gone; `patience`: for which one that is busy is asked again, after the time that it
        names: it has not begun what it refused. A `service` is stopped when the client is closed."""
        url, self._key = calls.settings(base_url, key)
        self._address = Address.of(url, ssl_context, timeout)
        self._headers = calls.headers_for(self._key)
        self._kept: Kept[AsyncLink] = Kept()
        self._patience = patience
        self._service = service

    @property
    def base_url(self) -> str:
        return self._address.url

    def twin(self) -> Client:
        """The other kind of client of the same service."""
        from ._client import Client

        address = self._address
        return Client(address.url, self._key, timeout=address.timeout, patience=self._patience, ssl_context=address.ssl_context)

    # --------------------------------------------------------------------------------------------------------- runs

    async def run(self, code: str, **options: Unpack[RunOptions]) -> Run:
        """Runs a program to its end. See `RunOptions`."""
        return await self._call(calls.run(code, options))

    def stream(self, code: str, **options: Unpack[RunOptions]) -> AsyncRunStream:
        """Runs a program and tells its events while it lasts. Leaving the stream early ends the run."""
        return AsyncRunStream(self, calls.stream(code, options))

    def live(self, code: str, **options: Unpack[LiveOptions]) -> AsyncLiveRun:
        """Runs a program that asks for input while it runs."""
        return AsyncLiveRun(self, calls.live(), calls.run_body(code, options, calls.LiveOptions))

    # ----------------------------------------------------------------------------------------------------- sessions

    def session(self, name: str | None = None) -> AsyncSession:
        """A session by name; it begins with its first run. Without a name it is a new one."""
        return AsyncSession(self, name or calls.new_name())

    async def sessions(self) -> list[SessionInfo]:
        """All of this key's tenant, last used first."""
        return await self._call(calls.sessions())

    async def delete_sessions(self) -> int:
        """Forgets all of this key's tenant: how many there were."""
        return await self._call(calls.delete_sessions())

    async def import_session(self, name: str, data: bytes | os.PathLike[str]) -> AsyncSession:
        """A new session of what `Session.export` or `Session.export_to` gave, on any service."""
        await self._call(calls.import_session(name, data))
        return AsyncSession(self, name)

    # -------------------------------------------------------------------------------------------------------- files

    async def upload(self, data: bytes | os.PathLike[str]) -> StoredFile:
        """Keeps bytes, or what a file of yours holds, for runs: give it to them in `files`. What is sent twice is kept once."""
        return await self._call(calls.upload(data))

    async def download(self, file: str | StoredFile | FileChange) -> bytes:
        """The content of a file that the service keeps: an upload, one that a run left, or the id of either."""
        return await self._call(calls.download(file))

    async def download_to(self, path: str | os.PathLike[str], file: str | StoredFile | FileChange) -> int:
        """The same into a file of yours, piece by piece: its bytes."""
        with open(path, "wb") as target:
            link, _ = await self._start(calls.download(file))
            try:
                return await link.drive(calls.body_into(link.connection, target))
            finally:
                self._kept.put(link)

    async def uploads(self, after: str | None = None) -> StoredFiles:
        """What the service keeps of this key's tenant, a thousand at a time: pass the `next` of one page as `after` for the next."""
        return await self._call(calls.uploads(after))

    async def remove_upload(self, file: str | StoredFile | FileChange) -> None:
        """Removes a file before its time."""
        await self._call(calls.remove_upload(file))

    # ------------------------------------------------------------------------------------------------------- service

    async def health(self) -> Health:
        """Whether it can run something; what is wrong is in `status`, and no exception."""
        return await self._call(calls.health())

    async def version(self) -> str:
        return await self._call(calls.version())

    async def openapi(self) -> dict[str, Any]:
        """The service's description of itself."""
        return await self._call(calls.openapi())

    async def close(self) -> None:
        """Closes what is kept; a service that `local` started ends."""
        self._kept.close()
        if self._service:
            await asyncio.to_thread(self._service.stop)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    # ------------------------------------------------------------------------------------------------------- sending

    async def _call(self, call: calls.Call[T]) -> T:
        link, result = await self._exchange(call, call.exchange)
        self._kept.put(link)
        return result

    async def _start(self, call: calls.Call[T]) -> tuple[AsyncLink, Reply]:
        return await self._exchange(call, call.start)

    async def _exchange(self, call: calls.Call[Any], steps: Callable[..., Steps[T]]) -> tuple[AsyncLink, T]:
        end = time.monotonic() + self._patience
        while True:
            kept = self._kept.take(AsyncLink.owner())
            link = kept or await AsyncLink.open(self._address)
            try:
                return link, await link.drive(steps(link.connection, self._address, self._headers))
            except BaseException as error:
                self._kept.put(link)
                wait = calls.wait_before_repeating(call, error, kept is not None, end)
                if wait is None:
                    raise
            await asyncio.sleep(wait)


class AsyncRunStream(AsyncIterator[Event]):
    """Events of a run, which begins when they are first asked for. In an `async with` statement, or read to its end."""

    def __init__(self, client: AsyncClient, call: calls.Call[None], first: Mapping[str, Any] | None = None):
        self._client = client
        self._call = call
        self._first = first
        self._link: AsyncLink | None = None
        self._flow: calls.EventFlow | None = None

    async def __anext__(self) -> Event:
        flow = await self._open()
        try:
            event = await self._link.drive(flow.next()) if self._link else None
        except BaseException:
            self._leave()
            raise
        if event is None:
            self._leave()
            raise StopAsyncIteration
        return event

    async def finish(self) -> Run:
        """Reads what is left of the events: how it went. Raises SkerryError if it was closed before."""
        async for _ in self:
            pass
        return (await self._open()).finished()

    async def close(self) -> None:
        """Ends the run if it is under way."""
        if self._link:
            self._link.shut()
        self._leave()

    async def _open(self) -> calls.EventFlow:
        if self._flow is None:
            self._link, _ = await self._client._start(self._call)
            self._flow = calls.EventFlow(self._link.connection, is_live=self._first is not None)
            if self._first is not None:
                self._link.wait_forever()
                await self._link.write(message_of(self._first))
        return self._flow

    def _leave(self) -> None:
        link, self._link = self._link, None
        if link:
            self._client._kept.put(link)

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()


class AsyncLiveRun(AsyncRunStream):
    """A run whose input comes while it lasts: one reads the events, and any may send."""

    async def send(self, text: str) -> None:
        """Input for the program; a line ends with a newline. What comes after its end is dropped: the events tell of that."""
        for piece in calls.input_pieces(text):
            await self._say(piece)

    async def end(self) -> None:
        """There is no more input."""
        await self._say({"end": True})

    async def interrupt(self) -> None:
        """Ctrl-C: `KeyboardInterrupt` in a program that waits, the end of one that does not."""
        await self._say({"interrupt": True})

    async def _say(self, message: Mapping[str, Any]) -> None:
        await self._open()
        if self._link:
            with contextlib.suppress(ConnectionLostError):
                await self._link.write(message_of(message))


class AsyncSession:
    """An interpreter that stays between runs, and whose states can be gone back to."""

    def __init__(self, client: AsyncClient, name: str):
        self.client = client
        self.name = name

    async def run(self, code: str, **options: Unpack[SessionRunOptions]) -> Run:
        """Runs a program where the session stands. One that completes or fails is a new revision."""
        return await self.client.run(code, session=self.name, **options)

    def stream(self, code: str, **options: Unpack[SessionRunOptions]) -> AsyncRunStream:
        return self.client.stream(code, session=self.name, **options)

    def live(self, code: str, *, input_timeout: float | None = None, **options: Unpack[SessionRunOptions]) -> AsyncLiveRun:
        return self.client.live(code, session=self.name, input_timeout=input_timeout, **options)

    async def info(self) -> SessionInfo:
        return await self.client._call(calls.info(self.name))

    async def log(self) -> SessionLog:
        """Its revisions, and what else happened to it."""
        return await self.client._call(calls.log(self.name))

    async def checkpoint(self, label: str | None = None) -> Checkpoint:
        """Gives the revision where it stands a label (without one, the time), and keeps it."""
        return await self.client._call(calls.checkpoint(self.name, label))

    async def rewind(self, revision: int | str) -> Revision:
        """Goes back to a revision, by number or label; 0 is the template. Later ones stay."""
        return await self.client._call(calls.rewind(self.name, revision))

    async def fork(self, name: str | None = None) -> AsyncSession:
        """A second session that starts where this one stands."""
        return AsyncSession(self.client, (await self.client._call(calls.fork(self.name, name or calls.new_name()))).name)

    async def diff(self, old: int | str, new: int | str | None = None) -> Diff:
        """Variables added, changed and removed from one revision to another, or to where it stands."""
        return await self.client._call(calls.diff(self.name, old, new))

    async def export(self, revision: int | str | None = None) -> bytes:
        """A revision with all that another machine needs to go on from it."""
        return await self.client._call(calls.export(self.name, revision))

    async def export_to(self, path: str | os.PathLike[str], revision: int | str | None = None) -> int:
        """The same into a file, piece by piece: its bytes."""
        with open(path, "wb") as file:
            link, _ = await self.client._start(calls.export(self.name, revision))
            try:
                return await link.drive(calls.body_into(link.connection, file))
            finally:
                self.client._kept.put(link)

    async def files(self, path: str | None = None, *, recursive: bool = False) -> Listing:
        """What is in a directory, by default the one in which programs begin."""
        return await self.client._call(calls.files(self.name, path, recursive))

    async def read_file(self, path: str) -> bytes:
        """A file's content, up to 64 MiB."""
        return await self.client._call(calls.read_file(self.name, path))

    async def write_file(self, path: str, data: bytes | os.PathLike[str]) -> Written:
        """Writes bytes, or what a file of yours holds, up to 64 MiB; and makes the directories on the way."""
        return await self.client._call(calls.write_file(self.name, path, data))

    async def move_file(self, old: str, new: str) -> None:
        """Moves a file or directory, and makes the directories on the way; a file that is there already is replaced."""
        await self.client._call(calls.move_file(self.name, old, new))

    async def archive(self, path: str | None = None) -> bytes:
        """A directory with all that is in it, by default all files, as a tar archive of up to 64 MiB."""
        return await self.client._call(calls.archive(self.name, path))

    async def unpack(self, data: bytes | os.PathLike[str], path: str | None = None) -> int:
        """Unpacks a tar archive, or a file of yours that is one, into a directory: bytes of its files. All of it, or nothing."""
        return (await self.client._call(calls.unpack(self.name, data, path))).size

    async def remove_file(self, path: str, *, recursive: bool = False) -> None:
        """Removes a file; with `recursive` a directory and all in it. One that is not there is well."""
        await self.client._call(calls.remove_file(self.name, path, recursive))

    async def delete(self) -> bool:
        """Forgets it: whether it was there."""
        return await self.client._call(calls.delete(self.name))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """A session in an `async with` statement is forgotten at its end."""
        try:
            await self.delete()
        except SkerryError:
            if error is None:
                raise

    def __repr__(self) -> str:
        return f"AsyncSession({self.name!r})"
