"""PDF by LibreOffice, where it is present."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from cs_metrics.book import Problem

NAMES = ("soffice", "libreoffice")
PATIENCE = 180


def libreoffice() -> str | None:
    """The program, None where it is not installed."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def pdf(deck: bytes) -> bytes:
    """A deck as PDF. Raises Problem where LibreOffice is missing or fails."""
    program = libreoffice()
    if program is None:
        raise Problem("A PDF needs LibreOffice on this machine. Install it, or save the .pptx as PDF in PowerPoint.")
    with tempfile.TemporaryDirectory(prefix="deck-") as name:
        folder = Path(name)
        (folder / "deck.pptx").write_bytes(deck)
        own = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        command = [program, "--headless", own, "--convert-to", "pdf", "--outdir", name, str(folder / "deck.pptx")]
        try:
            subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
            return (folder / "deck.pdf").read_bytes()
        except (subprocess.SubprocessError, OSError):
            raise Problem("LibreOffice could not make a PDF of the deck. Take the .pptx instead.") from None
