"""What it is to weaken a guard."""

from dataclasses import dataclass


class Moved(Exception):
    """The text that a weakening replaces is not there exactly once: the code has moved on."""


@dataclass(frozen=True)
class Weakening:
    """A change of a line or two that opens a hole, and the tests that must notice."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]
    wrong: str
    """What would go wrong, in a sentence."""

    def applied_to(self, whole: str) -> str:
        """The file with the guard weakened.

        Raises:
            Moved: the text is not there exactly once.
        """
        if whole.count(self.before) != 1 or self.before == self.after:
            raise Moved(f"{self.name}: {self.file} has the text {whole.count(self.before)} times, not once.")
        return whole.replace(self.before, self.after)
