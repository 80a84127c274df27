"""The plan of a release: every difference between intent, built, org and data, in exactly one pair, and a hash over its basis.

    intent | built   the mapping asks for other files than the package directory holds: generate first
    built  | org     what a deploy would change
    built  | data    records that the deploy would hurt
    intent | data    records that the sync would judge otherwise from now on, keep under another key, or write no longer

Pure: reading is done by `snapshot`, deploying by `apply`.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from clmkit.clients.metadata_api import write_zip
from clmkit.codegen.mdapi import Package, convert_source, split_settings
from clmkit.codegen.tree import Comparison
from clmkit.mapping.model import Edition, Spec
from clmkit.mapping.rules.too_many_fields import MOST_FIELDS
from clmkit.release.changes import Break, Bump, Change, suggest_bump
from clmkit.release.compare import compare_specs
from clmkit.release.components import (
    ComponentChange,
    Components,
    Key,
    compare_components,
    digest,
    read_components,
)
from clmkit.release.data_risks import Counts, Question, find_questions
from clmkit.release.judge_components import judge_components
from clmkit.release.withdrawals import (
    FLOW,
    NOTHING,
    PASSIVE,
    Withdrawal,
    find_orphans,
    find_withdrawn,
    is_event,
    is_taken_out,
    order_withdrawal,
)

MOST_FILES = 10_000
MOST_BYTES = 39 * 1024 * 1024
"""Of one deploy. Source: Metadata API Developer Guide, "Metadata Limits": 10,000 files, 39 MB of zip."""

DEPLOY_ORDER = (
    ("Settings", "settings"),
    ("StandardValueSet", "value sets"),
    ("GlobalValueSet", "value sets"),
    ("CustomObject", "objects"),
    ("CustomField", "fields"),
    ("CustomPermission", "permission sets"),
    ("PermissionSet", "permission sets"),
    ("ApexClass", "Apex"),
    ("ApexTrigger", "Apex"),
    ("CustomMetadata", "custom metadata"),
)


SETTINGS, PROJECT, FLOWS = "settings", "project", "flows"
"""The parts of a release, in their order."""

REMOVABLE = frozenset(("ApexClass", "ApexTrigger", "CustomMetadata", "StaticResource"))
"""New components that taking a release back deletes: code, the records that call it, and the list of what was made."""


class Pair(enum.Enum):
    """The two states that disagree."""

    INTENT_BUILT = "intent | built"
    BUILT_ORG = "built | org"
    BUILT_DATA = "built | data"
    INTENT_DATA = "intent | data"


@dataclass(frozen=True, slots=True)
class Item:
    """One difference. `count` is None where nobody counted, or where the user may not see the field (`is_hidden`)."""

    pair: Pair
    change: Change
    sign: str
    note: str = ""
    count: int | None = None
    is_hidden: bool = False
    is_retired: bool = False  # in the org only: apply leaves it alone
    consumers: tuple[Key, ...] = ()  # what others built in the org that names it

    @property
    def needs_decision(self) -> bool:
        """A break that somebody has to decide: not a loss of nothing, not what apply leaves alone."""
        if not self.change.is_break or self.is_retired:
            return False
        return self.pair is not Pair.BUILT_ORG or self.change.rule.breaks is not Break.DATA


@dataclass(frozen=True, slots=True)
class InFlight:
    """What the sync has not settled: events that wait, and parked values and rows by the name of their object mapping.

    `linked` are the pairs of the two systems by that name.
    """

    events: int
    parked: Mapping[str, int]
    linked: Mapping[str, int] = field(default_factory=dict)

    def count(self, change: Change) -> int:
        """What the change would have judged anew: of its object, or of all where it is about none; for a new key every pair."""
        name = change.subject.partition(".")[0]
        if change.kind == "rekeyed":
            return self.linked.get(name, 0)
        return self.events + (self.parked[name] if name in self.parked else sum(self.parked.values()))


@dataclass(frozen=True, slots=True)
class Calls:
    """The sync's API calls in a day, by the budget of the mapping book; `before` of the mapping that runs now, where it is known.

    `used` and `allowed` are the org's own count of 24 hours; None where the user may not see it.
    """

    after: int
    before: int | None = None
    used: int | None = None
    allowed: int | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """What would be deployed: the package directory in Metadata API format, settings apart."""

    settings: Package
    project: Package
    components: Components

    @property
    def packages(self) -> tuple[tuple[str, Package], ...]:
        return (SETTINGS, self.settings), (PROJECT, self.project)


@dataclass(frozen=True, slots=True)
class WayBack:
    """What taking a release back restores, deletes and leaves: new fields, objects and permission sets would lose values."""

    restored: tuple[Key, ...]
    removed: tuple[Key, ...]
    left: tuple[Key, ...]


def plan_way_back(built: Mapping[str, str], org: Mapping[str, str], withdrawn: Iterable[Key] = ()) -> WayBack:
    """Of the components by name, from their digests in the package directory and in the org, and of those that went."""
    new = sorted(to_key(name) for name in built if name not in org)
    changed = {to_key(name) for name, one in built.items() if name in org and org[name] != one}
    removed = tuple(key for key in new if key.metadata_type in REMOVABLE)
    left = tuple(key for key in new if key.metadata_type not in REMOVABLE)
    return WayBack(tuple(sorted({*changed, *withdrawn})), removed, left)


@dataclass(frozen=True)
class Plan:
    """`hash` covers the mapping, the package directory and the org, and so everything that apply relies on."""

    spec_name: str
    spec_version: str
    against: str
    items: tuple[Item, ...]
    deploys: tuple[str, ...]  # names of the packages that hold a difference, in deploy order
    order: tuple[tuple[str, int], ...]
    files: int
    zip_bytes: int
    built: Mapping[str, str]  # component -> digest
    org: Mapping[str, str]
    decisions: Mapping[str, str]  # name of a break -> decision record
    fields: tuple[
        tuple[str, int, int], ...
    ] = ()  # object that gets fields, its custom fields after, the edition's allowance
    calls: Calls | None = None
    withdrawal: Withdrawal = NOTHING
    orphans: tuple[tuple[Key, str], ...] = ()  # class of the project and its base, which goes

    @cached_property
    def hash(self) -> str:
        basis = {
            "format": 2,
            "spec": [self.spec_name, self.spec_version],
            "items": [[item.pair.value, item.change.kind, item.change.subject] for item in self.items],
            "built": dict(self.built),
            "org": dict(self.org),
            "withdrawn": list(map(str, self.withdrawal.keys)),
        }
        return hashlib.sha256(json.dumps(basis, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def is_empty(self) -> bool:
        return not self.items

    @property
    def bump(self) -> Bump:
        return suggest_bump(item.change for item in self.items)

    @property
    def breaks(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.change.is_break)

    @property
    def undecided(self) -> tuple[Item, ...]:
        """One item of each name: a record decides them all."""
        items = (item for item in self.items if item.needs_decision and item.change.name not in self.decisions)
        return tuple({item.change.name: item for item in items}.values())

    @cached_property
    def way_back(self) -> WayBack:
        return plan_way_back(self.built, self.org, self.withdrawal.keys)

    @property
    def is_stale(self) -> bool:
        """Whether the package directory is not what the mapping asks for."""
        return any(item.pair is Pair.INTENT_BUILT for item in self.items)

    @property
    def is_within_limits(self) -> bool:
        return self.files <= MOST_FILES and self.zip_bytes <= MOST_BYTES and not self.crowded

    @property
    def crowded(self) -> tuple[str, ...]:
        """Objects that would get more custom fields than the edition allows."""
        return tuple(sobject for sobject, count, most in self.fields if count > most)


def read_project(source: Mapping[str, bytes], api_version: str) -> Project:
    """The package directory (path -> bytes) as it would be deployed."""
    package = convert_source(source, api_version)
    settings, project = split_settings(package, api_version)
    return Project(settings, project, read_components(package.files))


def find_risks(project: Project, org: Components) -> tuple[Question, ...]:
    """What must be asked of the org's records before the plan can be made."""
    return find_questions(judge_components(compare_components(org, project.components)), org, project.components)


def make_plan(
    *,
    intent: Spec,
    against: Spec | None,
    comparison: Comparison,
    project: Project,
    org: Components,
    counts: Counts,
    decisions: Mapping[str, str],
    in_flight: InFlight | None = None,
    consumers: Mapping[Change, tuple[Key, ...]] = MappingProxyType({}),
    calls: Calls | None = None,
    made_before: Collection[Key] = (),
) -> Plan:
    """The plan that takes the org to what the package directory holds. `consumers` are those of `find_consumers`; `made_before` is
    what the mapping that runs now makes."""
    changes = compare_components(org, project.components)
    withdrawn = find_withdrawn(intent, org, project.components, made_before)
    withdrawal = order_withdrawal(withdrawn)
    judged = _judge(changes, withdrawn)
    questions = find_questions(judged, org, project.components)
    asked = {question.change for question in questions}
    harmless = asked - {question.change for question in questions if counts.get(question.soql) != 0}
    items = [
        *_find_stale(comparison),
        *(_to_item(change, project.components, harmless, withdrawn) for change in judged),
        *_find_losses(questions, counts, project.components.keys() | withdrawn),
        *_find_behaviour(against, intent, in_flight),
    ]
    keys = [change.key for change in changes if change.key in project.components]
    sizes = [write_zip(package.files) for _, package in project.packages]
    return Plan(
        spec_name=intent.name,
        spec_version=intent.version,
        against=against.version if against else "",
        items=tuple(_with_consumers(item, consumers) for item in items),
        deploys=tuple(_find_deploys(project, keys, withdrawal)),
        order=_order(keys),
        files=sum(len(package.files) for _, package in project.packages),
        zip_bytes=max(map(len, sizes)),
        built=_digests(project.components),
        org=_digests(org),
        decisions=_with_spec_names(decisions, intent),
        fields=tuple(_count_fields(intent, org, project.components)),
        calls=calls,
        withdrawal=withdrawal,
        orphans=find_orphans(project.components, withdrawn),
    )


def _judge(changes: Sequence[ComponentChange], withdrawn: Set[Key]) -> tuple[Change, ...]:
    """As between two states of an org; what goes because the mapping no longer makes it breaks by what starts or shows it."""
    kinds = {str(key): "component_withdrawn" for key in withdrawn if key.metadata_type in (*PASSIVE, "CustomField")}
    kinds |= {str(key): "component_dropped" for key in withdrawn if is_event(key)}
    judged = judge_components(changes)
    return tuple(replace(one, kind=kinds[one.subject]) if one.subject in kinds else one for one in judged)


def _find_deploys(project: Project, keys: Sequence[Key], withdrawal: Withdrawal) -> Iterable[str]:
    for name, package in project.packages:
        if _holds_any(package, keys) or (name == PROJECT and withdrawal.is_deployed):
            yield name
    if withdrawal.flows:
        yield FLOWS


def _with_consumers(item: Item, consumers: Mapping[Change, tuple[Key, ...]]) -> Item:
    """Whom a break hits is told with the break; its count of records stands beside it."""
    return item if item.pair is Pair.BUILT_DATA else replace(item, consumers=consumers.get(item.change, ()))


def find_breaks(
    project: Project, org: Components, against: Spec | None, intent: Spec, made_before: Collection[Key] = ()
) -> tuple[Change, ...]:
    """Every break of the plan, to look for those whom it hits."""
    changes = compare_components(org, project.components)
    judged = _judge(changes, find_withdrawn(intent, org, project.components, made_before))
    return tuple(change for change in (*judged, *_judge_intent(against, intent)) if change.is_break)


def _find_stale(comparison: Comparison) -> Iterable[Item]:
    for change in comparison.changes:
        told = Change(
            "component_updated", change.path, "", change.verb.value, "edited by hand" if change.is_edited else ""
        )
        yield Item(Pair.INTENT_BUILT, told, "~", "run `clmkit generate`")


def _to_item(change: Change, built: Components, harmless: Set[Change], withdrawn: Set[Key]) -> Item:
    key = _key_of(change)
    if change.kind not in ORG_ONLY or key in built:
        sign = "+" if change.kind in ADDITIONS else "~"
        return Item(Pair.BUILT_ORG, change, sign, "no record is hurt" if change in harmless else "")
    if key in withdrawn:
        return Item(Pair.BUILT_ORG, change, "-", GOES.get(key.metadata_type, "goes with this release"))
    stays = "stays in the org" if is_taken_out(key) else "stays in the org; retire it step by step"
    return Item(Pair.BUILT_ORG, change, "=", stays, is_retired=True)


GOES = {
    FLOW: "is deactivated and deleted after the deploy",
    "PermissionSet": "goes with this release; a way back gives it again to those who had it",
    "PermissionSetGroup": "goes with this release; a way back gives it again to those who had it",
}
ADDITIONS = frozenset(("field_added", "object_added", "audience_added", "component_added"))
ORG_ONLY = frozenset(
    ("field_dropped", "object_dropped", "audience_dropped", "component_dropped", "component_withdrawn")
)


def to_key(name: str) -> Key:
    """`CustomField Contract.CLM_Title__c` as a key."""
    metadata_type, _, full_name = name.partition(" ")
    return Key(metadata_type, full_name)


def _key_of(change: Change) -> Key:
    return to_key(change.subject)


def _find_losses(questions: Sequence[Question], counts: Counts, released: Set[Key]) -> Iterable[Item]:
    """`released` are the components that the release deploys or takes out; apply leaves all others alone."""
    for question in questions:
        count = counts.get(question.soql)
        if count == 0:
            continue
        is_retired = question.change.kind in ORG_ONLY and _key_of(question.change) not in released
        note = question.about if question.is_exact else f"{question.about} (at most)"
        yield Item(Pair.BUILT_DATA, question.change, "!", note, count, count is None, is_retired)


def _find_behaviour(against: Spec | None, intent: Spec, in_flight: InFlight | None) -> Iterable[Item]:
    for change in _judge_intent(against, intent):
        count = in_flight.count(change) if in_flight else None
        note = REKEYED if change.kind == "rekeyed" else UNCOUNTED if count is None else COUNTED
        yield Item(Pair.INTENT_DATA, change, "!", note, count)


REKEYED = "pairs get the new key by `clmkit rekey`, after the apply"
UNCOUNTED, COUNTED = "records are judged anew", "in flight in the sync, judged anew"
UNSEEN = frozenset(
    ("rekeyed", "object_renamed", "object_moved", "field_moved", "field_moved_with_values", "field_unmapped")
)
"""Breaks beside those of behaviour that no difference of components tells."""


def _judge_intent(against: Spec | None, intent: Spec) -> Iterable[Change]:
    for change in compare_specs(against, intent) if against else ():
        if change.rule.breaks is Break.BEHAVIOUR or change.kind in UNSEEN:
            yield change


def _count_fields(intent: Spec, org: Components, built: Components) -> Iterable[tuple[str, int, int]]:
    """Of each object that gets a field; fields that the mapping does not know of are not counted where nobody listed them."""
    edition = intent.salesforce.edition if intent.salesforce else Edition.ENTERPRISE
    after = Counter(_object_of(key) for key in {*org, *built} if key.metadata_type == "CustomField")
    for sobject in sorted({_object_of(key) for key in built if key.metadata_type == "CustomField" and key not in org}):
        yield sobject, after[sobject], MOST_FIELDS[edition]


def _object_of(key: Key) -> str:
    return key.full_name.partition(".")[0]


def _holds_any(package: Package, keys: Sequence[Key]) -> bool:
    held = {Key(one.metadata_type, one.full_name) for one in package.components}
    return any(key in held for key in keys)


def _order(keys: Sequence[Key]) -> tuple[tuple[str, int], ...]:
    counts = Counter(key.metadata_type for key in keys)
    groups: dict[str, int] = {}
    for metadata_type, group in DEPLOY_ORDER:
        groups[group] = groups.get(group, 0) + counts.pop(metadata_type, 0)
    groups["others"] = counts.total()
    return tuple((group, count) for group, count in groups.items() if count)


def _digests(components: Components) -> dict[str, str]:
    return {str(key): digest(elements) for key, elements in sorted(components.items())}


def _with_spec_names(decisions: Mapping[str, str], spec: Spec) -> dict[str, str]:
    """Decisions name a field as the mapping does; the org knows it by its API name. Both names decide."""
    found = dict(decisions)
    subjects = {
        f"{mapping.name}.{field.name}": f"CustomField {mapping.salesforce}.{field.salesforce}"
        for mapping in spec.objects
        for field in mapping.columns
    }
    for name, record in decisions.items():
        code, _, subject = name.partition(" ")
        if subject in subjects:
            found[f"{code} {subjects[subject]}"] = record
    return found
