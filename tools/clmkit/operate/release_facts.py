"""What a release did to data, from the audit chain, and what is to become of each value that it touched. Pure but for the chain."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clmkit.clients.salesforce import Record
from clmkit.mapping.model import FieldMapping, ObjectMapping, Role, Spec
from clmkit.operate.point import KeptRow
from clmkit.sync.audit import Entry, digest
from clmkit.sync.decide import ABSENT, is_same_value
from clmkit.sync.org_rows import to_org_row
from clmkit.sync.origin import IN_FORCE
from clmkit.sync.rows import is_whole_agreement
from clmkit.sync.state import Link

Cell = tuple[str, str, str]
"""Salesforce's name of the object, key, API name of the field."""


class Verdict(enum.Enum):
    SAME = "as before"
    RESTORE = "put back"
    EDITED = "edited since, stays"
    UNWRITTEN = "not written by the release, stays"
    GONE = "the row is gone"
    REFUSED = "refused"


OPEN = frozenset({Verdict.EDITED, Verdict.GONE, Verdict.REFUSED})
"""What a person has to look at."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One value and what becomes of it; `before` is as its system takes it, `now` as its system gives it."""

    field: FieldMapping
    verdict: Verdict
    before: Any = None
    now: Any = None

    def goes(self, *, is_status: bool) -> bool:
        return self.verdict is Verdict.RESTORE and self.field.lifecycle is is_status


@dataclass(slots=True)
class ReleaseFacts:
    """`touched` are fields that a mapping since the point decides otherwise; the rest is what the sync wrote since."""

    touched: set[str] = field(default_factory=set)
    written: dict[Cell, str] = field(default_factory=dict)
    """The digest of what was written to Salesforce last."""
    given: dict[tuple[str, str], Entry] = field(default_factory=dict)
    """What the CLM was given last, by agreement and API name."""
    made: set[str] = field(default_factory=set)
    """Keys of rows that came since."""

    def is_touched(self, mapping: ObjectMapping, column: FieldMapping) -> bool:
        is_value = column.role not in (Role.KEY, Role.VERSION)
        return is_value and f"{mapping.salesforce}.{column.salesforce}" in self.touched

    def given_touched(self, spec: Spec) -> set[str]:
        """The agreements that were given a value of a field that the release touched."""
        whole = next(one for one in spec.objects if is_whole_agreement(one))
        names = {column.salesforce for column in whole.columns if self.is_touched(whole, column)}
        return {agreement for agreement, name in self.given if name in names}

    def judge(
        self, mapping: ObjectMapping, column: FieldMapping, kept: KeptRow, link: Link | None, record: Record | None
    ) -> Judged:
        """What is to become of a value in Salesforce: put back only what the sync wrote since, and what is still as it wrote it."""
        name = column.salesforce
        if link is None or record is None:
            return Judged(column, Verdict.GONE)
        before, now = kept.record.get(name), record.get(name)
        own = self.written.get((mapping.salesforce, kept.key, name))
        if now == before or own is None:
            return Judged(column, Verdict.SAME if now == before else Verdict.UNWRITTEN, before, now)
        agreed = link.base.get(name, ABSENT)
        is_last = agreed is not ABSENT and own == digest(str(link.lookups.get(name, agreed)))
        holds = is_last and is_same_value(column, agreed, to_org_row(mapping, record).values[name])
        return Judged(column, Verdict.RESTORE if holds else Verdict.EDITED, before, now)

    def as_before(self, mapping: ObjectMapping, link: Link, kept: KeptRow, judged: Sequence[Judged]) -> Link:
        """The link with what both systems had agreed on, for the values that the sync wrote since and that are as before."""
        base, lookups = dict(link.base), dict(link.lookups)
        names = {
            one.field.salesforce
            for one in judged
            if one.verdict in (Verdict.RESTORE, Verdict.SAME)
            and (mapping.salesforce, kept.key, one.field.salesforce) in self.written
        }
        for name in names:
            for now, before in ((base, kept.base), (lookups, kept.lookups)):
                now.pop(name, None)
                now |= {name: before[name]} if name in before else {}
        hops = {name: hop for name, hop in link.hops.items() if name not in names}
        place = (link.object, link.key, link.agreement_id, link.record_id, link.revision, link.modstamp)
        return Link(*place, base, lookups, hops)


def read_facts(rules: Mapping[str, str], entries: Iterable[Entry]) -> ReleaseFacts:
    """`rules` of the mapping of before, by field; `entries` of the chain after the point."""
    facts = ReleaseFacts()
    for entry in entries:
        told: Mapping[str, Any] = entry.facts
        if entry.kind == IN_FORCE:
            fields = told["fields"]
            facts.touched |= {
                name for name, rule in rules.items() if name in fields and fields[name].get("rule") != rule
            }
        elif entry.kind == "patched":
            facts.given |= {(told["agreement"], name): entry for name in told.get("fields", ())}
        elif entry.kind in ("created", "updated"):
            facts.written |= {(told["object"], told["key"], name): own for name, own in told.get("fields", {}).items()}
            facts.made |= {told["key"]} if entry.kind == "created" else set()
    return facts
