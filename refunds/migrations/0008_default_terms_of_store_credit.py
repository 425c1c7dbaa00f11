from decimal import Decimal
from typing import Any

from django.db import migrations

# category, place in the spending order, days valid, what one person alone gives
TERMS = (
    ("gift", 1, 730, "25"),
    ("bonus", 2, 365, "0"),
    ("goodwill", 3, 365, "25"),
    ("refund", 4, None, "0"),
)


def add(apps: Any, schema_editor: Any) -> None:
    terms = apps.get_model("refunds", "StoreCreditTerms")
    for category, position, days, alone in TERMS:
        terms.objects.create(category=category, position=position, valid_days=days, alone_up_to=Decimal(alone))


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("refunds", "StoreCreditTerms").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("refunds", "0007_store_credit_moves_by_entries_only")]

    operations = [migrations.RunPython(add, remove)]
