# SPDX-License-Identifier: Apache-2.0
"""`skerry.adapters.adk`."""

import asyncio

import pytest

from adapter_client import client  # noqa: F401

pytest.importorskip("google.adk")


def test_an_agent_runs_what_its_model_writes(client):
    from google.adk.agents import LlmAgent
    from google.adk.models import BaseLlm, LlmResponse
    from google.adk.runners import InMemoryRunner
    from google.genai import types

    from skerry.adapters.adk import SkerryCodeExecutor

    heard = []

    class Script(BaseLlm):
        async def generate_content_async(self, request, stream=False):
            heard.append(str(request.contents[-1]))
            says = ["```python\nx = 41\nprint('first')\nopen('table.csv', 'w').write('a,b')\n```", "```python\nprint(x + 1)\n```", "It is 42."][len(heard) - 1]
            yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text=says)]))

    async def main():
        agent = LlmAgent(name="a", model=Script(model="script"), code_executor=SkerryCodeExecutor(client))
        runner = InMemoryRunner(agent=agent)
        events = await runner.run_debug("What is it?", quiet=True)
        return events, await runner.artifact_service.list_artifact_keys(app_name=runner.app_name, user_id="debug_user_id", session_id="debug_session_id")

    events, artifacts = asyncio.run(main())
    assert "first" in heard[1] and "42" in heard[2] and artifacts == ["table.csv"]
    assert events[-1].content.parts[0].text == "It is 42."


def test_files_go_in_and_out(client):
    from google.adk.code_executors.code_execution_utils import CodeExecutionInput, File

    from skerry.adapters.adk import SkerryCodeExecutor

    executor = SkerryCodeExecutor(client, timeout_seconds=2)

    def execute(code, *files, id=None):
        return executor.execute_code(None, CodeExecutionInput(code, list(files), id))

    told = execute("import pathlib\nprint(open('in/a.csv').read())\npathlib.Path('out.png').write_bytes(bytes(range(256)))\n1", File("in/a.csv", b"x,y\n"))
    assert (told.stdout, told.stderr, told.exit_code) == ("x,y\n\n", "", 0)
    assert [(f.name, f.content, f.mime_type) for f in told.output_files] == [("out.png", bytes(range(256)), "image/png")]
    assert client.sessions() == []
    assert execute("x = 1; open('a', 'w').write('1')", id="one/ü").output_files[0].name == "a"
    again = execute("print(x); open('b', 'w').write('2')", id="one/ü")
    assert (again.stdout, [f.name for f in again.output_files]) == ("1\n", ["b"])
    failed = execute("1/0", id="one/ü")
    assert failed.exit_code == 1 and "ZeroDivisionError" in failed.stderr
    assert "deadline" in execute("while True: pass", id="one/ü").stderr and execute("x", id="one/ü").stdout == "1"
    assert "NameError" in execute("x", id="two").stderr


def test_what_the_code_says_of_its_files_is_not_believed(client):
    from google.adk.code_executors.code_execution_utils import CodeExecutionInput

    from skerry.adapters.adk import SkerryCodeExecutor

    executor = SkerryCodeExecutor(client)
    for code in ("print = None", "import builtins; builtins.print = lambda *_: __import__('sys').stdout.write('[1]')", "import json; json.dumps = lambda *_: '{\"a\": 1}'",
                 "import json; json.dumps = lambda *_: '[' * 100000", "import json; json.dumps = lambda *_: '{\"../a\": \"\", \"/etc/a\": \"\"}'", "del _skerry_files"):
        told = executor.execute_code(None, CodeExecutionInput(code))
        assert (told.exit_code, told.output_files) == (0, []), code
