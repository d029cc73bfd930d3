import hashlib
import hmac
import io

msg = b"The quick brown fox jumps over the lazy dog"
for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s"):
    h = hashlib.new(name, msg)
    print(name, h.digest_size, h.hexdigest()[:32])
print(hashlib.shake_128(b"").hexdigest(16), hashlib.shake_256(msg).hexdigest(8))
h = hashlib.sha256()
for part in (msg[:10], msg[10:]):
    h.update(part)
k = h.copy(); k.update(b".")
print(h.hexdigest() == hashlib.sha256(msg).hexdigest(), k.hexdigest()[:16], h.name, h.block_size)
print(hashlib.blake2b(msg, digest_size=10, key=b"secret", person=b"app").hexdigest())
print(hmac.new(b"key", msg, "sha256").hexdigest())
print(hmac.new(b"key", msg, hashlib.md5).hexdigest(), hmac.digest(b"k" * 200, b"m", "sha1").hex())
print(hmac.compare_digest("abc", "abc"), hmac.compare_digest(b"abc", b"abd"))
print(hashlib.file_digest(io.BytesIO(b"x" * 100000), "sha1").hexdigest())
print({"md5", "sha1", "sha256", "sha3_512", "blake2b"} <= hashlib.algorithms_guaranteed)


def merkle(leaves):
    level = [hashlib.sha256(x).digest() for x in leaves]
    while len(level) > 1:
        level = [hashlib.sha256(b"".join(level[i:i + 2])).digest() for i in range(0, len(level), 2)]
    return level[0].hex()


print(merkle([bytes([i]) for i in range(7)])[:24])
try:
    hashlib.new("nosuchhash")
except ValueError:
    print("unsupported")
