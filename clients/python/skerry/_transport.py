# SPDX-License-Identifier: Apache-2.0
"""Connections: over a blocking socket, and in asyncio's event loop. What is said on them is `_http`'s."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
import threading
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from ._http import Connection, Steps
from .errors import ConnectionLostError, UnreachableError

T = TypeVar("T")
L = TypeVar("L", "Link", "AsyncLink")

CONNECT_SECONDS = 10.0
PIECE = 1 << 18
MAX_KEPT = 64


@dataclass(frozen=True)
class Address:
    """Where a service is."""

    url: str
    host: str
    port: int
    prefix: str
    """Of every path; behind a proxy that serves more than Skerry."""
    ssl_context: ssl.SSLContext | None
    timeout: float | None
    """Seconds without a byte after which the service counts as gone."""

    @staticmethod
    def of(url: str, ssl_context: ssl.SSLContext | None, timeout: float | None) -> Address:
        """Raises ValueError if it is no http:// or https:// URL."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no URL of a service, as http://127.0.0.1:8000 is")
        if parts.username or parts.query or parts.fragment:
            raise ValueError(f"{url!r} has more than an address; keys are given as key=")
        if parts.scheme == "https":
            ssl_context = ssl_context or ssl.create_default_context()
        else:
            ssl_context = None
        return Address(url, parts.hostname, parts.port or (443 if ssl_context else 80), parts.path.rstrip("/"), ssl_context, timeout)

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.ssl_context else 80) else f"{host}:{self.port}"

    def unreachable(self, error: OSError) -> UnreachableError:
        why = error.strerror or str(error) or type(error).__name__
        return UnreachableError(f"no service answers at {self.url}: {why}. `skerry serve` starts one; skerry.local() a private one")

    def silent(self) -> ConnectionLostError:
        return ConnectionLostError(f"{self.url} has said nothing for {self.timeout:g} s")

    @staticmethod
    def lost(error: OSError) -> ConnectionLostError:
        return ConnectionLostError(f"the service has gone: {error.strerror or error}")


def prepare(connected: socket.socket) -> None:
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A machine that vanishes closes nothing.
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def has_news(descriptor: int) -> bool:
    """Of an idle connection: whether the other side has closed it. Nothing else would come unasked."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


class Kept(Generic[L]):
    """Connections whose last answer is read, for requests to come. Safe in threads: a deque's ends are."""

    def __init__(self) -> None:
        self._links: deque[L] = deque()
        self._owner: object = None

    def take(self, owner: object) -> L | None:
        """The one used last. An owner is a process or an event loop: what another has opened is not used."""
        if owner != self._owner:
            self._links, self._owner = deque(), owner
        while True:
            try:
                link = self._links.pop()
            except IndexError:
                return None
            if not link.is_closed():
                return link
            link.close()

    def put(self, link: L) -> None:
        if link.connection.is_reusable and link.opened_by == self._owner and len(self._links) < MAX_KEPT:
            self._links.append(link)
        else:
            link.close()

    def close(self) -> None:
        while self._links:
            self._links.pop().close()


class Link:
    """A connection that blocks."""

    def __init__(self, address: Address):
        self._address = address
        self.connection = Connection()
        self.opened_by = self.owner()
        self._writing = threading.Lock()
        try:
            self._socket = socket.create_connection((address.host, address.port), CONNECT_SECONDS)
            prepare(self._socket)
            if address.ssl_context:
                self._socket = address.ssl_context.wrap_socket(self._socket, server_hostname=address.host)
            self._socket.settimeout(address.timeout)
        except OSError as error:
            raise address.unreachable(error) from error

    @staticmethod
    def owner() -> object:
        return os.getpid()

    def is_closed(self) -> bool:
        return has_news(self._socket.fileno())

    def wait_forever(self) -> None:
        """From now on silence means nothing: somebody may be thinking."""
        self._socket.settimeout(None)

    def write(self, data: bytes) -> bytes:
        """Nothing, as what was received by it."""
        try:
            with self._writing:  # one thread may read what another's input leads to
                self._socket.sendall(data)
            return b""
        except TimeoutError as error:
            raise self._address.silent() from error
        except OSError as error:
            raise self._address.lost(error) from error

    def _read(self) -> bytes:
        try:
            return self._socket.recv(PIECE)
        except TimeoutError as error:
            raise self._address.silent() from error
        except OSError as error:
            raise self._address.lost(error) from error

    def drive(self, steps: Steps[T]) -> T:
        try:
            wanted = next(steps)
            while True:
                try:
                    given = self._read() if wanted is None else self.write(wanted)
                except ConnectionLostError as error:
                    wanted = steps.throw(error)
                else:
                    wanted = steps.send(given)
        except StopIteration as end:
            result: T = end.value
            return result

    def close(self) -> None:
        self._socket.close()

    def shut(self) -> None:
        """Ends it for whoever reads from it in another thread, too."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class AsyncLink:
    """A connection in an event loop."""

    def __init__(self, address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._address = address
        self.connection = Connection()
        self.opened_by = self.owner()
        self._reader = reader
        self._writer = writer
        self._timeout = address.timeout
        self._is_late = False
        self._loop = asyncio.get_running_loop()

    @staticmethod
    async def open(address: Address) -> AsyncLink:
        opening = asyncio.open_connection(address.host, address.port, ssl=address.ssl_context, limit=PIECE,
                                          server_hostname=address.host if address.ssl_context else None)
        try:
            reader, writer = await asyncio.wait_for(opening, CONNECT_SECONDS)
        except asyncio.TimeoutError as error:
            raise address.unreachable(TimeoutError("timed out")) from error
        except OSError as error:
            raise address.unreachable(error) from error
        prepare(writer.get_extra_info("socket"))
        return AsyncLink(address, reader, writer)

    @staticmethod
    def owner() -> object:
        return os.getpid(), asyncio.get_running_loop()

    def is_closed(self) -> bool:
        # Also asked of the socket: the loop may not have come to look at it.
        return self._reader.at_eof() or self._writer.is_closing() or has_news(self._writer.get_extra_info("socket").fileno())

    def wait_forever(self) -> None:
        self._timeout = None

    def _give_up(self) -> None:
        self._is_late = True
        self._writer.transport.abort()

    async def write(self, data: bytes) -> bytes:
        """Nothing, as what was received by it."""
        try:
            self._writer.write(data)
            await self._writer.drain()
            return b""
        except OSError as error:
            raise self._address.silent() if self._is_late else self._address.lost(error) from error

    async def _read(self) -> bytes:
        try:
            given = await self._reader.read(PIECE)
        except OSError as error:
            raise self._address.silent() if self._is_late else self._address.lost(error) from error
        if not given and self._is_late:
            raise self._address.silent()
        return given

    async def drive(self, steps: Steps[T]) -> T:
        try:
            wanted = next(steps)
            while True:
                # A timer, and not wait_for: that makes a task of each piece.
                timer = self._loop.call_later(self._timeout, self._give_up) if self._timeout is not None else None
                try:
                    given = await self._read() if wanted is None else await self.write(wanted)
                except ConnectionLostError as error:
                    wanted = steps.throw(error)
                else:
                    wanted = steps.send(given)
                finally:
                    if timer:
                        timer.cancel()
        except StopIteration as end:
            result: T = end.value
            return result

    def close(self) -> None:
        if not self._loop.is_closed():
            self._writer.close()

    def shut(self) -> None:
        self.close()
