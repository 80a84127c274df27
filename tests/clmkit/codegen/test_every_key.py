"""No key of the language is without effect: each one, changed in `every_key.yml`, changes what is decided, generated or refused.

Keys are taken from the JSON Schema, so that a new key fails here until the file says it and something heeds it. What only lint
heeds, or only people, stands in a table with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from tests.clmkit.codegen.every_key import (
    GONE,
    LEAVES,
    STRONG,
    Place,
    base,
    find_effect,
    others,
    places_of_leaves,
    read_document,
    words_of,
)

Changes = Mapping[str, Any]
FIELD = "objects.contract.fields"
MEMO = "objects.memo"

# Keys whose other values are names, or that do not change alone: what to change, by dotted place.
CHANGES: Mapping[str, Changes] = {
    "ApprovalsBlock.state": {"approvals.state": "draft"},
    "AutoNumberMeasure.format": {"objects.line.fields.number.type.auto_number.format": "Q-{0000}"},
    "ConditionBlock.field": {"requests.won.where.0.field": "Probability"},
    "CurrencyBlock.multi": {"currency.multi": False, "currency.active": GONE, "systems.salesforce.features": ["shield"]},
    "CurrencyBlock.org": {
        "currency": {"org": "EUR"}, "approvals.facts.value.currency": "EUR", "systems.salesforce.features": ["shield"],
    },
    "CurrencyBlock.active": {"currency.active": ["USD"]},
    "DefaultsBlock.audience": {"defaults.audience": ["legal"]},
    "DefaultsBlock.latency": {"defaults.latency": "quick"},
    "DefaultsBlock.steward": {"defaults.steward": "money"},
    "DefaultsBlock.retention": {"defaults.retention": "short"},
    "DisplayBlock.compact": {"presentation.objects.contract.compact": ["title"]},
    "DisplayBlock.panel": {"presentation.objects.contract.panel": ["status"]},
    "DisplayBlock.related": {"presentation.objects.memo.related": ["line"]},
    "EscalationBlock.after": {"renewal.escalate.after": "9 days"},
    "EscalationBlock.to": {"renewal.escalate.to": "law"},
    "EventBlock.field": {"requests.won.event.field": "Type"},
    "EventBlock.object": {"requests.won.event": {"object": "EK_Memo__c", "field": "Sign__c", "becomes": ["x"]},
                          "requests.won.where": [], "requests.won.prefill": {"counterparty.id": "Words__c"}},
    "ExternalLookupMeasure.to": {"objects.line.fields.order.type.external_lookup.to": "Other__x"},
    "FieldBlock.audience": {f"{FIELD}.note.audience": ["sales"]},
    "FieldBlock.back": {f"{FIELD}.discount.back": GONE},
    "FieldBlock.class": {f"{FIELD}.note": {"clm": "note", "field": "EK_Note__c", "type": {"text": 100}, "class": "read_only",
                                           "tags": ["personal"], "description": "Shown."}},
    "FieldBlock.conflict": {f"{FIELD}.note.conflict": "precedence"},
    "FieldBlock.editors": {f"{FIELD}.note.editors": ["sales", "legal"]},
    "FieldBlock.existing": {f"{FIELD}.nick": {"clm": "nick", "field": "EK_Nick__c", "type": "phone", "description": "A name."}},
    "FieldBlock.field": {f"{FIELD}.signed.field": "EK_Day__c"},
    "FieldBlock.tags": {f"{FIELD}.value.tags": ["internal", "gdpr"]},
    "FieldBlock.latency": {f"{FIELD}.title.latency": "quick"},
    "FieldBlock.match": {f"{FIELD}.manager.match": "User.Username"},
    "FieldBlock.owner": {f"{FIELD}.nick.owner": "salesforce"},
    "FieldBlock.requires": {f"{FIELD}.title.requires": {"ContractSettings.enableContractHistoryTracking": True}},
    "FieldBlock.states": {f"{FIELD}.remark.states": ["draft"]},
    "FieldBlock.steward": {f"{FIELD}.title.steward": "money"},
    "FieldBlock.transform": {f"{FIELD}.title.transform": "text"},
    "FieldBlock.type": {f"{FIELD}.nick.type": {"text": 20}},
    "FieldBlock.values": {f"{FIELD}.end.values": {"forever": None}},
    "FieldBlock.zone": {f"{FIELD}.start.zone": "Asia/Tokyo"},
    "FilterBlock.field": {"presentation.objects.contract.list_views.own.filters.0.field": "LAST_UPDATE"},
    "FilterBlock.operation": {"presentation.objects.contract.list_views.own.filters.0.operation": "equals"},
    "FormulaMeasure.formula": {"objects.line.fields.left.type.formula.formula": "Amount__c - 2"},
    "LatencyBlock.at": {"latency.nightly.at": "03:00"},
    "LatencyBlock.class": {"latency.soon.class": "realtime"},
    "LatencyBlock.p99": {"latency.soon.p99": "9 min"},
    "LatencyBlock.zone": {"latency.nightly.zone": "Asia/Tokyo"},
    "LifecycleBlock.clm": {"lifecycle.clm": "phase.name", f"{FIELD}.status.clm": "phase.name"},
    "LifecycleBlock.frozen_after": {"lifecycle.frozen_after": {"active": ["account", "note", "manager"]}},
    "LifecycleBlock.moves": {"lifecycle.moves.talks": ["active", "draft", "ended"]},
    "LifecycleBlock.old_statuses": {"lifecycle.old_statuses": {"Signed": "draft"}},
    "ListViewBlock.columns": {"presentation.objects.contract.list_views.sold.columns": ["end"]},
    "NumberMeasure.rounding": {"objects.line.fields.amount.type.number.rounding": "exact"},
    "ObjectBlock.owner": {
        f"{MEMO}.owner": "salesforce", f"{MEMO}.fields": {}, f"{MEMO}.shares": {}, "presentation.objects": {}, "objects.slip": GONE,
    },
    "OrgBlock.edition": {"systems.salesforce.edition": "professional"},
    "OrgBlock.features": {"systems.salesforce.features": ["shield", "multi_currency", "revenue_cloud"]},
    "OrgBlock.zone": {"systems.salesforce.zone": "Asia/Tokyo"},
    "OwnSideBlock.names": {"us": {"names": ["Northstar"]}},
    "ParentBlock.kind": {f"{MEMO}.parents.contract.kind": "master_detail", f"{MEMO}.sharing": GONE, f"{MEMO}.shares": GONE},
    "ParentBlock.required": {f"{MEMO}.parents.contract.required": True},
    "PrecedenceBlock.roles": {f"{FIELD}.note.precedence": [{"states": ["draft"], "wins": "salesforce"}, {"wins": "clm"}]},
    "PrecedenceBlock.states": {f"{FIELD}.note.precedence.0.states": ["draft", "active"]},
    "PrecedenceBlock.wins": {f"{FIELD}.note.precedence": [{"wins": "salesforce"}]},
    "RecordNameBlock.format": {f"{MEMO}.record_name.format": "Q-{0000}"},
    "RecordTypeBlock.for": {"objects.contract.record_types.types.large.for": ["MSA", "ODD"]},
    "RenewalBlock.end": {"renewal.end": "signed"},
    "RenewalBlock.given": {"renewal.given": GONE},
    "RenewalBlock.kind": {"renewal.kind": "kind", "renewal.automatic": ["Services"]},
    "RenewalBlock.notice": {"renewal.notice": GONE, "renewal.notice_unit": GONE},
    "RenewalBlock.notice_unit": {"renewal.notice_unit": GONE},
    "RenewalBlock.automatic": {"renewal.automatic": []},
    "RenewalBlock.steward": {"renewal.steward": "money"},
    "RenewalOpportunityBlock.before": {"renewal.opportunity.before": "99 days"},
    "RetentionBlock.keep": {"retention.short.keep": "9 days"},
    "ReportBlock.columns": {"presentation.reports.by_kind.columns": ["value", "end"]},
    "ReportBlock.group_by": {"presentation.reports.by_kind.group_by": "renews"},
    "ReportBlock.object": {"presentation.reports.by_kind": {"label": "Contracts by kind", "object": "line", "columns": ["share"]}},
    "ReportBlock.total": {"presentation.reports.by_kind.total": "notice"},
    "RollUpMeasure.field": {f"{FIELD}.most.type.roll_up.field": "share"},
    "SectionBlock.columns": {"presentation.objects.memo.sections.Size.columns": 1},
    "SectionBlock.fields": {"presentation.objects.memo.sections.Size.fields": ["sign"]},
    "SpecDocument.api_version": {"api_version": "65.0"},
    "SpecDocument.stewards": {"stewards.law": "Lawyers"},
    "SpecDocument.version": {"version": "1.0.1"},
    "StateBlock.clm": {"lifecycle.states.draft.clm": "NEW", "lifecycle.stages": ["NEW", "TALKS", "ACTIVE", "ENDED"]},
    "TypeBlock.lookup": {"objects.line.fields.seller": {"clm": "seller", "field": "Seller__c", "type": {"lookup": "Account"},
                                                        "match": "Account.EK_Party__c", "description": "Who sold it."}},
    "TypeBlock.picklist": {"objects.line.fields.sort.type.picklist": "unit", f"{FIELD}.notices.type.roll_up.where": []},
    "TypeBlock.multipicklist": {f"{FIELD}.sizes.type.multipicklist": "unit"},
    "ValueMapBlock.unknown": {"value_maps.size.unknown": "park_row"},
    "ValueMapBlock.restricted": {"value_maps.size.restricted": False},
    "ValueMapBlock.shared": {"value_maps.size.shared": True},
    "WindowBlock.after": {f"{FIELD}.note.precedence.2.window.after": "start"},
    "WindowBlock.before": {f"{FIELD}.note.precedence.1.window.before": "start"},
    "WindowBlock.days": {f"{FIELD}.note.precedence.1.window.days": 3},
}  # fmt: skip

# Keys that lint alone heeds, and what it holds them against.
FOR_LINT: Mapping[str, str] = {
    "ApprovalsBlock.hit": "whether rows may overlap",
    "AudienceBlock.kind": "one of them is the integration user",
    "DefaultsBlock.owner": "as a field's own owner, which decides",
    "EnvironmentBlock.data": "real data only where production is",
    "FactBlock.one_of": "the matrix is total over these values",
    "FactBlock.currency": "thresholds are in the org's currency",
    "FieldBlock.lifecycle": "the field that the lifecycle names",
    "FieldBlock.hash": "the field beside a link keeps a SHA-256; it moves as any other",
    "FieldBlock.lossy": "the consent to a way back that loses something",
    "FieldBlock.reason": "why a value stays in the CLM",
    "LifecycleBlock.field": "is the field that says `lifecycle: true`, which decides",
    "LifecycleBlock.stages": "every stage has a state",
    "ParentBlock.match": "an external ID, of which an object of the mapping has one",
    "RetentionBlock.after": "an agreement has ended by then",
    "RetentionBlock.then": "what erases must not come back",
    "RollUpMeasure.of": "a detail of the object",
    "SpecDocument.prefix": "every name begins with it",
    "SpecDocument.spec": "the language's version",
    "SystemBlock.region": "data stays in its region",
    "TypeBlock.hierarchy": "User above user",
}

# Keys that inform people: in the mapping book and in release notes.
FOR_PEOPLE: Mapping[str, str] = {
    "ApprovalRowBlock.approvers": "people approve in the CLM; the matrix is proved by lint and printed",
    "ApprovalRowBlock.within": "how long approvers have, in the CLM",
    "ApprovalsBlock.state": "when people approve, in the CLM",
    "EnvironmentBlock.description": "who approves a release",
    "FactBlock.clm": "what the CLM's matrix looks at",
    "FieldBlock.retention": "the CLM erases; lint refuses where it could not",
    "ObjectBlock.retention": "the CLM erases",
    "DefaultsBlock.retention": "the CLM erases",
    "ObjectBlock.kind": "all but the header: what a record is in the trade",
    "OrgBlock.description": "who runs the org",
    "OrgBlock.label": "what people call it",
    "OrgBlock.region": "where its data rests; lint compares the two",
    "RangeBlock.at_least": "approvals are in the CLM",
    "RangeBlock.below": "approvals are in the CLM",
    "RequestBlock.description": "why it is asked for",
    "RetentionBlock.hold": "where the CLM keeps its legal hold",
    "RetentionBlock.keep": "the CLM counts",
    "RetentionBlock.law": "why so long",
    "SpecDocument.summary": "what the mapping is",
    "SpecDocument.version": "release notes and the book",
    "StateBlock.description": "what an agreement in this state is",
    "SystemBlock.description": "who runs the CLM",
    "SystemBlock.label": "what people call it",
}
REFUSED = ("TypeBlock.indirect_lookup", "TypeBlock.metadata_relationship")
"""Types that Salesforce takes on objects without rows of their own; MAP229 refuses them."""

# Words of a closed list that this file gives nothing to say, and where they do.
ELSEWHERE: Mapping[tuple[str, str], str] = {
    ("OrgBlock.features", "change_events_addon"): "lint counts change events against a higher limit",
}


def to_place(dotted: str) -> Place:
    return tuple(int(part) if part.isdigit() else part for part in dotted.split("."))


def read(place: Place) -> Any:
    value: Any = read_document()
    for part in place:
        value = value[part]
    return value


@cache
def effect_of(leaf: str) -> str:
    """The strongest effect of the changes that are tried."""
    if leaf in CHANGES:
        return find_effect({to_place(dotted): value for dotted, value in CHANGES[leaf].items()})
    found = set()
    for place in places_of_leaves()[leaf][:3]:
        for value in [word for word in words_of(leaf) if word != read(place)][:3] or others(read(place)):
            found.add(find_effect({place: value}))
            if found & set(STRONG):
                return "strong"
    return next((one for one in ("book", "lint", "refused") if one in found), "")


def test_the_file_says_every_key_and_is_a_mapping_that_holds() -> None:
    assert LEAVES.keys() - places_of_leaves().keys() == {*REFUSED, "OwnSideBlock.names"}
    assert [one.message for one in base().loaded.errors] == []


def test_each_table_names_keys_of_the_language_and_no_key_twice() -> None:
    tables = [*FOR_LINT, *FOR_PEOPLE, *REFUSED]
    assert sorted(set(tables)) == sorted(tables)
    assert {*tables, *CHANGES} <= LEAVES.keys()


@pytest.mark.parametrize("leaf", sorted(LEAVES.keys() - {*FOR_LINT, *FOR_PEOPLE, *REFUSED}))
def test_a_key_changes_what_is_decided_or_generated(leaf: str) -> None:
    assert effect_of(leaf) in ("strong", *STRONG)


@pytest.mark.parametrize("leaf", FOR_LINT)
def test_a_key_for_lint_alone_is_heeded_by_lint(leaf: str) -> None:
    assert effect_of(leaf) in ("refused", "lint", "book")


@pytest.mark.parametrize("leaf", FOR_PEOPLE)
def test_a_key_for_people_is_in_the_mapping_book_or_in_a_finding(leaf: str) -> None:
    assert effect_of(leaf) in ("book", "lint")


CLOSED = sorted(leaf for leaf in LEAVES if words_of(leaf) and leaf in places_of_leaves())


@pytest.mark.parametrize("leaf", CLOSED)
def test_no_word_of_a_closed_list_is_without_meaning(leaf: str) -> None:
    """Instead of any other word it is refused, or something is decided, generated or printed otherwise."""
    silent = set()
    for word in words_of(leaf):
        heeded = {find_effect({place: change}) for place, change in _instances(leaf, word)}
        if heeded <= {""} and (leaf, word) not in ELSEWHERE:
            silent.add(word)
    assert silent - {word for place in places_of_leaves()[leaf] for word in _said(read(place))} == set()


def _said(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _instances(leaf: str, word: str) -> list[tuple[Place, Any]]:
    """The word instead of another one, or beside those of a list; at most three places."""
    said = [(place, read(place)) for place in places_of_leaves()[leaf]]
    listed: list[tuple[Place, Any]] = [
        (place, [*value, word]) for place, value in said if isinstance(value, list) and word not in value
    ]
    return (listed or [(place, word) for place, value in said if isinstance(value, str) and value != word])[:3]
