"""``python -m cs_metrics.cli``."""

from cs_metrics.cli import app

app()
