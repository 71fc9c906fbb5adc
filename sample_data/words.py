"""The words the company is written with: names, reasons, plans, stories. All invented."""


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


INDUSTRIES = {
    "Software": ["Software", "Systems", "Labs", "Cloud", "Data"],
    "Financial Services": ["Capital", "Insurance", "Bank", "Advisors", "Payments"],
    "Healthcare": ["Clinics", "Biotech", "Diagnostics", "Pharma", "Medical"],
    "Manufacturing": ["Works", "Components", "Robotics", "Materials", "Packaging"],
    "Retail": ["Outfitters", "Grocers", "Homeware", "Markets", "Books"],
    "Logistics": ["Freight", "Shipping", "Couriers", "Warehousing", "Airlines"],
}
HEADS = words("Alder Bram Brent Cald Cran Dun Eld Fen Grey Hawks Hazel Nor Pen Rav Sel Thorn Wex")
TAILS = words("bourne brook combe croft dale fell ford gate hurst ley mere more stead wyck worth")
OTHER_HEADS = words("Bel Cor Dra Este Faro Ilmo Jara Kol Lumi Mira Neri Oro Pavo Quin Riva Sola Tavi Ulva Vero Zeno")
OTHER_TAILS = words("berg dora kamp lina munde niko nova quist rune sande tara vanta vik zia")
STEMS = [head + tail for head in HEADS for tail in TAILS] + [
    head + tail for head in OTHER_HEADS for tail in OTHER_TAILS
]
SUFFIXES = ["", "", "", "", " Inc.", " Ltd", " Group"]
SPECIAL_NAMES = [
    "Ørsund Maskin AS",
    "Żuraw Robotyka S.A.",
    "Señal Móvil",
    "Zürlinger Feinwerk",
    "Crème & Châtelet",
    "O'Dwyer's Dairy",
    "Fell & Fjordane",
    "=1+1 Systems",
    "-Minus- Design",
    "Markup [x](http://example.invalid) <b>Media</b>",
    "The Cooperative Society for the Storage, Cold-Chain Distribution and Responsible Packaging of Perishable Goods "
    "of the Lower Valley and Its Tributaries, Western Division",
]
FIRST_NAMES = words("""
Adaeze Ahmed Alba Anders Anna Arjun Astrid Ben Bianca Carlos Chen Chloé Daria David Elena Emre Farah Felix Giulia Hana
Hugo Ines Ivan Jada Jonas Julia Kenji Lars Laura Lucía Mateo Mei Milan Nadia Nina Noah Olga Omar Paula Rahul Rosa Samir
Sara Søren Tariq Tessa Vera Yara Yusuf Zoë
""")
LAST_NAMES = words("""
Abebe Almeida Bauer Berg Castillo Chaudhry Costa Dahl Dubois Eriksen Fischer Fontaine Garcia Grant Haddad Hansen Ito
Ivanova Jansen Kaya Keller Kim Kowalska Larsen Laurent Lopez Mbeki Mehta Morgan Müller Nakamura Novak Nowak Okoye Olsen
Park Patel Pereira Quinn Rossi Sato Schmidt Silva Singh Tran Vargas Weber Wójcik Yilmaz Zhang
""")

PULSE_REASONS = ["adoption", "relationship", "support", "value", "budget", "sponsor"]
PULSE_NOTES = ["Slow to answer.", "Asks what the renewal will cost.", "Two teams stopped logging in.",
               "Wants fewer seats.", "New manager, reviewing all tools.", "Unhappy with response times."]  # fmt: skip
RISK_REASONS = ["low adoption", "budget cut", "champion change", "open product gap", "poor value seen",
                "a competitor is in the account"]  # fmt: skip
PLANS = ["Retrain the two teams that stopped; review use in four weeks",
         "Executive call, then a value review with numbers from their own data",
         "Fix the open tickets first; weekly call with support until then",
         "Offer the smaller package for a year; agree on what success means",
         "Find a new champion in operations; invite to the user group"]  # fmt: skip
ROOT_CAUSES = {"low adoption": "The team that bought it is not the team that has to use it",
               "budget cut": "Headcount frozen; every tool is asked what it saves",
               "champion change": "The person who made the case has moved on, nobody has taken it over",
               "open product gap": "They need row-level permissions; workaround by export",
               "poor value seen": "No figure of their own shows what it brings",
               "a competitor is in the account": "The new head of data used another tool before"}  # fmt: skip
ACTIONS = ["Agree on one number that says it works", "Walk the new lead through last year's gains",
           "Training for the operations team", "Weekly call with support until the tickets are closed",
           "Executive call about the coming year", "Show what the next release changes for them",
           "Send the value review with their own figures", "Offer the smaller package in writing"]  # fmt: skip
EXECUTIVES = ["Helena Marsh, VP Customer Success", "Victor Amadi, COO"]
CHURN_REASONS = {"low adoption": "We did not use it enough.", "price": "It no longer fits our budget.",
                 "competitor": "We moved to another tool.", "product gap": "It lacks what we need.",
                 "reorganisation": "The team that used it is gone.", "no reason given": ""}  # fmt: skip
NOTES = ["Planning season starts in October; they want the forecast template by then.", "Prefers a call to mail.",
         "Asked for a reference in their own industry.", "Moving head office; invoices go to the new address.",
         "Their data team doubles next year.", "Loves the weekly digest.", "Security review passed."]  # fmt: skip
ACTS = ["reference", "review", "referral", "case study", "speaker"]
USE_CASES = ["Forecasting", "Month-end close", "Stock planning", "Board reports", "Claims", "Sales planning"]
STAGES = ["discovery", "proposal", "negotiation"]
STORIES = ["Month-end report in two hours instead of three days", "Stock-outs down by a fifth in two quarters",
           "Forecast error halved", "One set of numbers for sales and finance", "Forty spreadsheets retired",
           "Claims handled a day faster", "On-time delivery up by six points"]  # fmt: skip
COMMENTS = {"high": ["Could not work without it.", "Great help from our CSM.", "The forecasts pay for it."],
            "low": ["Too slow for us.", "Support takes too long.", "We use a tenth of it."]}  # fmt: skip
TITLES = {"article": "How to set up {}", "playbook": "Playbook: {}", "template": "Template: {}"}
TOPICS = ["the first thirty days", "a value review", "a renewal at risk", "single sign-on", "a forecast review",
          "seat planning", "a champion's leaving", "the executive summary", "data quality"]  # fmt: skip
