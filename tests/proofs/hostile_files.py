"""Files that somebody may send instead of a photo, or as one: made here, a fixed seed, nothing is kept on disk.

`files()` yields (name, file name as sent, bytes, whether it is a photo that may come through redrawn). What must never
come through holds MARK, so that its survival shows.
"""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from random import Random

from PIL import Image, ImageCms, PngImagePlugin

MARK = b"HW-HOSTILE-MARK"
PAYLOAD = b"<script>/*" + MARK + b"*/alert(1)</script>"
Hostile = tuple[str, str, bytes, bool]


def photo(kind: str = "JPEG", size: tuple[int, int] = (160, 120), mode: str = "RGB", **how: object) -> bytes:
    """A small picture with something on it."""
    grain = Image.effect_noise(size, 40)
    out = io.BytesIO()
    (grain if mode == "L" else grain.convert("RGB").convert(mode)).save(out, kind, **how)
    return out.getvalue()


def chunk(kind: bytes, body: bytes, *, crc: int | None = None) -> bytes:
    return (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) if crc is None else crc)
    )


def png(
    width: int, height: int, rows: bytes = bytes(1000), *, depth: int = 8, color: int = 2, more: bytes = b""
) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def flat_png(side: int, *, depth: int = 8, color: int = 2) -> bytes:
    """A whole, valid PNG of one color, that is small as a file and large in memory."""
    per_pixel = {0: 1, 2: 3, 4: 2, 6: 4}[color] * depth // 8
    press, row = zlib.compressobj(9), bytes(1 + side * per_pixel)
    packed = b"".join(press.compress(row) for _row in range(side)) + press.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def sized_jpeg(width: int, height: int) -> bytes:
    content = bytearray(photo())
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG with one more segment behind its first bytes."""
    plain = photo()
    return plain[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body + plain[2:]


def webp(width: int, height: int) -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4)
    body += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def with_exif(kind: str) -> bytes:
    """Where, when and with what it was taken, a thumbnail's worth of comment with it."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x9286] = MARK.decode(), 6, MARK.decode()
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (52.0, 37.0, 59.0), "W", (1.0, 8.0, 1.0)
    return photo(kind, exif=exif)


def text_png() -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", PAYLOAD.decode())
    words.add_itxt("XML:com.adobe.xmp", PAYLOAD.decode(), zip=True)
    return photo("PNG", pnginfo=words)


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.txt", PAYLOAD)
        archive.writestr("zeros", bytes(5_000_000))
    return out.getvalue()


def animated(kind: str) -> bytes:
    frames = [Image.effect_noise((80, 60), 20 + shade).convert("RGB") for shade in range(30)]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=20, loop=0)
    return out.getvalue()


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + MARK


def large_jpeg(side: int, **how: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), (120, 90, 60)).save(out, "JPEG", quality=20, **how)
    return out.getvalue()


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + PAYLOAD + b"</svg>"
HTML = b"<!doctype html><html><body>" + PAYLOAD + b"</body></html>"
PDF = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(" + MARK + b")>>>>endobj\n%%EOF"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99999 99999\n(" + MARK + b") run\n"
FITS = b"SIMPLE  =                    T" + b" " * 50 + b"BITPIX  =                    8" + b" " * 2770 + MARK
PNG_START, JPEG_START = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"

# Name, file name as sent, how it is made, whether its picture may come through.
MADE: list[tuple[str, str, Callable[[], bytes], bool]] = [
    ("nothing", "photo.jpg", lambda: b"", False),
    ("html as a jpeg", "photo.jpg", lambda: HTML, False),
    ("html as html", "index.html", lambda: HTML, False),
    ("svg as svg", "photo.svg", lambda: SVG, False),
    ("svg as a jpeg", "photo.jpg", lambda: SVG, False),
    ("svg, gzipped", "photo.svgz", lambda: gzip.compress(SVG), False),
    ("svg that includes a file", "x.svg",
     lambda: b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG, False),
    ("eps", "photo.eps", lambda: EPS, False),
    ("eps as a png", "photo.png", lambda: EPS, False),
    ("dos eps", "photo.eps", lambda: b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 32, 999) + bytes(22) + EPS, False),
    ("fits", "photo.fits", lambda: FITS, False),
    ("fits, gzipped", "photo.fits.gz", lambda: gzip.compress(FITS + bytes(3_000_000)), False),
    ("pdf", "photo.pdf", lambda: PDF, False),
    ("pdf as a jpeg", "photo.jpeg", lambda: PDF, False),
    ("zip that climbs", "photos.zip", zipped, False),
    ("program", "photo.exe", lambda: b"MZ" + bytes(200) + MARK, False),
    ("elf", "photo.jpg", lambda: b"\x7fELF" + bytes(200) + MARK, False),
    ("php", "photo.php.jpg", lambda: b"<?php /*" + MARK + b"*/ system($_GET['c']);", False),
    ("shell", "photo.jpg;rm -rf .jpg", lambda: b"#!/bin/sh\n# " + MARK, False),
    ("imagemagick script", "photo.mvg",
     lambda: b"push graphic-context\nimage over 0,0 0,0 'label:@/etc/passwd'", False),
    ("playlist", "photo.jpg", lambda: b"#EXTM3U\nconcat:http://127.0.0.1/" + MARK, False),
    ("gif", "photo.gif", lambda: photo("GIF", mode="P"), False),
    ("animated gif", "photo.jpg", lambda: animated("GIF"), False),
    ("gif that is a script", "photo.gif", lambda: b"GIF89a/*" + bytes(30) + b"*/=1;" + PAYLOAD, False),
    ("bmp", "photo.bmp", lambda: photo("BMP"), False),
    ("tiff", "photo.tiff", lambda: photo("TIFF"), False),
    ("tiff bomb", "photo.tif", lambda: b"II*\x00\x08\x00\x00\x00\xff\xff" + bytes(range(256)) * 40, False),
    ("icon", "photo.ico", lambda: photo("ICO"), False),
    ("icns", "photo.icns", lambda: b"icns" + struct.pack(">I", 2**31 - 1) + bytes(100), False),
    ("photoshop", "photo.psd", lambda: b"8BPS\x00\x01" + bytes(6) + struct.pack(">HII", 4, 300_000, 300_000), False),
    ("jpeg 2000", "photo.jp2", lambda: photo("JPEG2000"), False),
    ("avif", "photo.avif", lambda: b"\x00\x00\x00 ftypavif" + bytes(60), False),
    ("heic", "photo.heic", lambda: b"\x00\x00\x00\x18ftypheic" + bytes(100), False),
    ("heic as a jpeg", "photo.jpg", lambda: b"\x00\x00\x00\x18ftypheic" + bytes(100), False),
    ("sound in riff", "photo.webp", lambda: b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(30), False),
    ("png of 10 gigapixels", "photo.png", lambda: png(100_000, 100_000), False),
    ("png of 4 exapixels", "photo.png", lambda: png(2**31 - 1, 2**31 - 1), False),
    ("png one pixel high", "photo.png", lambda: png(2**31 - 1, 1), False),
    ("png of no width", "photo.png", lambda: png(0, 100), False),
    ("jpeg of 4 gigapixels", "photo.jpg", lambda: sized_jpeg(65_500, 65_500), False),
    ("webp of 268 megapixels", "photo.webp", lambda: webp(16_384, 16_384), False),
    ("webp of 281 terapixels", "photo.webp", lambda: webp(2**24, 2**24), False),
    ("flat png just too large", "photo.png", lambda: flat_png(6_500), False),
    ("flat png with layers, heavy", "photo.png", lambda: flat_png(6_300, color=6), False),
    ("flat png of 16 bits, heavy", "photo.png", lambda: flat_png(5_000, depth=16, color=6), False),
    ("progressive jpeg, heavy", "photo.jpg", lambda: large_jpeg(6_300, progressive=True, subsampling=0), False),
    ("png with words of a gigabyte", "photo.png",
     lambda: png(16, 16, bytes(16 * 49), more=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(60_000_000), 9))), True),
    ("png with a profile of 60 MB", "photo.png",
     lambda: png(16, 16, bytes(16 * 49), more=chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(60_000_000), 9))), True),
    ("png whose data is longer than it", "photo.png", lambda: png(16, 16, bytes(50_000_000)), True),
    ("png whose checksum lies", "photo.png",
     lambda: png(16, 16, bytes(16 * 49)).replace(b"IDAT", b"IDAT")[:-16] + bytes(4) + chunk(b"IEND", b""), True),
    ("png whose head's checksum lies", "photo.png",
     lambda: PNG_START + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0), crc=7) + MARK, False),
    ("png with a chunk of 2 GB", "photo.png",
     lambda: PNG_START + struct.pack(">I", 2**31 - 1) + b"IHDR" + bytes(99), False),
    ("png truncated", "photo.png", lambda: photo("PNG", (600, 400))[:300], False),
    ("jpeg truncated", "photo.jpg", lambda: photo(size=(600, 400))[:700], False),
    ("webp truncated", "photo.webp", lambda: photo("WEBP", (600, 400))[:60], False),
    ("jpeg of noise", "photo.jpg", lambda: JPEG_START + b"\xe0" + Random(6).randbytes(9_000), False),
    ("png of noise", "photo.png", lambda: PNG_START + Random(6).randbytes(9_000), False),
    ("webp of noise", "photo.webp",
     lambda: b"RIFF" + struct.pack("<I", 9_000) + b"WEBPVP8 " + Random(6).randbytes(9_000), False),
    ("three bytes of a jpeg", "photo.jpg", lambda: JPEG_START, False),
    ("jpeg with a body of 11 MB", "photo.jpg", lambda: photo() + bytes(11_000_000), False),
    # photos that carry something: the picture may come through, nothing else
    ("jpeg and html", "photo.jpg.html", lambda: photo() + HTML, True),
    ("jpeg and zip", "photo.jpg", lambda: photo() + zipped() + MARK, True),
    ("jpeg and php", "photo.php", lambda: photo() + b"<?php /*" + MARK + b"*/", True),
    ("png and html", "photo.png", lambda: photo("PNG") + HTML, True),
    ("webp and a program", "photo.webp", lambda: photo("WEBP") + b"MZ" + MARK, True),
    ("jpeg with a place", "photo.jpg", lambda: with_exif("JPEG"), True),
    ("png with a place", "photo.png", lambda: with_exif("PNG"), True),
    ("webp with a place", "photo.webp", lambda: with_exif("WEBP"), True),
    ("jpeg with a comment", "photo.jpg", lambda: segment(0xFE, PAYLOAD), True),
    ("jpeg with a broken place", "photo.jpg", lambda: segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + MARK), True),
    ("jpeg with xmp", "photo.jpg", lambda: segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + PAYLOAD), True),
    ("jpeg with iptc", "photo.jpg", lambda: segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04" + MARK), True),
    ("jpeg with a profile", "photo.jpg", lambda: photo(icc_profile=profile()), True),
    ("jpeg in four colors", "photo.jpg", lambda: photo(mode="CMYK"), True),
    ("jpeg without color", "photo.jpg", lambda: photo(mode="L"), True),
    ("png with words", "photo.png", text_png, True),
    ("png with layers", "photo.png", lambda: photo("PNG", mode="RGBA"), True),
    ("png of one bit", "photo.png", lambda: photo("PNG", mode="1"), True),
    ("animated png", "photo.png", lambda: animated("PNG"), True),
    ("animated webp", "photo.webp", lambda: animated("WEBP"), True),
    ("several pictures in one", "photo.jpg", lambda: animated("MPO"), True),
    ("jpeg named as a png", "photo.png", photo, True),
    ("name that climbs", "../../../../etc/cron.d/photo.jpg", photo, True),
    ("name that climbs on Windows", "..\\..\\windows\\photo.jpg", photo, True),
    ("name with a zero", "photo.jpg\0.php", photo, True),
    ("name of a thousand letters", "a" * 1000 + ".jpg", photo, True),
    ("name that is a tag", "<img src=x onerror=alert(1)>.jpg", photo, True),
    ("jpeg of 36 megapixels", "photo.jpg", lambda: large_jpeg(6_000), True),
    ("progressive jpeg of 12 megapixels", "photo.jpg", lambda: large_jpeg(3_460, progressive=True), True),
    ("png of 20 megapixels", "photo.png", lambda: flat_png(4_470), True),
    ("webp of 8 megapixels", "photo.webp", lambda: photo("WEBP", (3_264, 2_448), quality=20), True),
]  # fmt: skip


def files() -> Iterator[Hostile]:
    for name, sent_as, make, is_photo in MADE:
        yield name, sent_as, make(), is_photo
