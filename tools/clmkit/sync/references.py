"""Lookups: from the match value that both systems know to the record id that Salesforce wants.

Rows that this sync itself writes are known by their links; everything else (accounts, users, contacts) is asked for, 200
and more in one query, and remembered for the run. Nothing is guessed: no record or several records is an answer in words.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from clmkit.mapping.evaluate import Link as Lookup
from clmkit.mapping.model import Spec
from clmkit.sync.org_rows import read_ids
from clmkit.sync.ports import Org
from clmkit.sync.state import State

MOST_REMEMBERED = 50_000


@dataclass(slots=True)
class References:
    spec: Spec
    org: Org
    state: State
    _ids: OrderedDict[tuple[str, str, str], tuple[str, ...]] = field(default_factory=OrderedDict)

    async def prepare(self, lookups: Iterable[Lookup]) -> None:
        """Make every lookup known that is not yet: one query per object and field. Missing ones are asked for again each time."""
        unknown: dict[tuple[str, str], set[str]] = {}
        for lookup in lookups:
            if not self._ids.get(_place(lookup)):
                unknown.setdefault((lookup.reference.object, lookup.reference.field), set()).add(lookup.key)
        for (sobject, name), keys in unknown.items():
            linked = self._find_linked(sobject, name, keys)
            for key, record_id in linked.items():
                self._remember((sobject, name, key.casefold()), (record_id,))
            values = sorted(keys - linked.keys())
            found = await read_ids(self.org, sobject, name, values) if values else {}
            for value in values:
                self._remember((sobject, name, value.casefold()), tuple(found.get(value.casefold(), ())))

    def find_id(self, lookup: Lookup) -> str | None:
        """The one record's id; None when there is none or more than one (`why_not` tells)."""
        ids = self._ids.get(_place(lookup), ())
        return ids[0] if len(ids) == 1 else None

    def why_not(self, lookup: Lookup) -> str:
        reference = lookup.reference
        count = len(self._ids.get(_place(lookup), ()))
        if count:
            return (
                f"{count} {reference.object} records have {reference.field} {lookup.key!r}; it must be one. Merge them."
            )
        return f"Salesforce has no {reference.object} with {reference.field} {lookup.key!r}. Create it there, then redrive."

    def _find_linked(self, sobject: str, name: str, keys: Iterable[str]) -> dict[str, str]:
        """The record ids, by key, of rows that this sync writes."""
        mapping = self.spec.find_object_of(sobject)
        if mapping is None or mapping.key.salesforce != name:
            return {}
        return {key: link.record_id for key, link in self.state.find_links(mapping.name, keys).items()}

    def _remember(self, place: tuple[str, str, str], ids: tuple[str, ...]) -> None:
        self._ids[place] = ids
        while len(self._ids) > MOST_REMEMBERED:
            self._ids.popitem(last=False)


def _place(lookup: Lookup) -> tuple[str, str, str]:
    return lookup.reference.object, lookup.reference.field, lookup.key.casefold()
