# SPDX-License-Identifier: Apache-2.0
"""What others notice of a service while something is done to it, and what it takes."""
import http.client
import json
import select
import subprocess
import sys
import time

MIB = 1 << 20


def memory_of(pid, name):
    """A field of /proc/PID/status in bytes: VmRSS is what it has now, VmHWM the most that it had."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(name + ":"))


def processor_time_of(pid):
    """What all threads of a process have computed so far, in seconds.

    Of a noisy machine this says more than the time that passes. The number of the clock is what clock_getcpuclockid(3) gives.
    """
    return time.clock_gettime(~pid << 3 | 2)


class Latency:
    """Asks for a path again and again, beside what happens in its block: in a process of its own, which waits for nobody here.

    With a body it posts that, and each answer must hold `expected`.
    """

    def __init__(self, client, path="/health/live", body=None, expected=""):
        self.order = json.dumps({"host": client.host, "port": client.port, "path": path, "headers": getattr(client, "headers", {}),
                                 "body": body, "expected": expected})
        self.times = []

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, __file__, self.order], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"begun\n"
        return self

    def __exit__(self, *_):
        said, _ = self.process.communicate()
        assert self.process.returncode == 0, "somebody was not answered well"
        self.times = json.loads(said)

    @property
    def worst(self):
        return max(self.times)

    @property
    def p99(self):
        return sorted(self.times)[len(self.times) * 99 // 100]


def ask(host, port, path, headers, body, expected):
    """Prints how long each answer took, in seconds, when standard input ends."""
    connection = http.client.HTTPConnection(host, port, timeout=60)
    times = []
    while not select.select([sys.stdin], [], [], 0.01)[0]:
        begun = time.monotonic()
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200 and expected.encode() in content, (answer.status, content[-500:])
        times.append(time.monotonic() - begun)
        if len(times) == 1:
            print("begun", flush=True)
    print(json.dumps(times))


if __name__ == "__main__":
    ask(**json.loads(sys.argv[1]))
