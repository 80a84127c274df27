"""Dom.Document and Dom.XmlNode: XML as a tree.

Source: "Document Class", "XmlNode Class" (Dom namespace, Apex Reference Guide), "Reading and Writing XML Using the DOM" (Apex
Developer Guide). ASSUMED: the order of attributes and declarations is that of their making.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from lxml import etree

from orgtwin.apex import context
from orgtwin.apex.faults import throw
from orgtwin.apex.library.http import HttpMessage
from orgtwin.apex.library.signatures import declare, system_class, system_enum, type_of
from orgtwin.apex.text import to_text
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, EnumConstant

NODE_TYPE = system_enum("XmlNodeType", "COMMENT ELEMENT TEXT", namespace="Dom")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_QUOTES = {'"': "&quot;"}
_TEXT = 5  # 32 characters that are read or written cost a tick
_NODE = 8  # ticks of a node, and of each of its attributes; ASSUMED, as the whole CPU model is


class Node:
    """An element, a text or a comment. `attributes` are [name, namespace, prefix, value]; `declared` prefixes by namespace."""

    def __init__(self, kind: str, text: str = "", namespace: str | None = None, prefix: str | None = None) -> None:
        self.kind = kind
        self.text = text
        self.namespace = namespace
        self.prefix = prefix
        self.attributes: list[list[str | None]] = []
        self.declared: dict[str, str | None] = {}
        self.children: list[Node] = []
        self.parent: Node | None = None

    @property
    def apex_type(self) -> Type:
        return declare("XmlNode", namespace="Dom").type

    def __str__(self) -> str:
        return f"XMLNode[{self.kind},{to_text(self.text)},null,null,null,null,]"  # ASSUMED

    def add(self, child: Node) -> Node:
        context.spend(_NODE)
        child.parent = self
        self.children.append(child)
        return child


class Document:
    """An XML document."""

    def __init__(self) -> None:
        self.root: Node | None = None

    @property
    def apex_type(self) -> Type:
        return declare("Document", namespace="Dom").type


def parse(text: str) -> Document:
    """Raises XmlException. Blanks before the declaration do not matter (ASSUMED; a public test's response begins with one)."""
    context.spend(len(text) >> _TEXT)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_pis=True)
    try:
        root = etree.fromstring(text.lstrip().encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise throw("XmlException", f"Failed to parse XML due to: {error.msg}") from error
    document = Document()
    document.root = _from_tree(root, {})
    return document


def _from_tree(element: etree._Element, known: Mapping[str | None, str]) -> Node:
    """`known`: the prefixes declared above it."""
    name = etree.QName(element)
    node = Node("ELEMENT", name.localname, name.namespace, element.prefix or "")
    prefixes = element.nsmap
    context.spend(_NODE * len(element.attrib) + len(prefixes) * (1 + len(element.attrib)))
    node.declared = {uri: prefix or "" for prefix, uri in prefixes.items() if known.get(prefix) != uri}
    for key, value in element.attrib.items():
        attribute = etree.QName(str(key))
        prefix = next((p for p, uri in prefixes.items() if uri == attribute.namespace and p), None)
        node.attributes.append([attribute.localname, attribute.namespace, prefix, str(value)])
    if element.text:
        node.add(Node("TEXT", element.text))
    for child in element:
        node.add(
            Node("COMMENT", child.text or "") if isinstance(child, etree._Comment) else _from_tree(child, prefixes)
        )
        if child.tail:
            node.add(Node("TEXT", child.tail))
    return node


def written(node: Node) -> str:
    """A node as XML text."""
    context.spend(_NODE * (1 + len(node.attributes) + len(node.declared)) + (len(node.text) >> _TEXT))
    if node.kind == "TEXT":
        return escape(node.text)
    if node.kind == "COMMENT":
        return f"<!--{node.text}-->"
    name = f"{node.prefix}:{node.text}" if node.prefix else node.text
    parts = [
        f' xmlns{":" + prefix if prefix else ""}="{escape(uri, _QUOTES)}"' for uri, prefix in node.declared.items()
    ]
    for key, _, prefix, value in node.attributes:
        parts.append(f' {prefix + ":" if prefix else ""}{key}="{escape(value or "", _QUOTES)}"')
    inside = "".join(written(child) for child in node.children)
    start = f"<{name}{''.join(parts)}"
    return f"{start}>{inside}</{name}>" if node.children else f"{start}/>"


def _load(this: Document, text: str) -> None:
    this.root = parse(text).root


def _create_root(this: Document, name: str, namespace: str | None, prefix: str | None) -> Node:
    this.root = _element(name, namespace, prefix)
    return this.root


def _element(name: str, namespace: str | None, prefix: str | None, above: Node | None = None) -> Node:
    node = Node("ELEMENT", name, namespace or None, prefix or "")
    if namespace and (above is None or _prefix_for(above, namespace) != (prefix or "")):
        node.declared[namespace] = prefix or ""
    return node


def _prefix_for(this: Node, namespace: str) -> str | None:
    node: Node | None = this
    while node is not None:
        context.spend(1)
        if namespace in node.declared:
            return node.declared[namespace]
        node = node.parent
    return None


def _namespace_for(this: Node, prefix: str) -> str | None:
    node: Node | None = this
    while node is not None:
        context.spend(1 + (len(node.declared) >> 2))
        found = next((uri for uri, known in node.declared.items() if (known or "") == (prefix or "")), None)
        if found is not None:
            return found
        node = node.parent
    return None


def _add_child(this: Node, name: str, namespace: str | None, prefix: str | None) -> Node:
    return this.add(_element(name, namespace, prefix, this))


def _insert_before(this: Node, new: Node, before: Node | None) -> Node:
    new.parent = this
    _walk(this)
    this.children.insert(this.children.index(before) if before in this.children else len(this.children), new)
    return new


def _remove_child(this: Node, child: Node) -> bool:
    _walk(this)
    if child not in this.children:
        return False
    this.children.remove(child)
    child.parent = None
    return True


def _walk(this: Node) -> None:
    context.spend(len(this.children) >> 3)


def _nodes(found: list[Node]) -> ApexList:
    return ApexList(type_of("List<Dom.XmlNode>"), list(found))


def _elements(this: Node) -> list[Node]:
    _walk(this)
    return [child for child in this.children if child.kind == "ELEMENT"]


def _child(this: Node, name: str, namespace: str | None) -> Node | None:
    return next((c for c in _elements(this) if c.text == name and (c.namespace or "") == (namespace or "")), None)


def _text(this: Node) -> str:
    """Of an element the text directly inside it."""
    if this.kind != "ELEMENT":
        return this.text
    _walk(this)
    return "".join(child.text for child in this.children if child.kind == "TEXT")


def _attribute(this: Node, name: str, namespace: str | None) -> list[str | None] | None:
    context.spend(len(this.attributes) >> 3)
    return next((a for a in this.attributes if a[0] == name and (a[1] or "") == (namespace or "")), None)


def _attribute_value(this: Node, name: str, namespace: str | None) -> str | None:
    found = _attribute(this, name, namespace)
    return found[3] if found is not None else None


def _attribute_namespace(this: Node, name: str, namespace: str | None) -> str | None:
    found = _attribute(this, name, namespace)
    return found[1] if found is not None else None


def _set_attribute(this: Node, name: str, value: str, prefix: str | None = None, namespace: str | None = None) -> None:
    found = _attribute(this, name, namespace)
    if found is not None:
        found[3] = value
    else:
        this.attributes.append([name, namespace, prefix, value])


def _remove_attribute(this: Node, name: str, namespace: str | None) -> bool:
    found = _attribute(this, name, namespace)
    if found is not None:
        this.attributes.remove(found)
    return found is not None


def _declare(this: Node, prefix: str, namespace: str) -> None:
    this.declared[namespace] = prefix


def _kind(this: Node) -> EnumConstant:
    return NODE_TYPE.constants[this.kind.lower()]


system_class(
    "Document",
    {
        "Dom.XmlNode createRootElement(String,String,String)": _create_root,
        "Dom.XmlNode getRootElement()": lambda this: this.root,
        "String toXmlString()": lambda this: _HEAD + (written(this.root) if this.root is not None else ""),
        "void load(String)": _load,
    },
    namespace="Dom",
    constructors={"()": Document},
)
system_class(
    "XmlNode",
    {
        "Dom.XmlNode addChildElement(String,String,String)": _add_child,
        "Dom.XmlNode addTextNode(String)": lambda this, text: this.add(Node("TEXT", text)),
        "Dom.XmlNode addCommentNode(String)": lambda this, text: this.add(Node("COMMENT", text)),
        "Dom.XmlNode insertBefore(Dom.XmlNode,Dom.XmlNode)": _insert_before,
        "Boolean removeChild(Dom.XmlNode)": _remove_child,
        "Dom.XmlNode getChildElement(String,String)": _child,
        "List<Dom.XmlNode> getChildElements()": lambda this: _nodes(_elements(this)),
        "List<Dom.XmlNode> getChildren()": lambda this: _nodes(this.children),
        "Dom.XmlNode getParent()": lambda this: this.parent,
        "String getName()": lambda this: this.text if this.kind == "ELEMENT" else None,
        "String getText()": _text,
        "String getNamespace()": lambda this: this.namespace,
        "String getNamespaceFor(String)": _namespace_for,
        "String getPrefixFor(String)": _prefix_for,
        "Dom.XmlNodeType getNodeType()": _kind,
        "Integer getAttributeCount()": lambda this: len(this.attributes),
        "String getAttribute(String,String)": _attribute_value,
        "String getAttributeValue(String,String)": _attribute_value,
        "String getAttributeValueNs(String,String)": _attribute_namespace,
        "String getAttributeKeyAt(Integer)": lambda this, index: this.attributes[index][0],
        "String getAttributeKeyNsAt(Integer)": lambda this, index: this.attributes[index][1],
        "Boolean removeAttribute(String,String)": _remove_attribute,
        "void setAttribute(String,String)": _set_attribute,
        "void setAttributeNs(String,String,String,String)": _set_attribute,
        "void setNamespace(String,String)": _declare,
        "String toString()": str,
    },
    namespace="Dom",
)


def _body_document(this: HttpMessage) -> Document:
    return parse((this.body or b"").decode("utf-8", "replace"))


def _set_body_document(this: HttpMessage, document: Document) -> None:
    this.body = (_HEAD + (written(document.root) if document.root is not None else "")).encode("utf-8")


system_class("HttpResponse", {"Dom.Document getBodyDocument()": _body_document})
system_class(
    "HttpRequest",
    {"Dom.Document getBodyDocument()": _body_document, "void setBodyDocument(Dom.Document)": _set_body_document},
)
