"""Which files of a folder `orgtwin apex test` reads, and what becomes of an object in several places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from orgtwin.apex.cli import apex
from orgtwin.apex.project import read_project
from orgtwin.apex.project_files import find_sources
from orgtwin.apex.projects import prepare

FIELD = '<CustomField xmlns="http://soap.sforce.com/2006/04/metadata"><fullName>{0}</fullName><label>{1}</label></CustomField>'
OBJECT = '<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">{0}</CustomObject>'

PERMISSION_SET = '<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">{0}</PermissionSet>'
BIG_OBJECT = (
    "<deploymentStatus>Deployed</deploymentStatus><fields><fullName>At__c</fullName><label>At</label><required>true</required>"
    "<type>DateTime</type></fields><indexes><fullName>I</fullName><label>I</label><fields><name>At__c</name>"
    "<sortDirection>ASC</sortDirection></fields></indexes><label>Past</label><pluralLabel>Pasts</pluralLabel>"
)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(folder: Path, top: Path) -> list[str]:
    return [path.relative_to(top).as_posix() for path in find_sources(folder)]


def test_a_project_is_its_package_directories_in_their_order(tmp_path: Path) -> None:
    configuration = {"packageDirectories": [{"path": "late"}, {"path": "early\\inner"}, {"path": "absent"}]}
    names = ["late/A.cls", "early/inner/B.trigger", "early/C.cls", "unpackaged/D.cls"]
    write(tmp_path, {"sfdx-project.json": json.dumps(configuration), **dict.fromkeys(names, "")})
    assert found(tmp_path, tmp_path) == ["late/A.cls", "early/inner/B.trigger"]
    assert found(tmp_path / "early", tmp_path) == ["early/C.cls", "early/inner/B.trigger"]


@pytest.mark.parametrize(
    ("line", "left_out"),
    [
        ("A.cls", ["x/A.cls", "x/y/A.cls"]),
        ("x/A.cls", ["x/A.cls"]),
        ("/A.cls", []),
        ("y", ["x/y/A.cls", "x/y/B.cls"]),
        ("y/", ["x/y/A.cls", "x/y/B.cls"]),
        ("**/y/**", ["x/y/A.cls", "x/y/B.cls"]),
        ("x/*.cls", ["x/A.cls"]),
        ("x/**/?.cls", ["x/A.cls", "x/y/A.cls", "x/y/B.cls"]),
        ("# A.cls", []),
        ("A.cls\n!x/y/A.cls", ["x/A.cls"]),
    ],
)
def test_forceignore_takes_files_out(tmp_path: Path, line: str, left_out: list[str]) -> None:
    every = ["x/A.cls", "x/y/A.cls", "x/y/B.cls"]
    write(tmp_path, {"sfdx-project.json": "{}", ".forceignore": line, **dict.fromkeys(every, "")})
    assert found(tmp_path, tmp_path) == [name for name in every if name not in left_out]
    assert found(tmp_path / "x", tmp_path) == [name for name in every if name not in left_out]


def test_links_are_followed_and_a_circle_of_them_ends(tmp_path: Path) -> None:
    write(tmp_path, {"elsewhere/one/A.cls": "", "elsewhere/B.cls": "", "mine/sub/C.cls": ""})
    (tmp_path / "mine" / "linked").symlink_to(tmp_path / "elsewhere" / "one")
    (tmp_path / "mine" / "B.cls").symlink_to(tmp_path / "elsewhere" / "B.cls")
    (tmp_path / "mine" / "sub" / "up").symlink_to("..")
    assert found(tmp_path / "mine", tmp_path / "mine") == ["B.cls", "linked/A.cls", "sub/C.cls"]


def test_a_forceignore_in_another_encoding_still_counts(tmp_path: Path) -> None:
    write(tmp_path, {"sfdx-project.json": "{}", "A.cls": "", "B.cls": ""})
    (tmp_path / ".forceignore").write_bytes(b"# gr\xfc\xdfe\nA.cls\n")
    assert found(tmp_path, tmp_path) == ["B.cls"]


def test_a_file_of_another_kind_than_its_ending_is_passed_over_and_told(tmp_path: Path) -> None:
    write(tmp_path, {"objects/A__c/fields/F__c.field-meta.xml": "<html/>"})
    project = read_project(tmp_path)
    assert project.left_out == ["F__c.field-meta.xml: warning: passed over, its root element is html, not CustomField"]


def test_what_an_org_would_refuse_of_classes_and_their_files_is_told(tmp_path: Path) -> None:
    meta = '<ApexClass xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>{}</apiVersion><status>{}</status></ApexClass>'
    files = {
        "sfdx-project.json": '{"packageDirectories": [{"path": "/etc"}, {"path": "src"}]}',
        **dict.fromkeys(("src/a/A.cls", "src/b/A.cls"), "public class A {}"),
        "src/B.cls": "public class Bee {}",
        "src/C.cls": "public class C {}",
        "src/a/A.cls-meta.xml": "<ApexClass",
        "src/B.cls-meta.xml": meta.format("abc", "Sleepy"),
        "src/C.cls-meta.xml": meta.format("99.0", "Active"),
    }
    write(tmp_path, files)
    told: list[str] = []
    prepare(read_project(tmp_path), tell=told.append)
    assert told == [
        f'{tmp_path}/sfdx-project.json: warning: passed over: The path "/etc", specified in sfdx-project.json, must be indicated'
        " as a relative path to the project root.",
        "B.cls-meta.xml: warning: apiVersion abc is no version and passed over",
        "B.cls-meta.xml: warning: status Sleepy is none of Active, Deleted, Inactive",
        "C.cls-meta.xml: warning: apiVersion 99.0 is newer than the twin's, 66.0",
        "A.cls-meta.xml: Error parsing file: Couldn't find end of Start Tag ApexClass line 1, line 1, column 11"
        " (A.cls-meta.xml, line 1)",
        f"A.cls: warning: {tmp_path}/src/a/A.cls has that name, too; {tmp_path}/src/b/A.cls is taken",
        "B:1:1: File name mismatch with class name: Bee",
    ]


def test_an_inactive_trigger_does_not_fire(tmp_path: Path) -> None:
    body = "trigger {0} on Account (before insert) {{ Trigger.new[0].Site = Trigger.new[0].Site + '{0}'; }}"
    meta = '<ApexTrigger xmlns="http://soap.sforce.com/2006/04/metadata"><status>{}</status></ApexTrigger>'
    files = {f"{name}.trigger": body.format(name) for name in ("One", "Two")}
    write(
        tmp_path,
        {**files, "One.trigger-meta.xml": meta.format("Inactive"), "Two.trigger-meta.xml": meta.format("Active")},
    )
    engine = prepare(read_project(tmp_path))
    engine.run_anonymous(
        "Account a = new Account(Name = 'a', Site = 'by'); insert a; System.debug([SELECT Site FROM Account].Site);"
    )
    assert engine.debug_log == ["byTwo"]


def test_a_file_is_known_by_its_ending_wherever_it_lies(tmp_path: Path) -> None:
    read = [
        "any/X.customPermission-meta.xml",
        "any/Y.Z.md",
        "objects/A__c.object",
        "z/objects/B__c/fields/C__c.field-meta.xml",
    ]
    unread = ["customMetadata/X.flow-meta.xml.txt", "classes/X.cls-meta.xml", "customMetadata/README.md", "md"]
    write(tmp_path, dict.fromkeys((*read, *unread), ""))
    assert found(tmp_path, tmp_path) == read


def test_an_object_in_several_places_is_one_and_the_later_place_wins(tmp_path: Path) -> None:
    configuration = {"packageDirectories": [{"path": "one"}, {"path": "two"}]}
    write(
        tmp_path,
        {
            "sfdx-project.json": json.dumps(configuration),
            "one/objects/A__c/A__c.object-meta.xml": OBJECT.format("<label>One</label><pluralLabel>Ones</pluralLabel>"),
            "one/objects/A__c/fields/F__c.field-meta.xml": FIELD.format("F__c", "first"),
            "one/objects/A__c/fields/G__c.field-meta.xml": FIELD.format("G__c", "kept"),
            "two/objects/A__c/A__c.object-meta.xml": OBJECT.format("<label>Two</label>"),
            "two/objects/A__c/fields/F__c.field-meta.xml": FIELD.format("F__c", "second"),
        },
    )
    text = read_project(tmp_path).files["objects/A__c.object"].decode()
    assert [word for word in ("first", "second", "kept", "One<", "Ones", "Two") if word in text] == [
        "second",
        "kept",
        "Ones",
        "Two",
    ]


def test_what_a_project_builds_on_is_deployed_and_not_tested(tmp_path: Path) -> None:
    test = "@IsTest private class {0}Test {{ @IsTest static void one() {{ Assert.areEqual(1, Base.one()); }} }}"
    write(
        tmp_path,
        {
            "base/Base.cls": "public class Base { public static Integer one() { return 1; } }",
            "base/BaseTest.cls": test.format("Base"),
            "mine/MineTest.cls": test.format("Mine"),
        },
    )
    options = ["test", str(tmp_path / "mine"), "--with", str(tmp_path / "base")]
    result = CliRunner().invoke(apex, options)
    assert (result.exit_code, result.output.splitlines()[:2]) == (0, ["Outcome     Passed", "Tests Ran   1"])
    named = CliRunner().invoke(apex, [*options, "--tests", "BaseTest"])
    assert (named.exit_code, named.output.splitlines()[1]) == (0, "Tests Ran   1")


PARCEL = """<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><label>Parcel</label>
    <pluralLabel>Parcels</pluralLabel><nameField><label>Name</label><type>Text</type></nameField>
    <deploymentStatus>Deployed</deploymentStatus><sharingModel>ReadWrite</sharingModel>
    <fields><fullName>Weight__c</fullName><label>Weight</label><type>Number</type><precision>5</precision><scale>1</scale></fields>
    <fields><fullName>Of__c</fullName><label>Of</label><type>Lookup</type><referenceTo>Account</referenceTo>
        <relationshipLabel>Parcels</relationshipLabel><relationshipName>Parcels</relationshipName></fields>
    <fields><fullName>Heavy__c</fullName><label>Heavy</label><type>Text</type>
        <formula>IF(Weight__c &gt; 30, $Label.Heavy, Of__r.Class__c)</formula></fields></CustomObject>"""
CLASS_FIELD = """<CustomField xmlns="http://soap.sforce.com/2006/04/metadata"><fullName>Class__c</fullName>
    <label>Class</label><type>Text</type><length>9</length></CustomField>"""
LABELS = """<CustomLabels xmlns="http://soap.sforce.com/2006/04/metadata"><labels><fullName>{0}</fullName><language>en_US</language>
    <protected>false</protected><shortDescription>{0}</shortDescription><value>{1}</value></labels></CustomLabels>"""
READS_THE_PACKAGE = """@IsTest private class MineTest { @IsTest static void one() {
    Account one = new Account(Name = 'A', ship__Class__c = 'light');
    insert one;
    insert new ship__Parcel__c(Name = 'P', ship__Weight__c = 31.0, ship__Of__c = one.Id, Class__c = 'own');
    Account read = [SELECT (SELECT ship__Heavy__c, Class__c FROM ship__Parcels__r) FROM Account];
    Assert.areEqual(Label.ship.Heavy + System.Label.Heavy, read.ship__Parcels__r[0].ship__Heavy__c + 'of mine');
    DescribeFieldResult described = ship__Parcel__c.ship__Weight__c.getDescribe();
    Assert.areEqual('ship__Weight__c ship__Weight__c', described.getName() + ' ' + described.getLocalName());
    Assert.areEqual('ship__Parcel__c', Schema.SObjectType.ship__Parcel__c.getLocalName());
} }"""


def test_a_managed_package_keeps_its_objects_fields_and_labels_under_its_namespace(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "base/objects/Parcel__c.object": PARCEL,
            "base/objects/Account/fields/Class__c.field-meta.xml": CLASS_FIELD,
            "base/labels/CustomLabels.labels": LABELS.format("Heavy", "too much"),
            "base/Base.cls": "global class Base {}",
            "mine/objects/ship__Parcel__c/fields/Class__c.field-meta.xml": CLASS_FIELD,
            "mine/labels/CustomLabels.labels": LABELS.format("Heavy", "of mine"),
            "mine/MineTest.cls": READS_THE_PACKAGE,
        },
    )
    options = ["test", str(tmp_path / "mine"), "--with", f"ship={tmp_path / 'base'}"]
    result = CliRunner().invoke(apex, options)
    assert (result.exit_code, result.output.splitlines()[:3]) == (
        0,
        ["ship: warning: 1 classes and triggers of the package are not loaded", "Outcome     Passed", "Tests Ran   1"],
    )


def test_a_namespace_that_no_package_has_is_no_part_of_a_name(tmp_path: Path) -> None:
    write(tmp_path, {"objects/ship__Parcel__c.object": PARCEL})
    told: list[str] = []
    prepare(read_project(tmp_path), tell=told.append)
    assert told[0].startswith("objects/ship__Parcel__c.object: The Object Name can only contain underscores")


@pytest.mark.parametrize(
    "namespace", ["http://soap.sforce.com/2006/04/metadata", "urn:metadata.tooling.soap.sforce.com"]
)
def test_a_class_is_checked_by_the_api_version_of_its_own_file(tmp_path: Path, namespace: str) -> None:
    body = "public virtual class Shape { abstract class A { abstract void a(); } }"
    meta = f'<ApexClass xmlns="{namespace}" fqn="Shape"><apiVersion>58.0</apiVersion></ApexClass>'
    write(tmp_path, {"Shape.cls": body, "Shape.cls-meta.xml": meta})
    assert read_project(tmp_path).versions == {"Shape": 58.0}


GRANTS = """<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"><label>P</label>{}</PermissionSet>"""
GRANT = "<fieldPermissions><editable>true</editable><field>{}</field><readable>true</readable></fieldPermissions>"


def test_grants_of_fields_that_the_standard_objects_lack_are_told(tmp_path: Path) -> None:
    fields = ("Account.Nope", "Account.Description", "Contact.Name", "Account.Absent", "Own__c.F__c")
    content = GRANTS.format("".join(map(GRANT.format, fields)))
    write(tmp_path, {"permissionsets/P.permissionset-meta.xml": content})
    project = read_project(tmp_path)
    assert project.left_out == [
        "P.permissionset-meta.xml: warning: not granted, since the twin's standard objects lack them:"
        " Account.Absent, Account.Nope"
    ]
    granted = project.files["permissionsets/P.permissionset"].decode()
    assert [name for name in fields if name in granted] == ["Account.Description", "Own__c.F__c"]
    told: list[str] = []
    prepare(project, tell=told.append)
    assert told[0] == project.left_out[0]


def test_the_tokens_of_a_cumulusci_project_are_filled_in_as_for_no_package(tmp_path: Path) -> None:
    field_file = "objects/___NAMESPACE___A__c/fields/F__c.field-meta.xml"
    files = {
        field_file: FIELD.format("F__c", "%%%NAMESPACE%%%x"),
        "X.cls": "public class X { /* %%%NAMESPACE_OR_C%%% */ }",
    }
    write(tmp_path, files)
    assert "objects/___NAMESPACE___A__c.object" in read_project(tmp_path).files
    write(tmp_path, {"cumulusci.yml": ""})
    project = read_project(tmp_path)
    assert b"<label>x</label>" in project.files["objects/A__c.object"]
    assert project.apex == {"X": "public class X { /* c */ }"}


def test_a_projects_own_namespace_means_nothing_here(tmp_path: Path) -> None:
    configuration = {"packageDirectories": [{"path": "src"}], "namespace": "mine"}
    source = "public class X { Mine.Y one; String two = 'mine__F__c'; String three = 'mine.'; Integer undermine; }"
    write(tmp_path, {"sfdx-project.json": json.dumps(configuration), "src/X.cls": source})
    found = read_project(tmp_path).apex["X"]
    assert found == "public class X { Y one; String two = 'F__c'; String three = 'mine.'; Integer undermine; }"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("class X { Y mine = new Y(); Z z = mine.size(); }", "class X { Y mine = new Y(); Z z = mine.size(); }"),
        ("class X { void x(Y mine) { mine__F__c f = mine.f; } }", "class X { void x(Y mine) { F__c f = mine.f; } }"),
        ("class X { String x = 'http://mine.example.org'; }", "class X { String x = 'http://mine.example.org'; }"),
    ],
)
def test_a_variable_or_an_address_of_the_namespaces_name_stays(tmp_path: Path, source: str, found: str) -> None:
    configuration = {"packageDirectories": [{"path": "src"}], "namespace": "mine"}
    write(tmp_path, {"sfdx-project.json": json.dumps(configuration), "src/X.cls": source})
    assert read_project(tmp_path).apex["X"] == found


def test_an_element_that_the_present_api_lacks_is_passed_over_and_told(tmp_path: Path) -> None:
    body = "<label>A</label><language>French</language><visibility>public</visibility>"
    write(tmp_path, {"objects/A__c.object": OBJECT.format(body)})
    project = read_project(tmp_path)
    text = "A__c.object: warning: passed over, the present Metadata API has no such element: language"
    assert project.left_out == [text]
    content = project.files["objects/A__c.object"].decode()
    assert ("French" in content, "<visibility>Public</visibility>" in content) == (False, True)


def test_a_group_of_permission_sets_reaches_the_org(tmp_path: Path) -> None:
    group = """<PermissionSetGroup xmlns="http://soap.sforce.com/2006/04/metadata"><label>G</label>
        <permissionSets>P</permissionSets></PermissionSetGroup>"""
    files = {
        "permissionsets/P.permissionset-meta.xml": GRANTS.format(""),
        "permissionsetgroups/G.permissionsetgroup-meta.xml": group,
    }
    write(tmp_path, files)
    engine = prepare(read_project(tmp_path))
    program = """PermissionSetGroupComponent c = [
            SELECT PermissionSet.Name, PermissionSetGroup.DeveloperName FROM PermissionSetGroupComponent];
        System.debug(c.PermissionSetGroup.DeveloperName + ' ' + c.PermissionSet.Name);"""
    assert engine.run_anonymous(program) == []
    assert engine.debug_log == ["G P"]


LINKED = """<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><label>{0}</label><pluralLabel>{0}s</pluralLabel>{1}
    <visibility>Public</visibility></CustomObject>"""
LINK = """<fields><fullName>To__c</fullName><label>To</label><type>MetadataRelationship</type><required>true</required>
    <referenceTo>{0}__mdt</referenceTo><relationshipLabel>L</relationshipLabel><relationshipName>{0}s</relationshipName></fields>"""
RECORD = """<CustomMetadata xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xmlns:xsd="http://www.w3.org/2001/XMLSchema"><label>X</label>{0}</CustomMetadata>"""
TO_ONE = '<values><field>To__c</field><value xsi:type="xsd:string">One</value></values>'


def test_records_of_custom_metadata_that_must_name_others_come_after_them(tmp_path: Path) -> None:
    chain = {"A": "B", "B": "C", "C": ""}
    files = {
        f"objects/{name}__mdt.object": LINKED.format(name, LINK.format(target) if target else "")
        for name, target in chain.items()
    }
    records = {f"customMetadata/{name}.One.md": RECORD.format(TO_ONE if chain[name] else "") for name in chain}
    write(tmp_path, {**files, **records})
    told: list[str] = []
    engine = prepare(read_project(tmp_path), tell=told.append)
    program = "System.debug([SELECT To__r.To__r.DeveloperName FROM A__mdt].To__r.To__r.DeveloperName);"
    assert (told, engine.run_anonymous(program), engine.debug_log) == ([], [], ["One"])


@pytest.mark.parametrize(
    ("files", "open_"),
    [
        (("src/package.xml",), True),
        (("package.xml",), True),
        (("package.xml", "sfdx-project.json"), False),
        ((), False),
    ],
)
def test_the_fields_of_what_was_retrieved_from_an_org_are_open_to_its_administrator(
    tmp_path: Path, files: tuple[str, ...], open_: bool
) -> None:
    write(tmp_path, {"src/X.cls": "public class X { }", **dict.fromkeys(files, "{}")})
    assert read_project(tmp_path).fields_open is open_


def test_rows_of_a_big_object_are_deleted_by_whom_cannot_edit_them(tmp_path: Path) -> None:
    rights = "".join(
        f"<{right}>{'true' if right in ('allowRead', 'allowCreate', 'allowDelete') else 'false'}</{right}>"
        for right in ("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords", "viewAllRecords")
    )
    granted = f"<label>P</label><objectPermissions>{rights}<object>Past__b</object></objectPermissions>"
    told: list[str] = []
    write(
        tmp_path,
        {
            "objects/Past__b.object": OBJECT.format(BIG_OBJECT),
            "permissionsets/P.permissionset": PERMISSION_SET.format(granted),
        },
    )
    prepare(read_project(tmp_path), tell=told.append)
    assert told == []


def test_an_app_is_read_and_a_lightning_application_of_aura_is_not(tmp_path: Path) -> None:
    write(
        tmp_path, dict.fromkeys(["applications/Ship.app-meta.xml", "aura/Old/Old.app", "aura/Old/Old.app-meta.xml"], "")
    )
    assert found(tmp_path, tmp_path) == ["applications/Ship.app-meta.xml"]


def test_all_that_the_kit_generates_deploys_before_its_tests_run() -> None:
    told: list[str] = []
    prepare(read_project(Path(__file__).resolve().parents[3] / "force-app"), tell=told.append)
    assert told == []
