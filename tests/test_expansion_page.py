"""The Expansion page: the answer before any click, every tab, and what it says where a table is missing."""

from __future__ import annotations

import pytest
from test_pages import figure, keep, own_folder, page, visit, words  # noqa: F401

TABS = ("Whom to speak to", "Whitespace", "Signs of growth", "Pipeline", "Won and lost", "By group")
MRR = """account_id,month,mrr
A,2025-01,100
A,2025-02,130
B,2025-01,100
B,2025-02,100
"""


def test_the_answer_stands_above_the_tabs() -> None:
    at = visit(page("expansion"), period="Year")
    assert figure(at, "Expansion share") == "15.3 %"
    kinds = [figure(at, kind).replace("\\", "") for kind in ("Upsell", "Cross-sell", "Price")]
    assert kinds == ["$65.4 k", "$25.2 k", "$78.1 k"]
    assert "Customers came to pay **$168.7 k** more, **13.8 %** of the opening MRR" in words(at)
    assert "89.1 % instead of **102.9 %**" in words(at)
    assert figure(at, "Accounts to speak to") == "74"
    assert "Why now: 91% of 385 seats used; promoter, 10 of 10." in words(at).replace("\\", "")


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_stands_without_products_opportunities_or_subscriptions(
    tab: str,
    own_folder: str,  # noqa: F811
) -> None:
    keep(own_folder, ("mrr.csv", MRR))
    at = visit(page("expansion"), growth=tab, period="Month")
    said = words(at)
    assert figure(at, "Upsell") == "30"
    assert "cross-sell cannot be told: it counts as upsell" in said.replace("\\", "")
    assert "price cannot be told from more of the same" in said.replace("\\", "")
    wanted = {
        "Whitespace": "Add the product to the table the revenue comes from",
        "Pipeline": "Add the table opportunities",
        "Won and lost": "Add the table opportunities",
        "Signs of growth": "",
        "Whom to speak to": "No account that is not at risk shows a sign of growth",
        "By group": "There is nothing to group by",
    }[tab]
    assert wanted in said.replace("\\", "")


def test_whitespace_as_a_list_and_as_a_map() -> None:
    at = visit(page("expansion"), growth="Whitespace")
    assert figure(at, "Whitespace taken") == "86.3 %"
    assert "**103 products** would fit 90 accounts that are not at risk" in words(at)
    listed = next(each.value for each in at.dataframe if "fits_as" in each.value)
    assert listed["fits_as"].iloc[0].endswith("look-alikes (Enterprise) hold it")
    at = visit(page("expansion"), growth="Whitespace", space_view="Map")
    mapped = next(each.value for each in at.dataframe if "Connectors" in each.value)
    assert mapped["Connectors"].iloc[0].startswith("○ $")
    assert mapped["Insights"].iloc[0].startswith("● $")


def test_what_is_on_offer_what_was_won_and_who_grew() -> None:
    at = visit(page("expansion"), growth="Pipeline")
    assert figure(at, "Open offers") == "83"
    assert figure(at, "Won of those closed in a year").replace("\\", "") == "81.2 %"
    at = visit(page("expansion"), growth="Won and lost", period="Year")
    csms = at.dataframe[0].value["csm"].tolist()
    assert csms == sorted(csms)
    assert "Not a ranking" in words(at)
    at = visit(page("expansion"), growth="By group", period="Year")
    assert at.dataframe[0].value["Upsell" if "Upsell" in at.dataframe[0].value else "upsell"].iloc[0] == "$12.1 k"
    assert len(visit(page("expansion"), growth="Signs of growth").dataframe[0].value) == 7


def test_of_one_csm_and_as_of_an_earlier_month() -> None:
    for tab in TABS:
        visit(page("expansion"), growth=tab, month="2024-06", csm="Aiko Tanaka", in_segment="SMB")
