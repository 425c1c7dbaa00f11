"""Photos that are kept as soon as they are chosen (U18)."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from returns import lookups
from returns.models import ReturnDraft, ReturnPhoto
from tests.builders import a_return

pytestmark = pytest.mark.django_db


def jpeg(shade: int = 90) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (shade, 60, 60)).save(out, "JPEG")
    return SimpleUploadedFile("crack.jpg", out.getvalue(), "image/jpeg")


@pytest.fixture
def draft(recent: Any) -> ReturnDraft:
    return lookups.draft_for(recent().pk, at=timezone.now())


def add(client: Client, draft: ReturnDraft, file: Any, line: object = None) -> Any:
    data = {"line": draft.order.lines.get().pk if line is None else line} | ({"photo": file} if file else {})
    return client.post(f"/return/{draft.ref}/photos/", data)


def test_a_photo_is_kept_and_shown_before_the_form_is_sent(client: Client, draft: ReturnDraft) -> None:
    answer = add(client, draft, jpeg())
    kept = ReturnPhoto.objects.get()
    assert answer.status_code == 200
    assert f"/return/{draft.ref}/photos/{kept.ref}/" in answer.content.decode()
    assert f'value="{kept.ref}"' in client.get(f"/return/{draft.ref}/items/").content.decode()


def test_the_same_photo_sent_again_is_one(client: Client, draft: ReturnDraft) -> None:
    answers = [add(client, draft, jpeg()) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert ReturnPhoto.objects.count() == 1


@pytest.mark.parametrize(
    ("file", "line", "sentence"),
    [
        (SimpleUploadedFile("a.heic", b"\x00\x00\x00\x18ftypheic" + bytes(90)), None, "not a JPEG, PNG or WebP photo"),
        (SimpleUploadedFile("a.jpg", b"\xff\xd8\xff broken"), None, "damaged"),
        (SimpleUploadedFile("a.jpg", b""), None, "empty"),
        (None, None, "empty"),
        (jpeg(), "0", "does not belong"),
        (jpeg(), "9" * 40, "does not belong"),
        (jpeg(), "'; --", "does not belong"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(
    client: Client, draft: ReturnDraft, file: Any, line: object, sentence: str
) -> None:
    answer = add(client, draft, file, line)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not ReturnPhoto.objects.exists()


def test_the_sixth_photo_is_one_too_many(client: Client, draft: ReturnDraft) -> None:
    answers = [add(client, draft, jpeg(shade)) for shade in range(0, 180, 30)]
    assert [one.status_code for one in answers] == [200] * 5 + [422]
    assert ReturnPhoto.objects.count() == 5


def test_a_draft_that_became_a_return_takes_no_more(client: Client, draft: ReturnDraft) -> None:
    rma = a_return(draft.order, at=timezone.now(), form_token=draft.ref)
    assert add(client, draft, jpeg())["Location"] == rma.get_portal_path()
    assert not ReturnPhoto.objects.exists()


def test_a_draft_that_is_not_there_is_a_404(client: Client) -> None:
    assert client.post("/return/7f5d6ebc-4817-4421-b25e-bfffc8addf5a/photos/").status_code == 404
