"""What must be true before this runs, and what production still lacks, with what to do about it."""

import base64
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from celery import current_app
from django.conf import settings
from django.core.checks import Error, Warning
from django.db.models.signals import post_save

from oms import encryption
from oms.models import Event

env = environ.Env()
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SHAPES = {
    "HOMEWARD_MASTER_KEYS": "a list of id:key, each key base64 of 32 bytes",
    "HOMEWARD_INDEX_KEY": "base64 of 32 bytes",
    "HOMEWARD_CHAIN_KEY": "base64 of 32 bytes",
}


def check_event_bridge(**_kwargs: Any) -> list[Error]:
    """`oms.E011`, `oms.E012`: events become jobs only when `oms/receivers.py` and the Celery app are loaded."""
    found = []
    if not post_save.has_listeners(Event):
        found.append(Error("Events have no receiver: no worker would hear of them.", id="oms.E011"))
    if current_app.main != "homeward":
        found.append(Error("The Celery application is not loaded.", hint="oms/__init__.py imports it.", id="oms.E012"))
    return found


def check_secrets(**_kwargs: Any) -> list[Error]:
    """`oms.E020`, `oms.E028`: production names its secrets itself, whole; generated ones live on one machine only."""
    wanted = {
        "SECRET_KEY": "SECRET_KEY",
        "HOMEWARD_MASTER_KEYS": "MASTER_KEYS",
        "HOMEWARD_INDEX_KEY": "BLIND_INDEX_KEY",
        "HOMEWARD_CHAIN_KEY": "EVENT_CHAIN_KEY",
        "STRIPE_WEBHOOK_SECRET": "STRIPE_WEBHOOK_SECRET",
        "EASYPOST_WEBHOOK_SECRET": "EASYPOST_WEBHOOK_SECRET",
    }
    found = [
        Error(f"{variable} is not set.", hint=f"Set {variable} in the environment; see .env.example.", id="oms.E020")
        for variable in wanted
        if not env.str(variable, "")
    ]
    damaged = [name for name in SHAPES if env.str(name, "") and not _has_shape(name)]
    return found + [
        Error(f"{name} is not {SHAPES[name]}.", hint="See .env.example.", id="oms.E028") for name in damaged
    ]


def _has_shape(name: str) -> bool:
    try:
        if name == "HOMEWARD_MASTER_KEYS":
            return encryption.newest_master_key() in range(256)  # one byte names it
        return len(base64.b64decode(env.str(name), validate=True)) == 32
    except ValueError:
        return False


def check_vendors(**_kwargs: Any) -> list[Error | Warning]:
    """`oms.E021`–`E027`, `W029`: a live key never meets the sandbox, production never does; nothing is forgotten."""
    found: list[Error | Warning] = []
    for name, key, base, live in (
        ("STRIPE", settings.STRIPE_API_KEY, settings.STRIPE_API_BASE, ("sk_live_", "rk_live_")),
        ("EASYPOST", settings.EASYPOST_API_KEY, settings.EASYPOST_API_BASE, ("EZAK",)),
    ):
        on_loopback = urlsplit(base).hostname in LOOPBACK if base else False
        if on_loopback and key.startswith(live):
            found.append(
                Error(f"A live {name} key is pointed at a sandbox.", hint=f"Unset {name}_API_BASE.", id="oms.E021")
            )
        elif on_loopback:
            found.append(Error(f"{name}_API_BASE is a sandbox address.", hint=f"Unset {name}_API_BASE.", id="oms.E022"))
        elif not key.startswith(live):
            found.append(Warning(f"{name}_API_KEY is a test key: no money or parcel moves.", id="oms.W023"))
    if urlsplit(settings.PAYPAL_API_BASE).hostname in LOOPBACK:
        found.append(Error("PAYPAL_API_BASE is a sandbox address.", hint="Unset PAYPAL_API_BASE.", id="oms.E022"))
    elif "sandbox" in settings.PAYPAL_API_BASE:
        found.append(Warning("PAYPAL_API_BASE is PayPal's test system: no money moves.", id="oms.W023"))
    if env.str("PAYPAL_CLIENT_ID", "") and not settings.PAYPAL_WEBHOOK_ID:
        hint = "Set the id PayPal gave the webhook that points at /webhooks/paypal/."
        found.append(Error("PAYPAL_WEBHOOK_ID is not set: no message of PayPal is believed.", hint=hint, id="oms.E027"))
    if not env.str("DATABASE_URL", ""):
        found.append(Error("DATABASE_URL is not set: data would live in an embedded server.", id="oms.E024"))
    if settings.ACCOUNTING_FOLDER and not Path(settings.ACCOUNTING_FOLDER).is_dir():
        found.append(Warning("ACCOUNTING_FOLDER is no folder: no file of the accounting is compared.", id="oms.W029"))
    if not settings.EMAIL_URL:
        found.append(Warning("EMAIL_URL is not set: mails stay in the database.", id="oms.W025"))
    if not settings.PUBLIC_URL.startswith("https://"):
        found.append(Error("PUBLIC_URL is not https.", hint="Links in mails carry what opens a return.", id="oms.E026"))
    return found
