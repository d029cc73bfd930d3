# SPDX-License-Identifier: Apache-2.0
"""Broker, zygote and jailed workers, as `skerry bench broker` drives them: every print is checked, times are not."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from conftest import is_gone, left_processes, processes_below, wait_until


def test_prints_go_through_jailed_workers(skerry):
    report = json.loads(skerry("bench", "broker", "--json", timeout=300).ok().out)
    assert report["samples"] == 4000
    for key in ("p50_ms", "per_second", "ratio", "process_p50_ms", "after_kill_p50_ms", "beside_loops_p50_ms"):
        assert report[key] > 0, key


def test_no_answered_revision_is_lost_when_processes_are_killed(skerry):
    report = json.loads(skerry("bench", "chaos", "--json", timeout=300).ok().out)
    assert report["revisions_lost"] == 0
    assert report["samples"] > 50 and report["processes_seen"] > 20 and report["brokers_killed"] == 12


def test_sessions_run_in_workers_and_leave_nothing_behind(skerry, own_home):
    report = json.loads(skerry("bench", "wake", "--json", env={"SKERRY_HOME": str(own_home)}, timeout=300).ok().out)
    assert report["samples"] == 50 and report["p50_ms"] > 0
    assert not (own_home / "bench").exists()


def test_a_binary_without_its_zygote_says_what_is_missing(binary, home, environment, tmp_path):
    alone = shutil.copy2(binary, tmp_path / "skerry")
    shutil.copy2(binary.parent / "skerry-bench", tmp_path)
    done = subprocess.run([alone, "bench", "broker"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 125
    assert str(tmp_path / "skerry-zygote") in done.stderr and "beside the skerry binary" in done.stderr


# -------------------------------------------------------------------------------------- benches that are killed


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("bench", ["chaos", "checkpoint", "broker", "service"])
def test_a_bench_that_is_killed_leaves_nothing(start, own_home, environment, bench, number):
    before = left_processes()
    process = start("bench", bench, env={**environment, "SKERRY_HOME": str(own_home)})
    directory = own_home / "bench"
    # The watcher, what a bench of its kind runs in, a zygote, and workers.
    assert wait_until(lambda: directory.exists() and any(directory.iterdir()) and len(processes_below(process.pid)) >= 4, 30)
    time.sleep(0.3)
    below = processes_below(process.pid)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal's Ctrl-C
    else:
        process.send_signal(number)
    assert process.wait(10) == -number
    assert wait_until(lambda: all(map(is_gone, below)) and not left_processes(before), 5), left_processes(before)
    assert not directory.exists()


def test_a_bench_removes_what_one_left_whose_watcher_was_killed_too(start, skerry, own_home, environment):
    before = left_processes()
    process = start("bench", "broker", env={**environment, "SKERRY_HOME": str(own_home)})
    directory = own_home / "bench"
    assert wait_until(lambda: directory.exists() and any(directory.iterdir()), 20)
    time.sleep(0.3)
    # None of them is to see another die: the watcher would remove the directory, and so would the bench.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in left_processes(before):
            os.kill(pid, number)
    process.wait(10)
    assert wait_until(lambda: not left_processes(before), 5)
    left = list(directory.iterdir())
    assert left
    skerry("bench", "broker", "--json", env={"SKERRY_HOME": str(own_home)}, timeout=120).ok()
    assert not directory.exists()
