# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 and WebSockets from the client's side, without a socket.

What is said on a connection is written once, as generators: they yield bytes to send, or None to be given what comes next (no bytes:
the other side has closed). `_transport` drives them over sockets, blocking or not.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import struct
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, TypeVar

from .errors import ConnectionLostError, ProtocolError

T = TypeVar("T")
Steps = Generator[Optional[bytes], bytes, T]

MAX_HEAD = 1 << 16
# Longer than any event may be: what a program prints is cut at 64 MiB, a result at 1 MiB.
MAX_LINE = 1 << 28


class StaleConnection(ConnectionLostError):
    """A connection that was kept had been closed before anything came back on it."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        try:
            told = json.loads(self.body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise ProtocolError(f"the answer is no JSON object (HTTP {self.status}): {self.body[:200]!r}")
        return told


@dataclass
class Connection:
    """What was received on one connection and not used yet, and where in an answer it stands."""

    _buffer: bytearray = field(default_factory=bytearray)
    is_reusable: bool = False
    """Whether the last answer is read to its end and another request may follow."""
    _is_chunked: bool = False
    # Bytes of the body, or of the chunk, that are still to come; None: all until the other side closes.
    _left: int | None = 0
    _is_done: bool = True
    _keeps: bool = False

    # -------------------------------------------------------------------------------------------------- HTTP

    def request(self, head: bytes, body: Iterable[bytes] = ()) -> Steps[Reply]:
        """Sends a request; the answer without its body, which `piece` and `rest` bring."""
        self.is_reusable = False
        try:
            yield head
            for piece in body:
                yield piece
        except ConnectionLostError:
            pass  # it may have answered before it closed: too large, for one
        status, headers = yield from self._head()
        while 100 <= status < 200 and status != 101:
            status, headers = yield from self._head()
        self._is_chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        length = headers.get("content-length")
        self._left = 0 if self._is_chunked or status in (101, 204, 304) else number_of(length) if length is not None else None
        self._is_done = not self._is_chunked and self._left == 0
        self._keeps = self._left is not None and status != 101 and headers.get("connection", "").lower() != "close"
        if self._is_done:
            self._finish()
        return Reply(status, headers)

    def piece(self) -> Steps[bytes]:
        """The next bytes of the body; none at its end."""
        if self._is_chunked and self._left == 0 and not self._is_done:
            size = self._left = number_of((yield from self._line()).split(b";")[0], 16)
            if size == 0:
                while (yield from self._line()):
                    pass
                self._finish()
        if self._is_done:
            return b""
        if not self._buffer and not (yield from self._more()):
            if self._left is not None:
                raise ConnectionLostError("the service closed the connection in the middle of an answer")
            self._is_done = True
            return b""
        piece = bytes(self._buffer if self._left is None else self._buffer[: self._left])
        del self._buffer[: len(piece)]
        if self._left is not None:
            self._left -= len(piece)
            if self._left == 0:
                if self._is_chunked:
                    yield from self._line()
                else:
                    self._finish()
        return piece

    def rest(self) -> Steps[bytes]:
        """The body, or what is left of it."""
        pieces = []
        while piece := (yield from self.piece()):
            pieces.append(piece)
        return b"".join(pieces)

    def _finish(self) -> None:
        self._is_done = True
        self.is_reusable = self._keeps and not self._buffer

    def _more(self) -> Steps[bool]:
        given = yield None
        self._buffer += given
        return bool(given)

    def _line(self) -> Steps[bytes]:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD:
                raise ProtocolError("what answers does not speak HTTP")
            if not (yield from self._more()):
                raise ConnectionLostError("the service closed the connection in the middle of an answer")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _head(self) -> Steps[tuple[int, dict[str, str]]]:
        try:
            if not self._buffer and not (yield from self._more()):
                raise StaleConnection("the service closed the connection and did not answer")
        except ConnectionLostError as error:
            raise StaleConnection(str(error)) from error
        first = (yield from self._line()).split(b" ", 2)
        if len(first) < 2 or not first[0].startswith(b"HTTP/1.") or not first[1].isdigit():
            raise ProtocolError("what answers does not speak HTTP")
        headers = {}
        while line := (yield from self._line()):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return int(first[1]), headers

    # -------------------------------------------------------------------------------------------- WebSockets

    def message(self) -> Steps[str | None]:
        """The next text message of a WebSocket; None when the other side closes it."""
        text = bytearray()
        while True:
            first, second = yield from self._take(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes((yield from self._take(2 if size == 126 else 8)), "big")
            if size + len(text) > MAX_LINE:
                raise ProtocolError("a message is too long")
            payload = yield from self._take(size)
            kind = first & 15
            if kind == 8:
                return None
            if kind == 9:
                yield frame(10, payload)
            elif kind in (0, 1):
                text += payload
                if first & 128:
                    return text.decode()

    def _take(self, size: int) -> Steps[bytes]:
        while len(self._buffer) < size:
            if not (yield from self._more()):
                raise ConnectionLostError("the service closed the connection while a run lasted")
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


class EventReader:
    """The events of an event stream."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._text = bytearray()

    def next(self) -> Steps[tuple[str, dict[str, Any]] | None]:
        """Its name and its data; None at the end of the stream."""
        while True:
            block = yield from self._block()
            if block is None:
                return None
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
            if "event" in fields:  # and no comment, which keeps the connection alive
                return fields["event"], json.loads(fields.get("data", "{}"))

    def _block(self) -> Steps[str | None]:
        looked = 0
        while (end := self._text.find(b"\n\n", looked)) < 0:
            looked = max(0, len(self._text) - 1)
            if looked > MAX_LINE:
                raise ProtocolError("an event is too long")
            piece = yield from self._connection.piece()
            if not piece:
                return None
            self._text += piece
        block = self._text[:end].decode()
        del self._text[: end + 2]
        return block


def number_of(text: str | bytes, base: int = 10) -> int:
    try:
        return int(text, base)
    except ValueError:
        raise ProtocolError("what answers does not speak HTTP") from None


def head_of(method: str, target: str, host: str, headers: Mapping[str, str], length: int | None = None) -> bytes:
    """The first bytes of a request. Raises ValueError for a header that would end its line."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header has more than one line")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def web_socket_headers() -> dict[str, str]:
    return {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode()}


def frame(kind: int, payload: bytes) -> bytes:
    """A whole message of a WebSocket's client: 1 is text, 8 closes, 10 answers a ping."""
    size = len(payload)
    length = (bytes([128 | size]) if size < 126 else
              struct.pack("!BH", 128 | 126, size) if size < 1 << 16 else struct.pack("!BQ", 128 | 127, size))
    mask = os.urandom(4)
    pad = (mask * (size // 4 + 1))[:size]
    masked = (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")
    return bytes([128 | kind]) + length + mask + masked


def text_of(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def message_of(value: Mapping[str, Any]) -> bytes:
    return frame(1, text_of(value))
