"""A mail as it is written and kept: HTML and hand-written plain text, to an address that can be written to."""

import re
import textwrap
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string

from notifications import lifecycle
from notifications.models import Message

WIDTH = 72  # characters of a line of plain text


def render(message: Message, said: dict[str, Any], *, to: str) -> Message:
    """Fill in what the templates of its kind make of `said`, in the language in force."""
    message.recipient, message.subject = _address(to), said["subject"]
    message.html = _tidy_html(render_to_string(f"mail/{message.template}.html", said))
    message.text = _tidy_text(render_to_string(f"mail/{message.template}.txt", said))
    return message


def keep(message: Message, *, at: datetime) -> None:
    """To be sent when it is due; as sent when there is no mail server; withheld when there is nobody to send it to."""
    if not message.recipient:
        lifecycle.withhold(message)
    elif settings.EMAIL_URL or message.send_after > at:
        lifecycle.compose(message)
    else:
        lifecycle.file(message, at=at)


def _address(text: str) -> str:
    """An address that can be written to, or nothing: what customers once typed is not always one."""
    try:
        validate_email(text.strip())
    except ValidationError:
        return ""
    return text.strip()


def _tidy_html(html: str) -> str:
    """Without the indentation of the templates: half the bytes, and what a mail program clips comes later."""
    return re.sub(r"\s*\n\s*", "\n", html).strip() + "\n"


def _tidy_text(text: str) -> str:
    """Lines of at most 72 characters, addresses whole; one empty line between paragraphs."""
    lines = "\n".join(_wrapped(text.strip().splitlines()))
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"


def _wrapped(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        line = line.rstrip() if line != "-- " else line  # "-- " begins a signature
        if len(line) <= WIDTH:
            yield line
        else:
            indent = " " * (len(line) - len(line.lstrip()))
            yield from textwrap.wrap(
                line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )
