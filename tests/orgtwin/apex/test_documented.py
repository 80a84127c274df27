"""The library beside the list of what Salesforce documents: nothing documented is unknown here, nothing runs here that is not."""

from __future__ import annotations

from collections.abc import Iterator

from orgtwin.apex.classes import ApexClass
from orgtwin.apex.faults import EXCEPTIONS
from orgtwin.apex.library.connect_api import find_connect_class
from orgtwin.apex.library.documented import documented, elsewhere
from orgtwin.apex.library.refused import refused_type
from orgtwin.apex.library.signatures import SYSTEM_CLASSES, class_key, split_arguments
from orgtwin.apex.reference import library_page

OF_EVERY_OBJECT = {"equals", "hashcode", "tostring"}
BESIDES = {
    "list.deepclone": "List Class",
    "list.sort": "List Class",
    "messaging.singleemailmessage.gettreatbodiesastemplate": "public code that calls it beside that with `is`",
    "messaging.singleemailmessage.gettreattargetobjectasrecipient": "public code that calls it beside that with `is`",
    "queryexception.getinaccessiblefields": "Exception Class and Built-In Exceptions",
    "set.iterator": "Set Class",
    "sobject.clone": "SObject Class: every parameter is optional",
}
"""What runs and is not in the list of Salesforce's public tools, with its source."""


def find_class(name: str) -> ApexClass | None:
    key = class_key(name)
    return find_connect_class(name.lower()) or SYSTEM_CLASSES.get(key) or EXCEPTIONS.get(key)


def test_each_documented_class_is_emulated_or_refused_by_name() -> None:
    names = [*documented(), *elsewhere()]
    assert len(names) > 1700
    assert [name for name in names if find_class(name) is None and refused_type(name) is None] == []


def test_each_documented_method_of_an_emulated_class_runs_or_is_refused_by_name() -> None:
    missing = []
    for name, signatures in documented().items():
        cls = find_class(name)
        if cls is not None and not cls.is_enum and not cls.is_interface:
            missing += [f"{name}: {text}" for text in signatures if not _has(cls, *_counted(text))]
    assert missing == []


def test_no_method_runs_that_is_not_documented() -> None:
    found = [f"{name}.{shown}" for name, cls in _documented_classes() for shown in _undocumented(name, cls)]
    assert found == []


def test_the_page_has_each_documented_class_once() -> None:
    page = library_page()
    twice = [name for name in elsewhere() if page.count(f"\n- `{name}`") != 1]
    assert twice == []
    for name in documented():
        cls = find_class(name)
        rows = page.count(f"\n- `{name}`") + (page.count(f"\n## {cls.full_name}\n") if cls else 0)
        in_a_paragraph = cls is not None and (cls.namespace == "ConnectApi" or cls in EXCEPTIONS.values())
        assert rows == (0 if in_a_paragraph else 1), name


def _documented_classes() -> Iterator[tuple[str, ApexClass]]:
    for name in documented():
        cls = SYSTEM_CLASSES.get(class_key(name))
        if cls is not None and not cls.is_enum:
            yield name, cls


def _undocumented(name: str, cls: ApexClass) -> Iterator[str]:
    known = {_counted(text) for c in cls.chain() for text in documented().get(c.full_name, ())}
    known |= {_counted(text) for text in documented()[name]}
    for overloads in cls.methods.values():
        for method in overloads:
            key = f"{class_key(name)}.{method.name.lower()}"
            listed = (method.name.lower(), len(method.parameters)) in known
            if not (method.refused or listed or key in BESIDES or method.name.lower() in OF_EVERY_OBJECT):
                yield method.shown


def _has(cls: ApexClass, name: str, count: int) -> bool:
    return any(len(m.parameters) == count for m in cls.find_methods(name))


def _counted(signature: str) -> tuple[str, int]:
    head, _, rest = signature.partition("(")
    return head.rpartition(" ")[2].lower(), len(split_arguments(rest[:-1]))


def test_no_method_is_declared_twice() -> None:
    shown = [
        f"{cls.full_name}.{one.shown}"
        for cls in SYSTEM_CLASSES.values()
        for many in cls.methods.values()
        for one in many
    ]
    assert sorted(set(shown)) == sorted(shown)
