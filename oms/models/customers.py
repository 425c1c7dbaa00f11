from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import models
from django.utils.translation import gettext_lazy as _

from oms.encryption import PersonalTextField, blind_index, blind_postcode, name_words, unwrap, wrap_new_key
from oms.identifiers import uuid7


class CustomerQuerySet(models.QuerySet["Customer"]):
    def named(self, text: str) -> "CustomerQuerySet":
        """Customers whose name contains every whole word of the text, in any order, accents and case aside."""
        found = self
        for word in name_words(text):
            found = found.filter(name_words__word=blind_index("name", word))
        return found

    def with_email(self, email: str) -> "CustomerQuerySet":
        return self.filter(email_index=blind_index("email", email))


class Customer(models.Model):
    """A person who bought something. Everything personal is sealed under their own key; erasing drops the key."""

    ref = models.UUIDField(default=uuid7, editable=False, unique=True)
    wrapped_key = models.BinaryField(null=True, editable=False)
    external_id = models.CharField(_("customer number"), max_length=40, blank=True)
    name = PersonalTextField(_("name"))
    email = PersonalTextField(_("e-mail"))
    phone = PersonalTextField(_("phone"))
    street = PersonalTextField(_("street"))
    city = PersonalTextField(_("city"))
    postcode = PersonalTextField(_("postcode"))
    country = models.CharField(_("country"), max_length=60)
    region = models.CharField(_("region"), max_length=60, blank=True)
    language = models.CharField(_("language"), max_length=8, default="en")
    email_index = models.BinaryField(null=True, editable=False)
    postcode_index = models.BinaryField(null=True, editable=False)
    created_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [
            # desk search by e-mail
            models.Index(fields=["email_index"], name="customer_email"),
            # import: one customer per external number
            models.Index(fields=["external_id"], name="customer_external"),
        ]

    def __str__(self) -> str:
        return f"customer {self.external_id or self.pk}"

    def personal_owner(self) -> "Customer":
        return self

    def data_key(self) -> AESGCM | None:
        return None if self.wrapped_key is None else unwrap(bytes(self.wrapped_key), self.ref)

    def ensure_key(self) -> None:
        """Give a new person their data key; must run before the first save."""
        if self.wrapped_key is None and self.erased_at is None:
            self.wrapped_key = wrap_new_key(self.ref)

    def index_personal(self) -> None:
        """Recompute the blind indexes kept on the row (names have rows of their own: `NameWord`)."""
        self.email_index = blind_index("email", self.email) if self.email else None
        self.postcode_index = blind_postcode(self.postcode) if self.postcode else None

    def words_of_name(self) -> list["NameWord"]:
        """Rows by which the name is found, not saved."""
        return [NameWord(customer=self, word=blind_index("name", word)) for word in name_words(self.name)]

    @property
    def actor(self) -> str:
        return f"customer:{self.ref}"


class NameWord(models.Model):
    """One whole word of a customer's name, blind: how a name is found without being readable."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="name_words")
    word = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["word", "customer"], name="name_word_once")]

    def __str__(self) -> str:
        return f"name word {self.pk}"
