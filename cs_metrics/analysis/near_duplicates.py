"""Which accounts may be one and the same? Told by domain and by name; a list to look at, nothing is merged."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

COLUMNS = ("group", "account_id", "name", "domain", "because")
LEGAL = frozenset({
    "ab", "ag", "aps", "as", "asa", "bhd", "bv", "co", "company", "corp", "corporation", "cv", "doo", "eg", "ek",
    "eood", "ev", "gbr", "gesmbh", "gmbh", "gmbhcokg", "holding", "holdings", "inc", "incorporated", "kft", "kg",
    "kgaa", "kk", "limited", "llc", "llp", "lp", "ltd", "ltda", "mbh", "nv", "ohg", "oy", "oyj", "plc", "plt",
    "pte", "pty", "pvt", "sa", "sab", "sapi", "sarl", "sas", "sasu", "sc", "sca", "se", "sia", "sl", "slu", "spa",
    "spk", "spzoo", "sprl", "sro", "srl", "srls", "ug", "uab", "zrt",
})  # fmt: skip
JOINED = re.compile(r"\b(?:[a-z]\.)+[a-z]?\b\.?")
FREE = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
    "aol.com", "gmx.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "proton.me", "protonmail.com", "mail.com",
    "mail.ru", "yandex.ru", "qq.com", "163.com", "126.com", "orange.fr", "free.fr", "example.com",
})  # fmt: skip
MOST_ALIKE = 20


def near_duplicates(accounts: pd.DataFrame) -> pd.DataFrame:
    """Accounts that share a web domain, or a name but for legal form, accents, case and punctuation.

    One row per account of a ``group`` (numbered from 1). Parents and children are expected to share and are left
    out, and so are the domains of mail providers and of more than 20 accounts.

    >>> book = pd.DataFrame({"name": ["Acme, Inc.", "ACME GmbH & Co. KG", "Birch"]}, index=["1", "2", "3"])
    >>> near_duplicates(book)[["group", "account_id", "name", "because"]]
       group account_id                name    because
    0      1          1          Acme, Inc.  same name
    1      1          2  ACME GmbH & Co. KG  same name
    """
    ids = accounts.index.astype(str).to_numpy(dtype=object)
    blank = pd.Series(None, accounts.index, dtype=object)
    named = accounts.get("name", blank).map(plain_name, na_action="ignore").to_numpy(dtype=object)
    web = accounts.get("domain", blank).map(plain_domain, na_action="ignore").to_numpy(dtype=object)
    parent = accounts.get("parent_id", blank).astype(object)
    family = parent.where(parent.notna(), pd.Series(ids, accounts.index)).astype(str).to_numpy(dtype=object)
    alike = pd.concat(
        [
            pd.DataFrame({"row": np.arange(len(ids)), "key": key, "family": family, "because": because, "rank": rank})
            for rank, (because, key) in enumerate((("same domain", web), ("same name", named)))
        ]
    )
    alike = alike[alike["key"].notna() & (alike["key"] != "")]
    by = alike.groupby(["because", "key"], sort=False)
    families, size = by["family"].transform("nunique"), by["row"].transform("size")
    found = alike[(families > 1) & ((size <= MOST_ALIKE) | (alike["because"] == "same name"))]
    if found.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    group = _joined(found["row"].to_numpy(), found.groupby(["because", "key"], sort=False).ngroup().to_numpy())
    rows = found.assign(group=group)
    rows["group"] = rows.groupby("group")["row"].transform("min")
    rows = rows.sort_values(["group", "row", "rank"], kind="stable")
    told = rows.groupby(["group", "row"], sort=False)["because"].agg(" and ".join).reset_index()
    at = told["row"].to_numpy()
    return pd.DataFrame(
        {
            "group": pd.factorize(told["group"])[0] + 1,
            "account_id": ids[at],
            "name": accounts["name"].to_numpy(dtype=object)[at] if "name" in accounts else None,
            "domain": web[at],
            "because": told["because"].str.replace("same domain and same name", "same domain and name"),
        }
    )


def _joined(row: np.ndarray, key: np.ndarray) -> np.ndarray:
    """One number for all entries that hang together through a row or a key: the lowest key among them."""
    group = key.copy()
    while True:
        low = np.full(row.max() + 1, key.max() + 1)
        np.minimum.at(low, row, group)
        lower = np.full(key.max() + 1, key.max() + 1)
        np.minimum.at(lower, key, low[row])
        if (lower[key] == group).all():
            return group
        group = lower[key]


def plain_name(name: object) -> str:
    """A company's name without legal form, accents, case, punctuation and a leading "the".

    >>> plain_name("The Müller & Söhne GmbH"), plain_name("MULLER + SOHNE"), plain_name("A.B.C. S.p.A.")
    ('muller sohne', 'muller sohne', 'abc')
    """
    text = unicodedata.normalize("NFKD", str(name)).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = JOINED.sub(lambda found: found[0].replace(".", "") + " ", text)
    words = re.findall(r"\w+", re.sub(r"['’`]", "", text))
    words = [word for word in words if word not in ("and", "und", "et", "y")]
    kept = words[1:] if words[:1] == ["the"] and len(words) > 1 else words
    while len(kept) > 1 and kept[-1] in LEGAL:
        kept = kept[:-1]
    return " ".join(kept)


def plain_domain(address: object) -> str:
    """A web domain without scheme, www, path and case; empty for a mail provider's.

    >>> plain_domain("https://www.Acme.com/about"), plain_domain("kim@acme.com"), plain_domain("gmail.com")
    ('acme.com', 'acme.com', '')
    """
    text = re.sub(r"^[a-z]+://", "", str(address).strip().casefold()).rpartition("@")[2]
    host = re.split(r"[/:?#\s]", text, maxsplit=1)[0].removeprefix("www.").strip(".")
    return "" if host in FREE or "." not in host else host
