"""A document is its creator's, and has a unique name made of its name, unless the request says otherwise; a body has its length.

Source: "Document" (Object Reference), AuthorId and DeveloperName; BodyLength there and in "Attachment"; "Insert or Update Blob
Data" (REST API Developer Guide) creates a document without either. ASSUMED: how the unique name is made.
"""

from __future__ import annotations

import re

from orgtwin.records.law_context import LawContext
from orgtwin.records.saving import Operation, Save

_NO_LETTER = re.compile(r"[^A-Za-z0-9]+")


def fill_document(_context: LawContext, save: Save) -> None:
    if save.operation is not Operation.INSERT:
        return
    table = save.table
    author, unique_name, name = table.reader("AuthorId"), table.reader("DeveloperName"), table.reader("Name")
    for row in save.rows:
        if author(row.content) is None:
            table.write(row.content, "AuthorId", save.caller.user_id)
        if unique_name(row.content) is None:
            table.write(row.content, "DeveloperName", _NO_LETTER.sub("_", str(name(row.content))).strip("_") or None)


def measure_body(_context: LawContext, save: Save) -> None:
    body, length = save.table.reader("Body"), save.table.reader("BodyLength")
    for row in save.rows:
        content = body(row.content)
        measured = len(content) if isinstance(content, bytes) else 0
        if length(row.content) != measured:
            save.table.write(row.content, "BodyLength", measured)
