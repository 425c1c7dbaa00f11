"""Personal data at rest: AES-256-GCM under a key per person (R129); erasing a person destroys the key.

A master key wraps one data key per customer. Each value is sealed with table, column, person and row as associated
data, so a ciphertext moved to another row is refused. Equality search goes through blind indexes (HMAC-SHA-256).
"""

import base64
import hashlib
import hmac
import os
import unicodedata
import uuid
from functools import lru_cache
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

NONCE_BYTES = 12
VERSION = b"\x01"


class Unreadable(Exception):
    """A sealed value does not belong where it was found, or its key is gone from the keyring."""


class KeyOwner(Protocol):
    ref: uuid.UUID

    def data_key(self) -> AESGCM | None:
        """Return the key that seals this owner's data, None after erasure."""


# ── Keyring ───────────────────────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=8)
def _keyring(configured: str) -> dict[int, bytes]:
    keys = {}
    for entry in configured.split(","):
        key_id, _, encoded = entry.strip().partition(":")
        key = base64.b64decode(encoded)
        if len(key) != 32:
            raise ValueError("HOMEWARD_MASTER_KEYS: each key must be 32 bytes of base64")
        keys[int(key_id)] = key
    return keys


def newest_master_key() -> int:
    """Return the id of the master key that wraps from now on: the first in HOMEWARD_MASTER_KEYS."""
    return next(iter(_keyring(settings.MASTER_KEYS)))


def wrap_new_key(ref: uuid.UUID) -> bytes:
    """Make a data key for the person `ref` and return it wrapped by the newest master key."""
    return _wrap(os.urandom(32), ref)


def rewrap(wrapped: bytes, ref: uuid.UUID) -> bytes:
    """Return the same data key wrapped by the newest master key (rotation)."""
    return _wrap(_unwrap_raw(bytes(wrapped), ref), ref)


def _wrap(data_key: bytes, ref: uuid.UUID) -> bytes:
    key_id, master = next(iter(_keyring(settings.MASTER_KEYS).items()))
    nonce = os.urandom(NONCE_BYTES)
    return bytes([key_id]) + nonce + AESGCM(master).encrypt(nonce, data_key, ref.bytes)


def _unwrap_raw(wrapped: bytes, ref: uuid.UUID) -> bytes:
    master = _keyring(settings.MASTER_KEYS).get(wrapped[0])
    if master is None:
        raise Unreadable(f"master key {wrapped[0]} is not in the keyring")
    try:
        return AESGCM(master).decrypt(wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :], ref.bytes)
    except InvalidTag as error:
        raise Unreadable("a wrapped key does not belong to this person") from error


@lru_cache(maxsize=4096)
def unwrap(wrapped: bytes, ref: uuid.UUID) -> AESGCM:
    return AESGCM(_unwrap_raw(wrapped, ref))


class SystemOwner:
    """Owner of what belongs to no customer (raw webhooks): key derived from the oldest master key."""

    ref = uuid.UUID(int=0)

    def data_key(self) -> AESGCM:
        oldest = list(_keyring(settings.MASTER_KEYS).values())[-1]
        return AESGCM(hmac.digest(oldest, b"homeward/system", "sha256"))


SYSTEM = SystemOwner()

# ── Sealing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _associated(table: str, column: str, owner: KeyOwner, row: uuid.UUID) -> bytes:
    return f"{table}.{column}".encode() + owner.ref.bytes + row.bytes


def seal(content: bytes, *, table: str, column: str, owner: KeyOwner, row: uuid.UUID) -> bytes:
    key = owner.data_key()
    if key is None:
        raise Unreadable("this person's data was erased; nothing more can be stored for them")
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + key.encrypt(nonce, content, _associated(table, column, owner, row))


def unseal(sealed: bytes, *, table: str, column: str, owner: KeyOwner, row: uuid.UUID) -> bytes:
    """Return the content, b"" when the owner was erased; raise Unreadable when it does not belong here."""
    key = owner.data_key()
    if key is None:
        return b""
    try:
        return key.decrypt(
            sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], _associated(table, column, owner, row)
        )
    except InvalidTag as error:
        raise Unreadable(f"{table}.{column} holds a value sealed for another row") from error


# ── Blind indexes ─────────────────────────────────────────────────────────────────────────────────────────────────


def normalize(text: str) -> str:
    return unicodedata.normalize("NFKD", text).casefold().strip()


def blind_index(kind: str, text: str) -> bytes:
    """Return the 16 bytes under which a value of this kind is found; the same text always gives the same bytes."""
    key = base64.b64decode(settings.BLIND_INDEX_KEY)
    return hmac.digest(key, f"{kind}:{normalize(text)}".encode(), hashlib.sha256)[:16]


def blind_postcode(text: str) -> bytes:
    return blind_index("postcode", "".join(text.split()))


def name_words(name: str) -> list[str]:
    """Split a name into the whole words it is found by, accents and case aside."""
    plain = "".join(c if c.isalnum() else " " for c in normalize(name) if not unicodedata.combining(c))
    return sorted(set(plain.split()))


# ── Model fields ──────────────────────────────────────────────────────────────────────────────────────────────────


class _Sealed(DeferredAttribute):
    """Decrypts on reading; keeps what was assigned until the row is saved, when all keys are known."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, memoryview):
            value = bytes(value)
        if instance is None or not isinstance(value, bytes) or isinstance(value, Opened):
            return value
        return self.field.open(value, instance)

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class Plain:
    """Bytes not yet sealed (so that they are not taken for ciphertext)."""

    def __init__(self, content: bytes) -> None:
        self.content = content


class Opened(bytes):
    """Bytes that were read from a sealed column: put back (by `refresh_from_db`, say), they are not ciphertext."""


class PersonalTextField(models.BinaryField):
    """Text of one person, encrypted in the column. The model says whose by `personal_owner()` and has a `ref`.

    `filter()`, `update()` and `F()` on it raise: search by blind index, write by saving the row.
    """

    descriptor_class = _Sealed

    def get_default(self) -> str:
        return ""

    def open(self, value: bytes, instance: Any) -> str:
        if not value:
            return ""
        return self._unseal(value, instance).decode()

    def _unseal(self, value: bytes, instance: Any) -> bytes:
        return unseal(
            value,
            table=self.model._meta.db_table,
            column=self.column,
            owner=instance.personal_owner(),
            row=instance.ref,
        )

    def _content(self, value: Any) -> bytes:
        return value.encode()

    def pre_save(self, model_instance: Any, add: bool) -> bytes:
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, memoryview):
            value = bytes(value)
        if not value:
            return b""
        if isinstance(value, bytes) and not isinstance(value, Opened):
            return value
        sealed = seal(
            self._content(value),
            table=self.model._meta.db_table,
            column=self.column,
            owner=model_instance.personal_owner(),
            row=model_instance.ref,
        )
        model_instance.__dict__[self.attname] = sealed
        return sealed

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, str):
            raise self._personal()
        return super().get_prep_value(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if hasattr(value, "as_sql"):  # update() with F() or another expression: never sealed for this row
            raise self._personal()
        return super().get_db_prep_save(value, connection)

    def _personal(self) -> TypeError:
        return TypeError(f"{self.name} is personal: search by its blind index, write it by saving the row")

    def value_to_string(self, obj: Any) -> str:
        return base64.b64encode(self.pre_save(obj, False)).decode()

    def formfield(self, **kwargs: Any) -> Any:
        return models.TextField(verbose_name=self.verbose_name, blank=True).formfield(**kwargs)


class PersonalBytesField(PersonalTextField):
    """Encrypted bytes (a photo, a stored mail, a raw webhook). Assign `Plain(content)`; reads give bytes."""

    def open(self, value: bytes, instance: Any) -> Any:
        return Opened(self._unseal(value, instance)) if value else b""

    def _content(self, value: Any) -> bytes:
        return value if isinstance(value, Opened) else value.content
