from django.db import migrations

# Each piece that a receipt counts gets a number of its own, however the receipt came to be (R64); many identical ones
# share one. What inspection finds takes the pieces of its receipt in their order; where they share a number and only
# some are meant, they part.
NUMBER = """
CREATE FUNCTION homeward_number_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sold oms_orderline;
    house bigint;
    dock bigint;
    each_up_to int;
BEGIN
    IF NEW.result NOT IN ('received', 'wrong_item', 'mismatch') THEN
        RETURN NULL;
    END IF;
    SELECT r.warehouse_id INTO house
      FROM returns_returnline rl JOIN returns_rma r ON r.id = rl.rma_id WHERE rl.id = NEW.line_id;
    SELECT b.id INTO dock FROM inventory_bin b WHERE b.warehouse_id = house AND b.kind = 'dock' ORDER BY b.code LIMIT 1;
    IF NEW.unit_id IS NOT NULL THEN
        UPDATE inventory_unit SET received_as = 'receipt/' || NEW.id, found_as = '', bin_id = dock,
            reservation_id = NULL, left_as = '', left_at = NULL WHERE id = NEW.unit_id;
        RETURN NULL;
    END IF;
    SELECT l.* INTO sold FROM oms_orderline l
      JOIN returns_returnline rl ON rl.order_line_id = l.id WHERE rl.id = NEW.line_id;
    IF sold.product_id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(own.labels_each_up_to, every.labels_each_up_to, 12) INTO each_up_to FROM oms_product p
      LEFT JOIN inventory_categoryterms own ON own.category = p.category
      LEFT JOIN inventory_categoryterms every ON every.category = '' WHERE p.id = sold.product_id;
    INSERT INTO inventory_unit (number, product_id, quantity, serial, sold_on_id, is_other, received_as, found_as,
                                bin_id, left_as, created_at)
    SELECT '', sold.product_id, CASE WHEN NEW.quantity > each_up_to THEN NEW.quantity ELSE 1 END, '', sold.id,
           NEW.result <> 'received', 'receipt/' || NEW.id, '', dock, '', NEW.received_at
      FROM generate_series(1, CASE WHEN NEW.quantity > each_up_to THEN 1 ELSE NEW.quantity END);
    RETURN NULL;
END $$;
CREATE TRIGGER number_receipt AFTER INSERT ON returns_receipt FOR EACH ROW EXECUTE FUNCTION homeward_number_receipt();

CREATE FUNCTION homeward_find_units() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one inventory_unit;
    wanted int := NEW.quantity;
BEGIN
    FOR one IN SELECT * FROM inventory_unit
        WHERE received_as = 'receipt/' || NEW.receipt_id AND found_as = '' ORDER BY id
    LOOP
        EXIT WHEN wanted <= 0;
        IF one.quantity > wanted THEN
            INSERT INTO inventory_unit (number, product_id, quantity, serial, sold_on_id, is_other, received_as,
                                        found_as, bin_id, left_as, created_at)
            VALUES ('', one.product_id, one.quantity - wanted, '', one.sold_on_id, one.is_other, one.received_as, '',
                    one.bin_id, '', one.created_at);
        END IF;
        UPDATE inventory_unit SET found_as = 'outcome/' || NEW.id, quantity = least(quantity, wanted)
         WHERE id = one.id;
        wanted := wanted - one.quantity;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER find_units AFTER INSERT ON returns_outcome FOR EACH ROW EXECUTE FUNCTION homeward_find_units();
"""
NO_NUMBER = """
DROP TRIGGER find_units ON returns_outcome;
DROP FUNCTION homeward_find_units();
DROP TRIGGER number_receipt ON returns_receipt;
DROP FUNCTION homeward_number_receipt();
"""


class Migration(migrations.Migration):
    dependencies = [("returns", "0013_goods_become_something_else"), ("inventory", "0008_number_what_comes_back")]

    operations = [migrations.RunSQL(NUMBER, NO_NUMBER)]
