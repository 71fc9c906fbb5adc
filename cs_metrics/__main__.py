"""``python -m cs_metrics`` is the command line."""

from cs_metrics.cli import app

app()
