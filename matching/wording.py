"""Messages put into a language: the catalogue's texts, with figures, dates, money and lists as people there write them.

Values are joined in, never formatted: a skill called `{0}` or `<b>` is shown as just that.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from matching.catalogue import catalogue_of
from matching.messages import LANGUAGES, MESSAGES, Kind, Message
from matching.profile import Cefr

LOCALES: Final[Mapping[str, str]] = {"en": "en_US", "es": "es_419", "pt": "pt_BR"}
"""Whose figures and dates each language is written with; es_419 is the Spanish of Latin America."""
REMEMBERED: Final = 8_192
"""Phrases each language keeps: those of a shortlist repeat from candidate to candidate."""
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_AS_WRITTEN: Final = frozenset({Kind.NAME, Kind.NAMES})
"""Kinds that begin a sentence as they are: iOS stays iOS."""
_CURRENCY: Final = "¤¤\N{NO-BREAK SPACE}#,##0.00"
"""With the code of the currency: there are a dozen dollars and as many pesos."""

Frozen = tuple[Any, ...]
"""A message as a key: its code, then its values, with tuples for lists and for messages within."""


class _Segment(NamedTuple):
    """A stretch of a template: text, or the value at a position, of a kind."""

    text: str
    kind: Kind | None = None
    at: int = 0


class Words:
    """What one language says.

    Args:
        language: one of `LANGUAGES`.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._at = LANGUAGES.index(language)
        self._locale = Locale.parse(LOCALES[language])
        self._catalogue = catalogue_of(language)
        self._templates = {code: _parsed(code, text) for code, text in self._catalogue.messages.items()}
        self._writers = {**self._writers_of_names(), **self._writers_of_figures()}
        self._spoken = lru_cache(REMEMBERED)(self._speak)

    def sentence(self, reason: Sequence[Message]) -> str:
        """Phrases as one sentence, with a capital unless it begins with a name."""
        text = "; ".join([self._phrase(message) for message in reason])
        if self._templates[reason[0]["code"]][0].kind in _AS_WRITTEN:
            return f"{text}."
        return f"{text[:1].upper()}{text[1:]}."

    def _phrase(self, message: Message) -> str:
        try:
            # Most values can be a key as they stand, which is quicker than to look at each.
            return self._spoken(tuple(message.values()))
        except TypeError:
            return self._spoken(_frozen(message))

    def name(self, names: Sequence[str] | str) -> str:
        """A name: this language's, or the only one there is."""
        return names if isinstance(names, str) else names[self._at]

    def term(self, table: str, term: str) -> str:
        """A word of the trade; one that nobody translated stays as it is."""
        return self._catalogue.terms[table].get(term, term)

    def money(self, minor: int, currency: str | None) -> str:
        """Minor units as an amount with its currency; a Chilean peso has none, a US dollar a hundred."""
        if currency is None:
            return self._number(minor / 100)
        digits = get_currency_precision(currency)
        return format_currency(minor / 10**digits, currency, _CURRENCY, locale=self._locale)

    def _speak(self, message: Frozen) -> str:
        code, *values = message
        return "".join(
            [
                self._writers[segment.kind](values[segment.at]) if segment.kind else segment.text
                for segment in self._templates[code]
            ]
        )

    def _writers_of_names(self) -> dict[Kind, Callable[[Any], str]]:
        territories = self._locale.territories
        return {
            Kind.NAME: str,
            Kind.NAMES: self._list,
            Kind.CONCEPT: self.name,
            Kind.ABILITIES: lambda abilities: self._list([self._ability(one) for one in abilities]),
            Kind.MODES: lambda modes: self._list([self.term("mode", mode) for mode in modes]),
            Kind.CEFR: self._cefr,
            Kind.SENIORITY: lambda rank: self._catalogue.seniority[rank],
            Kind.DISCIPLINE: lambda discipline: self.term("discipline", discipline),
            Kind.PARTS: lambda parts: self._list([self.term("part", part) for part in parts]),
            Kind.DATUM: lambda datum: self.term("datum", datum),
            Kind.GATES: lambda gates: self._list([self._gate(gate) for gate in gates]),
            Kind.COUNTRY: lambda country: territories.get(country, country),
            Kind.COUNTRIES: lambda countries: self._list([territories.get(one, one) for one in countries]),
            Kind.PHRASE: self._spoken_within,
        }

    def _writers_of_figures(self) -> dict[Kind, Callable[[Any], str]]:
        units = {
            kind: self._unit(kind.value)
            for kind in (Kind.YEARS, Kind.DAYS, Kind.STEPS, Kind.SKILLS, Kind.PLACEMENTS, Kind.WEEKLY_HOURS)
        }
        return {
            **units,
            Kind.HOURS: _hours,
            Kind.DATE: lambda day: format_date(date.fromisoformat(day), "long", locale=self._locale),
            Kind.MONEY: lambda amount: self.money(*amount),
            Kind.PERCENT: lambda share: format_percent(share, locale=self._locale),
            Kind.SCORE: lambda score: format_decimal(score, "0.00", locale=self._locale),
            Kind.COUNT: self._number,
            Kind.PLACE: self._place,
        }

    def _spoken_within(self, message: Frozen) -> str:
        return self._spoken(message)

    def _list(self, items: Sequence[str]) -> str:
        return format_list(list(items), locale=self._locale)

    def _ability(self, ability: str) -> str:
        mode, _, level = ability.partition(":")
        return f"{self.term('mode', mode)} {self._cefr(level)}"

    def _cefr(self, level: str) -> str:
        return self._catalogue.native if level == Cefr.NATIVE.name else level

    def _gate(self, gate: str) -> str:
        kind, _, name = gate.partition(":")
        return name or self.term("gate", kind)

    def _number(self, number: float) -> str:
        return format_decimal(number, locale=self._locale)

    def _unit(self, unit: str) -> Callable[[float], str]:
        forms = self._catalogue.units[unit]

        def written(number: float) -> str:
            whole = int(number) if number == int(number) else number
            return _filled(forms.get(self._locale.plural_form(whole), forms["other"]), self._number(whole))

        return written

    def _place(self, place: int) -> str:
        if place <= len(self._catalogue.places):
            return self._catalogue.places[place - 1]
        forms = self._catalogue.units["place"]
        return _filled(forms.get(self._locale.ordinal_form(place), forms["other"]), self._number(place))


@cache
def words_in(language: str) -> Words:
    """What a language says; built once."""
    return Words(language)


def _parsed(code: str, template: str) -> tuple[_Segment, ...]:
    """Cut a template at its placeholders.

    Raises:
        KeyError: it names a value that the message does not have.
    """
    kinds = MESSAGES[code]
    places = list(kinds)
    # Every second piece is the name between two braces.
    pieces = enumerate(_PLACEHOLDER.split(template))
    segments = [_Segment("", kinds[piece], places.index(piece)) if at % 2 else _Segment(piece) for at, piece in pieces]
    return tuple(segment for segment in segments if segment.kind or segment.text)


def _frozen(message: Message) -> Frozen:
    return tuple([_hashable(value) if type(value) in _CONTAINERS else value for value in message.values()])


_CONTAINERS: Final = frozenset({list, tuple, dict})


def _hashable(value: Any) -> Frozen:
    return _frozen(value) if isinstance(value, dict) else tuple(value)


def _filled(form: str, number: str) -> str:
    return form.replace("{n}", number)


def _hours(minutes: int) -> str:
    """Minutes as hours and minutes, whose symbols are the same everywhere."""
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes % 60 else f"{minutes // 60} h"
