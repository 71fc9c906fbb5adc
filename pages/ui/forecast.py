"""The next quarters' retention: the line, its range where it has earned one, and its track record."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.forecast import METHODS, OWN, QUARTER, WORDS, Forecast
from cs_metrics.analysis.forecast import forecast as forecast_of
from cs_metrics.book import Dark
from cs_metrics.metric import Metric
from pages.ui.drill import Drill
from pages.ui.lists import table
from pages.ui.plots import chart
from pages.ui.renewals import Renewing, expected_drill
from pages.ui.words import escaped, percent, plural


def forecast(renewing: Renewing, metrics: tuple[Metric, ...]) -> None:
    """One metric's next quarters."""
    labels = {metric.label: metric for metric in metrics}
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    chosen = left.segmented_control(
        "Figure", list(labels), default=metrics[0].label, required=True, key="forecast_of", bind="query-params"
    )
    reach = right.select_slider("Quarters ahead", [2, 3, 4], value=4, key="forecast_ahead", bind="query-params")
    metric = labels[chosen or metrics[0].label]
    try:
        found = forecast_of(metric, renewing.shown, int(reach))
    except Dark as reason:
        st.info(escaped(reason))
        return
    near = _near(renewing, metric)
    chart(
        charts.forecast(found.history, found.ahead, _before(found), near, metric.unit),
        key="forecast",
        alt=f"{metric.label} by quarter, and its forecast",
        sentence=_sentence(found),
        footer=f"{metric.label} of each quarter. {metric.sentence(QUARTER)} {metric.basis(renewing.shown, QUARTER)}. "
        "Open circles: what was forecast a quarter before. "
        + ("Diamond: what the quarter's renewals alone make likely. " if near else "")
        + "Click a past quarter, or the diamond, for its accounts.",
        behind=lambda point: _behind(renewing, metric, found, point),
    )
    for sentence in found.ahead["sentence"]:
        st.markdown(f"- {sentence}")
    with st.expander("The track record in figures"):
        _record(found)


def _near(renewing: Renewing, metric: Metric) -> tuple[float, float, float] | None:
    """The first quarter's figure and range by its renewals."""
    if renewing.expected is None:
        return None
    of = renewing.expected.net if metric.name == "net_revenue_retention" else renewing.expected.gross
    return (of.expected, of.low, of.high) if of.low == of.low else None


def _before(found: Forecast) -> pd.Series:
    """What the method shown for one quarter ahead said of the quarters of the past."""
    here = found.tried[found.tried["ahead"] == 1]
    method = found.record["shown"].iloc[0]
    return pd.Series(here[method].to_numpy(), index=found.history.index[here["origin"].to_numpy(dtype=int)])


def _sentence(found: Forecast) -> str:
    said = []
    for row in found.ahead.itertuples():
        ends = f" ({100 * row.low:.1f}–{100 * row.high:.1f} %)" if row.low == row.low else ""
        said.append(f"{row.quarter} **{percent(row.value)}**{ends}")
    year = f" Four quarters compound to {percent(found.year)}." if (found.record["shown"] == OWN).all() else ""
    return f"{'Expected' if year else 'Shown'}: {', '.join(said)}.{year}"


def _behind(renewing: Renewing, metric: Metric, found: Forecast, point: dict[str, Any]) -> Drill | None:
    """The accounts behind a quarter of the past, or the contracts behind what the renewals make likely."""
    names = [str(name) for name in found.history.index]
    if "renewals" in (point.get("customdata") or ()):
        return expected_drill(renewing, {}, f"The renewals of {renewing.quarter}")
    if point.get("x") not in names:
        return None
    back = QUARTER * (len(names) - 1 - names.index(str(point["x"])))
    return Drill.of(metric, renewing.shown.until(renewing.shown.last - back), QUARTER)


def _record(found: Forecast) -> None:
    """Every number of the back-test."""
    record = found.record
    shown = pd.DataFrame(
        {
            "quarters ahead": record["ahead"],
            "past forecasts": record["origins"],
            **{f"missed by: {WORDS[name]}": [percent(v) for v in record[f"mae_{name}"]] for name in METHODS},
            "skill to last quarter": [percent(v) for v in record["skill_naive"]],
            "skill to last year": [percent(v) for v in record["skill_seasonal"]],
            "MASE": record["mase"].round(3),
            "shown": [WORDS[name] for name in record["shown"]],
            "half the range": [percent(v) for v in record["reach"]],
            "past ranges that held": [
                f"{percent(held)} of {count}" if count else "–"
                for held, count in zip(record["covered"], record["judged"], strict=True)
            ],
            "interval score": record["interval_score"].round(4),
            "WIS": record["wis"].round(4),
            "pinball": record["pinball"].round(4),
        }
    ).set_index("quarters ahead")
    turned = (
        shown.astype(str).replace("nan", "–").T.rename(columns=lambda ahead: plural(int(ahead), "quarter") + " ahead")
    )
    table(turned.rename_axis("").reset_index(), "forecast_record")
    st.caption(
        "From every quarter with eight before it, looking only back. Skill: how much smaller the own forecast's mean "
        "miss is; 0 or less is no skill, and the better naive line is shown instead."
    )
