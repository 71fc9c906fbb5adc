"""The menu, from the file tree: a numbered folder is a section, a numbered file a page; and ways between pages."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import streamlit as st

ROOT = Path(__file__).resolve().parents[1]


class Found(NamedTuple):
    """A page file: its section, title, address, and the question it answers (its docstring)."""

    path: Path
    section: str
    title: str
    address: str
    question: str


def _titled(name: str) -> str:
    return re.sub(r"^\d+_", "", name).replace("_", " ").capitalize()


@cache
def found() -> tuple[Found, ...]:
    """All pages, in order."""
    every = []
    for path in sorted(ROOT.glob("[0-9]*_*/[0-9]*_*.py")):
        name = re.sub(r"^\d+_", "", path.stem)
        question = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0]
        every.append(Found(path, _titled(path.parent.name), _titled(path.stem), name.replace("_", "-"), question))
    return tuple(every)


def pages() -> dict[str, list[st.Page]]:
    """The pages as the navigation wants them."""
    menu: dict[str, list[st.Page]] = {}
    for place, page in enumerate(found()):
        relative = page.path.relative_to(ROOT).as_posix()
        made = st.Page(relative, title=page.title, url_path=page.address, default=place == 0)
        menu.setdefault(page.section, []).append(made)
    return menu


def heading(page: st.Page) -> None:
    """The page's title, and the question it answers."""
    st.header(page.title, anchor=False)
    question = next((each.question for each in found() if each.title == page.title), "")
    if question:
        st.caption(question)


def open_account(account_id: str) -> None:
    """Ask for an account's page; followed at the start of the next run."""
    st.session_state["opened_account"] = account_id


def leave() -> None:
    """Within a window over the page: close it and let the whole page run, where an account was asked for."""
    if "opened_account" in st.session_state:
        st.rerun()


def follow() -> None:
    """Go to the account that was asked for."""
    if account_id := st.session_state.pop("opened_account", None):
        st.switch_page("1_book/2_account.py", query_params={"account_id": account_id})
