"""Formulas that Apex builds, and formula fields that it computes again.

    Formula.builder().withType(Account.class).withReturnType(FormulaEval.FormulaReturnType.STRING).withFormula('Name').build()

Over an sObject, or over an Apex class: its public and global variables are then the formula's fields. Sources: "Formula Class",
"FormulaBuilder Class", "FormulaInstance Class", "FormulaRecalcResult Class" (Apex Reference Guide). ASSUMED: the names of
FormulaGlobal; a formula may read every global variable, whether it was named or not; what recalculateFormulas finds not set is
blank.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass, Variable
from orgtwin.apex.database import from_port, to_port
from orgtwin.apex.faults import throw
from orgtwin.apex.library.signatures import declare, system_class, system_enum, type_of
from orgtwin.apex.numbers import to_decimal
from orgtwin.apex.records import SObject, field_type
from orgtwin.apex.types import Kind, Type
from orgtwin.apex.values import ApexList, ApexSet, EnumConstant, Id, Instance, Long, Value
from orgtwin.errors import SalesforceError
from orgtwin.formula import (
    CompiledFormula,
    FieldPath,
    FormulaError,
    FormulaEvaluationError,
    FormulaKind,
    FormulaType,
    GivenContext,
    GlobalPath,
    compile_formula,
)
from orgtwin.schema.model import Field, FieldType, Schema, SObjectType

_NUMBERS = dict.fromkeys(("DECIMAL", "DOUBLE", "INTEGER", "LONG"), FormulaType.NUMBER)
_TYPES: Mapping[str, FormulaType] = {
    **_NUMBERS,
    "BOOLEAN": FormulaType.BOOLEAN,
    "DATE": FormulaType.DATE,
    "DATETIME": FormulaType.DATETIME,
    "TIME": FormulaType.TIME,
}
_AS_RETURNED: Mapping[str, Callable[[Value], Value]] = {
    "INTEGER": int,
    "LONG": Long,
    "DOUBLE": float,
    "DECIMAL": to_decimal,
    "STRING": str,
    "ID": Id,
}
_FIELD_TYPES: Mapping[str, FieldType] = {
    "Boolean": FieldType.BOOLEAN,
    "Date": FieldType.DATE,
    "Datetime": FieldType.DATETIME,
    "Decimal": FieldType.DOUBLE,
    "Double": FieldType.DOUBLE,
    "Integer": FieldType.DOUBLE,
    "Long": FieldType.DOUBLE,
    "Time": FieldType.TIME,
}
_HOLE = re.compile(r"\{!(.*?)\}", re.DOTALL)
Part = str | CompiledFormula
system_enum(
    "FormulaReturnType", "BOOLEAN DATE DATETIME DECIMAL DOUBLE ID INTEGER LONG STRING TIME", namespace="FormulaEval"
)
system_enum(
    "FormulaGlobal",
    "API CUSTOMMETADATA LABEL ORGANIZATION PERMISSION PROFILE SETUP SYSTEM USER USERROLE",
    namespace="FormulaEval",
)


@dataclass(slots=True, eq=False)
class FormulaBuilder:
    """What build() turns into a FormulaEval.FormulaInstance."""

    text: str | None = None
    type: Value = None
    returns: EnumConstant | None = None
    is_template: bool = False
    blank_as_zero: bool = False

    @property
    def apex_type(self) -> Type:
        return declare("FormulaBuilder", namespace="FormulaEval").type


_COMPILE = 30  # ticks of a character of a formula that is read, of which evaluating it takes one
_PATTERN = 4_000  # ticks of a formula with a pattern, each time
"""ASSUMED, as the whole CPU model is."""


class FormulaInstance:
    """A formula that can be evaluated; a template is several, with the text between them."""

    def __init__(self, builder: FormulaBuilder) -> None:
        if builder.type is None:
            raise throw("FormulaValidationException", "A formula needs the type of what it is evaluated for")
        text = builder.text
        if not text:
            raise throw("FormulaValidationException", "A formula needs its text")  # ASSUMED, as the text above
        context.spend(_COMPILE * len(text))
        self.price = len(text) + (_PATTERN if "regex" in text.lower() else 0)
        self.owner: Type = builder.type.type
        self.returns = builder.returns.name if builder.returns is not None else "STRING"
        self.is_template = builder.is_template
        schema = context.engine().port.schema
        if not self.owner.is_sobject:
            _require_global(self.owner)
            schema = Schema((*schema, *_class_types(self.owner)))
        make = partial(
            compile_formula,
            schema=schema,
            sobject_type=self.owner.name,
            kind=FormulaKind.FIELD,
            blank_as_zero=builder.blank_as_zero,
        )
        try:
            self.parts = list(_parts(text, make)) if self.is_template else [make(text, returns=self._type)]
        except FormulaError as error:
            raise throw("FormulaValidationException", str(error)) from error

    @property
    def _type(self) -> FormulaType | None:
        return _TYPES.get(self.returns, FormulaType.TEXT)

    @property
    def apex_type(self) -> Type:
        return declare("FormulaInstance", namespace="FormulaEval").type


def _parts(text: str, make: Callable[[str], CompiledFormula]) -> Iterator[Part]:
    for place, part in enumerate(_HOLE.split(text)):
        yield make(part) if place % 2 else part


def _require_global(owner: Type) -> None:
    """ASSUMED: the text; that a class must be global is what public tests expect."""
    modifiers = owner.cls.modifiers if owner.cls is not None else None
    if modifiers is None or not modifiers.has("global"):
        raise throw("FormulaValidationException", f"The class {owner.name} must be global to be the type of a formula")


def _class_types(owner: Type) -> list[SObjectType]:
    """A class as an object of the schema, with those of the classes that its variables hold."""
    found: dict[str, SObjectType] = {}
    waiting = [owner.cls]
    while waiting:
        cls = waiting.pop()
        if cls is None or cls.type.name in found:
            continue
        variables = list(_visible(cls))
        fields = tuple(_field_of(variable) for variable in variables)
        found[cls.type.name] = SObjectType(cls.type.name, cls.type.name, cls.type.name, "", fields)
        waiting += [v.type.cls for v in variables if v.type.kind is Kind.CLASS]
    return list(found.values())


def _visible(cls: ApexClass) -> Iterator[Variable]:
    for one in cls.chain():
        for variable in one.variables.values():
            seen = variable.modifiers is not None and not {"public", "global"}.isdisjoint(variable.modifiers.words)
            if seen and not variable.type.args:
                yield variable


def _field_of(variable: Variable) -> Field:
    type_ = variable.type
    if type_.is_sobject or type_.kind is Kind.CLASS:
        return Field(
            variable.name,
            variable.name,
            FieldType.REFERENCE,
            reference_to=(type_.name,),
            relationship_name=variable.name,
        )
    return Field(variable.name, variable.name, _FIELD_TYPES.get(type_.name, FieldType.STRING), 255)


def _member(owner: Value, name: str) -> Value:
    """A step of a path: a variable of an object, a parent of a record."""
    if isinstance(owner, Instance):
        variable = owner.cls.find_field(name)
        if variable is None:
            return None
        return variable.getter.call(owner) if variable.getter is not None else owner.fields[variable.slot]
    if isinstance(owner, SObject):
        reference = owner.schema.find_field(name)
        relationship = reference.relationship_name if reference is not None else None
        return owner.find_parent(relationship) if relationship else None
    return None


def _value(given: Value, path: FieldPath) -> Value:
    owner = given
    for lookup in path.lookups:
        owner = _member(owner, lookup.field)
    if isinstance(owner, SObject):
        return to_port(owner.get(path.field))
    return None if owner is None else to_port(_member(owner, path.field))


def _told(value: Callable[[FieldPath], Value]) -> GivenContext:
    engine = context.engine()

    def global_value(path: GlobalPath) -> Value:
        return engine.port.formula_global(path)

    return GivenContext(value=value, now=engine.now(), zone=engine.user_zone(), global_value=global_value)


def _evaluate(this: FormulaInstance, given: Value) -> Value:
    context.spend(this.price)
    told = _told(partial(_value, given))
    try:
        found = [part if isinstance(part, str) else part.evaluate(told) for part in this.parts]
    except FormulaEvaluationError as error:
        raise throw("FormulaEvaluationException", str(error)) from error
    if this.is_template:
        return "".join("" if one is None else str(one) for one in found)
    one = found[0]
    if isinstance(one, datetime):
        one = one.astimezone(UTC)
    return _AS_RETURNED.get(this.returns, lambda v: v)(one) if one is not None else None


def _referenced(this: FormulaInstance) -> ApexSet:
    compiled = [part for part in this.parts if isinstance(part, CompiledFormula)]
    names = [".".join((*[step.field for step in path.lookups], path.field)) for one in compiled for path in one.fields]
    return ApexSet(type_of("Set<String>"), dict.fromkeys(names))


def _with(name: str) -> Callable[..., Value]:
    def run(this: FormulaBuilder, value: Value) -> FormulaBuilder:
        setattr(this, name, value)
        return this

    return run


# Formula fields, computed again


@dataclass(slots=True, eq=False)
class Recalculated:
    """What became of one record: the fields that failed, with their errors."""

    record: SObject
    errors: list[FieldFailure] = field(default_factory=list)

    @property
    def apex_type(self) -> Type:
        return declare("FormulaRecalcResult").type


@dataclass(frozen=True, slots=True)
class FieldFailure:
    name: str
    error: str

    @property
    def apex_type(self) -> Type:
        return declare("FormulaRecalcFieldError").type


def _recalculate(records: ApexList | None) -> ApexList:
    if records is None:
        raise throw("NullPointerException", "Argument cannot be null.")
    return ApexList(type_of("List<FormulaRecalcResult>"), [_recalculated(record) for record in records.items])


def _recalculated(record: SObject) -> Recalculated:
    found = Recalculated(record)
    for one in record.schema.fields:
        if not one.formula:
            continue
        try:
            value = _computed(record, one, ())
        except (FormulaError, FormulaEvaluationError, SalesforceError) as error:
            found.errors.append(FieldFailure(one.api_name, str(error)))
            continue
        record.fields[one.api_name] = None if value is None else from_port(value, field_type(one))
    return found


def _computed(record: SObject, formula: Field, above: tuple[str, ...]) -> Value:
    """A formula field over what the record holds in memory; formula fields that it names are computed first."""
    context.spend(_COMPILE * len(formula.formula or ""))
    compiled = compile_formula(
        formula.formula or "",
        context.engine().port.schema,
        record.type.name,
        blank_as_zero=formula.formula_blank_as_zero,
        kind=FormulaKind.FIELD,
        scale=formula.scale if formula.type in (FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT) else None,
        percent=formula.type is FieldType.PERCENT,
    )

    def value(path: FieldPath) -> Value:
        owner: SObject | None = record
        for lookup in path.lookups:
            reference = owner.schema.find_field(lookup.field) if owner is not None else None
            owner = owner.related.get((reference.relationship_name or "").lower()) if owner and reference else None
        if owner is None:
            return None
        described = owner.schema.find_field(path.field)
        if described is not None and described.formula and path.text not in above:
            return _computed(owner, described, (*above, path.text))
        return to_port(owner.fields.get(path.field))

    return compiled.evaluate(_told(value))


system_class(
    "Formula",
    {
        "static FormulaEval.FormulaBuilder builder()": FormulaBuilder,
        "static List<FormulaRecalcResult> recalculateFormulas(List<SObject>)": _recalculate,
    },
)
system_class(
    "FormulaBuilder",
    {
        "FormulaEval.FormulaBuilder parseAsTemplate(Boolean)": _with("is_template"),
        "FormulaEval.FormulaBuilder treatNumericNullAsZero(Boolean)": _with("blank_as_zero"),
        "FormulaEval.FormulaBuilder withFormula(String)": _with("text"),
        "FormulaEval.FormulaBuilder withType(Type)": _with("type"),
        "FormulaEval.FormulaBuilder withType(Schema.SObjectType)": _with("type"),
        "FormulaEval.FormulaBuilder withReturnType(FormulaEval.FormulaReturnType)": _with("returns"),
        "FormulaEval.FormulaBuilder withGlobalVariables(List<FormulaEval.FormulaGlobal>)": lambda this, names: this,
        "FormulaEval.FormulaInstance build()": FormulaInstance,
    },
    namespace="FormulaEval",
)
system_class(
    "FormulaInstance",
    {"Object evaluate(Object)": _evaluate, "Set<String> getReferencedFields()": _referenced},
    namespace="FormulaEval",
)
system_class(
    "FormulaRecalcResult",
    {
        "Boolean isSuccess()": lambda this: not this.errors,
        "SObject getSObject()": lambda this: this.record,
        "List<FormulaRecalcFieldError> getErrors()": lambda this: ApexList(
            type_of("List<FormulaRecalcFieldError>"), list(this.errors)
        ),
    },
)
system_class(
    "FormulaRecalcFieldError",
    {"String getFieldName()": lambda this: this.name, "String getFieldError()": lambda this: this.error},
)
