# SPDX-License-Identifier: Apache-2.0
"""smolagents: `CodeAgent(tools=[…], model=model, executor=SkerryExecutor())`."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import PIL.Image
from smolagents.local_python_executor import CodeOutput
from smolagents.monitoring import AgentLogger
from smolagents.remote_executors import RemotePythonExecutor
from smolagents.tools import get_tools_definition_code
from smolagents.utils import AgentError

from .._client import Client
from .._tools import ToolSession
from ..models import Run

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._calls import SessionRunOptions

ANSWERED = "_skerry_answered"
# An exception's message is cut where it is long.
HAND_OVER = f"""
def _skerry_hand_over(tool):
    def final_answer(*args, **kwargs):
        try:
            return tool(*args, **kwargs)
        except BaseException as error:
            if type(error).__name__ == "{RemotePythonExecutor.FINAL_ANSWER_EXCEPTION}":
                {ANSWERED}(error.value)
            raise
    return final_answer
final_answer = _skerry_hand_over(final_answer)
"""


class SkerryExecutor(RemotePythonExecutor):
    """Runs an agent's code in a session. Its tools run here, not in the sandbox, so that they may use the network; what they are
    given and return crosses as JSON. `session` can be gone back in."""

    def __init__(self, additional_imports: Sequence[str] = (), logger: AgentLogger | None = None, allow_pickle: bool = False, *,
                 client: Client | None = None, **options: Unpack[SessionRunOptions]):
        """Raises ValueError if an import is not there: nothing can be installed into a sandbox."""
        super().__init__(list(additional_imports), logger or AgentLogger(), allow_pickle)
        self._tools = ToolSession(client or Client(), **options)
        self.session = self._tools.session
        self._answers: list[Any] = []
        self.installed_packages = self.install_packages(list(additional_imports))

    def install_packages(self, additional_imports: list[str]) -> list[str]:
        for name in additional_imports:
            if name != "*" and not self.session.run(f"__import__({name!r})").ok:
                raise ValueError(f"{name} is not in the sandbox: build a template that has it (`skerry template build`), and name it")
        return additional_imports

    def send_tools(self, tools: dict[str, Any]) -> None:
        self._tools.tools.update({name: _called(tool) for name, tool in tools.items() if name != "final_answer"})
        # The one that ends a run does so in the sandbox: what it is given need not be JSON.
        final = {name: tool for name, tool in tools.items() if name == "final_answer"}
        for tool in final.values():
            self._patch_final_answer_with_exception(tool)
        self._tools.tools[ANSWERED] = self._answers.append
        self.run_code_raise_errors(get_tools_definition_code(final) + (HAND_OVER if final else ""))

    def run_code_raise_errors(self, code: str) -> CodeOutput:
        run = self._tools.run(code)
        answers, self._answers[:] = list(self._answers), []
        if answers and run.exception and run.exception.type.endswith(self.FINAL_ANSWER_EXCEPTION):
            answer = self._deserialize_final_answer(str(answers[-1]), self.allow_pickle)
            return CodeOutput(output=answer, logs=run.stdout, is_final_answer=True)
        if not run.ok:
            raise AgentError(f"{run.stdout}\nExecuting code yielded an error:\n{_why(run)}", self.logger)
        return CodeOutput(output=_value(run), logs=run.stdout + run.stderr, is_final_answer=False)

    def cleanup(self) -> None:
        self._tools.close()


def _called(tool: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: tool(*args, **kwargs)


def _why(run: Run) -> str:
    return run.stderr if run.exception else run.text


def _value(run: Run) -> Any:
    """A picture as a picture, other values as their `repr`."""
    picture = next((result.png or result.jpeg for result in run.results if result.is_result), None)
    return PIL.Image.open(io.BytesIO(picture)) if picture else run.result
