"""The company's own template: given, looked at, and which of its layouts are used, kept for the next time."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from cs_metrics.book import Problem
from cs_metrics.store.recipes import keep_template, template_kept
from pages.ui.company import store_of_own, who

BY_ITSELF = "Chosen by itself"


class Given(NamedTuple):
    """A template and which of its layouts are used, as TOML; no data where the house's own is used."""

    data: bytes | None = None
    mapping: str = ""


def template() -> Given:
    """The company's own template, where one is given, and its layouts."""
    with st.expander("Your own template"):
        given = st.file_uploader(
            "A .pptx with your fonts, colours and layouts; its slides are not kept", type="pptx", key="template"
        )
        if given is None:
            return Given()
        from cs_metrics.slides.template import digest_of, layouts_of

        data = given.getvalue()
        try:
            names, digest = layouts_of(data), digest_of(data)
        except Problem as problem:
            st.error(str(problem))
            return Given()
        return Given(data, _mapping(names, digest, given.name))


def _mapping(names: list[str], digest: str, file: str) -> str:
    """Which layouts are used: as kept for this template, until somebody chooses others."""
    from cs_metrics.slides.template import Mapping

    text = template_kept(store_of_own(), digest)
    kept = Mapping.of(text)
    asked = {
        "cover": "Layout of the cover",
        "slide": "Layout of the slides",
        "area": "Content stands where it stands in",
    }
    chosen = {}
    for column, (name, label) in zip(st.columns(len(asked)), asked.items(), strict=True):
        options = ["", *names]
        start = options.index(getattr(kept, name)) if getattr(kept, name) in options else 0
        chosen[name] = column.selectbox(
            label, options, index=start, format_func=lambda each: each or BY_ITSELF, key=f"layout_{name}_{digest}"
        )
    wanted = Mapping(**chosen).toml()
    if wanted != text:
        keep_template(store_of_own(), digest, file, wanted, who())
        st.caption("Kept for the next time this template is used.")
    return wanted
