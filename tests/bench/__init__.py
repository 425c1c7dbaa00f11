"""Speed and cost, beside a calibration of the same run: `bin/bench`.

What a figure costs here depends on the machine; how it compares to a bare Django view and to `pgbench` on the same
PostgreSQL does not. That PostgreSQL flushes each commit to disk, as in production. Each measurement is a module with
`measure(seconds: float) -> dict` of numbers by name, listed in `__main__.MEASUREMENTS`; it runs on a seeded, throw-away
shop whose web and sandbox addresses `Shop` gives.
"""
