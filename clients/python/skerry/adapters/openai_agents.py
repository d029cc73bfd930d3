# SPDX-License-Identifier: Apache-2.0
"""OpenAI Agents SDK: `Agent(tools=[skerry_tool()])`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents import FunctionTool, function_tool

from .._client import Client
from ._code_tool import NAME, CodeTool, shown

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._calls import SessionRunOptions


def skerry_tool(client: Client | None = None, *, session: bool | str = True, **options: Unpack[SessionRunOptions]) -> FunctionTool:
    """A tool that runs code: in a session of its own (or the one named), or, without one, each program by itself."""
    code_tool = CodeTool(client, session, options)

    async def run_python(code: str) -> str:
        return shown(await code_tool.arun(code))

    return function_tool(run_python, name_override=NAME, description_override=code_tool.description)
