import base64
import os
import uuid
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, Value

from oms import encryption
from oms.encryption import Plain, Unreadable, blind_index, blind_postcode, name_words
from oms.models import Customer, InboundWebhook
from tests.builders import NOON, a_customer

SAM = "Sam Shopper"


def stored(customer: Customer, column: str = "name") -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM oms_customer WHERE id = %s", [customer.pk])
        return bytes(cursor.fetchone()[0])


def store(customer: Customer, column: str, sealed: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE oms_customer SET {column} = %s WHERE id = %s", [sealed, customer.pk])


def read(customer: Customer) -> Customer:
    return Customer.objects.get(pk=customer.pk)


def a_key(number: int) -> str:
    return f"{number}:{base64.b64encode(os.urandom(32)).decode()}"


# ── Sealed at rest ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_text_is_sealed_in_the_column_and_read_as_it_was() -> None:
    customer = a_customer(name="Zoë Ångström")
    assert "Zoë".encode() not in stored(customer)
    assert (customer.name, read(customer).name) == ("Zoë Ångström", "Zoë Ångström")


@pytest.mark.django_db
def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    one, other = a_customer(name=SAM), a_customer(name=SAM)
    assert stored(one) != stored(other)


@pytest.mark.django_db
def test_saving_what_was_only_read_changes_nothing() -> None:
    customer = a_customer(name=SAM)
    before = stored(customer)
    read(customer).save()
    assert stored(customer) == before


@pytest.mark.django_db
def test_a_ciphertext_moved_to_another_person_is_refused() -> None:
    sam, mallory = a_customer(name=SAM), a_customer(name="Mallory")
    store(mallory, "name", stored(sam))
    with pytest.raises(Unreadable, match="sealed for another row"):
        _ = read(mallory).name
    assert read(sam).name == SAM


@pytest.mark.django_db
def test_a_ciphertext_moved_to_another_column_is_refused() -> None:
    sam = a_customer(name=SAM)
    store(sam, "city", stored(sam))
    with pytest.raises(Unreadable, match=r"oms_customer\.city"):
        _ = read(sam).city


@pytest.mark.django_db
def test_a_changed_ciphertext_is_refused() -> None:
    sam = a_customer(name=SAM)
    sealed = bytearray(stored(sam))
    sealed[-1] ^= 1
    store(sam, "name", bytes(sealed))
    with pytest.raises(Unreadable):
        _ = read(sam).name


@pytest.mark.django_db
def test_bytes_are_sealed_too() -> None:
    webhook = InboundWebhook.objects.create(
        provider="stripe", external_id="evt_1", kind="x", body=Plain(b'{"name": "Sam"}'), received_at=NOON
    )
    assert InboundWebhook.objects.get(pk=webhook.pk).body == b'{"name": "Sam"}'
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM oms_inboundwebhook WHERE id = %s", [webhook.pk])
        assert b"Sam" not in bytes(cursor.fetchone()[0])


# ── Erased ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_an_erased_person_reads_as_empty() -> None:
    sam = a_customer(name=SAM)
    Customer.objects.filter(pk=sam.pk).update(wrapped_key=None, erased_at=NOON)
    erased = read(sam)
    assert (erased.name, erased.email, erased.street) == ("", "", "")
    assert erased.country == "United Kingdom"


@pytest.mark.django_db
def test_nothing_more_can_be_stored_for_an_erased_person() -> None:
    sam = a_customer(name=SAM)
    Customer.objects.filter(pk=sam.pk).update(wrapped_key=None, erased_at=NOON)
    erased = read(sam)
    erased.ensure_key()
    erased.name = "Sam again"
    with pytest.raises(Unreadable, match="erased"):
        erased.save()


# ── The ways around the model ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["Sam", F("email"), Value("Sam")], ids=["text", "F", "Value"])
def test_update_is_refused(change: Any) -> None:
    sam = a_customer(name=SAM)
    with pytest.raises(TypeError, match="personal"), transaction.atomic():
        Customer.objects.filter(pk=sam.pk).update(name=change)
    assert read(sam).name == SAM


@pytest.mark.django_db
def test_searching_the_column_is_refused() -> None:
    with pytest.raises(TypeError, match="blind index"):
        Customer.objects.filter(name=SAM).exists()


# ── Keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_a_new_master_key_wraps_and_the_old_one_still_reads(settings: Any) -> None:
    old, new = a_key(3), a_key(4)
    settings.MASTER_KEYS = old
    sam = a_customer(name=SAM)
    settings.MASTER_KEYS = f"{new},{old}"
    ann = a_customer(name="Ann")
    assert (bytes(sam.wrapped_key)[0], bytes(ann.wrapped_key)[0]) == (3, 4)
    assert (read(sam).name, read(ann).name) == (SAM, "Ann")
    assert encryption.newest_master_key() == 4


def test_a_wrapped_key_belongs_to_one_person(settings: Any) -> None:
    settings.MASTER_KEYS = a_key(3)
    sam, mallory = uuid.uuid4(), uuid.uuid4()
    wrapped = encryption.wrap_new_key(sam)
    with pytest.raises(Unreadable, match="does not belong to this person"):
        encryption.rewrap(wrapped, mallory)


def test_a_key_whose_master_key_is_gone_says_so(settings: Any) -> None:
    settings.MASTER_KEYS = a_key(3)
    wrapped = encryption.wrap_new_key(ref := uuid.uuid4())
    settings.MASTER_KEYS = a_key(4)
    with pytest.raises(Unreadable, match="master key 3 is not in the keyring"):
        encryption.rewrap(wrapped, ref)


def test_a_master_key_of_the_wrong_length_is_refused(settings: Any) -> None:
    settings.MASTER_KEYS = "1:" + base64.b64encode(b"short").decode()
    with pytest.raises(ValueError, match="32 bytes"):
        encryption.newest_master_key()


# ── Found without being readable ──────────────────────────────────────────────────────────────────────────────────


def test_a_blind_index_is_the_same_for_the_same_text_only() -> None:
    assert blind_index("email", " Sam@Example.TEST ") == blind_index("email", "sam@example.test")
    assert blind_index("email", "sam") != blind_index("name", "sam")
    assert blind_index("email", "sam") != blind_index("email", "sam2")
    assert blind_postcode("le1 5aa") == blind_postcode("LE15AA")
    assert len(blind_index("email", "sam")) == 16


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Sam Shopper", ["sam", "shopper"]),
        ("  Zoë   ÅNGSTRÖM-Smith ", ["angstrom", "smith", "zoe"]),
        ("O'Neil, O'Neil", ["neil", "o"]),
        ("王 小明", ["小明", "王"]),
        ("", []),
    ],
)
def test_a_name_is_found_by_its_whole_words(name: str, words: list[str]) -> None:
    assert name_words(name) == words


@pytest.mark.django_db
def test_customers_are_found_by_name_whole_words_in_any_order() -> None:
    sam = a_customer(name="Sam Ångström")
    a_customer(name="Samuel Smith")
    assert list(Customer.objects.named("angstrom SAM")) == [sam]
    assert list(Customer.objects.named("ang")) == []
