import io
from PIL import Image, ImageDraw, ImageFilter, ImageOps, ImageChops, ImageStat, ImageFont

im = Image.new("RGB", (60, 40), "white")
d = ImageDraw.Draw(im)
d.rectangle([5, 5, 30, 25], fill=(255, 0, 0), outline="black")
d.ellipse([30, 10, 55, 35], fill="#0000ff"); d.line([(0, 39), (59, 39)], fill="green", width=1)
d.text((2, 28), "Hi", fill="black", font=ImageFont.load_default())
print(im.size, im.mode, im.getpixel((10, 10)), im.getpixel((42, 22)), im.getpixel((5, 5)), im.getpixel((59, 39)))
for fmt in ("PNG", "GIF", "BMP", "TIFF", "PPM", "TGA"):
    b = io.BytesIO(); im.save(b, fmt); b.seek(0)
    r = Image.open(b); px = r.convert("RGB").getpixel((15, 15))
    print(fmt, r.format, r.size, b.getvalue()[:2].hex(), all(abs(p - q) < 8 for p, q in zip(px, (255, 0, 0))))
g = im.convert("L")
print(g.getpixel((10, 10)), g.getextrema(), im.resize((30, 20), Image.Resampling.NEAREST).size, im.crop((5, 5, 15, 12)).size, im.rotate(90, expand=True).size, im.transpose(Image.Transpose.FLIP_LEFT_RIGHT).getpixel((49, 10)))
print(ImageOps.invert(g).getpixel((0, 0)), ImageChops.difference(im, im).getbbox(), im.split()[0].getpixel((10, 10)), Image.merge("RGB", im.split()[::-1]).getpixel((10, 10)))
t = im.copy(); t.thumbnail((20, 20)); print(t.size, g.point(lambda v: 255 if v > 100 else 0).histogram()[255] > 1000, ImageStat.Stat(Image.new("L", (4, 4), 7)).mean)
print(im.filter(ImageFilter.GaussianBlur(2)).getpixel((17, 15))[0] > 240, g.filter(ImageFilter.FIND_EDGES).getpixel((20, 15)), Image.blend(Image.new("RGB", (1, 1), "black"), Image.new("RGB", (1, 1), "white"), 0.5).getpixel((0, 0)))
a = Image.new("RGBA", (2, 2), (255, 0, 0, 128)); base = Image.new("RGBA", (2, 2), "white"); base.alpha_composite(a)
print(base.getpixel((0, 0)), Image.frombytes("L", (2, 2), bytes([1, 2, 3, 4])).tobytes(), im.quantize(4).mode, len(im.getcolors(10000)) > 3)
anim = io.BytesIO(); Image.new("RGB", (4, 4), "white").save(anim, "GIF", save_all=True, append_images=[Image.new("RGB", (4, 4), c) for c in ("black", "red")], duration=50); print(Image.open(anim).n_frames)
try:
    Image.open(io.BytesIO(b"not an image"))
except OSError as e:
    print(type(e).__name__)
