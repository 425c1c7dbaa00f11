"""Which job follows which event."""
