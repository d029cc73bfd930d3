# SPDX-License-Identifier: Apache-2.0
"""`make bench-mcp`."""

import json
import subprocess
import sys

from conftest import ROOT


def test_the_bench_times_runs_beside_a_server_that_does_nothing(binary, environment):
    """It checks each answer itself; times are for it to tell."""
    done = subprocess.run([sys.executable, ROOT / "bench" / "mcp_calls.py", "--skerry", binary, "--calls", "5", "--rounds", "2", "--json"],
                          env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["calls"] == 10 and report["ratio_http"] > 0 and report["ratio_stdio"] > 0
    assert all(report[f"{server}_{over}_p50_ms"] > 0 for server in ("skerry", "sdk") for over in ("http", "stdio"))
