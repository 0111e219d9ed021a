"""Reading ESCO's tables as an operator downloads them.

ESCO is © European Union, reused under Commission Decision 2011/833/EU; each entry keeps its attribution. Whatever is
not as it should be is refused with the file's name and the line: half a thesaurus is worse than none.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from matching.errors import TaxonomyInvalid
from matching.thesaurus import LANGUAGES, Entry

ESCO_ATTRIBUTION: Final = "ESCO, © European Union, https://esco.ec.europa.eu"
LONGEST_LABEL: Final = 1_000
"""Letters of a label; ESCO's longest has about 300."""
LARGEST_FILE: Final = 200 * 1024 * 1024
_ROOT: Final = "http://data.europa.eu/esco/"
_CONCEPT: Final = re.compile(r"[A-Za-z][\w-]*/[\w.-]{1,100}", re.ASCII)
_CSV_NAME: Final = re.compile(r"(?:occupations|skills)_([a-z]{2})\.csv")
_CSV_LANGUAGE: Final = re.compile(r"_([a-z]{2})\.csv$")
_CORPUS_NAME: Final = re.compile(r"([a-z]{2})(?:_corpus)?\.tsv$")
_RELEASE: Final = re.compile(r"v(\d+\.\d+(?:\.\d+)*)")
_USED: Final = ("", "released")
"""States of a concept whose names are taken; files of before version 1.1 do not say any."""

Label = tuple[str, str, str]
"""Concept, language, name."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Files that hold names, those that were passed over, and the release that their folders name."""

    files: tuple[Path, ...]
    passed_over: tuple[Path, ...]
    release: str


@dataclass(slots=True)
class _Table:
    """One file while it is read."""

    file: Path
    first_lines: dict[str, int] = field(default_factory=dict)

    def refused(self, line: int, why: str) -> TaxonomyInvalid:
        return TaxonomyInvalid(f"{self.file.name}, line {line}: {why}")

    def once(self, line: int, concept: str) -> None:
        """Refuse a concept that had a row before."""
        first = self.first_lines.setdefault(concept, line)
        if first != line:
            raise self.refused(line, f"{concept} is in line {first} already")

    def concept(self, line: int, written: str) -> str:
        found = written.strip().removeprefix(_ROOT)
        if not _CONCEPT.fullmatch(found):
            raise self.refused(line, "this is no concept of ESCO's: its URI is missing or strange")
        return found

    def label(self, line: int, written: str) -> str:
        """A name with single spaces, and without characters nobody sees."""
        if len(written) > LONGEST_LABEL:
            raise self.refused(line, f"a name of {len(written)} letters; at most {LONGEST_LABEL} are names")
        if not written.isprintable():
            for char in written:
                if unicodedata.category(char) == "Cc" and char not in "\t\r\n":
                    raise self.refused(line, f"the control character U+{ord(char):04X} stands in a name")
            written = "".join(char for char in written if unicodedata.category(char) != "Cf")
        return " ".join(unicodedata.normalize("NFC", written).split())


def find_tables(paths: Iterable[Path], languages: Collection[str] = LANGUAGES) -> Tables:
    """The files to read: those named, and of a folder those that hold names in these languages.

    Of ESCO's own download that is `occupations_xx.csv` and `skills_xx.csv`, wherever in the folder.

    Raises:
        TaxonomyInvalid: there is none, or one name occurs twice, as in the folders of two releases.
    """
    files: list[Path] = []
    passed_over: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        for file in sorted(path.rglob("*.[ct]sv")):
            (files if _holds_names(file, languages) else passed_over).append(file)
    if not files:
        raise TaxonomyInvalid("there is no file with ESCO's names, such as occupations_en.csv or skills_en.csv")
    seen: dict[str, Path] = {}
    for file in files:
        if seen.setdefault(file.name, file) is not file:
            raise TaxonomyInvalid(f"{file.name} is there twice, in {seen[file.name].parent} and in {file.parent}")
    releases = {found[1] for file in files if (found := _RELEASE.search(file.absolute().parent.name))}
    if len(releases) > 1:
        raise TaxonomyInvalid(f"the files are of several releases: {', '.join(sorted(releases))}")
    return Tables(tuple(files), tuple(passed_over), releases.pop() if releases else "")


def read_esco(
    files: Iterable[Path], languages: Collection[str] = LANGUAGES, *, progress: Callable[[int], None] | None = None
) -> list[Entry]:
    """Read ESCO's tables; the names of one concept in several files and languages become one entry.

    Three layouts are known by their headers: ESCO's own CSV (`occupations_es.csv`: conceptUri, preferredLabel,
    altLabels), a tab-separated table with `label_xx` and `alt_xx` columns, and one with a label a line
    (`esco_concept`, `label`; the language is the file's name before `_corpus`, as in `pt.pt_corpus.tsv`). `progress`
    hears how many files are read.

    Raises:
        TaxonomyInvalid: a file is unreadable, has none of these layouts, or a line is not as it should be.
    """
    gathered: dict[str, dict[str, dict[str, None]]] = {}
    for file in files:
        for concept, language, label in _labels_of(file):
            if label and language in languages:
                gathered.setdefault(concept, {}).setdefault(language, {})[label] = None
        if progress is not None:
            progress(1)
    return [
        Entry(concept, {language: tuple(labels) for language, labels in names.items()}, ESCO_ATTRIBUTION)
        for concept, names in gathered.items()
    ]


def _holds_names(file: Path, languages: Collection[str]) -> bool:
    if file.suffix == ".csv":
        found = _CSV_NAME.fullmatch(file.name)
        return found is not None and found[1] in languages
    with file.open("rb") as opened:
        columns = opened.readline(10_000).decode("utf-8-sig", "replace").strip().split("\t")
    return "esco_concept" in columns and any(column.startswith("label") for column in columns)


def _labels_of(file: Path) -> Iterator[Label]:
    table = _Table(file)
    text = _text_of(table)
    if "\t" in text.partition("\n")[0]:
        header, rows = _tab_separated(table, text)
    else:
        header, rows = _comma_separated(table, text)
    columns = set(header)
    if {"conceptUri", "preferredLabel"} <= columns:
        return _from_esco_csv(table, rows)
    if "esco_concept" in columns and any(f"label_{language}" in columns for language in LANGUAGES):
        return _from_parallel_table(table, rows)
    if {"esco_concept", "label"} <= columns:
        return _from_corpus(table, rows)
    known = ", ".join(header[:8])[:200]
    raise TaxonomyInvalid(f"{file.name} is not a table of ESCO labels: conceptUri and preferredLabel miss in {known!r}")


def _text_of(table: _Table) -> str:
    try:
        if table.file.stat().st_size > LARGEST_FILE:
            raise TaxonomyInvalid(f"{table.file.name} is larger than any file of ESCO's")
        content = table.file.read_bytes()
    except OSError as error:
        raise TaxonomyInvalid(f"{table.file.name} cannot be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise table.refused(line, "this is not UTF-8 text; save the file as UTF-8") from error
    if not text.strip():
        raise TaxonomyInvalid(f"{table.file.name} is empty")
    return text


def _comma_separated(table: _Table, text: str) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    rows = _numbered(table, text)
    header = next(rows)[1]
    return header, _by_column(table, header, rows)


def _numbered(table: _Table, text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line each begins in; a cell may run over several."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise table.refused(line, f"from here on it is no CSV: {error}") from error
        yield line, row


def _by_column(
    table: _Table, header: Sequence[str], rows: Iterable[tuple[int, list[str]]]
) -> Iterator[tuple[int, dict[str, str]]]:
    for line, row in rows:
        if row and len(row) != len(header):
            raise table.refused(line, f"{len(row)} cells where the header has {len(header)}; is the file whole?")
        if row:
            yield line, dict(zip(header, row, strict=True))


def _tab_separated(table: _Table, text: str) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """Rows by their header; these files quote nothing, and a row may end before its last empty columns."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    header = lines[0].split("\t")

    def rows() -> Iterator[tuple[int, dict[str, str]]]:
        for number, line in enumerate(lines[1:], start=2):
            cells = line.split("\t")
            if len(cells) > len(header):
                raise table.refused(number, f"{len(cells)} cells where the header has {len(header)}")
            if line.strip():
                yield number, dict.fromkeys(header, "") | dict(zip(header, cells, strict=False))

    return header, rows()


def _from_esco_csv(table: _Table, rows: Iterable[tuple[int, Mapping[str, str]]]) -> Iterator[Label]:
    language = _language_of(table.file, _CSV_LANGUAGE, "as occupations_es.csv does")
    for line, row in rows:
        concept = table.concept(line, row["conceptUri"])
        table.once(line, concept)
        if row.get("status", "").strip() in _USED:
            for label in (row["preferredLabel"], *row.get("altLabels", "").splitlines()):
                yield concept, language, table.label(line, label)


def _from_parallel_table(table: _Table, rows: Iterable[tuple[int, Mapping[str, str]]]) -> Iterator[Label]:
    for line, row in rows:
        concept = table.concept(line, row["esco_concept"])
        table.once(line, concept)
        for language in LANGUAGES:
            for label in (row.get(f"label_{language}", ""), *row.get(f"alt_{language}", "").split(" | ")):
                yield concept, language, table.label(line, label)


def _from_corpus(table: _Table, rows: Iterable[tuple[int, Mapping[str, str]]]) -> Iterator[Label]:
    language = _language_of(table.file, _CORPUS_NAME, "as pt.pt_corpus.tsv does")
    for line, row in rows:
        yield table.concept(line, row["esco_concept"]), language, table.label(line, row["label"])


def _language_of(file: Path, pattern: re.Pattern[str], example: str) -> str:
    found = pattern.search(file.name)
    if found is None:
        raise TaxonomyInvalid(f"the name of {file.name} does not end on its language, {example}")
    if found[1] not in LANGUAGES:
        raise TaxonomyInvalid(f"{file.name} is in the language {found[1]}; Puente reads {', '.join(LANGUAGES)}")
    return found[1]
