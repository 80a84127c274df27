"""Changes of picklist values and of the lifecycle."""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.model import Lifecycle, Spec, ValueMap
from clmkit.release.changes import Change
from clmkit.release.show import show


def compare_value_maps(before: Spec, after: Spec) -> Iterator[Change]:
    """Maps are paired by their name and by the fields that use them, so that a renamed map is compared and not replaced."""
    old, new = ({values.name: values for values in spec.value_maps} for spec in (before, after))
    pairs = {(name, name): None for name in new if name in old}
    pairs |= dict.fromkeys(_used_by_same_field(before, after))
    for one, other in pairs:
        yield from _compare_map(old[one], new[other])
    paired_old, paired_new = {one for one, _ in pairs}, {other for _, other in pairs}
    for name in (*(name for name in old if name not in paired_old), *(name for name in new if name not in paired_new)):
        yield Change("value_map_added", f"value_maps.{name}", "")


def _used_by_same_field(before: Spec, after: Spec) -> Iterator[tuple[str, str]]:
    used = {(mapping.name, field.name): field.type.value_map for mapping in before.objects for field in mapping.fields}
    for mapping in after.objects:
        for field in mapping.fields:
            earlier = used.get((mapping.name, field.name), "")
            if earlier and field.type.value_map and earlier != field.type.value_map:
                yield earlier, field.type.value_map


def _compare_map(old: ValueMap, new: ValueMap) -> Iterator[Change]:
    subject = f"value_maps.{new.name}"
    if old.global_set != new.global_set:
        yield Change("value_set_swapped", subject, new.global_set, show(old.global_set), show(new.global_set))
    if old.label != new.label:
        yield Change("wording_changed", subject, new.global_set, old.label, new.label)
    for attribute in ("restricted", "unknown", "other"):
        if getattr(old, attribute) != getattr(new, attribute):
            words = (f"{attribute}: {show(getattr(values, attribute))}" for values in (old, new))
            yield Change("value_policy_changed", subject, new.global_set, *words)
    yield from _compare_picklist(old, new, subject)
    yield from _compare_rows(old, new, subject)


def _renamed(old: ValueMap, new: ValueMap) -> dict[str, str]:
    """Salesforce values that went, with the value that all their CLM values became and that nobody had before."""
    had, has = {value.salesforce for value in old.values}, {value.salesforce: None for value in new.values}
    rows = {value.clm: value.salesforce for value in new.values}
    found: dict[str, str] = {}
    for gone in had - has.keys():
        heirs = {rows.get(value.clm) for value in old.values if value.salesforce == gone}
        heir = heirs.pop() if len(heirs) == 1 else None
        if heir is not None and heir not in had:
            found[gone] = heir
    return found


def _compare_picklist(old: ValueMap, new: ValueMap, subject: str) -> Iterator[Change]:
    had, has = ({value.salesforce: value for value in values.picklist} for values in (old, new))
    renamed = _renamed(old, new)
    for name, value in had.items():
        if name in renamed:
            yield Change("value_renamed", f"{subject}.{name}", new.global_set, name, renamed[name])
        elif name not in has:
            yield Change("value_dropped", f"{subject}.{name}", new.global_set, name, "")
        else:
            if value.active != has[name].active:
                kind = "value_restored" if has[name].active else "value_retired"
                yield Change(kind, f"{subject}.{name}", new.global_set, name, name)
            if value.label != has[name].label:
                yield Change("wording_changed", f"{subject}.{name}", new.global_set, value.label, has[name].label)
    for name in has:
        if name not in had and name not in renamed.values():
            yield Change("value_added", f"{subject}.{name}", new.global_set, "", name)
    if [name for name in had if name in has] != [name for name in has if name in had]:
        yield Change("order_changed", subject, new.global_set)


def _compare_rows(old: ValueMap, new: ValueMap, subject: str) -> Iterator[Change]:
    """The CLM's side of the map, as far as the picklist does not tell it already."""
    had, has = ({value.clm: value.salesforce for value in values.values} for values in (old, new))
    picklists = {value.salesforce for value in old.values}, {value.salesforce for value in new.values}
    for clm, value in had.items():
        if clm not in has and value in picklists[1]:
            yield Change("value_unmapped", f"{subject}.{clm}", new.global_set, value, "")
        elif clm in has and has[clm] != value and value in picklists[1]:
            yield Change("value_remapped", f"{subject}.{clm}", new.global_set, value, has[clm])
    for clm, value in has.items():
        if clm not in had and value in picklists[0]:
            yield Change("value_mapped", f"{subject}.{clm}", new.global_set, "", value)


def compare_lifecycle(old: Lifecycle | None, new: Lifecycle | None) -> Iterator[Change]:
    if old is None or new is None:
        if old is not new:
            yield Change(
                "lifecycle_moved",
                "lifecycle",
                "",
                "none" if old is None else "there",
                "none" if new is None else "there",
            )
        return
    if (old.clm, old.field) != (new.clm, new.field):
        yield Change("lifecycle_moved", "lifecycle", "", f"{old.clm} -> {old.field}", f"{new.clm} -> {new.field}")
    yield from _compare_states(old, new)
    for kind, moves in (
        ("move_dropped", [move for move in old.moves if move not in new.moves]),
        ("move_added", [move for move in new.moves if move not in old.moves]),
    ):
        for start, end in moves:
            yield Change(kind, f"lifecycle.{start}.{end}", "", f"{start} -> {end}", "")


def _compare_states(old: Lifecycle, new: Lifecycle) -> Iterator[Change]:
    """`frozen` is told by the fields that it freezes."""
    had, has = ({state.name: state for state in lifecycle.states} for lifecycle in (old, new))
    statuses = {state.status for state in new.states}
    for name, state in had.items():
        target = f"Contract.{new.field}"
        if state.status not in statuses:
            yield Change(
                "status_dropped", f"lifecycle.{name}", target, state.status, has[name].status if name in has else ""
            )
        elif name not in has or state != has[name]:
            yield Change("status_changed", f"lifecycle.{name}", target, show(state), show(has.get(name)))
    for name, state in has.items():
        if name not in had:
            yield Change("status_added", f"lifecycle.{name}", f"Contract.{new.field}", "", state.status)
    if [name for name in had if name in has] != [name for name in has if name in had]:
        yield Change("order_changed", "lifecycle", "")
