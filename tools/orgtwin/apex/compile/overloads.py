"""Overload resolution: which method of a name a call means, and when it means none more than another.

Source: "Using Apex Methods" (Apex Developer Guide), which says only that overloads differ in their parameters; the order among
those that fit is what Salesforce's own compiler accepts and refuses.
"""

from __future__ import annotations

from collections.abc import Iterable

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.types import DECIMAL, DOUBLE, NULL, OBJECT, Kind, Type, is_assignable

_OBJECT_COST = 100
_PRIMITIVE_COST = {"long": 1, "double": 2, "decimal": 3, "string": 5, "id": 6, "datetime": 4}
_UNRELATED = 20
_OF_ANYTHING = ("iterable", "iterator")
"""An `Iterable<Object>` is taken for an `Iterable<String>` as an argument, not in an assignment, by Salesforce's own compiler."""


def choose(candidates: Iterable[Method], args: list[Type]) -> Method | None:
    """Of those that accept the arguments, the one whose parameters are nearest."""
    best: Method | None = None
    best_cost = (1_000_000, 0)
    for method in candidates:
        cost = _total(method, args)
        if cost[0] >= 0 and cost < best_cost:
            best, best_cost = method, cost
    return best


def is_ambiguous(chosen: Method, candidates: Iterable[Method], args: list[Type]) -> bool:
    """Does another method, of Apex or of the library, take the arguments as well as this one does?

    Parameter by parameter: null is as near to any type, and what implements an interface as near to it as to a superclass. Methods
    of an enclosing class or of an interface's own interfaces stand back behind those of the class or interface itself.
    """
    return any(
        other is not chosen
        and other.static == chosen.static
        and _are_of_one_class(other, chosen)
        and _total(other, args)[0] >= 0
        and not _is_better(chosen, other, args)
        for other in candidates
    )


def _are_of_one_class(first: Method, second: Method) -> bool:
    one, two = first.owner, second.owner
    if one is None or two is None:
        return False
    if first.static:
        return one is two  # a static method stands before those of the superclass
    return one is two or (not one.is_interface and (one in two.chain() or two in one.chain()))


def _is_better(method: Method, other: Method, args: list[Type]) -> bool:
    """No parameter further than the other's, one nearer."""
    steps = [_compare(a, p, q) for a, p, q in zip(args, method.parameters, other.parameters, strict=True)]
    return max(steps, default=0) <= 0 and min(steps, default=0) < 0


def _compare(given: Type, first: Type, second: Type) -> int:
    """Below zero: the first is nearer; above: the second."""
    if given is NULL or first == second:
        return 0
    if given not in (first, second) and OBJECT not in (first, second) and _is_interface(first, second):
        return 0
    return _cost(given, first) - _cost(given, second)


def _is_interface(*types: Type) -> bool:
    return any(t.cls is not None and t.cls.is_interface for t in types)


_MISFIT = (-1, 0)


def _total(method: Method, args: list[Type]) -> tuple[int, int]:
    """How far the parameters are from the arguments, then from those that are null; below zero: they do not fit."""
    if len(method.parameters) != len(args):
        return _MISFIT
    total = of_nulls = 0
    is_generic = method.owner is not None and method.owner.generic != ()
    for given, wanted in zip(args, method.parameters, strict=True):
        step = _cost(given, wanted)
        if step < 0 or (given is DECIMAL and wanted is DOUBLE and not is_generic):
            return _MISFIT
        if given is NULL:
            of_nulls += step
        else:
            total += step
    return total, of_nulls


def _cost(given: Type, wanted: Type) -> int:
    if given == wanted:
        return 0
    if wanted.kind is Kind.VARIABLE:
        return 1
    if not is_assignable(given, wanted) and not is_of_anything(given, wanted):
        return -1
    if wanted is OBJECT:
        return _OBJECT_COST
    if given.kind is Kind.PRIMITIVE and wanted.kind is Kind.PRIMITIVE:
        return _PRIMITIVE_COST.get(wanted.key, 2)
    if given.cls is not None and wanted.cls is not None:
        return _distance(given.cls, wanted.cls)
    if given.kind is Kind.COLLECTION and wanted.kind is Kind.COLLECTION:
        items = zip(given.args, wanted.args, strict=False)
        apart = sum(_cost(g, w) for g, w in items if is_assignable(g, w))
        return 3 + min(apart, _OBJECT_COST // 2) + (given.key != wanted.key)  # any collection is nearer than Object
    return 3


def is_of_anything(given: Type, wanted: Type) -> bool:
    """Is one taken for the other as an argument, whatever they are of?"""
    return given.key == wanted.key and given.key in _OF_ANYTHING


def _distance(cls: ApexClass, ancestor: ApexClass) -> int:
    for steps, candidate in enumerate(cls.chain()):
        if candidate is ancestor:
            return steps
    return _UNRELATED
