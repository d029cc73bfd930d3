# SPDX-License-Identifier: Apache-2.0
"""Clients of event streams that know the protocols and nothing of the service: server-sent events and WebSockets."""

import base64
import collections
import hashlib
import os
import socket
import struct

Event = collections.namedtuple("Event", "id name data")


def connected(address, timeout, context):
    """A connection, over TLS if there is a context for it."""
    host, port = address.split(":")
    plain = socket.create_connection((host, int(port)), timeout=timeout)
    return context.wrap_socket(plain, server_hostname="localhost") if context else plain


class EventSource:
    """Server-sent events over one connection; iterate for the events, in order, to the end of the stream."""

    def __init__(self, address, path, timeout=30, context=None, **headers):
        self.socket = connected(address, timeout, context)
        lines = [f"GET {path} HTTP/1.1", f"Host: {address}", "Accept: text/event-stream",
                 *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        self.comments = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def __iter__(self):
        fields = {}
        for line in self.file:
            line = line.decode().rstrip("\n")
            if line.startswith(":"):
                self.comments.append(line)
            elif line:
                name, _, value = line.partition(": ")
                assert name in ("id", "event", "data"), line
                fields[name] = value
            elif fields:
                yield Event(fields.get("id"), fields.get("event"), fields.get("data"))
                fields = {}


class WebSocket:
    """RFC 6455, a client's side: `receive` gives (opcode, payload) of whole frames, pings included."""

    TEXT, CLOSE, PING, PONG = 1, 8, 9, 10

    def __init__(self, address, path, timeout=30, context=None, **headers):
        self.socket = connected(address, timeout, context)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {address}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
                 *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        if self.status == 101:
            guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            assert self.headers["sec-websocket-accept"] == base64.b64encode(hashlib.sha1((key + guid).encode()).digest()).decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, opcode, payload=b"", masked=True):
        mask = os.urandom(4) if masked else b""
        size = len(payload)
        head = bytes([0x80 | opcode])
        bit = 0x80 if masked else 0
        head += bytes([bit | size]) if size < 126 else bytes([bit | 126]) + struct.pack(">H", size) if size < 1 << 16 else bytes([bit | 127]) + struct.pack(">Q", size)
        if masked:
            payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(head + mask + payload)

    def receive(self):
        head = self.file.read(2)
        if len(head) < 2:
            return None, b""
        assert not head[1] & 0x80, "a server does not mask"
        self.is_final = bool(head[0] & 0x80)
        size = head[1] & 0x7F
        if size == 126:
            size = struct.unpack(">H", self.file.read(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.file.read(8))[0]
        return head[0] & 0x0F, self.file.read(size)

    def receive_message(self):
        """The same of whole messages, which may come in several frames."""
        opcode, payload = self.receive()
        while opcode == self.TEXT and not self.is_final:
            payload += self.receive()[1]
        return opcode, payload

    def messages(self):
        """Texts until the service closes, then its close code."""
        texts = []
        while True:
            opcode, payload = self.receive()
            if opcode == self.TEXT:
                texts.append(payload.decode())
            elif opcode == self.PING:
                self.send(self.PONG, payload)
            elif opcode in (self.CLOSE, None):
                return texts, struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
