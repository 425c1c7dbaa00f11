from django.db import migrations

# code, how customers read it, the shop's fault. Not active: nobody chooses them, the carrier's word does.
REASONS = (
    ("refused_delivery", "The delivery was refused", False),
    ("undeliverable", "It could not be delivered", False),
    ("lost_on_the_way", "It was lost on its way to the customer", True),
    ("broken_on_the_way", "It was broken on its way to the customer", True),
)


def create(apps, schema_editor):
    ReturnReason = apps.get_model("returns", "ReturnReason")
    ReturnReason.objects.bulk_create(
        ReturnReason(
            code=code, label=label, asks_condition=False, is_our_fault=is_our_fault, position=900 + place, active=False
        )
        for place, (code, label, is_our_fault) in enumerate(REASONS)
    )


def remove(apps, schema_editor):
    apps.get_model("returns", "ReturnReason").objects.filter(code__in=[row[0] for row in REASONS]).delete()


class Migration(migrations.Migration):
    dependencies = [("returns", "0016_cases_of_parcels")]

    operations = [migrations.RunPython(create, remove)]
