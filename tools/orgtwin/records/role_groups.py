"""The two groups that come with a role, through which records are shared with it, and with it and those below.

Source: "Group" (Object Reference), field Type: Role and RoleAndSubordinates, whose RelatedId is the role.
"""

from __future__ import annotations

from orgtwin.access.principals import ROLE, ROLE_AND_SUBORDINATES
from orgtwin.records.context import RecordsContext
from orgtwin.records.own_rows import store_own_row
from orgtwin.records.saving import Operation, Save
from orgtwin.records.table import ID


def add_role_groups(context: RecordsContext, save: Save) -> None:
    """Runs when the roles are stored."""
    if save.operation is not Operation.INSERT:
        return
    name_of = save.table.reader("DeveloperName")
    for row in save.rows:
        for kind in (ROLE, ROLE_AND_SUBORDINATES):
            values = {"Type": kind, "RelatedId": row.content[ID], "DeveloperName": name_of(row.content)}
            store_own_row(context, "Group", values, save.caller.user_id)
