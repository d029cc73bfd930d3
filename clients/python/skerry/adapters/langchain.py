# SPDX-License-Identifier: Apache-2.0
"""LangChain and LangGraph: `create_agent(model, tools=[skerry_tool()])`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, Field

from .._client import Client
from ..models import Run
from ._code_tool import NAME, CodeTool, shown

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._calls import SessionRunOptions


class CodeInput(BaseModel):
    code: str = Field(description="The program, in Python")


def skerry_tool(client: Client | None = None, *, session: bool | str = True, **options: Unpack[SessionRunOptions]) -> BaseTool:
    """A tool that runs code: in a session of its own (or the one named), or, without one, each program by itself. Its messages have the
    `skerry.Run` as their artifact."""
    code_tool = CodeTool(client, session, options)

    def run(code: str) -> tuple[str, Run]:
        told = code_tool.run(code)
        return shown(told), told

    async def arun(code: str) -> tuple[str, Run]:
        told = await code_tool.arun(code)
        return shown(told), told

    return StructuredTool.from_function(run, arun, NAME, code_tool.description, args_schema=CodeInput, response_format="content_and_artifact")
