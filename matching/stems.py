"""Content words of a text in Spanish, Portuguese or English, without number, gender and accents.

A light stemmer on purpose: it only joins what a job title varies by (desarrollador, desarrolladora, desarrolladores),
and it needs no language, so that a misjudged language costs nothing here.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from matching.text import fold, tokens

_SPANISH: Final = """
de del la el los las lo un una unos unas y e o u a al en con sin sobre entre para por su sus se que es son ser como
más muy no ni este esta estos estas ese esa sea ha han también otro otra otros otras cuando donde todo toda todos
todas desde hasta así pueden puede además mediante según cada etc
"""
_PORTUGUESE: Final = """
de do da dos das o a os as um uma uns umas e ou em no na nos nas ao aos à às com sem sobre entre para por pelo pela
pelos pelas seu sua seus suas se que é são ser como mais muito não nem este esta estes estas esse essa isso também
outro outra outros outras quando onde todo toda todos todas desde até assim podem pode além cada etc
"""
_ENGLISH: Final = """
the a an of and or in on at to for from with without by as is are be been being it its this that these those their
they them he she his her we our you your which who whom whose not no nor can may such also other others than then into
onto about over under between while when where all any each etc
"""

STOP_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "es": frozenset(fold(_SPANISH).split()),
    "pt": frozenset(fold(_PORTUGUESE).split()),
    "en": frozenset(fold(_ENGLISH).split()),
}
_ALL_STOP_WORDS: Final = frozenset().union(*STOP_WORDS.values())
_SHORTEST: Final = 5
_REMEMBERED: Final = 200_000


@lru_cache(_REMEMBERED)
def stem(word: str) -> str:
    """Cut the plural and the final vowel off a folded word of five letters or more."""
    if len(word) < _SHORTEST:
        return word
    singular = _singular(word)
    return singular[:-1] if len(singular) >= _SHORTEST and singular[-1] in "aoe" else singular


def stems(text: str) -> list[str]:
    """Stems of a text's words in order, stop words of all three languages left out."""
    folded = (word.text for word in tokens(fold(text)))
    return [stem(word) for word in folded if word not in _ALL_STOP_WORDS]


def _singular(word: str) -> str:
    if word.endswith(("oes", "aes")):
        return f"{word[:-3]}ao"
    if len(word) > _SHORTEST and word.endswith(("ais", "eis", "ois")):
        return f"{word[:-2]}l"
    if word.endswith("es") and word[-3] not in "aeiou":
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
