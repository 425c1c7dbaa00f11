"""The ways a parcel comes back: one file per carrier service beside `base.py`."""
