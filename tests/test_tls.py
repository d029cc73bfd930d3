# SPDX-License-Identifier: Apache-2.0
"""`skerry serve` over TLS: who proves what to whom, and what a handshake may do to the service."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import types

import grpc
import pytest

from conftest import wait_until
from grpc_client import Client, output
from live_clients import SocketRun
from stream_clients import EventSource, WebSocket
from test_http import Http


class Authority:
    """Certificates that one root signs, made by `openssl`; files of each by name: NAME.pem, NAME.key."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        self.call("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=root",
                  "-keyout", "root.key", "-out", "root.pem")
        self.root = directory / "root.pem"

    def call(self, *words):
        done = subprocess.run(["openssl", *map(str, words)], cwd=self.directory, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def make(self, name, days="30", usage="serverAuth", key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), subject=None):
        """(certificate, key), for 127.0.0.1 and localhost."""
        self.call("req", "-newkey", *key, "-nodes", "-subj", f"/CN={subject or name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (self.directory / f"{name}.cnf").write_text(
            f"subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage={usage}\nbasicConstraints=CA:FALSE\n")
        self.call("x509", "-req", "-in", f"{name}.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", days,
                  "-extfile", f"{name}.cnf", "-out", f"{name}.pem")
        return self.directory / f"{name}.pem", self.directory / f"{name}.key"

    def context(self, client=None):
        """What trusts the root, and shows `client`."""
        context = ssl.create_default_context(cafile=self.root)
        if client:
            context.load_cert_chain(*client)
        return context

    def credentials(self, client=None):
        """The same for gRPC."""
        parts = [path.read_bytes() for path in reversed(client)] if client else []
        return grpc.ssl_channel_credentials(self.root.read_bytes(), *parts)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("makes its certificates with `openssl`, which is not there")
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory, authority):
    """An authority that nobody here trusts."""
    return Authority(tmp_path_factory.mktemp("tls") / "theirs")


@pytest.fixture(scope="module")
def pair(authority):
    return authority.make("server")


@pytest.fixture(scope="module")
def client_pair(authority):
    return authority.make("client", usage="clientAuth")


@pytest.fixture
def secure(serve, pair):
    return serve("--tls-cert", pair[0], "--tls-key", pair[1])


@pytest.fixture
def mutual(serve, pair, authority):
    return serve("--tls-cert", pair[0], "--tls-key", pair[1], "--tls-client-ca", authority.root)


def handshake(address, context, keep=False):
    """The connection's own words about itself; raises what the handshake does."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=15) as plain, context.wrap_socket(plain, server_hostname="localhost") as seen:
        # With TLS 1.3 a client learns only here that it was refused.
        if seen.selected_alpn_protocol() == "h2":
            seen.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5))
            assert seen.recv(4)[3] == 4, "its SETTINGS come first"
        else:
            seen.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert seen.recv(12) in (b"HTTP/1.1 200", b"HTTP/1.1 505"), "where gRPC alone is served"
        return types.SimpleNamespace(version=seen.version(), protocol=seen.selected_alpn_protocol(),
                                     subject=dict(part[0] for part in seen.getpeercert()["subject"])["commonName"] if context.verify_mode else None)


# ------------------------------------------------------------------------------------------------ what works over TLS


def test_http_and_grpc_answer_over_tls_on_each_port(secure, authority):
    client = Http(secure.http, authority.context())
    assert client.post("/v1/run", code="print(40 + 2)")["stdout"] == "42\n"
    assert client.post("/v1/run", code="print('x' * 500_000)")["stdout"] == "x" * 500_000 + "\n"
    with Client(secure.grpc, credentials=authority.credentials()) as agent:
        assert output(agent.python("print(6 * 7)")) == "42\n"
    with Client(secure.orchestrator, service="shannon.orchestrator.OrchestratorService", credentials=authority.credentials()) as tasks:
        assert tasks.service.full_name


def test_curl_trusts_it_and_gets_an_answer(secure, authority):
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    curl = ["curl", "-sS", "--cacert", authority.root, f"https://{secure.http}/v1/run"]
    done = subprocess.run([*curl, "-d", '{"code": "print(1)"}'], capture_output=True, text=True)
    assert json.loads(done.stdout)["stdout"] == "1\n", done.stderr
    # A stream ends with its connection: without a farewell curl calls it cut off.
    done = subprocess.run([*curl, "-N", "-H", "Accept: text/event-stream", "-d", '{"code": "print(1)"}'], capture_output=True, text=True)
    assert done.returncode == 0 and "event: outcome" in done.stdout, done.stderr


def test_one_connection_answers_many_requests_and_pipelined_ones(secure, authority):
    client = Http(secure.http, authority.context())
    for number in range(20):
        assert client.post("/v1/run", code=f"print({number})")["stdout"] == f"{number}\n"
    host, port = secure.http.split(":")
    with socket.create_connection((host, int(port)), timeout=15) as plain, authority.context().wrap_socket(plain, server_hostname="localhost") as many:
        body = b'{"code": "import time; time.sleep(0.2)"}'
        one = b"POST /v1/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n" % len(body)
        many.sendall(one + b"\r\n" + body)
        time.sleep(0.1)  # the second comes while the first runs, and is kept
        many.sendall(one + b"Connection: close\r\n\r\n" + body)
        received = b""
        while piece := many.recv(1 << 16):
            received += piece
        assert received.count(b"HTTP/1.1 200 OK") == 2 and received.count(b'"exit_code":0') == 2


def test_more_requests_than_are_kept_may_wait_for_one(secure, authority):
    host, port = secure.http.split(":")
    with socket.create_connection((host, int(port)), timeout=15) as plain, authority.context().wrap_socket(plain, server_hostname="localhost") as many:
        body = b'{"code": "import time; time.sleep(0.5)"}'
        many.sendall(b"POST /v1/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        time.sleep(0.1)
        one = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Filler: %s\r\n" % (b"x" * 200)
        many.sendall((one + b"\r\n") * 999 + one + b"Connection: close\r\n\r\n")
        received = b""
        while piece := many.recv(1 << 16):
            received += piece
    assert received.count(b"HTTP/1.1 200 OK") == 1001


def test_a_large_body_goes_in_and_out(secure, authority):
    client = Http(secure.http, authority.context())
    told = client.post("/v1/run", code="import sys; print(len(sys.stdin.read()))", stdin="x" * 3_000_000)
    assert told["stdout"] == "3000000\n"


def test_events_and_web_sockets_work_over_tls(secure, authority):
    context = authority.context()
    client = Http(secure.http, context)
    task = client("POST", "/api/v1/tasks", {"query": "Execute Python: print(6 * 7)"})[2]["task_id"]
    with EventSource(secure.http, f"/api/v1/stream/sse?workflow_id={task}", context=context) as source:
        assert source.status == 200 and "done" in [event.name for event in source]
    with WebSocket(secure.http, f"/api/v1/stream/ws?workflow_id={task}", context=context) as opened:
        assert opened.status == 101
        texts, code = opened.messages()
        assert texts and code == 1000
    # One that is refused, and one that goes at once.
    with WebSocket(secure.http, "/api/v1/stream/ws?workflow_id=none", context=context) as opened:
        assert opened.status == 404
    WebSocket(secure.http, f"/api/v1/stream/ws?workflow_id={task}", context=context).close()
    assert client.get("/health")


def test_input_while_a_program_runs_works_over_tls(secure, authority):
    run = SocketRun(secure, context=authority.context(), code="print('hello', input('name? '))", stdin="x" * 100_000)
    assert ("waiting", True) in [next(run.events) for _ in range(3)]
    run.text("Ada\n")
    events = list(run.events)
    assert ("waiting", False) in events and events[-1][1]["outcome"] == "completed" and run.code == 1000
    assert "".join(value for name, value in events if name == "stdout") == "hello " + "x" * 100_000 + "Ada\n"
    run.close()


def test_a_client_that_goes_cancels_its_run(secure, authority):
    watching = Http(secure.http, authority.context())

    def running():
        watching.connection.request("GET", "/metrics")
        text = watching.connection.getresponse().read().decode()
        return 'skerry_workers{state="running"} 1' in text

    for takes_leave in (True, False):
        host, port = secure.http.split(":")
        plain = socket.create_connection((host, int(port)), timeout=15)
        going = authority.context().wrap_socket(plain, server_hostname="localhost")
        body = b'{"code": "while True: pass"}'
        going.sendall(b"POST /v1/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert wait_until(running, 5)
        if takes_leave:
            going.unwrap()
        going.close()
        assert wait_until(lambda: not running(), 2), takes_leave


def test_keys_hold_over_tls(serve, pair, authority, skerry, own_home):
    key = json.loads(skerry("keys", "create", "team-a", "--json", env={"SKERRY_HOME": str(own_home)}).ok().out)["key"]
    service = serve("--tls-cert", pair[0], "--tls-key", pair[1])
    client = Http(service.http, authority.context())
    assert client("POST", "/v1/run", {"code": "1"})[0] == 401
    assert client("POST", "/v1/run", {"code": "1"}, X_API_Key=key)[0] == 200
    with Client(service.grpc, credentials=authority.credentials(), key=key) as agent:
        assert output(agent.python("print(6 * 7)")) == "42\n"


def test_tls_does_not_take_the_place_of_keys(start, pair, own_home, environment):
    refused = start("serve", "--http", "0.0.0.0:0", "--grpc", "127.0.0.1:0", "--tls-cert", pair[0], "--tls-key", pair[1],
                    env={**environment, "SKERRY_HOME": str(own_home)})
    assert refused.wait(20) == 125 and b"skerry keys create" in refused.stderr.read()


def test_the_port_for_prometheus_stays_plain_and_has_nothing_else(serve, pair, authority):
    service = serve("--tls-cert", pair[0], "--tls-key", pair[1], "--tls-client-ca", authority.root, "--metrics", "127.0.0.1:0")
    line = service.process.stderr.readline().decode()
    assert line.startswith("skerry: metrics on 127.0.0.1:")
    plain = Http(line.split()[-1])
    plain.connection.request("GET", "/metrics")
    text = plain.connection.getresponse().read().decode()
    (expires,) = [float(line.split()[1]) for line in text.splitlines() if line.startswith("skerry_certificate_expiry_timestamp_seconds ")]
    assert "skerry_workers" in text and 29 < (expires - time.time()) / 86_400 < 31
    assert plain("POST", "/v1/run", {"code": "1"})[0] == 404
    assert plain("GET", "/v1/sessions")[0] == 404


# -------------------------------------------------------------------------------------------------- what is agreed on


def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(secure, authority):
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        context = authority.context()
        context.minimum_version = context.maximum_version = version
        assert handshake(secure.http, context).version == name
    for version in ("-tls1", "-tls1_1"):
        for address in (secure.http, secure.grpc):
            done = subprocess.run(["openssl", "s_client", "-connect", address, version, "-cipher", "ALL:@SECLEVEL=0"],
                                  input=b"", capture_output=True, timeout=20)
            assert done.returncode != 0 and b"alert protocol version" in done.stderr, done.stderr


def test_a_version_of_http_is_agreed_on_or_nothing(secure, authority):
    context = authority.context()
    for address in (secure.http, secure.grpc):
        assert handshake(address, context).protocol is None
        for offered, agreed in ((["h2", "http/1.1"], "h2"), (["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), (["h2"], "h2")):
            context.set_alpn_protocols(offered)
            assert handshake(address, context).protocol == agreed
        context.set_alpn_protocols(["h3"])
        with pytest.raises(ssl.SSLError):
            handshake(address, context)
        context = authority.context()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_taken_up_again_also_with_certificates_of_clients(mutual, authority, client_pair, version):
    context = authority.context(client_pair)
    context.minimum_version = context.maximum_version = version
    host, port = mutual.http.split(":")
    session = None
    for is_first in (True, False):
        with socket.create_connection((host, int(port)), timeout=15) as plain, \
                context.wrap_socket(plain, server_hostname="localhost", session=session) as seen:
            seen.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert seen.recv(12) == b"HTTP/1.1 200"
            assert seen.session_reused is not is_first
            session = seen.session


def test_a_client_may_not_begin_anew(secure):
    done = subprocess.run(["openssl", "s_client", "-connect", secure.http, "-tls1_2", "-legacy_renegotiation"], input=b"R\n",
                          capture_output=True, timeout=20)
    assert b"no renegotiation" in done.stderr, done.stderr


# ------------------------------------------------------------------------------------------------------ who may connect


def test_only_who_shows_a_certificate_of_ours_gets_in(mutual, authority, stranger, client_pair):
    assert Http(mutual.http, authority.context(client_pair)).post("/v1/run", code="print(1)")["stdout"] == "1\n"
    with Client(mutual.grpc, credentials=authority.credentials(client_pair)) as agent:
        assert output(agent.python("print(6 * 7)")) == "42\n"
    theirs = stranger.make("client", usage="clientAuth")
    old = authority.make("old-client", usage="clientAuth", days="-1")
    for wrong in (None, theirs, old, authority.make("no-client", usage="serverAuth")):
        with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
            handshake(mutual.http, authority.context(wrong))
        with pytest.raises(grpc.RpcError) as error:
            Client(mutual.grpc, credentials=authority.credentials(wrong)).close()
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    assert handshake(mutual.http, authority.context(client_pair)).subject == "server"


def test_the_certificate_admits_and_the_key_says_who(serve, pair, authority, client_pair, skerry, own_home):
    key = json.loads(skerry("keys", "create", "team-a", "--json", env={"SKERRY_HOME": str(own_home)}).ok().out)["key"]
    service = serve("--tls-cert", pair[0], "--tls-key", pair[1], "--tls-client-ca", authority.root)
    client = Http(service.http, authority.context(client_pair))
    assert client("POST", "/v1/run", {"code": "1"})[0] == 401
    assert client("POST", "/v1/run", {"code": "1"}, X_API_Key=key)[0] == 200
    # A subject that looks like a tenant is none.
    named = Http(service.http, authority.context(authority.make("team-a", usage="clientAuth")))
    assert named("GET", "/v1/sessions")[0] == 401


def test_top_shows_its_certificate(mutual, skerry, authority, pair, client_pair):
    def top(*words):
        return skerry("top", "--once", "--json", "--interval", "0.1", "--url", f"https://localhost:{mutual.http.split(':')[1]}",
                      "--ca", authority.root, *words)

    certificate, key = client_pair
    assert json.loads(top("--certificate", certificate, "--certificate-key", key).ok().out)["workers"]
    assert top().code == 125
    assert "--certificate-key" in top("--certificate", certificate).err
    assert "no certificate to show" in top("--certificate", certificate, "--certificate-key", pair[1]).err


def test_a_client_that_trusts_another_authority_goes(secure, stranger, authority):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(secure.http, stranger.context())
    with pytest.raises(grpc.RpcError):
        Client(secure.grpc, credentials=stranger.credentials()).close()
    assert handshake(secure.http, authority.context()).subject == "server"


# ------------------------------------------------------------------------------------------------ what ends the start


@pytest.fixture
def refusal(start, own_home, environment):
    """refusal(*options): why `skerry serve` does not start."""

    def call(*options, env=None):
        process = start("serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--orchestrator", "127.0.0.1:0", *options,
                        env={**environment, "SKERRY_HOME": str(own_home), **(env or {})})
        assert process.wait(20) == 125
        return process.stderr.read().decode()

    return call


def test_what_cannot_be_used_ends_the_start_and_says_why(refusal, authority, pair, tmp_path):
    certificate, key = pair
    assert "needs service.tls.key" in refusal("--tls-cert", certificate)
    assert "needs service.tls.certificate" in refusal(env={"SKERRY_TLS_KEY": str(key)})
    assert "needs service.tls.certificate" in refusal("--tls-client-ca", authority.root)
    assert "none.pem" in refusal("--tls-cert", "none.pem", "--tls-key", key)
    open_key = tmp_path / "open.key"
    open_key.write_bytes(key.read_bytes())
    open_key.chmod(0o644)
    assert f"chmod 600 {open_key}" in refusal("--tls-cert", certificate, "--tls-key", open_key)
    other = authority.make("other")
    assert "is not the key of" in refusal("--tls-cert", certificate, "--tls-key", other[1])
    expired = authority.make("expired", days="-1")
    assert "expired at" in refusal("--tls-cert", expired[0], "--tls-key", expired[1])
    assert "has no certificate" in refusal("--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", key)
    # Those that OpenSSL itself holds for too weak.
    weak = authority.make("weak", key=("rsa:1024",))
    assert "cannot be used" in refusal("--tls-cert", weak[0], "--tls-key", weak[1])


# ------------------------------------------------------------------------------------------------------- certificates anew


def test_certificates_are_read_anew_on_sighup(serve, authority, tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def install(name):
        made = authority.make(name)
        shutil.copy(made[0], certificate)
        shutil.copy(made[1], key)
        key.chmod(0o600)

    def over_grpc(address):
        """Whose certificate the gRPC port shows."""
        done = subprocess.run(["openssl", "s_client", "-connect", address, "-alpn", "h2"], input=b"", capture_output=True, timeout=20)
        return done.stdout.decode("latin-1").split("subject=")[1].splitlines()[0].split("=")[-1].strip()

    install("first")
    service = serve("--tls-cert", certificate, "--tls-key", key)
    context = authority.context()
    before = Http(service.http, context)
    assert before.get("/health")
    old_agent = Client(service.grpc, credentials=authority.credentials())
    assert handshake(service.http, context).subject == over_grpc(service.grpc) == "first"
    install("second")
    service.process.send_signal(signal.SIGHUP)
    assert "read again" in service.process.stderr.readline().decode()
    assert handshake(service.http, context).subject == over_grpc(service.grpc) == over_grpc(service.orchestrator) == "second"
    # Whoever is connected stays.
    assert before.post("/v1/run", code="print(1)")["stdout"] == "1\n"
    assert output(old_agent.python("print(6 * 7)")) == "42\n"
    old_agent.channel.close()
    # What cannot be used changes nothing, for each port.
    for spoil in (lambda: certificate.write_text("nothing"), lambda: key.chmod(0o644), lambda: key.unlink()):
        install("third")
        spoil()
        service.process.send_signal(signal.SIGHUP)
        assert "nothing changes: service.tls" in service.process.stderr.readline().decode()
        assert handshake(service.http, context).subject == over_grpc(service.grpc) == "second"
    install("third")
    service.process.send_signal(signal.SIGHUP)
    assert "read again" in service.process.stderr.readline().decode()
    assert handshake(service.http, context).subject == over_grpc(service.grpc) == "third"


def test_authorities_of_clients_are_read_anew_too(serve, pair, authority, stranger, client_pair, tmp_path):
    trusted = tmp_path / "clients.pem"
    trusted.write_bytes(authority.root.read_bytes())
    service = serve("--tls-cert", pair[0], "--tls-key", pair[1], "--tls-client-ca", trusted)
    theirs = stranger.make("theirs", usage="clientAuth")
    assert handshake(service.http, authority.context(client_pair)).subject == "server"
    trusted.write_bytes(stranger.root.read_bytes())
    service.process.send_signal(signal.SIGHUP)
    assert "read again" in service.process.stderr.readline().decode()
    assert handshake(service.http, authority.context(theirs)).subject == "server"
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        handshake(service.http, authority.context(client_pair))
    with Client(service.grpc, credentials=authority.credentials(theirs)) as agent:
        assert output(agent.python("print(1)")) == "1\n"
    with pytest.raises(grpc.RpcError):
        Client(service.grpc, credentials=authority.credentials(client_pair)).close()


# ------------------------------------------------------------------------------------------- what a handshake may not do


def test_who_speaks_http_to_it_is_told_and_nothing_is_logged(secure, authority):
    plain = Http(secure.http)
    assert b"400 Bad Request" in (answer := plain.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")) and b"https" in answer
    for junk in (b"\x00" * 50, os.urandom(300), b"\x16\x03\x01\xff\xff" + b"\x00" * 100, b"\x16"):
        try:
            plain.raw(junk, half_close=True)
        except ConnectionError:
            pass  # closed before all of it was read
    assert handshake(secure.http, authority.context()).subject == "server"
    secure.process.send_signal(signal.SIGTERM)
    assert secure.process.wait(10) == 0
    assert secure.process.stderr.read().decode().splitlines() == ["skerry: stopping when what is under way has ended; again: at once"]


def test_a_handshake_that_stalls_is_cut(secure, authority):
    host, port = secure.http.split(":")
    hello = client_hello(authority)
    begun = time.monotonic()
    stalled = []
    for piece in (b"", b"\x16", hello[:40], hello):
        stalled.append(socket.create_connection((host, int(port)), timeout=15))
        stalled[-1].sendall(piece)
    # Meanwhile everybody else is served.
    assert handshake(secure.http, authority.context()).subject == "server"
    for each in stalled:
        while each.recv(1 << 16):
            pass
        each.close()
    assert 9 < time.monotonic() - begun < 13


def client_hello(authority):
    """The first bytes of a client."""
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        authority.context().wrap_bio(coming, going, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        return going.read()


def test_strangers_who_only_begin_handshakes_hold_up_nobody_who_is_connected(serve, authority):
    # The slowest key that is taken.
    slow = authority.make("slow", key=("rsa:4096",))
    service = serve("--tls-cert", slow[0], "--tls-key", slow[1])
    client = Http(service.http, authority.context())
    hello = client_hello(authority)
    host, port = service.http.split(":")
    end = time.monotonic() + 3
    sent = []

    def begin_many():
        while time.monotonic() < end:
            connection = socket.create_connection((host, int(port)), timeout=15)
            connection.sendall(hello)
            sent.append(connection)
            time.sleep(0.002)

    flood = threading.Thread(target=begin_many)
    flood.start()
    took = []
    while time.monotonic() < end:
        begun = time.monotonic()
        client.get("/health")
        took.append(time.monotonic() - begun)
    flood.join()
    for each in sent:
        each.close()
    took.sort()
    assert len(sent) > 200 and took[len(took) // 2] < 0.05, (len(sent), took[len(took) // 2])
    assert wait_until(lambda: handshake(service.http, authority.context()).subject == "slow", 30)
