# SPDX-License-Identifier: Apache-2.0
"""What programs expect of POSIX: devices, modes, users, one process, a directory of their own. A group of checks a run."""

import stat
import subprocess
import sys
import tarfile
import zipfile

import pytest

# Each line: what is tried, and what a desktop shows of it for a user who is not root.
HELPER = """
import contextlib, errno, glob, io, os, pathlib, shutil, stat, sys, tempfile
def name(error): return type(error).__name__ + ('' if getattr(error, 'errno', None) is None else ' ' + errno.errorcode[error.errno])
def check(what, wanted, scope={}):
    try: got = eval(what, globals())
    except BaseException as error: got = name(error)
    if got != wanted: print(f'{what}: {got!r}, not {wanted!r}')
def write(path, text='x', mode='w'):
    with open(path, mode) as file: return file.write(text)
def read(path, mode='r', *size):
    with open(path, mode) as file: return file.read(*size)
"""


@pytest.fixture
def differences(run_code):
    """Runs the checks, and returns what came out otherwise."""

    def run(checks, *options):
        lines = [f"check({what!r}, {wanted!r})" for what, wanted in checks]
        return run_code(HELPER + "\n".join(lines), *options).ok().out

    return run


def test_devices_are_as_on_linux(differences):
    assert differences([
        ("read(os.devnull)", ""), ("read(os.devnull, 'rb')", b""), ("write(os.devnull)", 1), ("write('/dev/null', 'x', 'a')", 1),
        ("write('/dev/null', 'x', 'r+')", 1), ("write('/dev/null', 'x', 'x')", "FileExistsError EEXIST"),
        ("read('/dev/zero', 'rb', 3)", b"\0\0\0"), ("write('/dev/full')", "OSError ENOSPC"), ("len(read('/dev/urandom', 'rb', 16))", 16),
        ("len(os.read(os.open('/dev/random', os.O_RDONLY), 5))", 5), ("open('/dev/tty')", "OSError ENXIO"),
        ("read('/dev/stdin')", ""), ("write('/dev/stdout', '')", 0), ("write('/dev/fd/2', '')", 0), ("open('/dev/stdin', 'r+')", "PermissionError EACCES"),
        ("stat.S_ISCHR(os.stat('/dev/null').st_mode)", True), ("oct(os.stat('/dev/null').st_mode)", "0o20666"), ("open('/dev/null').isatty()", False),
        ("stat.S_ISCHR(os.stat('/dev/tty').st_mode)", True), ("os.path.isfile('/dev/null')", False), ("os.path.exists('/dev/null')", True),
        ("os.path.getsize('/dev/null')", 0), ("sorted(os.listdir('/dev'))", ["fd", "full", "null", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero"]),
        ("os.truncate('/dev/null', 1)", "OSError EINVAL"), ("write('/dev/new')", "OSError EROFS"), ("os.remove('/dev/null')", "OSError EROFS"), ("os.access('/dev/null', os.W_OK)", True),
        ("shutil.copyfile('/dev/null', 'empty') and os.path.getsize('empty')", 0),
    ]) == ""


def test_noise_goes_to_the_null_device(run_code):
    done = run_code("""
import contextlib, logging, os, subprocess, sys
import pandas as pd
with open(os.devnull, 'w') as null, contextlib.redirect_stdout(null): print('noise')
logging.getLogger('q').addHandler(logging.FileHandler(os.devnull)); logging.getLogger('q').error('noise')
pd.DataFrame({'a': [1]}).to_csv(os.devnull)
with open('/dev/stdout', 'w') as out: out.write('said\\n')
print(subprocess.DEVNULL)
""").ok()
    assert (done.out, done.err) == ("said\n-3\n", "")


def test_modes_are_kept_and_count(differences):
    assert differences([
        ("write('f')", 1), ("os.mkdir('d')", None), ("os.symlink('f', 'l')", None),
        ("[stat.filemode(os.lstat(p).st_mode) for p in 'fdl']", ["-rw-r--r--", "drwxr-xr-x", "lrwxrwxrwx"]),
        ("stat.filemode(next(e for e in os.scandir() if e.name == 'f').stat().st_mode)", "-rw-r--r--"),
        ("oct(os.stat('.').st_mode)", "0o40755"), ("oct(os.stat('/tmp').st_mode)", "0o41777"), ("stat.S_ISFIFO(os.fstat(0).st_mode)", True),
        ("(os.chmod('f', 0o444), oct(os.stat('f').st_mode), oct(pathlib.Path('l').stat().st_mode))[1:]", ("0o100444", "0o100444")),
        ("write('f')", "PermissionError EACCES"), ("write('f', 'x', 'a')", "PermissionError EACCES"), ("read('f')", "x"),
        ("os.access('f', os.R_OK), os.access('f', os.W_OK), os.access('f', os.X_OK), os.access('none', os.F_OK)", (True, False, False, False)),
        ("(pathlib.Path('f').chmod(0o700), os.access('f', os.X_OK), shutil.which('./f'))[1:]", (True, "./f")),
        ("(os.chmod('f', 0), read('f'))", "PermissionError EACCES"), ("os.remove('f')", None), ("os.remove('l')", None),
        ("(os.chmod('d', 0o555), write('d/x'))", "PermissionError EACCES"), ("(os.chmod('d', 0o644), os.stat('d/x'))", "PermissionError EACCES"),
        ("(os.chmod('d', 0o755), write('d/x'))[1]", 1), ("os.chmod('none', 0o644)", "FileNotFoundError ENOENT"),
        ("oct(os.fstat(os.open('o', os.O_CREAT | os.O_WRONLY)).st_mode)", "0o100755"),
        ("oct(os.fstat(os.open('p', os.O_CREAT | os.O_WRONLY, 0o600)).st_mode)", "0o100600"),
        ("oct(os.fstat(os.open('p', os.O_CREAT | os.O_WRONLY, 0o777)).st_mode)", "0o100600"),
        ("(os.mkdir('m', 0o700), oct(os.stat('m').st_mode))[1]", "0o40700"), ("oct(os.stat(tempfile.mkdtemp()).st_mode)", "0o40700"),
        ("oct(os.fstat(tempfile.mkstemp()[0]).st_mode)", "0o100600"),
        ("os.umask(0o077), os.umask(0o077)", (0o022, 0o077)), ("(write('u'), oct(os.stat('u').st_mode))[1]", "0o100600"),
        ("(os.makedirs('u1/u2'), oct(os.stat('u1/u2').st_mode))[1]", "0o40700"), ("os.umask(0o022)", 0o077),
        ("(os.utime('o', (5, 6)), os.stat('o').st_atime, os.stat('o').st_mtime)[1:]", (5, 6)),
        ("(os.chmod('p', 0o754), shutil.copy('p', 'q'), oct(os.stat('q').st_mode))[2]", "0o100754"),
        ("(shutil.copytree('.', 'tree'), oct(os.stat('tree/p').st_mode), oct(os.stat('tree/m').st_mode))[1:]", ("0o100754", "0o40700")),
        ("(os.stat('p').st_uid, os.stat('p').st_gid) == (os.getuid(), os.getgid())", True), ("os.stat('p').st_dev == os.stat('/tmp').st_dev", True),
        ("os.chown('p', -1, os.getgid())", None), ("os.chown('p', 0, 0)", "PermissionError EPERM"),
        ("os.access('/usr/local', os.W_OK)", False), ("(os.fchmod((f := open('q')).fileno(), 0o600), oct(os.stat('q').st_mode))[1]", "0o100600"),
    ]) == ""


def test_a_class_may_hold_a_replaced_function(run_code):
    assert run_code("import os\nclass C:\n    stat, chmod = os.stat, os.chmod\nC().chmod('.', 0o700)\nprint(oct(C().stat('.').st_mode))").ok().out == "0o40700\n"


def test_archives_carry_modes(run_code, tmp_path):
    run_code("""
import os, shutil, tarfile, zipfile
os.makedirs('site/img'); open('site/a.txt', 'w').write('a'); open('run.sh', 'w').write('#!/bin/sh\\n'); os.chmod('run.sh', 0o755)
with zipfile.ZipFile('z.zip', 'w') as z: z.write('site/a.txt'); z.write('run.sh')
with tarfile.open('t.tar', 'w') as t: t.add('site'); t.add('run.sh')
with tarfile.open('t.tar') as t: t.extractall('out', filter='data')
print(oct(os.stat('out/run.sh').st_mode))
""", "--output-dir", tmp_path).ok()
    with zipfile.ZipFile(tmp_path / "z.zip") as archive:
        assert [stat.filemode(i.external_attr >> 16) for i in archive.infolist()] == ["-rw-r--r--", "-rwxr-xr-x"]
    with tarfile.open(tmp_path / "t.tar") as archive:
        assert {m.name: (oct(m.mode), m.uname) for m in archive.getmembers()}["run.sh"] == ("0o755", "user")
        assert {m.name: oct(m.mode) for m in archive.getmembers()}["site/img"] == "0o755"


def test_results_and_given_files_keep_their_modes(run_code, tmp_path):
    given = tmp_path / "given"
    given.mkdir()
    (given / "tool").write_text("#!/bin/sh\n")
    (given / "tool").chmod(0o750)
    (given / "locked").write_text("1")
    (given / "locked").chmod(0o444)
    (given / "plain").write_text("1")
    (given / "plain").chmod(0o640)
    code = """
import os
print(oct(os.stat('/d/tool').st_mode), oct(os.stat('/d/locked').st_mode))
try: open('/d/locked', 'w')
except PermissionError: print('refused')
open('/d/new', 'w').close(); os.chmod('/d/new', 0o755); os.chmod('/d/plain', 0o755)
os.mkdir('/d/private', 0o700)
"""
    assert run_code(code, "--dir", f"{given}::/d:rw").ok().out == "0o100750 0o100444\nrefused\n"
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in given.iterdir()}
    # A file that was there is opened to nobody, but those who may read it may execute it.
    assert modes == {"tool": "0o750", "locked": "0o444", "plain": "0o750", "new": "0o755", "private": "0o700"}


def test_a_session_keeps_modes_and_the_umask(in_own_home, tmp_path):
    def run(code):
        return in_own_home("run", "--session", "modes", "-c", code).ok().out

    run("import os; open('f', 'w').close(); os.chmod('f', 0o640); os.umask(0o027)")
    assert run("print(oct(os.stat('f').st_mode)); open('g', 'w').close(); print(oct(os.stat('g').st_mode))") == "0o100640\n0o100640\n"
    in_own_home("session", "export", "modes", tmp_path / "s").ok()
    in_own_home("session", "import", tmp_path / "s", "--name", "again").ok()
    code = "import os; print(oct(os.stat('f').st_mode), oct(os.umask(0)), len(open('/dev/urandom', 'rb').read(3)))"
    assert in_own_home("run", "--session", "again", "-c", code).ok().out == "0o100640 0o27 3\n"


def test_the_working_directory_is_the_programs_own(run_code):
    assert run_code("""
import glob, os, pathlib, shutil, zipfile
print(os.listdir('.'), os.listdir('/'))
os.makedirs('data/sub')
for path in ('a.csv', 'data/b.csv', 'data/sub/c.csv'): open(path, 'w').write('x\\n1\\n')
print(sorted(glob.glob('**/*.csv', recursive=True)), len(glob.glob('./**', recursive=True)), len(list(pathlib.Path('.').rglob('*.csv'))))
print(sum(len(files) for _, _, files in os.walk('.')), sum(len(files) for _, _, files in os.walk(os.getcwd())), sorted(os.listdir('.')))
shutil.copytree('.', '/tmp/copy'); print(sum(len(files) for _, _, files in os.walk('/tmp/copy')))
with zipfile.ZipFile(shutil.make_archive('/tmp/all', 'zip', '.')) as z: print(sorted(n for n in z.namelist() if not n.endswith('/')))
shutil.copytree('.', 'again'); print(sorted(os.listdir('again')))
print(open('/workspace/a.csv').read() == open('workspace/a.csv').read(), os.path.exists('/tmp'), os.path.realpath('/workspace/a.csv'))
for path in ('/tmp', '/usr', '/dev'):
    try: shutil.rmtree(path) if path != '/usr' else os.rename(path, 'x')
    except OSError as error: print(path, os.path.isdir(path))
""").ok().out == """[] []
['a.csv', 'data/b.csv', 'data/sub/c.csv'] 6 3
3 3 ['a.csv', 'data']
3
['a.csv', 'data/b.csv', 'data/sub/c.csv']
['a.csv', 'data']
True True /a.csv
/tmp True
/usr True
/dev True
"""


def test_paths_above_the_root_and_absolute_links_are_as_on_linux(differences):
    assert differences([
        ("open('../none.csv')", "FileNotFoundError ENOENT"), ("os.path.realpath('..')", "/"), ("sorted(os.listdir('..'))", []),
        ("(write('f'), os.symlink(os.path.abspath('f'), 'l'), read('l'), os.readlink('l'))[2:]", ("x", "/f")),
        ("(os.symlink('/etc/passwd', 'm'), read('m'))", "FileNotFoundError ENOENT"), ("os.path.islink('m'), os.path.exists('m')", (True, False)),
    ]) == ""


def test_one_user_and_one_process_on_one_processor(differences):
    assert differences([
        ("os.getuid(), os.geteuid(), os.getgid(), os.getegid(), os.getgroups()", (1000, 1000, 1000, 1000, [1000])),
        ("__import__('getpass').getuser()", "user"), ("__import__('pwd').getpwuid(os.getuid()).pw_dir == os.path.expanduser('~')", True),
        ("__import__('pwd').getpwnam('nobody')", "KeyError"), ("__import__('grp').getgrgid(os.getgid()).gr_name", "user"),
        ("os.path.expanduser('~user'), os.path.expanduser('~root')", ("/tmp", "/root")), ("(write('f'), pathlib.Path('f').owner(), pathlib.Path('f').group())[1:]", ("user", "user")),
        ("os.getppid() > 0, os.getpgrp() == os.getpid()", (True, True)), ("os.kill(os.getpid(), 0)", None), ("os.kill(99999, 0)", "ProcessLookupError ESRCH"),
        ("os.kill(1, 15)", "PermissionError EPERM"), ("os.waitpid(-1, 0)", "ChildProcessError ECHILD"), ("os.getloadavg()", (0.0, 0.0, 0.0)),
        ("os.cpu_count(), os.process_cpu_count(), os.sched_getaffinity(0)", (1, 1, {0})), ("os.nice(0), os.nice(5), os.getpriority(os.PRIO_PROCESS, 0)", (0, 5, 5)),
        ("os.nice(-1)", "PermissionError EPERM"), ("os.setuid(0)", "PermissionError EPERM"), ("os.setuid(os.getuid())", None), ("os.getlogin()", "OSError ENXIO"),
        ("os.get_terminal_size()", "OSError ENOTTY"), ("tuple(shutil.get_terminal_size())", (80, 24)), ("len(os.getrandom(4))", 4),
        *((f"os.{call}", "OSError ENOTSUP") for call in ("system('ls')", "popen('ls')", "execv('ls', [])", "posix_spawn('ls', [], {})", "spawnl(os.P_WAIT, 'ls')")),
        ("__import__('subprocess').run(['ls'])", "OSError ENOTSUP"),
    ]) == ""


def test_room_of_the_file_system_is_what_the_limit_leaves(differences):
    assert differences([
        ("os.statvfs('/').f_bsize", 4096), ("os.statvfs('/').f_blocks * 4096 == 64 << 20", True), ("os.statvfs('none')", "FileNotFoundError ENOENT"),
        ("(before := shutil.disk_usage('.')).total == 64 << 20 and before.used + before.free == before.total", True),
        ("(write('f', 'x' * (1 << 20)), before.free - shutil.disk_usage('.').free)[1]", 1 << 20), ("os.fstatvfs(1).f_namemax", 255),
    ], "--max-files", "64") == ""


ERRORS = """
import errno, os, shutil
def show(call):
    try: call()
    except OSError as error: print(type(error).__name__, error.errno, errno.errorcode[error.errno], error)
open("file", "w").close()
os.makedirs("directory/inner")
show(lambda: open("nothing"))
show(lambda: os.mkdir("directory"))
show(lambda: os.listdir("file"))
show(lambda: open("directory", "w"))
show(lambda: os.rmdir("directory"))
show(lambda: open("file/below"))
show(lambda: os.read(99, 1))
show(lambda: os.rename("nothing", "other"))
show(lambda: os.chmod("nothing", 0o600))
show(lambda: os.kill(99999, 9))
show(lambda: shutil.copy("nothing", "other"))
for number in (*range(1, 133), 9999, -1, 0, 2**40):
    error = OSError(number, "text")
    print(number, errno.errorcode.get(number), type(error).__name__, error)
names = "EPERM ENOENT EACCES EEXIST ENOTDIR EISDIR ENOTEMPTY EINVAL EPIPE EAGAIN EWOULDBLOCK ENOSPC ENOTSUP EOPNOTSUPP ESHUTDOWN".split()
print({name: getattr(errno, name) for name in names})
print([os.strerror(number) for number in (1, 2, 9, 13, 17, 20, 21, 22, 28, 32, 39)], type(OSError("a")), OSError("a", "b"), type(OSError(None, "b")))
"""


def test_errors_have_the_numbers_and_classes_of_linux(run_code, tmp_path):
    native = subprocess.run([sys.executable, "-c", ERRORS], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert run_code(ERRORS).ok().out == native


EMPTY = """
import os, shutil
calls = dict(stat=os.stat, lstat=os.lstat, listdir=os.listdir, scandir=os.scandir, remove=os.remove, mkdir=os.mkdir, rmdir=os.rmdir, chdir=os.chdir,
    open=open, readlink=os.readlink, exists=os.path.exists, isdir=os.path.isdir, lexists=os.path.lexists, makedirs=os.makedirs,
    statvfs=os.statvfs, disk_usage=shutil.disk_usage, access=lambda p: os.access(p, os.F_OK), rename=lambda p: os.rename(p, "x"),
    rename_to=lambda p: os.rename("file", p), chmod=lambda p: os.chmod(p, 0o700), os_open=lambda p: os.open(p, os.O_RDONLY),
    truncate=lambda p: os.truncate(p, 0), link=lambda p: os.link(p, "y"), symlink=lambda p: os.symlink("file", p), bytes=lambda p: os.stat(p.encode()))
open("file", "w").close()
for name, call in calls.items():
    try: print(name, call(""))
    except OSError as error: print(name, type(error).__name__, error)
print(os.listdir(), os.listdir("."), os.path.exists("."))
"""


def test_an_empty_path_is_no_file(run_code, tmp_path):
    native = subprocess.run([sys.executable, "-c", EMPTY], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert run_code(EMPTY).ok().out == native
