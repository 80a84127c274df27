"""What is generated for no org: scratch definitions, the manifest, the sample data's words, Robot keywords."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from msgspec import structs
from robot.api import get_resource_model
from robot.api.parsing import Keyword, ModelVisitor
from tests.clmkit.codegen.judges import TOOLS

from clmkit.codegen.mdapi import convert_source
from clmkit.codegen.project import plan_project
from clmkit.codegen.scratch import scratch_org
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import DataKind, Edition, Environment, EnvironmentKind, Feature, Org, Spec, System

SUPPORT = "generated/support"


@pytest.fixture(scope="module")
def everything() -> Spec:
    loaded = load_spec(Path(__file__).with_name("everything.yml"))
    assert loaded.spec is not None, loaded.errors
    return loaded.spec


def environment(name: str, kind: EnvironmentKind) -> Environment:
    return Environment(name=name, kind=kind, data=DataKind.MADE_UP, description="")


def supported(spec: Spec, folder: str) -> dict[str, bytes]:
    start = f"{SUPPORT}/{folder}/"
    files = plan_project(spec).render()
    return {path.removeprefix(start): content for path, content in files.items() if path.startswith(start)}


def test_a_spec_without_environments_has_one_scratch_org_with_the_settings_of_its_fields(spec: Spec) -> None:
    orgs = supported(spec, "orgs")
    assert list(orgs) == ["scratch.json"]
    org = json.loads(orgs["scratch.json"])
    assert (org["edition"], "features" in org) == ("Developer", False)
    assert org["settings"]["contractSettings"] == {"autoCalculateEndDate": False}
    assert org["settings"]["oauthOidcSettings"] == {"blockOAuthUnPwFlow": True}


def test_every_scratch_environment_has_its_definition_and_no_other_has(spec: Spec) -> None:
    stages = (
        environment("dev", EnvironmentKind.SCRATCH),
        environment("qa", EnvironmentKind.SCRATCH),
        environment("uat", EnvironmentKind.SANDBOX),
    )
    assert list(supported(structs.replace(spec, environments=stages), "orgs")) == ["dev.json", "qa.json"]


@pytest.mark.parametrize(
    ("edition", "expected"),
    [
        (Edition.DEVELOPER, "Developer"),
        (Edition.PROFESSIONAL, "Professional"),
        (Edition.ENTERPRISE, "Enterprise"),
        (Edition.UNLIMITED, "Enterprise"),
        (Edition.PERFORMANCE, "Enterprise"),
    ],
)
def test_what_the_spec_says_of_its_org_is_asked_of_the_scratch_org(spec: Spec, edition: Edition, expected: str) -> None:
    features = (Feature.SHIELD, Feature.ADDRESS_PICKLISTS, Feature.CHANGE_EVENTS_ADDON)
    org = Org(system=System(label="Org", description="", region=""), edition=edition, features=features)
    changed = structs.replace(spec, salesforce=org, currency=structs.replace(spec.currency, multi=True))
    made = scratch_org(changed, environment("dev", EnvironmentKind.SCRATCH))
    assert made["edition"] == expected
    assert made["features"] == ["MultiCurrency", "PlatformEncryption", "StateAndCountryPicklist"]


@pytest.mark.node
def test_salesforces_own_schema_accepts_the_definitions(spec: Spec, everything: Spec) -> None:
    schema = json.loads((TOOLS / "@salesforce" / "schemas" / "project-scratch-def.schema.json").read_text())
    assert not jsonschema_rs.is_valid(schema, {"edition": "Unlimited"})
    for one in (spec, everything):
        for content in supported(one, "orgs").values():
            assert [error.message for error in jsonschema_rs.iter_errors(schema, json.loads(content))] == []


def test_the_manifest_names_what_a_deploy_would_carry(spec: Spec, everything: Spec) -> None:
    for one in (spec, everything):
        files = plan_project(one).render()
        assert files[f"{SUPPORT}/manifest/package.xml"] == convert_source(files, one.api_version).files["package.xml"]


def test_nothing_of_it_reaches_a_package(everything: Spec) -> None:
    package = convert_source(plan_project(everything).render(), "66.0")
    files = [path for path in package.files if not path.startswith("staticresources/")]
    assert [path for path in files if "support" in path or path.endswith((".json", ".yml", ".resource"))] == []


def test_the_recipe_and_the_mapping_speak_of_the_same_fields(everything: Spec) -> None:
    files = supported(everything, "datasets")
    made = {step["object"]: step for step in yaml.safe_load(files["sample.recipe.yml"]) if "object" in step}
    loaded = {step["sf_object"]: step for step in yaml.safe_load(files["sample.mapping.yml"]).values()}
    assert list(made) == list(loaded)
    for name, step in loaded.items():
        columns = {*step["fields"].values(), *step.get("lookups", {})}
        assert columns == set(made[name]["fields"]), name


def test_no_sample_record_begins_activated_nor_with_a_retired_record_type(everything: Spec) -> None:
    recipe = supported(everything, "datasets")["sample.recipe.yml"]
    folder = next(step for step in yaml.safe_load(recipe) if step.get("object") == "ACME_Folder__c")
    assert folder["fields"]["ACME_State__c"] == {"random_choice": ["Draft"]}
    assert folder["fields"]["RecordType"] == {"random_choice": ["ACME_Order", "ACME_Frame"]}


class Names(ModelVisitor):  # type: ignore[misc]  # Robot gives its visitors no types
    """The keywords of a resource, each with its documentation."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_Keyword(self, node: Keyword) -> None:
        self.found.append(node.name)


def keywords(files: Mapping[str, bytes], name: str) -> list[str]:
    names = Names()
    names.visit(get_resource_model(files[name].decode()))
    return names.found


def test_the_robot_resource_has_keywords_for_every_object_state_and_parent(spec: Spec, everything: Spec) -> None:
    shipped = keywords(supported(spec, "robot"), "contract.resource")
    assert spec.lifecycle is not None
    for state in spec.lifecycle.states:
        title = state.name.capitalize()
        assert {f"Move Contract To {title}", f"Contract Should Stand At {title}"} <= set(shipped)
    assert {"Line Should Hold", "Line Should Not Exist", "Contract Should Have Line Rows"} <= set(shipped)
    assert len(shipped) == len(set(shipped))
    assert keywords(supported(everything, "robot"), "everything.resource") == [
        "Folder Should Hold",
        "Folder Should Not Exist",
        "Account Should Have Folder Rows",
        "Move Folder To Draft",
        "Folder Should Stand At Draft",
        "Move Folder To Active",
        "Folder Should Stand At Active",
        "Move Folder To Ended",
        "Folder Should Stand At Ended",
        "Told Should Hold",
        "Told Should Not Exist",
        "Folder Should Have Told Rows",
        "Paper Should Hold",
        "Paper Should Not Exist",
        "Folder Should Have Paper Rows",
    ]


def test_without_an_object_that_the_clm_writes_there_is_no_data_and_no_keyword(spec: Spec) -> None:
    reading = structs.replace(spec, objects=(spec.get_object("account"),), lifecycle=None)
    paths = [path for path in plan_project(reading).render() if path.startswith(SUPPORT)]
    assert paths == [f"{SUPPORT}/manifest/package.xml", f"{SUPPORT}/orgs/scratch.json"]
