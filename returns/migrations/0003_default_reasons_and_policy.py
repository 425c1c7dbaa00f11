from datetime import UTC, datetime

from django.db import migrations
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

# code, how customers read it, asks condition, asks photo, the shop's fault, implied condition
REASONS = (
    ("wrong_size", "It does not fit", True, False, False, ""),
    ("changed_mind", "I changed my mind", True, False, False, ""),
    ("not_as_described", "It is not as described", True, False, True, ""),
    ("damaged_on_arrival", "It arrived damaged", False, True, True, "damaged"),
    ("defective", "It does not work", False, True, True, "defective"),
    ("wrong_item", "It is not what I ordered", False, True, True, ""),
    ("arrived_late", "It arrived too late", True, False, True, ""),
    ("unwanted_gift", "It was a gift I do not want", True, False, False, ""),
)

# kind, parameters, priority
RULES = (
    ("already_returned", {}, 10),
    ("not_shipped", {}, 20),
    ("final_sale", {}, 30),
    ("window", {"days": 30, "anchors": ["delivered", "shipped", "placed"], "transit_days": 5}, 40),
    ("accepted_reasons", {"reasons": [row[0] for row in REASONS]}, 50),
    ("accepted_conditions", {"conditions": ["sealed", "opened", "used"], "severity": "review"}, 60),
    ("photo_required", {"reasons": [row[0] for row in REASONS if row[3]]}, 70),
    ("review_above", {"value": "500.00"}, 80),
    ("resolutions", {"allowed": ["refund"], "default": "refund"}, 90),
    ("restocking_fee", {"percent": "0", "reasons": ["changed_mind", "unwanted_gift"]}, 100),
    ("free_label", {"everyone": True}, 110),
    ("refund_at", {"default": "inspection"}, 120),
    ("expires_after", {"days": 14}, 130),
)


def create(apps, schema_editor):
    Condition = apps.get_model("inventory", "Condition")
    ReturnReason = apps.get_model("returns", "ReturnReason")
    PolicyVersion = apps.get_model("returns", "PolicyVersion")
    PolicyRule = apps.get_model("returns", "PolicyRule")
    conditions = {condition.code: condition for condition in Condition.objects.all()}
    ReturnReason.objects.bulk_create(
        ReturnReason(
            code=code,
            label=label,
            asks_condition=asks_condition,
            asks_photo=asks_photo,
            is_our_fault=is_our_fault,
            implied_condition=conditions.get(implied),
            position=position,
        )
        for position, (code, label, asks_condition, asks_photo, is_our_fault, implied) in enumerate(REASONS, start=1)
    )
    # The first version binds every order ever placed, so there is no moment without a policy.
    version = PolicyVersion.objects.create(
        market="default",
        number=1,
        title="Standard returns",
        valid=DateTimeTZRange(None, None),
        published_at=datetime(2010, 1, 1, tzinfo=UTC),
    )
    PolicyRule.objects.bulk_create(
        PolicyRule(version=version, kind=kind, parameters=parameters, priority=priority)
        for kind, parameters, priority in RULES
    )


def remove(apps, schema_editor):
    apps.get_model("returns", "PolicyVersion").objects.filter(market="default", number=1).delete()
    apps.get_model("returns", "ReturnReason").objects.filter(code__in=[row[0] for row in REASONS]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("returns", "0002_count_what_arrived"),
        ("inventory", "0003_default_warehouse_and_conditions"),
    ]

    operations = [migrations.RunPython(create, remove)]
