"""Each row of the case files is refused with its text, and leaves the org as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from orgtwin.metadata.deploy_model import DeployStatus
from orgtwin.metadata.service import MetadataService
from orgtwin.org import Org

_CASES = Path(__file__).parent / "cases"
_OBJECT = (
    "<deploymentStatus>Deployed</deploymentStatus>{fields}<label>{name}</label>"
    "<nameField><label>Name</label><type>Text</type></nameField>"
    "<pluralLabel>{name}s</pluralLabel><sharingModel>ReadWrite</sharingModel>"
)


def _rows(name: str) -> list[Any]:
    rows = yaml.safe_load((_CASES / name).read_text("utf-8"))
    return [pytest.param(row, id=row["fact"]) for row in rows]


def _field_files(fields: dict[str, str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    bodies: dict[str, str] = {}
    for full_name, body in fields.items():
        object_name, _, field = full_name.partition(".")
        bodies[object_name] = bodies.get(object_name, "") + f"<fields><fullName>{field}</fullName>{body}</fields>"
    files = {f"objects/{name}.object": f"<CustomObject>{body}</CustomObject>" for name, body in bodies.items()}
    return files, {"CustomField": list(fields)}


@pytest.mark.parametrize("row", _rows("refused_fields.yml"))
def test_a_bad_field_is_refused_with_the_orgs_own_words(row: dict[str, Any], deploy: Any, org: Org) -> None:
    for name in row.get("objects", ()):
        body = f"<CustomObject>{_OBJECT.format(name=name.removesuffix('__c'), fields='')}</CustomObject>"
        assert deploy({f"objects/{name}.object": body}, {"CustomObject": [name]}).status is DeployStatus.SUCCEEDED
    if "before" in row:
        assert deploy(*_field_files(row["before"])).status is DeployStatus.SUCCEEDED
    schema = org.schema

    job = deploy(*_field_files({row["field"]: row["body"]}))

    assert [message.problem for message in job.outcome.failures] == [row["problem"]]
    assert job.status is DeployStatus.FAILED
    assert org.schema is schema


@pytest.mark.parametrize("row", _rows("refused_components.yml"))
def test_a_bad_component_is_refused_with_the_orgs_own_words(
    row: dict[str, Any], deploy: Any, service: MetadataService, org: Org
) -> None:
    if "before" in row:
        assert deploy(row["before"]["files"], row["before"]["members"]).status is DeployStatus.SUCCEEDED
    schema, components = org.schema, service.components

    job = deploy(row["files"], row["members"])

    assert [message.problem for message in job.outcome.failures] == [row["problem"]]
    assert job.status is DeployStatus.FAILED
    assert org.schema is schema
    assert service.components is components


def test_a_wrong_element_of_a_page_is_placed_itself(deploy: Any) -> None:
    page = (
        "<FlexiPage>\n"
        "  <flexiPageRegions>\n"
        "    <itemInstances><fieldInstance>\n"
        "      <fieldItem>Record.Nope__c</fieldItem>\n"
        "    </fieldInstance></itemInstances>\n"
        "    <name>main</name><type>Region</type>\n"
        "  </flexiPageRegions>\n"
        "  <masterLabel>Deal</masterLabel><sobjectType>Contract</sobjectType>\n"
        "  <template><name>flexipage:recordHomeTemplateDesktop</name></template><type>RecordPage</type>\n"
        "</FlexiPage>"
    )
    (failure,) = deploy({"flexipages/Deal.flexipage": page}, {"FlexiPage": ["Deal"]}).outcome.failures
    assert (failure.line, failure.column) == (4, 18)


def test_a_deletion_that_failed_deleted_nothing(deploy: Any) -> None:
    body = "<CustomObject><recordTypes><fullName>Nda</fullName><active>true</active><label>Nda</label></recordTypes></CustomObject>"
    deploy({"objects/Contract.object": body}, {"RecordType": ["Contract.Nda"]})
    gone = "<Package><types><members>Contract.Nda</members><name>RecordType</name></types></Package>"
    (failure,) = deploy({"destructiveChanges.xml": gone}, {}).outcome.failures
    assert failure.problem == "Cannot delete record type through API"
    assert (failure.deleted, failure.changed, failure.success) == (False, False, False)
