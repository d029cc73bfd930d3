# SPDX-License-Identifier: Apache-2.0
"""The commands that the deepagents adapter brings into its sandbox, beside those of this machine: what they print, answer and leave."""
import os
import pathlib
import subprocess
import sys

import pytest

ADAPTERS = pathlib.Path(__file__).parents[1] / "clients" / "python" / "skerry" / "adapters"
OURS = """
import sys, types
package = types.ModuleType("package")
package.__path__ = [sys.argv[1]]
sys.modules["package"] = package
from package import _guest_commands, _guest_shell
sys.exit(_guest_shell.run(sys.argv[2]))
"""
FILES = {
    "open": b"b\na\nc",  # no line feed at its end
    "more": b"d\nb\n",
    "pages": b"one\x0ctwo\nthree\x0b\xc2\x85four\rfive\r\nsix \xe2\x80\xa8 seven\n",
    "numbers": b"10 b\n9 a\n-1\n9.5\n10 a\nx\n 2\n5.\n.5\n",
    "empty": b"",
    "blank": b"\n\n",
    "folder/in/f": b"f\n",
    "folder/g": b"g\n",
    "other/in/h": b"h\n",
    "vacant/": None,
}
LINES = [
    "sort open", "sort open more", "sort more open", "sort -r open more", "sort -u open more", "sort -n numbers", "sort -nr numbers",
    "sort -nu numbers", "sort open nowhere", "sort empty", "sort blank open", "sort < open",
    "grep -n . pages", "grep -n 'four' pages", "grep -c '' pages", "grep -c '' empty", "grep -c '' blank", "grep -n x open",
    "grep -v a open", "grep -o 'e[a-z]' pages", "grep -l a open more", "grep a nowhere", "cat open | grep -n c",
    "head -n 1 pages", "head -n 2 open", "tail -n 1 pages", "tail -n 1 open", "tail -n +2 pages", "tail -n 2 blank", "head -n 0 open",
    "cat -n pages", "cat -n open more", "cat open more", "wc -l open", "wc -l < pages", "cat more | wc -w",
    "mv open more", "mv -n open more", "mv open vacant", "mv open folder", "mv folder vacant", "mv open more folder", "mv folder open",
    "mv open nowhere/x", "mv nowhere x", "mv folder other", "mkdir -p other/folder; mv folder other", "mv folder/in other",
    "mv folder folder/in", "mv open folder/in; mv folder/in/open more", "mkdir vacant/open; mv open vacant", "mv open open",
    "cp open more", "cp open vacant", "cp folder x", "cp -r folder x", "cp -r folder vacant", "cp -r folder other; cp -r folder/in other",
    "mkdir vacant/open; cp open vacant", "cp -r folder open", "cp open more folder", "cp nowhere x", "cp open open",
    r"printf '%s-%d\n' a 1 b 2", r"printf '%05.2f|%-5s|%+d\n' 3.14159 ab 7", r"printf 'a%%b%%s\n'", r"printf '%x %o %c %X\n' 255 8 xyz 0x1f",
    "ls", "ls -1 folder", "ls folder other", "ls nowhere", "find . -name '*o*' -type f | sort", "find folder -maxdepth 1 | sort", "find nowhere",
    "test -d folder && echo yes || echo no", "[ 3 -gt 2 ] && [ a != b ] && echo both", "false; echo $?", "x='a b'; echo $x \"$x\" '$x'",
    "echo *", "echo fold*/*", "echo nothing*", "echo a > new; echo b >> new; cat new", "cat nowhere 2>&1 | wc -l", "cd folder && ls",
    "rm open more; ls", "rm -rf folder nowhere; ls", "rm folder", "rmdir folder", "rmdir vacant; ls", "mkdir a/b", "mkdir -p a/b/c; find a",
    "grep -E 'a|b' open", r"grep 'a\|b' open", "grep '[[:digit:]]' numbers", "grep -i ONE pages", "grep -w a open more", "grep -x b open",
    "grep -r g folder other | sort", "grep -F . numbers", "grep -e a -e c open", "grep -m 1 . open", "grep '^$' blank", "grep 'a+' numbers",
    "head -c 3 open", "head open more", "tail -n 1 open more", "echo a; exit 3; echo b", "set -e; false; echo no", "! true", "echo a#b # c",
    "cp link x", "cp -r link x", "mv link x", "rm link", "cat link", "cp -r folder/in x; rm -r folder; cat x/f",
]


def made(folder):
    for name, content in FILES.items():
        path = folder / name
        if content is None:
            path.mkdir(parents=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    (folder / "link").symlink_to("open")
    return folder


def tree(folder):
    def content(path):
        return path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return {str(path.relative_to(folder)): content(path) for path in sorted(folder.rglob("*"))}


def ours(folder, line, environment=None):
    return subprocess.run([sys.executable, "-c", OURS, ADAPTERS, line], cwd=folder, capture_output=True, env=environment)


@pytest.mark.parametrize("line", LINES)
def test_commands_do_what_those_of_a_desktop_do(tmp_path, line):
    here, there = made(tmp_path / "ours"), made(tmp_path / "theirs")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    done = ours(here, line, environment)
    wanted = subprocess.run(["sh", "-c", line], cwd=there, capture_output=True, env=environment)
    assert b"Traceback" not in done.stderr
    assert (done.stdout, done.returncode, tree(here)) == (wanted.stdout, wanted.returncode, tree(there)), done.stderr.decode()
    assert bool(done.stderr) == bool(wanted.stderr)


def test_a_directory_is_not_copied_into_itself(tmp_path):
    done = ours(made(tmp_path), "cp -r folder folder/in")
    assert done.returncode == 1 and done.stderr == b"cp: folder: a directory cannot be copied into itself\n"
    assert not (tmp_path / "folder/in/folder").exists()
