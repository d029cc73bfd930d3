# SPDX-License-Identifier: Apache-2.0
"""Programs that call functions of ours: a call is a line that the program prints, what is returned a line that it reads."""

from __future__ import annotations

import dataclasses
import json
import secrets
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ._calls import wait_while_busy
from ._client import Client, Session
from .errors import BusyError
from .models import Output, Run, Waiting

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ._calls import SessionRunOptions

END = "\x1e\n"  # which JSON does not contain

# Defines the functions in the program's globals. One thread asks at a time: answers have no names. What is read is acknowledged, since a
# program waits more than once for an answer that is long.
DEFINE = """
def _skerry_define(names, mark, end):
    import json, sys, threading
    lock = threading.Lock()
    def define(name):
        def call(*args, **kwargs):
            asked = json.dumps({"name": name, "args": args, "kwargs": kwargs})
            with lock:
                sys.stdout.flush()
                sys.__stdout__.write(mark + asked + end)
                sys.__stdout__.flush()
                line = sys.__stdin__.readline()
                sys.__stdout__.write(mark + "null" + end)
            if not line:
                raise EOFError(f"nobody answers {name}(): more was printed than \\"max_output\\" keeps, or the program asked for input")
            told = json.loads(line)
            if "error" in told:
                raise RuntimeError(told["error"])
            return told["value"]
        call.__name__ = call.__qualname__ = name
        return call
    globals().update({name: define(name) for name in names})
_skerry_define(%r, %r, %r)
del _skerry_define
"""
ASSIGN = "import json as _skerry_json, sys as _skerry_sys; globals().update(_skerry_json.load(_skerry_sys.stdin)); del _skerry_json, _skerry_sys"


class ToolSession:
    """A session whose programs call functions of yours by name. The functions run here, one at a time, in the thread that runs the
    program, while it waits; that time does not count to its `timeout`. What goes in and out is JSON; of a value that is none the
    program gets its `str`. Programs have no other standard input."""

    def __init__(self, client: Client, tools: dict[str, Callable[..., Any]] | None = None, *, session: Session | None = None,
                 **options: Unpack[SessionRunOptions]):
        """`options` are those of each run. The session, if none is given, is a new one, and forgotten when this is closed."""
        self.session = session or client.session()
        self.tools = dict(tools or {})
        """By name; what changes here holds from the next run on."""
        self._is_own = session is None
        self._options = options
        self._mark = f"\x1e{secrets.token_hex(8)}"
        self._defined: set[str] = set()

    def run(self, code: str, **options: Unpack[SessionRunOptions]) -> Run:
        """Runs a program, whose calls are answered as they come."""
        if self.tools.keys() - self._defined:
            self.session.run(DEFINE % (sorted(self.tools), self._mark, END), **self._options).check()
            self._defined = set(self.tools)
        merged: SessionRunOptions = {**self._options, **options}
        end = time.monotonic() + self.session.client._patience
        while True:
            try:
                return self._run(code, merged)
            except BusyError as error:  # which a live run is told when it has been opened
                wait = wait_while_busy(error, end)
                if wait is None:
                    raise
            time.sleep(wait)

    def _run(self, code: str, options: SessionRunOptions) -> Run:
        watch = _Watch(self._mark)
        is_answered = True  # whether the program has read all that it was sent
        with self.session.live(code, **options) as live:
            for event in live:
                if isinstance(event, Output) and event.stream == "stdout":
                    for call in watch.calls_in(event.text):
                        is_answered = call is None
                        if call:
                            live.send(self._answer(call) + "\n")
                elif isinstance(event, Waiting) and event.waiting and is_answered:
                    live.end()  # as a program has it whose input is empty
            return dataclasses.replace(live.finish(), stdout=watch.rest())

    def assign(self, **variables: Any) -> None:
        """Sets variables of the program's: values that JSON has. Raises TypeError for others."""
        merged: SessionRunOptions = {**self._options, "stdin": json.dumps(variables)}
        self.session.run(ASSIGN, **merged).check()

    def _answer(self, call: dict[str, Any]) -> str:
        tool = self.tools.get(call["name"])
        if tool is None:
            return json.dumps({"error": f"there is no {call['name']}()"})
        try:
            return json.dumps({"value": tool(*call["args"], **call["kwargs"])}, default=str)
        except Exception as error:
            return json.dumps({"error": f"{type(error).__name__}: {error}"})

    def close(self) -> None:
        """Forgets its session, unless that was given."""
        if self._is_own:
            self.session.delete()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _Watch:
    """Tells calls from what a program prints. It prints what it likes: what looks like a call and is none is text."""

    def __init__(self, mark: str):
        self._mark = mark
        self._held = ""
        self._printed: list[str] = []

    def calls_in(self, text: str) -> Iterator[dict[str, Any] | None]:
        """None: the program has read what the last call returned."""
        self._held += text
        while (begin := self._held.find(self._mark)) >= 0:
            end = self._held.find(END, begin + len(self._mark))
            if end < 0:
                return
            self._print(begin)
            asked, self._held = self._held[: end - begin + len(END)], self._held[end - begin + len(END) :]
            try:
                yield _call_of(json.loads(asked[len(self._mark) : -len(END)]))
            except (ValueError, RecursionError):
                self._printed.append(asked)
        self._print(max(0, len(self._held) - len(self._mark) + 1))  # the rest may begin one

    def _print(self, size: int) -> None:
        self._printed.append(self._held[:size])
        self._held = self._held[size:]

    def rest(self) -> str:
        """All that is printed and is no call."""
        return "".join(self._printed) + self._held


def _call_of(asked: Any) -> dict[str, Any] | None:
    """Raises ValueError if it is neither a call nor an acknowledgement."""
    if asked is None:
        return None
    if isinstance(asked, dict) and isinstance(asked.get("name"), str) and isinstance(asked.get("args"), list) and isinstance(asked.get("kwargs"), dict):
        return asked
    raise ValueError("no call")
