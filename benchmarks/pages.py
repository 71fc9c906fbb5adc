"""What a page costs: processor time per run behind a real server, driven over its own protocol, without a browser."""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ROOT = Path(__file__).parents[1]
RUNS = 40
PAGES = {
    "My book": "my-book",
    "Retention": "retention",
    "Cohorts": "cohorts",
    "At risk": "at-risk",
    "Team": "team",
    "Renewals": "renewals",
    "Health": "health",
    "Advocates": "advocates",
    "Pulse": "pulse",
    "Seen coming": "seen-coming",
    "Signals": "signals",
    "Voice of customer": "voice-of-customer",
}


@contextmanager
def server(folder: str) -> Iterator[tuple[str, subprocess.Popen[bytes], float]]:
    """The program as people start it, on the sample company: its address, the process, and when it was started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"CS_METRICS_DATABASE": f"sqlite:///{folder}/own.db", "CS_METRICS_SAMPLE": folder}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"],
        cwd=ROOT,
        env={**os.environ, **own},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).read()
                break
            except OSError:
                time.sleep(0.02)
        yield f"ws://127.0.0.1:{port}/_stcore/stream", process, started
    finally:
        process.terminate()
        process.wait()


class Visitor:
    """A browser's side of the protocol, without drawing anything."""

    def __init__(self, socket: websockets.ClientConnection, page: str):
        self.socket, self.page, self.page_hash = socket, page, ""
        self.widgets: dict[str, str] = {}
        self.seen: set[str] = set()

    async def run(self, **values: list[str]) -> None:
        """Ask for a run with these widgets changed and wait until it is done."""
        message = BackMsg()
        message.rerun_script.page_script_hash = self.page_hash
        if not self.page_hash:
            message.rerun_script.page_name = self.page
        message.rerun_script.cached_message_hashes.extend(self.seen)
        for key, value in values.items():
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id = self.widgets[key]
            widget.string_array_value.data.extend(value)
        await self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(await self.socket.recv())
            if answer.metadata.cacheable and answer.hash:
                self.seen.add(answer.hash)
            kind = answer.WhichOneof("type")
            if kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
                element = answer.delta.new_element
                name = element.WhichOneof("type")
                assert name != "exception", element.exception.message
                if identity := getattr(getattr(element, name), "id", ""):
                    self.widgets[identity.rsplit("-", 1)[-1]] = identity
            elif kind == "navigation":
                self.page_hash = answer.navigation.page_script_hash
            elif kind == "script_finished" and answer.script_finished != 2:
                return


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """The processor time a process has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def costs(address: str, process: subprocess.Popen[bytes], page: str) -> tuple[float, float]:
    """Median wall time and mean processor time of a run, in ms, while a filter is changed again and again."""
    async with websockets.connect(address, subprotocols=["streamlit"], max_size=None, compression=None) as socket:
        visitor = Visitor(socket, page)
        await visitor.run()
        segments = [["SMB"], ["Enterprise"], ["Mid-Market"], []]
        for segment in segments:
            await visitor.run(in_segment=segment)
        walls = []
        before = processor_seconds(process)
        for run in range(RUNS):
            start = time.perf_counter()
            await visitor.run(in_segment=segments[run % len(segments)])
            walls.append(time.perf_counter() - start)
        spent = processor_seconds(process) - before
    return 1000 * statistics.median(walls), 1000 * spent / RUNS


def page_costs() -> Iterator[str]:
    """The table of pages: processor time per run, and how long the first figure took from the start of the process."""
    yield "| page | processor ms per filter change | wall ms, median | asked |\n| --- | ---: | ---: | --- |"
    with tempfile.TemporaryDirectory() as folder:
        with server(folder):
            pass
        with server(folder) as (address, process, started):

            async def first() -> float:
                async with websockets.connect(address, subprotocols=["streamlit"], max_size=None) as socket:
                    await Visitor(socket, "my-book").run()
                    return time.perf_counter() - started

            begun = asyncio.run(first())
            for name, page in PAGES.items():
                wall, processor = asyncio.run(costs(address, process, page))
                yield f"| {name} | {processor:.1f} | {wall:.1f} | ≤ 40 |"
            yield f"\nStart of the process to the first page with figures: {begun:.1f} s (asked: ≤ 6 s)."
