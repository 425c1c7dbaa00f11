"""Our refunds beside the provider's book and the accounting file (R87, R88, p44, p49).

Pure, and handed what they need: `records` (the rows), `compare` (refunds and credit memos), `payouts`, `statements`
(reading files). With the database: `collecting` (rows in), `working` (a run in chunks), `lifecycle` (the verbs of runs
and discrepancies). Nothing here ever changes a refund or a booking: it finds, a person decides.
"""
