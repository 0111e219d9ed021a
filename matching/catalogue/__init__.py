"""The texts of explanations, one file a language: data, read once."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What one language says.

    `messages` by code, with `{name}` where a value goes; `units` by name and plural form, with `{n}`; `terms` by table
    and term; `places` are the first ranks in words, `seniority` the levels from 0 to 5.
    """

    messages: Mapping[str, str]
    units: Mapping[str, Mapping[str, str]]
    terms: Mapping[str, Mapping[str, str]]
    native: str
    places: Sequence[str]
    seniority: Sequence[str]


@cache
def catalogue_of(language: str) -> Catalogue:
    """The catalogue of one of `LANGUAGES`."""
    text = (Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8")
    read = tomllib.loads(text)
    return Catalogue(messages=read["messages"], units=read["units"], terms=read["terms"], **read["words"])
