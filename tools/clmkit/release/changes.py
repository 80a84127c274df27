"""A change between two specs, and the one table that judges it: what breaks, why, which error it prevents, what to do next.

Every kind of change has exactly one row in RULES and so exactly one class. Where a change would break in two ways the row names the
one that cannot be taken back: lost values before a failed deploy, a failed deploy before changed behaviour, that before a reader's.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Break(enum.Enum):
    """What a change does to those who rely on what stands. SAFE: nothing."""

    DATA = "DATA"  # values or identities are lost
    METADATA = "METADATA"  # the org refuses the deploy
    BEHAVIOUR = "BEHAVIOUR"  # the sync decides otherwise than before
    CONSUMER = "CONSUMER"  # reports, flows, webhooks, people no longer find what they use
    SAFE = "SAFE"


class Bump(enum.IntEnum):
    """How the spec's version has to move. Source: Semantic Versioning 2.0.0."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of change is judged.

    `prevents` quotes the org where an org's words are known, from deployments that were published or from the API's own errors;
    what is only believed begins with ASSUMED.
    """

    code: str
    breaks: Break
    bump: Bump
    summary: str
    reason: str = ""
    prevents: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `subject` names it in the spec (`contract.title`), `target` in Salesforce (`Contract.CLM_Title__c`)."""

    kind: str
    subject: str
    target: str
    before: str = ""
    after: str = ""

    @property
    def rule(self) -> Rule:
        return RULES[self.kind]

    @property
    def is_break(self) -> bool:
        return self.rule.breaks is not Break.SAFE

    @property
    def name(self) -> str:
        """How a decision record refers to it."""
        return f"{self.rule.code} {self.subject}"


def suggest_bump(changes: Iterable[Change]) -> Bump:
    """The largest step that any of the changes asks for."""
    return max((change.rule.bump for change in changes), default=Bump.NONE)


def bump_version(version: str, bump: Bump) -> str:
    """The next version: the step's number raised, the numbers behind it zero."""
    major, minor, patch = (int(part) for part in version.split("."))
    return {
        Bump.MAJOR: f"{major + 1}.0.0",
        Bump.MINOR: f"{major}.{minor + 1}.0",
        Bump.PATCH: f"{major}.{minor}.{patch + 1}",
        Bump.NONE: version,
    }[bump]


def find_step(before: str, after: str) -> Bump:
    """Which step a version really took; NONE when it stands still or went back."""
    old, new = ([int(part) for part in version.split(".")] for version in (before, after))
    if new <= old:
        return Bump.NONE
    first = next(place for place in range(3) if new[place] != old[place])
    return (Bump.MAJOR, Bump.MINOR, Bump.PATCH)[first]


def _data(code: str, summary: str, reason: str, prevents: str, next_step: str) -> Rule:
    return Rule(code, Break.DATA, Bump.MAJOR, summary, reason, prevents, next_step)


def _metadata(code: str, summary: str, reason: str, prevents: str, next_step: str) -> Rule:
    return Rule(code, Break.METADATA, Bump.MAJOR, summary, reason, prevents, next_step)


def _behaviour(code: str, summary: str, reason: str, next_step: str = "") -> Rule:
    return Rule(code, Break.BEHAVIOUR, Bump.MAJOR, summary, reason, "", next_step or REPLAY)


def _consumer(code: str, summary: str, reason: str, next_step: str) -> Rule:
    return Rule(code, Break.CONSUMER, Bump.MAJOR, summary, reason, "", next_step)


def _minor(code: str, summary: str, next_step: str = "") -> Rule:
    return Rule(code, Break.SAFE, Bump.MINOR, summary, next_step=next_step)


def _patch(code: str, summary: str, next_step: str = "") -> Rule:
    return Rule(code, Break.SAFE, Bump.PATCH, summary, next_step=next_step)


REPLAY = "see what waits before the deploy (`clmkit sync status`), compare both systems after it (`clmkit reconcile`)"
RETIRE = "take it out with `clmkit retire`: deprecate, stop write, verify unused, delete, each in a release of its own"
COUNT = "`clmkit plan` counts the records; export or shorten their values first"
NEW_FIELD = "keep the field, add a second one of the new type, move the values, then retire the first"
ANNOUNCE = "name the change in the release notes and give readers a release to follow"
IDENTITY = (
    "keep the key; a new key gets a field of its own, and after the apply `clmkit rekey` gives it to every pair and proves that "
    "none is lost"
)
TYPE_ERROR = "Cannot change type due to existing data"

RULES: dict[str, Rule] = {
    # values or identities are lost
    "object_dropped": _data(
        "REL201",
        "object left the mapping",
        "its records stay in Salesforce without a writer, and are lost when the object is deleted",
        "ASSUMED: DELETE_FAILED, or orphaned records",
        RETIRE,
    ),
    "object_renamed": _data(
        "REL202",
        "object mapping renamed",
        "links between the systems are kept under the mapping's name: all pairs would be lost",
        "DUPLICATE_VALUE: duplicate value found",
        "keep the name of the mapping; change its label instead",
    ),
    "object_moved": _data(
        "REL203",
        "object mapped to another Salesforce object",
        "the records of the old object keep their values and lose their links",
        "DUPLICATE_VALUE: duplicate value found",
        IDENTITY,
    ),
    "rekeyed": _data(
        "REL204",
        "key changed",
        "every pair of the two systems is found by the key: all pairs would be lost",
        "DUPLICATE_VALUE: duplicate value found, or 300 multiple choices",
        IDENTITY,
    ),
    "field_dropped": _data(
        "REL211",
        "created field left the mapping",
        "its values are no longer kept, and are lost when the field is deleted",
        "This custom field is referenced elsewhere in salesforce.com.",
        RETIRE,
    ),
    "field_moved_with_values": _data(
        "REL212",
        "Salesforce field renamed, values written in Salesforce",
        "a new, empty field is made; what people wrote into the old one is not in the CLM to fill it again",
        "",
        "copy the values inside the org before the release, then retire the old field",
    ),
    "field_shortened": _data(
        "REL213",
        "field holds less than before",
        "values that are longer than the new measure would be cut or refused",
        "STRING_TOO_LONG; data value too large",
        COUNT,
    ),
    "field_retyped": _data(
        "REL214",
        "type changed, values do not survive",
        "Salesforce drops or refuses the values of a field that becomes this type",
        TYPE_ERROR,
        NEW_FIELD,
    ),
    "value_dropped": _data(
        "REL221",
        "picklist value dropped",
        "records that hold it keep a value that can no longer be written",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: bad value for restricted picklist field",
        "retire the value first (`active: false`), replace it in the records, drop it in a later release",
    ),
    "value_renamed": _data(
        "REL222",
        "picklist value renamed",
        "records hold the old API name; it becomes a value that can no longer be written",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: bad value for restricted picklist field",
        "change the label and keep the API name, or replace the value in the records in the same release",
    ),
    "status_dropped": _data(
        "REL223",
        "lifecycle status dropped",
        "contracts in that status could neither be saved nor move on",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: bad value for restricted picklist field",
        "move the contracts to another status before the release",
    ),
    # the org refuses the deploy
    "relationship_retyped": _metadata(
        "REL101",
        "relationship became another type, or the other way round",
        "Salesforce never turns a relationship into a value or back",
        "Cannot update a field to a ... from something else",
        NEW_FIELD,
    ),
    "relationship_repointed": _metadata(
        "REL102",
        "relationship refers to another object",
        "the object that a relationship refers to is fixed when the field is made",
        "Cannot update referenceTo",
        NEW_FIELD,
    ),
    "field_made_unique": _metadata(
        "REL103",
        "field became unique",
        "the deploy fails while two records share a value",
        "ASSUMED: DUPLICATE_VALUE while the index is built",
        "find the duplicates and let a steward resolve them before the release",
    ),
    "field_case_changed": _metadata(
        "REL104",
        "uniqueness counts case otherwise",
        "values that differ in case alone become duplicates, and an index is built anew",
        "ASSUMED: DUPLICATE_VALUE while the index is built",
        "find the values that differ in case alone before the release",
    ),
    "field_made_required": _metadata(
        "REL105",
        "field became required",
        "records without a value stand in the way, and permission sets may not name a required field",
        "You cannot deploy to a required field",
        "fill the empty records first",
    ),
    "field_took_over": _metadata(
        "REL106",
        "the kit takes over a field that the org already had",
        "its own definition in the org differs from the generated one in ways that a deploy may refuse",
        TYPE_ERROR,
        "compare the org's field with the generated one (`clmkit plan`)",
    ),
    "value_set_swapped": _metadata(
        "REL107",
        "picklist moved between a global set, another one or its own values",
        "which global value set a picklist uses is fixed when the field is made",
        "Cannot change which global value set this picklist uses",
        NEW_FIELD,
    ),
    "api_version_changed": _metadata(
        "REL108",
        "API version changed",
        "each version has its own elements and rules; what deployed before may be refused",
        "Property '...' not valid in version ...",
        "deploy to a sandbox of the new release first",
    ),
    "prefix_changed": _metadata(
        "REL109",
        "prefix of generated names changed",
        "a second set of classes and permission sets would stand beside the first, with two triggers per object",
        "ASSUMED: FIELD_CUSTOM_VALIDATION_EXCEPTION from two guards of one field",
        "keep the prefix; it is part of every component's identity",
    ),
    "lookup_became_master": _metadata(
        "REL110",
        "lookup became a master-detail",
        "the org refuses it while one record has no value; from then on who deletes a master deletes its details",
        "ASSUMED: records without a value exist, so the field cannot be made required",
        "fill the field in every record, those of the recycle bin too, before the release",
    ),
    "roll_up_keeps_master": _metadata(
        "REL111",
        "master-detail became a lookup under a roll-up",
        "the org refuses it while the master has a roll-up of its details, one in the list of deleted fields included",
        "ASSUMED: the roll-up refers to the master-detail",
        "retire the roll-up first, erase it from the deleted fields, and change the relationship in a later release",
    ),
    # the sync decides otherwise
    "owner_changed": _behaviour(
        "REL301", "owner changed", "the other system's edits win from now on; changes in flight are judged anew"
    ),
    "direction_changed": _behaviour("REL302", "direction changed", "values move the other way, or no longer"),
    "precedence_changed": _behaviour("REL303", "precedence changed", "another side wins in some lifecycle state"),
    "conflict_changed": _behaviour("REL304", "conflict rule changed", "edits on both sides end otherwise"),
    "blank_changed": _behaviour(
        "REL305", "an empty value does something else", "an empty CLM value clears, keeps or parks where it did not"
    ),
    "unreadable_changed": _behaviour(
        "REL306", "an unreadable value does something else", "more or less than before waits for a person"
    ),
    "transform_changed": _behaviour(
        "REL307", "transform changed", "the same CLM value becomes another Salesforce value"
    ),
    "source_changed": _behaviour("REL308", "CLM path changed", "the field is filled from another place"),
    "special_changed": _behaviour(
        "REL309", "special values changed", "a CLM word means something else, or nothing, from now on"
    ),
    "seed_changed": _behaviour("REL310", "seeding changed", "new records start with a value, or without one"),
    "latency_changed": _behaviour(
        "REL311", "latency class changed", "the value arrives sooner or later than promised", ANNOUNCE
    ),
    "latency_promise_changed": _behaviour(
        "REL312", "latency promise changed", "every field of the class arrives sooner or later", ANNOUNCE
    ),
    "reference_changed": _behaviour(
        "REL313",
        "match of a reference changed",
        "lookups find their record by another field, or treat a missing one otherwise",
    ),
    "flag_changed": _behaviour(
        "REL314", "flag of special values changed", "an empty field is explained by another checkbox, or by none"
    ),
    "hash_changed": _behaviour("REL315", "content hash changed", "reconcile compares another hash, or none"),
    "rounding_changed": _behaviour("REL316", "rounding changed", "the same number is stored otherwise, or refused"),
    "currency_changed": _behaviour(
        "REL317", "currency rule changed", "amounts of another currency are refused or accepted"
    ),
    "frozen_changed": _behaviour(
        "REL318", "states in which the field is frozen changed", "people may or may no longer edit it in a state"
    ),
    "role_changed": _behaviour("REL319", "role of the field changed", "the sync uses the field for something else"),
    "dependency_changed": _behaviour(
        "REL320", "settings that the field depends on changed", "an org setting is switched by the deploy"
    ),
    "rows_changed": _behaviour(
        "REL321", "CLM rows of the object changed", "other rows of the CLM become records", IDENTITY
    ),
    "object_owner_changed": _behaviour(
        "REL322", "owner of the object changed", "records are created by the other system from now on"
    ),
    "field_class_changed": _behaviour(
        "REL323", "class changed", "the field is kept the same, only shown or withheld where it was not"
    ),
    "cleared_changed": _behaviour(
        "REL324",
        "an emptied Salesforce field does something else",
        "the CLM's value is cleared, kept or parked where it was not",
    ),
    "zone_changed": _behaviour(
        "REL325", "time zone changed", "an instant near midnight becomes the day before or the day after"
    ),
    "way_back_changed": _behaviour("REL326", "way back changed", "the same Salesforce value becomes another CLM value"),
    "retention_changed": _behaviour(
        "REL327",
        "retention changed",
        "data is erased sooner, later or not at all",
        "let the steward and counsel approve it",
    ),
    "encryption_changed": _behaviour(
        "REL328",
        "encryption changed",
        "new values rest otherwise; old ones until they are encrypted anew; searches and filters may find nothing",
        "encrypt the existing values anew, then compare both systems (`clmkit reconcile`)",
    ),
    "computed_changed": _behaviour(
        "REL329",
        "computed value changed",
        "every record shows another value as soon as the field is deployed",
        ANNOUNCE,
    ),
    "record_types_changed": _behaviour(
        "REL335", "record types changed", "records get another type, with other values and pages"
    ),
    "checks_changed": _behaviour(
        "REL336",
        "validation rules changed",
        "people are refused what they could save, or the other way round",
        ANNOUNCE,
    ),
    "process_changed": _behaviour(
        "REL337",
        "requests, approvals or renewal changed",
        "agreements are asked for, approved or renewed otherwise; those on their way are judged anew",
        ANNOUNCE,
    ),
    "own_side_changed": _behaviour("REL338", "rule for our side changed", "another party becomes the counterparty"),
    "code_edited": _behaviour(
        "REL351",
        "code or automation edited in the org",
        "it no longer does what the mapping says",
        "deploy the generated one again",
    ),
    "component_dropped": _behaviour(
        "REL352", "component gone", "what it did in the org is no longer done", "retire it in a release of its own"
    ),
    "value_unmapped": _behaviour(
        "REL331", "CLM value no longer mapped", "rows with it wait for a person", "map it, or tell its steward"
    ),
    "value_remapped": _behaviour(
        "REL332", "CLM value mapped to another value", "records change their value with the next push"
    ),
    "value_retired": _behaviour(
        "REL333",
        "picklist value retired",
        "nobody can choose it any more; records keep it",
        "replace it in the records",
    ),
    "value_policy_changed": _behaviour(
        "REL334", "policy for unknown values changed", "an unknown value is stored, parked or refused where it was not"
    ),
    "status_changed": _behaviour(
        "REL341", "lifecycle status mapped otherwise", "contracts show another status, or count as activated or not"
    ),
    "move_dropped": _behaviour("REL342", "lifecycle move dropped", "a move that was allowed is refused"),
    "lifecycle_moved": _behaviour(
        "REL343", "lifecycle read from another place", "stage or status come from another field"
    ),
    # readers no longer find what they use
    "field_moved": _consumer(
        "REL401",
        "Salesforce field renamed",
        "reports, flows and integrations still name the old field, which is no longer written",
        "keep the API name and change the label, or announce it and retire the old field later",
    ),
    "field_unmapped": _consumer(
        "REL402", "field of the org left the mapping", "readers find a value that nobody keeps", ANNOUNCE
    ),
    "exposure_narrowed": _consumer(
        "REL403", "fewer people may read", "reports and pages lose the column for those people", ANNOUNCE
    ),
    "editing_narrowed": _consumer("REL404", "fewer people may edit", "an edit that worked is refused", ANNOUNCE),
    "external_id_dropped": _consumer(
        "REL405", "no external ID any more", "upserts by this field are refused", "let the other writers change first"
    ),
    "relationship_renamed": _consumer(
        "REL406", "relationship renamed", "queries and formulas name the old relationship", ANNOUNCE
    ),
    "history_stopped": _consumer(
        "REL407", "history no longer tracked", "auditors find no entries from this day on", ANNOUNCE
    ),
    "audience_dropped": _consumer(
        "REL408",
        "audience dropped",
        "its permission set is no longer kept, and its people lose access",
        "reassign its people first",
    ),
    "permission_set_renamed": _consumer(
        "REL409",
        "permission set renamed",
        "assignments stay with the old one",
        "assign the new one, then remove the old one",
    ),
    "master_became_lookup": _consumer(
        "REL420",
        "master-detail became a lookup",
        "details get owners and sharing of their own and outlive their master; reports on the two are of another type",
        ANNOUNCE,
    ),
    "sharing_changed": _consumer("REL410", "sharing model changed", "people find more or fewer records", ANNOUNCE),
    "record_name_changed": _consumer(
        "REL411", "record name changed", "new records are numbered or named otherwise", ANNOUNCE
    ),
    "spec_renamed": _consumer("REL412", "spec renamed", "releases and evidence are filed under its name", ANNOUNCE),
    "page_narrowed": _consumer(
        "REL413", "fields left a page", "people no longer find them where they looked", ANNOUNCE
    ),
    "list_view_dropped": _consumer("REL414", "list view dropped", "people and links open it no longer", ANNOUNCE),
    "list_filtered": _consumer("REL415", "list view shows other records", "people work from another list", ANNOUNCE),
    "report_dropped": _consumer("REL416", "report dropped", "dashboards and subscriptions lose their source", ANNOUNCE),
    "report_counts_otherwise": _consumer(
        "REL417", "report counts otherwise", "the same name shows other figures from one day to the next", ANNOUNCE
    ),
    "tab_dropped": _consumer("REL418", "tab or related list dropped", "people lose a way to the records", ANNOUNCE),
    "app_dropped": _consumer(
        "REL419", "app dropped or renamed", "its people land in another app, and its address is another", ANNOUNCE
    ),
    # nothing breaks
    "object_added": _minor("REL501", "object added"),
    "field_added": _minor("REL502", "field added"),
    "field_lengthened": _minor("REL503", "field holds more than before"),
    "field_widened": _minor("REL504", "type changed, every value survives"),
    "field_freed": _minor("REL505", "no longer required or unique"),
    "external_id_added": _minor("REL506", "became an external ID"),
    "field_released": _minor("REL507", "the kit no longer writes the field's definition"),
    "exposure_widened": _minor("REL508", "more people may read", "let the field's steward approve it"),
    "editing_widened": _minor("REL509", "more people may edit", "let the field's steward approve it"),
    "history_started": _minor("REL510", "history tracked"),
    "value_added": _minor("REL511", "picklist value added"),
    "value_mapped": _minor("REL512", "CLM value mapped to a value that exists"),
    "value_restored": _minor("REL513", "retired picklist value is back"),
    "status_added": _minor("REL514", "lifecycle status added"),
    "move_added": _minor("REL515", "lifecycle move added"),
    "audience_added": _minor("REL516", "audience added"),
    "latency_added": _minor("REL517", "latency class added or dropped"),
    "value_map_added": _minor("REL518", "value map added or dropped, used by no field before or after"),
    "component_added": _minor("REL519", "component added"),
    "component_updated": _minor("REL520", "component rewritten from the mapping"),
    "component_withdrawn": _minor(
        "REL522", "component that the mapping no longer makes", "tell those whose own code uses it"
    ),
    "page_widened": _minor("REL521", "more is shown: fields, list views, reports, tabs"),
    "wording_changed": _patch("REL601", "wording changed"),
    "steward_changed": _patch("REL602", "steward changed"),
    "tags_changed": _patch("REL603", "compliance tags changed"),
    "withheld_changed": _patch("REL604", "what stays in the CLM changed"),
    "order_changed": _patch("REL605", "order changed"),
    "field_renamed": _patch("REL606", "field's name in the spec changed"),
    "layout_changed": _patch("REL607", "lines shown on a page changed"),
    "surroundings_changed": _patch("REL608", "systems, environments or org of the mapping changed"),
    "page_arranged": _patch("REL609", "order or headings of a page changed"),
}
