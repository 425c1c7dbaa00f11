from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_first_tables"), ("oms", "0002_refuse_rewriting_history")]

    operations = [
        migrations.RunSQL(
            """CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON inventory_stockmovement
                   FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite()""",
            "DROP TRIGGER append_only ON inventory_stockmovement",
        )
    ]
