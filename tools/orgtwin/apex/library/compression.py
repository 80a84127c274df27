"""Compression: zip archives that Apex writes and reads.

Source: "Compression Namespace", "ZipWriter Class", "ZipReader Class", "ZipEntry Class", "Compression Exceptions" (Apex Reference
Guide). What a writer holds counts against the heap, and an entry is unpacked only when its size has room there. ASSUMED: the texts
of the exceptions; that a writer starts with DEFLATED and DEFAULT_LEVEL, keeps entries in their order, takes a name once, and gives
null for a name it has not; that times are GMT, to two seconds, as the format keeps them without a zone. The page says of
ZipEntry's getContent that it "doesn't work with the ZipReader class"; a package of public code reads workbooks through it and tests
that, so an entry of a reader gives what extract() gives (ASSUMED: that the page is behind).
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.heap import BULK, Holder
from orgtwin.apex.library.hashing import text_hash
from orgtwin.apex.library.signatures import declare, system_class, system_enum, type_of
from orgtwin.apex.types import STRING, Type, set_of
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, EnumConstant, Long, Value, whole_characters

_SPACE = "Compression"
_UNREADABLE = (
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What zipfile raises for a damaged, encrypted or unknown archive."""
_ENTRY_TICKS, _PACK_TIMES = 20, 16
LONGEST_NAME = 65_535

_METHOD = system_enum("Method", "DEFLATED STORED", namespace=_SPACE)
_LEVEL = system_enum("Level", "BEST_COMPRESSION BEST_SPEED DEFAULT_LEVEL NO_COMPRESSION", namespace=_SPACE)
_CODES: Mapping[str, int] = {"DEFLATED": zipfile.ZIP_DEFLATED, "STORED": zipfile.ZIP_STORED}
_LEVELS: Mapping[str, int] = {"BEST_COMPRESSION": 9, "BEST_SPEED": 1, "DEFAULT_LEVEL": 6, "NO_COMPRESSION": 0}


@dataclass(slots=True)
class Entry(Holder):
    """Compression.ZipEntry. One of a reader has no content of its own until it is given some: it knows where to read it. One of a
    writer knows its level."""

    name: str
    content: bytes | None
    method: EnumConstant | None
    modified: datetime | None
    comment: str | None = None
    info: zipfile.ZipInfo | None = field(default=None, compare=False)
    writer: Writer | None = field(default=None, compare=False)
    archive: zipfile.ZipFile | None = field(default=None, compare=False)

    @property
    def apex_type(self) -> Type:
        return declare("ZipEntry", namespace=_SPACE).type

    def held_values(self) -> Iterator[Value]:
        yield self.content

    def __hash__(self) -> int:
        return text_hash(self.name)

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True, eq=False)
class Writer(Holder):
    """Compression.ZipWriter."""

    entries: dict[str, Entry] = field(default_factory=dict)
    method: EnumConstant = field(default_factory=lambda: _METHOD.constants["deflated"])
    level: EnumConstant = field(default_factory=lambda: _LEVEL.constants["default_level"])

    @property
    def apex_type(self) -> Type:
        return declare("ZipWriter", namespace=_SPACE).type

    def held_values(self) -> Iterator[Value]:
        return iter(self.entries.values())


@dataclass(slots=True, eq=False)
class Reader(Holder):
    """Compression.ZipReader."""

    data: bytes
    archive: zipfile.ZipFile
    entries: list[Entry]

    @property
    def apex_type(self) -> Type:
        return declare("ZipReader", namespace=_SPACE).type

    def held_values(self) -> Iterator[Value]:
        yield self.data


@contextmanager
def _readable(what: str) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise throw("Compression.ZipException", f"{what}: {error}") from error


def _required(value: Value, name: str) -> Value:
    if value is None:
        raise argument_null(name)
    return value


# ZipWriter


def _add_data(this: Writer, name: str | None, data: bytes | None) -> Entry:
    return _add(this, name, None, None, None, data)


def _add_copy(this: Writer, prototype: Entry | None) -> Entry:
    given: Entry = _required(prototype, "prototype")
    return _add(this, given.name, given.comment, given.modified, given.method, _content(given))


def _add(
    this: Writer,
    name: str | None,
    comment: str | None,
    modified: datetime | None,
    method: EnumConstant | None,
    data: bytes | None,
) -> Entry:
    shown = whole_characters(_required(name, "name"))
    content = _required(data, "data")
    if not shown or len(shown.encode()) > LONGEST_NAME:
        raise throw("Compression.ZipException", f"Invalid entry name: {shown[:80]}")
    if shown in this.entries:
        raise throw("Compression.ZipException", f"Duplicate entry: {shown}")
    engine = context.engine()
    engine.spend(_ENTRY_TICKS)
    engine.note_allocation(len(content))
    entry = Entry(shown, content, method or this.method, modified or engine.now(), comment, writer=this)
    this.entries[shown] = entry
    return entry


def _remove(this: Writer, name: str | None) -> None:
    if this.entries.pop(_required(name, "name"), None) is None:
        raise _not_found(name)


def _not_found(name: Value) -> Exception:
    return throw("Compression.ZipException", f"Entry not found: {name}")


def _archive(this: Writer) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for entry in this.entries.values():
            _pack(archive, entry, _LEVELS[this.level.name])
    return out.getvalue()


def _pack(archive: zipfile.ZipFile, entry: Entry, level: int) -> zipfile.ZipInfo:
    """Write an entry; packing costs CPU time by what goes in."""
    content = entry.content or b""
    context.spend(_ENTRY_TICKS + (len(content) * _PACK_TIMES >> BULK))
    info = zipfile.ZipInfo(entry.name, _stamp(entry.modified))
    info.compress_type = _CODES[entry.method.name] if entry.method else zipfile.ZIP_DEFLATED
    info.comment = whole_characters(entry.comment or "").encode()[:LONGEST_NAME]
    archive.writestr(info, content, compresslevel=level)
    return info


def _stamp(moment: datetime | None) -> tuple[int, int, int, int, int, int]:
    """What the format can say: 1980 to 2107."""
    first, last = datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, 23, 59, 58, tzinfo=UTC)
    kept = min(max(moment or first, first), last)
    return kept.year, kept.month, kept.day, kept.hour, kept.minute, kept.second


def _entries(this: Writer | Reader) -> ApexList:
    rows = this.entries.values() if isinstance(this, Writer) else this.entries
    return ApexList(type_of("List<Compression.ZipEntry>"), list(rows))


def _set_method(this: Writer, method: EnumConstant) -> Writer:
    this.method = _required(method, "method")
    return this


def _set_level(this: Writer, level: EnumConstant) -> Writer:
    this.level = _required(level, "level")
    return this


system_class(
    "ZipWriter",
    {
        "Compression.ZipEntry addEntry(String,Blob)": _add_data,
        "Compression.ZipEntry addEntry(Compression.ZipEntry)": _add_copy,
        "Compression.ZipEntry addEntry(String,String,Datetime,Compression.Method,Blob)": _add,
        "Blob getArchive()": _archive,
        "List<Compression.ZipEntry> getEntries()": _entries,
        "Compression.ZipEntry getEntry(String)": lambda this, name: this.entries.get(name),
        "Set<String> getEntryNames()": lambda this: ApexSet(set_of(STRING), dict.fromkeys(this.entries)),
        "Compression.Level getLevel()": lambda this: this.level,
        "Compression.Method getMethod()": lambda this: this.method,
        "void removeEntry(String)": _remove,
        "Compression.ZipWriter setLevel(Compression.Level)": _set_level,
        "Compression.ZipWriter setMethod(Compression.Method)": _set_method,
    },
    namespace=_SPACE,
    constructors={"()": Writer},
)


# ZipReader


def _open(data: bytes | None) -> Reader:
    given = _required(data, "data")
    with _readable("Invalid zip file"):
        archive = zipfile.ZipFile(BytesIO(given))
        infos = archive.infolist()
        context.spend(len(infos) * _ENTRY_TICKS)
        return Reader(given, archive, [_entry_of(archive, info) for info in infos])


def _entry_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    methods = {code: _METHOD.constants[name.lower()] for name, code in _CODES.items()}
    comment = str(info.comment, "utf-8", "replace") or None
    return Entry(info.filename, None, methods.get(info.compress_type), _moment(info), comment, info, archive=archive)


def _moment(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return None  # a date that the format can hold and no calendar has


def _get(this: Reader, name: str | None) -> Entry:
    found = next((one for one in this.entries if one.name == name), None)
    if found is None:
        raise _not_found(name)
    return found


def _extract(this: Reader, asked: str | Entry | None) -> bytes:
    return _unpack(_get(this, asked.name if isinstance(asked, Entry) else _required(asked, "name")))


def _content(entry: Entry) -> bytes | None:
    """What the entry was given, or what stands in the archive it was read from."""
    return _unpack(entry) if entry.content is None and entry.archive is not None else entry.content


def _unpack(entry: Entry) -> bytes:
    info, archive = entry.info, entry.archive
    if info is None or archive is None or entry.method is None:
        raise throw("Compression.ZipException", f"Unsupported compression method: {entry.name}")
    context.engine().note_allocation(info.file_size)
    with _readable(f"Invalid zip entry {entry.name}"), archive.open(info) as packed:
        return packed.read(info.file_size)  # never more than it said


def _entries_by_name(this: Reader) -> ApexMap:
    rows = {entry.name: entry for entry in this.entries}
    return ApexMap(type_of("Map<String,Compression.ZipEntry>"), rows)


def _names(this: Reader) -> ApexList:
    return ApexList(type_of("List<String>"), [entry.name for entry in this.entries])


system_class(
    "ZipReader",
    {
        "Blob extract(String)": _extract,
        "Blob extract(Compression.ZipEntry)": _extract,
        "List<Compression.ZipEntry> getEntries()": _entries,
        "Map<String,Compression.ZipEntry> getEntriesMap()": _entries_by_name,
        "Compression.ZipEntry getEntry(String)": _get,
        "List<String> getEntryNames()": _names,
    },
    namespace=_SPACE,
    constructors={"(Blob)": _open},
)


# ZipEntry


def _info(this: Entry) -> zipfile.ZipInfo:
    """What the archive says of an entry, or would say if it were written now."""
    if this.content is None and this.info is not None:
        return this.info
    level = _LEVELS[this.writer.level.name] if this.writer else -1
    with zipfile.ZipFile(BytesIO(), "w") as archive:
        return _pack(archive, this, level)


def _set(this: Entry, **changes: Value) -> Entry:
    """The same entry with other values."""
    for name, value in changes.items():
        setattr(this, name, value)
    return this


system_class(
    "ZipEntry",
    {
        "Boolean equals(Object)": lambda this, other: this == other,
        "Integer hashCode()": hash,
        "String getComment()": lambda this: this.comment,
        "Long getCompressedSize()": lambda this: Long(_info(this).compress_size),
        "Blob getContent()": _content,
        "Long getCrc()": lambda this: Long(_info(this).CRC),
        "Datetime getLastModifiedTime()": lambda this: this.modified,
        "Compression.Method getMethod()": lambda this: this.method,
        "String getName()": lambda this: this.name,
        "Long getUncompressedSize()": lambda this: Long(_info(this).file_size),
        "Compression.ZipEntry setComment(String)": lambda this, comment: _set(this, comment=comment),
        "Compression.ZipEntry setContent(Blob)": lambda this, content: _set(this, content=content),
        "Compression.ZipEntry setLastModifiedTime(Datetime)": lambda this, moment: _set(this, modified=moment),
        "Compression.ZipEntry setMethod(Compression.Method)": lambda this, method: _set(this, method=method),
        "String toString()": lambda this: this.name,
    },
    namespace=_SPACE,
)
