"""Write drift of closed lists into the mapping: labels, retired and restored values, statuses' categories. Pure.

A value that came or went is told with the line to write, and not written: which CLM text stands for it only a person knows.
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.model import MapValue, Spec, ValueMap
from clmkit.release.components import ComponentChange, ElementChange, Key
from clmkit.release.judge_components import VALUE
from clmkit.release.spec_edit import AdoptError, Edit


def adopt_global_set(spec: Spec, change: ComponentChange) -> Iterator[Edit]:
    """Edits for a GlobalValueSet that a value map is."""
    values = next((one for one in spec.value_maps if one.global_set == change.key.full_name), None)
    if values is None:
        raise AdoptError(f"{change.key}: no value map of the mapping is this set; revert it, or accept it until a day")
    for element in change.elements:
        if element.path == "masterLabel" and element.after:
            yield Edit(("value_maps", values.name, "label"), element.after)
        elif element.path != "description":
            yield from adopt_value(change.key, values, element)


def adopt_value(key: Key, values: ValueMap, element: ElementChange) -> Iterator[Edit]:
    """The edit for one element of a value of a list."""
    place = ("value_maps", values.name)
    if element.path == "valueSet.restricted" and not values.global_set:
        yield Edit((*place, "restricted"), element.after == "true")
        return
    match = VALUE.match(element.path)
    if match is None:
        raise _cannot(key, element)
    name, about = match.groups()
    held = next((one for one in values.values if one.salesforce == name), None)
    if held is None and about == "fullName":
        raise AdoptError(
            f"{key}: {name} is new, and which CLM text becomes it only a person knows; write `<CLM text>: {name}` below "
            f"value_maps.{values.name}.values, or revert it"
        )
    if held is None:
        return  # told with its name
    if about == "fullName":
        raise AdoptError(
            f"{key}: {name} is gone from the org; retire it in the mapping (value_maps.{values.name}.values.{held.clm}: "
            f"{{value: {name}, active: false}}) or take it out there, or revert it"
        )
    if about not in ("label", "isActive"):
        raise _cannot(key, element)
    yield Edit((*place, "values", held.clm), _written(held, about, element.after))


def _written(held: MapValue, about: str, after: str) -> dict[str, object]:
    label = after if about == "label" else held.label
    is_active = after != "false" if about == "isActive" else held.active
    row: dict[str, object] = {"value": held.salesforce}
    if label != held.salesforce:
        row["label"] = label
    if not is_active:
        row["active"] = False
    return row


def adopt_statuses(spec: Spec, change: ComponentChange) -> Iterator[Edit]:
    """Edits for the contract statuses, which are the lifecycle's states."""
    states = spec.lifecycle.states if spec.lifecycle else ()
    for element in change.elements:
        match = VALUE.match(element.path)
        status, about = match.groups() if match else ("", "")
        state = next((one for one in states if one.status == status), None)
        if state is None and about == "fullName":
            raise AdoptError(
                f"{change.key}: {status} is new; write a state with `status: {status}` and its CLM stage below lifecycle.states, "
                "or revert it"
            )
        if state is None and match:
            continue
        if state is None or about != "groupingString":
            raise _cannot(change.key, element)
        yield Edit(("lifecycle", "states", state.name, "category"), element.after)


def _cannot(key: Key, element: ElementChange) -> AdoptError:
    return AdoptError(
        f"{key}: the mapping has no word for `{element.path}` ({element.before or 'none'} -> {element.after or 'none'}); "
        "revert it, or accept it until a day"
    )
