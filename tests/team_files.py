"""Files as customer success teams have them: exports, reports and old spreadsheets, each with what a careful person
would read from it.

``READ`` and ``REFUSED`` are as in ``odd_files``. Amounts are sums of money of a table, over all its columns of money.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

from odd_files import Held, sheet, text, workbook

from cs_metrics.read.files import File

READ: dict[str, tuple[list[File], Held]] = {}
REFUSED: dict[str, tuple[list[File], str]] = {}


def reads(name: str, files: File | list[File], **held: Any) -> None:
    assert name not in READ
    told = {table: found if isinstance(found, tuple) else (found, None) for table, found in held.items()}
    READ[name] = ([files] if isinstance(files, File) else files, told)


def refuses(name: str, files: File | list[File], message: str) -> None:
    assert name not in REFUSED
    REFUSED[name] = ([files] if isinstance(files, File) else files, message)


# --- old spreadsheets ------------------------------------------------------------------------------------------------

reads(
    "two merged header rows, totals of segments in between",
    sheet(
        [
            ["Customer book 2024", None, None, None, None],
            [],
            ["Customer", None, "MRR", None, None],
            ["Name", "Segment", "Jan 2024", "Feb 2024", "Mar 2024"],
            ["Acme", "Enterprise", 100, 110, 120],
            ["Beta", "Enterprise", 200, 200, 200],
            ["Total Enterprise", None, 300, 310, 320],
            ["Cora", "SMB", 10, 10, 0],
            ["Dune", "SMB", 20, 20, 20],
            ["Total SMB", None, 30, 30, 20],
            ["Grand Total", None, 330, 340, 340],
        ],
        merged=["A3:B3", "C3:E3"],
    ),
    mrr=(12, 1010),
    accounts=4,
)
reads(
    "totals of segments named after them",
    sheet(
        [
            ["Segment", "Account", "MRR", "Month"],
            ["Enterprise", "Acme", 100, "2024-01"],
            ["Enterprise", "Beta", 200, "2024-01"],
            ["Enterprise Total", None, 300, None],
            ["SMB", "Cora", 10, "2024-01"],
            ["SMB", "Dune", 20, "2024-01"],
            ["SMB Total", None, 30, None],
            ["Grand Total", None, 330, None],
        ]
    ),
    mrr=(4, 330),
    accounts=4,
)
reads(
    "a pivot with repeated group cells left blank",
    sheet(
        [
            ["Sum of MRR", None, "Month", None, None],
            ["CSM", "Customer", "2024-01", "2024-02", "Grand Total"],
            ["Ann", "Acme", 100, 110, 210],
            [None, "Beta", 200, 200, 400],
            ["Ann Total", None, 300, 310, 610],
            ["Ben", "Cora", 10, 10, 20],
            [None, "Dune", 20, None, 20],
            ["Ben Total", None, 30, 10, 40],
            ["Grand Total", None, 330, 320, 650],
        ]
    ),
    mrr=(7, 650),
    accounts=4,
)
reads(
    "segments as headings between the rows",
    sheet(
        [
            ["Customer", "CSM", "MRR", "Renewal date", "As of month"],
            ["ENTERPRISE", None, None, None, None],
            ["Acme", "Ann", 100, date(2025, 3, 1), "2024-06"],
            ["Beta", "Ben", 200, date(2025, 4, 1), "2024-06"],
            ["SMB", None, None, None, None],
            ["Cora", "Ann", 10, date(2025, 5, 1), "2024-06"],
            ["Dune", "Ben", 20, date(2025, 6, 1), "2024-06"],
        ],
        "book.xlsx",
    ),
    accounts=(4, 330),
)
reads(
    "two tables one below the other",
    sheet(
        [
            ["Customers"],
            ["Account ID", "Name", "CSM", "Segment"],
            ["A", "Acme", "Ann", "Enterprise"],
            ["B", "Beta", "Ben", "SMB"],
            [],
            [],
            ["Subscriptions"],
            ["Subscription ID", "Account ID", "Start date", "End date", "MRR"],
            ["S1", "A", date(2024, 1, 1), date(2024, 12, 31), 100],
            ["S2", "B", date(2024, 2, 1), None, 50],
            ["S3", "B", date(2024, 3, 1), None, 5],
        ]
    ),
    accounts=2,
    subscriptions=(3, 155),
)
reads(
    "two tables one below the other in a text",
    text(
        "Customers\nAccount ID,Name,CSM\nA,Acme,Ann\nB,Beta,Ben\n\nMRR\nAccount ID,Month,MRR\nA,2024-01,100\n"
        "B,2024-01,50.5\nA,2024-02,100\n",
        "export.csv",
    ),
    accounts=2,
    mrr=(3, 250.5),
)
reads(
    "two tables side by side",
    sheet(
        [
            ["Account ID", "Name", "CSM", None, "Account ID", "Month", "MRR"],
            ["A", "Acme", "Ann", None, "A", "2024-01", 100],
            ["B", "Beta", "Ben", None, "B", "2024-01", 50],
            [None, None, None, None, "A", "2024-02", 110],
        ]
    ),
    accounts=2,
    mrr=(3, 260),
)
reads(
    "the same table twice, one year below the other",
    sheet(
        [
            ["2023"],
            ["Account", "Month", "MRR"],
            ["A", "2023-11", 10],
            ["A", "2023-12", 10],
            [],
            ["2024"],
            ["Account", "Month", "MRR"],
            ["A", "2024-01", 12],
            ["A", "2024-02", 12],
        ]
    ),
    mrr=(4, 44),
)
reads(
    "a summary box above the table",
    sheet(
        [
            ["Total customers", 2, None, None],
            ["Total MRR", 150.5, None, None],
            ["Avg MRR", 75.25, None, None],
            [],
            ["Account", "Month", "MRR", "CSM"],
            ["A", "2024-01", 100, "Ann"],
            ["B", "2024-01", 50.5, "Ben"],
        ]
    ),
    mrr=(2, 150.5),
    accounts=2,
)
reads(
    "a summary box beside the table",
    sheet(
        [
            ["Account", "Month", "MRR", "CSM", None, "KPI", "Value"],
            ["A", "2024-01", 100, "Ann", None, "Customers", 2],
            ["B", "2024-01", 50.5, "Ben", None, "MRR", 150.5],
            ["A", "2024-02", 100, "Ann", None, None, None],
        ]
    ),
    mrr=(3, 250.5),
    accounts=2,
)


def _hidden(book: Any) -> None:
    book["Lists"].sheet_state = "hidden"
    book["_cache"].sheet_state = "veryHidden"


reads(
    "hidden sheets of choices and old figures",
    File(
        "CS tracker.xlsx",
        workbook(
            {
                "README": [["How to use this file"], ["Fill in one row per customer. Do not change the headers."]],
                "Book": [
                    ["Customer", "CSM", "Segment", "ARR", "Snapshot month"],
                    ["Acme", "Ann", "Ent", 1200, "2024-06"],
                ],
                "Lists": [["CSM", "Segment"], ["Ann", "Ent"], ["Ben", "SMB"]],
                "_cache": [["Account", "Month", "MRR"], ["Acme", "2020-01", 7]],
            },
            _hidden,
        ),
    ),
    accounts=(1, 100),
)


def _filtered(book: Any) -> None:
    book.active.row_dimensions[3].hidden = True
    book.active.auto_filter.ref = "A1:C4"


# rows hidden by a filter are still rows
reads(
    "rows hidden by a filter",
    File(
        "mrr.xlsx", workbook({"S": [["Account", "Month", "MRR"], ["A", "2024-01", 1], ["B", "2024-01", 2]]}, _filtered)
    ),
    mrr=(2, 3),
)

# --- months side by side ----------------------------------------------------------------------------------------------

for label, months in {
    "Jan-24": ("Jan-24", "Feb-24", "Mar-24"),
    "01/2024": ("01/2024", "02/2024", "03/2024"),
    "2024M01": ("2024M01", "2024M02", "2024M03"),
    "MRR Jan 2024 (k€)": ("MRR Jan 2024 (k€)", "MRR Feb 2024 (k€)", "MRR Mar 2024 (k€)"),
    "MRR_2024_01": ("MRR_2024_01", "MRR_2024_02", "MRR_2024_03"),
    "2024-01-31": ("2024-01-31", "2024-02-29", "2024-03-31"),
    "1/31/24": ("1/31/24", "2/29/24", "3/31/24"),
    "Jan '24": ("Jan '24", "Feb '24", "Mar '24"),
    "janv. 2024": ("janv. 2024", "févr. 2024", "mars 2024"),
    "Januar 24": ("Januar 24", "Februar 24", "März 24"),
    "ene-24": ("ene-24", "feb-24", "mar-24"),
    "jan/24": ("jan/24", "fev/24", "mar/24"),
    "M1 2024": ("M1 2024", "M2 2024", "M3 2024"),
    "Jan 2024 MRR": ("Jan 2024 MRR", "Feb 2024 MRR", "Mar 2024 MRR"),
    "MRR (Jan 2024)": ("MRR (Jan 2024)", "MRR (Feb 2024)", "MRR (Mar 2024)"),
    "Jan 2024 Actual": ("Jan 2024 Actual", "Feb 2024 Actual", "Mar 2024 Actual"),
    "2024/1": ("2024/1", "2024/2", "2024/3"),
    "24-Jan": ("24-Jan", "24-Feb", "24-Mar"),
}.items():
    times = 1000 if "k€" in label else 1
    reads(
        f"months called {label}",
        text(f"Customer\tCSM\t{chr(9).join(months)}\nAcme\tAnn\t1.5\t2.5\t3.5\nBeta\tBen\t\t4.5\t0\n", "export.tsv"),
        mrr=(5, 12 * times),
        accounts=2,
    )
reads(
    "months as the days spreadsheets count",
    text("Customer;CSM;45292;45323;45352\nAcme;Ann;10;20;30\nBeta;Ben;1;2;3\n", "export.csv"),
    mrr=(6, 66),
    accounts=2,
)
reads(
    "months as cells with a day in them",
    sheet([["Customer", *(datetime(2024, m, 1) for m in (1, 2, 3))], ["A", 1, 2, 3], ["B", 4, 5, 6]]),
    mrr=(6, 21),
)
reads(
    "a total beside the months",
    sheet([["Customer", "Jan 2024", "Feb 2024", "Total"], ["A", 1, 2, 3], ["B", 4, 5, 9], ["Total", 5, 7, 12]]),
    mrr=(4, 12),
)
reads(
    "a total of each year among the months",
    sheet([["Customer", "Nov 2023", "Dec 2023", "Total 2023", "Jan 2024", "Total 2024"],
           ["A", 1, 2, 3, 4, 4], ["B", 5, 6, 11, 7, 7]]),
    mrr=(6, 25),
)  # fmt: skip
refuses(
    "months of a fiscal year",
    text("Customer,CSM,FY24 Jan,FY24 Feb\nAcme,Ann,300,300\n", "export.csv"),
    "fiscal year",
)
refuses(
    "quarters side by side",
    text("Customer,CSM,Q1 FY25,Q2 FY25,Q3 FY25\nAcme,Ann,300,300,330\n", "export.csv"),
    "quarter",
)

# --- writing of numbers -----------------------------------------------------------------------------------------------

reads(
    "German export with points and commas",
    text(
        "Kundennr.;Kundenname;Betreuer;Vertragsbeginn;Vertragsende;MRR (€)\n"
        "00017;Müller GmbH;Anna Schön;01.02.2023;31.01.2025;1.234,50\n"
        "00018;Größe & Söhne KG;Björn Maß;15.03.2024;;12.000,00\n00019;Ähre AG;;01.01.2024;;999\n",
        "Verträge.csv",
        "cp1252",
    ),
    subscriptions=(3, 14233.5),
    accounts=3,
)
reads(
    "Swiss apostrophes",
    text("Kunde;Monat;Umsatz pro Monat (CHF)\nAlpen AG;01.2024;1’234.50\nBern AG;01.2024;12’000.00\n", "export.csv"),
    mrr=(2, 13234.5),
)
reads(
    "French export with narrow spaces",
    text(
        "N° client;Nom du client;Chargé de compte;Date de début;Date de fin;Montant mensuel\n"
        "C01;Société Générée;Zoé;01/02/2023;31/12/2025;1\u202f234,50 €\n"
        "C02;Hôtel du Nord;Léa;15/03/2024;;12\u202f000,00 €\n",
        "abonnements.csv",
    ),
    subscriptions=(2, 13234.5),
    accounts=2,
)
reads(
    "Spanish export",
    text(
        "ID cliente;Razón social;Responsable;Fecha de inicio;Fecha de fin;Cuota mensual\n"
        "7;Peña S.A.;Íñigo;01/02/2023;31/12/2025;1.234,50\n8;Ñandú S.L.;Luz;15/03/2024;;500,00\n",
        "suscripciones.csv",
    ),
    subscriptions=(2, 1734.5),
    accounts=2,
)
reads(
    "Portuguese export",
    text(
        "Código do cliente;Nome do cliente;Gerente de contas;Data de início;Data de término;Receita mensal\n"
        "7;Padaria São João;Inês;01/02/2023;31/12/2025;R$ 1.234,50\n8;Açaí Ltda;João;15/03/2024;;R$ 500,00\n",
        "assinaturas.csv",
    ),
    subscriptions=(2, 1734.5),
    accounts=2,
)
reads(
    "Dutch export",
    text(
        "Klantnummer;Klantnaam;Accountmanager;Begindatum;Einddatum;Maandbedrag\n"
        "7;Bakkerij Jansen;Sanne;01-02-2023;31-12-2025;1.234,50\n8;IJsland BV;Daan;15-03-2024;;500,00\n",
        "abonnementen.csv",
    ),
    subscriptions=(2, 1734.5),
    accounts=2,
)
reads(
    "Italian export",
    text(
        "Codice cliente;Ragione sociale;Responsabile;Data di inizio;Data di fine;Canone mensile\n"
        "7;Forno Rossi;Lucia;01/02/2023;31/12/2025;1.234,50\n8;Città Srl;Nicolò;15/03/2024;;500,00\n",
        "abbonamenti.csv",
    ),
    subscriptions=(2, 1734.5),
    accounts=2,
)
reads(
    "Japanese dates",
    text(
        "Customer,Start date,End date,MRR\nA,2024年1月1日,2024年12月31日,100\nB,2024年2月15日,,200\n", "contracts.csv"
    ),
    subscriptions=(2, 300),
)
reads(
    "Swedish export",
    text(
        "Kundnummer;Kundnamn;Kundansvarig;Startdatum;Slutdatum;Månadsintäkt\n"
        "7;Åkes Bröd;Örjan;2023-02-01;2025-12-31;1 234,50\n8;Ö AB;Åsa;2024-03-15;;500,00\n",
        "abonnemang.csv",
    ),
    subscriptions=(2, 1734.5),
    accounts=2,
)
reads(
    "UTF-16 cut by tabs, from a spreadsheet",
    text('Account ID\tMonth\tMRR\r\n001\t2024-01\t"1,200.50"\r\n002\t2024-01\t300\r\n', "mrr.txt", "utf-16"),
    mrr=(2, 1500.5),
)
reads(
    "amounts in cents, said by the header",
    text("customer_id,month,mrr_in_cents\nc1,2024-01,120050\nc2,2024-01,30000\n", "export.csv"),
    mrr=(2, 1500.5),
)
reads(
    "amounts in cents, camel case",
    text("customerId,month,mrrCents\nc1,2024-01,120050\nc2,2024-01,30000\n", "export.csv"),
    mrr=(2, 1500.5),
)
reads(
    "two columns of amounts, in the account's currency and in the company's",
    text(
        "Account ID,Month,MRR (local),Currency,MRR (USD)\nA,2024-01,100,EUR,110\nB,2024-01,200,USD,200\n", "export.csv"
    ),
    mrr=(2, 300),
)
reads(
    "plus signs, currency after the amount, minus as a dash",
    text("account,date,change\nA,2024-01-05,+120 EUR\nB,2024-01-06,–30 EUR\n", "mrr movements.csv"),
    ledger=(2, 90),
)

# --- contracts --------------------------------------------------------------------------------------------------------

reads(
    "total contract value with its term",
    text(
        "Contract ID,Account ID,Contract start,Contract end,TCV\nK1,A,2024-01-01,2025-12-31,24000\n"
        "K2,B,2024-07-01,2025-06-30,1200\n",
        "contracts.csv",
    ),
    subscriptions=(2, 1100),
)
reads(
    "total contract value with a term in months",
    text("Contract ID,Account ID,Contract start,Term (months),TCV\nK1,A,2024-01-01,24,24000\nK2,B,2024-07-01,12,1200\n",
         "contracts.csv"),
    subscriptions=(2, 1100),
)  # fmt: skip
reads(
    "ACV beside TCV",
    text(
        "Contract,Account,Start date,End date,ACV,TCV\nK1,A,2024-01-01,2025-12-31,12000,24000\n"
        "K2,B,2024-07-01,2025-06-30,1200,1200\n",
        "contracts.csv",
    ),
    subscriptions=(2, 1100),
)
reads(
    "a price per quarter",
    text("Customer,Start,Price,Billing period\nA,2024-01-01,300,Quarterly\nB,2024-01-01,1200,Annual\nC,2024-01-01,7,monthly\n",
         "subscriptions.csv"),
    subscriptions=(3, 207),
)  # fmt: skip
reads(
    "invoices of a quarter as revenue",
    text(
        "Invoice No,Customer,Invoice date,Due date,Service period start,Service period end,Amount\n"
        "1,A,2024-01-01,2024-01-31,2024-01-01,2024-03-31,300\n2,A,2024-04-01,2024-04-30,2024-04-01,2024-06-30,300\n"
        "3,B,2024-01-01,2024-01-31,2024-01-01,2024-03-31,600\n",
        "invoices.csv",
    ),
    invoices=(3, 1200),
)

# --- exports of billing systems ---------------------------------------------------------------------------------------

reads(
    "Stripe, subscriptions",
    text(
        "id,Customer ID,Customer Description,Customer Email,Plan,Product,Quantity,Currency,Interval,Amount,Status,"
        "Created (UTC),Start (UTC),Current Period Start (UTC),Current Period End (UTC),Trial Start (UTC),"
        "Trial End (UTC),Canceled At (UTC),Cancel At Period End,Ended At (UTC)\n"
        "sub_1,cus_1,,a@a.io,price_1,prod_1,2,usd,month,49.00,active,2024-01-02 10:11,2024-01-02 10:11,"
        "2024-06-02 10:11,2024-07-02 10:11,,,,false,\n"
        'sub_2,cus_2,,b@b.io,price_2,prod_1,1,usd,year,"1,200.00",active,2024-02-02 10:11,2024-02-02 10:11,'
        "2024-02-02 10:11,2025-02-02 10:11,,,,false,\n"
        "sub_3,cus_3,,c@c.io,price_1,prod_1,1,usd,month,49.00,canceled,2024-01-05 10:11,2024-01-05 10:11,"
        "2024-03-05 10:11,2024-04-05 10:11,,,2024-03-20 09:00,false,2024-04-05 10:11\n",
        "subscriptions.csv",
    ),
    subscriptions=(3, 247),
    accounts=3,
)
reads(
    "Paddle, subscriptions",
    text(
        "id,status,customer_id,currency_code,started_at,next_billed_at,canceled_at,billing_cycle_interval,"
        "billing_cycle_frequency,unit_price_amount,quantity\n"
        "sub_a,active,ctm_1,USD,2024-01-10T09:00:00Z,2024-07-10T09:00:00Z,,month,1,50.00,2\n"
        "sub_b,active,ctm_2,USD,2024-03-01T09:00:00Z,2025-03-01T09:00:00Z,,year,1,1200.00,1\n",
        "paddle_subscriptions.csv",
    ),
    subscriptions=(2, 200),
)
reads(
    "Maxio, subscriptions",
    text(
        "Subscription ID,Customer ID,Organization,State,Product,Product Price,Interval,Interval Unit,Activated At,"
        "Canceled At,Currency\n"
        "900,17,Acme,active,Gold,100.00,1,month,2024-01-03 10:00:00 -0500,,USD\n"
        "901,18,Beta,canceled,Gold,300.00,3,month,2024-01-03 10:00:00 -0500,2024-10-03 10:00:00 -0400,USD\n",
        "subscriptions.csv",
    ),
    subscriptions=(2, 200),
    accounts=2,
)
reads(
    "QuickBooks, sales by customer",
    sheet(
        [
            ["Acme Software Inc.", None, None, None],
            ["Sales by Customer Detail", None, None, None],
            ["January - March 2024", None, None, None],
            [],
            ["Customer", "Date", "Transaction Type", "Num", "Amount"],
            ["Beta Corp", None, None, None, None],
            [None, date(2024, 1, 5), "Invoice", "1001", 500],
            [None, date(2024, 2, 5), "Invoice", "1002", 500],
            ["Total for Beta Corp", None, None, None, 1000],
            ["Cora Ltd", None, None, None, None],
            [None, date(2024, 1, 9), "Invoice", "1003", 80],
            ["Total for Cora Ltd", None, None, None, 80],
            ["TOTAL", None, None, None, 1080],
            [],
            ["Friday, April 5, 2024 10:03 AM GMT-5 - Accrual Basis"],
        ]
    ),
    mrr=(3, 1080),
)

# --- reports of CRMs --------------------------------------------------------------------------------------------------

reads(
    "Salesforce report as a text",
    text(
        '"Account ID","Account Name","Account Owner","Industry","ARR","Renewal Date"\n'
        '"001A","Acme","Ann Lee","Software","12,000.00","3/31/2025"\n"001B","Beta","Ben Ito","Retail","6,000.00","4/30/2025"\n'
        '\n\n"Grand Totals (2 records)"\n\n"Confidential Information - Do Not Distribute"\n"Copyright (c) 2000-2025 salesforce.com, inc. All rights reserved."\n'
        '"Active Customers"\n"Generated By:  Ann Lee  1/5/2025 2:03 PM"\n"Acme Inc."\n',
        "report1704467.csv",
    ),
    accounts=(2, 1500),
)
reads(
    "Salesforce report, formatted",
    sheet(
        [
            [None, "Accounts by Owner"],
            [None, "As of 2025-01-05 14:03:22 Pacific Standard Time/PST • Generated by Ann Lee • Sorted by Owner"],
            [],
            [None, "Filtered By"],
            [None, "   Show: All accounts"],
            [None, "   Type equals Customer"],
            [],
            [None, "Account Owner ↑", "Account Name", "Segment", "ARR", "ARR Currency", "Renewal Date"],
            [None, "Ann Lee", "Acme", "Ent", 12000, "USD", date(2025, 3, 31)],
            [None, None, "Beta", "Ent", 6000, "USD", date(2025, 4, 30)],
            [None, "Subtotal", "Sum", None, 18000, "USD", None],
            [None, None, "Count", 2, None, None, None],
            [None, "Ben Ito", "Cora", "SMB", 1200, "USD", date(2025, 5, 31)],
            [None, "Subtotal", "Sum", None, 1200, "USD", None],
            [None, None, "Count", 1, None, None, None],
            [None, "Total", "Sum", None, 19200, "USD", None],
            [None, None, "Count", 3, None, None, None],
            [],
            [None, "Confidential Information - Do Not Distribute"],
        ],
        "Accounts by Owner-2025-01-05.xlsx",
    ),
    accounts=(3, 1600),
)
reads(
    "HubSpot companies with a column of MRR",
    text(
        "Record ID,Company name,Company owner,Country/Region,Industry,Create Date,MRR,Last Activity Date\n"
        '"12345678901","Acme","Ann Lee","Germany","COMPUTER_SOFTWARE","2023-01-04 10:22","1200","2024-12-30 09:00"\n'
        '"12345678902","Beta","","France","RETAIL","2023-05-04 10:22","300","2024-12-28 09:00"\n',
        "hubspot-crm-exports-all-companies.csv",
    ),
    accounts=(2, 1500),
)
reads(
    "HubSpot companies with ARR and its currency",
    text(
        "Record ID,Company name,Company owner,Annual Recurring Revenue,Currency,Renewal date\n"
        "1,Acme,Ann Lee,12000,EUR,2025-03-31\n2,Beta,Ben Ito,2400,EUR,2025-04-30\n",
        "hubspot.csv",
    ),
    accounts=(2, 1200),
)
reads(
    "NPS in a list of accounts",
    text("Account ID,Name,CSM,Segment,NPS,NPS date\nA,Acme,Ann,Ent,9,2024-05-01\nB,Beta,Ben,SMB,3,2024-05-04\nC,Cora,Ben,SMB,,\n",
         "customers.csv"),
    accounts=3,
    surveys=2,
)  # fmt: skip
reads(
    "NPS in a list of accounts, without a day",
    text("Account ID,Name,CSM,Segment,NPS\nA,Acme,Ann,Ent,9\nB,Beta,Ben,SMB,3\n", "customers.csv"),
    accounts=2,
)
reads(
    "health scores by day",
    text("Account,Health Score,Date\nA,82,2024-05-01\nB,35,2024-05-01\nA,70,2024-06-01\n", "health.csv"),
    scores=3,
)
reads(
    "Zendesk tickets",
    text(
        "Ticket ID,Ticket created - Date,Ticket solved - Date,Ticket organization name,Ticket priority,Ticket satisfaction rating\n"
        "1,2024-05-01,2024-05-02,Acme,High,\n2,2024-05-03,,Beta,Normal,\n",
        "tickets.csv",
    ),
    tickets=2,
)
reads(
    "Intercom conversations",
    text(
        "Conversation ID,Conversation started at (America/New_York),Company name,Conversation rating,Last closed at\n"
        "1,2024-05-01 09:00:00,Acme,5,2024-05-02 09:00:00\n2,2024-05-03 09:00:00,Beta,,\n",
        "conversations.csv",
    ),
    tickets=2,
)
reads(
    "SurveyMonkey with two rows of headers",
    text(
        "Respondent ID,Collector ID,Start Date,End Date,Company,How likely is it that you would recommend us to a friend or colleague?,Why?\n"
        ",,,,,Response,Open-Ended Response\n"
        "118,4,05/17/2024 09:10:11 AM,05/17/2024 09:12:11 AM,Acme,9,Great\n119,4,05/18/2024 09:10:11 AM,05/18/2024 09:12:11 AM,Beta,4,Slow\n",
        "NPS 2024.csv",
    ),
    surveys=2,
)
reads(
    "Qualtrics with three rows of headers",
    text(
        "StartDate,EndDate,RecordedDate,ResponseId,ExternalReference,Q1_NPS_GROUP,Q1,Q2\n"
        "Start Date,End Date,Recorded Date,Response ID,External Data Reference,How likely - Group,How likely are you to recommend us?,Why?\n"
        '"{""ImportId"":""startDate""}","{""ImportId"":""endDate""}","{""ImportId"":""recordedDate""}","{""ImportId"":""_recordId""}","{""ImportId"":""externalDataReference""}","{""ImportId"":""QID1_NPS_GROUP""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\n'
        "2024-05-01 09:00:00,2024-05-01 09:02:00,2024-05-01 09:02:01,R_1,A,Promoter,9,Great\n"
        "2024-05-02 09:00:00,2024-05-02 09:02:00,2024-05-02 09:02:01,R_2,B,Detractor,3,Slow\n",
        "NPS_May 3.csv",
    ),
    surveys=2,
)
reads(
    "Google Sheets with a mark at the start, line breaks and quotes",
    text(
        '\ufeffAccount ID,Name,CSM,Notes\nA,"Acme, Inc.",Ann,"said ""yes"",\nthen no"\nB,"Beta ""B"" Ltd",Ben,"one\n\ntwo"\n',
        "Book - Sheet1.csv",
    ),
    accounts=2,
)
reads(
    "hand-overs with an old and a new owner",
    text("Account,Old CSM,New CSM,Handover date\nA,Ann,Ben,2024-05-01\nB,Ben,Ann,2024-06-01\n", "handovers.csv"),
    owners=2,
)
reads(
    "product use by week",
    text("account_id,week_start,active_users,licensed_users\nA,2024-05-06,10,20\nA,2024-05-13,12,20\n", "usage.csv"),
    usage=2,
)
reads(
    "open for ever",
    text("Customer,Start,End,MRR\nA,2024-01-01,9999-12-31,10\nB,2024-01-01,31.12.9999,10\nC,2024-01-01,2024-12-31,10\n",
         "contracts.csv"),
    subscriptions=(3, 30),
)  # fmt: skip
reads(
    "yes and no in several languages, in one column",
    text(
        "account,churned on,reactivated\nA,2024-05-01,ja\nB,2024-05-02,non\nC,2024-05-03,Sì\nD,2024-05-04,нет\n",
        "churn log.csv",
    ),
    churns=4,
)
reads(
    "ids that end in nothing",
    text("account_id,month,mrr\nA\u00a0,2024-01,1\n\u200bB,2024-01,2\nA,2024-02,1\nB,2024-02,2\n"),
    mrr=(4, 6),
)
reads(
    "names in one file, ids in the other",
    [
        text("Account ID,Account Name,CSM\n001,Acme,Ann\n002,Beta,Ben\n", "accounts.csv"),
        text("Account Name,Month,MRR\nAcme,2024-01,100\nBeta,2024-01,50\n", "mrr.csv"),
    ],
    accounts=2,
    mrr=(2, 150),
)
reads(
    "parents and children",
    text("Account ID,Account Name,Parent Account ID,CSM,MRR,As of month\nP,Holding,,Ann,0,2024-05\nC1,One,P,Ann,10,2024-05\nC2,Two,P,Ben,20,2024-05\n",
         "accounts.csv"),
    accounts=(3, 30),
)  # fmt: skip
reads(
    "a file with only a header among others",
    [
        text("account_id,month,mrr\nA,2024-01,1\n", "mrr.csv"),
        text("ticket_id,account_id,opened_at\n", "tickets.csv"),
    ],
    mrr=(1, 1),
    tickets=0,
)

# --- what months and rows measure -------------------------------------------------------------------------------------

reads(
    "ARR by month, as the title says",
    sheet([["ARR by customer"], [], ["Customer", "Jan 2024", "Feb 2024"], ["A", 1200, 2400], ["B", 12, 12]]),
    mrr=(4, 302),
)
reads(
    "ARR by month, as the headers say",
    text("Customer,ARR Jan 2024,ARR Feb 2024\nA,1200,2400\nB,12,12\n", "export.csv"),
    mrr=(4, 302),
)
reads(
    "ARR by month, as the file says",
    text("Customer,Jan 2024,Feb 2024\nA,1200,2400\nB,12,12\n", "ARR 2024.csv"),
    mrr=(4, 302),
)
reads(
    "revenue beside other figures, in rows",
    text(
        "Account,Month,Metric,Value\nA,2024-01,MRR,100\nA,2024-01,Active users,17\nB,2024-01,MRR,50\n"
        "B,2024-01,Active users,9\n",
        "metrics.csv",
    ),
    mrr=(2, 150),
)
reads(
    "revenue beside other figures, months side by side",
    text("Customer,Metric,Jan 2024,Feb 2024\nA,MRR,100,110\nA,Users,17,18\nB,MRR,50,50\nB,Users,9,9\n", "export.csv"),
    mrr=(4, 310),
)
reads(
    "a sheet for each year, months without one",
    File(
        "MRR.xlsx",
        workbook(
            {
                "2023": [["Customer", "Nov", "Dec"], ["A", 10, 10], ["B", 5, 5]],
                "2024": [["Customer", "Jan", "Feb"], ["A", 12, 12], ["B", None, None]],
            }
        ),
    ),
    mrr=(6, 54),
)
reads(
    "annual revenue of the customer is not what it pays",
    text(
        "Account ID,Account Name,CSM,Industry,Employees,Annual Revenue\nA,Acme,Ann,Retail,500,90000000\n"
        "B,Beta,Ben,Media,50,4000000\n",
        "accounts.csv",
    ),
    accounts=2,
)
reads(
    "percentages and scores stay what they are",
    text(
        "Account ID,Name,CSM,Adoption,Health\nA,Acme,Ann,85%,Green\nB,Beta,Ben,12%,Red\n",
        "accounts.csv",
    ),
    accounts=2,
)
reads(
    "a renewal pipeline",
    text(
        "Opportunity Name,Account Name,Type,Stage,Amount,Close Date\nAcme - Renewal 2025,Acme,Renewal,Negotiation,"
        '"12,000.00",3/31/2025\nBeta - Upsell,Beta,Upsell,Closed Won,"2,400.00",2/15/2025\n',
        "opportunities.csv",
    ),
    opportunities=(2, 14400),
)
reads(
    "totals without a name between the rows",
    sheet(
        [
            ["Customer", "CSM", "Jan 2024", "Feb 2024"],
            ["Acme", "Ann", 1, 2],
            ["Beta", "Ann", 3, 4],
            ["Total", None, 4, 6],
            ["Cora", "Ben", 5, 6],
            ["Dune", "Ben", 7, 8],
            ["Total", None, 12, 14],
            ["Grand total", None, 16, 20],
        ]
    ),
    mrr=(8, 36),
    accounts=4,
)
reads(
    "a customer called Total",
    text("Account,Month,MRR\nTotal Energies,2024-01,10\nTotality Ltd,2024-01,20\nSummit Group,2024-01,30\n"),
    mrr=(3, 60),
)
reads(
    "thousands with commas in a file cut by semicolons",
    text("Customer;Month;MRR\nA;2024-01;1,234.50\nB;2024-01;12,000.00\n", "export.csv"),
    mrr=(2, 13234.5),
)
reads(
    "decimal commas in quotes in a file cut by commas",
    text('Customer,Month,MRR\nA,2024-01,"1.234,50"\nB,2024-01,"12.000,00"\n', "export.csv"),
    mrr=(2, 13234.5),
)
reads(
    "a spacer column between groups of columns",
    sheet(
        [
            ["Customer", "CSM", None, "Jan 2024", "Feb 2024", None, "Notes"],
            ["Acme", "Ann", None, 1, 2, None, "ok"],
            ["Beta", "Ben", None, 3, 4, None, None],
            ["Cora", "Ben", None, 5, 6, None, "late"],
        ]
    ),
    mrr=(6, 21),
    accounts=3,
)
reads(
    "three tables in one sheet, with titles and totals",
    sheet(
        [
            ["Accounts", None, None],
            ["Account ID", "Name", "CSM"],
            ["A", "Acme", "Ann"],
            ["B", "Beta", "Ben"],
            [],
            ["MRR", None, None],
            ["Account ID", "Month", "MRR"],
            ["A", "2024-01", 10],
            ["B", "2024-01", 20],
            ["Total", None, 30],
            [],
            ["Tickets", None, None, None],
            ["Ticket ID", "Account ID", "Opened at", "Priority"],
            ["T1", "A", date(2024, 1, 5), "high"],
        ],
        "export.xlsx",
    ),
    accounts=2,
    mrr=(2, 30),
    tickets=1,
)
reads(
    "blank rows within one table",
    sheet([["Account", "Month", "MRR"], ["A", "2024-01", 1], [], ["B", "2024-01", 2], [], [], ["C", "2024-01", 3]]),
    mrr=(3, 6),
)

# --- refused ----------------------------------------------------------------------------------------------------------

refuses(
    "days and months that cannot be told apart",
    text("Customer,Start date,MRR\nA,03/04/2024,10\nB,05/06/2024,20\n", "subscriptions.csv"),
    "day",
)
refuses("a PDF called a workbook", File("report.xlsx", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"), "PDF")


def _archive(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, b"\x00\x01\x02")
    return target.getvalue()


refuses(
    "a Numbers spreadsheet",
    File(
        "book.numbers",
        _archive("Index/Document.iwa", "Index/Tables/DataList.iwa", "Metadata/Properties.plist", "preview.jpg"),
    ),
    "Numbers",
)
refuses(
    "two columns of MRR, both plain",
    text("Account,Month,MRR,MRR\nA,2024-01,1,2\n"),
    "Two columns have this header",
)

refuses(
    "months side by side of something else",
    text("Customer,Jan 2024,Feb 2024\nA,12,14\nB,3,3\n", "Active users by month.csv"),
    "No known table",
)
refuses(
    "months without any year",
    text("Customer,Jan,Feb,Mar\nA,12,14,15\nB,3,3,3\n", "export.csv"),
    "No known table",
)
refuses(
    "a list of accounts whose days could be months",
    text("Account ID,Name,CSM,Renewal date\nA,Acme,Ann,03/04/2025\nB,Beta,Ben,05/06/2025\n", "accounts.csv"),
    "could be day/month or month/day",
)
refuses(
    "an account, a score and a day, of what nobody says",
    text("Account,Score,Date\nA,3,2024-05-01\nB,4,2024-05-01\n", "export.csv"),
    "This could be",
)
