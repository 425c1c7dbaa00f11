"""R148: the same photo in another claim is found although it was saved again, made smaller or cropped by a tenth.

Size n: n photos, each in a claim of its own; n changed copies of them in other claims; and 10 n photos of other
things. All are kept as uploads are, and compared as at night. At least 95 of 100 copies must lead to their original,
and at most 1 of 1,000 other photos may be taken for one that it is not.
"""

from random import Random
from typing import Any

from django.core.files.base import ContentFile

from returns import photos
from returns.models import RMA, ReturnPhoto
from returns.photo_matching import matches_of
from tests.builders import NOON, a_return, an_order
from tests.proofs import Progress
from tests.returns.test_photo_matching import changed, jpeg, scene

SMALL, FULL = 4, 100
OTHERS = 10  # for each photo


def run(size: int, progress: Progress) -> dict[str, Any]:
    random, steps = Random(11), size * (OTHERS + 4)
    originals: dict[int, ReturnPhoto] = {}
    for seed in range(size):
        originals[seed] = keep(jpeg(scene(seed)))
        progress(seed + 1, steps)
    others = []
    for seed in range(size, size * (OTHERS + 1)):
        others.append(keep(jpeg(scene(seed))))
        progress(seed + 1, steps)
    found = 0
    for seed, original in originals.items():
        copy = keep(changed(scene(seed), random))
        found += original in list(matches_of(copy))
        progress(size * (OTHERS + 2) + seed, steps)
    different = [*others, *originals.values()]
    wrong = {frozenset((one.pk, match.pk)) for one in different for match in matches_of(one) if match in different}
    progress(steps, steps)
    return {
        "id": "R148",
        "copies": size,
        "found": found,
        "others": len(others),
        "pairs_taken_for_the_same": len(wrong),
        "passed": found * 100 >= size * 95 and len(wrong) * 1000 <= len(others),
    }


def keep(content: bytes) -> ReturnPhoto:
    """As an upload of a claim of its own."""
    rma: RMA = a_return(an_order())
    picture = photos.clean(ContentFile(content))
    return photos.keep(picture, taken_by="customer:x", at=NOON, rma=rma, line=rma.lines.get(), outcome=None, draft=None)
