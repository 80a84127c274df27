"""A formula names fields that exist.

The org says: `Field CLM_Tota__c does not exist. Check spelling.` Only names with the prefix of the spec are judged: others may
be in the org already.

Bad:
    objects:
      contract:
        fields:
          double: {field: CLM_Double__c, type: {formula: {returns: currency, formula: CLM_Amout__c * 2}}, description: Twice.}
Good:
    objects:
      contract:
        fields:
          double: {field: CLM_Double__c, type: {formula: {returns: currency, formula: CLM_Amount__c * 2}}, description: Twice.}
Says:
    contract.double names CLM_Amout__c, which Contract does not have
    help: did you mean CLM_Amount__c?
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.formulas import formulas
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP232"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for path, formula in formulas(subject):
        known = {field.salesforce for field in formula.mapping.columns}
        for name in formula.own_names:
            if name not in known and name.startswith(f"{subject.spec.prefix}_"):
                message = f"{formula.title} names {name}, which {formula.mapping.salesforce} does not have"
                yield Offence(path, message, suggest(name, sorted(known)), of_key=True)
