from email import message_from_string, policy, message_from_bytes
from email.message import EmailMessage
from email.utils import parseaddr, formataddr, parsedate_to_datetime, getaddresses
from email.header import decode_header, make_header

m = EmailMessage()
m["Subject"] = "Grüße from Zoë"
m["From"] = "Ann Example <ann@example.com>"
m["To"] = "bob@example.org, Carol <carol@example.org>"
m.set_content("Hello,\nthis is plain text.\n")
m.add_alternative("<p>Hello, <b>html</b></p>", subtype="html")
m.add_attachment(b"\x00\x01\x02data", maintype="application", subtype="octet-stream", filename="d.bin")
raw = m.as_bytes()
print(m.get_content_type(), [p.get_content_type() for p in m.walk()])
back = message_from_bytes(raw, policy=policy.default)
print(back["subject"], [a.addr_spec for a in back["to"].addresses], back["from"].addresses[0].display_name)
print(repr(back.get_body(("plain",)).get_content()), back.get_body(("html",)).get_content().strip())
for att in back.iter_attachments():
    print(att.get_filename(), att.get_content(), att.get_content_disposition())
old = message_from_string("Subject: =?utf-8?b?w6l0w6k=?=\nX-A: 1\nx-a: 2\nReceived: a\n b\n\nbody text\n")
print(make_header(decode_header(old["Subject"])), old.get_all("X-A"), old.get_payload(), old.keys())
print(parseaddr('"Doe, J" <j@d.com>'), formataddr(("Zoë", "z@x.y")), getaddresses(["a <a@b>, c@d"]))
d = parsedate_to_datetime("Tue, 05 Mar 2024 10:20:30 -0500")
print(d.isoformat(), d.timestamp())
del m["To"]; m.replace_header("Subject", "plain")
print(m["To"], m["Subject"], m.is_multipart())
