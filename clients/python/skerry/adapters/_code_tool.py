# SPDX-License-Identifier: Apache-2.0
"""What tools have in common that models run code with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._client import Client
from ..models import Run

if TYPE_CHECKING:
    from .._calls import SessionRunOptions

NAME = "run_python"
STATELESS = (
    "Run a Python program in a sandbox and read what it prints and the value of its last expression. Each program starts "
    "afresh. numpy, pandas, scipy, scikit-learn and matplotlib are there; network, other programs and pip are not."
)
STATEFUL = STATELESS.replace("Each program starts afresh", "Variables, imports and files stay from one program to the next")
MOST = 20_000


class CodeTool:
    """Runs programs for a model: in a session, or each by itself; blocking, or in an event loop."""

    def __init__(self, client: Client | None, session: bool | str, options: SessionRunOptions):
        self.client = client or Client()
        name = session if isinstance(session, str) else None
        self.session = self.client.session(name) if session else None
        self._twin = self.client.twin()
        self._options = options

    @property
    def description(self) -> str:
        return STATEFUL if self.session else STATELESS

    def run(self, code: str) -> Run:
        return self.session.run(code, **self._options) if self.session else self.client.run(code, **self._options)

    async def arun(self, code: str) -> Run:
        if self.session:
            return await self._twin.session(self.session.name).run(code, **self._options)
        return await self._twin.run(code, **self._options)


def shown(run: Run) -> str:
    """What a model reads of a run. Of long output it reads both ends."""
    text = run.text or "(the program printed nothing)"
    if len(text) <= MOST:
        return text
    half = MOST // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters left out …]\n{text[-half:]}"
