"""The same answers as the pages, without a browser: ``cs-metrics report book/ --by csm``.

Numbers go to standard output, everything else (what was assumed, warnings) to standard error. Exit code 0: done;
1: the data was refused, with all problems listed; 2: wrong usage.
"""

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
