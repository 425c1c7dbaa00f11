"""The same photo in another claim is found after what people and programs do to photos; different photos are not."""

import io
from random import Random

import pytest
from django.core.files.base import ContentFile
from PIL import Image, ImageDraw, ImageFilter

from oms.models import Event
from oms.roles import Role
from returns import photos, tasks
from returns.models import RMA, PhotoMatch
from returns.photo_matching import is_same
from tests.builders import NOON, a_customer, a_return, an_order
from tests.properties import thorough
from tests.staff import staff_client


def scene(seed: int) -> Image.Image:
    """A made-up photo: a ground with a shade, some things on it, a little blur and grain."""
    random = Random(seed)
    size = random.choice([(800, 600), (600, 800), (1000, 750)])

    def color() -> tuple[int, int, int]:
        return random.randrange(256), random.randrange(256), random.randrange(256)

    ground = Image.new("RGB", (2, 2))
    for at in ((0, 0), (0, 1), (1, 0), (1, 1)):
        ground.putpixel(at, color())
    picture = ground.resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for _ in range(random.randrange(3, 14)):
        x, y, side = random.randrange(size[0]), random.randrange(size[1]), random.randrange(40, 300)
        shape = random.choice([draw.ellipse, draw.rectangle])
        shape((x, y, x + side, y + int(side * random.uniform(0.4, 1.2))), fill=color())
    grain = Image.effect_noise(size, random.randrange(8, 40)).convert("RGB")
    return Image.blend(picture, grain, 0.12).filter(ImageFilter.GaussianBlur(random.uniform(0, 1.5)))


def jpeg(picture: Image.Image, quality: int = 85) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def changed(picture: Image.Image, random: Random) -> bytes:
    """What happens to a photo between two claims: smaller, cropped by a tenth, saved again."""
    how = random.choice(["saved", "smaller", "cropped", "smaller and saved", "cropped and saved"])
    if "smaller" in how:
        factor = random.uniform(0.3, 0.9)
        picture = picture.resize((int(picture.width * factor), int(picture.height * factor)))
    if "cropped" in how:
        left, top = random.uniform(0, 0.1) * picture.width, random.uniform(0, 0.1) * picture.height
        box = (int(left), int(top), int(left + picture.width * 0.9), int(top + picture.height * 0.9))
        picture = picture.crop(box)
    return jpeg(picture, random.randrange(30, 70) if "saved" in how else 85)


def claim_with(content: bytes, *, email: str) -> RMA:
    rma = a_return(an_order(customer=a_customer(email=email)))
    picture = photos.clean(ContentFile(content))
    photos.keep(picture, taken_by="customer:x", at=NOON, rma=rma, line=rma.lines.get(), outcome=None, draft=None)
    return rma


def test_changed_copies_are_the_same_photo_and_others_are_not() -> None:
    random, many = Random(7), thorough.max_examples // 20
    found = [is_same(jpeg(scene(seed)), changed(scene(seed), random)) for seed in range(many)]
    wrong = [is_same(jpeg(scene(seed)), jpeg(scene(seed + 1000))) for seed in range(many)]
    assert [found.count(True), wrong.count(True)] == [many, 0]


@pytest.mark.django_db
def test_a_photo_of_another_claim_shows_on_both() -> None:
    original = scene(1)
    first = claim_with(jpeg(original), email="first@example.test")
    other = claim_with(jpeg(scene(2)), email="other@example.test")
    second = claim_with(changed(original, Random(3)), email="second@example.test")
    assert tasks.compare_photos() == 3
    assert tasks.compare_photos() == 0  # each is compared once
    matches = PhotoMatch.objects.values_list("photo__rma__number", "other__rma__number")
    assert set(matches) == {(first.number, second.number), (second.number, first.number)}
    told = Event.objects.filter(name="rma.photo_recognized").order_by("pk")
    assert [event.stream for event in told] == [first.stream, second.stream]
    agent = staff_client(Role.AGENT)
    for rma, expected in ((first, second), (second, first)):
        page = agent.get(rma.get_absolute_url()).content.decode()
        assert "The same photo was used in another return" in page
        assert expected.get_absolute_url() in page
    assert "The same photo was used" not in agent.get(other.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_two_returns_of_one_order_may_show_the_same_photo() -> None:
    rma = claim_with(jpeg(scene(1)), email="first@example.test")
    picture = photos.clean(ContentFile(jpeg(scene(1), quality=50)))
    photos.keep(picture, taken_by="customer:x", at=NOON, rma=rma, line=rma.lines.get(), outcome=None, draft=None)
    tasks.compare_photos()
    assert not PhotoMatch.objects.exists()
