# SPDX-License-Identifier: Apache-2.0
"""`skerry.adapters.langchain`."""

import asyncio

import pytest

from adapter_client import client  # noqa: F401

pytest.importorskip("langchain_core")


def call(code):
    return {"type": "tool_call", "id": "1", "name": "run_python", "args": {"code": code}}


def test_a_model_s_calls_are_answered(client):
    from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
    from langchain_core.messages import AIMessage

    from skerry.adapters.langchain import skerry_tool

    tool = skerry_tool(client, session="talk", timeout=5)
    assert tool.name == "run_python" and set(tool.args) == {"code"} and "numpy" in tool.description
    model = GenericFakeChatModel(messages=iter([AIMessage("", tool_calls=[call("x = 6\nprint('six')")])]))
    (asked,) = model.invoke("?").tool_calls
    message = tool.invoke(asked)
    assert message.content == "six" and message.artifact.session.name == "talk"
    assert asyncio.run(tool.ainvoke(call("x * 7"))).content == "42"
    failed = tool.invoke(call("1/0"))
    assert "ZeroDivisionError" in failed.content and not failed.artifact.ok
    assert "deadline" in tool.invoke(call("while True: pass")).content
    assert tool.invoke(call("x")).content == "6"  # what was stopped is undone


def test_without_a_session_nothing_stays(client):
    from skerry.adapters.langchain import skerry_tool

    tool = skerry_tool(session=False)
    tool.invoke({"code": "x = 1"})
    assert "NameError" in tool.invoke({"code": "x"}) and client.sessions() == []
    long = tool.invoke({"code": "print('a' * 50_000 + 'z')"})
    assert len(long) < 21_000 and long.endswith("z") and "characters left out" in long
