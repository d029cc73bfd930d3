# SPDX-License-Identifier: Apache-2.0
"""A service of one's own: started on this machine, and ended with this process."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ._async_client import AsyncClient
from ._client import Client
from .errors import LocalServiceError, SkerryError

# Ends the service when its input does: when we close it, and when we end, however that comes. A signal that the kernel sends at a
# parent's death (PR_SET_PDEATHSIG) would come when the thread ends that started it.
WATCH = '"$@" </dev/null & service=$!; exec 2>/dev/null; read -r _; kill -TERM $service; wait $service'
STOP_SECONDS = 10.0


class LocalService:
    """`skerry serve` on free ports of this machine's own addresses. Whoever may use the machine may reach them."""

    def __init__(self, binary: str | os.PathLike[str] | None = None, *, home: str | os.PathLike[str] | None = None,
                 options: Sequence[str] = (), timeout: float = 60.0):
        """Starts it, and waits until it serves. `binary` is else found by SKERRY_BIN, in the package, beside the interpreter or in PATH;
        `home` is SKERRY_HOME; `options` are further ones of `skerry serve`. Raises LocalServiceError."""
        program = find_program(binary)
        environment = {**os.environ, **({"SKERRY_HOME": os.fspath(home)} if home else {})}
        command = [program, "serve"]
        for port in ("--http", "--grpc", "--orchestrator"):
            command += [port, "127.0.0.1:0"]
        self._said: deque[str] = deque(maxlen=50)
        addresses: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "skerry-watch", *command, *options], env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        self._reader = threading.Thread(target=self._listen, args=(addresses,), daemon=True, name="skerry-local")
        self._reader.start()
        try:
            address = addresses.get(timeout=timeout)
        except queue.Empty:
            self.stop()
            raise LocalServiceError(f"{program} does not serve after {timeout:g} s" + self._words()) from None
        if address is None:
            self.stop()
            raise LocalServiceError(f"{program} does not serve" + self._words())
        self.url = f"http://{address}"
        self._await_health(time.monotonic() + timeout)

    def _listen(self, addresses: queue.Queue[str | None]) -> None:
        assert self._process.stderr
        with self._process.stderr as lines:
            for line in lines:
                text = line.decode(errors="replace").rstrip("\n")
                self._said.append(text)
                if text.startswith("skerry: HTTP on "):
                    addresses.put(text.rsplit(" ", 1)[1])
        addresses.put(None)

    def _await_health(self, end: float) -> None:
        with Client(self.url) as client:
            while True:
                try:
                    status = client.health().status
                except SkerryError as error:
                    status = str(error)
                if status == "healthy":
                    return
                if time.monotonic() > end or not self.is_running:
                    self.stop()
                    raise LocalServiceError(f"the service is not healthy: {status}" + self._words())
                time.sleep(0.02)

    @property
    def is_running(self) -> bool:
        return self._reader.is_alive()

    def _words(self) -> str:
        return "".join(f"\n  {line}" for line in self._said)

    def stop(self) -> None:
        """Ends it, with what runs in it. Again: nothing."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(STOP_SECONDS)


def find_program(given: str | os.PathLike[str] | None) -> str:
    """Raises LocalServiceError."""
    if given := given or os.environ.get("SKERRY_BIN"):
        path = shutil.which(given)
        if not path:
            raise LocalServiceError(f"{os.fspath(given)} is no program that can be started")
        return path
    for folder in (Path(__file__).parent / "bin", Path(sys.executable).parent):
        if path := shutil.which("skerry", path=str(folder)):
            return path
    if path := shutil.which("skerry"):
        return path
    raise LocalServiceError("there is no program `skerry` in PATH: install it, or name it (binary=…, or SKERRY_BIN)")


def local(binary: str | os.PathLike[str] | None = None, *, key: str | None = None, **how: Any) -> Client:
    """A client of a service of its own, which ends with the client, and with this process. See `LocalService`."""
    service = LocalService(binary, **how)
    return Client(service.url, key, service=service)


def local_async(binary: str | os.PathLike[str] | None = None, *, key: str | None = None, **how: Any) -> AsyncClient:
    """The same for asyncio. Starting blocks until it serves, some tenths of a second."""
    service = LocalService(binary, **how)
    return AsyncClient(service.url, key, service=service)
