"""The command line: a file for each family of commands."""

from cs_metrics.cli import customers as customers
from cs_metrics.cli import data as data
from cs_metrics.cli import figures as figures
from cs_metrics.cli import growing as growing
from cs_metrics.cli import keeping as keeping
from cs_metrics.cli import past as past
from cs_metrics.cli import practice as practice
from cs_metrics.cli import sharing as sharing
from cs_metrics.cli import staying as staying
from cs_metrics.cli import team as team
from cs_metrics.cli.program import app as app
