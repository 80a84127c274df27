"""What DML inside a trigger may not do with the records that the trigger is about.

Sources: "Triggers and Order of Execution", "Trigger Context Variable Considerations" (Apex Developer Guide). ASSUMED, from what
public probes of an org tell: which phase refuses which verb, and that a guard knows the records themselves, not only their list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orgtwin.apex.faults import throw
from orgtwin.apex.records import SObject
from orgtwin.errors import SaveError

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

_OWN = "DML statement cannot operate on trigger.new or trigger.old"
_RECURSIVE = "Object (id = {}) is currently in trigger {}, therefore it cannot recursively {} itself"
_REFUSED = {
    ("before", "update"): ("update", "upsert"),
    ("before", "delete"): ("delete",),
    ("after", "delete"): ("delete", "undelete"),
    ("after", "undelete"): ("delete",),
}


def require_other_records(engine: Engine, records: list[SObject]) -> None:
    """Raises SObjectException for a record that stands in the Trigger.new or Trigger.old of a trigger that runs."""
    if not engine.trigger_context:
        return
    lists = [rows for one in engine.trigger_context for rows in (one.new, one.old) if rows is not None]
    own = {id(record) for rows in lists for record in rows.items}
    if any(id(record) in own for record in records):
        raise throw("SObjectException", _OWN)


def find_recursive(engine: Engine, verb: str, records: list[SObject]) -> Iterator[tuple[int, SaveError]]:
    """The rows, by their place, that a trigger of the same records is being run for."""
    for place, record in enumerate(records) if engine.trigger_context else ():
        record_id = record.fields.get("Id")
        for one in engine.trigger_context if record_id is not None else ():
            rows = one.new_map if one.event == "undelete" else one.old_map
            if verb in _REFUSED.get((one.moment, one.event), ()) and rows is not None and record_id in rows.items:
                text = _RECURSIVE.format(str(record_id)[:15], one.running, "update" if verb == "upsert" else verb)
                yield place, SaveError("SELF_REFERENCE_FROM_TRIGGER", text)
                break
