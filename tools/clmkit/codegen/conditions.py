"""A condition of the spec as the filter item of a list view, a report or a sharing rule.

Source: Metadata API Developer Guide, "FilterItem"; Salesforce Help, "Relative Date Filter Reference".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clmkit.codegen.xml import Body
from clmkit.mapping.model import Condition, Operator

# What a filter item says: operation, and how its value is written.
FILTERS: Mapping[Operator, tuple[str, str]] = {
    Operator.IS: ("equals", "{}"),
    Operator.ONE_OF: ("equals", "{}"),
    Operator.NOT_ONE_OF: ("notEqual", "{}"),
    Operator.AT_LEAST: ("greaterOrEqual", "{}"),
    Operator.OVER: ("greaterThan", "{}"),
    Operator.AT_MOST: ("lessOrEqual", "{}"),
    Operator.BELOW: ("lessThan", "{}"),
    Operator.WITHIN_NEXT: ("equals", "NEXT_N_DAYS:{}"),
    Operator.IN_LAST: ("equals", "LAST_N_DAYS:{}"),
}


def filter_item(condition: Condition, name: Callable[[str], str], key: str = "field") -> dict[str, str]:
    """The filter item; `name` turns the field's API name into what the component calls it."""
    operation, form = FILTERS[condition.operator]
    item = {key: name(condition.field), "operation" if key == "field" else "operator": operation}
    value = form.format(",".join(_quote(text) for text in condition.values))
    return {**item, "value": value} if value else item


def _quote(text: str) -> str:
    """A comma separates values, so a value that holds one stands in quotation marks."""
    return f'"{text}"' if "," in text else text


def filter_items(conditions: tuple[Condition, ...], name: Callable[[str], str]) -> list[Body]:
    return [dict(filter_item(condition, name)) for condition in conditions]
