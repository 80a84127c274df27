"""What a job holds, as it is kept from when it is queued until it runs: what either side changes later, the other does not see.

Source: "Queueable Apex", "transient Keyword" (Apex Developer Guide). Objects of the platform that hold nothing of the code under
test are shared. ASSUMED, from a public test: that a test is no exception.

"Describe result objects are not serializable": "Understanding Apex Describe Information". That what LeadConvert asks is none
either is ASSUMED from a public test; the text is that of an issue of fflib-apex-common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orgtwin.apex.faults import throw
from orgtwin.apex.records import SObject
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, Instance, KeySet, Value, nested

_NOT_SERIALIZABLE = frozenset((
    *("Schema.ChildRelationship", "Schema.DescribeFieldResult", "Schema.DescribeFieldSetResult", "Schema.DescribeSObjectResult"),
    "Database.LeadConvert",
))  # fmt: skip


def kept(value: Value) -> Value:
    """A copy of an object and of everything it holds, its transient fields left out."""
    return _copy(value, {})


def _copy(value: Value, known: dict[int, Value]) -> Value:
    if id(value) in known:
        return known[id(value)]
    copy = _COPIES.get(type(value))
    if copy is not None:
        return nested(lambda given: copy(given, known), value)
    held: Type | None = getattr(value, "apex_type", None)
    if held is not None and held.name in _NOT_SERIALIZABLE:
        raise throw("SerializationException", f"Not Serializable: {held.name}")
    return value


def _copy_instance(value: Instance, known: dict[int, Value]) -> Instance:
    made = known[id(value)] = Instance(value.cls)
    lost = {v.slot for cls in value.cls.chain() for v in cls.variables.values() if v.transient and not v.static}
    made.fields = [None if slot in lost else _copy(item, known) for slot, item in enumerate(value.fields)]
    return made


def _copy_list(value: ApexList, known: dict[int, Value]) -> ApexList:
    made = known[id(value)] = ApexList(value.type)
    made.items = [_copy(item, known) for item in value.items]
    return made


def _copy_set(value: ApexSet, known: dict[int, Value]) -> ApexSet:
    made = known[id(value)] = ApexSet(value.type)
    made.items.update((_copy(item, known), None) for item in value.items)
    return made


def _copy_map(value: ApexMap, known: dict[int, Value]) -> ApexMap:
    made = known[id(value)] = ApexMap(value.type)
    made.items.update((_copy(key, known), _copy(item, known)) for key, item in value.items.items())
    return made


def _copy_record(value: SObject, known: dict[int, Value]) -> SObject:
    made = known[id(value)] = SObject(value.type, dict(value.fields))
    made.queried = value.queried
    made.related = {name: _copy(item, known) for name, item in value.related.items()}
    return made


_COPIES: Mapping[type, Callable[[Any, dict[int, Value]], Value]] = {
    Instance: _copy_instance,
    ApexList: _copy_list,
    ApexSet: _copy_set,
    KeySet: _copy_set,
    ApexMap: _copy_map,
    SObject: _copy_record,
}
