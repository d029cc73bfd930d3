import re
import secrets
import uuid

print(uuid.uuid5(uuid.NAMESPACE_DNS, "example.com"), uuid.uuid3(uuid.NAMESPACE_URL, "http://x/y"))
u = uuid.UUID("{12345678-1234-5678-1234-567812345678}")
print(u.hex, u.int, u.version, u.fields[0], u.bytes[:4], u.urn)
print(uuid.UUID(int=5), uuid.UUID(bytes=bytes(range(16))), u == uuid.UUID(u.hex), sorted([u, uuid.UUID(int=1)])[0].int)
r = uuid.uuid4()
print(r.version, r.variant == uuid.RFC_4122, r != uuid.uuid4(), bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(r))))
print(uuid.uuid1(node=0x010203040506, clock_seq=7).node == 0x010203040506, uuid.uuid1(1).version)
t = secrets.token_hex(16)
print(len(t), bool(re.fullmatch("[0-9a-f]{32}", t)), len(secrets.token_bytes(9)), len(secrets.token_urlsafe(12)))
print(len({secrets.token_hex(8) for _ in range(100)}), all(0 <= secrets.randbelow(6) < 6 for _ in range(100)))
print(secrets.choice([3]), 0 <= secrets.randbits(10) < 1024, secrets.compare_digest("a", "a"))
try:
    uuid.UUID("nope")
except ValueError as e:
    print(e)
