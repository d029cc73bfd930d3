# SPDX-License-Identifier: Apache-2.0
"""Inspect: `use_tools(skerry_python())`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspect_ai.tool import Tool, tool
from inspect_ai.util import store

from .._calls import new_name
from .._client import Client
from ._code_tool import STATEFUL, shown

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._calls import SessionRunOptions

SESSION = "skerry_session"


@tool
def skerry_python(client: Client | None = None, **options: Unpack[SessionRunOptions]) -> Tool:
    """A tool that runs code in a session for each sample; its store has the session's name, as `skerry_session`."""
    twin = (client or Client()).twin()

    async def execute(code: str) -> str:
        name = store().get(SESSION) or new_name()
        store().set(SESSION, name)
        return shown(await twin.session(name).run(code, **options))

    execute.__doc__ = f"{STATEFUL}\n\n    Args:\n        code (str): The program, in Python.\n    "
    return execute
