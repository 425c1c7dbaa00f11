"""The shop's logo: whatever was uploaded is drawn again, so that only a picture of ours is ever served."""

import io
import struct

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _
from PIL import Image

from oms.refusals import Refused

MAX_BYTES = 2 * 1024 * 1024
MAX_PIXELS = 16_000_000
LARGEST = (480, 160)  # twice what a page shows


class LogoTooLarge(Refused):
    code = "logo_too_large"
    sentence = _("This picture is larger than 2 MB. Choose a smaller one.")


class LogoUnknown(Refused):
    code = "logo_unknown"
    sentence = _("This file is no PNG or JPEG picture. Choose another one.")


class LogoTooManyPixels(Refused):
    code = "logo_too_many_pixels"
    sentence = _("This picture has more than 16 megapixels. Choose a smaller one.")


def clean(upload: File) -> bytes:
    """Return the picture as a small PNG. Raises LogoTooLarge, LogoUnknown, LogoTooManyPixels."""
    if (upload.size or 0) > MAX_BYTES:
        raise LogoTooLarge
    upload.seek(0)
    content = upload.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise LogoTooLarge
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise LogoTooManyPixels
            drawn = picture.convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise LogoTooManyPixels from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error) as error:
        raise LogoUnknown from error
    drawn.thumbnail(LARGEST, Image.Resampling.LANCZOS)
    drawn.info.clear()  # no profile, no comment: only pixels
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()
