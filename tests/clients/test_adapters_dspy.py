# SPDX-License-Identifier: Apache-2.0
"""`skerry.adapters.dspy`."""

import pytest

from adapter_client import client  # noqa: F401

dspy = pytest.importorskip("dspy")


@pytest.fixture
def interpreter(client):
    from skerry.adapters.dspy import SkerryInterpreter

    with SkerryInterpreter(timeout=5) as interpreter:
        yield interpreter
    assert client.sessions() == []


def test_it_keeps_to_the_protocol(interpreter):
    from dspy.primitives.code_interpreter import CodeExecutionError, CodeInterpreter, CodeInterpreterError, FinalOutput

    assert isinstance(interpreter, CodeInterpreter)
    assert interpreter.execute("x = n + 1\nprint(x, texts, flag)", {"n": 1, "texts": ("a",), "flag": None}) == "2 ['a'] None\n"
    assert interpreter("x * 2") == "4" and interpreter("pass") is None
    assert interpreter("SUBMIT([x])") == FinalOutput({"output": [2]})
    interpreter.output_fields = [{"name": "answer", "type": "str"}, {"name": "why"}]
    assert interpreter("try:\n    SUBMIT('a', why={'b': None})\nexcept Exception: pass\nprint('not reached')") == FinalOutput({"answer": "a", "why": {"b": None}})
    for code, said in (("1/0", "ZeroDivisionError"), ("SUBMIT(1)", "TypeError"), ("SUBMIT(set(), 1)", "TypeError: .*JSON"), ("while True: pass", "deadline"),
                       ("import subprocess; subprocess.run(['ls'])", "hint:"), ("input()", "EOFError")):
        with pytest.raises(CodeExecutionError, match=said):
            interpreter(code)
    for code in ("x =", "  x = 1\n y = 2"):
        with pytest.raises(SyntaxError, match="Invalid Python syntax"):
            interpreter(code)
    with pytest.raises(CodeInterpreterError, match="Invalid variable name"):
        interpreter("1", {"a b": 1})
    assert interpreter("print(x)") == "2\n"  # what was stopped is undone
    interpreter.shutdown()
    with pytest.raises(CodeInterpreterError, match="shut down"):
        interpreter("1")


def test_tools_run_here(interpreter):
    heard = []

    def look(question: str, times: int = 1):
        heard.append((question, times))
        if not question:
            raise LookupError("nothing asked")
        return {"question": question, "times": times}

    async def later(x):
        return x

    interpreter.tools.update(look=look, later=later)
    code = "print('before', end='')\na = look('é\\n\\x1e')\nb = look(question='b', times=2)\nprint(a['question'] == 'é\\n\\x1e', b, later(x=[1]))"
    assert interpreter(code) == "beforeTrue {'question': 'b', 'times': 2} [1]\n"
    with pytest.raises(dspy.primitives.code_interpreter.CodeExecutionError, match="RuntimeError: LookupError: nothing asked"):
        interpreter("look('')")
    assert heard == [("é\n\x1e", 1), ("b", 2), ("", 1)]
    interpreter.tools["big"] = lambda n: "y" * n
    assert interpreter("print(len(big(n=3_000_000)), len(big(n=10)))") == "3000000 10\n"
    many = "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as pool: print(sorted(pool.map(lambda n: len(big(n=n)), range(20))))"
    assert interpreter(many) == f"{list(range(20))}\n"


def test_a_recursive_language_model_finds_its_answer(client):
    from skerry.adapters.dspy import SkerryInterpreter

    def step(reasoning, code):
        return {"reasoning": reasoning, "code": f"```python\n{code}\n```"}

    def shout(word: str) -> str:
        return word.upper()

    lm = dspy.utils.DummyLM([step("look", "print(len(text), shout(word='hi'))"), step("done", "SUBMIT(text[:5] + shout(word='!a'))")])
    with dspy.context(lm=lm, interpreter_factory=lambda: SkerryInterpreter(client)):
        told = dspy.RLM("text -> answer", tools=[shout], max_iters=3)(text="hello world " * 1000)
    assert told.answer == "hello!A"
    assert "12000 HI" in str(told.trajectory) and client.sessions() == []


def test_a_program_of_thought_finds_its_answer(client):
    from skerry.adapters.dspy import SkerryInterpreter

    lm = dspy.utils.DummyLM([{"reasoning": "r", "generated_code": "```python\nx = 6 * 7\nSUBMIT({'answer': x})\n```"}, {"reasoning": "r", "answer": "42"}])
    with dspy.context(lm=lm, interpreter_factory=lambda: SkerryInterpreter(client)):
        assert dspy.ProgramOfThought("question -> answer")(question="What is it?").answer == "42"
