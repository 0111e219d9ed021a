"""Labelled sets in the layout of `../shared/data`: queries, documents and which answer which."""

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matching.esco import read_esco
from matching.thesaurus import Entry

NO_LABEL = ("LABEL NOT PRESENT", "UNDERSPECIFIED")
ESCO_FILES = (
    "lexicon/esco_occupations_en_es.tsv",
    "lexicon/esco_digital_skills_en_es.tsv",
    # Stands for ESCO's own occupations_pt.csv, which the lexicon lacks: its labels by concept, no query among them.
    "title_link/pt.pt_corpus.tsv",
)


@dataclass(frozen=True)
class LabelledSet:
    """One slice: `relevant` holds, for each query, the numbers of the documents that answer it.

    `pool` says that the documents are what people call themselves, as in a pool of profiles, and no fixed list.
    """

    name: str
    metric: str
    queries: list[str]
    documents: list[str]
    relevant: list[NDArray[np.int64]]
    pool: bool = False


def find_data(given: str | None) -> Path:
    """Folder of the data: the argument's, PUENTE_BENCH_DATA, or ../shared/data."""
    folder = Path(given or os.environ.get("PUENTE_BENCH_DATA") or "../shared/data")
    if not (folder / "title_match" / "en.queries.tsv").is_file():
        raise SystemExit(f"There are no labelled sets in {folder}: give --data PATH or set PUENTE_BENCH_DATA.")
    return folder


def read_entries(data: Path) -> list[Entry]:
    """ESCO's names, read as an operator's import reads them."""
    return read_esco([data / name for name in ESCO_FILES])


def read_sets(data: Path) -> Iterator[LabelledSet]:
    """Every slice, the small ones first."""
    for language in ("en", "es"):
        folder = data / "title_match"
        yield _from_tables(
            f"title_match_{language}",
            "map",
            dict(_rows(folder / f"{language}.queries.tsv")),
            dict(_rows(folder / f"{language}.corpus.tsv")),
            _judgements(folder / f"{language}.qrels.tsv"),
            pool=True,
        )
    yield from (_skill_linking(data, name) for name in ("tech", "house"))
    yield from (_parallel(data, name, file) for name, file in (("digital", "digital_skills"), ("occupations",) * 2))
    yield _from_tables(
        "jd_to_cv",
        "map",
        _texts(data / "jd_to_cv_ro" / "queries.jsonl"),
        _texts(data / "jd_to_cv_ro" / "corpus.jsonl"),
        _judgements(data / "jd_to_cv_ro" / "qrels.tsv"),
    )
    for language, target in (("pt", "pt"), ("pt", "en"), ("es", "es"), ("es", "en")):
        folder = data / "title_link"
        yield _from_tables(
            f"title_link_{language}_{target}",
            "mrr",
            dict(_rows(folder / f"{language}.queries.tsv")),
            {row[0]: row[2] for row in _rows(folder / f"{language}.{target}_corpus.tsv")},
            _judgements(folder / f"{language}.to_{target}.qrels.tsv"),
        )


def _skill_linking(data: Path, name: str) -> LabelledSet:
    lines = (data / "lexicon" / "esco_skill_labels_en.txt").read_text(encoding="utf-8").splitlines()
    labels = {label: label for label in lines if label.strip()}
    judged: dict[str, dict[str, None]] = {}
    with (data / "skill_linking" / f"{name}_validation.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["label"] not in NO_LABEL and row["label"] in labels:
                judged.setdefault(row["span"], {})[row["label"]] = None
    spans = {span: span for span in judged}
    return _from_tables(
        f"skill_linking_{name}", "mrr", spans, labels, {span: set(found) for span, found in judged.items()}
    )


def _parallel(data: Path, name: str, file: str) -> LabelledSet:
    rows = _rows(data / "parallel_text" / f"{file}.tsv")
    return _from_tables(
        f"parallel_{name}",
        "mrr",
        {concept: spanish for concept, spanish, _ in rows},
        {concept: english for concept, _, english in rows},
        {concept: {concept} for concept, _, _ in rows},
    )


def _from_tables(
    name: str,
    metric: str,
    queries: dict[str, str],
    documents: dict[str, str],
    judged: dict[str, set[str]],
    *,
    pool: bool = False,
) -> LabelledSet:
    number = {identifier: at for at, identifier in enumerate(documents)}
    asked = [identifier for identifier in queries if judged.get(identifier)]
    relevant = [np.asarray(sorted(number[one] for one in judged[query] if one in number)) for query in asked]
    return LabelledSet(name, metric, [queries[query] for query in asked], list(documents.values()), relevant, pool)


def _rows(file: Path) -> list[list[str]]:
    return [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()[1:]]


def _judgements(file: Path) -> dict[str, set[str]]:
    judged: dict[str, set[str]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        query, _, document, relevance = line.split("\t")
        if int(relevance) > 0:
            judged.setdefault(query, set()).add(document)
    return judged


def _texts(file: Path) -> dict[str, str]:
    rows = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return {row["id"]: row["text"] for row in rows}
