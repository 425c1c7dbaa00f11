"""Drawn stand-ins for photos: nobody's belongings, recognizably made up."""

from io import BytesIO
from random import Random

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

GROUNDS = ("#d9cbb3", "#c7d3cc", "#d5c6c9", "#c9cfdb")


def a_photo(random: Random, *, cracked: bool) -> ContentFile:
    """Return a JPEG upload of a mug on a table, whole or with a crack."""
    picture = Image.new("RGB", (960, 720), random.choice(GROUNDS))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 470, 960, 720), fill="#8a6f52")
    left = 300 + random.randrange(80)
    draw.rounded_rectangle((left, 220, left + 260, 520), 24, fill="#f4f1ea", outline="#6b6459", width=4)
    draw.arc((left + 220, 280, left + 340, 430), 270, 90, fill="#6b6459", width=16)
    if cracked:
        points = [(left + 90, 222)]
        while points[-1][1] < 480:
            x, y = points[-1]
            points.append((x + random.randrange(-26, 30), y + random.randrange(24, 52)))
        draw.line(points, fill="#2b2622", width=5)
    out = BytesIO()
    picture.save(out, "JPEG", quality=80)
    return ContentFile(out.getvalue(), "photo.jpg")
