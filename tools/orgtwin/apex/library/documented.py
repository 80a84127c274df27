"""What the Apex Reference documents and the twin does not emulate: it compiles, and running it is refused by name.

documented.txt lists the classes of the namespaces that are emulated in part (`Namespace.Class class`) with their methods below,
indented; elsewhere.txt those that are refused as a whole, a line each: the class, its kind, the names of its methods. Source: the
class pages of the Apex Reference Guide; signatures as Salesforce's public Apex language tools list them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.faults import EXCEPTIONS
from orgtwin.apex.library.refused import refused_type
from orgtwin.apex.library.signatures import SYSTEM_CLASSES, Refusing, class_key, split_arguments
from orgtwin.apex.types import COLLECTION_ARITY, OBJECT, PRIMITIVES, Type, collection

LATE = "ConnectApi."


@cache
def documented() -> Mapping[str, tuple[str, ...]]:
    """Signatures by full class name."""
    found: dict[str, list[str]] = {}
    rows: list[str] = []
    for line in _lines("documented.txt"):
        if line.startswith("  "):
            rows.append(line.strip())
        else:
            rows = found.setdefault(line.partition(" ")[0], [])
    return {name: tuple(signatures) for name, signatures in found.items()}


def elsewhere() -> Mapping[str, tuple[str, ...]]:
    """Names of methods by full class name, of all that is refused as a whole."""
    rows = (line.split() for line in _lines("elsewhere.txt"))
    return {name: tuple(methods) for name, _kind, *methods in rows}


def _lines(name: str) -> list[str]:
    return files("orgtwin.apex.library").joinpath(name).read_text(encoding="utf-8").splitlines()


@cache
def missing_classes() -> frozenset[str]:
    """Keys of the classes that are documented and not emulated at all."""
    keys = {class_key(name) for name in documented() if not name.startswith(LATE)}
    return frozenset(keys - SYSTEM_CLASSES.keys() - EXCEPTIONS.keys())


def add_documented() -> None:
    """Give the emulated classes the methods they lack; the rest of the library must be loaded."""
    _add({name: signatures for name, signatures in documented().items() if not name.startswith(LATE)})


def add_documented_late() -> None:
    """The same for the namespace whose classes are made when one of them is first asked for; each of them has clone()."""
    _add({name: signatures for name, signatures in documented().items() if name.startswith(LATE)})
    late = (cls for cls in SYSTEM_CLASSES.values() if cls.full_name.startswith(LATE))
    _add({cls.full_name: ("Object clone()",) for cls in late})


def _add(found: Mapping[str, tuple[str, ...]]) -> None:
    for name, signatures in found.items():
        cls = SYSTEM_CLASSES.get(class_key(name)) or EXCEPTIONS.get(class_key(name))
        if cls is not None and not cls.is_interface and not cls.is_enum:
            for method in _missing_methods(cls, signatures):
                cls.methods.setdefault(method.name.lower(), []).append(method)


def _missing_methods(cls: ApexClass, signatures: tuple[str, ...]) -> Iterator[Method]:
    for text in signatures:
        head, _, rest = text.partition("(")
        static = head.startswith("static ")
        returns, _, name = head.removeprefix("static ").rpartition(" ")
        parameters = tuple(_type(part) for part in split_arguments(rest[:-1]))
        same = [m for m in cls.find_methods(name) if len(m.parameters) == len(parameters)]
        if not any(not m.refused or m.parameters == parameters for m in same):
            call = Refusing(f"{cls.full_name}.{name}")
            yield Method(cls, name, parameters, _type(returns), call, static=static, refused=True)


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
