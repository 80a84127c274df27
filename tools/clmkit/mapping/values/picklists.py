"""Closed lists: a value that the map does not know is refused, never guessed and never added to the org."""

from __future__ import annotations

from clmkit.mapping.values.outcome import Outcome, Refusal, SalesforceValue, Target, Value, find_several, quote, to_text

MOST_SELECTED = 100
"""Values that a multi-select picklist holds at most. Source: Salesforce Help, Custom Field Types."""


def read_picklist(value: object, target: Target) -> Outcome:
    """One value of the map. The exact value is tried first, so a map may name `England; Wales` as one law."""
    text = to_text(value)
    return text if isinstance(text, Refusal) else look_up(text, target)


def look_up(text: str, target: Target) -> Outcome:
    found = target.picklist.get(text)
    if found is not None:
        return Value(found)
    several = find_several(text)
    if target.other and several is None:
        return Value(target.other)
    return several or Refusal(
        f"{quote(text)} is not in the value map {target.map_name}; add it there or correct it in the CLM."
    )


def read_multipicklist(value: object, target: Target) -> Outcome:
    """A list, or text joined with `;`. The result is sorted by the map's order, because Salesforce keeps no order."""
    texts = _to_texts(value)
    if isinstance(texts, Refusal):
        return texts
    chosen = set()
    for text in texts:
        found = target.picklist.get(text) or target.other
        if not found:
            return Refusal(
                f"{quote(text)} is not in the value map {target.map_name}; add it there or correct it in the CLM."
            )
        chosen.add(found)
    if len(chosen) > MOST_SELECTED:
        return Refusal(f"{len(chosen)} values are chosen; Salesforce holds {MOST_SELECTED}.")
    known = dict.fromkeys([*target.picklist.values(), *([target.other] if target.other else [])])
    ordered = [name for name in known if name in chosen]
    return Value(";".join(ordered) or None)


def _to_texts(value: object) -> list[str] | Refusal:
    items = value if isinstance(value, list) else str(value).split(";") if isinstance(value, str) else [value]
    texts = []
    for item in items:
        text = to_text(item)
        if isinstance(text, Refusal):
            return text
        if text:
            texts.append(text)
    return texts


def write_picklist(value: SalesforceValue, target: Target) -> object:
    """The first CLM value that becomes this picklist value."""
    if value is None:
        return None
    known = target.back.get(str(value))
    return _unknown_in_salesforce(str(value), target) if known is None else known


def write_multipicklist(value: SalesforceValue, target: Target) -> object:
    chosen = []
    for name in str(value).split(";") if value is not None else ():
        known = target.back.get(name)
        if known is None:
            return _unknown_in_salesforce(name, target)
        chosen.append(known)
    return chosen


def _unknown_in_salesforce(name: str, target: Target) -> Refusal:
    return Refusal(f"Salesforce holds {quote(name)}, which no row of the value map {target.map_name} produces.")
