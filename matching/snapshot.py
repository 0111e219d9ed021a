"""A pool on disk: written so that a crash leaves the old one or the new one, read only if every byte is as written.

A folder holds files named by their content and a manifest that names the files. Publishing writes what is new under
other names, brings it to the disk, and then renames the manifest into place; what the manifest no longer names is
deleted afterwards. Files are arrays one after the other, mapped when they are read, so that processes share their
pages; nothing in them is ever executed.
"""

import hashlib
import json
import mmap
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from matching.columns import CODED, LISTS, POSTED, Columns, Lists, Vocabularies, packed
from matching.errors import SnapshotRefused
from matching.hours import Workday
from matching.index import BLOCK, FaissIndex
from matching.pool import Frozen, FrozenTexts, Pool
from matching.postings import Postings
from matching.segments import Segment
from matching.texts import Codes, Texts

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_MAGIC: Final = b"PUENTEPOOL1\n"
_ALIGNMENT: Final = 64
_ENDING: Final = ".part"
_TEXTS: Final = ("titles", "skills")
_SCALARS: Final = ("disciplines", "countries", "currencies", "domains", "certifications")
_TUPLES: Final = ("levels", "records", "experiences")

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Published:
    """What a manifest says of itself."""

    watermark: int
    model_hash: str
    count: int
    files: tuple[str, ...]


def publish(pool: Pool, folder: Path, watermark: int) -> Published:
    """Write the pool, as it is now, under the mark all its changes lie below; files that did not change are kept.

    One at a time may publish into a folder; others may read it meanwhile.

    Raises:
        OSError: the disk refuses; what was published before stays.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    frozen = pool.freeze()
    known = {path.name for path in folder.iterdir()}
    segments = [_stored_segment(folder, one.segment, one.columns, one.live, known) for one in frozen.segments]
    rest = None if frozen.rest is None else _stored_columns(folder, packed(frozen.rest), None)
    body: dict[str, Any] = {
        "format": FORMAT,
        "block": BLOCK,
        "model_hash": frozen.model_hash,
        "dimension": frozen.dimension,
        "watermark": watermark,
        "count": sum(entry["live"] for entry in (*segments, *_present(rest))),
        "ids_sha256": _joint_hash((*segments, *_present(rest))),
        "segments": segments,
        "rest": rest,
        "words": _stored_bytes(folder, json.dumps(_words_of(frozen), ensure_ascii=False).encode()),
        "texts": {name: _stored_texts(folder, frozen.texts[name], known) for name in _TEXTS},
    }
    _sync(folder)
    _write_manifest(folder, body)
    pool.remember(frozen, segments, {name: body["texts"][name] for name in _TEXTS})
    files = _named(body)
    _delete_others(folder, files)
    return Published(watermark, frozen.model_hash, body["count"], tuple(sorted(files)))


def load(folder: Path, *, model_hash: str, dimension: int) -> tuple[Pool, int]:
    """The pool that was published last, and its watermark.

    Raises:
        SnapshotRefused: there is none, it is of another model, or a byte of it is not as it was written.
    """
    body = _manifest(folder)
    if body.get("format") != FORMAT or body.get("block") != BLOCK:
        raise SnapshotRefused("the snapshot is of another format")
    if (body["model_hash"], body["dimension"]) != (model_hash, dimension):
        raise SnapshotRefused(f"the snapshot is of model {body['model_hash']}, not of {model_hash}")
    try:
        return _pool_of(folder, body), int(body["watermark"])
    except (KeyError, IndexError, TypeError, ValueError) as failure:
        raise SnapshotRefused(f"the snapshot contradicts itself: {failure!r}") from failure


def verify(folder: Path) -> Published:
    """Read a snapshot whole, of whatever model it is.

    Raises:
        SnapshotRefused: there is none, or a byte of it is not as it was written.
    """
    body = _manifest(folder)
    pool, watermark = load(folder, model_hash=body["model_hash"], dimension=body["dimension"])
    return Published(watermark, pool.model_hash, len(pool), tuple(sorted(_named(body))))


def withdraw(folder: Path) -> None:
    """Delete whatever is published."""
    with suppress(FileNotFoundError):
        (folder / MANIFEST).unlink()
        _sync(folder)
    if folder.is_dir():
        _delete_others(folder, set())


def _pool_of(folder: Path, body: Mapping[str, Any]) -> Pool:
    pool = Pool(body["model_hash"], body["dimension"])
    entries = (*body["segments"], *_present(body["rest"]))
    if sum(entry["live"] for entry in entries) != body["count"] or _joint_hash(entries) != body["ids_sha256"]:
        raise SnapshotRefused("the snapshot does not hold the people its manifest counts")
    segments = [_segment(folder, entry, pool.words) for entry in entries]
    _restore_words(folder, body, pool.words, [segment.columns for segment in segments])
    rest = segments.pop().columns if body["rest"] is not None else None
    pool.adopt(segments, rest)
    return pool


def _segment(folder: Path, entry: Mapping[str, Any], words: Vocabularies) -> Segment:
    arrays = _read(folder, entry)
    segment = Segment(_columns_of(arrays, words), arrays["live"])
    if segment.count != entry["live"] or _hash_of_ids(segment.columns, segment.live) != entry["ids_sha256"]:
        raise SnapshotRefused(f"{entry['file']} does not hold the people its manifest counts")
    segment.stored = entry
    return segment


def _restore_words(folder: Path, body: Mapping[str, Any], words: Vocabularies, columns: Sequence[Columns]) -> None:
    values = json.loads(bytes(_checked(folder, body["words"])))
    uses: dict[str, NDArray[np.int64]] = {name: np.zeros(len(held), dtype=np.int64) for name, held in values.items()}
    for one in columns:
        for name, arrays in one.codes(np.arange(len(one))).items():
            for codes in arrays:
                if len(codes) and int(codes.max()) >= len(uses[name]):
                    raise SnapshotRefused("a row names a word that is not there")
                uses[name] += np.bincount(codes, minlength=len(uses[name]))
    for name, held in values.items():
        uses[name][0] = 0
        vocabulary: Codes[Any] = words.named(name)
        vocabulary.restore([_value(name, value) for value in held], uses[name])
        if any(value is None and used for value, used in zip(vocabulary.values, vocabulary.uses, strict=True)):
            raise SnapshotRefused("a row names a word that was forgotten")
        if isinstance(vocabulary, Texts):
            index = FaissIndex(body["dimension"])
            entries = body["texts"][name]
            blocks = [_read(folder, entry)["vectors"] for entry in entries]
            index.adopt(blocks, len(held))
            index.stored = list(entries)
            vocabulary.adopt(index)


def _value(name: str, value: Any) -> Any:
    if value is None or name in _SCALARS or name in _TEXTS:
        return value
    return Workday(*value) if name == "workdays" else tuple(value)


def _words_of(frozen: Frozen) -> dict[str, list[Any]]:
    scalars = {name: list(frozen.words[name]) for name in (*_SCALARS, *_TUPLES, *_TEXTS)}
    workdays = [value and [value.zone, value.start, value.end] for value in frozen.words["workdays"]]
    return {**scalars, "workdays": workdays}


def _arrays_of(columns: Columns, live: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    arrays = {f"fixed/{name}": column for name, column in columns.fixed.items()}
    for name, lists in columns.lists.items():
        arrays[f"{name}/starts"] = lists.starts
        arrays |= {f"{name}/items/{column}": values for column, values in lists.items.items()}
        if lists.postings is not None:
            arrays |= {f"{name}/postings/{part}": held for part, held in lists.postings.arrays().items()}
    return arrays | {"live": live}


def _columns_of(arrays: Arrays, words: Vocabularies) -> Columns:
    fixed = {name.removeprefix("fixed/"): array for name, array in arrays.items() if name.startswith("fixed/")}
    if missing := set(CODED) - set(fixed):
        raise SnapshotRefused(f"the snapshot lacks {missing}")
    lists = {}
    for name, columns in LISTS.items():
        items = {column: arrays[f"{name}/items/{column}"] for column in columns}
        prefix = f"{name}/postings/"
        parts = {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
        postings = Postings(**parts) if name in POSTED else None
        lists[name] = Lists(arrays[f"{name}/starts"], items, postings)
    return Columns(words, fixed, lists)


def _stored_segment(
    folder: Path, segment: Segment, columns: Columns, live: NDArray[np.bool_], known: set[str]
) -> dict[str, Any]:
    if segment.stored is not None and segment.stored["file"] in known:
        return dict(segment.stored)
    return _stored_columns(folder, columns, live)


def _stored_texts(folder: Path, texts: FrozenTexts, known: set[str]) -> list[dict[str, Any]]:
    return [
        dict(stored) if stored is not None and stored["file"] in known else _stored(folder, {"vectors": block})
        for block, stored in zip(texts.blocks, texts.stored, strict=True)
    ]


def _stored_columns(folder: Path, columns: Columns, live: NDArray[np.bool_] | None) -> dict[str, Any]:
    """Write rows, and say how many live and who they are."""
    live = np.ones(len(columns), dtype=bool) if live is None else live
    written = _stored(folder, _arrays_of(columns, live))
    return {**written, "live": int(np.count_nonzero(live)), "ids_sha256": _hash_of_ids(columns, live)}


def _present(entry: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    return () if entry is None else (entry,)


def _hash_of_ids(columns: Columns, live: NDArray[np.bool_]) -> str:
    ids = (np.ascontiguousarray(columns.fixed[name][live]).tobytes() for name in ("id_high", "id_low"))
    return hashlib.sha256(b"".join(ids)).hexdigest()


def _joint_hash(entries: Iterable[Mapping[str, Any]]) -> str:
    return hashlib.sha256("".join(entry["ids_sha256"] for entry in entries).encode()).hexdigest()


# ---- Files


def _stored(folder: Path, arrays: Arrays) -> dict[str, Any]:
    return _write(folder, _framed(arrays))


def _stored_bytes(folder: Path, content: bytes) -> dict[str, Any]:
    return _write(folder, [content])


def _framed(arrays: Arrays) -> list[Any]:
    """Magic, length of the header, header, and the arrays at multiples of 64 bytes."""
    entries, at = [], 0
    for name, array in arrays.items():
        entries.append({"name": name, "dtype": array.dtype.str, "shape": array.shape, "at": at})
        at += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
    header = json.dumps(entries).encode()
    header += b" " * (-(len(_MAGIC) + 8 + len(header)) % _ALIGNMENT)
    pieces: list[Any] = [_MAGIC, len(header).to_bytes(8, "little"), header]
    for array in arrays.values():
        pieces.append(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
        pieces.append(bytes(-array.nbytes % _ALIGNMENT))
    return pieces


def _write(folder: Path, pieces: Iterable[Any]) -> dict[str, Any]:
    """Write a file under the name of its content; it is whole on disk before it has that name."""
    digest, size = hashlib.sha256(), 0
    part = folder / f"{os.getpid()}{_ENDING}"
    with _created(part) as file:
        for piece in pieces:
            digest.update(piece)
            size += file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    name = f"{digest.hexdigest()[:32]}.pool"
    part.rename(folder / name)
    return {"file": name, "sha256": digest.hexdigest(), "bytes": size}


def _write_manifest(folder: Path, body: Mapping[str, Any]) -> None:
    content = json.dumps(body, sort_keys=True)
    part = folder / f"{MANIFEST}{_ENDING}"
    with _created(part) as file:
        file.write(json.dumps({"sha256": _sha256(content.encode()), "body": content}).encode())
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / MANIFEST)
    _sync(folder)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        outer = json.loads((folder / MANIFEST).read_bytes())
        content = outer["body"]
        if _sha256(content.encode()) != outer["sha256"]:
            raise SnapshotRefused("the manifest was changed")
        body: dict[str, Any] = json.loads(content)
    except FileNotFoundError as absent:
        raise SnapshotRefused("there is no snapshot") from absent
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as failure:
        raise SnapshotRefused(f"the manifest cannot be read: {failure!r}") from failure
    return body


def _read(folder: Path, entry: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """The arrays of a file, mapped."""
    content = _checked(folder, entry)
    if bytes(content[: len(_MAGIC)]) != _MAGIC:
        raise SnapshotRefused(f"{entry['file']} is no file of a pool")
    start = len(_MAGIC) + 8
    begin = start + int.from_bytes(content[len(_MAGIC) : start], "little")
    arrays = {}
    for one in json.loads(bytes(content[start:begin])):
        dtype, shape = np.dtype(one["dtype"]), tuple(one["shape"])
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(content, dtype, count, begin + one["at"]) if count else np.zeros(0, dtype)
        arrays[one["name"]] = array.reshape(shape)
    return arrays


def _checked(folder: Path, entry: Mapping[str, Any]) -> memoryview:
    """The content of a file, mapped, when it is what the manifest says."""
    try:
        with (folder / Path(entry["file"]).name).open("rb") as file:
            if os.fstat(file.fileno()).st_size != entry["bytes"]:
                raise SnapshotRefused(f"{entry['file']} is not as long as it was written")
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as failure:
        raise SnapshotRefused(f"{entry['file']} cannot be read: {failure}") from failure
    if _sha256(content) != entry["sha256"]:
        raise SnapshotRefused(f"{entry['file']} is not as it was written")
    return content


def _sha256(content: Any) -> str:
    return hashlib.sha256(content).hexdigest()


def _named(body: Mapping[str, Any]) -> set[str]:
    """Every file a manifest names."""
    entries: Iterator[Mapping[str, Any]] = iter(
        [
            *body["segments"],
            *([body["rest"]] if body["rest"] else []),
            body["words"],
            *(entry for name in _TEXTS for entry in body["texts"][name]),
        ]
    )
    return {entry["file"] for entry in entries}


def _delete_others(folder: Path, named: set[str]) -> None:
    """Delete what is not named: files that an unfinished publication left, and those the last one replaced."""
    for path in folder.iterdir():
        if path.name not in named and path.suffix in (".pool", _ENDING):
            path.unlink(missing_ok=True)
    _sync(folder)


def _created(path: Path) -> BinaryIO:
    """A new file that nobody else may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
