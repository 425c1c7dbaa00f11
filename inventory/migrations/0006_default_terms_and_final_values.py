from django.db import migrations

# grade, percent of its cost that a returned unit of it is expected to lose
GRADES = (("A", "0"), ("B", "15"), ("C", "40"), ("D", "80"))


def create(apps, schema_editor):
    apps.get_model("inventory", "CategoryTerms").objects.create(category="")
    GradeTerms = apps.get_model("inventory", "GradeTerms")
    GradeTerms.objects.bulk_create(GradeTerms(grade=grade, impairment_percent=percent) for grade, percent in GRADES)


def remove(apps, schema_editor):
    apps.get_model("inventory", "CategoryTerms").objects.filter(category="").delete()
    apps.get_model("inventory", "GradeTerms").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("inventory", "0005_value_goods_by_layers"), ("oms", "0002_refuse_rewriting_history")]

    operations = [
        migrations.RunPython(create, remove),
        migrations.RunSQL(
            """CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON inventory_valuemovement
                   FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite()""",
            "DROP TRIGGER append_only ON inventory_valuemovement",
        ),
    ]
