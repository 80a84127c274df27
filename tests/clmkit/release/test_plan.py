"""A plan is data: its pairs, its hash, its three shapes; and the way back from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec
import pytest
from tests.clmkit.release.specs import ROOT, resolved, with_field, written

from clmkit.codegen.mdapi import render_manifest
from clmkit.codegen.tree import Comparison, FileChange, Verb, read_package
from clmkit.mapping.model import Owner, Spec
from clmkit.release.apply import grown, plan_rollback
from clmkit.release.changes import Change
from clmkit.release.components import Components, Elements, Key
from clmkit.release.data_risks import Counts
from clmkit.release.journal import Journal
from clmkit.release.org_access import AccessError, OrgAccess, parse_access
from clmkit.release.plan import (
    Calls,
    InFlight,
    Item,
    Pair,
    Plan,
    Project,
    find_breaks,
    find_risks,
    make_plan,
    read_project,
)
from clmkit.release.plan_report import next_step, render_html, render_human, render_json
from clmkit.release.planning import KeptPlan, UnknownPlan, find_kept_plan, read_in_flight
from clmkit.sync.state import State

GOLDEN = Path(__file__).parent / "golden"
SPEC = resolved(written())
TITLE, LAW = Key("CustomField", "Contract.CLM_Title__c"), Key("GlobalValueSet", "CLM_Governing_Law")
OLD = Key("CustomField", "Contract.CLM_Old__c")
UNTOUCHED = Comparison((), 145, {}, {}, True)


@cache
def project() -> Project:
    return read_project(read_package(ROOT / "force-app"), "66.0")


def org_with(changed: dict[Key, Elements | None]) -> Components:
    """The shipped project as an org holds it, with some components otherwise; None: not there."""
    held: dict[Key, Elements | None] = {**project().components, **changed}
    return {key: elements for key, elements in held.items() if elements is not None}


def planned(
    org: Components,
    counts: Counts,
    *,
    against: Spec | None = None,
    comparison: Comparison = UNTOUCHED,
    decided: str = "",
    in_flight: InFlight | None = None,
    consumers: Mapping[str, tuple[Key, ...]] = MappingProxyType({}),
    calls: Calls | None = None,
) -> Plan:
    breaks = {change.name: change for change in find_breaks(project(), org, against, SPEC)}
    return make_plan(
        intent=SPEC,
        against=against,
        comparison=comparison,
        project=project(),
        org=org,
        counts=counts,
        decisions={decided: "docs/decisions/0007-title.md"} if decided else {},
        in_flight=in_flight,
        consumers={breaks[name]: keys for name, keys in consumers.items()},
        calls=calls,
    )


@cache
def full_plan() -> Plan:
    """One difference of each pair: a longer title in the org, a law and a field of old, a file not generated, a new owner."""
    title = {**project().components[TITLE]} | {"length": "300"}
    law = {**project().components[LAW]} | {"customValue[Utah].fullName": "Utah", "customValue[Utah].label": "Utah"}
    org = org_with(
        {TITLE: title, LAW: law, OLD: {"type": "Text", "length": "20"}, Key("ApexClass", "CLM_Access"): None}
    )
    counts: dict[str, int | None] = {question.soql: 0 for question in find_risks(project(), org)}
    counts["SELECT COUNT(Id) n FROM Contract WHERE CLM_Title__c != null"] = 1212
    counts["SELECT COUNT(Id) n FROM Contract WHERE CLM_Old__c != null"] = None
    against = msgspec.structs.replace(with_field(SPEC, "contract", "end_date", owner=Owner.SALESFORCE), version="0.9.0")
    stale = FileChange("generated/classes/CLM_Messages.cls", Verb.UPDATE, b"a", b"b")
    return planned(
        org,
        counts,
        against=against,
        comparison=Comparison((stale,), 144, {}, {}, True),
        decided="REL213 contract.title",
        consumers={f"REL213 {TITLE}": (Key("Flow", "Remind_Sales"), Key("Report", "Sales/Renewals"))},
        calls=Calls(after=1_610, before=1_405, used=812, allowed=15_000),
    )


def test_an_org_that_holds_the_project_leaves_nothing_to_do() -> None:
    plan = planned(org_with({}), {})
    assert (plan.is_empty, plan.deploys, plan.order, plan.undecided) == (True, (), (), ())


def test_every_difference_is_in_one_pair() -> None:
    items = [
        (item.pair, item.sign, item.change.rule.code, item.change.subject, item.count) for item in full_plan().items
    ]
    assert items == [
        (Pair.INTENT_BUILT, "~", "REL520", "generated/classes/CLM_Messages.cls", None),
        (Pair.BUILT_ORG, "+", "REL519", "ApexClass CLM_Access", None),
        (Pair.BUILT_ORG, "=", "REL211", str(OLD), None),
        (Pair.BUILT_ORG, "~", "REL213", str(TITLE), None),
        (Pair.BUILT_ORG, "~", "REL221", f"{LAW}.Utah", None),
        (Pair.BUILT_DATA, "!", "REL211", str(OLD), None),
        (Pair.BUILT_DATA, "!", "REL213", str(TITLE), 1212),
        (Pair.INTENT_DATA, "!", "REL301", "contract.end_date", None),
    ]


def test_what_nobody_decided_is_named_and_what_is_left_alone_is_not() -> None:
    assert [item.change.name for item in full_plan().undecided] == ["REL301 contract.end_date"]


def test_a_value_that_no_record_holds_needs_no_decision() -> None:
    (item,) = [item for item in full_plan().items if item.change.kind == "value_dropped"]
    assert (item.note, item.needs_decision) == ("no record is hurt", False)


def test_a_change_of_behaviour_counts_what_is_in_flight() -> None:
    against = with_field(SPEC, "contract", "end_date", owner=Owner.SALESFORCE)
    in_flight = InFlight(3, {"contract": 11, "party": 5})
    (item,) = planned(org_with({}), {}, against=against, in_flight=in_flight).items
    assert (item.pair, item.count, item.note) == (Pair.INTENT_DATA, 14, "in flight in the sync, judged anew")
    assert in_flight.count(Change("value_remapped", "value_maps.party_role.we", "")) == 19


def test_a_new_key_is_a_step_of_its_own_with_all_its_pairs() -> None:
    key = next(field for field in SPEC.get_object("party").fields if field.name == "key")
    against = with_field(SPEC, "party", "key", salesforce="CLM_Old_Key__c", clm=key.clm)
    in_flight = InFlight(3, {"party": 5}, {"party": 412, "contract": 200})
    (item,) = planned(org_with({}), {}, against=against, in_flight=in_flight).items
    assert (item.pair, item.change.rule.code, item.count) == (Pair.INTENT_DATA, "REL204", 412)
    assert (item.note, item.needs_decision) == ("pairs get the new key by `clmkit rekey`, after the apply", True)


@pytest.mark.parametrize(
    ("shown", "expected"), [(1212, []), (1213, []), (1211, [("too long", 1212)]), (None, [("too long", 1212)])]
)
def test_a_loss_that_grew_since_the_plan_is_noticed(shown: int | None, expected: list[tuple[str, int]]) -> None:
    loss = Item(Pair.BUILT_DATA, Change("field_shortened", "X", "X"), "!", "too long", 1212)
    assert grown({"too long": shown}, replace(full_plan(), items=(loss,))) == expected


def test_what_the_sync_has_not_settled_is_read_from_its_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_in_flight(tmp_path / "none.sqlite")
    State(tmp_path / "sync.sqlite").close()
    assert read_in_flight(tmp_path / "sync.sqlite") == InFlight(0, {})


SHAPES = {"human": render_human, "json": render_json, "html": render_html}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_plan_reads_as_the_golden_file_says(shape: str) -> None:
    plan = replace(
        full_plan(), files=95, zip_bytes=53_000, order=(("fields", 1), ("Apex", 1)), fields=(("Contract", 21, 500),)
    )
    text = SHAPES[shape](plan)
    told = json.dumps({**json.loads(text), "built": {}, "org": {}}, indent=2) if shape == "json" else text
    volatile = plan.hash
    told = told.replace(volatile, "HASH").replace(volatile[:12], "HASH")
    assert told + "\n" == (GOLDEN / f"plan.{shape}").read_text(encoding="utf-8")


def test_the_page_needs_no_network() -> None:
    assert not any(word in render_html(full_plan()) for word in ("http://", "https://", "src=", "@import"))


def test_the_hash_stands_for_the_project_and_the_org_and_not_for_who_asks() -> None:
    empty = planned(org_with({}), {})
    assert empty.hash == planned(org_with({}), {}, decided="REL213 contract.title").hash
    moved = {**project().components[TITLE]} | {"label": "Name"}
    assert len({empty.hash, planned(org_with({TITLE: moved}), {}).hash, planned(org_with({TITLE: None}), {}).hash}) == 3


def test_the_way_back_restores_what_changed_removes_new_code_and_leaves_new_fields() -> None:
    built = {"ApexClass A": "1", "ApexClass B": "1", "CustomField C.D__c": "1", "CustomField C.E__c": "1"}
    held = {"ApexClass B": "0", "CustomField C.E__c": "1", "CustomField C.Old__c": "1"}
    back = plan_rollback(KeptPlan(Path(), "", built, held, {}), {"package.xml": b"", "classes/B.cls": b""}, "66.0")
    assert [list(map(str, keys)) for keys in (back.way.restored, back.way.removed, back.way.left)] == [
        ["ApexClass B"],
        ["ApexClass A"],
        ["CustomField C.D__c"],
    ]
    assert set(back.files) == {"package.xml", "classes/B.cls", "destructiveChangesPost.xml"}
    assert b"<members>A</members>" in back.files["destructiveChangesPost.xml"]
    assert b"<members>" not in render_manifest([], "66.0").encode()


def test_a_plan_is_found_by_the_beginning_of_its_hash(tmp_path: Path) -> None:
    for name in ("abcd11111111", "abcd22222222"):
        (tmp_path / name).mkdir()
        document = {**json.loads(render_json(full_plan())), "hash": name * 5}
        (tmp_path / name / "plan.json").write_text(json.dumps(document))
    assert find_kept_plan(tmp_path, "abcd1").hash == "abcd11111111" * 5
    assert find_kept_plan(tmp_path, "abcd11111111" * 5).folder.name == "abcd11111111"
    for wanted, found in (("abcd", "abcd11111111, abcd22222222"), ("ffff", "none"), ("", "abcd11111111, abcd22222222")):
        with pytest.raises(UnknownPlan) as caught:
            find_kept_plan(tmp_path, wanted)
        assert str(caught.value).startswith(f"{wanted}: {found} of the plans in {tmp_path} has this hash")


@pytest.mark.parametrize("damage", ["", "[]", '{"hash": "abcd"', '{"hash": "abcd", "withdrawn": [1]}'])
def test_a_plan_that_is_not_whole_is_not_carried_out(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "abcd11111111" / "plan.json"
    path.parent.mkdir()
    path.write_text(damage)
    with pytest.raises(UnknownPlan) as caught:
        find_kept_plan(tmp_path, "abcd1")
    assert str(caught.value) == f"{path}: holds no whole plan of this version of clmkit; run `clmkit plan` again"


def test_a_journal_forgets_the_line_that_a_kill_cut(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.read() == ()
    journal.write("begun")
    journal.write("deploying", "project", "0Af1")
    assert journal.find_open_deploy("project") == "0Af1"
    with (tmp_path / "release.jsonl").open("a") as file:
        file.write('{"name": "dep')
    assert [step.name for step in journal.read()] == ["begun", "deploying"]
    journal.write("deployed", "project", "0Af1")
    assert [step.name for step in journal.read()] == ["begun", "deploying", "deployed"]
    assert (journal.find_open_deploy("project"), journal.find_open_deploy("settings")) == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        '{"instance_url": "https://x.my.salesforce.com/", "access_token": "T", "username": "u"}',
        '{"status": 0, "result": {"instanceUrl": "https://x.my.salesforce.com", "accessToken": "T", "username": "u"}}',
        '{"https_url": "https://x.my.salesforce.com", "http_url": "http://x", "access_token": "T", "username": "u"}',
    ],
)
def test_an_org_is_reached_with_what_the_tools_print(text: str) -> None:
    access = parse_access(text, "org.json")
    assert access == OrgAccess("https://x.my.salesforce.com", "T", "u", source="org.json")
    assert "T" not in repr(access).replace("OrgAccess", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nix", "org.json: is no JSON: "),
        ("[]", "org.json: holds no object. "),
        ('{"access_token": "T"}', "org.json: has none of instance_url, instanceUrl, https_url. "),
        ('{"instance_url": "https://x.example"}', "org.json: has none of access_token, accessToken. "),
        ('{"instance_url": "http://x.example", "access_token": "T"}', "org.json: http://x.example is plain http; "),
    ],
)
def test_a_file_that_does_not_say_how_to_reach_an_org_is_refused(text: str, message: str) -> None:
    with pytest.raises(AccessError) as caught:
        parse_access(text, "org.json")
    assert str(caught.value).startswith(message)


def test_a_plan_with_more_fields_than_the_edition_allows_is_not_to_be_applied() -> None:
    plan = replace(full_plan(), fields=(("Contract", 500, 500), ("CLM_Line__c", 501, 500)))
    assert not plan.is_within_limits
    crowded = replace(plan, items=(), decisions={}, deploys=("project",))
    assert (
        next_step(crowded)
        == "map fewer fields, or say which edition the org has: too many custom fields on CLM_Line__c"
    )
    assert replace(plan, fields=(("Contract", 500, 500),)).is_within_limits


def test_what_is_too_long_for_its_column_goes_on_below_it() -> None:
    table = render_human(full_plan(), 80).partition("\n")[2].partition("Deploy order")[0]
    assert max(map(len, table.splitlines())) <= 80
