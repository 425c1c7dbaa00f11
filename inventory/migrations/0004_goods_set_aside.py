import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0003_default_warehouse_and_conditions"),
        ("oms", "0006_long_work_has_no_table_yet"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reservation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveIntegerField(verbose_name="quantity")),
                ("reserved_at", models.DateTimeField(verbose_name="reserved")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="held until")),
                ("issued_at", models.DateTimeField(null=True, verbose_name="left")),
                ("freed_at", models.DateTimeField(null=True, verbose_name="let go")),
                (
                    "level",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reservations",
                        to="inventory.stocklevel",
                    ),
                ),
                (
                    "order_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reservations", to="oms.orderline"
                    ),
                ),
            ],
            options={
                "verbose_name": "reservation",
                "verbose_name_plural": "reservations",
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("expires_at__isnull", False), ("freed_at__isnull", True), ("issued_at__isnull", True)
                        ),
                        fields=["expires_at"],
                        name="reservation_held",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("quantity__gt", 0)), name="reservation_quantity"),
                    models.CheckConstraint(
                        condition=models.Q(("issued_at__isnull", True), ("freed_at__isnull", True), _connector="OR"),
                        name="reservation_ends_once",
                    ),
                ],
            },
        ),
    ]
