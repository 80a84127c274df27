"""Neighbouring subrequests of a composite that are saved together: one batch of each object, one run of its triggers.

Source: "Composite Request Body": collateSubrequests (REST API Developer Guide): true unless told otherwise from v49.0 on, false in
v48.0, not there before; the same method, the same version, of /sobjects, at most five objects, no headers of their own, no
reference from one to another; the order of execution is then not guaranteed. Here neighbours are collated, their objects in the
order in which they come first. ASSUMED: records named by an external id are saved one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response
from orgtwin.http.records import require_type
from orgtwin.http.references import named_in
from orgtwin.http.routing import Handler
from orgtwin.http.sobjects import ROW_SAVES, RowSave
from orgtwin.http.subrequests import Subrequest, require_text

_SINCE, _DEFAULT_SINCE = 48.0, 49.0
_MOST_OBJECTS = 5
_PLACE = re.compile(r"/services/data/(?P<version>v\d+\.\d)/sobjects/(?P<object>\w+)(?:/\w{15}(?:\w{3})?)?/?")

Run = Callable[[Subrequest, Mapping[Handler, Handler]], Response]
"""Sends one subrequest; `instead` as Request.inside has it."""


def group(body: Mapping[str, object], version: float, rows: Sequence[Subrequest]) -> list[list[Subrequest]]:
    """The subrequests in order, those together that are collated."""
    told = body.get("collateSubrequests", version >= _DEFAULT_SINCE)
    if version < _SINCE or told is not True:
        return [[row] for row in rows]
    groups: list[list[Subrequest]] = []
    for row in rows:
        if groups and _belongs(groups[-1], row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _belongs(neighbours: Sequence[Subrequest], row: Subrequest) -> bool:
    kinds = [_kind(one) for one in (*neighbours, row)]
    if None in kinds or len({kind[:2] for kind in kinds if kind}) > 1:
        return False
    named = named_in([row.get("url"), row.get("body")])
    objects = {kind[2] for kind in kinds if kind}
    return len(objects) <= _MOST_OBJECTS and not any(one["referenceId"] in named for one in neighbours)


def _kind(row: Subrequest) -> tuple[str, str, str] | None:
    """Method, version and object of a subrequest that may be collated."""
    method, found = require_text(row, "method"), _PLACE.fullmatch(require_text(row, "url"))
    if found is None or method not in ROW_SAVES or row.get("httpHeaders"):
        return None
    return method, found["version"], found["object"].lower()


class _Held(NamedTuple):
    """One row that waits for its neighbours."""

    place: int
    request: Request
    row: Mapping[str, object]


def save_together(rows: Sequence[Subrequest], run: Run, *, all_or_none: bool) -> list[Response]:
    """An answer for each; a subrequest that is refused before its save is answered by itself."""
    save = ROW_SAVES[require_text(rows[0], "method")]
    held: dict[str, list[_Held]] = {}
    answers = [run(row, {save.handler: partial(_hold, save, held, place)}) for place, row in enumerate(rows)]
    for name, waiting in held.items():
        for place, answer in _save(save, name, waiting, rows, run, all_or_none):
            answers[place] = answer
    return answers


def _hold(save: RowSave, held: dict[str, list[_Held]], place: int, request: Request) -> Response:
    name = require_type(request, request.params["sobject_type"]).api_name
    held.setdefault(name, []).append(_Held(place, request, save.read(request)))
    return Response()


def _save(
    save: RowSave, name: str, waiting: Sequence[_Held], rows: Sequence[Subrequest], run: Run, all_or_none: bool
) -> list[tuple[int, Response]]:
    """Where the call as a whole is refused, as for an unknown field, each row is saved by itself."""
    try:
        results = save.save(waiting[0].request, name, [one.row for one in waiting], all_or_none)
    except SalesforceError:
        return [(one.place, run(rows[one.place], {})) for one in waiting]
    return [(one.place, save.answer(one.request, result)) for one, result in zip(waiting, results, strict=True)]
