"""/twin/admin: the twin's own addresses. Nothing here exists in an org; all of it asks for the admin token of the ready file."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from typing import cast

import msgspec

from orgtwin.auth.apps import ClientApp, Flow
from orgtwin.auth.assertion import read_certificate
from orgtwin.auth.book import fingerprint
from orgtwin.auth.external_apps import SECRETS, with_secret
from orgtwin.auth.users import UserRecord, find_by_username
from orgtwin.errors import SalesforceError
from orgtwin.faults.catalogue import FAULTS
from orgtwin.faults.table import ArmedFault, Where
from orgtwin.http.house import snapshot_file, snapshot_names, surroundings_file, take_snapshot
from orgtwin.http.latency import read_latency
from orgtwin.http.message import Request, Response, json_response, no_content
from orgtwin.http.routing import Door, Handler, Route
from orgtwin.http.surroundings import keep_surroundings, read_surroundings
from orgtwin.soql import to_wire

_CLIENT_ID_LENGTH = 80
_SECRET_LENGTH = 64
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _bad(text: str) -> SalesforceError:
    return SalesforceError("TWIN_BAD_REQUEST", text)


def _user(request: Request, username: object) -> UserRecord:
    user = find_by_username(request.org, str(username))
    if user is None:
        raise _bad(f"there is no user {username!r} in this org")
    return user


def list_faults(request: Request) -> Response:
    """The faults that there are, and those that are armed with how often they met and fired."""
    known = {fault.name: fault.summary for fault in FAULTS.values()}
    return json_response({"known": known, "armed": [_fault_json(armed) for armed in request.twin.faults.armed()]})


def arm_fault(request: Request) -> Response:
    """{"name": "row_lock", "object": "Contract", "after": 3, "count": 1}"""
    body = request.json_object()
    name = body.pop("name", None)
    unknown = set(body) - {field.name for field in fields(Where)}
    if unknown:
        raise _bad(f"unknown keys: {', '.join(sorted(unknown))}")
    try:
        where = msgspec.convert(body, Where)
    except msgspec.ValidationError as error:
        raise _bad(f"this fault cannot be armed so: {error}") from error
    armed = request.twin.faults.arm(str(name), where)
    return json_response(_fault_json(armed), 201)


def disarm_faults(request: Request) -> Response:
    """All of them; 409 names those that never fired."""
    return json_response([_fault_json(armed) for armed in request.twin.faults.disarm()])


def disarm_fault(request: Request) -> Response:
    """One of them; 409 when it never fired."""
    text = request.params["fault_id"]
    if not text.isdigit():
        raise _bad(f"{text!r} is not the id of a fault")
    return json_response([_fault_json(armed) for armed in request.twin.faults.disarm(int(text))])


def _fault_json(armed: ArmedFault) -> dict[str, object]:
    where = {field.name: getattr(armed.where, field.name) for field in fields(Where)}
    return {"id": armed.fault_id, "name": armed.fault.name, "met": armed.met, "fired": armed.fired, **where}


def register_app(request: Request) -> Response:
    """{"name", "flows", "run_as", "certificate", "callback_urls", "scopes", "approved", "ip_ranges"}: a client app."""
    body = request.json_object()
    run_as = _user(request, body["run_as"]).user_id if body.get("run_as") else None
    approved = body.get("approved")
    app = ClientApp(
        client_id=str(body.get("client_id") or "3MVG9" + request.twin.random(_CLIENT_ID_LENGTH)),
        name=str(body.get("name", "unnamed")),
        flows=frozenset(_flow(name) for name in _texts(body, "flows")),
        run_as_user_id=run_as,
        certificates=(_certificate(str(body["certificate"])),) if body.get("certificate") else (),
        callback_urls=tuple(_texts(body, "callback_urls")),
        scopes=tuple(_texts(body, "scopes")) or ("api", "refresh_token"),
        approved_user_ids=frozenset(_user(request, name).user_id for name in _texts(body, "approved"))
        if approved is not None
        else None,
        ip_ranges=tuple(_texts(body, "ip_ranges")),
    )
    secret = None if body.get("public") is True else request.twin.random(_SECRET_LENGTH)
    request.twin.auth.apps.add(app if secret is None else app.with_secret(secret))
    return json_response({"client_id": app.client_id, "client_secret": secret}, 201)


def new_secret(request: Request) -> Response:
    """Give an app a further secret, which is told here and never again; the one before it goes on. Deployed apps, too."""
    twin, client_id = request.twin, request.params["client_id"]
    secret = twin.random(_SECRET_LENGTH)
    if any(app.client_id == client_id for app in twin.auth.apps):
        twin.auth.apps.add(twin.auth.apps.get(client_id).with_secret(secret))
    else:
        twin.auth.apps.get(client_id)
        with request.org.transaction():
            request.org.settings[SECRETS] = with_secret(request.org, client_id, fingerprint(secret))
    return json_response({"client_id": client_id, "client_secret": secret}, 201)


_FLOWS = {
    "client_credentials": Flow.CLIENT_CREDENTIALS,
    "jwt_bearer": Flow.JWT_BEARER,
    "web_server": Flow.WEB_SERVER,
    "refresh_token": Flow.REFRESH,
}


def _flow(name: str) -> Flow:
    if name not in _FLOWS:
        raise _bad(f"there is no flow {name!r}; known flows: {', '.join(_FLOWS)}")
    return _FLOWS[name]


def _texts(body: dict[str, object], name: str) -> list[str]:
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _bad(f"{name} must be a list of texts")
    return value


def trust_certificate(request: Request) -> Response:
    """PUT the PEM of a certificate: the client may sign assertions with its key from now on."""
    certificate = _certificate(request.body.decode("ascii", "replace"))
    request.twin.auth.apps.trust_certificate(request.params["client_id"], certificate)
    return no_content()


def _certificate(text: str) -> str:
    try:
        read_certificate(text)
    except ValueError as error:
        raise _bad(f"the certificate cannot be used: {error}") from error
    return text


def open_session(request: Request) -> Response:
    """{"username": ...}: a session of any user, for tests that need a caller with few rights."""
    user = _user(request, request.json_object().get("username"))
    session = request.twin.sessions.issue(user.user_id, None, ("full",), "Admin")
    return json_response({"access_token": session.token, "user_id": user.user_id}, 201)


def expire_sessions(request: Request) -> Response:
    """Every session of the org ends now."""
    return json_response({"ended": request.twin.sessions.revoke_all()})


def login_history(request: Request) -> Response:
    """Every sign-in, refused ones included."""
    attempts = request.twin.auth.history.attempts()
    return json_response(
        [
            {
                "LoginTime": to_wire(attempt.at),
                "UserId": attempt.user_id,
                "Application": attempt.application,
                "LoginType": attempt.login_type,
                "SourceIp": attempt.source_ip,
                "Status": attempt.status,
            }
            for attempt in attempts
        ]
    )


def reset(request: Request) -> Response:
    """A new org: everything deployed, saved or used is gone, and no fault is armed. Apps and the first users' sessions go on."""
    request.twin.reset()
    return no_content()


def show_latency(request: Request) -> Response:
    """The latency that is set, in milliseconds."""
    return json_response(asdict(request.twin.latency))


def set_latency(request: Request) -> Response:
    """{"call": 80, "row": 1.5, "batch": 900}: milliseconds; what is not named is 0, so {} switches it off."""
    try:
        request.twin.latency = read_latency(request.json_object())
    except ValueError as error:
        raise _bad(str(error)) from error
    return show_latency(request)


def list_snapshots(request: Request) -> Response:
    """The snapshots that were taken, by name."""
    return json_response(snapshot_names(request.twin.house))


def _snapshot_name(request: Request) -> str:
    name = request.params["name"]
    if not _NAME.fullmatch(name):
        raise _bad(f"{name!r} is not a name for a snapshot: letters, digits, - and _, at most 64")
    return name


def put_snapshot(request: Request) -> Response:
    """Write the whole org to a snapshot of that name."""
    twin = request.twin
    name = _snapshot_name(request)
    take_snapshot(twin.house, twin.org, name)
    keep_surroundings(twin, surroundings_file(twin.house, name))
    return no_content()


def restore_snapshot(request: Request) -> Response:
    """Go back to a snapshot: records, metadata, settings, events, used limits, sign-ins, e-mails and logs as they were."""
    name = _snapshot_name(request)
    house = request.twin.house
    if name not in snapshot_names(house):
        known = ", ".join(snapshot_names(house)) or "none"
        raise SalesforceError(
            "TWIN_UNKNOWN_SNAPSHOT", f"there is no snapshot {name!r}; taken so far: {known}", status=404
        )
    surroundings = read_surroundings(surroundings_file(house, name))
    request.twin.adopt(house.restore(snapshot_file(house, name)), surroundings)
    return no_content()


def _admin(method: str, path: str, handler: Handler) -> Route:
    return Route(method, f"/twin/admin/{path}", handler, Door.ADMIN)


def set_limits(request: Request) -> Response:
    """{"DailyDeliveredPlatformEvents": 1000000}: other maxima than those of a Developer Edition org."""
    wanted, allocations = request.json_object(), request.twin.allocations
    for name, maximum in wanted.items():
        if name not in allocations:
            raise _bad(f"the twin does not count {name!r}; known: {', '.join(allocations)}")
        if isinstance(maximum, bool) or not isinstance(maximum, int) or maximum < 0:
            raise _bad(f"{name}: {maximum!r} is not a whole number of at least 0")
    for name, maximum in wanted.items():
        allocations[name].maximum = cast(int, maximum)
    return no_content()


ROUTES = (
    _admin("PUT", "limits", set_limits),
    _admin("GET", "latency", show_latency),
    _admin("PUT", "latency", set_latency),
    _admin("GET", "faults", list_faults),
    _admin("POST", "faults", arm_fault),
    _admin("DELETE", "faults", disarm_faults),
    _admin("DELETE", "faults/{fault_id}", disarm_fault),
    _admin("POST", "apps", register_app),
    _admin("PUT", "apps/{client_id}/certificate", trust_certificate),
    _admin("POST", "apps/{client_id}/secret", new_secret),
    _admin("POST", "sessions", open_session),
    _admin("DELETE", "sessions", expire_sessions),
    _admin("GET", "login-history", login_history),
    _admin("POST", "reset", reset),
    _admin("GET", "snapshots", list_snapshots),
    _admin("PUT", "snapshots/{name}", put_snapshot),
    _admin("POST", "snapshots/{name}/restore", restore_snapshot),
)
