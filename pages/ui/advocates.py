"""What the Advocates page says: the tiles, the lists behind them, whom to ask next, coverage, targets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from cs_metrics.analysis.advocates import advocates, criteria, power_users, promoters, with_criteria
from cs_metrics.analysis.asks import MOST, asked, references, validated, waiting
from cs_metrics.analysis.next_asks import next_asks
from cs_metrics.analysis.risk import of_accounts
from cs_metrics.analysis.stories import stories
from cs_metrics.analysis.turning import BACK, turning
from cs_metrics.book import Book, Settings
from cs_metrics.signals.advocacy import RESTS
from pages.ui.asking import ANSWERS, keep_ask
from pages.ui.company import scope, source
from pages.ui.drill import Drill, drill
from pages.ui.lists import LABELS, accounts, downloads, table
from pages.ui.menu import open_account
from pages.ui.pickers import fixed_settings
from pages.ui.today import advocate_rule, known_book, no_advocates
from pages.ui.words import money, plural

LISTS: dict[str, Callable[[Book], pd.DataFrame]] = {
    "advocates": advocates,
    "promoters": promoters,
    "power users": power_users,
    "references": references,
    "waiting": waiting,
    "stories": stories,
    "turning": turning,
    "next": next_asks,
}


class Bench(NamedTuple):
    """The whole book on a day, which of its accounts are shown, and where its lists come from."""

    book: Book
    shown: Book
    mine: np.ndarray
    key: tuple[str, int, str, Settings, str, date]

    def rows(self, which: str) -> pd.DataFrame:
        """A list, of the accounts shown."""
        return self.shown.kept(("bench", self.key, which), lambda: of_accounts(listed(*self.key, which), self.shown))

    @property
    def names(self) -> dict[str, str]:
        """The customers shown, by id, in the order of their names."""
        paying = self.mine & (self.book.balance(0, 0)[-1] > 0)
        return self.book.accounts["name"][paying].astype(str).sort_values(key=lambda n: n.str.casefold()).to_dict()


@st.cache_resource(max_entries=96, show_spinner="Looking at every account…")
def listed(
    address: str, batch: int, scope: str, settings: Settings, until: str, today: date, which: str
) -> pd.DataFrame:
    """One of the lists, of the whole book on a day."""
    return LISTS[which](known_book(address, batch, scope, settings, until, today))


def bench(book: Book) -> Bench:
    """The advocates and the asks of the accounts of this book, each looked at among all accounts of the company."""
    address, batch, _ = source()
    key = (address, batch, scope(), fixed_settings(), str(book.last), date.today())
    return book.answered(("bench", key), lambda: _bench(known_book(*key), book.held_now(), key))


def _bench(every: Book, shown: Book, key: tuple[str, int, str, Settings, str, date]) -> Bench:
    return Bench(every, shown, every.accounts.index.isin(shown.accounts.index), key)


def bench_tiles(bench: Bench) -> None:
    """How many advocates, references and stories there are, who is tired, who turns; a click opens the accounts."""
    book, mine = bench.book, bench.mine
    paying = mine & (book.balance(0, 0)[-1] > 0)
    tired = paying & asked(book)["tired"].notna().to_numpy()
    vouched = np.zeros(len(book), dtype=bool)
    vouched[validated(book).index.to_numpy(dtype=np.intp)] = True
    friends, told, turns = bench.rows("advocates"), bench.rows("stories"), bench.rows("turning")
    told = told[told["counts"]]
    ready = paying & criteria(book).ready
    tiles: list[tuple[str, int, str, Callable[[], pd.DataFrame]]] = [
        ("Advocates", len(friends), "A promoter or pulse 5, a power user, no open risk.", lambda: friends),
        (
            "Reference-ready",
            int(ready.sum()),
            "A customer for 12 months, a confirmed outcome, healthy, a promoter or pulse 4 and more, no "
            "open escalation, not asked lately.",
            lambda: with_criteria(book, np.flatnonzero(ready)),
        ),
        (
            "References",
            int((vouched & mine).sum()),
            "Customers that gave a reference which somebody validated, and that still counts.",
            lambda: bench.rows("references").dropna(subset=["validated_on"]),
        ),
        ("Confirmed stories", len(told), "Outcomes that a champion confirmed in the last 12 months.", lambda: told),
        (
            "To be left alone",
            int(tired.sum()),
            f"Asked in the last {RESTS.of(book):.0f} days, {MOST.of(book):.0f} times in a year, or waiting to answer.",
            lambda: with_criteria(book, np.flatnonzero(tired)),
        ),
        ("Turning", len(turns), "Advocates and promoters that cool.", lambda: turns),
    ]
    with st.grid(len(tiles), min_column_width=150, gap="small"):
        for name, count, says, rows in tiles:
            _tile(name, count, says, rows, book)


BEHIND = (
    "account_id", "name", "csm", "mrr", "health", "pulse", "tired", "last_asked", "validated_by", "story", "because",
)  # fmt: skip


def _tile(name: str, count: int, says: str, rows: Callable[[], pd.DataFrame], book: Book) -> None:
    with st.container(border=True, gap="xxsmall", key=f"tile_{name.split()[0].casefold()}", height="stretch"):
        st.metric(name, f"{count:,}", help=says)

        def shown() -> pd.DataFrame:
            found = rows()
            return found[[column for column in BEHIND if column in found]]

        st.button(
            "Accounts",
            icon=":material/table_rows:",
            key=f"open_{name}",
            type="tertiary",
            on_click=lambda: drill(Drill(f"{name}, {book.known_on}", says, shown, book)),
        )


def advocates_list(bench: Bench) -> None:
    """Who qualifies, by which criteria each meets and which it misses."""
    friends = bench.rows("advocates")
    if friends.empty:
        no_advocates(bench.book)
        return
    only = st.toggle("Only those ready to be a reference", key="ready_only")
    shown = friends[friends["reference_ready"]] if only else friends
    columns = ("name", "mrr", "missed", "reference_ready", "last_asked", "tired", "health", "pulse", "csm", "met")
    accounts(shown, "advocates_all", "Advocates", columns, height=420)
    advocate_rule(bench.book)


def whom_to_ask(bench: Bench) -> None:
    """Whom to ask for what, and why; a click keeps the ask of today."""
    rows = bench.rows("next")
    if rows.empty:
        st.info(
            "Nobody can be asked today: an ask needs a friend (promoter or pulse 4), without open risk, and rested."
        )
        return
    gap = int(rows["fills"].sum())
    st.markdown(
        f"**{plural(len(rows), 'account')}** can be asked today"
        + (f"; **{gap:,}** of them would fill a gap: no reference yet in their part of the book." if gap else ".")
    )
    shown = (
        rows[["name", "ask"]].assign(asked="Asked today").join(rows[["whom", "why", "mrr", "csm"]].round({"mrr": 0}))
    )

    def keep(place: int) -> None:
        if trouble := keep_ask(rows["account_id"].iloc[place], rows["kind"].iloc[place]):
            st.toast(trouble)
            return
        st.toast("Kept: asked today.")

    _acting(shown, rows, "ask_next", {"asked": keep}, 420)
    downloads(rows.drop(columns=["kind"]), "ask_next", "Whom to ask")
    with st.expander("How an ask is chosen"):
        st.markdown(
            "Fit to be asked is a customer that is a promoter or has pulse 4 and more, with no open risk, no open "
            f"escalation and no falling signal, not asked in {RESTS.of(bench.book):.0f} days and less than "
            f"{MOST.of(bench.book):.0f} times in a year. The first ask that suits it: a reference call where its part "
            "of the book has none; a case study on a confirmed outcome; speaking, for a power user; another reference "
            "call; a referral; a review. What it did or declined within a year is not asked again."
        )


def _acting(
    shown: pd.DataFrame, rows: pd.DataFrame, key: str, acts: dict[str, Callable[[int], None]], height: Any
) -> None:
    """A list of accounts whose names open them, with a button at the end of each row for each act."""
    place: Callable[[str], int] = lambda name: st.session_state[f"{key}_{name}"]["row"]  # noqa: E731
    config: dict[str, Any] = {
        "name": st.column_config.ButtonColumn(
            LABELS["name"],
            type="tertiary",
            alignment="left",
            key=f"{key}_name",
            on_click=lambda: open_account(rows["account_id"].iloc[place("name")]),
            pinned=True,
            width=170,
        ),
        "ask": st.column_config.TextColumn(LABELS["ask"], width=120),
        "why": st.column_config.TextColumn(LABELS["why"], width=520),
    }
    for name, act in acts.items():
        config[name] = st.column_config.ButtonColumn(
            "", key=f"{key}_{name}", on_click=lambda name=name, act=act: act(place(name)), width=110
        )
    shown = shown.assign(name=shown["name"].astype(str).str.slice(0, 60))
    table(shown, f"{key}_list", height, config)


def references_list(bench: Bench) -> None:
    """What waits for an answer, and who did what for us, validated by whom, last asked when."""
    still = bench.rows("waiting")
    if len(still):
        st.markdown(f"##### Waiting: {plural(len(still), 'ask')}")
        shown = still[["name", "kind", "asked_on", "state"]].assign(yes="Yes", no="No", done="Done")
        asked_on, kinds, ids = still["asked_on"], still["kind"], still["account_id"]

        def answered(answer: str) -> Callable[[int], None]:
            def keep(place: int) -> None:
                day = asked_on.iloc[place].date()
                st.toast(keep_ask(ids.iloc[place], kinds.iloc[place], day, answer) or "Kept.")

            return keep

        acts = {name: answered(answer) for name, answer in zip(("yes", "no", "done"), ANSWERS[1:], strict=True)}
        _acting(shown, still, "waiting", acts, "auto")
    rows = bench.rows("references")
    if rows.empty:
        st.info("Nobody was asked yet. Upload a table of advocacy, or keep the first ask here.")
        return
    st.markdown("##### Who was asked, and did what for us")
    columns = ("name", "did", "validated_by", "validated_on", "last_asked", "tired", "asks", "use_case", "mrr", "csm")
    accounts(rows, "references", "References", columns, height=420)


def stories_list(bench: Bench) -> None:
    """What customers achieved, the story, and who confirmed it."""
    rows = bench.rows("stories")
    if rows.empty:
        st.info("No outcome is kept. Upload a table of outcomes, or write down the first here.")
        return
    only = st.toggle("Only confirmed in the last 12 months", key="stories_counting", value=True)
    shown = rows[rows["counts"]] if only else rows
    if gone := int(shown["gone"].notna().sum()):
        st.caption(
            f"Of {plural(gone, 'story') if gone == 1 else f'{gone:,} stories'} the one who confirmed has left since."
        )
    columns = ("name", "story", "achieved_on", "confirmed_by", "gone", "csm", "mrr")
    accounts(shown, "stories", "Stories", columns, height=420)


def turning_list(bench: Bench) -> None:
    """Who was an advocate some months ago and is not, or cools."""
    rows = bench.rows("turning")
    days = BACK.of(bench.book)
    if rows.empty:
        st.success(f"No advocate of {days:.0f} days ago has turned, and no friend of today cools.")
        return
    st.markdown(
        f"**{plural(len(rows), 'account')}**, {money(rows['mrr'].sum(), bench.book)} MRR: advocates of "
        f"{days:.0f} days ago that are none now, and friends with a falling signal."
    )
    accounts(rows, "turning", "Turning", ("name", "mrr", "was", "because", "csm", "health", "pulse"), height=420)


def users_and_promoters(bench: Bench) -> None:
    """The power users of each segment, and the promoters."""
    left, right = st.columns(2, gap="medium")
    with left:
        rows = bench.rows("power users")
        st.markdown(f"##### Power users: {len(rows):,}")
        if rows.empty:
            st.info("Upload usage to see who uses the product most within their segment.")
        else:
            share = rows["use"].max() <= 3
            shown = rows.assign(use=(100 * rows["use"]).round() if share else rows["use"].round(1))
            shown = shown.rename(columns={"use": "seats_used_%" if share else "use"})
            accounts(shown, "power", "Power users", ("name", "segment", shown.columns[-1], "mrr", "csm"), height=420)
    with right:
        rows = bench.rows("promoters")
        st.markdown(f"##### Promoters: {len(rows):,}")
        if rows.empty:
            st.info("Upload surveys to see who answers 9 or 10 to NPS.")
        else:
            accounts(rows, "promoters", "Promoters", ("name", "mrr", "pulse", "last_asked", "tired", "csm"), height=420)
