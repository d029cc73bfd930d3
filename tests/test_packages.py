# SPDX-License-Identifier: Apache-2.0
"""The pure-Python packages that come beside the interpreter's own: each imported, and asked one sensible thing."""

import json
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PINNED = dict(re.findall(r"^([\w-]+)==(\S+) --hash=sha256:[0-9a-f]{64}$", (ROOT / "guest/python/packages.txt").read_text(), re.MULTILINE))

ASKED = {
    "blinker": ("import blinker\nheard = []\nsignal = blinker.signal('s')\nsignal.connect(lambda who: heard.append(who), weak=False)\n"
                "signal.send('me')\nprint(heard)", "['me']"),
    "certifi": ("import certifi\nprint(certifi.contents().count('BEGIN CERTIFICATE') > 100, open(certifi.where()).read(1) != '')", "True True"),
    "click": ("import click\nfrom click.testing import CliRunner\n@click.command()\n@click.option('--n', default=1)\n"
              "def main(n): click.echo(n * 2)\nprint(CliRunner().invoke(main, ['--n', '21']).output)", "42"),
    "docx2txt": ("import docx, docx2txt\nd = docx.Document()\nd.add_paragraph('some words')\nd.save('/tmp/a.docx')\n"
                 "print(docx2txt.process('/tmp/a.docx'))", "some words"),
    "faker": ("from faker import Faker\nFaker.seed(1)\nf = Faker()\na = f.name(), f.email(), f.address()\nFaker.seed(1)\n"
              "print(a == (f.name(), f.email(), f.address()), Faker('de_DE').city() != '')", "True True"),
    "flask": ("import flask\napp = flask.Flask(__name__)\n@app.get('/<int:n>')\ndef page(n): return flask.jsonify(n=n + 1)\n"
              "print(app.test_client().get('/41').json)", "{'n': 42}"),
    "idna": ("import idna\nprint(idna.encode('münchen.de'))", "b'xn--mnchen-3ya.de'"),
    "itsdangerous": ("from itsdangerous import URLSafeSerializer\ns = URLSafeSerializer('k')\nprint(s.loads(s.dumps([1, 2])))", "[1, 2]"),
    "markdown": ("import markdown\nprint(markdown.markdown('|a|\\n|-|\\n|1|', extensions=['tables']).count('<td>'))", "1"),
    "markdown-it-py": ("from markdown_it import MarkdownIt\nprint(MarkdownIt().render('*x*'))", "<p><em>x</em></p>"),
    "mdurl": ("import mdurl\nprint(mdurl.encode('a b'))", "a%20b"),
    "nltk": ("import nltk\nfrom nltk.stem import PorterStemmer\nfrom nltk.tokenize import wordpunct_tokenize\n"
             "print(PorterStemmer().stem('running'), wordpunct_tokenize('a, b'), nltk.edit_distance('kitten', 'sitting'), nltk.__version__)",
             "run ['a', ',', 'b'] 3 3.9.2"),
    "prettytable": ("from prettytable import PrettyTable\nt = PrettyTable(['a'])\nt.add_row([1])\nprint(t.get_string().count('+---+'))", "3"),
    "pyasn1": ("from pyasn1.type.univ import Integer\nfrom pyasn1.codec.der import decoder, encoder\nprint(decoder.decode(encoder.encode(Integer(7)))[0])", "7"),
    "pygments": ("from pygments import highlight\nfrom pygments.formatters import HtmlFormatter\nfrom pygments.lexers import get_lexer_by_name\n"
                 "print('<span' in highlight('x = 1', get_lexer_by_name('python'), HtmlFormatter()))", "True"),
    "python-docx": ("import docx, io\nd = docx.Document()\nd.add_heading('T')\nd.add_table(2, 2)\nb = io.BytesIO()\nd.save(b)\nb.seek(0)\n"
                    "d = docx.Document(b)\nprint(d.paragraphs[0].text, len(d.tables))", "T 1"),
    "python-pptx": ("import io, pptx\np = pptx.Presentation()\ns = p.slides.add_slide(p.slide_layouts[0])\ns.shapes.title.text = 'T'\nb = io.BytesIO()\n"
                    "p.save(b)\nb.seek(0)\nprint(pptx.Presentation(b).slides[0].shapes.title.text)", "T"),
    "pytz": ("import datetime, pytz\nprint(pytz.timezone('Europe/Berlin').localize(datetime.datetime(2024, 7, 1)), len(pytz.all_timezones) > 500)",
             "2024-07-01 00:00:00+02:00 True"),
    "requests": ("import requests\nprint(requests.Request('GET', 'http://a.b/c', params={'q': 1}).prepare().url)", "http://a.b/c?q=1"),
    "rich": ("from rich.console import Console\nfrom rich.table import Table\nt = Table('a')\nt.add_row('[bold]1[/bold]')\n"
             "c = Console(width=20, record=True)\nc.print(t)\nprint('1' in c.export_text())", "True"),
    "rsa": ("import rsa\npublic, private = rsa.newkeys(256)\nprint(rsa.decrypt(rsa.encrypt(b'x', public), private))", "b'x'"),
    "simplejson": ("import simplejson\nprint(simplejson.loads(simplejson.dumps({'a': 1})))", "{'a': 1}"),
    "textblob": ("from textblob import TextBlob, Word\nprint(TextBlob('a good film').sentiment.polarity > 0.5, Word('cats').singularize())", "True cat"),
    "texttable": ("from texttable import Texttable\nt = Texttable()\nt.add_rows([['a'], [1]])\nprint(t.draw().count('+===+'))", "1"),
    "unidecode": ("from unidecode import unidecode\nprint(unidecode('Ünï 北京'))", "Uni Bei Jing"),
    "urllib3": ("import urllib3\nprint(urllib3.util.parse_url('http://a.b:80/c').port)", "80"),
    "wcwidth": ("from wcwidth import wcswidth\nprint(wcswidth('北京'))", "4"),
    "werkzeug": ("from werkzeug.test import Client\nfrom werkzeug.wrappers import Request, Response\n"
                 "def app(environ, start): return Response(Request(environ).args['a'])(environ, start)\n"
                 "print(Client(app).get('/?a=b').text)", "b"),
    "xlwt": ("import io, xlrd, xlwt\nw = xlwt.Workbook()\nw.add_sheet('s').write(0, 0, 7)\nb = io.BytesIO()\nw.save(b)\n"
             "print(xlrd.open_workbook(file_contents=b.getvalue()).sheet_by_index(0).cell_value(0, 0))", "7.0"),
}


def test_each_package_is_asked_something():
    assert set(ASKED) == set(PINNED)


@pytest.mark.parametrize("package", sorted(ASKED))
def test_a_package_does_what_it_is_for(run_json, package):
    code, said = ASKED[package]
    report = run_json(code)
    assert report["outcome"] == "completed", report["stderr"]
    assert report["stdout"].strip().endswith(said)


def test_metadata_knows_every_package(run_json):
    code = f"from importlib.metadata import version\nimport json\nprint(json.dumps({{n: version(n) for n in {sorted(PINNED)}}}))"
    assert json.loads(run_json(code)["stdout"]) == PINNED


def test_packages_are_there_without_being_warm_too(run_code):
    assert run_code("import simplejson\nprint(simplejson.dumps([1]))", "--template", "python").ok().out == "[1]\n"


def test_a_program_cannot_change_a_package_s_files(run_code):
    done = run_code("import certifi\nopen(certifi.where(), 'w')")
    assert done.code == 1 and "Error" in done.err


def test_licences_come_with_the_packages(home):
    texts = {each.name for each in (home / "runtimes" / "python" / "LICENSES").iterdir()}
    # The wheel of xlwt has none; its metadata names it.
    assert {f"{name}.txt" for name in PINNED} - texts <= {"xlwt.txt"}
