"""A record that the sync creates gets every field that Salesforce requires.

Salesforce answers REQUIRED_FIELD_MISSING.

Bad:
    objects: {contract: {parents: {account: {missing: create}}}}
Good:
    objects:
      account: {fields: {name: {seed: true}}}
      contract: {parents: {account: {missing: create}}}
Says:
    contract.account would create Account records without Name, which Salesforce requires
    help: map Name in account with seed: true, or park the row
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import standard_objects
from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Missing
from clmkit.mapping.subject import Column, Offence, Subject

CODE = "MAP507"
SEVERITY = Severity.ERROR
DEFAULTED = frozenset({"OwnerId", "Status"})
"""Required fields that Salesforce fills itself on creation."""


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        name = _created_object(column)
        mapping, standard = subject.spec.find_object_of(name), standard_objects().get(name)
        if mapping is None or standard is None:
            continue
        given = {field.salesforce for field in mapping.fields if field.to_salesforce or field.seed}
        for field_name, field in standard.fields.items():
            required = field.create and not field.nillable and field_name not in DEFAULTED
            if required and field_name not in given:
                message = f"{column.title} would create {name} records without {field_name}, which Salesforce requires"
                yield Offence(
                    (*column.path, "missing"),
                    message,
                    f"map {field_name} in {mapping.name} with seed: true, or park the row",
                )


def _created_object(column: Column) -> str:
    """The object whose records this reference creates; "" for none."""
    reference = column.field.reference
    return reference.object if reference is not None and reference.missing is Missing.CREATE else ""
