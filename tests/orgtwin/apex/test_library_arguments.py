"""Whatever Apex passes to a library method, it gets a value or an Apex exception, never an error of the twin's own."""

from __future__ import annotations

import itertools

import pytest
from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.engine import Engine, Problem
from orgtwin.apex.faults import ApexThrow
from orgtwin.apex.library.signatures import SYSTEM_CLASSES
from orgtwin.errors import SalesforceError

ARGUMENTS = {
    "Blob": ("Blob.valueOf('ab')", "null"),
    "Boolean": ("true", "null"),
    "Date": ("Date.newInstance(2024, 2, 29)", "null"),
    "Datetime": ("Datetime.newInstanceGmt(2024, 2, 29, 1, 2, 3)", "null"),
    "Decimal": ("1.5", "null", "-2.345"),
    "Double": ("1.5d", "null", "-0.0d"),
    "Id": ("'003000000000001AAA'", "null"),
    "Integer": ("0", "-1", "5", "null", "2147483647"),
    "K": ("'a'", "null"),
    "List<Integer>": ("new List<Integer>{1, null}", "null"),
    "List<Object>": ("new List<Object>{1, null}", "null"),
    "List<String>": ("new List<String>{'a', null}", "null"),
    "Long": ("0L", "null", "-5L"),
    "Object": ("'a'", "null", "1.5", "new Account()", "new List<String>{null}"),
    "SObject": ("new Account()", "null"),
    "Schema.SObjectField": ("Account.Name", "null"),
    "String": ("'a'", "''", "null", "'12'", "'é😀'"),
    "System.Iterable<Object>": ("new List<String>{'b'}", "null"),
    "System.Iterable<T>": ("new List<String>{'b'}", "(List<String>) null"),
    "System.RoundingMode": ("RoundingMode.UP", "null"),
    "System.Type": ("String.class", "null"),
    "T": ("'a'", "null"),
    "Time": ("Time.newInstance(1, 2, 3, 4)", "null"),
    "V": ("1", "null"),
}
RECEIVERS = {
    "blob": "Blob.valueOf('ab')",
    "date": "Date.newInstance(2024, 2, 29)",
    "datetime": "Datetime.newInstanceGmt(2024, 2, 29, 1, 2, 3)",
    "decimal": "1.50",
    "describefieldresult": "Account.Name.getDescribe()",
    "describesobjectresult": "Account.SObjectType.getDescribe()",
    "double": "1.5d",
    "httprequest": "new HttpRequest()",
    "httpresponse": "new HttpResponse()",
    "id": "((Id) '001000000000001AAA')",
    "integer": "5",
    "jsongenerator": "JSON.createGenerator(false)",
    "jsonparser": "JSON.createParser('{\"a\":1}')",
    "list": "new List<String>{'a'}",
    "long": "5L",
    "map": "new Map<String, Integer>{'a' => 1}",
    "matcher": "Pattern.compile('a').matcher('aab')",
    "pattern": "Pattern.compile('a')",
    "set": "new Set<String>{'a'}",
    "sobject": "new Account(Name = 'x')",
    "sobjecttype": "Account.SObjectType",
    "string": "'abc'",
    "time": "Time.newInstance(1, 2, 3, 4)",
    "type": "String.class",
}
VARIABLES = ("K", "System.Iterable<T>", "T", "V")
MOST = 30  # combinations of arguments a method
ELSEWHERE = ("id.addError", "sobject.recalculateFormulas")
"""Behind a field of a record only, and in old API versions only: cases/checks/record_fields.txt."""
OF_RECORDS = {
    f"{key}.{name}": receiver
    for key, receiver in (("list", "new List<Account>{new Account()}"), ("map", "new Map<Id, Account>()"))
    for name in ("deepClone", "getSObjectType")
}
METHODS = [
    (key, cls, method)
    for key, cls in sorted(SYSTEM_CLASSES.items())
    if not cls.is_enum and cls.name not in ("Database", "EventBus")  # those write: the save order's tests are elsewhere
    for overloads in cls.methods.values()
    for method in overloads
    if all(p.name in ARGUMENTS for p in method.parameters) and (method.static or key in RECEIVERS)
    if f"{key}.{method.name}" not in ELSEWHERE
]


@pytest.mark.parametrize(("key", "cls", "method"), METHODS, ids=[f"{c.full_name}.{m.shown}" for _, c, m in METHODS])
def test_a_library_method_takes_any_argument(key: str, cls: ApexClass, method: Method) -> None:
    engine = Engine(SmallOrg())
    receiver = cls.full_name if method.static else OF_RECORDS.get(f"{key}.{method.name}", RECEIVERS.get(key))
    choices = itertools.product(*(arguments_of(p.name) for p in method.parameters))
    for arguments in itertools.islice(choices, MOST):
        call = f"{receiver}.{method.name}({', '.join(arguments)})"
        source = f"{call};" if method.returns.name == "void" else f"String.valueOf({call});"
        assert problems_of(engine, source) == [], source


def arguments_of(type_name: str) -> list[str]:
    """With null as one of the type, which alone could mean several overloads."""
    null = "null" if type_name in VARIABLES else f"({type_name}) null"
    return [null if given == "null" else given for given in ARGUMENTS[type_name]]


def problems_of(engine: Engine, source: str) -> list[Problem]:
    """Compile problems; an exception of Apex is as good an answer as a value."""
    try:
        return engine.run_anonymous(source)
    except (ApexThrow, SalesforceError):
        return []
