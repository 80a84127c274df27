"""A record-triggered flow calls invocable Apex once a save; what that throws takes the fault path or refuses the records."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgtwin.apex.engine import Engine
from orgtwin.apex.project import read_project
from orgtwin.apex.projects import prepare

FLOW = """<Flow xmlns="http://soap.sforce.com/2006/04/metadata"><actionCalls>
<name>Rate</name><label>Rate</label><locationX>0</locationX><locationY>0</locationY>
<actionName>Rating</actionName><actionType>apex</actionType>
<connector><targetReference>Keep</targetReference></connector>{fault}
<inputParameters><name>account</name><value><elementReference>$Record</elementReference></value></inputParameters>
<inputParameters><name>staff</name><value><elementReference>$Record.NumberOfEmployees</elementReference></value></inputParameters>
<storeOutputAutomatically>true</storeOutputAutomatically></actionCalls><apiVersion>66.0</apiVersion><label>Rating</label>
<processType>AutoLaunchedFlow</processType><recordUpdates><name>Explain</name><label>Explain</label><locationX>0</locationX>
<locationY>0</locationY><inputAssignments><field>Description</field><value><elementReference>$Flow.FaultMessage</elementReference>
</value></inputAssignments><inputReference>$Record</inputReference></recordUpdates><recordUpdates><name>Keep</name>
<label>Keep</label><locationX>0</locationX><locationY>0</locationY><inputAssignments><field>Rating</field>
<value><elementReference>Rate.rating</elementReference></value></inputAssignments>
<inputReference>$Record</inputReference></recordUpdates>
<start><locationX>0</locationX><locationY>0</locationY><connector><targetReference>Rate</targetReference></connector>
<object>Account</object><recordTriggerType>Create</recordTriggerType><triggerType>RecordAfterSave</triggerType></start>
<status>Active</status></Flow>"""
FAULT = "<faultConnector><targetReference>Explain</targetReference></faultConnector>"
RATING = """public class Rating {
    public class Request { @InvocableVariable public Account account; @InvocableVariable(required=true) public Integer staff; }
    public class Result { @InvocableVariable public String rating; public String kept { get; set; } }
    @InvocableMethod public static List<Result> rate(List<Request> requests) {
        System.debug('asked for ' + requests.size());
        List<Result> results = new List<Result>();
        for (Request request : requests) {
            if (request.staff == null) { throw new IllegalArgumentException(request.account.Name + ' has no staff'); }
            Result one = new Result();
            one.rating = request.staff > 100 ? 'Hot' : 'Cold';
            results.add(one);
        }
        return results;
    }
}"""


def org_with(folder: Path, fault: str = "") -> Engine:
    (folder / "Rating.flow-meta.xml").write_text(FLOW.format(fault=fault), encoding="utf-8")
    (folder / "Rating.cls").write_text(RATING, encoding="utf-8")
    told: list[str] = []
    engine = prepare(read_project(folder), tell=told.append)
    assert told == []
    return engine


def test_a_flow_gives_apex_the_records_of_a_save_together_and_takes_back_its_outputs(tmp_path: Path) -> None:
    engine = org_with(tmp_path)
    program = """insert new List<Account>{
        new Account(Name = 'Big', NumberOfEmployees = 200), new Account(Name = 'Small', NumberOfEmployees = 2) };
    for (Account a : [SELECT Name, Rating FROM Account ORDER BY Name]) { System.debug(a.Name + ' ' + a.Rating); }"""
    assert engine.run_anonymous(program) == []
    assert engine.debug_log == ["asked for 2", "Big Hot", "Small Cold"]


CASES = (
    (
        "",
        "CANNOT_EXECUTE_FLOW_TRIGGER We can't save this record because the “Rating” process failed. Give your Salesforce admin"
        " these details. An Apex error occurred: System.IllegalArgumentException: Empty has no staff",
    ),
    (FAULT, "An Apex error occurred: System.IllegalArgumentException: Empty has no staff"),
)


@pytest.mark.parametrize(("fault", "shown"), CASES, ids=["no fault path", "a fault path"])
def test_what_apex_throws_refuses_the_record_or_takes_the_fault_path(tmp_path: Path, fault: str, shown: str) -> None:
    engine = org_with(tmp_path, fault)
    program = """Database.SaveResult r = Database.insert(new Account(Name = 'Empty'), false);
    System.debug(r.isSuccess() ? [SELECT Description FROM Account].Description
        : r.getErrors()[0].getStatusCode() + ' ' + r.getErrors()[0].getMessage());"""
    assert engine.run_anonymous(program) == []
    assert engine.debug_log[-1] == shown


def test_an_orchestration_begins_after_the_commit_which_a_test_has_not(tmp_path: Path) -> None:
    (tmp_path / "Rating.cls").write_text(RATING, encoding="utf-8")
    flow = FLOW.format(fault="").replace("AutoLaunchedFlow", "Orchestrator")
    (tmp_path / "Rating.flow-meta.xml").write_text(flow, encoding="utf-8")
    engine = prepare(read_project(tmp_path))
    assert (
        engine.run_anonymous("insert new Account(Name = 'A'); System.debug([SELECT Rating FROM Account].Rating);") == []
    )
    assert engine.debug_log == ["null"]
