# SPDX-License-Identifier: Apache-2.0
"""Clients of runs whose input comes while they last: over gRPC and over a WebSocket, with the same face."""

import json
import queue

import grpc
from google.protobuf import json_format

from grpc_client import Client
from stream_clients import WebSocket


class GrpcRun:
    """One call of RunInteractive, with `run` as its first message. Iterate `events` for (NAME, VALUE)."""

    def __init__(self, served, key=None, **run):
        self.client = Client(served.grpc, "skerry.v1.Skerry", key=key)
        self.sent = queue.SimpleQueue()
        self.call = self.client.open("RunInteractive", iter(self.sent.get, None))
        self.send(run=run)
        self.events = self.told()
        self.status = None  # of a call that failed, and why

    def send(self, **message):
        self.sent.put(message)

    def text(self, text):
        self.send(text=text)

    def end(self):
        self.send(end=True)

    def interrupt(self):
        self.send(interrupt=True)

    def half_close(self):
        """No more messages."""
        self.sent.put(None)

    def told(self):
        try:
            for event in self.call:
                name = event.WhichOneof("event")
                value = getattr(event, name)
                yield name, value if isinstance(value, (str, bool)) else json_format.MessageToDict(
                    value, preserving_proto_field_name=True)
        except grpc.RpcError as error:
            self.status = {"RESOURCE_EXHAUSTED": 429, "INVALID_ARGUMENT": 400, "PERMISSION_DENIED": 403,
                           "UNAUTHENTICATED": 401}.get(error.code().name, error.code().name), error.details()

    def close(self):
        self.half_close()
        self.call.cancel()
        self.client.channel.close()

    vanish = close


class SocketRun:
    """The same over /v1/run/stream, and over TLS if there is a context for it."""

    def __init__(self, served, key=None, context=None, **run):
        headers = {"X_API_Key": key} if key else {}
        self.socket = WebSocket(served.http, "/v1/run/stream", context=context, **headers)
        self.events = self.told()
        self.status = None if self.socket.status == 101 else (self.socket.status, "")
        self.code = None  # with which the service closed
        if not self.status:
            self.send(**run)

    def send(self, **message):
        self.socket.send(WebSocket.TEXT, json.dumps(message).encode())

    def text(self, text):
        self.send(input=text)

    def end(self):
        self.send(end=True)

    def interrupt(self):
        self.send(interrupt=True)

    def told(self):
        while True:
            opcode, payload = self.socket.receive_message()
            if opcode == WebSocket.PING:
                self.socket.send(WebSocket.PONG, payload)
            elif opcode == WebSocket.TEXT:
                event = json.loads(payload)
                assert list(event) == ["event", "data"]
                name, data = event["event"], event["data"]
                if name == "error":
                    self.status = data["status"], data["error"]
                else:
                    yield name, data["text"] if name in ("stdout", "stderr", "warning") else data["waiting"] if name == "waiting" else data
            else:
                self.code = int.from_bytes(payload[:2], "big") if opcode == WebSocket.CLOSE else None
                return

    def close(self):
        self.socket.close()

    vanish = close
