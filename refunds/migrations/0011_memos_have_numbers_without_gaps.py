import django.db.models.deletion
from django.db import migrations, models

# A number is the last thing a transaction takes: nobody waits for a verb, and what is rolled back leaves no gap.
NUMBER = """
CREATE FUNCTION homeward_number_memo() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    zone text := coalesce((SELECT time_zone FROM oms_shop LIMIT 1), 'UTC');
    in_series text;
    next_one integer;
BEGIN
    SELECT CASE WHEN market = 'default' THEN '' ELSE market END
           || to_char(NEW.issued_at AT TIME ZONE zone, 'YYYY') INTO in_series
      FROM oms_order WHERE id = NEW.order_id;
    INSERT INTO refunds_memoseries (name, last) VALUES (in_series, 1)
        ON CONFLICT (name) DO UPDATE SET last = refunds_memoseries.last + 1 RETURNING last INTO next_one;
    INSERT INTO refunds_memonumber (memo_id, series, serial) VALUES (NEW.id, in_series, next_one);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER numbered AFTER INSERT ON refunds_creditmemo DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.source <> 'imported') EXECUTE FUNCTION homeward_number_memo();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON refunds_memonumber
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
CREATE FUNCTION homeward_refuse_gap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.last <> OLD.last + 1 OR NEW.name <> OLD.name THEN
        RAISE EXCEPTION 'series % counts one by one', OLD.name USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gapless BEFORE UPDATE OR DELETE ON refunds_memoseries
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_gap();
"""
NO_NUMBER = """
DROP TRIGGER gapless ON refunds_memoseries;
DROP FUNCTION homeward_refuse_gap();
DROP TRIGGER append_only ON refunds_memonumber;
DROP TRIGGER numbered ON refunds_creditmemo;
DROP FUNCTION homeward_number_memo();
"""

# Memos that are here already get their numbers in the order in which they were issued.
EARLIER = """
INSERT INTO refunds_memonumber (memo_id, series, serial)
SELECT memo_id, series, row_number() OVER (PARTITION BY series ORDER BY issued_at, memo_id)
  FROM (SELECT m.id AS memo_id, m.issued_at,
               CASE WHEN o.market = 'default' THEN '' ELSE o.market END || to_char(
                   m.issued_at AT TIME ZONE coalesce((SELECT time_zone FROM oms_shop LIMIT 1), 'UTC'), 'YYYY'
               ) AS series
          FROM refunds_creditmemo m JOIN oms_order o ON o.id = m.order_id WHERE m.source <> 'imported') memos;
INSERT INTO refunds_memoseries (name, last) SELECT series, count(*) FROM refunds_memonumber GROUP BY series;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("refunds", "0010_compare_with_other_books"),
    ]

    operations = [
        migrations.CreateModel(
            name="MemoSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=12, unique=True)),
                ("last", models.PositiveIntegerField()),
            ],
            options={
                "verbose_name": "series of credit memos",
                "verbose_name_plural": "series of credit memos",
            },
        ),
        migrations.CreateModel(
            name="MemoNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("series", models.CharField(max_length=12, verbose_name="series")),
                ("serial", models.PositiveIntegerField(verbose_name="number")),
                (
                    "memo",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="numbering", to="refunds.creditmemo"
                    ),
                ),
            ],
            options={
                "verbose_name": "number of a credit memo",
                "verbose_name_plural": "numbers of credit memos",
                "constraints": [
                    models.UniqueConstraint(fields=("series", "serial"), name="memo_number_once"),
                    models.CheckConstraint(condition=models.Q(("serial__gt", 0)), name="memo_number_positive"),
                ],
            },
        ),
        migrations.RunSQL(NUMBER, NO_NUMBER),
        migrations.RunSQL(EARLIER, migrations.RunSQL.noop),
    ]
