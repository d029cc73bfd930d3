# SPDX-License-Identifier: Apache-2.0
"""Broker, zygote and jailed workers, as `skerry bench broker` drives them: every print is checked, times are not."""

import json
import shutil
import subprocess


def test_prints_go_through_jailed_workers(skerry):
    report = json.loads(skerry("bench", "broker", "--json", timeout=300).ok().out)
    assert report["samples"] == 4000
    for key in ("p50_ms", "per_second", "ratio", "process_p50_ms", "after_kill_p50_ms", "beside_loops_p50_ms"):
        assert report[key] > 0, key


def test_no_answered_revision_is_lost_when_processes_are_killed(skerry):
    report = json.loads(skerry("bench", "chaos", "--json", timeout=300).ok().out)
    assert report["revisions_lost"] == 0
    assert report["samples"] > 50 and report["processes_seen"] > 20 and report["brokers_killed"] == 12


def test_sessions_run_in_workers_and_leave_nothing_behind(skerry, home):
    report = json.loads(skerry("bench", "wake", "--json", timeout=300).ok().out)
    assert report["samples"] == 50 and report["p50_ms"] > 0
    assert not (home / "bench").exists()


def test_a_binary_without_its_zygote_says_what_is_missing(binary, home, environment, tmp_path):
    alone = shutil.copy2(binary, tmp_path / "skerry")
    done = subprocess.run([alone, "bench", "broker"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 125
    assert str(tmp_path / "skerry-zygote") in done.stderr and "beside the skerry binary" in done.stderr
