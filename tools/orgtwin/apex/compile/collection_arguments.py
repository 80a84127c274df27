"""What a collection takes from another: stricter than assignment, so that nothing of another type gets in.

Sources: "List Class", "Set Class", "Map Class" (Apex Reference Guide), which say `the same type`; where they are silent the verdict
of Salesforce's own compiler.
"""

from __future__ import annotations

from orgtwin.apex.compile import messages
from orgtwin.apex.compile.scope import Code, CompileProblem
from orgtwin.apex.types import ID, INTEGER, NULL, SOBJECT, Kind, Type, is_assignable


def may_fill(type_: Type, args: list[Code]) -> bool:
    """May the constructor of a collection get this? Its size, a collection of the same types, for a map a list of records."""
    if type_.kind is not Kind.COLLECTION or len(args) != 1:
        return True
    given = args[0].type
    if type_.key == "map":
        return _may_fill_map(type_, args[0])
    if given is INTEGER and type_.key == "list":
        return True
    return given.key in ("list", "set") and (given.args == type_.args or _is_dynamic(args[0]))


def _may_fill_map(type_: Type, code: Code) -> bool:
    """A map takes its keys from the ids of records; ids may become texts."""
    given, (key, value) = code.type, type_.args
    if given.key == "list":
        return (
            is_assignable(ID, key) and value.is_sobject and (_is_dynamic(code) or is_assignable(given.args[0], value))
        )
    return given.key == "map" and given.args[1] == value and (given.args[0] == key or is_assignable(ID, given.args[0]))


def _is_dynamic(code: Code) -> bool:
    """The rows of Database.query may be of any sObject type."""
    return code.is_query and code.type.args[0] is SOBJECT


def check_all_argument(target: Type, name: str, args: list[Code], pos: int) -> None:
    """What is told of addAll, putAll and their kin before a method is chosen. Raises CompileProblem."""
    shown = _SPELLED.get(target.key, {}).get(name.lower())
    if target.kind is not Kind.COLLECTION or shown is None or len(args) != 1:
        return
    given = args[0].type
    if given is NULL:
        raise CompileProblem(messages.AMBIGUOUS.format(shown, NULL.name), pos)
    if given.key != "list" or not given.args[0].is_sobject:
        return
    if target.key == "map":
        if not _may_fill_map(target, args[0]):
            raise CompileProblem(messages.PUT_ALL.format(given.name, target.name), pos)
        return
    narrows = target.args[0].is_sobject and target.args[0] is not SOBJECT
    if narrows and given.args[0] is SOBJECT and not _is_dynamic(args[0]):
        raise CompileProblem(messages.ALL_CALL.format(given.name, target.name), pos)


def check_all_call(target: Type, name: str, args: list[Code], pos: int) -> None:
    """addAll and its kin, with a list or set of other things. Raises CompileProblem."""
    if target.kind is not Kind.COLLECTION or name not in _ALL_CALLS or len(args) != 1:
        return
    given = args[0].type
    if given.key == "iterable":
        raise CompileProblem(messages.NO_METHOD.format(name, given.name, target.name), pos)
    if given.key not in ("list", "set") or given.args == target.args or _is_dynamic(args[0]):
        return
    if given.key == "set":
        raise CompileProblem(messages.NO_METHOD.format(name, given.name, target.name), pos)
    if target.key == "set":
        raise CompileProblem(messages.ALL_CALL.format(given.name, target.name), pos)


def check_of_records(target: Type, name: str, pos: int) -> None:
    """Methods of lists and maps that hold records. Raises CompileProblem."""
    if name in _OF_RECORDS and target.kind is Kind.COLLECTION and not target.args[-1].is_sobject:
        text = messages.NOT_OF_RECORDS if target.key == "list" else messages.NOT_OF_RECORD_VALUES
        raise CompileProblem(text.format(target.name), pos)


_OF_RECORDS = frozenset(("deepClone", "getSObjectType"))
_ALL_CALLS = frozenset(("addAll", "removeAll", "retainAll", "containsAll"))
"""As the library's signatures spell them."""
_SPELLED = {
    "list": {"addall": "addAll"},
    "set": {name.lower(): name for name in _ALL_CALLS},
    "map": {"putall": "putAll"},
}
