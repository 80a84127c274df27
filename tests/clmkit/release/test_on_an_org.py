"""Plan, apply, take back and drift against an org that others wrote, through its public APIs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from simple_salesforce.api import SFType
from tests.clmkit.release.conftest import Org

from clmkit.clients.metadata_api import Listed
from clmkit.clients.transport import Reply, Transport
from clmkit.codegen.mdapi import Component, convert_source, make_package, split_settings
from clmkit.codegen.tree import read_package
from clmkit.codegen.xml import Body, parse_component
from clmkit.release.org_access import OrgClients

pytestmark = pytest.mark.e2e

TYPE_80, TYPE_120, TYPE_40 = ("type: {text: %d}" % length for length in (80, 120, 40))  # noqa: UP031 - braces
FIELD = "CustomField Contract.CLM_Contract_Type__c"


def told(document: dict[str, object]) -> list[tuple[str, str, str, str]]:
    items = document["items"]
    assert isinstance(items, list)
    return [(item["pair"], item["sign"], item["code"], item["subject"]) for item in items]


def kept(org: Org, plan_hash: str) -> Path:
    return org.project / "build" / "plans" / plan_hash[:12]


def edit_by_hand(org: Org, label: str = "Kind") -> None:
    """Somebody gives the field another label and a shorter length in Setup."""
    body: Body = {"fullName": "CLM_Contract_Type__c", "label": label, "length": 90, "type": "Text"}
    org.deploy("CustomField", "Contract.CLM_Contract_Type__c", "objects/Contract.object", {"fields": body})


PUBLIC = {
    "/services/Soap/m/66.0": "Metadata API",
    "/services/data/v66.0/limits": "REST API, Limits",
    "/services/data/v66.0/query": "REST API, Query",
}
"""Everything that a release asks an org for: documented by Salesforce, and so the same on an org."""


@pytest.fixture
def asked(org: Org, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The addresses that a release called, without what follows the question mark; at the end all of them are public."""
    paths: set[str] = set()
    send = Transport.send

    async def watched(self: Transport, kind: str, method: str, url: str, **more: Any) -> Reply:
        paths.add(urlsplit(url).path)
        return await send(self, kind, method, url, **more)

    monkeypatch.setattr(Transport, "send", watched)
    yield paths
    assert paths <= set(PUBLIC)


def test_the_plan_after_a_deploy_by_cumulusci_is_empty_and_says_what_it_does(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    monkeypatch.setattr("clmkit.cli.plan._tell_progress", steps.append)
    code, document = org.plan()
    assert [re.sub(r"\d+", "N", step) for step in steps] == [
        "comparing force-app with the mapping",
        "reading N components of the org",
        "comparing the org with the package",
    ]
    assert (code, document["empty"], document["next"]) == (0, True, "nothing to deploy")
    assert document["built"] == document["org"]
    assert not (org.project / "build" / "plans").exists()


def test_a_changed_field_is_planned_applied_and_taken_back_by_public_apis_alone(org: Org, asked: set[str]) -> None:
    org.rewrite(TYPE_80, TYPE_120)
    code, document = org.plan()
    test_class = ("built | org", "~", "REL520", "ApexClass CLM_ContractRulesTest")
    changed = [item for item in told(document) if item != test_class]
    assert (code, changed) == (0, [("built | org", "~", "REL503", FIELD)])
    plan_hash = document["hash"]
    code, output = org.release("apply", plan_hash[:12])
    assert code == 0, output
    assert output.splitlines()[0] == "project: validated"
    assert output.splitlines()[-2].endswith(" components retrieved as deployed")
    assert org.plan()[1]["empty"] is True
    assert org.release("drift") == (0, "no drift: the org holds what the package directory says\n")
    assert org.release("apply", plan_hash) == (0, "already applied and verified: nothing to do\n")

    code, output = org.release("apply", plan_hash, "--rollback")
    assert (code, output.splitlines()[0]) == (0, "rollback: validated")
    again = org.plan()[1]
    assert again["hash"] == plan_hash
    assert org.release("apply", plan_hash)[0] == 0
    assert asked == set(PUBLIC) - {"/services/data/v66.0/query"}


def test_a_new_field_with_its_permissions_is_added_and_its_code_is_taken_back(org: Org) -> None:
    new = "      risk: {clm: risk, field: CLM_Risk__c, type: {text: 20}, description: Risk.}\n      title:\n        clm: title\n"
    org.rewrite("      title:\n        clm: title\n", new)
    code, document = org.plan()
    assert code == 0
    assert ("built | org", "+", "REL502", "CustomField Contract.CLM_Risk__c") in told(document)
    assert {item[2] for item in told(document)} <= {"REL502", "REL508", "REL509", "REL519", "REL520"}
    assert org.release("apply", document["hash"])[0] == 0
    code, output = org.release("apply", document["hash"], "--rollback")
    assert (code, output.splitlines()[-1]) == (0, "left in the org: CustomField Contract.CLM_Risk__c")


def test_a_field_that_left_the_mapping_stays_in_the_org_and_is_shown(org: Org) -> None:
    new = "      gone: {clm: gone, field: CLM_Gone__c, type: {text: 20}, description: Gone.}\n      title:\n        clm: title\n"
    org.rewrite("      title:\n        clm: title\n", new)
    assert org.release("apply", org.plan()[1]["hash"])[0] == 0
    org.rewrite(new, "      title:\n        clm: title\n")
    code, document = org.plan()
    assert ("built | org", "=", "REL211", "CustomField Contract.CLM_Gone__c") in told(document)
    assert ("built | org", "-", "REL522", "CustomMetadata CLM_Field_Map.Contract_gone") in told(document)
    org.decide(*document["undecided"])
    code, document = org.plan()
    assert (code, org.release("apply", document["hash"])[0]) == (0, 0)
    code, document = org.plan()
    assert (code, document["deploys"]) == (0, [])
    assert [item["retired"] for item in document["items"] if item["subject"].endswith("CLM_Gone__c")]
    assert org.release("drift")[0] == 2


@pytest.mark.usefixtures("asked")
def test_a_field_is_retired_in_four_releases_and_none_can_be_skipped(org: Org) -> None:
    name = "Contract.CLM_Gone__c"
    body: Body = {"fullName": "CLM_Gone__c", "label": "Gone", "length": 20, "type": "Text"}
    org.deploy("CustomField", name, "objects/Contract.object", {"fields": body})
    grant: Body = {"editable": True, "field": name, "readable": True}
    org.deploy(
        "PermissionSet", "Extra", "permissionsets/Extra.permissionset", {"label": "Extra", "fieldPermissions": grant}
    )
    code, output = org.release("retire", name)
    assert (code, output.splitlines()[-1]) == (0, "next: stop write, in a release of its own")
    files = org.ask(lambda clients: clients.metadata.retrieve({"CustomField": [name]}))
    assert b"<description>DEPRECATED since " in files["objects/Contract.object"]
    assert org.release("retire", name) == (
        0,
        "stop write: no longer editable by Extra\nnext: verify unused, in a release of its own\n",
    )
    code, output = org.release("retire", name)
    assert (code, output.splitlines()[-1]) == (1, f"Decides: REL211 CustomField {name}")
    org.decide(f"REL211 CustomField {name}")
    code, output = org.release("retire", name)
    assert (code, output.splitlines()[-1]) == (0, "next: delete, in a release of its own")
    code, output = org.release("retire", name)
    assert (code, output) == (0, f"delete: {name} is deleted; its definition is kept in build/retirements/{name}\n")
    assert org.release("retire", name) == (0, f"done: {name} is not in the org\n")
    steps = (org.project / "build" / "retirements" / name / "release.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["name"] for line in steps] == ["deprecated", "stopped", "verified", "deleted"]
    org.remove(["PermissionSet Extra"])


def test_a_field_of_the_mapping_is_not_retired(org: Org) -> None:
    code, output = org.release("retire", "Contract.CLM_Title__c")
    assert (code, output.split(";")[0]) == (
        1,
        "refused: Contract.CLM_Title__c: is objects.contract, field title of the mapping",
    )
    assert org.release("retire", "Contract.Status")[0] == 2


def test_a_field_that_code_names_is_not_deleted(org: Org) -> None:
    name = "Contract.CLM_Gone__c"
    body: Body = {"fullName": "CLM_Gone__c", "label": "Gone", "length": 20, "type": "Text"}
    org.deploy("CustomField", name, "objects/Contract.object", {"fields": body})
    body = {"fullName": "CLM_Uses__c", "label": "Uses", "type": "Text", "formula": "CLM_Gone__c"}
    org.deploy("CustomField", "Contract.CLM_Uses__c", "objects/Contract.object", {"fields": body})
    assert org.release("retire", name)[0] == 0
    assert org.release("retire", name) == (
        1,
        f"refused: CustomField Contract.CLM_Uses__c names {name}\nchange these first, then run this again\n",
    )
    org.remove(["CustomField Contract.CLM_Uses__c"])


def test_records_that_would_lose_their_value_are_counted(org: Org, asked: set[str]) -> None:
    rest = org.rest()
    contracts = rest.Contract
    assert isinstance(contracts, SFType)
    account = rest.query("SELECT Id FROM Account LIMIT 1")["records"][0]["Id"]
    for key, text in (("LONG-1", "x" * 41), ("LONG-2", "y" * 60), ("SHORT", "z" * 40)):
        row = {"AccountId": account, "CLM_Contract_Type__c": text, "CLM_Version__c": 1, "Status": "Draft"}
        contracts.upsert(f"CLM_Id__c/{key}", row)
    org.rewrite(TYPE_80, TYPE_40)
    code, document = org.plan()
    (loss,) = [item for item in document["items"] if item["pair"] == "built | data"]
    assert "/services/data/v66.0/query" in asked
    assert (code, loss["records"], loss["note"]) == (1, 2, "Contract.CLM_Contract_Type__c is longer than 40")
    assert document["undecided"] == [f"REL213 {FIELD}"]
    code, output = org.release("apply", document["hash"])
    assert code == 1
    assert output.splitlines()[0] == "refused: breaks are undecided; write a record in docs/decisions with the lines"
    org.decide("REL213 contract.contract_type")
    code, output = org.release("apply", org.plan()[1]["hash"])
    assert (code, output.splitlines()[0]) == (1, "refused: project: the org refuses the validation")
    for key in ("LONG-1", "LONG-2"):
        contracts.upsert(f"CLM_Id__c/{key}", {"CLM_Contract_Type__c": "short", "CLM_Version__c": 2})
    document = org.plan()[1]
    assert all(item["pair"] != "built | data" for item in document["items"])
    assert org.release("apply", document["hash"])[0] == 0


def test_a_plan_names_the_reports_list_views_and_code_of_others_that_a_break_hits(org: Org) -> None:
    view: Body = {
        "fullName": "Sales_Kinds",
        "columns": ["NAME", "CLM_Contract_Type__c"],
        "filterScope": "Everything",
        "label": "Kinds",
    }
    report: Body = {
        "columns": {"field": "Contract.CLM_Contract_Type__c"},
        "format": "Tabular",
        "name": "Kinds",
        "reportType": "ContractList",
    }
    org.deploy("ListView", "Contract.Sales_Kinds", "objects/Contract.object", {"listViews": view})
    org.deploy("ReportFolder", "Sales", "reports/Sales-meta.xml", {"name": "Sales"})
    org.deploy("Report", "Sales/Kinds", "reports/Sales/Kinds.report", report)
    org.rewrite(TYPE_80, TYPE_40)
    document = org.plan()[1]
    (item,) = [item for item in document["items"] if item["code"] == "REL213" and item["pair"] == "built | org"]
    assert [(one["type"], one["name"]) for one in item["consumers"]] == [
        ("ListView", "Contract.Sales_Kinds"),
        ("Report", "Sales/Kinds"),
    ]
    assert "named by reports: Sales/Kinds; list views: Contract.Sales_Kinds" in " ".join(org.release("plan")[1].split())
    org.remove(["ListView Contract.Sales_Kinds", "Report Sales/Kinds", "ReportFolder Sales"])


def test_apply_refuses_when_the_org_moved_and_names_who_moved_it(org: Org) -> None:
    org.rewrite(TYPE_80, TYPE_120)
    plan_hash = org.plan()[1]["hash"]
    edit_by_hand(org)
    code, output = org.release("apply", plan_hash)
    (row,) = org.ask(find_field)
    assert (code, output) == (
        1,
        f"refused: org: {FIELD} has changed, by {row.changed_by} on {row.changed_at}\n"
        "nothing was deployed; make a new plan with `clmkit plan`\n",
    )
    assert not (kept(org, plan_hash) / "release.jsonl").exists()


async def find_field(org: OrgClients) -> list[Listed]:
    rows = await org.metadata.list_components(["CustomField"])
    return [row for row in rows if row.full_name == "Contract.CLM_Contract_Type__c"]


def test_apply_refuses_when_the_package_directory_moved(org: Org) -> None:
    org.rewrite(TYPE_80, TYPE_120)
    plan_hash = org.plan()[1]["hash"]
    org.rewrite(TYPE_120, "type: {text: 121}")
    code, output = org.release("apply", plan_hash)
    assert (code, output.splitlines()[-1]) == (1, "nothing was deployed; make a new plan with `clmkit plan`")
    assert f"package directory: {FIELD} is not as planned" in output


def test_a_page_that_cannot_be_written_is_a_message(org: Org, tmp_path: Path) -> None:
    page = tmp_path / "none" / "plan.html"
    assert org.release("plan", "--html", str(page)) == (2, f"error: {page}: No such file or directory\n")


def test_a_user_who_may_not_deploy_is_told_so(org: Org, tmp_path: Path) -> None:
    token = org.rest().session_id
    (tmp_path / "org.json").write_text(json.dumps({**org.ready, "access_token": token}))
    code, output = org.clmkit("plan", "--org", str(tmp_path / "org.json"))
    assert (code, output) == (
        2,
        "error: Salesforce listMetadata answered 500 INSUFFICIENT_ACCESS: use of the Metadata API requires a user with the "
        "ModifyAllData or ModifyMetadata permissions\n",
    )


def test_a_plan_made_before_generate_says_so(org: Org) -> None:
    spec = org.project / "mappings" / "contract.yml"
    spec.write_text(spec.read_text(encoding="utf-8").replace(TYPE_80, TYPE_120, 1), encoding="utf-8")
    code, document = org.plan()
    assert code == 1
    assert {item["pair"] for item in document["items"]} == {"intent | built"}
    assert document["next"].startswith("clmkit generate, then plan again")


def test_an_apply_that_was_killed_while_the_org_deployed_and_a_line_was_written_goes_on(org: Org) -> None:
    org.rewrite(TYPE_80, TYPE_120)
    plan_hash = org.plan()[1]["hash"]
    package = split_settings(convert_source(read_package(org.project / "force-app"), "66.0"), "66.0")[1]

    async def start(clients: OrgClients) -> str:
        return await clients.metadata.start_deploy(package.files, check_only=False)

    deploy_id = org.ask(start)
    steps = [{"name": "begun"}, {"name": "deploying", "package": "project", "deploy_id": deploy_id}]
    journal = kept(org, plan_hash) / "release.jsonl"
    journal.write_text("".join(json.dumps(step) + "\n" for step in steps) + '{"name": "depl', encoding="utf-8")
    code, output = org.release("apply", plan_hash)
    assert code == 0, output
    assert output.splitlines()[:2] == [
        f"project: waiting for deploy {deploy_id}, started by an earlier run",
        f"project: deployed as {deploy_id}",
    ]
    assert [json.loads(line)["name"] for line in journal.read_text().splitlines()] == [
        "begun",
        "deploying",
        "deployed",
        "verified",
        "validated",
    ]


@pytest.mark.usefixtures("asked")
def test_an_edit_by_hand_is_drift_with_its_author_and_is_reverted(org: Org) -> None:
    edit_by_hand(org)
    code, output = org.release("drift", "--json")
    document = json.loads(output)
    (row,) = org.ask(find_field)
    found = {(item["code"], item["component"], item["changed_by"], item["changed_at"]) for item in document["items"]}
    assert (code, document["verdict"]) == (2, "drift")
    assert found == {(rule, FIELD, row.changed_by, row.changed_at) for rule in ("REL503", "REL601")}
    code, output = org.release("drift", "--revert", f"REL503 {FIELD}")
    assert (code, output) == (
        0,
        f"reverted: {FIELD}\nno drift: the org holds what the package directory says\n",
    )


@pytest.mark.usefixtures("asked")
def test_what_was_deleted_by_hand_is_drift_with_who_deleted_it(org: Org) -> None:
    rule = "ValidationRule Contract.CLM_Is_Perpetual"
    org.remove([rule])
    code, output = org.release("drift", "--json")
    found = {(item["component"], item["changed_by"]) for item in json.loads(output)["items"]}
    assert (code, found) == (3, {(rule, "Ada Administrator")})


def test_an_edit_by_hand_is_adopted_into_the_mapping(org: Org) -> None:
    spec = org.project / "mappings" / "contract.yml"
    source = org.project / "force-app/generated/objects/Contract/fields/CLM_Contract_Type__c.field-meta.xml"
    before = spec.read_text(encoding="utf-8")
    body = {**parse_component(source.read_bytes())[1], "label": "Kind", "length": 90}
    org.deploy("CustomField", "Contract.CLM_Contract_Type__c", "objects/Contract.object", {"fields": body})
    line = before.splitlines().index("        field: CLM_Contract_Type__c") + 2
    place = "objects.contract.fields.contract_type"
    code, output = org.release("drift", "--adopt", f"REL503 {FIELD}")
    assert (code, output.splitlines()) == (
        0,
        [
            f"adopted: mappings/contract.yml:{line + 3}: {place}.label: Kind",
            f"adopted: mappings/contract.yml:{line}: {place}.type.text: 80 -> 90",
            "next: `clmkit generate`, then `clmkit plan`: what else follows from it",
        ],
    )
    added = [one for one in spec.read_text(encoding="utf-8").splitlines() if one not in before.splitlines()]
    assert added == ["        type: {text: 90}", "        label: Kind"]
    assert org.clmkit("generate")[0] == 0
    document = org.plan()[1]
    assert FIELD not in {item["subject"] for item in document["items"]}
    assert org.release("apply", document["hash"])[0] == 0
    assert org.release("drift")[0] == 0
    code, output = org.release("drift", "--adopt", f"REL503 {FIELD}")
    assert (code, output) == (1, f"error: REL503 {FIELD}: the org has no such drift\n")


def test_drift_is_accepted_by_a_steward_until_a_day(org: Org) -> None:
    edit_by_hand(org, label="Contract Type")
    name = f"REL503 {FIELD}"
    answer = ("--accept", name, "--until", "2999-12-31", "--owner", "legal_ops", "--reason", "asked for by sales")
    code, output = org.release("drift")
    assert code == 2
    for item in {
        line.partition(": ")[0].split("  ")[-1].strip() for line in output.splitlines() if line.startswith("  ~ ")
    }:
        code, output = org.release("drift", *("--accept", item), *answer[2:])
    assert code == 0, output
    assert "accepted until 2999-12-31 by legal_ops: asked for by sales" in output
    assert (org.project / "mappings" / "drift.yml").read_text(encoding="utf-8").count(
        "asked for by sales"
    ) == output.count("accepted until")
    code, output = org.release("drift", *answer[:4], "--owner", "nobody", "--reason", "x")
    assert (code, output) == (1, "error: nobody: no steward of the mapping; known: legal_ops, sales_ops, finance\n")


def test_a_right_taken_away_in_setup_is_breaking_drift(org: Org) -> None:
    path = "permissionsets/CLM_Reader.permissionset"
    source = org.project / "force-app" / "generated" / f"{path}-meta.xml"
    _, body = parse_component(source.read_bytes())
    fields = body["fieldPermissions"]
    assert isinstance(fields, list)
    gone = fields.pop()
    assert isinstance(gone, dict)
    org.deploy("PermissionSet", "CLM_Reader", path, body)
    code, output = org.release("drift")
    assert code == 3, output
    assert f"CONSUMER   REL403 PermissionSet CLM_Reader: {gone['field']}: fewer people may read" in output


def test_an_edited_class_is_breaking_drift(org: Org) -> None:
    folder = org.project / "force-app" / "generated" / "classes"
    name = "CLM_ChangePublisher.cls"
    files = {
        f"classes/{name}": (folder / name).read_bytes() + b"// hotfix\n",
        f"classes/{name}-meta.xml": (folder / f"{name}-meta.xml").read_bytes(),
    }
    package = make_package(files, [Component("ApexClass", "CLM_ChangePublisher")], "66.0")

    async def work(clients: OrgClients) -> bool:
        deploy_id = await clients.metadata.start_deploy(package.files, check_only=False)
        return (await clients.metadata.wait_for_deploy(deploy_id)).is_success

    assert org.ask(work)
    code, output = org.release("drift")
    assert (code, output.splitlines()[1]) == (
        3,
        "  ! BEHAVIOUR  REL351 ApexClass CLM_ChangePublisher: code or automation edited in the org (source)",
    )
    assert org.release("drift", "--revert", "REL351 ApexClass CLM_ChangePublisher")[0] == 0


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_an_org_that_cannot_be_reached_is_a_message(org: Org, command: str, tmp_path: Path) -> None:
    nowhere = tmp_path / "org.json"
    code = {"plan": 2, "drift": 1}[command]
    assert org.clmkit(command, "--org", str(nowhere))[0] == code
    nowhere.write_text(json.dumps({"instance_url": "https://127.0.0.1:1", "access_token": "wrong"}))
    refused = dict(org.ready) | {"access_token": "wrong"}
    (tmp_path / "expired.json").write_text(json.dumps(refused))
    file = str(tmp_path / "expired.json")
    assert org.clmkit(command, "--org", file) == (
        code,
        f"error: {file}: the session in it has ended or is not valid. Write a fresh one there, or give `--org` an alias of the sf "
        "CLI, which renews sessions.\n",
    )
