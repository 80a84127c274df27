"""Many wire values of one field at once: what its coercer says of each, for less where they are of one type.

A column that cannot be read at once is read value by value, so that a refusal is always the coercer's own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from orgtwin.records.coerce import CLEAR, Coercer, compile_coercer, known_texts, number_ceiling
from orgtwin.records.known_values import KnownValues
from orgtwin.records.model import Row, Value
from orgtwin.schema.model import Field, FieldType

_TEXT = frozenset({str})

Column = Callable[[Sequence[object]], Iterable[Value]]
_AtOnce = Callable[[Sequence[object]], Sequence[Value] | None]
"""None when some value is not what most are."""

_WIRE_TYPES = (str, int, float, bool)


def compile_readers(f: Field, *, text: bool) -> tuple[Coercer, Column]:
    """How one value of a field is read, and how many are: `compile_coercer` says what it gives and raises."""
    make = _AT_ONCE.get(f.type)
    at_once = make(f) if make is not None else None
    if text:
        known = known_texts(f)
        return known.__getitem__, _remembering(known.__getitem__, known, at_once)
    coerce = compile_coercer(f, text=False)
    of_type: dict[type, Column] = {kind: _remembering(coerce, KnownValues(coerce, {}), at_once) for kind in _WIRE_TYPES}

    def read(values: Sequence[object]) -> Iterable[Value]:
        """1, 1.0 and true are equal, hence what is known is known by type."""
        kinds = set(map(type, values))
        column = of_type.get(kinds.pop()) if len(kinds) == 1 else None
        return map(coerce, values) if column is None else column(values)

    return coerce, read


def _remembering(coerce: Coercer, known: KnownValues, at_once: _AtOnce | None) -> Column:
    """Values of one type: by heart while the field has few, at once when it turns out to have many."""

    def read(values: Sequence[object]) -> Iterable[Value]:
        if known.helps or not values:
            return map(known.__getitem__, values)
        found = None if at_once is None else at_once(values)
        return map(coerce, values) if found is None else found

    return read


def read_parents(rows: Mapping[str, Row], coerce: Coercer) -> Column:
    """References by id to parents that everybody may name: `coerce` says what becomes of every other one."""

    def read(values: Sequence[object]) -> Iterable[Value]:
        if not _TEXT.issuperset(map(type, values)):
            return map(coerce, values)
        parents = list(map(rows.get, values))  # type: ignore[arg-type]
        return [parent[0] for parent in parents if parent] if all(parents) else map(coerce, values)

    return read


def _texts(f: Field) -> _AtOnce:
    limit = f.length or sys.maxsize

    def read(values: Sequence[object]) -> Sequence[Value] | None:
        if not isinstance(values[0], str):
            return None
        kept = list(map(str.strip, values))  # type: ignore[arg-type]
        lengths = list(map(len, kept))
        return None if CLEAR in kept or not min(lengths) or max(lengths) > limit else kept

    return read


def _numbers(f: Field) -> _AtOnce:
    ceiling = number_ceiling(f)

    def read(values: Sequence[object]) -> Sequence[Value] | None:
        if isinstance(values[0], bool):
            return None
        try:
            numbers = list(map(Decimal, map(str.strip, map(str, values))))
            return numbers if -ceiling < min(numbers) and max(numbers) < ceiling else None
        except InvalidOperation:  # no number, or one that has no place among the others
            return None

    return read


_AT_ONCE: Mapping[FieldType, Callable[[Field], _AtOnce]] = {
    FieldType.STRING: _texts,
    FieldType.TEXTAREA: _texts,
    FieldType.PHONE: _texts,
    FieldType.URL: _texts,
    FieldType.DOUBLE: _numbers,
    FieldType.CURRENCY: _numbers,
    FieldType.PERCENT: _numbers,
}
