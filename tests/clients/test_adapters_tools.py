# SPDX-License-Identifier: Apache-2.0
"""Adapters that are one tool: `pydantic_ai`, `openai_agents`, `llama_index`, `inspect_ai`."""

import asyncio
import json

from adapter_client import client, needs  # noqa: F401


@needs("pydantic_ai")
def test_pydantic_ai(client):
    from pydantic_ai import Agent, ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import FunctionModel

    from skerry.adapters.pydantic_ai import skerry_toolset

    def model(messages, info):
        (tool,) = info.function_tools
        assert tool.name == "run_python" and list(tool.parameters_json_schema["properties"]) == ["code"]
        said = [part.content for message in messages for part in message.parts if part.part_kind == "tool-return"]
        if len(said) == 2:
            return ModelResponse([TextPart(said[1])])
        return ModelResponse([ToolCallPart("run_python", {"code": ["x = 6", "x * 7"][len(said)]})])

    agent = Agent(FunctionModel(model), toolsets=[skerry_toolset(client)])
    assert agent.run_sync("What is it?").output == "42"


@needs("agents")
def test_openai_agents(client):
    from agents import Agent, Model, ModelResponse, RunConfig, Runner, Usage
    from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

    from skerry.adapters.openai_agents import skerry_tool

    class Script(Model):
        async def get_response(self, *, input, tools, **rest):
            said = [item["output"] for item in input if isinstance(item, dict) and item.get("type") == "function_call_output"]
            if len(said) == 2:
                message = ResponseOutputText(text=said[1], type="output_text", annotations=[])
                output = ResponseOutputMessage(id="m", type="message", role="assistant", status="completed", content=[message])
            else:
                code = ["x = 6", "x * 7"][len(said)]
                output = ResponseFunctionToolCall(type="function_call", call_id=str(len(said)), name=tools[0].name, arguments=json.dumps({"code": code}))
            return ModelResponse(output=[output], usage=Usage(), response_id=None)

        def stream_response(self, *_, **__):
            raise NotImplementedError

    agent = Agent("a", tools=[skerry_tool(client)], model=Script())
    told = asyncio.run(Runner.run(agent, "What is it?", run_config=RunConfig(tracing_disabled=True)))
    assert told.final_output == "42"


@needs("llama_index")
def test_llama_index(client):
    from skerry.adapters.llama_index import SkerryToolSpec

    (tool,) = SkerryToolSpec(client).to_tool_list()
    assert tool.metadata.name == "code_interpreter" and "numpy" in tool.metadata.description
    assert tool.call(code="x = 6\nprint('six')").content == "six"
    assert asyncio.run(tool.acall(code="x * 7")).content == "42"


@needs("inspect_ai")
def test_inspect_ai(client, tmp_path):
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import match
    from inspect_ai.solver import generate, use_tools

    from skerry.adapters.inspect_ai import skerry_python

    def counted(output):
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # or it fetches an encoding to count them
        return output

    def call(code):
        return counted(ModelOutput.for_tool_call("mockllm/model", "skerry_python", {"code": code}))

    # In each sample: a variable, and whether a second call of the same sample has it.
    outputs = [output for n in (1, 2) for output in (call(f"assert 'x' not in globals()\nx = {n}"), call("print('x is', x)"), counted(ModelOutput.from_content("mockllm/model", str(n))))]
    task = Task([Sample("?", target="1"), Sample("?", target="2")], solver=[use_tools(skerry_python(client)), generate()], scorer=match())
    (log,) = eval(task, model=get_model("mockllm/model", custom_outputs=outputs), log_dir=str(tmp_path), display="none", max_samples=1)
    assert log.status == "success", log.error
    said = [[m.text for m in sample.messages if m.role == "tool"] for sample in log.samples]
    assert [texts[1] for texts in said] == ["x is 1", "x is 2"] and len(client.sessions()) == 2
