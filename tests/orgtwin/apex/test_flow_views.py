"""FlowDefinitionView, FlowVersionView and FlowVariableView tell of the flows that were deployed."""

from __future__ import annotations

from pathlib import Path

from orgtwin.apex.project import read_project
from orgtwin.apex.projects import prepare

FLOW = """<Flow xmlns="http://soap.sforce.com/2006/04/metadata">
<apiVersion>60.0</apiVersion><description>Marks accounts</description><label>Mark</label>
<processType>AutoLaunchedFlow</processType><runInMode>SystemModeWithSharing</runInMode>
<recordUpdates><name>Set</name><label>Set</label><locationX>0</locationX><locationY>0</locationY>
<inputAssignments><field>Description</field><value><stringValue>x</stringValue></value></inputAssignments>
<inputReference>$Record</inputReference></recordUpdates>
<start><locationX>0</locationX><locationY>0</locationY><connector><targetReference>Set</targetReference></connector>
<object>Account</object><recordTriggerType>Create</recordTriggerType><triggerType>RecordBeforeSave</triggerType></start>
<status>Active</status><triggerOrder>3</triggerOrder>
<variables><name>marks</name><dataType>String</dataType><isCollection>true</isCollection><isInput>true</isInput><isOutput>false</isOutput></variables>
<variables><name>own</name><dataType>String</dataType><isCollection>false</isCollection><isInput>false</isInput><isOutput>false</isOutput></variables></Flow>"""
PROGRAM = """
FlowDefinitionView d = [
    SELECT DurableId, ApiName, IsActive, TriggerObjectOrEvent.QualifiedApiName, TriggerType, TriggerOrder, ActiveVersionId
    FROM FlowDefinitionView WHERE ApiName = 'Mark'
];
FlowVersionView v = [
    SELECT DurableId, RunInMode, Status, VersionNumber, ApiVersionRuntime FROM FlowVersionView
    WHERE FlowDefinitionViewId = :d.DurableId
];
System.debug(d.ApiName + ' ' + d.IsActive + ' ' + d.TriggerObjectOrEvent.QualifiedApiName + ' ' + d.TriggerType);
System.debug(d.TriggerOrder + ' ' + v.RunInMode + ' ' + v.Status + ' ' + v.VersionNumber + ' ' + v.ApiVersionRuntime);
System.debug(d.ActiveVersionId == v.DurableId);
for (FlowVariableView one : [SELECT ApiName, DataType, IsCollection, IsInput, IsOutput FROM FlowVariableView
                             WHERE FlowVersionViewId = :v.DurableId]) {
    System.debug(one.ApiName + ' ' + one.DataType + ' ' + one.IsCollection + one.IsInput + one.IsOutput);
}
"""


def test_a_deployed_flow_is_a_definition_and_its_version(tmp_path: Path) -> None:
    (tmp_path / "Mark.flow-meta.xml").write_text(FLOW, encoding="utf-8")
    told: list[str] = []
    engine = prepare(read_project(tmp_path), tell=told.append)
    assert (told, engine.run_anonymous(PROGRAM)) == ([], [])
    assert engine.debug_log == [
        "Mark true Account RecordBeforeSave",
        "3 SystemModeWithSharing Active 1 60",
        "true",
        "marks String truetruefalse",
    ]
