# SPDX-License-Identifier: Apache-2.0
"""Skerry runs untrusted Python: in fresh sandboxes, and in sessions that fork and rewind.

    import skerry

    with skerry.Client() as client:
        print(client.run("print(2 + 2)").stdout)
"""

from ._async_client import AsyncClient, AsyncLiveRun, AsyncRunStream, AsyncSession
from ._calls import VERSION as __version__
from ._calls import GivenFile, LiveOptions, RunOptions, SessionRunOptions
from ._client import Client, LiveRun, RunStream, Session
from ._local import LocalService, local, local_async
from ._tools import ToolSession
from .errors import (
    BusyError,
    ConflictError,
    ConnectionLostError,
    InvalidRequestError,
    LocalServiceError,
    NotAllowedError,
    NotFoundError,
    NotSavedError,
    ProtocolError,
    RunFailed,
    ServiceError,
    SkerryError,
    UnreachableError,
)
from .models import (
    Cause,
    Checkpoint,
    Diff,
    Display,
    Event,
    ExceptionInfo,
    FileChange,
    FileInfo,
    Finished,
    Frame,
    Health,
    Limit,
    Limits,
    Listing,
    LogEvent,
    Output,
    Result,
    Revision,
    Run,
    SessionInfo,
    SessionLog,
    SessionState,
    Started,
    StoredFile,
    StoredFiles,
    Usage,
    Variable,
    Waiting,
    Warned,
    Written,
)

__all__ = [
    "AsyncClient", "AsyncLiveRun", "AsyncRunStream", "AsyncSession", "BusyError", "Cause", "Checkpoint", "Client", "ConflictError",
    "ConnectionLostError", "Diff", "Display", "Event", "ExceptionInfo", "FileChange", "FileInfo", "Finished", "Frame", "GivenFile", "Health",
    "InvalidRequestError", "Limit", "Limits", "Listing", "LiveOptions", "LiveRun", "LocalService", "LocalServiceError", "LogEvent", "NotAllowedError",
    "NotFoundError", "NotSavedError", "Output", "ProtocolError", "Result", "Revision", "Run", "RunFailed", "RunOptions", "RunStream",
    "ServiceError", "Session", "SessionInfo", "SessionLog", "SessionRunOptions", "SessionState", "SkerryError", "Started", "StoredFile", "StoredFiles",
    "ToolSession", "UnreachableError", "Usage", "Variable", "Waiting", "Warned", "Written", "__version__", "local", "local_async",
]
