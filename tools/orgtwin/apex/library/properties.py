"""Library classes that are little more than named values: `new Messaging.EmailFileAttachment()` and its kin.

settable_class("Location", {"latitude": "Double"})       x, setX(...) unless setters is False and, with getters, getX()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.library.signatures import Table, declare, system_class, type_of
from orgtwin.apex.text import to_text
from orgtwin.apex.types import VOID, Type
from orgtwin.apex.values import Value


class Properties:
    """An object of such a class: values by lower-case name."""

    __slots__ = ("apex_type", "values")

    def __init__(self, type_: Type) -> None:
        self.apex_type = type_
        self.values: dict[str, Value] = {}

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={to_text(value)}" for name, value in self.values.items())
        return f"{self.apex_type.name}[{shown}]"


def settable_class(
    name: str,
    fields: Mapping[str, str],
    *,
    namespace: str = "System",
    getters: bool = False,
    setters: bool = True,
    methods: Table | None = None,
    defaults: Mapping[str, Value] | None = None,
    extends: ApexClass | None = None,
) -> ApexClass:
    """A class with a constructor without arguments, and for each field a property and, unless it has none, a setter method."""
    cls = declare(name, namespace=namespace)

    def make() -> Properties:
        made = Properties(cls.type)
        made.values.update(defaults or {})
        return made

    table: dict[str, Callable[..., Value]] = {}
    for field, type_name in fields.items():
        capital = field[0].upper() + field[1:]
        if setters:
            table[f"void set{capital}({type_name})"] = writer(field)
        if getters:
            table[f"{type_name} get{capital}()"] = reader(field)
    system_class(name, {**table, **(methods or {})}, namespace=namespace, constructors={"()": make}, extends=extends)
    for field, type_name in fields.items():
        add_property(cls, field, type_of(type_name))
    return cls


def add_property(cls: ApexClass, name: str, type_: Type) -> None:
    """A property that can be read and written."""
    getter = Method(cls, f"get:{name}", (), type_, reader(name))
    setter = Method(cls, f"set:{name}", (type_,), VOID, writer(name))
    cls.declare_variable(Variable(cls, name, type_, False, -1, getter=getter, setter=setter, is_property=True))


def accessors(fields: Mapping[str, str]) -> dict[str, Callable[..., Value]]:
    """getX() and setX(...) for each X of the fields."""
    found: dict[str, Callable[..., Value]] = {}
    for name, type_name in fields.items():
        found[f"{type_name} get{name}()"] = reader(name)
        found[f"void set{name}({type_name})"] = writer(name)
    return found


def reader(name: str) -> Callable[[Properties], Value]:
    """What gives the value of that name."""
    key = name.lower()
    return lambda this: this.values.get(key)


def writer(name: str) -> Callable[[Properties, Value], None]:
    """What takes the value of that name."""
    key = name.lower()

    def write(this: Properties, value: Value) -> None:
        this.values[key] = value

    return write
