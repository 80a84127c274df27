"""The mapping book: nothing of the spec is missing, nothing is told that is not deployed, and the files are what they claim."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from clmkit.cli.main import main
from clmkit.codegen.book.html import render_html
from clmkit.codegen.book.make import make_book
from clmkit.codegen.book.tables import Book, Table, make_table
from clmkit.codegen.book.traffic import Load
from clmkit.codegen.book.workbook import render_workbook
from clmkit.codegen.xml import parse_component
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Spec

LAWFUL_SHEET = re.compile(r"[^\[\]:*?/\\\\]{1,31}")


@pytest.fixture(scope="module")
def everything() -> Spec:
    loaded = load_spec(Path(__file__).with_name("everything.yml"))
    assert loaded.spec is not None, loaded.errors
    return loaded.spec


@pytest.fixture(scope="module")
def book(everything: Spec) -> Book:
    return make_book(everything, Load(changes_per_day=1_000, rows_per_list=5))


def table(book: Book, sheet: str) -> Table:
    return next(found for found in book.tables if found.sheet == sheet)


def test_every_field_and_every_value_of_the_spec_is_in_the_catalogue(everything: Spec, book: Book) -> None:
    told = [(row[0], row[2], row[3]) for row in table(book, "Data catalogue").rows]
    assert told == [(m.label, field.salesforce, field.clm) for m in everything.objects for field in m.fields]
    values = [(row[0], row[1], row[2]) for row in table(book, "Values").rows]
    assert values == [(v.label, value.clm, value.salesforce) for v in everything.value_maps for value in v.values]
    assert [row[1] for row in table(book, "Values").rows if row[4]] == ["old"]


def test_the_matrix_says_what_the_permission_sets_grant(spec: Spec, planned: Mapping[str, bytes]) -> None:
    matrix = table(make_book(spec, Load()), "CRUD matrix")
    letters = {"allowCreate": "C", "allowRead": "R", "allowEdit": "U", "allowDelete": "D"}
    for at, audience in enumerate(spec.audiences, start=1):
        _, body = parse_component(planned[f"generated/permissionsets/{audience.permission_set}.permissionset-meta.xml"])
        granted = body["objectPermissions"]
        assert isinstance(granted, list)
        rows = [entry for entry in granted if isinstance(entry, Mapping)]
        told = {row[0]: row[at] for row in matrix.rows if row[at]}
        assert told == {
            str(entry["object"]): " ".join(letter for right, letter in letters.items() if entry[right] == "true")
            for entry in rows
        }


def test_a_locked_field_is_told_state_by_state(spec: Spec) -> None:
    owners = table(make_book(spec, Load()), "Ownership")
    row = next(row for row in owners.rows if row[1] == "Customer Signed By")
    told = dict(zip(owners.columns[5:], row[5:], strict=True))
    assert told["negotiation"] == "Salesforce"
    assert told["active"] == "CLM, locked"


def test_the_budget_counts_calls_against_the_limit_of_the_edition(book: Book) -> None:
    assert table(book, "API budget").rows == (
        ("Folders", "batch", "1,000", "5", "0.01%"),
        ("Notices", "batch", "5,000", "25", "0.03%"),
        ("Papers", "batch", "5,000", "25", "0.03%"),
        ("All", "", "", "55", "0.06%"),
    )


def test_requests_and_renewal_are_told(book: Book) -> None:
    assert [row[:4] for row in table(book, "Requests").rows] == [
        (
            "Order Form",
            "Opportunity.StageName",
            "Negotiation/Review, Proposal/Price Quote",
            "Amount over 50000, Type not one of Existing Business, CloseDate within next 30",
        ),
        ("Fax", "ACME_Folder__c.ACME_State__c", "Running", ""),
    ]
    assert table(book, "Renewal").rows == (
        ("90 days before the last day for notice", "a task", "People's law"),
        ("30 days before the last day for notice", "a task", "People's law"),
        ("14 days later, still open", "a task", "People's law"),
        ("120 days before the end", "an opportunity, Prospecting", "the record's owner"),
        (
            "as soon as told says that notice was given",
            "a task; open reminders are completed, none follows, and no opportunity is made",
            "People's law",
        ),
    )


def test_the_page_needs_no_network_and_escapes_what_the_spec_says(book: Book) -> None:
    page = render_html(book)
    assert re.findall(r"""(?:src|href)\s*=\s*["'](?!#)""", page) == []
    assert "<script" not in page
    assert "Green &amp; &lt;white&gt;" in page
    assert [title for title in re.findall(r'href="#([^"]+)"', page) if f'id="{title}"' not in page] == []


def test_the_workbook_holds_the_same_tables(book: Book) -> None:
    workbook = load_workbook(io.BytesIO(render_workbook(book)))
    assert workbook.sheetnames == [found.sheet for found in book.tables]
    for found in book.tables:
        assert LAWFUL_SHEET.fullmatch(found.sheet)
        rows = [tuple(cell or "" for cell in row) for row in workbook[found.sheet].iter_rows(values_only=True)]
        assert rows == [found.columns, *found.rows]


def test_a_text_that_looks_like_a_formula_stays_text() -> None:
    told = make_table("Danger", "Danger", "", "Text", [("=HYPERLINK(1)",), ("bell \x07",)])
    sheet = load_workbook(io.BytesIO(render_workbook(Book("n", "1", "s", (), (told,)))))["Danger"]
    assert [(cell.value, cell.data_type) for cell in sheet["A"]] == [
        ("Text", "s"),
        ("=HYPERLINK(1)", "s"),
        ("bell ", "s"),
    ]


def test_the_same_spec_gives_the_same_bytes(book: Book, everything: Spec) -> None:
    again = make_book(everything, Load(changes_per_day=1_000, rows_per_list=5))
    assert render_workbook(again) == render_workbook(book)
    assert render_html(again) == render_html(book)


def test_a_row_of_the_wrong_width_is_a_bug_that_shows() -> None:
    with pytest.raises(ValueError, match=r"Wide: a row of 2 cells under 1 columns: \('a', 'b'\)"):
        make_table("Wide", "Wide", "", "One", [("a", "b")])


def test_the_command_writes_both_files(root: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["book", str(root / "mappings/contract.yml"), "--out", str(tmp_path / "book")])
    assert (done.exit_code, done.output.partition(",")[0]) == (0, f"{tmp_path / 'book'}: book.html and book.xlsx")
    assert sorted(path.name for path in (tmp_path / "book").iterdir()) == ["book.html", "book.xlsx"]


def test_a_folder_that_cannot_be_made_is_told(root: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    out = tmp_path / "taken" / "book"
    done = CliRunner().invoke(main, ["book", str(root / "mappings/contract.yml"), "--out", str(out)])
    assert (done.exit_code, done.output) == (2, f"{out}: cannot be written: Not a directory\n")
