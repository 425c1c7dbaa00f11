from django.db import migrations

FINAL = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON refunds_storecreditentry
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON refunds_storecreditpart
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
CREATE TRIGGER kept BEFORE DELETE ON refunds_storecreditgrant
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
CREATE TRIGGER kept BEFORE DELETE ON refunds_storecredit
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
"""
NOT_FINAL = """
DROP TRIGGER kept ON refunds_storecredit;
DROP TRIGGER kept ON refunds_storecreditgrant;
DROP TRIGGER append_only ON refunds_storecreditpart;
DROP TRIGGER append_only ON refunds_storecreditentry;
"""

# The parts of an entry come in one statement, so the statement's new rows are the whole entry.
MOVE = """
CREATE FUNCTION homeward_move_store_credit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong bigint;
BEGIN
    SELECT e.id INTO wrong FROM fresh f JOIN refunds_storecreditentry e ON e.id = f.entry_id
     GROUP BY e.id HAVING sum(f.amount) <> e.amount LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'parts of store credit entry % do not add up to it', wrong USING ERRCODE = 'check_violation';
    END IF;
    SELECT e.id INTO wrong FROM fresh f JOIN refunds_storecreditentry e ON e.id = f.entry_id
      JOIN refunds_storecreditgrant g ON g.id = f.grant_id
     WHERE g.account_id <> e.account_id OR sign(f.amount) <> sign(e.amount) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'store credit entry % moves a foreign grant', wrong USING ERRCODE = 'check_violation';
    END IF;
    UPDATE refunds_storecreditgrant g
       SET amount = g.amount + moved.amount, used = g.used + moved.used, authorized = g.authorized + moved.authorized
      FROM (SELECT f.grant_id,
                   sum(CASE WHEN e.kind IN ('grant', 'adjust') THEN f.amount
                            WHEN e.kind IN ('expire', 'invalidate') THEN -f.amount ELSE 0 END) AS amount,
                   sum(CASE e.kind WHEN 'capture' THEN f.amount WHEN 'release' THEN -f.amount ELSE 0 END) AS used,
                   sum(CASE WHEN e.kind = 'authorize' THEN f.amount
                            WHEN e.kind IN ('capture', 'void') THEN -f.amount ELSE 0 END) AS authorized
              FROM fresh f JOIN refunds_storecreditentry e ON e.id = f.entry_id GROUP BY f.grant_id) moved
     WHERE g.id = moved.grant_id;
    SELECT e.id INTO wrong FROM fresh f JOIN refunds_storecreditentry e ON e.id = f.entry_id
      JOIN refunds_storecreditgrant g ON g.id = f.grant_id
     WHERE e.kind = 'invalidate' AND g.authorized > 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'store credit entry % takes back what is set aside', wrong USING ERRCODE = 'check_violation';
    END IF;
    -- Of one authorization no more is spent or freed than was set aside, of one spending no more comes back.
    SELECT e.id INTO wrong FROM fresh f JOIN refunds_storecreditentry e ON e.id = f.entry_id
     WHERE e.about_id IS NOT NULL
       AND coalesce((SELECT sum(p.amount) FROM refunds_storecreditpart p JOIN refunds_storecreditentry s
                        ON s.id = p.entry_id WHERE s.about_id = e.about_id AND p.grant_id = f.grant_id), 0)
         > coalesce((SELECT sum(p.amount) FROM refunds_storecreditpart p
                      WHERE p.entry_id = e.about_id AND p.grant_id = f.grant_id), 0) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'store credit entry % is more than it is about', wrong USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER moves AFTER INSERT ON refunds_storecreditpart REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION homeward_move_store_credit();
"""
NOT_MOVE = """
DROP TRIGGER moves ON refunds_storecreditpart;
DROP FUNCTION homeward_move_store_credit();
"""

# The sums are what the entries say: nobody writes them otherwise.
GUARD = """
CREATE FUNCTION homeward_guard_store_credit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (NEW.amount, NEW.used, NEW.authorized) IS DISTINCT FROM (0::numeric, 0::numeric, 0::numeric) THEN
            RAISE EXCEPTION 'a grant of store credit begins empty' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF (NEW.account_id, NEW.category) IS DISTINCT FROM (OLD.account_id, OLD.category)
       OR (pg_trigger_depth() < 2
           AND (NEW.amount, NEW.used, NEW.authorized) IS DISTINCT FROM (OLD.amount, OLD.used, OLD.authorized)) THEN
        RAISE EXCEPTION 'store credit moves by entries only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON refunds_storecreditgrant
    FOR EACH ROW EXECUTE FUNCTION homeward_guard_store_credit();
"""
NOT_GUARD = """
DROP TRIGGER guarded ON refunds_storecreditgrant;
DROP FUNCTION homeward_guard_store_credit();
"""


class Migration(migrations.Migration):
    dependencies = [("refunds", "0006_store_credit_is_a_ledger"), ("oms", "0002_refuse_rewriting_history")]

    operations = [
        migrations.RunSQL(FINAL, NOT_FINAL),
        migrations.RunSQL(MOVE, NOT_MOVE),
        migrations.RunSQL(GUARD, NOT_GUARD),
    ]
