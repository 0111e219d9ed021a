"""Knowledge on disk: learned once, read back in a second or two by every process that needs it.

One file: a head of 64 bytes (format, SHA-256 of all the rest, lengths), a table of contents in JSON, then the arrays as
they lie in memory. It is mapped and not read, so that processes share its pages; nothing in it is ever executed. What
is cut, changed, or of another model, thesaurus or release is refused.
"""

import hashlib
import json
import mmap
import os
import struct
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.encoder import Encoder, Progress
from matching.errors import KnowledgeRefused
from matching.knowledge import Knowledge, revision_of
from matching.state import State
from matching.thesaurus import Entry

FORMAT: Final = b"puente-knowledge"
FORMAT_VERSION: Final = 1
SUFFIX: Final = ".knowledge"
UNFINISHED: Final = ".part"
SPARE: Final = 2
"""Files of other revisions that stay, for a process that still works with one, or goes back to it."""
_ALIGNED: Final = 64
_HEAD: Final = struct.Struct("<16s32sIIQ")
"""Format, SHA-256 of everything after it, format version, length of the table of contents, length of the file."""
_DIGEST_ENDS: Final = 48
_TYPES: Final = frozenset({"<f4", "<f8", "<i4", "<i8", "<u8", "|u1"})


def learn_or_load(
    folder: Path,
    entries: Sequence[Entry],
    encoder: Encoder,
    *,
    adapted: bool = True,
    glossed: bool = True,
    progress: Progress | None = None,
) -> Knowledge:
    """The knowledge of these entries out of its file in this folder, else learned and kept there.

    A file that does not verify is written anew; where nothing can be written, what was learned serves all the same.
    """
    revision = revision_of(entries, encoder.model_hash, adapted=adapted, glossed=glossed)
    file = file_of(folder, revision)
    with suppress(KnowledgeRefused):
        return load(file, entries, encoder, adapted=adapted, glossed=glossed)
    knowledge = Knowledge(entries, encoder, adapted=adapted, glossed=glossed, progress=progress)
    with suppress(OSError):
        save(knowledge, file)
    return knowledge


def file_of(folder: Path, revision: str) -> Path:
    """Where the knowledge of a revision is kept."""
    return folder / f"{revision}{SUFFIX}"


def remove_others(folder: Path, kept: Collection[str], *, spare: int = SPARE) -> None:
    """Delete what interrupted writers left, and all revisions but these and the newest few besides.

    Who has a file mapped keeps it until it lets go; who was writing one learns again another time.
    """
    others = [file for file in folder.glob(f"*{SUFFIX}") if file.stem not in kept]
    with suppress(OSError):
        others.sort(key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)
    for file in [*others[spare:], *folder.glob(f".*{UNFINISHED}")]:
        with suppress(OSError):
            file.unlink()


def save(knowledge: Knowledge, file: Path) -> None:
    """Publish a file whole or not at all; a reader sees the one before, or this one.

    Raises:
        OSError: it cannot be written.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in knowledge.state().items()}
    contents, length = _contents(knowledge.revision, arrays)
    lengths = struct.pack("<IIQ", FORMAT_VERSION, len(contents), length)
    digest = hashlib.sha256(lengths)
    for chunk in _chunks(contents, arrays):
        digest.update(chunk)
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=file.parent, prefix=f".{file.stem}.", suffix=UNFINISHED, delete=False
    ) as written:
        try:
            written.write(FORMAT + digest.digest() + lengths)
            for chunk in _chunks(contents, arrays):
                written.write(chunk)
            written.flush()
            os.fsync(written.fileno())
            Path(written.name).replace(file)
        except BaseException:
            Path(written.name).unlink(missing_ok=True)
            raise
    _fsync_folder(file.parent)


def load(
    file: Path, entries: Sequence[Entry], encoder: Encoder, *, adapted: bool = True, glossed: bool = True
) -> Knowledge:
    """Read what `save` wrote.

    Raises:
        KnowledgeRefused: it is absent, damaged, or was learned from something else.
    """
    revision = revision_of(entries, encoder.model_hash, adapted=adapted, glossed=glossed)
    found, state = _read(file)
    if found != revision:
        raise KnowledgeRefused(f"{file.name} was learned from another thesaurus, model or release than is in use")
    try:
        return Knowledge.restored(state, entries, encoder, adapted=adapted, glossed=glossed)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise KnowledgeRefused(f"{file.name} does not hold what it says: {error}") from error


def _contents(revision: str, arrays: State) -> tuple[bytes, int]:
    """The table of contents, and how long the whole file is; places count from the end of the table."""
    table, place = [], 0
    for name, array in arrays.items():
        table.append([name, array.dtype.str, list(array.shape), place])
        place = _aligned(place + array.nbytes)
    written = json.dumps({"revision": revision, "arrays": table}).encode("ascii")
    written += b" " * (_aligned(len(written)) - len(written))
    return written, _HEAD.size + len(written) + place


def _chunks(contents: bytes, arrays: State) -> Iterator[bytes | memoryview]:
    yield contents
    for array in arrays.values():
        yield array.reshape(-1).view(np.uint8).data
        yield bytes(_aligned(array.nbytes) - array.nbytes)


def _read(file: Path) -> tuple[str, dict[str, NDArray[Any]]]:
    """Revision and arrays of a file that verifies; the arrays are views of the mapped file, and cannot be written."""
    mapped = _mapped(file)
    if len(mapped) < _HEAD.size:
        raise KnowledgeRefused(f"{file.name} is cut short")
    magic, digest, version, contents, length = _HEAD.unpack_from(mapped)
    if magic != FORMAT:
        raise KnowledgeRefused(f"{file.name} is no file of knowledge")
    if version != FORMAT_VERSION:
        raise KnowledgeRefused(f"{file.name} has format {version}, this release reads {FORMAT_VERSION}")
    if length != len(mapped):
        raise KnowledgeRefused(f"{file.name} has {len(mapped)} bytes instead of {length}")
    if hashlib.sha256(memoryview(mapped)[_DIGEST_ENDS:]).digest() != digest:
        raise KnowledgeRefused(f"{file.name} is damaged: its SHA-256 is not what it was")
    try:
        table = json.loads(mapped[_HEAD.size : _HEAD.size + contents])
        start = _HEAD.size + contents
        return str(table["revision"]), {row[0]: _array(mapped, start, *row[1:]) for row in table["arrays"]}
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise KnowledgeRefused(f"{file.name} does not hold what it says: {error}") from error


def _mapped(file: Path) -> mmap.mmap:
    try:
        with file.open("rb") as opened:
            return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise KnowledgeRefused(f"{file.name} cannot be read: {error}") from error


def _array(mapped: mmap.mmap, start: int, dtype: str, shape: list[int], place: int) -> NDArray[Any]:
    if dtype not in _TYPES:
        raise ValueError(f"an array of {dtype}")
    count = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(mapped, dtype=dtype, count=count, offset=start + place).reshape(shape)


def _aligned(length: int) -> int:
    return -(-length // _ALIGNED) * _ALIGNED


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
