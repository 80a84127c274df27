"""Whether a file's data has the shape of a spec: JSON Schema, with every error in the language's own words."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import jsonschema_rs

from clmkit.mapping.schema import build_overlay_schema, build_schema
from clmkit.mapping.yaml_tree import PathPart

_Misfit: TypeAlias = jsonschema_rs.ValidationError
_Path: TypeAlias = tuple[PathPart, ...]
_Schema: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class ShapeError:
    """One misfit. `entry` is what can be left out to judge the rest of the file; None: nothing can."""

    code: str
    path: _Path
    message: str
    help: str
    of_key: bool
    entry: _Path | None


MOST_ERRORS = 200
"""More than anybody mends before the next look; a file of the wrong kind has as many as it has lines."""

TYPE_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a block of keys",
    "array": "a list",
    "null": "null",
}

FORMS = {
    r"^[a-z][a-z0-9_]{0,39}$": "a name: a lower-case letter, then at most 39 lower-case letters, digits or _",
    r"^[A-Za-z][A-Za-z0-9_]{0,79}$": "an API name: a letter, then letters, digits or _",
    r"^/?[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$": "a path such as term.start or /id",
    r"^[A-Za-z][A-Za-z0-9_]*\.[A-Za-z][A-Za-z0-9_]*$": "an object and a field: Account.CLM_Party_Id__c",
    r"^[0-9]+(\.[0-9]+)? (ms|s|min|h)$": "a time with its unit: 2 s, 5 min",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": 'a time of day in quotes: "02:00"',
    r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$": "a version such as 1.0.0",
    r"^[0-9]{2}\.0$": 'an API version in quotes: "66.0"',
    r"^[A-Z][A-Za-z0-9]{1,7}$": "a prefix: a capital letter, then 1 to 7 letters or digits",
    r"^[A-Z]{3}$": "an ISO 4217 code such as USD",
    r"^[A-Za-z0-9-]{0,20}\{0{1,10}\}$": "a display format such as P-{000000}",
    r"^[1-9][0-9]{0,3} (days|months|years)$": "a time with its unit: 90 days, 18 months, 7 years",
    r"^[A-Za-z][A-Za-z0-9_+/-]{1,63}$": "a time zone: Europe/Berlin, UTC or org",
    r"^Custom[0-9]{1,3}: [A-Za-z][A-Za-z &-]{0,40}$": "a tab motif: Custom20: Airplane",
    r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?$": "a field: status, StageName or Account.Industry",
    r"^(_|[A-Za-z][A-Za-z0-9_.:-]{0,119})$": "what is shown: a field or object of the spec, or Salesforce's own name of it",
    r"^[0-9() ANDORT]{1,255}$": "a filter logic such as 1 AND (2 OR 3)",
    r"^[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)*$": "a key of the spec: objects.contract.fields.arr",
}
"""Every pattern of the schema in words."""

MEASURES = {
    "html": "4000",
    "number": "{precision: 18, scale: 2}",
    "currency": "{precision: 18, scale: 2}",
    "percent": "{precision: 5, scale: 2}",
    "picklist": "a_value_map",
    "multipicklist": "a_value_map",
    "lookup": "Account",
    "formula": "{returns: number, formula: EndDate - StartDate}",
    "roll_up": "{of: a_detail, operation: count}",
    "auto_number": '{format: "A-{000000}"}',
    "encrypted_text": "{length: 40}",
    "geolocation": "{scale: 6}",
}
"""The types that do not stand alone, each with an example of what they need."""

_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} character",
    "maxLength": "at most {} characters",
    "minItems": "at least {} entry",
    "minProperties": "at least {} entry",
    "maxProperties": "exactly {} entry",
}


def find_shape_errors(data: object) -> tuple[ShapeError, ...]:
    """Every misfit of a spec, none of them twice."""
    return _find(data, _spec_schema())


def find_overlay_errors(data: object) -> tuple[ShapeError, ...]:
    """Every misfit of an overlay's own keys."""
    return _find(data, _overlay_schema())


def _find(data: object, schema: _Judge) -> tuple[ShapeError, ...]:
    if schema.validator.is_valid(data):
        return ()
    misfits = islice(schema.validator.iter_errors(data), MOST_ERRORS)
    return tuple(dict.fromkeys(found for misfit in misfits for found in _explain(misfit, schema.schema)))


@dataclass(frozen=True, slots=True)
class _Judge:
    schema: _Schema
    validator: jsonschema_rs.Draft202012Validator


@functools.cache
def _spec_schema() -> _Judge:
    schema = build_schema()
    return _Judge(schema, jsonschema_rs.Draft202012Validator(schema))


@functools.cache
def _overlay_schema() -> _Judge:
    schema = build_overlay_schema()
    return _Judge(schema, jsonschema_rs.Draft202012Validator(schema))


def _explain(misfit: _Misfit, schema: _Schema) -> Iterator[ShapeError]:
    keyword = misfit.kind.name
    explain = _EXPLAIN.get(keyword, _explain_limit)
    return explain(misfit, tuple(misfit.instance_path), misfit.kind, schema)


def _explain_unknown(misfit: _Misfit, path: _Path, kind: Any, schema: _Schema) -> Iterator[ShapeError]:
    known = _known_keys(misfit, schema)
    for name in kind.unexpected:
        entry = (*path, name)
        yield ShapeError("MAP101", entry, f"{show_path(path)} has no key {name}", suggest(name, known), True, entry)


def _explain_missing(misfit: _Misfit, path: _Path, kind: Any, schema: _Schema) -> Iterator[ShapeError]:
    name = kind.property
    purpose = _describe(misfit, name, schema)
    yield ShapeError(
        "MAP102",
        path,
        f"{show_path(path)} lacks the key {name}",
        f"add {name}: {purpose}".rstrip(": "),
        True,
        _entry(path),
    )


def _explain_type(misfit: _Misfit, path: _Path, kind: Any, schema: _Schema) -> Iterator[ShapeError]:
    wanted = " or ".join(TYPE_WORDS[name] for name in kind.types)
    message = f"{show_path(path)} is {show(misfit.instance)} where the language wants {wanted}"
    yield ShapeError(
        "MAP103", path, message, f"write {_right_form(misfit, kind, schema) or wanted}", False, _entry(path)
    )


def _right_form(misfit: _Misfit, kind: Any, schema: _Schema) -> str:
    """What would be right, shown: the word as a list, the measure of a type, the form of a text; "" where the type says it all."""
    if kind.types == ["array"] and isinstance(misfit.instance, str):
        return f"[{misfit.instance}]"
    return FORMS.get(_block_schema(misfit, schema).get("pattern", ""), "") if kind.types == ["string"] else ""


def _explain_choice(misfit: _Misfit, path: _Path, kind: Any, schema: _Schema) -> Iterator[ShapeError]:
    choices = [str(option) for option in kind.options]
    message = f"{show_path(path)} is {show(misfit.instance)}, which is not one of {', '.join(choices)}"
    fix = _with_measure(path, misfit.instance) or suggest(str(misfit.instance), choices)
    yield ShapeError("MAP104", path, message, fix, False, _entry(path))


def _with_measure(path: _Path, name: object) -> str:
    """A field type that stands alone and needs its measure, with one; "" for anything else."""
    measure = MEASURES.get(str(name), "") if path[-1:] == ("type",) else ""
    return f"write {{{name}: {measure}}}: it needs a measure" if measure else ""


def _explain_form(misfit: _Misfit, path: _Path, kind: Any, schema: _Schema) -> Iterator[ShapeError]:
    message = f"{show_path(path)} is {show(misfit.instance)}, which is not {FORMS[kind.pattern].partition(':')[0]}"
    yield ShapeError("MAP105", path, message, f"write {FORMS[kind.pattern]}", False, _entry(path))


def _explain_name(misfit: _Misfit, path: _Path, kind: Any, schema: _Schema) -> Iterator[ShapeError]:
    """A key that is not a name. The misfit's own instance is the block; the inner error's is the key."""
    name = str(kind.error.instance)
    form = FORMS[kind.error.kind.pattern]
    entry = (*path, name)
    yield ShapeError(
        "MAP105",
        entry,
        f"{name} is not {form.partition(':')[0]} for an entry of {show_path(path)}",
        f"write {form}",
        True,
        entry,
    )


def _explain_limit(misfit: _Misfit, path: _Path, kind: Any, schema: _Schema) -> Iterator[ShapeError]:
    wanted = _LIMITS[kind.name].format(kind.limit)
    message = f"{show_path(path)} is {show(misfit.instance)}; it needs {wanted}"
    yield ShapeError("MAP106", path, message, f"write {wanted}", False, _entry(path))


_EXPLAIN: dict[str, Callable[[_Misfit, _Path, Any, _Schema], Iterator[ShapeError]]] = {
    "additionalProperties": _explain_unknown,
    "required": _explain_missing,
    "type": _explain_type,
    "enum": _explain_choice,
    "pattern": _explain_form,
    "propertyNames": _explain_name,
}


def _block_schema(misfit: _Misfit, schema: _Schema) -> dict[str, Any]:
    """The schema object that holds the keyword which failed."""
    block: Any = schema
    for part in misfit.schema_path[:-1]:
        block = block[part]
    return dict(block)


def _known_keys(misfit: _Misfit, schema: _Schema) -> list[str]:
    return sorted(_block_schema(misfit, schema)["properties"])


def _describe(misfit: _Misfit, name: str, schema: _Schema) -> str:
    described = _block_schema(misfit, schema)["properties"][name].get("description", "")
    return f"{described[:1].lower()}{described[1:].rstrip('.')}"


def suggest(name: str, known: list[str]) -> str:
    """The nearest known word, or all of them."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"


def show_path(path: _Path) -> str:
    return ".".join(str(part) for part in path) or "the spec"


def show(value: object) -> str:
    """A YAML value as the file's author would name it, cut at 60 characters."""
    if isinstance(value, dict | list):
        return f"a {'block' if isinstance(value, dict) else 'list'} of {len(value)}"
    if value is None:
        return "empty"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _entry(path: _Path) -> _Path | None:
    """The field or parent that the path is in: the rest of the file can be judged without it."""
    in_entry = len(path) >= 4 and path[0] == "objects" and path[2] in ("fields", "parents")
    return path[:4] if in_entry else None
