"""Buyers of a file → customers: found by their number, else by their e-mail; what is personal is sealed."""

from collections.abc import Sequence
from datetime import datetime

from oms import bulk
from oms.encryption import blind_index
from oms.importing.documents import Buyer
from oms.models import Customer, NameWord


class People:
    def __init__(self, now: datetime) -> None:
        self.now = now
        self.known: dict[str, int] = {}  # "number:…" or "email:…" → id

    def find_or_add(self, buyers: Sequence[Buyer | None]) -> list[int | None]:
        """Return the customer's id for each buyer, None for None; new people are added within the transaction."""
        wanted = {_key(buyer): buyer for buyer in buyers if buyer is not None and _key(buyer) not in self.known}
        if wanted:
            self._find(wanted)
            self._add({key: buyer for key, buyer in wanted.items() if key not in self.known})
        return [None if buyer is None else self.known[_key(buyer)] for buyer in buyers]

    def _find(self, wanted: dict[str, Buyer]) -> None:
        numbers = [buyer.external_id for buyer in wanted.values() if buyer.external_id]
        for pk, number in (
            Customer.objects.filter(external_id__in=numbers).order_by("-pk").values_list("pk", "external_id")
        ):
            self.known[f"number:{number}"] = pk
        emails = {
            blind_index("email", buyer.email): key
            for key, buyer in wanted.items()
            if buyer.email and not buyer.external_id
        }
        for pk, index in (
            Customer.objects.filter(email_index__in=list(emails)).order_by("-pk").values_list("pk", "email_index")
        ):
            self.known[emails[bytes(index)]] = pk

    def _add(self, new: dict[str, Buyer]) -> None:
        customers = []
        for pk, buyer in zip(bulk.reserve("oms_customer", len(new)), new.values(), strict=True):
            customer = Customer(
                pk=pk,
                external_id=buyer.external_id,
                name=buyer.name,
                email=buyer.email,
                phone=buyer.phone,
                street=buyer.street,
                city=buyer.city,
                postcode=buyer.postcode,
                country=buyer.country,
                region=buyer.region,
                created_at=self.now,
            )
            customer.ensure_key()
            customer.index_personal()
            customers.append(customer)
        bulk.insert(customers)
        NameWord.objects.bulk_create(word for customer in customers for word in customer.words_of_name())
        self.known.update({key: customer.pk for key, customer in zip(new, customers, strict=True)})


def _key(buyer: Buyer) -> str:
    return f"number:{buyer.external_id}" if buyer.external_id else f"email:{buyer.email.casefold()}"
