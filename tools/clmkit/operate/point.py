"""A point that a release can be taken back to: what both systems hold of every row before it, in a file.

    point = await keep_point(engine, Path("build/points/1.4.jsonl"))

A line says which mapping was in force and how far the audit chain went; then a line for each row of Salesforce, with the values
that both systems had agreed on, and one for each agreement, with what the CLM held. The file holds values:
only its owner may read it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from clmkit.clients.clm import whole
from clmkit.mapping.evaluate import find_value
from clmkit.mapping.model import FieldMapping, ObjectMapping, Role, Spec
from clmkit.sync.engine import Engine
from clmkit.sync.org_rows import read_records
from clmkit.sync.origin import ruleset_of
from clmkit.sync.rows import is_whole_agreement
from clmkit.sync.state import Link, State

AT_ONCE = 200
KEPT = "point kept"


class PointError(Exception):
    """There is no such point, or it is not whole; the message says what to do."""


class Head(msgspec.Struct, frozen=True, tag="point"):
    """`entry` is the last one of the audit chain, `seal` its hash; `hash` and `mapping` name the mapping that was in force."""

    at: str
    mapping: str
    hash: str
    entry: int
    seal: str


class KeptRow(msgspec.Struct, frozen=True, tag="row"):
    """One linked row: the record as Salesforce gave it, by API name, and what both systems had agreed on."""

    object: str
    key: str
    agreement: str
    record: dict[str, Any]
    base: dict[str, Any]
    lookups: dict[str, str]


class KeptAgreement(msgspec.Struct, frozen=True, tag="agreement"):
    """What the CLM held at the paths of the mapping."""

    id: str
    values: dict[str, Any]


class End(msgspec.Struct, frozen=True, tag="end"):
    """The last line: a file without it was not written to its end."""

    rows: int
    agreements: int


Line = Head | KeptRow | KeptAgreement | End


async def keep_point(engine: Engine, path: Path) -> End:
    """Write the file anew. The sync must not run meanwhile. Raises WireError, StateError, OSError."""
    state, rules = engine.state, ruleset_of(engine.spec)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = agreements = 0
    with state.transaction():
        state.record(engine.now(), KEPT, {"mapping": rules.label, "hash": rules.hash})
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:

        def write(line: Line) -> None:
            file.write(msgspec.json.encode(line) + b"\n")

        write(Head(engine.now(), rules.label, rules.hash, *last_entry(state)))
        for mapping in engine.spec.objects:
            for links in links_of(state, mapping):
                async for record in read_records(engine.org, mapping, links):
                    write(_to_kept(mapping, links[str(record[mapping.key.salesforce])], record))
                    rows += 1
        paths = [column.clm for column in told_by_clm(engine.spec)]
        async for agreement in whole(engine.clm.read_agreements()):
            write(KeptAgreement(agreement["id"], {one: find_value(one, agreement, agreement) for one in paths}))
            agreements += 1
        end = End(rows, agreements)
        write(end)
        file.flush()
        os.fsync(file.fileno())
    return end


def read_point(path: Path) -> tuple[Head, End]:
    """The ends of the file. Raises PointError, OSError."""
    first = last = b""
    with path.open("rb") as file:
        for last in file:
            first = first or last
    try:
        return msgspec.json.decode(first, type=Head), msgspec.json.decode(last, type=End)
    except msgspec.DecodeError as error:
        raise PointError(f"{path}: is no point that was kept to its end; it cannot be gone back to.") from error


def read_kept(path: Path) -> Iterator[list[KeptRow] | list[KeptAgreement]]:
    """What was kept, some at a time, in the file's order; rows of one object together."""
    with path.open("rb") as file:
        lines = (msgspec.json.decode(line, type=Line) for line in file)
        kept = (line for line in lines if isinstance(line, KeptRow | KeptAgreement))
        batch: list[Any] = []
        for line in kept:
            if batch and (len(batch) == AT_ONCE or _group(batch[0]) != _group(line)):
                yield batch
                batch = []
            batch.append(line)
        if batch:
            yield batch


def _group(line: KeptRow | KeptAgreement) -> str:
    return line.object if isinstance(line, KeptRow) else ""


def told_by_clm(spec: Spec) -> list[FieldMapping]:
    """The fields of agreements themselves. A release may begin to feed any of them back."""
    whole = (mapping for mapping in spec.objects if is_whole_agreement(mapping))
    columns = (column for mapping in whole for column in mapping.columns if column.clm)
    return [column for column in columns if column.role not in (Role.KEY, Role.VERSION)]


def last_entry(state: State) -> tuple[int, str]:
    """The newest entry of the audit chain and its hash."""
    ((sequence, own),) = state.database.execute("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
    return int(sequence or 0), str(own)


def require_own(state: State, path: Path, head: Head) -> None:
    """Raises PointError for a point of another state: its chain is another one."""
    rows = state.database.execute("SELECT hash FROM audit WHERE sequence = ?", (head.entry,))
    if rows != [(head.seal,)]:
        raise PointError(f"{path}: was kept of another state than this one; name the state that the release ran with.")


def links_of(state: State, mapping: ObjectMapping) -> Iterator[dict[str, Link]]:
    """The links of an object by key, some at a time."""
    sql = "SELECT key FROM link WHERE object = ? AND key > ? ORDER BY key LIMIT ?"
    last = ""
    while keys := [str(one) for (one,) in state.database.execute(sql, (mapping.name, last, AT_ONCE))]:
        last = keys[-1]
        yield state.find_links(mapping.name, keys)


def _to_kept(mapping: ObjectMapping, link: Link, record: dict[str, Any]) -> KeptRow:
    values = {
        column.salesforce: record.get(column.salesforce) for column in mapping.columns if column.role is not Role.KEY
    }
    return KeptRow(mapping.name, link.key, link.agreement_id, values, dict(link.base), dict(link.lookups))
