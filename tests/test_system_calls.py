# SPDX-License-Identifier: Apache-2.0
"""What programs ask of the system beneath Python, held against the same programs on this machine: descriptors, locks, mappings, write-ahead
logs, time zones, sockets."""

import json
import subprocess
import sys

import pytest

HELPER = """
import errno, os
def show(call, *args):
    try: print(call(*args))
    except BaseException as e: print(type(e).__name__, errno.errorcode.get(getattr(e, 'errno', None), e))
"""


@pytest.fixture
def same(run_code, tmp_path):
    """Runs a program here and there, and compares what it says."""

    def run(code, *options):
        where = tmp_path / "native"
        where.mkdir(exist_ok=True)
        native = subprocess.run([sys.executable, "-c", HELPER + code], cwd=where, capture_output=True, text=True)
        assert native.returncode == 0, native.stderr
        done = run_code(HELPER + code, *options).ok()
        assert done.out == native.stdout
        return done

    return run


# Left out: what would wait for ever, and offsets of directories, which WASI does not have.
MISUSED = """
os.mkdir('d'); open('f', 'w').write('0123456789'); output, input = os.pipe()
descriptors = dict(reading=os.open('f', os.O_RDONLY), writing=os.open('f', os.O_WRONLY), both=os.open('f', os.O_RDWR), directory=os.open('d', os.O_RDONLY),
    output=output, input=input, null=os.open('/dev/null', os.O_RDWR), zero=os.open('/dev/zero', os.O_RDONLY), closed=99)
calls = dict(write=lambda fd: os.write(fd, b'x'), write_nothing=lambda fd: os.write(fd, b''), pwrite=lambda fd: os.pwrite(fd, b'y', 1),
    pwrite_before=lambda fd: os.pwrite(fd, b'z', -1), read=lambda fd: os.read(fd, 1), pread=lambda fd: os.pread(fd, 1, 0),
    pread_before=lambda fd: os.pread(fd, 1, -1), seek=lambda fd: os.lseek(fd, 2, 0), seek_before=lambda fd: os.lseek(fd, -1, 0),
    truncate=lambda fd: os.ftruncate(fd, 5), truncate_before=lambda fd: os.ftruncate(fd, -1), truncate_path=lambda fd: os.truncate(fd, 4),
    sync=os.fsync, datasync=os.fdatasync, advise=lambda fd: os.posix_fadvise(fd, 0, 1, os.POSIX_FADV_NORMAL), terminal=os.isatty,
    stat_in=lambda fd: os.stat('none', dir_fd=fd), open_in=lambda fd: os.open('none', os.O_RDONLY, dir_fd=fd), make_in=lambda fd: os.mkdir('new', dir_fd=fd),
    remove_in=lambda fd: os.unlink('none', dir_fd=fd), rename_in=lambda fd: os.rename('none', 'other', src_dir_fd=fd),
    link_in=lambda fd: os.symlink('a', 'b', dir_fd=fd), readlink_in=lambda fd: os.readlink('b', dir_fd=fd))
for name, fd in descriptors.items():
    for what, call in calls.items():
        if (name, what) not in {('output', 'read'), ('directory', 'seek'), ('directory', 'seek_before')}:
            print(name, what, end=' '); show(call, fd)
print(open('f').read(), sorted(os.listdir('d')))
"""


def test_a_descriptor_refuses_what_it_was_not_opened_for(same):
    same(MISUSED)


def test_descriptors_are_duplicated_and_redirected(same):
    done = same("""
import contextlib, subprocess, sys
f = open('f', 'w+b'); fd = os.dup(f.fileno())
os.write(fd, b'abc'); os.write(f.fileno(), b'def'); print(os.lseek(fd, 0, os.SEEK_CUR)); os.close(fd)
f.seek(0); print(f.read(), os.fstat(f.fileno()).st_size)
sys.stdout.flush(); saved = os.dup(1)
with open('log', 'w') as log: os.dup2(log.fileno(), 1)
print('to the file', flush=True); os.write(1, b'directly\\n')
os.dup2(saved, 1); os.close(saved); print('back', open('log').read())
show(os.dup, 99); show(os.dup2, 99, 5); show(os.dup2, f.fileno(), -1); show(os.dup, 'x')
print(os.dup2(f.fileno(), f.fileno()) == f.fileno(), os.dup2(f.fileno(), 50)); os.close(50); show(os.fstat, 50)
with open('q', 'w') as out, contextlib.redirect_stdout(out): print('quiet')
print(open('q').read(), end='')
with os.fdopen(os.dup(1), 'w') as out: out.write('through a duplicate\\n')
""")
    assert done.err == ""


def test_arrays_go_to_files_and_back(same):
    same("""
import numpy as np
a = np.arange(6, dtype='i8')
a.tofile('x.bin'); print(np.fromfile('x.bin', dtype='i8'), os.path.getsize('x.bin'))
with open('y.bin', 'wb') as f:
    f.write(b'head'); a.tofile(f); f.write(b'tail'); print(f.tell())
with open('y.bin', 'rb') as f:
    print(f.read(4), np.fromfile(f, dtype='i8', count=3), f.tell(), np.fromfile(f, dtype='i8', count=3), f.read())
print(np.fromfile('y.bin', dtype='i8', offset=4, count=2)); a.tofile('t.txt', sep=' '); print(open('t.txt').read(), np.fromfile('t.txt', sep=' '))
m = np.memmap('m.bin', dtype='f8', mode='w+', shape=(3, 4)); m[1] = 7; m.flush(); print(np.fromfile('m.bin').sum())
m[2, 3] = 1.5; print(open('m.bin', 'rb').read()[-8:] == np.float64(1.5).tobytes()); del m
r = np.memmap('m.bin', dtype='f8', mode='r', shape=(3, 4)); print(r.sum(), r[1].tolist()); show(lambda: r.__setitem__((0, 0), 1))
c = np.memmap('m.bin', dtype='f8', mode='c', shape=(3, 4)); c[:] = 0; print(c.sum(), np.fromfile('m.bin').sum())
np.save('n.npy', a); l = np.load('n.npy', mmap_mode='r+'); l[0] = 9; del l; print(np.load('n.npy'), np.load('n.npy', mmap_mode='r')[2:4])
""")


def test_pipes_hold_what_is_written(same):
    same("""
import select, stat, threading
r, w = os.pipe(); print(stat.S_ISFIFO(os.fstat(r).st_mode)); os.write(w, b'hello'); print(os.read(r, 2), os.read(r, 9))
show(os.lseek, r, 0, 0); show(os.write, r, b'x'); show(os.read, w, 1)
os.close(w); print(os.read(r, 9)); os.close(r)
r, w = os.pipe(); os.close(r); show(os.write, w, b'x'); os.close(w)
r, w = os.pipe(); os.set_blocking(r, False); show(os.read, r, 1); os.write(w, b'y'); show(os.read, r, 1)
os.set_blocking(w, False); n = 0
try:
    while True: n += os.write(w, b'z' * 4096)
except BlockingIOError: print(n)
os.set_blocking(r, True); total = 0
while total < n: total += len(os.read(r, 10000))
print(total); os.close(w); print(os.read(r, 1)); os.close(r)
r, w = os.pipe()
with os.fdopen(r) as f, os.fdopen(w, 'w') as g:
    print('one\\ntwo', file=g); g.flush(); print(f.readline(), f.readline())
r, w = os.pipe()
def say():
    for word in (b'a', b'b', b'c'): os.write(w, word)
    os.close(w)
t = threading.Thread(target=say); t.start()
with os.fdopen(r, 'rb') as f: print(f.read())
t.join()
r, w = os.pipe(); big = b'x' * 300000; got = []
def take():
    while piece := os.read(r, 70000): got.append(len(piece))
t = threading.Thread(target=take); t.start()
view = memoryview(big)
while view: view = view[os.write(w, view):]
os.close(w); t.join(); print(sum(got))
""")


def test_a_pipe_that_nobody_fills_is_an_error_and_not_a_hang(run_code):
    done = run_code("import os\nr, w = os.pipe()\ntry: os.read(r, 1)\nexcept OSError as e: print(e)\nos.fdopen(r).read()")
    assert done.code == 1 and done.out == "[Errno 35] Resource deadlock would occur\n"
    assert "nothing is in the pipe" in done.err


def test_locks_are_those_of_open_files(same):
    same("""
import fcntl
a, b = open('f', 'w+'), open('f', 'r+')
fcntl.flock(a, fcntl.LOCK_EX); show(fcntl.flock, b, fcntl.LOCK_SH | fcntl.LOCK_NB); fcntl.flock(a, fcntl.LOCK_EX | fcntl.LOCK_NB)
fcntl.flock(a, fcntl.LOCK_SH); show(fcntl.flock, b, fcntl.LOCK_SH | fcntl.LOCK_NB); show(fcntl.flock, b, fcntl.LOCK_EX | fcntl.LOCK_NB)
fcntl.flock(a, fcntl.LOCK_UN); show(fcntl.flock, b, fcntl.LOCK_EX | fcntl.LOCK_NB); b.close(); show(fcntl.flock, a, fcntl.LOCK_EX | fcntl.LOCK_NB)
fcntl.lockf(a, fcntl.LOCK_EX); fcntl.lockf(a.fileno(), fcntl.LOCK_UN); show(fcntl.flock, 99, fcntl.LOCK_EX); show(fcntl.flock, a, 64)
print(fcntl.fcntl(a, fcntl.F_GETFL) & (os.O_RDWR | os.O_RDONLY | os.O_WRONLY) == os.O_RDWR, fcntl.fcntl(a, fcntl.F_GETFD) & fcntl.FD_CLOEXEC)
d = fcntl.fcntl(a, fcntl.F_DUPFD, 30); print(d); os.write(d, b'x'); a.seek(0); print(a.read())
show(fcntl.ioctl, a, 0x5413); show(os.lockf, a.fileno(), os.F_TLOCK, 0)
flags = fcntl.fcntl(d, fcntl.F_GETFL); fcntl.fcntl(d, fcntl.F_SETFL, flags | os.O_NONBLOCK); print(os.get_blocking(d))
""")


def test_a_lock_that_would_wait_for_itself_is_an_error(run_code):
    done = run_code("import fcntl\na, b = open('f', 'w'), open('f')\nfcntl.flock(a, fcntl.LOCK_EX)\nfcntl.flock(b, fcntl.LOCK_SH)")
    assert done.code == 1 and "this program has the lock through another descriptor" in done.err


def test_mappings_are_of_their_files(same):
    same("""
import mmap, re
open('f', 'wb').write(b'hello world\\nsecond\\n')
with open('f', 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
    print(len(m), m[0], m[:5], m[-1:], m[::-2][:4], m.readline(), m.tell(), m.read(3), m.find(b'o'), m.find(b'o', 0), m.rfind(b'o', 0), m.size(), b'h' in m)
    m[0:5] = b'HELLO'; print(open('f', 'rb').read()); m[6] = 87; m.seek(-3, 2); m.write(b'ND!'); print(open('f', 'rb').read())
    f.seek(1); f.write(b'e'); f.flush(); print(m[:3]); m.move(0, 6, 5); m.flush(); print(m[:])
    print(re.search(rb's\\w+', m).group(), bytes(m) == m[:], memoryview(m).nbytes, [each for each in m][:2])
    show(m.__setitem__, slice(0, 3), b'x'); show(m.__setitem__, 0, 300); show(m.__getitem__, 99); show(m.seek, 99); show(m.write, b'x' * 30)
    m.seek(0); m.write_byte(65); print(m.read_byte(), repr(m)); m.resize(30); print(len(m), os.path.getsize('f'), m[25:])
    with memoryview(m) as v: v[1] = 66; show(m.close)
    m.flush(); print(open('f', 'rb').read(3))
show(len, m); show(m.read)
with open('f', 'rb') as f:
    m = mmap.mmap(f.fileno(), 5, access=mmap.ACCESS_READ); print(m[:]); show(m.__setitem__, 0, 1); show(m.write, b'x'); show(m.resize, 3)
    m = mmap.mmap(f.fileno(), 5, access=mmap.ACCESS_COPY); m[0] = 90; print(m[:], open('f', 'rb').read(1))
    show(mmap.mmap, f.fileno(), 0); show(mmap.mmap, f.fileno(), 99999, mmap.MAP_SHARED, mmap.PROT_READ); show(lambda: mmap.mmap(f.fileno(), 0, access=9))
    show(lambda: mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ, offset=1))
a = mmap.mmap(-1, 16); a.write(b'anonymous'); a.seek(0); print(a.read()); show(a.size); a.close(); print(a.closed)
open('e', 'wb').close()
with open('e', 'rb') as f: show(mmap.mmap, f.fileno(), 0)
show(mmap.mmap, -1, 0); show(mmap.mmap, 99, 1); show(mmap.mmap, -1, -1)
""")


WAL = """
import sqlite3
def names(): return sorted(n for n in os.listdir('.') if not n.endswith('-shm'))
c = sqlite3.connect('x.db'); print(c.execute('PRAGMA journal_mode=WAL').fetchone(), c.execute('PRAGMA journal_mode').fetchone())
c.execute('create table t(a)'); c.execute('insert into t values(1)'); c.commit(); print(names())
d = sqlite3.connect('x.db', timeout=0.1); print(d.execute('select * from t').fetchall())
c.execute('begin immediate'); c.execute('insert into t values(2)'); print(d.execute('select * from t').fetchall())
show(d.execute, 'insert into t values(3)'); d.rollback(); c.commit(); print(d.execute('select * from t').fetchall())
d.execute('begin'); print(d.execute('select count(*) from t').fetchone()); c.execute('insert into t values(9)'); c.commit()
print(d.execute('select count(*) from t').fetchone()); show(d.execute, 'insert into t values(10)'); d.rollback()
d.execute('insert into t values(3)'); d.commit(); print(c.execute('select * from t').fetchall())
for i in range(3000):
    c.execute('insert into t values(?)', (i,))
    if i % 7 == 0: c.commit()
c.commit(); print(d.execute('select count(*) from t').fetchone(), d.execute('pragma integrity_check').fetchone())
e = sqlite3.connect('file:x.db?mode=ro', uri=True); print(e.execute('select count(*) from t').fetchone()); show(e.execute, 'delete from t')
e.close(); print(c.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchone(), os.path.getsize('x.db-wal'))
c.close(); d.close(); print(names())
c = sqlite3.connect('x.db'); print(c.execute('PRAGMA journal_mode').fetchone(), c.execute('select count(*) from t').fetchone())
print(c.execute('PRAGMA journal_mode=DELETE').fetchone())
"""
ROLLBACK = """
import sqlite3
c, d = sqlite3.connect('y.db', timeout=0), sqlite3.connect('y.db', timeout=0); c.execute('create table t(a)'); c.execute('insert into t values (1)'); c.commit()
c.execute('begin'); d.execute('begin'); print(c.execute('select * from t').fetchall(), d.execute('select * from t').fetchall())
c.execute('insert into t values (2)'); show(c.commit); show(d.execute, 'insert into t values (3)'); d.rollback(); c.commit()
print(d.execute('select * from t').fetchall()); c.execute('begin exclusive'); show(d.execute, 'select * from t'); c.rollback()
print(sorted(os.listdir('.')))
"""


@pytest.mark.parametrize("code", [WAL, ROLLBACK], ids=["wal", "rollback"])
def test_databases_lock_and_log_as_on_a_desktop(same, code):
    same(code)


def test_a_write_ahead_log_of_a_desktop_is_read_and_one_of_ours_there(run_code, tmp_path):
    made = tmp_path / "made"
    made.mkdir()
    code = ("import os, sqlite3\nc = sqlite3.connect('{0}x.db')\nc.execute('PRAGMA journal_mode=WAL')\nc.execute('create table t(a)')\n"
            "c.execute('insert into t values(7)')\nc.commit()\nprint(os.path.getsize('{0}x.db-wal') > 0, flush=True)\nos._exit(0)")
    subprocess.run([sys.executable, "-c", code.format("")], cwd=made, check=True)
    read = "import sqlite3\nc = sqlite3.connect('/d/x.db')\nprint(c.execute('select * from t').fetchall())\nc.execute('insert into t values(8)')\nc.commit()\n"
    assert run_code(read, "--dir", f"{made}::/d:rw").ok().out == "[(7,)]\n"
    look = "import sqlite3\nprint(sqlite3.connect('x.db').execute('select a from t').fetchall())"
    assert subprocess.run([sys.executable, "-c", look], cwd=made, capture_output=True, text=True, check=True).stdout == "[(7,), (8,)]\n"


def test_a_session_goes_on_with_its_databases_and_descriptors(in_own_home):
    def run(code):
        return in_own_home("run", "--session", "system", "-c", code).ok()

    run("import fcntl, mmap, os, sqlite3, time\nc = sqlite3.connect('x.db')\nc.execute('PRAGMA journal_mode=WAL')\nc.execute('create table t(a)')\n"
        "c.execute('insert into t values(1)')\nc.commit()\nf = open('f', 'w+b')\ng = os.dup(f.fileno())\nfcntl.flock(f, fcntl.LOCK_EX)\nr, w = os.pipe()\n"
        "os.write(w, b'kept')\nf.write(b'abcd')\nf.flush()\nm = mmap.mmap(f.fileno(), 0)\nv = memoryview(m)\nv[0] = 65\nos.environ['TZ'] = 'Asia/Tokyo'\ntime.tzset()")
    done = run("c.execute('insert into t values(2)')\nc.commit()\nprint(sqlite3.connect('x.db').execute('select * from t').fetchall(), os.read(r, 9), open('f', 'rb').read())\n"
               "os.write(g, b'ef')\nprint(f.seek(0, 1), time.localtime(0).tm_hour)\n"
               "try: fcntl.flock(open('f'), fcntl.LOCK_SH | fcntl.LOCK_NB)\nexcept BlockingIOError: print('locked')\nos.dup2(g, 1)\nprint('lost')")
    assert done.out == "[(1,), (2,)] b'kept' b'Abcd'\n6 9\nlocked\n"
    assert run("print('back', open('f', 'rb').read())").out == "back b'Abcdeflost\\n'\n"


ZONES = [
    "Europe/Berlin", "Asia/Tokyo", "America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata", "UTC",
    "CET-1CEST,M3.5.0,M10.5.0/3", "<+03>-3", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "Australia/Sydney", "GMT+5", "Nonsense/Zone", "XYZ", "",
    ":Europe/Paris", "Pacific/Apia",
]
TIMES = """
import json, random, sys, time
from datetime import date, datetime, timezone
zones = json.loads(%r)
rng = random.Random(5)
times = [rng.randrange(-2**31, 2**33) for _ in range(60)] + [0, 1711846800, 1711846799, 1729990800, 1729990799, 10**11]
for zone in zones:
    os.environ['TZ'] = zone; time.tzset()
    print(zone, time.tzname, time.timezone, time.altzone, time.daylight)
    for t in times:
        l = time.localtime(t)
        print(t, *l, l.tm_gmtoff, l.tm_zone, time.strftime('%%F %%T %%Z %%z', l), time.ctime(t), time.mktime(l), datetime.fromtimestamp(t), date.fromtimestamp(t))
        print(datetime.fromtimestamp(t, timezone.utc).astimezone(), datetime.fromtimestamp(t).timestamp())
    for when in ((2024, 7, 1, 12, 0), (2024, 1, 1, 12, 0), (2050, 6, 1, 0, 0)):
        print(when, time.mktime((*when, 0, 0, 0, -1)), datetime(*when).astimezone(), datetime(*when).timestamp(), datetime(*when).astimezone().tzname())
    print([time.mktime((2024, *when, 0, 0, 0, -1)) for when in ((3, 31, 2, 30), (3, 10, 2, 30), (10, 6, 2, 15))])
    print(time.mktime((2024, 7, 1, 12, 0, 0, 0, 0, 0)), time.mktime((2024, 1, 1, 12, 0, 0, 0, 0, time.daylight)))
    print(zone and time.strftime('%%Z %%z', (2024, 7, 1, 12, 0, 0, 0, 0, 0)), datetime.now().astimezone().tzname())
del os.environ['TZ']; time.tzset(); print(time.tzname, time.localtime(0).tm_hour)
"""


def test_local_time_is_that_of_the_zone(same):
    same(TIMES % json.dumps(ZONES))


def test_a_zone_of_the_environment_counts_from_the_beginning(run_code):
    code = "import time, datetime\nprint(time.tzname, time.localtime(0).tm_hour, datetime.datetime.fromtimestamp(0), time.strftime('%Z', time.localtime(0)))"
    assert run_code(code, "--env", "TZ=America/New_York").ok().out == "('EST', 'EDT') 19 1969-12-31 19:00:00 EST\n"
    assert run_code(code).ok().out == "('UTC', 'UTC') 0 1970-01-01 00:00:00 UTC\n"


def test_connections_to_this_machine_are_refused(same):
    done = same("""
import asyncio, http.client, socket, urllib.error, urllib.request
for host in ('127.0.0.1', '::1', 'localhost', '0.0.0.0'): show(lambda: socket.create_connection((host, 1), timeout=2))
def connect():
    with socket.socket() as s: s.settimeout(1); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.connect(('127.0.0.1', 1))
show(connect); show(lambda: errno.errorcode[socket.socket().connect_ex(('127.0.0.1', 1))])
show(lambda: http.client.HTTPConnection('127.0.0.1', 1).request('GET', '/'))
try: urllib.request.urlopen('http://127.0.0.1:1/', timeout=2)
except urllib.error.URLError as e: print(e)
async def main(): await asyncio.open_connection('127.0.0.1', 1)
show(lambda: asyncio.run(main()))
s = socket.socket(); show(s.send, b'x'); show(s.recv, 1); show(s.getpeername); s.bind(('127.0.0.1', 0)); print(s.getsockname()[0], s.getsockname()[1] > 1023)
s.close(); show(s.send, b'x'); show(s.connect, ('127.0.0.1', 1)); show(socket.socket().connect, 'x'); show(socket.socket().connect, ('127.0.0.1', 99999))
print(socket.gethostbyname('localhost'), socket.gethostbyname('10.1.2.3'), socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, '::1')))
print([i[4] for i in socket.getaddrinfo('127.0.0.1', 80, type=socket.SOCK_STREAM)], socket.getservbyname('https'))
""")
    assert done.err == ""


@pytest.mark.parametrize("code, error", [
    ("socket.create_connection(('example.org', 80))", "gaierror"), ("socket.create_connection(('8.8.8.8', 53), timeout=1)", "Network is unreachable"),
    ("socket.create_connection(('127.0.0.1', 5432))", "ConnectionRefusedError"), ("socket.create_server(('127.0.0.1', 0))", "OSError"),
    ("__import__('requests').get('http://localhost:8080/')", "Connection refused"), ("__import__('requests').get('http://example.org/')", "example.org"),
])
def test_what_is_not_there_is_told(run_code, code, error):
    done = run_code("import socket\n" + code)
    assert done.code == 1 and error in done.err and "there is no network here" in done.err


TEXTS = {"Chinese": "温度与湿度 简体中文", "Japanese": "気温と湿度のグラフ", "Korean": "온도와 습도"}


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_figures_have_letters_of_east_asia(run_code, kind):
    done = run_code(f"""
import io, warnings
import matplotlib.pyplot as plt
warnings.simplefilter('error')
def draw(*texts, **settings):
    with plt.rc_context(settings):
        fig, ax = plt.subplots(); ax.set_title(texts[0]); ax.set_xlabel(texts[-1]); ax.plot([1, 2], label=texts[-1]); ax.legend()
        out = io.BytesIO(); fig.savefig(out, format={kind!r}); plt.close(fig); return out.getvalue()
drawn = [draw(text) for text in {list(TEXTS.values())!r}]
draw({TEXTS['Korean']!r}, **{{'font.family': 'serif', 'font.weight': 'bold'}}); draw('plain')
print(len({{hash(each) for each in drawn}}), min(map(len, drawn)) > 5000, plt.rcParams['font.family'])
print(__import__('matplotlib').font_manager.FontProperties(family='Noto Sans CJK JP').get_name())
""").ok()
    assert (done.out, done.err) == ("3 True ['sans-serif']\nNoto Sans CJK JP\n", "")


def test_a_single_file_and_links_to_nowhere_are_handed_in(run_code, tmp_path):
    given = tmp_path / "given"
    given.mkdir()
    (given / "a.csv").write_text("x\n1\n")
    (given / "gone").symlink_to("missing")
    code = "import os\nprint(open('/in/data.csv').read(), os.listdir('/d'), os.readlink('/d/gone'), os.path.exists('/d/gone'))\nopen('/in/data.csv', 'a').write('2\\n')"
    done = run_code(code, "--dir", f"{given}::/d", "--dir", f"{given}/a.csv::/in/data.csv:rw").ok()
    assert done.out == "x\n1\n ['a.csv', 'gone'] missing False\n" and (given / "a.csv").read_text() == "x\n1\n2\n"
    assert sorted(path.name for path in given.iterdir()) == ["a.csv", "gone"]
    refused = run_code("open('/data.csv', 'w')", "--dir", f"{given}/a.csv::/data.csv")
    assert refused.code == 1 and "Read-only file system" in refused.err
    assert run_code("1", "--dir", f"{given}/a.csv::/").code == 125
