"""Elements of an object's file that only earlier versions of the Metadata API have, as the present one says the same.

A project keeps the files that it was retrieved with; deployed under its own API version they still count.

    picklist             until API 37; since then valueSet
    StandardVolume       events defined before API 45 stay so; here they are HighVolume, as new ones are
    customSettingsVisibility  until API 33; since then visibility
    enableChangeDataCapture   API 43; since then a channel's members

Any other element that the present API does not know is taken out and named: the rest of the object still counts.

Source: "CustomField", "Picklist (Including Dependent Picklist)", "CustomObject" (Metadata API Developer Guide); "Standard-Volume
Platform Event" (Platform Events Developer Guide).
"""

from __future__ import annotations

from lxml import etree

from orgtwin.metadata.grammar import load_grammar

_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_SILENT = frozenset(("enableChangeDataCapture",))
"""Retired elements whose absence no Apex can notice."""
_RENAMED = {"customSettingsVisibility": "visibility"}


def remove_unknown(root: etree._Element, type_name: str) -> set[str]:
    """Take out what the present API does not know; the names of what was taken. A value in another case is put right (ASSUMED)."""
    grammar = load_grammar()
    rules = grammar.types.get(type_name)
    if rules is None:
        _correct_case(root, grammar.enums.get(type_name, frozenset()))
        return set()
    unknown: set[str] = set()
    for element in list(root):
        rule = rules.get(_local(element))
        if rule is None:
            root.remove(element)
            unknown |= {_local(element)} - _SILENT
        elif _XSI_TYPE not in element.attrib:  # what it holds then goes by the type that it names
            unknown |= remove_unknown(element, rule.type)
    return unknown


def _correct_case(element: etree._Element, allowed: frozenset[str]) -> None:
    text = (element.text or "").strip()
    if text not in allowed:
        element.text = next((value for value in allowed if value.lower() == text.lower()), element.text)


def modernize(element: etree._Element) -> None:
    """Turn one part of an object's file into what the present API has for it."""
    if _local(element) in _RENAMED:
        element.tag = f"{{{etree.QName(element).namespace}}}{_RENAMED[_local(element)]}"
    if _local(element) == "eventType" and element.text == "StandardVolume":
        element.text = "HighVolume"
    if _local(element) == "fields":
        for child in list(element):
            if _local(child) == "picklist":
                element.replace(child, _value_set(child))


def _value_set(picklist: etree._Element) -> etree._Element:
    """`picklist` names its values directly; `valueSet` has a definition, or dependent values with their settings."""
    space = f"{{{etree.QName(picklist).namespace}}}"
    value_set = etree.Element(f"{space}valueSet")
    definition = etree.Element(f"{space}valueSetDefinition")
    controlling = picklist.findtext(f"{space}controllingField")
    settings: list[etree._Element] = []
    for child in picklist:
        if _local(child) == "picklistValues":
            definition.append(_value(child, space))
            settings += _settings(child, space)
        elif _local(child) == "sorted":
            definition.insert(0, child)
    if definition.find(f"{space}sorted") is None:
        etree.SubElement(definition, f"{space}sorted").text = "false"
    if controlling:
        etree.SubElement(value_set, f"{space}controllingField").text = controlling
    restricted = picklist.findtext(f"{space}restrictedPicklist")
    if restricted:
        etree.SubElement(value_set, f"{space}restricted").text = restricted
    value_set.append(definition)
    value_set.extend(settings)
    return value_set


def _value(old: etree._Element, space: str) -> etree._Element:
    new = etree.Element(f"{space}value")
    name = old.findtext(f"{space}fullName") or ""
    etree.SubElement(new, f"{space}fullName").text = name
    etree.SubElement(new, f"{space}default").text = old.findtext(f"{space}default") or "false"
    etree.SubElement(new, f"{space}label").text = name
    return new


def _settings(value: etree._Element, space: str) -> list[etree._Element]:
    """What of the controlling field goes with a value."""
    names = [child.text or "" for child in value if _local(child) == "controllingFieldValues"]
    if not names:
        return []
    setting = etree.Element(f"{space}valueSettings")
    for name in names:
        etree.SubElement(setting, f"{space}controllingFieldValue").text = name
    etree.SubElement(setting, f"{space}valueName").text = value.findtext(f"{space}fullName")
    return [setting]


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname
