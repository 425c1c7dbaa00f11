from django.db import migrations, models
from django.db.models import Q

# Refunds of a memo may be replaced by others, so what held "one per payment and way" holds the sum: what stands on a
# memo is paid once. The lock on the memo makes two requests for it wait for each other.
ONCE = """
CREATE FUNCTION refunds_memo_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owed numeric; asked numeric;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.memo_id, NEW.order_id, NEW.payment_id) <> (OLD.memo_id, OLD.order_id, OLD.payment_id) THEN
        RAISE EXCEPTION 'refund % keeps its memo and its payment', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.replaced_at IS NULL THEN
        SELECT m.total INTO owed FROM refunds_creditmemo m WHERE m.id = NEW.memo_id FOR NO KEY UPDATE;
        SELECT sum(r.amount) INTO asked FROM refunds_refund r WHERE r.memo_id = NEW.memo_id AND r.replaced_at IS NULL;
        IF asked > owed THEN
            RAISE EXCEPTION 'memo % owes %, not %', NEW.memo_id, owed, asked
                USING ERRCODE = 'check_violation', CONSTRAINT = 'memo_paid_once';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER memo_paid_once AFTER INSERT OR UPDATE OF memo_id, order_id, payment_id, amount, replaced_at
    ON refunds_refund FOR EACH ROW WHEN (NEW.source <> 'imported') EXECUTE FUNCTION refunds_memo_once();
"""
NOT_ONCE = """
DROP TRIGGER memo_paid_once ON refunds_refund;
DROP FUNCTION refunds_memo_once();
"""
SECOND_PERSON = """
CREATE OR REPLACE FUNCTION refunds_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an approval is never deleted' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.voided_at IS NOT NULL OR NEW.voided_at IS NULL OR (NEW.refund_id, NEW.amount, NEW.destination,
            NEW.approver_id, NEW.approved_at) <> (OLD.refund_id, OLD.amount, OLD.destination, OLD.approver_id,
            OLD.approved_at) THEN
            RAISE EXCEPTION 'an approval is only ever voided' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.voided_at IS NULL AND NOT EXISTS (SELECT FROM oms_user u
        WHERE u.id = NEW.approver_id AND u.is_active AND u.role IN ('finance', 'administrator') FOR SHARE) THEN
        RAISE EXCEPTION 'who approves may approve' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM refunds_refund r LEFT JOIN returns_rma m ON m.id = r.rma_id
        JOIN oms_event e ON e.stream IN ({STREAMS})
        WHERE r.id = NEW.refund_id AND e.actor = 'user:' || NEW.approver_id AND e.name IN ({ASKING})) THEN
        RAISE EXCEPTION 'who asked or inspected does not approve' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
STREAMS = "'refund/' || r.number, 'rma/' || m.number"
ASKING = "'refund.requested', 'refund.redirected', 'rma.requested', 'rma.inspected', 'rma.resolution_changed'"
# Who asked for what it replaces asked for it too, and so did who chose money instead of goods.
REPLACED = """SELECT 'refund/' || r.number UNION ALL SELECT 'rma/' || m.number UNION ALL
        SELECT 'refund/' || o.number FROM refunds_refund o WHERE o.memo_id = r.memo_id AND o.replaced_at IS NOT NULL"""


class Migration(migrations.Migration):
    dependencies = [("refunds", "0016_book_what_disputes_take")]

    operations = [
        migrations.AddField(
            model_name="refund",
            name="replaced_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RemoveConstraint(model_name="refund", name="refund_once_per_way"),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=Q(("replaced_at", None), ("status", "canceled"), _connector="OR"),
                name="refund_replaced_is_canceled",
            ),
        ),
        migrations.RunSQL(ONCE, NOT_ONCE),
        migrations.RunSQL(
            SECOND_PERSON.replace("{STREAMS}", REPLACED).replace("{ASKING}", f"{ASKING}, 'refund.turned'"),
            SECOND_PERSON.replace("{STREAMS}", STREAMS).replace("{ASKING}", ASKING),
        ),
    ]
