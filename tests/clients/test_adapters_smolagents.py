# SPDX-License-Identifier: Apache-2.0
"""`skerry.adapters.smolagents`."""

import pytest

from adapter_client import client  # noqa: F401

smolagents = pytest.importorskip("smolagents")


class Script(smolagents.Model):
    """A model that says what it is told to, one after the other."""

    def __init__(self, *says):
        super().__init__(model_id="script")
        self.says, self.heard = list(says), []

    def generate(self, messages, **how):
        self.heard.append(messages[-1].content[0]["text"])
        return smolagents.ChatMessage(role="assistant", content=f"Thought: so.\n<code>\n{self.says.pop(0)}\n</code>")


@pytest.fixture
def executor(client):
    from skerry.adapters.smolagents import SkerryExecutor

    executor = SkerryExecutor()
    yield executor
    executor.cleanup()
    assert client.sessions() == []


def test_an_agent_goes_on_with_its_variables_and_calls_tools_here(executor):
    asked = []

    @smolagents.tool
    def price(fruit: str, count: int = 1) -> dict:
        """What it costs.

        Args:
            fruit: Which.
            count: How many.
        """
        asked.append((fruit, count))
        return {"total": 3 * count}

    model = Script("x = price('apple', count=2)['total']\nprint('got', x)\nx", "1/0", "import numpy as np\nfinal_answer((x, {'a', 'b'}, np.arange(3)))")
    agent = smolagents.CodeAgent(tools=[price], model=model, executor=executor, additional_authorized_imports=["numpy"])
    answer = agent.run("What do two apples cost?")
    assert asked == [("apple", 2)] and answer[:2] == (6, {"a", "b"}) and list(answer[2]) == [0, 1, 2]
    assert "got 6" in model.heard[1] and "Last output from code snippet:\n6" in model.heard[1]
    assert "ZeroDivisionError" in model.heard[2]
    assert agent.memory.steps[-1].is_final_answer


def test_what_is_long_or_stopped_is_told(executor):
    executor.send_tools({"final_answer": smolagents.FinalAnswerTool()})
    executor.send_variables({"data": [1, 2], "when": None})
    assert executor("data[1]").output == "2"
    with pytest.raises(smolagents.utils.AgentError, match="no network|Network is unreachable"):
        executor("import socket; socket.create_connection(('192.0.2.1', 80))")
    out = executor("final_answer('x' * 500_000)")
    assert out.is_final_answer and out.output == "x" * 500_000


def test_packages_that_are_not_there_are_refused(client):
    from skerry.adapters.smolagents import SkerryExecutor

    with pytest.raises(ValueError, match="nothing_such is not in the sandbox"):
        SkerryExecutor(["numpy", "nothing_such"])
