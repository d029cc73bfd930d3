# SPDX-License-Identifier: Apache-2.0
"""A client of tasks over HTTP, and of their events."""

from conftest import wait_until
from stream_clients import EventSource
from test_http import Http

ENDLESS = "Execute Python: import time\nwhile True: time.sleep(0.05)"


class Tasks(Http):
    """tasks.submit(QUERY) -> id and so on, over one connection."""

    def submit(self, query, headers=None, **body):
        status, _, answer = self("POST", "/api/v1/tasks", {"query": query, **body}, **(headers or {}))
        assert status == 200, answer
        return answer["task_id"]

    def status(self, task):
        return self.get(f"/api/v1/tasks/{task}")

    def calls(self, *codes, **body):
        """A task of several calls of python_executor."""
        calls = [{"tool": "python_executor", "parameters": {"code": code}} for code in codes]
        return self.submit("several calls", context={"tool_calls": calls}, **body)

    def comes_to(self, task, *states, seconds=30):
        assert wait_until(lambda: self.status(task)["status"].removeprefix("TASK_STATUS_") in states, seconds), self.status(task)
        return self.status(task)

    def control(self, task, action, **body):
        return self("POST", f"/api/v1/tasks/{task}/{action}", body or None)

    def events(self, task, **query):
        words = "&".join(f"{k}={v}" for k, v in query.items())
        return self.get(f"/api/v1/tasks/{task}/events?{words}")["events"]

    def types(self, task):
        return [event["type"] for event in self.events(task, limit=200)]


def source(served, task, **how):
    words = {k: v for k, v in how.items() if k in ("types", "last_event_id")}
    headers = {k: v for k, v in how.items() if k not in words}
    query = "".join(f"&{k}={v}" for k, v in words.items())
    return EventSource(served.http, f"/api/v1/stream/sse?workflow_id={task}{query}", **headers)
