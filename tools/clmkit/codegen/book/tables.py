"""What a book is made of: chapters of tables, as data that a test can compare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `sheet` names it in the workbook: at most 31 characters, none of []:*?/\\ (Excel's law)."""

    sheet: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """A whole book."""

    name: str
    version: str
    summary: str
    figures: tuple[tuple[str, str], ...]  # number, what it counts
    tables: tuple[Table, ...]


def make_table(sheet: str, title: str, note: str, columns: str, rows: Iterable[Sequence[object]]) -> Table:
    """A table whose columns are separated by `|`; every cell becomes text, true and false become yes and nothing."""
    names = tuple(name.strip() for name in columns.split("|"))
    texts = tuple(tuple(_to_text(cell) for cell in row) for row in rows)
    wrong = next((row for row in texts if len(row) != len(names)), None)
    if wrong is not None:
        raise ValueError(f"{sheet}: a row of {len(wrong)} cells under {len(names)} columns: {wrong}")
    return Table(sheet, title, note, names, texts)


def _to_text(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else ""
    if isinstance(cell, (tuple, list)):
        return ", ".join(str(item) for item in cell)
    return str(cell)
