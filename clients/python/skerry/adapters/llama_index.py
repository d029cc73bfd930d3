# SPDX-License-Identifier: Apache-2.0
"""LlamaIndex: `FunctionAgent(tools=SkerryToolSpec().to_tool_list(), llm=llm)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llama_index.core.tools.tool_spec.base import BaseToolSpec

from .._client import Client
from ._code_tool import CodeTool, shown

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._calls import SessionRunOptions


class SkerryToolSpec(BaseToolSpec):
    """The tool `code_interpreter`, in a session of its own (or the one named), or, without one, each program by itself."""

    spec_functions = [("code_interpreter", "acode_interpreter")]

    def __init__(self, client: Client | None = None, *, session: bool | str = True, **options: Unpack[SessionRunOptions]):
        self._tool = CodeTool(client, session, options)

    def code_interpreter(self, code: str) -> str:
        """Run a Python program in a sandbox and read what it prints and the value of its last expression. numpy, pandas, scipy,
        scikit-learn and matplotlib are there; network, other programs and pip are not."""
        return shown(self._tool.run(code))

    async def acode_interpreter(self, code: str) -> str:
        return shown(await self._tool.arun(code))
