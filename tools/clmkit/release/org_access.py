"""How to reach an org for a release: the address and a session of somebody who may deploy.

    an alias or username   the sf CLI is asked, which renews a session that has ended
    a file                 what `cci org info NAME --json` prints, or the ready file of the org twin
    -                      the same on standard input; once

It holds a secret; nothing of it is written anywhere. When a session ends in the middle of a release, the CLI is asked, or the file
is read, once more.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clmkit.clients.errors import LoginFailed
from clmkit.clients.metadata_api import MetadataApi
from clmkit.clients.salesforce import Salesforce
from clmkit.clients.salesforce_login import GivenToken
from clmkit.clients.tooling import Tooling
from clmkit.clients.transport import Patience, Transport, open_session, require_private
from clmkit.release.sf_cli import WITHHELD, SfCliError, ask_sf, is_alias

URL_NAMES = ("instance_url", "instanceUrl", "https_url")
TOKEN_NAMES = ("access_token", "accessToken")
STDIN = "-"
PATIENCE = Patience(attempts=7, first=0.25)
"""A release waits longer for an org that does not answer than the sync does: up to 16 seconds."""


class AccessError(Exception):
    """The file does not say how to reach an org; the message says what to give instead."""


@dataclass(frozen=True, slots=True)
class OrgAccess:
    """`source` is where it was read: a file, an alias of the sf CLI, or `-`."""

    url: str
    access_token: str = field(repr=False)
    username: str = ""
    ca_bundle: Path | None = None
    source: str = STDIN


@dataclass(frozen=True, slots=True)
class OrgClients:
    """The doors of an org that a release uses."""

    metadata: MetadataApi
    records: Salesforce
    tooling: Tooling


def read_access(name: str) -> OrgAccess:
    """Read the file, standard input for "-", or what the sf CLI knows of an org of that alias. Raises AccessError."""
    if name != STDIN and is_alias(name) and not Path(name).exists():
        try:
            return parse_access(ask_sf(name), name)
        except SfCliError as error:
            raise AccessError(f"{name}: {error}. {HINT}") from error
    try:
        text = sys.stdin.read() if name == STDIN else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise AccessError(f"{name}: {error.strerror}. {HINT}") from error
    return parse_access(text, name)


def renew_access(access: OrgAccess) -> OrgAccess:
    """The same org with another session, once its session has ended. Raises LoginFailed with what to do."""
    if access.source == STDIN:
        raise LoginFailed(f"the session given on standard input has ended or is not valid. {RENEWED}")
    try:
        fresh = read_access(access.source)
    except AccessError as error:
        raise LoginFailed(f"the session has ended, and no other can be read: {error}") from error
    if fresh.url != access.url:
        raise LoginFailed(f"{access.source}: led to {access.url} and leads to {fresh.url} now; this is another org")
    if fresh.access_token == access.access_token:
        raise LoginFailed(f"{access.source}: the session in it has ended or is not valid. {RENEWED}")
    return fresh


HINT = "Give an alias that the sf CLI knows, or a file with what `cci org info NAME --json` or the org twin's ready file holds."
RENEWED = "Write a fresh one there, or give `--org` an alias of the sf CLI, which renews sessions."


def parse_access(text: str, name: str) -> OrgAccess:
    try:
        found: Any = json.loads(text)
    except ValueError as error:
        raise AccessError(f"{name}: is no JSON: {error}. {HINT}") from error
    if isinstance(found, dict) and isinstance(found.get("result"), dict):
        found = found["result"]
    if not isinstance(found, dict):
        raise AccessError(f"{name}: holds no object. {HINT}")
    try:
        url = require_private(_member(found, URL_NAMES, name))
    except ValueError as error:
        raise AccessError(f"{name}: {error}.") from error
    token, ca_bundle = _member(found, TOKEN_NAMES, name), found.get("ca_bundle")
    if token.startswith(WITHHELD):
        raise AccessError(f"{name}: the sf CLI withheld the access token. Give `--org` the alias or username instead.")
    return OrgAccess(url, token, str(found.get("username", "")), Path(ca_bundle) if ca_bundle else None, name)


def _member(found: Mapping[str, Any], names: tuple[str, ...], file: str) -> str:
    for name in names:
        value = found.get(name)
        if isinstance(value, str) and value:
            return value
    raise AccessError(f"{file}: has none of {', '.join(names)}. {HINT}")


class _Session:
    """The session of one client: the one that was read, and another each time that it has ended."""

    def __init__(self, access: OrgAccess) -> None:
        self._access = access
        self._is_used = False

    def __call__(self) -> GivenToken:
        if self._is_used:
            self._access = renew_access(self._access)
        self._is_used = True
        return GivenToken(self._access.access_token)


@asynccontextmanager
async def open_org(access: OrgAccess, api_version: str) -> AsyncIterator[OrgClients]:
    """The org's doors, closed at the end."""
    async with open_session(access.ca_bundle) as session:
        transport = Transport(session, PATIENCE)
        records = Salesforce(transport, access.url, _Session(access), api_version)
        metadata = MetadataApi(transport, access.url, _Session(access), api_version)
        yield OrgClients(metadata, records, Tooling(records))
