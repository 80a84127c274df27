"""Elements of an object's file that only earlier versions of the Metadata API have, as the present one says the same.

A project keeps the files that it was retrieved with; deployed under its own API version they still count.

    picklist             until API 37; since then valueSet
    StandardVolume       events defined before API 45 stay so; here they are HighVolume, as new ones are
    enableChangeDataCapture   API 43; since then a channel's members

Source: "CustomField", "Picklist (Including Dependent Picklist)", "CustomObject" (Metadata API Developer Guide); "Standard-Volume
Platform Event" (Platform Events Developer Guide).
"""

from __future__ import annotations

from lxml import etree

_RETIRED = frozenset(("enableChangeDataCapture",))


def remove_retired(root: etree._Element) -> None:
    """Take out of an object or field what has no place any more."""
    for element in list(root):
        if _local(element) in _RETIRED:
            root.remove(element)


def modernize(element: etree._Element) -> None:
    """Turn one part of an object's file into what the present API has for it."""
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
