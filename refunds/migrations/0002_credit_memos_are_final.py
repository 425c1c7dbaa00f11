from django.db import migrations

FINAL = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON refunds_creditmemo
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON refunds_creditmemoline
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
"""
NOT_FINAL = """
DROP TRIGGER append_only ON refunds_creditmemoline;
DROP TRIGGER append_only ON refunds_creditmemo;
"""


class Migration(migrations.Migration):
    dependencies = [("refunds", "0001_first_tables"), ("oms", "0002_refuse_rewriting_history")]

    operations = [migrations.RunSQL(FINAL, NOT_FINAL)]
