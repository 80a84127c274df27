"""The published JSON Schema of the spec, generated from `document`; `mappings/schema.json` is this, written out.

msgspec writes a union as `anyOf`, which validators answer with "not valid under any of the schemas". Every union of the language
is text or a block, so it becomes `if text then ... else ...` and each error names the real cause.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from clmkit.mapping.document import SpecDocument, TypeBlock

Schema: TypeAlias = dict[str, object]

TITLE = "clmkit mapping spec"


def build_schema() -> Schema:
    """JSON Schema 2020-12 of a mapping spec."""
    (reference,), definitions = msgspec.json.schema_components([SpecDocument], ref_template="#/$defs/{name}")
    plain = {name: _simplify(definition) for name, definition in definitions.items()}
    one_key = plain[TypeBlock.__name__]
    one_key |= {"minProperties": 1, "maxProperties": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TITLE,
        "$ref": reference["$ref"],
        "$defs": plain,
    }


def render_schema() -> str:
    return msgspec.json.format(msgspec.json.encode(build_schema(), order="deterministic"), indent=2).decode() + "\n"


def _simplify(schema: object) -> Schema:
    simple = _rewrite(schema)
    if not isinstance(simple, dict):
        raise TypeError("a schema is an object")
    return simple


def _rewrite(schema: object) -> object:
    if isinstance(schema, list):
        return [_rewrite(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    rewritten = {key: _rewrite(value) for key, value in schema.items()}
    choices = rewritten.pop("anyOf", None)
    return rewritten if choices is None else rewritten | _split(choices)


def _split(choices: object) -> Schema:
    """A union of text and something else without `anyOf`."""
    if not isinstance(choices, list) or len(choices) != 2:
        raise TypeError(f"the language knows unions of two, not {choices}")
    scalars = [choice["type"] for choice in choices if choice.keys() == {"type"}]
    if len(scalars) == 2:
        return {"type": sorted(scalars)}
    text, block = choices
    return {"if": {"type": "string"}, "then": text, "else": block}
