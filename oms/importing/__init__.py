"""Histories of other shops: files → documents → rows. `manage.py import_orders` drives it.

`tables` reads a CSV file row by row, a layout (`online_retail`, `native`) makes documents of them, `sales` writes the
orders as `rows`. Credit notes are returns and refunds, so `refunds.imports` writes those.
"""
