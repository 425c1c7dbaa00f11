from datetime import date
from decimal import Decimal

from django.db import migrations

CURRENCY, AMOUNT, VALID_FROM = "GBP", Decimal("3.50"), date(2000, 1, 1)


def assume(apps, schema_editor):
    # About a quarter of an hour of work: marked as an assumption until the shop sets its own.
    apps.get_model("reporting", "HandlingRate").objects.create(
        currency=CURRENCY, amount=AMOUNT, valid_from=VALID_FROM, is_assumption=True
    )


def forget(apps, schema_editor):
    apps.get_model("reporting", "HandlingRate").objects.filter(is_assumption=True).delete()


class Migration(migrations.Migration):
    dependencies = [("reporting", "0001_handling_rates")]

    operations = [migrations.RunPython(assume, forget)]
