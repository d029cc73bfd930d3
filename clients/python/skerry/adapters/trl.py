# SPDX-License-Identifier: Apache-2.0
"""TRL: `GRPOTrainer(…, environment_factory=PythonEnvironment, reward_funcs=code_reward())`. Needs nothing of TRL's: a trainer takes what has the methods."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._client import Client, Session
from ..models import Run
from ._code_tool import shown

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from .._calls import SessionRunOptions

Completion = str | Sequence[Mapping[str, Any]]
"""A text, or the messages of a conversation."""


class PythonEnvironment:
    """A rollout's Python: a session of its own, which `reset` begins anew. Every public method but `reset` is a tool to a trainer, so that a
    subclass may add tools, and `get_reward`. With arguments it is a factory by `functools.partial(PythonEnvironment, client, timeout=5)`.

    A service keeps 100 sessions of a tenant unless it is told otherwise (`SKERRY_SESSIONS`): let it keep one for each rollout of a batch."""

    def __init__(self, client: Client | None = None, **options: Unpack[SessionRunOptions]):
        """`options` are those of each run."""
        self._client = client or Client()
        self._options = options
        self._session: Session | None = None

    @property
    def session(self) -> Session | None:
        """The rollout's, once a program has run: to look at its files in `get_reward`, or to fork it."""
        return self._session

    def reset(self, **_: Any) -> str | None:
        """Forgets all that programs left. What a trainer passes, the columns of an example, is for subclasses."""
        session, self._session = self._session, None
        if session:
            session.delete()
        return None

    def run_python(self, code: str) -> str:
        """Run a Python program in a sandbox and read what it prints and the value of its last expression. Variables, imports and files stay
        from one program to the next. numpy, pandas, scipy, scikit-learn and matplotlib are there; network, other programs and pip are not.

        Args:
            code: The program, in Python.

        Returns:
            What the program printed, the value of its last expression, or its error.
        """
        if self._session is None:
            self._session = self._client.session()
        return shown(self._session.run(code, **self._options))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.reset()


# --------------------------------------------------------------------------------------------------------------- rewards

# The program is as one that is imported. The end is told by a mark: a program that leaves early has not passed its test.
TEST = """
def _skerry_test(program, test, mark):
    names = {{"__name__": "program"}}
    try:
        exec(compile(program, "<program>", "exec"), names)
    except SystemExit:
        pass
    exec(compile(test, "<test>", "exec"), names)
    print("\\n" + mark)
_skerry_test({program!r}, {test!r}, {mark!r})
"""
FENCED = re.compile(r"^[ \t]*```[ \t]*(\w*)[^\n]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Case:
    """What a program is tested with: input and the output that is expected, or code that follows it and raises if it is wrong, as `assert f(2) == 4`.

    What is expected is compared outside, where no program can reach it. Code runs in the interpreter in which the program ran, which might have changed what `==` or
    `assert` do: a program that is out for that can pass it."""

    stdin: str = ""
    expected: str | None = None
    test: str = ""

    @classmethod
    def of(cls, given: Case | str | Mapping[str, Any]) -> Case:
        """A test as text, or an object with the fields' names: as data sets have them."""
        if isinstance(given, Case):
            return given
        if isinstance(given, str):
            return cls(test=given)
        unknown = given.keys() - cls.__dataclass_fields__.keys()
        if unknown:
            raise ValueError(f"a case has no {', '.join(sorted(unknown))}: it has stdin and expected, or test")
        return cls(given.get("stdin") or "", given.get("expected"), given.get("test") or "")


@dataclass(frozen=True)
class Verdict:
    """How a program did in a case."""

    outcome: str
    """`passed`; `wrong`: other output than expected, or an end before the test's; else the run's: `failed`, `deadline`, `out_of_memory` and so on."""
    run: Run

    @property
    def ok(self) -> bool:
        return self.outcome == "passed"


def judge(client: Client, programs: Sequence[str], cases: Sequence[Sequence[Case]], *, concurrency: int = 16, all_or_nothing: bool = False,
          **options: Unpack[SessionRunOptions]) -> list[list[Verdict]]:
    """Runs each program with each of its cases, each time in a fresh sandbox, `concurrency` at a time: verdicts in the order of the cases.
    With `all_or_nothing`, a program's last verdict is the first that it did not pass."""
    with ThreadPoolExecutor(concurrency) as pool:
        if all_or_nothing:

            def until_one_fails(program: str, its_cases: Sequence[Case]) -> list[Verdict]:
                verdicts: list[Verdict] = []
                for case in its_cases:
                    verdicts.append(_judged(client, program, case, options))
                    if not verdicts[-1].ok:
                        break
                return verdicts

            return list(pool.map(until_one_fails, programs, cases))
        asked = [[pool.submit(_judged, client, program, case, options) for case in its_cases] for program, its_cases in zip(programs, cases, strict=True)]
        return [[each.result() for each in futures] for futures in asked]


def _judged(client: Client, program: str, case: Case, options: SessionRunOptions) -> Verdict:
    mark = ""
    if case.test:
        mark = secrets.token_hex(8)
        program = TEST.format(program=program, test=case.test, mark=mark)
    given: SessionRunOptions = {**options, "stdin": case.stdin}
    run = client.run(program, **given)
    if not run.ok:
        return Verdict(run.outcome, run)
    has_ended = run.stdout.rstrip("\n").endswith(mark)
    is_right = case.expected is None or _lines_of(run.stdout.removesuffix(f"\n{mark}\n")) == _lines_of(case.expected)
    return Verdict("passed" if has_ended and is_right else "wrong", run)


def _lines_of(text: str) -> list[str]:
    """Lines without the blanks at their ends, and without empty ones at the end: judges of programs mind neither."""
    return [line.rstrip() for line in text.rstrip().splitlines()]


def code_reward(client: Client | None = None, *, column: str = "cases", concurrency: int = 16, all_or_nothing: bool = False,
                **options: Unpack[SessionRunOptions]) -> Callable[..., list[float | None]]:
    """A reward function: the share of an example's cases that the program in a completion passes, or, with `all_or_nothing`, 1 for all of
    them and else 0. The cases are in the data set's `column`, a list for each example, of objects or texts as `Case.of` takes them. A
    completion without a program is worth 0, an example without cases nothing (None).

    The program is the last block of a completion that is fenced as Python, or has no language. `options` are those of each run; give a `timeout`."""
    chosen = client or Client()

    def code_reward(completions: Sequence[Completion], **columns: Any) -> list[float | None]:
        cases = [[Case.of(each) for each in its_cases or ()] for its_cases in columns[column]]
        programs = [program_of(completion) for completion in completions]
        wanted = [its_cases if program is not None else [] for program, its_cases in zip(programs, cases, strict=True)]
        verdicts = judge(chosen, [program or "" for program in programs], wanted, concurrency=concurrency, all_or_nothing=all_or_nothing, **options)
        shares = [sum(verdict.ok for verdict in its_verdicts) / max(len(its_cases), 1) for its_verdicts, its_cases in zip(verdicts, cases)]
        return [None if not its_cases else float(share == 1) if all_or_nothing else share for share, its_cases in zip(shares, cases)]

    return code_reward


def program_of(completion: Completion) -> str | None:
    """The program in a completion, of a conversation in its last message of the model; None where there is none."""
    if not isinstance(completion, str):
        said = [message.get("content") for message in completion if message.get("role") == "assistant"]
        content = said[-1] if said else ""
        completion = content if isinstance(content, str) else "".join(part.get("text", "") for part in content or ())
    blocks = [match[2] for match in FENCED.finditer(completion) if match[1].lower() in ("", "py", "python", "python3")]
    return blocks[-1] if blocks else None
