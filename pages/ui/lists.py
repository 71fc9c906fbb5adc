"""Lists of accounts: one look everywhere, each name a way to the account, each list to take away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics.export import csv_bytes, file_name, xlsx_bytes
from pages.ui.menu import leave, open_account
from pages.ui.workbook import note

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MONEY_COLUMNS = (
    "mrr",
    "opening",
    "closing",
    "top",
    "bottom",
    "stake",
    "change",
    "new",
    "expansion",
    "contraction",
    "churn",
    "reactivation",
    "fx",
    "transfer_in",
    "transfer_out",
    "amount",
    "other_top",
    "other_bottom",
    "mrr_then",
    "mrr_now",
    "mrr_before",
    "movements",
    "inherited",
    "own",
    "held_now",
    "mrr_later",
    "mrr_year_ago",
    "list_mrr",
    "expected",
    "potential",
    "upsell",
    "cross_sell",
    "price",
    "won_mrr",
    "lost_mrr",
)
SHARES = ("likelihood", "without", "chance", "seat_use")
POINTS = ("contribution", "weighs", "difference")
LABELS = {
    "account_id": "Id", "name": "Account", "csm": "CSM", "mrr": "MRR", "renewal_date": "Renewal", "health": "Health",
    "pulse": "Pulse", "reasons": "Why", "plan": "Plan", "plan_age_days": "Plan age", "stake": "At stake",
    "likelihood": "Likelihood", "met": "Meets", "missed": "Misses", "reference_ready": "Reference-ready",
    "group": "Group", "opening": "Opening MRR", "closing": "Closing MRR", "top": "Amount", "bottom": "Out of",
    "note": "What happened", "contribution": "Moved the figure by", "expected": "Expected",
    "choice": "Will", "change": "Change", "without": "Without it",
    "weighs": "Weighs", "difference": "Makes a difference of", "other_top": "Amount, by the other",
    "other_bottom": "Out of, by the other", "now": "Now", "before": "The period before", "year_before": "A year before",
    "value": "Value", "top_before": "Amount before", "bottom_before": "Out of before",
    "why": "Why", "plan_state": "Plan is", "action": "Action", "owner": "Owner", "due_on": "Due",
    "days_late": "Days late", "sentence": "In a sentence", "data_health": "Data health",
    "csm_before": "CSM before", "csm_after": "CSM after",
    "mrr_before": "MRR before", "mrr_after": "MRR after", "from_date": "From",
    "mrr_then": "MRR then", "mrr_now": "MRR now", "became": "What became of it", "transfer_in": "Taken over",
    "health_before": "Health before", "band": "Band", "band_before": "Band before", "most": "Most by",
    "points": "Points", "transfer_out": "Handed on", "since": "Since then", "inherited_accounts": "Accounts inherited",
    "lost_in": "Lost in", "seen": "Flagged", "person_days": "By a person, days before",
    "tool_days": "By the tool, days before", "mrr_later": "MRR 180 days later", "flagged_on": "Flagged on",
    "taken_down": "Taken down", "inherited_left": "Of them left", "own_accounts": "Own accounts", "held_now": "MRR now",
    "asked": "Asked in a year", "last_heard": "Last answer", "score": "NPS answer", "what": "What", "day": "Day",
    "kind": "Kind", "themes": "Themes", "comment": "Comment", "theme": "Theme", "comments": "Comments",
    "mean_nps": "Mean answer to NPS",
    "last_asked": "Last asked", "asks": "Asks in a year", "tired": "Leave alone", "whom": "Whom", "ask": "Ask for",
    "did": "Did for us", "validated_by": "Validated by", "validated_on": "Validated", "because": "What changed",
    "was": "Was", "gone": "Who confirmed left", "achieved_on": "Achieved", "story": "Story", "counts": "Counts",
    "confirmed_by": "Confirmed by", "mrr_year_ago": "A year ago", "list_mrr": "List price", "open_days": "Days open",
    "csat": "CSAT", "overdue_days": "Days overdue", "opened_at": "Opened", "solved_at": "Solved", "use": "Use",
    "left_on": "Left", "when": "Asked", "done_on": "Done", "paid_on": "Paid",
    "potential": "Would bring", "products": "What would fit", "why_now": "Why now", "offered": "On offer already",
    "signs": "Signs", "fits_as": "Why it fits", "product": "Product", "upsell": "Upsell", "cross_sell": "Cross-sell",
    "price": "Price", "expansion": "Expansion", "took_on": "Took on", "stage": "Stage", "closed_on": "Closed",
        "milestone": "Milestone", "state": "State", "answer": "Answer",
    "seat_use": "Seats in use",
    "active_users": "Active users", "licensed_seats": "Seats", "days_since": "Days untouched",
    "allowed": "Days allowed", "overdue": "Days overdue", "opened_on": "Opened", "resolved_on": "Resolved",
    "months_seen": "Months seen", "lost": "Lost", "who": "Who", "touchpoints": "Touchpoints",
    "reviews": "Reviews", "escalations": "Escalated", "resolved": "Resolved",
    "outcomes": "Outcomes", "live": "Live", "days": "Days",
    "written_on": "Written", "asked_on": "Asked", "step": "Next step", "use_case": "Use case",
}  # fmt: skip
HELP = {
    "health": "0 to 100, 100 = healthy.",
    "pulse": "The CSM's own judgement: 1 bad to 5 good.",
    "stake": "MRR × likelihood of losing it.",
    "likelihood": "By the points rule: 1 − Π (1 − weight of each signal).",
    "data_health": "The health score without the pulse: 0 to 100, 100 = healthy.",
    "plan_age_days": "Days since the plan was last worked on.",
    "Risk of loss": "The chance of losing it within 180 days, from the signals that fire: 1 − Π (1 − weight of each).",
    "counts": "Confirmed by a champion in the last 12 months, by a customer of today.",
    "tired": "Why not to ask now.",
    "top": "What the account adds to the figure's numerator.",
    "bottom": "What the account adds to the figure's denominator.",
    "contribution": "What the account did to the figure since the period before. They add up to the change.",
    "without": "What the figure would be without this account.",
    "weighs": "The figure with this account minus the figure without it.",
    "difference": "What the account adds to the one figure and not to the other. They add up to the difference.",
}


WIDE = {
    "reasons": 300, "why": 190, "plan": 190, "met": 240, "missed": 200, "note": 240, "because": 340, "story": 260,
    "why_now": 360, "fits_as": 340, "products": 200, "did": 180, "tired": 150, "sentence": 500, "action": 260,
    "comment": 320,
}  # fmt: skip


def _column(name: str, values: pd.Series) -> Any:
    label, help = LABELS.get(name, f"{name[:1].upper()}{name[1:]}".replace("_", " ")), HELP.get(name)
    config = st.column_config
    if name in MONEY_COLUMNS:
        return config.NumberColumn(label, format="localized", help=help)
    if name in ("health", "health_before", "data_health"):
        return config.ProgressColumn(label, format="%.0f", min_value=0, max_value=100, help=help, width=90)
    if name == "points" or name.startswith("by_"):
        return config.NumberColumn(label, format="%+.1f", help="Points of the score.")
    if name in POINTS:
        return config.NumberColumn(f"{label}, points", format="%+.2f", help=help)
    if name in SHARES:
        return config.NumberColumn(label, format="percent", help=help)
    if name in ("pulse", "plan_age_days"):
        return config.NumberColumn(label, format="%.0f", help=help)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return config.NumberColumn(label, format="localized" if name not in ("batch", "row") else "%d", help=help)
    if pd.api.types.is_datetime64_any_dtype(values):
        return config.DateColumn(label, format="YYYY-MM-DD", help=help)
    if pd.api.types.is_bool_dtype(values):
        return config.CheckboxColumn(label, help=help)
    return config.TextColumn(label, help=help, width=WIDE.get(name))


def table(rows: pd.DataFrame, key: str, height: int | str = "auto", config: dict[str, Any] | None = None) -> None:
    """Rows as they are, in the house's dress."""
    shown = {name: _column(name, rows[name]) for name in rows.columns} | (config or {})
    with st.container(key=key):
        st.dataframe(rows, hide_index=True, column_config=shown, height=height, placeholder="–")


def accounts(
    rows: pd.DataFrame,
    key: str,
    name: str,
    columns: tuple[str, ...] | None = None,
    height: int | str = "auto",
    cents: bool = False,
    workbook: Callable[[], bytes] | None = None,
    opens: Mapping[str, Callable[[str], None]] | None = None,
) -> None:
    """Rows about accounts. A click on a name opens the account; the whole list can be downloaded.

    ``workbook`` makes another workbook than the plain list: one that computes a figure from the rows. ``opens`` says
    what a click in another column does, given the account's id.
    """
    chosen = [c for c in columns or rows.columns if c in rows and not rows[c].isna().all()]
    chosen = ["name", *(c for c in chosen if c not in ("name", "account_id", "rank"))]
    digits = {c: 2 if cents else 0 for c in MONEY_COLUMNS if c in chosen}
    points = [c for c in POINTS if c in chosen]
    digits |= {"likelihood": 2, "without": 4, "chance": 3} | dict.fromkeys(points, 4)
    shown = rows[chosen].assign(**{c: 100 * rows[c] for c in points}).round(digits)
    shown["name"] = rows["name"].astype(str).str.slice(0, 60)
    if "plan" in shown:
        shown["plan"] = shown["plan"].fillna("no plan")
    ids = rows["account_id"].tolist()

    def button(column: str, act: Callable[[str], None], width: int, **more: Any) -> Any:
        name = f"{key}_open" if column == "name" else f"{key}_{column}"
        return st.column_config.ButtonColumn(
            LABELS.get(column, column.capitalize()),
            type="tertiary",
            alignment="left",
            key=name,
            on_click=lambda: act(ids[st.session_state[name]["row"]]),
            width=width,
            **more,
        )

    buttons = {column: button(column, act, 230) for column, act in (opens or {}).items() if column in shown}
    table(shown, f"{key}_list", height, {"name": button("name", open_account, 170, pinned=True), **buttons})
    leave()
    downloads(rows, key, name, workbook)


def downloads(
    rows: pd.DataFrame,
    key: str,
    name: str,
    workbook: Callable[[], bytes] | None = None,
    formats: dict[str, str] | None = None,
) -> None:
    """The list as CSV and as a workbook. Made when asked for; the file's name carries its contents' hash.

    ``workbook`` makes a workbook of its own kind; ``formats`` are the number formats of the usual one's columns.
    """
    if key != "drill":
        note(name, lambda: (rows.drop(columns=[c for c in ("signals",) if c in rows]), None))
    menu = st.popover("Download", icon=":material/download:", type="tertiary", key=f"{key}_download", on_change="rerun")
    if not menu.open:
        return
    plain = rows.drop(columns=[c for c in ("signals", "sentences") if c in rows])
    with menu:
        for label, content, suffix, mime in (
            ("CSV", csv_bytes(plain), "csv", "text/csv"),
            ("Excel", workbook() if workbook else xlsx_bytes(plain, name, formats), "xlsx", XLSX),
        ):
            st.download_button(
                f"{label}, {len(plain):,} rows",
                content,
                file_name(name, content, suffix),
                mime,
                key=f"{key}_{suffix}",
                on_click="ignore",
            )
