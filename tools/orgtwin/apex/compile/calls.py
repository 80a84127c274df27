"""Calls. Which method is meant is settled here; virtual ones are looked up in the object's class when they run."""

from __future__ import annotations

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.collection_arguments import check_all_argument, check_all_call, check_of_records
from orgtwin.apex.compile.expressions import EXPRESSIONS, expression, fitted, link, safe_access, stands_for_row
from orgtwin.apex.compile.field_errors import ADD_ERROR, field_error
from orgtwin.apex.compile.members import check_visible, only_tests
from orgtwin.apex.compile.names import (
    dotted_name,
    find_methods,
    find_type,
    find_variable,
    is_inherited,
    is_variable,
    type_of_expression,
)
from orgtwin.apex.compile.operators import converted
from orgtwin.apex.compile.overloads import choose, is_ambiguous, is_of_anything
from orgtwin.apex.compile.scope import Code, CompileProblem, Origin, Scope
from orgtwin.apex.compile.tracing import system_method
from orgtwin.apex.faults import null_pointer, throw
from orgtwin.apex.library.connect_services import find_service
from orgtwin.apex.library.refused import refusing
from orgtwin.apex.library.registry import class_of, find_class
from orgtwin.apex.library.special import special_call
from orgtwin.apex.syntax import tree
from orgtwin.apex.syntax.expressions import start_of
from orgtwin.apex.types import (
    COLLECTION_ARITY,
    NUMERIC_RANK,
    OBJECT,
    PRIMITIVES,
    VOID,
    Kind,
    Type,
    is_assignable,
    substitute,
)
from orgtwin.apex.values import THIS, Frame, Run, Value


def _call(scope: Scope, node: tree.Call) -> Code:
    if node.target is None:
        if node.name in ("this", "super") or node.name.lower() in ("this", "super"):
            if node.name.lower() == "super" and scope.cls.superclass is None:
                raise CompileProblem(messages.NO_SUPER_TYPE.format(scope.cls.name), node.pos)
            raise CompileProblem(messages.CHAIN_NOT_FIRST.format(node.name.lower()), node.pos)
        return _bare_call(scope, node)
    if isinstance(node.target, tree.Super):
        return _super_call(scope, node)
    special = _special_call(scope, node)
    if special is not None:
        return special
    owner = type_of_expression(scope, node.target)
    if owner is not None:
        return _static_call(scope, node, owner)
    target = _receiver(scope, node)
    if node.safe:
        return safe_access(target, lambda inner: _instance_call(scope, node, inner))
    hidden = _hidden_type(scope, node, target)
    return _static_call(scope, node, hidden) if hidden is not None else _instance_call(scope, node, target)


def _hidden_type(scope: Scope, node: tree.Call, target: Code) -> Type | None:
    """The type whose method is meant though a variable has its name: `Test.isRunningTest()` beside an inherited `static X Test`.

    In static code inherited variables hide no types from calls, as Salesforce's compiler has it. ASSUMED: in old code none do; its
    compiler of today refuses `Character.toAscii(character)` in all versions, public code of API version 13 was written so.
    """
    if not isinstance(node.target, tree.Name) or instance_candidates(target.type, node.name):
        return None
    is_old = scope.cls.outermost().api_version < _VARIABLES_HIDE_TYPES
    if not is_old and not (scope.static and is_inherited(scope, node.target.name)):
        return None
    found = find_type(scope, node.target.name)
    cls = class_of(found) if found is not None else None
    return found if cls is not None and any(m.static for m in cls.find_methods(node.name)) else None


_VARIABLES_HIDE_TYPES = 20.0


def _receiver(scope: Scope, node: tree.Call) -> Code:
    dotted = dotted_name(node.target) if node.target is not None else None
    if dotted is not None:
        first, *rest = dotted.split(".")
        named = (first, ".".join((first, *rest[:1])))  # a class, or one of a namespace
        unknown = not is_variable(scope, first) and all(find_type(scope, name) is None for name in named)
        if node.target is not None and unknown and first.lower() not in _SPACES:
            raise CompileProblem(messages.NO_VARIABLE.format(first), start_of(node.target))
    if node.target is None:
        raise AssertionError("a call without target has no receiver")
    return link(scope, node.target)


_SPACES = frozenset(("system", "schema", "label", "page", "trigger", "sobjecttype", "database"))


def _special_call(scope: Scope, node: tree.Call) -> Code | None:
    dotted = dotted_name(node.target) if node.target is not None else None
    if dotted is None:
        return None
    first = dotted.split(".", 1)[0]
    if is_variable(scope, first):
        return None
    found = special_call(scope, dotted, node.name, lambda: arguments(scope, node.args), node.pos)
    return None if found is None else Code(*found)


def arguments(scope: Scope, nodes: list[tree.Expression]) -> list[Code]:
    """The codes of the arguments. No method takes a void one."""
    return [expression(scope, node) for node in nodes]


def shown_types(args: list[Code]) -> str:
    """The types of arguments as messages print them."""
    return ", ".join(a.type.name for a in args)


def resolve(candidates: list[Method], args: list[Code]) -> tuple[Method, list[Run]] | None:
    """The overload and the converted arguments, or None. A query may stand for one record."""
    method = choose(candidates, [a.type for a in args])
    if method is None and any(a.is_query for a in args):
        single = [a.type.args[0] if a.is_query and a.type.args else a.type for a in args]
        method = choose(candidates, single) or _takes_rows(candidates, args)
    if method is None:
        return None
    runs = [
        (a.run if method.as_given and p in NUMERIC_RANK else converted(a, p))
        if is_assignable(a.type, p) or p.kind is Kind.VARIABLE or is_of_anything(a.type, p)
        else fitted(a, p, 0)
        for a, p in zip(args, method.parameters, strict=True)
    ]
    return method, runs


def _takes_rows(candidates: list[Method], args: list[Code]) -> Method | None:
    """The one overload for which dynamic queries stand for records of its types; None where several could be meant (ASSUMED)."""
    fitting = [
        method
        for method in candidates
        if len(method.parameters) == len(args)
        and all(is_assignable(a.type, p) or stands_for_row(a, p) for a, p in zip(args, method.parameters, strict=True))
    ]
    return fitting[0] if len(fitting) == 1 else None


def missing(name: str, args: list[Code], owner: str | None, pos: int) -> CompileProblem:
    """`Method does not exist or incorrect signature: void foo(Integer) from the type Bar`."""
    return CompileProblem(messages.NO_METHOD.format(name, shown_types(args), owner), pos)


def check_ambiguous(chosen: Method, candidates: list[Method], args: list[Code], pos: int) -> None:
    """Raises CompileProblem when another method takes the arguments as well."""
    if len(candidates) > 1 and is_ambiguous(chosen, candidates, [a.type for a in args]):
        shown = "<init>" if chosen.owner is not None and chosen in chosen.owner.constructors else chosen.name
        raise CompileProblem(messages.AMBIGUOUS.format(shown, shown_types(args)), pos)


def _full(method: Method) -> str:
    return f"{method.returns.name} {_owner_name(method.owner)}.{method.shown}"


def _owner_name(owner: ApexClass | None) -> str:
    """As messages print it: `System.Test`, and `String` for the types of the language."""
    if owner is None:
        return ""
    key = owner.name.lower()
    return owner.name if key in PRIMITIVES or key in COLLECTION_ARITY else owner.full_name


def _bare_call(scope: Scope, node: tree.Call) -> Code:
    args = arguments(scope, node.args)
    candidates = find_methods(scope, node.name)
    if not candidates and any(c.refused for c in scope.cls.ancestors()):
        refused = next(c.type for c in scope.cls.ancestors() if c.refused)
        return Code(refusing(refused, node.name), refused)
    found = resolve(candidates, args)
    if found is None and not scope.static:
        found = resolve(_object_methods(node.name), args)
    if found is None:
        raise missing(node.name, args, scope.cls.name, node.pos)
    method, runs = found
    check_ambiguous(method, candidates, args, node.pos)
    check_visible(scope, method, node.pos)
    if method.static:
        future = method.modifiers is not None and method.modifiers.find_annotation("future") is not None
        return Code(_invoke_later(scope, method, runs) if future else invoke_static(method, runs), method.returns)
    if scope.static:
        raise CompileProblem(messages.METHOD_IN_STATIC.format(_full(method)), node.pos)
    if scope.chaining:
        raise CompileProblem(messages.CHAIN_CALLS_METHOD.format(_full(method)), node.pos)
    return Code(invoke_virtual(lambda frame: frame[THIS], method, runs), _refined(scope.cls.type, method))


def _super_call(scope: Scope, node: tree.Call) -> Code:
    superclass = scope.cls.superclass
    if scope.static:
        raise CompileProblem(messages.STATIC_SUPER, node.target.pos if node.target else node.pos)
    args = arguments(scope, node.args)
    candidates = superclass.find_methods(node.name) if superclass is not None else []
    found = resolve(candidates or _object_methods(node.name), args)
    if found is None:
        raise missing(node.name, args, superclass.name if superclass else _BASE, node.pos)
    method, runs = found
    if superclass is None:
        raise CompileProblem(messages.METHOD_HIDDEN.format(f"{method.returns.name} {_BASE}.{method.shown}"), node.pos)
    if method.static:
        raise CompileProblem(messages.STATIC_METHOD_OF_OBJECT.format(_full(method)), node.pos)
    check_visible(scope, method, node.pos)
    if method.abstract:
        raise CompileProblem(messages.ABSTRACT_CALL.format(_full(method)), node.pos)
    return Code(invoke_direct(lambda frame: frame[THIS], method, runs), method.returns)


_BASE = "System.ApexBaseClass"
"""What a class extends that extends nothing, in messages."""


def _static_call(scope: Scope, node: tree.Call, owner: Type) -> Code:
    args = arguments(scope, node.args)
    if owner.kind is Kind.REFUSED:
        service = find_service(owner.key)
        running = resolve(service.find_methods(node.name), args) if service is not None else None
        if running is None:
            return Code(refusing(owner, node.name), owner)
        return Code(invoke_static(*running), running[0].returns)
    system = find_class(owner.name) if owner.is_sobject else None  # Network, Site: a class and an object
    cls = system or class_of(owner)
    named = cls.find_methods(node.name) if cls is not None else []
    candidates = [m for m in named if m.static]
    found = resolve(candidates, args)
    if found is None:
        instance = choose(named, [a.type for a in args])
        if instance is not None:
            raise CompileProblem(messages.METHOD_IN_STATIC.format(_full(instance)), node.pos)
        raise missing(node.name, args, owner.name, node.pos)
    method, runs = found
    check_ambiguous(method, candidates, args, node.pos)
    check_visible(scope, method, node.pos)
    if cls is not None and cls.name in ("Database", "Search") and cls.namespace == "System":
        return _dynamic_query(scope, system_method(scope, cls.name, method), runs)
    if method.modifiers is not None and method.modifiers.find_annotation("future") is not None:
        return Code(_invoke_later(scope, method, runs), method.returns)
    run = invoke_static(system_method(scope, cls.name if cls else "", method), runs)
    return Code(only_tests(scope, cls, run) if cls is not None else run, method.returns)


_SEE_VARIABLES = frozenset(("query", "countquery", "getquerylocator", "getcursor", "getpaginationcursor", "find"))


def _dynamic_query(scope: Scope, method: Method, runs: list[Run]) -> Code:
    """Database.query and its kin see the variables of the calling method as binds.

    ASSUMED, from public code that orgs run: those of blocks that have ended too, and that Search.query and Search.find do as well.
    """
    run = invoke_static(method, runs)
    if method.name.lower() == "querywithbinds":
        return Code(run, method.returns, Origin.QUERY)
    if method.name.lower() not in _SEE_VARIABLES:
        return Code(run, method.returns)
    engine = scope.engine
    visible = {name: local.slot for block in (scope.ended, *scope.blocks) for name, local in block.items()}

    def bind(frame: Frame, name: str) -> Value:
        slot = visible.get(name.lower())
        return frame[slot] if slot is not None else _member_value(scope, frame, name)

    def query(frame: Frame) -> Value:
        engine.bind_lookups.append(lambda name: bind(frame, name))
        try:
            return run(frame)
        finally:
            engine.bind_lookups.pop()

    rows = method.returns.key == "list" and method.returns.args[0].is_sobject
    return Code(query, method.returns, Origin.QUERY if rows else Origin.ANYWHERE)


def _member_value(scope: Scope, frame: Frame, name: str) -> Value:
    variable = find_variable(scope, name)
    if variable is None:
        raise throw("QueryException", f"Variable does not exist: {name}")
    if variable.getter is not None:
        return variable.getter.call() if variable.static else variable.getter.call(frame[THIS])
    return variable.owner.get_statics()[variable.slot] if variable.static else frame[THIS].fields[variable.slot]


def _invoke_later(scope: Scope, method: Method, runs: list[Run]) -> Run:
    """A call of an @future method: queued with its arguments."""
    engine = scope.engine
    name = f"{method.owner.name if method.owner else ''}.{method.name}"

    def run(frame: Frame) -> None:
        values = [r(frame) for r in runs]
        engine.enqueue_future(name, lambda: _call_future(method, values))

    return run


def _call_future(method: Method, values: list[Value]) -> None:
    if method.owner is not None:
        method.owner.get_statics()
    method.call(*values)


def _object_methods(name: str) -> list[Method]:
    cls = find_class("object")
    return cls.find_methods(name) if cls is not None else []


def instance_candidates(type_: Type, name: str) -> list[Method]:
    """The instance methods of that name that a value of the type has; every object has those of Object."""
    cls = class_of(type_)
    found = [m for m in cls.find_methods(name) if not m.static] if cls is not None else []
    if cls is not None and cls.generic and type_.args:
        bound = dict(zip(cls.generic, type_.args, strict=False))
        found = [_bind(m, bound) for m in found]
    if not found and cls is not None:
        for interface in cls.interface_types():
            if interface.kind is Kind.COLLECTION:
                found.extend(instance_candidates(interface, name))
    if type_.is_sobject and not found:
        return _object_methods(name)
    return found or _object_methods(name)


def _bind(method: Method, bound: dict[str, Type]) -> Method:
    parameters = tuple(substitute(p, bound) for p in method.parameters)
    returns = substitute(method.returns, bound)
    if parameters == method.parameters and returns == method.returns:
        return method
    return Method(
        method.owner,
        method.name,
        parameters,
        returns,
        method.call,
        abstract=method.abstract,
        virtual=method.virtual,
        as_given=method.as_given,
    )


def _instance_call(scope: Scope, node: tree.Call, target: Code) -> Code:
    args = arguments(scope, node.args)
    if target.type.kind is Kind.REFUSED:
        return Code(refusing(target.type, node.name), target.type)
    if node.name.lower() == ADD_ERROR:
        on_field = field_error(scope, node, target, args, missing(node.name, args, target.type.name, node.pos))
        if on_field is not None:
            return on_field
    if target.type is VOID:
        raise missing(node.name, args, VOID.name, node.pos)
    check_all_argument(target.type, node.name, args, node.pos)
    candidates = instance_candidates(target.type, node.name)
    found = resolve(candidates, args)
    if found is None and target.type.kind is Kind.CLASS:
        found = resolve(_object_methods(node.name), args)
    if found is None:
        _refuse_static(target.type, node, args)
        raise missing(node.name, args, target.type.name, node.pos)
    method, runs = found
    check_ambiguous(method, candidates, args, node.pos)
    check_all_call(target.type, method.name, args, node.pos)
    check_of_records(target.type, method.name, node.pos)
    _check_retired(scope, target.type, method.name, node.pos)
    check_visible(scope, method, node.pos)
    returns = _refined(target.type, method)
    owner = method.owner
    if owner is not None and (owner.initialise is not None or owner.is_interface or target.type.kind is Kind.CLASS):
        return Code(invoke_virtual(target.run, method, runs), returns)
    if target.type.kind is Kind.COLLECTION and target.type.key in ("iterator", "iterable"):
        return Code(invoke_virtual(target.run, method, runs), returns)
    if target.type is OBJECT:
        return Code(invoke_virtual(target.run, method, runs), returns)
    run = invoke_direct(target.run, system_method(scope, target.type.name, method), runs)
    return Code(run, returns, Origin.QUERY if target.is_query and method.name == "clone" else Origin.ANYWHERE)


def _check_retired(scope: Scope, type_: Type, name: str, pos: int) -> None:
    """Source: "SObject Class" (Apex Reference Guide). Raises CompileProblem for a method that its API version has no more."""
    if name == "recalculateFormulas" and type_.is_sobject and scope.cls.outermost().api_version >= _FORMULA_SINCE:
        raise CompileProblem(messages.RECALCULATE_RETIRED, pos)


_FORMULA_SINCE = 57.0


def _refuse_static(type_: Type, node: tree.Call, args: list[Code]) -> None:
    """A static method called through an object. Raises CompileProblem."""
    cls = class_of(type_)
    static = choose([m for m in cls.find_methods(node.name) if m.static], [a.type for a in args]) if cls else None
    if static is not None:
        raise CompileProblem(messages.STATIC_METHOD_OF_OBJECT.format(_full(static)), node.pos)


_SAME_AS_RECEIVER = frozenset(("clone", "deepclone"))


def _refined(receiver: Type, method: Method) -> Type:
    """clone() of a record or collection has the type of what is cloned."""
    if method.name.lower() in _SAME_AS_RECEIVER and method.returns in (OBJECT,):
        return receiver
    if receiver.is_sobject and method.name.lower() == "clone":
        return receiver
    return method.returns


# Closures


def invoke_static(method: Method, runs: list[Run]) -> Run:
    """A static call. The class is initialised when the arguments are there: the order of Salesforce's compiler."""
    cls = method.owner
    if cls is None or cls.initialise is None:
        return _invoke_native(method, runs)
    if len(runs) == 1:
        return _invoke_static_1(cls, method, runs[0])

    def run(frame: Frame) -> Value:
        given = [r(frame) for r in runs]
        if cls.statics is None:
            cls.get_statics()
        return method.call(*given)

    return run


def _invoke_static_1(cls: ApexClass, method: Method, run_a: Run) -> Run:
    def run(frame: Frame) -> Value:
        given = run_a(frame)
        if cls.statics is None:
            cls.get_statics()
        return method.call(given)

    return run


def _invoke_native(method: Method, runs: list[Run]) -> Run:
    call = method.call
    if not runs:
        return lambda frame: call()
    if len(runs) == 1:
        run_a = runs[0]
        return lambda frame: call(run_a(frame))
    if len(runs) == 2:
        run_a, run_b = runs
        return lambda frame: call(run_a(frame), run_b(frame))
    return lambda frame: call(*[r(frame) for r in runs])


def invoke_direct(target: Run, method: Method, runs: list[Run]) -> Run:
    """A call of exactly this method. A receiver is missed when the arguments are there, as in Salesforce's class files."""
    if len(runs) == 1:
        run_a = runs[0]

        def run_1(frame: Frame) -> Value:
            this = target(frame)
            given = run_a(frame)
            if this is None:
                raise null_pointer()
            return method.call(this, given)

        return run_1

    def run(frame: Frame) -> Value:
        this = target(frame)
        given = [r(frame) for r in runs]
        if this is None:
            raise null_pointer()
        return method.call(this, *given)

    return run


def invoke_virtual(target: Run, method: Method, runs: list[Run]) -> Run:
    """A call of what the object's class has under this signature."""
    owner = method.owner
    overridable = method.virtual or method.abstract or method.override
    if owner is not None and method.access == "private" and not overridable and not owner.is_interface:
        return invoke_direct(target, method, runs)
    key = method.signature
    name, arity = method.name, len(runs)

    def run(frame: Frame) -> Value:
        this = target(frame)
        given = [r(frame) for r in runs]
        if this is None:
            raise null_pointer()
        cls = getattr(this, "cls", None)
        found = cls.vtable.get(key) if cls is not None else None
        if found is None:
            found = late_method(this, name, arity) or method
        return found.call(this, *given)

    return run


def late_method(this: Value, name: str, arity: int) -> Method | None:
    """The method of a run-time object by name and number of parameters: for platform interfaces and for values typed Object."""
    from orgtwin.apex.conversion import runtime_type

    cls = getattr(this, "cls", None) or class_of(runtime_type(this))
    if cls is None:
        return None
    candidates = [m for m in cls.find_methods(name) if len(m.parameters) == arity and not m.static and not m.abstract]
    return candidates[0] if candidates else None


EXPRESSIONS[tree.Call] = _call
