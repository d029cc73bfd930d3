# SPDX-License-Identifier: Apache-2.0
"""Machines that have a few of this one's Debian packages and nothing else: no compiler, no repository, no network."""

import os
import pathlib
import re
import shutil
import subprocess

# What every Debian has, as far as dpkg and a shell need it.
ESSENTIAL = ["base-files", "bash", "coreutils", "dash", "diffutils", "dpkg", "findutils", "grep", "libc-bin", "sed", "tar"]
# Started by unshare as root of namespaces of its own. Its own addresses work, and no others: there is no other device.
LOOPBACK = "import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH14x', b'lo', 1))"
ENTER = """set -e
root=$1 loopback=$2 && shift 2
python3 -c "$loopback"
mount --rbind /dev "$root/dev" && mount -t proc proc "$root/proc" && mount -t tmpfs tmpfs "$root/tmp"
exec chroot "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin HOME=/root LC_ALL=C.UTF-8 "$@"
"""


def fields_of(packages):
    """What dpkg knows of installed packages: a paragraph for each, as in its own file."""
    done = subprocess.run(["dpkg-query", "--status", *packages], capture_output=True, text=True)
    return [each for each in done.stdout.split("\n\n") if "Status: install ok installed" in each]


def field(paragraph, name):
    found = re.search(rf"(?m)^{name}: (.*)$", paragraph)
    return found[1] if found else ""


def needed_by(paragraph):
    """The names that a package depends on; of alternatives all, as only one is installed."""
    words = re.split(r"[,|]", field(paragraph, "Depends") + "," + field(paragraph, "Pre-Depends"))
    return {re.split(r"[ :(]", word.strip())[0] for word in words if word.strip()}


def with_dependencies(packages):
    """The paragraphs of these packages and of all that they need in turn."""
    found, waiting = {}, set(packages)
    while waiting:
        new = {field(each, "Package"): each for each in fields_of(sorted(waiting))}
        found |= new
        waiting = set().union(*map(needed_by, new.values())) - found.keys() if new else set()
    return found


def copy_package(name, root):
    listed = subprocess.run(["dpkg-query", "--listfiles", name], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        path = pathlib.Path(line)
        # Debian 12 has /bin, /lib and /sbin as links, packages name files by either path.
        target = root / path.parent.resolve().relative_to("/") / path.name
        if path.is_symlink() and not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(os.readlink(path))
        elif path.is_file() and not path.is_symlink() and "/doc/" not in line:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


class BareMachine:
    """A root directory with these Debian packages and what they need; dpkg knows that they are there."""

    def __init__(self, root, packages):
        self.root = root
        self.packages = with_dependencies([*ESSENTIAL, *packages])
        for name in ("dev", "etc", "proc", "root", "tmp", "usr/bin", "usr/lib", "usr/lib64", "usr/sbin", "var/lib/dpkg/info",
                     "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "var/log"):
            (root / name).mkdir(parents=True, exist_ok=True)
        for name in ("bin", "lib", "lib64", "sbin"):
            (root / name).symlink_to(f"usr/{name}")
        for name in self.packages:
            copy_package(name, root)
        for interpreter in ("sh", "awk"):
            link = pathlib.Path("/usr/bin", interpreter)
            if link.exists() and not os.path.lexists(root / "usr/bin" / interpreter):
                (root / "usr/bin" / interpreter).symlink_to(link.resolve())
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
        (root / "etc/group").write_text("root:x:0:\n")
        # Settings of theirs are not copied, so dpkg is not told of them.
        status = [re.sub(r"(?m)^Conffiles:\n(?: .*\n?)*", "", each).strip() for each in self.packages.values()]
        (root / "var/lib/dpkg/status").write_text("\n\n".join(status) + "\n\n")
        (root / "var/lib/dpkg/info/format").write_text("1\n")  # names of lists have the architecture
        for paragraph in self.packages.values():
            name = field(paragraph, "Package")
            known = name if field(paragraph, "Multi-Arch") != "same" else f"{name}:{field(paragraph, 'Architecture')}"
            (root / "var/lib/dpkg/info" / f"{known}.list").write_text("/.\n")

    def run(self, *command, timeout=120):
        """Runs it there, with no processes, users or network but its own."""
        return subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", ENTER, "enter",
             self.root, LOOPBACK, *command], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)

    def says(self, *command, **how):
        """What it prints; it must end well."""
        done = self.run(*command, **how)
        assert done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout
