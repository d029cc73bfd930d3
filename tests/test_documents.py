# SPDX-License-Identifier: Apache-2.0
"""What documents tell a newcomer to type works as it stands; and no link in a document leads nowhere."""

import pathlib
import re
import signal
import subprocess

import pytest

from conftest import ROOT, wait_until

README = (ROOT / "README.md").read_text()
TRIED = README[README.index("## Five things to try"):README.index("## Where to go on")]
BLOCKS = re.findall(r"```sh\n(.*?)```", TRIED, re.DOTALL)
# Lines that show what becomes of a program which overstays or breaks, and their exit codes.
ENDS_BADLY = {"--timeout 1": 124, "bytearray(1 << 30)": 1}


@pytest.fixture
def shell(binary, environment, own_home, tmp_path):
    """shell(LINE): the finished command, in a folder that holds the examples, with `skerry` in the path."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    env = {**environment, "SKERRY_HOME": str(own_home), "PATH": f"{binary.parent}:{environment['PATH']}"}

    def run(line, **how):
        return subprocess.run(["bash", "-c", line], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, **how)

    run.env, run.cwd = env, tmp_path
    return run


@pytest.mark.parametrize("block", [b for b in BLOCKS if "export PATH" not in b and "serve" not in b])
def test_the_readme_s_commands_work(shell, block):
    for line in block.splitlines():
        done = shell(line)
        expected = next((code for words, code in ENDS_BADLY.items() if words in line), 0)
        assert done.returncode == expected, (line, done.stdout, done.stderr)
        assert done.stdout or done.stderr or "-c 'import" in line or "-c 'del" in line or "--output-dir" in line, f"{line} says nothing"


def test_the_readme_s_service_answers(shell):
    (block,) = [b for b in BLOCKS if "serve" in b]
    serve, ask = block.splitlines()
    assert serve == "skerry serve &" and "localhost:8000" in ask
    ports = "--http 127.0.0.1:0 --grpc 127.0.0.1:0 --orchestrator 127.0.0.1:0"
    with subprocess.Popen(["bash", "-c", f"exec skerry serve {ports}"], cwd=shell.cwd, env=shell.env, stderr=subprocess.PIPE, text=True) as service:
        try:
            said = [service.stderr.readline() for _ in range(3)]
            port = next(re.search(r":(\d+)$", line.strip()).group(1) for line in said if "HTTP on" in line)
            assert wait_until(lambda: shell(ask.replace("localhost:8000", f"localhost:{port}")).returncode == 0, 10)
            assert '"result":"42"' in shell(ask.replace("localhost:8000", f"localhost:{port}")).stdout
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(10)
            service.stderr.close()


DOCUMENTS = [path for path in ROOT.rglob("*.md") if "build" not in path.relative_to(ROOT).parts and "node_modules" not in path.parts]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#\s]+)", document.read_text()):
        if "://" not in target:
            assert (document.parent / pathlib.Path(target)).exists(), target


@pytest.mark.parametrize(("typed", "offered"), [
    ("", {"run", "serve", "bench", "session"}), ("run", {"--timeout", "--session"}), ("session", {"fork", "rewind"}), ("session fork", {"--json"}),
    ("session files", {"list", "unpack"}), ("session files get", {"--revision", "--force"}), ("session files get work", {"--force"}), ("template", {"build", "remove"}),
    ("serve", {"--grpc", "--require-key"}), ("top", {"--once"}), ("bench", {"--json", "fresh", "service"})])
def test_the_shell_completes_words(shell, typed, offered):
    words = f"(skerry {typed} '')" if typed else "(skerry '')"
    done = shell(f"source <(skerry completion bash); COMP_WORDS={words}; COMP_CWORD={len(typed.split()) + 1}; _skerry; echo \"${{COMPREPLY[@]}}\"")
    assert offered <= set(done.stdout.split()), (done.stdout, done.stderr)
