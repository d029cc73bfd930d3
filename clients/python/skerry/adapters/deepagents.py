# SPDX-License-Identifier: Apache-2.0
"""deepagents: `create_deep_agent(model, backend=SkerrySandbox())`."""

from __future__ import annotations

import base64
import importlib.resources
import json
import posixpath
from typing import TYPE_CHECKING, Any

from deepagents.backends.protocol import (
    DeleteResult, EditResult, ExecuteResponse, FileDownloadResponse, FileInfo, FileUploadResponse, GlobResult, GrepMatch, GrepResult, LsResult, ReadResult,
    SandboxBackendProtocol, WriteResult,
)
from deepagents.backends.utils import (
    InvalidGlobPatternError, compile_grep_include_glob, create_file_data, perform_string_replacement, slice_read_response,
)

from .._client import Client, Session
from ..errors import ConflictError, InvalidRequestError, NotAllowedError, NotFoundError, RunFailed, ServiceError
from ..models import Output, Run

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from .._calls import SessionRunOptions
    from ..models import Listing

INSTRUCTIONS = (
    "Commands run in a Python sandbox without an operating system's shell. There are python3 (-c CODE, FILE, -m MODULE, - <<'EOF'), a few small "
    "commands for files and text, pipes, redirections, && || and ;. There are no other programs, no pip and no network. numpy, pandas, scipy, scikit-learn "
    "and matplotlib can be imported."
)
"""For an agent's system prompt: what `execute` can do."""

GUEST = "_skerry_guest"
SHELL = f"{GUEST}._guest_shell"
# Runs a command line; where the shell is not in the session's interpreter, KeyError.
RUN = "import sys as _skerry_sys; _skerry_sys.exit(_skerry_sys.modules[{shell!r}].run({command!r}))"
# Brings the shell there.
LOAD = """
def _skerry_load(package, sources):
    import sys, types
    for name in (package, *(f"{{package}}.{{name}}" for name in sources)):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__package__ = package
    sys.modules[package].__path__ = []
    for name, text in sources.items():
        exec(compile(text, f"<{{name}}>", "exec", dont_inherit=True), sys.modules[f"{{package}}.{{name}}"].__dict__)
_skerry_load({package!r}, {sources!r})
del _skerry_load
"""
# Finds text in files: what it prints is JSON, a line for each.
GREP = """
import json as _j, os as _o
def _skerry_grep(text, top, most):
    files = [top] if _o.path.isfile(top) else (_o.path.join(folder, name) for folder, _, names in _o.walk(top) for name in names)
    for path in files:
        try:
            with open(path, encoding="utf-8") as file:
                lines = file.read().split("\\n")
        except (OSError, UnicodeDecodeError):
            continue
        for number, line in enumerate(lines, 1):
            if text in line:
                print(_j.dumps([path, number, line]))
                most -= 1
                if not most:
                    return
_skerry_grep({text!r}, {top!r}, {most})
"""
MOST_MATCHES = 10_000
MOST_OUTPUT = 8 << 20


class SkerrySandbox(SandboxBackendProtocol):
    """A session as a deep agent's sandbox: its files are those of the session, and `execute` runs what a sandbox without an operating system can.

    Files go over the service's file routes, and `execute` runs a small shell in the sandbox, in which `python3` and commands as `ls` and `grep` are
    functions: whatever a command is, it starts no process on either side. A command that is stopped (at its deadline, for one) undoes itself alone.
    Paths begin at `/`, the directory in which programs begin. Threads may share it: calls that change something queue."""

    def __init__(self, client: Client | None = None, *, session: str | None = None, **options: Unpack[SessionRunOptions]):
        """Without a name the session is a new one, and forgotten by `close`. `options` are those of each command."""
        self.session: Session = (client or Client()).session(session)
        self._is_own = session is None
        self._options = options

    @property
    def id(self) -> str:
        return self.session.name

    def close(self) -> None:
        """Forgets the session, unless it was named."""
        if self._is_own:
            self.session.delete()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------------------ commands

    def execute(self, command: str, *, timeout: int | None = None) -> ExecuteResponse:
        """Output and errors in the order in which they came. 127: there is no such command; 124: it was stopped at its `timeout`."""
        options: SessionRunOptions = {**self._options, **({"timeout": timeout} if timeout else {})}
        code = RUN.format(shell=SHELL, command=command)
        try:
            printed, run = self._run(code, options)
            if run.exception and run.exception.type == "KeyError" and SHELL in run.exception.message:
                printed, run = self._run(LOAD.format(package=GUEST, sources=_sources()) + code, options)
        except InvalidRequestError as error:
            return ExecuteResponse(output=str(error), exit_code=2)
        return ExecuteResponse(output=printed + _fate_of(run), exit_code=run.exit_code, truncated=bool(run.truncated))

    def _run(self, code: str, options: SessionRunOptions) -> tuple[str, Run]:
        with self.session.stream(code, **options) as stream:
            printed = [event.text for event in stream if isinstance(event, Output)]
            return "".join(printed), stream.finish()

    # --------------------------------------------------------------------------------------------------------- files

    def ls(self, path: str) -> LsResult:
        try:
            listing = self._listing(path, recursive=False)
        except ServiceError as error:
            return LsResult(error=f"{path}: {_reason_of(error)}")
        return LsResult(entries=_infos(listing))

    def read(self, file_path: str, offset: int = 0, limit: int = 2000) -> ReadResult:
        try:
            data = self.session.read_file(_place_of(file_path))
        except ServiceError as error:
            return ReadResult(error=f"File '{file_path}': {_reason_of(error)}")
        try:
            text = data.decode().replace("\r\n", "\n")
        except UnicodeDecodeError:
            return ReadResult(file_data=create_file_data(base64.b64encode(data).decode(), encoding="base64"))
        return slice_read_response(create_file_data(text), offset, limit)

    def write(self, file_path: str, content: str) -> WriteResult:
        (uploaded,) = self.upload_files([(file_path, content.encode("utf-8", "surrogatepass"))])
        if uploaded.error:
            return WriteResult(error=f"Error writing file '{file_path}': {uploaded.error}")
        return WriteResult(path=file_path)

    def edit(self, file_path: str, old_string: str, new_string: str, replace_all: bool = False) -> EditResult:
        try:
            text = self.session.read_file(_place_of(file_path)).decode()
        except ServiceError as error:
            return EditResult(error=f"Error: File '{file_path}': {_reason_of(error)}")
        except UnicodeDecodeError:
            return EditResult(error="Error: Cannot edit binary files with text replacements.")
        if "\r\n" in text and old_string not in text:  # `read` shows lines without it
            old_string, new_string = (each.replace("\r\n", "\n").replace("\n", "\r\n") for each in (old_string, new_string))
        replaced = perform_string_replacement(text, old_string, new_string, replace_all)
        if isinstance(replaced, str):
            return EditResult(error=replaced)
        written = self.write(file_path, replaced[0])
        return EditResult(error=written.error, path=written.path, occurrences=None if written.error else replaced[1])

    def delete(self, file_path: str) -> DeleteResult:
        try:
            above, name = posixpath.split(_place_of(file_path).rstrip("/"))
            if not any(posixpath.basename(each.path) == name for each in self.session.files(above or None).files):
                return DeleteResult(error=f"Error: File '{file_path}' not found")
            self.session.remove_file(_place_of(file_path), recursive=True)
        except ServiceError as error:
            return DeleteResult(error=f"Error deleting file '{file_path}': {_reason_of(error)}")
        return DeleteResult(path=file_path)

    def grep(self, pattern: str, path: str | None = None, glob: str | None = None, *, max_count: int | None = None) -> GrepResult:
        top = posixpath.normpath(posixpath.join("/", path or "/"))
        try:
            fits = compile_grep_include_glob(glob) if glob else None
        except InvalidGlobPatternError as error:
            return GrepResult(error=str(error))
        most = MOST_MATCHES if max_count is None or glob else max_count + 1
        try:
            options: SessionRunOptions = {**self._options, "max_output": MOST_OUTPUT}
            run = self.session.run(GREP.format(text=pattern, top=top, most=most), **options)
        except ServiceError as error:
            return GrepResult(error=f"{path}: {_reason_of(error)}")
        if not run.ok:
            return GrepResult(error=f"Error: grep: {RunFailed(run)}")
        found = _matches_in(run.stdout)
        matches = [match for match in found if fits is None or fits(posixpath.relpath(match["path"], top))]
        is_cut = bool(run.truncated) or len(found) >= MOST_MATCHES
        if max_count is not None and len(matches) > max_count:
            matches, is_cut = matches[:max_count], True
        return GrepResult(matches=matches, truncated=is_cut)

    def glob(self, pattern: str, path: str | None = None) -> GlobResult:
        top = posixpath.normpath(posixpath.join("/", path or "/"))
        try:
            fits = compile_grep_include_glob(pattern)
            listing = self._listing(top, recursive=True)
        except InvalidGlobPatternError as error:
            return GlobResult(error=str(error))
        except ServiceError as error:
            return GlobResult(error=f"{path}: {_reason_of(error)}")
        matches = [info for info in _infos(listing) if not info["is_dir"] and fits(posixpath.relpath(info["path"], top))]
        return GlobResult(matches=matches, truncated=listing.truncated, truncation_reason="budget" if listing.truncated else None)

    def upload_files(self, files: list[tuple[str, bytes]]) -> list[FileUploadResponse]:
        done = []
        for path, content in files:
            try:
                self.session.write_file(_place_of(path), content)
                done.append(FileUploadResponse(path=path))
            except ServiceError as error:
                done.append(FileUploadResponse(path=path, error=_code_of(error)))
        return done

    def download_files(self, paths: list[str]) -> list[FileDownloadResponse]:
        done = []
        for path in paths:
            try:
                done.append(FileDownloadResponse(path=path, content=self.session.read_file(_place_of(path))))
            except ServiceError as error:
                done.append(FileDownloadResponse(path=path, error=_code_of(error)))
        return done

    def _listing(self, path: str, *, recursive: bool) -> Listing:
        return self.session.files(_place_of(path), recursive=recursive)


def _sources() -> dict[str, str]:
    folder = importlib.resources.files(__package__)
    return {name: folder.joinpath(f"{name}.py").read_text("utf-8") for name in ("_guest_shell", "_guest_commands")}


def _place_of(path: str) -> str:
    """Where the service has it: below `workspace/`, which is the root of programs. What leads out is the service's to refuse."""
    return "workspace/" + path.lstrip("/")


def _infos(listing: Listing) -> list[FileInfo]:
    return [FileInfo(path=f"/{each.path}", is_dir=each.is_directory, size=each.size, modified_at=each.modified)
            for each in sorted(listing.files, key=lambda each: each.path)]


def _matches_in(printed: str) -> list[GrepMatch]:
    """It comes out of the sandbox, where a program may have changed all that made it: what is no match is left out."""
    matches: list[GrepMatch] = []
    for line in printed.splitlines():
        try:
            told: Any = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(told, list) and [type(each) for each in told] == [str, int, str] and told[0].startswith("/"):
            match: Any = {"path": posixpath.normpath(told[0]), "line": told[1], "text": told[2]}
            matches.append(match)
    return matches


def _fate_of(run: Run) -> str:
    """Why a command was stopped, and what became of the session, as a line; empty where it ended by itself."""
    parts = [] if run.outcome in ("completed", "failed") else [str(RunFailed(run))]
    if run.session:
        parts += [run.session.notice, run.session.message]
    return "".join(f"\n{part}" for part in parts if part)


def _reason_of(error: ServiceError) -> str:
    return {"file_not_found": "file_not_found: there is no such file or directory"}.get(_code_of(error), error.message)


def _code_of(error: ServiceError) -> str:
    """The framework's word for it, where there is one. Raises what is not about the path: that nobody may come in, for one."""
    if isinstance(error, NotFoundError):
        return "file_not_found"
    if isinstance(error, NotAllowedError) and error.status == 403:
        return "permission_denied"
    if isinstance(error, ConflictError):
        return "is_directory" if "not a file" in error.message or "Is a directory" in error.message else error.message
    if isinstance(error, InvalidRequestError):
        return error.message
    raise error
