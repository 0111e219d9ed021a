"""Finding the first bad record, in an export or in the database, from the same lines.

A chain is a line with its end, its checkpoints, and its records in order; chains come in the order of their keys. An
export ends with a seal: a digest of every byte before it, signed. Nothing here needs a database.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from pydantic_core import from_json

from app.audit.canonical import GENESIS, SYSTEM, Values, canonical, hash_of
from app.audit.signing import is_signed, signed
from app.core.clock import utcnow


class Tampered(Exception):
    """The record is not as it was written; names the first place where that shows."""

    def __init__(self, detail: str, *, chain: str | None = None, sequence: int | None = None, id_: str | None = None):
        self.detail = detail
        self.chain = chain
        self.sequence = sequence
        self.id = id_
        super().__init__(detail)

    def __str__(self) -> str:
        if self.chain is None:
            return self.detail
        whose = "the system" if self.chain == str(SYSTEM) else f"organisation {self.chain}"
        which = "" if self.id is None else f" ({self.id})"
        return f"Record {self.sequence}{which} of {whose} {self.detail}."


class Verification:
    """Sees the lines one after the other, and raises `Tampered` at the first that is wrong.

    Without a `key`, signatures count for nothing.
    """

    def __init__(self, key: bytes | None) -> None:
        self.records = 0
        self.chains = 0
        self._key = key
        self._chain: _Chain | None = None

    def see(self, line: Values) -> None:
        """The next line."""
        match line.get("kind"):
            case "chain":
                self._begin(line)
            case "checkpoint" if self._chain is not None:
                self._chain.checkpoint(line)
            case "record" if self._chain is not None:
                self._chain.record(line)
                self.records += 1
            case _:
                raise Tampered("There is a line that belongs to no chain.")

    def finish(self) -> None:
        """There are no more lines."""
        if self._chain is not None:
            self._chain.finish()
            self._chain = None

    def unreadable(self, number: int) -> Tampered:
        """What to say of a line that cannot be read: which record was to come, as far as that is known."""
        detail = f"cannot be read: line {number} is not as it was written"
        if self._chain is None:
            return Tampered(f"Line {number} is not as it was written.")
        return Tampered(detail, chain=self._chain.key, sequence=self._chain.due)

    def _begin(self, line: Values) -> None:
        before = "" if self._chain is None else self._chain.key
        self.finish()
        self._chain = _Chain(line, self._key)
        self.chains += 1
        if self._chain.key <= before:
            raise Tampered(f"The chain of {self._chain.key} stands after that of {before}.")


class _Chain:
    """One chain, as far as it has been seen."""

    def __init__(self, line: Values, key: bytes | None) -> None:
        self.key = str(line.get("organisation_id"))
        self._end = line
        self._signing_key = key
        self._checkpoints: dict[int, Values] = {}
        self._sequence = 0
        self._hash = GENESIS

    @property
    def due(self) -> int:
        """The sequence of the record to come."""
        return self._sequence + 1

    def checkpoint(self, line: Values) -> None:
        """A checkpoint: they all come before the records, which are held against them."""
        sequence = line.get("sequence")
        if not isinstance(sequence, int) or sequence in self._checkpoints or self._sequence:
            raise Tampered(f"A checkpoint of {self.key} is not in its place.")
        self._checkpoints[sequence] = line

    def record(self, line: Values) -> None:
        """The next record."""
        record = {name: value for name, value in line.items() if name != "kind"}
        due, found = self.due, record.get("sequence")
        if (record.get("organisation_id") or str(SYSTEM)) != self.key:
            raise self._bad(due, record, "stands in a chain that is not its own")
        if found != due:
            earlier = isinstance(found, int) and found < due
            detail = "is out of place" if earlier else f"is missing, or was moved: record {found} stands in its place"
            raise self._bad(found if earlier else due, record, detail)
        if record.get("hash") != hash_of(record):
            raise self._bad(due, record, "is not as it was written")
        if record.get("previous_hash") != self._hash:
            raise self._bad(due, record, "does not follow the record before it")
        if due > self._end_sequence():
            raise self._bad(due, record, f"is beyond the end of its chain, which is said to be {self._end_sequence()}")
        self._hold_against_checkpoint(due, record)
        self._sequence, self._hash = due, record["hash"]

    def finish(self) -> None:
        """The chain has no more records: this must be its end."""
        signed_up_to = max(self._checkpoints, default=0)
        if self._sequence < max(self._end_sequence(), signed_up_to):
            detail = f"is missing: the chain goes on to {max(self._end_sequence(), signed_up_to)}"
            raise Tampered(detail, chain=self.key, sequence=self.due)
        if self._hash != self._end.get("hash"):
            raise Tampered("is not the one its chain is said to end with", chain=self.key, sequence=self._sequence)
        if self._checkpoints:
            raise Tampered(f"There is a checkpoint of {self.key} for a record that cannot be.")

    def _end_sequence(self) -> int:
        end = self._end.get("sequence")
        return end if isinstance(end, int) else -1

    def _hold_against_checkpoint(self, sequence: int, record: Values) -> None:
        checkpoint = self._checkpoints.pop(sequence, None)
        if checkpoint is None:
            return
        if checkpoint.get("hash") != record["hash"]:
            raise self._bad(sequence, record, "is not the one its checkpoint was made for")
        if self._signing_key is not None and not is_signed(checkpoint, self._signing_key):
            raise self._bad(sequence, record, "has a checkpoint that the audit key did not sign")

    def _bad(self, sequence: Any, record: Values, detail: str) -> Tampered:
        return Tampered(detail, chain=self.key, sequence=sequence, id_=str(record.get("id")))


def export(lines: Iterable[Values], key: bytes) -> Iterator[bytes]:
    """The bytes of an export: the lines, and the seal under them."""
    writing = Export()
    yield from map(writing.line, lines)
    yield writing.seal(key)


class Export:
    """Writes lines down, and counts what the seal will say."""

    def __init__(self) -> None:
        self._digest = sha256()
        self._lines = 0

    def line(self, line: Values) -> bytes:
        """The next line."""
        text = canonical(line) + b"\n"
        self.passed(text)
        return text

    def passed(self, text: bytes) -> None:
        """A line that is written already."""
        self._digest.update(text)
        self._lines += 1

    def seal(self, key: bytes) -> bytes:
        """The last line."""
        content = {"kind": "seal", "digest": self._digest.hexdigest(), "lines": self._lines, "made_at": utcnow()}
        return canonical(signed(content, key)) + b"\n"

    def is_sealed_by(self, line: Values, key: bytes | None) -> bool:
        """Whether a seal is the one of these lines."""
        same = line.get("digest") == self._digest.hexdigest() and line.get("lines") == self._lines
        return same and (key is None or is_signed(line, key))


def verify_export(texts: Iterable[bytes], key: bytes | None) -> Verification:
    """Check the lines of an export; return what was counted.

    Raises:
        Tampered: it is not what was exported.
    """
    verification, written, seal = Verification(key), Export(), None
    for number, text in enumerate(texts, 1):
        if seal is not None:
            raise Tampered(f"Line {number} stands behind the seal.")
        line = read_line(text)
        if line is None:
            raise verification.unreadable(number)
        if line.get("kind") == "seal":
            seal = line
        else:
            verification.see(line)
            written.passed(text)
    verification.finish()
    if seal is None:
        raise Tampered("The export was cut: it has no seal.")
    if not written.is_sealed_by(seal, key):
        raise Tampered("The seal is not the one this export was given.")
    return verification


def read_line(text: bytes) -> Values | None:
    """The content of a line, if it is written in the one way it can be."""
    try:
        line = from_json(text, allow_inf_nan=False)
        return line if isinstance(line, dict) and canonical(line) + b"\n" == text else None
    except ValueError:
        return None
