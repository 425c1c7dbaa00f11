from django.db import migrations

REFUSE = """
CREATE FUNCTION homeward_refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON oms_event
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON oms_journalentry
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON oms_posting
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
"""
ALLOW = """
DROP TRIGGER append_only ON oms_posting;
DROP TRIGGER append_only ON oms_journalentry;
DROP TRIGGER append_only ON oms_event;
DROP FUNCTION homeward_refuse_rewrite();
"""

# An entry's postings come in one statement, so the statement's new rows are the whole entry.
BALANCE = """
CREATE FUNCTION homeward_refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE unbalanced bigint;
BEGIN
    SELECT entry_id INTO unbalanced FROM fresh GROUP BY entry_id, currency HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal entry % does not sum to zero', unbalanced USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER balanced AFTER INSERT ON oms_posting REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION homeward_refuse_unbalanced();
"""
UNBALANCE = """
DROP TRIGGER balanced ON oms_posting;
DROP FUNCTION homeward_refuse_unbalanced();
"""


class Migration(migrations.Migration):
    dependencies = [("oms", "0001_first_tables")]

    operations = [migrations.RunSQL(REFUSE, ALLOW), migrations.RunSQL(BALANCE, UNBALANCE)]
