"""A small HubSpot and a small Salesforce: documented answers, page by page, from a server of the tests' own."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "pat-eu1-CANARY0123456789"
CLIENT, SECRET, SESSION = "3MVG9CANARYclient", "CANARYsecret0123", "00DCANARY!session"
PAGE = 2
Answer = tuple[int, Any]


class Service(ThreadingHTTPServer):
    """What it holds, whether it refuses, and what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.busy: list[tuple[int, dict[str, str], Any]] = []
        self.asked: list[str] = []
        self.refused: dict[str, Answer] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, path: str, words: dict[str, list[str]], authorization: str) -> Answer:
        raise NotImplementedError


class _Answers(BaseHTTPRequestHandler):
    server: Service

    def _any(self) -> None:
        where = urlsplit(self.path)
        self.server.asked.append(f"{self.command} {self.path}")
        if self.server.busy:
            return self._say(*self.server.busy.pop(0))
        for part, (status, body) in self.server.refused.items():
            if part in self.path:
                return self._say(status, {}, body)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = self.server.answer(self.command, where.path, parse_qs(where.query), self.headers["Authorization"] or "")
        return self._say(found[0], {}, found[1])

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any

    def _say(self, status: int, headers: dict[str, str], body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json;charset=utf-8"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def running(server: Any) -> Iterator[Any]:
    """A service that lives as long as this."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# --- HubSpot --------------------------------------------------------------------------------------------------------


class HubSpot(Service):
    """Objects by kind: ``id``, ``properties``, ``archived`` and the companies they belong to."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, list[dict[str, Any]]] = {"companies": [], "deals": [], "tickets": []}
        self.owners: list[dict[str, Any]] = []
        self.stages = {"default": ("Sales", {"closedwon": "Closed won", "contractsent": "Contract sent"})}

    def add(self, kind: str, number: int, *companies: tuple[int, str], archived: bool = False, **said: Any) -> None:
        made = {"id": str(number), "properties": said, "createdAt": "2025-01-30T03:30:17.883Z",
                "updatedAt": "2025-02-07T16:50:06.678Z", "archived": archived}  # fmt: skip
        if companies:
            of = [{"id": str(company), "type": how} for company, how in companies]
            made["associations"] = {"companies": {"results": of}}
        self.objects[kind].append(made)

    def answer(self, method: str, path: str, words: dict[str, list[str]], authorization: str) -> Answer:
        if authorization != f"Bearer {TOKEN}":
            return 401, {"status": "error", "category": "INVALID_AUTHENTICATION", "correlationId": "a-1",
                         "message": f"Authentication credentials not found: {authorization}"}  # fmt: skip
        if method != "GET":
            return 405, {"status": "error", "message": "This token may only read."}
        wanted = words.get("archived", [""])[0].casefold() == "true"
        if path == "/crm/v3/owners/":
            return self._page([each for each in self.owners if each["archived"] == wanted], words)
        if path == "/crm/v3/pipelines/deals":
            made = [{"id": number, "label": label, "stages": [{"id": s, "label": t} for s, t in stages.items()]}
                    for number, (label, stages) in self.stages.items()]  # fmt: skip
            return 200, {"results": made}
        kind = path.removeprefix("/crm/v3/objects/")
        if kind not in self.objects:
            return 404, {"status": "error", "message": "resource not found"}
        of_kind = [each for each in self.objects[kind] if each["archived"] == wanted]
        shown = [each | {"properties": self._properties(each, words)} for each in of_kind]
        if "associations" not in words:
            shown = [{name: value for name, value in each.items() if name != "associations"} for each in shown]
        return self._page(shown, words)

    @staticmethod
    def _properties(each: dict[str, Any], words: dict[str, list[str]]) -> dict[str, Any]:
        asked = words.get("properties", [])
        return {name: each["properties"].get(name) for name in asked if name in each["properties"]}

    @staticmethod
    def _page(every: list[dict[str, Any]], words: dict[str, list[str]]) -> Answer:
        start = int(words.get("after", ["0"])[0])
        page = every[start : start + PAGE]
        following = str(start + PAGE)
        more = {"paging": {"next": {"after": following, "link": f"?after={following}"}}}
        return 200, {"results": page} | (more if start + PAGE < len(every) else {})


# --- Salesforce -----------------------------------------------------------------------------------------------------


class Salesforce(Service):
    """Records by object; ``IsDeleted`` ones are in the bin. ``fields`` are those the user sees, and what they name."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, list[dict[str, Any]]] = {}
        self.fields: dict[str, dict[str, list[str]]] = {}
        self.expired = 0

    def answer(self, method: str, path: str, words: dict[str, list[str]], authorization: str) -> Answer:
        if path == "/services/oauth2/token":
            if authorization != "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode():
                return 400, {
                    "error": "invalid_client",
                    "error_description": f"invalid client credentials {authorization}",
                }
            return 200, {
                "access_token": SESSION,
                "instance_url": "https://acme.my.salesforce.com",
                "token_type": "Bearer",
            }
        if authorization != f"Bearer {SESSION}" or self.expired:
            self.expired -= 1
            return 401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
        if method != "GET":
            return 405, [{"message": "HTTP Method not allowed", "errorCode": "METHOD_NOT_ALLOWED"}]
        if described := re.fullmatch(r"/services/data/v[\d.]+/sobjects/(\w+)/describe", path):
            name = described.group(1)
            if name not in self.fields:
                return 404, [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]
            seen = [{"name": field, "referenceTo": to} for field, to in self.fields[name].items()]
            return 200, {"name": name, "fields": seen}
        if re.fullmatch(r"/services/data/v[\d.]+/query/?", path):
            return self._query(words["q"][0], 0)
        if more := re.fullmatch(r"/services/data/v[\d.]+/query/01g-(\d+)-(.*)", path):
            return self._query(bytes.fromhex(more.group(2)).decode(), int(more.group(1)))
        return 404, [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]

    def _query(self, soql: str, start: int) -> Answer:
        parsed = re.fullmatch(r"SELECT ([\w, ]+) FROM (\w+)", soql)
        if parsed is None:
            return 400, [{"message": f"unexpected token: {soql}", "errorCode": "MALFORMED_QUERY"}]
        names, of = parsed.group(1).split(", "), parsed.group(2)
        if strange := [name for name in names if name not in self.fields.get(of, {})]:
            return 400, [{"message": f"No such column '{strange[0]}' on entity '{of}'", "errorCode": "INVALID_FIELD"}]
        every = [each for each in self.records.get(of, []) if not each.get("IsDeleted")]
        page = [
            {"attributes": {"type": of}} | {name: each.get(name) for name in names}
            for each in every[start : start + PAGE]
        ]
        done = start + PAGE >= len(every)
        found = {"totalSize": len(every), "done": done, "records": page}
        if not done:
            found["nextRecordsUrl"] = f"/services/data/v59.0/query/01g-{start + PAGE}-{soql.encode().hex()}"
        return 200, found
