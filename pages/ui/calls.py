"""Calls: what each CSM expects of each renewal, kept with its day, and how such calls came true."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import streamlit as st

from cs_metrics.analysis.calls import AHEAD, held_against, score, standing_calls
from cs_metrics.analysis.what_if import CHOICES
from cs_metrics.book import Dark
from cs_metrics.tables import RenewalCall
from pages.ui.calls_by_week import calls_by_week
from pages.ui.company import record_all, source
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import accounts
from pages.ui.renewals import Renewing, nothing_due
from pages.ui.words import escaped, money, percent, plural

MOST = 300
HELD = ("name", "csm", "renewal_date", "called_on", "call", "happened", "came_true", "due", "called", "actual")
WHEN = {1: "before it", 30: "30 days before", 60: "60 days before", 90: "90 days before"}


def calls(renewing: Renewing) -> None:
    """Make this week's calls, and see how earlier ones came true."""
    if renewing.due is None:
        nothing_due(renewing.why_no_list)
        return
    st.markdown("##### This week's calls")
    _form(renewing)
    st.markdown("##### How earlier calls came true")
    _scores(renewing)
    calls_by_week(renewing.book)


def _form(renewing: Renewing) -> None:
    """The renewals still ahead, with the call that stands; what is changed is kept under today's date."""
    due = renewing.due
    assert due is not None
    open_ = due[due["due_on"] > pd.Timestamp(date.today())].sort_values("mrr", ascending=False, kind="stable")
    if open_.empty:
        ahead = due[due["days"] >= 0]
        st.info(
            "No renewal is due in the next 90 days."
            if ahead.empty
            else f"The renewals of this book lie before today, {date.today()}: a call made now would no longer count. "
            "Upload newer data to make calls."
        )
        return
    open_ = open_.head(MOST).reset_index(drop=True)
    base = _with_standing(renewing, open_)
    config = st.column_config
    with st.form("calls_form", border=False):
        edited = st.data_editor(
            base,
            key=f"calls_{source().batch}_{len(base)}",
            hide_index=True,
            height=min(420, 80 + 35 * len(base)),
            column_order=["name", "call", "called", "note", "mrr", "due_on", "chance", "csm"],
            disabled=["name", "mrr", "due_on", "chance", "csm"],
            column_config={
                "name": config.TextColumn("Account", width=200, pinned=True),
                "call": config.SelectboxColumn("Will", options=list(CHOICES), width=90),
                "called": config.NumberColumn("MRR then", min_value=0.0, help="Needed for shrink and grow."),
                "note": config.TextColumn("Why", max_chars=200),
                "mrr": config.NumberColumn("MRR now", format="localized"),
                "due_on": config.DateColumn("Due", format="YYYY-MM-DD"),
                "chance": config.NumberColumn("Chance", format="percent", help="What the model gives it today."),
                "csm": config.TextColumn("CSM"),
            },
        )
        st.caption(
            "Each call is kept under today's date and the account's CSM, and never changed; a call of the same week "
            "takes the earlier one's place. It is scored when the renewal month is over."
        )
        if st.form_submit_button("Keep these calls"):
            _keep(base, edited)


def _with_standing(renewing: Renewing, open_: pd.DataFrame) -> pd.DataFrame:
    """The open renewals with the call that stands for each."""
    try:
        last = standing_calls(renewing.book)
    except Dark:
        last = pd.DataFrame({"row": [], "renewal_date": [], "call": [], "mrr": [], "note": []})
    ids = renewing.book.accounts.index.to_numpy()[last["row"].to_numpy(dtype=int)]
    said = pd.DataFrame({"account_id": ids, "due_on": pd.to_datetime(last["renewal_date"]), "call": last["call"],
                         "called": last["mrr"].astype(float) / renewing.book.scale, "note": last["note"]})  # fmt: skip
    base = open_[["account_id", "name", "csm", "mrr", "due_on"]].merge(
        said.drop_duplicates(["account_id", "due_on"], keep="last"), on=["account_id", "due_on"], how="left"
    )
    chances = None if renewing.learned is None else renewing.learned.chances.reindex(base["account_id"]).to_numpy()
    return base.assign(
        chance=chances if chances is not None else float("nan"),
        call=base["call"].astype(object).where(base["call"].notna(), None),
        note=base["note"].astype(object).where(base["note"].notna(), None),
    ).round({"mrr": 2, "called": 2, "chance": 2})


def _keep(base: pd.DataFrame, edited: pd.DataFrame) -> None:
    """Keep the calls that are new or changed, all or none."""
    rows, lacking = [], []
    for before, now in zip(base.to_dict("records"), edited.to_dict("records"), strict=True):
        if now["call"] not in CHOICES or _same(before, now):
            continue
        amount = (
            {"renew": now["mrr"], "lose": 0.0}.get(now["call"]) if now["called"] != now["called"] else now["called"]
        )
        if amount is None:
            lacking.append(str(now["name"]))
            continue
        given = {"account_id": now["account_id"], "renewal_date": now["due_on"].date(), "called_on": date.today(),
                 "csm": now["csm"], "call": now["call"], "mrr": Decimal(f"{amount:.2f}"), "note": now["note"] or None,
                 "chance": None if now["chance"] != now["chance"] else float(now["chance"])}  # fmt: skip
        rows.append(RenewalCall(**given))
    if lacking:
        st.error("Say which MRR it will be for " + escaped(", ".join(lacking[:5])) + ("…" if lacking[5:] else "."))
    elif not rows:
        st.info("No call is new.")
    else:
        record_all(list(rows))
        st.toast(f"{plural(len(rows), 'call')} kept.")
        st.rerun()


def _same(before: dict, now: dict) -> bool:
    return all(
        before[name] == now[name] or (before[name] in (None, "") and now[name] in (None, ""))
        or (before[name] != before[name] and now[name] != now[name])
        for name in ("call", "called", "note")
    )  # fmt: skip


def _scores(renewing: Renewing) -> None:
    """Hits and misses of the calls whose renewal is over, per CSM in the order of their names."""
    try:
        ahead = st.segmented_control(
            "The call that stood", list(AHEAD), format_func=WHEN.__getitem__, default=1, required=True,
            key="calls_ahead", bind="query-params",
        )  # fmt: skip
        held = held_against(renewing.book, ahead or 1)
    except Dark as reason:
        st.info(escaped(reason))
        return
    found = renewing.book.answered(("call scores", ahead or 1), lambda: score(held))
    whole = found.iloc[-1]
    if not whole["calls"]:
        st.info("No called renewal is over yet, or none was called so early.")
        return
    low = "too low" if whole["bias"] < 0 else "too high"
    versus = "" if whole["brier"] != whole["brier"] else (
        f" Taken as stay or leave, the calls' mean squared miss is {whole['brier']:.3f}; that of the model's chances "
        f"{whole['model_brier']:.3f} (smaller is better)."
    )  # fmt: skip
    st.markdown(
        f"Of {plural(int(whole['calls']), 'call')}, {percent(whole['hit_rate'])} came true. The amounts called missed "
        f"by {percent(whole['error'])} of the MRR due, and were {percent(abs(whole['bias']))} {low} in sum.{versus}"
    )
    written = {c: [percent(v) for v in found[c]] for c in ("hit_rate", "error", "bias")}
    written |= {c: [f"{v:.3f}" if v == v else "–" for v in found[c]] for c in ("brier", "model_brier")}
    written |= {"due": [money(v, renewing.book) for v in found["due"]]}
    shown = found.assign(**written, calls=found["calls"].astype(str), hits=found["hits"].astype(str)).rename(
        columns={"hit_rate": "Came true", "error": "Missed by", "bias": "Too high by", "due": "Due", "hits": "Hits",
                 "brier": "Calls' miss", "model_brier": "Model's miss"}
    )  # fmt: skip

    def behind(row: int) -> Drill:
        csm = found["csm"].iloc[row]
        of = held[held["hit"].notna() & ((held["csm"] == csm) | (csm == "all"))]
        return Drill(
            f"Calls, {csm}", f"{plural(len(of), 'call')} whose renewal is over.", lambda: _over(of), renewing.book
        )

    table_of_figures(shown, "call_scores", {"calls": behind, "Came true": behind, "Missed by": behind})
    st.caption(
        "In the order of the names: with few calls, differences are mostly luck. A call of renew came true where at "
        "least what was due is paid. Calls made on or after the day of the renewal do not count."
    )
    accounts(_over(held[held["hit"].notna()]), "held", "Calls", HELD, height=320)


def _over(over: pd.DataFrame) -> pd.DataFrame:
    """Calls whose renewal is over, as people read them."""
    over = over.assign(came_true=over["hit"] == 1).drop(columns=["hit", "chance"])
    return over.round(dict.fromkeys(("due", "called", "actual"), 0))[["account_id", *HELD]]
