from django.db import migrations

# A receipt that was a mistake is taken back within a minute: nothing came, so no piece of it has a number. A serial
# keeps its own.
FORGET = """
CREATE FUNCTION homeward_forget_units() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.unit_id IS NULL THEN
        DELETE FROM inventory_unit WHERE received_as = 'receipt/' || NEW.id AND found_as = '';
    ELSE
        UPDATE inventory_unit SET received_as = '', bin_id = NULL
         WHERE id = NEW.unit_id AND received_as = 'receipt/' || NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_units AFTER UPDATE OF is_reversed ON returns_receipt
    FOR EACH ROW WHEN (NEW.is_reversed AND NOT OLD.is_reversed) EXECUTE FUNCTION homeward_forget_units();
"""
KEEP = """
DROP TRIGGER forget_units ON returns_receipt;
DROP FUNCTION homeward_forget_units();
"""


class Migration(migrations.Migration):
    dependencies = [("returns", "0017_reasons_of_parcels"), ("inventory", "0008_number_what_comes_back")]

    operations = [migrations.RunSQL(FORGET, KEEP)]
