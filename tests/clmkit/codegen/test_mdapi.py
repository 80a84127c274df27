"""Source format to Metadata API format."""

from __future__ import annotations

import pytest

from clmkit.codegen.mdapi import Component, UnsupportedSource, convert_source, split_settings
from clmkit.codegen.xml import Body, parse_component, render_component


def xml(root: str, body: Body) -> bytes:
    return render_component(root, body).encode()


SOURCE = {
    "generated/objects/Party__c/Party__c.object-meta.xml": xml("CustomObject", {"label": "Party"}),
    "generated/objects/Party__c/fields/Role__c.field-meta.xml": xml(
        "CustomField", {"fullName": "Role__c", "type": "Text"}
    ),
    "extensions/objects/Party__c/fields/Mine__c.field-meta.xml": xml(
        "CustomField", {"fullName": "Mine__c", "type": "Url"}
    ),
    "generated/objects/Contract/recordTypes/Agreement.recordType-meta.xml": xml(
        "RecordType", {"fullName": "Agreement"}
    ),
    "extensions/classes/Rules.cls": b"public class Rules {}",
    "extensions/classes/Rules.cls-meta.xml": xml("ApexClass", {"apiVersion": "66.0"}),
    "generated/customMetadata/Action.One.md-meta.xml": xml("CustomMetadata", {"label": "One"}),
    "generated/settings/Contract.settings-meta.xml": xml("ContractSettings", {"autoCalculateEndDate": "false"}),
}


def test_the_parts_of_an_object_come_together_from_every_folder() -> None:
    files = convert_source(SOURCE, "66.0").files
    assert parse_component(files["objects/Party__c.object"]) == (
        "CustomObject",
        {"label": "Party", "fields": [{"fullName": "Mine__c", "type": "Url"}, {"fullName": "Role__c", "type": "Text"}]},
    )


def test_the_manifest_names_every_component_and_no_file_without_one() -> None:
    package = convert_source(SOURCE, "66.0")
    assert package.components == (
        Component("ApexClass", "Rules"),
        Component("CustomField", "Party__c.Mine__c"),
        Component("CustomField", "Party__c.Role__c"),
        Component("CustomMetadata", "Action.One"),
        Component("CustomObject", "Party__c"),
        Component("RecordType", "Contract.Agreement"),
        Component("Settings", "Contract"),
    )
    _, manifest = parse_component(package.files["package.xml"])
    assert manifest["version"] == "66.0"
    assert sorted(package.files) == [
        "classes/Rules.cls",
        "classes/Rules.cls-meta.xml",
        "customMetadata/Action.One.md",
        "objects/Contract.object",
        "objects/Party__c.object",
        "package.xml",
        "settings/Contract.settings",
    ]


def test_settings_are_a_package_of_their_own() -> None:
    settings, project = split_settings(convert_source(SOURCE, "66.0"), "66.0")
    assert sorted(settings.files) == ["package.xml", "settings/Contract.settings"]
    assert settings.components == (Component("Settings", "Contract"),)
    assert "settings/Contract.settings" not in project.files
    assert len(project.components) == 6


REFUSED = {
    "unknown kind": (
        "extensions/lwc/panel/panel.js",
        "extensions/lwc/panel/panel.js: no metadata of this kind can be converted here; deploy the folder with "
        "`sf project deploy start`, or add the kind to the tables of clmkit.codegen.mdapi",
    ),
    "unknown part": (
        "extensions/objects/Contract/colours/Red.colour-meta.xml",
        "extensions/objects/Contract/colours/Red.colour-meta.xml: no part of an object; known parts are businessProcesses, "
        "compactLayouts, fieldSets, fields, listViews, recordTypes, sharingReasons, validationRules, webLinks",
    ),
}


@pytest.mark.parametrize(("path", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_converted_is_refused_by_name(path: str, message: str) -> None:
    with pytest.raises(UnsupportedSource) as refusal:
        convert_source({path: xml("Unknown", {"fullName": "x"})}, "66.0")
    assert str(refusal.value) == message


def label(name: str) -> Body:
    return {"fullName": name, "language": "en_US", "protected": False, "shortDescription": name, "value": name}


def test_the_labels_of_a_team_and_the_generated_ones_become_one_file() -> None:
    source = {
        "extensions/labels/CustomLabels.labels-meta.xml": xml("CustomLabels", {"labels": [label("Mine")]}),
        "generated/labels/CustomLabels.labels-meta.xml": xml("CustomLabels", {"labels": [label("A"), label("B")]}),
    }
    package = convert_source(source, "66.0")
    assert package.components == (
        Component("CustomLabel", "A"),
        Component("CustomLabel", "B"),
        Component("CustomLabel", "Mine"),
        Component("CustomLabels", "CustomLabels"),
    )
    labels = parse_component(package.files["labels/CustomLabels.labels"])[1]["labels"]
    assert isinstance(labels, list)
    assert [row["fullName"] for row in labels if isinstance(row, dict)] == ["Mine", "A", "B"]
