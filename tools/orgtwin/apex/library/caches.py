"""Platform Cache: Cache.Org, Cache.Session, partitions, CacheBuilder. A test begins with empty caches.

Source: "Cache Namespace", "Cache Exceptions" (Apex Reference Guide), "Platform Cache Limits", "Platform Cache Internals" (Apex
Developer Guide). ASSUMED: the texts of the exceptions; every partition is there, of any capacity; an item is as large as the heap
model says; in a test jobs see the session of the test, elsewhere asynchronous code has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.heap import bytes_of
from orgtwin.apex.library.jobs import call_method
from orgtwin.apex.library.objects import new_instance
from orgtwin.apex.library.signatures import declare, system_class, system_enum, system_interface, type_of
from orgtwin.apex.records import SObject
from orgtwin.apex.text import to_text
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, Instance, Long, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

_LIVES = {"Org": (172_800, 86_400), "Session": (28_800, 28_800)}
"""Seconds: the longest time to live, and that of what names none."""
_SHORTEST = 300
MOST_BYTES = 100 * 1024
"""Of one item."""
MOST_KEYS = 10
"""Of one call with several."""
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
    def values(self) -> Mapping[str, Value]:
        """What lives now."""
        engine = context.engine()
        if self.scope == "Session" and not _has_session(engine):
            error = "Cache.Session.SessionCacheNoSessionException"
            raise throw(error, "The session cache is not available: asynchronous code has no session")
        now = engine.now()
        held = engine.caches.get((self.scope, self.name.lower()), {})
        return {key: value for key, (value, until) in held.items() if now < until}

    def keep(self, key: str, value: Value, seconds: int) -> None:
        self._change()[key] = value, context.engine().now() + timedelta(seconds=seconds)

    def drop(self, key: str) -> bool:
        """Was it there?"""
        found = self.values.get(key)
        self._change().pop(key, None)
        return found is not None

    def _change(self) -> dict[str, tuple[Value, datetime]]:
        """The entries, to be changed; they come back as they were when the transaction fails."""
        engine, place = context.engine(), (self.scope, self.name.lower())
        before = engine.caches.get(place, {})
        engine.transaction.on_failure.append(lambda: engine.caches.update({place: before}))
        engine.caches[place] = dict(before)
        return engine.caches[place]


def _has_session(engine: Engine) -> bool:
    return engine.is_testing or not engine.transaction.asynchronous


def _check_key(this: Partition, key: str | None) -> str:
    if key is None or not _KEY.fullmatch(key):
        text = f"Failed Cache.{this.scope}: key must be alphanumeric and at most 50 characters: {to_text(key)}"
        raise throw("Cache.InvalidParamException", text)
    return key


def _put(this: Partition, key: str, value: Value, *options: Value) -> None:
    """`options`: the time to live in seconds, which may be left out, and who may see it."""
    name = _check_key(this, key)
    longest, usual = _LIVES[this.scope]
    seconds = options[0] if options and isinstance(options[0], int) else usual
    if not _SHORTEST <= seconds <= longest:
        text = f"Failed Cache.{this.scope}.put(): ttlSecs must be between {_SHORTEST} and {longest}: {seconds}"
        raise throw("Cache.InvalidParamException", text)
    if bytes_of([value], MOST_BYTES)[0] > MOST_BYTES:
        raise throw(
            "Cache.ItemSizeLimitExceededException", f"Failed Cache.{this.scope}.put(): item exceeds 100 KB: {name}"
        )
    this.keep(name, copied(value), seconds)


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
        if isinstance(copy, ApexList):
            copy.items = [_copied(item, made) for item in value.items]
        elif isinstance(value, ApexMap):
            copy.items.update((_copied(k, made), _copied(v, made)) for k, v in value.items.items())
        else:
            copy.items.update((_copied(item, made), None) for item in value.items)
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
        this.keep(own, call_method(new_instance(builder), "doLoad", key), _LIVES[this.scope][1])
    return this.values[own]


def _remove(this: Partition, key: str) -> bool:
    return this.drop(_check_key(this, key))


def _remove_built(this: Partition, builder: Value, key: str) -> bool:
    return this.drop(f"{builder.type.name}_{key}")


def _few(keys: ApexList | ApexSet) -> None:
    if len(keys.items) > MOST_KEYS:
        text = f"More than {MOST_KEYS} keys in one call: {len(keys.items)}"
        raise throw("Cache.BulkApiKeysLimitExceededException", text)


def _contains(this: Partition, key: Value) -> Value:
    if isinstance(key, (ApexList, ApexSet)):
        _few(key)
    if isinstance(key, ApexSet):
        return ApexMap(type_of("Map<String,Boolean>"), {k: k in this.values for k in key.items})
    if isinstance(key, ApexList):
        return ApexList(type_of("List<Boolean>"), [k in this.values for k in key.items])
    return _check_key(this, key) in this.values


def _get_all(this: Partition, keys: ApexSet | None) -> ApexMap:
    if keys is None:
        raise argument_null("keys")
    _few(keys)
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
    "Boolean isAvailable()": lambda this: this.scope == "Org" or _has_session(context.engine()),
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
    _few(keys)
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
