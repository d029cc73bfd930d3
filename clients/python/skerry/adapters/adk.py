# SPDX-License-Identifier: Apache-2.0
"""Google's Agent Development Kit: `LlmAgent(code_executor=SkerryCodeExecutor())`."""

from __future__ import annotations

import base64
import json
import mimetypes
from typing import Any

from google.adk.agents.invocation_context import InvocationContext
from google.adk.code_executors.base_code_executor import BaseCodeExecutor
from google.adk.code_executors.code_execution_utils import CodeExecutionInput, CodeExecutionResult, File
from pydantic import PrivateAttr

from .._client import Client, Session

# Files go in and out as JSON: what changed is what a listing from before the run does not have.
PUT = """
import base64 as b, json as j, pathlib as p, sys as s
for name, text in j.load(s.stdin).items():
    path = p.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b.b64decode(text))
del b, j, p, s
"""
LIST = "{str(p): [p.stat().st_size, p.stat().st_mtime_ns] for p in __import__('pathlib').Path().rglob('*') if p.is_file()}"
BEFORE = f"_skerry_files = {LIST}"
CHANGED = f"""
import base64 as b, json as j, pathlib as p
print(j.dumps({{name: b.b64encode(p.Path(name).read_bytes()).decode() for name, now in {LIST}.items() if _skerry_files.get(name) != now}}))
del b, j, p
"""
MOST_OUTPUT = 64 << 20


class SkerryCodeExecutor(BaseCodeExecutor):
    """Runs an agent's code: in one session for each execution id, or, without one, each program by itself. Files that the code leaves in
    its directory are its output files."""

    stateful: bool = True
    optimize_data_file: bool = True
    template: str | None = None
    memory: float | None = None
    """MiB."""
    _client: Client = PrivateAttr()

    def __init__(self, client: Client | None = None, **data: Any):
        super().__init__(**data)
        self._client = client or Client()

    def execute_code(self, invocation_context: InvocationContext, code_execution_input: CodeExecutionInput) -> CodeExecutionResult:
        name = code_execution_input.execution_id
        if name and self.stateful:
            return self._execute(self._client.session(_session_name(name)), code_execution_input)
        with self._client.session() as session:
            return self._execute(session, code_execution_input)

    def _execute(self, session: Session, given: CodeExecutionInput) -> CodeExecutionResult:
        if given.input_files:
            files = {file.name: _encoded(file.content) for file in given.input_files}
            put = session.run(PUT, stdin=json.dumps(files), template=self.template)
            if not put.ok:
                return CodeExecutionResult(stderr=put.text, exit_code=put.exit_code)
        session.run(BEFORE, template=self.template, memory=self.memory)
        run = session.run(given.code, timeout=self.timeout_seconds, memory=self.memory)
        changed = session.run(CHANGED, max_output=MOST_OUTPUT, memory=self.memory)
        return CodeExecutionResult(stdout=run.stdout or run.result or "", stderr=run.stderr if run.ok or run.exception else run.text,
                                   exit_code=run.exit_code, output_files=_files_in(changed.stdout))


def _files_in(told: str) -> list[File]:
    """The files that a listing has. It comes out of the sandbox, where the agent's code may have changed all that made it: what is no file with a
    name below the directory is left out."""
    try:
        files = json.loads(told)
        return [File(name=name, content=base64.b64decode(text), mime_type=mimetypes.guess_type(name)[0] or "application/octet-stream")
                for name, text in files.items() if not name.startswith("/") and ".." not in name.split("/")]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return []


def _session_name(execution_id: str) -> str:
    """Two ids never have one name."""
    return "adk-" + base64.b32encode(execution_id.encode()).decode().rstrip("=").lower()


def _encoded(content: str | bytes) -> str:
    """As the kit has it: bytes, or text that is base64 already."""
    return content if isinstance(content, str) else base64.b64encode(content).decode()
