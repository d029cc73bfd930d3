# SPDX-License-Identifier: Apache-2.0
"""`skerry.adapters.trl`. `make adapters` runs what needs no torch; `make adapters-trl` a trainer, too, whose model says what the test wants."""

import functools
import json

import pytest

from adapter_client import client, needs  # noqa: F401

DOUBLE = "print(int(input()) * 2)"


def fenced(program, language="python"):
    return f"This is it:\n```{language}\n{program}\n```\nIt doubles."


def test_an_environment_keeps_what_programs_leave_until_it_is_reset(client):
    from skerry.adapters.trl import PythonEnvironment

    with PythonEnvironment(client, timeout=2) as environment, PythonEnvironment(client) as other:
        assert environment.session is None and environment.reset(prompt="p", cases=[]) is None
        assert environment.run_python("x = 6\nprint('six')") == "six" and environment.run_python("x * 7") == "42"
        assert "NameError" in other.run_python("x")
        assert "deadline" in environment.run_python("while True: pass") and environment.run_python("x") == "6"
        first = environment.session
        environment.reset()
        assert "NameError" in environment.run_python("x") and environment.session.name != first.name
        assert first.name not in [each.name for each in client.sessions()]
    assert client.sessions() == []


@needs("transformers")
def test_its_tool_is_described_as_a_trainer_needs_it(client):
    from transformers.utils import get_json_schema

    from skerry.adapters.trl import PythonEnvironment

    tools = [name for name, member in vars(PythonEnvironment).items() if callable(member) and not name.startswith("_") and name != "reset"]
    assert tools == ["run_python"]
    told = get_json_schema(PythonEnvironment.run_python)["function"]
    assert told["name"] == "run_python" and "numpy" in told["description"]
    assert told["parameters"] == {"type": "object", "properties": {"code": {"type": "string", "description": "The program, in Python."}}, "required": ["code"]}


def test_many_programs_are_judged_case_by_case(client):
    from skerry.adapters.trl import Case, judge

    cases = [Case("2\n", "4\n"), Case("-1\n", "-2"), Case("x", "")]
    programs = [DOUBLE, "print(4)", "import sys; sys.exit(0)", "x = bytes(1 << 30)"]
    wanted = [["passed", "passed", "failed"], ["passed", "wrong", "wrong"], ["wrong", "wrong", "passed"], ["failed"] * 3]
    verdicts = judge(client, programs * 8, [cases] * 32, timeout=20, memory=300, concurrency=8)
    assert [[each.outcome for each in its_verdicts] for its_verdicts in verdicts] == wanted * 8
    assert "ValueError" in verdicts[0][2].run.stderr
    assert [each.outcome for each in judge(client, ["while True: pass"], [cases[:1]], timeout=1)[0]] == ["deadline"]
    early = judge(client, programs[:2], [cases[1:]] * 2, all_or_nothing=True)
    assert [[each.outcome for each in its_verdicts] for its_verdicts in early] == [["passed", "failed"], ["wrong"]]
    assert client.sessions() == []


def test_code_as_a_test(client):
    from skerry.adapters.trl import Case, judge

    test = Case(test="assert double(2) == 4")
    programs = {"def double(n): return n * 2\nif __name__ == '__main__': input()": "passed", "def double(n): return n": "failed", "double =": "failed",
                "def double(n): return n * 2\nraise SystemExit": "passed", "import sys; sys.exit(0)": "failed", "import os; os._exit(0)": "wrong",
                "def double(n):\n    import os; os._exit(0)": "wrong", "def double(n): raise SystemExit(0)": "wrong"}
    verdicts = judge(client, list(programs), [[test]] * len(programs))
    assert {program: verdict.outcome for program, (verdict,) in zip(programs, verdicts)} == programs
    ((verdict,),) = judge(client, ["def double(n): print(n); return 4"], [[Case(test="double(int(input()))", stdin="7", expected="7")]])
    assert verdict.ok


def test_rewards(client):
    from skerry.adapters.trl import code_reward

    cases = [{"stdin": "2", "expected": "4", "test": None}, {"stdin": "3", "expected": "6", "test": None}]
    talk = [{"role": "user", "content": fenced("print(1)")}, {"role": "assistant", "content": fenced("print(1)", "") + "\nNo:\n" + fenced(DOUBLE)}]
    completions = [fenced(DOUBLE), talk, fenced("print(4)", "py"), "It is 4.", fenced("ls", "sh"), fenced(DOUBLE), [{"role": "assistant", "content": [{"type": "text", "text": fenced(DOUBLE)}]}]]
    columns = {"cases": [cases] * 5 + [None, ["assert True"]], "prompts": ["p"] * 7, "completion_ids": [[1]] * 7}
    reward = code_reward(client, timeout=5)
    assert reward.__name__ == "code_reward"
    assert reward(completions=completions, **columns) == [1, 1, 0.5, 0, 0, None, 0]  # the last reads input, of which there is none
    assert code_reward(client, all_or_nothing=True)(completions=completions, **columns) == [1, 1, 0, 0, 0, None, 0]
    with pytest.raises(ValueError, match="input.* it has stdin"):
        reward(completions=["a"], cases=[[{"input": "2"}]])
    with pytest.raises(KeyError):
        reward(completions=["a"])


@needs("torch")
@needs("trl")
def test_a_trainer_runs_what_its_model_calls_and_rewards_it(client, tmp_path):
    import torch
    from datasets import Dataset
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM
    from trl import GRPOConfig, GRPOTrainer
    from trl.chat_template_utils import qwen3_chat_template

    from skerry.adapters.trl import PythonEnvironment, code_reward

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>", "</think>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE({token: number for number, token in enumerate(special + alphabet)}, []))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    raw.add_special_tokens(special[:3])
    raw.add_tokens(special[3:])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=qwen3_chat_template)

    call = json.dumps({"name": "run_python", "arguments": {"code": "open('seen', 'w').write('42')\n6 * 7"}})
    says = [f"<tool_call>\n{call}\n</tool_call><|im_end|>", f"{fenced(DOUBLE)}<|im_end|>"]
    read = []

    class Script(Qwen3ForCausalLM):
        """Calls the tool, reads the answer, and writes a program; its weights are trained as any model's."""

        def generate(self, input_ids=None, **_):
            texts = tokenizer.batch_decode(input_ids)
            read.extend(texts)
            answers = [tokenizer(says["<tool_response>" in text], return_tensors="pt")["input_ids"][0] for text in texts]
            padded = torch.nn.utils.rnn.pad_sequence(answers, batch_first=True, padding_value=tokenizer.pad_token_id)
            return torch.cat([input_ids, padded.to(input_ids.device)], dim=1)

    config = Qwen3Config(vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, head_dim=8,
                         max_position_embeddings=8192, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    seen = []

    class Environment(PythonEnvironment):
        def get_reward(self):
            seen.append(self.session.read_file("seen"))
            return 1.0

    rows = [{"prompt": [{"role": "user", "content": "Double it."}], "cases": [{"stdin": "2", "expected": "4"}, {"stdin": "0", "expected": "1"}]}] * 2
    settings = GRPOConfig(output_dir=str(tmp_path), per_device_train_batch_size=2, num_generations=2, max_completion_length=1024, max_steps=1, report_to=[], use_cpu=True, save_strategy="no",
                          logging_steps=1, max_tool_calling_iterations=2)
    trainer = GRPOTrainer(Script(config), reward_funcs=code_reward(client, timeout=5), args=settings, train_dataset=Dataset.from_list(rows), processing_class=tokenizer,
                          environment_factory=functools.partial(Environment, client))
    trainer.train()
    assert seen == [b"42", b"42"]
    assert any('"name": "run_python"' in text for text in read) and any("<tool_response>\n42\n</tool_response>" in text for text in read)
    (logged,) = [entry for entry in trainer.state.log_history if "reward" in entry]
    assert logged["rewards/code_reward/mean"] == 0.5 and logged["rewards/Environment/mean"] == 1 and logged["tools/call_frequency"] == 1
