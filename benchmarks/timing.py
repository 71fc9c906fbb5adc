"""How long a call takes, and what machine it ran on."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def seconds(work: Callable[[], Any]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def machine() -> str:
    """The processor as it names itself, its cores, the version of Python."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    model = next((text.partition(":")[2].strip() for text in lines if text.startswith("model name")), "")
    return f"{model or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def load() -> float | None:
    """How busy the machine was in the last minute, where it can tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None
