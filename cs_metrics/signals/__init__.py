"""The signals, one purpose a file. Importing this package fills the list of signals, in this order."""

from importlib import import_module

PURPOSES = ("risk", "advocacy", "growth")

for purpose in PURPOSES:
    import_module(f"{__name__}.{purpose}")
