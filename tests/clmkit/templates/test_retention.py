"""Retention takes effect in the CLM: what it empties there the sync empties in Salesforce, for every field of every template."""

from __future__ import annotations

import pytest
from msgspec import structs

from clmkit.mapping.loader import load_bytes
from clmkit.mapping.model import Blank, Direction, Disposal, FieldMapping, Owner, Role, Spec
from clmkit.sync.decide import Action, FieldFacts, decide_field
from clmkit.templates.catalogue import TEMPLATES


def erasing(name: str) -> Spec:
    """The template with a retention that erases instead of asking somebody to look."""
    spec = load_bytes(TEMPLATES[name].read_mapping().encode(), name).spec
    assert spec is not None
    return structs.replace(spec, retention=tuple(structs.replace(rule, then=Disposal.ERASE) for rule in spec.retention))


def erased(field: FieldMapping) -> bool:
    """Whether an emptied value of the CLM is to reach Salesforce; lint refuses a retention of the CLM's fields that stay."""
    moves = (
        field.direction is not Direction.NONE and field.role is not Role.FLAG
    )  # a flag follows the field it speaks for
    return field.owner is Owner.CLM and moves and field.blank is Blank.CLEAR


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_retention_empties_in_the_clm_is_emptied_in_salesforce(name: str) -> None:
    spec = erasing(name)
    rules = {rule.name: rule for rule in spec.retention}
    fields = [(mapping, field) for mapping in spec.objects for field in mapping.columns if erased(field)]
    assert fields
    for mapping, field in fields:
        rule = rules[field.retention or mapping.retention]
        for state in rule.states:
            decision = decide_field(field, FieldFacts("kept", None, "kept", state, state))
            assert decision.action is Action.PUSH, f"{mapping.name}.{field.name} in {state}: {decision.reason}"
