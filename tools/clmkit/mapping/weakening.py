"""What an overlay makes weaker: who may see or change a field, who owns it, how it is kept. Pure; lint asks for consent.

A field that the overlay adds is judged by the other rules alone; a field that it removes is weaker nowhere. What follows from
another owner, such as new editors, is part of that one change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clmkit.mapping.model import Encryption, FieldClass, FieldMapping, ObjectMapping, Retention, Role, Spec


@dataclass(frozen=True, slots=True)
class Weakening:
    """One thing that is weaker. `key` is the last key of the path that says it, `path` the path of the field or section."""

    path: tuple[str, ...]
    key: str
    says: str

    @property
    def at(self) -> str:
        return ".".join((*self.path, self.key) if self.key else self.path)


OPENNESS = {FieldClass.CLM_ONLY: 0, FieldClass.READ_ONLY: 1, FieldClass.SYNC: 2}
STRENGTH = {
    Encryption.NONE: 0,
    Encryption.CASE_INSENSITIVE: 1,
    Encryption.CASE_SENSITIVE: 2,
    Encryption.PROBABILISTIC: 3,
}
OPEN_SHARING = {"ControlledByParent": 0, "": 0, "Private": 0, "Read": 1, "ReadWrite": 2}


def find_weakenings(base: Spec, merged: Spec) -> tuple[Weakening, ...]:
    """Everything that `merged` keeps less strictly than `base`."""
    objects = {mapping.name: mapping for mapping in base.objects}
    found: list[Weakening] = []
    for mapping in merged.objects:
        before = objects.get(mapping.name)
        if before is not None:
            found.extend(_of_object(before, mapping))
    found.extend(_of_retention(base, merged))
    found.extend(_of_approvals(base, merged))
    return tuple(found)


def _of_object(before: ObjectMapping, after: ObjectMapping) -> Iterator[Weakening]:
    path = ("objects", after.name)
    if before.owner is not after.owner:
        yield Weakening(
            path, "owner", f"{after.name}: records of {before.owner.value} become those of {after.owner.value}"
        )
    if OPEN_SHARING[after.sharing] > OPEN_SHARING[before.sharing]:
        yield Weakening(path, "sharing", f"{after.name}: the org-wide default opens to {after.sharing}")
    fields = {field.name: field for field in before.fields}
    for field in after.fields:
        known = fields.get(field.name)
        if known is not None and field.role is not Role.FLAG:
            for key, judge in JUDGES:
                says = judge(known, field)
                if says and (key != "owner" or before.owner is after.owner):
                    yield Weakening((*path, *_place(field)), key, f"{after.name}.{field.name}: {says}")


def _place(field: FieldMapping) -> tuple[str, ...]:
    if field.role is Role.VALUE:
        return ("fields", field.name)
    return ("parents", field.name) if field.role is Role.PARENT else (field.role.value,)


def _more_readers(before: FieldMapping, after: FieldMapping) -> str:
    more = [name for name in after.audience if name not in before.audience]
    return f"{', '.join(more)} may read it, too" if more and before.field_class is not FieldClass.CLM_ONLY else ""


def _more_editors(before: FieldMapping, after: FieldMapping) -> str:
    more = [name for name in after.editors if name not in before.editors and before.owner is after.owner]
    return f"{', '.join(more)} may edit it, too" if more else ""


def _opens(before: FieldMapping, after: FieldMapping) -> str:
    if OPENNESS[after.field_class] <= OPENNESS[before.field_class]:
        return ""
    return f"{before.field_class.value} becomes {after.field_class.value}"


def _other_owner(before: FieldMapping, after: FieldMapping) -> str:
    return "" if before.owner is after.owner else f"the owner {before.owner.value} becomes {after.owner.value}"


def _other_precedence(before: FieldMapping, after: FieldMapping) -> str:
    same = before.precedence == after.precedence or before.owner is not after.owner
    return "" if same else "another decision table says who wins"


def _other_conflict(before: FieldMapping, after: FieldMapping) -> str:
    same = before.conflict is after.conflict or before.owner is not after.owner
    return "" if same else f"conflicts go from {before.conflict.value} to {after.conflict.value}"


def _lost_tags(before: FieldMapping, after: FieldMapping) -> str:
    lost = [tag for tag in before.tags if tag not in after.tags]
    return f"it is no longer tagged {', '.join(lost)}" if lost else ""


def _weaker_encryption(before: FieldMapping, after: FieldMapping) -> str:
    if STRENGTH[after.encryption] >= STRENGTH[before.encryption]:
        return ""
    return f"encryption {before.encryption.value} becomes {after.encryption.value}"


def _less_frozen(before: FieldMapping, after: FieldMapping) -> str:
    thawed = [state for state in before.frozen_from if state not in after.frozen_from]
    return f"it may change in the state {', '.join(thawed)}" if thawed else ""


def _no_retention(before: FieldMapping, after: FieldMapping) -> str:
    if before.retention == after.retention or not before.retention:
        return ""
    return f"retention {before.retention} becomes {after.retention or 'none'}"


Judge = Callable[[FieldMapping, FieldMapping], str]

JUDGES: tuple[tuple[str, Judge], ...] = (
    ("audience", _more_readers),
    ("editors", _more_editors),
    ("class", _opens),
    ("owner", _other_owner),
    ("precedence", _other_precedence),
    ("conflict", _other_conflict),
    ("tags", _lost_tags),
    ("encryption", _weaker_encryption),
    ("states", _less_frozen),
    ("retention", _no_retention),
)
"""The key that says it, and what became weaker in words; empty for nothing."""


def _of_retention(base: Spec, merged: Spec) -> Iterator[Weakening]:
    known = {rule.name: rule for rule in base.retention}
    for rule in merged.retention:
        before = known.get(rule.name)
        if before is not None and before != rule:
            yield Weakening(("retention", rule.name), "", f"{rule.name}: {_retention_words(before, rule)}")


def _retention_words(before: Retention, after: Retention) -> str:
    if before.months != after.months:
        return f"kept {after.months} months instead of {before.months}"
    return "another state starts the clock, another end, or another legal hold"


def _of_approvals(base: Spec, merged: Spec) -> Iterator[Weakening]:
    if base.approvals is not None and base.approvals != merged.approvals:
        yield Weakening(("approvals",), "", "another approval matrix")
