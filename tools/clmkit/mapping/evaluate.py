"""Evaluate an agreement against the spec: what each Salesforce row should hold, and what is parked with which reason. Pure.

    evaluator = Evaluator(spec)
    for row in evaluator.rows("contract", agreement):
        row.key, row.version, row.values, row.references, row.seeds, row.parked, row.park
    evaluator.feed_back("contract", {"OwnerId": "ana@example.com"})   # Salesforce -> CLM, references as their match value

A row holds only fields that may go to Salesforce; `seeds` are values for the moment of creation, afterwards Salesforce owns them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from clmkit.mapping.model import (
    Blank,
    Cleared,
    FieldKind,
    FieldMapping,
    Lifecycle,
    Missing,
    ObjectMapping,
    Owner,
    Park,
    Reference,
    Role,
    Spec,
)
from clmkit.mapping.transforms import TRANSFORMS, convert
from clmkit.mapping.values.outcome import Outcome, Refusal, SalesforceValue, Target, Value, show

ORG_ZONE = "org"


@dataclass(frozen=True, slots=True)
class Link:
    """A lookup's value before it is an id: the record of `reference.object` whose `reference.field` is `key`."""

    reference: Reference
    key: str

    @property
    def missing(self) -> Missing:
        return self.reference.missing


@dataclass(frozen=True, slots=True)
class ParkedValue:
    """One value that was not mapped. `field` is the spec's name, `value` the CLM's text."""

    object: str
    key: str
    field: str
    salesforce: str
    clm: str
    value: str
    reason: str
    steward: str


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A whole row that waits, because of one field."""

    object: str
    key: str
    field: str
    value: str
    reason: str
    steward: str


@dataclass(frozen=True, slots=True)
class Row:
    """What one Salesforce record should hold. Keys of `values`, `references` and `seeds` are field API names."""

    object: str  # name of the object mapping
    salesforce: str
    key: str
    version: int | None
    values: Mapping[str, SalesforceValue]  # without the key field, with the version field
    references: Mapping[str, Link | None]  # lookups and master-details; None clears
    seeds: Mapping[str, SalesforceValue]
    seed_references: Mapping[str, Link]
    parked: tuple[ParkedValue, ...]
    park: ParkedRow | None


@dataclass(frozen=True, slots=True)
class FeedBack:
    """What the CLM should hold after a change in Salesforce. Keys of `values` are CLM paths."""

    values: Mapping[str, object]
    parked: tuple[ParkedValue, ...]


@dataclass(slots=True)
class _Draft:
    """A row while its fields are evaluated."""

    key: str = ""
    values: dict[str, SalesforceValue] = field(default_factory=dict)
    references: dict[str, Link | None] = field(default_factory=dict)
    seeds: dict[str, SalesforceValue] = field(default_factory=dict)
    seed_references: dict[str, Link] = field(default_factory=dict)
    parked: list[ParkedValue] = field(default_factory=list)
    park: ParkedRow | None = None


class Evaluator:
    """A spec with its lookups prepared. Build one per spec; it keeps no state between calls."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._objects = {mapping.name: mapping for mapping in spec.objects}
        self._maps = {
            value_map.name: {value.clm: value.salesforce for value in value_map.values} for value_map in spec.value_maps
        }
        self._others = {value_map.name: value_map.other for value_map in spec.value_maps if value_map.other}
        states = spec.lifecycle.states if spec.lifecycle else ()
        self._states = {state.clm: state.status for state in states}

    def rows(self, name: str, agreement: Mapping[str, object]) -> tuple[Row, ...]:
        """The rows of one object mapping that this agreement fills, in the CLM's order.

        Rows that cannot be read are parked rows without a key, and so is the second of two rows with one id: none is left out.
        """
        mapping = self._objects[name]
        items = _find_items(mapping, agreement)
        if isinstance(items, Refusal):
            return (_refused_row(mapping, items.reason),)
        rows = [self._row(mapping, item, agreement) for item in items]
        seen: set[str] = set()
        for index, row in enumerate(rows):
            if row.park is None and row.key in seen:
                reason = f"{show(row.key)} stands twice in {mapping.clm}; an id names one row."
                rows[index] = replace(
                    row, park=ParkedRow(name, row.key, mapping.key.name, row.key, reason, mapping.key.steward)
                )
            seen.add(row.key)
        return tuple(rows)

    def feed_back(self, name: str, record: Mapping[str, SalesforceValue]) -> FeedBack:
        """The CLM side of the given Salesforce fields. Fields that do not go back are ignored."""
        mapping = self._objects[name]
        values: dict[str, object] = {}
        parked: list[ParkedValue] = []
        for column in mapping.columns:
            if not column.to_clm or column.salesforce not in record:
                continue
            value = record[column.salesforce]
            if value is None and column.cleared is Cleared.LEAVE:
                continue
            answer = self._invert(column, value)
            if isinstance(answer, Refusal):
                key = str(record.get(mapping.key.salesforce) or "")
                parked.append(_parked(mapping, key, column, value, answer.reason))
            else:
                values[column.clm] = answer
        return FeedBack(values, tuple(parked))

    def _invert(self, column: FieldMapping, value: SalesforceValue) -> object:
        """The CLM's value of a Salesforce value, or the Refusal that parks it."""
        if value is None and column.cleared is Cleared.PARK:
            return Refusal("The field was emptied in Salesforce; the spec leaves the answer to a steward.")
        inverse = TRANSFORMS[column.back or column.transform].inverse
        if inverse is None:
            return Refusal("This value does not go back to the CLM.")
        return inverse(value, self._target(column, None))

    def _row(self, mapping: ObjectMapping, item: object, agreement: Mapping[str, object]) -> Row:
        draft = _Draft()
        raw = find_value(mapping.key.clm, item, agreement)
        key = raw if isinstance(raw, Refusal) else self.convert(mapping.key, raw, item, agreement)
        draft.key = str(key.value) if isinstance(key, Value) and key.value else ""
        if not draft.key:
            reason = (
                key.reason
                if isinstance(key, Refusal)
                else f"The CLM gives no {mapping.key.clm}; without it the row has no identity."
            )
            draft.park = ParkedRow(mapping.name, "", mapping.key.name, "", reason, mapping.key.steward)
        for column in mapping.columns:
            if column.role not in (Role.KEY, Role.FLAG) and (column.to_salesforce or column.seed):
                self._place(draft, mapping, column, item, agreement)
        version = draft.values.get(mapping.version.salesforce) if mapping.version else None
        return Row(
            mapping.name, mapping.salesforce, draft.key, None if version is None else int(str(version)),
            draft.values, draft.references, draft.seeds, draft.seed_references, tuple(draft.parked), draft.park,
        )  # fmt: skip

    def _place(
        self, draft: _Draft, mapping: ObjectMapping, column: FieldMapping, item: object, agreement: Mapping[str, object]
    ) -> None:
        """Put one field's value where it belongs: among values, references or seeds, or park it."""
        raw = find_value(column.clm, item, agreement)
        if isinstance(raw, Refusal):
            _park(draft, mapping, column, column.clm, raw.reason, column.unreadable)
            return
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            self._place_blank(draft, mapping, column)
            return
        special = _find_special(column, raw)
        outcome = special or self.convert(column, raw, item, agreement)
        if isinstance(outcome, Refusal):
            _park(draft, mapping, column, show_raw(raw), outcome.reason, column.unreadable)
            return
        if column.flag:
            draft.values[column.flag] = special is not None
        _write(draft, column, outcome.value)

    def _place_blank(self, draft: _Draft, mapping: ObjectMapping, column: FieldMapping) -> None:
        if column.blank in (Blank.PARK, Blank.PARK_ROW):
            whole = Park.ROW if column.blank is Blank.PARK_ROW else Park.VALUE
            _park(
                draft,
                mapping,
                column,
                "",
                f"{column.label} is missing: {column.clm.lstrip('/')} is empty in the CLM. Salesforce cannot do without it.",
                whole,
            )
        elif column.blank is Blank.CLEAR:
            if column.flag:
                draft.values[column.flag] = False
            _write(draft, column, False if column.type.kind is FieldKind.CHECKBOX else None)

    def convert(self, column: FieldMapping, raw: object, item: object, agreement: Mapping[str, object]) -> Outcome:
        """One CLM value as Salesforce keeps it, by the field's transform."""
        code = find_value(column.type.currency_code, item, agreement) if column.type.currency_code else None
        return convert(column.transform, raw, self._target(column, code if isinstance(code, str) else None))

    def _target(self, column: FieldMapping, code: str | None) -> Target:
        if column.role is Role.RECORD_TYPE:
            return Target(
                column.type,
                {clm: chosen for clm, chosen in column.special if chosen},
                "record_types",
                self.spec.currency,
                code,
            )
        if column.lifecycle:
            return Target(column.type, self._states, "lifecycle", self.spec.currency, code)
        name = column.type.value_map
        zone = self.spec.zone if column.zone == ORG_ZONE else column.zone
        return Target(
            column.type, self._maps.get(name, {}), name, self.spec.currency, code, self._others.get(name, ""), zone
        )


def find_value(path: str, item: object, agreement: Mapping[str, object]) -> object:
    """What stands at a path: None when nothing does, a Refusal when the CLM sends a value where the path needs a group."""
    place: object = agreement if path.startswith("/") else item
    for name in _names(path):
        if place is None:
            return None
        if not isinstance(place, Mapping):
            return Refusal(f"The CLM sends {show(place)} where {path} needs a group of values.")
        place = place.get(name)
    return place


def find_state(lifecycle: Lifecycle | None, agreement: Mapping[str, object]) -> str | None:
    """The name of the lifecycle state that an agreement is in; None for a stage that no state has."""
    stage = find_value(lifecycle.clm, agreement, agreement) if lifecycle is not None else None
    return next((state.name for state in lifecycle.states if state.clm == stage), None) if lifecycle else None


@cache
def _names(path: str) -> tuple[str, ...]:
    return tuple(path.lstrip("/").split("."))


def _find_items(mapping: ObjectMapping, agreement: Mapping[str, object]) -> Sequence[object] | Refusal:
    """The CLM items behind a mapping's rows: the agreement itself, a group in it, or each element of a list in it."""
    _, _, path = mapping.clm.partition(".")
    place = find_value(path, agreement, agreement) if path else agreement
    if isinstance(place, Refusal):
        return place
    if place is None:
        return ()
    return place if isinstance(place, list) else (place,)


def _refused_row(mapping: ObjectMapping, reason: str) -> Row:
    park = ParkedRow(mapping.name, "", mapping.key.name, "", reason, mapping.key.steward)
    return Row(mapping.name, mapping.salesforce, "", None, {}, {}, {}, {}, (), park)


def _find_special(column: FieldMapping, raw: object) -> Value | None:
    if not column.special or not isinstance(raw, str):
        return None
    word = raw.strip().casefold()
    return next((Value(salesforce) for clm, salesforce in column.special if clm.casefold() == word), None)


def _write(draft: _Draft, column: FieldMapping, value: SalesforceValue) -> None:
    if column.reference is None:
        (draft.values if column.to_salesforce else draft.seeds)[column.salesforce] = value
    elif column.to_salesforce:
        draft.references[column.salesforce] = None if value is None else Link(column.reference, str(value))
    elif value is not None:
        draft.seed_references[column.salesforce] = Link(column.reference, str(value))


def _park(draft: _Draft, mapping: ObjectMapping, column: FieldMapping, value: str, reason: str, how: Park) -> None:
    draft.parked.append(_parked(mapping, draft.key, column, value, reason))
    if how is Park.ROW and draft.park is None:
        draft.park = ParkedRow(mapping.name, draft.key, column.name, value, reason, column.steward)


def _parked(mapping: ObjectMapping, key: str, column: FieldMapping, value: object, reason: str) -> ParkedValue:
    return ParkedValue(
        mapping.name, key, column.name, column.salesforce, column.clm, show_raw(value), reason, column.steward
    )


def show_raw(value: object) -> str:
    """The value as a parked row keeps it: text whole, everything else described."""
    return value if isinstance(value, str) else "" if value is None else show(value)


def is_owned_by_salesforce(mapping: ObjectMapping) -> bool:
    """Whether records of this object come from Salesforce: the sync creates one only where a reference says `missing: create`."""
    return mapping.owner is Owner.SALESFORCE
