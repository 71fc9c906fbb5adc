"""Charts on a page: a figure, what to see in it, and on what it stands. A click opens the accounts behind a mark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.ui.drill import Drill, drill


def chart(
    figure: Any,
    key: str,
    alt: str,
    sentence: str = "",
    footer: str = "",
    behind: Callable[[dict[str, Any]], Drill | None] | None = None,
) -> None:
    """Draw a figure. ``behind`` says what lies behind a clicked mark: given the point, the rows to show."""

    key = f"chart_{key}"

    def clicked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and behind is not None and (asked := behind(points[0])) is not None:
            drill(asked)

    st.plotly_chart(
        figure,
        key=key,
        on_select=clicked if behind is not None else "ignore",
        selection_mode="points",
        config={
            "displaylogo": False,
            "modeBarButtons": [["toImage"]],
            "toImageButtonOptions": {"format": picture_format(), "filename": key, "scale": 2},
        },
        alt=alt,
    )
    say(sentence, footer)


def picture_format() -> str:
    """As what a chart is saved by the camera over it: a picture of points, or one that can be enlarged."""
    return "svg" if st.session_state.get("picture") == "SVG" else "png"


def ink() -> str:
    """The colour of writing on a tinted ground, by light or by dark."""
    return "#f4f6fa" if st.context.theme.type == "dark" else "#16181d"


def say(sentence: str, footer: str = "") -> None:
    """What there is to see, and on what it stands."""
    if sentence:
        st.markdown(sentence)
    if footer:
        st.caption(footer)
