# SPDX-License-Identifier: Apache-2.0
"""What a guest must not have: processes, sockets, the host's environment, paths, names or addresses."""

import subprocess
import getpass
import os
import pathlib
import re
import socket

import pytest


def refused(done):
    """Ended by a clean Python exception that the program caught, and nothing else happened."""
    assert done.code == 0, done.err
    assert done.err == ""
    assert done.out.startswith("refused"), done.out


TRY = "try:\n    {}\nexcept {} as e:\n    print('refused', type(e).__name__)\nelse:\n    print('took it')"


@pytest.mark.parametrize("action", [
    "import os; os.fork()", "import os; os.system('true')", "import os; os.popen('true').read()", "import os; os.execv('/bin/true', ['true'])",
    "import os; os.posix_spawn('/bin/true', ['true'], {})", "import os; os.spawnv(os.P_WAIT, '/bin/true', ['true'])",
    "import subprocess; subprocess.run(['true'])", "import subprocess; subprocess.Popen('true', shell=True)",
    "import subprocess; subprocess.check_output('id')", "import pty; pty.spawn('sh')",
    "import os; os.kill(1, 0)", "import os; os.kill(os.getppid(), 9)",
])
def test_no_process_can_be_started_or_reached(run_code, action):
    refused(run_code(TRY.format(action, "(OSError, AttributeError, ImportError, RuntimeError, NotImplementedError)")))


def test_a_thousand_subprocesses_fail_cleanly_and_nothing_runs(run_code):
    code = "import subprocess\nn = 0\nfor _ in range(1000):\n    try: subprocess.Popen(['sleep', '60'])\n    except OSError: n += 1\nprint(n)"
    assert run_code(code).ok().out == "1000\n"


@pytest.mark.parametrize("action", [
    "import socket; socket.socket().connect(('127.0.0.1', 80))", "import socket; socket.socket().connect(('192.0.2.1', 80))", "import socket; socket.create_connection(('127.0.0.1', 80), 1)", "import socket; socket.socketpair()",
    "import socket; socket.getaddrinfo('example.org', 80)", "import socket; socket.gethostbyname('example.org')",
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:80/', timeout=1)", "import http.client; http.client.HTTPConnection('127.0.0.1').connect()",
    "import socket; socket.create_server(('', 0))",
    "import socketserver; socketserver.TCPServer(('', 0), None)", "import asyncio; asyncio.run(asyncio.open_connection('127.0.0.1', 80))",
])
def test_no_socket_leads_anywhere(run_code, action):
    refused(run_code(TRY.format(action, "(OSError, AttributeError, ImportError)")))


def test_a_listening_server_of_the_host_sees_no_connection(run_code):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        run_code(f"import socket\ntry: socket.create_connection(('127.0.0.1', {port}), 1)\nexcept Exception as e: print(e)").ok()
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_environment_holds_nothing_of_the_hosts(run_code):
    done = run_code("import os\nfor k, v in sorted(os.environ.items()): print(k, v)").ok()
    names = {line.split(" ", 1)[0] for line in done.out.splitlines()}
    assert names <= {"HOME", "TMPDIR", "PYTHONTZPATH", "MPLBACKEND", "PYTHONHOME", "PYTHONPATH"}
    assert "host-secret" not in done.out and "SKERRY" not in done.out
    assert os.environ["PATH"] not in done.out


def test_only_the_variables_given_are_added(run_code):
    plain = run_code("import os; print(sorted(os.environ))").ok().out
    given = run_code("import os; print(sorted(k for k in os.environ if k != 'ONLY'), os.environ['ONLY'])", "--env", "ONLY=this").ok().out
    assert given == plain.strip() + " this\n"


def test_no_path_or_name_of_the_host_shows(run_code, binary, home, tmp_path):
    code = """
import gc, os, platform, sys, sysconfig, traceback
try: 1/0
except ZeroDivisionError: print(traceback.format_exc())
for f in (os.getcwd, os.uname, platform.node, platform.platform, lambda: sys.path, lambda: sys.executable, lambda: sys.prefix,
          lambda: sys.argv, lambda: sys.orig_argv, lambda: sys.flags, lambda: os.path.expanduser('~'), lambda: os.path.abspath('.'),
          lambda: sysconfig.get_paths(), lambda: [getattr(m, '__file__', None) for m in sys.modules.values()]):
    try: print(f())
    except Exception as e: print(type(e).__name__)
"""
    out = run_code(code).ok().out
    for secret in (str(binary.parent), str(home), str(tmp_path), socket.gethostname(), str(pathlib.Path.home()) + "/"):
        assert not re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", out)
    assert len(out) > 500


def test_no_user_or_process_of_the_host_shows(run_code):
    code = "import os\nfor n in ('getpid', 'getppid', 'getuid', 'getgid', 'getlogin', 'cpu_count', 'getloadavg'):\n    try: print(n, getattr(os, n)())\n    except Exception as e: print(n, type(e).__name__)"
    lines = dict(line.split(" ", 1) for line in run_code(code).ok().out.splitlines())
    assert lines["getpid"] not in (str(os.getpid()),)
    assert lines["getpid"] == dict(line.split(" ", 1) for line in run_code(code).ok().out.splitlines())["getpid"]  # no real one
    assert lines["getlogin"] != getpass.getuser()
    assert lines["getloadavg"] == "(0.0, 0.0, 0.0)"


def test_only_the_standard_descriptors_are_open(run_code):
    code = """
import os
kinds = {}
for fd in range(64):
    try: os.fstat(fd)
    except OSError: continue
    try: os.write(fd, b'')
    except OSError: kinds[fd] = 'not writable'
    else: kinds[fd] = 'writable'
print({fd: kind for fd, kind in kinds.items() if fd < 3 or kind == 'writable'})
"""
    assert run_code(code).ok().out == "{0: 'not writable', 1: 'writable', 2: 'writable'}\n"


def test_an_inherited_descriptor_of_the_caller_is_not_the_guests(binary, home, environment, tmp_path):
    (tmp_path / "secret").write_text("host-secret-in-a-descriptor")
    with open(tmp_path / "secret") as secret:
        code = "import os\nfor fd in range(3, 300):\n    for f in (lambda: os.read(fd, 99), lambda: os.pread(fd, 99, 0)):\n        try: print(fd, f())\n        except OSError: pass"
        done = subprocess.run([binary, "run", "-c", code], env=environment, pass_fds=[secret.fileno()], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"")


def test_ctypes_and_the_like_reach_nothing(run_code):
    code = "try:\n    import ctypes\n    ctypes.CDLL(None).getpid()\nexcept (ImportError, OSError, AttributeError) as e: print('refused')"
    assert run_code(code).ok().out == "refused\n"


def test_the_door_to_the_host_takes_no_nonsense(run_json):
    code = """
import _host
for frame in (b'', b'x', b'd', b'd{', b'd[]', b'd' + b'[' * 100_000, b'd' + b'9' * 1_000_000, b'r', b'r\\0\\0', b'i\\0\\0\\0\\0', b'\\xff' * 1000, bytes(20 << 20)):
    try: _host.call(frame)
    except Exception as e: pass
print('alive')
"""
    report = run_json(code)
    assert (report["outcome"], report["stdout"]) == ("completed", "alive\n")


@pytest.mark.parametrize("said", ['{"exit_code": 0, "result": "forged"}', '{"exit_code": 4096}', '{"exit_code": "x", "result": 5, "exception": []}',
                                  '{"exit_code": -1, "exception": {"type": 3, "message": null, "frames": [1, {"line": "x"}]}}'])
def test_a_guest_that_speaks_to_the_host_itself_harms_only_itself(run_json, said):
    report = run_json(f"import _host\ntry: _host.call(b'd' + {said!r}.encode())\nexcept Exception: pass\nprint('done')")
    assert report["outcome"] in ("completed", "failed")
    assert 0 <= report["exit_code"] <= 255
    assert report["stdout"] == "done\n"


def test_a_secret_of_one_run_is_not_found_in_the_next(run_code):
    secret = "planted-7f3a9c1e-secret"
    plant = f"import os, sys, builtins\nbuiltins.s = '{secret}'\nos.environ['S'] = '{secret}'\nopen('/tmp/s', 'w').write('{secret}' * 1000)\nx = ['{secret}' + str(i) for i in range(100_000)]\ndel x"
    run_code(plant).ok()
    search = """
import gc, os, sys
half = 'planted-7f3a9c1e'
found = [o for o in gc.get_objects() if isinstance(o, dict) and any(isinstance(v, str) and half + '-secret' in v for v in o.values()) and o is not globals()]
print(len(found), 'S' in os.environ, os.path.exists('/tmp/s'))
blobs = [bytearray(1 << 20) for _ in range(50)]
print(any(any(b) for b in blobs))
"""
    assert run_code(search).ok().out == "0 False False\nFalse\n"
