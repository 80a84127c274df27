"""The bodies of Apex REST: JSON and XML to the parameters of a method, and its result to JSON or XML.

    {"name": "Acme", "n": 1}                            parameters by name, in any order; what is missing is null
    <request><name>Acme</name><n>1</n></request>        the same; xsi:nil is null; lists and maps have no XML
    <response>...</response>                            a result, without the fields that are null

Source: "Apex REST Methods" (Apex Developer Guide). ASSUMED: the texts of the refusals, and that a record of an XML answer has its
type and address as attributes, as the REST API gives them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape, quoteattr

from orgtwin.apex.classes import Method
from orgtwin.apex.faults import ApexThrow, message_of
from orgtwin.apex.library import jsontext
from orgtwin.apex.library.json import from_plain, serialize, to_plain
from orgtwin.apex.types import BOOLEAN, DECIMAL, DOUBLE, INTEGER, LONG, OBJECT, Kind, Type
from orgtwin.apex.values import Value
from orgtwin.errors import SalesforceError
from orgtwin.metadata.xml import MalformedXml, Node, parse_document

_NUMBERS = (INTEGER, LONG, DECIMAL, DOUBLE)
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


@dataclass(frozen=True, slots=True)
class BodyFormat:
    """`read` gives the values of the parameters by name, `write` the text of a result, `takes` whether a type has a form here."""

    media_type: str
    read: Callable[[bytes, Mapping[str, Type]], dict[str, Value]]
    write: Callable[[Value], bytes]
    takes: Callable[[Type], bool]


def read_arguments(method: Method, body: bytes, media_type: str) -> list[Value]:
    """The arguments that a body has for a method. Raises UNSUPPORTED_MEDIA_TYPE, or JSON_PARSER_ERROR and its like (400)."""
    found = FORMATS.get(media_type or "application/json")
    if found is None or not all(found.takes(type_) for type_ in method.parameters):
        message = f"Content-Type header specified in HTTP request is not supported: {media_type}"
        raise SalesforceError("UNSUPPORTED_MEDIA_TYPE", message, status=415)
    types = {name.lower(): type_ for name, type_ in zip(method.parameter_names, method.parameters, strict=True)}
    try:
        given = found.read(body, types) if body.strip() else {}
        return [from_plain(given.get(name), type_, strict=False) for name, type_ in types.items()]
    except (ApexThrow, UnicodeDecodeError) as error:
        message = message_of(error.value) if isinstance(error, ApexThrow) else str(error)
        raise SalesforceError("JSON_PARSER_ERROR", message) from error


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form, which are parameters of the request."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _named(names: list[str], types: Mapping[str, Type]) -> None:
    unknown = next((name for name in names if name.lower() not in types), None)
    if unknown is not None:
        message = f"Unexpected parameter encountered during deserialization: {unknown}"
        raise SalesforceError("JSON_PARSER_ERROR", message)


# JSON


def _read_json(body: bytes, types: Mapping[str, Type]) -> dict[str, Value]:
    found = jsontext.read(body.decode("utf-8"), unique=True)
    if not isinstance(found, dict):
        message = "The request body must be a JSON object with the method's parameters"
        raise SalesforceError("JSON_PARSER_ERROR", message)
    _named(list(found), types)
    return {name.lower(): _with_flags(value, types[name.lower()]) for name, value in found.items()}


def _with_flags(value: Value, type_: Type) -> Value:
    """The same with 1 and 0 of Booleans as true and false."""
    if type_ is BOOLEAN and type(value) is int and value in (0, 1):
        return value == 1
    if isinstance(value, list) and type_.key in ("list", "set"):
        return [_with_flags(item, type_.args[0]) for item in value]
    if isinstance(value, dict) and type_.key == "map":
        return {key: _with_flags(item, type_.args[1]) for key, item in value.items()}
    if isinstance(value, dict) and type_.cls is not None:
        return {name: _with_flags(item, _member_type(type_, name)) for name, item in value.items()}
    return value


def _member_type(type_: Type, name: str) -> Type:
    variable = type_.cls.find_field(name) if type_.cls is not None else None
    return OBJECT if variable is None else variable.type


def _write_json(result: Value) -> bytes:
    return serialize(result, suppress=True).encode("utf-8")


# XML


def _has_xml(type_: Type) -> bool:
    return type_.kind is not Kind.COLLECTION


def _read_xml(body: bytes, types: Mapping[str, Type]) -> dict[str, Value]:
    try:
        root = parse_document(body).root
    except MalformedXml as error:
        raise SalesforceError("XML_PARSER_ERROR", str(error)) from error
    _once(root)
    _named([child.tag for child in root.children], types)
    return {child.tag.lower(): _plain(child, types[child.tag.lower()]) for child in root.children}


def _once(element: Node) -> None:
    tags = [child.tag.lower() for child in element.children]
    twice = next((tag for tag in tags if tags.count(tag) > 1), None)
    if twice is not None:
        raise SalesforceError("XML_PARSER_ERROR", f"Duplicate element: {twice}")


def _plain(element: Node, type_: Type) -> Value:
    """An element in the form of JSON's plain data."""
    if element.is_nil:
        return None
    if type_.is_sobject or (type_.cls is not None and not type_.is_enum):
        _once(element)
        return {child.tag: _plain(child, _member_type(type_, child.tag)) for child in element.children}
    text = element.text.strip()
    if type_ is BOOLEAN and text in ("0", "1"):
        return text == "1"
    return jsontext.read(text) if type_ in _NUMBERS else text


def _write_xml(result: Value) -> bytes:
    return (_HEAD + _element("response", to_plain(result, suppress=True))).encode("utf-8")


def _element(tag: str, plain: Value) -> str:
    if isinstance(plain, list):
        return "".join(_element(tag, item) for item in plain)
    if not isinstance(plain, dict):
        text = json.loads(str(plain))
        return f"<{tag}>{escape(text if isinstance(text, str) else str(plain))}</{tag}>"
    own = plain.get("attributes")
    attributes = own if isinstance(own, dict) else {}
    shown = "".join(f" {name}={quoteattr(json.loads(str(text)))}" for name, text in attributes.items())
    inner = "".join(_element(name, item) for name, item in plain.items() if item is not own)
    return f"<{tag}{shown}>{inner}</{tag}>"


_JSON = BodyFormat("application/json;charset=UTF-8", _read_json, _write_json, lambda type_: True)
_XML = BodyFormat("application/xml;charset=UTF-8", _read_xml, _write_xml, _has_xml)
FORMATS: Mapping[str, BodyFormat] = {"application/json": _JSON, "application/xml": _XML, "text/xml": _XML}
