import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("refunds", "0014_pay_what_an_exchange_costs_more"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConservationRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_by", models.CharField(max_length=60)),
                ("ran_at", models.DateTimeField()),
                ("orders", models.PositiveIntegerField(verbose_name="orders")),
                ("totals", models.JSONField(default=list)),
                ("drifting", models.PositiveIntegerField(verbose_name="drifting")),
            ],
            options={
                "verbose_name": "conservation run",
                "verbose_name_plural": "conservation runs",
                "indexes": [models.Index(fields=["-ran_at", "-id"], name="conservation_newest")],
            },
        ),
        migrations.CreateModel(
            name="ConservationFinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reading",
                    models.CharField(
                        choices=[("order", "order"), ("unit", "order line"), ("tax", "tax line")], max_length=8
                    ),
                ),
                ("order_number", models.CharField(max_length=40)),
                ("subject", models.CharField(blank=True, max_length=60)),
                ("currency", models.CharField(max_length=3)),
                ("drift", models.DecimalField(decimal_places=6, max_digits=20)),
                ("amounts", models.JSONField(default=dict)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="refunds.conservationrun",
                    ),
                ),
            ],
            options={
                "verbose_name": "conservation finding",
                "verbose_name_plural": "conservation findings",
            },
        ),
    ]
