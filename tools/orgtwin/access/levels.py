"""How far access to one record goes, and what the organization-wide default gives everybody.

Sources: "Organization-Wide Sharing Defaults" (Salesforce Help); `sharingModel`, "CustomObject" (Metadata API Developer Guide).
"""

from __future__ import annotations

from enum import IntEnum

from orgtwin.schema.model import SObjectType


class Level(IntEnum):
    """FULL also deletes, shares and gives the record to another owner."""

    NONE = 0
    READ = 1
    EDIT = 2
    FULL = 3


BY_NAME = {"None": Level.NONE, "Read": Level.READ, "Edit": Level.EDIT, "All": Level.FULL}
"""The words of share objects and sharing rules."""
NAMES = {level: name for name, level in BY_NAME.items()}

CONTROLLED_BY_PARENT = "controlledbyparent"
_DEFAULTS = {
    "private": Level.NONE,
    "read": Level.READ,
    "readwrite": Level.EDIT,
    "readwritetransfer": Level.EDIT,
    "fullaccess": Level.FULL,
}
_TRANSFER = frozenset({"readwritetransfer", "fullaccess"})


def default_level(sobject_type: SObjectType) -> Level:
    """What every user with the object permission may do with any record."""
    return _DEFAULTS.get(sobject_type.sharing_model.lower(), Level.NONE)


def everybody_transfers(sobject_type: SObjectType) -> bool:
    """Public Read/Write/Transfer: who may edit a record may also give it away."""
    return sobject_type.sharing_model.lower() in _TRANSFER
