"""What a file is, by its content: names and declared types say what their sender likes."""

from io import BytesIO
from typing import Final
from urllib.parse import quote
from zipfile import BadZipFile, ZipFile

PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT: Final = "application/vnd.oasis.opendocument.text"
MAGIC: Final = {b"%PDF-": PDF, b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
ZIP: Final = b"PK\x03\x04"
ODT_START: Final = b"mimetype" + ODT.encode()
CONTROLS: Final = frozenset(range(32)) - {9, 10, 12, 13}


def media_type_of(content: bytes) -> str | None:
    """The kind of document this is; None for any other."""
    for magic, media_type in MAGIC.items():
        if content.startswith(magic):
            return media_type
    if content.startswith(ZIP):
        return _office_type(content)
    return "text/plain" if _is_text(content) else None


def disposition(name: str) -> str:
    """A `Content-Disposition` that saves a file under its name, in any script (RFC 6266)."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " ._-()") else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _office_type(content: bytes) -> str | None:
    # OpenDocument keeps its type first and unpacked, so that it can be read like this.
    if ODT_START in content[:128]:
        return ODT
    try:
        with ZipFile(BytesIO(content)) as packed:
            return DOCX if {"[Content_Types].xml", "word/document.xml"} <= set(packed.namelist()) else None
    except (BadZipFile, ValueError, NotImplementedError, OSError):
        return None


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return bool(content) and CONTROLS.isdisjoint(content)
