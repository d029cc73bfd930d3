# SPDX-License-Identifier: Apache-2.0
"""Fresh runs never repeat each other's random numbers; --seed and --clock make every byte follow from them."""

import random
import time
import concurrent.futures
import json

import pytest

DRAW = """
import json, os, random, secrets, tempfile, uuid
import numpy as np
print(json.dumps({
    'random': random.random(),
    'randbits': random.getrandbits(128),
    'shuffle': random.sample(range(10 ** 9), 5),
    'numpy': [float(x) for x in np.random.rand(4)],
    'numpy_int': int(np.random.randint(2 ** 62, dtype=np.int64)),
    'default_rng': float(np.random.default_rng().random()),
    'uuid4': str(uuid.uuid4()),
    'uuid1': str(uuid.uuid1()),
    'secrets': secrets.token_hex(16),
    'urandom': os.urandom(16).hex(),
    'system': random.SystemRandom().random(),
    'new': random.Random().random(),
    'tempfile': tempfile.mkstemp()[1],
    'hash': hash('a text of the program'),
}))
"""


@pytest.mark.parametrize("template", ["python", "python-data"])
def test_40_runs_share_no_random_number(run_code, template):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        draws = list(pool.map(lambda _: json.loads(run_code(DRAW, "--template", template).ok().out), range(40)))
    for name in draws[0]:
        values = [json.dumps(draw[name]) for draw in draws]
        if name == "hash":
            continue  # fixed when the template was made: see below
        assert len(set(values)) == len(values), f"{name} repeats"


def test_numbers_differ_within_a_run_too(run_code):
    code = "import random, numpy as np, uuid\nprint(len({random.random() for _ in range(1000)}), len(set(np.random.rand(1000))), len({uuid.uuid4() for _ in range(1000)}), random.random() != np.random.rand())"
    assert run_code(code).ok().out == "1000 1000 1000 True\n"


def test_random_numbers_look_uniform(run_code):
    code = "import random, numpy as np\nfor x in ([random.random() for _ in range(20_000)], list(np.random.rand(20_000))): print(0.48 < sum(x) / len(x) < 0.52, min(x) < 0.001, max(x) > 0.999)"
    assert run_code(code).ok().out == "True True True\n" * 2


def test_a_program_that_seeds_itself_gets_what_python_gives(run_code):
    rng = random.Random(42)
    expected = [rng.random(), rng.randrange(1000), rng.sample(range(100), 5)]
    done = run_code("import random\nrandom.seed(42)\nprint([random.random(), random.randrange(1000), random.sample(range(100), 5)])").ok()
    assert done.out == f"{expected}\n"


EVERYTHING = """
import datetime, json, os, random, secrets, sys, tempfile, time, uuid
import numpy as np
print(random.random(), random.sample(range(1000), 5), uuid.uuid4(), uuid.uuid1(), secrets.token_hex(8), os.urandom(8).hex())
print(np.random.rand(3), np.random.default_rng().random(3), random.SystemRandom().random(), random.Random().random())
print(list({'alpha', 'beta', 'gamma', 'delta', 'epsilon', b'bytes', ('tuple', 1)}), hash('text'), list({object().__class__, int, str}))
print(time.time(), time.time_ns(), time.monotonic(), time.perf_counter_ns(), time.process_time(), datetime.datetime.now(), time.localtime())
print(tempfile.mkstemp(), id(object()), hash(object()), [object()])
class A: pass
print(sorted([A(), A()], key=id), {A(), A(), A()})
open('/tmp/f', 'w').close(); print(os.stat('/tmp/f'))
time.sleep(0.01); print(time.time())
print('on stderr', random.random(), time.time(), file=sys.stderr)
"""


@pytest.mark.parametrize("template", ["python", "python-data"])
def test_seed_and_clock_give_the_same_bytes_on_every_stream(run_code, template):
    options = ["--template", template, "--seed", "7", "--clock", "2026-01-31T12:00:00Z"]
    first, second, third = (run_code(EVERYTHING, *options).ok() for _ in range(3))
    assert first.stdout == second.stdout == third.stdout
    assert first.stderr == second.stderr == third.stderr
    assert len(first.out.splitlines()) >= 8 and first.err.startswith("on stderr 0.")


def test_seed_and_clock_give_the_same_traceback_and_the_same_files(run_code, tmp_path):
    code = "import random, time\nopen('/f', 'w').write(f'{random.random()} {time.time()}')\nraise ValueError(random.random())"
    runs = [run_code(code, "--seed", "7", "--clock", "5", "--output-dir", f"out{n}") for n in range(2)]
    assert runs[0].code == runs[1].code == 1
    assert runs[0].stderr == runs[1].stderr
    assert (tmp_path / "out0" / "f").read_bytes() == (tmp_path / "out1" / "f").read_bytes() != b""


def test_different_seeds_give_different_numbers(run_code):
    code = "import random, uuid, os, numpy as np\nfor x in (random.random(), uuid.uuid4(), os.urandom(8).hex(), np.random.rand()): print(x)"
    outs = [run_code(code, "--seed", str(seed)).ok().out.split() for seed in (0, 1, 2, 2 ** 32, 2 ** 63, 2 ** 64 - 1)]
    for values in zip(*outs):
        assert len(set(values)) == len(values)


def test_the_same_seed_gives_the_same_numbers_without_a_clock(run_code):
    code = "import random, uuid, secrets, numpy as np\nprint(random.random(), uuid.uuid4(), secrets.token_hex(8), np.random.rand())"
    assert run_code(code, "--seed", "5").ok().out == run_code(code, "--seed", "5").ok().out


def test_generators_are_independent_under_a_seed(run_code):
    code = "import random, numpy as np\nprint(random.getrandbits(32) != int.from_bytes(np.random.bytes(4), 'little'), random.random() != np.random.rand())"
    assert run_code(code, "--seed", "5").ok().out == "True True\n"


@pytest.mark.parametrize(("given", "seconds"), [("0", 0), ("1769860800", 1769860800), ("1769860800.5", 1769860800.5), ("2026-01-31T12:00:00Z", 1769860800)])
def test_the_clock_starts_where_it_is_told(run_code, given, seconds):
    assert 0 <= float(run_code("import time; print(time.time())", "--clock", given).ok().out) - seconds < 0.01


def test_a_fixed_clock_still_moves_forward(run_code):
    code = "import time\nx = [time.time_ns() for _ in range(100)]\ny = [time.monotonic_ns() for _ in range(100)]\nprint(x == sorted(set(x)), y == sorted(set(y)))"
    assert run_code(code, "--clock", "100").ok().out == "True True\n"


def test_a_coarse_clock_moves_in_its_steps_alone(run_code):
    code = ("import time\n"
            "for clock in (time.time_ns, time.monotonic_ns, time.perf_counter_ns, time.process_time_ns):\n"
            "    print(all(clock() % 500_000 == 0 for _ in range(2000)))\n"
            "print(time.get_clock_info('monotonic').resolution)\n"
            "a = time.monotonic_ns(); time.sleep(0.01); print(10_000_000 <= time.monotonic_ns() - a < 10 ** 9)\n")
    assert run_code(code, "--clock-resolution", "500").ok().out == "True\n" * 4 + "0.0005\nTrue\n"
    assert run_code("import time; print(any(time.monotonic_ns() % 500_000 for _ in range(2000)))").ok().out == "True\n"


def test_a_fixed_clock_passes_while_the_program_sleeps(run_code):
    code = "import time\na = time.time(); time.sleep(0.2); print(0.2 <= time.time() - a < 0.3)"
    assert run_code(code, "--clock", "100").ok().out == "True\n"


def test_without_a_clock_time_is_the_hosts(run_code):
    before = time.time()
    said = float(run_code("import time; print(time.time())").ok().out)
    assert before - 1 <= said <= time.time() + 1


def test_clocks_do_not_stand_still_from_run_to_run(run_code):
    code = "import time; print(time.time(), time.monotonic(), time.perf_counter())"
    first, second = ([float(x) for x in run_code(code).ok().out.split()] for _ in range(2))
    assert second[0] > first[0]
