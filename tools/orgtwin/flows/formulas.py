"""Formula resources of a flow: `{!amount} * {!Find_Account.Rating__c}`, over variables, records and what elements found.

Every reference becomes a field of an object made for this one formula, of the type that the flow declares for it. Source: "Flow
Resource: Formula" (Salesforce Help).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec.structs import replace

from orgtwin.flows.conditions import FlowRecord, Item
from orgtwin.flows.definition import Flow
from orgtwin.formula import (
    FormulaEvaluationError,
    FormulaKind,
    FormulaType,
    GivenContext,
    compile_formula,
)
from orgtwin.org import Org
from orgtwin.records.global_variables import GlobalVariables
from orgtwin.records.model import Value
from orgtwin.schema.model import Field, FieldType, Schema, SObjectType

_REFERENCE = re.compile(r"\{!([^}]+)\}")
_OWN_OBJECT = "FlowFormula"
_BY_TYPE: Mapping[str, FieldType] = {
    "Boolean": FieldType.BOOLEAN,
    "Currency": FieldType.CURRENCY,
    "Date": FieldType.DATE,
    "DateTime": FieldType.DATETIME,
    "Number": FieldType.DOUBLE,
}
_FLOW_VALUES = {"CurrentDate": FieldType.DATE, "CurrentDateTime": FieldType.DATETIME}


@dataclass(slots=True)
class _References:
    """The references of a formula as fields, by how they are written."""

    org: Org
    flow: Flow
    record_type: SObjectType | None
    fields: dict[str, Field] = field(default_factory=dict)

    def text_of(self, found: re.Match[str]) -> str:
        path = found[1].strip()
        root, _, rest = path.partition(".")
        if root.startswith("$") and root not in ("$Record", "$Record__Prior", "$Flow"):
            return path
        if path not in self.fields:
            name = f"R{len(self.fields)}"
            self.fields[path] = replace(self._declared(root, rest), api_name=name, compound=None, formula=None)
        return self.fields[path].api_name

    def _declared(self, root: str, rest: str) -> Field:
        if root == "$Flow":
            return Field(rest, rest, _FLOW_VALUES.get(rest, FieldType.STRING), 255)
        if root in ("$Record", "$Record__Prior"):
            return _along(self.org.schema, self.record_type, rest)
        kind, node = self.flow.resources.get(root) or self.flow.elements.get(root) or ("", None)
        if node is None or kind == "textTemplates":
            return _TEXT
        record = node.value("objectType") or (node.value("object") if kind == "recordLookups" else None)
        if record and rest:
            return _along(self.org.schema, self.org.schema.find_type(record), rest)
        return replace(_TEXT, type=_BY_TYPE.get(node.value("dataType") or "", FieldType.STRING))


_TEXT = Field("Text", "Text", FieldType.STRING, 255)


def _along(schema: Schema, owner: SObjectType | None, path: str) -> Field:
    """The field at the end of a path through parents; text where the schema has none."""
    *steps, last = path.split(".")
    for step in steps:
        reference = owner.find_relationship(step) if owner is not None else None
        owner = schema.find_type(reference.reference_to[0]) if reference is not None else None
    found = owner.find_field(last) if owner is not None else None
    return found or _TEXT


def evaluate(
    org: Org,
    flow: Flow,
    text: str,
    read: Callable[[str], Item],
    *,
    record_type: SObjectType | None = None,
    returns: FormulaType = FormulaType.BOOLEAN,
) -> Value:
    """What a formula comes to now; `read` gives the value of a reference. Raises FormulaError; an error at run time is None."""
    references = _References(org, flow, record_type)
    own = _REFERENCE.sub(references.text_of, text)
    described = SObjectType(_OWN_OBJECT, _OWN_OBJECT, _OWN_OBJECT, "", tuple(references.fields.values()))
    compiled = compile_formula(own, Schema((described,)), _OWN_OBJECT, kind=FormulaKind.FIELD, returns=returns)
    written = {one.api_name: path for path, one in references.fields.items()}
    users = org.table("User")
    told = GivenContext(
        value=lambda path: _plain(read(written[path.field])),
        now=org.now,
        global_value=lambda path: GlobalVariables(org).value(users, path, users.live[org.running_user_id]),
    )
    try:
        return compiled.evaluate(told)
    except FormulaEvaluationError:
        return None


def _plain(value: Item) -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return None if isinstance(value, list | FlowRecord) else value
