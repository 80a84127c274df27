"""Person names: Name is FirstName and LastName (and MiddleName, Suffix where the org has them), joined by spaces.

Source: "Contact", "Lead", "User" (Object Reference): Name is a concatenation of FirstName, MiddleName, LastName and Suffix.
"""

from __future__ import annotations

from orgtwin.records.law_context import LawContext
from orgtwin.records.saving import Pending, Save

_PARTS = ("FirstName", "MiddleName", "LastName", "Suffix")


def _join_name(_context: LawContext, save: Save, row: Pending) -> None:
    table = save.table
    parts = (table.reader(part)(row.content) for part in _PARTS)
    table.write(row.content, "Name", " ".join(str(part) for part in parts if part) or None)


CONTACT_LAWS = (_join_name,)
