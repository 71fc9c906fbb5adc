"""Exports of known tools: a small one of each, with answers worked out by hand; and mappings as recipes."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_metrics.assemble import book_of
from cs_metrics.read.convert import Options
from cs_metrics.read.derive import months_in, price_per_month, term_in_months
from cs_metrics.read.files import File
from cs_metrics.read.identify import aliases_of
from cs_metrics.read.layouts import layouts, names, text_of
from cs_metrics.read.match import recognise
from cs_metrics.read.problems import Refused
from cs_metrics.read.reading import Reading, read
from cs_metrics.read.recipe import FileOptions, FileRecipe, Recipe, confirmed, fingerprint, recipe_of, written
from cs_metrics.tables import TABLES, frames


def export(headers: str, *rows: str, name: str = "export.csv") -> File:
    """A file with these headers; a row gives ``header=value`` for some of them, parted by ``;``."""
    titles = [title.strip() for title in headers.split(",")]
    lines = [dict(cell.split("=", 1) for cell in row.split(";")) for row in rows]
    assert all(set(line) <= set(titles) for line in lines), "a cell without a header"
    cells = [titles, *([line.get(title, "") for title in titles] for line in lines)]
    return File(name, "\n".join(",".join(f'"{c}"' if "," in c else c for c in row) for row in cells).encode())


def mrr(found: Reading, until: str = "2025-06") -> dict[str, float]:
    """What each account pays at the end of a month."""
    book = book_of(frames(found.usable().tables), until=pd.Period(until, "M"), today=pd.Timestamp("2026-01-01").date())
    return book.mrr.iloc[:, -1].round(4).to_dict()


def layout_of(found: Reading) -> str:
    return found.understood[0].by


def said(found: Reading, *texts: str) -> bool:
    told = "\n".join(found.assumed)
    missing = [text for text in texts if text not in told]
    assert not missing, (missing, found.assumed)
    return True


STRIPE = (
    "id, Customer ID, Customer Description, Customer Email, Customer Name, Plan, Quantity, Currency, Interval, Amount, "
    "Status, Cancellation Reason, Created (UTC), Start (UTC), Start Date (UTC), Current Period Start (UTC), "
    "Current Period End (UTC), Trial Start (UTC), Trial End (UTC), Application Fee Percent, Coupon, Tax Percent, "
    "Canceled At (UTC), Ended At (UTC), team (metadata)"
)


def stripe(*rows: str) -> Reading:
    filled = []
    for number, row in enumerate(rows):
        given_ = dict(cell.split("=", 1) for cell in row.split(";"))
        base = {
            "id": f"sub_{number}", "Customer ID": f"cus_{number}", "Plan": "Pro", "Quantity": "1", "Currency": "usd",
            "Interval": "month", "Amount": "100.00", "Status": "active", "Start Date (UTC)": "2025-01-10 08:00",
            "Current Period End (UTC)": "2025-07-10 08:00",
        }  # fmt: skip
        filled.append(";".join(f"{k}={v}" for k, v in {**base, **given_}.items()))
    return read([export(STRIPE, *filled)])


# --- billing ---------------------------------------------------------------------------------------------------------


def test_stripe_amount_times_quantity_over_interval() -> None:
    found = stripe(
        "Amount=20.00;Quantity=5",  # 20 × 5 = 100
        "Amount=1200.00;Interval=year",  # 1200 / 12 = 100
        "Amount=90.00;Interval=3 months;Quantity=2",  # 90 × 2 / 3 = 60
        "Amount=12.00;Interval=week",  # 12 × 52 / 12 = 52
        "Amount=600.00;Interval=every 6 months",  # 100
    )
    assert layout_of(found) == "stripe_subscriptions"
    assert mrr(found) == {"cus_0": 100, "cus_1": 100, "cus_2": 60, "cus_3": 52, "cus_4": 100}
    assert said(found, "the amount is per interval", "multiplied by the quantity", "layout stripe_subscriptions")


def test_stripe_statuses_trials_and_ends() -> None:
    found = stripe(
        "Status=trialing;Trial End (UTC)=2025-12-01 00:00",
        "Status=past_due",
        "Status=paused",
        "Status=incomplete_expired;Ended At (UTC)=2025-01-11 00:00",
        "Trial End (UTC)=2025-03-15 00:00",
        "Status=canceled;Canceled At (UTC)=2025-02-01 00:00;Ended At (UTC)=2025-04-10 00:00",
        "Canceled At (UTC)=2025-03-20 00:00;Current Period End (UTC)=2025-05-10 00:00",
        "Status=canceled;Canceled At (UTC)=2025-05-31 00:00",
        "Status=canceled;Current Period End (UTC)=2025-02-10 00:00",
    )
    rows = {month: mrr(found, month) for month in ("2025-02", "2025-03", "2025-04", "2025-05")}
    paid = {a: [rows[m].get(a, 0) for m in rows] for a in sorted(rows["2025-05"])}
    assert paid == {
        "cus_0": [0, 0, 0, 0],  # a trial
        "cus_1": [100, 100, 100, 100],  # past due still pays
        "cus_2": [0, 0, 0, 0],  # paused
        "cus_3": [0, 0, 0, 0],  # never began
        "cus_4": [0, 100, 100, 100],  # begins when the trial ends
        "cus_5": [100, 100, 0, 0],  # ended in April, though cancelled in February
        "cus_6": [100, 100, 100, 0],  # cancelled, runs until its period ends in May
        "cus_7": [100, 100, 100, 0],  # cancelled at once
        "cus_8": [0, 0, 0, 0],  # no date of its end: the end of what was paid, 10 February
    }
    assert said(
        found,
        "1 subscription on trial count as 0", "1 subscription past due or unpaid count as active",
        "1 paused subscription count as 0", "that never began", "begin to count when the trial ends",
        "on the day it really ended, not on the day it was cancelled", "cancelled but still running",
        "on the day of the cancellation", "that ended without a date",
    )  # fmt: skip


def test_a_coupon_nobody_knows_the_worth_of_is_said() -> None:
    assert said(stripe("Coupon=LAUNCH20"), "1 subscription with a coupon", "the price is before it")


def test_discounts_that_are_exported_are_taken_off() -> None:
    file = export(
        STRIPE + ", Percent Off, Amount Off",
        "id=s1;Customer ID=A;Plan=P;Interval=month;Amount=100;Status=active;Start Date (UTC)=2025-01-01;Percent Off=20",
        "id=s2;Customer ID=B;Plan=P;Interval=year;Amount=1200;Quantity=2;Status=active;Start Date (UTC)=2025-01-01;Amount Off=240",
    )
    found = read([file])
    assert mrr(found) == {"A": 80, "B": 180}  # 100 × 0.8; (1200 × 2 − 240) / 12
    assert said(found, "percentage off is taken off in 1 row", "amount off is taken off in 1 row")


def test_stripe_currencies_stand_row_by_row() -> None:
    found = stripe("Currency=usd", "Currency=eur")
    assert found.tables["subscriptions"]["currency"].to_pylist() == ["USD", "EUR"]
    assert said(found, "each row says its currency: EUR, USD")
    assert any(t.column == "currency" and "no rate" in t.problem for t in found.troubles)


API = "id, subscription_item_id, customer_id, status, plan_id, plan_amount, plan_currency, plan_interval, plan_interval_count, quantity, start_date, current_period_end, canceled_at, ended_at, trial_end"


def test_stripe_by_its_api_is_in_cents_and_has_items() -> None:
    def row(**more: str) -> str:
        base = {
            "id": "sub_1", "subscription_item_id": "si_1", "customer_id": "A", "status": "active", "plan_id": "pro",
            "plan_amount": "1999", "plan_currency": "usd", "plan_interval": "month", "plan_interval_count": "1",
            "quantity": "1", "start_date": "2025-01-10 00:00:00", "current_period_end": "2025-07-10 00:00:00",
        }  # fmt: skip
        return ";".join(f"{k}={v}" for k, v in {**base, **more}.items())

    found = read(
        [
            export(
                API,
                row(),
                row(subscription_item_id="si_2", plan_id="seats", plan_amount="500", quantity="3"),
                row(
                    id="sub_2",
                    subscription_item_id="si_3",
                    customer_id="B",
                    plan_amount="3000",
                    plan_interval_count="3",
                ),
                row(id="sub_3", subscription_item_id="si_4", customer_id="C", plan_amount="5000", plan_currency="jpy"),
            )
        ]
    )
    assert layout_of(found) == "stripe_api_subscriptions"
    rows = found.usable().tables["subscriptions"].to_pandas()
    paid = (rows.groupby("account_id", observed=True)["mrr"].sum() / 3600).to_dict()
    assert paid == {"A": 34.99, "B": 10, "C": 5000}  # a yen has no hundredths
    assert said(found, "amounts are in cents", "1 subscription with several items", "JPY", "multiplied by its count")
    assert rows["subscription_id"].tolist() == ["sub_1", "sub_1 · si_2", "sub_2", "sub_3"]


def test_the_same_subscription_with_two_prices_is_refused() -> None:
    found = stripe("id=sub_1;Customer ID=A", "id=sub_1;Customer ID=A;Amount=50")
    assert any("stands in row 2" in t.problem for t in found.refused)


def test_stripe_invoices() -> None:
    headers = "id, Number, Customer, Customer Name, Subscription, Status, Currency, Amount Due, Subtotal, Tax, Total, Amount Paid, Date (UTC), Due Date (UTC), Paid At (UTC), Paid"
    file = export(
        headers,
        "id=in_1;Customer=A;Status=paid;Currency=eur;Amount Due=119,00;Total=119,00;Date (UTC)=2025-01-01 00:00;Paid At (UTC)=2025-01-03 09:00",
        "id=in_2;Customer=A;Status=void;Currency=eur;Amount Due=50,50;Total=50,50;Date (UTC)=2025-01-02 00:00",
        "id=in_3;Customer=B;Status=open;Currency=eur;Amount Due=10,25;Total=10,25;Date (UTC)=2025-02-01 00:00;Due Date (UTC)=2025-02-15 00:00",
    )
    found = read([file])
    assert layout_of(found) == "stripe_invoices"
    assert found.totals() == {"invoices.amount": 3600 * 129.25}
    assert found.counts[0].read - found.counts[0].kept == 1


def test_baremetrics_is_in_cents() -> None:
    headers = "plan_oid, plan_name, plan_currency, plan_amount, plan_interval, plan_interval_count, customer_oid, customer_name, customer_email, subscription_oid, subscription_started_at, subscription_canceled_at, subscription_quantity"
    file = export(
        headers,
        "plan_name=Pro;plan_amount=5000;plan_interval=month;plan_interval_count=1;customer_oid=A;customer_name=Acme;subscription_oid=s1;subscription_started_at=2025-01-05;subscription_quantity=2",
        "plan_name=Year;plan_amount=120000;plan_interval=year;plan_interval_count=1;customer_oid=B;customer_name=Birch;subscription_oid=s2;subscription_started_at=2025-02-05;subscription_canceled_at=2025-05-20;subscription_quantity=1",
        "plan_name=Half;plan_amount=60000;plan_interval=month;plan_interval_count=6;customer_oid=C;customer_name=Cedar;subscription_oid=s3;subscription_started_at=2025-02-05;subscription_quantity=1",
    )
    found = read([file])
    assert layout_of(found) == "baremetrics"
    assert mrr(found, "2025-04") == {"A": 100, "B": 100, "C": 100}
    assert mrr(found, "2025-05") == {"A": 100, "B": 0, "C": 100}
    assert found.tables["accounts"]["name"].to_pylist() == ["Acme", "Birch", "Cedar"]


def test_chartmogul() -> None:
    customers = export(
        "Name, Email, Company, Country, State, City, Zip, External ID, Lead created at",
        "Name=Kim;Company=Acme;Country=DE;External ID=A", "Name=Lee;Company=Birch;Country=US;External ID=B",
        name="customers.csv",
    )  # fmt: skip
    movements = export(
        "date, type, activity-mrr, activity-mrr-movement, currency, customer-external-id, customer-name",
        "date=2025-01-10;type=new_biz;activity-mrr-movement=10000;customer-external-id=A",
        "date=2025-02-10;type=expansion;activity-mrr-movement=2500;customer-external-id=A",
        "date=2025-03-10;type=churn;activity-mrr-movement=-12500;customer-external-id=A",
        "date=2025-02-01;type=new_biz;activity-mrr-movement=4000;customer-external-id=B",
        name="activities.csv",
    )
    found = read([customers, movements])
    assert [u.by for u in found.understood] == ["chartmogul_customers", "chartmogul_movements"]
    assert mrr(found, "2025-02") == {"A": 125, "B": 40}
    assert mrr(found, "2025-03") == {"A": 0, "B": 40}
    assert found.tables["accounts"]["name"].to_pylist() == ["Acme", "Birch"]
    items = export(
        "type, customer_external_id, subscription_external_id, plan_name, service_period_start, service_period_end, amount_in_cents, quantity",
        "type=subscription;customer_external_id=A;plan_name=Pro;service_period_start=2025-01-01;service_period_end=2026-01-01;amount_in_cents=120000;quantity=1",
        "type=one_time;customer_external_id=A;service_period_start=2025-01-01;service_period_end=2025-02-01;amount_in_cents=99900;quantity=1",
    )
    assert mrr(read([items])) == {"A": 100}
    subscriptions = export(
        "id, external-id, customer-external-id, plan, quantity, mrr, arr, status, billing-cycle, billing-cycle-count, start-date, end-date, currency",
        "id=1;customer-external-id=A;plan=Pro;mrr=7500;arr=90000;status=active;billing-cycle=year;start-date=2025-01-01",
    )
    assert mrr(read([subscriptions])) == {"A": 75}


def test_chargebee_and_recurly() -> None:
    found = read(
        [export("Subscription Id, Customer Id, Plan Id, Plan Unit Price, Plan Quantity, Billing Period, Billing Period Unit, Status, Started At, Current Term End, Cancelled At",
                "Subscription Id=s;Customer Id=A;Plan Id=p;Plan Unit Price=90;Plan Quantity=2;Billing Period=3;Billing Period Unit=month;Status=active;Started At=2025-01-01"),
         export("uuid, account_code, plan_code, state, unit_amount, quantity, plan_interval_unit, plan_interval_length, activated_at, canceled_at, expires_at, current_period_ends_at",
                "uuid=u;account_code=B;plan_code=p;state=active;unit_amount=600;quantity=1;plan_interval_unit=months;plan_interval_length=12;activated_at=2025-01-01", name="r.csv")]
    )  # fmt: skip
    assert [u.by for u in found.understood] == ["chargebee_subscriptions", "recurly_subscriptions"]
    assert mrr(found) == {"A": 60, "B": 50}


def test_a_header_says_for_how_long_an_amount_is() -> None:
    text = "Contract Number,Customer,Product,Contract Start Date,Contract End Date,Total Contract Value\nC1,Acme,Pro,2025-01-01,2026-12-31,2400\n"
    found = read([File("contracts.csv", text.encode())])
    assert mrr(found) == {"Acme": 100}
    assert found.understood[0].match.unsure == {}
    text = "Company,Product,Seats,Price per seat,Billing,Start,End\nAcme,Pro,10,12,yearly,2025-01-01,2025-12-31\n"
    assert mrr(read([File("licences.csv", text.encode())])) == {"Acme": 10}


def test_zuora() -> None:
    accounts = export(
        "Id, Customer Name, Account Number, CRM Account ID, Currency, Status, Batch, Bill Cycle Day",
        "Id=9f;Customer Name=Acme;Account Number=A001;Currency=USD;Status=Active;Batch=Batch1;Bill Cycle Day=1",
        name="zuora accounts.csv",
    )
    charges = export(
        "Account: Account Number, Account: Name, Subscription: Name, Rate Plan: Name, Rate Plan Charge: Charge Number, Rate Plan Charge: Charge Type, Rate Plan Charge: MRR, Rate Plan Charge: Effective Start Date, Rate Plan Charge: Effective End Date",
        "Account: Account Number=A001;Rate Plan: Name=Base;Rate Plan Charge: Charge Number=C-1;Rate Plan Charge: Charge Type=Recurring;Rate Plan Charge: MRR=80.5;Rate Plan Charge: Effective Start Date=2025-01-01",
        "Account: Account Number=A001;Rate Plan: Name=Add-on;Rate Plan Charge: Charge Number=C-2;Rate Plan Charge: Charge Type=Recurring;Rate Plan Charge: MRR=19.5;Rate Plan Charge: Effective Start Date=2025-01-01;Rate Plan Charge: Effective End Date=2025-04-01",
        "Account: Account Number=A001;Rate Plan: Name=Setup;Rate Plan Charge: Charge Number=C-3;Rate Plan Charge: Charge Type=OneTime;Rate Plan Charge: MRR=0;Rate Plan Charge: Effective Start Date=2025-01-01",
        name="charges.csv",
    )
    found = read([accounts, charges])
    assert [u.by for u in found.understood] == ["zuora_accounts", "zuora_charges"]
    assert (mrr(found, "2025-03"), mrr(found, "2025-04")) == ({"A001": 100}, {"A001": 80.5})


# --- CRM -------------------------------------------------------------------------------------------------------------


def test_hubspot() -> None:
    companies = export(
        "Record ID, Company name, Company Domain Name, Company owner, Industry, Lifecycle Stage, Create Date, Last Activity Date, Country/Region",
        "Record ID=00123;Company name=Acme;Company Domain Name=acme.com;Company owner=Ann Lee;Industry=Retail;Lifecycle Stage=Customer;Country/Region=Germany",
        name="hubspot-crm-exports-all-companies.csv",
    )
    deals = export(
        "Record ID, Deal Name, Deal Stage, Amount, Deal owner, Close Date, Create Date, Last Activity Date, Pipeline, Associated Company IDs, Associated Company",
        "Record ID=9;Deal Name=More seats;Deal Stage=Closed Won;Amount=1,200.50;Close Date=2025-03-01 10:00;Create Date=2025-01-01 09:00;Pipeline=Renewal;Associated Company IDs=00123;Associated Company=Acme",
        name="hubspot-crm-exports-all-deals.csv",
    )
    found = read([companies, deals])
    assert [u.by for u in found.understood] == ["hubspot_companies", "hubspot_deals"]
    accounts, opportunities = (found.usable().tables[t].to_pylist()[0] for t in ("accounts", "opportunities"))
    assert (accounts["account_id"], accounts["csm"], accounts["domain"], accounts["region"]) == (
        "00123",
        "Ann Lee",
        "acme.com",
        "Germany",
    )
    assert accounts["lifecycle_stage"] == "Customer"
    assert (opportunities["account_id"], opportunities["amount"], opportunities["kind"]) == (
        "00123",
        1200.5 * 3600,
        "renewal",
    )
    assert set(found.understood[1].match.unsure) == {"amount", "account_id"}
    assert said(found, "HubSpot does not say whether a deal's amount is per month")


def test_salesforce() -> None:
    accounts = export(
        "Account Owner, Account Name, Account ID, Type, Industry, Billing Country, Website",
        "Account Owner=Sam;Account Name=Acme;Account ID=001A000001aBcDe;Industry=Retail;Billing Country=France;Type=Customer",
        name="report1698765432123.csv",
    )
    renewals = export(
        "Territory Region, Opportunity Owner, Account Name, Account ID, Opportunity Name, Stage, Forecast Category, Total Amount Currency, Total Amount, ARR to Renew Currency, ARR to Renew, Fiscal Period, Close Date, Type",
        "Account Name=Acme;Account ID=001A000001aBcDe;Opportunity Name=Renewal 2025;Stage=Commit;Total Amount Currency=USD;Total Amount=$3,000;ARR to Renew Currency=USD;ARR to Renew=$1,234,560;Close Date=2025-09-30",
        name="report1698765432124.csv",
    )
    found = read([accounts, renewals])
    assert [u.by for u in found.understood] == ["salesforce_accounts", "salesforce_opportunities"]
    assert "often the salesperson" in found.understood[0].match.unsure["csm"]
    named = export(
        "Account Name, Account ID, Opportunity Name, Stage, ARR to Renew Currency, ARR to Renew, Close Date",
        "Account Name=Acme;Account ID=001A000001aBcDe;Opportunity Name=Renewal 2025;Stage=Commit;ARR to Renew Currency=USD;ARR to Renew=$1,234,560;Close Date=2025-09-30",
        name="report1698765432125.csv",
    )
    found = read([accounts, named])
    assert found.understood[1].by == "salesforce_renewals"
    [row] = found.usable().tables["opportunities"].to_pylist()
    assert (row["amount"], row["kind"], row["account_id"]) == (102_880 * 3600, "renewal", "001A000001aBcDe")
    loader = export(
        "Id, AccountId, Name, StageName, Amount, Probability, CloseDate, ForecastCategory, OwnerId, Type",
        "Id=006;AccountId=001A000001aBcDe;Name=Up;StageName=Closed Won;Amount=500;CloseDate=2025-02-01;Type=Existing Business",
    )
    found = read([accounts, loader])
    assert found.understood[1].by == "salesforce_api_opportunities"
    assert found.usable().tables["opportunities"]["kind"].to_pylist() == ["upsell"]


# --- customer success tools --------------------------------------------------------------------------------------------

ACCOUNTS = {
    "gainsight_companies": (
        "Source Account ID, Account Name, Parent Account ID, Employees, Industry, Original Contract Date, Renewal Date, Customer Stage, Status, Number of Users, Go_Live_Date, ARR, MRR, TCV, Tier, Owner",
        "Source Account ID=A1;Account Name=Acme;Original Contract Date=2023-05-01;Renewal Date=2025-05-01;ARR=1200;MRR=100;Owner=Ann;Tier=Gold;Number of Users=40",
    ),
    "gainsight_api_companies": (
        "Gsid, Name, Industry, ARR, MRR, LifecycleStage, Stage, Status, CSMName, Employees, OriginalContractDate, RenewalDate, OverallScore, SfdcAccountId, ParentCompanyId",
        "Gsid=1P0;SfdcAccountId=A1;Name=Acme;ARR=1200;MRR=100;CSMName=Ann;OriginalContractDate=2023-05-01;RenewalDate=2025-05-01",
    ),
    "churnzero_accounts": (
        "accountExternalId, Name, NextRenewalDate, TotalContractAmount, IsActive, BillingAddressCountry, StartDate, EndDate, LicenseCount, OwnerUserAccount, ParentAccountExternalId, cf_Segment",
        "accountExternalId=A1;Name=Acme;NextRenewalDate=2025-05-01;TotalContractAmount=3600;StartDate=2023-05-01;OwnerUserAccount=Ann;LicenseCount=40",
    ),
    "vitally_accounts": (
        "externalId, name, industry, phoneNumber, csm, renewalDate, startDate",
        "externalId=A1;name=Acme;industry=Retail;csm=Ann;renewalDate=2025-05-01;startDate=2023-05-01",
    ),
    "planhat_companies": (
        "Id, External Id, Source Id, Name, Owner, Renewal Date, Customer From, Country",
        "Id=5f;External Id=A1;Name=Acme;Owner=Ann;Renewal Date=2025-05-01;Customer From=2023-05-01",
    ),
    "clientsuccess_clients": (
        "External Client ID, Client name, Client status, Assigned CSM email, Assigned CSM name, Client type, Client-as-of date, Assigned Sales Rep, Renewal date",
        "External Client ID=A1;Client name=Acme;Client status=Active;Assigned CSM email=ann@x.com;Assigned CSM name=Ann;Client-as-of date=2023-05-01;Renewal date=2025-05-01",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCOUNTS)
def test_lists_of_accounts(name: str) -> None:
    found = read([export(*ACCOUNTS[name])])
    assert layout_of(found) == name
    [row] = found.usable().tables["accounts"].to_pylist()
    assert (row["account_id"], row["name"], row["csm"]) == ("A1", "Acme", "Ann")
    assert (str(row["start_date"]), str(row["renewal_date"])) == ("2023-05-01", "2025-05-01")


def test_skalin_and_vitally_users() -> None:
    found = read(
        [export("Name, Domain, Customer ID, CSM Pulse, Owner email, Tags, Stage", "Name=Acme;Customer ID=A1;Owner email=ann@x.com;CSM Pulse=2", name="s.csv"),
         export("externalId, name, email, role, accountExternalId", "externalId=U1;name=Kim;role=admin;accountExternalId=A1", name="u.csv")]
    )  # fmt: skip
    assert [u.by for u in found.understood] == ["skalin_customers", "vitally_users"]
    assert found.usable().tables["contacts"].to_pylist()[0]["account_id"] == "A1"


def test_planhat_licences_end_on_their_last_day() -> None:
    found = read(
        [
            export(
                "_id, product, _currency, companyId, companyName, externalId, fromDate, toDate, fixedPeriod, mrr, value",
                "_id=1;product=Pro;_currency=EUR;companyId=A;companyName=Acme;fromDate=2025-01-01;toDate=2025-06-30;mrr=50;value=300",
            )
        ]
    )
    assert layout_of(found) == "planhat_licenses"
    assert (mrr(found, "2025-05"), mrr(found, "2025-06")) == ({"A": 50}, {"A": 50})
    assert str(found.tables["subscriptions"]["end_date"][0].as_py()) == "2025-07-01"
    assert said(found, "the end date is the last day of service")


def test_clientsuccess_contracts_are_priced_over_their_term() -> None:
    headers = "External Client ID, Client Name, Contract ID, Contract Name, Stage, Line Number, Product Code, Quantity, Item recurring, Start Date, End Date, Amount"
    found = read(
        [
            export(
                headers,
                "External Client ID=A;Client Name=Acme;Contract ID=C1;Line Number=1;Product Code=PRO;Item recurring=TRUE;Start Date=2025-01-01;End Date=2025-12-31;Amount=1200",
                "External Client ID=A;Client Name=Acme;Contract ID=C1;Line Number=2;Product Code=ADD;Item recurring=TRUE;Start Date=2025-01-01;End Date=2025-06-30;Amount=60",
                "External Client ID=A;Client Name=Acme;Contract ID=C1;Line Number=3;Product Code=SETUP;Item recurring=FALSE;Start Date=2025-01-01;End Date=2025-12-31;Amount=900",
            )
        ]
    )
    assert layout_of(found) == "clientsuccess_contracts"
    assert mrr(found, "2025-06") == {"A": 110}  # 1200 / 12 + 60 / 6
    assert found.counts[0].kept == 2
    assert said(found, "for the whole term", "1 subscription with several items")


def test_clientsuccess_badges_are_champions() -> None:
    found = read(
        [export("External Client ID, Contact Name, Email, Badge: Champion, Badge: Executive Sponsor", "External Client ID=A;Contact Name=Kim;Badge: Champion=TRUE", "External Client ID=A;Contact Name=Lee;Badge: Champion=FALSE")],
        known=["A"],
    )  # fmt: skip
    assert layout_of(found) == "clientsuccess_contacts"
    assert found.usable().tables["contacts"]["role"].to_pylist() == ["champion", None]


# --- support and surveys -------------------------------------------------------------------------------------------------


def test_zendesk_good_and_bad() -> None:
    headers = "Summation column, Id, Requester, Requester id, Requester external id, Requester email, Submitter, Assignee, Group, Subject, Tags, Status, Priority, Via, Ticket type, Created at, Updated at, Assigned at, Organization, Due date, Solved at, Satisfaction Score, Reopens, Replies"
    base = "Created at=2025-01-05 10:00;Organization=Acme;Ticket type=Incident"
    found = read(
        [
            export(
                headers,
                f"Id=1;{base};Solved at=2025-01-06 11:00;Satisfaction Score=Good;Priority=High;Reopens=0;Replies=1",
                f"Id=2;{base};Satisfaction Score=Bad;Priority=-;Reopens=1;Replies=3",
                f"Id=3;{base};Satisfaction Score=Offered;Replies=2",
            )
        ],
        known=["Acme"],
    )
    assert layout_of(found) == "zendesk_tickets"
    rows = found.usable().tables["tickets"]
    assert rows["csat"].to_pylist() == [5, 1, None]
    assert (rows["replies"].to_pylist(), rows["priority"].to_pylist()) == ([1, 3, 2], ["High", None, None])
    assert said(found, "Good as 5", "Bad as 1", "Offered as no answer")


FORMS = {
    "typeform_nps": "#, How likely is it that you would recommend us to a friend?, What is the reason for your score?, account_id, Start Date (UTC), Submit Date (UTC), Network ID",
    "typeform_nps_de": "#, Wie wahrscheinlich ist es dass Sie uns weiterempfehlen?, Was ist der Grund?, Kundennummer, Start, Submit Date (UTC)",
    "typeform_nps_fr": "#, Quelle est la probabilité que vous nous recommandiez ?, Quelle en est la raison ?, account_id, Start, Horodateur",
    "typeform_nps_es": "#, ¿Qué probabilidad hay de que nos recomiende?, ¿Cuál es el motivo?, account_id, Inicio, Marca temporal",
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_the_question_about_recommending_is_the_score(name: str) -> None:
    headers = [h.strip() for h in FORMS[name].split(",")]
    values = ["r1", "9", "Great", "A", "2025-01-01", "2025-01-02 10:00", "x"][: len(headers)]
    found = read([File("responses.csv", "\n".join([",".join(headers), ",".join(values)]).encode())], known=["A"])
    assert layout_of(found) == name
    [row] = found.usable().tables["surveys"].to_pylist()
    assert (row["account_id"], row["kind"], row["score"], row["comment"], str(row["responded_at"])) == (
        "A", "NPS", 9, "Great", "2025-01-02 10:00:00")  # fmt: skip
    assert set(found.understood[0].match.unsure) == {"score", "account_id"}
    assert said(found, "unsure: the question that speaks of recommending")


def test_delighted_and_nps_today() -> None:
    found = read(
        [export("id, person, person_email, survey_type, score, comment, permalink, created_at, company_id", "id=1;person=10;survey_type=nps;score=3;comment=Slow;created_at=2025-02-03 10:00;company_id=A")],
        known=["A"],
    )  # fmt: skip
    assert layout_of(found) == "delighted"
    assert found.usable().tables["surveys"].select(["account_id", "kind", "score"]).to_pylist() == [
        {"account_id": "A", "kind": "NPS", "score": 3}
    ]
    found = read(
        [export("respondent_email, respondent_firstname, company_id, company_name, responsible_email, rating, comment, response_date", "respondent_email=k@a.com;company_id=A;company_name=Acme;rating=10;response_date=2025-02-03")],
        known=["A"],
    )  # fmt: skip
    assert layout_of(found) == "nps_today"
    assert found.usable().tables["surveys"]["score"].to_pylist() == [10]


def test_facts_find_their_account_by_name_domain_and_short_id() -> None:
    accounts = File(
        "accounts.csv",
        b"account_id,name,csm,domain\n001A000001aBcDeFGH,Acme,Ann,acme.com\nX2,Twin,Ann,\nX3,Twin,Ann,\nX4,Mail,Ann,gmail.com\n",
    )
    tickets = File(
        "tickets.csv",
        b"account_id,opened_at\n acme ,2025-01-01\nkim@acme.com,2025-01-02\n001A000001aBcDe,2025-01-03\nTwin,2025-01-04\nlee@gmail.com,2025-01-05\nX2,2025-01-06\n",
    )
    found = read([accounts, tickets])
    assert found.tables["tickets"]["account_id"].to_pylist() == ["001A000001aBcDeFGH"] * 3 + ["X2"]
    assert said(
        found, "tickets: 3 accounts are found by name or domain, not by id", "kim@acme.com is 001A000001aBcDeFGH"
    )
    assert sorted(t.value for t in found.troubles) == ["Twin", "lee@gmail.com"]  # two accounts, and everybody's domain
    later = read([tickets], known=["X9"], aliases=aliases_of([{"account_id": "X9", "name": "ACME"}]))
    assert later.tables["tickets"]["account_id"].to_pylist() == ["X9"]


# --- the layouts themselves ------------------------------------------------------------------------------------------------


def test_every_layout_is_a_recipe_that_can_be_copied() -> None:
    assert set(names()) == set(layouts())
    for name, layout in layouts().items():
        assert recipe_of(text_of(name)).file == [layout]
        assert layout.headers, name
        assert layout.about, name
        assert recipe_of(written(Recipe(file=[layout]))).file == [layout]
        assert set(layout.unsure) <= set(layout.columns), name
    with pytest.raises(KeyError):
        text_of("../reading")


def test_a_copied_layout_is_used_as_a_recipe_is() -> None:
    mine = recipe_of(text_of("baremetrics").replace('money = "cents"', 'money = "units"'))
    file = export(
        "plan_oid, plan_amount, plan_interval, customer_oid, subscription_oid, subscription_started_at",
        "plan_amount=50;plan_interval=month;customer_oid=A;subscription_oid=s;subscription_started_at=2025-01-01",
    )
    assert (mrr(read([file])), mrr(read([file], mine))) == ({"A": 0.5}, {"A": 50})


def test_headers_of_a_layout_in_another_files_table_do_not_mislead() -> None:
    found = read(
        [
            export(
                "Account Name, Account Owner, Account ID, Case Number, Opened Date, Closed Date, Priority",
                "Account Name=Acme;Account Owner=Ann;Account ID=A;Case Number=1;Opened Date=2025-01-01;Priority=High",
                name="cases.csv",
            )
        ],
        known=["A", "Acme"],
    )
    assert list(found.tables) == ["tickets"]


# --- recognition without a layout -------------------------------------------------------------------------------------------

UNSEEN = {
    "German list": ("Kundennummer;Kunde;Betreuer;Segment;Branche;Kunde seit;Vertragsende\nK-001;Acme;Ann;SMB;Handel;2023-01-01;2025-12-31\n", "accounts", {"account_id": "Kundennummer", "name": "Kunde", "csm": "Betreuer", "segment": "Segment", "industry": "Branche", "start_date": "Kunde seit", "renewal_date": "Vertragsende"}),
    "German contracts": ("Vertragsnummer;Kundennummer;Produkt;Vertragsbeginn;Vertragsende;Monatsbetrag;Währung\nV1;K-001;Pro;2025-01-01;2025-12-31;100;EUR\n", "subscriptions", {"subscription_id": "Vertragsnummer", "account_id": "Kundennummer", "product": "Produkt", "start_date": "Vertragsbeginn", "end_date": "Vertragsende", "mrr": "Monatsbetrag", "currency": "Währung"}),
    "French list": ("N° client;Nom du client;Responsable;Secteur;Date de renouvellement\n1;Acme;Ann;Commerce;2025-12-31\n", "accounts", {"account_id": "N° client", "name": "Nom du client", "csm": "Responsable", "industry": "Secteur", "renewal_date": "Date de renouvellement"}),
    "Spanish months": ("ID cliente;Mes;Ingreso mensual;Moneda\nA;2025-01;100;EUR\n", "mrr", {"account_id": "ID cliente", "month": "Mes", "mrr": "Ingreso mensual", "currency": "Moneda"}),
    "a currency in the header": ("Customer ID,Month,MRR (USD)\nA,2025-01,100\n", "mrr", {"account_id": "Customer ID", "month": "Month", "mrr": "MRR (USD)"}),
    "another order of words": ("Client ID,Client Name,CSM,Date of Renewal\nA,Acme,Ann,2025-12-31\n", "accounts", {"account_id": "Client ID", "name": "Client Name", "csm": "CSM", "renewal_date": "Date of Renewal"}),
    "a help desk": ("Case Number,Account ID,Date/Time Opened,Date/Time Closed,Priority\n1,A,2025-01-01 10:00,2025-01-02 10:00,High\n", "tickets", {"ticket_id": "Case Number", "account_id": "Account ID", "opened_at": "Date/Time Opened", "solved_at": "Date/Time Closed", "priority": "Priority"}),
    "a price per year": ("Contract Number,Customer,Contract Start Date,Contract End Date,Annual Contract Value\nC1,Acme,2025-01-01,2025-12-31,1200\n", "subscriptions", {"subscription_id": "Contract Number", "account_id": "Customer", "start_date": "Contract Start Date", "end_date": "Contract End Date", "arr": "Annual Contract Value"}),
    "objects before fields": ("Account: Account Number,Subscription: Status,Term Start Date,Term End Date,MRR\nA,Active,2025-01-01,2025-12-31,5\n", "subscriptions", {"account_id": "Account: Account Number", "start_date": "Term Start Date", "end_date": "Term End Date", "mrr": "MRR", "status": "Subscription: Status"}),
}  # fmt: skip


@pytest.mark.parametrize("case", UNSEEN)
def test_exports_nobody_has_shown_us_are_recognised(case: str) -> None:
    text, table, columns = UNSEEN[case]
    found = read([File("data.csv", text.encode())], known=["A"])
    [understood] = found.understood
    assert understood.match is not None, found.troubles
    assert (understood.match.table, understood.match.columns) == (table, columns)


def test_what_is_only_like_a_name_is_unsure() -> None:
    [found] = read([File("data.csv", UNSEEN["another order of words"][0].encode())]).understood
    assert found.match.unsure == {}  # "date of renewal" is one of the names
    text = "Customer ID,Month,Total of MRR\nA,2025-01,5\n"
    [found] = read([File("data.csv", text.encode())]).understood
    assert list(found.match.unsure) == ["mrr"]
    text = "Subscription ID,Customer ID,Start date,Price,Unit Price\nS,A,2025-01-01,100,50\n"
    [found] = read([File("subscriptions.csv", text.encode())]).understood
    assert "per month, per year or for the whole term" in found.match.unsure["amount"]


def test_two_columns_that_could_be_one_are_unsure() -> None:
    text = "account_id,month,mrr,Monthly revenue\nA,2025-01,5,6\n"
    [found] = read([File("mrr.csv", text.encode())]).understood
    assert found.match.columns["mrr"] == "mrr"
    assert "Monthly revenue" in found.match.unsure["mrr"]


def test_a_plain_file_is_sure() -> None:
    [found] = read([File("mrr.csv", b"account_id,month,mrr\nA,2025-01,5\n")]).understood
    assert (found.by, found.match.unsure) == ("headers", {})


# --- prices ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "months"),
    [("Monthly", 1), ("12 months", 12), ("2 years", 24), ("jährlich", 12), ("trimestriel", 3), ("semi-annual", 6),
     ("every 4 weeks", 48 / 52), ("P3M", 3), ("per quarter", 3), ("18 Monate", 18), ("", None), ("whenever", None),
     ("0 months", None)],
)  # fmt: skip
def test_intervals_in_words(text: str, months: float | None) -> None:
    assert months_in(text) == (None if months is None else pytest.approx(months))


@settings(max_examples=60, deadline=None)
@given(
    amount=st.integers(0, 10**7), quantity=st.integers(1, 50), count=st.integers(1, 24),
    interval=st.sampled_from(["month", "quarter", "year"]), off=st.integers(0, 100),
)  # fmt: skip
def test_the_price_is_amount_times_quantity_less_discount_over_months(
    amount: int, quantity: int, count: int, interval: str, off: int
) -> None:
    rows = pd.DataFrame(
        {"amount": [amount * 3600], "quantity": [float(quantity)], "interval": [interval], "interval_count": [float(count)], "discount_percent": [float(off)]}
    )  # fmt: skip
    price, findings, _ = price_per_month(rows, None, 3600)
    months = {"month": 1, "quarter": 3, "year": 12}[interval] * count
    assert not findings
    assert price[0] == pytest.approx(amount * 3600 * quantity * (100 - off) / 100 / months, abs=1)


@settings(max_examples=60, deadline=None)
@given(start=st.dates(pd.Timestamp("2000-01-01").date(), pd.Timestamp("2030-01-01").date()), months=st.integers(1, 60))
def test_whole_terms_have_whole_months(start: object, months: int) -> None:
    first = pd.to_datetime(pd.Series([start]))
    assert term_in_months(first, first + pd.DateOffset(months=months)).tolist() == [months]


def test_an_amount_for_a_term_without_end_is_refused() -> None:
    recipe = '[[file]]\nmatch = "*"\ntable = "subscriptions"\ncolumns = { account_id = "c", start_date = "s", end_date = "e", amount = "a" }\noptions = { amount = "per term", end_date = "last day of service" }'
    file = File("x.csv", b"c,s,e,a\nA,2025-01-01,2025-12-31,1200\nB,2025-01-01,,600\n")
    found = read([file], recipe_of(recipe))
    assert [(t.row, t.column) for t in found.refused] == [(3, "e")]
    file = File("x.csv", b"c,s,e,a\nA,2025-01-01,2025-12-31,1200\n")
    assert mrr(read([file], recipe_of(recipe))) == {"A": 100}


# --- recipes -------------------------------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    files = []
    for _ in range(draw(st.integers(1, 3))):
        row = TABLES[draw(st.sampled_from(sorted(TABLES)))]
        chosen = draw(st.lists(st.sampled_from(list(row.model_fields)), unique=True, min_size=1))
        options = FileOptions(
            end_date=draw(st.sampled_from([None, "first day without", "last day of service"])),
            money=draw(st.sampled_from([None, "cents"])),
            amount=draw(st.sampled_from([None, "per year", "per term"])),
            decimal=draw(st.sampled_from([None, ",", "."])),
            values=draw(
                st.dictionaries(st.sampled_from(chosen), st.dictionaries(WORDS, WORDS, min_size=1), max_size=2)
            ),
            keep=draw(st.dictionaries(WORDS, st.lists(WORDS, min_size=1), max_size=2)),
            constants=draw(st.dictionaries(WORDS, WORDS, max_size=2)),
        )
        files.append(
            FileRecipe(
                match=draw(WORDS), headers=draw(st.lists(WORDS, max_size=3)), table=row.table,
                columns={c: draw(WORDS | st.lists(WORDS, min_size=1, max_size=3)) for c in chosen},
                sheet=draw(st.none() | WORDS), about=draw(st.just("") | WORDS),
                unsure=draw(st.dictionaries(st.sampled_from(chosen), WORDS, max_size=1)), options=options,
            )
        )  # fmt: skip
    return Recipe(file=files)


@settings(max_examples=80, deadline=None)
@given(recipes())
def test_a_written_recipe_reads_back_the_same(recipe: Recipe) -> None:
    assert recipe_of(written(recipe)) == recipe


def test_a_confirmed_mapping_reads_the_next_file_by_itself() -> None:
    first = File("customers March.csv", "Kürzel,Wer,Preis je Monat,Seit,Sonstiges\nA,Ann,100,2025-01-01,x\n".encode())
    [seen] = read([first]).understood
    assert seen.match is None
    chosen = replace(
        recognise(read([File("s.csv", b"account_id,start_date,mrr\nA,2025-01-01,1\n")]).understood[0].sheet)[0],
        columns={"account_id": "Kürzel", "mrr": "Preis je Monat", "start_date": "Seit"},
        describing={"csm": "Wer"},
    )
    kept = Recipe(file=[confirmed(seen.sheet, chosen, Options(money="cents"))])
    kept = recipe_of(written(kept))
    following = File(
        "customers April.csv", "Wer,Kürzel,Seit,Preis je Monat,Sonstiges\nBen,B,2025-02-01,5000,y\n".encode()
    )
    found = read([first, following], kept)
    assert [u.by for u in found.understood] == ["recipe", "recipe"]
    assert mrr(found) == {"A": 1, "B": 50}
    assert found.tables["accounts"]["csm"].to_pylist() == ["Ann", "Ben"]
    assert fingerprint(seen.sheet.headers) == fingerprint(["Wer", "kürzel", "Seit", "Preis je Monat", "Sonstiges"])


def test_a_recipe_must_say_which_files_it_is_for() -> None:
    with pytest.raises(Refused, match="needs match"):
        recipe_of('[[file]]\ntable = "mrr"\ncolumns = { account_id = "Id" }')
