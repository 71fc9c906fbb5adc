"""What did each CSM do, and how many of the customers did it reach: coverage first, volume beside it.

Work belongs to whoever did it, where the table says who; else to who held the account in that month. Coverage belongs
to who holds the account now. Nobody is ranked: names come in their order.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.advocates import criteria
from cs_metrics.analysis.health_history import scores_at
from cs_metrics.analysis.touch import touch
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.health import BANDS
from cs_metrics.lately import days_before, is_one_of, speaks_of
from cs_metrics.metrics.activity import REVIEWS
from cs_metrics.metrics.onboarding import TRAINED

DONE = ("touchpoints", "reviews", "trainings", "escalations", "resolved", "outcomes", "documentation")


def work(book: Book, months: int) -> pd.DataFrame:
    """Coverage and volume by CSM over the last months, by name.

    ``csm, customers, mrr``; ``touched`` and ``mrr_touched``, the shares of them within the cadence; and how often:
    ``touchpoints, reviews, trainings, escalations, resolved, outcomes, documentation``. What no table tells is blank.
    """
    done = acts(book, months)
    names = _people(book, done)
    rows = pd.DataFrame(index=pd.Index(names, name="csm"))
    paying = book.balance(0, 0)[-1] > 0
    holder = pd.Series(book.csm_now[paying])
    rows["customers"] = holder.value_counts().reindex(names, fill_value=0)
    rows["mrr"] = (
        pd.Series(book.balance(0, 0)[-1][paying]).groupby(holder).sum().reindex(names, fill_value=0) / book.scale
    )
    rows = rows.join(_covered(book))
    for name in DONE:
        rows[name] = done[name]["who"].value_counts().reindex(names, fill_value=0) if name in done else np.nan
    return rows[(rows["customers"] > 0) | (rows[list(DONE)].fillna(0) > 0).any(axis=1)].reset_index()


def _people(book: Book, done: dict[str, pd.DataFrame]) -> list[str]:
    """Who holds or held an account, or did something for one, by name; nobody's accounts last."""
    others = {str(name) for kind, rows in done.items() if kind != "documentation" for name in rows["who"].unique()}
    names = sorted({*book.holders, *others} - {UNASSIGNED}, key=str.casefold)
    return [*names, UNASSIGNED] if UNASSIGNED in {*book.holders, *others} else names


def _covered(book: Book) -> pd.DataFrame:
    """The share of each CSM's customers, and of their MRR, touched within the cadence."""
    if not book.knows("touchpoints.done_on"):
        return pd.DataFrame({"touched": [], "mrr_touched": []}, dtype=float)
    rows = touch(book)
    kept = rows["overdue"].isna()
    mrr = rows["mrr"].groupby(rows["csm"]).sum()
    return pd.DataFrame(
        {
            "touched": kept.groupby(rows["csm"]).mean(),
            "mrr_touched": rows["mrr"].where(kept, 0).groupby(rows["csm"]).sum() / mrr,
        }
    )


def acts(book: Book, months: int) -> dict[str, pd.DataFrame]:
    """What was done in the last months, by kind: each act with ``row, who, day, what``. Kinds no table tells of lack.

    ``documentation`` is about no account and has no ``row``.
    """
    return book.answered(("acts", months, book.known_on), lambda: _acts(book, months))


def _acts(book: Book, months: int) -> dict[str, pd.DataFrame]:
    found: dict[str, pd.DataFrame] = {}
    if book.knows("touchpoints.done_on"):
        rows = book.facts["touchpoints"]
        held = _act(book, rows[lately(book, rows["done_on"], months)], "done_on", "kind")
        found["touchpoints"] = held
        found["reviews"] = held[is_one_of(held["what"], REVIEWS)]
        found["trainings"] = held[speaks_of(held["what"], TRAINED)]
    if (raised := escalations(book)) is not None:
        for name, when in (("escalations", "opened_on"), ("resolved", "closed_on")):
            found[name] = _act(book, raised[lately(book, raised[when], months)], when, "what")
    if book.knows("outcomes.confirmed_by"):
        rows = book.facts["outcomes"]
        rows = rows[lately(book, rows["achieved_on"], months) & rows["confirmed_by"].notna().to_numpy()]
        found["outcomes"] = _act(book, rows, "achieved_on", "story")
    if "contributions" in book.facts:
        rows = book.facts["contributions"]
        rows = rows[lately(book, rows["done_on"], months)]
        told = {"who": rows["csm"].astype(object), "day": rows["done_on"], "what": rows["title"].fillna(rows["kind"])}
        found["documentation"] = pd.DataFrame(told).reset_index(drop=True)
    return found


def _act(book: Book, rows: pd.DataFrame, when: str, what: str) -> pd.DataFrame:
    told = {"row": rows["row"], "who": _who(book, rows, when), "day": rows[when].dt.normalize(), "what": rows[what]}
    return pd.DataFrame({name: np.asarray(values) for name, values in told.items()})


def listed(book: Book, done: pd.DataFrame, who: str) -> pd.DataFrame:
    """The accounts behind one person's acts, latest first: ``account_id, name, mrr, day, what``."""
    mine = done[done["who"] == who].sort_values("day", ascending=False, kind="stable")
    place = mine["row"].to_numpy(dtype=np.intp)
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[place],
            "name": book.accounts["name"].to_numpy()[place],
            "mrr": book.balance(0, 0)[-1][place] / book.scale,
            "day": mine["day"].to_numpy(),
            "what": mine["what"].to_numpy(),
        }
    )


def lately(book: Book, days: pd.Series, months: int) -> np.ndarray:
    """Which days lie in the book's last months, and not after its day."""
    close = book.closes_of(days)
    known = days.notna().to_numpy() & (days_before(book, days) >= 0).to_numpy()
    return known & (close > book.closes - 1 - months)


def _who(book: Book, rows: pd.DataFrame, when: str) -> np.ndarray:
    """Who did each of these: as the row says, else who held the account in that month."""
    close = np.clip(book.closes_of(rows[when]), 0, book.closes - 1)
    held = book.owners.names.to_numpy(dtype=object)[book.owners.held[close, rows["row"].to_numpy(dtype=np.intp)]]
    said = rows["csm"].astype(object).to_numpy() if "csm" in rows else np.full(len(rows), None)
    return np.where(pd.notna(said), said, held)


def escalations(book: Book) -> pd.DataFrame | None:
    """Every escalation, of a risk or a ticket: ``row, what, opened_on, closed_on``.

    None where neither table tells of any.
    """
    parts = []
    if book.knows("risks.escalated_to"):
        rows = book.facts["risks"]
        rows = rows[rows["escalated_to"].notna()]
        parts.append(
            rows.assign(what="Risk, to " + rows["escalated_to"].astype(str))[["row", "what", "opened_on", "closed_on"]]
        )
    if book.knows("tickets.escalated"):
        rows = book.facts["tickets"]
        rows = rows[rows["escalated"].fillna(False).astype(bool)]
        rows = rows.rename(columns={"opened_at": "opened_on", "solved_at": "closed_on"})
        parts.append(rows.assign(what="Ticket")[["row", "what", "opened_on", "closed_on"]])
    return pd.concat(parts, ignore_index=True) if parts else None


def escalated(book: Book, months: int) -> pd.DataFrame:
    """The escalations open now or opened or resolved in the last months, the open ones first, then the latest."""
    rows = escalations(book)
    if rows is None:
        return pd.DataFrame()
    still = rows["closed_on"].isna().to_numpy() & (book.balance(0, 0)[-1][rows["row"].to_numpy(dtype=np.intp)] > 0)
    rows = rows[still | lately(book, rows["opened_on"], months) | lately(book, rows["closed_on"], months)]
    rows = rows.sort_values("opened_on", ascending=False, kind="stable")
    rows = rows.iloc[np.argsort(rows["closed_on"].notna().to_numpy(), kind="stable")]
    place = rows["row"].to_numpy(dtype=np.intp)
    closed = days_before(book, rows["closed_on"]).fillna(0)
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[place],
            "name": book.accounts["name"].to_numpy()[place],
            "csm": book.csm_now[place],
            "mrr": book.balance(0, 0)[-1][place] / book.scale,
            "what": rows["what"].to_numpy(),
            "opened_on": rows["opened_on"].dt.normalize().to_numpy(),
            "resolved_on": rows["closed_on"].dt.normalize().to_numpy(),
            "open_days": (days_before(book, rows["opened_on"]) - closed).to_numpy(),
        }
    )


def healthier(book: Book, months: int) -> pd.DataFrame:
    """The customers whose band of health rose over the last months, most MRR first, as both were known then."""
    now, then = scores_at(book, book.closes - 1), scores_at(book, max(book.closes - 1 - months, 0))
    scored = (now.band < BANDS.index("unknown")) & (then.band < BANDS.index("unknown"))
    here = np.flatnonzero(scored & now.customers & then.customers & (now.band < then.band))
    here = here[np.argsort(-now.mrr[here], kind="stable")]
    bands = np.array(BANDS, dtype=object)
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[here],
            "name": book.accounts["name"].to_numpy()[here],
            "csm": book.csm_now[here],
            "mrr": now.mrr[here] / book.scale,
            "band_before": bands[then.band[here]],
            "band": bands[now.band[here]],
            "health_before": then.health[here],
            "health": now.health[here],
        }
    )


def reference_coverage(book: Book) -> tuple[int, int]:
    """How many customers meet every criterion of a reference (as on the page Advocates), and how many there are."""
    paying = book.balance(0, 0)[-1] > 0
    return int((criteria(book).ready & paying).sum()), int(paying.sum())
