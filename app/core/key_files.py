"""Files that hold keys: made once, for their owner alone, never seen half written."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import CannotStart


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file with keys, what they are called, and the setting that could stand in for it."""

    path: Path
    noun: str
    setting: str

    def read(self) -> bytes | None:
        """What the file holds, when there is such a file."""
        try:
            return self.path.read_bytes().strip()
        except FileNotFoundError:
            return None
        except OSError as failure:
            raise CannotStart(f"The {self.noun} in {self.path} cannot be read: {failure.strerror}.") from failure

    def make(self, content: str) -> bytes:
        """Write a file that its owner alone may read; of two that try at once, both get the same."""
        draft = self._draft(content)
        try:
            # A link, because it refuses to replace, and because nobody can see half a key.
            with suppress(FileExistsError):
                os.link(draft, self.path)
            draft.unlink()
            self._settle()
        except OSError as failure:
            raise self._unkept(failure) from failure
        found = self.read()
        assert found is not None  # noqa: S101 - it has just been linked
        return found

    def replace(self, content: str) -> None:
        """Put new content in place of the old, whole or not at all, also through a power cut."""
        draft = self._draft(content)
        try:
            draft.replace(self.path)
            self._settle()
        except OSError as failure:
            raise self._unkept(failure) from failure

    def damaged(self) -> CannotStart:
        """What to raise when the content makes no sense."""
        return CannotStart(f"The {self.noun} in {self.path} is damaged: restore it, or set {self.setting}.")

    def _draft(self, content: str) -> Path:
        draft = self.path.with_name(f"{self.path.name}.{secrets.token_hex(8)}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(content + "\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError as failure:
            raise self._unkept(failure) from failure
        return draft

    def _settle(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _unkept(self, failure: OSError) -> CannotStart:
        line = f"The {self.noun} cannot be kept in {self.path}: {failure.strerror}. Set {self.setting}."
        return CannotStart(line)
