from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oms", "0016_customs_ask_about_products")]

    operations = [
        migrations.AddField(
            model_name="orderline",
            name="kit",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=40, verbose_name="part of the kit"
            ),
        ),
    ]
