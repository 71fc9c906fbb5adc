"""Customer Success metrics: a book of business in, figures that explain themselves out.

>>> import cs_metrics
>>> book = cs_metrics.Book.of_mrr({"Acme": [100, 120], "Birch": [50, 0]}, first="2025-01")
>>> round(cs_metrics.METRICS["net_revenue_retention"].of(book, months=1).iloc[-1], 3)
np.float64(0.8)
"""

from cs_metrics import metrics, signals
from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Dark, Misuse, Problem, Settings
from cs_metrics.metric import METRICS, Metric
from cs_metrics.signal import SIGNALS, Signal

__all__ = [
    "METRICS",
    "SIGNALS",
    "Book",
    "Dark",
    "Metric",
    "Misuse",
    "Problem",
    "Settings",
    "Signal",
    "book_of",
    "metrics",
    "signals",
]
