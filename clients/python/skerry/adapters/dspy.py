# SPDX-License-Identifier: Apache-2.0
"""DSPy: `dspy.configure(interpreter_factory=SkerryInterpreter)`, or `dspy.RLM(…, interpreter_factory=SkerryInterpreter)`."""

from __future__ import annotations

import asyncio
import inspect
import keyword
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dspy.primitives.code_interpreter import CodeExecutionError, CodeInterpreterError, FinalOutput
from pydantic_core import PydanticSerializationError, to_jsonable_python

from .._client import Client
from .._tools import ToolSession
from ..errors import SkerryError

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from .._calls import SessionRunOptions

SYNTAX = ("SyntaxError", "IndentationError", "TabError")
FINAL = "_skerry_final"
# Ends the program where it stands, as nothing catches by accident.
SUBMIT = f"""
def SUBMIT({{parameters}}):
    {FINAL}({{values}})
    raise SystemExit
"""


class SkerryInterpreter:
    """Runs a program's code in a session: state stays, tools run here. A run that has to be stopped loses its own changes alone:
    the session stands where it stood before, and the next run goes on from there."""

    execution_instructions = (
        "Python 3.15 in a WebAssembly sandbox. State persists across executions. numpy, pandas, scipy, scikit-learn and matplotlib can be "
        "imported; network, subprocesses and pip are not there. A run that takes too long is undone, and earlier state stays."
    )

    def __init__(self, client: Client | None = None, tools: dict[str, Callable[..., Any]] | None = None,
                 output_fields: list[dict[str, Any]] | None = None, **options: Unpack[SessionRunOptions]):
        self.tools = dict(tools or {})
        """Functions that code may call by name; they are given keyword arguments."""
        self.output_fields = output_fields
        """What SUBMIT takes: `name`, and `type` where it is a simple one."""
        self._client = client
        self._options = options
        self._running: ToolSession | None = None
        self._submit = ""
        self._final: list[Any] = []
        self._has_ended = False

    def start(self) -> None:
        if self._has_ended:
            raise CodeInterpreterError("the interpreter was shut down; make a new one")
        if self._running is None:
            self._running = ToolSession(self._client or Client(), **self._options)

    @property
    def session(self) -> Any:
        """The `skerry.Session`, once started: to fork, or to go back in."""
        return self._running and self._running.session

    def execute(self, code: str, variables: dict[str, Any] | None = None) -> Any:
        self.start()
        assert self._running
        try:
            self._prepare(self._running, variables or {})
            run = self._running.run(code)
        except SkerryError as error:
            raise CodeInterpreterError(str(error)) from error
        final, self._final = self._final, []
        if final and not run.exception:
            return FinalOutput(final[0])
        if run.session and run.session.notice:
            raise CodeInterpreterError(f"state was lost: {run.session.notice}")
        if run.exception and run.exception.type in SYNTAX and not run.exception.frames[:-1]:
            raise SyntaxError(f"Invalid Python syntax. message: {run.exception.message}")
        if run.exception:
            hint = f"\nhint: {run.exception.hint}" if run.exception.hint else ""
            raise CodeExecutionError(f"{run.exception.type}: {run.exception.message}{hint}")
        if not run.ok:
            raise CodeExecutionError(run.text)
        return run.stdout + run.stderr or run.result

    __call__ = execute

    def _prepare(self, running: ToolSession, variables: dict[str, Any]) -> None:
        running.tools = {**{name: _named(tool) for name, tool in self.tools.items()}, FINAL: self._submitted}
        submit = _submit_of(self.output_fields)
        if submit != self._submit:
            running.session.run(submit).check()
            self._submit = submit
        if variables:
            wrong = [name for name in variables if not name.isidentifier() or keyword.iskeyword(name)]
            if wrong:
                raise CodeInterpreterError(f"Invalid variable name: {wrong[0]!r}")
            try:
                running.assign(**to_jsonable_python(variables))
            except PydanticSerializationError as error:
                raise CodeInterpreterError(f"a variable cannot be passed: {error}") from error

    def _submitted(self, **output: Any) -> None:
        self._final = [output]

    def shutdown(self) -> None:
        self._has_ended = True
        running, self._running = self._running, None
        if running:
            running.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()


def _submit_of(fields: list[dict[str, Any]] | None) -> str:
    names = [(field["name"], field.get("type")) for field in fields or [{"name": "output"}]]
    typed = [f"{name}: {'None' if kind == 'NoneType' else kind}" if kind else name for name, kind in names]
    return SUBMIT.format(parameters=", ".join(typed), values=", ".join(f"{name}={name}" for name, _ in names))


def _named(tool: Callable[..., Any]) -> Callable[..., Any]:
    """The tool with its arguments by name, and with a value that JSON has."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if args:
            kwargs = {**inspect.signature(tool).bind_partial(*args).arguments, **kwargs}
        value = tool(**kwargs)
        if inspect.iscoroutine(value):
            value = asyncio.run(value)
        return to_jsonable_python(value, fallback=str)

    return call
