"""Test.createStub: an object of a class whose methods go to a StubProvider.

Source: "Build a Mocking Framework with the Stub API" (Apex Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.conversion import cast
from orgtwin.apex.faults import throw
from orgtwin.apex.library.jobs import call_method
from orgtwin.apex.library.signatures import type_of
from orgtwin.apex.library.tokens import TypeToken
from orgtwin.apex.types import OBJECT, VOID
from orgtwin.apex.values import ApexList, Instance, Value


def create_stub(token: TypeToken, provider: Value) -> Instance:
    """An object that is an instance of the type and asks the provider."""
    base = token.type.cls
    if base is None or not _is_mockable(base):
        raise throw("TypeException", f"Cannot create a stub of {token.type.name}")
    stub = ApexClass(f"{base.name}__sfdc_ApexStub", outer=None, superclass=None if base.is_interface else base)
    stub.type.name = base.type.name  # which messages about types print; its text shows the class's own name
    if base.is_interface:
        stub.interfaces = [base.type]
    stub.field_count = base.field_count
    stub.vtable = dict(base.vtable)
    for signature, method in _mocked(base).items():
        stub.vtable[signature] = _forward(stub, method, provider)
        stub.methods.setdefault(method.name.lower(), []).append(stub.vtable[signature])
    for accessor in list(base.vtable.values()):
        if accessor.name.startswith(("get:", "set:")):
            stub.vtable[accessor.signature] = _forward(stub, accessor, provider)
    return Instance(stub)


def _mocked(base: ApexClass) -> dict[str, Method]:
    """The methods by signature, each as the nearest class declares it: its interfaces may name the parameters otherwise."""
    nearest_first = [*base.chain(), *sorted(base.ancestors(), key=lambda cls: cls.full_name)]
    methods = [m for cls in nearest_first for overloads in cls.methods.values() for m in overloads]
    found: dict[str, Method] = {}
    for method in methods:
        if not method.static and method.access != "private":
            found.setdefault(method.signature, method)
    return found


def _is_mockable(base: ApexClass) -> bool:
    """Not system types, enums, inner types, classes of which every constructor is private. See its limitations."""
    hidden = base.constructors and all(c.access == "private" for c in base.constructors)
    return not (base.is_enum or base.namespace or base.outer is not None or hidden)


def _forward(stub: ApexClass, method: Method, provider: Value) -> Method:
    found = Method(stub, method.name, method.parameters, method.returns, _to_provider(method, provider), override=True)
    found.modifiers = method.modifiers
    return found


def _to_provider(method: Method, provider: Value) -> Callable[..., Value]:
    types = ApexList(type_of("List<Type>"), [TypeToken(p) for p in method.parameters])
    returns = TypeToken(method.returns)
    checked = None if method.returns is VOID else cast(OBJECT, method.returns)

    def call(this: Instance, *args: Value) -> Value:
        names = ApexList(type_of("List<String>"), list(method.parameter_names))
        given = ApexList(type_of("List<Object>"), list(args))
        found = call_method(provider, "handleMethodCall", this, method.name, returns, types, names, given)
        return found if checked is None else checked(found)

    return call
