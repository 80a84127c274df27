"""Setup objects and others, which one transaction does not write together.

Source: "sObjects That Can't Be Used Together in DML Operations" (Apex Developer Guide). A group may be inserted and updated beside
other records; a user too, when it is inserted without a role, or updated without one of the fields that decide about its access.
"""

from __future__ import annotations

from orgtwin.apex.records import SObject

_SETUP_OBJECTS = frozenset(
    (
        *("AuthSession", "ContentWorkspace", "FieldPermissions", "Group", "GroupMember", "ObjectPermissions"),
        *(
            "PermissionSet",
            "PermissionSetAssignment",
            *("PermissionSetGroup", "PermissionSetGroupComponent", "MutingPermissionSet"),  # ASSUMED, from public tests
            "QueueSobject",
            "SetupEntityAccess",
            "UserPackageLicense",
            "UserRole",
        ),
    )
)
_USER_ACCESS = frozenset(("UserRoleId", "IsActive", "ForecastEnabled", "IsPortalEnabled", "Username", "ProfileId"))
MESSAGE = (
    "DML operation on setup object is not permitted after you have updated a non-setup object (or vice versa):"
    " {}, original object: {}"
)


def kind_of_write(verb: str, record: SObject) -> bool | None:
    """True for a write of a setup object, False for that of another, None for one that goes with both."""
    name = record.type.name
    if name == "User":
        return _is_about_access(verb, record) or None
    if name == "Group" and verb in ("insert", "update", "upsert"):
        return None
    return name in _SETUP_OBJECTS


def _is_about_access(verb: str, user: SObject) -> bool:
    """Whether what is written of a user decides about its access. A queried record has the fields that were read (ASSUMED)."""
    if verb == "insert" or user.fields.get("Id") is None:
        return user.fields.get("UserRoleId") is not None
    return any(name in user.fields for name in _USER_ACCESS)
