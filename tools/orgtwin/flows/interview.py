"""One run of a flow: for one record, or launched with inputs.

Source: "Flow Elements", "Considerations for Record-Triggered Flows" (Salesforce Help). Formulas are those of the formula engine
over the record that started the flow, or over the flow's resources: formulas.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from orgtwin.errors import SaveResult, Unsupported
from orgtwin.flows.conditions import SOQL_OPERATORS, FlowRecord, Item, assigned, compare, logic_of, soql_logic
from orgtwin.flows.definition import Flow, outputs_of, target_of
from orgtwin.flows.formulas import evaluate
from orgtwin.flows.telling import Told
from orgtwin.formula.types import FormulaType
from orgtwin.ids import find_id18
from orgtwin.metadata.xml import Node
from orgtwin.org import Org
from orgtwin.records.coerce import compile_coercer
from orgtwin.records.model import AccessLevel, Caller, Row, Value
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import FieldType, SObjectType
from orgtwin.soql import execute
from orgtwin.soql.catalog import VirtualTables

MOST_ELEMENTS = (
    2_000  # executed elements an interview; the org's limit before API 57, kept here against loops without end
)
_MERGE = re.compile(r"\{!([^}]+)\}")
_PRIOR = re.compile(r"\{!\$Record__Prior\.([\w.]+)\}")
_GLOBAL = re.compile(r"\{!(\$(?!Record\b|Record__Prior\b|Flow\b)\w+[.\w]*)\}")
_OWN = re.compile(r"\{!\$Record\.([\w.]+)\}")
_BARE = re.compile(r"(?<!\{!)(\$Record(?:__Prior)?\.[\w.]+)")
"""A field of the record without the braces that the builder puts around it, as flows that orgs run have them too."""


class Fault(Exception):
    """An element failed: str() is what the platform tells."""


class Refused(Exception):
    """A Custom Error element: (field or None, message)."""

    def __init__(self, name: str | None, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


@dataclass(frozen=True, slots=True)
class Started:
    """The record that started a flow: `content` is the row on its way, which before-save flows change in place; `before` is what
    it was."""

    table: RecordTable
    content: Row
    before: Row | None


Launch = Callable[[Caller, str, Mapping[str, Item]], "Interview"]
"""Runs a flow by name, with values for its variables, to its end. Raises Fault, Refused."""


class Interview:
    """Of a flow that a record started, or of one that was launched with values for its input variables.

    A platform event, which is stored nowhere, is given as the input `$Record`.
    """

    def __init__(
        self,
        org: Org,
        flow: Flow,
        caller: Caller,
        started: Started | None,
        inputs: Mapping[str, Item] | None = None,
        *,
        computed: VirtualTables,
        launch: Launch,
    ) -> None:
        """`computed` are the objects beside the schema's that a Get Records element finds; `launch` runs subflows."""
        self._org = org
        self._launch = launch
        self._computed = computed
        self._flow = flow
        self._caller = Caller(caller.user_id, AccessLevel.SYSTEM_MODE)
        self._started = started
        self._variables: dict[str, Item] = dict(inputs or {})
        self._loops: dict[str, list[FlowRecord]] = {}
        self._steps = 0
        self._fault_message = ""
        self.told: Told | None = None  # who hears what it does
        self.sent: list[dict[str, object]] = []

    @property
    def _record(self) -> Started:
        if self._started is None:
            raise Fault("no record started this flow")
        return self._started

    # ---- entry

    def is_wanted(self) -> bool:
        """Whether the entry conditions let this record in."""
        if not self.meets_conditions():
            return False
        if self._flow.only_on_change and self._record.before is not None:
            return not self._meets(self._record.before, None)
        return True

    def meets_conditions(self) -> bool:
        """Whether the record as it is now meets them, wherever it came from."""
        if self._started is None:
            return self._event_meets()
        return self._meets(self._record.content, self._record.before)

    def _meets(self, content: Row, before: Row | None) -> bool:
        start = self._flow.start
        formula = start.value("filterFormula")
        if formula:
            return self._formula(formula, content, before) is True
        tests = [self._filter(node, content, before) for node in start.all("filters")]
        return logic_of(start.value("filterLogic") or "and", tests)

    def _event_meets(self) -> bool:
        start = self._flow.start
        formula = start.value("filterFormula")
        if formula:
            return self._resource_formula(formula, FormulaType.BOOLEAN) is True
        tests = [
            compare(
                node.value("operator") or "",
                self._read(f"$Record.{node.value('field')}"),
                self._value(node.find("value")),
                None,
                is_new=True,
            )
            for node in start.all("filters")
        ]
        return logic_of(start.value("filterLogic") or "and", tests)

    def _filter(self, node: Node, content: Row, before: Row | None) -> bool:
        read = self._record.table.reader(node.value("field") or "")
        left, right = read(content), self._value(node.find("value"))
        prior = None if before is None else read(before)
        return compare(node.value("operator") or "", left, right, prior, is_new=before is None)

    # ---- elements

    def run(self, target: str | None) -> Node | None:
        """From one element to the next until there is none, or an Apex action: it waits there for the other records of the save."""
        while target is not None:
            self._steps += 1
            if self._steps > MOST_ELEMENTS:
                raise Fault("the number of executed elements exceeds 2,000")
            kind, node = self._flow.elements[target]
            if kind == "actionCalls" and node.value("actionType") == "apex":
                return node
            try:
                with nullcontext() if self.told is None else self.told.element(kind, node):
                    target = _RUN[kind](self, node)
            except Fault as fault:
                target = self.fail(node, fault)
        return None

    def fail(self, node: Node, fault: Fault) -> str:
        """Where the fault path of an element leads. Raises the fault where there is none."""
        target = target_of(node, "faultConnector")
        if self.told is not None:
            self.told.fault(node.tag, node, str(fault), is_caught=target is not None)
        if target is None:
            raise fault
        self._fault_message = str(fault)
        return target

    def inputs_of(self, node: Node) -> dict[str, Item]:
        """What an action is given, by name."""
        return {p.value("name") or "": self._value(p.find("value")) for p in node.all("inputParameters")}

    def take_outputs(self, node: Node, outputs: Mapping[str, Item]) -> str | None:
        """Keep what an action gave back; the next element."""
        for parameter in node.all("outputParameters"):
            self._set(parameter.value("assignToReference") or "", outputs.get(parameter.value("name") or ""))
        if node.flag("storeOutputAutomatically"):
            whole = FlowRecord("", dict(outputs))  # type: ignore[arg-type]  # lists of records among them
            self._variables[node.value("name") or ""] = outputs["output"] if set(outputs) == {"output"} else whole
        return target_of(node)

    def run_subflow(self, node: Node) -> str | None:
        """Run another flow to its end; it is given copies. Source: "Flow Element: Subflow" (Salesforce Help)."""
        given = {n.value("name") or "": _copy(self._value(n.find("value"))) for n in node.all("inputAssignments")}
        done = self._launch(self._caller, node.value("flowName") or "", given)
        for output in node.all("outputAssignments"):
            self._set(output.value("assignToReference") or "", done.reference(output.value("name") or ""))
        if node.flag("storeOutputAutomatically"):
            outputs = {name: done.reference(name) for name in outputs_of(done.flow)}
            self._variables[node.value("name") or ""] = FlowRecord("", outputs)  # type: ignore[arg-type]  # records among them
        return target_of(node)

    @property
    def flow(self) -> Flow:
        return self._flow

    def assign(self, node: Node) -> str | None:
        for item in node.all("assignmentItems"):
            name, operator = item.value("assignToReference") or "", item.value("operator") or "Assign"
            given = self._value(item.find("value"))
            if self.told is not None:
                self.told.assignment(name, operator, given)
            self._set(name, assigned(operator, self._read(name) if operator != "Assign" else None, given))
        return target_of(node)

    def decide(self, node: Node) -> str | None:
        for rule in node.all("rules"):
            tests = [self._condition(c) for c in rule.all("conditions")]
            is_met = logic_of(rule.value("conditionLogic") or "and", tests)
            if self.told is not None:
                self.told.rule(rule.value("name") or "", is_met)
            if is_met:
                return target_of(rule)
        return target_of(node, "defaultConnector")

    def _condition(self, node: Node) -> bool:
        name = node.value("leftValueReference") or ""
        prior = self._read(name.replace("$Record.", "$Record__Prior.", 1)) if name.startswith("$Record.") else None
        right = self._value(node.find("rightValue"))
        return compare(
            node.value("operator") or "",
            self._read(name),
            right,
            prior,
            is_new=self._started is None or self._started.before is None,
        )

    def look_up(self, node: Node) -> str | None:
        assigned_fields = {
            n.value("field") or "": n.value("assignToReference") or "" for n in node.all("outputAssignments")
        }
        found = self._query(node, [*node.values("queriedFields"), *assigned_fields])
        first_only = node.flag("getFirstRecordOnly", True)
        whole: Item = (found[0] if found else None) if first_only else list(found)
        self._variables[node.value("name") or ""] = whole
        if self.told is not None:
            self.told.value(node.value("name") or "", whole)
        if found or node.flag("assignNullValuesIfNoRecordsFound"):
            if node.value("outputReference"):
                self._set(node.value("outputReference") or "", whole)
            for name, reference in assigned_fields.items():
                self._set(reference, found[0].get(name) if found else None)
        return target_of(node)

    def _query(self, node: Node, fields: list[str]) -> list[FlowRecord]:
        name = node.value("object") or ""
        described = self._org.schema.find_type(name) or self._find_computed(name)
        if described is None:
            raise Fault(f"the object {name} does not exist")
        stored = [f.api_name for f in described.fields if f.type not in (FieldType.ADDRESS, FieldType.LOCATION)]
        wanted = sorted({"Id", *(fields or stored)})
        binds: dict[str, object] = {}
        conditions = [self._soql_condition(f, binds) for f in node.all("filters")]
        text = f"SELECT {', '.join(wanted)} FROM {described.api_name}"  # noqa: S608  (names of the schema; values are binds)
        if conditions:
            text += " WHERE " + soql_logic(node.value("filterLogic") or "and", conditions)
        if node.value("sortField"):
            text += f" ORDER BY {node.value('sortField')} {'DESC' if node.value('sortOrder') == 'Desc' else 'ASC'}"
        if node.flag("getFirstRecordOnly", node.tag == "recordLookups"):
            text += " LIMIT 1"
        rows = execute(self._org, self._caller, text, binds, virtual=self._computed).rows
        return [FlowRecord(described.api_name, {n: row.values.get(n) for n in wanted}) for row in rows]  # type: ignore[misc]

    def _find_computed(self, name: str) -> SObjectType | None:
        found = self._computed.find(name)
        return found.sobject_type if found is not None else None

    def _soql_condition(self, node: Node, binds: dict[str, object]) -> str:
        operator, value = node.value("operator") or "", self._value(node.find("value"))
        name = f"v{len(binds)}"
        if operator == "IsNull":
            return f"{node.value('field')} {'=' if value is True else '!='} null"
        if operator not in SOQL_OPERATORS:
            raise Unsupported("flow.operator", f"the flow operator {operator}")
        symbol, pattern = SOQL_OPERATORS[operator]
        binds[name] = value if pattern is None else pattern.format(value)
        return f"{node.value('field')} {symbol} :{name}"

    def update(self, node: Node) -> str | None:
        reference = node.value("inputReference")
        values = self._inputs(node)
        if reference == "$Record" and self._flow.before_save:
            for name, value in values.items():
                self._set(f"$Record.{name}", value)
        elif reference == "$Record":
            self._save("update", [{"Id": self._record.content[0], **_wire(values)}], self._record.table.type.api_name)
        elif reference is not None:
            for record in self._records(reference):
                self._save("update", [_wire({**record.values, **values})], record.sobject_type)
        else:
            for record in self._query(node, ["Id"]):
                self._save("update", [{"Id": record.get("Id"), **_wire(values)}], record.sobject_type)
        return target_of(node)

    def create(self, node: Node) -> str | None:
        reference = node.value("inputReference")
        if reference is None:
            results = self._save("insert", [_wire(self._inputs(node))], node.value("object") or "")
            made: Item = results[0].record_id
            if node.value("assignRecordIdToReference"):
                self._set(node.value("assignRecordIdToReference") or "", made)
            self._variables[node.value("name") or ""] = made
            return target_of(node)
        for record in self._records(reference):
            record.values["Id"] = self._save("insert", [_wire(record.values)], record.sobject_type)[0].record_id
        return target_of(node)

    def delete(self, node: Node) -> str | None:
        reference = node.value("inputReference")
        if reference == "$Record":
            ids = [str(self._record.content[0])]
        else:
            records = self._records(reference) if reference is not None else self._query(node, ["Id"])
            ids = [str(record.get("Id")) for record in records]
        _require(self._org.dml.delete(self._caller, ids, all_or_none=True), "delete")
        return target_of(node)

    def loop(self, node: Node) -> str | None:
        name = node.value("name") or ""
        if name not in self._loops:
            self._loops[name] = list(self._records(node.value("collectionReference") or ""))
            if node.value("iterationOrder") == "Desc":
                self._loops[name].reverse()
        if not self._loops[name]:
            del self._loops[name]
            return target_of(node, "noMoreValuesConnector")
        self._variables[name] = self._loops[name].pop(0)
        return target_of(node, "nextValueConnector")

    def refuse(self, node: Node) -> str | None:
        message = next(node.all("customErrorMessages"))
        name = message.value("fieldSelection") if message.flag("isFieldError") else None
        raise Refused(name, self._merge(message.value("errorMessage") or ""))

    def act(self, node: Node) -> str | None:
        """Send Email and notifications go to the outbox, Post to Chatter makes a feed item; others but Apex are refused by name."""
        kind = node.value("actionType")
        if kind == "chatterPost":
            return self._post(node)
        if kind == "customNotificationAction":
            return self._notify(node)
        if kind != "emailSimple":
            raise Unsupported("flow.action", f"the flow action {kind} {node.value('actionName')}")
        self.sent.append({name: str(value) for name, value in self.inputs_of(node).items() if value is not None})
        return target_of(node)

    def _notify(self, node: Node) -> str | None:
        """Source: "Custom Notification Actions" (Actions Developer Guide). It says nothing of inputs that are missing."""
        inputs = self.inputs_of(node)
        missing = [name for name in ("customNotifTypeId", "recipientIds", "body") if not inputs.get(name)]
        if missing:
            raise Unsupported("flow.action", f"the flow action customNotificationAction without {', '.join(missing)}")
        shown = {
            name: [str(v) for v in value] if isinstance(value, list) else str(value)
            for name, value in inputs.items()
            if value
        }
        self.sent.append({"kind": "notification", **shown})
        return target_of(node)

    def _post(self, node: Node) -> str | None:
        """Source: "Post to Chatter Actions" (Actions Developer Guide). ASSUMED: mentions and topics stay in the text."""
        inputs = self.inputs_of(node)
        subject = str(inputs.get("subjectNameOrId") or "")
        if find_id18(subject) is None:
            raise Unsupported("flow.action", f"the flow action chatterPost to {subject!r}, which is no id")
        row: dict[str, object] = {"ParentId": subject, "Body": inputs.get("text")}
        posted = self._save("insert", [row], "FeedItem")[0]
        return self.take_outputs(node, {"feedItemId": posted.record_id})

    def _save(self, verb: str, rows: list[dict[str, object]], sobject_type: str) -> list[SaveResult]:
        write = {"insert": self._org.dml.insert, "update": self._org.dml.update}[verb]
        return _require(
            write(self._caller, sobject_type, rows, all_or_none=True), "create" if verb == "insert" else verb
        )

    # ---- values

    def _inputs(self, node: Node) -> dict[str, Item]:
        return {n.value("field") or "": self._value(n.find("value")) for n in node.all("inputAssignments")}

    def _records(self, reference: str) -> list[FlowRecord]:
        found = self._read(reference)
        if isinstance(found, FlowRecord):
            return [found]
        return [record for record in found if isinstance(record, FlowRecord)] if isinstance(found, list) else []

    def _value(self, node: Node | None) -> Item:
        """A value as the file writes it: of a type, or a reference."""
        child = node.children[0] if node is not None and node.children else None
        if child is None:
            return None
        return _READ[child.tag](self, child.text)

    def merge(self, text: str) -> str:
        return self._merge(text)

    def reference(self, name: str) -> Item:
        return self._read(name)

    def _merge(self, text: str) -> str:
        return _MERGE.sub(lambda m: _shown(self._read(m[1])), text)

    def _read(self, name: str) -> Item:
        first, _, rest = name.partition(".")
        if first in ("$Record", "$Record__Prior"):
            if self._started is None:
                event = self._variables.get(first)
                return event.get(rest) if isinstance(event, FlowRecord) and rest else event
            row = self._started.content if first == "$Record" else self._started.before
            if row is None:
                return None
            return self._path(row, rest) if rest else self._whole(row)
        if first == "$Flow":
            now = self._org.now
            known: dict[str, Item] = {
                "CurrentDate": now.date(),
                "CurrentDateTime": now,
                "FaultMessage": self._fault_message,
            }
            return known.get(rest)
        if first == "$User":
            table = self._org.table("User")
            user = table.get(self._caller.user_id)
            return None if user is None else table.reader(rest)(user)
        if first.startswith("$"):
            raise Unsupported("flow.global-variable", f"{name} in a flow")
        return self._resource(name, first, rest)

    def _resource(self, name: str, first: str, rest: str) -> Item:
        if first in self._variables:
            found = self._variables[first]
            return found.get(rest) if isinstance(found, FlowRecord) and rest else found
        kind, node = self._flow.resources.get(first, ("", None))
        if node is None:
            if first in self._flow.elements:
                return None
            raise Fault(f"the flow has no resource {name}")
        if kind == "formulas":
            returns = _FORMULA_TYPES.get(node.value("dataType") or "", FormulaType.TEXT)
            return self._resource_formula(node.value("expression") or "", returns)
        if kind == "textTemplates":
            return self._merge(node.value("text") or "")
        if node.flag("isCollection"):
            return []
        if node.value("dataType") == "SObject" and kind == "variables":
            made = self._variables[first] = FlowRecord(node.value("objectType") or "")
            return made.get(rest) if rest else made
        return self._value(node.find("value"))

    def _set(self, name: str, value: Item) -> None:
        if self.told is not None:
            self.told.value(name, value)
        first, _, rest = name.partition(".")
        if first == "$Record":
            described = self._record.table.type.find_field(rest)
            if described is None or not self._flow.before_save:
                raise Fault(f"the field {rest} cannot be set here")
            wire = _wire_value(value)
            typed = None if wire is None else compile_coercer(described, text=False)(wire)
            self._record.table.write(self._record.content, described.api_name, typed)
            return
        if not rest:
            self._variables[first] = value
            return
        record = self._read(first)
        if not isinstance(record, FlowRecord) or isinstance(value, (FlowRecord, list)):
            raise Fault(f"{name} cannot be set")
        record.values[rest] = value

    def _path(self, row: Row, path: str) -> Value:
        table, parts = self._record.table, path.split(".")
        for relationship in parts[:-1]:
            reference = table.type.find_relationship(relationship)
            if reference is None:
                raise Fault(f"there is no relationship {relationship}")
            parent_id = table.reader(reference.api_name)(row)
            table = self._org.table(reference.reference_to[0])
            parent = table.get(str(parent_id)) if parent_id else None
            if parent is None:
                return None
            row = parent
        return table.reader(parts[-1])(row)

    def _whole(self, row: Row) -> FlowRecord:
        fields = [
            f.api_name for f in self._record.table.type.fields if f.type not in (FieldType.ADDRESS, FieldType.LOCATION)
        ]
        return FlowRecord(
            self._record.table.type.api_name, {name: self._record.table.reader(name)(row) for name in fields}
        )

    def _resource_formula(self, text: str, returns: FormulaType) -> Value:
        """Over the record alone, or over whatever the flow has."""
        text = _BARE.sub(r"{!\1}", text)
        if self._started is not None and not _MERGE.search(_GLOBAL.sub("", _OWN.sub("", _PRIOR.sub("", text)))):
            return self._formula(text, self._started.content, self._started.before, returns)
        self._org.running_user_id = self._caller.user_id
        record_type = None if self._started is None else self._started.table.type
        return evaluate(self._org, self._flow, text, self._read, record_type=record_type, returns=returns)

    def _formula(
        self, text: str, content: Row, before: Row | None, returns: FormulaType = FormulaType.BOOLEAN
    ) -> Value:
        own = _OWN.sub(r"\1", _PRIOR.sub(r"PRIORVALUE(\1)", _BARE.sub(r"{!\1}", text)))
        own = _GLOBAL.sub(r"\1", own)
        if _MERGE.search(own):
            raise Unsupported("flow.formula-reference", f"flow resources in the formula {text}")
        return self._org.formulas.evaluate(own, self._record.table, content, before, returns)


_FORMULA_TYPES = {
    "Boolean": FormulaType.BOOLEAN,
    "Currency": FormulaType.NUMBER,
    "Date": FormulaType.DATE,
    "DateTime": FormulaType.DATETIME,
    "Number": FormulaType.NUMBER,
    "String": FormulaType.TEXT,
}
"""The `dataType` of a formula resource: "FlowDataType" (Metadata API Developer Guide, "Flow")."""

_RUN: dict[str, Callable[[Interview, Node], str | None]] = {
    "assignments": Interview.assign,
    "decisions": Interview.decide,
    "recordLookups": Interview.look_up,
    "recordUpdates": Interview.update,
    "recordCreates": Interview.create,
    "recordDeletes": Interview.delete,
    "loops": Interview.loop,
    "customErrors": Interview.refuse,
    "actionCalls": Interview.act,
    "subflows": Interview.run_subflow,
}
_READ: dict[str, Callable[[Interview, str], Item]] = {
    "stringValue": lambda interview, text: interview.merge(text),
    "numberValue": lambda _i, text: Decimal(text),
    "booleanValue": lambda _i, text: text == "true",
    "dateValue": lambda _i, text: date.fromisoformat(text[:10]),
    "dateTimeValue": lambda _i, text: datetime.fromisoformat(text.replace("Z", "+00:00")),
    "elementReference": lambda interview, text: interview.reference(text),
    "sobjectValue": lambda _i, text: text,
}


def _copy(item: Item) -> Item:
    if isinstance(item, FlowRecord):
        return FlowRecord(item.sobject_type, dict(item.values))
    return [FlowRecord(one.sobject_type, dict(one.values)) for one in item] if isinstance(item, list) else item


def _wire(values: dict[str, Item] | dict[str, Value]) -> dict[str, object]:
    return {name: _wire_value(value) for name, value in values.items()}


def _wire_value(value: object) -> object:
    """As a request of the API would write it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _shown(value: Item) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else f"{value!s}"


def _require(results: Iterable[SaveResult], what: str) -> list[SaveResult]:
    done = list(results)
    for result in done:
        if not result.success and result.errors:
            error = result.errors[0]
            raise Fault(
                f"This error occurred when the flow tried to {what} records: {error.status_code}: {error.message}."
                " You can look up ExceptionCode values in the SOAP API Developer Guide."
            )
    return done
