import numpy as np

h, w = 40, 60
yy, xx = np.mgrid[:h, :w]
disk = ((yy - 20) ** 2 + (xx - 30) ** 2 <= 15 ** 2)
print(int(disk.sum()), [int(v) for v in np.argwhere(disk).mean(axis=0)], disk.any(axis=1).sum(), disk.any(axis=0).sum())
rgb = np.zeros((h, w, 3), np.uint8)
rgb[disk] = [200, 100, 50]
gray = (rgb @ np.array([0.299, 0.587, 0.114])).round().astype(np.uint8)
print(sorted(np.unique(gray).tolist()), gray.dtype, rgb.reshape(-1, 3).max(axis=0).tolist())
small = gray.reshape(20, 2, 30, 2).mean(axis=(1, 3))
print(small.shape, round(float(small.mean()), 4) == round(float(gray.mean()), 4))
for row in small[::4, ::2]:
    print("".join(" .:*#"[int(v // 31)] for v in row))
edges = disk ^ (disk & np.roll(disk, 1, 0) & np.roll(disk, -1, 0) & np.roll(disk, 1, 1) & np.roll(disk, -1, 1))
print(int(edges.sum()), np.packbits(edges[5]).tolist(), np.unpackbits(np.packbits(edges))[: h * w].sum() == edges.sum())
integral = gray.astype(int).cumsum(0).cumsum(1)
box = integral[25, 35] - integral[14, 35] - integral[25, 24] + integral[14, 24]
print(int(box), int(gray[15:26, 25:36].astype(int).sum()))


def mandel(n, it):
    c = np.linspace(-2, 0.5, n)[None, :] + 1j * np.linspace(-1.2, 1.2, n)[:, None]
    z, count = np.zeros_like(c), np.zeros(c.shape, int)
    for _ in range(it):
        alive = np.abs(z) <= 2
        z[alive] = z[alive] ** 2 + c[alive]
        count += alive
    return count


m = mandel(41, 30)
print(int((m == 30).sum()) in range(300, 480), bool((m == m[::-1]).all()), int(m.min()), int(m.max()))
