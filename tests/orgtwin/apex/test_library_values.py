"""Library classes that are values: what each property and setter is given is what its property and getter give back.

The programs are made from the tables. Each object gets all its values before one of them is read, and no two properties of a type
get the same, so that one that keeps another's value is seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.orgtwin.apex.library_entries import value_classes
from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.engine import Engine
from orgtwin.apex.library.signatures import SYSTEM_CLASSES, class_key
from orgtwin.apex.types import Kind, Type

SAMPLES = {
    "Blob": "Blob.valueOf('{n}')",
    "Boolean": "true",
    "Date": "Date.newInstance({n}, 2, 3)",
    "Datetime": "Datetime.newInstanceGmt({n}, 2, 3)",
    "Decimal": "{n}.5",
    "Double": "{n}.5d",
    "Id": "Id.valueOf('00100000000{n}AAA')",
    "Integer": "{n}",
    "Long": "{n}L",
    "Object": "(Object) 'o{n}'",
    "SObject": "(SObject) new Account(Name = '{n}')",
    "String": "'s{n}'",
    "Exception": "new DmlException()",
    "Time": "Time.newInstance(1, 2, 3, {n})",
    "Schema.SObjectType": "Account.SObjectType",
    "Schema.SObjectField": "Account.Name",
}
FIRST = 1000
AT_ONCE = 100  # classes a program


def test_each_value_keeps_what_it_is_given() -> None:
    for program in programs():
        engine = Engine(SmallOrg())
        assert engine.run_anonymous(program) == [], program
        assert engine.debug_log == []


def programs() -> Iterator[str]:
    """Anonymous Apex that prints what is lost."""
    blocks = [block_of(cls) for cls in value_classes()]
    for start in range(0, len(blocks), AT_ONCE):
        yield "\n".join(blocks[start : start + AT_ONCE])


def creations(cls: ApexClass) -> list[str]:
    """By each constructor, with a value for each parameter."""
    given = [", ".join(sample(type_, FIRST) for type_ in one.parameters) for one in cls.constructors]
    return [f"new {cls.full_name}({arguments})" for arguments in given]


def block_of(cls: ApexClass) -> str:
    name = cls.full_name
    given = list(numbered(cls))
    lines = [f"{{ {name} x;", *(f"x = {made};" for made in creations(cls))]
    lines += [f"{type_.name} v{n} = {sample}; {write.format(n=n)}" for n, _shown, type_, sample, write, _reads in given]
    for n, shown, type_, _sample, _write, reads in given:
        differs = "!=" if type_.kind is Kind.PRIMITIVE else "!=="
        lines += [f"if (v{n} {differs} x.{read}) System.debug('{name}.{shown} {read}');" for read in reads]
    return "\n".join([*lines, "}"])


Row = tuple[int, str, Type, str, str, list[str]]


def numbered(cls: ApexClass) -> Iterator[Row]:
    """Of each property: number, name, type, a value, the statement that gives it, the ways to read it."""
    n = FIRST
    for name, type_, writes, reads in properties_of(cls):
        for write in writes:
            n += 1
            yield n, name, type_, sample(type_, n), f"x.{write}", reads if write is writes[-1] else []


def properties_of(cls: ApexClass) -> Iterator[tuple[str, Type, list[str], list[str]]]:
    variables: dict[str, Variable] = {}
    methods: dict[str, Method] = {}
    for one in cls.chain():
        for key, variable in one.variables.items():
            variables.setdefault(key, variable)
        for key, overloads in one.methods.items():
            if len(overloads) == 1 and not overloads[0].refused and not overloads[0].static:
                methods.setdefault(key, overloads[0])
    names = {*variables, *(key[3:] for key, m in methods.items() if key.startswith("set") and len(m.parameters) == 1)}
    for name in sorted(names):
        variable_ = variables.get(name)
        setter = methods.get(f"set{name}")
        type_ = variable_.type if variable_ is not None else setter.parameters[0] if setter is not None else None
        assert type_ is not None
        writes = [f"{name} = v{{n}};"] if variable_ is not None and variable_.setter is not None else []
        writes += [f"set{name}(v{{n}});"] if setter is not None and setter.parameters == (type_,) else []
        reads = [name] if variable_ is not None else []
        reads += [
            f"{w}{name}()" for w in ("get", "is") if f"{w}{name}" in methods and not methods[f"{w}{name}"].parameters
        ]
        if writes and reads:
            yield name, type_, writes, reads


def sample(type_: Type, n: int) -> str:
    if type_.name in SAMPLES:
        return SAMPLES[type_.name].format(n=n)
    if type_.kind is Kind.COLLECTION:
        return f"new {type_.name}()"
    cls = type_.cls or SYSTEM_CLASSES.get(class_key(type_.name))
    if cls is not None and cls.is_enum:
        return f"{cls.full_name}.{next(iter(cls.constants.values())).name}"
    if cls is not None and any(not m.parameters for m in cls.constructors):
        return f"new {cls.full_name}()"
    return "null"
