"""Files as they come from the world, made by code: odd ones that have to be read, hostile ones that need an answer.

``READ`` maps a name to the files and to what each table must hold: its rows, and the sum of its money where it has
some. ``REFUSED`` maps a name to the files and to words of the message. Nothing here is special-cased by name.
"""

from __future__ import annotations

import base64
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

import openpyxl
import pandas as pd

from cs_metrics.read.files import File

Held = dict[str, tuple[int, float | None]]
READ: dict[str, tuple[list[File], Held]] = {}
REFUSED: dict[str, tuple[list[File], str]] = {}


def text(content: str, name: str = "mrr.csv", encoding: str = "utf-8") -> File:
    return File(name, content.encode(encoding))


def workbook(sheets: dict[str, Iterable[Iterable[Any]]], change: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def sheet(rows: Iterable[Iterable[Any]], name: str = "mrr.xlsx", merged: Iterable[str] = ()) -> File:
    def merge(book: Any) -> None:
        for cells in merged:
            book.active.merge_cells(cells)

    return File(name, workbook({"Sheet1": rows}, merge))


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def repacked(book: bytes, changed: dict[str, bytes]) -> bytes:
    """A workbook with some of its parts replaced."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return packed(parts | changed)


def reads(name: str, files: File | list[File], **held: Any) -> None:
    assert name not in READ
    told = {table: found if isinstance(found, tuple) else (found, None) for table, found in held.items()}
    READ[name] = ([files] if isinstance(files, File) else files, told)


def refuses(name: str, files: File | list[File], message: str) -> None:
    assert name not in REFUSED
    REFUSED[name] = ([files] if isinstance(files, File) else files, message)


MRR = [["account_id", "month", "mrr"], ["A", "2024-01", 100], ["B", "2024-01", 50.5]]
PLAIN = "account_id,month,mrr\nA,2024-01,100\nB,2024-01,50.5\n"
MRR_BOOK = workbook({"MRR": MRR})
HELD = (2, 150.5)

# --- encodings, delimiters, ends of line ------------------------------------------------------------------------------

ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "iso-8859-15", "mac-roman",
)  # fmt: skip
NAMES = {"cp1252": "Müller – “Söhne”", "iso-8859-15": "Œuvres & cœur", "mac-roman": "Müller Chloé"}
for encoding in ENCODINGS:
    for label, mark in (("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("pipe", "|")):
        who = NAMES.get(encoding, "Žofie Łukasz 東京")
        rows = f"account_id,month,mrr,csm\nA,2024-01,100,{who}\nB,2024-01,50.5,{who}\n".replace(",", mark)
        reads(f"{encoding} cut by {label}", text(rows, encoding=encoding), mrr=HELD, accounts=2)
for label, end in (("CR LF", "\r\n"), ("CR", "\r"), ("blank lines between", "\n\n")):
    reads(f"lines end in {label}", text(PLAIN.replace("\n", end)), mrr=HELD)
reads("caret", text(PLAIN.replace(",", "^")), mrr=HELD)
reads("tilde", text(PLAIN.replace(",", "~")), mrr=HELD)
reads("unit separator", text(PLAIN.replace(",", "\x1f")), mrr=HELD)
reads("the delimiter said", text("sep=;\n" + PLAIN.replace(",", ";")), mrr=HELD)
reads("every line in quotes", text("\n".join(f'"{line}"' for line in PLAIN.split())), mrr=HELD)
reads("every cell in quotes", text(PLAIN.replace(",", '","').replace("\n", '"\n"')[:-1].join(['"', ""])), mrr=HELD)
reads("no end of line at the end", text(PLAIN.rstrip()), mrr=HELD)
reads("spaces around everything", text(PLAIN.replace(",", " , ")), mrr=HELD)
reads("a delimiter at each end of line", text(PLAIN.replace("\n", ",\n")), mrr=HELD)
reads(
    "a line break in a cell",
    text('account_id,month,mrr,csm\nA,2024-01,100,"Ann\nLee"\nB,2024-01,50.5,Ben\n'),
    mrr=HELD,
    accounts=2,
)
reads(
    "a quote in a cell",
    text('account_id,month,mrr,csm\nA,2024-01,100,Ann "Al" Lee\nB,2024-01,50.5,"6"" Ben"\n'),
    mrr=HELD,
    accounts=2,
)
reads("zero-width marks in the header", text("\u200baccount_id\u200b," + PLAIN.partition(",")[2]), mrr=HELD)
reads("an unusual suffix", text(PLAIN, "mrr.export"), mrr=HELD)

# --- money ------------------------------------------------------------------------------------------------------------

MONEY = {
    "$1,234.50": 1234.5, "USD 1,234.50": 1234.5, "1,234.50 USD": 1234.5, "US$1,234.50": 1234.5, "€1,234.50": 1234.5,
    "£ 1,234.50": 1234.5, "1.234,50 €": 1234.5, "1 234,50 €": 1234.5, "1\u202f234,50\u00a0€": 1234.5, "CHF 1'234.50": 1234.5,
    "1’234.50": 1234.5, "R$ 1.234,50": 1234.5, "1.2345E+3": 1234.5, "1,2345k": 1234.5, "1.5k": 1500, "12K": 12000, "1.2M": 1.2e6,
    "€1.2m": 1.2e6, "1,5 Mio. €": 1.5e6, "1200 kr": 1200, "1.200,-": 1200, "$1,200/mo": 1200, "1200.00": 1200, "+1200": 1200,
    "１２００": 1200, "12,34,567.50": 1234567.5, "1.234.567": 1234567,
}  # fmt: skip
for written, value in MONEY.items():
    reads(f"money {written!a}", text(f"account_id\tmonth\tmrr\nA\t2024-01\t{written}\n"), mrr=(1, value))
for written, value in {
    "(1,200)": -1200,
    "-$1,200.50": -1200.5,
    "1.200,50-": -1200.5,
    "($1,200.00)": -1200,
    "−5": -5,
}.items():
    reads(
        f"change {written!a}",
        text(f"account_id\tdate\tmrr_change\nA\t2024-01-05\t{written}\n", "ledger.csv"),
        ledger=(1, value),
    )
for header, value in {
    "MRR (in k€)": 12500, "MRR k€": 12500, "MRR in thousands": 12500, "MRR ($000)": 12500, "MRR (TEUR)": 12500, "MRR (€)": 12.5,
    "mrr_cents": 0.125, "MRR (cents)": 0.125, "MRR, m€": 12.5e6, "MRR [USD]": 12.5,
}.items():  # fmt: skip
    reads(f"the header says {header}", text(f"Account\tMonth\t{header}\nA\t2024-01\t12.5\n"), mrr=(1, value))
reads("the title says thousands", sheet([["All figures in k€"], [], *MRR]), mrr=(2, 150500))
reads(
    "thousands with points, cut by semicolons",
    text("account_id;month;mrr\nA;2024-01;1.234\nB;2024-01;5.000\n"),
    mrr=(2, 6234),
)
reads(
    "one column proves the comma for another",
    text("account_id\tmonth\tmrr\tarr\nA\t2024-01\t1.234\t14.808,50\n"),
    mrr=(1, 1234 + 14808.5),
)
reads(
    "blank, dash and words for no answer are no money",
    text(PLAIN + "C,2024-01,-\nD,2024-01,n/a\nE,2024-01,\n"),
    mrr=HELD,
)
reads(
    "three currencies by their signs",
    text("account_id,month,mrr\nA,2024-01,€1\nB,2024-01,$2\nC,2024-01,£3\n"),
    mrr=(3, 6),
)
reads("a currency column beside its amount", text("Account,Month,MRR Currency,MRR\nA,2024-01,EUR,5\n"), mrr=(1, 5))
reads(
    "the currency in words", text("account,month,mrr,currency\nA,2024-01,5,Euro\nB,2024-01,5,US Dollar\n"), mrr=(2, 10)
)

# --- dates ------------------------------------------------------------------------------------------------------------

DAYS = (
    "2024-10-27", "2024/10/27", "2024.10.27", "20241027", "27/10/2024", "27.10.2024", "27-10-2024", "10/27/2024", "27.10.24", "27 Oct 2024",
    "27-Oct-24", "27-Oct-2024", "Oct 27, 2024", "October 27th, 2024", "Sunday, October 27, 2024", "Sun 27 Oct 2024", "27. Oktober 2024",
    "27 octobre 2024", "le 27 octobre 2024", "27 de octubre de 2024", "27 ottobre 2024", "27 oktober 2024", "27 października 2024",
    "27 октября 2024", "2024年10月27日", "45592", "45592.75", "1730037600", "1730037600000", "2024-10-27T14:03:00Z", "2024-10-27 14:03:00 UTC",
    "2024-10-27T14:03:00.123+02:00", "27/10/2024 14:03", "10/27/2024 2:03 PM", "Sun Oct 27 14:03:00 UTC 2024", "2024-Oct-27", "5. 11. 2024",
)  # fmt: skip
for written in DAYS:
    reads(f"day {written!a}", text(f"account_id\topened_at\nA\t{written}\n", "tickets.csv"), tickets=1)
for written in ("9999-12-31", "31/12/9999", "2999-12-31", "31.12.2099", "0000-00-00", "-"):
    rows = f"account_id\tstart_date\tend_date\tmrr\nA\t2024-01-01\t{written}\t5\n"
    reads(f"open end {written}", text(rows, "subscriptions.csv"), subscriptions=(1, 5))
for written in (
    "2024-03", "202403", "2024/03", "03/2024", "3-2024", "03.2024", "Mar 2024", "Mar-24", "mars 2024", "März 2024", "marzo de 2024", "2024M03",
    "2024年3月", "31.03.2024", "Mar'24", "March, 2024", "2024-3",
):  # fmt: skip
    reads(f"month {written!a}", text(f"account_id\tmonth\tmrr\nA\t{written}\t5\n"), mrr=(1, 5))
    reads(f"month {written!a} as a header", text(f"account_id\t{written}\tApr 2024\nA\t5\t6\n"), mrr=(2, 11))
reads(
    "the first of each month",
    text("account,month,mrr\n" + "".join(f"A,01/0{n}/2024,5\n" for n in range(1, 7))),
    mrr=(6, 30),
)
reads(
    "another column proves the order",
    text("account,start,end,mrr\nA,03/04/2024,,5\nB,05/04/2024,25/05/2024,5\n", "subscriptions.csv"),
    subscriptions=(2, 10),
)
reads(
    "points mean the day first", text("account,start,mrr\nA,03.04.2024,5\n", "subscriptions.csv"), subscriptions=(1, 5)
)

# --- yes, no and no answer --------------------------------------------------------------------------------------------

for yes, no in (
    ("yes", "no"),
    ("Ja", "Nein"),
    ("oui", "non"),
    ("sí", "no"),
    ("sim", "não"),
    ("tak", "nie"),
    ("да", "нет"),
    ("はい", "いいえ"),
    ("✓", ""),
    ("TRUE", "FALSE"),
    ("1", "0"),
    ("x", "-"),
):
    rows = f"account_id\topened_at\tescalated\nA\t2024-01-02\t{yes}\nA\t2024-01-03\t{no}\n"
    reads(f"{yes} or {no or 'blank'}", text(rows, "tickets.csv"), tickets=2)
for answer in (
    "no response",
    "keine Antwort",
    "sans réponse",
    "N/A",
    "—",
    "(blank)",
    "declined",
    "9 - very likely",
    "9/10",
):
    rows = f"account_id\tresponded_at\tscore\nA\t2024-01-02\t{answer}\nA\t2024-01-03\t8\n"
    reads(f"answer {answer}", text(rows, "nps.csv"), surveys=2)

# --- ids --------------------------------------------------------------------------------------------------------------

IDS = (
    "00123",
    "123",
    "NA",
    "null",
    "None",
    "nan",
    "1e5",
    "12345678901234567",
    "+49",
    "=A1",
    "'quoted",
    "Total Energies SE",
    "Summit",
    "True",
    "1.0",
)
reads(
    "ids stay as they are",
    text("account_id,month,mrr\n" + "".join(f"{one},2024-01,1\n" for one in IDS)),
    mrr=(len(IDS), len(IDS)),
)
reads(
    "ids in a workbook",
    sheet(
        [["account_id", "month", "mrr"], *([one, "2024-01", 1] for one in (12345678901234567, 123.0, "00123", "NA"))]
    ),
    mrr=(4, 4),
)

# --- where the table is -----------------------------------------------------------------------------------------------

TITLE = [["Our book of business"], ["Prepared by Finance", None, "2024-02-01"], []]
reads("title rows", sheet([*TITLE, *MRR]), mrr=HELD)
reads("title lines", text("Our book\nGenerated: 2024-02-01\n\n" + PLAIN), mrr=HELD)
reads("title lines as wide as the table", text("Our book,,\nDate:,2024-02-01,\n,,\n" + PLAIN), mrr=HELD)
reads("blank columns before the table", sheet([[None, None, *row] for row in MRR]), mrr=HELD)
reads("a total", sheet([*MRR, ["Total", None, 150.5]]), mrr=HELD)
reads("a total in a text", text(PLAIN + "Total,,150.5\n"), mrr=HELD)
reads("a total shorter than the header", text(PLAIN + "Grand Total\n"), mrr=HELD)
for word in (
    "TOTAL:",
    "Grand Total",
    "Sub-total",
    "Summe",
    "Gesamt",
    "Gesamtergebnis",
    "Total général",
    "Totale",
    "Suma",
    "Total MRR",
    "Totals (USD)",
):
    reads(f"a total called {word}", sheet([*MRR, [None, word, 150.5]]), mrr=HELD)
for note in (
    "Confidential Information - Do Not Distribute",
    "Copyright © 2024 Acme",
    "Applied filters: Region is EMEA",
    "Source: billing system",
    "* preliminary",
    "3 rows",
    "Exported on 2024-02-01",
    "Quelle: SAP",
):
    reads(f"a note: {note}", sheet([*MRR, [], [note]]), mrr=HELD)
    reads(f"a note in a text: {note}", text(f"{PLAIN}\n{note}\n"), mrr=HELD)
reads(
    "counts below the total",
    sheet(
        [
            ["Customer", "2024-01", "2024-02"],
            ["A", 5, 6],
            ["Total", 5, 6],
            ["Active customers", 1, 1],
            ["Average", 5, 6],
        ]
    ),
    mrr=(2, 11),
)
reads("the header once more", text(PLAIN + PLAIN.replace("A,", "C,").replace("B,", "D,")), mrr=(4, 301))
reads(
    "two header rows",
    sheet(
        [["Account", None, "Contract", None], ["Account ID", "Name", "MRR", "Month"], ["A", "Acme", 5, "2024-01"]],
        merged=["A1:B1", "C1:D1"],
    ),
    mrr=(1, 5),
    accounts=1,
)
reads(
    "two header rows in a text",
    text("Account,,Contract,\nID,Name,MRR,Month\nA,Acme,5,2024-01\n"),
    mrr=(1, 5),
    accounts=1,
)
reads(
    "years over months",
    sheet(
        [["Client", 2023, None, 2024, None], [None, "Nov", "Dec", "Jan", "Feb"], ["A", 1, 2, 3, 4]],
        merged=["A1:A2", "B1:C1", "D1:E1"],
    ),
    mrr=(4, 10),
)
reads(
    "months without a year, in a file of 2024",
    sheet([["Client", "Jan", "Feb", "Mar"], ["A", 1, 2, 3]], "mrr 2024.xlsx"),
    mrr=(3, 6),
)
reads(
    "months as dates",
    sheet([["Client", datetime(2024, 1, 1), datetime(2024, 2, 1), "Mar-24"], ["A", 1, 2, 3]]),
    mrr=(3, 6),
)
reads(
    "a row of units", sheet([["Account", "Month", "MRR"], [None, None, "(k€)"], ["A", "2024-01", 1.5]]), mrr=(1, 1500)
)
reads(
    "cells merged downwards",
    sheet(
        [["CSM", "Account", "Month", "MRR"], ["Ann", "A", "2024-01", 5], [None, "B", "2024-01", 6]], merged=["A2:A3"]
    ),
    mrr=(2, 11),
    accounts=2,
)
reads(
    "groups left blank",
    sheet(
        [["CSM", "Account", "MRR"], ["Ann", "A", 1], [None, "B", 2], [None, "C", 3], ["Ben", "D", 4], [None, "E", 5]],
        "accounts.xlsx",
    ),
    accounts=(5, 15),
)
GROUPED = [
    ["Account Owner ↑", "Account Name", "Industry", "ARR"], ["Ann", "A", "Tech", 12], [None, "B", "Tech", 24], ["Subtotal", None, None, 36],
    ["Count", 2, None, None], ["Ben", "C", "Tech", 36], ["Subtotal", None, None, 36], ["Count", 1, None, None], ["Total", None, None, 72],
    ["Count", 3, None, None], [], ["Confidential Information - Do Not Distribute"],
]  # fmt: skip
reads("a formatted report", sheet([*TITLE, *GROUPED], "accounts.xlsx", ["A5:A6"]), accounts=(3, 78))
reads(
    "a pivot",
    sheet(
        [
            ["Sum of MRR", "Month"],
            ["Customer", "2024-01", "2024-02", "Grand Total"],
            ["A", 1, 2, 3],
            ["Grand Total", 1, 2, 3],
        ]
    ),
    mrr=(2, 3),
)
reads(
    "the same header twice, the same below",
    text("account,owner,owner,month,mrr,mrr\nA,Ann,Ann,2024-01,5,5\n"),
    mrr=(1, 5),
    accounts=1,
)
reads("blank columns without a header", text("account,,month,mrr,\nA,,2024-01,5,\n"), mrr=(1, 5))
reads("headers in German", text("Kunde;Monat;MRR\nA;Jan 2024;1,5\n"), mrr=(1, 1.5))
reads("headers in French", text("Client;Mois;MRR\nA;janv. 2024;1,5\n"), mrr=(1, 1.5))

# --- kinds of file ----------------------------------------------------------------------------------------------------


def hidden(book: Any) -> None:
    book["Old"].sheet_state = "hidden"


SHEETS = {"READ ME": [["How to use this"], ["Do not edit"]], "MRR": MRR, "Old": MRR, "Empty": []}
reads("several sheets", File("book.xlsx", workbook(SHEETS, hidden)), mrr=HELD)
reads("a workbook called csv", File("mrr.csv", MRR_BOOK), mrr=HELD)
reads("a text called xlsx", text(PLAIN, "mrr.xlsx"), mrr=HELD)
reads("a text called xls", text(PLAIN.replace(",", "\t"), "mrr.xls", "utf-16"), mrr=HELD)
reads("a workbook with macros", File("mrr.xlsm", MRR_BOOK), mrr=HELD)
HTML = "<html><head><style>td {{}}</style></head><body><table><tr><th>account_id<th>month<th>mrr</tr>{}</table></body></html>"
CELLS = (
    "<tr><td>A &amp; Co</td><td>2024-01</td><td>100</td></tr><tr><td><b>B</b></td><td>2024-01</td><td>50.5</td></tr>"
)
reads("a web page called xls", text(HTML.format(CELLS), "mrr.xls"), mrr=HELD)
reads("a web page", text("<!DOCTYPE html>" + HTML.format(CELLS), "mrr.html"), mrr=HELD)
reads(
    "a web page with spanned cells",
    text(HTML.format('<tr><td rowspan="2">A<td>2024-01<td>100<tr><td>2024-02<td>50.5'), "mrr.xls"),
    mrr=HELD,
)
XML = '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="MRR"><Table>{}</Table></Worksheet></Workbook>'
ROW = '<Row><Cell><Data ss:Type="String">{}</Data></Cell><Cell><Data>{}</Data></Cell><Cell ss:Index="3"><Data>{}</Data></Cell></Row>'
reads("an XML spreadsheet", text(XML.format("".join(ROW.format(*row) for row in MRR)), "mrr.xls"), mrr=HELD)
OLD = zlib.decompress(base64.b85decode(
    'c-rk(U2GIp6h3!$yPYkioffKCU|mt5(3Wh$X#K&KmMSEYnu<R$O<>t>>B{~z+a;kU#zo`}5)BWUNJ2<zG%-Pqi9V>Ied9qRFFa^8'
    'DLiTLVI}^A#CH77nLFF*W}9>ilBhkCGxy#zbMCqKp5J@<+lJ}$pEO^k5_pV!G;0Sb;Grp?=?*L+L(^t$+jhzJGW@GxMz^d(KlE1x'
    'WSv)Qy#{r=4F63SpbVZIg{hCyXtOj<mB3xF81H<G;hA0Je~X1>`Ae72@tfng4_NB|9P8QtYk(_&wZN6YI$*t%0;mDl2wVkR4Qvvd'
    'Ai5j426zv!8Mqd>PRkDImhnFHHvsR~w2f#tEytWY20;^A3{=q<E5Bxyi|((&B0ly{iCtU+4$>&wMsGA33*RZ|ku^jWuVE5Kx)VJ`'
    'XF;u_kA(WAymyNA0lF#NsV(|Nqg&Q~THYJvT}RCSx$t~1lnx5f4`StSiW4ZRR=pIZBqit&;$Q-QG}9&auh--c_71g6zVKhS@-^hI'
    'r3v=2r{d{&Hku6i8|XduuW`U&dnz^9J~T8f4mCl)+hLFMPKKGza|->p#nFul>GZ#&PvGpzopY=6f1#AVWdVBI0`#p5(1T^^1apw}'
    '_~+<n3=HyQb8F>&(l+D+(l+M((yq!^OS?K>Wgiq{KZ($NS!VIkzJY;Lm{H-GQYMgS|7k_n=_QWmg#i&1C~(|n!ESx;#T~Swz#exI'
    'eq+*ch5TSns&2fyDfFx5WC#<MY$5}ge<DfzMO~6fs+~*{jm0uY)42nQA*7mACY>8W>Pcm@7>y;;u{cJNNC$r29@+k2d!z$Gdu%Y8'
    'l=eF*C}uVR=QP!%TZ8kI6VI%9@vIg*8Nv=Z0yN03EKJwlyYBk6hnl+%2t7Y{v!RWA(A1`m<I9wPt8lc+`*r!(&2uM&_J+JS75RVa'
    '+U)7K6#Ip)EuQ{)#HAosMWPJ@(%RIT+Q5magVSAZtLQm=G3iy=HmM6{z20dZk<QtUg_wq=`)y9NQT0MoWoSkTZAS9DlhH|!6h^8z'
    'GUV*skq;xE9x37T7e~y;6~tGF%1Zd&HTkS=Tr|ML{}{p%&>Y4*4nsIXa=L#A$1n5@%P#D3bXG966|zXIq7ZT97g~fKELdf#9fN9w'
    'k9k<q6GkI_7I0Dq(c_{6qV;-Lt^mMcnDAlKJCSlLtQyaqc-HpSI5n7M8jh<vpPuBJXI~<g&5UJ+bK$;Yv3N54$iwaXqle<jWLyrR'
    'Cow$Sc`LP_a@=&uFl&=&s?5AJee&FmoBbo!hi{qGy7|-Z__W{Ao~-owvF`WiI&n~+%!sZRbGl~C>$>rjt~Gz2A<;7PWJcrZ(eYzR'
    'mKoCDBYJKZO8fcr`+d<@epKH6?cP6Aj4R(<IlFDGb>?mCzwPFQ-JHcsXoI@Wb>pMu+2hkiA0<gG{Jm3u@AlN*d{(<gN1u;p#}b+J'
    '{4?V7-Lb8M{wcVf_dnTxi4T<H;WL>GI{g<QJxfPWaq&8iRJ?vCYB=X)S8%U-wA!`vUdT<M!tKWzUS5)XpXUy?7@qaOy+uFkM?Dx{'
    'vi>-RR(k)tSKrm7Dy3)XDE6O1UCO%O3o95FoiHVbdNl*e!qB4SS5<KS><gEQ@^?c*Ox6$=3#@EColDsN1HccK@BadS1MHn5`T'
))  # fmt: skip
reads("an old workbook", File("mrr.xls", OLD), mrr=(2, 12.5))


def open_document(rows: list[list[Any]]) -> bytes:
    """A spreadsheet as LibreOffice writes it, by hand."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="float" office:value="{cell}"><text:p>{cell}</text:p></table:table-cell>'
            if isinstance(cell, int | float)
            else f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    spaces = "".join(f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    content = f'<?xml version="1.0"?><office:document-content{spaces}><office:body><office:spreadsheet><table:table table:name="MRR">{cells}</table:table></office:spreadsheet></office:body></office:document-content>'
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return packed(
        {"mimetype": kind, "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()},
        zipfile.ZIP_STORED,
    )


def binary_workbook(rows: list[list[Any]]) -> bytes:
    """A binary workbook (.xlsb), record by record."""

    def record(kind: int, data: bytes = b"") -> bytes:
        number = bytes([kind & 0x7F | 0x80, kind >> 7]) if kind > 127 else bytes([kind])
        return (
            number
            + bytes(
                [len(data) & 0x7F | (0x80 if len(data) > 127 else 0)] + ([len(data) >> 7] if len(data) > 127 else [])
            )
            + data
        )

    def wide(word: str) -> bytes:
        return struct.pack("<I", len(word)) + word.encode("utf-16-le")

    book = (
        record(131)
        + record(143)
        + record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("MRR"))
        + record(144)
        + record(132)
    )
    inside = record(129) + record(148, struct.pack("<IIII", 0, len(rows) - 1, 0, len(rows[0]) - 1)) + record(145)
    for at, row in enumerate(rows):
        inside += record(0, struct.pack("<I", at) + bytes(13))
        for place, cell in enumerate(row):
            where = struct.pack("<II", place, 0)
            inside += (
                record(5, where + struct.pack("<d", cell))
                if isinstance(cell, int | float)
                else record(6, where + wide(cell))
            )
    inside += record(146) + record(130)
    start = '<?xml version="1.0" encoding="UTF-8"?>'
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{}" Target="{}"/></Relationships>'
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>'
    return packed({
        "[Content_Types].xml": (start + types).encode(),
        "_rels/.rels": (start + links.format(f"{relation}/officeDocument", "xl/workbook.bin")).encode(),
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": (start + links.format(f"{relation}/worksheet", "worksheets/sheet1.bin")).encode(),
        "xl/worksheets/sheet1.bin": inside,
    })  # fmt: skip


reads("an open document", File("mrr.ods", open_document(MRR)), mrr=HELD)
reads("a binary workbook", File("mrr.xlsb", binary_workbook(MRR)), mrr=HELD)


def parquet(frame: pd.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.to_parquet(target)
    return target.getvalue()


FRAME = pd.DataFrame({"account_id": [7, 8], "month": pd.to_datetime(["2024-01-01"] * 2), "mrr": [100, 50.5]})
reads("parquet", File("mrr.parquet", parquet(FRAME)), mrr=HELD)
reads("parquet called csv", File("mrr.csv", parquet(FRAME.astype({"account_id": "category"}))), mrr=HELD)
LISTED = b"account_id,name,csm\nA,Acme,Ann\nB,Birch,Ben\n"
SET = {
    "set/accounts.csv": LISTED,
    "set/mrr.xlsx": MRR_BOOK,
    "__MACOSX/set/._mrr.xlsx": b"x",
    "set/.DS_Store": b"x",
    "readme.md": b"x",
}
reads("a zipped set", File("set.zip", packed(SET)), mrr=HELD, accounts=2)
reads("a zipped set called csv", File("set.csv", packed(SET)), mrr=HELD, accounts=2)
reads("a zip in a zip", File("set.zip", packed({"inner.zip": packed({"mrr.csv": PLAIN.encode()})})), mrr=HELD)
reads("gzip", File("mrr.csv.gz", gzip.compress(PLAIN.encode())), mrr=HELD)
reads("gzip of a workbook", File("mrr.xlsx.gz", gzip.compress(MRR_BOOK)), mrr=HELD)
reads(
    "many files at once",
    [text(PLAIN.replace("2024-01", f"2024-{n:02d}"), f"mrr {n}.csv") for n in range(1, 6)],
    mrr=(10, 752.5),
)
reads(
    "dates of 1904",
    File(
        "tickets.xlsx",
        workbook(
            {"T": [["account_id", "opened_at"], ["A", date(2024, 1, 2)]]},
            lambda b: setattr(b, "epoch", datetime(1904, 1, 1)),
        ),
    ),
    tickets=1,
)
reads("a formula in a total has no value", sheet([*MRR, ["Total", None, "=SUM(C2:C3)"]]), mrr=HELD)
reads(
    "2,000 columns",
    text(
        ",".join(["account_id", "month", "mrr", *(f"x{n}" for n in range(1997))]) + "\nA,2024-01,5" + "," * 1997 + "\n"
    ),
    mrr=(1, 5),
)
reads("a cell of 10 MB", text(f"account_id,month,mrr,csm\nA,2024-01,5,{'x' * 10_000_000}\n"), mrr=(1, 5), accounts=1)

# --- refused ----------------------------------------------------------------------------------------------------------

refuses("nothing", File("mrr.csv", b""), "empty")
refuses("only blanks", File("mrr.csv", b"\n \r\n\t"), "empty")
refuses("only a byte order mark", File("mrr.csv", b"\xef\xbb\xbf"), "empty")
refuses("only a header of nothing known", text("foo,bar\n", "x.csv"), "No known table")
refuses("only zeros", File("mrr.csv", b"\0" * 100), "empty")
refuses("a zero in the text", File("mrr.csv", b"account_id,month,mrr\nA\0,2024-01,5\n"), "not text")
refuses("noise", File("mrr.csv", bytes(range(256)) * 20), "not text")
for start, what in (
    (b"\x89PNG\r\n\x1a\n", "picture"),
    (b"\xff\xd8\xff\xe0", "picture"),
    (b"GIF89a", "picture"),
    (b"%PDF-1.7\n", "PDF"),
    (b"{\\rtf1", "text document"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"SQLite format 3\0", "database"),
    (b"\x7fELF", "program"),
):
    for name in ("mrr.csv", "mrr.xlsx"):
        refuses(f"{what} {start[:3]!r} called {name}", File(name, start + b"\0abc" * 99), what)
for share in range(1, 20):
    refuses(
        f"a workbook cut off after {share * 5} %", File("mrr.xlsx", MRR_BOOK[: len(MRR_BOOK) * share // 20]), "cut off"
    )
refuses(
    "a workbook with nonsense inside",
    File("mrr.xlsx", repacked(MRR_BOOK, {"xl/worksheets/sheet1.xml": b"<<<"})),
    "workbook",
)
refuses("an old workbook cut off", File("mrr.xls", OLD[:3000]), "cannot be opened")
refuses("parquet cut off", File("mrr.parquet", parquet(FRAME)[:-20]), "cannot be opened")
refuses("gzip cut off", File("mrr.csv.gz", gzip.compress(PLAIN.encode())[:-9]), "cut off")
refuses("a zip of nothing", File("set.zip", packed({})), "no table")
refuses("a zip of pictures", File("set.zip", packed({"a.png": b"\x89PNG", "b.docx": b"PK"})), "no table")
refuses(
    "zips five deep",
    File(
        "set.zip",
        packed({"a.zip": packed({"b.zip": packed({"c.zip": packed({"d.zip": packed({"mrr.csv": PLAIN.encode()})})})})}),
    ),
    "archives of archives",
)
refuses("a bomb of gzip", File("mrr.csv.gz", gzip.compress(bytes(1 << 20)) * 257), "unpacks to more")
refuses("a zip of 1,000 files", File("set.zip", packed({f"{n}.csv": b"a" for n in range(1000)})), "unpacks to more")
refuses("a document of words", File("mrr.xlsx", packed({"[Content_Types].xml": b"", "word/document.xml": b""})), "Word")
refuses(
    "a presentation",
    File("mrr.xlsx", packed({"[Content_Types].xml": b"", "ppt/presentation.xml": b""})),
    "presentation",
)
refuses("an XML document", text('<?xml version="1.0"?><mrr><a>1</a></mrr>', "mrr.xml"), "XML")
refuses(
    "an external entity",
    text('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "mrr.xls"),
    "XML",
)
refuses("JSON", text('[{"account_id": "A", "mrr": 5}]', "mrr.json"), "JSON")
refuses(
    "a locked workbook",
    File(
        "mrr.xlsx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(500),
    ),
    "password",
)
SHEET_XML = b'<?xml version="1.0"?>%s<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
FAR = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
refuses(
    "a far cell", File("mrr.xlsx", repacked(MRR_BOOK, {"xl/worksheets/sheet1.xml": SHEET_XML % (b"", FAR)})), "memory"
)
LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]>"
)
refuses(
    "a billion laughs",
    File(
        "mrr.xlsx",
        repacked(
            MRR_BOOK,
            {
                "xl/worksheets/sheet1.xml": SHEET_XML
                % (LAUGHS, b'<row r="1"><c r="A1" t="inlineStr"><is><t>&j;</t></is></c></row>')
            },
        ),
    ),
    "workbook",
)
refuses("a web page of one huge cell", text(HTML.format('<tr><td colspan="900000">A'), "mrr.xls"), "memory")
refuses("a web page without a table", text("<html><body><p>Please sign in</p></body></html>", "mrr.xls"), "no table")
refuses("a sheet without a table", sheet([["just a line"], ["and another"]]), "no table")
refuses("an unclosed quote", text("account_id,month,mrr\n" + 'A,2024-01,"5\n' + "B,2024-01,5\n" * 100), "quote")
refuses("a row too long", text(PLAIN + "C,2024-01,1,200\n"), "4 cells")
refuses("a row too short", text(PLAIN + "C,2024-01\n" + "D,2024-01,5\n"), "2 cells")
refuses(
    "3,000 columns",
    text(
        ",".join(["account_id", "month", "mrr", *(f"x{n}" for n in range(2997))]) + "\nA,2024-01,5" + "," * 2997 + "\n"
    ),
    "columns",
)
refuses("the same header twice, other contents", text("account,month,mrr,mrr\nA,2024-01,5,6\n"), "Two columns")
refuses(
    "day or month",
    text("account,start,mrr\nA,03/04/2024,5\nB,05/06/2024,5\n", "subscriptions.csv"),
    "day/month or month/day",
)
refuses(
    "both orders in one column",
    text("account,start,mrr\nA,13/04/2024,5\nB,04/13/2024,5\n", "subscriptions.csv"),
    "other order",
)
refuses("a day that does not exist", text("account,start,mrr\nA,2024-02-30,5\n", "subscriptions.csv"), "does not exist")
refuses("an id made a number", text("account_id,month,mrr\n1.23457E+15,2024-01,5\n"), "shortened by a spreadsheet")
refuses("a formula without a value", sheet([*MRR, ["C", "2024-01", "=1+1"]]), "without a stored value")
refuses("an error in a cell", sheet([*MRR, ["C", "2024-01", "#REF!"]]), "error of the spreadsheet")
refuses("an error as text", text(PLAIN + "C,2024-01,#DIV/0!\n"), "error of the spreadsheet")
for bad in ("12O", "abc", "12 apples", "1,2,3", "1e400", "inf", "1-2", "0x1F", "12.5.3", "5 10", "Invoice 12", "½"):
    refuses(f"money {bad}", text(f"account_id\tmonth\tmrr\nA\t2024-01\t{bad}\n"), "number")
for bad in ("soon", "32.01.2024", "2024-13-01", "12", "next month", "2024-02-30", "#VALUE!"):
    refuses(f"day {bad}", text(f"account_id\topened_at\nA\t{bad}\n", "tickets.csv"), "")
