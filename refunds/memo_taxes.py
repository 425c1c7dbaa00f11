"""What credit memos say about tax, rate by rate, as parts of SQL: each refund's part of its memo.

The same sharing out as in `refunds.lifecycle.books`, computed from the memos' lines instead of their working, so that
one can be held against the other.
"""

from django.db import connection

from oms.money import exponent

# refund_tax: one row per refund and rate (NULL: none of its own), net and tax ≥ 0 as a rule, in major units.
MEMO_TAXES = """
    known AS (
        SELECT memo_id, rate, sum(net) AS net, sum(tax) AS tax FROM (
            SELECT l.memo_id, nullif(o.tax_rate, 0) AS rate, l.gross - l.tax AS net, l.tax
              FROM refunds_creditmemoline l JOIN oms_orderline o ON o.id = l.order_line_id
            UNION ALL
            SELECT m.id, (fee ->> 'tax_rate')::numeric(7, 4), -(fee ->> 'net')::numeric, -(fee ->> 'tax')::numeric
              FROM refunds_creditmemo m, jsonb_array_elements(m.quote -> 'fees') AS fee
             WHERE (fee ->> 'tax')::numeric <> 0
        ) parts WHERE rate IS NOT NULL GROUP BY memo_id, rate
    ), memo_tax AS (
        SELECT memo_id, rate, net, tax FROM known
        UNION ALL
        SELECT m.id, NULL, m.total - m.tax - coalesce(sum(known.net), 0), m.tax - coalesce(sum(known.tax), 0)
          FROM refunds_creditmemo m LEFT JOIN known ON known.memo_id = m.id GROUP BY m.id
    ), cut AS (
        SELECT r.id, r.number, r.memo_id, r.amount, r.status, m.total, m.order_id, m.currency,
               sum(r.amount) OVER (PARTITION BY r.memo_id ORDER BY r.id) - r.amount AS before
          FROM refunds_refund r JOIN refunds_creditmemo m ON m.id = r.memo_id WHERE r.replaced_at IS NULL
    ), refund_tax AS (
        SELECT cut.id AS refund_id, cut.number, cut.order_id, cut.currency, cut.status, t.rate,
               round(t.net * (cut.before + cut.amount) / cut.total, x.places)
               - round(t.net * cut.before / cut.total, x.places) AS net,
               round(t.tax * (cut.before + cut.amount) / cut.total, x.places)
               - round(t.tax * cut.before / cut.total, x.places) AS tax
          FROM cut JOIN memo_tax t ON t.memo_id = cut.memo_id AND (t.tax <> 0 OR t.net <> 0)
          JOIN unnest(%(currencies)s::text[], %(places)s::int[]) AS x (currency, places) ON x.currency = cut.currency
    )"""


def places() -> dict[str, list[str] | list[int]]:
    """The currencies in use and how many decimals each has, as the statements want them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT currency FROM oms_order")
        currencies = sorted(row[0] for row in cursor.fetchall())
    return {"currencies": currencies, "places": [exponent(currency) for currency in currencies]}
