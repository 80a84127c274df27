"""Database.DMLOptions: how a write is meant, given beside it or kept by a record.

Source: "Database.DMLOptions Class", its headers, "SObject Class" (getOptions, setOptions) (Apex Reference Guide). The header of
e-mails is kept and has no effect: the twin notifies nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orgtwin.apex.classes import ApexClass
from orgtwin.apex.library.properties import Properties, add_property
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.org_port import Saving
from orgtwin.apex.records import SObject
from orgtwin.apex.types import BOOLEAN, ID, STRING, Type
from orgtwin.apex.values import Value
from orgtwin.records.model import ACTIVE_RULE

_HEADERS = {
    "AssignmentRuleHeader": {"assignmentRuleId": ID, "useDefaultRule": BOOLEAN},
    "DuplicateRuleHeader": {"allowSave": BOOLEAN, "includeRecordDetails": BOOLEAN, "runAsCurrentUser": BOOLEAN},
    "EmailHeader": {"triggerAutoResponseEmail": BOOLEAN, "triggerOtherEmail": BOOLEAN, "triggerUserEmail": BOOLEAN},
}
_PLAIN = {"allowFieldTruncation": BOOLEAN, "localeOptions": STRING, "optAllOrNone": BOOLEAN}


def _add_all(cls: ApexClass, fields: dict[str, Type]) -> None:
    for name, type_ in fields.items():
        add_property(cls, name, type_)


class DmlOptions(Properties):
    """An object of the class; its headers are there from the start."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(declare("DMLOptions", namespace="Database").type)
        for header in _HEADERS:
            self.values[header.lower()] = Properties(type_of(f"Database.DMLOptions.{header}"))

    @property
    def all_or_none(self) -> bool | None:
        found: bool | None = self.values.get("optallornone")
        return found

    @property
    def saving(self) -> Saving:
        """What the org is told."""
        header = self.values["duplicateruleheader"]
        allows = bool(header is not None and header.values.get("allowsave"))
        return Saving(allows, bool(self.values.get("allowfieldtruncation")), self._assignment())

    def _assignment(self) -> str | None:
        header = self.values["assignmentruleheader"]
        if header is None:
            return None
        rule_id = header.values.get("assignmentruleid")
        return str(rule_id) if rule_id else ACTIVE_RULE if header.values.get("usedefaultrule") else None


def saving_of(records: Sequence[SObject], options: DmlOptions | None) -> Saving | None:
    """How these records are to be saved: by the options given, or by those of the first record; None for nothing said."""
    chosen = options or next((kept for r in records if (kept := _kept(r)) is not None), None)
    return None if chosen is None else chosen.saving


def _kept(record: SObject) -> DmlOptions | None:
    found: DmlOptions | None = getattr(record, "options", None)
    return found


def _keep(record: SObject, options: DmlOptions | None) -> None:
    record.options = options


for _name, _fields in _HEADERS.items():
    _add_all(system_class(_name, {}, namespace="Database.DMLOptions"), _fields)
_OPTIONS = system_class("DMLOptions", {}, namespace="Database", constructors={"()": DmlOptions})
_add_all(_OPTIONS, _PLAIN)
_add_all(_OPTIONS, {name: type_of(f"Database.DMLOptions.{name}") for name in _HEADERS})
SOBJECT_METHODS: Mapping[str, Callable[..., Value]] = {
    "Database.DMLOptions getOptions()": _kept,
    "void setOptions(Database.DMLOptions)": _keep,
}
"""Rows of SObject's own table."""
