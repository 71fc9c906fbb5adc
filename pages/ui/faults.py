"""What a page says when something went wrong in it: no details, a number to find them by in the server's log."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

LOG = logging.getLogger("cs_metrics.pages")


@contextmanager
def faults_said() -> Iterator[None]:
    """Say a fault of a page kindly, and keep it in the log; where errors are wanted in full, let it through."""
    try:
        yield
    except Exception:
        if st.get_option("client.showErrorDetails") == "full":
            raise
        number = secrets.token_hex(3)
        LOG.exception("fault %s", number)
        st.error(
            f"This page could not be shown. Nothing of yours was changed. Try another month, or fewer filters; if it "
            f"stays, tell whoever runs this server the number {number}: the details are in its log."
        )
