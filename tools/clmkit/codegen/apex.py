"""The Apex of the project: a fixed frame of classes, and four files per object whose rows the CLM writes.

One trigger per object without logic; what it runs, and in which order, is custom metadata. The spec's rules are data in a
generated base class; the class that extends it is the team's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clmkit.codegen.apex_process import (
    makes_opportunities,
    notice_terms,
    renewal_values,
    request_steps,
    request_values,
    requests_of,
    source_fields,
)
from clmkit.codegen.checks import ruled_fields
from clmkit.codegen.names import ObjectNames, banner, custom_permission, kill_switch, name_object, pascal
from clmkit.codegen.plan import ApexSource, MetadataXml, PlanError, PlannedFile, extension, generated
from clmkit.codegen.rules import ObjectRules, compile_rules, is_guarded, publishes_changes
from clmkit.codegen.runtime import Triggered, actions_of, triggered_objects
from clmkit.codegen.samples import FIRST_REVISION, RECORD_KEY, Sample, find_sample
from clmkit.mapping.model import AudienceKind, FieldKind, FieldMapping, ObjectMapping, Origin, Role, Spec

FRAME = (
    "Access",
    "ChangePublisher",
    "Messages",
    "ObjectRules",
    "ObjectRulesTest",
    "OwnedField",
    "OwnershipGuard",
    "Records",
    "StaleVersionGuard",
    "TestRecords",
    "TestUsers",
    "TriggerAction",
    "TriggerActions",
    "TriggerContext",
    "TriggerDispatcher",
    "TriggerDispatcherTest",
)
EVENT_FRAME = ("ChangePublisherTest",)
REQUEST_FRAME = ("ContractRequest", "ContractRequestTest", "ContractRequester", "ContractRequesterTest")
NOTICE_FRAME = ("NoticeDay", "NoticeDayTest", "NoticeTerms")
RENEWAL_FRAME = ("RenewalOpportunities", "RenewalOpportunitiesTest")

GUARDED_MOMENTS = ("before insert", "before update", "after update")
ASKING_MOMENTS = ("after insert", "after update")

# What an org insists on in a record of a standard object: field and Apex expression.
STANDARD_VALUES: Mapping[str, Mapping[str, str]] = {
    "Account": {"Name": "'Counterparty'"},
    "Contact": {"LastName": "'Signatory'"},
    "Opportunity": {"Name": "'Deal'", "StageName": "'Prospecting'", "CloseDate": "Date.newInstance(2030, 1, 1)"},
}


@dataclass(frozen=True, slots=True)
class Parent:
    """A record that must exist before a test record can."""

    variable: str
    creator: str


@dataclass(frozen=True, slots=True)
class TestRecord:
    """How a test makes a record of a guarded object."""

    object: str
    stem: str
    parents: tuple[Parent, ...]
    values: tuple[tuple[str, str], ...]


def plan_apex(spec: Spec) -> Iterator[PlannedFile]:
    """Frame, triggers, rules and tests; nothing when the CLM writes no object."""
    guarded = [compile_rules(spec, mapping) for mapping in spec.objects if is_guarded(mapping)]
    if not guarded:
        return
    shared = _frame_values(spec, guarded)
    for template in _frame(spec):
        yield from _plan_class(spec, f"{spec.prefix}_{template}", ApexSource(f"{template}.cls.j2", shared))
    for rules in guarded:
        names = name_object(spec, rules.mapping)
        values = _object_values(spec, rules, names)
        yield from _plan_object(spec, names, values)
        yield from _plan_class(spec, names.rules_test, ApexSource("RulesTest.cls.j2", values))
    for triggered in triggered_objects(spec):
        names = ObjectNames(spec.prefix, triggered.stem)
        if triggered.mapping is None:
            yield from _plan_object(spec, names, _asking_values(spec, triggered, names))
        if triggered.asks:
            asking = request_values(spec, triggered.sobject, STANDARD_VALUES)
            own = {"names": names, "object": triggered.sobject, "is_guarded": triggered.mapping is not None}
            values = {**_base_values(spec), **asking, **own}
            yield from _plan_class(spec, names.requests_test, ApexSource("RequestsTest.cls.j2", values))


def _frame(spec: Spec) -> tuple[str, ...]:
    """The classes that do not depend on an object; those of events, requests and renewals only where the spec has them."""
    return (
        *FRAME,
        *(EVENT_FRAME if any(map(publishes_changes, spec.objects)) else ()),
        *(REQUEST_FRAME if spec.requests else ()),
        *(NOTICE_FRAME if notice_terms(spec, spec.header) else ()),
        *(RENEWAL_FRAME if makes_opportunities(spec) else ()),
    )


def _plan_object(spec: Spec, names: ObjectNames, values: Mapping[str, object]) -> Iterator[PlannedFile]:
    yield generated(f"triggers/{names.trigger}.trigger", ApexSource("Trigger.trigger.j2", values))
    yield generated(f"triggers/{names.trigger}.trigger-meta.xml", _code_settings(spec, "ApexTrigger"))
    yield from _plan_class(spec, names.rules_base, ApexSource("RulesBase.cls.j2", values))
    yield extension(f"classes/{names.rules}.cls", ApexSource("Rules.cls.j2", values))
    yield extension(f"classes/{names.rules}.cls-meta.xml", _code_settings(spec, "ApexClass"))


def _asking_values(spec: Spec, triggered: Triggered, names: ObjectNames) -> Mapping[str, object]:
    """The rules of an object that only asks: nobody owns its fields, nothing of it is published."""
    nothing: dict[str, object] = dict.fromkeys(("key", "version", "status", "event"), "")
    empty: dict[str, object] = dict.fromkeys(("owned_fields", "published"), ())
    own = {"names": names, "object": triggered.sobject, "moments": ASKING_MOMENTS}
    return {
        **_base_values(spec),
        **nothing,
        **empty,
        **own,
        "notice_terms": None,
        "requests": _requests(spec, triggered.sobject),
    }


def _requests(spec: Spec, sobject: str) -> list[Mapping[str, object]]:
    return [
        {
            "name": request.name,
            "contract_type": request.contract_type,
            "field": request.field,
            "becomes": request.becomes,
            "steps": request_steps(request),
        }
        for request in requests_of(spec, sobject)
    ]


def _plan_class(spec: Spec, name: str, source: ApexSource) -> Iterator[PlannedFile]:
    yield generated(f"classes/{name}.cls", source)
    yield generated(f"classes/{name}.cls-meta.xml", _code_settings(spec, "ApexClass"))


def _code_settings(spec: Spec, root: str) -> MetadataXml:
    return MetadataXml(root, {"apiVersion": spec.api_version, "status": "Active"})


def _base_values(spec: Spec) -> dict[str, object]:
    return {
        "banner": banner(spec),
        "prefix": spec.prefix,
        "custom_permission": custom_permission(spec),
        "kill_switch": kill_switch(spec),
        "integration_permission_set": spec.integration.permission_set,
        "people_permission_set": next(
            (audience.permission_set for audience in spec.audiences if audience.kind is AudienceKind.PEOPLE), ""
        ),
    }


def _frame_values(spec: Spec, guarded: list[ObjectRules]) -> Mapping[str, object]:
    first = next((rules for rules in guarded if rules.published), guarded[0])
    names = name_object(spec, first.mapping)
    records = [_test_record(spec, rules) for rules in guarded]
    created = {f.type.reference_to for rules in guarded for f in _required_parents(rules.mapping)}
    standard = sorted(created - {rules.mapping.salesforce for rules in guarded})
    return {
        **_base_values(spec),
        "names": names,
        "object": first.mapping.salesforce,
        "key": first.mapping.key.salesforce,
        "event": names.event if publishes_changes(first.mapping) else "",
        "expected_actions": [f"{spec.prefix}_{action}" for action, _, _ in actions_of(spec, _triggered(spec, first))],
        "records": records,
        "first_revision": FIRST_REVISION,
        "request_sources": _request_sources(spec),
        "renewal": renewal_values(spec),
        "notice": notice_terms(spec, spec.header),
        "standard_parents": [{"object": name, "values": STANDARD_VALUES[name]} for name in standard],
    }


def _triggered(spec: Spec, rules: ObjectRules) -> Triggered:
    return next(one for one in triggered_objects(spec) if one.mapping is rules.mapping)


def _request_sources(spec: Spec) -> list[Mapping[str, object]]:
    return [
        {"object": one.sobject, "stem": one.stem, "fields": source_fields(requests_of(spec, one.sobject))}
        for one in triggered_objects(spec)
        if one.asks
    ]


def _object_values(spec: Spec, rules: ObjectRules, names: ObjectNames) -> Mapping[str, object]:
    mapping = rules.mapping
    samples = [find_sample(spec, owned.field, at) for at, owned in enumerate(rules.owned) if not owned.statuses]
    ruled = ruled_fields(mapping)
    return {
        **_base_values(spec),
        "names": names,
        "object": mapping.salesforce,
        "key": mapping.key.salesforce,
        "version": rules.version.salesforce if rules.version else "",
        "status": rules.status.salesforce if rules.status else "",
        "event": names.event if publishes_changes(mapping) else "",
        "owned_fields": rules.owned,
        "published": [f"{mapping.salesforce}.{field.salesforce}" for field in rules.published],
        "requests": _requests(spec, mapping.salesforce),
        "notice_terms": notice_terms(spec, mapping),
        "moments": (*GUARDED_MOMENTS, *(["after insert"] if requests_of(spec, mapping.salesforce) else ())),
        "owned_samples": [sample for sample in samples if sample],
        "lawful_samples": [sample for sample in samples if sample and sample.name not in ruled],
        "published_sample": _published_sample(spec, rules),
    }


def _published_sample(spec: Spec, rules: ObjectRules) -> Sample | None:
    """A change of a listened-to field that people may make at once."""
    locked = {owned.field.name for owned in rules.owned}
    for field in rules.published:
        if field.salesforce == "OwnerId":
            return Sample("OwnerId", f"{spec.prefix}_TestUsers.getPerson().Id")
        sample = None if field.name in locked else find_sample(spec, field)
        if sample:
            return sample
    return None


def _test_record(spec: Spec, rules: ObjectRules) -> TestRecord:
    mapping = rules.mapping
    parents = _required_parents(mapping)
    values = {mapping.key.salesforce: RECORD_KEY}
    if rules.version:
        values[rules.version.salesforce] = str(FIRST_REVISION)
    values.update({field.salesforce: _variable(field) for field in parents})
    values.update(STANDARD_VALUES.get(mapping.salesforce, {}))
    for field in mapping.columns:
        sample = find_sample(spec, field) if field.required and field.origin is not Origin.STANDARD else None
        if sample:
            values.setdefault(sample.name, sample.value)
    made = tuple(Parent(_variable(field), _creator(spec, mapping, field)) for field in parents)
    return TestRecord(mapping.salesforce, name_object(spec, mapping).stem, made, tuple(values.items()))


def _required_parents(mapping: ObjectMapping) -> list[FieldMapping]:
    """Parents without which the org refuses the record."""
    parents = (field for field in mapping.columns if field.role is Role.PARENT)
    return [field for field in parents if field.required or field.type.kind is FieldKind.MASTER_DETAIL]


def _variable(field: FieldMapping) -> str:
    stem = pascal(field.name)
    return f"{stem[0].lower()}{stem[1:]}Id"


def _creator(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> str:
    target = field.type.reference_to
    parent = spec.find_object_of(target)
    if parent is not None and is_guarded(parent):
        return f"insert{name_object(spec, parent).stem}(1)[0].Id"
    if target not in STANDARD_VALUES:
        raise PlanError(
            f"object {mapping.name}: its required parent {field.salesforce} refers to {target}, of which the generated Apex tests "
            f"cannot make a record; make the reference optional, or add {target} to clmkit.codegen.apex.STANDARD_VALUES"
        )
    return f"insert{target}()"
