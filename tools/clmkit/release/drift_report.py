"""Drift as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from clmkit.release.drift import DriftItem, judge_drift
from clmkit.release.notes import to_plain


def render_human(items: Sequence[DriftItem]) -> str:
    return "\n".join(_lines(items))


def _lines(items: Sequence[DriftItem]) -> Iterator[str]:
    open_items = [item for item in items if item.is_open]
    breaking = sum(item.change.is_break for item in open_items)
    if not items:
        yield "no drift: the org holds what the package directory says"
        return
    yield f"{len(open_items)} open, {breaking} of them breaking, {len(items) - len(open_items)} accepted"
    for item in items:
        yield from _item(item)


def _item(item: DriftItem) -> Iterator[str]:
    change, rule = item.change, item.change.rule
    arrow = " -> ".join(part for part in (change.before, change.after) if part)
    mark, words = "!" if change.is_break else "~", f" ({arrow})" if arrow else ""
    yield f"  {mark} {rule.breaks.value:<9}  {change.name}: {rule.summary}{words}"
    yield f"      changed by {item.changed_by or 'somebody'} on {item.changed_at or 'a day that the org does not tell'}"
    if item.acceptance is not None:
        word = "expired on" if item.is_expired else "accepted until"
        yield f"      {word} {item.acceptance.until} by {item.acceptance.owner}: {item.acceptance.reason}"
    if item.is_open:
        yield f"      adopt:  {item.adopt}"
        yield f'      revert: clmkit drift --org FILE --revert "{change.name}"'
        yield f'      accept: clmkit drift --org FILE --accept "{change.name}" --until DATE --owner STEWARD --reason TEXT'


def render_json(items: Sequence[DriftItem]) -> str:
    document = {"verdict": judge_drift(items).name.lower(), "items": [_plain(item) for item in items]}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _plain(item: DriftItem) -> dict[str, object]:
    told = to_plain(item.change, "")
    del told["decision"]
    acceptance = item.acceptance
    return {
        **told,
        "component": str(item.key),
        "changed_by": item.changed_by,
        "changed_at": item.changed_at,
        "adopt": item.adopt,
        "open": item.is_open,
        "accepted": None
        if acceptance is None
        else {"owner": acceptance.owner, "until": acceptance.until.isoformat(), "reason": acceptance.reason},
    }
