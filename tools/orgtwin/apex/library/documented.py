"""What the Apex Reference documents and the twin does not emulate: it compiles, and running it is refused by name.

documented.txt lists classes (`Namespace.Class class`) with their methods below, indented. Source: the class pages of the Apex
Reference Guide; signatures as Salesforce's public Apex language tools list them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.faults import EXCEPTIONS
from orgtwin.apex.library.refused import refused_type
from orgtwin.apex.library.signatures import SYSTEM_CLASSES, class_key, split_arguments
from orgtwin.apex.types import COLLECTION_ARITY, OBJECT, PRIMITIVES, Type, collection
from orgtwin.apex.values import Value


@cache
def documented() -> Mapping[str, tuple[str, ...]]:
    """Signatures by full class name."""
    found: dict[str, list[str]] = {}
    rows: list[str] = []
    for line in files("orgtwin.apex.library").joinpath("documented.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            rows.append(line.strip())
        else:
            rows = found.setdefault(line.partition(" ")[0], [])
    return {name: tuple(signatures) for name, signatures in found.items()}


@cache
def missing_classes() -> frozenset[str]:
    """Keys of the classes that are documented and not emulated at all."""
    keys = {class_key(name) for name in documented()}
    return frozenset(keys - SYSTEM_CLASSES.keys() - EXCEPTIONS.keys())


def add_documented() -> None:
    """Give the emulated classes the methods they lack; the rest of the library must be loaded."""
    for name, signatures in documented().items():
        cls = SYSTEM_CLASSES.get(class_key(name))
        if cls is not None and not cls.is_interface and not cls.is_enum:
            for method in _missing_methods(cls, signatures):
                cls.methods.setdefault(method.name.lower(), []).append(method)


def _missing_methods(cls: ApexClass, signatures: tuple[str, ...]) -> Iterator[Method]:
    for text in signatures:
        head, _, rest = text.partition("(")
        static = head.startswith("static ")
        returns, _, name = head.removeprefix("static ").rpartition(" ")
        parameters = tuple(_type(part) for part in split_arguments(rest[:-1]))
        overloads = cls.methods.get(name.lower(), ())
        known = [m for m in overloads if len(m.parameters) == len(parameters) and not m.refused]
        if not known:
            shown = f"{cls.full_name}.{name}"
            yield Method(cls, name, parameters, _type(returns), _refuse(shown), static=static, refused=True)


def _refuse(shown: str) -> Callable[..., Value]:
    def call(*_: Value) -> Value:
        context.engine().refuse(f"apex.{shown}", f"{shown} in Apex")
        raise AssertionError("refuse() always raises")

    return call


def _type(text: str) -> Type:
    """The type a signature names; Object for what nothing here knows."""
    if text.endswith("[]"):
        return collection("list", _type(text[:-2]))
    name, _, rest = text.partition("<")
    key = class_key(name)
    if rest:
        args = [_type(part) for part in split_arguments(rest[:-1])]
        return collection(key, *args) if key in COLLECTION_ARITY else OBJECT
    if key in COLLECTION_ARITY:
        return OBJECT
    cls = EXCEPTIONS.get(key) or SYSTEM_CLASSES.get(key)
    return PRIMITIVES.get(key) or (cls.type if cls is not None else refused_type(name) or OBJECT)
