"""JSONParser and JSONGenerator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library import jsontext
from orgtwin.apex.library.json import from_plain, to_plain
from orgtwin.apex.library.signatures import declare, system_class, system_enum
from orgtwin.apex.library.tokens import TypeToken
from orgtwin.apex.types import BLOB, BOOLEAN, DATE, DATETIME, DECIMAL, DOUBLE, ID, INTEGER, LONG, TIME, Type
from orgtwin.apex.values import EnumConstant, Value

TOKEN = system_enum(
    "JSONToken",
    "END_ARRAY END_OBJECT FIELD_NAME NOT_AVAILABLE START_ARRAY START_OBJECT VALUE_EMBEDDED_OBJECT VALUE_FALSE VALUE_NULL"
    " VALUE_NUMBER_FLOAT VALUE_NUMBER_INT VALUE_STRING VALUE_TRUE",
)
_VALUE = 6  # ticks of a value that is read; ASSUMED, as the whole CPU model is
_WRITTEN = 3  # 8 characters that are written cost a tick
_MARKS = {"{": "START_OBJECT", "}": "END_OBJECT", "[": "START_ARRAY", "]": "END_ARRAY"}
_WORDS = {"true": "VALUE_TRUE", "false": "VALUE_FALSE", "null": "VALUE_NULL"}


Token = tuple[str, str, str | None]
"""Its kind, its text, the name of the field whose value it is."""


@dataclass(slots=True)
class JsonParser:
    """A cursor over the tokens of one text; a token that was cleared is none any more, and what follows it is next."""

    tokens: list[Token]
    at: int = -1
    cleared: int = -1

    @property
    def apex_type(self) -> Type:
        return declare("JSONParser").type

    def current(self) -> Token | None:
        return self.tokens[self.at] if 0 <= self.at < len(self.tokens) and self.at != self.cleared else None


def create_parser(text: str | None) -> JsonParser:
    """All tokens of the text."""
    if text is None:
        raise argument_null("jsonContent")
    reader = jsontext.Tokens(text)
    raw = list(iter(reader.next, None))
    follows = [value for _kind, value in raw[1:]] + [""]
    found: list[Token] = []
    names: list[str | None] = [None]  # of the field whose value is read: of each open container, that of arrays is None
    for (kind, value), next_value in zip(raw, follows, strict=True):
        if kind == "string" and next_value == ":" and len(names) > 1:
            names[-1] = name = jsontext.string(value)
            found.append(("FIELD_NAME", name, name))
        elif value in _MARKS:
            if value in "]}" and len(names) > 1:
                names.pop()
            found.append((_MARKS[value], value, names[-1]))
            if value in "[{":
                names.append(None)
        elif kind in _KINDS_OF_TOKEN:
            found.append(_KINDS_OF_TOKEN[kind](value, names[-1]))
    return JsonParser(found)


def _number_token(text: str, name: str | None) -> Token:
    return ("VALUE_NUMBER_FLOAT" if any(c in text for c in ".eE") else "VALUE_NUMBER_INT", text, name)


_KINDS_OF_TOKEN: dict[str, Callable[[str, str | None], Token]] = {
    "number": _number_token,
    "string": lambda text, name: ("VALUE_STRING", jsontext.string(text), name),
    "word": lambda text, name: (_WORDS[text], text, name),
}


def _next(this: JsonParser) -> EnumConstant | None:
    this.at = min(this.at + 1, len(this.tokens))
    return _token(this)


def _token(this: JsonParser) -> EnumConstant | None:
    current = this.current()
    return TOKEN.constants[current[0].lower()] if current is not None else None


def _clear(this: JsonParser) -> None:
    this.cleared = this.at


def _last_cleared(this: JsonParser) -> EnumConstant | None:
    return TOKEN.constants[this.tokens[this.cleared][0].lower()] if 0 <= this.cleared < len(this.tokens) else None


def _next_value(this: JsonParser) -> EnumConstant | None:
    _next(this)
    current = this.current()
    return _next(this) if current is not None and current[0] == "FIELD_NAME" else _token(this)


def _value(type_: Type) -> Callable[[JsonParser], Value]:
    def run(this: JsonParser) -> Value:
        current = this.current()
        if current is None:
            raise throw("JSONException", "No current token")
        kind, text, _ = current
        if kind == "VALUE_NULL":
            return None
        plain: Value = text
        if kind.startswith("VALUE_NUMBER"):
            plain = jsontext.number(text)
        elif kind in ("VALUE_TRUE", "VALUE_FALSE"):
            plain = kind == "VALUE_TRUE"
        return from_plain(plain, type_, strict=False)

    return run


def _tree(this: JsonParser) -> Value:
    """The value that starts at the current token; stops at its last token."""
    current = this.current()
    if current is None:
        raise throw("JSONException", "No content to map to Object due to end of input")
    context.spend(_VALUE)
    kind, text, _ = current
    if kind == "START_OBJECT":
        found: dict[str, Value] = {}
        while _name_of(_next(this)) != "END_OBJECT":
            name = this.tokens[this.at][1]
            _next(this)
            found[name] = _tree(this)
        return found
    if kind == "START_ARRAY":
        items: list[Value] = []
        while _name_of(_next(this)) != "END_ARRAY":
            items.append(_tree(this))
        return items
    if kind.startswith("VALUE_NUMBER"):
        return jsontext.number(text)
    return {"VALUE_TRUE": True, "VALUE_FALSE": False, "VALUE_NULL": None}.get(kind, text)


def _name_of(token: EnumConstant | None) -> str:
    if token is None:
        raise throw("JSONException", "Unexpected end-of-input")
    return token.name


def _read_as(this: JsonParser, token: TypeToken, *, strict: bool = False) -> Value:
    if this.at < 0:
        _next(this)
    current = this.current()
    if current is not None and current[0] == "FIELD_NAME":
        _next(this)
    return from_plain(_tree(this), token.type, strict=strict)


def _skip(this: JsonParser) -> None:
    current = this.current()
    if current is not None and current[0] in ("START_OBJECT", "START_ARRAY"):
        _tree(this)


def _text(this: JsonParser) -> str | None:
    current = this.current()
    return current[1] if current is not None else None


def _current_name(this: JsonParser) -> str | None:
    current = this.current()
    return current[2] if current is not None else None


system_class(
    "JSONParser",
    {
        "JSONToken nextToken()": _next,
        "JSONToken nextValue()": _next_value,
        "JSONToken getCurrentToken()": _token,
        "Boolean hasCurrentToken()": lambda this: this.current() is not None,
        "String getText()": _text,
        "String getCurrentName()": _current_name,
        "Blob getBlobValue()": _value(BLOB),
        "Boolean getBooleanValue()": _value(BOOLEAN),
        "Date getDateValue()": _value(DATE),
        "Datetime getDatetimeValue()": _value(DATETIME),
        "Decimal getDecimalValue()": _value(DECIMAL),
        "Double getDoubleValue()": _value(DOUBLE),
        "Id getIdValue()": _value(ID),
        "Integer getIntegerValue()": _value(INTEGER),
        "Long getLongValue()": _value(LONG),
        "Time getTimeValue()": _value(TIME),
        "Object readValueAs(Type)": _read_as,
        "Object readValueAsStrict(Type)": lambda this, token: _read_as(this, token, strict=True),
        "void skipChildren()": _skip,
        "void clearCurrentToken()": _clear,
        "JSONToken getLastClearedToken()": _last_cleared,
    },
)


@dataclass(slots=True)
class JsonGenerator:
    """Builds plain data; `open` holds the containers that are not closed."""

    pretty: bool
    root: Value = None
    open: list[Value] = field(default_factory=list)
    name: str | None = None
    closed: bool = False

    @property
    def apex_type(self) -> Type:
        return declare("JSONGenerator").type

    def close(self) -> None:
        self.closed = True

    def add(self, value: Value) -> None:
        """ASSUMED: the text for a closed one; the page says that nothing can be written then."""
        if self.closed:
            raise throw("JSONException", "The JSON generator is closed")
        if not self.open:
            self.root = value
        elif isinstance(self.open[-1], dict):
            if self.name is None:
                raise throw("JSONException", "Can not write value, expecting field name")
            self.open[-1][self.name] = value
            self.name = None
        else:
            self.open[-1].append(value)

    def start(self, container: Value) -> None:
        self.add(container)
        self.open.append(container)
        if len(self.open) > jsontext.MAX_DEPTH:
            raise throw("JSONException", "JSON is nested too deeply")


def _end(this: JsonGenerator) -> None:
    if not this.open:
        raise throw("JSONException", "Current context not an object or array")
    this.open.pop()


def _set_name(this: JsonGenerator, name: str | None) -> None:
    if name is None:
        raise argument_null("fieldName")
    this.name = name


def _write(this: JsonGenerator, value: Value) -> None:
    context.engine().require_room(value, jsontext.MAX_DEPTH)
    this.add(to_plain(value, suppress=False))


def _write_field(this: JsonGenerator, name: str, value: Value) -> None:
    _set_name(this, name)
    _write(this, value)


def _as_string(this: JsonGenerator) -> str:
    """The text; it closes the generator. Source: "JSONGenerator Class", getAsString."""
    this.close()
    text = "" if this.root is None else jsontext.write(this.root, pretty=bool(this.pretty))
    context.spend(len(text) >> _WRITTEN)
    return text


_KINDS = {
    "Blob": "Blob", "Boolean": "Boolean", "Date": "Date", "DateTime": "Datetime", "Id": "Id", "String": "String", "Time": "Time",
}  # fmt: skip
_NUMBERS = ("Integer", "Long", "Decimal", "Double")
system_class(
    "JSONGenerator",
    {
        **{f"void write{name}({type_})": _write for name, type_ in _KINDS.items()},
        **{f"void write{name}Field(String,{type_})": _write_field for name, type_ in _KINDS.items()},
        **{f"void writeNumber({type_})": _write for type_ in _NUMBERS},
        **{f"void writeNumberField(String,{type_})": _write_field for type_ in _NUMBERS},
        "void writeStartObject()": lambda this: this.start({}),
        "void writeEndObject()": _end,
        "void writeStartArray()": lambda this: this.start([]),
        "void writeEndArray()": _end,
        "void writeFieldName(String)": _set_name,
        "void writeNull()": lambda this: this.add("null"),
        "void writeNullField(String)": lambda this, name: _write_field(this, name, None),
        "void writeObject(Object)": _write,
        "void writeObjectField(String,Object)": _write_field,
        "String getAsString()": _as_string,
        "Boolean isClosed()": lambda this: this.closed,
        "void close()": JsonGenerator.close,
    },
)
system_class(
    "JSON",
    {
        "static JSONParser createParser(String)": create_parser,
        "static JSONGenerator createGenerator(Boolean)": JsonGenerator,
    },
)
