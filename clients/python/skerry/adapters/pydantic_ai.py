# SPDX-License-Identifier: Apache-2.0
"""Pydantic AI: `Agent(model, toolsets=[skerry_toolset()])`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_ai import FunctionToolset, Tool

from .._client import Client
from ._code_tool import NAME, CodeTool, shown

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._calls import SessionRunOptions


def skerry_toolset(client: Client | None = None, *, session: bool | str = True, **options: Unpack[SessionRunOptions]) -> FunctionToolset[Any]:
    """A toolset with one tool, which runs code: in a session of its own (or the one named), or, without one, each program by itself."""
    code_tool = CodeTool(client, session, options)

    async def run_python(code: str) -> str:
        return shown(await code_tool.arun(code))

    return FunctionToolset([Tool(run_python, name=NAME, description=code_tool.description)])
