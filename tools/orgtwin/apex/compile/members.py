"""Reading and writing what a dot selects: fields of objects and records, properties, static members, sObject tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.coverable import touching
from orgtwin.apex.compile.scope import Code, CompileProblem, Origin, Scope
from orgtwin.apex.conversion import first_row
from orgtwin.apex.faults import null_pointer, throw
from orgtwin.apex.library.refused import refusing
from orgtwin.apex.library.registry import class_of
from orgtwin.apex.library.tokens import SObjectField, SObjectTypeToken, field_token_type, object_token_type
from orgtwin.apex.records import SObject, field_type
from orgtwin.apex.types import ID, SOBJECT, Kind, Type, list_of, substitute
from orgtwin.apex.values import THIS, Frame, Run, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine


def read_variable(scope: Scope, variable: Variable, pos: int) -> Code:
    """A field or property by its bare name."""
    if scope.static and not variable.static:
        raise CompileProblem(messages.NO_VARIABLE.format(variable.name), pos)
    check_visible(scope, variable, pos)
    check_readable(scope, variable, pos)
    if variable.static:
        return Code(_read_static(scope, variable), variable.type)
    return _read_field(Code(lambda frame: frame[THIS], scope.cls.type), scope, variable, variable.type, own=True)


def check_readable(scope: Scope, variable: Variable, pos: int) -> None:
    """A property that has no get is written only; its get may be less visible than it is."""
    if scope.accessor is not variable and not (variable.readable and sees(scope, variable, variable.get_access)):
        raise CompileProblem(messages.VARIABLE_HIDDEN.format(f"{variable.owner.name}.{variable.name}"), pos)


def _read_static(scope: Scope, variable: Variable) -> Run:
    cls, slot = variable.owner, variable.slot
    getter = variable.getter
    if getter is not None and scope.accessor is not variable:
        method = getter
        if slot < 0 and cls.initialise is None:
            call = method.call
            return lambda frame: call()

        def run_getter(frame: Frame) -> Value:
            if cls.statics is None:
                cls.get_statics()
            return method.call()

        return run_getter

    def run(frame: Frame) -> Value:
        statics = cls.statics
        if statics is None:
            statics = cls.get_statics()
        return statics[slot]

    return touching(scope, variable, run)


def _read_field(target: Code, scope: Scope, variable: Variable, type_: Type, *, own: bool = False) -> Code:
    slot = variable.slot
    getter = variable.getter
    if getter is not None and scope.accessor is not variable:
        return _read_property(target, getter, type_)
    if own:
        return Code(touching(scope, variable, lambda frame: frame[THIS].fields[slot]), type_)
    run_target = target.run

    def run(frame: Frame) -> Value:
        this = run_target(frame)
        if this is None:
            raise null_pointer()
        return this.fields[slot]

    return Code(touching(scope, variable, run), type_, Origin.HELD)


def _read_property(target: Code, getter: Method, type_: Type) -> Code:
    key = getter.signature
    run_target = target.run

    def run_native(frame: Frame) -> Value:
        this = run_target(frame)
        if this is None:
            raise null_pointer()
        return getter.call(this)

    def run(frame: Frame) -> Value:
        this = run_target(frame)
        if this is None:
            raise null_pointer()
        return this.cls.vtable.get(key, getter).call(this)

    return Code(run_native, type_) if getter.compile is None else Code(run, type_, Origin.HELD)


def read_member(scope: Scope, target: Code, name: str, pos: int) -> Code:
    """`target.name` of a value."""
    type_ = target.type
    if target.is_query:
        rows = target.run
        target = Code(lambda frame: first_row(rows(frame)), type_.args[0])
        type_ = target.type
    if type_.is_sobject:
        return _read_record(scope, target, name, pos)
    if type_.kind is Kind.REFUSED:
        return Code(refusing(type_, name), type_)
    cls = class_of(type_)
    variable = cls.find_variable(name) if cls is not None else None
    if cls is not None and name.lower() in cls.constants:
        raise CompileProblem(messages.STATIC_FIELD_OF_OBJECT.format(name, type_.name), pos)
    if variable is None:
        getter = _find_getter(cls, name)
        if getter is None:
            raise CompileProblem(messages.NO_VARIABLE.format(name), pos)
        return _read_property(target, getter, getter.returns)
    if variable.static:
        raise CompileProblem(messages.STATIC_FIELD_OF_OBJECT.format(name, variable.owner.name), pos)
    check_visible(scope, variable, pos)
    check_readable(scope, variable, pos)
    return _read_field(target, scope, variable, substitute(variable.type, _bound(cls, type_)))


_WITH_GETTERS = frozenset(("Database", "Schema", "Messaging", "Approval"))


def _find_getter(cls: ApexClass | None, name: str) -> Method | None:
    """The getX() or isX() that `result.x` stands for, of the platform's results and describes.

    ASSUMED: in these namespaces. Code that orgs compile reads `result.errors[0].message`, `picklistEntry.value`.
    """
    if cls is None or cls.namespace not in _WITH_GETTERS or cls.superclass is not None:
        return None
    found = (m for prefix in ("get", "is") for m in cls.find_methods(f"{prefix}{name}"))
    return next((m for m in found if not m.parameters and not m.static), None)


def _bound(cls: ApexClass | None, type_: Type) -> dict[str, Type]:
    return dict(zip(cls.generic, type_.args, strict=False)) if cls is not None else {}


def check_visible(scope: Scope, member: Variable | Method, pos: int) -> None:
    """Private members are for the same top-level class, protected ones for subclasses too, unless a test may see them."""
    owner = member.owner
    if owner is None or sees(scope, member, member.access):
        return
    if isinstance(member, Variable):
        raise CompileProblem(messages.VARIABLE_HIDDEN.format(f"{owner.name}.{member.name}"), pos)
    raise CompileProblem(messages.METHOD_HIDDEN.format(f"{member.returns.name} {owner.name}.{member.shown}"), pos)


def only_tests(scope: Scope, owner: ApexClass, run: Run) -> Run:
    """A call into a test class, which takes a running test. Source: "IsTest Annotation"; the text: as users of orgs paste it."""
    if not owner.outermost().is_test or scope.cls.outermost().is_test:
        return run

    def refuse_outside(frame: Frame) -> Value:
        require_test(scope.engine)
        return run(frame)

    return refuse_outside


def require_test(engine: Engine) -> None:
    """Raises TypeException where no test runs."""
    if not engine.is_testing:
        raise throw("TypeException", "Cannot call test methods in non-test context")


def sees(scope: Scope, member: Variable | Method, access: str) -> bool:
    """May code here name what has that access among the members of a class?"""
    owner = member.owner
    if owner is None or access in ("public", "global") or scope.cls.outermost() is owner.outermost():
        return True
    if access == "protected" and owner in scope.cls.ancestors():
        return True
    return scope.cls.outermost().is_test and member.test_visible


def _read_record(scope: Scope, target: Code, name: str, pos: int) -> Code:
    schema = target.type.sobject
    if schema is None:
        return _read_name(scope, target, name, pos)
    field = schema.find_field(name)
    if field is not None:
        lenient = _is_lenient(target, field.api_name)
        return Code(_read_record_field(target.run, field.api_name, lenient), field_type(field), Origin.RECORD_FIELD)
    reference = schema.find_relationship(name)
    if reference is not None:
        names = [n for n in reference.reference_to if n != _MUTING] or [_MUTING]
        parent = scope.engine.find_sobject_type(names[0]) if len(names) == 1 else None
        relationship = reference.relationship_name or name
        run = _read_parent(target.run, relationship, _is_lenient(target, relationship))
        return Code(run, parent or SOBJECT, Origin.PARENT, () if parent is not None else tuple(names))
    child = scope.engine.find_child(schema.api_name, name)
    if child is not None:
        return Code(
            _read_children(target.run, child.relationship_name or name),
            list_of(scope.engine.get_sobject_type(child.child_type)),
            Origin.RECORD_FIELD,
        )
    raise CompileProblem(messages.NO_VARIABLE.format(name), pos)


def _read_name(scope: Scope, target: Code, name: str, pos: int) -> Code:
    """`target.name` of a record of any object: its Id, and of a polymorphic parent what "Name" (Object Reference) has."""
    named = scope.engine.find_sobject_type("Name") if target.origin is Origin.PARENT else None
    name_type = None if named is None else named.sobject
    shown = name_type.find_field(name) if name_type is not None and name.lower() in _NAME_FIELDS else None
    if shown is not None:
        return Code(_read_record_field(target.run, shown.api_name, True), field_type(shown), Origin.RECORD_FIELD)
    reference = None if name_type is None else name_type.find_relationship(name)
    if reference is not None:
        parent = scope.engine.find_sobject_type(reference.reference_to[0]) or SOBJECT
        return Code(_read_parent(target.run, reference.relationship_name or name, True), parent, Origin.PARENT)
    if name.lower() == "id":
        return Code(_read_record_field(target.run, "Id", _is_lenient(target, "Id")), ID, Origin.RECORD_FIELD)
    raise CompileProblem(messages.NO_VARIABLE.format(name), pos)


_MUTING = "MutingPermissionSet"
"""Not counted as a parent: what stands over a FieldPermissions or ObjectPermissions is read as a PermissionSet."""
_NAME_FIELDS = frozenset(
    (
        *("name", "type", "firstname", "lastname", "email", "phone", "title", "username", "alias"),
        *("isactive", "profileid", "userroleid"),
    )
)
"""What a polymorphic parent shows. Source: "Name" (Object Reference)."""


def _is_lenient(target: Code, name: str) -> bool:
    """Is `target.name` null, not an error, where the target is null?

    So it is over an empty lookup: `contact.Account.Name`. Source: "Accessing sObject Fields Through Relationships" (Apex Developer
    Guide). And so it is of a record that another object holds, but for its Id: `this.account.Name`, not `account.Name`. ASSUMED:
    the documentation does not say; orgs were seen to do so.
    """
    return target.origin is Origin.PARENT or (target.origin is Origin.HELD and name != "Id")


def _read_record_field(target: Run, name: str, lenient: bool) -> Run:
    def run(frame: Frame) -> Value:
        record: SObject | None = target(frame)
        if record is None:
            if lenient:
                return None
            raise null_pointer()
        fields = record.fields
        return fields[name] if name in fields else record.get(name)

    return run


def _read_parent(target: Run, relationship: str, lenient: bool) -> Run:
    def run(frame: Frame) -> Value:
        record: SObject | None = target(frame)
        if record is None:
            if lenient:
                return None
            raise null_pointer()
        return record.find_parent(relationship)

    return run


def _read_children(target: Run, relationship: str) -> Run:
    def run(frame: Frame) -> Value:
        record: SObject | None = target(frame)
        if record is None:
            raise null_pointer()
        return record.find_children(relationship)

    return run


def read_static_member(scope: Scope, owner: Type, name: str, pos: int) -> Code:
    """`Type.name`: a static field, an enum constant, an sObject or field token."""
    if owner.kind is Kind.REFUSED:
        return Code(refusing(owner, name), owner)
    if owner.is_sobject:
        return _read_token(scope, owner, name, pos)
    cls = class_of(owner)
    if cls is not None:
        constant = cls.constants.get(name.lower())
        if constant is not None:
            return Code(lambda frame: constant, cls.type)
        variable = cls.find_static(name)
        if variable is not None:
            check_visible(scope, variable, pos)
            check_readable(scope, variable, pos)
            return Code(_read_static(scope, variable), variable.type)
    raise CompileProblem(messages.NO_VARIABLE.format(name), pos)


def _read_token(scope: Scope, owner: Type, name: str, pos: int) -> Code:
    schema = owner.sobject
    field = schema.find_field(name) if schema is not None else None
    if field is None and owner is not SOBJECT and name.lower() == "sobjecttype":  # RecordType has a field so named
        token = SObjectTypeToken(owner)
        return Code(lambda frame: token, object_token_type())
    if field is None and schema is not None:
        field = schema.find_relationship(name)
    if field is None:
        raise CompileProblem(messages.NO_VARIABLE.format(name), pos)
    field_token = SObjectField(owner, field)
    return Code(lambda frame: field_token, field_token_type())
