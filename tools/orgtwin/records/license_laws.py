"""Licences: how many users and assignments there may be, and which permission sets a user's licence allows.

Sources: "User Licenses", "Permission Set Licenses", "Permission Sets and Licenses" (Salesforce Help); "UserLicense",
"PermissionSetLicense" (Object Reference). A permission set made for a permission set licence brings its users that licence; one
made for a user licence is for users of that licence. LICENSE_LIMIT_EXCEEDED is documented, the texts are ASSUMED.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from orgtwin.errors import SaveError
from orgtwin.records.context import RecordsContext
from orgtwin.records.model import Row, Value
from orgtwin.records.own_rows import change_own_row, store_own_row
from orgtwin.records.profile_assignments import refuse_profile_set
from orgtwin.records.saving import Pending, Save

_USER_LICENSE = "100"
_LIMIT = "LICENSE_LIMIT_EXCEEDED"
_NO_MORE = "Permission Set License Limit Exceeded"


def check_user_licenses(context: RecordsContext, save: Save) -> None:
    """An active user takes a licence of the kind that the profile names."""
    users = save.table
    is_active, profile_of = users.reader("IsActive"), users.reader("ProfileId")
    taken: Counter[str] = Counter()
    for row in save.rows:
        license_id = _license_of_profile(context, profile_of(row.content)) if is_active(row.content) else None
        before = row.before
        had = _license_of_profile(context, profile_of(before)) if before is not None and is_active(before) else None
        if license_id is not None and license_id != had:
            used = _users_of(context, license_id) + taken[license_id]
            taken[license_id] += _take(context, row, "UserLicense", license_id, used, "License Limit Exceeded")


def take_user_type(context: RecordsContext, save: Save) -> None:
    """A user is of the type of the profile. Source: "UserType" in "User" and "Profile" (Object Reference)."""
    profiles, profile_of = context.table("Profile"), save.table.reader("ProfileId")
    type_of = profiles.reader("UserType")
    for row in save.rows:
        profile = profiles.get(str(profile_of(row.content)))
        if profile is not None:
            save.table.write(row.content, "UserType", type_of(profile))


def check_license_assignments(context: RecordsContext, save: Save) -> None:
    """An assignment takes one of the licences that were bought."""
    license_of = save.table.reader("PermissionSetLicenseId")
    taken: Counter[str] = Counter()
    for row in save.rows:
        license_id = str(license_of(row.content))
        used = len(save.table.find("PermissionSetLicenseId", license_id)) + taken[license_id]
        taken[license_id] += _take(context, row, "PermissionSetLicense", license_id, used, _NO_MORE)


def check_permission_set_licenses(context: RecordsContext, save: Save) -> None:
    """The permission set's licence is the user's, or comes with the assignment."""
    set_of, assignee_of = save.table.reader("PermissionSetId"), save.table.reader("AssigneeId")
    sets = context.table("PermissionSet")
    for row in save.rows:
        found = sets.get(str(set_of(row.content)))
        license_id = sets.reader("LicenseId")(found) if found is not None else None
        user = context.table("User").get(str(assignee_of(row.content)))
        if found is None or not isinstance(license_id, str) or user is None:
            continue
        if license_id.startswith(_USER_LICENSE):
            _require_same(context, row, found, user, license_id)
        else:
            _bring(context, save, row, license_id, str(user[0]))


def _require_same(context: RecordsContext, row: Pending, permission_set: Row, user: Row, license_id: str) -> None:
    users, sets = context.table("User"), context.table("PermissionSet")
    if _license_of_profile(context, users.reader("ProfileId")(user)) != license_id:
        label, name = sets.reader("Label")(permission_set), users.reader("Name")(user)
        row.refuse(
            "FIELD_INTEGRITY_EXCEPTION",
            f"Can't assign permission set {label!s} to user {name!s}. The user license doesn't match the permission set's license.",
            "PermissionSetId",
        )


def _bring(context: RecordsContext, save: Save, row: Pending, license_id: str, user_id: str) -> None:
    assignments = context.table("PermissionSetLicenseAssign")
    license_of = assignments.reader("PermissionSetLicenseId")
    if any(license_of(one) == license_id for one in assignments.find("AssigneeId", user_id)):
        return
    used = len(assignments.find("PermissionSetLicenseId", license_id))
    if _take(context, row, "PermissionSetLicense", license_id, used, _NO_MORE):
        values: dict[str, Value] = {"PermissionSetLicenseId": license_id, "AssigneeId": user_id}
        store_own_row(context, "PermissionSetLicenseAssign", values, save.caller.user_id)


def _take(context: RecordsContext, row: Pending, sobject_type: str, license_id: str, used: int, text: str) -> bool:
    """Count one more licence as used, or refuse the row."""
    licenses = context.table(sobject_type)
    found = licenses.get(license_id)
    total = licenses.reader("TotalLicenses")(found) if found is not None else None
    if found is None or not isinstance(total, int):
        return True
    if used >= total:
        row.errors.append(SaveError(_LIMIT, text))
        return False
    change_own_row(context, sobject_type, license_id, {"UsedLicenses": used + 1})
    return True


def _license_of_profile(context: RecordsContext, profile_id: Value) -> str | None:
    profiles = context.table("Profile")
    profile = profiles.get(str(profile_id))
    found = profiles.reader("UserLicenseId")(profile) if profile is not None else None
    return found if isinstance(found, str) else None


def _users_of(context: RecordsContext, license_id: str) -> int:
    """How many active users have a licence."""
    users, profiles = context.table("User"), context.table("Profile")
    is_active, license_of = users.reader("IsActive"), profiles.reader("UserLicenseId")
    with_license = [str(profile[0]) for profile in profiles.rows() if license_of(profile) == license_id]
    return sum(1 for profile in with_license for user in users.find("ProfileId", profile) if is_active(user))


LICENSE_LAWS: dict[str, tuple[Callable[[RecordsContext, Save], None], ...]] = {
    "PermissionSetAssignment": (refuse_profile_set, check_permission_set_licenses),
    "PermissionSetLicenseAssign": (check_license_assignments,),
    "User": (take_user_type, check_user_licenses),
}
