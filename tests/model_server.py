# SPDX-License-Identifier: Apache-2.0
"""A server that speaks OpenAI's chat completions and plays a script: what a language model would say, and worse."""

import http.server
import json
import ssl
import threading
import time


def words(text, finish_reason="stop", **usage):
    """The model says this."""
    return {"message": {"role": "assistant", "content": text}, "finish_reason": finish_reason, "usage": usage_of(usage)}


def calls(*wanted, **usage):
    """The model asks for calls: (tool, parameters), …"""
    made = [{"id": f"call_{n}", "type": "function",
             "function": {"name": tool, "arguments": given if isinstance(given, str) else json.dumps(given)}}
            for n, (tool, given) in enumerate(wanted)]
    return {"message": {"role": "assistant", "content": None, "tool_calls": made}, "finish_reason": "tool_calls",
            "usage": usage_of(usage)}


def python(code):
    return calls(("python_executor", {"code": code}))


def usage_of(given):
    return {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110, **given}


def refusal(status, said="", **headers):
    """Another status than 200."""
    return lambda server: server.respond(status, json.dumps({"error": {"message": said}}), **headers)


def body(text, content_type="application/json"):
    """These bytes, whatever they are."""
    return lambda server: server.respond(200, text, content_type)


def silence(server):
    """No answer, until the other side goes."""
    server.wait_for_end()


def endless(server):
    """A stream that says something for ever."""
    server.begin_stream()
    while server.send_chunk({"delta": {"content": "and so on, "}}):
        time.sleep(0.02)


def half_a_stream(server):
    """A stream that says something, and then nothing, until the other side goes."""
    server.begin_stream()
    server.send_chunk({"delta": {"content": "I think"}})
    server.wait_for_end()


class ModelServer:
    """Plays its script, one scene for each request; `requests` are their bodies, `headers` their headers."""

    def __init__(self, certificate=None):
        self.script, self.requests, self.headers = [], [], []
        self.hung_up = threading.Event()  # somebody went before the answer was over
        play = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                play.headers.append(dict(self.headers))
                play.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                scene = play.script.pop(0) if play.script else refusal(500, "the script is over")
                if self.path != "/v1/chat/completions":
                    scene = refusal(404, "nothing is here")
                self.close_connection = True
                if callable(scene):
                    scene(self)
                elif play.requests[-1]["stream"]:
                    self.stream(scene, play.requests[-1])
                else:
                    self.respond(200, json.dumps({"model": "scripted-1", "choices": [scene], "usage": scene["usage"]}))

            def respond(self, status, text, content_type="application/json", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def begin_stream(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()

            def send_event(self, data):
                """False when nobody listens any more."""
                event = f"data: {data}\n\n".encode()
                try:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
                    self.wfile.flush()
                except OSError:
                    play.hung_up.set()
                    return False
                return True

            def send_chunk(self, choice):
                return self.send_event(json.dumps({"model": "scripted-1", "choices": [{"index": 0, **choice}]}))

            def stream(self, scene, request):
                self.begin_stream()
                message = scene["message"]
                text = message.get("content") or ""
                for at in range(0, len(text), 5):  # in pieces, as tokens are
                    self.send_chunk({"delta": {"content": text[at:at + 5]}})
                for index, call in enumerate(message.get("tool_calls", [])):
                    arguments = call["function"]["arguments"]
                    begun = {**call, "index": index, "function": {"name": call["function"]["name"], "arguments": ""}}
                    self.send_chunk({"delta": {"tool_calls": [begun]}})
                    for at in range(0, len(arguments), 7):
                        self.send_chunk({"delta": {"tool_calls": [{"index": index, "function": {"arguments": arguments[at:at + 7]}}]}})
                self.send_chunk({"delta": {}, "finish_reason": scene["finish_reason"]})
                assert request["stream_options"] == {"include_usage": True}
                self.send_event(json.dumps({"choices": [], "usage": scene["usage"]}))
                self.send_event("[DONE]")

            def wait_for_end(self):
                try:
                    self.connection.settimeout(30)
                    if self.connection.recv(1) == b"":
                        play.hung_up.set()
                except OSError:
                    play.hung_up.set()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.port = self.server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def plays(self, *scenes):
        self.script.extend(scenes)

    def told(self, request=-1):
        """What tools gave, as the model was told in that request."""
        return [each["content"] for each in self.requests[request]["messages"] if each["role"] == "tool"]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
