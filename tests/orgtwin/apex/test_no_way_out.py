"""Names, texts and addresses that would lead out of the org in Python, in a file system or in a network lead nowhere in Apex."""

from __future__ import annotations

import pytest
from tests.orgtwin.apex.test_cases import run_program

from orgtwin.apex.callouts import Outgoing, call_out
from orgtwin.metadata.credentials import CalloutRefused

CAUGHT = "try {{ {} }} catch (Exception e) {{ System.debug(e.getMessage()); }}"
ENTITY = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>[&x;]</a>'
NOWHERE = {
    "types by names of Python": (
        "List<Object> r = new List<Object>(); for (String n : new List<String>{ '__init__', 'builtins.open', '../os',"
        " 'orgtwin.apex.engine', 'System.__class__', 'List<os>', 'Database.__dict__' }) { r.add(Type.forName(n)); }"
        " r.add(Type.forName('os', 'system')); System.debug(r);",
        "(null, null, null, null, null, null, null, null)",
    ),
    "JSON that names classes": (
        'System.debug(JSON.deserializeUntyped(\'{"py/object": "os.system", "__reduce__": [1]}\'));',
        "{py/object=os.system, __reduce__=(1)}",
    ),
    "JSON that names attributes": (
        "Object o = JSON.deserialize('{\"__dict__\": {}}', Account.class); System.debug(o);",
        "No such column '__dict__' on sobject of type Account",
    ),
    "a format of attributes": (
        "System.debug(String.format('{0.__class__}', new List<Object>{ 'a' }));",
        "can't parse argument number: 0.__class__",
    ),
    "a format of C": ("System.debug(String.format('{0} %s %(x)s', new List<Object>{ 'a' }));", "a %s %(x)s"),
    "a format of dates": (
        "System.debug(Datetime.newInstance(0).formatGmt('\\'%s {0.__class__}\\''));",
        "%s {0.__class__}",
    ),
    "a replacement of Python": ("System.debug('a'.replaceAll('a', '\\\\g<0>'));", "g<0>"),
    "a field of a row": ("new Account().put('__class__', 'x');", "Invalid field __class__ for Account"),
    "a bind": (
        "System.debug(Database.query('SELECT Id FROM Account WHERE Name = :__import__'));",
        "Variable does not exist: __import__",
    ),
    "a label": ("System.debug(System.Label.get('', '../../x', 'en'));", "Label does not exist: ../../x"),
    "a static resource": (
        "Blob b = PageReference.forResource('../../../etc/hostname').getContent();",
        "Static Resource named ../../../etc/hostname does not exist. Check spelling.",
    ),
    "test data": (
        "Test.loadData(Account.SObjectType, '../../../etc/hostname');",
        "Static Resource not found: ../../../etc/hostname",
    ),
    "a script": ("Object o = DataWeave.Script.createScript('../../x');", "DataWeave script not found: ../../x"),
    "a flow": (
        "Flow.Interview.createInterview('../../x', new Map<String, Object>());",
        "Invalid type: Flow.Interview.../../x",
    ),
    "an entry of an archive, which is a name": (
        "Compression.ZipWriter w = new Compression.ZipWriter(); w.addEntry('../../x', Blob.valueOf('y'));"
        " System.debug(new Compression.ZipReader(w.getArchive()).extract('../../x').toString());",
        "y",
    ),
    "an entity of a document": (
        f"Dom.Document d = new Dom.Document(); d.load('{ENTITY}'); System.debug(d.getRootElement().getText());",
        "Invalid argument: Document.load",
    ),
    "a grammar of a document": (
        "Dom.Document d = new Dom.Document(); d.load('<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x.dtd\"><a/>');"
        " System.debug(d.getRootElement().getName());",
        "a",
    ),
}


@pytest.mark.parametrize(("program", "told"), NOWHERE.values(), ids=NOWHERE.keys())
def test_what_would_lead_out_leads_nowhere(program: str, told: str) -> None:
    assert run_program(CAUGHT.format(program)).strip() == told


ELSEWHERE = (
    "http://192.0.2.1/",
    "http://169.254.169.254/latest",
    "http://localhost.example/",
    "http://127.0.0.1.example/",
    "http://127.0.0.1@192.0.2.1/",
    "http://192.0.2.1#127.0.0.1",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://[::ffff:192.0.2.1]/",
    "http://[2001:db8::1]/",
    "file:///etc/hostname",
    "http:///x",
)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_an_address_that_is_not_plainly_this_machine_is_refused(address: str) -> None:
    with pytest.raises(CalloutRefused, match="Unauthorized endpoint"):
        call_out(Outgoing("GET", address, {}, None, 1), 10)
