# SPDX-License-Identifier: Apache-2.0
"""`clients/typescript`, compiled and under Node.js, against the real service."""

import json
import re
import shutil
import subprocess
import urllib.request

import pytest

from conftest import ROOT

PACKAGE = ROOT / "clients" / "typescript"
COMPILER = ROOT / "build" / "clients" / "typescript" / "node_modules" / ".bin" / "tsc"
# What /openapi.json describes, and the type that it is read as; fields that newer services alone have.
TYPES = {("/v1/run", "post"): "Run", ("/v1/sessions/{session}", "get"): "SessionInfo", ("/v1/sessions/{session}/log", "get"): "SessionLog",
         ("/v1/sessions/{session}/diff", "get"): "Diff", ("/v1/sessions/{session}/checkpoint", "post"): "Checkpoint",
         ("/v1/sessions/{session}/rewind", "post"): "Revision", ("/v1/sessions/{session}/files", "get"): "Listing", ("/v1/files", "post"): "StoredFile", ("/v1/files", "get"): "StoredFiles",
         ("/health", "get"): "Health"}
NEWER = {"Run": ["results", "files", "files_truncated"]}
GOOD = {("/v1/files", "post"): "201"}
# Objects that are whatever the program made them.
OPEN = {"data", "metadata", "chart"}


def fields_of(schema, path, found):
    """(how a type is reached, names of its fields) of a schema, and of the objects in it."""
    found.append((path, sorted(schema["properties"])))
    for name, inner in schema["properties"].items():
        if name in OPEN:
            continue
        reached = f'NonNullable<{path}["{name}"]>'
        if "properties" in inner.get("items", {}):
            fields_of(inner["items"], f"{reached}[number]", found)
        elif "properties" in inner:
            fields_of(inner, reached, found)
    return found


def checks_of(document):
    """A program that compiles if the client's types have the fields that the service describes, and no others."""
    body = document["paths"]["/v1/run"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    found = [("m.RunOptions", sorted(set(body["properties"]) - {"code"}))]
    for (path, method), name in TYPES.items():
        schema = document["paths"][path][method]["responses"][GOOD.get((path, method), "200")]["content"]["application/json"]["schema"]
        whole = {**schema, "properties": {**schema["properties"], **{field: {} for field in NEWER.get(name, []) if field not in schema["properties"]}}}
        fields_of(whole, f"m.{name}", found)
    lines = [f"export const t{n}: Same<keyof {path}, {' | '.join(map(json.dumps, names))}> = true;" for n, (path, names) in enumerate(found)]
    return "\n".join(['import type * as m from "./models.js";', "type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : A) : B;", *lines])


@pytest.fixture
def service(serve, binary, environment, own_home):
    """Its URL, and keys of two tenants."""
    home = {**environment, "SKERRY_HOME": str(own_home)}
    keys = [subprocess.run([binary, "keys", "create", tenant], env=home, capture_output=True, text=True, check=True).stdout.split()[0]
            for tenant in ("team-a", "team-b")]
    return f"http://{serve().http}", keys


def test_it_does_under_node_what_it_says(service, environment, tmp_path):
    if not COMPILER.exists() or not shutil.which("node"):
        pytest.skip("needs Node.js and the compiler: `make test-clients`")
    url, keys = service
    with urllib.request.urlopen(f"{url}/openapi.json") as answer:
        document = json.load(answer)
    shutil.copytree(PACKAGE, tmp_path / "package")
    (tmp_path / "package" / "src" / "check.ts").write_text(checks_of(document))
    compiled = subprocess.run([COMPILER, "--project", tmp_path / "package"], capture_output=True, text=True, timeout=60)
    assert compiled.returncode == 0, compiled.stdout
    driven = subprocess.run(["node", ROOT / "tests" / "clients" / "typescript_client.mjs", tmp_path / "package" / "dist" / "index.js", url, *keys],
                            capture_output=True, text=True, timeout=60)
    assert driven.stdout == "well\n", driven.stderr

    (tmp_path / "node_modules" / "@skerry").mkdir(parents=True)
    (tmp_path / "node_modules" / "@skerry" / "client").symlink_to(tmp_path / "package")
    for document in (ROOT / "docs" / "clients.md", PACKAGE / "README.md"):
        (block,) = re.findall(r"```js\n(.*?)```", document.read_text(), re.DOTALL)
        (tmp_path / "snippet.mjs").write_text(block)
        done = subprocess.run(["node", tmp_path / "snippet.mjs"], capture_output=True, text=True, timeout=60,
                              env={**environment, "SKERRY_URL": url, "SKERRY_KEY": keys[0]})
        assert done.returncode == 0 and done.stdout, (document, done.stderr)
