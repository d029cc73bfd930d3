import io
import math
import struct
import wave
import zlib

rate = 8000
frames = b"".join(struct.pack("<h", int(12000 * math.sin(2 * math.pi * 440 * i / rate))) for i in range(800))
buf = io.BytesIO()
with wave.open(buf, "wb") as w:
    w.setnchannels(1); w.setsampwidth(2); w.setframerate(rate)
    w.writeframes(frames)
print(len(buf.getvalue()), buf.getvalue()[:4], buf.getvalue()[8:16])
buf.seek(0)
with wave.open(buf) as w:
    print(w.getnchannels(), w.getframerate(), w.getnframes(), w.getparams().sampwidth)
    w.setpos(100)
    vals = struct.unpack("<10h", w.readframes(10))
    print(vals[0], max(vals), len(w.readframes(10 ** 6)) // 2)
samples = struct.unpack("<800h", frames)
print(sum(a <= 0 < b for a, b in zip(samples, samples[1:])), max(samples), min(samples))


def png(width, height, pixels):
    def chunk(tag, data):
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))
    raw = b"".join(b"\0" + bytes(row) for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


img = png(16, 4, [[(x * y) % 256 for x in range(16)] for y in range(4)])
print(img[:8], struct.unpack(">2I", img[16:24]), img[-8:-4], img[12:16])
