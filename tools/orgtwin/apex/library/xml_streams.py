"""XmlStreamReader and XmlStreamWriter: XML event by event.

Source: "XmlStreamReader Class", "XmlStreamWriter Class" (Apex Reference Guide), "Reading and Writing XML Using Streams" (Apex
Developer Guide), whose examples are cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape

from orgtwin.apex import context
from orgtwin.apex.faults import throw
from orgtwin.apex.library.http import HttpMessage
from orgtwin.apex.library.signatures import declare, system_class, system_enum
from orgtwin.apex.types import Type
from orgtwin.apex.values import EnumConstant

TAG = system_enum(
    "XmlTag",
    "ATTRIBUTE CDATA CHARACTERS COMMENT DTD END_DOCUMENT END_ELEMENT ENTITY_DECLARATION ENTITY_REFERENCE NAMESPACE"
    " NOTATION_DECLARATION PROCESSING_INSTRUCTION SPACE START_DOCUMENT START_ELEMENT",
)
_CODES = {
    "START_ELEMENT": 1,
    "END_ELEMENT": 2,
    "PROCESSING_INSTRUCTION": 3,
    "CHARACTERS": 4,
    "COMMENT": 5,
    "START_DOCUMENT": 7,
}
_END = 8
_SEPARATOR = " "
_ENTITIES = (
    120_000  # ticks of a text that declares entities: the parser gives up what grows a hundredfold only after 8 MB
)
_PARTS = 5  # 32 parts that are joined cost a tick (ASSUMED, as the whole CPU model is)


@dataclass(frozen=True, slots=True)
class _Event:
    """`attributes` are (namespace, name, value); of a processing instruction the name is the target."""

    tag: str
    name: str | None = None
    namespace: str | None = None
    text: str = ""
    attributes: tuple[tuple[str | None, str, str], ...] = ()


class Reader:
    """Reads an XML text. It stands at an event, at first at the start of the document."""

    def __init__(self, text: str) -> None:
        self.events = _events(text)
        self.at = 0

    @property
    def apex_type(self) -> Type:
        return declare("XmlStreamReader").type

    @property
    def event(self) -> _Event:
        return self.events[self.at]


def _split(name: str) -> tuple[str | None, str]:
    namespace, _, local = name.rpartition(_SEPARATOR)
    return namespace or None, local


def _events(text: str) -> list[_Event]:
    """Neighbouring characters are one event. ASSUMED; a real reader may split them unless it is told to coalesce."""
    if "<!ENTITY" in text:
        context.spend(_ENTITIES)
    found = [_Event("START_DOCUMENT")]
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        namespace, local = _split(name)
        rows = tuple((*_split(key), value) for key, value in attributes.items())
        found.append(_Event("START_ELEMENT", local, namespace, attributes=rows))

    def end(name: str) -> None:
        namespace, local = _split(name)
        found.append(_Event("END_ELEMENT", local, namespace))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda data: found.append(_Event("CHARACTERS", text=data))
    parser.CommentHandler = lambda data: found.append(_Event("COMMENT", text=data))
    parser.ProcessingInstructionHandler = lambda target, data: found.append(
        _Event("PROCESSING_INSTRUCTION", target, text=data)
    )
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise throw(
            "XmlException", f"ParseError at [row,col]:[{error.lineno},{error.offset}]\nMessage: {error}"
        ) from error
    return [*found, _Event("END_DOCUMENT")]


def _next(this: Reader) -> int:
    if this.at + 1 >= len(this.events):
        raise throw("NoSuchElementException", "END_DOCUMENT reached: no more elements on the stream.")
    this.at += 1
    return _CODES.get(this.event.tag, _END)


def _next_tag(this: Reader) -> int:
    """The next start or end of an element; only white space, comments and instructions may come before it."""
    code = _next(this)
    while this.event.tag not in ("START_ELEMENT", "END_ELEMENT"):
        if this.event.tag == "END_DOCUMENT" or (this.event.tag == "CHARACTERS" and this.event.text.strip()):
            raise throw("XmlException", "found: CHARACTERS, expected START_ELEMENT or END_ELEMENT")
        code = _next(this)
    return code


def _attribute_value(this: Reader, namespace: str | None, name: str) -> str | None:
    rows = this.event.attributes
    return next((v for n, k, v in rows if k == name and (not namespace or namespace == n)), None)


def _tag(this: Reader) -> EnumConstant:
    return TAG.constants[this.event.tag.lower()]


system_class(
    "XmlStreamReader",
    {
        "Boolean hasNext()": lambda this: this.event.tag != "END_DOCUMENT",
        "Integer next()": _next,
        "Integer nextTag()": _next_tag,
        "XmlTag getEventType()": _tag,
        "Boolean hasName()": lambda this: this.event.tag in ("START_ELEMENT", "END_ELEMENT"),
        "Boolean hasText()": lambda this: this.event.tag in ("CHARACTERS", "COMMENT"),
        "Boolean isStartElement()": lambda this: this.event.tag == "START_ELEMENT",
        "Boolean isEndElement()": lambda this: this.event.tag == "END_ELEMENT",
        "Boolean isCharacters()": lambda this: this.event.tag == "CHARACTERS",
        "Boolean isWhiteSpace()": lambda this: this.event.tag == "CHARACTERS" and not this.event.text.strip(),
        "String getLocalName()": lambda this: this.event.name,
        "String getNamespace()": lambda this: this.event.namespace,
        "String getText()": lambda this: this.event.text,
        "String getPITarget()": lambda this: this.event.name,
        "String getPIData()": lambda this: this.event.text,
        "String getVersion()": lambda this: "1.0",
        "Integer getAttributeCount()": lambda this: len(this.event.attributes),
        "String getAttributeLocalName(Integer)": lambda this, index: this.event.attributes[index][1],
        "String getAttributeNamespace(Integer)": lambda this, index: this.event.attributes[index][0],
        "String getAttributeValueAt(Integer)": lambda this, index: this.event.attributes[index][2],
        "String getAttributeType(Integer)": lambda this, index: "CDATA",
        "String getAttributeValue(String,String)": _attribute_value,
        "void setCoalescing(Boolean)": lambda this, value: None,
        "void setNamespaceAware(Boolean)": lambda this, value: None,
    },
    constructors={"(String)": Reader},
)


class Writer:
    """Writes an XML text; `open` are the elements not yet ended, `pending` says that a start tag still takes attributes."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.open: list[str] = []
        self.pending = ""

    @property
    def apex_type(self) -> Type:
        return declare("XmlStreamWriter").type

    def put(self, text: str) -> None:
        self.parts.append(self.pending + text)
        self.pending = ""


def _qualified(prefix: str | None, name: str) -> str:
    return f"{prefix}:{name}" if prefix else name


def _start_document(this: Writer, encoding: str | None, version: str | None) -> None:
    told = f' encoding="{encoding}"' if encoding else ""
    this.put(f'<?xml version="{version or "1.0"}"{told}?>')


def _start_element(this: Writer, prefix: str | None, name: str, _namespace: str | None) -> None:
    this.put(f"<{_qualified(prefix, name)}")
    this.pending = ">"
    this.open.append(_qualified(prefix, name))


def _empty_element(this: Writer, prefix: str | None, name: str, _namespace: str | None) -> None:
    this.put(f"<{_qualified(prefix, name)}")
    this.pending = "/>"


def _end_element(this: Writer) -> None:
    if not this.open:
        raise throw("XmlException", "No more elements to write")  # ASSUMED
    this.put(f"</{this.open.pop()}>")


def _end_document(this: Writer) -> None:
    while this.open:
        _end_element(this)
    this.put("")


def _attribute(this: Writer, prefix: str | None, _namespace: str | None, name: str, value: str) -> None:
    if not this.pending:
        raise throw("XmlException", "Attribute not associated with any element")
    this.parts.append(f' {_qualified(prefix, name)}="{escape(value, {chr(34): "&quot;"})}"')


def _namespace(this: Writer, prefix: str, uri: str) -> None:
    this.parts.append(f' xmlns{":" + prefix if prefix else ""}="{escape(uri)}"')


def _written(this: Writer) -> str:
    context.spend(len(this.parts) >> _PARTS)
    return "".join(this.parts) + this.pending


system_class(
    "XmlStreamWriter",
    {
        "void writeStartDocument(String,String)": _start_document,
        "void writeEndDocument()": _end_document,
        "void writeStartElement(String,String,String)": _start_element,
        "void writeEmptyElement(String,String,String)": _empty_element,
        "void writeEndElement()": _end_element,
        "void writeAttribute(String,String,String,String)": _attribute,
        "void writeNamespace(String,String)": _namespace,
        "void writeDefaultNamespace(String)": lambda this, uri: _namespace(this, "", uri),
        "void setDefaultNamespace(String)": lambda this, uri: None,
        "void writeCharacters(String)": lambda this, text: this.put(escape(text)),
        "void writeCData(String)": lambda this, text: this.put(f"<![CDATA[{text}]]>"),
        "void writeComment(String)": lambda this, text: this.put(f"<!--{text}-->"),
        "void writeProcessingInstruction(String,String)": lambda this, target, data: this.put(f"<?{target} {data}?>"),
        "String getXmlString()": _written,
        "void close()": lambda this: None,
    },
    constructors={"()": Writer},
)


def _reader_of(this: HttpMessage) -> Reader:
    return Reader((this.body or b"").decode("utf-8", "replace"))


system_class("HttpResponse", {"XmlStreamReader getXmlStreamReader()": _reader_of})
