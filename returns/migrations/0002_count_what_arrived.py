from django.db import migrations

# What arrived and what was inspected are sums of rows; the counters beside them let CHECK constraints refuse
# a unit too many, whatever code inserts the row.
COUNT_RECEIPTS = """
CREATE FUNCTION homeward_count_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.result IN ('received', 'wrong_item') THEN
        UPDATE returns_returnline SET arrived = arrived + NEW.quantity WHERE id = NEW.line_id;
    ELSE
        UPDATE returns_returnline SET missing = missing + NEW.quantity WHERE id = NEW.line_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_receipt AFTER INSERT ON returns_receipt FOR EACH ROW EXECUTE FUNCTION homeward_count_receipt();

CREATE FUNCTION homeward_count_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE returns_receipt SET inspected = inspected + NEW.quantity WHERE id = NEW.receipt_id;
    UPDATE returns_returnline SET inspected = inspected + NEW.quantity
     WHERE id = (SELECT line_id FROM returns_receipt WHERE id = NEW.receipt_id);
    RETURN NULL;
END $$;
CREATE TRIGGER count_outcome AFTER INSERT ON returns_outcome FOR EACH ROW EXECUTE FUNCTION homeward_count_outcome();
"""
FORGET_RECEIPTS = """
DROP TRIGGER count_outcome ON returns_outcome;
DROP FUNCTION homeward_count_outcome();
DROP TRIGGER count_receipt ON returns_receipt;
DROP FUNCTION homeward_count_receipt();
"""

FINAL = """
CREATE FUNCTION homeward_refuse_changed_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(OLD) - 'inspected' <> to_jsonb(NEW) - 'inspected' THEN
        RAISE EXCEPTION 'receipts are append-only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON returns_receipt
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_changed_receipt();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON returns_outcome
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
"""
NOT_FINAL = """
DROP TRIGGER append_only ON returns_outcome;
DROP TRIGGER append_only ON returns_receipt;
DROP FUNCTION homeward_refuse_changed_receipt();
"""


class Migration(migrations.Migration):
    dependencies = [("returns", "0001_first_tables"), ("oms", "0002_refuse_rewriting_history")]

    operations = [migrations.RunSQL(COUNT_RECEIPTS, FORGET_RECEIPTS), migrations.RunSQL(FINAL, NOT_FINAL)]
