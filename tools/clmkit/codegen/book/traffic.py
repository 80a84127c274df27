"""How data flows, what threatens it, and what it costs in API calls."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from clmkit.codegen.book.tables import Table, make_table
from clmkit.codegen.events import change_event
from clmkit.codegen.names import (
    change_channel,
    custom_permission,
    kill_switch,
    muted_rights,
    name_object,
    request_event,
)
from clmkit.codegen.rules import is_guarded, publishes_changes
from clmkit.mapping.model import FieldClass, LatencyClass, Spec

RECORDS_PER_CALL = 200
"""Source: REST API Developer Guide, "sObject Collections"."""

FREE_CALLS = {
    "developer": 15_000,
    "professional": 100_000,
    "enterprise": 100_000,
    "performance": 100_000,
    "unlimited": 100_000,
}
"""API requests in 24 hours before licences add to them. Source: Salesforce Developer Limits, "API Request Limits"."""

POLLS_PER_DAY = 24 * 60 // 5


# STRIDE: kind, threat, what stands against it; the words in braces are names of this project.
THREATS = (
    (
        "Spoofing",
        "Somebody else calls the webhook",
        "Signature over id, time and body; a window against replays; rotation with two keys",
    ),
    (
        "Spoofing",
        "A stolen token of the integration user",
        "API-only user, one permission set, External Client App with enforced IP ranges, short sessions",
    ),
    (
        "Tampering",
        "People edit what the CLM owns",
        "Field-level security, then the trigger guard; only {bypass} passes",
    ),
    (
        "Tampering",
        "A late delivery overwrites a newer one",
        "Stale-version guard in the org, revision check in the sync",
    ),
    (
        "Tampering",
        "A record is tied to another agreement",
        "The key never changes ({prefix}_REKEYED); people cannot create keyed records",
    ),
    (
        "Repudiation",
        "Nobody knows who changed a value",
        "Audit chain of the sync, each entry holding the digest of the one before",
    ),
    (
        "Information disclosure",
        "Confidential fields reach readers",
        "Audiences per field compiled to field-level security; events carry names, never values",
    ),
    (
        "Information disclosure",
        "CLM-only data leaves the CLM",
        "The class clm_only has no Salesforce field; lint refuses a way out",
    ),
    (
        "Denial of service",
        "The org's API limit is used up",
        "The budget below; the sync slows down before the limit and stops by name",
    ),
    (
        "Denial of service",
        "Triggers fail and block users",
        "The kill switch {switch} turns them off for an org, a profile or a user",
    ),
    (
        "Elevation of privilege",
        "A set added later grants too much",
        "{muted} mutes it in the group of people",
    ),
    (
        "Elevation of privilege",
        "The permission that bypasses the guard spreads",
        "One permission set holds it; the group mutes it",
    ),
)


@dataclass(frozen=True, slots=True)
class Load:
    """What a day brings: agreements that change, and rows of each list that an agreement has."""

    changes_per_day: int = 1_000
    rows_per_list: int = 5


def traffic_tables(spec: Spec, load: Load) -> Iterator[Table]:
    yield make_table(
        "Data flow",
        "Data flow",
        "Every way that data takes between the two systems.",
        "From | To | What | By | When",
        list(_flows(spec)),
    )
    yield _threats(spec)
    yield _budget(spec, load)


def _flows(spec: Spec) -> Iterator[tuple[str, ...]]:
    clm = spec.clm.label if spec.clm else "CLM"
    org = spec.salesforce.system.label if spec.salesforce else "Salesforce"
    yield clm, "sync", "that an agreement changed: its id and revision", "signed webhook", "at once"
    yield "sync", clm, "the agreement", "REST, as the service account", "when told, and by batch"
    for mapping in spec.objects:
        flowing = [field for field in mapping.columns if field.to_salesforce or field.seed]
        if flowing and is_guarded(mapping):
            latencies = ", ".join(dict.fromkeys(field.latency for field in flowing))
            yield "sync", org, f"{mapping.plural_label}: {len(flowing)} fields", "REST upsert by external ID", latencies
    for mapping in spec.objects:
        if publishes_changes(mapping):
            event = name_object(spec, mapping).event
            what = f"that people changed {mapping.plural_label}: record, key, fields' names"
            yield org, "sync", what, f"platform event {event}", "after commit"
            yield (
                org,
                "subscribers",
                f"changes of {mapping.plural_label}",
                f"{change_event(mapping)} on {change_channel(spec)}",
                "after commit",
            )
            back = [field for field in mapping.columns if field.to_clm]
            yield (
                "sync",
                clm,
                f"{mapping.plural_label}: {len(back)} fields",
                "REST, with the revision it is based on",
                "when told",
            )
    if spec.requests:
        yield org, "sync", "a request for an agreement", f"platform event {request_event(spec)}", "after commit"
    kept = [field for mapping in spec.objects for field in mapping.fields if field.field_class is FieldClass.CLM_ONLY]
    for field in kept:
        yield clm, "nowhere", field.name, "stays in the CLM", field.reason


def _threats(spec: Spec) -> Table:
    names = {
        "bypass": custom_permission(spec),
        "muted": muted_rights(spec),
        "prefix": spec.prefix,
        "switch": kill_switch(spec),
    }
    rows = ((kind, threat, answer.format(**names)) for kind, threat, answer in THREATS)
    note = "STRIDE over the flows above, with what stands against each threat in this project."
    return make_table("Threat model", "Threat model", note, "Kind | Threat | What stands against it", rows)


@dataclass(frozen=True, slots=True)
class ObjectCalls:
    """What one object costs in a day: how its fields travel, its records that change, and the API calls for them."""

    label: str
    ways: tuple[str, ...]
    records: int
    calls: int


def count_calls(spec: Spec, load: Load) -> tuple[ObjectCalls, ...]:
    """The API calls of the sync in a day, object by object: an upper bound."""
    classes = {latency.name: latency.latency_class for latency in spec.latency}
    found = []
    for mapping in spec.objects:
        if not is_guarded(mapping):
            continue
        records = load.changes_per_day * (load.rows_per_list if "." in mapping.clm else 1)
        ways = {classes[field.latency] for field in mapping.columns if field.to_salesforce or field.seed}
        words = tuple(sorted(way.value for way in ways))
        found.append(ObjectCalls(mapping.plural_label, words, records, _calls(ways, load.changes_per_day, records)))
    return tuple(found)


def find_allowance(spec: Spec) -> int:
    """API requests in 24 hours of the edition that the spec names, before licences add to it."""
    return FREE_CALLS[spec.salesforce.edition.value if spec.salesforce else "enterprise"]


def _budget(spec: Spec, load: Load) -> Table:
    limit, counted = find_allowance(spec), count_calls(spec, load)
    total = sum(one.calls for one in counted)
    rows: list[tuple[object, ...]] = [
        (one.label, ", ".join(one.ways), f"{one.records:,}", f"{one.calls:,}", f"{one.calls / limit:.2%}")
        for one in counted
    ]
    rows.append(("All", "", "", f"{total:,}", f"{total / limit:.2%}"))
    note = (
        f"For {load.changes_per_day:,} changed agreements a day with {load.rows_per_list} rows per list, "
        f"{RECORDS_PER_CALL} records a call. An upper bound: a real-time change is one call per object. The limit is "
        f"{limit:,} calls in 24 hours before licences add to it. Event deliveries are not API calls."
    )
    return make_table(
        "API budget",
        "API-call budget",
        note,
        "Object | Travels | Records a day | Calls a day | Share of the limit",
        rows,
    )


def _calls(ways: set[LatencyClass], changes: int, records: int) -> int:
    """A call per change where something is due at once; else as few as the batches allow, one per run at most."""
    if LatencyClass.REALTIME in ways:
        return changes
    runs = POLLS_PER_DAY if LatencyClass.MINUTES in ways else 1
    return max(math.ceil(records / RECORDS_PER_CALL), min(runs, changes))
