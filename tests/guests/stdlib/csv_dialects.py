import csv
import io

raw = 'name,qty,note\r\n"Smith, J",3,"said ""hi"""\r\nLee,,"multi\nline"\r\n'
rows = list(csv.reader(io.StringIO(raw, newline="")))
print(rows)
for d in csv.DictReader(io.StringIO(raw, newline="")):
    print(d["name"], d["qty"] or "-", repr(d["note"]))
out = io.StringIO(newline="")
w = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
w.writerows([["a", 1, 2.5, None], ['q"q', "x,y", "l\nm", ""]])
print(out.getvalue())
out = io.StringIO()
dw = csv.DictWriter(out, ["id", "v"], extrasaction="ignore", restval="NA", delimiter=";", quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
dw.writeheader()
dw.writerows([{"id": 1, "v": "x", "z": 0}, {"id": 2}])
print(out.getvalue(), end="")
csv.register_dialect("pipes", delimiter="|", quotechar="'", skipinitialspace=True, escapechar="\\")
print(list(csv.reader(["a| 'b|c'| d\\|e"], "pipes")), "pipes" in csv.list_dialects())
sniffed = csv.Sniffer().sniff("x;y;z\n1;2;3\n4;5;6\n")
print(sniffed.delimiter, csv.Sniffer().has_header("name;age\nbob;33\namy;41\n"))
print(list(csv.reader(["1.5,a"], quoting=csv.QUOTE_NONE)), list(csv.reader(['"x",2.5'], quoting=csv.QUOTE_NONNUMERIC)))
print(list(csv.DictReader(["a,b", "1,2,3,4", "5"], restkey="more", restval="?")))
with open("/tmp/t.csv", "w", newline="") as f:
    csv.writer(f).writerows([i, i * i] for i in range(50))
with open("/tmp/t.csv", newline="") as f:
    r = csv.reader(f)
    print(sum(int(b) for a, b in r), r.line_num)
