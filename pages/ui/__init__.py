"""What a page may say. A page takes a book, names figures, charts and lists; how they look is decided here."""

from pages.ui.cards import kpis
from pages.ui.company import sample_store
from pages.ui.drill import show_drill
from pages.ui.forms import choose_account, note_form, pulse_form, risk_form
from pages.ui.glossary import (
    glossary_of_health,
    glossary_of_metrics,
    glossary_of_signals,
    glossary_of_targets,
)
from pages.ui.lists import accounts, table
from pages.ui.menu import follow, heading, pages
from pages.ui.pickers import book, choose, everyone, months, pickers, year_or_less
from pages.ui.plots import chart, say
from pages.ui.revenue import (
    groups,
    month_drill,
    movement_basis,
    movement_drill,
    movement_sentence,
    movements_of,
    rates_over_time,
)
from pages.ui.tiles import attributes, figures
from pages.ui.today import advocate_rule, labels, no_advocates, nothing_at_risk, now, risk_rule, today
from pages.ui.upload import READABLE, history, import_button, preview, read_uploaded, table_guide
from pages.ui.words import escaped, money, percent, plural, target

__all__ = [
    "READABLE",
    "accounts",
    "advocate_rule",
    "attributes",
    "book",
    "chart",
    "choose",
    "choose_account",
    "escaped",
    "everyone",
    "figures",
    "follow",
    "glossary_of_health",
    "glossary_of_metrics",
    "glossary_of_signals",
    "glossary_of_targets",
    "groups",
    "heading",
    "history",
    "import_button",
    "kpis",
    "labels",
    "money",
    "month_drill",
    "months",
    "movement_basis",
    "movement_drill",
    "movement_sentence",
    "movements_of",
    "no_advocates",
    "note_form",
    "nothing_at_risk",
    "now",
    "pages",
    "percent",
    "pickers",
    "plural",
    "preview",
    "pulse_form",
    "rates_over_time",
    "read_uploaded",
    "risk_form",
    "risk_rule",
    "sample_store",
    "say",
    "show_drill",
    "table",
    "table_guide",
    "target",
    "today",
    "year_or_less",
]
