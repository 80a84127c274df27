"""Metadata XML: bytes to a frozen tree and back, safe for bytes that a stranger sent.

    parse_document(bytes) -> Document(root, source)      MalformedXml where the bytes are no XML or try a trick
    render_document(node) -> bytes                       declaration, default namespace, four spaces, as retrieve gives it

A document type declaration is refused outright, so no entity can be declared and nothing is ever fetched; depth is bounded.
Prefixes do not matter: every client picks its own (soapenv, env, soap-env, none).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn
from xml.parsers import expat

METADATA_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
XSI_NAMESPACE = "http://www.w3.org/2001/XMLSchema-instance"
XSD_NAMESPACE = "http://www.w3.org/2001/XMLSchema"
XSI_NIL = f"{XSI_NAMESPACE} nil"
XSI_TYPE = f"{XSI_NAMESPACE} type"
MAX_DEPTH = 64
"""Deepest nesting accepted; a Flow, the deepest metadata type, stays under 20. ASSUMED: the platform states no figure."""

_INDENT = "    "
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;"))


class MalformedXml(ValueError):
    """The bytes are not a document we read; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Node:
    """One element. `attributes` are keyed "namespace name" or "name"; two nodes are equal when they say the same thing."""

    tag: str
    text: str = ""
    children: tuple[Node, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    namespace: str = field(default=METADATA_NAMESPACE, compare=False)
    offset: int = field(default=-1, compare=False)  # of the start tag, in bytes of the source

    def find(self, tag: str) -> Node | None:
        """The first child of that name, or None."""
        return next((child for child in self.children if child.tag == tag), None)

    def all(self, tag: str) -> Iterator[Node]:
        """Every child of that name, in order."""
        return (child for child in self.children if child.tag == tag)

    def value(self, tag: str) -> str | None:
        """The text of the first child of that name; None when it is missing, empty or xsi:nil."""
        child = self.find(tag)
        return child.text or None if child is not None else None

    def values(self, tag: str) -> list[str]:
        return [child.text for child in self.all(tag)]

    def flag(self, tag: str, default: bool = False) -> bool:
        text = self.value(tag)
        return default if text is None else text in ("true", "1")

    def number(self, tag: str) -> int | None:
        text = self.value(tag)
        return None if text is None else int(text)

    @property
    def is_nil(self) -> bool:
        return self.attributes.get(XSI_NIL) in ("true", "1")

    def with_children(self, children: Iterable[Node]) -> Node:
        return replace(self, children=tuple(children))

    def without(self, tags: Iterable[str]) -> Node:
        """The same element without its children of those names."""
        gone = frozenset(tags)
        return self.with_children(child for child in self.children if child.tag not in gone)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file, with its bytes kept so that an error can say where it is."""

    root: Node
    source: bytes

    def position(self, node: Node) -> tuple[int, int]:
        """Line and column just behind the start tag of an element, from 1: where the org's parser stands when it objects."""
        if node.offset < 0:
            return (1, 1)
        end = _end_of_start_tag(self.source, node.offset)
        line = self.source.count(b"\n", 0, end) + 1
        return (line, end - (self.source.rfind(b"\n", 0, end) + 1) + 1)


def leaf(tag: str, value: str | bool | int) -> Node:
    """An element that holds one value, printed as XML Schema does."""
    return Node(tag, str(value).lower() if isinstance(value, bool) else str(value))


def parse_document(source: bytes) -> Document:
    """Read a whole document. Raises MalformedXml."""
    return Document(_Reader(source).read(), source)


class _Reader:
    """Feeds one document to expat and keeps the open elements on a stack."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._open: list[tuple[str, str, Mapping[str, str], int, list[Node], list[str]]] = []
        self._root: Node | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype

    def read(self) -> Node:
        try:
            self._parser.Parse(self._source, True)
        except expat.ExpatError as error:
            raise MalformedXml(expat.ErrorString(error.code), error.lineno, error.offset + 1) from error
        except (ValueError, LookupError) as error:
            if isinstance(error, MalformedXml):
                raise
            raise MalformedXml(str(error), 1, 1) from error
        if self._root is None:
            raise MalformedXml("no element found", 1, 1)
        return self._root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._refuse(f"elements are nested deeper than {MAX_DEPTH}")
        namespace, _, tag = name.rpartition(" ")
        self._open.append((tag, namespace, attributes, self._parser.CurrentByteIndex, [], []))

    def _end(self, _name: str) -> None:
        tag, namespace, attributes, offset, children, text = self._open.pop()
        content = "" if children else "".join(text)
        if "\n" in content and content.isspace():
            content = ""
        node = Node(tag, content, tuple(children), attributes, namespace, offset)
        if self._open:
            self._open[-1][4].append(node)
        else:
            self._root = node

    def _text(self, text: str) -> None:
        self._open[-1][5].append(text)

    def _refuse_doctype(self, *_declaration: object) -> None:
        self._refuse("a document type declaration is not allowed")

    def _refuse(self, message: str) -> NoReturn:
        raise MalformedXml(message, self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)


def _end_of_start_tag(source: bytes, offset: int) -> int:
    quote = 0
    for index in range(offset, len(source)):
        byte = source[index]
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in b"\"'":
            quote = byte
        elif byte == ord(">"):
            return index + 1
    return len(source)


def render_document(root: Node) -> bytes:
    """A metadata file as retrieve writes it."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    _render(root, f' xmlns="{METADATA_NAMESPACE}"{_foreign_namespaces(root)}', 0, lines.append)
    return ("\n".join(lines) + "\n").encode()


def render_elements(nodes: Iterable[Node]) -> str:
    """Elements without declaration or indent, for a SOAP body."""
    return "".join(_inline(node) for node in nodes)


def escape(text: str) -> str:
    """Text made safe for an element or a quoted attribute, with the entities that retrieve uses."""
    for character, entity in _ESCAPES:
        text = text.replace(character, entity)
    return text


def _foreign_namespaces(root: Node) -> str:
    used = {key.split(" ")[0] for node in _walk(root) for key in node.attributes if " " in key}
    typed = any(XSI_TYPE in node.attributes for node in _walk(root))
    xsi = f' xmlns:xsi="{XSI_NAMESPACE}"' if XSI_NAMESPACE in used else ""
    return xsi + (f' xmlns:xsd="{XSD_NAMESPACE}"' if typed else "")


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _attributes(node: Node) -> str:
    return "".join(
        f' {"xsi:" + key.split(" ")[1] if " " in key else key}="{escape(value)}"'
        for key, value in node.attributes.items()
    )


def _inline(node: Node) -> str:
    content = "".join(_inline(child) for child in node.children) if node.children else escape(node.text)
    opening = f"{node.tag}{_attributes(node)}"
    return f"<{opening}>{content}</{node.tag}>" if content else f"<{opening}/>"


def _render(node: Node, namespaces: str, depth: int, write: Callable[[str], None]) -> None:
    margin = _INDENT * depth
    opening = f"{margin}<{node.tag}{namespaces}{_attributes(node)}"
    if node.children:
        write(f"{opening}>")
        for child in node.children:
            _render(child, "", depth + 1, write)
        write(f"{margin}</{node.tag}>")
    elif node.text:
        write(f"{opening}>{escape(node.text)}</{node.tag}>")
    else:
        write(f"{opening}/>")
