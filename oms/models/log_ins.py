from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class LogInAttempt(models.Model):
    """One password or code that is being judged. Kept here, since the cache may vanish at any moment (S12).

    `key` is a blind index of what is limited: an account, an account at one address, an address.
    """

    key = models.BinaryField()
    tried_at = models.DateTimeField()

    class Meta:
        verbose_name = _("log-in attempt")
        verbose_name_plural = _("log-in attempts")
        indexes = [
            # how many within the last minutes
            models.Index(fields=["key", "tried_at"], name="log_in_attempt_recent"),
        ]

    def __str__(self) -> str:
        return f"log-in attempt {self.pk}"


class KnownAddress(models.Model):
    """Where this person has logged in from before, as a blind index: strangers cannot use up their tries there."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="known_addresses")
    key = models.BinaryField()
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("known address")
        verbose_name_plural = _("known addresses")
        constraints = [models.UniqueConstraint(fields=["key"], name="known_address_once")]

    def __str__(self) -> str:
        return f"known address {self.pk}"
