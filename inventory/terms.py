"""How categories of products are issued and costed: read by every movement of value, changed once in years."""

from datetime import datetime
from decimal import Decimal

from inventory.models import CategoryTerms, GradeTerms
from inventory.states import CostingMethod, IssueOrder
from oms import outbox, shops
from oms.models import Product
from oms.remembered import forget, remembered
from oms.verbs import verb

EVERY_OTHER = ""


def of(product: Product) -> CategoryTerms:
    """The terms of the product's category, else those of every category without its own; not to be changed."""
    known = _terms()
    return known.get(product.category) or known.get(EVERY_OTHER) or CategoryTerms()


def impairment_percent(grade: str) -> Decimal:
    """How much of its cost a unit of this grade is expected to have lost, in percent."""
    return _grades().get(grade, Decimal(0))


@verb
def change(
    category: str, *, costing: str, issue_order: str, labels_each_up_to: int | None = None, by: str, at: datetime
) -> CategoryTerms:
    """Set them for a category; how many identical pieces get a label each stays where no number is given. What stands
    under another method is revalued by a job, dated then; nothing that was booked changes (R80).

    Raises ValueError for an unknown method or order.
    """
    terms, _made = CategoryTerms.objects.select_for_update(no_key=True).get_or_create(category=category)
    wanted = {"costing": CostingMethod(costing), "issue_order": IssueOrder(issue_order)}
    wanted |= {} if labels_each_up_to is None else {"labels_each_up_to": labels_each_up_to}
    changed = [name for name, value in wanted.items() if getattr(terms, name) != value]
    if not changed:
        return terms
    for name in changed:
        setattr(terms, name, wanted[name])
    terms.save(update_fields=changed)
    outbox.record_on(
        shops.STREAM,
        "category_terms.changed",
        by=by,
        at=at,
        category=category,
        fields=sorted(changed),
        costing=terms.costing,
        issue_order=terms.issue_order,
    )
    forget()
    return terms


@remembered
def _terms() -> dict[str, CategoryTerms]:
    return {one.category: one for one in CategoryTerms.objects.all()}


@remembered
def _grades() -> dict[str, Decimal]:
    return dict(GradeTerms.objects.values_list("grade", "impairment_percent"))
