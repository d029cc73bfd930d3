# SPDX-License-Identifier: Apache-2.0
"""The service does what its OpenAPI document says: schemathesis makes requests of it, good and bad, and checks every answer.

A failure prints the request as a curl command. `st` takes the seed that it names.
"""

import http.client
import json
import os
import re
import subprocess
import sys

import pytest

SEED = 1
# Streams end when a task does, or never; a WebSocket is no request. tests/test_task_streams.py and tests/test_live_input.py have them.
STREAMS = "^/api/v1/stream/|^/v1/run/stream$"

# What a schema cannot say: that an octet-stream is a session of ours or an archive; how much memory a run needs to begin; that calls which
# a query forces are not streamed; that a path leads out of the files, or to a file where a directory is meant.
CONFIG = """
[parameters]
"path.session" = {{ dictionary = "sessions", probability = 0.6 }}
"path.id" = {{ dictionary = "tasks", probability = 0.6 }}
"path.file" = {{ dictionary = "files", probability = 0.6 }}
"query.from" = {{ dictionary = "revisions", probability = 0.5 }}
"query.to" = {{ dictionary = "revisions", probability = 0.5 }}
"body.revision" = {{ dictionary = "revisions", probability = 0.5 }}
"body.tool_name" = {{ dictionary = "tools", probability = 0.8 }}
"body.query" = {{ dictionary = "queries", probability = 0.5 }}

[dictionaries]
sessions = {{ values = {sessions} }}
tasks = {{ values = {tasks} }}
files = {{ values = {files} }}
revisions = {{ values = ["1", "2", "good"] }}
tools = {{ values = ["calculator", "python_executor", "code_executor", "python_wasi_runner"] }}
queries = {{ values = ["Execute Python: print(6 * 7)", "Execute Python: 1/0", "What is the answer?"] }}

[[operations]]
include-path = ["/v1/sessions/{{session}}/import", "/v1/sessions/{{session}}/archive", "/v1/run", "/agent/query",
                "/api/v1/sessions/{{session}}/files", "/api/v1/sessions/{{session}}/files/{{path}}", "/api/v1/memory/files",
                "/api/v1/memory/files/{{path}}"]
checks.positive_data_acceptance.enabled = false
"""


@pytest.fixture
def talk(served):
    """talk(METHOD, PATH, **BODY): the parsed answer."""
    host, port = served.http.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)

    def call(method, path, **body):
        connection.request(method, path, json.dumps(body) if body else None)
        response = connection.getresponse()
        told = json.loads(response.read())
        assert response.status == 200, told
        return told

    return call


@pytest.fixture
def schemathesis(served, tmp_path, environment):
    """schemathesis(CONFIG, *options): a run of it over the service; its report when it found something."""

    def run(config, *options):
        (tmp_path / "schemathesis.toml").write_text(config)
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run",
             f"http://{served.http}/openapi.json", "--seed", str(SEED), "--generation-database", "none", "--no-color",
             "--exclude-path-regex", STREAMS, "--request-timeout", "30", "--continue-on-failure", *options],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
            env={**environment, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "160"})
        assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-2000:]
        assert served.process.poll() is None
        return done.stdout

    return run


@pytest.mark.timeout(180)
def test_the_service_keeps_what_its_document_promises(talk, schemathesis):
    for name in ("work", "other"):
        for number in (1, 2):
            talk("POST", "/v1/run", code=f"x = {number}", session=name)
        talk("POST", f"/v1/sessions/{name}/checkpoint", label="good")
    tasks = [talk("POST", "/api/v1/tasks", query=query)["task_id"] for query in ("Execute Python: print(1)", "Execute Python: 1/0")]
    files = [file["id"] for file in talk("POST", "/v1/run", code="for i in range(9): open(str(i), 'w').write(str(i))")["files"]]
    config = CONFIG.format(sessions=json.dumps(["work", "other"]), tasks=json.dumps(tasks), files=json.dumps(files))
    # What forgets sessions comes last: the other requests are about them.
    said = schemathesis(config, "--phases", "coverage,fuzzing", "--max-examples", "12", "--exclude-method", "DELETE")
    assert int(re.search(r"Tested: (\d+)", said)[1]) >= 35
    schemathesis(config, "--phases", "coverage,fuzzing", "--max-examples", "10", "--include-method", "DELETE")
    assert talk("POST", "/v1/run", code="6 * 7")["result"] == "42"


def test_the_document_is_about_every_route(talk):
    document = talk("GET", "/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert {"/agent/query", "/tools/execute", "/v1/run", "/api/v1/tasks", "/v1/sessions/{session}/export", "/health"} <= set(document["paths"])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (path, method)
            assert {"400"} <= set(operation["responses"]), (path, method)
