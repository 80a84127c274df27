"""Every field type and every shape of object, element by element."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from msgspec import structs
from tests.clmkit.codegen.specs import project_of, spec_of

from clmkit.codegen.plan import PlanError
from clmkit.codegen.project import plan_project
from clmkit.codegen.xml import Value, parse_component
from clmkit.mapping.model import FieldKind, FieldType, Spec
from clmkit.mapping.model.words import MISPLACED


@pytest.fixture(scope="module")
def everything() -> Spec:
    return spec_of("everything")


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return project_of("everything")


def field(files: Mapping[str, bytes], name: str) -> dict[str, Value]:
    _, body = parse_component(files[f"generated/objects/ACME_Paper__c/fields/{name}.field-meta.xml"])
    return {
        key: value for key, value in body.items() if key not in ("description", "fullName", "label", "trackHistory")
    }


def test_the_spec_reaches_every_field_type_that_salesforce_takes_on_an_object_with_rows_of_its_own(
    everything: Spec,
) -> None:
    kinds = {column.type.kind for mapping in everything.objects for column in mapping.created}
    assert set(FieldKind) - kinds == set(MISPLACED)


@pytest.mark.parametrize("kind", MISPLACED, ids=str)
def test_a_type_of_other_kinds_of_object_is_refused(everything: Spec, kind: FieldKind) -> None:
    paper = everything.get_object("paper")
    field = paper.get_field("text")
    changed = structs.replace(field, type=FieldType(kind=kind, reference_to="User"))
    objects = (structs.replace(paper, fields=tuple(changed if f is field else f for f in paper.fields)),)
    with pytest.raises(PlanError) as refusal:
        plan_project(structs.replace(everything, objects=objects, requests=(), renewal=None))
    assert str(refusal.value) == (
        f"object paper: text is a {kind.value}, which an org takes only on objects that the kit does not make; say "
        "`existing: true` of it"
    )


FIELDS: dict[str, dict[str, Value]] = {
    "Text__c": {
        "encryptionScheme": "CaseSensitiveDeterministicEncryption",
        "externalId": "false",
        "length": "5",
        "required": "false",
        "type": "Text",
        "unique": "false",
    },
    "Days_Left__c": {
        "formula": "Day__c - TODAY()",
        "formulaTreatBlanksAs": "BlankAsZero",
        "precision": "18",
        "scale": "0",
        "type": "Number",
    },
    "Greeting__c": {"formula": '"a" & Text__c', "formulaTreatBlanksAs": "BlankAsBlank", "type": "Text"},
    "Numbered__c": {"displayFormat": "N-{0000}", "externalId": "false", "startingNumber": "100", "type": "AutoNumber"},
    "Secret__c": {
        "length": "40",
        "maskChar": "X",
        "maskType": "lastFour",
        "required": "false",
        "type": "EncryptedText",
    },
    "Order__c": {
        "length": "20",
        "referenceTo": "Erp_Order__x",
        "relationshipLabel": "Papers",
        "relationshipName": "ACME_Paper_Order",
        "type": "ExternalLookup",
    },
    "Place__c": {"displayLocationInDecimal": "false", "required": "false", "scale": "4", "type": "Location"},
    "Area__c": {"required": "false", "type": "TextArea"},
    "Long__c": {"length": "4000", "type": "LongTextArea", "visibleLines": "3"},
    "Rich__c": {"length": "4000", "type": "Html", "visibleLines": "10"},
    "Number__c": {
        "externalId": "false",
        "precision": "9",
        "required": "false",
        "scale": "2",
        "type": "Number",
        "unique": "false",
    },
    "Share__c": {"precision": "5", "required": "false", "scale": "2", "type": "Percent"},
    "Amount__c": {"precision": "18", "required": "false", "scale": "2", "type": "Currency"},
    "Flag__c": {"defaultValue": "false", "type": "Checkbox"},
    "Day__c": {"required": "false", "type": "Date"},
    "Moment__c": {"required": "false", "type": "DateTime"},
    "Hour__c": {"required": "false", "type": "Time"},
    "Link__c": {"required": "false", "type": "Url"},
    "Mail__c": {
        "complianceGroup": "PII;GDPR",
        "externalId": "false",
        "required": "false",
        "type": "Email",
        "unique": "false",
    },
    "Phone__c": {"complianceGroup": "PII", "required": "false", "type": "Phone"},
    "Colour__c": {
        "required": "false",
        "type": "Picklist",
        "valueSet": {"restricted": "true", "valueSetName": "ACME_Colour"},
    },
    "Folder__c": {
        "referenceTo": "ACME_Folder__c",
        "relationshipLabel": "Papers",
        "relationshipName": "ACME_Paper_Folder",
        "relationshipOrder": "0",
        "reparentableMasterDetail": "false",
        "type": "MasterDetail",
        "writeRequiresMasterRead": "false",
    },
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_has_exactly_the_elements_that_its_type_takes(files: Mapping[str, bytes], name: str) -> None:
    assert field(files, name) == FIELDS[name]


def test_a_roll_up_names_the_detail_the_way_to_it_and_what_it_counts(files: Mapping[str, bytes]) -> None:
    def roll_up(name: str) -> dict[str, Value]:
        _, body = parse_component(files[f"generated/objects/ACME_Folder__c/fields/{name}.field-meta.xml"])
        return {key: value for key, value in body.items() if key.startswith("summar")}

    way = {"summaryForeignKey": "ACME_Paper__c.Folder__c"}
    assert roll_up("Count__c") == {**way, "summaryOperation": "count"}
    assert roll_up("Papers__c") == {
        **way,
        "summarizedField": "ACME_Paper__c.Number__c",
        "summaryFilterItems": {"field": "ACME_Paper__c.Flag__c", "operation": "equals", "value": "True"},
        "summaryOperation": "sum",
    }


def test_a_local_value_set_spells_out_its_values(files: Mapping[str, bytes]) -> None:
    sizes = field(files, "Sizes__c")
    assert (sizes["type"], sizes["visibleLines"]) == ("MultiselectPicklist", "4")
    assert sizes["valueSet"] == {
        "restricted": "true",
        "valueSetDefinition": {
            "sorted": "false",
            "value": [
                {"fullName": "Small", "default": "false", "label": "Small"},
                {"fullName": "Large", "default": "false", "label": "Large"},
            ],
        },
    }


READS_OR_SAVES = re.compile(
    r"\[\s*SELECT\b|Database\.(?:query|insert|update|upsert|delete)|^\s*(?:insert|update|upsert|delete) ", re.M
)


def test_one_class_alone_reads_and_saves_records(files: Mapping[str, bytes]) -> None:
    """Tests apart: they make what they need."""
    classes = {path.split("/")[-1]: content.decode() for path, content in files.items() if path.endswith(".cls")}
    product = {name: text for name, text in classes.items() if "@IsTest" not in text}
    assert [name for name, text in product.items() if READS_OR_SAVES.search(text)] == ["ACME_Records.cls"]
    assert [name for name, text in product.items() if "EventBus." in text] == ["ACME_ChangePublisher.cls"]


def test_every_query_and_save_says_its_mode(files: Mapping[str, bytes]) -> None:
    text = files["generated/classes/ACME_Records.cls"].decode()
    queries = re.findall(r"\[\s*SELECT[^\]]*\]", text)
    assert len(queries) == 5
    assert [query for query in queries if "WITH SYSTEM_MODE" not in query] == []
    assert re.findall(r"Database\.insert\([^)]*\)", text) == [
        "Database.insert(records, false, AccessLevel.SYSTEM_MODE)"
    ]
