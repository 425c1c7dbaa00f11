from django.db import migrations

WAREHOUSE = {
    "code": "MAIN",
    "name": "Main warehouse",
    "street": "14 Returns Road",
    "city": "Leicester",
    "postcode": "LE1 1AA",
    "country": "GB",
    "phone": "+44 20 7946 0000",
    "time_zone": "Europe/London",
    "is_default": True,
}

# code, kind
BINS = (
    ("EXPECTED", "expected"),
    ("DOCK", "dock"),
    ("SHELF-01", "shelf"),
    ("QUARANTINE", "quarantine"),
    ("HOLD", "hold"),
    ("REFURBISH", "refurbish"),
    ("OUTBOUND", "outbound"),
    ("SCRAP", "scrap"),
)

# code, label, how customers read it, acceptable, usual grade, pays %, suggested disposition
CONDITIONS = (
    ("sealed", "Sealed", "Unopened, seal unbroken", True, "A", "100", "restock"),
    ("opened", "Opened", "Opened, not used", True, "B", "100", "restock"),
    ("used", "Used", "Used", True, "C", "50", "refurbish"),
    ("damaged", "Damaged", "Damaged", False, "D", "0", "scrap"),
    ("defective", "Defective", "Does not work", False, "D", "0", "quarantine"),
)


def create(apps, schema_editor):
    Warehouse = apps.get_model("inventory", "Warehouse")
    Bin = apps.get_model("inventory", "Bin")
    Condition = apps.get_model("inventory", "Condition")
    warehouse = Warehouse.objects.create(**WAREHOUSE)
    Bin.objects.bulk_create(Bin(warehouse=warehouse, code=code, kind=kind) for code, kind in BINS)
    Condition.objects.bulk_create(
        Condition(
            code=code,
            label=label,
            customer_label=customer_label,
            is_acceptable=is_acceptable,
            grade=grade,
            payout_percent=payout,
            disposition=disposition,
            position=position,
        )
        for position, (code, label, customer_label, is_acceptable, grade, payout, disposition) in enumerate(
            CONDITIONS, start=1
        )
    )


def remove(apps, schema_editor):
    Warehouse = apps.get_model("inventory", "Warehouse")
    Bin = apps.get_model("inventory", "Bin")
    Condition = apps.get_model("inventory", "Condition")
    Condition.objects.filter(code__in=[row[0] for row in CONDITIONS]).delete()
    Bin.objects.filter(warehouse__code=WAREHOUSE["code"], code__in=[row[0] for row in BINS]).delete()
    Warehouse.objects.filter(code=WAREHOUSE["code"]).delete()


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_movements_are_final")]

    operations = [migrations.RunPython(create, remove)]
