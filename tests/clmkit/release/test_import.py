"""`clmkit import`: an org that a spec made gives back a spec that makes the same fields."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from clmkit.cli.main import main
from clmkit.clients.metadata_api import DeployResult
from clmkit.codegen.mdapi import Component, Package, convert_source, split_settings
from clmkit.codegen.project import plan_project
from clmkit.codegen.xml import Body, render_component
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Spec
from clmkit.release.components import Components, compare_components, read_components
from clmkit.release.first_spec import Naming, snake, write_first_spec
from clmkit.release.first_types import write_roll_up
from clmkit.release.org_access import open_org, read_access
from clmkit.release.org_model import parse_org

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0
OF_FIELDS = ("CustomField", "CustomObject", "GlobalValueSet", "StandardValueSet")


def load(path: Path) -> Spec:
    loaded = load_spec(path)
    assert loaded.spec is not None, loaded.errors
    return loaded.spec


def package_of(spec: Spec) -> dict[str, bytes]:
    return dict(convert_source(plan_project(spec).render(), "66.0").files)


def fields_of(files: dict[str, bytes], spec: Spec) -> Components:
    """What the spec says of the schema: no event, no custom metadata, no setting of the kit's own."""
    mapped = {mapping.salesforce for mapping in spec.objects}
    found = read_components(files)
    return {
        key: elements
        for key, elements in found.items()
        if key.metadata_type in OF_FIELDS[2:]
        or (key.metadata_type in OF_FIELDS and key.full_name.split(".")[0] in mapped)
    }


def test_the_shipped_spec_comes_back_with_every_field_equal(tmp_path: Path) -> None:
    shipped = load(ROOT / "mappings" / "contract.yml")
    files = package_of(shipped)
    path = tmp_path / "first.yml"
    path.write_text(write_first_spec(parse_org(files), Naming(shipped.name, shipped.prefix, "66.0")))
    imported = load(path)
    assert compare_components(fields_of(files, shipped), fields_of(package_of(imported), imported)) == ()
    assert {audience.permission_set for audience in imported.audiences} == {
        "CLM_Integration",
        "CLM_Reader",
        "CLM_Steward",
    }
    assert imported.lifecycle is not None
    assert [state.status for state in imported.lifecycle.states] == [
        s.status for s in (shipped.lifecycle or imported.lifecycle).states
    ]


def field(name: str, **elements: object) -> dict[str, object]:
    return {"fullName": f"{name}__c", "label": name, **elements}


KEY = field("Ref", type="Text", length="40", externalId="true", unique="true", caseSensitive="true")
ORG = {
    "objects/Contract.object": {
        "fields": [
            KEY,
            field("Colour", type="Picklist", valueSet={"restricted": "true", "valueSetDefinition": {"value": [
                {"fullName": "red", "default": "false", "label": "Red"}, {"fullName": "old", "label": "old", "isActive": "false"},
            ]}}),
            field("Note", type="LongTextArea", length="5000", visibleLines="3", securityClassification="Confidential"),
            field("Age", type="Number", precision="3", scale="0", formula="TODAY() - StartDate",
                  formulaTreatBlanksAs="BlankAsZero"),
            field("Boss", type="Lookup", referenceTo="User", relationshipName="Bosses"),
            field("Shape", type="Location", scale="4"),
        ],
    },
    "objects/Extra__c.object": {"label": "Extra", "pluralLabel": "Extras", "fields": [KEY]},
    "objects/Setting__c.object": {"label": "Setting", "customSettingsType": "Hierarchy", "fields": [KEY]},
}  # fmt: skip


def imported_document() -> dict[str, dict[str, object]]:
    files = {path: render_component("CustomObject", body).encode() for path, body in ORG.items()}  # type: ignore[arg-type]
    document: dict[str, dict[str, object]] = yaml.safe_load(
        write_first_spec(parse_org(files), Naming("found", "CLM", "66.0"))
    )
    return document


def test_a_field_that_the_kit_did_not_make_stays_untouched() -> None:
    document = imported_document()
    assert list(document["objects"]) == ["contract"]
    contract = document["objects"]["contract"]
    assert isinstance(contract, dict)
    assert contract["key"] == {"clm": "id", "field": "Ref__c", "length": 40, "case_sensitive": True, "label": "Ref"}
    assert contract["fields"] == {
        "colour": {"clm": "colour", "field": "Colour__c", "type": {"picklist": "colour"}, "label": "Colour", "existing": True},
        "note": {
            "clm": "note", "field": "Note__c", "type": {"long_text": 5000}, "label": "Note", "tags": ["confidential"],
            "existing": True,
        },
        "age": {
            "field": "Age__c",
            "type": {
                "formula": {
                    "returns": "number", "formula": "TODAY() - StartDate", "precision": 3, "scale": 0, "blanks": "zero",
                }
            },
            "label": "Age",
            "existing": True,
        },
        "shape": {"clm": "shape", "field": "Shape__c", "type": {"geolocation": {"scale": 4}}, "label": "Shape", "existing": True},
    }  # fmt: skip
    assert document["value_maps"] == {
        "colour": {"values": {"red": {"value": "red", "label": "Red"}, "old": {"value": "old", "active": False}}}
    }


FILTERS: tuple[tuple[dict[str, str], dict[str, object] | None], ...] = (
    ({"operation": "equals", "value": 'Open,"Late, very"'}, {"one_of": ["Open", "Late, very"]}),
    ({"operation": "notEqual", "value": "Waived"}, {"not_one_of": ["Waived"]}),
    ({"operation": "greaterThan", "value": "-3"}, {"over": -3}),
    ({"operation": "lessOrEqual", "value": "TODAY"}, None),
    ({"operation": "startsWith", "value": "A"}, None),
    ({"operation": "equals"}, None),
)


@pytest.mark.parametrize(("item", "condition"), FILTERS)
def test_a_roll_up_keeps_its_filter_or_is_left_out(item: dict[str, str], condition: dict[str, object] | None) -> None:
    counted: Body = {
        "summaryOperation": "max",
        "summarizedField": "CLM_Duty__c.Due__c",
        "summaryFilterItems": {"field": "CLM_Duty__c.Duty_Status__c", **item},
    }
    where = condition and {"where": [{"field": "duty_status", **condition}]}
    expected = where and {"operation": "max", "field": "due", **where}
    assert write_roll_up(counted, lambda name: snake(name.partition(".")[2], "CLM")) == expected


@pytest.mark.parametrize(
    ("name", "prefix", "word"),
    [
        ("CLM_Total_Value__c", "CLM", "total_value"),
        ("CLM_ARR__c", "CLM", "arr"),
        ("StartDate", "", "start_date"),
        ("In Approval Process", "", "in_approval_process"),
        ("3rd_Party__c", "CLM", "f_3rd_party"),
    ],
)
def test_an_api_name_becomes_a_name_of_the_language(name: str, prefix: str, word: str) -> None:
    assert snake(name, prefix) == word


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("org")
    ready, log = folder / "ready.json", folder / "orgtwin.log"
    command = [str(Path(sys.executable).parent / "orgtwin"), "serve", "--ready-file", str(ready)]
    with log.open("wb") as output:
        twin = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + PATIENCE
        while not (ready.exists() and ready.stat().st_size):
            assert time.monotonic() < deadline, log.read_text()
            with contextlib.suppress(subprocess.TimeoutExpired):
                twin.wait(timeout=0.05)
                raise AssertionError(log.read_text())
        yield ready
    finally:
        twin.terminate()
        twin.wait(timeout=PATIENCE)


def deploy(org: Path, files: dict[str, bytes]) -> None:
    async def run() -> list[DeployResult]:
        package = Package(files, tuple(Component(key.metadata_type, key.full_name) for key in read_components(files)))
        async with open_org(read_access(str(org)), "66.0") as clients:
            results = []
            for part in split_settings(package, "66.0"):
                started = await clients.metadata.start_deploy(part.files, check_only=False)
                results.append(await clients.metadata.wait_for_deploy(started))
            return results

    assert [(result.status, result.failures) for result in asyncio.run(run())] == [("Succeeded", ())] * 2


@pytest.mark.e2e
def test_an_untouched_org_gives_no_object_and_a_file_is_never_overwritten(org: Path, tmp_path: Path) -> None:
    out = tmp_path / "first.yml"
    run = ["import", "--org", str(org), "--out", str(out)]
    done = CliRunner().invoke(main, run)
    assert (done.exit_code, done.stderr) == (0, "")
    assert yaml.safe_load(out.read_text())["objects"] == {}
    again = CliRunner().invoke(main, run)
    assert (again.exit_code, again.stderr) == (
        2,
        f"{out}: is there already; nothing was written. Give another name, or remove it\n",
    )


@pytest.mark.e2e
def test_what_the_shipped_spec_deployed_is_imported_and_released_without_a_change_to_a_field(
    org: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No describe tells of requests and renewal: what did their work leaves the org with the release of the imported mapping."""
    shipped = load(ROOT / "mappings" / "contract.yml")
    deploy(org, package_of(shipped))
    done = CliRunner().invoke(main, ["import", "--org", str(org), "--name", shipped.name])
    assert (done.exit_code, done.stderr) == (0, "")
    monkeypatch.chdir(tmp_path)
    Path("first.yml").write_text(done.stdout)
    imported = load(Path("first.yml"))
    asked, made = fields_of(package_of(shipped), shipped), fields_of(package_of(imported), imported)
    assert compare_components(asked, made) == ()

    target = ["--spec", "first.yml"]
    generated = CliRunner().invoke(main, ["generate", "first.yml"])
    assert (generated.exit_code, generated.stderr) == (0, "")
    plan = ["plan", *target, "--org", str(org), "--json"]
    document = json.loads(CliRunner().invoke(main, plan).stdout)
    Path("docs/decisions").mkdir(parents=True)
    Path("docs/decisions/0001.md").write_text("".join(f"Decides: {name}\n" for name in document["undecided"]))
    document = json.loads(CliRunner().invoke(main, plan).stdout)
    assert {"Flow CLM_Contract_Renewal_Reminder", "ApexTrigger CLM_OpportunityTrigger"} <= set(document["withdrawn"])
    applied = CliRunner().invoke(main, ["apply", document["hash"], *target, "--org", str(org)])
    assert (applied.exit_code, applied.stderr) == (0, "")
    assert json.loads(CliRunner().invoke(main, plan).stdout)["deploys"] == []
