# SPDX-License-Identifier: Apache-2.0
"""Our gRPC server against gRPC's own interop client: https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md

The client is the one in Go, of the version in interop/go.mod. It proves framing, flow control, metadata, deadlines and
statuses; its cases that need Google's accounts or a client's own load balancing are not for servers.
"""
import pathlib
import subprocess

import pytest

from conftest import ROOT
from test_tls import Authority

CASES = [
    "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream",
    "timeout_on_sleeping_server", "cancel_after_begin", "cancel_after_first_response", "status_code_and_message",
    "special_status_message", "custom_metadata", "unimplemented_method", "unimplemented_service",
]


def program(path):
    if not (path := ROOT / "build" / path).exists():
        pytest.fail(f"{path} is missing: run `make test-clients`")
    return path


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("interop") / "tls")


@pytest.fixture(scope="module", params=["plain", "tls"])
def server(request, authority):
    """Options of the interop client for a server that serves grpc.testing.TestService."""
    files = authority.make("server") if request.param == "tls" else ()
    with subprocess.Popen([program("release/bin/interop_server"), *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        where = ["--server_host=127.0.0.1", f"--server_port={int(process.stdout.readline())}"]
        if request.param == "tls":
            where += ["--use_tls", "--use_test_ca", f"--ca_file={authority.root}", "--server_host_override=localhost"]
        yield where
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.parametrize("case", CASES)
def test_grpcs_own_client_is_served(server, case):
    done = subprocess.run([program("clients/client"), *server, f"--test_case={case}"], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
