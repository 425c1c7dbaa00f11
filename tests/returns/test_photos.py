"""Hostile uploads: nothing but a picture comes through, and what does is redrawn (S6, R148)."""

import io
import struct
import tracemalloc
import zlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from returns import photos
from returns.models import ReturnDraft, ReturnPhoto
from tests.builders import NOON, an_order


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **how: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 90).save(out, kind, **how)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def jpeg_header(width: int, height: int) -> bytes:
    content = bytearray(picture())
    start = content.index(b"\xff\xc0")
    content[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def webp_canvas(width: int, height: int) -> bytes:
    body = (
        b"VP8X"
        + struct.pack("<I", 10)
        + bytes(4)
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


REAL = picture()
HTML = b"<!doctype html><script>alert(1)</script>"

REFUSED = {
    "empty": (b"", photos.PhotoEmpty),
    "html": (HTML, photos.PhotoUnknown),
    "html named as a jpeg": (HTML, photos.PhotoUnknown),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', photos.PhotoUnknown),
    "gif": (picture("GIF", mode="P"), photos.PhotoUnknown),
    "bmp": (picture("BMP"), photos.PhotoUnknown),
    "tiff": (picture("TIFF"), photos.PhotoUnknown),
    "icon": (picture("ICO"), photos.PhotoUnknown),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", photos.PhotoUnknown),
    "pdf": (b"%PDF-1.7\n", photos.PhotoUnknown),
    "fits": (b"SIMPLE  =                    T", photos.PhotoUnknown),
    "zip": (b"PK\x03\x04" + bytes(60), photos.PhotoUnknown),
    "program": (b"\x7fELF" + bytes(60), photos.PhotoUnknown),
    "avif": (b"\x00\x00\x00 ftypavif" + bytes(60), photos.PhotoUnknown),
    "heic": (b"\x00\x00\x00 ftypheic" + bytes(60), photos.PhotoUnknown),
    "riff that is a sound": (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(30), photos.PhotoUnknown),
    "three bytes of a jpeg": (b"\xff\xd8\xff", photos.PhotoBroken),
    "eight bytes of a png": (b"\x89PNG\r\n\x1a\n", photos.PhotoBroken),
    "webp without a chunk": (b"RIFF\x04\x00\x00\x00WEBP", photos.PhotoBroken),
    "webp with an unknown chunk": (b"RIFF\x10\x00\x00\x00WEBPXXXX" + bytes(8), photos.PhotoBroken),
    "truncated jpeg": (picture(size=(600, 400))[:700], photos.PhotoBroken),
    "truncated png": (picture("PNG", size=(600, 400))[:200], photos.PhotoBroken),
    "truncated webp": (picture("WEBP", size=(600, 400))[:60], photos.PhotoBroken),
    "png whose checksum lies": (picture("PNG").replace(b"IDAT", b"IDAT", 1)[:-20] + bytes(20), photos.PhotoBroken),
    "jpeg of noise": (b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20, photos.PhotoBroken),
    "png of 10 gigapixels": (png_header(100_000, 100_000), photos.PhotoTooManyPixels),
    "png of no width": (png_header(0, 100), photos.PhotoBroken),
    "jpeg of 65,000 by 65,000": (jpeg_header(65_000, 65_000), photos.PhotoTooManyPixels),
    "webp of 16,000 by 16,000": (webp_canvas(16_000, 16_000), photos.PhotoTooManyPixels),
    "just over 40 megapixels": (png_header(8_000, 5_001), photos.PhotoTooManyPixels),
    "ten megabytes and a byte": (REAL + bytes(photos.MAX_BYTES + 1 - len(REAL)), photos.PhotoTooLarge),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_a_photo_is_refused_with_a_sentence(name: str) -> None:
    content, refusal = REFUSED[name]
    with pytest.raises(refusal) as refused:
        photos.clean(SimpleUploadedFile("photo.jpg", content, content_type="image/jpeg"))
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *[("JPEG", mode) for mode in ("RGB", "L", "CMYK", "1")],
        *[("PNG", mode) for mode in ("RGB", "L", "RGBA", "P", "I;16", "LA", "1")],
        *[("WEBP", mode) for mode in ("RGB", "RGBA", "L", "P", "LA", "1", "CMYK")],
    ],
)
def test_real_photos_of_every_kind_become_a_plain_jpeg(kind: str, mode: str) -> None:
    content = picture(kind, mode=mode)
    made = photos.clean(ContentFile(content))
    with Image.open(io.BytesIO(made.content)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (60, 40))


@pytest.mark.parametrize("tail", [HTML, b"PK\x03\x04 archive", b"<?php system($_GET[0]); ?>", b"%PDF-1.7"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_of_a_polyglot_only_the_picture_is_left(kind: str, tail: bytes) -> None:
    made = photos.clean(ContentFile(picture(kind) + tail))
    assert tail not in made.content
    assert made.content.startswith(b"\xff\xd8\xff")


def test_where_and_with_what_a_photo_was_taken_is_gone() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SpyCam"
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 0.0)
    comment = PngImagePlugin.PngInfo()
    comment.add_text("Comment", "taken at home")
    for content in (
        picture(exif=exif, comment=b"taken at home"),
        picture("PNG", exif=exif, pnginfo=comment),
        picture("WEBP", exif=exif, xmp=b"<x:xmpmeta>taken at home</x:xmpmeta>"),
    ):
        made = photos.clean(ContentFile(content)).content
        with Image.open(io.BytesIO(made)) as image:
            assert dict(image.getexif()) == {}
            assert set(image.info) <= {
                "jfif",
                "jfif_version",
                "jfif_unit",
                "jfif_density",
                "progressive",
                "progression",
            }
        assert b"SpyCam" not in made
        assert b"taken at home" not in made


def test_a_photo_held_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = photos.clean(ContentFile(picture(size=(60, 40), exif=exif)))
    assert (made.width, made.height) == (40, 60)


def test_a_large_photo_is_made_small_without_much_memory() -> None:
    content = picture(size=(7000, 5000), quality=30)
    tracemalloc.start()
    made = photos.clean(ContentFile(content))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (made.width, made.height) == (2000, 1429)
    assert peak < 64 * 1024 * 1024


def test_the_sixth_photo_of_a_line_is_one_too_many() -> None:
    with pytest.raises(photos.TooManyPhotos):
        photos.clean_all([ContentFile(REAL)] * 3, already=3)


@pytest.mark.django_db
def test_a_name_leads_nowhere_and_the_picture_is_kept_sealed() -> None:
    order = an_order()
    draft = ReturnDraft.objects.create(order=order, created_at=NOON, updated_at=NOON)
    upload = SimpleUploadedFile("../../../etc/passwd\x00.jpg", REAL, content_type="text/html")
    made = photos.clean(upload)
    belongs = {"draft": draft, "order_line": order.lines.get(), "rma": None}
    kept = photos.keep(made, taken_by=order.customer.actor, at=NOON, **belongs)
    again = photos.keep(made, taken_by=order.customer.actor, at=NOON, **belongs)

    stored = ReturnPhoto.objects.get()
    assert kept.pk == again.pk == stored.pk
    assert stored.content == made.content
    assert made.content[:20] not in bytes(stored.__dict__["content"])
    assert "passwd" not in str([field.value_from_object(stored) for field in stored._meta.fields])
