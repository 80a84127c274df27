"""Every field of every shipped mapping, dropped, renamed, retyped and given to the other system: each change has the class that the
table expects, in the comparison of two mappings and in the plan against an org that still holds the old one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.clmkit.release.specs import SHIPPED, with_field, with_object

from clmkit.codegen.names import name_object
from clmkit.codegen.objects import plan_objects, plan_value_sets
from clmkit.codegen.permissions import plan_permissions
from clmkit.codegen.plan import make_plan as make_file_plan
from clmkit.codegen.tree import Comparison
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import (
    ConflictRule,
    Direction,
    FieldClass,
    FieldKind,
    FieldMapping,
    FieldType,
    ObjectMapping,
    Origin,
    Owner,
    Role,
    Spec,
)
from clmkit.release.changes import Break
from clmkit.release.compare import compare_specs
from clmkit.release.plan import Item, Pair, Project, make_plan, read_project
from clmkit.templates import catalogue

TEMPLATES = Path(catalogue.__file__).parent
SPECS = {path.stem: path for path in (SHIPPED, *sorted(TEMPLATES.glob("*.yml")))}
RELATIONSHIPS = (FieldKind.LOOKUP, FieldKind.MASTER_DETAIL)
UNTOUCHED = Comparison((), 0, {}, {}, is_ledger_current=True)
Place = tuple[ObjectMapping, FieldMapping]


@cache
def spec_of(name: str) -> Spec:
    spec = load_spec(SPECS[name]).spec
    assert spec is not None
    return spec


@cache
def project_of(spec: Spec) -> Project:
    """The objects, fields, value sets and rights of a mapping; everything else follows from them."""
    planners = (plan_objects, plan_value_sets, plan_permissions)
    files = make_file_plan([file for planner in planners for file in planner(spec)]).render()
    return read_project(files, spec.api_version)


def drop(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Spec:
    return with_object(spec, mapping.name, fields=tuple(other for other in mapping.fields if other is not field))


def rename(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Spec:
    return with_field(spec, mapping.name, field.name, salesforce="CLM_Other__c")


def retype(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Spec:
    other = FieldKind.DATE if field.type.kind is not FieldKind.DATE else FieldKind.CHECKBOX
    return with_field(spec, mapping.name, field.name, type=FieldType(kind=other))


def reown(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Spec:
    owner = Owner.CLM if field.owner is not Owner.CLM else Owner.SALESFORCE
    direction = Direction.CLM_TO_SALESFORCE if owner is Owner.CLM else Direction.SALESFORCE_TO_CLM
    conflict = ConflictRule.OWNER_WINS
    return with_field(
        spec, mapping.name, field.name, owner=owner, direction=direction, precedence=(), conflict=conflict
    )


def expect_dropped(_mapping: ObjectMapping, field: FieldMapping) -> Break:
    return Break.DATA if field.origin is Origin.CREATED else Break.CONSUMER


def expect_renamed(_mapping: ObjectMapping, field: FieldMapping) -> Break:
    return Break.DATA if field.role is Role.KEY or field.owner is not Owner.CLM else Break.CONSUMER


def expect_retyped(_mapping: ObjectMapping, field: FieldMapping) -> Break:
    return Break.METADATA if field.type.kind in RELATIONSHIPS else Break.DATA


def expect_reowned(_mapping: ObjectMapping, _field: FieldMapping) -> Break:
    return Break.BEHAVIOUR


MUTATIONS: dict[str, tuple[Callable[[Spec, ObjectMapping, FieldMapping], Spec], Callable[..., Break]]] = {
    "drop": (drop, expect_dropped),
    "rename": (rename, expect_renamed),
    "retype": (retype, expect_retyped),
    "re-own": (reown, expect_reowned),
}


def places(name: str, mutation: str) -> Iterator[Place]:
    """What can be mutated so: an object without a key does not load, and only a field that moves has an owner to change."""
    for mapping in spec_of(name).objects:
        for field in mapping.columns:
            is_kept = mutation == "drop" and field.role is Role.KEY
            is_still = mutation == "re-own" and (
                field.field_class is not FieldClass.SYNC or field.role is not Role.VALUE
            )
            if not is_kept and not is_still:
                yield mapping, field


def worst(classes: set[Break]) -> Break:
    return next(one for one in Break if one in classes)


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("name", SPECS)
def test_every_field_changed_in_the_mapping_has_the_expected_class(name: str, mutation: str) -> None:
    mutate, expect = MUTATIONS[mutation]
    told = {
        f"{mapping.name}.{field.name}": {
            change.rule.breaks for change in compare_specs(spec_of(name), mutate(spec_of(name), mapping, field))
        }
        for mapping, field in places(name, mutation)
    }
    expected = {f"{mapping.name}.{field.name}": expect(mapping, field) for mapping, field in places(name, mutation)}
    assert len(told) > 10
    assert {place: worst(classes) for place, classes in told.items()} == expected


def planned(spec: Spec, after: Spec) -> tuple[Item, ...]:
    """The plan that takes an org with the old project to the new one."""
    org = project_of(spec).components
    plan = make_plan(
        intent=after,
        against=spec,
        comparison=UNTOUCHED,
        project=project_of(after),
        org=org,
        counts={},
        decisions={},
    )
    return plan.items


def expect_planned(mutation: str, mapping: ObjectMapping, field: FieldMapping) -> Break:
    """As in the mapping, but that a renamed field that the kit made stands in the org with its values until it is retired, and that
    the kit deploys no definition of a field that the org had before."""
    expected = MUTATIONS[mutation][1](mapping, field)
    if mutation == "rename" and field.origin is Origin.CREATED:
        return Break.DATA
    if mutation == "retype" and field.origin is not Origin.CREATED:
        return Break.SAFE
    return expected


@cache
def plans(name: str, mutation: str) -> tuple[tuple[ObjectMapping, FieldMapping, tuple[Item, ...]], ...]:
    """The plan of the mutation of each field of a mapping."""
    spec, mutate = spec_of(name), MUTATIONS[mutation][0]
    return tuple(
        (mapping, field, planned(spec, mutate(spec, mapping, field))) for mapping, field in places(name, mutation)
    )


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("name", SPECS)
def test_every_field_changed_has_the_expected_class_in_the_plan(name: str, mutation: str) -> None:
    told = {
        f"{mapping.name}.{field.name}": worst({item.change.rule.breaks for item in items} | {Break.SAFE})
        for mapping, field, items in plans(name, mutation)
    }
    assert len(told) > 10
    assert told == {
        f"{mapping.name}.{field.name}": expect_planned(mutation, mapping, field)
        for mapping, field, _ in plans(name, mutation)
    }


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("name", SPECS)
def test_nothing_else_breaks_beside_the_field_but_the_rights_to_it(name: str, mutation: str) -> None:
    """What a plan calls broken is the field itself, in the org or in the mapping, or somebody's right: to the field, or, where it
    was the last field that asked for it, to the object, to the one it refers to, or to the event that tells of its changes."""
    for mapping, field, items in plans(name, mutation):
        names = {f"{mapping.name}.{field.name}", f"{mapping.salesforce}.{field.salesforce}"}
        event = name_object(spec_of(name), mapping).event
        rights = {*names, mapping.salesforce, field.type.reference_to, event} - {""}
        for item in items:
            if item.change.is_break and item.pair is not Pair.BUILT_DATA:
                told = {item.change.subject, item.change.target}
                assert told & names or item.change.subject.rpartition(": ")[2] in rights, item
