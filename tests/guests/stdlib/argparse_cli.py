import argparse
import contextlib
import io

p = argparse.ArgumentParser(prog="tool", description="Demo tool.")
p.add_argument("-v", "--verbose", action="count", default=0)
p.add_argument("--level", type=int, choices=[1, 2, 3], default=1)
p.add_argument("--tag", action="append")
p.add_argument("--no-color", dest="color", action="store_false")
sub = p.add_subparsers(dest="cmd", required=True)
run = sub.add_parser("run", help="run it")
run.add_argument("files", nargs="+")
run.add_argument("-o", "--out", default="-", metavar="FILE")
g = run.add_mutually_exclusive_group()
g.add_argument("--fast", action="store_true"); g.add_argument("--slow", action="store_true")
ls = sub.add_parser("ls"); ls.add_argument("pattern", nargs="?", const="c", default="*")
for argv in (["-vv", "--tag", "a", "--tag=b", "run", "x", "y", "-o", "z"], ["ls"], ["--level", "3", "--no-color", "ls", "*.py"]):
    print(sorted(vars(p.parse_args(argv)).items()))
for argv in (["run"], ["--level", "9", "ls"], ["run", "a", "--fast", "--slow"], [], ["bogus"], ["--level", "x", "ls"]):
    err = io.StringIO()
    try:
        with contextlib.redirect_stderr(err):
            p.parse_args(argv)
    except SystemExit as e:
        print(argv, e.code, err.getvalue().startswith("usage: tool"), "error:" in err.getvalue())
ns, extra = p.parse_known_args(["ls", "q", "--zzz", "1"])
print(ns.pattern, extra)
small = argparse.ArgumentParser(prog="s", add_help=False)
small.add_argument("n", type=float, help="a number")
small.add_argument("--pair", nargs=2, type=int, default=(0, 0))
print(small.parse_args(["-2.5", "--pair", "3", "4"]), small.format_usage().strip())
