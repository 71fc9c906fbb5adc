"""Whose fact is it? Facts that name their account by other than its id: its name, its web domain, a shorter id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.read.check import account_ids, distinct
from cs_metrics.tables import REVENUE

SHORT = 15
EVERYBODYS = frozenset(("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com",
                        "gmx.de", "web.de", "live.com", "aol.com", "proton.me", "me.com"))  # fmt: skip


def aliases_of(rows: Iterable[Mapping[str, str | None]]) -> dict[str, str]:
    """What else accounts are called → their id; what two accounts are called is left out.

    ``rows`` have ``account_id`` and maybe ``name`` and ``domain``.

    >>> aliases_of([{"account_id": "1", "name": "Acme", "domain": "www.acme.com/x"}, {"account_id": "2", "name": "B"}])
    {'acme': '1', 'acme.com': '1', 'b': '2'}
    """
    found: dict[str, str | None] = {}
    for row in rows:
        account = str(row["account_id"])
        words = {_folded(row.get("name")), domain_of(row.get("domain"))}
        words |= {account[:SHORT]} if len(account) == SHORT + 3 and account.startswith("001") else set()
        for word in words - {""} - EVERYBODYS:
            found[word] = None if found.get(word, account) != account else account
    return dict(sorted((word, account) for word, account in found.items() if account is not None))


def _folded(text: str | None) -> str:
    return " ".join(str(text).casefold().split()) if text else ""


def domain_of(text: str | None) -> str:
    """The web domain in an address, an e-mail address or a domain; nothing where there is none.

    >>> domain_of("Kim@Mail.acme.com"), domain_of("https://www.acme.com/about"), domain_of("Acme")
    ('mail.acme.com', 'acme.com', '')
    """
    word = _folded(text).rpartition("@")[2].rpartition("//")[2].partition("/")[0].removeprefix("www.")
    return word if "." in word and " " not in word else ""


def identified(
    tables: dict[str, pa.Table], known: Iterable[str], aliases: Mapping[str, str], assumed: list[str]
) -> dict[str, pa.Table]:
    """The tables with facts under their account's id, where its name or domain names one account and no other."""
    listed = tables.get("accounts")
    own = [name for name in ("account_id", "name", "domain") if listed is not None and name in listed.column_names]
    called = {**aliases, **aliases_of(listed.select(own).to_pylist())} if listed is not None else dict(aliases)
    if not called:
        return tables
    ids = account_ids(tables).union(known)
    listed_ids = (distinct(listed["account_id"]) if listed is not None else set()).union(known)
    done = dict(tables)
    for table, rows in tables.items():
        if table == "accounts" or "account_id" not in rows.column_names or not len(rows):
            continue
        there = distinct(rows["account_id"])
        strange = there - (listed_ids if table in REVENUE else ids)
        found = {word: account for word in strange if (account := _account(word, called))}
        if table in REVENUE:
            found = _one_each(found, there)
        if found:
            words = rows["account_id"].combine_chunks().cast(pa.string())
            place = pc.index_in(words, pa.array(list(found)))
            named = pc.coalesce(pa.array(list(found.values())).take(place), words).dictionary_encode()
            done[table] = rows.set_column(rows.column_names.index("account_id"), "account_id", named)
            few = ", ".join(f"{word} is {account}" for word, account in sorted(found.items())[:3])
            one = "1 account is" if len(found) == 1 else f"{len(found):,} accounts are"
            assumed.append(
                f"{table}: {one} found by name or domain, not by id: {few}" + ("…" if len(found) > 3 else "")
            )
    return done


def _one_each(found: dict[str, str], there: set[str]) -> dict[str, str]:
    """Of accounts found by name, those that nothing else in the table names: what stands there twice is not merged."""
    times = Counter(found.values())
    return {word: account for word, account in found.items() if account not in there and times[account] == 1}


def _account(word: str, called: Mapping[str, str]) -> str | None:
    return called.get(_folded(word)) or called.get(word[:SHORT]) or called.get(domain_of(word))
