# SPDX-License-Identifier: Apache-2.0
"""Each package, installed on a machine that has what the package asks for and nothing else: set up, and the first answer."""

import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from bare_machine import BareMachine

# Setting up takes a minute, and much longer beside other work.
SETUP_TIMEOUT = 900
pytestmark = pytest.mark.timeout(SETUP_TIMEOUT + 60)
# From the installed package to the first answer, in seconds.
FIRST_ANSWER = 120
PROGRAMS = {"skerry", "skerry-service", "skerry-bench", "skerry-zygote", "skerry-compiler", "skerry-reader"}
TOOLS = ["cc", "gcc", "g++", "clang", "cargo", "rustc", "make", "cmake", "ninja", "git", "curl", "wget"]


def only(folder, pattern):
    found = list(folder.glob(pattern))
    assert len(found) == 1, found
    return found[0]


class Stopwatch:
    """Seconds that pass here, without those in which this machine's processors are busy with other people's processes."""

    def __init__(self):
        self.begun = self.now()

    @staticmethod
    def now():
        ticks = [int(word) for word in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        busy = (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")  # neither idle nor waiting for a disk
        return time.monotonic(), busy - sum(os.times()[:4])

    def seconds(self):
        (begun, others_begun), (now, others) = self.begun, self.now()
        return now - begun - (others - others_begun) / os.cpu_count()


def assert_first_answer(machine):
    """Sets the runtime up, and runs a program and a session."""
    before = machine.run("skerry", "doctor", "--quick")
    assert before.returncode == 1 and "mend it with: skerry setup" in before.stdout
    watch = Stopwatch()
    said = machine.run("skerry", "setup", timeout=SETUP_TIMEOUT)
    assert said.returncode == 0, said.stderr
    assert "copying CPython from" in said.stderr
    assert machine.says("skerry", "run", "-c", "import numpy; print(numpy.arange(4).sum())") == "6\n"
    taken = watch.seconds()
    print(f"first answer after {taken:.0f} s")
    assert taken < FIRST_ANSWER
    assert machine.says("skerry", "setup").endswith("nothing to do\n")
    machine.says("skerry", "doctor")
    machine.says("skerry", "run", "--session", "s", "-c", "x = 20")
    assert machine.says("skerry", "run", "--session", "s", "-c", "print(x + 1)") == "21\n"


def assert_there_is_nothing_else(machine):
    for tool in TOOLS:
        assert machine.run("sh", "-c", f"command -v {tool}").returncode != 0, tool


# -------------------------------------------------------------------------------------------------------------- Debian


@pytest.fixture(scope="module")
def deb(packages):
    return only(packages, "skerry_*_amd64.deb")


@pytest.fixture(scope="module")
def depends(deb):
    said = subprocess.run(["dpkg-deb", "--field", deb, "Depends"], capture_output=True, text=True, check=True).stdout
    return {word.split(" ")[0] for word in said.strip().split(", ")}


@pytest.fixture(scope="module")
def debian(deb, depends, tmp_path_factory):
    """With the package."""
    root = tmp_path_factory.mktemp("debian")
    machine = BareMachine(root, depends)
    shutil.copy2(deb, root / "root/skerry.deb")
    machine.says("dpkg", "--install", "/root/skerry.deb")
    yield machine
    shutil.rmtree(root)


def test_the_debian_package_answers(debian):
    assert_there_is_nothing_else(debian)
    assert_first_answer(debian)


# A service on its usual ports, and one request, by a shell alone.
ASK = r"""
coproc skerry serve 2>&1
while read -r line <&"${COPROC[0]}"; do case $line in *"HTTP on"*) break ;; esac; done
exec 3<>/dev/tcp/127.0.0.1/8000
body='{"code": "print(2 + 2)"}'
printf 'POST /v1/run HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' ${#body} "$body" >&3
cat <&3
kill "$COPROC_PID" && wait "$COPROC_PID"
"""


def test_the_debian_package_serves(debian):
    assert '"stdout":"4\\n"' in debian.says("bash", "-c", ASK).replace(": ", ":")


def test_the_debian_package_has_what_a_system_needs(debian):
    assert {path.name for path in (debian.root / "usr/bin").glob("skerry*")} == PROGRAMS
    unit = (debian.root / "usr/lib/systemd/system/skerry.service").read_text()
    assert "/usr/local" not in unit
    for path in re.findall(r"(?m)^(?:ExecStart=|Documentation=file://)(\S+)", unit) + re.findall(r"--config (\S+)", unit):
        assert (debian.root / path[1:]).exists(), path
    for path in ("usr/lib/sysusers.d/skerry.conf", "usr/share/bash-completion/completions/skerry", "usr/share/man/man1/skerry.1.gz",
                 "usr/share/doc/skerry/copyright", "usr/share/doc/skerry/crates.txt", "usr/share/skerry/runtimes/python/LICENSES/cpython.txt"):
        assert (debian.root / path).stat().st_size > 0, path


def test_the_manual_has_every_command(debian):
    told = re.search(r"(?s)Subcommands:\n(.*)", debian.says("skerry", "--help"))[1]
    manual = subprocess.run(["gzip", "-dc", debian.root / "usr/share/man/man1/skerry.1.gz"], capture_output=True, text=True, check=True).stdout
    commands = re.search(r"(?s)\.SH COMMANDS\n(.*?)\.SH ", manual)[1]
    assert re.findall(r"(?m)^\.B (\w+)$", commands) == re.findall(r"(?m)^  (\w+) ", told)


def test_a_library_that_is_missing_keeps_the_package_from_being_installed(deb, depends, tmp_path):
    machine = BareMachine(tmp_path, depends - {"libprotobuf32"})
    shutil.copy2(deb, tmp_path / "root/skerry.deb")
    refused = machine.run("dpkg", "--install", "/root/skerry.deb")
    assert refused.returncode != 0 and "skerry depends on libprotobuf32" in refused.stderr


def test_the_debian_package_goes_without_a_trace_but_for_settings(debian, tmp_path):
    # The last of those of the package: it takes it away.
    debian.says("dpkg", "--remove", "skerry")
    left = {str(path.relative_to(debian.root)) for path in debian.root.rglob("*skerry*") if "dpkg" not in path.parts and path.parts[-1] != "skerry.deb"}
    assert not {path for path in left if path.startswith("usr/")}
    assert "etc/skerry" in left
    debian.says("dpkg", "--purge", "skerry")
    assert not (debian.root / "etc/skerry").exists()


# --------------------------------------------------------------------------------------------------------------- wheel


@pytest.fixture(scope="module")
def wheel(packages):
    return only(packages, "skerry-*.whl")


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """A machine with Python, pip and the wheel; of libraries it has what Python needs, and C++'s, which manylinux counts on."""
    root = tmp_path_factory.mktemp("python")
    machine = BareMachine(root, ["python3", "python3-venv", "libstdc++6"])
    shutil.copy2(wheel, root / "root")
    machine.says("python3", "-m", "venv", "/usr/local")
    machine.says("pip", "install", "--no-index", "--quiet", f"/root/{wheel.name}")
    yield machine
    shutil.rmtree(root)


def test_the_wheel_answers(python):
    assert_there_is_nothing_else(python)
    assert not {"libprotobuf32", "libabsl20220623", "libseccomp2", "libfmt9"} & python.packages.keys()
    assert_first_answer(python)


def test_the_client_of_the_wheel_starts_a_service_of_its_own(python):
    program = """if True:
        import skerry
        with skerry.local() as client:
            print(client.run("print(2 + 2)").stdout, end="")
    """
    assert python.says("python3", "-c", program) == "4\n"


def test_the_wheel_brings_its_licences(python):
    folder = only(python.root / "usr/local/lib", "python3*/site-packages/skerry/share")
    assert (folder / "doc/skerry/crates.txt").stat().st_size > 0
    assert {"libprotobuf32.txt", "libseccomp2.txt", "libssl3.txt"} <= {path.name for path in (folder / "doc/skerry/libraries").iterdir()}
    assert (folder / "skerry/runtimes/python/LICENSES/cpython.txt").exists()
