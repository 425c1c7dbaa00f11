from django.db import migrations

OUR_FAULT = ["not_as_described", "damaged_on_arrival", "defective", "wrong_item"]
FAULTY = (
    "resolutions",
    {"allowed": ["refund", "replacement", "exchange"], "default": "refund", "reasons": OUR_FAULT},
    85,
)
# kind, parameters, priority
RULES = (
    FAULTY,
    ("exchange", {"scope": "same_product"}, 140),
    ("replacement", {"release_at": "inspection"}, 150),
)


def offer(apps, schema_editor):
    """The policy of a new shop lets customers exchange; what a manager has published since stays as it is."""
    PolicyVersion = apps.get_model("returns", "PolicyVersion")
    PolicyRule = apps.get_model("returns", "PolicyRule")
    first = PolicyVersion.objects.filter(market="default", number=1).first()
    if first is None or PolicyVersion.objects.filter(number__gt=1).exists():
        return
    PolicyRule.objects.bulk_create(
        PolicyRule(version=first, kind=kind, parameters=parameters, priority=priority)
        for kind, parameters, priority in RULES
    )
    for rule in first.rules.filter(kind="resolutions", priority=90):
        rule.parameters = rule.parameters | {"allowed": [*rule.parameters["allowed"], "exchange"]}
        rule.save(update_fields=["parameters"])


def withdraw(apps, schema_editor):
    PolicyRule = apps.get_model("returns", "PolicyRule")
    first = PolicyRule.objects.filter(version__market="default", version__number=1)
    first.filter(kind__in=("exchange", "replacement")).delete()
    first.filter(kind="resolutions", priority=85).delete()
    for rule in first.filter(kind="resolutions", priority=90):
        allowed = [code for code in rule.parameters["allowed"] if code != "exchange"]
        rule.parameters = rule.parameters | {"allowed": allowed}
        rule.save(update_fields=["parameters"])


class Migration(migrations.Migration):
    dependencies = [("returns", "0008_goods_that_go_out")]

    operations = [migrations.RunPython(offer, withdraw)]
