"""The ways money goes back: one file per provider beside `base.py`."""
