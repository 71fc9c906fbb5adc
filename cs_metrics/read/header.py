"""What a header says: its plain words, and the unit and currency of the amounts below it."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

CODES = frozenset({
    "USD", "EUR", "GBP", "CHF", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "UAH", "RUB",
    "ILS", "AED", "SAR", "QAR", "EGP", "ZAR", "NGN", "KES", "MAD", "INR", "PKR", "BDT", "LKR", "JPY", "CNY", "RMB",
    "HKD", "TWD", "KRW", "SGD", "MYR", "THB", "IDR", "PHP", "VND", "AUD", "NZD", "CAD", "MXN", "BRL", "ARS", "CLP",
    "COP", "PEN", "UYU",
})  # fmt: skip
SIGNS = {
    "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₪": "ILS", "₺": "TRY", "₴": "UAH",
    "฿": "THB", "₫": "VND", "₱": "PHP", "₦": "NGN", "$": "USD", "us$": "USD", "c$": "CAD", "ca$": "CAD", "a$": "AUD",
    "au$": "AUD", "nz$": "NZD", "s$": "SGD", "hk$": "HKD", "nt$": "TWD", "mx$": "MXN", "r$": "BRL", "zł": "PLN",
    "kč": "CZK", "ft": "HUF", "fr.": "CHF", "sfr.": "CHF", "rs.": "INR", "rs": "INR",
}  # fmt: skip
SPOKEN = {
    "EURO": "EUR", "EUROS": "EUR", "DOLLAR": "USD", "DOLLARS": "USD", "US DOLLAR": "USD", "US DOLLARS": "USD",
    "U.S. DOLLAR": "USD", "POUND": "GBP", "POUNDS": "GBP", "POUND STERLING": "GBP", "BRITISH POUND": "GBP",
    "STERLING": "GBP", "SWISS FRANC": "CHF", "YEN": "JPY", "JAPANESE YEN": "JPY", "RUPEE": "INR", "INDIAN RUPEE": "INR",
    "CANADIAN DOLLAR": "CAD", "AUSTRALIAN DOLLAR": "AUD", "SWEDISH KRONA": "SEK", "NORWEGIAN KRONE": "NOK",
    "DANISH KRONE": "DKK", "ZLOTY": "PLN", "RMB": "CNY", "YUAN": "CNY",
}  # fmt: skip
SIGN = r"(?:us\$|[€£$¥₹]|eur\b|usd\b|gbp\b|chf\b)"
WHOLE_SIGN = r"(?:us\$|[€£$¥₹]|(?:(?<=\b[ktm])|(?<![^\W\d_]))(?:eur|usd|gbp|chf)\b)"
THOUSANDS = re.compile(
    rf"\bthousands?\b|\btausend\b|\btsd\b|\bmilliers\b|\bmiles de\b|(?<!\d)(?<!\d[.,])['’]?000['’]?s?\b"
    rf"|\bk\s?{SIGN}|{SIGN}\s?k\b|\bt\s?(?:€|eur\b)|[(\[]\s*k\s*[)\]]|\bin k\b",
    re.I,
)
MILLIONS = re.compile(
    rf"\bmillions?\b|\bmillionen\b|\bmio\b|\bmn\b|\bm\s?{SIGN}|{SIGN}\s?m\b|[(\[]\s*m\s*[)\]]|\bin m\b", re.I
)
CENTS = re.compile(r"(?<!per )(?<!per_)(?:\b|_)(?:cents?|pence|centimes|minor units?)(?:\b|_)|¢", re.I)
ABOVE = re.compile(
    rf"(?i)(?:\bin\s+|\bcurrency\s*[:=]?\s*|\bwährung\s*[:=]?\s*|[(\[])"
    rf"((?:thousands?|tausend|tsd\.?|millions?|mio\.?|cents|[ktm])?\s*(?:of\s+)?(?:{SIGN}|[a-z]{{3}}\b|['’]?000s?\b)?)"
)
TRAILING = frozenset(
    {code.lower() for code in CODES} - {"try"}
    | {
        "k",
        "000",
        "000s",
        "s000",
        "thousand",
        "thousands",
        "millions",
        "cents",
        "cent",
        "pence",
        "teur",
        "keur",
        "kusd",
        "tsd",
        "mio",
    }
)


@cache
def other_names() -> dict[str, dict[str, list[str]]]:
    """What ``synonyms.toml`` says: headers translated, other names of tables, and of each table's columns."""
    return tomllib.loads((Path(__file__).parent / "synonyms.toml").read_text("utf-8"))


@cache
def _translated() -> dict[str, str]:
    return {word: english for english, words in other_names()["translated"].items() for word in words}


def without_accents(text: str) -> str:
    """A text as it is compared: its letters without their accents.

    >>> without_accents("Verlängerung"), without_accents("début")
    ('Verlangerung', 'debut')
    """
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


class Said(NamedTuple):
    """The unit of money (``cents``, ``thousands``, ``millions``) and the currency a text names, if any."""

    money: str | None
    currency: str | None


@lru_cache(10_000)
def plain(header: str) -> str:
    """A header without what does not tell headers apart; the commonest in other languages in English.

    >>> plain("Customer ID"), plain("Start (UTC)"), plain("monthly_amount"), plain("accountExternalId")
    ('customer id', 'start', 'monthly amount', 'account external id')
    >>> plain("MRR in k€"), plain("ARR $000"), plain("amount_cents"), plain("Check-in")
    ('mrr', 'arr', 'amount', 'check in')
    >>> plain("Kunden-Nr."), plain("Date de début")
    ('customer id', 'start date')
    """
    name = bare(header)
    return _translated().get(without_accents(name), name)


@cache
def bare(header: str) -> str:
    """A header without what does not tell headers apart, in its own language.

    >>> bare("Kunden-Nr."), bare("MRR in k€")
    ('kunden nr', 'mrr')
    """
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", header[:300])
    text = re.sub(rf"(?i)(?:\b(?:in|en)\s*)?(?:\b[ktm]\s?)?(?:{WHOLE_SIGN})\s?[km]?\s*$", " ", text)
    text = re.sub(r"([a-z\d])([A-Z])", r"\1 \2", text)
    words = re.sub(r"[\W_]+", " ", text.casefold()).split()
    whole = len(words)
    while len(words) > 1 and (words[-1] in TRAILING or (words[-1] in ("in", "en") and len(words) < whole)):
        words.pop()
    return " ".join(words)


@cache
def said_by(header: str) -> Said:
    """The unit and the currency a header of amounts names.

    >>> tuple(tuple(said_by(h)) for h in ("MRR (in k€)", "Amount (cents)", "ARR $000", "mrr_usd"))
    (('thousands', 'EUR'), ('cents', None), ('thousands', 'USD'), (None, 'USD'))
    """
    words = re.sub(r"([a-z\d])([A-Z])", r"\1 \2", header)
    return Said(_unit(words), _currency(header))


def said_above(title: str) -> Said:
    """What the lines above a table say of all its amounts; only plain statements count.

    >>> said_above("Prepared by Finance, currency USD, all figures monthly")
    Said(money=None, currency='USD')
    >>> said_above("All amounts in thousands of EUR"), said_above("Top 1000 customers of Cents & Sons")
    (Said(money='thousands', currency='EUR'), Said(money=None, currency=None))
    """
    texts = [found.group(1) for found in ABOVE.finditer(title)]
    units = [f"in {text}" for text in texts if text.strip()]
    return Said(
        next((unit for text in units if (unit := _unit(text))), None),
        next((code for text in units if (code := _currency(text))), None),
    )


def _unit(text: str) -> str | None:
    if CENTS.search(text):
        return "cents"
    if THOUSANDS.search(text):
        return "thousands"
    return "millions" if MILLIONS.search(text) else None


def _currency(text: str) -> str | None:
    for word in re.findall(r"[A-Za-z]+", text.replace("_", " ")):
        code = word.upper()
        if (code in CODES and (word.isupper() or code != "TRY")) or (code[:1] in "KT" and (code := code[1:]) in CODES):
            return "CNY" if code == "RMB" else code
    for sign in sorted(SIGNS, key=len, reverse=True):
        if (not sign.isascii() or "$" in sign) and sign in text.casefold():
            return SIGNS[sign]
    return None


def currency_named(text: str) -> str | None:
    """The code of the currency a whole text names: a code, a sign or a word.

    >>> currency_named("eur"), currency_named("€"), currency_named("US Dollar"), currency_named("Acme")
    ('EUR', 'EUR', 'USD', None)
    """
    word = text.strip()
    code = word.upper()
    if code in CODES or code in SPOKEN:
        return SPOKEN.get(code, code)
    return SIGNS.get(word.casefold())
