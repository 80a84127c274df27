"""/twin/admin/locks: rows that another client's open transaction holds. Nothing here exists in an org.

GET    /twin/admin/locks             the transactions that are open
POST   /twin/admin/locks             {"ids": ["001..."], "seconds": 30}: hold these rows; without seconds until they are released
DELETE /twin/admin/locks[/{lock_id}]  end all of them, or one
"""

from __future__ import annotations

from datetime import timedelta

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Door, Route
from orgtwin.ids import find_id18
from orgtwin.records.locks import Lock

_PATH = "/twin/admin/locks"


def list_locks(request: Request) -> Response:
    """Rows that other clients' open transactions hold."""
    return json_response([_shown(lock) for lock in request.twin.org.locks.all()])


def hold(request: Request) -> Response:
    """{"ids": ["001..."], "seconds": 30}: another client holds these rows, without seconds until they are released."""
    body = request.json_object()
    ids, seconds = body.get("ids"), body.get("seconds")
    found = [find_id18(str(record_id)) for record_id in ids] if isinstance(ids, list) else []
    if not found or None in found:
        raise SalesforceError("TWIN_BAD_REQUEST", f"ids must be a list of record ids: {ids!r}")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds <= 0):
        raise SalesforceError("TWIN_BAD_REQUEST", f"seconds must be a number above 0: {seconds!r}")
    until = None if seconds is None else request.org.clock() + timedelta(seconds=seconds)
    return json_response(_shown(request.twin.org.locks.hold([i for i in found if i is not None], until)), 201)


def release(request: Request) -> Response:
    """End all of these transactions, or one; those that ended."""
    text = request.params.get("lock_id")
    if text is not None and not text.isdigit():
        raise SalesforceError("TWIN_BAD_REQUEST", f"{text!r} is not the id of a lock")
    ended = request.twin.org.locks.release(None if text is None else int(text))
    return json_response([_shown(lock) for lock in ended])


def _shown(lock: Lock) -> dict[str, object]:
    until = None if lock.until is None else lock.until.isoformat()
    return {"id": lock.lock_id, "ids": sorted(lock.record_ids), "until": until}


ROUTES = (
    Route("GET", _PATH, list_locks, Door.ADMIN),
    Route("POST", _PATH, hold, Door.ADMIN),
    Route("DELETE", _PATH, release, Door.ADMIN),
    Route("DELETE", f"{_PATH}/{{lock_id}}", release, Door.ADMIN),
)
