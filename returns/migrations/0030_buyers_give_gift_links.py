import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# A link made before is of the whole order; its address cannot be known any more, so it ends.
FORWARD = """
    UPDATE returns_giftlink AS link SET
        ref = gen_random_uuid(),
        lines = (SELECT array_agg(line.id ORDER BY line.id) FROM oms_orderline AS line WHERE line.order_id = link.order_id),
        ended_at = coalesce(link.ended_at, now())
"""
BACKWARD = """
    UPDATE returns_giftlink SET token_hash = encode(sha256(ref::text::bytea), 'hex'), ended_at = coalesce(ended_at, now())
"""


class Migration(migrations.Migration):
    dependencies = [
        ("oms", "0019_who_hears_of_gifts"),
        ("returns", "0029_gifts_come_back_from_others"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="giftlink", name="one_gift_link_per_order"),
        migrations.AlterField(
            model_name="giftlink", name="token_hash", field=models.CharField(max_length=64, null=True, unique=True)
        ),
        migrations.AddField(model_name="giftlink", name="ref", field=models.UUIDField(null=True)),
        migrations.AddField(
            model_name="giftlink",
            name="lines",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True, size=None),
        ),
        migrations.AddField(model_name="giftlink", name="tells_buyer", field=models.BooleanField(default=False)),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RemoveField(model_name="giftlink", name="token_hash"),
        migrations.AlterField(
            model_name="giftlink",
            name="ref",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AlterField(
            model_name="giftlink",
            name="lines",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
        ),
        migrations.AddField(
            model_name="returndraft",
            name="gift_link",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="returns.giftlink"
            ),
        ),
        migrations.AddField(
            model_name="rma",
            name="gift_link",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="rmas", to="returns.giftlink"
            ),
        ),
        migrations.AddConstraint(
            model_name="giftlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("order", "lines"), name="one_gift_link_per_choice"
            ),
        ),
        migrations.AddConstraint(
            model_name="giftlink",
            constraint=models.CheckConstraint(condition=models.Q(("lines__len__gt", 0)), name="gift_link_of_something"),
        ),
    ]
