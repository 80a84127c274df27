"""Database.insertAsync, updateAsync, deleteAsync: writes of external objects that are queued, and the callbacks they tell.

Source: "Database Class", "AsyncSaveCallback Class", "AsyncDeleteCallback Class" (Apex Reference Guide). The twin has no external
objects. Of other objects an insertAsync is refused with CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY while updateAsync and deleteAsync go
through, as public tests saw it in orgs. ASSUMED: the text, that these happen at once, and that no callback hears of them, which
the same tests say of tests.
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.apex import context
from orgtwin.apex.database import RESULT_KINDS, DatabaseError, DmlResult, records_of, write
from orgtwin.apex.library.databases import Access
from orgtwin.apex.library.signatures import add_signature, system_class, type_of
from orgtwin.apex.values import ApexList, Value
from orgtwin.errors import SaveError, SaveResult

_NOT_EXTERNAL = SaveError(
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Only external objects can be inserted asynchronously"
)
_CALLBACKS = {"Save": ("insert", "update"), "Delete": ("delete",)}


def _writer(verb: str) -> Callable[..., Value]:
    def run(operand: Value, *options: Value) -> Value:
        records = records_of(operand)
        user_mode = any(isinstance(option, Access) and option.user_mode for option in options)
        if verb == "insert":
            context.engine().transaction.usage.charge("DMLStatements")
            refused = SaveResult(None, False, errors=(_NOT_EXTERNAL,))
            results = [DmlResult("SaveResult", refused, [DatabaseError(_NOT_EXTERNAL)]) for _ in records]
        else:
            results = write(context.engine(), verb, records, all_or_none=False, user_mode=user_mode)
        if isinstance(operand, ApexList):
            return ApexList(type_of(f"List<Database.{RESULT_KINDS[verb]}>"), list(results))
        return results[0]

    return run


def _forms(verb: str, callback: str) -> dict[str, Callable[..., Value]]:
    result = f"Database.{RESULT_KINDS[verb]}"
    return {
        f"static {returns} {verb}Async({operand}{options})": _writer(verb)
        for operand, returns in (("SObject", result), ("List<SObject>", f"List<{result}>"))
        for options in ("", ",AccessLevel", f",{callback}", f",{callback},AccessLevel")
    }


for _kind, _verbs in _CALLBACKS.items():
    _cls = system_class(
        f"Async{_kind}Callback", {}, namespace="DataSource", constructors={"()": lambda made=None: made}
    )
    _cls.abstract = True
    add_signature(_cls, f"void process{_kind}(Database.{_kind}Result)", lambda this, result: None)
    for _method in _cls.methods[f"process{_kind.lower()}"]:
        _method.abstract = True
    for _verb in _verbs:
        system_class("Database", _forms(_verb, f"DataSource.Async{_kind}Callback"))
