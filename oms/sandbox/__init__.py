"""Loopback stand-ins for Stripe, EasyPost and PayPal: own process, own book, scriptable faults.

Nothing here imports the rest of the project and nothing in the project imports this: production code, the demo, the
tests and the proofs reach it over HTTP through the vendors' own SDKs, and its book is the oracle when money is proved.
"""
