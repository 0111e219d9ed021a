"""The ledger of erasures: a file beside the database, so that a restored backup brings nobody back.

A line says who was erased and when, by id alone. It is on the disk before the database commits; so what is erased is
always in it, and what is in it may have to be erased still, if the process ended in between. A line without an end was
never on the disk for sure, and its erasure was never committed: it is cut off.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.errors import CannotStart
from app.core.settings import Settings
from app.talent.privacy.errors import LedgerUnwritable

FILE: Final = "erasures.ndjson"
LEDGER: Final = "erasure_ledger"
"""Key of a session's `info` under which the `Ledger` stands."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The file, which only ever grows."""

    path: Path

    def append(self, engineer_id: UUID, at: datetime) -> None:
        """Write a line and see it on the disk.

        Raises:
            LedgerUnwritable: it is not there for sure.
        """
        line = json.dumps({"engineer_id": str(engineer_id), "at": at.isoformat()}).encode() + b"\n"
        try:
            with self._held() as file:
                file.truncate(_end_of_last_line(file))
                file.seek(0, os.SEEK_END)
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as failure:
            raise LedgerUnwritable(f"The ledger of erasures cannot be written: {failure.strerror}.") from failure

    def read(self) -> list[UUID]:
        """Everybody in it, in the order in which they were erased, each once.

        Raises:
            CannotStart: it cannot be read, or a line within it makes no sense: nobody knows then whom to erase again.
        """
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as failure:
            raise CannotStart(f"The ledger of erasures {self.path} cannot be read: {failure.strerror}.") from failure
        # What follows the last end of a line is empty, or torn.
        return list(dict.fromkeys(self._read_line(at, line) for at, line in enumerate(lines[:-1], start=1)))

    def _read_line(self, at: int, line: bytes) -> UUID:
        try:
            return UUID(json.loads(line)["engineer_id"])
        except (ValueError, TypeError, KeyError, AttributeError):
            problem = f"The ledger of erasures {self.path} is damaged in line {at}: restore it before anything else."
            raise CannotStart(problem) from None

    @contextmanager
    def _held(self) -> Iterator[BinaryIO]:
        """The file, made when it is not there, to ourselves among all processes of this machine."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        if is_new:
            _settle(self.path.parent)


def ledger(settings: Settings) -> dict[str, Any]:
    """What sessions must know to write erasures down."""
    return {LEDGER: Ledger(settings.erasure_ledger or settings.state_dir / FILE)}


def ledger_of(session: AsyncSession) -> Ledger:
    """The ledger of the process."""
    found: Ledger = session.info[LEDGER]
    return found


def _end_of_last_line(file: BinaryIO) -> int:
    """Where the last whole line ends."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - 4096)
        file.seek(start)
        at = file.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def _settle(folder: Path) -> None:
    """See on the disk that the folder names a new file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
