"""How figures and lists are written in an explanation."""

from collections.abc import Sequence

from babel.numbers import get_currency_precision

from matching.profile import Cefr


def cefr(level: Cefr | int | None) -> str:
    """A level as it is written: B2, native."""
    return "unknown" if level is None else Cefr(level).name.replace("NATIVE", "native")


def in_years(years: float | None) -> str:
    """A number of years."""
    return f"{years or 0:g} year{'' if years == 1 else 's'}"


def in_days(days: int) -> str:
    """A number of days."""
    return f"{days} day{'' if days == 1 else 's'}"


def in_hours(minutes: int) -> str:
    """Minutes as hours and minutes."""
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes % 60 else f"{minutes // 60} h"


def in_money(minor: int, currency: str | None) -> str:
    """Minor units as an amount with its currency; a Chilean peso has none, a US dollar a hundred."""
    digits = get_currency_precision(currency) if currency else 2
    return f"{minor / 10**digits:.{digits}f} {currency or ''}".strip()


def sentence(phrases: Sequence[str]) -> str:
    """Phrases as one sentence."""
    text = "; ".join(phrases)
    return f"{text[:1].upper()}{text[1:]}."


def enumeration(items: Sequence[str]) -> str:
    """Items with commas and a last "and"."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
