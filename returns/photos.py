"""Pictures of returned goods: judged by their content, drawn again by us, stripped of everything but the picture (R74).

What is kept is a new JPEG made from the pixels. Names, metadata, trailing bytes and whatever else a file may carry stay
behind. Size and pixel limits are checked before anything is decoded.
"""

import hashlib
import io
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _
from PIL import ImageOps
from PIL.Image import Image, Resampling
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from oms.encryption import Plain
from oms.refusals import Refused
from returns.models import RMA, ReturnPhoto
from returns.photo_matching import fingerprint

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_PER_LINE = 5
MAX_ROOM = 120_000_000  # bytes of memory while it is decoded, beside what a web worker holds anyway
LONGEST_SIDE = 2000  # enough to see a scratch
CONTENT_TYPE = "image/jpeg"
_QUALITY = 82


class PhotoTooLarge(Refused):
    code = "photo_too_large"
    sentence = _("This photo is larger than 10 MB. Please choose a smaller one.")


class PhotoTooManyPixels(Refused):
    code = "photo_too_many_pixels"
    sentence = _("This photo has more than 40 megapixels. Please choose a smaller one.")


class PhotoTooHeavy(Refused):
    code = "photo_too_heavy"
    sentence = _("This photo takes too much room to open. Please save it smaller, as a plain JPEG, and choose that.")


class PhotoUnknown(Refused):
    code = "photo_unknown"
    sentence = _("This file is not a JPEG, PNG or WebP photo. Please choose another one.")


class PhotoBroken(Refused):
    code = "photo_broken"
    sentence = _("This photo is damaged and cannot be opened. Please choose another one.")


class PhotoEmpty(Refused):
    code = "photo_empty"
    sentence = _("This file is empty. Please choose another one.")


class TooManyPhotos(Refused):
    code = "too_many_photos"
    sentence = _("At most %(most)s photos for each item, please.")


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG of our own making."""

    content: bytes
    width: int
    height: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def clean(upload: File) -> Picture:
    """Read an uploaded file and draw its picture again.

    Raises PhotoEmpty, PhotoTooLarge, PhotoUnknown, PhotoTooManyPixels, PhotoTooHeavy, PhotoBroken.
    """
    if not upload.size:
        raise PhotoEmpty
    if upload.size > MAX_BYTES:
        raise PhotoTooLarge
    upload.seek(0)
    content = upload.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise PhotoTooLarge
    try:
        return _redraw(content)
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error) as error:
        raise PhotoBroken from error
    except (MemoryError, OverflowError) as error:
        raise PhotoTooManyPixels from error


def _redraw(content: bytes) -> Picture:
    with _open(content) as image:
        if image.width * image.height > MAX_PIXELS:
            raise PhotoTooManyPixels
        # A JPEG can be decoded at a fraction of its size, so that a large one costs little memory.
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        if _room(image, of=content) > MAX_ROOM:
            raise PhotoTooHeavy
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Resampling.LANCZOS)
        upright = ImageOps.exif_transpose(image)
        drawn = _on_white(upright)
    # Only pixels go on: no EXIF, no comment, no profile.
    drawn.info.clear()
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return Picture(out.getvalue(), drawn.width, drawn.height)


def _open(content: bytes) -> Image:
    """By its first bytes, never by its name; other formats have no decoder here at all."""
    stream = io.BytesIO(content)
    if content.startswith(b"\xff\xd8\xff"):
        return JpegImageFile(stream)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImageFile(stream)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        # Its decoder takes room for the whole canvas when it is opened, so the size is read first.
        width, height = _webp_size(content)
        if width * height > MAX_PIXELS:
            raise PhotoTooManyPixels
        return WebPImageFile(stream)
    raise PhotoUnknown


def _room(image: Image, *, of: bytes) -> int:
    """How many bytes decoding takes. A progressive JPEG keeps every coefficient of the whole; what is see-through is
    held twice while it is made smaller; the decoder of WebP holds the canvas beside what it hands over."""
    if isinstance(image, JpegImageFile):
        whole = _jpeg_pixels(of) * len(image.layer) * 2 if "progressive" in image.info else 0
        return whole + image.width * image.height * 4
    pixels = image.width * image.height
    if isinstance(image, WebPImageFile):
        return pixels * 12
    return pixels * (8 if image.has_transparency_data else 4)


def _jpeg_pixels(content: bytes) -> int:
    """Of the file itself, whatever fraction of it is decoded."""
    with JpegImageFile(io.BytesIO(content)) as whole:
        return whole.width * whole.height


def _webp_size(content: bytes) -> tuple[int, int]:
    """Width and height from the first chunk (developers.google.com/speed/webp/docs/riff_container)."""
    kind, body = content[12:16], content[20:]
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise PhotoBroken


def _on_white(image: Image) -> Image:
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        ground = layered.copy()
        ground.paste((255, 255, 255, 255), (0, 0, *layered.size))
        ground.alpha_composite(layered)
        image = ground
    return image.convert("RGB")


def clean_all(uploads: Iterable[File], *, already: int = 0) -> list[Picture]:
    """Redraw the uploads for one line that has `already` so many. Raises TooManyPhotos and what `clean` raises."""
    uploads = list(uploads)
    if already + len(uploads) > MAX_PER_LINE:
        raise TooManyPhotos(most=MAX_PER_LINE)
    return [clean(upload) for upload in uploads]


def with_photos(returns: QuerySet[RMA]) -> QuerySet[RMA]:
    """Read with each return whether it has photos: most have none, and then `of` asks no more."""
    return returns.annotate(has_photos=Exists(ReturnPhoto.objects.filter(rma=OuterRef("pk"))))


def of(rma: RMA) -> list[ReturnPhoto]:
    """The photos of a return in the order they were taken, without their pictures."""
    if not getattr(rma, "has_photos", True):
        return []
    return list(ReturnPhoto.objects.filter(rma=rma).select_related("phone").defer("content").order_by("pk"))


def keep(picture: Picture, *, taken_by: str, at: datetime, **belongs: Any) -> ReturnPhoto:
    """Store a picture, encrypted, with what it `belongs` to: draft, order_line, rma, line, outcome.

    The same picture kept twice for the same thing is one row: a form may be sent again.
    """
    kept = ReturnPhoto.objects.filter(sha256=picture.sha256, **belongs).first()
    if kept is not None:
        return kept
    looks = fingerprint(picture.content)
    photo = ReturnPhoto(
        content=Plain(picture.content),
        sha256=picture.sha256,
        across=looks.across,
        down=looks.down,
        width=picture.width,
        height=picture.height,
        taken_by=taken_by,
        taken_at=at,
        **belongs,
    )
    photo.save()
    return photo
