# SPDX-License-Identifier: Apache-2.0
"""What this package raises. All of it is a `SkerryError`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import Run


class SkerryError(Exception):
    """Something kept the client from its answer. What a program does wrong is none: see `Run.check`."""


class UnreachableError(SkerryError, ConnectionError):
    """Nobody answers there. Nothing was sent."""


class ConnectionLostError(SkerryError, ConnectionError):
    """The service was there and has gone, or has said nothing for too long. Whether it did what it was asked is not known."""


class ProtocolError(SkerryError):
    """What answers there does not speak as Skerry does."""


class LocalServiceError(SkerryError):
    """`skerry.local()` finds no program, or the program does not serve."""


class RunFailed(SkerryError):
    """A program did not complete; raised by `Run.check`. Its text is the program's traceback, or why it was stopped."""

    def __init__(self, run: Run):
        super().__init__(run)
        self.run = run

    def __str__(self) -> str:
        if self.run.exception and self.run.stderr:
            return self.run.stderr.rstrip("\n")
        limit = self.run.limit
        raised = f" (raise it with {limit.option})" if limit and limit.option else ""
        return f"{self.run.outcome}: {self.run.message or f'exit code {self.run.exit_code}'}{raised}"

    @property
    def hint(self) -> str:
        """What to do instead, where the cause is that this is a sandbox; else empty."""
        return self.run.exception.hint if self.run.exception else ""


class ServiceError(SkerryError):
    """The service refused, in its own words."""

    def __init__(self, status: int, message: str, *, hint: str = "", retry_after: float | None = None, request_id: str = ""):
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.hint = hint
        self.retry_after = retry_after
        """Seconds after which the service asks to be asked again; None where it does not."""
        self.request_id = request_id
        """Under which the service's audit log has the request."""

    def __str__(self) -> str:
        return f"{self.message} (HTTP {self.status})" + (f"\nhint: {self.hint}" if self.hint else "")


class InvalidRequestError(ServiceError):
    """What was asked does not fit (400, 413)."""


class NotAllowedError(ServiceError):
    """There is no key, it is not known, or it may not do this (401, 403)."""


class NotFoundError(ServiceError):
    """There is no such session or revision (404)."""


class ConflictError(ServiceError):
    """It cannot be done as things stand: the name is taken, for one (409)."""


class BusyError(ServiceError):
    """Not now (408, 429, 503): nothing was done. `retry_after` says when to ask again."""


class NotSavedError(ServiceError):
    """The program ran, and its session could not be saved: `run` has what it printed, the session stands where it stood."""

    run: Run


HINTS = {
    401: "give Client(key=…), or set SKERRY_KEY; `skerry keys create TENANT` on the service's machine makes a key",
    426: "this speaks to /v1/run/stream, which something in between does not let be a WebSocket",
}
KINDS: dict[int, type[ServiceError]] = {
    400: InvalidRequestError, 413: InvalidRequestError, 401: NotAllowedError, 403: NotAllowedError, 404: NotFoundError,
    408: BusyError, 409: ConflictError, 429: BusyError, 503: BusyError,
}
