# SPDX-License-Identifier: Apache-2.0
"""What deploy/ and the Dockerfile say, held against the program. `make lint-deploy` holds their form."""

import ctypes
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess

import pytest
import yaml

from conftest import ROOT, default_home, home_beside

DEPLOY = ROOT / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
UNIT = (DEPLOY / "systemd" / "skerry.service").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose" / "compose.yml").read_text())["services"]["skerry"]
MANIFESTS = {path.stem: yaml.safe_load(path.read_text()) for path in (DEPLOY / "kubernetes").rglob("*.yaml")}
POD = MANIFESTS["deployment"]["spec"]["template"]["spec"]
CONTAINER = POD["containers"][0]
# Files that the service is given.
SETTINGS = {
    "container": (DEPLOY / "container" / "shannon.yaml").read_text(),
    "kubernetes": MANIFESTS["configmap"]["data"]["shannon.yaml"],
    "systemd": (DEPLOY / "systemd" / "shannon.yaml").read_text(),
}
ADDRESSES = ("service.grpc", "service.orchestrator", "service.http", "service.metrics")


def docker(instruction):
    """The last such instruction of the Dockerfile."""
    return re.findall(rf"(?m)^\s*{instruction} (.*)$", DOCKERFILE)[-1]


def unit(key):
    return re.findall(rf"(?m)^{key}=(.*)$", UNIT)


def seconds(text):
    return int(re.fullmatch(r"(\d+)s?", str(text))[1])


@pytest.fixture
def settings(skerry, tmp_path):
    """settings(TEXT, env=…): `skerry config` of a file, None for none."""

    def load(text=None, **env):
        options = []
        if text is not None:
            (tmp_path / "shannon.yaml").write_text(text)
            options = ["--config", tmp_path / "shannon.yaml"]
        return skerry("config", "--json", *options, env=env)

    return load


@pytest.fixture
def ports(settings):
    """The program's own."""
    told = json.loads(settings().ok().out)
    return {int(address.rpartition(":")[2]) for key in ADDRESSES for address in told[key]["value"]}


# ------------------------------------------------------------------------------------------------------------ settings


@pytest.mark.parametrize("name", SETTINGS)
def test_the_service_takes_the_settings(settings, ports, name):
    told = json.loads(settings(SETTINGS[name]).ok().out)
    addresses = [address.rpartition(":") for key in ADDRESSES for address in told[key]["value"]]
    assert {int(port) for _, _, port in addresses} == ports
    assert {host for host, _, _ in addresses} == {"127.0.0.1" if name == "systemd" else "0.0.0.0"}
    assert told["service.require_key"]["value"] is (name != "systemd")


def test_ports_are_the_program_s(ports):
    published = [port.split(":") for port in COMPOSE["ports"]]
    assert {host for host, _, _ in published} == {"127.0.0.1"}
    assert all(outer == inner for _, outer, inner in published)
    assert {int(port) for _, port, _ in published} == ports
    assert set(map(int, docker("EXPOSE").split())) == ports
    named = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
    assert set(named.values()) == ports
    served = MANIFESTS["service"]["spec"]["ports"]
    assert {port["name"]: port["port"] for port in served} == named
    assert all(port["targetPort"] == port["name"] for port in served)
    allowed = {port["port"] for rule in MANIFESTS["network"]["spec"]["ingress"] for port in rule["ports"]}
    assert allowed == set(named)


def test_variables_are_ones_that_the_program_knows(settings, binary):
    given = set(COMPOSE["environment"]) | {line.split("=")[0] for line in re.findall(r"(?m)^ENV (\S+)", DOCKERFILE)}
    given |= {word.split("=")[0] for word in unit("Environment")} | set(MANIFESTS["model"]["stringData"])
    service = (binary.parent / "skerry-service").read_bytes()
    assert given and all(name.encode() + b"\0" in service for name in given)
    for name in given:
        if not name.startswith(("LLM_", "SKERRY_HOME")):
            refused = settings(**{name: "nonsense"})
            assert refused.code == 125 and name in refused.err


def test_the_compose_file_s_environment_is_one_that_the_service_starts_with(serve, settings):
    # What nobody sets is empty there.
    given = {name: "" if str(value).startswith("${") else value for name, value in COMPOSE["environment"].items()}
    told = json.loads(settings(**given).ok().out)
    assert told["wasi.memory_limit_bytes"] == {"value": 256 << 20, "from": "WASI_MEMORY_LIMIT_MB", "reloaded": False}
    service = serve(env=given)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(10) == 0


def test_command_lines_are_ones_that_the_program_takes(skerry):
    said = skerry("serve", "--help").ok().out
    lines = [COMPOSE["command"], json.loads(docker("CMD")), CONTAINER["args"], shlex.split(unit("ExecStart")[0])[1:]]
    for line in lines:
        assert line[0] == "serve"
        options = [word for word in line if word.startswith("--")]
        assert options and all(re.search(rf"(?m)^\s+{option}\b", said) for option in options)
    assert {tuple(line) for line in lines} == {("serve", "--config", "/etc/skerry/shannon.yaml")}


def test_a_stop_has_the_time_that_the_service_may_take():
    grace = int(re.search(r"kGrace\{(\d+)\}", (ROOT / "skerry" / "app" / "service.cc").read_text())[1])
    for time in (COMPOSE["stop_grace_period"], unit("TimeoutStopSec")[0], POD["terminationGracePeriodSeconds"]):
        assert grace < seconds(time) <= grace + 30


MIB = 1 << 20
# What the service, the zygote and what all processes share may hold.
SERVICE_MIB = 1024
# Of a worker that is warm and has run nothing.
WARM_MIB = 32
# The default template's memory, at most.
TEMPLATE_MIB = 352


def in_source(path, pattern):
    return int(re.search(pattern, (ROOT / "skerry" / path).read_text())[1])


def memory_needed(told):
    """What these settings let all processes take at once, in MiB: deploy/README.md, "Memory"."""
    value = lambda key: told[key]["value"]
    memory = max(value("wasi.max_memory_bytes"), value("wasi.memory_limit_bytes")) / MIB
    files = value("wasi.max_files_bytes") / MIB
    room = in_source("worker/run_memory.h", r"kWorkerRoom = mib\((\d+)\)")
    copies = in_source("worker/run_memory.cc", r"kOrderCopies = (\d+);")
    order = in_source("worker/run_request.h", r"kMaxSize = std::size_t\{(\d+)\} << 20;")
    element = in_source("worker/run_memory.cc", r"kTables = (\d+);") * in_source("worker/run_memory.cc", r"kTableElement = (\d+);")
    worker = WARM_MIB + room + 2 * (memory + TEMPLATE_MIB) + 3 * files + copies * order + value("wasi.max_table_elements") * element / MIB
    compilations = in_source("broker/module_store.h", r"int compilers = (\d+);") * in_source("runtime/command.h", r"private_memory = mib\((\d+)\)")
    return value("service.workers") * worker + compilations + SERVICE_MIB


def mebibytes(text):
    number, unit = re.fullmatch(r"(\d+)(g|G|Gi|M|Mi)", str(text)).groups()
    return int(number) * (1 if unit.startswith("M") else 1024)


MEMORY_LIMITS = {
    "systemd": unit("MemoryMax")[0],
    "container": COMPOSE["mem_limit"],
    "kubernetes": CONTAINER["resources"]["limits"]["memory"],
}


@pytest.mark.parametrize("name", SETTINGS)
def test_memory_limits_fit_what_the_settings_allow(settings, name):
    # Compose's environment is laid over the container's settings.
    environment = {key: value for key, value in COMPOSE["environment"].items() if key.startswith("W")} if name == "container" else {}
    told = json.loads(settings(SETTINGS[name], **environment).ok().out)
    needed, limit = memory_needed(told), mebibytes(MEMORY_LIMITS[name])
    assert needed <= limit <= 1.25 * needed, f"{name}: {needed:.0f} MiB are needed, {limit} are given"


def test_the_default_template_is_no_larger_than_the_sum_takes_it_to_be(home):
    assert (home / "templates" / "python-data.image").stat().st_size <= TEMPLATE_MIB * MIB


def test_the_sum_in_the_readme_is_the_one_that_is_tested():
    told = (DEPLOY / "README.md").read_text()
    copies = in_source("worker/run_memory.cc", r"kOrderCopies = (\d+);") * in_source("worker/run_request.h", r"kMaxSize = std::size_t\{(\d+)\} << 20;")
    room = in_source("worker/run_memory.h", r"kWorkerRoom = mib\((\d+)\)")
    compilation = in_source("runtime/command.h", r"private_memory = mib\((\d+)\)")
    assert f"workers × ({WARM_MIB} + {room} + 2 × (memory + {TEMPLATE_MIB}) + 3 × files + {copies} + tables) + compilations × {compilation} + {SERVICE_MIB}" in told


def test_the_service_is_the_kernel_s_last_choice():
    assert int(unit("OOMScoreAdjust")[0]) <= -500 and COMPOSE["oom_score_adj"] <= -500
    assert unit("Delegate") == ["cpu memory pids"] and not unit("ProtectControlGroups")


def test_health_checks_ask_routes_that_need_no_key(served):
    import http.client

    connection = http.client.HTTPConnection(*served.http.split(":"))
    connection.request("GET", "/openapi.json")
    paths = json.loads(connection.getresponse().read())["paths"]
    asked = {CONTAINER[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    asked |= {url.partition("8000")[2] for url in (COMPOSE["healthcheck"]["test"][-1], re.search(r"http://\S+(?=\")", DOCKERFILE)[0])}
    assert asked == {"/health/live", "/health/ready"}
    assert all("security" not in paths[path]["get"] for path in asked)


# ---------------------------------------------------------------------------------------------------------------- keys


def start_from(start, environment, home, text, tmp_path):
    """The service with such settings, on ports that are free."""
    (tmp_path / "shannon.yaml").write_text(text)
    return start("serve", "--config", tmp_path / "shannon.yaml", "--grpc", "0.0.0.0:0", "--orchestrator", "0.0.0.0:0",
                 "--http", "0.0.0.0:0", env={**environment, "SKERRY_HOME": str(home)})


@pytest.mark.parametrize("name", ["container", "kubernetes"])
def test_without_keys_a_container_does_not_start(start, environment, own_home, tmp_path, name):
    process = start_from(start, environment, own_home, SETTINGS[name], tmp_path)
    assert process.wait(10) == 125
    assert b"there are no keys" in process.stderr.read()


def test_the_secret_s_keys_are_ones_that_the_service_takes(start, environment, own_home, tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "keys.json").write_text(MANIFESTS["keys"]["stringData"]["keys.json"])
    # What the init container does, where its mounts would be.
    command = POD["initContainers"][0]["command"]
    moved = [word.replace("/keys/keys.json", f"{tmp_path}/keys/keys.json", 1) for word in command]
    for _ in range(2):
        subprocess.run(moved, env={**environment, "SKERRY_HOME": str(own_home)}, check=True)
    process = start_from(start, environment, own_home, SETTINGS["kubernetes"], tmp_path)
    assert process.stderr.readline().startswith(b"skerry: gRPC on 0.0.0.0:")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


# ----------------------------------------------------------------------------------------------------------- the image


@pytest.fixture(scope="module")
def installed(binary, tmp_path_factory):
    """What `make install` installs, somewhere else."""
    prefix = tmp_path_factory.mktemp("prefix")
    done = subprocess.run(["cmake", "--install", binary.parent.parent, "--prefix", prefix], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return prefix


def test_paths_are_the_install_s(installed):
    assert "PREFIX ?= /usr/local\n" in (ROOT / "Makefile").read_text() and "make install PREFIX=/out/usr/local" in DOCKERFILE
    told = UNIT + (DEPLOY / "systemd" / "README.md").read_text() + DOCKERFILE
    paths = set(re.findall(r"(?<!out)/usr/local/((?:bin|share)/[\w./-]*\w)", told))
    ours = {"bin/skerry-entrypoint", "share/skerry/prepared"}  # the image's own
    assert {"bin/skerry", "share/skerry/scripts/setup_python_wasi.sh"} <= paths
    for path in paths - ours:
        assert (installed / path).exists(), path
    assert {each.name for each in (installed / "bin").iterdir()} == {"skerry", "skerry-service", "skerry-bench", "skerry-zygote", "skerry-compiler", "skerry-reader"}


def test_the_image_has_the_libraries_that_the_programs_need(binary):
    if not pathlib.Path("/etc/debian_version").read_text().startswith("12."):
        pytest.skip("the image is Debian 12, and this is not")
    listed = set(re.search(r"ca-certificates curl \\\n(.*?)&&", DOCKERFILE, re.S)[1].replace("\\", "").split())
    # What debian:12-slim has, and what comes along.
    has, waiting = {"libc6", "libgcc-s1", "libstdc++6", "zlib1g"}, listed
    while waiting:
        has |= waiting
        said = subprocess.run(["dpkg-query", "--show", "--showformat=${Depends},", *waiting], capture_output=True, text=True).stdout
        waiting = {name.strip().split(" ")[0].split(":")[0] for name in said.split(",") if name.strip()} - has
    needed = set()
    for program in ("skerry", "skerry-service", "skerry-bench", "skerry-zygote", "skerry-compiler", "skerry-reader"):
        said = subprocess.run(["ldd", binary.parent / program], capture_output=True, text=True, check=True).stdout
        needed |= {os.path.realpath(path) for path in re.findall(r"=> (/\S+)", said)}
    owners = subprocess.run(["dpkg", "--search", *needed], capture_output=True, text=True).stdout
    packages = {line.split(":")[0] for line in owners.splitlines()}
    assert packages - has == set()


def test_the_build_gets_all_that_is_installed_and_no_more():
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert patterns[0] == "*"
    kept = {line[1:].split("/")[0] for line in patterns if line.startswith("!")}
    assert {"skerry", "proto", "guest", "scripts", "cmake", "bench", "Makefile", "CMakeLists.txt", "CMakePresets.json"} <= kept
    assert not kept & {".git", "build"}
    for line in patterns:
        assert not line.startswith("!") or "*" in line or (ROOT / line[1:]).exists(), line


@pytest.fixture
def entrypoint(binary, environment, tmp_path):
    """entrypoint(*ARGS): the container's first process, with an image and a volume in tmp_path."""
    image, path = tmp_path / "prepared", tmp_path / "bin"
    image.mkdir(mode=0o700)
    (image / "stamp").write_text("one")
    path.mkdir()
    (path / "skerry").symlink_to(binary)
    for part in ("runtimes", "native", "templates"):
        # Copied: a hard link would change the files' ctime, and have their seals made anew under other tests.
        shutil.copytree(default_home() / part, image / part)

    def run(*args, home=tmp_path / "volume" / "home"):
        return subprocess.run([DEPLOY / "container" / "entrypoint.sh", *args], capture_output=True, text=True, timeout=120,
                              env={**environment, "SKERRY_HOME": str(home), "SKERRY_PREPARED": str(image),
                                   "PATH": f"{path}:{os.environ['PATH']}"})

    run.image, run.home = image, tmp_path / "volume" / "home"
    return run


def test_the_first_start_puts_the_runtime_into_the_volume(home, entrypoint):
    first = entrypoint("run", "--session", "s", "-c", "x = 42; print(x)")
    assert (first.returncode, first.stdout) == (0, "42\n"), first.stderr
    assert "putting the Python runtime" in first.stderr and (entrypoint.home.stat().st_mode & 0o777) == 0o700
    again = entrypoint("run", "--session", "s", "-c", "print(x + 1)")
    assert (again.returncode, again.stdout, again.stderr) == (0, "43\n", "")
    (entrypoint.image / "stamp").write_text("two")
    updated = entrypoint("run", "--session", "s", "-c", "print(x + 2)")
    assert (updated.returncode, updated.stdout) == (0, "44\n") and "putting the Python runtime" in updated.stderr


def test_a_volume_that_is_not_ours_is_told(entrypoint, tmp_path):
    (tmp_path / "file").write_text("")
    refused = entrypoint("serve", home=tmp_path / "file" / "home")
    assert refused.returncode == 125 and "is not ours to write" in refused.stderr


# ----------------------------------------------------------------------------------------------------------- the walls

ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def refuse(names, error=1):
    """From now on these system calls fail in this process and all it starts, which get no privileges either."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    filters = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(ALLOW)))
    for name in names:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # those of other machines are negative
            assert library.seccomp_rule_add(filters, ctypes.c_uint32(ERRNO | error), number, 0) == 0, name
    assert library.seccomp_load(filters) == 0


def of_the_profile():
    profile = json.loads((DEPLOY / "container" / "seccomp.json").read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ALLOW"
    assert all(rule["action"] == "SCMP_ACT_ERRNO" for rule in profile["syscalls"])
    return [name for rule in profile["syscalls"] for name in rule["names"]]


def of_the_unit():
    groups = unit("SystemCallFilter")[0]
    assert groups.startswith("~")
    names, waiting = set(), groups[1:].split()
    while waiting:
        said = subprocess.run(["systemd-analyze", "syscall-filter", waiting.pop()], capture_output=True, text=True, check=True).stdout
        for line in said.splitlines()[1:]:
            word = line.strip()
            if word.startswith("@"):
                waiting.append(word)
            elif word and not word.startswith("#"):
                names.add(word)
    return sorted(names)


@pytest.mark.parametrize("names", [of_the_profile, of_the_unit])
def test_what_is_refused_to_the_service_leaves_every_wall_standing(binary, home, environment, tmp_path, names):
    if names is of_the_unit and shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing")
    refused = names()
    assert {"ptrace", "kexec_load", "init_module"} <= set(refused)

    def walls(confine):
        done = subprocess.run([binary, "doctor", "--quick", "--json"], env=environment, capture_output=True, text=True, preexec_fn=confine)
        return {wall["wall"]: wall["state"] for wall in json.loads(done.stdout)["walls"]}

    assert walls(lambda: refuse(refused)) == walls(None)
    own = home_beside(tmp_path / "home")
    done = subprocess.run([binary, "run", "--session", "s", "-c", "import numpy; print(numpy.arange(4).sum())"],
                          env={**environment, "SKERRY_HOME": str(own)}, capture_output=True, text=True,
                          preexec_fn=lambda: refuse(refused))
    assert (done.returncode, done.stdout) == (0, "6\n"), done.stderr
    # The pair: the refusal is one.
    probe = subprocess.run(["python3", "-c", "import ctypes; print(ctypes.CDLL(None).ptrace(0, 0, 0, 0))"], capture_output=True,
                           text=True, preexec_fn=lambda: refuse(refused))
    assert probe.stdout == "-1\n"


def test_nobody_gets_more_than_a_service_needs():
    assert COMPOSE["read_only"] is True and COMPOSE["cap_drop"] == ["ALL"] and "no-new-privileges:true" in COMPOSE["security_opt"]
    assert not {"privileged", "network_mode", "pid", "cap_add", "devices"} & set(COMPOSE)
    assert docker("USER") == "10001:10001" and POD["securityContext"]["runAsUser"] == 10001 and POD["securityContext"]["runAsNonRoot"]
    for container in POD["initContainers"] + POD["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"] and context["capabilities"] == {"drop": ["ALL"]}
    assert unit("CapabilityBoundingSet") == [""] and unit("NoNewPrivileges") == ["yes"] and unit("User") == ["skerry"]
