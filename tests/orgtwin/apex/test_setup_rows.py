"""List views, reports, e-mail templates, their folders and cache partitions of a project are records that queries find."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgtwin.apex.engine import Engine
from orgtwin.apex.project import read_project
from orgtwin.apex.projects import prepare

_XML = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
OBJECT = f"""<CustomObject {_XML}><label>Line</label><pluralLabel>Lines</pluralLabel><deploymentStatus>Deployed</deploymentStatus>
<sharingModel>ReadWrite</sharingModel><nameField><label>Name</label><type>Text</type></nameField></CustomObject>"""
FILES = {
    "objects/Line__c/Line__c.object-meta.xml": OBJECT,
    "objects/Line__c/listViews/All.listView-meta.xml": f"""<ListView {_XML}><fullName>All</fullName><columns>NAME</columns>
<filterScope>Everything</filterScope><label>All Lines</label></ListView>""",
    "reports/Clm.reportFolder-meta.xml": f"""<ReportFolder {_XML}><accessType>Public</accessType><name>CLM</name>
<publicFolderAccess>ReadOnly</publicFolderAccess></ReportFolder>""",
    "reports/Clm/Accounts.report-meta.xml": f"""<Report {_XML}><columns><field>ACCOUNT.NAME</field></columns>
<format>Summary</format><name>All accounts</name><reportType>AccountList</reportType></Report>""",
    "email/Clm.emailFolder-meta.xml": f"""<EmailFolder {_XML}><accessType>Public</accessType><name>CLM mails</name>
<publicFolderAccess>ReadOnly</publicFolderAccess></EmailFolder>""",
    "email/Clm/Hello.email": "Dear {!Contact.Name}",
    "email/Clm/Hello.email-meta.xml": f"""<EmailTemplate {_XML}><available>true</available><encodingKey>UTF-8</encodingKey>
<name>Hello</name><style>none</style><subject>Hi</subject><type>text</type><uiType>Aloha</uiType></EmailTemplate>""",
    "cachePartitions/Main.cachePartition-meta.xml": f"""<PlatformCachePartition {_XML}>
<isDefaultPartition>true</isDefaultPartition><masterLabel>Main</masterLabel></PlatformCachePartition>""",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder: Path = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    told: list[str] = []
    engine = prepare(read_project(folder), tell=told.append)
    assert told == []
    return engine


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("SELECT Name FROM ListView WHERE SobjectType = 'Line__c' AND DeveloperName = 'All'", "All Lines"),
        (
            "SELECT Name FROM Report WHERE DeveloperName = 'Accounts' AND Format = 'Summary' AND FolderName = 'CLM'",
            "All accounts",
        ),
        ("SELECT Name FROM Folder WHERE DeveloperName = 'Clm' AND Type = 'Report' AND IsReadonly = true", "CLM"),
        (
            "SELECT Name FROM EmailTemplate WHERE Subject = 'Hi' AND Folder.Name = 'CLM mails' AND IsActive = true",
            "Hello",
        ),
    ],
)
def test_a_component_is_a_row(engine: Engine, query: str, shown: str) -> None:
    engine.debug_log.clear()
    assert engine.run_anonymous(f"System.debug([{query}].Name);") == []
    assert engine.debug_log == [shown]


def test_a_report_is_owned_by_its_folder_and_a_partition_has_its_label(engine: Engine) -> None:
    engine.debug_log.clear()
    program = """System.debug([SELECT Owner.Name FROM Report].Owner.Name);
    System.debug([SELECT MasterLabel FROM PlatformCachePartition WHERE IsDefaultPartition = true].MasterLabel);
    System.debug([SELECT Body FROM EmailTemplate].Body);"""
    assert engine.run_anonymous(program) == []
    assert engine.debug_log == ["CLM", "Main", "Dear {!Contact.Name}"]


def test_a_file_is_linked_to_a_record_of_a_custom_object(engine: Engine) -> None:
    """Source: "ContentDocumentLink" (Object Reference)."""
    engine.debug_log.clear()
    program = """Line__c line = new Line__c(Name = 'a'); insert line;
    ContentVersion v = new ContentVersion(Title = 't', PathOnClient = 't.txt', VersionData = Blob.valueOf('x')); insert v;
    Id documentId = [SELECT ContentDocumentId FROM ContentVersion WHERE Id = :v.Id].ContentDocumentId;
    insert new ContentDocumentLink(LinkedEntityId = line.Id, ContentDocumentId = documentId, ShareType = 'V');
    System.debug([SELECT Id, (SELECT Id FROM ContentDocumentLinks) FROM Line__c].ContentDocumentLinks.size());"""
    assert engine.run_anonymous(program) == []
    assert engine.debug_log == ["1"]
