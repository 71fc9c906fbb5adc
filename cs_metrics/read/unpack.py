"""Which kind of file it is, by its content and not its name; archives unpacked within limits."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePath
from typing import IO

MOST_BYTES = 256 << 20
MOST_FILES = 500
STARTS = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"RIFF": "a picture or a sound",
    b"%PDF": "a PDF document",
    b"{\\rtf": "a text document",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bz2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"SQLite format 3": "a database",
    b"ARROW1": "an Arrow file",
    b"Obj\x01": "an Avro file",
    b"MIME-Version": "a web archive",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
}
ADVICE = {
    "a database": "Give its address instead: sqlite:///path.",
    "a 7z archive": "Unpack it, or pack it as ZIP.",
    "a RAR archive": "Unpack it, or pack it as ZIP.",
    "a bz2 archive": "Unpack it, or pack it as ZIP.",
    "an xz archive": "Unpack it, or pack it as ZIP.",
}
EXPORT = "Export the data as CSV or XLSX."
INSIDE = {
    "word/": "a Word document",
    "ppt/": "a presentation",
    "Index/Document.iwa": "an Apple Numbers document",
    "Index/Tables": "an Apple Numbers document",
}


class Unfit(Exception):
    """A file that holds no tables; the message says what it is, ``advice`` what to do."""

    def __init__(self, problem: str, advice: str = EXPORT):
        super().__init__(problem)
        self.advice = advice


def kind_of(data: bytes) -> str:
    """What a file is by its first bytes: ``workbook``, ``parquet``, ``zip``, ``gzip`` or ``text``.

    Raises Unfit for what holds no tables.

    >>> kind_of(b"a,b"), kind_of(b"PAR1...")
    ('text', 'parquet')
    """
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _kind_of_archive(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Unfit("The workbook is protected by a password.", "Save it without one.")
        if "WordDocument".encode("utf-16-le") in data:
            raise Unfit("The file is a Word document, not a table.")
        return "workbook"
    if data.startswith(b"PAR1"):
        return "parquet"
    if data.startswith(b"\x1f\x8b"):
        return "gzip"
    for start, what in STARTS.items():
        if data.startswith(start):
            raise Unfit(f"The file is {what}, not a table.", ADVICE.get(what, EXPORT))
    return "text"


def _kind_of_archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if any(name.startswith("xl/") for name in names):
                return "workbook"
            for start, what in INSIDE.items():
                if any(name.startswith(start) for name in names):
                    raise Unfit(f"The file is {what}, not a table.")
            if "content.xml" in names and "mimetype" in names:
                if archive.getinfo("mimetype").file_size < 200 and b"spreadsheet" in archive.read("mimetype"):
                    return "workbook"
                raise Unfit("The file is a text document, not a table.")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error):
        if b"xl/" in data[:4000] or b"[Content_Types].xml" in data[:4000]:
            raise Unfit(
                "The workbook cannot be opened: it is damaged or cut off.", "Save it again as .xlsx, or as CSV."
            ) from None
        raise Unfit(
            "The archive cannot be opened: it is damaged or cut off.", "Save it again, or pack it again."
        ) from None
    return "zip"


def unpacked(name: str, data: bytes, kind: str) -> Iterator[tuple[str, bytes]]:
    """The files in an archive, by name and content. Raises Unfit for one that is too much, damaged or locked."""
    try:
        if kind == "gzip":
            inner = name[: -len(".gz")] if name.lower().endswith(".gz") else name
            yield inner, _read(gzip.GzipFile(fileobj=io.BytesIO(data)), MOST_BYTES)
            return
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [one for one in archive.infolist() if not one.is_dir() and not _is_of_the_system(one.filename)]
            if len(inside) > MOST_FILES or sum(one.file_size for one in inside) > MOST_BYTES:
                raise _too_much()
            left = MOST_BYTES
            for one in sorted(inside, key=lambda one: one.filename):
                if one.flag_bits & 1:
                    raise Unfit("The archive is protected by a password.", "Pack it without one.")
                with archive.open(one) as packed:
                    content = _read(packed, left)
                left -= len(content)
                yield f"{name}/{one.filename}", content
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError, ValueError):
        raise Unfit("The archive cannot be opened: it is damaged or cut off.", "Pack it again.") from None


def _read(packed: IO[bytes] | gzip.GzipFile, most: int) -> bytes:
    content = packed.read(most + 1)
    if len(content) > most:
        raise _too_much()
    return content


def _too_much() -> Unfit:
    return Unfit(
        f"The archive unpacks to more than {MOST_FILES} files or {MOST_BYTES >> 20} MB.",
        "Unpack it and give the files that hold the data.",
    )


def _is_of_the_system(name: str) -> bool:
    """Files that archives carry along: .DS_Store, __MACOSX, locks of open documents."""
    path = PurePath(name)
    return "__MACOSX" in path.parts or path.name.startswith((".", "~$"))


# --- text -------------------------------------------------------------------------------------------------------

MARKS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}
LATIN_9 = rb"[\xa4\xa6\xa8\xb4\xb8\xbc-\xbe]"


def as_utf8(data: bytes) -> tuple[bytes, str]:
    """The text as UTF-8, and the name of its encoding where it had to be assumed. Raises Unfit where it is no text.

    >>> as_utf8("Müller".encode("cp1252"))[1], as_utf8("5 €".encode("iso-8859-15"))[1]
    ('Windows-1252', 'ISO-8859-15')
    """
    encoding, assumed = _encoding(data)
    if encoding == "utf-8":
        return data, ""
    try:
        return data.decode(encoding).encode(), assumed
    except (UnicodeDecodeError, UnicodeEncodeError):
        raise Unfit("The file is not text, or it is cut off.", "Export it again as CSV.") from None


def _encoding(data: bytes) -> tuple[str, str]:
    """The encoding of a text, and its name where the text itself does not say."""
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return encoding, ""
    if b"\0" in data[:4000]:
        even, odd = data[:4000:2].count(0), data[1:4000:2].count(0)
        if max(even, odd) > 5 * min(even, odd) and max(even, odd) > len(data[:4000]) / 8:
            return ("utf-16-le" if odd > even else "utf-16-be"), "UTF-16"
    try:
        _ = data.isascii() or data.decode("utf-8")
    except UnicodeDecodeError:
        return _eight_bit(data)
    return "utf-8", ""


def _eight_bit(data: bytes) -> tuple[str, str]:
    """Of the Western encodings, the one in which the odd bytes make sense."""
    if re.search(rb"[\x81\x8d\x8f\x90\x9d]", data) or re.search(
        rb"[a-z][\x8a\x8e\x9f]|[A-Z][\x8a\x8e\x9f\x9a][a-z]", data
    ):
        return "mac-roman", "Mac Roman"
    if not re.search(rb"[\x80-\x9f]", data) and re.search(
        rb"\xa4[\s;,\t]*\d|\d\s*\xa4|\(k?\xa4\)|[A-Za-z\xc0-\xff]"
        + LATIN_9
        + rb"[a-z\xc0-\xff]|[;,\t\s]"
        + LATIN_9
        + rb"[a-z]{2}",
        data,
    ):
        return "iso-8859-15", "ISO-8859-15"
    return "cp1252", "Windows-1252"
