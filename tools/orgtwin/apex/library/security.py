"""Security. Source: "Security Class" (Apex Reference Guide)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.signatures import declare, system_class, system_enum, type_of
from orgtwin.apex.org_port import OrgPort
from orgtwin.apex.records import SObject
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, EnumConstant, Value

system_enum("AccessType", "CREATABLE READABLE UPDATABLE UPSERTABLE")
_ACTIONS = {"CREATABLE": "create", "READABLE": "read", "UPDATABLE": "edit", "UPSERTABLE": "edit"}
ROW_TICKS = 4  # for each record that is stripped


@dataclass(slots=True)
class Decision:
    """SObjectAccessDecision."""

    records: ApexList
    removed: dict[str, dict[str, None]] = field(default_factory=dict)
    indexes: list[int] = field(default_factory=list)

    @property
    def apex_type(self) -> Type:
        return declare("SObjectAccessDecision").type


_FIELDS: Mapping[str, Callable[[OrgPort, str], frozenset[str]]] = {
    "READABLE": lambda port, name: port.readable_fields(name),
    "CREATABLE": lambda port, name: port.creatable_fields(name),
    "UPDATABLE": lambda port, name: port.editable_fields(name),
    "UPSERTABLE": lambda port, name: port.creatable_fields(name) & port.editable_fields(name),
}


def _strip(access: EnumConstant, records: ApexList | None, *options: Value) -> Decision:
    """Copies of the records without the fields the user may not use."""
    if records is None:
        raise argument_null("sourceRecords")
    context.spend(len(records.items) * ROW_TICKS)
    port = context.engine().port
    decision = Decision(ApexList(records.type))
    for index, record in enumerate(records.items):
        name = record.type.name
        if not port.can(name, _ACTIONS[access.name]) and (not options or options[0] is not False):
            raise throw("NoAccessException", f"No access to entity: {name}")
        allowed = _FIELDS[access.name](port, name)
        copy = SObject(record.type)
        copy.queried = record.queried
        copy.related = dict(record.related)
        for field_name, value in record.fields.items():
            if field_name == "Id" or field_name.lower() in allowed:
                copy.fields[field_name] = value
                continue
            decision.removed.setdefault(name, {})[field_name] = None
            if index not in decision.indexes:
                decision.indexes.append(index)
        decision.records.items.append(copy)
    return decision


def _removed(this: Decision) -> ApexMap:
    names = type_of("Set<String>")
    found = {name: ApexSet(names, dict(fields)) for name, fields in this.removed.items()}
    return ApexMap(type_of("Map<String,Set<String>>"), dict(found))


system_class(
    "Security",
    {
        "static SObjectAccessDecision stripInaccessible(AccessType,List<SObject>)": _strip,
        "static SObjectAccessDecision stripInaccessible(AccessType,List<SObject>,Boolean)": _strip,
    },
)
system_class(
    "SObjectAccessDecision",
    {
        "List<SObject> getRecords()": lambda this: this.records,
        "Map<String,Set<String>> getRemovedFields()": _removed,
        "Set<Integer> getModifiedIndexes()": lambda this: ApexSet(type_of("Set<Integer>"), dict.fromkeys(this.indexes)),
    },
)
