"""Names that no class declares: Trigger.new, Label.x, Schema.SObjectType.Account, methods of custom settings and metadata."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orgtwin.apex.compile import messages
from orgtwin.apex.compile.scope import Code, CompileProblem, Scope
from orgtwin.apex.library.field_sets import find_field_set
from orgtwin.apex.library.labels import label_text
from orgtwin.apex.library.pages import Page
from orgtwin.apex.library.schemas import (
    DescribeField,
    DescribeFields,
    DescribeFieldSets,
    describe_field_sets_type,
    describe_field_type,
    describe_fields_type,
    describe_object,
    describe_object_type,
)
from orgtwin.apex.library.settings import settings_call
from orgtwin.apex.library.signatures import declare, system_enum
from orgtwin.apex.library.tokens import SObjectField, SObjectTypeToken, field_token_type, object_token_type
from orgtwin.apex.types import BOOLEAN, ID, INTEGER, SOBJECT, STRING, Type, list_of, map_of
from orgtwin.apex.values import Run, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine
    from orgtwin.apex.triggers import TriggerContext

Special = tuple[Run, Type]

TRIGGER_OPERATION = system_enum(
    "TriggerOperation",
    "BEFORE_INSERT BEFORE_UPDATE BEFORE_DELETE AFTER_INSERT AFTER_UPDATE AFTER_DELETE AFTER_UNDELETE",
)


def _operation(current: TriggerContext) -> Value:
    return TRIGGER_OPERATION.constants[f"{current.moment}_{current.event}"]


_FLAGS: dict[str, Callable[[TriggerContext], bool]] = {
    "isbefore": lambda c: c.moment == "before",
    "isafter": lambda c: c.moment == "after",
    "isinsert": lambda c: c.event == "insert",
    "isupdate": lambda c: c.event == "update",
    "isdelete": lambda c: c.event == "delete",
    "isundelete": lambda c: c.event == "undelete",
    "isexecuting": lambda c: True,
}
_ROWS: dict[str, Callable[[TriggerContext], Value]] = {
    "new": lambda c: c.new,
    "old": lambda c: c.old,
    "newmap": lambda c: c.new_map,
    "oldmap": lambda c: c.old_map,
}


def special_member(engine: Engine, dotted: str, scope: Scope | None = None) -> Special | None:
    """The code of a dotted name that is not declared anywhere, or None."""
    parts = dotted.lower().split(".")
    if parts[0] in ("system", "schema") and len(parts) > 2:
        parts = parts[1:]
        dotted = dotted.split(".", 1)[1]
    if parts[0] == "trigger" and len(parts) == 2:
        return _trigger_member(engine, parts[1], scope.cls.outermost().trigger_type if scope is not None else None)
    if parts[0] == "page" and len(parts) == 2:
        return _page(engine, dotted.split(".")[1])
    if parts[0] == "label" and len(parts) in (2, 3):
        *space, name = dotted.split(".")[1:]
        return (lambda frame: label_text(name, *space)), STRING
    if len(parts) == 4 and parts[1:3] == ["sobjecttype", "fields"]:
        return _field_token(engine, dotted.split(".")[0], parts[3])
    if len(parts) == 3 and parts[1] == "rowcause":
        return _sharing_reason(engine, dotted.split(".")[0], parts[2])
    if len(parts) == 3 and parts[1] == "fields":
        return _field_token(engine, dotted.split(".")[0], parts[2])
    if parts[0] == "sobjecttype" and len(parts) >= 2:
        return _describe(engine, dotted.split(".")[1:])
    return None


def _trigger_member(engine: Engine, name: str, type_: Type | None) -> Special | None:
    contexts = engine.trigger_context
    if name in _FLAGS:
        flag = _FLAGS[name]
        return (lambda frame: flag(contexts[-1]) if contexts else False), BOOLEAN
    if name in _ROWS:
        read = _ROWS[name]
        item = type_ or SOBJECT
        shown = map_of(ID, item) if name.endswith("map") else list_of(item)
        return (lambda frame: read(contexts[-1]) if contexts else None), shown
    if name == "size":
        return (lambda frame: contexts[-1].size if contexts else 0), INTEGER
    if name == "operationtype":
        return (lambda frame: _operation(contexts[-1]) if contexts else None), TRIGGER_OPERATION.type
    return None


def _field_token(engine: Engine, type_name: str, name: str) -> Special | None:
    """`Account.SObjectType.fields.Name`."""
    type_ = engine.find_sobject_type(type_name)
    field = type_.sobject.find_field(name) if type_ is not None and type_.sobject is not None else None
    if type_ is None or field is None:
        return None
    token = SObjectField(type_, field)
    return (lambda frame: token), field_token_type()


def _sharing_reason(engine: Engine, type_name: str, name: str) -> Special | None:
    """`Parcel__Share.RowCause.Dispatch__c`: a sharing reason as text. Source: "Creating Apex Managed Sharing"."""
    type_ = engine.find_sobject_type(type_name)
    field = type_.sobject.find_field("RowCause") if type_ is not None and type_.sobject is not None else None
    found = next((v.value for v in field.picklist if v.value.lower() == name), None) if field is not None else None
    return None if found is None else ((lambda frame: found), STRING)


def _describe(engine: Engine, names: list[str]) -> Special | None:
    """`SObjectType.Account`, `SObjectType.Account.fields`, `SObjectType.Account.fields.Name`."""
    type_ = engine.find_sobject_type(names[0])
    if type_ is None:
        return None
    if len(names) == 1:
        return (lambda frame: describe_object(type_)), describe_object_type()
    if len(names) == 2 and names[1].lower() == "fields":
        return (lambda frame: DescribeFields(type_)), describe_fields_type()
    if names[1].lower() == "fieldsets" and len(names) in (2, 3):
        return _field_sets(type_, names[2:])
    if len(names) == 3 and names[1].lower() == "fields" and type_.sobject is not None:
        found = type_.sobject.find_field(names[2])
        if found is not None:
            field = found
            return (lambda frame: DescribeField(type_, field)), describe_field_type()
    return None


def _field_sets(type_: Type, names: list[str]) -> Special | None:
    """`SObjectType.Account.fieldSets`, and a set of them by name."""
    if not names:
        return (lambda frame: DescribeFieldSets(type_)), describe_field_sets_type()
    found = find_field_set(type_, names[0])
    return None if found is None else ((lambda frame: found), found.apex_type)


def _page(engine: Engine, name: str) -> Special | None:
    """`Page.Invoice`: a Visualforce page of the org, whose address is in small letters (ASSUMED; public tests rely on it)."""
    engine.pages_asked += 1
    found = engine.port.find_page(name)
    if found is None:
        return None
    address = f"/apex/{found.lower()}"
    return (lambda frame: Page(address)), declare("PageReference").type


def special_call(scope: Scope, dotted: str, name: str, arguments: Callable[[], list[Code]], pos: int) -> Special | None:
    """Static-looking calls on sObject types: custom settings and custom metadata.

    Only their arguments are compiled here: what compiles them twice does so again in each call inside a call.
    """
    if dotted.lower().startswith("schema."):
        dotted = dotted.partition(".")[2]
    if "." in dotted:
        return None
    if scope.engine.find_class(dotted) is not None or scope.cls.find_inner(dotted) is not None:
        return None
    type_ = scope.engine.find_sobject_type(dotted)
    if type_ is None or type_.sobject is None:
        return None
    args = arguments()
    if name.lower() == "getsobjecttype" and not args:
        token = SObjectTypeToken(type_)
        return (lambda frame: token), object_token_type()
    found = settings_call(scope.engine, type_, name, args, scope.cls.outermost().api_version)
    if found is None and name.lower() in ("getinstance", "getall", "getvalues", "getorgdefaults"):
        shown = ", ".join(arg.type.name for arg in args)
        raise CompileProblem(messages.NO_METHOD.format(name, shown, type_.name), pos)
    return found
