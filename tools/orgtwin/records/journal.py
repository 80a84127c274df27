"""Keeps an org on disk: an append-only file of committed transactions, each written before its answer goes out.

    orgtwin journal 1\\n                          the first line
    length (4 bytes) crc32 (4 bytes) payload     one frame a commit, payload in MessagePack

A frame holds after-images: the rows that a commit touched as they are afterwards, the objects that it changed, the settings, the
positions of id and auto-number sequences, the events that it tells, and what clients wait for. Replaying frames in order rebuilds
the org. A torn last frame, which a kill in the middle of a write leaves, is cut off: its transaction was never answered. `kill -9`
loses nothing because the operating system has the bytes; losing power may lose the last moments unless `sync` is set.
"""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from orgtwin.errors import SalesforceError
from orgtwin.ids import IdSequence
from orgtwin.records.kept_events import Images, KeptEvents
from orgtwin.records.kept_jobs import KeptJobs
from orgtwin.records.row_images import all_images, apply_images, touched_images
from orgtwin.records.stored_values import load_ext
from orgtwin.records.table import RecordTable
from orgtwin.records.transactions import Entry
from orgtwin.schema.model import Schema, SObjectType
from orgtwin.schema.standard_objects import standard_schema
from orgtwin.settings import Settings

MAGIC = b"orgtwin journal 1\n"
_HEAD = 8
_EVENTS_A_FRAME = 1_000

K = TypeVar("K")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ext_hook=load_ext).decode


class JournaledOrg(Protocol):
    org_id: str
    automated_user_id: str
    ids: IdSequence
    settings: Settings
    numbers: dict[tuple[str, str], int]
    tables: dict[str, RecordTable]
    kept_events: KeptEvents
    kept_jobs: KeptJobs

    @property
    def schema(self) -> Schema: ...

    def table(self, sobject_type: str) -> RecordTable: ...

    def replace_schema(self, schema: Schema) -> None: ...


class JournalInUse(Exception):
    """Another process has the journal open."""


class Journal:
    """Writes one org's commits to a file, which it holds locked."""

    def __init__(self, path: Path, *, sync: bool = False) -> None:
        self._path = path
        self._sync = sync
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._org: JournaledOrg | None = None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise JournalInUse(f"{path} is in use by another process: stop it or choose another directory") from error

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return os.fstat(self._file).st_size

    def follow(self, org: JournaledOrg) -> None:
        """Take an org as it stands now: only later changes are written."""
        self._org = org
        self._note(org)

    def committed(self, entries: Sequence[Entry]) -> None:
        """Write what a transaction touched. Raises SERVER_UNAVAILABLE when the disk does not take it."""
        org = self._org
        if org is None:
            return
        frame: dict[str, object] = {}
        if org.schema is not self._schema:
            frame["types"], frame["removed"] = _schema_difference(self._schema, org.schema)
        if org.settings != self._settings:
            frame["settings"] = dict(org.settings)
        if entries:
            frame["rows"] = touched_images(org.tables, entries)
            frame["numbers"] = [[*key, number] for key, number in _moved(self._numbers, org.numbers).items()]
            events = org.kept_events.collect(entries)
            if events:
                frame["events"] = events
        if jobs := org.kept_jobs.untold():
            frame["jobs"] = jobs
        if frame:
            frame["ids"] = _moved(self._ids, org.ids.position())
            self._append(frame)
            self._note(org)

    def keep(self, events: Images) -> None:
        """Write events that no commit tells, or that go out before it."""
        self._append({"events": events})

    def compact(self) -> None:
        """Rewrite the file as one snapshot. The new file is locked before it takes the place of the old one."""
        if self._org is None:
            return
        temporary, file = _write_beside(self._path, self._org, self._org.kept_jobs.all())
        fcntl.flock(file, fcntl.LOCK_EX)
        temporary.replace(self._path)
        os.close(self._file)
        self._file = file
        self._note(self._org)

    def close(self) -> None:
        os.close(self._file)

    def _note(self, org: JournaledOrg) -> None:
        """Remember what the file now says."""
        self._schema = org.schema
        self._settings = dict(org.settings)
        self._ids = org.ids.position()
        self._numbers = dict(org.numbers)
        org.kept_jobs.told()

    def _append(self, frame: Mapping[str, object]) -> None:
        end = os.fstat(self._file).st_size
        try:
            _write(self._file, _framed(_encode(frame)))
            if self._sync:
                os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, end)
            message = f"the org's journal {self._path} could not be written: {error.strerror}"
            raise SalesforceError("SERVER_UNAVAILABLE", message, status=503) from error


def write_snapshot(path: Path, org: JournaledOrg) -> None:
    """Write the whole org as one journal, in place of whatever `path` held. Jobs are not told: their files stay behind."""
    temporary, descriptor = _write_beside(path, org, [])
    os.close(descriptor)
    temporary.replace(path)


def _write_beside(path: Path, org: JournaledOrg, jobs: Images) -> tuple[Path, int]:
    """A whole snapshot next to `path`, on disk, still open for appending."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    try:
        _write(descriptor, MAGIC)
        for frame in chain(_snapshot_frames(org), [{"jobs": jobs}] if jobs else []):
            _write(descriptor, _framed(_encode(frame)))
        os.fsync(descriptor)
    except OSError:
        os.close(descriptor)
        temporary.unlink()
        raise
    return temporary, descriptor


def replay(path: Path, org: JournaledOrg) -> None:
    """Bring an empty org of the standard schema to the state that a journal tells; cut off a torn last frame."""
    content = path.read_bytes()
    if not content.startswith(MAGIC):
        raise ValueError(f"{path} is not a journal of orgtwin")
    whole = len(MAGIC)
    for payload, end in _frames(content, whole):
        _apply(_decode(payload), org)
        whole = end
    if whole < len(content):
        os.truncate(path, whole)


def _snapshot_frames(org: JournaledOrg) -> Iterator[Mapping[str, object]]:
    types, removed = _schema_difference(standard_schema(), org.schema)
    yield {
        "org": [org.org_id, org.automated_user_id],
        "types": types,
        "removed": removed,
        "settings": dict(org.settings),
    }
    for table in org.tables.values():
        for images in all_images(table):
            yield {"rows": [images]}
    events = org.kept_events.all()
    for start in range(0, len(events), _EVENTS_A_FRAME):
        yield {"events": events[start : start + _EVENTS_A_FRAME]}
    yield {"ids": org.ids.position(), "numbers": [[*key, number] for key, number in org.numbers.items()]}


# ---- frames


def _framed(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + zlib.crc32(payload).to_bytes(4, "big") + payload


def _frames(content: bytes, start: int) -> Iterator[tuple[bytes, int]]:
    while start + _HEAD <= len(content):
        length = int.from_bytes(content[start : start + 4], "big")
        payload = content[start + _HEAD : start + _HEAD + length]
        if len(payload) < length or zlib.crc32(payload) != int.from_bytes(content[start + 4 : start + 8], "big"):
            return
        start += _HEAD + length
        yield payload, start


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


# ---- replaying


def _apply(frame: Mapping[str, object], org: JournaledOrg) -> None:
    identity = frame.get("org")
    if isinstance(identity, list):
        org.org_id, org.automated_user_id = identity
    if "types" in frame:
        types = [_load_type(image) for image in frame["types"]]  # type: ignore[attr-defined]
        org.replace_schema(org.schema.with_types(types, frame["removed"]))  # type: ignore[arg-type]
    settings = frame.get("settings")
    if isinstance(settings, dict):
        org.settings.become(settings)
    for name, columns, state, rows in frame.get("rows", ()):  # type: ignore[attr-defined]
        apply_images(org.table(name), columns, state, rows)
    org.kept_events.restored.extend(frame.get("events", ()))  # type: ignore[arg-type]
    org.kept_jobs.restored(frame.get("jobs", []))  # type: ignore[arg-type]
    for prefix, number in frame.get("ids", {}).items():  # type: ignore[attr-defined]
        org.ids.seen(prefix, number)
    for sobject_type, field, number in frame.get("numbers", ()):  # type: ignore[attr-defined]
        org.numbers[sobject_type, field] = number


# ---- schema


def _schema_difference(old: Schema, new: Schema) -> tuple[list[object], list[str]]:
    changed = [t for t in new if old.find_type(t.api_name) is not t]
    removed = [t.api_name for t in old if new.find_type(t.api_name) is None]
    return [_type_image(t) for t in changed], removed


def _type_image(sobject_type: SObjectType) -> object:
    return msgspec.to_builtins(sobject_type) | {"_by_name": None}  # derived; a list of all fields once more otherwise


def _load_type(image: Mapping[str, object]) -> SObjectType:
    return msgspec.convert(image | {"_by_name": {}}, SObjectType)  # type: ignore[operator]


def _moved(before: Mapping[K, int], now: Mapping[K, int]) -> dict[K, int]:
    """The positions that have changed."""
    return {key: number for key, number in now.items() if before.get(key) != number}
