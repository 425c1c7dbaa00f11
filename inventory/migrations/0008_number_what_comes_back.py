import django.db.models.deletion
from django.db import migrations, models


# The number of a unit is its row id, spread over 40 bits by an odd factor, as eight signs of base 32 and a check digit:
# the same form as `oms.identifiers.new_number`, without asking anybody whether it is taken.
NUMBER = """
CREATE FUNCTION homeward_number(prefix text, id bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    signs CONSTANT text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    rest bigint := mod(id::numeric * 691752902764108283 + 330077741, 1099511627776)::bigint;
    body text := '';
    sign int;
    checked int := 0;
BEGIN
    FOR place IN 1..8 LOOP
        sign := (rest >> 35)::int;
        rest := (rest << 5) & 1099511627775;
        body := body || substr(signs, sign + 1, 1);
        checked := (checked # sign) << 1;
        IF checked & 32 <> 0 THEN
            checked := checked # 37;
        END IF;
    END LOOP;
    RETURN prefix || '-' || left(body, 4) || '-' || right(body, 4) || substr(signs, checked + 1, 1);
END $$;

CREATE FUNCTION homeward_number_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.number := homeward_number('U', NEW.id);
    RETURN NEW;
END $$;
CREATE TRIGGER number_unit BEFORE INSERT ON inventory_unit
    FOR EACH ROW WHEN (NEW.number = '') EXECUTE FUNCTION homeward_number_unit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON inventory_lotmovement
    FOR EACH ROW EXECUTE FUNCTION homeward_refuse_rewrite();
"""
NO_NUMBER = """
DROP TRIGGER append_only ON inventory_lotmovement;
DROP TRIGGER number_unit ON inventory_unit;
DROP FUNCTION homeward_number_unit();
DROP FUNCTION homeward_number(text, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0007_count_bins_by_hand"),
        ("oms", "0012_discounts_that_asked_for_a_minimum"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, verbose_name="lot")),
                ("best_before", models.DateField(blank=True, null=True, verbose_name="best before")),
            ],
            options={
                "verbose_name": "lot",
                "verbose_name_plural": "lots",
            },
        ),
        migrations.CreateModel(
            name="LotMovement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.IntegerField(verbose_name="pieces")),
                ("cause", models.CharField(max_length=100)),
                ("by", models.CharField(max_length=60)),
                ("moved_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "lot movement",
                "verbose_name_plural": "lot movements",
            },
        ),
        migrations.AddField(
            model_name="categoryterms",
            name="labels_each_up_to",
            field=models.PositiveSmallIntegerField(default=12, verbose_name="a label each, up to"),
        ),
        migrations.AddField(
            model_name="unit",
            name="bin",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="units", to="inventory.bin"
            ),
        ),
        migrations.AddField(
            model_name="unit",
            name="found_as",
            field=models.CharField(blank=True, max_length=40, verbose_name="inspected"),
        ),
        migrations.AddField(
            model_name="unit",
            name="is_other",
            field=models.BooleanField(default=False, verbose_name="something else than was sold"),
        ),
        migrations.AddField(
            model_name="unit",
            name="left_as",
            field=models.CharField(blank=True, max_length=100, verbose_name="left"),
        ),
        migrations.AddField(
            model_name="unit",
            name="left_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="unit",
            name="quantity",
            field=models.PositiveIntegerField(default=1, verbose_name="pieces"),
        ),
        migrations.AddField(
            model_name="unit",
            name="received_as",
            field=models.CharField(blank=True, max_length=40, verbose_name="received"),
        ),
        migrations.AddField(
            model_name="unit",
            name="reservation",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="units", to="inventory.reservation"
            ),
        ),
        migrations.AlterField(
            model_name="unit",
            name="number",
            field=models.CharField(blank=True, max_length=20, unique=True, verbose_name="number"),
        ),
        migrations.AddIndex(
            model_name="unit",
            index=models.Index(
                condition=models.Q(("received_as", ""), _negated=True), fields=["received_as"], name="unit_received_as"
            ),
        ),
        migrations.AddIndex(
            model_name="unit",
            index=models.Index(
                condition=models.Q(("found_as", ""), _negated=True), fields=["found_as"], name="unit_found_as"
            ),
        ),
        migrations.AddIndex(
            model_name="unit",
            index=models.Index(fields=["-created_at", "-id"], name="unit_created"),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.CheckConstraint(condition=models.Q(("quantity__gt", 0)), name="unit_quantity"),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.CheckConstraint(
                condition=models.Q(("serial", ""), ("quantity", 1), _connector="OR"), name="serial_is_one_piece"
            ),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("left_as", ""), ("left_at__isnull", True)),
                    models.Q(models.Q(("left_as", ""), _negated=True), ("left_at__isnull", False)),
                    _connector="OR",
                ),
                name="unit_left_for_a_reason",
            ),
        ),
        migrations.AddField(
            model_name="lot",
            name="product",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lots", to="oms.product"),
        ),
        migrations.AddField(
            model_name="lotmovement",
            name="lot",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="movements",
                to="inventory.lot",
            ),
        ),
        migrations.AddField(
            model_name="lotmovement",
            name="order_line",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="lot_movements", to="oms.orderline"
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.UniqueConstraint(fields=("product", "code"), name="lot_once"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(condition=models.Q(("code", ""), _negated=True), name="lot_code"),
        ),
        migrations.AddConstraint(
            model_name="lotmovement",
            constraint=models.UniqueConstraint(fields=("lot", "cause"), name="lot_movement_once"),
        ),
        migrations.AddConstraint(
            model_name="lotmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity", 0), _negated=True), name="lot_movement_quantity"
            ),
        ),
        migrations.RunSQL(NUMBER, NO_NUMBER),
    ]
