"""`new`: objects, records, collections."""

from __future__ import annotations

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.calls import arguments, check_ambiguous, resolve, shown_types
from orgtwin.apex.compile.collection_arguments import may_fill
from orgtwin.apex.compile.expressions import EXPRESSIONS, assigned, expression, fitted, stands_for_row
from orgtwin.apex.compile.members import only_tests
from orgtwin.apex.compile.names import get_type
from orgtwin.apex.compile.record_fields import require_writeable
from orgtwin.apex.compile.scope import Code, CompileProblem, Scope
from orgtwin.apex.compile.tracing import system_constructor
from orgtwin.apex.faults import EXCEPTION
from orgtwin.apex.library.collections import new_sized_list
from orgtwin.apex.library.components import COMPONENT, make_component
from orgtwin.apex.library.refused import refusing
from orgtwin.apex.library.registry import class_of
from orgtwin.apex.library.tokens import AGGREGATE_RESULT
from orgtwin.apex.records import SObject, field_type
from orgtwin.apex.syntax import tree
from orgtwin.apex.types import INTEGER, NULL, OBJECT, SOBJECT, Kind, Type, is_assignable, list_of, substitute
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, Frame, Run, Value
from orgtwin.schema.model import Field


def _new_object(scope: Scope, node: tree.NewObject) -> Code:
    type_ = get_type(scope, node.type, node.pos)
    args = arguments(scope, node.args)
    if type_.kind is Kind.REFUSED:
        return Code(refusing(type_, "new"), type_)
    if type_ is AGGREGATE_RESULT:
        raise CompileProblem(messages.SOBJECT_NOT_CONSTRUCTIBLE.format(type_.name), node.pos)
    if type_.is_sobject:
        if type_ is SOBJECT or args:
            text = messages.NOT_CONSTRUCTIBLE if type_ is SOBJECT else messages.PAIRS_NEEDED
            raise CompileProblem(text.format(type_.name), node.pos)
        return Code(lambda frame: SObject(type_), type_)
    cls = class_of(type_)
    if cls is None or cls.is_enum or cls.is_interface or cls is EXCEPTION or type_.kind is Kind.PRIMITIVE:
        raise CompileProblem(messages.NOT_CONSTRUCTIBLE.format(type_.name), node.pos)
    if cls.abstract:
        raise CompileProblem(messages.ABSTRACT_CONSTRUCTED.format(type_.name), node.pos)
    if type_.kind is Kind.CLASS:
        return Code(_construct(scope, cls, args, node), type_)
    return Code(_construct_native(scope, cls, type_, args, node), type_)


def constructors_of(cls: ApexClass) -> list[Method]:
    """Declared constructors, or the one every class has; exceptions have four more."""
    found = list(cls.constructors)
    if EXCEPTION in cls.chain():
        declared = {m.signature.split("(", 1)[1] for m in found}
        found += [m for m in EXCEPTION.constructors if m.signature.split("(", 1)[1] not in declared]
    return found


def _not_defined(type_: Type, args: list[Code], pos: int) -> CompileProblem:
    text = _INITIALISERS.get(type_.key)
    if text is not None and len(args) == 1:
        items = [a.name for a in type_.args]
        return CompileProblem(text.format(shown_types(args), *items, *(items if len(items) == 1 else [])), pos)
    return CompileProblem(messages.NO_CONSTRUCTOR.format(type_.name, shown_types(args)), pos)


_INITIALISERS = {"list": messages.LIST_INITIALISER, "set": messages.SET_INITIALISER, "map": messages.MAP_INITIALISER}


def _construct(scope: Scope, cls: ApexClass, args: list[Code], node: tree.NewObject) -> Run:
    candidates = constructors_of(cls)
    found = resolve(candidates, args)
    if found is None:
        raise _not_defined(cls.type, args, node.pos)
    constructor, runs = found
    check_constructor(scope, constructor, candidates, args, node.pos)

    def run(frame: Frame) -> Value:
        if cls.statics is None:
            cls.get_statics()
        values = [r(frame) for r in runs]
        this = cls.instantiate()
        construct(cls, constructor, this, *values)
        return this

    return only_tests(scope, cls, _traced(run) if EXCEPTION in cls.chain() else run)


def check_constructor(scope: Scope, constructor: Method, candidates: list[Method], args: list[Code], pos: int) -> None:
    """Raises CompileProblem for one that is not the only one, or not visible. null is a message and a cause of an exception.

    Those that every exception has stand back behind those that its class declares.
    """
    if constructor.owner is EXCEPTION and [a.type for a in args] == [NULL]:
        raise CompileProblem(messages.AMBIGUOUS.format("<init>", NULL.name), pos)
    check_ambiguous(constructor, [c for c in candidates if c.owner is constructor.owner], args, pos)
    check_constructor_visible(scope, constructor, pos)


def check_constructor_visible(scope: Scope, constructor: Method, pos: int) -> None:
    """As `check_visible`, but a protected one is for super(...) alone."""
    owner = constructor.owner
    if (
        owner is None
        or constructor.access not in ("private", "protected")
        or scope.cls.outermost() is owner.outermost()
    ):
        return
    if constructor.access == "protected" and owner in scope.cls.ancestors():
        return
    if scope.cls.outermost().is_test and constructor.test_visible:
        return
    parameters = ", ".join(p.name for p in constructor.parameters)
    raise CompileProblem(messages.METHOD_HIDDEN.format(f"void {owner.name}.<init>({parameters})"), pos)


def _traced(make: Run) -> Run:
    """An exception knows where it was made, whether it is thrown or not."""

    def run(frame: Frame) -> Value:
        made = make(frame)
        made.trace = context.engine().trace()
        return made

    return run


def construct(cls: ApexClass, constructor: Method, this: Value, *args: Value) -> None:
    """Run a constructor, which runs the instance initialisers of its class (bodies).

    One of the four that every exception has is nobody's body: the initialisers follow it, from the root class down, as Salesforce's
    compiler has them.
    """
    constructor.call(this, *args)
    if constructor.owner is EXCEPTION:
        for ancestor in reversed(list(cls.chain())):
            if ancestor.initialise_instance is not None:
                ancestor.initialise_instance(this)


def _bound(method: Method, bound: dict[str, Type], type_: Type) -> Method:
    parameters = tuple(substitute(p, bound) for p in method.parameters)
    return Method(method.owner, method.name, parameters, type_, method.call, static=True)


def _construct_native(scope: Scope, cls: ApexClass, type_: Type, args: list[Code], node: tree.NewObject) -> Run:
    bound = dict(zip(cls.generic, type_.args, strict=False))
    candidates = [_bound(m, bound, type_) for m in cls.constructors] if bound else cls.constructors
    found = resolve(candidates, args)
    if found is None or not may_fill(type_, args):
        raise _not_defined(type_, args, node.pos)
    method, runs = found
    if not bound:
        check_ambiguous(method, candidates, args, node.pos)
    call = system_constructor(scope, method)
    if type_.kind is Kind.COLLECTION:
        return lambda frame: call(type_, *[r(frame) for r in runs])
    return lambda frame: call(*[r(frame) for r in runs])


def _new_record(scope: Scope, node: tree.NewSObject) -> Code:
    type_ = get_type(scope, node.type, node.pos)
    schema = type_.sobject
    if schema is None and type_.cls is not None and type_.cls.is_a(COMPONENT):
        return _new_component(scope, type_, node)
    if schema is None:
        text = messages.NOT_CONSTRUCTIBLE if type_ is SOBJECT else messages.PAIRS_FOR_SOBJECTS
        raise CompileProblem(text.format(type_.name), node.pos)
    fields: list[tuple[str, Run]] = []
    parents: list[tuple[str, Run]] = []
    seen: set[str] = set()
    for name, _, value in node.fields:
        pos = node.pos
        if name.lower() in seen:
            raise CompileProblem(messages.DUPLICATE_FIELD_INIT.format(name), pos)
        seen.add(name.lower())
        field = schema.find_field(name)
        if field is not None:
            require_writeable(schema, field, pos)
            fields.append((field.api_name, assigned(scope, value, field_type(field), pos)))
            continue
        reference = schema.find_relationship(name)
        if reference is None:
            text = messages.NOT_WRITEABLE if scope.engine.find_child(schema.api_name, name) else messages.NO_FIELD
            shown = f"{type_.name}.{name}" if text is messages.NOT_WRITEABLE else name
            raise CompileProblem(text.format(shown, type_.name), pos)
        parents.append((reference.relationship_name or name, _parent(scope, reference, value, pos)))

    def run(frame: Frame) -> SObject:
        record = SObject(type_, {name: value(frame) for name, value in fields})
        for name, value in parents:
            record.set_parent(name, value(frame))
        return record

    return Code(run, type_)


def _parent(scope: Scope, reference: Field, value: tree.Expression, pos: int) -> Run:
    """A parent record. None stands where the reference's own field takes null."""
    names = reference.reference_to
    parent = (scope.engine.find_sobject_type(names[0]) if len(names) == 1 else None) or SOBJECT
    code = expression(scope, value)
    if code.type is NULL:
        raise CompileProblem(messages.ILLEGAL_ASSIGNMENT.format(NULL.name, parent.name), pos)
    return fitted(code, parent, pos)


def _new_component(scope: Scope, type_: Type, node: tree.NewSObject) -> Code:
    """A Visualforce component with attributes."""
    given: list[tuple[str, Run]] = []
    for name, _, value in node.fields:
        attribute = type_.cls.find_field(name) if type_.cls is not None else None
        given.append((name.lower(), assigned(scope, value, attribute.type if attribute else OBJECT, node.pos)))

    def run(frame: Frame) -> Value:
        made = make_component(type_)
        made.values.update((name, value(frame)) for name, value in given)
        return made

    return Code(run, type_)


def _new_items(scope: Scope, node: tree.NewItems) -> Code:
    type_ = get_type(scope, node.type, node.pos)
    if type_.key == "map" and not node.items:
        return Code(lambda frame: ApexMap(type_), type_)
    if type_.key not in ("list", "set") or not type_.args:
        raise CompileProblem(messages.NOT_CONSTRUCTIBLE.format(type_.name), node.pos)
    item = type_.args[0]
    runs = [_initial(expression(scope, value), item, node.pos) for value in node.items]
    if type_.key == "list":
        return Code(lambda frame: ApexList(type_, [r(frame) for r in runs]), type_)
    return Code(lambda frame: ApexSet.of(type_, [r(frame) for r in runs]), type_)


def _initial(code: Code, item: Type, pos: int) -> Run:
    if not is_assignable(code.type, item) and not stands_for_row(code, item):
        raise CompileProblem(messages.INITIAL_ITEM.format(item.name, code.type.name), pos)
    return fitted(code, item, pos)


def _new_pairs(scope: Scope, node: tree.NewPairs) -> Code:
    type_ = get_type(scope, node.type, node.pos)
    if type_.key != "map":
        raise CompileProblem(messages.NOT_CONSTRUCTIBLE.format(type_.name), node.pos)
    key, value = type_.args
    runs = [
        (
            fitted(expression(scope, k), key, k.pos, messages.INITIAL_KEY),
            fitted(expression(scope, v), value, v.pos, messages.INITIAL_VALUE),
        )
        for k, v in node.pairs
    ]
    return Code(lambda frame: ApexMap.of(type_, [(k(frame), v(frame)) for k, v in runs]), type_)


def _new_sized(scope: Scope, node: tree.NewSized) -> Code:
    item = get_type(scope, node.type, node.pos)
    size = expression(scope, node.size)
    if size.type == list_of(item):
        return _new_object(scope, tree.NewObject(node.pos, tree.TypeName(node.pos, "List", (node.type,)), [node.size]))
    if size.type is NULL or not is_assignable(size.type, INTEGER):
        raise CompileProblem(messages.LIST_INITIALISER.format(shown_types([size]), item.name, item.name), node.pos)
    run_size = fitted(size, INTEGER, node.pos)
    type_ = list_of(item)
    return Code(lambda frame: new_sized_list(type_, run_size(frame)), type_)


EXPRESSIONS[tree.NewObject] = _new_object
EXPRESSIONS[tree.NewSObject] = _new_record
EXPRESSIONS[tree.NewItems] = _new_items
EXPRESSIONS[tree.NewPairs] = _new_pairs
EXPRESSIONS[tree.NewSized] = _new_sized
