"""Who is silent, whose words and deeds do not agree, and what the comments are about."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from cs_metrics.analysis.risk import at_risk
from cs_metrics.book import Book
from cs_metrics.lately import days_before, latest_answers, per_account
from cs_metrics.metrics.voice import DETRACTOR, PROMOTER, asked

YEAR = 365
THEMES = {
    "Support": r"support|ticket|response time|help ?desk|agent",
    "Customer Success": r"\bcsm\b|success manager|onboarding|training|\bteam\b",
    "Price": r"price|pricing|cost|expensive|cheap|budget|invoice|billing|renewal",
    "Speed and reliability": r"slow|speed|performance|crash|down ?time|outage|reliab|lag|bug|error|broken",
    "Ease of use": r"easy|ease|intuitive|confus|complicated|complex|interface|\bui\b|usab|learn",
    "Features": r"feature|missing|integrat|export|report|forecast|dashboard|api|function|use a \w+ of it",
    "Value": r"value|roi|saves?|could not work without|worth|results?|love|great|indispensable",
}


def silent(book: Book) -> pd.DataFrame:
    """The customers nobody has heard from in a year, most MRR first: ``account_id, name, csm, mrr, asked, last_heard``.

    ``asked`` counts the surveys sent to people there in that year; 0 means that nobody asked.
    """
    rows = asked(book)
    recent = rows[days_before(book, rows["day"]).between(0, YEAR)]
    times = per_account(book, recent.groupby("row").size(), 0)
    last = rows[rows["answered"]].groupby("row")["day"].max()
    silent_for = per_account(book, days_before(book, last), np.inf)
    mrr = book.balance(0, 0)[-1] / book.scale
    here = np.flatnonzero((mrr > 0) & (silent_for > YEAR))
    here = here[np.argsort(-mrr[here], kind="stable")]
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[here],
            "name": book.accounts["name"].to_numpy()[here],
            "csm": book.csm_now[here],
            "mrr": mrr[here],
            "asked": times[here].astype(int),
            "last_heard": last.reindex(here).dt.normalize().to_numpy(),
        }
    )


def contradictions(book: Book) -> pd.DataFrame:
    """Promoters at risk, and detractors with no sign of leaving, most MRR first.

    One row per account: ``account_id, name, csm, mrr, score, renewal_date, what, why``.
    """
    score = per_account(book, latest_answers(book, "NPS"))
    mrr = book.balance(0, 0)[-1] / book.scale
    risks = at_risk(book).set_index("account_id")
    threatened = np.isin(book.accounts.index, risks.index)
    promoters = (mrr > 0) & (score >= PROMOTER) & threatened
    detractors = (mrr > 0) & (score <= DETRACTOR) & renewed_lately(book)
    here = np.flatnonzero(promoters | detractors)
    here = here[np.argsort(-mrr[here], kind="stable")]
    ids = book.accounts.index[here]
    what = np.where(promoters[here], "Promoter at risk", "Detractor who renewed")
    reasons = risks["reasons"].reindex(ids).map(lambda value: "; ".join(value) if isinstance(value, list) else value)
    renewal = (
        book.accounts["renewal_date"] if "renewal_date" in book.accounts else pd.Series(pd.NaT, book.accounts.index)
    )
    return pd.DataFrame(
        {
            "account_id": ids,
            "name": book.accounts["name"].to_numpy()[here],
            "csm": book.csm_now[here],
            "mrr": mrr[here],
            "score": score[here],
            "renewal_date": renewal.to_numpy()[here],
            "what": what,
            "why": np.where(promoters[here], reasons.to_numpy(dtype=object), "paid on after its last renewal"),
        }
    )


def renewed_lately(book: Book) -> np.ndarray:
    """Which accounts came through a renewal in the last year: one yes or no per row."""
    out = np.zeros(len(book), dtype=bool)
    if book.renewals is not None:
        past = days_before(book, book.renewals["day"]).between(0, YEAR)
        out[book.renewals.loc[past, "row"].to_numpy(dtype=np.intp)] = True
    return out


def comments(book: Book, months: int) -> pd.DataFrame:
    """What people wrote in the last months, latest first: ``account_id, name, day, kind, score, themes, comment``."""
    rows = book.facts["surveys"]
    rows = rows[rows["comment"].notna() & (rows["comment"].astype(str).str.strip() != "")]
    day = rows["responded_at"].fillna(rows["sent_at"])
    close = book.closes_of(day)
    rows = rows.assign(day=day)[(close > book.closes - 1 - months) & (close < book.closes)]
    rows = rows.sort_values("day", ascending=False, kind="stable")
    place = rows["row"].to_numpy(dtype=np.intp)
    found = {name: re.compile(words, re.I) for name, words in THEMES.items()}
    once = {
        text: [name for name, words in found.items() if words.search(str(text))] for text in rows["comment"].unique()
    }
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[place],
            "name": book.accounts["name"].to_numpy()[place],
            "day": rows["day"].dt.normalize().to_numpy(),
            "kind": rows["kind"].to_numpy(),
            "score": rows["score"].to_numpy(dtype=float),
            "themes": rows["comment"].map(once).to_numpy(),
            "comment": rows["comment"].astype(str).to_numpy(),
        }
    )


def themes(said: pd.DataFrame) -> pd.DataFrame:
    """How often each theme is named, and with what mean NPS: ``theme, comments, nps``; most often first.

    A comment may name several themes, or none of those known.
    """
    each = said.assign(themes=said["themes"].map(lambda names: names or ["Other"])).explode("themes")
    if each.empty:
        return pd.DataFrame({"theme": [], "comments": [], "nps": []})
    nps = each[each["kind"].astype(str).str.upper() == "NPS"].groupby("themes")["score"].mean()
    count = each.groupby("themes").size()
    found = pd.DataFrame(
        {"theme": count.index, "comments": count.to_numpy(), "nps": nps.reindex(count.index).to_numpy()}
    )
    return found.sort_values(["comments", "theme"], ascending=[False, True], kind="stable", ignore_index=True)
