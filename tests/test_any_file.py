"""Books written in any format come back equal; any bytes at all are answered with a listed problem."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_files import READ
from test_odd_files import accounted_for

from cs_metrics.read.files import File
from cs_metrics.read.reading import read

EASY = {"deadline": None, "suppress_health_check": list(HealthCheck)}
HEADERS = {
    "account_id": ("account_id", "Account ID", "Customer Id", "CUSTOMER", "Kundennummer", "company"),
    "month": ("month", "Month", "Period", "Monat", "month_end"),
    "mrr": ("mrr", "MRR", "Monthly Recurring Revenue", "MRR (EUR)", "mrr_amount"),
}
MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
MONTHS = {
    "iso": lambda y, m: f"{y}-{m:02d}",
    "first": lambda y, m: f"{y}-{m:02d}-01",
    "end": lambda y, m: f"28.{m:02d}.{y}",
    "named": lambda y, m: f"{MONTH_NAMES[m - 1]} {y}",
    "short": lambda y, m: f"{MONTH_NAMES[m - 1]}-{y % 100:02d}",
    "slash": lambda y, m: f"{m:02d}/{y}",
    "compact": lambda y, m: f"{y}{m:02d}",
    "american": lambda y, m: f"{m}/28/{y}",
}


def grouped(cents: int, group: str, mark: str) -> str:
    return f"{cents // 100:,}".replace(",", group) + f"{mark}{cents % 100:02d}"


MONEY = {
    "plain": lambda c: f"{c / 100:.2f}",
    "dollars": lambda c: "$" + grouped(c, ",", "."),
    "euros": lambda c: grouped(c, ".", ",") + " €",
    "swiss": lambda c: "CHF " + grouped(c, "'", "."),
    "french": lambda c: grouped(c, "\u202f", ",") + "\u00a0€",
    "comma": lambda c: f"{c // 100},{c % 100:02d}",
    "code": lambda c: grouped(c, ",", ".") + " USD",
    "thousands": lambda c: f"{c / 100_000:.5f}K",
}
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12)
LATIN = st.text("abcdefghijklmnopqrstuvwxyzäöüßéèçñåøABCDEFGHIJKLMNOPQRSTUVWXYZ &-", min_size=1, max_size=12)
AWKWARD = st.sampled_from(
    ["NA", "null", "None", "nan", "00123", "1e5", "12345678901234567", "Total Energies", "-", "#1", "true"]
)


class Format(NamedTuple):
    """One way of writing a book."""

    encoding: str
    delimiter: str
    headers: dict[str, str]
    month: str
    money: str
    end: str
    title: bool
    total: bool
    note: bool


@st.composite
def formats(draw: Any) -> Format:
    return Format(
        draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])),
        draw(st.sampled_from([",", ";", "\t", "|"])),
        {name: draw(st.sampled_from(spellings)) for name, spellings in HEADERS.items()},
        draw(st.sampled_from(sorted(MONTHS))),
        draw(st.sampled_from(sorted(MONEY))),
        draw(st.sampled_from(["\n", "\r\n"])),
        *(draw(st.booleans()) for _ in range(3)),
    )


def written(book: dict[tuple[str, int], int], how: Format) -> bytes:
    import csv
    import io

    encoding = how.encoding if how.money not in ("french",) or how.encoding != "cp1252" else "utf-8"
    target = io.StringIO(newline="")
    to = csv.writer(target, delimiter=how.delimiter, lineterminator=how.end)
    if how.title:
        target.write(f"Our book of business{how.end}{how.end}")
    to.writerow(how.headers.values())
    for (account, month), cents in book.items():
        to.writerow([account, MONTHS[how.month](2023 + month // 12, month % 12 + 1), MONEY[how.money](cents)])
    if how.total:
        to.writerow(["Grand Total", "", MONEY[how.money](sum(book.values()))])
    if how.note:
        target.write(f"{how.end}Confidential Information - Do Not Distribute{how.end}")
    return target.getvalue().encode(encoding)


def is_an_id(text: str) -> bool:
    """Leaves out what no file can say: blanks around an id, and the quote that exports write before a formula."""
    return text == " ".join(text.split()) and text.strip("'") == text and bool(text.strip("-–—#.,;:* "))


@settings(max_examples=150, **EASY)
@given(
    how=formats(),
    accounts=st.data(),
    cents=st.lists(st.integers(1, 99_999_999), min_size=2, max_size=30),
)
def test_a_book_written_in_any_format_comes_back_equal(how: Format, accounts: Any, cents: list[int]) -> None:
    ids = AWKWARD | LATIN if how.encoding == "cp1252" else AWKWARD | LATIN | WORDS
    names = accounts.draw(st.lists(ids.map(str.strip).filter(is_an_id), min_size=1, max_size=5, unique=True))
    book = {(names[n % len(names)], n // len(names) % 24): c for n, c in enumerate(cents)}
    found = read([File("mrr.csv", written(book, how))])
    accounted_for(found)
    assert not found.refused, found.refused
    rows = found.tables["mrr"].to_pylist()
    exact = {(r["account_id"], (r["month"] // 100 - 2023) * 12 + r["month"] % 100 - 1): r["mrr"] for r in rows}
    assert exact == {key: c * 36 for key, c in book.items()}


SEEDS = {
    name: files[0]
    for name, (files, _) in READ.items()
    if len(files) == 1 and len(files[0].data) < 6_000 and not name.startswith(("day ", "month ", "money "))
}
IN_A_CHILD = (b"PK", b"\xd0\xcf", b"PAR1", b"\x1f\x8b")
TEXTS = [name for name, file in SEEDS.items() if not file.data.startswith(IN_A_CHILD)]
BOOKS = [name for name in SEEDS if name not in TEXTS]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The bytes with some flipped, cut out, doubled or made special."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(changed) + 1)
        to = min(len(changed), at + chance.randint(1, 40))
        match chance.randrange(5):
            case 0:
                changed[at:at] = chance.choice(
                    [b'"', b"\0", b"\r", b",", b";", b"\xff\xfe", b"\x81", b"=", b"(", b"9" * 400, b"\n\n\n"]
                )
            case 1:
                del changed[at:to]
            case 2:
                changed[at:at] = changed[at:to]
            case 3 if at < len(changed):
                changed[at] ^= 1 << chance.randrange(8)
            case _:
                changed[at:to] = chance.randbytes(to - at)
    return bytes(changed)


@pytest.mark.parametrize("name", TEXTS)
def test_any_change_of_a_text_is_answered(name: str) -> None:
    chance = random.Random(name)
    for _ in range(4):
        accounted_for(read([File(SEEDS[name].name, mutated(SEEDS[name].data, chance))]))


@pytest.mark.parametrize("name", random.Random(7).sample(BOOKS, 24))
def test_any_change_of_a_workbook_is_answered(name: str) -> None:
    accounted_for(read([File(SEEDS[name].name, mutated(SEEDS[name].data, random.Random(name)))]))


@settings(max_examples=150, **EASY)
@given(st.binary(max_size=300), st.sampled_from(["mrr.csv", "mrr.xlsx", "mrr.xls", "x.zip"]))
def test_any_bytes_at_all_are_answered(data: bytes, name: str) -> None:
    accounted_for(read([File(name, data)]))


@settings(max_examples=60, **EASY)
@given(st.text(max_size=200))
def test_any_text_at_all_is_answered(content: str) -> None:
    for start in ("", "account_id,month,mrr\nA,2024-01,5\n", "Customer;Start;End;MRR\n"):
        accounted_for(read([File("export.csv", (start + content).encode("utf-8", "replace"))]))
