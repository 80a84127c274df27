"""What those who look after the sync may not read of a contract: the values of restricted fields.

The org shows such a field to some of its people only. A dead letter, an alert, the audit, a reconciliation, a report is read by
whoever operates the sync, so none of them shows its value: the value is withheld, and so is what a refusal quotes of it. Nothing is
lost by that: a redrive reads the agreement afresh, and a steward reads the value in the system that has it, by the rights there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from clmkit.clients.silence import WITHHELD, silence
from clmkit.mapping.model import AudienceKind, FieldClass, FieldMapping, ObjectMapping, Role, Spec
from clmkit.sync.state import Parked

_TAGS = frozenset({"confidential", "restricted", "mission_critical", "hipaa", "pci"})
_QUOTED = re.compile(r'"[^"]*"')


class Discretion:
    """What is restricted by a spec: fields that not all people may read, that are tagged so, or that stay in the CLM."""

    def __init__(self, spec: Spec) -> None:
        people = frozenset(one.name for one in spec.audiences if one.kind is AudienceKind.PEOPLE)
        self._fields = {
            (mapping.name, field.name)
            for mapping in spec.objects
            for field in mapping.fields
            if _is_restricted(field, people)
        }

    def hides(self, object_name: str, field_name: str) -> bool:
        """By the names in the spec."""
        return (object_name, field_name) in self._fields

    def withhold(self, row: Parked) -> Parked:
        value, reason = self.tell(row.object, row.field, row.value, row.reason)
        return replace(row, value=value, reason=reason)

    def tell(self, object_name: str, field_name: str, value: str, reason: str) -> tuple[str, str]:
        """A value that is parked and why, as they may be shown."""
        if not self.hides(object_name, field_name):
            return value, reason
        return WITHHELD if value else "", _QUOTED.sub(WITHHELD, silence(reason, (value,)))

    def values_of(self, mapping: ObjectMapping, record: Mapping[str, object]) -> list[object]:
        """The restricted ones of a record by Salesforce's names."""
        columns = (one for one in mapping.columns if one.salesforce in record and self.hides(mapping.name, one.name))
        return [record[one.salesforce] for one in columns]


def _is_restricted(field: FieldMapping, people: frozenset[str]) -> bool:
    if field.role is Role.KEY:
        return False
    is_for_some = not people <= frozenset(field.audience)
    return field.field_class is FieldClass.CLM_ONLY or is_for_some or not _TAGS.isdisjoint(field.tags)
