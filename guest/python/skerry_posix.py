# SPDX-License-Identifier: Apache-2.0
"""What POSIX programs expect of `os`, and WASI preview 1 has not: modes, users, one process, the room of the file system.

The host keeps modes. What it tells of a file holds the mode in the upper half of the device's number, for preview 1 has no field
for it; requests that preview 1 lacks go through `_host.call` (skerry/runtime/python/file_requests.h).
"""

import collections
import errno
import gc
import os
import posix
import shutil
import struct
import sys
import time
import types

import _host
import _signal
from _skerry_errors import of_wasi

# The user that all files belong to. It is nobody of the host.
UID = GID = 1000
USER = "user"

# The same as the host's, which applies it to what is made without a mode.
_umask = 0o022
_niceness = 0


def _with_mode(found):
    mode = found.st_dev >> 32 & 0xFFFF
    if not mode:
        return found
    values, named = found.__reduce__()[1]
    named["st_blksize"] = 4096
    named["st_blocks"] = -(-values[6] // 4096) * 8
    return os.stat_result((mode, values[1], 1, values[3], UID, GID, *values[6:]), named)


def stat(path, *, dir_fd=None, follow_symlinks=True):
    return _with_mode(posix.stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks))


def lstat(path, *, dir_fd=None):
    return _with_mode(posix.lstat(path, dir_fd=dir_fd))


def fstat(fd):
    return _with_mode(posix.fstat(fd))


def _set_permissions(inode, mode, path):
    number = int(_host.call(b"m" + struct.pack("<QIQ", inode, mode & 0o7777, time.time_ns())))
    if number:
        number = of_wasi(number)
        raise OSError(number, os.strerror(number), path)


def chmod(path, mode, *, dir_fd=None, follow_symlinks=True):
    found = stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
    kind = found.st_mode & 0o170000
    if kind == 0o120000:
        raise NotImplementedError("chmod: follow_symlinks unavailable on this platform")
    if kind != 0o010000:  # a stream's mode is of no consequence
        _set_permissions(found.st_ino, mode, path)


def fchmod(fd, mode):
    chmod(fd, mode)


def umask(mask):
    global _umask
    before = int(_host.call(b"u" + struct.pack("<I", mask & 0o777)))
    _umask = mask & 0o777
    return before


def mkdir(path, mode=0o777, *, dir_fd=None):
    posix.mkdir(path, mode, dir_fd=dir_fd)
    if mode & 0o1777 != 0o777:
        _set_permissions(posix.stat(path, dir_fd=dir_fd).st_ino, mode & 0o1777 & ~_umask, path)


def chdir(path):
    """WASI has no current directory: the C library's is what was said, one after the other."""
    posix.chdir(path)
    posix.chdir(os.path.realpath(posix.getcwd()))


def open_(path, flags, mode=0o777, *, dir_fd=None):
    if not flags & os.O_RDWR:
        flags |= os.O_RDONLY  # elsewhere it is 0, and need not be said
    if not flags & os.O_CREAT or mode & 0o7777 == 0o666:
        return posix.open(path, flags, mode, dir_fd=dir_fd)
    try:
        fd = posix.open(path, flags | os.O_EXCL, mode, dir_fd=dir_fd)
    except FileExistsError:
        if flags & os.O_EXCL:
            raise
        return posix.open(path, flags, mode, dir_fd=dir_fd)
    _set_permissions(posix.fstat(fd).st_ino, mode & ~_umask, path)
    return fd


open_.__name__ = open_.__qualname__ = "open"


def access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True):
    wanted = (mode & 7) << 6
    try:
        told = posix.stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks).st_dev >> 32
    except OSError:
        return False
    # The bit above a mode stands for a file that is read-only; that of a device is not kept by it.
    is_fixed = told >> 16 and told & 0o170000 != 0o020000
    return told & wanted == wanted and not (is_fixed and mode & os.W_OK)


def chown(path, uid, gid, *, dir_fd=None, follow_symlinks=True):
    posix.stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
    if uid not in (-1, UID) or gid not in (-1, GID):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), path)


def lchown(path, uid, gid):
    chown(path, uid, gid, follow_symlinks=False)


def fchown(fd, uid, gid):
    chown(fd, uid, gid)


class statvfs_result(collections.namedtuple("statvfs_result", "f_bsize f_frsize f_blocks f_bfree f_bavail f_files f_ffree f_favail f_flag f_namemax")):
    __slots__ = ()
    __module__ = "os"
    f_fsid = 0


def statvfs(path):
    posix.stat(path)
    total, used, inodes, used_inodes = map(int, _host.call(b"v").split())
    free = max(0, total - used) // 4096
    free_inodes = max(0, inodes - used_inodes)
    return statvfs_result(4096, 4096, total // 4096, free, free, inodes, free_inodes, free_inodes, 0, 255)


def fstatvfs(fd):
    return statvfs(fd)


_usage = collections.namedtuple("usage", "total used free", module="shutil")


def disk_usage(path):
    """Return disk usage statistics about the given path: a named tuple with total, used and free, in bytes."""
    room = os.statvfs(path)
    free = room.f_bavail * room.f_frsize
    total = room.f_blocks * room.f_frsize
    return _usage(total, total - free, free)


def getuid():
    return UID


def getgid():
    return GID


def getgroups():
    return [GID]


def getresuid():
    return UID, UID, UID


def getresgid():
    return GID, GID, GID


def _refusing(number, name):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


def _without_processes(name):
    def refuse(*_, **__):
        raise OSError(errno.ENOTSUP, f"{sys.platform} does not support processes.")

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


def setuid(uid):
    if uid != UID:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def setgid(gid):
    setuid(gid)


def getppid():
    return 1


def getpgid(pid):
    return _own_process(pid)


def getsid(pid):
    return _own_process(pid)


def getpgrp():
    return os.getpid()


def _own_process(pid):
    if pid not in (0, os.getpid()):
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
    return os.getpid()


def kill(pid, signal):
    if pid == 1:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    _own_process(max(pid, 0) if pid in (-1, -os.getpid()) else pid)
    if signal:
        _signal.raise_signal(signal)


def killpg(pgid, signal):
    kill(pgid, signal)


def nice(increment):
    global _niceness
    if increment < 0:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    _niceness = min(19, _niceness + increment)
    return _niceness


def getpriority(which, who):
    return _niceness


def setpriority(which, who, priority):
    nice(priority - _niceness)


def getloadavg():
    return 0.0, 0.0, 0.0


def sched_getaffinity(pid):
    _own_process(pid)
    return {0}


def sched_setaffinity(pid, mask):
    _own_process(pid)
    if 0 not in mask:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def getrandom(size, flags=0):
    return os.urandom(size)


def sync():
    pass


def ctermid():
    return "/dev/tty"


def _pwd():
    struct_passwd = collections.namedtuple("struct_passwd", "pw_name pw_passwd pw_uid pw_gid pw_gecos pw_dir pw_shell", module="pwd")
    users = [struct_passwd("root", "x", 0, 0, "root", "/root", "/bin/sh"), struct_passwd(USER, "x", UID, GID, "", "/tmp", "/bin/sh")]

    def getpwall():
        return list(users)

    def getpwnam(name, /):
        if not isinstance(name, str):
            raise TypeError(f"getpwnam() argument must be str, not {type(name).__name__}")
        for user in users:
            if user.pw_name == name:
                return user
        raise KeyError(f"getpwnam(): name not found: {name!r}")

    def getpwuid(uid, /):
        for user in users:
            if user.pw_uid == uid:
                return user
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    return struct_passwd, getpwall, getpwnam, getpwuid


def _grp():
    struct_group = collections.namedtuple("struct_group", "gr_name gr_passwd gr_gid gr_mem", module="grp")
    groups = [struct_group("root", "x", 0, []), struct_group(USER, "x", GID, [])]

    def getgrall():
        return list(groups)

    def getgrnam(name):
        for group in groups:
            if group.gr_name == name:
                return group
        raise KeyError(f"getgrnam(): name not found: {name!r}")

    def getgrgid(id):
        for group in groups:
            if group.gr_gid == id:
                return group
        raise KeyError(f"getgrgid(): gid not found: {id}")

    return struct_group, getgrall, getgrnam, getgrgid


def _add_module(name, doc, members, constants={}):
    """A module that the interpreter is built without, for those that have missed it already, too."""
    module = types.ModuleType(name, doc)
    for member in members:
        member.__module__ = name
        setattr(module, member.__name__, member)
    vars(module).update(constants)
    for loaded in list(sys.modules.values()):
        if vars(loaded).get(name, module) is None:
            setattr(loaded, name, module)
    sys.modules[name] = module


def _put(function):
    """Into `os`, in place of what is there. As with a built-in function, a class may have it as an attribute: it binds nothing."""
    name = function.__name__
    function.__module__ = "os"
    put = staticmethod(function)
    replaced = getattr(os, name, None)
    for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        if replaced in able:
            able.remove(replaced)
            able.add(put)
    setattr(os, name, put)
    if name not in os.__all__:
        os.__all__.append(name)


_ADDED = [
    stat, lstat, fstat, chmod, fchmod, umask, mkdir, chdir, open_, access, chown, lchown, fchown, statvfs, fstatvfs, getuid, getgid, getgroups, getresuid,
    getresgid, setuid, setgid, getppid, getpgid, getsid, getpgrp, kill, killpg, nice, getpriority, setpriority, getloadavg,
    sched_getaffinity, sched_setaffinity, getrandom, sync, ctermid,
]
# Not `fork`: where it is, libraries want locks that outlive one.
_PROCESSES = [
    "system", "posix_spawn", "posix_spawnp", "execv", "execve",
    *(f"spawn{how}" for how in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
]
_CONSTANTS = {
    "PRIO_PROCESS": 0, "PRIO_PGRP": 1, "PRIO_USER": 2, "GRND_NONBLOCK": 1, "GRND_RANDOM": 2, "WNOHANG": 1, "WUNTRACED": 2, "WCONTINUED": 8,
    "P_WAIT": 0, "P_NOWAIT": 1, "P_NOWAITO": 1, "ST_RDONLY": 1, "ST_NOSUID": 2,
}  # fmt: skip


def fit_os():
    for function in _ADDED:
        _put(function)
    os.geteuid, os.getegid = os.getuid, os.getgid
    os.supports_fd.update((os.chmod, os.chown, os.statvfs))
    os.supports_dir_fd.update((os.chmod, os.chown))
    for name in _PROCESSES:
        _put(_without_processes(name))
    for name in ("wait", "waitpid", "wait3", "wait4", "waitid"):
        _put(_refusing(errno.ECHILD, name))
    for name in ("get_terminal_size", "ttyname", "tcgetpgrp", "tcsetpgrp", "openpty"):
        _put(_refusing(errno.ENOTTY, name))
    for name in ("mkfifo", "mknod", "chroot", "setgroups", "initgroups"):
        _put(_refusing(errno.EPERM, name))
    _put(_refusing(errno.ENXIO, "getlogin"))
    for name, value in _CONSTANTS.items():
        if not hasattr(os, name):
            setattr(os, name, value)
    os.statvfs_result = statvfs_result
    if not hasattr(shutil, "disk_usage"):
        shutil.disk_usage = disk_usage
        disk_usage.__module__ = "shutil"
        shutil.__all__.append("disk_usage")
    _fit_entries()
    _add_module("pwd", "The users that there are.", _pwd())
    _add_module("grp", "The groups that there are.", _grp())


def _fit_entries():
    """The type of what scandir gives is fixed, but not so the dictionary of its names."""
    original = posix.DirEntry.stat

    def stat(self, *, follow_symlinks=True):
        return _with_mode(original(self, follow_symlinks=follow_symlinks))

    stat.__qualname__ = "DirEntry.stat"
    gc.get_referents(posix.DirEntry.__dict__)[0]["stat"] = stat
    sys._clear_internal_caches()


fit_os()
