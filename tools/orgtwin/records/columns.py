"""Many wire values of one field at once: what its coercer says of each, for less where they are texts or numbers in texts.

A column that cannot be read at once is read value by value, so that a refusal is always the coercer's own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial

from orgtwin.records.coerce import CLEAR, Coercer, compile_coercer, known_texts, number_ceiling
from orgtwin.records.known_values import KnownValues
from orgtwin.records.model import Value
from orgtwin.schema.model import Field, FieldType

Column = Callable[[Sequence[object]], Iterable[Value]]
_AtOnce = Callable[[Sequence[str]], Sequence[Value] | None]
"""None when some value is not what most are."""

_TEXT = frozenset({str})


def compile_readers(f: Field, *, text: bool) -> tuple[Coercer, Column]:
    """How one value of a field is read, and how many are: `compile_coercer` says what it gives and raises."""
    if text:
        known = known_texts(f)
        coerce: Coercer = known.__getitem__
    else:
        coerce = compile_coercer(f, text=False)
        known = KnownValues(coerce, {})
    make = _AT_ONCE.get(f.type)
    return coerce, partial(map, coerce) if make is None else _remembering(coerce, known, make(f))


def _remembering(coerce: Coercer, known: KnownValues, at_once: _AtOnce) -> Column:
    """By heart while the field has few values, at once when it turns out to have many."""

    def read(values: Sequence[object]) -> Iterable[Value]:
        if not _TEXT.issuperset(map(type, values)):
            return map(coerce, values)
        if known.helps or not values:
            return map(known.__getitem__, values)
        found = at_once(values)  # type: ignore[arg-type]
        return map(coerce, values) if found is None else found

    return read


def _texts(f: Field) -> _AtOnce:
    limit = f.length or sys.maxsize

    def read(values: Sequence[str]) -> Sequence[Value] | None:
        kept = list(map(str.strip, values))
        lengths = list(map(len, kept))
        return None if CLEAR in kept or not min(lengths) or max(lengths) > limit else kept

    return read


def _numbers(f: Field) -> _AtOnce:
    ceiling = number_ceiling(f)

    def read(values: Sequence[str]) -> Sequence[Value] | None:
        try:
            numbers = list(map(Decimal, map(str.strip, values)))
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
