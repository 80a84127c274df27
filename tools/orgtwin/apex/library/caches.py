"""Platform Cache: Cache.Org, Cache.Session, partitions, CacheBuilder. A test begins with empty caches.

Source: "Cache Namespace" (Apex Reference Guide), "Platform Cache" (Apex Developer Guide). ASSUMED: values live as long as the
process; time to live and capacity are not counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.jobs import call_method
from orgtwin.apex.library.objects import new_instance
from orgtwin.apex.library.signatures import declare, system_class, system_enum, system_interface, type_of
from orgtwin.apex.records import SObject
from orgtwin.apex.text import to_text
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, Instance, Long, Value

_KEY = re.compile(r"[A-Za-z0-9]{1,50}")
_DEFAULT = "local.default"

system_enum("Visibility", "ALL NAMESPACE", namespace="Cache")
system_interface("CacheBuilder", "Object doLoad(String)", namespace="Cache")


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition of the org's or the session's cache."""

    scope: str  # Org or Session
    name: str

    @property
    def apex_type(self) -> Type:
        return declare(f"{self.scope}Partition", namespace="Cache").type

    @property
    def values(self) -> dict[str, Value]:
        return context.engine().caches.setdefault((self.scope, self.name.lower()), {})


def _check_key(this: Partition, key: str | None) -> str:
    if key is None or not _KEY.fullmatch(key):
        error = f"Cache.{this.scope}.{this.scope}CacheException"
        raise throw(
            error, f"Failed Cache.{this.scope}: key must be alphanumeric and at most 50 characters: {to_text(key)}"
        )
    return key


def _put(this: Partition, key: str, value: Value, *_: Value) -> None:
    this.values[_check_key(this, key)] = copied(value)


def _get(this: Partition, key: str) -> Value:
    return copied(this.values.get(_check_key(this, key)))


def copied(value: Value) -> Value:
    """The value as it comes out of serialization: whoever changes one changes no other."""
    return _copied(value, {})


def _copied(value: Value, made: dict[int, Value]) -> Value:
    """`made` holds the copies by the identity of what they copy: a value that occurs twice still does."""
    if id(value) in made:
        return made[id(value)]
    if isinstance(value, (ApexList, ApexSet, ApexMap)):
        copy = made[id(value)] = type(value)(value.type)
        if isinstance(value, ApexMap):
            copy.items = {_copied(k, made): _copied(v, made) for k, v in value.items.items()}
        else:
            items = [_copied(item, made) for item in value.items]
            copy.items = items if isinstance(value, ApexList) else dict.fromkeys(items)
        return copy
    if isinstance(value, SObject):
        return value.clone(keep_id=True, deep=True, keep_timestamps=True, keep_auto=True)
    if type(value) is Instance:
        made[id(value)] = twin = Instance(value.cls)
        twin.fields = [_copied(item, made) for item in value.fields]
        return twin
    return value


def _build(this: Partition, builder: Value, key: str) -> Value:
    """get(CacheBuilder, key): what is there, else what the builder loads. The entry is the builder's own."""
    own = f"{builder.type.name}_{key}"
    if own not in this.values:
        this.values[own] = call_method(new_instance(builder), "doLoad", key)
    return this.values[own]


def _remove(this: Partition, key: str) -> bool:
    return this.values.pop(_check_key(this, key), None) is not None


def _remove_built(this: Partition, builder: Value, key: str) -> bool:
    return this.values.pop(f"{builder.type.name}_{key}", None) is not None


def _contains(this: Partition, key: Value) -> Value:
    if isinstance(key, ApexSet):
        return ApexMap(type_of("Map<String,Boolean>"), {k: k in this.values for k in key.items})
    if isinstance(key, ApexList):
        return ApexList(type_of("List<Boolean>"), [k in this.values for k in key.items])
    return _check_key(this, key) in this.values


def _get_all(this: Partition, keys: ApexSet | None) -> ApexMap:
    if keys is None:
        raise argument_null("keys")
    return ApexMap(type_of("Map<String,Object>"), {k: copied(this.values[k]) for k in keys.items if k in this.values})


_METHODS: dict[str, Callable[..., Value]] = {
    "Boolean contains(String)": _contains,
    "Map<String,Boolean> contains(Set<String>)": _contains,
    "List<Boolean> contains(List<String>)": _contains,
    "Object get(String)": _get,
    "Object get(Type,String)": _build,
    "Map<String,Object> get(Set<String>)": _get_all,
    "void put(String,Object)": _put,
    "void put(String,Object,Integer)": _put,
    "void put(String,Object,Cache.Visibility)": _put,
    "void put(String,Object,Integer,Cache.Visibility,Boolean)": _put,
    "Boolean remove(String)": _remove,
    "Boolean remove(Type,String)": _remove_built,
    "Set<String> getKeys()": lambda this: ApexSet(type_of("Set<String>"), dict.fromkeys(this.values)),
    "Long getNumKeys()": lambda this: Long(len(this.values)),
    "String getName()": lambda this: this.name,
    "Boolean isAvailable()": lambda this: True,
    "Double getCapacity()": lambda this: 0.0,
    "Double getMissRate()": lambda this: 0.0,
    "Long getAvgGetTime()": lambda this: Long(0),
    "Long getMaxGetTime()": lambda this: Long(0),
    "Long getAvgGetSize()": lambda this: Long(0),
    "Long getMaxGetSize()": lambda this: Long(0),
    "Long getAvgValueSize()": lambda this: Long(0),
    "Long getMaxValueSize()": lambda this: Long(0),
}


def _place(scope: str, key: Value) -> tuple[Partition, Value]:
    """`namespace.partition.key` names a partition; a key alone is in the default one."""
    if isinstance(key, str) and key.count(".") == 2:
        name, _, last = key.rpartition(".")
        return Partition(scope, name), last
    return Partition(scope, _DEFAULT), key


def _static(scope: str, run: Callable[..., Value], *, built: bool) -> Callable[..., Value]:
    def call(*args: Value) -> Value:
        if not args:
            return run(Partition(scope, _DEFAULT))
        at = 1 if built else 0
        if isinstance(args[at], (ApexList, ApexSet)):
            return _of_places(scope, run, args[at])
        partition, key = _place(scope, args[at])
        return run(partition, *args[:at], key, *args[at + 1 :])

    return call


def _of_places(scope: str, run: Callable[..., Value], keys: ApexList | ApexSet) -> Value:
    """Keys each in its partition: what they find together, in a list or by the keys as they are given."""
    singles = [(key, *_place(scope, key)) for key in keys.items]
    if isinstance(keys, ApexList):
        found = [run(partition, ApexList(keys.type, [last])).items[0] for _key, partition, last in singles]
        return ApexList(type_of("List<Boolean>"), found)
    found_by_key: dict[Value, Value] = {}
    for key, partition, last in singles:
        found_by_key.update((key, value) for value in run(partition, ApexSet(keys.type, {last: None})).items.values())
    return ApexMap(run(Partition(scope, _DEFAULT), ApexSet(keys.type)).type, found_by_key)


def _static_forms(scope: str) -> dict[str, Callable[..., Value]]:
    """Of a cache as a whole; only the session's can be missing, so that only it tells."""
    return {
        f"static {signature}": _static(scope, run, built="(Type,String)" in signature)
        for signature, run in _METHODS.items()
        if scope == "Session" or not signature.endswith("isAvailable()")
    }


PARTITION = system_class("Partition", _METHODS, namespace="Cache")
for _scope in ("Org", "Session"):
    system_class(f"{_scope}Partition", _METHODS, namespace="Cache", extends=PARTITION)

    def _partition(name: str | None, scope: str = _scope) -> Partition:
        if name is None:
            raise argument_null("partitionName")
        return Partition(scope, name)

    system_class(
        _scope,
        {**_static_forms(_scope), f"static Cache.{_scope}Partition getPartition(String)": _partition},
        namespace="Cache",
    )
