"""A small Stripe that remembers: objects are made, changed, cancelled and listed in pages, as its documents say."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "rk_test_CANARY0123456789"


class Stripe(ThreadingHTTPServer):
    """The objects of each kind by id, in the order of their making, and how often it is too busy to answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.objects: dict[str, dict[str, dict[str, Any]]] = {
            kind: {} for kind in ("customers", "products", "subscriptions", "invoices")
        }
        self.busy = 0
        self.changed: list[str] = []
        self.now = 1_735_689_600

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def make(self, kind: str, **values: Any) -> dict[str, Any]:
        """A new object, with what such an object always has."""
        number = f"{kind[:3]}_{len(self.objects[kind]) + 1:04d}"
        self.objects[kind][number] = {"id": number, "object": kind[:-1], "created": self.now, "metadata": {}} | values
        return self.objects[kind][number]

    def subscribe(self, customer: str, product: str, cents: Any, **values: Any) -> dict[str, Any]:
        """A subscription of one item."""
        recurring = {"interval": values.pop("interval", "month"), "interval_count": values.pop("interval_count", 1)}
        price = {"id": "price", "object": "price", "currency": values.pop("currency", "usd"), "product": product,
                 "recurring": recurring, "unit_amount_decimal": None if cents is None else str(cents)}  # fmt: skip
        item = {"id": f"si_{len(self.objects['subscriptions']) + 1}", "object": "subscription_item", "price": price,
                "quantity": values.pop("quantity", 1)}  # fmt: skip
        blank = {"status": "active", "start_date": self.now, "ended_at": None, "cancel_at": None, "discounts": [],
                 "pause_collection": None}  # fmt: skip
        items = {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"}
        return self.make("subscriptions", customer=customer, items=items, **blank | values)


class _Answers(BaseHTTPRequestHandler):
    server: Stripe

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(where.query).items()}
        kind = re.fullmatch(r"/v1/(\w+)", where.path)
        if self.headers["Authorization"] != f"Bearer {KEY}":
            return self._say(401, {"error": {"type": "invalid_request_error", "message": f"Invalid API Key provided: {KEY}"}})  # fmt: skip
        if self.server.busy:
            self.server.busy -= 1
            return self._say(503, {"error": {"type": "api_error", "message": "Try again"}})
        if kind is None or kind.group(1) not in self.server.objects:
            return self._say(404, {"error": {"type": "invalid_request_error", "message": "Unrecognized request URL"}})
        every = list(reversed(self.server.objects[kind.group(1)].values()))
        if kind.group(1) == "subscriptions" and asked.get("status") != "all":
            every = [each for each in every if each["status"] != "canceled"]
        after = asked.get("starting_after")
        start = [each["id"] for each in every].index(after) + 1 if after else 0
        page = every[start : start + min(int(asked.get("limit", 10)), 100)]
        more = start + len(page) < len(every)
        return self._say(200, {"object": "list", "url": where.path, "data": page, "has_more": more})

    def _changing(self) -> None:
        self.server.changed.append(f"{self.command} {self.path}")
        self._say(403, {"error": {"message": "This key may only read."}})

    do_POST = do_DELETE = _changing

    def _say(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[Stripe]:
    """A Stripe that lives as long as this."""
    server = Stripe()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
