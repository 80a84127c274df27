"""sf project: deploy, check, cancel, retrieve, track."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.orgtwin.sf.conftest import Sf

from orgtwin.http.client_commands import call_admin

pytestmark = [pytest.mark.e2e, pytest.mark.node]

SOURCE = Path("force-app/main/default")
FIELD = SOURCE / "objects/Thing__c/fields/Amount__c.field-meta.xml"
COMPONENTS = {
    ("ApexClass", "Adder"),
    ("ApexClass", "AdderTest"),
    ("CustomField", "Thing__c.Amount__c"),
    ("CustomObject", "Thing__c"),
    ("PermissionSet", "Things"),
}
DEPLOY = "project deploy start --wait 2 --source-dir force-app"


def _components(files: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(file["type"], file["fullName"]) for file in files}


def test_sources_are_deployed_reported_listed_and_usable(sf: Sf) -> None:
    said = sf.run(DEPLOY)
    reported = sf.run(f"project deploy report --job-id {said['id']}")
    listed = sf.run("org list metadata --metadata-type CustomField")
    sf.run("org assign permset --name Things")
    sf.ask("POST", "sobjects/Thing__c", {"Name": "One", "Amount__c": 12.5})

    assert (said["status"], _components(said["files"])) == ("Succeeded", COMPONENTS)
    assert {file["state"] for file in said["files"]} == {"Created"}
    assert (reported["id"], reported["numberComponentsDeployed"]) == (said["id"], 5)
    assert [row["fullName"] for row in listed] == ["Thing__c.Amount__c"]
    assert sf.rows("SELECT Name, Amount__c FROM Thing__c") == [{"Name": "One", "Amount__c": 12.5}]


def test_a_mistake_is_shown_where_it_is(sf: Sf) -> None:
    field = sf.folder / FIELD
    field.write_text(field.read_text().replace("    <scale>2</scale>\n", ""))

    said = sf.refused(DEPLOY)

    failed = {(file["fullName"], file["error"]) for file in said["result"]["files"] if file["state"] == "Failed"}
    assert failed == {
        ("Thing__c.Amount__c", "Must specify 'scale' for a CustomField of type Currency (11:13)"),
        ("Things", "In field: field - no CustomField named Thing__c.Amount__c found (2:64)"),
    }
    assert sf.rows("SELECT Id FROM ApexClass") == []


def test_a_check_that_ran_tests_is_deployed_without_running_them_again(sf: Sf) -> None:
    checked = sf.run("project deploy validate --source-dir force-app --wait 2 --test-level RunLocalTests")
    before = sf.rows("SELECT Name FROM ApexClass")
    quick = sf.run(f"project deploy quick --wait 2 --job-id {checked['id']}")

    assert (checked["checkOnly"], checked["numberTestsCompleted"], checked["numberTestErrors"]) == (True, 1, 0)
    assert (before, quick["status"], quick["numberComponentsDeployed"]) == ([], "Succeeded", 5)
    assert quick["id"] != checked["id"]


def test_a_deploy_that_waits_is_cancelled(sf: Sf) -> None:
    call_admin(sf.ready, "POST", "deploys/hold")

    started = sf.run("project deploy start --source-dir force-app --async")
    cancelled = sf.run(f"project deploy cancel --job-id {started['id']}")
    too_late = sf.refused(f"project deploy cancel --job-id {started['id']}")

    assert (started["status"], cancelled["status"]) == ("Queued", "Canceled")
    assert too_late["message"] == "Can't cancel deploy because it's already completed."
    assert sf.rows("SELECT Id FROM ApexClass") == []


def test_all_metadata_of_an_org_is_listed_in_a_manifest_and_retrieved(deployed: Sf) -> None:
    sf = deployed
    (sf.folder / FIELD).unlink()

    types = sf.run("org list metadata-types")["metadataObjects"]
    sf.run("project generate manifest --from-org twin")
    retrieved = sf.run("project retrieve start --metadata CustomObject:Thing__c --wait 2")

    manifest = (sf.folder / "package.xml").read_text()
    assert {"CustomObject", "PermissionSet", "ApexClass"} <= {row["xmlName"] for row in types}
    assert all(f"<members>{name}</members>" in manifest for _, name in COMPONENTS)
    assert ("CustomField", "Thing__c.Amount__c") in _components(retrieved["files"])
    original = Path(__file__).parent / "project" / FIELD
    assert (sf.folder / FIELD).read_text() == original.read_text()


def test_a_class_is_deleted_in_the_org_and_in_the_project(deployed: Sf) -> None:
    said = deployed.run("project delete source --metadata ApexClass:AdderTest --no-prompt")

    assert said["status"] == "Succeeded"
    assert [row["Name"] for row in deployed.rows("SELECT Name FROM ApexClass")] == ["Adder"]
    assert not (deployed.folder / SOURCE / "classes/AdderTest.cls").exists()


def test_what_somebody_else_changed_is_seen_and_retrieved(sf: Sf, tmp_path: Path) -> None:
    sf = sf.with_home_of_its_own(tmp_path / "home")
    sf.run("org enable tracking")
    planned = sf.run("project deploy preview")
    sf.run("project deploy start --wait 2")
    before = sf.run("project retrieve preview")

    (changed,) = sf.ask("GET", "tooling/query?q=SELECT+Id+FROM+CustomField")["records"]
    metadata = {"label": "Sum", "type": "Currency", "precision": 18, "scale": 2}
    sf.ask("PATCH", f"tooling/sobjects/CustomField/{changed['Id']}", {"Metadata": metadata})
    after = sf.run("project retrieve preview")
    retrieved = sf.run("project retrieve start --wait 2")

    assert _components(planned["toDeploy"]) == COMPONENTS
    assert [before[name] for name in ("toDeploy", "toRetrieve", "toDelete", "conflicts")] == [[], [], [], []]
    assert _components(after["toRetrieve"]) == {("CustomField", "Thing__c.Amount__c")}
    assert ("CustomField", "Thing__c.Amount__c") in _components(retrieved["files"])
    assert "<label>Sum</label>" in (sf.folder / FIELD).read_text()
