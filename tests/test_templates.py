# SPDX-License-Identifier: Apache-2.0
"""Templates with packages of one's own: built, listed, used by every interface, removed."""

import concurrent.futures
import functools
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import zipfile

import pytest

from conftest import ROOT, SECRET, default_home
from grpc_client import Client
from test_http import Http

SOURCE = ROOT / "skerry/runtime/python/fetch_packages.py"


def wheel(directory, name, version="1.0", files=None, requires=(), tag="py3-none-any"):
    """A wheel file. Without `files` it has one module, which says its version."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", *(f"Requires-Dist: {each}\n" for each in requires)]
    with zipfile.ZipFile(path, "w") as out:
        for file, text in (files or {f"{name}/__init__.py": f"version = {version!r}\n"}).items():
            out.writestr(file, text)
        out.writestr(f"{info}/METADATA", "".join(metadata))
        out.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        out.writestr(f"{info}/RECORD", "")
    return path


def make_home(directory):
    """A home with templates and sessions of its own; the shipped templates are the tests'."""
    directory.mkdir(mode=0o700)
    for part in ("runtimes", "native", "modules"):
        if (default_home() / part).exists():
            (directory / part).symlink_to(default_home() / part)
    (directory / "templates").mkdir(mode=0o700)
    for file in (default_home() / "templates").glob("python*"):
        (directory / "templates" / file.name).symlink_to(file)
    return directory


OWN = {
    "own/__init__.py": "import helper, random\nfrom . import part\nloaded = []\nfresh, fixed = random.Random(), random.Random(7)\n"
                       "def text(): return (__import__('pathlib').Path(__file__).parent / 'data.txt').read_text()\n",
    "own/part.py": "answer = 42\n",
    "own/data.txt": "some data",
    "spaces/inner/deep/__init__.py": "import own\n",  # of a namespace
    "own-1.0.data/scripts/tool": "#!python\n",
}


class Builder:
    """skerry, in a home of its own, without an index of packages."""

    def __init__(self, binary, environment, home):
        self.binary, self.home = binary, home
        self.env = {**environment, "SKERRY_HOME": str(home), "PIP_NO_INDEX": "1"}
        self.env.pop("PIP_FIND_LINKS", None)

    def __call__(self, *args, env=None, **how):
        return subprocess.run([self.binary, *map(str, args)], env={**self.env, **(env or {})}, capture_output=True, text=True, timeout=60, **how)

    def build(self, name, *args, **how):
        return self("template", "build", name, "--from", "python", *args, **how)

    def run(self, name, code, *args, **how):
        return self("run", "--template", name, *args, "-c", code, **how)

    def listed(self):
        done = self("template", "list", "--json")
        return {each["name"]: each for each in json.loads(done.stdout)["templates"]}

    def objects(self):
        return sorted(each.name for each in (self.home / "templates" / "objects").iterdir())


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    directory = tmp_path_factory.mktemp("wheels")
    wheel(directory, "helper", "2.0", {"helper.py": "import os\n", "helper_extra.py": "import no_such_module\n"})
    wheel(directory, "own", "1.0", OWN, ["helper>=1", "typing_extensions", "absent; python_version < '3.15'", "greenlet; platform_machine == 'x86_64'"])
    return directory


@pytest.fixture(scope="module")
def own(binary, home, environment, wheels, tmp_path_factory):
    """A home with the template `own`."""
    directory = tmp_path_factory.mktemp("built")
    warm = directory / "warm.py"
    warm.write_text("import own, sys\nown.loaded.append(sys.argv)\nname = 1\nopen('/kept.txt', 'w').write('kept')\nprint('warming')\n")
    builder = Builder(binary, environment, make_home(directory / "home"))
    builder.again = ["own", "--pip", wheels / "own-1.0-py3-none-any.whl", wheels / "helper-2.0-py3-none-any.whl", "--run", warm]
    done = builder.build(*builder.again)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "template own is built: helper 2.0, own 1.0\n"
    assert "warming\n" in done.stderr
    return builder


@pytest.fixture
def bare(binary, home, environment, tmp_path):
    """A home with no template but the shipped ones."""
    return Builder(binary, environment, make_home(tmp_path / "home"))


def test_what_was_loaded_is_warm_in_every_fresh_run(own):
    code = ("import sys, time\nt = time.perf_counter()\nimport own, spaces.inner.deep\nprint(time.perf_counter() - t < 0.02, own.part.answer, own.text())\n"
            "print(own.loaded[0][0].endswith('warm.py'), 'name' in globals(), open('/kept.txt').read(), sys.argv)\nown.loaded.append(1)")
    for _ in range(2):
        assert own.run("own", code).stdout == "True 42 some data\nTrue False kept ['-c']\n"


def test_its_memory_counts_as_the_template_s(own):
    report = json.loads(own.run("own", "import own", "--memory", "8", "--json", "--max-files", "1").stdout)
    assert report["outcome"] == "completed" and report["usage"]["peak_memory_bytes"] < 4 << 20
    assert report["usage"]["dirty_pages"] < 200


def test_packages_are_found_as_on_a_desktop(own):
    code = ("import importlib.metadata as m, importlib.resources as r\nprint(m.version('own'), m.requires('own')[0], (r.files('own') / 'data.txt').read_text())\n"
            "import typing_extensions\ntry:\n    open('/usr/local/lib/python3.15/site-packages/own/part.py', 'w')\nexcept OSError as e:\n    print('read-only')")
    assert own.run("own", code).stdout == "1.0 helper>=1 some data\nread-only\n"


def test_random_numbers_of_modules_are_those_of_fresh_imports(own):
    drawn = [own.run("own", "import own, random\nprint(own.fresh.random(), own.fixed.random(), random.random())").stdout.split() for _ in range(2)]
    assert drawn[0][0] != drawn[1][0] and drawn[0][2] != drawn[1][2]
    assert drawn[0][1] == drawn[1][1] == str(__import__("random").Random(7).random())


def test_another_template_has_none_of_it(own):
    assert "ModuleNotFoundError" in own.run("python", "import own").stderr


def test_the_lock_says_what_is_in_it(own, wheels):
    listed = own.listed()
    assert list(listed) == ["python", "python-data", "own"]
    assert listed["python-data"] == {"name": "python-data", "is_default": True, "is_shipped": True}
    lock = listed["own"]
    assert [(each["name"], each["version"], each["file"]) for each in lock["packages"]] == [
        ("helper", "2.0", "helper-2.0-py3-none-any.whl"), ("own", "1.0", "own-1.0-py3-none-any.whl")]
    assert lock["packages"][1]["sha256"] == sha256(wheels / "own-1.0-py3-none-any.whl")
    assert lock["from"] == "python" and lock["problem"] is None and own.objects() == [lock["id"]]
    assert "own 1.0" in own("template", "list").stdout
    assert "template own" in own("doctor").stdout


def sha256(path):
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_again_is_said_to_be_there(own):
    before = (own.home / "templates/named/own/template.image").stat()
    done = own.build(*own.again)
    assert (done.returncode, done.stdout) == (0, "template own is built of the same already; nothing to do: helper 2.0, own 1.0\n")
    assert (own.home / "templates/named/own/template.image").stat() == before


def test_sessions_on_it_and_the_service(own, start, tmp_path):
    assert own.run("own", "import own\nown.loaded.append('first')\nn = 1", "--session", "s").returncode == 0
    process = start("serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--orchestrator", "127.0.0.1:0", env=own.env)
    lines = [process.stderr.readline().decode().split() for _ in range(3)]
    http = Http(lines[1][-1])
    run = functools.partial(http.post, "/v1/run")
    assert run(code="import own\nprint(own.part.answer, own.text())", template="own")["stdout"] == "42 some data\n"
    assert run(code="print(own.loaded[-1], n, own.text())", session="s")["stdout"] == "first 1 some data\n"
    assert run(code="import own\nprint(own.loaded)", session="t", template="own")["session"]["revision"] == 1
    status, _, refused = http("POST", "/v1/run", {"code": "1", "template": "other"})
    assert status >= 400 and "own" in json.dumps(refused), refused
    assert '"own"' in json.dumps(http.get("/openapi.json"))
    with Client(lines[0][-1], "skerry.v1.Skerry") as grpc:
        assert "own" in [each.name for each in grpc.ListTemplates().templates]
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert own("run", "--session", "t", "-c", "print(own.text())").stdout == "some data\n"


def test_a_removed_template_s_sessions_go_on(bare, wheels):
    assert bare.build("t", "--pip", wheels / "own-1.0-py3-none-any.whl", wheels / "helper-2.0-py3-none-any.whl").returncode == 0
    assert bare.run("t", "import own", "--session", "s").returncode == 0
    assert bare("template", "remove", "t").stdout == "template t is removed\n"
    assert list(bare.listed()) == ["python", "python-data"]
    assert "unknown template \"t\", expected one of python, python-data" in bare.run("t", "1").stderr
    assert bare("run", "--session", "s", "-c", "import own.part, spaces.inner.deep\nprint(own.text())").stdout == "some data\n"
    assert len(bare.objects()) == 1
    assert bare("session", "clear", "s").returncode == 0 and bare("store", "gc").returncode == 0
    assert "no template was built" in bare("template", "remove", "t").stderr
    assert bare.objects() == []


def test_a_session_on_it_moves_to_where_its_template_is(own, bare, tmp_path):
    assert own.run("own", "import own\nown.loaded.append('moved')", "--session", "m").returncode == 0
    assert own("session", "export", "m", tmp_path / "m.skerry").returncode == 0
    assert own("session", "import", tmp_path / "m.skerry", "--name", "n").returncode == 0
    assert own("run", "--session", "n", "-c", "print(own.loaded[-1], own.text())").stdout == "moved some data\n"
    refused = bare("session", "import", tmp_path / "m.skerry")
    assert refused.returncode == 125 and "if the session's template was built, build it here, too" in refused.stderr


def test_another_version_takes_its_place_whole(bare, tmp_path):
    for version in ("1.0", "2.0"):
        done = bare.build("v", "--json", "--pip", wheel(tmp_path / "w", "plain", version))
        assert json.loads(done.stdout)["packages"][0]["version"] == version and not json.loads(done.stdout)["was_there"]
        assert bare.run("v", "import plain\nprint(plain.version)").stdout == version + "\n"
        assert len(bare.objects()) == 1
    # A failure leaves what there was.
    broken = wheel(tmp_path / "w", "plain", "3.0", {"plain/__init__.py": "def f():\n    raise ValueError('not today')\nf()\n"})
    done = bare.build("v", "--pip", broken)
    assert done.returncode == 125 and "ValueError: not today" in done.stderr and "template v was not built" in done.stderr
    assert bare.run("v", "import plain\nprint(plain.version)").stdout == "2.0\n" and len(bare.objects()) == 1


def test_a_damaged_one_is_refused_with_the_command_that_builds_it(bare, tmp_path):
    file = wheel(tmp_path / "w", "plain")
    assert bare.build("d", "--pip", file).returncode == 0
    for each in ("packages.tar", "template.image", "lock.json"):
        assert bare.run("d", "import plain").returncode == 0
        path = bare.home / "templates/named/d" / each
        good = path.read_bytes()
        path.write_bytes(b"\xff" * 40 + good[40:])
        done = bare.run("d", "import plain")
        assert done.returncode == 125 and "template d is damaged" in done.stderr
        assert (f"run `skerry template build d --from python --pip {file}`" in done.stderr) == (each != "lock.json"), done.stderr
        assert bare.listed()["d"]["problem"]
        path.write_bytes(good)
    path.write_bytes(b"{}")
    assert bare.build("d", "--pip", file).returncode == 0 and bare.run("d", "import plain").returncode == 0


def test_a_failing_program_fails_the_build(bare, tmp_path):
    program = tmp_path / "warm.py"
    for text, said in (("def f():\n    raise KeyError('k')\nf()\n", "KeyError: 'k'"), ("import sys\nsys.exit(3)", "exit code 3"),
                       ("import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()", "a thread that was started has not ended")):
        program.write_text(text)
        done = bare.build("p", "--run", program)
        assert done.returncode == 125 and said in done.stderr and "template p was not built" in done.stderr, done.stderr
        assert bare.objects() == [] and "p" not in bare.listed()
    assert f'File "{program}", line 2, in f' in bare.build("p", "--run", save(program, "def f():\n    raise KeyError('k')\nf()\n")).stderr
    assert bare.build("p", "--run", save(program, "import sys\nsys.exit(0)")).returncode == 0


def save(path, text):
    path.write_text(text)
    return path


def test_hashes_of_requirements_are_checked(bare, tmp_path):
    file = wheel(tmp_path / "links", "plain", requires=["typing_extensions"])
    lines = f"--find-links {file.parent}\nplain==1.0 --hash=sha256:"
    done = bare.build("h", "-r", save(tmp_path / "r.txt", lines + "0" * 64))
    assert done.returncode == 125 and "DO NOT MATCH THE HASHES" in done.stderr, done.stderr
    assert bare.build("h", "-r", save(tmp_path / "r.txt", lines + sha256(file))).stdout == "template h is built: plain 1.0\n"


REFUSED = {
    "a native wheel": (lambda d: ["--pip", wheel(d, "fast", tag="cp315-cp315-manylinux_2_17_x86_64")],
                       "fast has compiled code (its wheel is for cp315-cp315-manylinux_2_17_x86_64), which cannot run in the sandbox"),
    "one with a known other": (lambda d: ["--pip", wheel(d, "orjson", tag="cp315-cp315-win_amd64")], "json or simplejson may do instead"),
    "one among requirements": (lambda d: ["--requirements", save(d / "r.txt", f"{wheel(d, 'fast', tag='cp315-abi3-linux_x86_64')}\n")],
                               "fast has compiled code"),
    "one that another needs": (lambda d: ["--pip", wheel(d, "slow", requires=["fast"]), "--requirements", save(
        d / "f.txt", f"--find-links {wheel(d / 'links', 'fast', tag='cp315-cp315-linux_x86_64').parent}\n")], "fast (which slow needs) has compiled code"),
    "a version that is not the shipped one": (lambda d: ["--pip", wheel(d, "old", requires=["numpy<2"])],
                                              "old 1.0 depends on numpy<2; the template python ships numpy 2."),
    "a package that is nowhere": (lambda d: ["--pip", "no-such-package"], "there is no no-such-package at the package index"),
    "a file that is not there": (lambda d: ["--pip", "./gone-1.0-py3-none-any.whl"], "./gone-1.0-py3-none-any.whl is not there"),
    "requirements that are not there": (lambda d: ["--requirements", "gone.txt"], "the requirements file gone.txt is not there"),
    "a damaged wheel": (lambda d: ["--pip", save(d / "bad-1.0-py3-none-any.whl", "no zip")], "bad"),
    "a source archive": (lambda d: ["--pip", save(d / "src-1.0.tar.gz", "")], "src-1.0.tar.gz"),
    "an option of pip's": (lambda d: ["--pip=--index-url=x"], "is an option, not a package"),
    "nothing": (lambda d: [], "give --pip, --requirements or --run"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_had_is_refused_by_name(own, tmp_path, what):
    arguments, said = REFUSED[what]
    done = own.build("refused", *arguments(tmp_path), cwd=tmp_path)
    assert done.returncode == 125 and said in done.stderr, done.stderr
    assert "refused" not in own.listed() and len(own.objects()) == 1


def test_names_and_bases_are_checked_first(own):
    for name, said in (("python-data", "is one that Skerry ships"), ("../x", "a template's name has"), (".x", "a template's name has")):
        done = own.build(name, "--pip", "x")
        assert done.returncode == 125 and said in done.stderr
        assert "getting" not in done.stderr
    assert "unknown template \"own\"" in own("template", "build", "x", "--from", "own", "--pip", "x").stderr
    assert "cannot be removed" in own("template", "remove", "python").stderr
    assert own("template").returncode == own("template", "nothing").returncode == 125


def test_two_at_once_and_one_that_is_killed(bare, tmp_path):
    slow = save(tmp_path / "slow.py", "import time\nprint('waiting', flush=True)\ntime.sleep(60)")
    killed = subprocess.Popen([bare.binary, "template", "build", "k", "--from", "python", "--run", slow], env=bare.env, stderr=subprocess.PIPE, text=True)
    assert any("waiting" in line for line in killed.stderr)
    assert len(bare.objects()) == 2
    killed.kill()
    killed.communicate()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda name: bare.build(name, "--run", save(tmp_path / f"{name}.py", "import json")), ["a", "b"]))
    assert [done.returncode for done in both] == [0, 0]
    assert {"a", "b"} < set(bare.listed()) and "k" not in bare.listed() and len(bare.objects()) == 2


@pytest.fixture
def index(tmp_path):
    """A package index of one's own: (its address, the requests that came)."""
    (tmp_path / "simple/mirrored").mkdir(parents=True)
    file = wheel(tmp_path / "simple/mirrored", "mirrored", "4.0")
    wheel(tmp_path / "simple/mirrored", "mirrored", "5.0", tag="cp315-cp315-linux_x86_64")
    came = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            came.append((self.path, str(self.headers)))

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert file.exists()
    yield f"http://127.0.0.1:{server.server_port}/simple/", came
    server.shutdown()
    server.server_close()


def test_pip_s_own_configuration_says_where_packages_are(bare, index):
    address, came = index
    mirror = {"PIP_INDEX_URL": address, "PIP_NO_INDEX": "0"}
    done = bare.build("m", "--pip", "mirrored", env=mirror)
    assert done.stdout == "template m is built: mirrored 4.0\n", done.stderr
    assert came and SECRET not in str(came)
    assert "mirrored has compiled code" in bare.build("n", "--pip", "mirrored>4", env=mirror).stderr
    gone = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple/", "PIP_NO_INDEX": "0", "PIP_RETRIES": "1"}
    assert "the package index cannot be reached" in bare.build("n", "--pip", "mirrored", env=gone).stderr


def test_the_fetcher_gets_nothing_of_the_environment_but_its_settings(environment, tmp_path):
    (tmp_path / "request").write_text(json.dumps({"pip": [], "requirements": []}))
    env = {**environment, "PIP_INDEX_URL": "https://u:p@mirror/simple", "AWS_SECRET_ACCESS_KEY": SECRET, "https_proxy": "http://proxy:1"}
    subprocess.run(["python3", "-I", SOURCE, "settings", tmp_path], env=env, check=True)
    answer = json.loads((tmp_path / "answer").read_text())
    assert {"PIP_INDEX_URL=https://u:p@mirror/simple", "https_proxy=http://proxy:1"} < set(answer["environment"])
    assert SECRET not in str(answer)
    home = pathlib.Path.home()
    assert str(home) not in answer["readable"] and all(not str(home / ".ssh").startswith(each + "/") for each in answer["readable"])


def test_without_pip_or_an_interpreter_it_says_what_to_install(bare, tmp_path):
    path = tmp_path / "bin"
    path.mkdir()
    assert "there is no python3 in PATH" in bare.build("x", "--pip", "x", env={"PATH": str(path)}).stderr
    python = subprocess.run([sys.executable, "-c", "import sys; print(sys.base_prefix)"], capture_output=True, text=True).stdout.strip()
    subprocess.run([f"{python}/bin/python3", "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    done = bare.build("x", "--pip", "x", env={"PATH": f"{tmp_path / 'venv/bin'}:{os.environ['PATH']}"})
    assert "python3 of this machine has no pip: install it" in done.stderr


def test_a_package_of_the_index_is_there(bare, environment):
    online = {"PIP_NO_INDEX": "0"} | {name: environment[name] for name in ("PIP_FIND_LINKS",) if name in environment}
    done = bare.build("real", "--pip", "inflection==0.5.1", env=online)
    if "index cannot be reached" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.stdout == "template real is built: inflection 0.5.1\n", done.stderr
    assert bare.run("real", "import inflection\nprint(inflection.pluralize('octopus'))").stdout == "octopi\n"
