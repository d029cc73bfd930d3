#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times a call of `run_python` over MCP, beside a call of a tool that does nothing in a server of the official Python SDK.

Both over HTTP, one connection that stays, and over standard input and output, in revision 2026-07-28. The client is the same for all: messages made
beforehand, on a socket or a pipe. The four take turns, so that what else the machine does hits all alike. Every answer is checked.

    bench/mcp_calls.py [--skerry BINARY] [--calls N] [--rounds N] [--json]
"""

import argparse
import contextlib
import gc
import json
import pathlib
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
REVISION = "2026-07-28"
PROGRAM = "print(2+2)"
WARM_UP = 50  # calls before those that count, of each
PATIENCE = 60  # seconds for a server to start, and for an answer


def call_of(tool, arguments):
    meta = {"io.modelcontextprotocol/protocolVersion": REVISION, "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {}}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments, "_meta": meta}}).encode()


class HttpClient:
    """One connection, and a request that is made once."""

    def __init__(self, port, tool, arguments):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = call_of(tool, arguments)
        self.request = (f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
                        f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {REVISION}\r\nMcp-Method: tools/call\r\n"
                        f"Mcp-Name: {tool}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body

    def call(self):
        self.socket.sendall(self.request)
        text = self.socket.recv(65536)
        while b"\r\n\r\n" not in text:
            text += self.read_more()
        head, body = text.split(b"\r\n\r\n", 1)
        _, _, length = head.lower().partition(b"content-length:")
        if not head.startswith(b"HTTP/1.1 200 ") or not length:
            raise RuntimeError(f"an answer that is none: {text[:2000]!r}")
        while len(body) < int(length.split(b"\r\n")[0]):
            body += self.read_more()
        return body

    def read_more(self):
        more = self.socket.recv(65536)
        if not more:
            raise RuntimeError("the server closed the connection")
        return more


class StdioClient:
    """A server's pipes, and a line that is made once."""

    def __init__(self, process, tool, arguments):
        self.process, self.line = process, call_of(tool, arguments) + b"\n"

    def call(self):
        self.process.stdin.write(self.line)
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the server has ended")
        return answer


def check(answer):
    result = json.loads(answer).get("result", {})
    if result.get("isError") or [block["text"].strip() for block in result.get("content", [])] != ["4"]:
        raise RuntimeError(f"an answer that is none: {answer[:2000]!r}")


def started(stack, command, **how):
    """A process that ends with the bench."""
    process = subprocess.Popen(command, **how)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def answers_at(port, process):
    """Waits until a server listens."""
    latest = time.monotonic() + PATIENCE
    while time.monotonic() < latest and process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise RuntimeError("the SDK's server did not start")


def skerry_port(process):
    """The port on which `skerry serve` says it speaks HTTP."""
    for line in process.stderr:
        _, is_it, address = line.decode().partition("skerry: HTTP on 127.0.0.1:")
        if is_it:
            return int(address.split()[0])
    raise RuntimeError("skerry did not start")


def clients_of(stack, skerry):
    """Clients by the names of what they call, each of a server that was started for it."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    run, nothing = ("run_python", {"code": PROGRAM}), ("nothing", {})
    sdk = [sys.executable, HERE / "mcp_nothing.py"]
    addresses = [word for name in ("--grpc", "--http", "--orchestrator") for word in (name, "127.0.0.1:0")]
    service = started(stack, [skerry, "serve", *addresses], stderr=subprocess.PIPE)
    port = free_port()
    other = started(stack, [*sdk, str(port)])
    clients = {"skerry_http": HttpClient(skerry_port(service), *run),
               "skerry_stdio": StdioClient(started(stack, [skerry, "mcp"], **pipes), *run)}
    answers_at(port, other)
    clients["sdk_http"] = HttpClient(port, *nothing)
    clients["sdk_stdio"] = StdioClient(started(stack, [*sdk, "stdio"], **pipes), *nothing)
    return clients


def times_of(client, calls):
    """Milliseconds of each call."""
    times, answers = [], []
    for _ in range(calls):
        begun = time.perf_counter_ns()
        answer = client.call()
        times.append((time.perf_counter_ns() - begun) / 1e6)
        answers.append(answer)
    for answer in answers:
        check(answer)
    return times


def measure(skerry, calls, rounds):
    """Percentiles by name, and how many times longer the SDK's tool takes."""
    with contextlib.ExitStack() as stack:
        clients = clients_of(stack, skerry)
        times = {name: [] for name in clients}
        for client in clients.values():
            times_of(client, WARM_UP)
        gc.disable()
        for _ in range(rounds):
            for name, client in clients.items():
                times[name] += times_of(client, calls)
        gc.enable()
    report = {"bench": "mcp", "calls": calls * rounds}
    for name, all_times in times.items():
        report[f"{name}_p50_ms"] = round(statistics.median(all_times), 4)
        report[f"{name}_p99_ms"] = round(statistics.quantiles(all_times, n=100)[98], 4)
    for over in ("http", "stdio"):
        report[f"ratio_{over}"] = round(report[f"sdk_{over}_p50_ms"] / report[f"skerry_{over}_p50_ms"], 2)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--skerry", default=HERE.parent / "build" / "release" / "bin" / "skerry", help="the binary")
    parser.add_argument("--calls", type=int, default=200, help="of each server in a round")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="one object in place of a table")
    options = parser.parse_args()
    report = measure(options.skerry, options.calls, options.rounds)
    if options.json:
        print(json.dumps(report))
        return
    for name, value in report.items():
        print(f"{name:20} {value}")


if __name__ == "__main__":
    main()
