# SPDX-License-Identifier: Apache-2.0
"""Images as sixels: which terminals get them, who is asked, what they show, and what a program cannot say to a terminal by them."""

import base64
import json
import os
import pty
import re
import select
import subprocess
import termios
import time

import pytest

from png_pixels import read_png

DRAW = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3], 'r'); plt.bar([1, 2], [1, 3]); plt.show()\n"
QUESTION = b"\x1b[c"
SIXELS = re.compile(rb"\x1bP0;1;0q([^\x1b]*)\x1b\\")


def decode_sixels(body):
    """Width, height, and the RGB of each pixel, None where there is none: as a VT340 does it."""
    tokens = re.findall(rb'"([\d;]+)|#([\d;]+)|!(\d+)([?-~])|([?-~])|(\$)|(-)', body)
    assert sum(len(b'"' + a) if a else len(b"#" + c) if c else len(b"!" + n + s) if n else 1 for a, c, n, s, *_ in tokens) == len(body)
    registers, colour, x, top = {}, None, 0, 0
    for size, register, times, repeated, sixel, back, down in tokens:
        if size:
            _, _, width, height = map(int, size.split(b";"))
            pixels = [[None] * width for _ in range(height)]
        elif register:
            colour, *value = map(int, register.split(b";"))
            if value:
                assert value[0] == 2
                registers[colour] = [round(each * 2.55) for each in value[1:]]
        elif back:
            x = 0
        elif down:
            x, top = 0, top + 6
        else:
            bits = (sixel or repeated)[0] - 63
            for _ in range(int(times or 1)):
                for row in range(6):
                    if bits >> row & 1:
                        pixels[top + row][x] = registers[colour]
                x += 1
    return width, height, pixels


@pytest.fixture
def terminal(binary, home, environment, tmp_path):
    """terminal(CODE, OPTIONS..., answer=, typed=, variables=) -> what the terminal received, and its modes before and after."""
    def run(code, *options, answer=None, typed=b"", **variables):
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        os.write(master, typed)
        known = {name: value for name, value in environment.items()
                 if name not in ("TMUX", "STY", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "TERM_PROGRAM", "LC_TERMINAL", "SKERRY_IMAGES")}
        process = subprocess.Popen(
            [binary, "run", *options, "-c", code], stdin=slave, stdout=slave, stderr=slave,
            env={**known, "SKERRY_HOME": str(home), "TMPDIR": str(tmp_path), "TERM": "xterm-256color", **variables})
        received, answered, end = bytearray(), False, time.monotonic() + 60
        while process.poll() is None or select.select([master], [], [], 0)[0]:
            assert time.monotonic() < end, bytes(received[-500:])
            if select.select([master], [], [], 0.05)[0]:
                received += os.read(master, 1 << 16)
            if answer is not None and not answered and QUESTION in received:
                os.write(master, answer)
                answered = True
        after = termios.tcgetattr(slave)
        os.close(slave)
        os.close(master)
        assert process.returncode == 0, bytes(received)
        assert after == before
        return bytes(received)

    return run


def test_a_terminal_that_names_sixels_shows_the_image(terminal, run_json, tmp_path):
    received = terminal(DRAW + "print('behind')", answer=b"\x1b[?62;4;22c")
    body, = SIXELS.findall(received)
    assert received.endswith(b"behind\r\n") and b"skerry: image" not in received and list(tmp_path.iterdir()) == []
    width, height, shown = decode_sixels(body)
    png = read_png(base64.b64decode(run_json(DRAW)["results"][0]["data"]["image/png"]))
    assert (width, height) == (png.width, png.height)
    drawn = [[png.pixels[at:at + 3] for at in range(4 * width * y, 4 * width * (y + 1), 4)] for y in range(height)]
    differences = [abs(a - b) for ours, theirs in zip(shown, drawn) for one, other in zip(ours, theirs) for a, b in zip(one, other)]
    # Percents of 255, and the colours that are few among the 256.
    assert sum(differences) / len(differences) < 1 and sorted(differences)[len(differences) * 999 // 1000] <= 8


@pytest.mark.parametrize("answer", [b"\x1b[?62;22c", b"\x1b[?64;14;40c", b"\x1b[?1;2c", b"nonsense", None])
def test_a_terminal_that_names_none_has_it_in_a_file(terminal, tmp_path, answer):
    received = terminal(DRAW, answer=answer)
    assert QUESTION in received and not SIXELS.search(received)
    path = re.search(rb"skerry: image: (\S+)", received)[1].decode()
    assert path.startswith(str(tmp_path)) and read_png(open(path, "rb").read()).mode == "RGBA"


@pytest.mark.parametrize("code, options, variables", [
    ("print('no image')", (), {}),
    (DRAW, (), {"TERM": "dumb"}),
    (DRAW, ("--images", "files"), {}),
    (DRAW, (), {"SKERRY_IMAGES": "files"}),
    (DRAW, (), {"TERM": "xterm-kitty"}),
    (DRAW, ("--images", "sixel"), {}),
])
def test_a_terminal_is_asked_only_where_its_answer_counts(terminal, code, options, variables):
    received = terminal(code, *options, **variables)
    assert QUESTION not in received
    assert bool(SIXELS.search(received)) == ("sixel" in options)


def test_what_was_typed_ahead_is_the_programs(terminal):
    received = terminal(DRAW + "print('read', input())", answer=b"\x1b[?62;4c", typed=b"words\n")
    assert b"read words" in received
    # It is asked only where what was typed had been taken for the program before.
    assert (b"skerry: image: " in received) == (QUESTION not in received) and bool(SIXELS.search(received)) == (QUESTION in received)


def test_a_png_of_any_kind_is_shown_and_what_is_none_is_not(skerry):
    code = ("from PIL import Image\ndisplay(Image.new('RGBA', (9, 7), (255, 0, 0, 0)), Image.new('RGB', (9, 7), 'blue'))\n"
            "display({'image/jpeg': b'\\xff\\xd8\\xff'}, raw=True)\ndisplay({'image/png': b'\\x89PNG'}, raw=True)\n"
            "display(Image.new('L', (5000, 1)))\n")
    done = skerry("run", "--images", "sixel", "-c", code).ok()
    clear, blue = map(decode_sixels, SIXELS.findall(done.stdout))
    assert clear == (9, 7, [[[255] * 3] * 9] * 7)
    assert blue[:2] == (9, 7) and all(r < 5 and g < 5 and b > 250 for row in blue[2] for r, g, b in row)
    assert done.err.count("skerry: image: ") == 3


HOSTILE = {
    "ends the sequence": b'"1;1;2;6#0;2;0;0;0~~\x1b\\\x1b]0;owned\x07',
    "is 8-bit control": b'"1;1;2;6#0~~\x9c',
    "has no size": b"#0;2;0;0;0~~",
    "is huge": b'"1;1;99999;99999#0~',
    "repeats for ever": b'"1;1;2;6#0!999999999~',
    "goes beyond its size": b'"1;1;2;6#0~~~',
    "scrolls": b'"1;1;2;6' + b"-" * 1000,
    "is a colour too many": b'"1;1;2;6#256~~',
    "is another colour space": b'"1;1;2;6#0;1;0;0;0~~',
}


def send(body):
    head = json.dumps({"parts": [["image/png", "binary", 4], ["image/x-sixel", "binary", len(body)]]}).encode()
    return f"import _host\n_host.call(b'B' + {head!r} + b'\\n\\x89PNG' + {body!r})"


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_image_does_not_reach_the_terminal(skerry, body):
    done = skerry("run", "--images", "sixel", "-c", send(body)).ok()
    assert done.stdout == b"" and "skerry: image: " in done.err


def test_sixels_of_a_programs_own_are_shown(skerry):
    body = b'"1;1;2;7#0;2;0;0;0~~$#255!2?-#0@@'
    assert skerry("run", "--images", "sixel", "-c", send(body)).ok().stdout == b"\x1bP0;1;0q" + body + b"\x1b\\\n"


def test_a_choice_that_is_none_is_refused(skerry):
    done = skerry("run", "--images", "ascii", "-c", "pass")
    assert done.code not in (0, 1) and "--images" in done.err and "sixel" in done.err
