"""The metrics, one theme a file. Importing this package fills the list of metrics, in this order."""

from importlib import import_module

THEMES = (
    "balances",
    "revenue",
    "retention",
    "renewals",
    "expansion",
    "foresight",
    "voice",
    "adoption",
    "onboarding",
    "activity",
    "economics",
)

for theme in THEMES:
    import_module(f"{__name__}.{theme}")
