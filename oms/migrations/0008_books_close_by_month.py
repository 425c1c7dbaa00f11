from django.db import migrations, models
from django.db.models import F, Q, Value

import uuid

# What happened before there were periods is booked when it happened.
FILL = """
ALTER TABLE oms_journalentry DISABLE TRIGGER append_only;
UPDATE oms_journalentry SET booked_at = occurred_at;
ALTER TABLE oms_journalentry ENABLE TRIGGER append_only;
"""

# Whoever closes holds the lock alone: nothing is booked into a month while it is being closed.
CLOSED = """
CREATE FUNCTION homeward_books_closed_until() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7002, 1);
    RETURN (SELECT max(ends_at) FROM oms_period WHERE closed_at IS NOT NULL);
END $$;
CREATE FUNCTION homeward_book_in_open_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE closed_until timestamptz := homeward_books_closed_until();
BEGIN
    IF NEW.booked_at IS NULL THEN
        NEW.booked_at := greatest(NEW.occurred_at, closed_until);
    ELSIF NEW.booked_at < closed_until THEN
        RAISE EXCEPTION 'the books are closed up to %', closed_until USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER open_period BEFORE INSERT ON oms_journalentry
    FOR EACH ROW EXECUTE FUNCTION homeward_book_in_open_period();
CREATE FUNCTION homeward_refuse_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE closed_until timestamptz := homeward_books_closed_until();
BEGIN
    IF EXISTS (SELECT 1 FROM fresh JOIN oms_journalentry e ON e.id = fresh.entry_id WHERE e.booked_at < closed_until)
    THEN
        RAISE EXCEPTION 'the books are closed up to %', closed_until USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER open_period AFTER INSERT ON oms_posting REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION homeward_refuse_closed_period();
CREATE FUNCTION homeward_refuse_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'period % is closed', OLD.month USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stays_closed BEFORE UPDATE OR DELETE ON oms_period
    FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION homeward_refuse_reopening();
"""
OPEN = """
DROP TRIGGER stays_closed ON oms_period;
DROP FUNCTION homeward_refuse_reopening();
DROP TRIGGER open_period ON oms_posting;
DROP FUNCTION homeward_refuse_closed_period();
DROP TRIGGER open_period ON oms_journalentry;
DROP FUNCTION homeward_book_in_open_period();
DROP FUNCTION homeward_books_closed_until();
"""


class Migration(migrations.Migration):
    dependencies = [("oms", "0007_which_payment_first_and_who_approves")]

    operations = [
        migrations.RenameField("journalentry", "booked_at", "occurred_at"),
        migrations.AlterField("journalentry", "occurred_at", models.DateTimeField(verbose_name="happened")),
        migrations.AddField("journalentry", "booked_at", models.DateTimeField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            "journalentry",
            "booked_at",
            models.DateTimeField(db_default=Value(None), verbose_name="booked"),
        ),
        migrations.AlterField(
            "journalentry", "cause", models.CharField(max_length=100, unique=True, verbose_name="cause")
        ),
        migrations.AddField("journalentry", "by", models.CharField(blank=True, db_default="", max_length=60)),
        migrations.AddField(
            "journalentry",
            "note",
            models.CharField(blank=True, db_default="", max_length=200, verbose_name="note"),
        ),
        migrations.AddIndex("journalentry", models.Index(fields=["-booked_at", "-id"], name="entry_booked")),
        migrations.AddField("posting", "tax_rate", models.DecimalField(decimal_places=4, max_digits=7, null=True)),
        migrations.AddIndex("posting", models.Index(fields=["account", "entry"], name="posting_of_account")),
        migrations.CreateModel(
            name="Period",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("correlation", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("event_sequence", models.PositiveIntegerField(default=0, editable=False)),
                ("event_hash", models.BinaryField(default=b"", editable=False)),
                ("month", models.DateField(unique=True, verbose_name="month")),
                ("ends_at", models.DateTimeField(verbose_name="ends")),
                ("asked_by", models.CharField(max_length=60)),
                ("asked_at", models.DateTimeField()),
                ("closed_by", models.CharField(blank=True, max_length=60)),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
            ],
            options={
                "verbose_name": "period",
                "verbose_name_plural": "periods",
                "constraints": [
                    models.CheckConstraint(condition=Q(month__day=1), name="period_is_a_month"),
                    models.CheckConstraint(condition=Q(asked_at__gte=F("ends_at")), name="period_is_over"),
                    models.CheckConstraint(
                        condition=Q(closed_at=None) | ~Q(closed_by=""), name="period_closed_by_somebody"
                    ),
                ],
            },
        ),
        migrations.RunSQL(CLOSED, OPEN),
    ]
