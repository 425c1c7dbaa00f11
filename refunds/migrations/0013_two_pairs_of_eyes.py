from django.db import migrations

# The code decides the same, and earlier; this is the wall behind it. Counted is what left, or is to leave, without a
# second person: per order, and per customer within a day of the request. The advisory lock makes requests of one
# customer on several orders wait for each other, so that none misses the other's amount.
TWO_PAIRS = """
CREATE FUNCTION refunds_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    limit_ numeric; unseen numeric; customer bigint; quoted numeric; promised numeric; wanted boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.source <> OLD.source OR NOT NEW.approval_reasons @> OLD.approval_reasons THEN
            RAISE EXCEPTION 'refund %: why it needs a second person is not taken back', NEW.number
                USING ERRCODE = 'check_violation';
        END IF;
        IF (NEW.status, NEW.amount, NEW.destination) = (OLD.status, OLD.amount, OLD.destination) THEN
            RETURN NEW;
        END IF;
        -- What the provider says about money that is out already is never refused.
        IF OLD.status IN ('submitted', 'pending', 'failed', 'settled')
            AND NEW.status IN ('pending', 'settled', 'failed')
            AND (NEW.amount, NEW.destination) = (OLD.amount, OLD.destination) THEN
            RETURN NEW;
        END IF;
    END IF;
    IF NEW.status NOT IN ('approved', 'submitted', 'pending', 'settled') OR (TG_OP = 'INSERT'
        AND NEW.status = 'settled' AND NEW.source IN ('imported', 'external')) THEN
        RETURN NEW;
    END IF;
    wanted := NEW.approval_reasons <> '[]'::jsonb OR NEW.source = 'goodwill' OR NEW.destination = 'manual';
    IF NOT wanted AND NEW.destination = 'original' THEN
        wanted := EXISTS (SELECT FROM oms_payment p WHERE p.id = NEW.payment_id
            AND p.method NOT IN ('store_credit', 'gift_card')
            AND (p.method NOT IN ('card', 'paypal') OR p.provider_id = ''));
    END IF;
    IF NOT wanted AND (TG_OP = 'INSERT' OR OLD.status NOT IN ('approved', 'submitted', 'pending')
        OR (NEW.amount, NEW.destination) <> (OLD.amount, OLD.destination)) THEN
        SELECT o.customer_id INTO customer FROM oms_order o WHERE o.id = NEW.order_id;
        PERFORM pg_advisory_xact_lock(hashtext('refunds_four_eyes'), (coalesce(customer, -NEW.order_id) % 2147483647)::int);
        SELECT coalesce(max(s.approval_above), 500) INTO limit_ FROM oms_shop s WHERE s.id = 1;
        SELECT coalesce(sum(r.amount), 0) + NEW.amount INTO unseen FROM refunds_refund r
            WHERE r.order_id = NEW.order_id AND r.id IS DISTINCT FROM NEW.id AND r.status <> 'canceled'
            AND r.approval_reasons = '[]'::jsonb AND r.source NOT IN ('imported', 'external');
        wanted := unseen > limit_;
        IF NOT wanted AND NEW.rma_id IS NOT NULL THEN
            SELECT (m.quote ->> 'total')::numeric INTO quoted FROM returns_rma m WHERE m.id = NEW.rma_id;
            SELECT sum(c.total) INTO promised FROM refunds_creditmemo c WHERE c.rma_id = NEW.rma_id;
            wanted := promised > quoted;
        END IF;
        IF NOT coalesce(wanted, false) AND customer IS NOT NULL THEN
            SELECT coalesce(sum(r.amount), 0) + NEW.amount INTO unseen
                FROM refunds_refund r JOIN oms_order o ON o.id = r.order_id
                WHERE o.customer_id = customer AND r.id IS DISTINCT FROM NEW.id AND r.status <> 'canceled'
                AND r.currency = NEW.currency
                AND r.requested_at > NEW.requested_at - interval '1 day' AND r.requested_at <= NEW.requested_at
                AND r.approval_reasons = '[]'::jsonb AND r.source NOT IN ('imported', 'external');
            wanted := unseen > limit_;
        END IF;
    END IF;
    IF wanted AND NOT EXISTS (SELECT FROM refunds_refundapproval a WHERE a.refund_id = NEW.id
        AND a.voided_at IS NULL AND a.amount = NEW.amount AND a.destination = NEW.destination) THEN
        RAISE EXCEPTION 'refund % needs a second person', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_pairs_of_eyes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER two_pairs_of_eyes BEFORE INSERT OR UPDATE OF status, amount, destination, approval_reasons, source
    ON refunds_refund FOR EACH ROW EXECUTE FUNCTION refunds_four_eyes();

CREATE FUNCTION refunds_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
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
        JOIN oms_event e ON e.stream IN ('refund/' || r.number, 'rma/' || m.number)
        WHERE r.id = NEW.refund_id AND e.actor = 'user:' || NEW.approver_id AND e.name IN ({ASKING})) THEN
        RAISE EXCEPTION 'who asked or inspected does not approve' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER second_person BEFORE INSERT OR UPDATE OR DELETE ON refunds_refundapproval
    FOR EACH ROW EXECUTE FUNCTION refunds_second_person();
""".replace(
    "{ASKING}", "'refund.requested', 'refund.redirected', 'rma.requested', 'rma.inspected', 'rma.resolution_changed'"
)
ONE_PAIR = """
DROP TRIGGER second_person ON refunds_refundapproval;
DROP FUNCTION refunds_second_person();
DROP TRIGGER two_pairs_of_eyes ON refunds_refund;
DROP FUNCTION refunds_four_eyes();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("refunds", "0012_second_person_evidence_and_what_the_provider_did"),
        ("oms", "0010_other_options_and_carried_value"),
        ("returns", "0009_offer_exchanges"),
    ]

    operations = [migrations.RunSQL(TWO_PAIRS, ONE_PAIR)]
