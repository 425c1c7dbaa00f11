"""The same photo in another claim, found again although it was re-compressed, resized or cropped (R148, R149).

Two steps. A fingerprint says for each step across and down a tiny gray copy whether it gets brighter: PostgreSQL finds
the few photos whose fingerprints are near. These are then laid on each other, crop by crop, and looked at closely.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from django.db import connection
from PIL import ImageChops, ImageOps, ImageStat
from PIL.Image import Image, Resampling
from PIL.JpegImagePlugin import JpegImageFile

from oms import outbox
from oms.verbs import verb
from returns.lifecycle.locking import lock
from returns.models import PhotoMatch, ReturnPhoto

Box = tuple[float, float, float, float]

# How much of each side is cut off (left, top, right, bottom) in the crops that are looked at; the whole comes first.
_CUT = 0.1
_HALF = _CUT / 2
_CROPS: tuple[Box, ...] = (
    (0, 0, 0, 0),
    (_CUT, 0, 0, 0),
    (0, _CUT, 0, 0),
    (0, 0, _CUT, 0),
    (0, 0, 0, _CUT),
    (_CUT, _CUT, 0, 0),
    (0, _CUT, _CUT, 0),
    (_CUT, 0, 0, _CUT),
    (0, 0, _CUT, _CUT),
    (_HALF, _HALF, _HALF, _HALF),
    (_CUT, _CUT, _CUT, _CUT),
)
_STEPS = 8
# Of 128 steps so many may differ in a candidate; of 256 shades the copies may lie so far apart when laid on each other.
_NEAR = 20
_SAME = 12.5
_CLOSE_LOOK = 40  # pixels a side


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """64 steps across and 64 down, as the bits of signed 64-bit numbers, for the whole and for each crop."""

    across: list[int]
    down: list[int]


def fingerprint(content: bytes) -> Fingerprint:
    """The fingerprint of a JPEG of our own making."""
    gray = _gray(content)
    return Fingerprint(
        [_bits(gray, crop, (_STEPS + 1, _STEPS)) for crop in _CROPS],
        [_bits(gray, crop, (_STEPS, _STEPS + 1)) for crop in _CROPS],
    )


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two JPEGs show the same picture, one of them cropped by a tenth at most."""
    left, right = _gray(one), _gray(other)
    return min(_apart(left, right), _apart(right, left)) <= _SAME


def _gray(content: bytes) -> Image:
    with JpegImageFile(io.BytesIO(content)) as image:
        image.draft("L", (256, 256))
        gray = image.convert("L")
    gray.thumbnail((256, 256), Resampling.BOX)
    return gray


def _cut(image: Image, crop: Box) -> Box:
    left, top, right, bottom = crop
    width, height = image.size
    return left * width, top * height, (1 - right) * width, (1 - bottom) * height


def _bits(gray: Image, crop: Box, size: tuple[int, int]) -> int:
    width, height = size
    pixels = gray.resize(size, Resampling.BOX, box=_cut(gray, crop)).tobytes()
    step = 1 if width > height else width
    bits = 0
    for y in range(_STEPS):
        for x in range(_STEPS):
            at = y * width + x
            bits = bits << 1 | (pixels[at] < pixels[at + step])
    return bits - (1 << 64) if bits >> 63 else bits


def _apart(whole: Image, crop: Image) -> float:
    """How far apart in shade `crop` and the most similar crop of `whole` lie, from coarse cuts to fine ones."""
    size = (_CLOSE_LOOK, _CLOSE_LOOK)
    wanted = ImageOps.autocontrast(crop.resize(size, Resampling.BOX))

    def difference(cut: Box) -> float:
        seen = ImageOps.autocontrast(whole.resize(size, Resampling.BOX, box=_cut(whole, cut)))
        return ImageStat.Stat(ImageChops.difference(seen, wanted)).rms[0]

    best = min(product((0.0, _HALF, _CUT), repeat=4), key=difference)
    for step in (_HALF / 2, _HALF / 4):
        around = product(*([max(0.0, side - step), side, side + step] for side in best))
        best = min(around, key=difference)
    return difference(best)


# ── Among the photos of all returns ───────────────────────────────────────────────────────────────────────────────

# One of the two is looked at as a whole: a crop is compared with a whole, never with another crop.
_SEARCH = """
    SELECT DISTINCT theirs.id
      FROM returns_returnphoto mine
     CROSS JOIN LATERAL unnest(mine.across, mine.down) WITH ORDINALITY AS m(across, down, crop)
      JOIN returns_rma ours ON ours.id = mine.rma_id
      JOIN returns_returnphoto theirs ON theirs.id <> mine.id
      JOIN returns_rma other ON other.id = theirs.rma_id AND other.order_id <> ours.order_id
     CROSS JOIN LATERAL unnest(theirs.across, theirs.down) WITH ORDINALITY AS t(across, down, crop)
     WHERE mine.id = %s AND (m.crop = 1 OR t.crop = 1)
       AND bit_count((m.across # t.across)::bit(64)) + bit_count((m.down # t.down)::bit(64)) <= %s
     ORDER BY theirs.id
"""


def to_compare(limit: int) -> list[ReturnPhoto]:
    """Photos of returns that have not been compared with the others, oldest first."""
    return list(ReturnPhoto.objects.filter(compared_at=None, rma__isnull=False).order_by("id")[:limit])


def matches_of(photo: ReturnPhoto) -> Iterator[ReturnPhoto]:
    """Photos of returns of other orders that show the same picture."""
    with connection.cursor() as cursor:
        cursor.execute(_SEARCH, [photo.pk, _NEAR])
        near = [row[0] for row in cursor.fetchall()]
    for other in ReturnPhoto.objects.filter(pk__in=near).select_related("rma__order__customer").order_by("pk"):
        if is_same(bytes(photo.content), bytes(other.content)):
            yield other


@verb
def compare(photo: ReturnPhoto, *, at: datetime) -> list[PhotoMatch]:
    """Look for this photo in other claims; what is found is kept with both, and the return's story says so.

    Harmless when run twice.
    """
    found = [PhotoMatch(photo=photo, other=other, found_at=at) for other in matches_of(photo)]
    rma = lock(photo.rma.number)
    made = PhotoMatch.objects.bulk_create(found, ignore_conflicts=True)
    ReturnPhoto.objects.filter(pk=photo.pk).update(compared_at=at)
    if made:
        numbers: list[Any] = sorted({one.other.rma.number for one in made})
        outbox.record(rma, "rma.photo_recognized", by="system", at=at, photo=photo.pk, returns=numbers)
    return made
