"""A plan on one page, for somebody who was not there: as text to paste, and as a page to print or send."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, NamedTuple

import pandas as pd

from cs_metrics.analysis.account import facts_of, reasons_of
from cs_metrics.analysis.plans import Plan, plan_of
from cs_metrics.book import Book
from cs_metrics.units import MONEY

STYLE = """
@page { size: A4; margin: 18mm 18mm 16mm }
* { box-sizing: border-box }
body { font: 10.5pt/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #16181d; background: #fff;
  max-width: 174mm; margin: 8mm auto; padding: 0 4mm }
h1 { font-size: 19pt; line-height: 1.2; margin: 0 0 1mm } h2 { font-size: 11pt; margin: 6mm 0 1.5mm; color: #3a4354 }
p, ul { margin: 0 } ul { padding-left: 5mm } .under { color: #5a6475; margin-bottom: 5mm }
dl { display: flex; flex-wrap: wrap; gap: 3mm 9mm; margin: 0; padding: 3.5mm 0;
  border: solid #d5dae2; border-width: 1px 0 }
dt { font-size: 8.5pt; color: #5a6475 } dd { margin: 0; font-size: 12.5pt; font-weight: 600 }
table { width: 100%; border-collapse: collapse }
th { text-align: left; font-size: 8.5pt; font-weight: 400; color: #5a6475 }
th, td { padding: 1.6mm 3mm 1.6mm 0; border-bottom: 1px solid #e4e8ee; vertical-align: top }
td.day { white-space: nowrap }
.late { color: #a33a08; font-weight: 600 } footer { margin-top: 8mm; font-size: 8.5pt; color: #5a6475 }
@media print { body { margin: 0 auto; padding: 0 } }
"""
DASH = "–"


class Sheet(NamedTuple):
    """What is on the page: a title, what is under it, figures, reasons, paragraphs, actions, and on what it stands."""

    title: str
    under: str
    figures: list[tuple[str, str]]
    reasons: list[str]
    paragraphs: list[tuple[str, str]]
    actions: list[tuple[str, str, str, str]]
    footer: str


def sheet(book: Book) -> Sheet:
    """The plan of an account as it stands, for a book of one."""
    known: dict[str, Any] = facts_of(book)
    plan = plan_of(book)
    account_id, name = book.accounts.index[0], book.accounts["name"].iloc[0]
    csm = book.csm_now[0] if book.closes else DASH
    opened = plan.opened_on
    figures = [
        ("MRR", MONEY.write(known["mrr"], book.currency)),
        ("Renewal", _day(known["renewal_date"])),
        ("Health", _number(known["health"], 100)),
        ("Pulse", _number(known["pulse"], 5)),
        ("Plan", _standing(plan)),
    ]
    fields = (
        ("Why it is at risk", "reason"),
        ("Root cause", "root_cause"),
        ("What we do about it", "plan"),
        ("Executive sponsor", "sponsor"),
        ("Escalated to", "escalated_to"),
    )
    return Sheet(
        f"{name}: plan",
        f"{account_id} · CSM {csm} · plan owner {plan.says('owner') or csm}"
        + (f" · flagged {_day(opened)}" if opened is not None else ""),
        figures,
        reasons_of(book),
        [(label, plan.says(field)) for label, field in fields if plan.says(field)],
        [_action(row) for row in plan.actions[plan.actions["state"] != "dropped"].to_dict("records")],
        f"As of {book.known_on}, from the revenue and records loaded by then.",
    )


def _standing(plan: Plan) -> str:
    status = plan.says("status")
    late = int((plan.actions["state"] == "overdue").sum())
    said = [status] if status else []
    said += [f"{late} {'action' if late == 1 else 'actions'} overdue"] if late else []
    return ", ".join(said) or {"none": "none yet", "stale": "not touched lately"}.get(plan.state, plan.state)


def _action(row: dict[Any, Any]) -> tuple[str, str, str, str]:
    state = f"{row['days_late']:.0f} days late" if row["state"] == "overdue" else str(row["state"])
    if row["state"] == "done":
        state = f"done {_day(row['done_on'])}"
    return str(row["action"]), _text(row["owner"]), _day(row["due_on"]), state


def plan_text(book: Book) -> str:
    """The page as plain text, to paste into a mail or a chat."""
    page = sheet(book)
    lines = [page.title, page.under, "", " · ".join(f"{label} {value}" for label, value in page.figures)]
    lines += _block("Signals", (f"- {reason}" for reason in page.reasons))
    for label, text in page.paragraphs:
        lines += _block(label, [text])
    lines += _block("Actions", (f"- {what} ({owner}, by {due}): {state}" for what, owner, due, state in page.actions))
    return "\n".join([*lines, "", page.footer])


def _block(label: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return ["", label.upper(), *found] if found else []


def plan_html(book: Book) -> bytes:
    """The page as a file of its own, which needs nothing else: it opens in any browser and prints on one sheet."""
    page = sheet(book)
    figures = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in page.figures)
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in page.reasons)
    body = [
        f"<h1>{escape(page.title)}</h1>",
        f'<p class="under">{escape(page.under)}</p>',
        f"<dl>{figures}</dl>",
        _section("What the signals say", f"<ul>{reasons}</ul>" if reasons else ""),
        *(_section(label, f"<p>{_lines(text)}</p>") for label, text in page.paragraphs),
        _section("Actions", _table(page.actions)),
        f"<footer>{escape(page.footer)}</footer>",
    ]
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(page.title)}</title>'
    )
    return (
        f'<!doctype html><html lang="en"><head>{head}<style>{STYLE}</style></head><body>{"".join(body)}</body></html>\n'
    ).encode()


def _section(label: str, content: str) -> str:
    return f"<h2>{escape(label)}</h2>{content}" if content else ""


def _table(actions: Sequence[tuple[str, str, str, str]]) -> str:
    if not actions:
        return ""
    rows = "".join(
        f"<tr><td>{escape(what)}</td><td>{escape(owner)}</td><td class=day>{escape(due)}</td>"
        f"<td class='day{' late' if state.endswith('late') else ''}'>{escape(state)}</td></tr>"
        for what, owner, due, state in actions
    )
    return f"<table><tr><th>What</th><th>Who</th><th>By</th><th>How it stands</th></tr>{rows}</table>"


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.splitlines())


def _text(value: Any) -> str:
    return DASH if value is None or value != value or value == "" else str(value)


def _number(value: Any, of: int) -> str:
    return DASH if value is None or value != value else f"{value:.0f} of {of}"


def _day(value: Any) -> str:
    return DASH if value is None or value is pd.NaT or value != value else f"{value:%Y-%m-%d}"
