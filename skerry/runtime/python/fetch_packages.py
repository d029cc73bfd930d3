# SPDX-License-Identifier: Apache-2.0
"""Gets the wheels of pure-Python packages for a template, with this machine's pip.

    fetch_packages.py settings WORK     as the user: what of pip's configuration matters, and what may be read
    fetch_packages.py wheels WORK       confined, with nothing of the user's environment: WORK/wheels

WORK/request says what is wanted:

    pip            requirements and wheel files, as typed
    requirements   files of requirements
    version        of the guest's interpreter, "3.15.0"
    template       the name of the template that is added to
    shipped        of what that template has: {name: {version, requires}}
    markers        what the guest answers to the markers of requirements

The answer is WORK/answer: {"error": TEXT}; or of `settings` {"interpreter": PATH, "environment": [NAME=VALUE], "readable": [PATH]}, of `wheels` {}.
"""

import hashlib
import json
import os
import pathlib
import re
import sys
import urllib.parse
import zipfile

# Of pip's configuration: where packages are and how to get there.
SETTINGS = {"index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "cert", "client-cert", "proxy", "timeout",
            "default-timeout", "retries"}
VARIABLES = ["PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
PROXIES = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]

# What helps in place of packages with compiled code: modules of the standard library, and packages that the default template ships.
INSTEAD = {
    "bcrypt": "hashlib.pbkdf2_hmac", "blis": "numpy", "catboost": "sklearn.ensemble",
    "cryptography": "hashlib, hmac, secrets and rsa", "cupy": "numpy", "cython": "numpy", "duckdb": "sqlite3", "fastparquet": "pandas with CSV files",
    "gensim": "sklearn.feature_extraction.text", "greenlet": "asyncio", "gevent": "asyncio", "h5py": "numpy.savez",
    "jax": "numpy", "levenshtein": "nltk.edit_distance", "lightgbm": "sklearn.ensemble.HistGradientBoostingClassifier",
    "msgpack": "json or pickle", "mysqlclient": "sqlite3", "numba": "numpy", "numexpr": "numpy", "opencv-python": "pillow and scipy.ndimage",
    "opencv-python-headless": "pillow and scipy.ndimage", "orjson": "json or simplejson", "polars": "pandas", "psycopg2": "sqlite3",
    "psycopg2-binary": "sqlite3", "pyarrow": "pandas with CSV files", "pycryptodome": "hashlib, hmac and rsa", "pydantic": "attrs or dataclasses",
    "pydantic-core": "attrs or dataclasses", "pymupdf": "pypdf", "python-levenshtein": "nltk.edit_distance", "pyzmq": "asyncio queues",
    "rapidfuzz": "difflib", "ruamel-yaml-clib": "pyyaml", "shap": "sklearn.inspection", "spacy": "nltk or textblob", "tensorflow": "scikit-learn",
    "tokenizers": "nltk", "torch": "scikit-learn", "torchvision": "pillow and scikit-learn", "transformers": "scikit-learn and nltk",
    "ujson": "json or simplejson", "uvloop": "asyncio", "xgboost": "sklearn.ensemble.HistGradientBoostingClassifier",
}


class Refused(Exception):
    """What is wrong, for the user."""


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def tags_of(file):
    """The tag triples of a wheel's file name, or None where it is no wheel's: NAME-VERSION(-BUILD)-PYTHON-ABI-PLATFORM.whl"""
    parts = file.removesuffix(".whl").split("-")
    return parts[-3:] if file.endswith(".whl") and len(parts) in (5, 6) else None


def is_native(tags):
    return tags[1] != "none" or tags[2] != "any"


def instead_of(name):
    other = INSTEAD.get(normal(name))
    return f"; {other} may do instead" if other else "; look for a pure-Python package that does the same, or an older version that is one"


def native(name, tags, needed_by=""):
    return Refused(f"{name}{needed_by} has compiled code (its wheel is for {'-'.join(tags)}), which cannot run in the sandbox{instead_of(name)}")


def source(what):
    return Refused(f"{what} is source, which is not built here: make a wheel of it (python3 -m pip wheel --no-deps SOURCE), and if its name ends in "
                   "none-any.whl, give its file: --pip ./FILE.whl")


def check_file(path):
    """A wheel file that was named on the command line."""
    tags = tags_of(os.path.basename(path))
    if tags is None:
        raise Refused(f"{path} is no wheel: its name should be NAME-VERSION-py3-none-any.whl")
    if not os.path.isfile(path):
        raise Refused(f"{path} is not there")
    if is_native(tags):
        raise native(os.path.basename(path).split("-")[0], tags)


# The user's side.


def configuration():
    """Of pip's own: {setting: value}, the environment before files, a section of `download` before the global one."""
    try:
        from pip._internal.configuration import Configuration
    except ModuleNotFoundError:
        raise Refused("python3 of this machine has no pip: install it (python3 -m ensurepip, or your system's package python3-pip), and try again")
    own = Configuration(isolated=False)
    own.load()
    found = {}
    rank = [":env:", "download", "install", "global"]
    for key, value in own.items():
        section, _, setting = key.rpartition(".")
        if setting in SETTINGS and section in rank:
            found.setdefault(setting, {})[rank.index(section)] = " ".join(value.split())
    return {setting: values[min(values)] for setting, values in found.items()}


def named_in(file, seen):
    """A file of requirements, and what it names by path: from its own directory, or the one that pip runs in."""
    if file in seen or not os.path.isfile(file):
        return []
    seen.add(file)
    found = [file]
    for line in pathlib.Path(file).read_text(errors="replace").splitlines():
        option, path = re.fullmatch(r"(-[rcf]\s*|--(?:requirement|constraint|find-links)[ =]\s*)?(\S*).*", line.strip()).groups()
        path = urllib.parse.unquote(path.removeprefix("file://"))
        for each in (os.path.join(os.path.dirname(file), path), path):
            if path and os.path.exists(each):
                found += named_in(each, seen) if (option or "").strip("- =")[:1] in ("r", "c") else [each]
    return found


def settings(request):
    pip = configuration()
    environment = [f"PIP_{name.replace('-', '_').upper()}={value}" for name, value in pip.items()]
    for name in [*VARIABLES, *PROXIES, *map(str.upper, PROXIES)]:
        if os.environ.get(name):
            environment.append(f"{name}={os.environ[name]}")
    readable = ["/usr", "/lib", "/lib64", "/bin", "/etc", "/run/systemd/resolve", "/dev/null", "/dev/urandom", __file__]
    readable += [sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path]
    readable += [os.environ[name] for name in VARIABLES[2:] if os.environ.get(name)]
    readable += [pip[name] for name in ("cert", "client-cert") if name in pip]
    readable += [urllib.parse.unquote(each.removeprefix("file://")) for each in pip.get("find-links", "").split() if "://" not in each.removeprefix("file://")]
    for each in request["pip"]:
        if re.search(r"\.(tar\.\w+|tgz|zip)$|^\w+\+\w+:", each) or (os.path.isdir(each) and os.sep in each) or each == ".":
            raise source(each)
        if each.endswith(".whl") and "://" not in each:
            check_file(each)
            readable.append(each)
    for each in request["requirements"]:
        if not os.path.isfile(each):
            raise Refused(f"the requirements file {each} is not there")
        readable += named_in(each, set())
    return {"interpreter": sys.executable, "environment": environment, "readable": sorted({os.path.realpath(each) for each in readable if each and os.path.exists(each)})}


# The confined side.


def make_stand_ins(request, work):
    """What the template ships is there already: pip gets a wheel of the same name and version, with nothing in it, and is held to it."""
    (work / "shipped").mkdir()
    constraints, requirements = [], []
    for name, about in request["shipped"].items():
        stem = f"{re.sub(r'[-_.]+', '_', name)}-{about['version']}"
        path = work / "shipped" / f"{stem}-py3-none-any.whl"
        metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {about['version']}"]
        # What it needs is there, too; what only an extra of it needs may not be.
        extras = [each for each in about["requires"] if "extra ==" in each]
        metadata += [f"Provides-Extra: {each}" for each in sorted({re.search(r"extra == ['\"]([^'\"]+)", each)[1] for each in extras})]
        metadata += [f"Requires-Dist: {each}" for each in extras]
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{stem}.dist-info/METADATA", "\n".join(metadata) + "\n")
            wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: skerry\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{stem}.dist-info/RECORD", "")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        constraints.append(f"{name} @ {path.as_uri()}#sha256={sha256}\n")
        requirements.append(f"{name}=={about['version']} --hash=sha256:{sha256}\n")
    (work / "constraints.txt").write_text("".join(constraints))
    (work / "shipped.txt").write_text("".join(requirements))


def run_pip(request, work):
    import pip._internal.distributions.sdist as sdist
    import pip._internal.operations.prepare as prepare
    import pip._vendor.packaging.markers as markers
    from pip._internal.cli.main import main

    refusals = []

    def refuse(self, *args, **more):
        refusals.append(source(getattr(self, "req", self)))
        raise refusals[-1]

    # `--only-binary` is about what an index has: other source would be built, by code of its own, on this machine.
    for owner, name in ((sdist.SourceDistribution, "prepare_distribution_metadata"), (prepare, "unpack_vcs_link")):
        if not hasattr(owner, name):
            raise Refused("this pip is not known: use version 22 to 26")
        setattr(owner, name, refuse)
    # pip asks its own interpreter, whatever it is told of the version it downloads for.
    markers.default_environment = lambda: dict(request["markers"])
    arguments = ["download", "--quiet", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--only-binary=:all:",
                 "--implementation=py", "--platform=any", "--abi=none", f"--python-version={request['version']}",
                 f"--dest={work / 'wheels'}", f"--log={work / 'pip.log'}", f"--constraint={work / 'constraints.txt'}"]
    files = list(request["requirements"])
    if any("--hash=" in pathlib.Path(each).read_text(errors="replace") for each in files):
        files.append(work / "shipped.txt")  # then pip wants a hash of everything, of what others need, too
    arguments += [f"--requirement={each}" for each in files]
    code = main([*arguments, *request["pip"]])
    if refusals:
        raise refusals[0]
    return code


def why(log, request):
    """What pip's log says went wrong, in words that help."""
    python = ".".join(request["version"].split(".")[:2])
    lines = [re.sub(r"^\d{4}-\d\d-\d\dT[\d:,.]+ ", "", line) for line in log.splitlines()]
    if found := re.search(r"(\S+\.whl) is not a supported wheel on this platform", log):
        file = urllib.parse.unquote(os.path.basename(found[1]))
        if tags_of(file):
            return native(file.split("-")[0], tags_of(file))
    shipped = {normal(name): about["version"] for name, about in request["shipped"].items()}
    template = request["template"]
    if re.search(r"(ERROR|DistributionNotFound): ResolutionImpossible", log):
        said = []
        for line in lines:
            line = re.sub(r" \(from (file:|/)\S*\)", "", line.strip())
            line = re.sub(r" @ file:\S+", "", line)
            if found := re.match(r"(?:INFO: )?The user requested \(constraint\) (\S+)", line):
                name = normal(re.split(r"[=<>!~ ]", found[1])[0])
                said.append(f"the template {template} ships {name} {shipped.get(name, '')}")
            elif found := re.match(r"(?:INFO: )?The user requested (\S.*)", line):
                said.append(f"{found[1]} is asked for")
            elif re.match(r"(?:INFO: )?\S+ \S+ depends on \S", line):
                said.append(line.removeprefix("INFO: "))
        return Refused("the packages contradict each other: " + "; ".join(dict.fromkeys(said)))
    missing = re.search(r"No matching distribution found for (\S+)", log)
    if missing:
        wanted = missing[1].rstrip(";")
        name = normal(re.split(r"[\[=<>!~; (]", wanted)[0])
        source = re.search(rf"satisfies the requirement {re.escape(wanted)}.*?\(from (?!versions)(.+?)\)", log)
        needed_by = f" (which {source[1]} needs)" if source and "->" not in source[1] and not source[1].startswith("-r ") else ""
        if name in shipped:
            return Refused(f"{wanted}{needed_by} is not what the template {template} ships: that is {name} {shipped[name]}")
        if "requires a different Python" in log or "require a different python version" in log:
            other = [found[1] for found in re.finditer(r"Link requires a different Python \(\S+ not in: '([^']+)'\): \S*/([^/#]+)#?\S* ", log)
                     if normal(re.split(r"-\d", found[2])[0]) == name]
            if other:
                return Refused(f"{wanted}{needed_by} needs another Python ({other[-1]}): in the sandbox it is {python}")
        for found in reversed(list(re.finditer(r"none of the wheel's tags \(.*?\) are compatible.*?: (\S+)", log))):
            file = urllib.parse.unquote(os.path.basename(urllib.parse.urlsplit(found[1]).path))
            tags = tags_of(file)
            if tags and normal(file.split("-")[0]) == name and is_native(tags):
                return native(name, tags, needed_by)
        if any(normal(each) == name for each in re.findall(r"No sources permitted for ([^\s:]+)", log)):
            return source(f"what is published of {wanted}{needed_by}")
        if re.search(r"after connection broken by|Could not fetch URL .*(Connection|Timeout|SSL|resolve)", log):
            broken = re.search(r"after connection broken by '?(.{0,200})", log)
            return Refused(f"the package index cannot be reached ({(broken[1] if broken else 'no connection').strip()}): check the network, or set index-url in "
                           f"pip's configuration to one that can; wheel files (--pip ./FILE.whl) need none if all that they need is given, too")
        return Refused(f"there is no {wanted}{needed_by} at the package index that pip is configured for, or in find-links")
    errors = [line.strip().removeprefix("ERROR: ") for line in lines if line.strip().startswith("ERROR:")]
    if not errors or errors == ["Exception:"]:
        errors = [line.strip() for line in lines if re.match(r"[\w.]+(Error|Exception|Zip\w*): ", line)][-1:] or lines[-3:]
    told = "; ".join(dict.fromkeys(errors))
    return Refused(f"pip failed: {told[-1500:]}")


def wheels(request, work):
    (work / "wheels").mkdir()
    make_stand_ins(request, work)
    code = run_pip(request, work)
    if code != 0:
        raise why((work / "pip.log").read_text(errors="replace"), request)
    shipped = {normal(name) for name in request["shipped"]}
    for file in (work / "wheels").iterdir():
        tags = tags_of(file.name)
        if tags is None:
            raise Refused(f"{file.name} is no wheel")
        if normal(file.name.split("-")[0]) in shipped:
            file.unlink()
        elif is_native(tags):
            raise native(file.name.split("-")[0], tags)
    return {}


def main():
    step, work = sys.argv[1], pathlib.Path(sys.argv[2])
    request = json.loads((work / "request").read_text())
    try:
        answer = settings(request) if step == "settings" else wheels(request, work)
    except Refused as error:
        answer = {"error": str(error)}
    (work / "answer").write_text(json.dumps(answer))


main()
