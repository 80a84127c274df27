"""The assignment of a profile's own permission set, which every user of the profile has and nobody gives or takes by hand.

Source: "PermissionSet", IsOwnedByProfile, and "PermissionSetAssignment" (Object Reference). ASSUMED: the texts of the refusals, and
that the row keeps its id when the user gets another profile.
"""

from __future__ import annotations

from orgtwin.errors import SaveError
from orgtwin.records.context import RecordsContext
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.own_rows import Org, change_own_row, store_own_row
from orgtwin.records.saving import Save
from orgtwin.records.table import ID, RecordTable

_GIVEN = "Can't assign a permission set that is owned by a profile. Change the user's profile instead."
_TAKEN = (
    "Can't remove the assignment of a permission set that is owned by a profile. Change the user's profile instead."
)


def follow_profiles(context: RecordsContext, save: Save) -> None:
    """Runs when the users are stored: the assignment comes with a user and goes along with the profile."""
    profile_of = save.table.reader("ProfileId")
    for row in save.rows:
        profile_id = profile_of(row.content)
        if row.before is None or profile_of(row.before) != profile_id:
            assign_profile_set(context, str(row.content[ID]), profile_id, save.caller.user_id)


def assign_profile_set(org: Org, user_id: str, profile_id: Value, author_id: str) -> None:
    """Give a user the permission set of a profile instead of that of the profile before."""
    sets, assignments = org.table("PermissionSet"), org.table("PermissionSetAssignment")
    wanted = next((row[ID] for row in sets.find("ProfileId", profile_id) if is_profile_set(sets, row)), None)
    if profile_id is None or wanted is None:
        return
    set_of = assignments.reader("PermissionSetId")
    values: dict[str, Value] = {"PermissionSetId": wanted}
    for row in assignments.find("AssigneeId", user_id):
        if is_profile_set(sets, sets.get(str(set_of(row)))):
            change_own_row(org, "PermissionSetAssignment", str(row[ID]), values)
            return
    store_own_row(org, "PermissionSetAssignment", {"AssigneeId": user_id, **values}, author_id)


def is_profile_set(sets: RecordTable, permission_set: Row | None) -> bool:
    """Whether a permission set is a profile's own."""
    return permission_set is not None and sets.reader("IsOwnedByProfile")(permission_set) is True


def refuse_profile_set(context: RecordsContext, save: Save) -> None:
    """No caller assigns the permission set of a profile, or changes its assignment."""
    sets, set_of = context.table("PermissionSet"), save.table.reader("PermissionSetId")
    for row in save.rows:
        if is_profile_set(sets, sets.get(str(set_of(row.content)))):
            row.refuse("FIELD_INTEGRITY_EXCEPTION", _GIVEN, "PermissionSetId")


def refuse_profile_set_delete(
    context: RecordsContext, _caller: Caller, table: RecordTable, row: Row
) -> SaveError | None:
    """No caller takes the permission set of a profile from its users."""
    sets = context.table("PermissionSet")
    owned = is_profile_set(sets, sets.get(str(table.reader("PermissionSetId")(row))))
    return SaveError("DELETE_FAILED", _TAKEN) if owned else None
