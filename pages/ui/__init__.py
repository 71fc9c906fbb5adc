"""What a page may say. A page takes a book, names figures, charts and lists; how they look is decided here."""

from pages.ui.calls import calls
from pages.ui.cards import kpis
from pages.ui.changed import causes, changed_accounts, changes, choose_metric, since_when
from pages.ui.cohorts import cohort_curves, cohort_pickers, cohort_triangle, no_cohorts, survival_curves
from pages.ui.company import sample_store
from pages.ui.connect import connect
from pages.ui.decks import choose_deck, download_deck, download_each, edited, slides_of, template
from pages.ui.definitions import definition_panel
from pages.ui.drill import show_drill
from pages.ui.dry_run import dry_run
from pages.ui.forecast import forecast
from pages.ui.forms import choose_account, note_form, pulse_form, risk_form
from pages.ui.glossary import glossary_of_health, glossary_of_metrics, glossary_of_signals, glossary_of_targets
from pages.ui.lists import accounts, table
from pages.ui.mapping import keep_mappings, kept_mappings, mapping
from pages.ui.menu import follow, heading, pages
from pages.ui.moved import what_moved
from pages.ui.periods import periods_compared
from pages.ui.pickers import book, choose, everyone, months, pickers, year_or_less
from pages.ui.plots import chart, say
from pages.ui.quality import quality
from pages.ui.renewals import due_chart, due_list, due_tiles, odds_chart, renewing
from pages.ui.revenue import (
    groups,
    month_drill,
    movement_basis,
    movement_drill,
    movement_sentence,
    movements_of,
    rates_over_time,
)
from pages.ui.scenarios import what_if
from pages.ui.team import changed_hands, inherited, people, under_other_rules
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
    "calls",
    "causes",
    "changed_accounts",
    "changed_hands",
    "changes",
    "chart",
    "choose",
    "choose_account",
    "choose_deck",
    "choose_metric",
    "cohort_curves",
    "cohort_pickers",
    "cohort_triangle",
    "connect",
    "definition_panel",
    "download_deck",
    "download_each",
    "dry_run",
    "due_chart",
    "due_list",
    "due_tiles",
    "edited",
    "escaped",
    "everyone",
    "figures",
    "follow",
    "forecast",
    "glossary_of_health",
    "glossary_of_metrics",
    "glossary_of_signals",
    "glossary_of_targets",
    "groups",
    "heading",
    "history",
    "import_button",
    "inherited",
    "keep_mappings",
    "kept_mappings",
    "kpis",
    "labels",
    "mapping",
    "money",
    "month_drill",
    "months",
    "movement_basis",
    "movement_drill",
    "movement_sentence",
    "movements_of",
    "no_advocates",
    "no_cohorts",
    "note_form",
    "nothing_at_risk",
    "now",
    "odds_chart",
    "pages",
    "people",
    "percent",
    "periods_compared",
    "pickers",
    "plural",
    "preview",
    "pulse_form",
    "quality",
    "rates_over_time",
    "read_uploaded",
    "renewing",
    "risk_form",
    "risk_rule",
    "sample_store",
    "say",
    "show_drill",
    "since_when",
    "slides_of",
    "survival_curves",
    "table",
    "table_guide",
    "target",
    "template",
    "today",
    "under_other_rules",
    "what_if",
    "what_moved",
    "year_or_less",
]
