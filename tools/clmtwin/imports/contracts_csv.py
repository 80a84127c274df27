"""Contracts as the CUAD data set lays them out: one row a contract, the answers of attorneys as text in the cells.

Source: Contract Understanding Atticus Dataset (CUAD) v1, The Atticus Project, CC BY 4.0.

What is derived, all else stays as captured:
- `stage`: EXPIRED when the expiration cell is one plain date (m/d/yyyy) before the twin's clock, else ACTIVE;
- `renewal.type`: `auto` when the text says "successive" (also as misspelt in the data), `evergreen` when it says "perpetual";
  any other text leaves the type open (null) because "3 years" does not say who must act;
- `clauses`: one entry for each yes/no column; it belongs to the CLM and is never sent out;
- the counterparty: the first named party that is not the company that filed the contract (`party_names`).
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import msgspec

from clmtwin import identifiers
from clmtwin.imports.party_names import PartyName, parse_parties
from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement, Clause, Counterparty, DocumentLink, Party, Renewal, Term
from clmtwin.periods import find_plain_date
from clmtwin.problem import Problem

HEADER_COLUMNS = (
    "Filename", "Document Name", "Parties", "Agreement Date", "Effective Date", "Expiration Date", "Renewal Term",
    "Notice Period To Terminate Renewal", "Governing Law",
)  # fmt: skip
LONGEST_TEXT = 4000

RENEWAL_WORDS: tuple[tuple[re.Pattern[str], Literal["auto", "evergreen"]], ...] = (
    (re.compile(r"\bsuc{1,2}es?si(?:ve|ne)\b|\bsuccsive\b", re.IGNORECASE), "auto"),
    (re.compile(r"\bperpetual\b", re.IGNORECASE), "evergreen"),
)


@dataclass(frozen=True, slots=True)
class ContractRow:
    """One readable row: `line` is where it starts in the file, counted from 1 with the header."""

    line: int
    cells: dict[str, str]


class RejectedRow(msgspec.Struct, frozen=True):
    line: int
    reason: str


def read_rows(body: bytes) -> Iterator[ContractRow | RejectedRow]:
    """Every record of the file once, readable or rejected. Raises Problem when the file as a whole cannot be read."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise Problem(
            "invalid", f"The file is not UTF-8: byte {error.start} on line {line}. Save it as UTF-8."
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = _read_header(reader)
    line = reader.line_num + 1
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield RejectedRow(line, f"the row is not CSV: {error}")
            return
        if values:
            yield _judge(line, header, values)
        line = reader.line_num + 1


def _read_header(reader: Iterator[list[str]]) -> list[str]:
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise Problem("missing_columns", f"The first line is not a CSV header: {error}.") from error
    missing = [name for name in HEADER_COLUMNS if name not in header]
    if missing:
        raise Problem("missing_columns", f"The header lacks {', '.join(missing)}.")
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise Problem("missing_columns", f"The header names {', '.join(doubled)} more than once.")
    return header


def _judge(line: int, header: list[str], values: list[str]) -> ContractRow | RejectedRow:
    if len(values) != len(header):
        return RejectedRow(line, f"the row has {len(values)} cells, the header has {len(header)}")
    cells = dict(zip(header, values, strict=True))
    for name in ("Filename", "Document Name"):
        if not cells[name].strip():
            return RejectedRow(line, f"{name} is empty")
    for name, value in cells.items():
        if len(value) > LONGEST_TEXT:
            return RejectedRow(line, f"{name} has {len(value)} characters; at most {LONGEST_TEXT} are kept")
        if "\0" in value:
            return RejectedRow(line, f"{name} contains a NUL character")
    return ContractRow(line, cells)


def to_agreement(
    row: ContractRow, number: int, *, today: date, updated_at: str, public_url: str
) -> tuple[Agreement, bytes]:
    """The agreement of a row and the bytes of its document (the facts of the row; the filing itself is not part of the data)."""
    cells = row.cells
    agreement_id = identifiers.agreement_id(number)
    parties = parse_parties(cells["Parties"], cells["Filename"])
    content = msgspec.json.encode(cells)
    document = DocumentLink(
        id=identifiers.child_id("DOC", agreement_id, 1),
        file_name=cells["Filename"].strip(),
        url=f"{public_url}/documents/{identifiers.child_id('DOC', agreement_id, 1)}",
        sha256=hashlib.sha256(content).hexdigest(),
    )
    agreement = Agreement(
        id=agreement_id,
        revision=1,
        stage=stage_for(cells["Expiration Date"], today),
        title=" ".join(cells["Document Name"].split()),
        contract_type=contract_type(cells["Document Name"]),
        updated_at=updated_at,
        updated_by="import",
        counterparty=_counterparty(parties),
        term=Term(*(_captured(cells[name]) for name in ("Agreement Date", "Effective Date", "Expiration Date"))),
        renewal=_renewal(cells),
        governing_law=_captured(cells["Governing Law"]),
        document=document,
        clauses=tuple(_clauses(cells)),
        parties=_party_rows(agreement_id, parties),
        documents=(document,),
    )
    return agreement, content


def stage_for(expiration: str, today: date) -> Stage:
    end = find_plain_date(expiration)
    return Stage.EXPIRED if end is not None and end < today else Stage.ACTIVE


def contract_type(document_name: str) -> str:
    """The document's name in title case without trailing remarks: `SUPPLY AGREEMENT` and `Supply Agreement` are one type."""
    words = re.sub(r"\s*[\[(].*", "", " ".join(document_name.split()))
    return (words or document_name.strip()).title()[:80].strip()


def _captured(cell: str) -> str | None:
    return cell.strip() or None


def _counterparty(parties: tuple[PartyName, ...]) -> Counterparty | None:
    other = next((party for party in parties if not party.is_filer), None)
    return None if other is None else Counterparty(id=identifiers.counterparty_id(other.name), name=other.name)


def _party_rows(agreement_id: str, parties: tuple[PartyName, ...]) -> tuple[Party, ...]:
    first_other = next((party for party in parties if not party.is_filer), None)
    return tuple(
        Party(
            id=identifiers.child_id("PTY", agreement_id, ordinal),
            name=party.name,
            role="our_side" if party.is_filer else "counterparty" if party is first_other else "other",
        )
        for ordinal, party in enumerate(parties, start=1)
    )


def _renewal(cells: dict[str, str]) -> Renewal | None:
    term = _captured(cells["Renewal Term"])
    notice = _captured(cells["Notice Period To Terminate Renewal"])
    if term is None and notice is None:
        return None
    kind = next((kind for pattern, kind in RENEWAL_WORDS if term is not None and pattern.search(term)), None)
    return Renewal(type=kind, term=term, notice=notice)


def _clauses(cells: dict[str, str]) -> Iterator[Clause]:
    for name, answer in cells.items():
        if name not in HEADER_COLUMNS and answer.strip():
            present = answer.strip().casefold() == "yes"
            yield Clause(
                type=name, present=present, deviation=f"captured answer: {answer.strip()}" if present else None
            )
