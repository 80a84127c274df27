"""List, Set, Map, Iterator. Sources: "List Class", "Set Class", "Map Class" (Apex Reference Guide).

Order: sets and maps keep the order of insertion. ASSUMED: the documentation promises only that the order does not change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date
from decimal import Decimal
from functools import cmp_to_key

from orgtwin.apex import context
from orgtwin.apex.compile.calls import late_method
from orgtwin.apex.equality import Keys, exact
from orgtwin.apex.faults import FIXED, ITERATED, ApexThrow, argument_null, null_pointer, throw
from orgtwin.apex.heap import BULK, LARGE, PRICE
from orgtwin.apex.library.hashing import hash_code
from orgtwin.apex.library.signatures import system_class
from orgtwin.apex.library.tokens import SObjectTypeToken
from orgtwin.apex.records import SObject
from orgtwin.apex.text import to_text
from orgtwin.apex.types import SOBJECT, STRING, Type, collection, list_of, set_of
from orgtwin.apex.values import READ_ONLY, ApexList, ApexMap, ApexSet, EnumConstant, Id, Instance, KeySet, Value, nested

SCAN = 4  # looking at 16 elements costs a tick
WALK = 2  # as does putting 4 elements somewhere else
MOVE = 10  # or making room between 1,024


def _check_lock(holder: ApexList | ApexSet | ApexMap) -> None:
    if holder.locks:
        raise throw("FinalException", ITERATED if holder.locks < READ_ONLY else FIXED)


def _check_fixed(holder: ApexList) -> None:
    """For what a loop over a list allows."""
    if holder.locks >= READ_ONLY:
        _check_lock(holder)


def items_of(source: Value) -> list[Value]:
    """The elements of a List, a Set, or an object that implements Iterable."""
    if source is None:
        raise null_pointer()
    if isinstance(source, (ApexList, ApexSet, ApexMap)):
        context.spend(len(source.items) >> WALK)
        return list(source.items)
    start = late_method(source, "iterator", 0)
    cursor = start.call(source) if start is not None else None
    has_next, get_next = late_method(cursor, "hasNext", 0), late_method(cursor, "next", 0)
    found: list[Value] = []
    while has_next is not None and get_next is not None and has_next.call(cursor):
        found.append(get_next.call(cursor))
    return found


def _sought(key: Value) -> Value:
    """What to look for: records are found by what they say now, not by being the same object."""
    return key.at_present() if type(key) is SObject else key


def _keep(items: Keys, key: Value, value: Value) -> None:
    """Add a key that was not found; where the same record is kept as it was before, it stands twice."""
    size = len(items)
    items.setdefault(key, value)
    if len(items) == size:
        items[key.at_present()] = value


# Iterator


class ApexIterator:
    """An iterator over a List or Set."""

    __slots__ = ("_at", "_items", "type")

    def __init__(self, items: Iterable[Value], item_type: Type) -> None:
        self._items = list(items)
        self._at = 0
        self.type = collection("iterator", item_type)

    @property
    def apex_type(self) -> Type:
        return self.type

    def has_next(self) -> bool:
        return self._at < len(self._items)

    def next(self) -> Value:
        if self._at >= len(self._items):
            raise throw("NoSuchElementException", "Iterator has no more elements.")
        self._at += 1
        return self._items[self._at - 1]


def _has_next(this: Value) -> Value:
    if isinstance(this, ApexIterator):
        return this.has_next()
    method = late_method(this, "hasNext", 0)
    return method.call(this) if method is not None else False


def _next(this: Value) -> Value:
    if isinstance(this, ApexIterator):
        return this.next()
    method = late_method(this, "next", 0)
    return method.call(this) if method is not None else None


system_class("Iterator", {"Boolean hasNext()": _has_next, "T next()": _next}, generic="T")


def _iterator(this: Value) -> Value:
    if isinstance(this, (ApexList, ApexSet)):
        return ApexIterator(this.items, this.type.args[0])
    method = late_method(this, "iterator", 0)
    return method.call(this) if method is not None else None


system_class("Iterable", {"Iterator<T> iterator()": _iterator}, generic="T")


# List


def _check_index(this: ApexList, index: int | None, limit: int) -> int:
    if index is None:
        raise argument_null("index")
    if not 0 <= index < limit:
        raise throw("ListException", f"List index out of bounds: {index}")
    return index


def _list_add(this: ApexList, value: Value) -> None:
    if this.locks:
        _check_lock(this)
    if isinstance(value, (str, bytes)) and len(value) > LARGE:
        context.engine().note_allocation(len(value))
    this.items.append(value)


def _list_insert(this: ApexList, index: int, value: Value) -> None:
    """A loop over the list notices when it goes on, as it does of elements that were removed (ASSUMED, from a public test)."""
    _check_fixed(this)
    context.spend(len(this.items) >> MOVE)
    this.items.insert(_check_index(this, index, len(this.items) + 1), value)


def _list_add_all(this: ApexList, source: Value) -> None:
    _check_lock(this)
    added = items_of(source)
    _reserve(this, added)
    this.items.extend(added)


def _reserve(this: ApexList | ApexSet | ApexMap, added: Collection[Value]) -> None:
    """Room for what is about to be added."""
    size = (len(this.items) + len(added)) * PRICE
    if size > LARGE:
        context.engine().note_allocation(size)


def _list_clear(this: ApexList) -> None:
    _check_lock(this)
    this.items.clear()


def _list_get(this: ApexList, index: int) -> Value:
    items = this.items
    if index is None or not 0 <= index < len(items):
        _check_index(this, index, len(items))
    return items[index]


def _list_set(this: ApexList, index: int, value: Value) -> None:
    _check_fixed(this)
    this.items[_check_index(this, index, len(this.items))] = value


def _list_remove(this: ApexList, index: int) -> Value:
    """In a loop over the list it is the next step that fails: who leaves the loop after it may. ASSUMED; public packages do."""
    _check_fixed(this)
    context.spend(len(this.items) >> MOVE)
    return this.items.pop(_check_index(this, index, len(this.items)))


def _list_contains(this: ApexList, value: Value) -> bool:
    return _list_index_of(this, value) >= 0


def _list_index_of(this: ApexList, value: Value) -> int:
    items = this.items
    context.engine().spend(len(items) >> SCAN)
    at = -1
    try:
        while True:
            at = items.index(value, at + 1)
            if exact(value, items[at]):
                return at
    except ValueError:
        return -1


def _deep_clone(
    this: ApexList, keep_id: bool = False, keep_timestamps: bool = False, keep_auto: bool = False
) -> ApexList:
    context.spend(len(this.items) << 1)
    copies = [
        v.clone(keep_id=keep_id, deep=True, keep_timestamps=keep_timestamps, keep_auto=keep_auto)
        if isinstance(v, SObject)
        else v
        for v in this.items
    ]
    return ApexList(this.type, copies)


def compare(a: Value, b: Value) -> Value:
    """The natural order of List.sort: null first, Comparable objects by compareTo (which may tell null)."""
    if a is None or b is None:
        return (a is not None) - (b is not None)
    if isinstance(a, Instance):
        method = late_method(a, "compareTo", 1)
        if method is None:
            raise _not_comparable()
        chosen: Value = method.call(a, b)
        return chosen
    if isinstance(a, EnumConstant):
        return int(a.ordinal) - int(b.ordinal)
    if isinstance(a, SObject):
        return _compare_records(a, b)
    try:
        return int(a > b) - int(a < b)
    except TypeError as error:
        raise _not_comparable() from error


def _not_comparable() -> ApexThrow:
    return throw("ListException", "One or more of the items in this list is not Comparable.")


def _compare_records(a: SObject, b: SObject) -> Value:
    """By the label of the type, Name, the standard fields from A to Z without Id, the custom ones from A to Z.

    Source: "List Sorting", "Default Sort Order of sObjects" (Apex Developer Guide).
    """
    first, second = a.schema.label, b.schema.label
    if first != second:
        return (first > second) - (first < second)
    for name in sorted((a.fields.keys() | b.fields.keys()) - {"Id"}, key=_place_in_order):
        x, y = a.fields.get(name), b.fields.get(name)
        if x != y:
            return compare(x, y)
    return 0


def _place_in_order(name: str) -> tuple[bool, bool, str]:
    return name != "Name", "__" in name, name.lower()


_NATURAL = ({int}, {str}, {Decimal}, {float}, {date}, {Id})
"""Lists of one of these sort as Python sorts them."""


def _sort(this: ApexList) -> None:
    _check_fixed(this)
    turns, kinds = len(this.items).bit_length(), {type(v) for v in this.items}
    characters = sum(map(len, this.items)) if kinds == {str} else 0
    context.engine().spend((len(this.items) * turns >> 2) + (characters * turns >> BULK))
    if kinds in _NATURAL:
        this.items.sort()
    else:
        _sort_in_c(this, compare)


def _sort_in_c(this: ApexList, order: Callable[[Value, Value], Value]) -> None:
    """By a comparator that may be Apex: it may tell null, change the list, or sort again (kilobytes of C stack each).

    ASSUMED: null for an order is a NullPointerException.
    """

    def known(a: Value, b: Value) -> Value:
        chosen = order(a, b)
        if chosen is None:
            raise null_pointer()
        return chosen

    this.items[:] = nested(lambda items: sorted(items, key=cmp_to_key(known)), this.items)


def _sort_by(this: ApexList, comparator: Value) -> None:
    if comparator is None:
        raise argument_null("comparator")
    _check_fixed(this)
    method = late_method(comparator, "compare", 2)
    if method is None:
        raise null_pointer()
    _sort_in_c(this, lambda a, b: method.call(comparator, a, b))


def _list_sobject_type(this: ApexList) -> SObjectTypeToken | None:
    item = this.type.args[0]
    if item is SOBJECT:
        first = next((r for r in this.items if r is not None), None)
        return SObjectTypeToken(first.type) if first is not None else None
    return SObjectTypeToken(item)


def new_sized_list(type_: Type, size: int | None) -> ApexList:
    """`new T[n]`: n nulls."""
    if size is None or size < 0:
        raise throw("ListException", f"Negative list size: {size}")
    context.engine().note_allocation(size * PRICE)
    return ApexList(type_, [None] * size)


def _new_list(type_: Type, source: Value) -> ApexList:
    """ASSUMED, from a public test: nothing as its source makes an empty one."""
    return ApexList(type_, [] if source is None else items_of(source))


_LIST = system_class(
    "List",
    {
        "Object add(T)": _list_add,
        "void add(Integer,T)": _list_insert,
        "void addAll(Iterable<T>)": _list_add_all,
        "void clear()": _list_clear,
        "List<T> clone()": lambda this: ApexList(this.type, list(this.items)),
        "Boolean contains(T)": _list_contains,
        "List<T> deepClone()": _deep_clone,
        "List<T> deepClone(Boolean)": _deep_clone,
        "List<T> deepClone(Boolean,Boolean)": _deep_clone,
        "List<T> deepClone(Boolean,Boolean,Boolean)": _deep_clone,
        "Boolean equals(Object)": lambda this, other: this == other,
        "T get(Integer)": _list_get,
        "Schema.SObjectType getSObjectType()": _list_sobject_type,
        "Integer hashCode()": hash_code,
        "Integer indexOf(T)": _list_index_of,
        "Boolean isEmpty()": lambda this: not this.items,
        "Iterator<T> iterator()": _iterator,
        "T remove(Integer)": _list_remove,
        "void set(Integer,T)": _list_set,
        "Integer size()": lambda this: len(this.items),
        "void sort()": _sort,
        "void sort(Comparator<T>)": _sort_by,
        "String toString()": to_text,
    },
    generic="T",
    constructors={
        "()": ApexList,
        "(Iterable<T>)": _new_list,
        "(Integer)": new_sized_list,
    },
)
for _method in _LIST.methods["contains"] + _LIST.methods["indexof"]:
    _method.as_given = True
"""A List<Long> does not contain the Integer 1; sets and the keys of maps convert what they are asked for. Source: what an org did,
github.com/octoberswimmer/aer-dist issue 404."""


# Set


def _set_contains(this: ApexSet, value: Value) -> bool:
    return _sought(value) in this.items


def _check_growing(this: ApexSet) -> None:
    _check_lock(this)
    if type(this) is KeySet:
        raise throw("FinalException", FIXED)


def _set_add(this: ApexSet, value: Value) -> bool:
    _check_growing(this)
    if _sought(value) in this.items:
        return False
    _keep(this.items, value, None)
    return True


def _set_add_all(this: ApexSet, source: Value) -> bool:
    _check_growing(this)
    before = len(this.items)
    added = items_of(source)
    _reserve(this, added)
    for value in added:
        if _sought(value) not in this.items:
            _keep(this.items, value, None)
    return len(this.items) != before


def _set_remove(this: ApexSet, value: Value) -> bool:
    _check_lock(this)
    sought = _sought(value)
    if sought not in this.items:
        return False
    del this.items[sought]
    return True


def _set_remove_all(this: ApexSet, source: Value) -> bool:
    _check_lock(this)
    before = len(this.items)
    for value in items_of(source):
        this.items.pop(_sought(value), None)
    return len(this.items) != before


def _set_retain_all(this: ApexSet, source: Value) -> bool:
    _check_lock(this)
    wanted = ApexSet.of(this.type, items_of(source)).items
    gone = [value for value in this.items if value not in wanted]
    for value in gone:
        del this.items[value]
    return bool(gone)


def _set_clear(this: ApexSet) -> None:
    _check_lock(this)
    this.items.clear()


system_class(
    "Set",
    {
        "Boolean add(T)": _set_add,
        "Boolean addAll(Iterable<T>)": _set_add_all,
        "void clear()": _set_clear,
        "Set<T> clone()": lambda this: ApexSet.of(this.type, this.items),
        "Boolean contains(T)": _set_contains,
        "Boolean containsAll(Iterable<T>)": lambda this, other: all(_set_contains(this, v) for v in items_of(other)),
        "Boolean equals(Object)": lambda this, other: this == other,
        "Integer hashCode()": hash_code,
        "Boolean isEmpty()": lambda this: not this.items,
        "Iterator<T> iterator()": _iterator,
        "Boolean remove(T)": _set_remove,
        "Boolean removeAll(Iterable<T>)": _set_remove_all,
        "Boolean retainAll(Iterable<T>)": _set_retain_all,
        "Integer size()": lambda this: len(this.items),
        "String toString()": to_text,
    },
    generic="T",
    constructors={
        "()": ApexSet,
        "(Iterable<T>)": lambda type_, source: ApexSet.of(type_, items_of(source)),
    },
)


# Map


def _map_put(this: ApexMap, key: Value, value: Value) -> Value:
    if this.locks:
        _check_lock(this)
    if isinstance(value, (str, bytes)) and len(value) > LARGE:
        context.engine().note_allocation(len(value))
    sought = _sought(key)
    before = this.items.get(sought)
    if sought is key or sought in this.items:
        this.items[sought] = value
    else:
        _keep(this.items, key, value)
    return before


def _map_get(this: ApexMap, key: Value) -> Value:
    return this.items.get(this.find_key(_sought(key)))


def _records_by_id(this: ApexMap, records: ApexList) -> dict[Value, Value]:
    keys = (None if record is None else record.fields.get("Id") for record in items_of(records))
    plain = this.type.args[0] is STRING
    return {
        str(key) if plain and key is not None else key: record for key, record in zip(keys, records.items, strict=True)
    }


def _map_put_all(this: ApexMap, source: Value) -> None:
    _check_lock(this)
    if source is None:
        raise null_pointer()
    _reserve(this, source.items)
    context.spend(len(source.items) >> WALK)
    if isinstance(source, ApexMap):
        this.items.update(source.items)
    else:
        this.items.update(_records_by_id(this, source))


def _new_map(type_: Type, source: Value) -> ApexMap:
    """Of a constructor, which refuses a record without an id; putAll keeps it under null (ASSUMED, from public code)."""
    found = ApexMap(type_)
    if isinstance(source, ApexList):
        for at, record in enumerate(source.items):
            if record is None or record.fields.get("Id") is None:
                raise throw("ListException", f"Row with null Id at index: {at}")
    _map_put_all(found, source)
    return found


def _map_remove(this: ApexMap, key: Value) -> Value:
    _check_lock(this)
    return this.items.pop(_sought(key), None)


def _map_clear(this: ApexMap) -> None:
    _check_lock(this)
    this.items.clear()


def _map_key_set(this: ApexMap) -> ApexSet:
    """A view: in orgs, users tell, removing from it removes from the map. ASSUMED: the keys of maps of the platform are a copy."""
    type_ = set_of(this.type.args[0])
    if type(this) is not ApexMap:
        return ApexSet.of(type_, this.items)
    found = KeySet(type_, this.items)
    found.locks = this.locks & READ_ONLY
    return found


def _map_deep_clone(this: ApexMap) -> ApexMap:
    context.spend(len(this.items) >> 1)
    copies = (
        (k, v.clone(keep_id=True, deep=True, keep_timestamps=True, keep_auto=True) if isinstance(v, SObject) else v)
        for k, v in this.items.items()
    )
    return ApexMap.of(this.type, copies)


def _map_sobject_type(this: ApexMap) -> SObjectTypeToken | None:
    item = this.type.args[1]
    return SObjectTypeToken(item) if item.is_sobject and item is not SOBJECT else None


system_class(
    "Map",
    {
        "void clear()": _map_clear,
        "Map<K,V> clone()": lambda this: ApexMap.of(this.type, this.items.items()),
        "Boolean containsKey(K)": lambda this, key: this.find_key(_sought(key)) in this.items,
        "Map<K,V> deepClone()": _map_deep_clone,
        "Boolean equals(Object)": lambda this, other: this == other,
        "V get(K)": _map_get,
        "Schema.SObjectType getSObjectType()": _map_sobject_type,
        "Integer hashCode()": hash_code,
        "Boolean isEmpty()": lambda this: not this.items,
        "Set<K> keySet()": _map_key_set,
        "V put(K,V)": _map_put,
        "void putAll(Map<K,V>)": _map_put_all,
        "void putAll(List<SObject>)": _map_put_all,
        "V remove(K)": _map_remove,
        "Integer size()": lambda this: len(this.items),
        "String toString()": to_text,
        "List<V> values()": lambda this: ApexList(list_of(this.type.args[1]), list(this.items.values())),
    },
    generic="K V",
    constructors={
        "()": ApexMap,
        "(Map<K,V>)": _new_map,
        "(List<SObject>)": _new_map,
    },
)
