from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from clmtwin.imports.contracts_csv import (
    HEADER_COLUMNS,
    ContractRow,
    RejectedRow,
    contract_type,
    read_rows,
    to_agreement,
)
from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement
from clmtwin.periods import find_plain_date
from clmtwin.problem import Problem

SHIPPED = Path(__file__).parents[2] / "datasets/cuad/contracts.csv"
HEADER = ",".join([*HEADER_COLUMNS, "Non-Compete"])


def row(**cells: str) -> str:
    values = {"Filename": "ACMEINC_01_01_2020-EX-1.PDF", "Document Name": "SUPPLY AGREEMENT", **cells}
    return ",".join(f'"{values.get(name, "")}"' for name in [*HEADER_COLUMNS, "Non-Compete"])


def read(*lines: str) -> list[ContractRow | RejectedRow]:
    return list(read_rows("\n".join([HEADER, *lines]).encode()))


def agreement(**cells: str) -> Agreement:
    (only,) = read(row(**cells))
    assert isinstance(only, ContractRow)
    return to_agreement(only, 1, today=date(2026, 11, 21), updated_at="2026-11-21T00:00:00Z", public_url="https://clm")[
        0
    ]


def test_every_shipped_contract_is_read() -> None:
    rows = list(read_rows(SHIPPED.read_bytes()))
    assert Counter(type(one).__name__ for one in rows) == {"ContractRow": 200}


def test_the_terms_stay_as_captured() -> None:
    made = agreement(
        **{"Agreement Date": "[]/[]/2020", "Effective Date": "", "Expiration Date": "7/22/2019; 7/22/2022"}
    )
    assert (made.term.signed, made.term.start, made.term.end) == ("[]/[]/2020", None, "7/22/2019; 7/22/2022")


@pytest.mark.parametrize(
    ("end", "stage"),
    [
        ("11/20/2026", Stage.EXPIRED),
        ("11/21/2026", Stage.ACTIVE),
        ("12/31/2029", Stage.ACTIVE),
        ("perpetual", Stage.ACTIVE),
        ("[]/[]/2010", Stage.ACTIVE),
        ("7/22/2001; 7/22/2002", Stage.ACTIVE),
        ("2/30/2020", Stage.ACTIVE),
        ("", Stage.ACTIVE),
    ],
)
def test_only_a_plain_end_date_in_the_past_expires_a_contract(end: str, stage: Stage) -> None:
    assert agreement(**{"Expiration Date": end}).stage is stage


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("successive 1 year", "auto"),
        ("succesive 1 year", "auto"),
        ("succsive 1 year", "auto"),
        ("successine 1 year", "auto"),
        ("four successive 10 years", "auto"),
        ("perpetual, 11/15/2014", "evergreen"),
        ("3 years", None),
    ],
)
def test_a_renewal_type_is_only_what_the_text_says(text: str, kind: str | None) -> None:
    renewal = agreement(**{"Renewal Term": text}).renewal
    assert renewal is not None
    assert (renewal.type, renewal.term) == (kind, text)


def test_without_renewal_and_notice_there_is_no_renewal() -> None:
    assert agreement().renewal is None


def test_the_answers_to_clause_questions_are_clauses() -> None:
    (clause,) = agreement(**{"Non-Compete": "Yes"}).clauses
    assert (clause.type, clause.present, clause.deviation) == ("Non-Compete", True, "captured answer: Yes")


def test_a_document_goes_out_as_link_and_hash() -> None:
    document = agreement().document
    assert document is not None
    assert document.url == "https://clm/documents/DOC-000001-1"
    assert len(document.sha256) == 64


def test_a_list_of_parties_without_a_readable_name_leaves_the_counterparty_open() -> None:
    assert agreement(Parties="[ * * * ]").counterparty is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("only,three,cells", "the row has 3 cells, the header has 10"),
        (row(Filename=" "), "Filename is empty"),
        (row(**{"Document Name": ""}), "Document Name is empty"),
        (row(Parties="x" * 4001), "Parties has 4001 characters; at most 4000 are kept"),
        (row(Parties="a\0b"), "Parties contains a NUL character"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_with_its_line(line: str, reason: str) -> None:
    assert read(row(), line)[1] == RejectedRow(3, reason)


def test_a_quote_that_never_closes_rejects_the_rest_of_the_file_once() -> None:
    assert read(row(), '"open,')[1] == RejectedRow(3, "the row is not CSV: unexpected end of data")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", f"The header lacks {', '.join(HEADER_COLUMNS)}."),
        (b"Filename,Filename\n", f"The header lacks {', '.join(HEADER_COLUMNS[1:])}."),
        ((HEADER + ",Parties\n").encode(), "The header names Parties more than once."),
        (HEADER.encode() + b"\n\xff", "The file is not UTF-8: byte 151 on line 2. Save it as UTF-8."),
    ],
)
def test_a_file_that_is_no_such_file_is_refused_as_a_whole(body: bytes, detail: str) -> None:
    with pytest.raises(Problem) as refusal:
        list(read_rows(body))
    assert refusal.value.detail == detail


@pytest.mark.parametrize(
    ("text", "expected"), [("7/4/2020", date(2020, 7, 4)), ("2020-07-04", date(2020, 7, 4)), ("7/2020", None)]
)
def test_a_plain_date_is_one_whole_date(text: str, expected: date | None) -> None:
    assert find_plain_date(text) == expected


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SUPPLY AGREEMENT", "Supply Agreement"),
        ("Software License Agreement [v.08.05.03]", "Software License Agreement"),
    ],
)
def test_one_kind_of_agreement_has_one_spelling(name: str, kind: str) -> None:
    assert contract_type(name) == kind
