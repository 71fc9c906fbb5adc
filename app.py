"""The server: the pages in a frame, a health check, security headers, and everything imported before the first visit.

Start it with ``streamlit run app.py``.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT))


def inline_scripts() -> str:
    """The hashes of the scripts that Streamlit's own page holds inline: these run, no others."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")
    found = re.findall(r"<script>(.*?)</script>", page, re.S)
    return " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in found
    )


HEADERS = {
    "content-security-policy": f"default-src 'self'; script-src 'self' {inline_scripts()}; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss:; worker-src 'self' blob:; "
    "frame-ancestors 'none'; base-uri 'self'; object-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
}


class SecurityHeaders:
    """Adds the headers that forbid other sites to frame, sniff or feed the pages."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on; add the headers to the answer."""

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.headers]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


@asynccontextmanager
async def ready(_: st.App) -> AsyncIterator[dict[str, Any]]:
    """Import what the pages need and make the sample company, so that the first visitor does not wait."""
    from pages import ui

    ui.sample_store("everyone")
    gc.collect()
    gc.freeze()
    yield {}


async def health(_: Any) -> JSONResponse:
    """Is the server up?"""
    return JSONResponse({"status": "ok"})


app = st.App(
    ROOT / "pages" / "frame.py",
    lifespan=ready,
    routes=[Route("/healthz", health)],
    middleware=[Middleware(SecurityHeaders)],
)
