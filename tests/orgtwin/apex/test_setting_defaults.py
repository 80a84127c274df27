"""A hierarchy custom setting for which no data is defined gives the defaults of its fields."""

from __future__ import annotations

from pathlib import Path

from orgtwin.apex.project import read_project
from orgtwin.apex.projects import prepare

SETTING = """<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><customSettingsType>Hierarchy</customSettingsType>
<label>Limits</label><visibility>Public</visibility>
<fields><fullName>Level__c</fullName><label>Level</label><type>Text</type><length>20</length><defaultValue>"FINE"</defaultValue></fields>
<fields><fullName>Day__c</fullName><label>Day</label><type>Date</type><defaultValue>DATEVALUE("no day")</defaultValue></fields>
</CustomObject>"""
PROGRAM = """
System.debug(Limits__c.getOrgDefaults().Level__c + ' ' + Limits__c.getInstance().Level__c + ' ' + Limits__c.getOrgDefaults().Id);
insert new Limits__c(SetupOwnerId = UserInfo.getOrganizationId(), Level__c = 'ERROR');
System.debug(Limits__c.getInstance().Level__c);
System.debug(Limits__c.getInstance().Day__c + ' ' + Limits__c.getValues(UserInfo.getUserId()));
"""


def test_without_data_a_setting_has_the_defaults_of_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "objects" / "Limits__c" / "Limits__c.object-meta.xml"
    path.parent.mkdir(parents=True)
    path.write_text(SETTING, encoding="utf-8")
    told: list[str] = []
    engine = prepare(read_project(tmp_path), tell=told.append)
    assert (told, engine.run_anonymous(PROGRAM)) == ([], [])
    assert engine.debug_log == ["FINE FINE null", "ERROR", "null null"]


def test_code_of_before_api_22_is_given_null_where_a_setting_has_no_data(tmp_path: Path) -> None:
    meta = '<ApexClass xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>{}</apiVersion></ApexClass>'
    for name, version in (("Old", "21.0"), ("Late", "22.0")):
        source = (
            f"public class {name} {{ public static Boolean isNull() {{ return Limits__c.getOrgDefaults() == null; }} }}"
        )
        (tmp_path / f"{name}.cls").write_text(source, encoding="utf-8")
        (tmp_path / f"{name}.cls-meta.xml").write_text(meta.format(version), encoding="utf-8")
    (tmp_path / "Limits__c.object").write_text(SETTING, encoding="utf-8")
    engine = prepare(read_project(tmp_path))
    assert engine.run_anonymous("System.debug(Old.isNull() + ' ' + Late.isNull());") == []
    assert engine.debug_log == ["true false"]
