from django.db import migrations

# kind, parameters, priority
RULES = (
    ("needs_pickup", {"hazardous": True}, 112),
    ("refund_shipping", {"our_fault": True, "everything": True}, 115),
    ("promotions", {"requalify": False}, 118),
    ("not_delivered", {"shipping_when_refused": False, "shipping_when_undeliverable": False}, 160),
)
# Written down and not in use.
SUGGESTED = (
    ("keep_item", {"value_up_to": "5.00", "times": 2}, 84),
    (
        "resolutions",
        {
            "allowed": ["refund", "store_credit", "exchange"],
            "default": "refund",
            "money_days": 30,
            "expired_outcome": "store_credit",
        },
        88,
    ),
)


def a_new_shop(apps):
    """The first version, where nobody has ordered, returned or published anything under it yet."""
    first = apps.get_model("returns", "PolicyVersion").objects.filter(market="default", number=1).first()
    newer = apps.get_model("returns", "PolicyVersion").objects.filter(number__gt=1)
    used = apps.get_model("oms", "Order").objects.exists() or newer.exists()
    return None if used else first


def add(apps, schema_editor):
    PolicyRule = apps.get_model("returns", "PolicyRule")
    first = a_new_shop(apps)
    if first is None:
        return
    PolicyRule.objects.bulk_create(
        PolicyRule(version=first, kind=kind, parameters=parameters, priority=priority, active=active)
        for active, rules in ((True, RULES), (False, SUGGESTED))
        for kind, parameters, priority in rules
    )
    first.rules.filter(kind="expires_after", parameters={"days": 14}).update(parameters={"days": 14, "remind_days": 3})


def remove(apps, schema_editor):
    first = a_new_shop(apps)
    if first is None:
        return
    for kind, parameters, priority in (*RULES, *SUGGESTED):
        first.rules.filter(kind=kind, parameters=parameters, priority=priority).delete()
    first.rules.filter(kind="expires_after", parameters={"days": 14, "remind_days": 3}).update(parameters={"days": 14})


class Migration(migrations.Migration):
    dependencies = [
        ("returns", "0024_collected_on_a_day"),
        ("oms", "0018_what_carriers_refuse"),
    ]

    operations = [migrations.RunPython(add, remove)]
