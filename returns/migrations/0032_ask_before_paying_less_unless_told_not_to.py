from django.db import migrations, models


def a_new_shop_asks(apps, schema_editor):
    """A shop that has returns keeps what it did."""
    if not apps.get_model("returns", "RMA").objects.exists():
        apps.get_model("returns", "GoodsTerms").objects.update(asks_before_less=True)


class Migration(migrations.Migration):
    dependencies = [
        ("returns", "0031_replacements_sent_once_more"),
    ]

    operations = [
        migrations.AlterField(
            model_name="goodsterms",
            name="asks_before_less",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="ask before paying less than was promised"
            ),
        ),
        migrations.RunPython(a_new_shop_asks, migrations.RunPython.noop),
    ]
