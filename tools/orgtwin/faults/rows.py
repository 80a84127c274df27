"""Saves with row faults: the rows a fault picks are refused, the rest are saved as ever.

`after` and `count` of a row fault count rows, in the order they are saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from orgtwin.errors import SaveError, SaveResult
from orgtwin.faults.table import FaultTable
from orgtwin.records.model import Caller, Dml

Values = Mapping[str, object]
Item = TypeVar("Item")

_ROLLED_BACK = SaveError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class FaultyDml:
    """A Dml in front of the org's own."""

    def __init__(self, inner: Dml, faults: FaultTable, type_of: Callable[[str], str]) -> None:
        self._inner = inner
        self._faults = faults
        self._type_of = type_of

    def insert(
        self,
        caller: Caller,
        sobject_type: str,
        rows: Sequence[Values],
        *,
        all_or_none: bool = False,
        text: bool = False,
    ) -> list[SaveResult]:
        return self._save(
            sobject_type,
            rows,
            all_or_none,
            lambda left: self._inner.insert(caller, sobject_type, left, all_or_none=all_or_none, text=text),
        )

    def update(
        self,
        caller: Caller,
        sobject_type: str,
        rows: Sequence[Values],
        *,
        all_or_none: bool = False,
        text: bool = False,
    ) -> list[SaveResult]:
        return self._save(
            sobject_type,
            rows,
            all_or_none,
            lambda left: self._inner.update(caller, sobject_type, left, all_or_none=all_or_none, text=text),
        )

    def upsert(
        self,
        caller: Caller,
        sobject_type: str,
        external_id_field: str,
        rows: Sequence[Values],
        *,
        all_or_none: bool = False,
        text: bool = False,
        update_only: bool = False,
    ) -> list[SaveResult]:
        return self._save(
            sobject_type,
            rows,
            all_or_none,
            lambda left: self._inner.upsert(
                caller,
                sobject_type,
                external_id_field,
                left,
                all_or_none=all_or_none,
                text=text,
                update_only=update_only,
            ),
        )

    def delete(
        self, caller: Caller, record_ids: Sequence[str], *, all_or_none: bool = False, hard: bool = False
    ) -> list[SaveResult]:
        return self._save(
            self._type_of(record_ids[0]) if record_ids else "",
            record_ids,
            all_or_none,
            lambda left: self._inner.delete(caller, left, all_or_none=all_or_none, hard=hard),
        )

    def undelete(self, caller: Caller, record_ids: Sequence[str], *, all_or_none: bool = False) -> list[SaveResult]:
        return self._save(
            self._type_of(record_ids[0]) if record_ids else "",
            record_ids,
            all_or_none,
            lambda left: self._inner.undelete(caller, left, all_or_none=all_or_none),
        )

    def _save(
        self,
        sobject_type: str,
        items: Sequence[Item],
        all_or_none: bool,
        save: Callable[[list[Item]], list[SaveResult]],
    ) -> list[SaveResult]:
        refused = self._refusals(sobject_type, len(items))
        if not refused:
            return save(list(items))
        if all_or_none:
            return [SaveResult(None, False, errors=(refused.get(at, _ROLLED_BACK),)) for at in range(len(items))]
        saved = iter(save([item for at, item in enumerate(items) if at not in refused]))
        return [
            SaveResult(None, False, errors=(refused[at],)) if at in refused else next(saved) for at in range(len(items))
        ]

    def _refusals(self, sobject_type: str, rows: int) -> dict[int, SaveError]:
        """Which rows are refused, by position."""
        refused: dict[int, SaveError] = {}
        for armed in self._faults.row_faults(sobject_type):
            error = armed.fault.row_error
            for at in range(rows):
                if error is not None and at not in refused and armed.fire():
                    refused[at] = error
        return refused
