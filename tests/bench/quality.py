"""How well Puente finds what people labelled, beside what it must beat.

    python -m tests.bench.quality [--data PATH] [--json-all] [--parts] [--sets NAME ...]

Systems: word BM25, accent-folded character n-grams, the model alone, and Puente (matching.fusion.search) with the
project's own lexicons alone and with ESCO imported. People's titles (title_match) are measured by a background, as in a
pool of profiles; fixed lists and long texts by their own statistics. For each set: MAP, nDCG@10, MRR, recall@100, a
95 % bootstrap interval over queries of the set's own measure, and the paired interval of what Puente with ESCO gains
over each system. The last line is JSON, one key a set: Puente with ESCO.
"""

import argparse
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from matching import Encoder, SentenceTransformerEncoder, Taxonomy
from matching.encoder import Progress
from matching.evidence import EVIDENCES, Background, Documents, ask
from matching.fusion import search
from matching.knowledge import Knowledge
from matching.lexical import Bm25, bag
from matching.metrics import average_precision_of, ndcg_of, ranks_of, recall_of, reciprocal_rank_of
from matching.ngrams import Ngrams
from matching.text import fold, tokens
from matching.thesaurus import entries_of
from tests.bench.labelled import LabelledSet, find_data, read_entries, read_sets

Scorer = Callable[[int, int], NDArray[np.float32]]
Figures = dict[str, NDArray[np.float64]]

MEASURES = ("map", "ndcg10", "mrr", "recall100")
OURS = "puente_esco"
QUERIES_AT_ONCE = 100
RESAMPLES = 1000
SEED = 7
SAVED_AT_ONCE = 10_000
DIGEST = 12


class CachedEncoder:
    """The production encoder, remembering vectors on disk as float16 under text and model, so that a rerun is quick."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._folder = folder / encoder.model_hash
        self._folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[bytes, NDArray[np.float16]] = {}
        for file in sorted(self._folder.glob("*.npz")):
            with np.load(file) as saved:
                digests, vectors = saved["digests"], saved["vectors"]
            self._known.update((digest.tobytes(), vector) for digest, vector in zip(digests, vectors, strict=True))
        self.model_id, self.model_hash, self.dimension = encoder.model_id, encoder.model_hash, encoder.dimension

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        digests = [hashlib.blake2b(text.encode(), digest_size=DIGEST).digest() for text in texts]
        unknown = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in self._known}
        for start in range(0, len(unknown), SAVED_AT_ONCE):
            self._learn(dict(list(unknown.items())[start : start + SAVED_AT_ONCE]), progress)
        vectors = [self._known[digest] for digest in digests]
        return np.stack(vectors).astype(np.float32) if vectors else np.zeros((0, self.dimension), np.float32)

    def _learn(self, texts: dict[bytes, str], progress: Progress | None) -> None:
        vectors = self._encoder.encode(list(texts.values()), progress=progress).astype(np.float16)
        self._known.update(zip(texts, vectors, strict=True))
        digests = np.frombuffer(b"".join(texts), dtype=np.uint8).reshape(-1, DIGEST)
        name = hashlib.sha256(digests.tobytes()).hexdigest()[:16]
        np.savez(self._folder / f"{name}.npz", digests=digests, vectors=vectors)


def main() -> None:
    """Measure and print."""
    arguments = parse()
    logging.disable(logging.WARNING)
    data = find_data(arguments.data)
    encoder = CachedEncoder(SentenceTransformerEncoder(), Path(arguments.cache))
    start = perf_counter()
    own = entries_of(Taxonomy.load(Path(arguments.seed_data)))
    knowledge = {
        "puente": Knowledge(own, encoder, adapted=not arguments.without_adapter),
        OURS: Knowledge([*own, *read_entries(data)], encoder, adapted=not arguments.without_adapter),
    }
    print(f"Learned from names in {perf_counter() - start:.0f} s.", flush=True)
    everything: dict[str, dict[str, float]] = {}
    for labelled in read_sets(data):
        if not arguments.sets or labelled.name in arguments.sets:
            measured = measure(labelled, encoder, knowledge, with_parts=arguments.parts)
            report(labelled, measured)
            for system, figures in measured.items():
                for name in MEASURES:
                    everything.setdefault(system, {})[f"{labelled.name}_{name}"] = round(float(figures[name].mean()), 4)
            everything.setdefault("headline", {})[f"{labelled.name}_{labelled.metric}"] = round(
                float(measured[OURS][labelled.metric].mean()), 4
            )
    headline = everything.pop("headline", {})
    print(json.dumps(everything if arguments.json_all else headline))


def parse() -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder of the labelled sets (PUENTE_BENCH_DATA, ../shared/data)")
    parser.add_argument("--cache", default="var/bench/quality", help="where encodings are kept between runs")
    parser.add_argument("--seed-data", default="seed_data")
    parser.add_argument("--sets", nargs="*", help="only these sets")
    parser.add_argument("--parts", action="store_true", help="also measure each single part of Puente")
    parser.add_argument("--without-adapter", action="store_true", help="leave the encoder's vectors as they are")
    parser.add_argument("--json-all", action="store_true", help="last line: all systems and measures")
    return parser.parse_args()


def measure(
    labelled: LabelledSet, encoder: Encoder, knowledge: dict[str, Knowledge], *, with_parts: bool
) -> dict[str, Figures]:
    """Figures of each query under each system."""
    measured = {}
    for system, scorer in systems(labelled, encoder, knowledge, with_parts=with_parts):
        start = perf_counter()
        measured[system] = figures_of(labelled, scorer)
        measured[system]["seconds"] = np.asarray([perf_counter() - start])
    return measured


def systems(
    labelled: LabelledSet, encoder: Encoder, knowledge: dict[str, Knowledge], *, with_parts: bool
) -> Iterator[tuple[str, Scorer]]:
    """What is compared; each scores some of the queries against all documents."""
    bags = [[bag([word.text for word in tokens(fold(text))]) for text in side] for side in _sides(labelled)]
    words = Bm25(bags[1])
    yield "bm25", lambda start, stop: words.scores(bags[0][start:stop])
    letters = Ngrams(labelled.documents)
    yield "ngrams", lambda start, stop: letters.scores(labelled.queries[start:stop])
    vectors = [encoder.encode(side) for side in _sides(labelled)]
    yield "model", lambda start, stop: vectors[0][start:stop] @ vectors[1].T
    for name, known in knowledge.items():
        background = Background(known) if labelled.pool else None
        documents = Documents(known.read(labelled.documents), known, background)
        queries = known.read_requests(labelled.queries)
        yield name, lambda start, stop, d=documents, q=queries: search(d, q.rows(start, stop))
        if with_parts:
            for part in EVIDENCES:
                yield (
                    f"{name}:{part}",
                    lambda start, stop, d=documents, q=queries, p=part: d.evidence(
                        ask(q.rows(start, stop), d.knowledge)
                    )[p],
                )


def _sides(labelled: LabelledSet) -> tuple[list[str], list[str]]:
    return labelled.queries, labelled.documents


def figures_of(labelled: LabelledSet, scorer: Scorer) -> Figures:
    """Each measure of each query."""
    ranks = []
    for start in range(0, len(labelled.queries), QUERIES_AT_ONCE):
        scores = scorer(start, start + QUERIES_AT_ONCE)
        ranks.extend(ranks_of(row, relevant) for row, relevant in zip(scores, labelled.relevant[start:], strict=False))
    return {
        "map": np.asarray([average_precision_of(one) for one in ranks]),
        "ndcg10": np.asarray([ndcg_of(one, 10) for one in ranks]),
        "mrr": np.asarray([reciprocal_rank_of(one) for one in ranks]),
        "recall100": np.asarray([recall_of(one, 100) for one in ranks]),
    }


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean over queries; the same seed draws the same queries for every system."""
    draws = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def report(labelled: LabelledSet, measured: dict[str, Figures]) -> None:
    """Print one set."""
    print(
        f"\n{labelled.name}: {len(labelled.queries)} queries, {len(labelled.documents)} documents ({labelled.metric})"
    )
    print(
        f"  {'system':20}{'MAP':>8}{'nDCG@10':>9}{'MRR':>8}{'R@100':>8}   95 % interval    gain of {OURS}      seconds"
    )
    ours = measured[OURS][labelled.metric]
    for system, figures in measured.items():
        values = figures[labelled.metric]
        low, high = interval(values)
        gain_low, gain_high = interval(ours - values)
        row = "".join(f"{figures[name].mean():{width}.4f}" for name, width in zip(MEASURES, (8, 9, 8, 8), strict=True))
        gain = f"{(ours - values).mean():+.3f} [{gain_low:+.3f}, {gain_high:+.3f}]"
        print(f"  {system:20}{row}   [{low:.3f}, {high:.3f}]   {gain:24}{figures['seconds'][0]:6.1f}", flush=True)


if __name__ == "__main__":
    main()
