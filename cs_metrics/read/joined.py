"""Sheets put together: those of one table as one, and what tables of revenue say of their accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.read.check import check_keys, with_ids
from cs_metrics.read.convert import Options
from cs_metrics.read.found import Part, Reading
from cs_metrics.read.names import alike
from cs_metrics.read.together import convert_columns
from cs_metrics.tables import Account, Survey, columns


def joined(parts: list[Part], reading: Reading) -> pa.Table:
    """The sheets of one table as one; the same key twice is refused, wherever the two stand."""
    if len(parts) > 1:
        places = " and ".join(part.sheet.place for part in parts)
        reading.assumed.append(f"{places} are both {parts[0].match.table}: their rows are put together")
    row = parts[0].match.row
    rows = (
        pa.concat_tables([part.rows for part in parts], promote_options="permissive")
        .unify_dictionaries()
        .combine_chunks()
    )
    keep = check_keys(row, rows, [(part.sheet, part.numbers) for part in parts], reading.troubles)
    if keep.all():
        return with_ids(row, rows)
    left = np.split(keep, np.cumsum([len(part.rows) for part in parts])[:-1])
    gone = {(p.sheet.file, p.sheet.name): int((~k).sum()) for p, k in zip(parts, left, strict=True)}
    reading.counts[:] = [c._replace(kept=c.kept - gone.get((c.file, c.sheet), 0)) for c in reading.counts]
    return with_ids(row, rows.filter(pa.array(keep)))


KINDS = ("nps", "csat", "ces")
DAY_WORDS = frozenset({"date", "on", "at", "day", "responded", "answered", "surveyed", "datum", "fecha", "month"})


def add_answers(parts: list[Part], reading: Reading) -> None:
    """Scores of surveys in a list of accounts as answers, where a column says their day; said why not, otherwise."""
    elsewhere = "surveys" in reading.tables
    for part in parts:
        if part.match.row is not Account:
            continue
        for kind in KINDS:
            header = next((h for h in part.match.unused if _is_score(h, kind)), None)
            if header is None:
                continue
            told = f"{part.sheet.place}, {header}: "
            day = _day_column(part, kind)
            if elsewhere:
                reading.assumed.append(told + "stays an attribute; the answers come from the table of surveys")
            elif day is None:
                reading.assumed.append(
                    told + "stays an attribute: no column says when it was answered, so it is no answer to a survey. "
                    f'Add one called "{kind.upper()} date"'
                )
            else:
                reading.assumed.append(told + _answers(part, kind, header, day, reading))


def _is_score(header: str, kind: str) -> bool:
    words = set(alike(header).split())
    return kind in words and words <= {kind, "score", "latest", "last", "current", "rating"}


def _day_column(part: Part, kind: str) -> str | None:
    """The column that says when this kind of survey was answered."""
    for header in part.sheet.headers:
        words = set(alike(header).split())
        if words & DAY_WORDS and (kind in words or "survey" in words):
            return header
    return None


def _answers(part: Part, kind: str, header: str, day: str, reading: Reading) -> str:
    """Add the scores of a column as answers; what was done, in words."""
    spec = columns(Survey)
    [score, answered] = convert_columns(part.sheet, [(header, spec["score"]), (day, spec["responded_at"])], Options())
    if score.bad or answered.bad:
        wrong = (score.bad or answered.bad)[0]
        return f'stays an attribute: "{wrong.value}" {wrong.problem}'
    kept = pa.array(np.isin(part.sheet.rows, part.numbers))
    given = {"score": score.values.filter(kept), "responded_at": answered.values.filter(kept)}
    rows = pa.table({"account_id": part.rows["account_id"], **given})
    rows = rows.filter(pc.and_(rows["score"].is_valid(), rows["responded_at"].is_valid()))
    rows = with_ids(Survey, rows.append_column("kind", pa.array([kind.upper()] * len(rows), pa.string())))
    before = [reading.tables["surveys"]] if "surveys" in reading.tables else []
    reading.tables["surveys"] = pa.concat_tables([*before, rows], promote_options="permissive")
    return f"{len(rows)} answers to {kind.upper()}, on the day in {day}"


def add_descriptions(parts: list[Part], reading: Reading) -> None:
    """Names, CSMs and segments found in tables of revenue, where no list of accounts says them.

    A CSM that changes from month to month is a hand-over.
    """
    found = [part for part in parts if part.match.describing]
    if not found:
        return
    names = list(dict.fromkeys(name for part in found for name in part.match.describing))
    every = pd.concat(
        [
            part.rows.select([c for c in ("account_id", "month", *names) if c in part.rows.column_names]).to_pandas()
            for part in found
        ]
    )
    every["account_id"] = every["account_id"].astype(str)
    if "month" in every:
        every = every.sort_values("month", kind="stable")
        if "csm" in every and "owners" not in reading.tables:
            _add_handovers(every, reading)
    said = every.groupby("account_id", sort=False)[names].last().reset_index()
    accounts = reading.tables.get("accounts")
    if accounts is None:
        reading.tables["accounts"] = pa.Table.from_pandas(said, preserve_index=False)
        verb = "is" if len(names) == 1 else "are"
        reading.assumed.append(f"there is no list of accounts: {', '.join(names)} {verb} taken from the revenue")
        return
    for name in names:
        if name not in accounts.column_names:
            values = pd.Series(accounts["account_id"].to_pandas().astype(str)).map(said.set_index("account_id")[name])
            accounts = accounts.append_column(name, pa.array(values, pa.string(), from_pandas=True))
    reading.tables["accounts"] = accounts


def _add_handovers(every: pd.DataFrame, reading: Reading) -> None:
    held = every.dropna(subset=["csm"]).drop_duplicates(["account_id", "month"], keep="last")
    before = held.groupby("account_id")["csm"].shift()
    changed = held[before != held["csm"]]
    if (changed["account_id"].value_counts() > 1).any():
        day = pd.to_datetime(changed["month"].astype(str) + "01", format="%Y%m%d")
        table = changed[["account_id", "csm"]].assign(from_date=day.dt.date)
        reading.tables["owners"] = pa.Table.from_pandas(table, preserve_index=False)
        reading.assumed.append(
            "the CSM changes from month to month: each change is a hand-over on the first of its month"
        )
