"""Guards: what ends a run before it does harm. They count and judge; ending the run is their caller's.

blast radius   one run would change, or empty, more rows than a person would believe without looking
api budget     the org's calls of the last 24 hours are used up to the part that belongs to others
breaker        a system does not answer: look less and less often until it does (`doorbell.follow`)

Salesforce sends no Retry-After; `Sforce-Limit-Info` is all there is ("API Request Limits and Allocations").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from clmkit.clients.salesforce import ApiUsage
from clmkit.sync.rows import RowPlan

MOST_NAMED = 3
_MOST_DOUBLINGS = 64


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a run may go: a percentage of the linked rows of an object, and a number that is always allowed."""

    changed_percent: float = 25.0
    changed_from: int = 500
    emptied_percent: float = 5.0
    emptied_from: int = 50
    api_reserve_percent: float = 10.0

    def most_changed(self, linked: int) -> int:
        return max(self.changed_from, int(linked * self.changed_percent / 100))

    def most_emptied(self, linked: int) -> int:
        return max(self.emptied_from, int(linked * self.emptied_percent / 100))

    def usable_calls(self, allowed: int) -> int:
        return allowed - int(allowed * self.api_reserve_percent / 100)


@dataclass(slots=True)
class BlastRadius:
    """What one run has overwritten so far, by object. Rows that are created and fields that are filled are not counted: nothing is
    lost by them.
    """

    limits: Limits
    count_linked: Callable[[str], int]
    count_agreements: Callable[[], int]
    _changed: dict[str, set[str]] = field(default_factory=dict)
    _fields: dict[str, Counter[str]] = field(default_factory=dict)
    _emptied: Counter[tuple[str, str]] = field(default_factory=Counter)

    def find_excess(self, plans: Sequence[RowPlan]) -> str:
        """Why these plans go too far, with what was done before; empty when they do not, and then they count as done."""
        updates = [(plan, names) for plan in plans if (names := _overwritten(plan))]
        if not updates:
            return ""
        mapping = updates[0][0].facts.mapping
        linked = self.count_linked(mapping.name)
        changed = self._changed.setdefault(mapping.name, set())
        fields = self._fields.setdefault(mapping.name, Counter())
        for plan, names in updates:
            changed.add(plan.facts.row.key)
            fields.update(names)
            self._emptied.update((mapping.name, name) for name in names if plan.push[name].value is None)
        if len(changed) > self.limits.most_changed(linked):
            return _excess(f"change {len(changed)} of {linked} linked {mapping.plural_label}", fields, changed)
        for (name, emptied), count in self._emptied.items():
            if name == mapping.name and count > self.limits.most_emptied(linked):
                what = f"empty {emptied} in {count} of {linked} linked {mapping.plural_label}"
                return _excess(what, fields, changed)
        return ""

    def find_excess_of_patches(self, agreement_ids: Iterable[str]) -> str:
        """Why the run would overwrite values of too many agreements with Salesforce's."""
        return self._find_excess_of("patch {} of {} linked agreements in the CLM", agreement_ids)

    def find_excess_of_deletions(self, agreement_ids: Iterable[str]) -> str:
        """Why the run would make too many records again that somebody deleted."""
        return self._find_excess_of(
            "make {} records again that were deleted in Salesforce, {} are linked", agreement_ids
        )

    def _find_excess_of(self, what: str, agreement_ids: Iterable[str]) -> str:
        counted = self._changed.setdefault(what, set())
        counted |= set(agreement_ids)
        linked = self.count_agreements()
        if len(counted) <= self.limits.most_changed(linked):
            return ""
        return _excess(what.format(len(counted), linked), Counter(), counted)


def _excess(what: str, fields: Counter[str], keys: set[str]) -> str:
    names = ", ".join(f"{name} in {count} rows" for name, count in fields.most_common(MOST_NAMED))
    examples = ", ".join(sorted(keys)[:MOST_NAMED])
    details = f" ({names}; such as {examples})" if names else f" (such as {examples})"
    return f"This run would {what}{details}. If that is right, run `clmkit sync run --allow` once."


def _overwritten(plan: RowPlan) -> list[str]:
    """The fields of a row that lose a value to what is written."""
    facts = plan.facts
    held: Mapping[str, object] = facts.org.values if facts.org else facts.link.base if facts.link else {}
    version = facts.mapping.version.salesforce if facts.mapping.version is not None else ""
    return [name for name in plan.push if name != version and held.get(name) is not None]


def overwrites_clm(plan: RowPlan) -> bool:
    """Whether a value of the agreement is lost on which both systems had agreed. In a first load nothing was agreed yet."""
    link = plan.facts.link
    if link is None:
        return False
    names = (decision.field.salesforce for decision in plan.pull.values())
    return any(link.base.get(name) is not None and plan.facts.clm.get(name) is not None for name in names)


def find_overuse(usage: ApiUsage | None, limits: Limits) -> str:
    """Why no more calls may be made; empty while there are some left."""
    if usage is None or usage.used < limits.usable_calls(usage.allowed):
        return ""
    return (
        f"The org's API calls of the last 24 hours are used up to the reserve: {usage.used} of {usage.allowed},"
        f" {limits.api_reserve_percent:g} % stay for others. A later run goes on."
    )


def forecast(first: ApiUsage | None, last: ApiUsage | None, seconds: float, limits: Limits) -> str:
    """When the calls run out at the rate between two looks, in words; empty when they do not within a day."""
    if first is None or last is None or last.used <= first.used or seconds <= 0:
        return ""
    left = max(0, limits.usable_calls(last.allowed) - last.used)
    hours = left / ((last.used - first.used) / seconds) / 3600
    return f"at this rate the calls of the day are used up in {hours:.1f} h" if hours < 24 else ""


@dataclass(slots=True)
class Breaker:
    """After `most` runs in a row that a system did not answer, the circuit is open: webhooks are not heeded, the waits double up
    to `longest` seconds, and each time one run tries. The first answer closes it. The state keeps how far it is (`outage`).
    """

    most: int = 3
    longest: float = 600.0
    failures: int = 0

    @property
    def is_open(self) -> bool:
        return self.failures >= self.most

    def wait(self, interval: float, chance: float = 0.5) -> float:
        """Seconds; `chance` from 0 to 1 takes a quarter off or adds one, so that many do not come back together."""
        if not self.is_open:
            return interval
        doubled = interval * 2.0 ** min(self.failures - self.most + 1, _MOST_DOUBLINGS)
        return max(interval, min(self.longest, doubled)) * (0.75 + 0.5 * chance)
