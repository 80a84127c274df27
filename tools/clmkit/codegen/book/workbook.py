"""The book as a workbook: a sheet per table, filters on, the first row frozen. The same book gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from clmkit.codegen.book.tables import Book, Table

SAVED_AT = re.compile(rb"<dcterms:modified\b.*?</dcterms:modified>")
EPOCH = (1980, 1, 1, 0, 0, 0)
WIDEST = 60
HEAD = PatternFill("solid", fgColor="1B2430")


def render_workbook(book: Book) -> bytes:
    """The file. Text that begins with = stays text: a spreadsheet must not run what a spec says."""
    workbook = Workbook()
    workbook.properties.title = f"Mapping book {book.name} {book.version}"
    workbook.properties.creator = "clmkit"
    workbook.properties.created = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    first = workbook.active
    if first is not None:
        workbook.remove(first)
    for table in book.tables:
        _fill(workbook.create_sheet(table.sheet), table)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return _without_clock(buffer.getvalue())


def _fill(sheet: Worksheet, table: Table) -> None:
    for at, row in enumerate((table.columns, *table.rows), start=1):
        for column, text in enumerate(row, start=1):
            cell = sheet.cell(at, column, ILLEGAL_CHARACTERS_RE.sub("", text))
            cell.data_type = "s"
            cell.alignment = Alignment(vertical="top", wrap_text=True)
    for heading in sheet[1]:
        heading.font, heading.fill = Font(bold=True, color="FFFFFF"), HEAD
    for column, name in enumerate(table.columns, start=1):
        longest = max([len(name), *(len(row[column - 1]) for row in table.rows)])
        sheet.column_dimensions[get_column_letter(column)].width = min(longest + 2, WIDEST)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _without_clock(content: bytes) -> bytes:
    """The same archive with one date on every entry, and no time of saving, which openpyxl writes whatever it is told."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            written = source.read(name)
            kept = SAVED_AT.sub(b"", written) if name == "docProps/core.xml" else written
            target.writestr(zipfile.ZipInfo(name, EPOCH), kept, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
