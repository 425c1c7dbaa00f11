from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oms", "0018_what_carriers_refuse")]

    operations = [
        migrations.AddField(
            model_name="shop",
            name="buyers_make_gift_links",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="buyers make links for whoever they gave something to"
            ),
        ),
        migrations.AddField(
            model_name="shop",
            name="tells_buyer_of_gifts",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="tell the buyer when a gift came back"
            ),
        ),
    ]
