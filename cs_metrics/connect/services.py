"""The services that are read live. Another one is a module of its own with its ``Service``, and its name here."""

from cs_metrics.connect.hubspot import HUBSPOT
from cs_metrics.connect.salesforce import SALESFORCE
from cs_metrics.connect.stripe import STRIPE

SERVICES = {each.address: each for each in (HUBSPOT, SALESFORCE, STRIPE)}
