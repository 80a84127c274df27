"""What user mode refuses of a write before the records do, and in which words.

Source: "Enforce User Mode for Database Operations" (Apex Developer Guide); the text of a denied object is that of Salesforce's
sample app Apex Recipes. Upsert and undelete tell a denied object in their results, as public tests rely on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orgtwin.apex.faults import throw
from orgtwin.apex.records import SObject
from orgtwin.errors import FieldsForbidden, SalesforceError, SaveError, SaveResult

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

FORBIDDEN = "Operation failed due to fields being inaccessible on Sobject {}, check errors on Exception or Result!"
_ASKED = {"insert": "create", "update": "edit", "delete": "delete"}


def require_object_access(engine: Engine, verb: str, records: Sequence[SObject]) -> None:
    """Raises SecurityException where the user may not do that to the object, whichever part may fail."""
    action = _ASKED.get(verb)
    if action is None:
        return
    for name in {record.type.name for record in records}:
        if not engine.port.can(name, "read") or not engine.port.can(name, action):
            raise throw("SecurityException", f"Access to entity '{name}' denied")


def refused_whole(engine: Engine, verb: str, record: SObject, error: SalesforceError, *, user_mode: bool) -> SaveResult:
    """A call that was refused as such. An upsert into an object that the user does not see finds no field that may be written."""
    reason = SaveError(error.code, error.message, error.fields)
    if user_mode and verb == "upsert" and not engine.port.can(record.type.name, "read"):
        reason = FieldsForbidden(error.code, error.message, tuple(name for name in record.fields if name != "Id"))
    return SaveResult(None, False, errors=(reason,))
