"""A decision table by states needs a lifecycle.

Bad:
    lifecycle: absent
    objects:
      contract:
        fields:
          status: absent
          title:
            owner: shared
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Good:
    lifecycle: absent
    objects: {contract: {fields: {status: absent, title: {owner: clm}}}}
Says:
    contract.title decides by lifecycle states, but the spec has no lifecycle
    help: add lifecycle, or give the field one owner
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP413"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    if subject.spec.lifecycle is None:
        for value in subject.values:
            if value.field.precedence:
                message = f"{value.title} decides by lifecycle states, but the spec has no lifecycle"
                yield Offence(
                    (*value.path, "precedence"), message, "add lifecycle, or give the field one owner", of_key=True
                )
