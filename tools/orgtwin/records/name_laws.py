"""Person names: Name is FirstName and LastName (and MiddleName, Suffix where the org has them), joined by spaces.

Source: "Contact", "Lead", "User" (Object Reference): Name is a concatenation of FirstName, MiddleName, LastName and Suffix.
"""

from __future__ import annotations

from orgtwin.records.law_context import LawContext
from orgtwin.records.saving import Save

_PARTS = ("FirstName", "MiddleName", "LastName", "Suffix")


def join_names(_context: LawContext, save: Save) -> None:
    table = save.table
    readers = [table.reader(part) for part in _PARTS]
    for row in save.rows:
        parts = (read(row.content) for read in readers)
        table.write(row.content, "Name", " ".join(str(part) for part in parts if part) or None)
