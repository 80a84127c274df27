"""Who reads a formula may read what it is made of.

A formula is computed without regard to field-level security: it shows to its readers what they must not see.

Bad:
    objects:
      contract:
        fields:
          amount: {audience: [steward]}
          double: {field: CLM_Double__c, type: {formula: {returns: currency, formula: CLM_Amount__c * 2}}, description: Twice.}
Good:
    objects:
      contract:
        fields:
          amount: {audience: [steward]}
          double:
            field: CLM_Double__c
            type: {formula: {returns: currency, formula: CLM_Amount__c * 2}}
            audience: [steward]
            description: Twice.
Says:
    contract.double shows CLM_Amount__c to reader, who may not read it
    help: narrow the audience of the formula
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.formulas import Formula
from clmkit.mapping.subject import Offence, Subject, join

CODE = "MAP611"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if not value.field.type.formula:
            continue
        formula = Formula(value.title, value.field.type.formula, value.mapping)
        named = {field.salesforce: field for field in value.mapping.columns}
        for name in formula.own_names:
            shown = named.get(name)
            more = [
                reader for reader in value.field.audience if shown and shown.has_fls and reader not in shown.audience
            ]
            if more:
                message = f"{value.title} shows {name} to {join(more)}, who may not read it"
                yield Offence((*value.path, "type"), message, "narrow the audience of the formula", of_key=True)
