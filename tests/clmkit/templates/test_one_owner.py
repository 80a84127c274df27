"""One owner, three readers: field-level security, trigger guard and sync agree for every field, role and state of every spec."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from tests.clmkit.codegen.specs import SPECS, spec_of

from clmkit.codegen.permissions import may_edit
from clmkit.codegen.rules import compile_rules, is_guarded
from clmkit.mapping.model import AudienceKind, Direction, FieldKind, FieldMapping, ObjectMapping, Spec
from clmkit.sync.decide import Action, FieldFacts, decide_field

TODAY = datetime.date(2030, 1, 1)
VALUES: dict[FieldKind, tuple[object, object]] = {
    FieldKind.CHECKBOX: (False, True),
    FieldKind.CURRENCY: (Decimal(1), Decimal(2)),
    FieldKind.DATE: (datetime.date(2030, 1, 1), datetime.date(2030, 1, 2)),
    FieldKind.NUMBER: (Decimal(1), Decimal(2)),
}


@dataclass(frozen=True)
class Cell:
    """What the three say about an edit that people alone make in a state."""

    title: str
    state: str
    field: FieldMapping
    is_locked: bool  # the guard refuses it
    is_taken: bool  # the sync takes it over


@pytest.fixture(scope="module", params=SPECS)
def spec(request: pytest.FixtureRequest) -> Spec:
    return spec_of(request.param)


def cells(spec: Spec) -> Iterator[Cell]:
    for mapping in spec.objects:
        if is_guarded(mapping):
            for field in mapping.columns:
                yield from cells_of(spec, mapping, field)


def cells_of(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Iterator[Cell]:
    owned = {rule.field.name: rule.statuses for rule in compile_rules(spec, mapping).owned}
    before, after = VALUES.get(field.type.value_kind, ("a", "b"))
    for state in spec.lifecycle.states if spec.lifecycle else ():
        is_locked = field.name in owned and (not owned[field.name] or state.status in owned[field.name])
        decision = decide_field(field, in_favour(spec, FieldFacts(before, before, after, state.name, state.name)))
        yield Cell(f"{mapping.name}.{field.name}", state.name, field, is_locked, decision.action is Action.PULL)


def in_favour(spec: Spec, facts: FieldFacts) -> FieldFacts:
    """With an editor in every role, on the day that every window is around: so far the guard has to let people go."""
    dates = {column.name: TODAY for mapping in spec.objects for column in mapping.columns}
    roles = frozenset(people(spec))
    return replace(facts, today=TODAY, clm_dates=dates, salesforce_dates=dates, editors=(roles,))


def people(spec: Spec) -> list[str]:
    return [audience.name for audience in spec.audiences if audience.kind is AudienceKind.PEOPLE]


def test_the_sync_takes_exactly_the_edits_that_the_guard_lets_pass(spec: Spec) -> None:
    moving = [cell for cell in cells(spec) if cell.field.direction is not Direction.NONE]
    assert moving
    wrong = [(cell.title, cell.state) for cell in moving if cell.is_taken == cell.is_locked]
    assert wrong == []


def test_a_role_may_edit_only_what_the_guard_lets_pass_somewhere(spec: Spec) -> None:
    for mapping in spec.objects:
        for field in mapping.columns if is_guarded(mapping) else ():
            editors = [one.name for one in spec.audiences if one.name in people(spec) and may_edit(one, mapping, field)]
            passing = [cell.state for cell in cells_of(spec, mapping, field) if not cell.is_locked]
            assert passing or not editors, (
                f"{editors} may edit {mapping.name}.{field.name}, which the guard always refuses"
            )


def test_what_no_role_may_edit_the_guard_refuses_or_salesforce_computes(spec: Spec) -> None:
    for mapping in spec.objects:
        for field in mapping.columns if is_guarded(mapping) else ():
            editors = [one.name for one in spec.audiences if one.name in people(spec) and may_edit(one, mapping, field)]
            locked = all(cell.is_locked for cell in cells_of(spec, mapping, field))
            assert editors or locked or field.type.kind.is_computed, f"{mapping.name}.{field.name}"


def test_whatever_the_sync_writes_to_salesforce_the_integration_user_may_edit(spec: Spec) -> None:
    for mapping in spec.objects:
        for field in mapping.columns if is_guarded(mapping) else ():
            assert may_edit(spec.integration, mapping, field) == (field.to_salesforce or field.seed), field.name
