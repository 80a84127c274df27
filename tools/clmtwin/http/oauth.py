"""`POST /oauth/token`: the client credentials grant (RFC 6749 section 4.4) and nothing else."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qs, unquote_plus

from clmtwin.http.exchange import Request, Response, json_response
from clmtwin.twin import Twin


def issue_token(twin: Twin, request: Request) -> Response:
    form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    if form.get("grant_type") != "client_credentials":
        return _refuse(
            "unsupported_grant_type", f"grant_type is {form.get('grant_type')!r}; only client_credentials is served"
        )
    client_id, secret = _presented(request, form)
    if not twin.credentials.is_known(client_id, secret):
        return _refuse("invalid_client", "the client id or the client secret is wrong", status=401)
    token, lifetime = twin.issue_token()
    return json_response(
        {"access_token": token, "token_type": "Bearer", "expires_in": lifetime},
        headers=(("cache-control", "no-store"),),
    )


def _presented(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return unquote_plus(client_id), unquote_plus(secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _refuse(error: str, description: str, *, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": description}, status=status)
