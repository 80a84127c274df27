"""Objects whose rows access works out instead of storing them: UserRecordAccess, NoteAndAttachment, and most
entries of the share objects."""

from __future__ import annotations

from typing import cast

from orgtwin.access.note_rows import NoteAndAttachmentRows
from orgtwin.access.record_access import Org as AccessOrg
from orgtwin.access.record_access import RecordAccessRows
from orgtwin.access.share_rows import ShareRows
from orgtwin.access.share_rows import Tables as ShareTables
from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Table
from orgtwin.records.table import RecordTable
from orgtwin.schema.companions import find_shared


def find_computed(org: Organization, caller: Caller, api_name: str) -> Table | None:
    """The table of such an object for one query of a caller; None for objects that are stored as they are."""
    if api_name == "UserRecordAccess":
        return RecordAccessRows(cast(AccessOrg, org), caller)
    if api_name == "NoteAndAttachment":
        return NoteAndAttachmentRows(org, cast(RecordTable, org.table(api_name)), caller)
    if not api_name.endswith("Share"):
        return None
    shape = find_shared(org.schema, api_name)
    return None if shape is None else ShareRows(cast(ShareTables, org), shape)
