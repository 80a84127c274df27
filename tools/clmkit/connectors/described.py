"""A CLM that a description tells about, as the sync engine wants one."""

from __future__ import annotations

import asyncio
import re
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any
from urllib.parse import quote, urlencode, urljoin

import msgspec

from clmkit.clients.clm import ChangePage, ClmCredentials, JsonObject, Unread, current
from clmkit.clients.errors import UNREADABLE, ListingBroken, LoginFailed, Refused, Unexpected, WireError
from clmkit.clients.outcomes import Action
from clmkit.clients.silence import silence
from clmkit.clients.transport import RETRY_STATUS, Reply, Transport, require_private, require_served
from clmkit.connectors.description import (
    ChangedFeed,
    CursorPages,
    Description,
    EventFeed,
    LinkPages,
    Listing,
    Login,
    OffsetPages,
    Selection,
    Webhooks,
)
from clmkit.connectors.documents import (
    member,
    sort_out,
    to_agreement,
    to_change,
    to_moment,
    to_observed_change,
    to_patch_body,
    try_agreement,
)
from clmkit.connectors.lenient import read_leniently
from clmkit.connectors.numbered import LeftOut, read_on, spoils_page

_LINK = re.compile(r"<(?P<target>[^>]*)>(?P<parameters>[^<]*)")
_REL = re.compile(r";\s*rel\s*=\s*\"?(?P<names>[^\";,]*)", re.IGNORECASE)
OVERLAP = 1000
"""Milliseconds that are asked for again: whether "since" includes the moment itself is not documented everywhere."""


class _Look(msgspec.Struct, frozen=True):
    """The cursor of a feed of what changed: a moment in milliseconds, and the place (page) in the list from there."""

    since: int = 0
    page: str = ""


@dataclass(frozen=True, slots=True)
class _Page:
    """The documents at a cursor, the cursor behind them, whether more stands there, and what of them cannot be had."""

    documents: list[Any]
    cursor: str
    more: bool
    left_out: tuple[Unread, ...] = ()


class DescribedClm:
    def __init__(
        self,
        transport: Transport,
        url: str,
        credentials: ClmCredentials | Callable[[], ClmCredentials],
        description: Description,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._url = require_private(url)
        self._credentials = credentials
        self._description = description
        self._token: str | None = None
        self._logging_in = asyncio.Lock()

    @property
    def calls(self) -> Mapping[str, int]:
        return self._transport.calls

    async def read_changes(self, after: str, limit: int = 500) -> ChangePage:
        """What happened since the cursor `after`; the empty cursor is the beginning."""
        feed = self._description.feed
        if isinstance(feed, EventFeed):
            return await self._read_events(feed, after, limit)
        return await self._read_changed(feed, after, limit)

    async def read_agreements(self, limit: int = 200) -> AsyncIterator[JsonObject | Unread]:
        """Every agreement, and in its place what can be said of one that does not read. Raises ListingBroken."""
        feed = self._description.feed
        if isinstance(feed, ChangedFeed):
            async for agreement in self._read_seen(feed, limit):
                yield agreement
            return
        async for one in self._read_listed(self._description.agreements, limit):
            yield one if isinstance(one, Unread) else try_agreement(self._description.document, one)

    async def get_agreement(self, agreement_id: str) -> JsonObject:
        return self._to_agreement(await self._get_document(agreement_id))

    async def find_agreements(self, agreement_ids: Sequence[str]) -> dict[str, JsonObject]:
        """Those of the agreements that requests for many give; none from a system that has no such request."""
        selection = self._description.selection
        found: dict[str, JsonObject] = {}
        if selection is None:
            return found
        for start in range(0, len(agreement_ids), selection.most):
            query = urlencode({selection.ids: ",".join(agreement_ids[start : start + selection.most])})
            answer = _read(await self._send("selection", "GET", f"{selection.path}?{query}"), selection.items)
            read = [try_agreement(self._description.document, one) for one in _items(answer, selection)]
            found |= {str(one["id"]): one for one in read if not isinstance(one, Unread)}
        return found

    async def patch_agreement(self, agreement_id: str, revision: int, change: JsonObject) -> JsonObject:
        """Raises Refused `revision_mismatch` when the agreement is no longer at `revision`."""
        patch = self._description.patch
        headers, current = dict(patch.headers), {}
        if patch.guard == "if_match":
            headers["if-match"] = f'"{revision}"'
        else:
            current = await self._get_document(agreement_id)
            if (now := self._to_agreement(current)["revision"]) != revision:
                raise Refused(f"CLM {agreement_id}", 412, "revision_mismatch", f"it is at {now}, not at {revision}")
        body = to_patch_body(self._description, change, current)
        reply = await self._send("patch", patch.method, _fill(patch.path, id=agreement_id), body, headers)
        return self._to_agreement(_read(reply))

    async def put_webhook(self, name: str, url: str, secret: str) -> None:
        """Have the CLM call `url`; a system that refuses a second registration of an address is asked first."""
        hooks = self._require_webhooks()
        if hooks.registered is not None:
            async for one in self._read_all("webhooks", hooks.registered, 100):
                if member(one, hooks.url) == url:
                    return
        body = {
            name_: [_fill(part, name=name, url=url, secret=secret, raw=True) for part in value]
            if isinstance(value, list)
            else _fill(value, name=name, url=url, secret=secret, raw=True)
            for name_, value in hooks.body.items()
        }
        await self._send("webhook", hooks.method, _fill(hooks.path, name=name), body)

    async def read_webhook_key(self) -> str:
        """The public key that the system signs its calls with; empty where both sides share a secret."""
        path = self._require_webhooks().key_path
        return (await self._send("webhook_key", "GET", path)).body.decode() if path else ""

    @property
    def _acting(self) -> dict[str, str]:
        """Whom a request acts as, where the system asks for that."""
        header = self._description.login.as_user
        return {header: current(self._credentials).as_user} if header else {}

    def _to_agreement(self, document: Any) -> JsonObject:
        return to_agreement(self._description.document, document)

    def _require_webhooks(self) -> Webhooks:
        if self._description.webhooks is None:
            raise Unexpected(
                f"The description {self._description.name!r} tells of no webhooks; follow the CLM by looks."
            )
        return self._description.webhooks

    async def _read_events(self, feed: EventFeed, after: str, limit: int) -> ChangePage:
        page = await self._read_page("changes", feed.listing, after, limit, {})
        at = self._description.document
        changes, unread = sort_out(
            page.documents,
            lambda event: to_change(self._description, feed, event),
            lambda event: member(event, feed.event_id),
            lambda event: member(member(event, feed.agreement), at.id),
        )
        return ChangePage(changes, page.cursor, page.more, [*unread, *page.left_out])

    async def _read_changed(self, feed: ChangedFeed, after: str, limit: int) -> ChangePage:
        """One page of what changed since the cursor's moment.

        A record that changes while pages are read moves to the end and shifts the others, so the next page is asked for by the
        newest moment seen, not by its place; only where a whole page lies within OVERLAP the place counts on. Records near that
        moment come again: the sync knows the events it had. So do those with a moment to come: whoever asks for what changed since
        the year 9999 hears of nothing any more.
        """
        at = msgspec.json.decode(after, type=_Look) if after else _Look()
        query = {feed.since: to_moment(at.since)} if at.since else {}
        page = await self._read_page("changes", feed.listing, at.page, limit, query)
        changes, unread = sort_out(
            page.documents,
            lambda document: to_observed_change(self._description, document),
            lambda document: None,
            lambda document: member(document, self._description.document.id),
        )
        now = round(self._clock() * 1000)
        since = max((one.revision for one in changes if one.revision <= now), default=0) - OVERLAP
        following = _Look(since) if since > at.since else _Look(at.since, page.cursor if page.more else "")
        return ChangePage(changes, msgspec.json.encode(following).decode(), page.more, [*unread, *page.left_out])

    async def _read_seen(self, feed: ChangedFeed, limit: int) -> AsyncIterator[JsonObject | Unread]:
        """Every agreement once, although one that changes in between comes twice."""
        known: set[str] = set()
        cursor, more = "", True
        while more:
            page = await self._read_changed(feed, cursor, limit)
            cursor, more = page.cursor, page.more
            for one in page.unread:
                if one.event_id not in known:
                    known.add(one.event_id)
                    yield one
            for change in page.changes:
                if change.agreement_id not in known:
                    known.add(change.agreement_id)
                    yield change.agreement

    async def _read_listed(self, listing: Listing, limit: int) -> AsyncIterator[Any]:
        """The documents of a list, and an Unread for what cannot be had: such a page is asked for in smaller parts, so that
        only the one at fault is missing and not those beside it. Raises ListingBroken where there is no way past it.
        """
        full = min(limit or listing.pages.most, listing.pages.most)
        cursor, more, singly = "", True, 0
        while more:
            try:
                page = await self._read_page("agreements", listing, cursor, 1 if singly else full, {})
            except WireError as error:
                if not spoils_page(error) or not isinstance(listing.pages, CursorPages):
                    raise
                if singly:
                    raise ListingBroken(listing.path, cursor, error) from error
                singly = full
                continue
            singly = max(0, singly - 1)
            cursor, more = page.cursor, page.more
            for document in (*page.left_out, *page.documents):
                yield document

    async def _read_all(self, kind: str, listing: Listing, limit: int) -> AsyncIterator[JsonObject]:
        cursor, more = "", True
        while more:
            page = await self._read_page(kind, listing, cursor, limit, {})
            cursor, more = page.cursor, page.more
            for document in page.documents:
                yield document

    async def _read_page(
        self, kind: str, listing: Listing, cursor: str, limit: int, more_query: Mapping[str, str]
    ) -> _Page:
        """The page at the cursor. Of numbered pages the cursor is the place in the list."""
        pages = listing.pages
        size = min(limit or pages.most, pages.most)
        fixed = {**listing.query, **more_query}

        if isinstance(pages, LinkPages):
            return await self._read_linked(
                kind, listing, cursor or f"{listing.path}?{urlencode({**fixed, pages.size: size})}"
            )

        async def ask(at: str, size: int) -> Any:
            query = urlencode({**fixed, pages.parameter: at, pages.size: size})
            return _read(await self._send(kind, "GET", f"{listing.path}?{query}"), listing.items)

        if isinstance(pages, CursorPages):
            answer = await ask(cursor, size)
            following = member(answer, pages.cursor) or cursor
            if not isinstance(following, str | int):
                raise Unexpected(f"The CLM's answer to {listing.path} has no cursor at {pages.cursor!r}")
            return _Page(_items(answer, listing), str(following), bool(member(answer, pages.more)))

        async def ask_numbered(number: int, size: int) -> list[Any]:
            at = number * size if isinstance(pages, OffsetPages) else pages.first + number
            return _items(await ask(str(at), size), listing)

        stretch = await read_on(ask_numbered, int(cursor or 0), size)
        left_out = tuple(_left_out(listing, more_query, one) for one in stretch.left_out)
        return _Page(stretch.documents, str(stretch.following), not stretch.is_last, left_out)

    async def _read_linked(self, kind: str, listing: Listing, cursor: str) -> _Page:
        """The page at an address. The last one is its own successor: what is added to it comes with the next look."""
        reply = await self._send(kind, "GET", cursor)
        documents = _items(_read(reply, listing.items), listing)
        link = find_next({name.lower(): text for name, text in reply.headers.items()}.get("link", ""))
        if not link:
            return _Page(documents, cursor, more=False)
        target = urljoin(self._url + cursor, link)
        if not target.startswith(f"{self._url}/"):
            raise Unexpected(f"The CLM's answer to {listing.path} leads to {target}, which is not below {self._url}")
        return _Page(documents, target.removeprefix(self._url), more=True)

    async def _get_document(self, agreement_id: str) -> JsonObject:
        found: JsonObject = _read(
            await self._send("agreement", "GET", _fill(self._description.agreement, id=agreement_id))
        )
        return found

    async def _send(
        self, kind: str, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """The answer to a request that was accepted. What the table of outcomes says to retry is retried, with growing waits."""
        attempt = 0
        while True:
            reply = await self._send_logged_in(kind, method, path, body, headers or {})
            if reply.status < 300:
                return reply
            attempt += 1
            refusal = self._refusal(f"CLM {method} {path.split('?')[0]}", reply)
            is_spent = attempt >= self._transport.patience.attempts or reply.status in RETRY_STATUS
            if refusal.action is not Action.RETRY or is_spent:
                raise refusal
            await self._transport.pause(attempt)

    async def _send_logged_in(
        self, kind: str, method: str, path: str, body: object, headers: Mapping[str, str]
    ) -> Reply:
        token = self._token or await self._renew(None)
        reply = await self._send_once(kind, method, path, body, headers, token)
        if reply.status == 401:
            reply = await self._send_once(kind, method, path, body, headers, await self._renew(token))
        if reply.status == 401 and self._description.login.kind != "oauth":
            raise LoginFailed(f"The CLM at {self._url} refuses the client {current(self._credentials).client_id!r}")
        return reply

    async def _send_once(
        self, kind: str, method: str, path: str, body: object, extra: Mapping[str, str], token: str
    ) -> Reply:
        login = self._description.login
        headers = {login.header or "authorization": token, "accept": "application/json", **self._acting, **extra}
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = msgspec.json.encode(body)
        return await self._transport.send(f"clm_{kind}", method, self._url + path, headers=headers, body=content)

    async def _renew(self, refused: str | None) -> str:
        """A token other than the one that was refused: requests that find out together log in once."""
        async with self._logging_in:
            if self._token is None or self._token == refused:
                self._token = await self._log_in()
            return self._token

    async def _log_in(self) -> str:
        """What a request says to be let in."""
        login, known = self._description.login, current(self._credentials)
        if login.kind == "key":
            return login.prefix + known.client_secret
        if login.kind == "basic":
            return "Basic " + b64encode(f"{known.client_id}:{known.client_secret}".encode()).decode()
        return "Bearer " + await self._get_token(login, known)

    async def _get_token(self, login: Login, known: ClmCredentials) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": known.client_id,
            "client_secret": known.client_secret,
            **({"scope": login.scope} if login.scope else {}),
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        reply = await self._transport.send(
            "clm_token", "POST", self._url + login.token_path, headers=headers, body=urlencode(form).encode()
        )
        require_served(self._url + login.token_path, reply)
        token = member(_read(reply), "access_token") if reply.status == 200 else None
        if not isinstance(token, str):
            words = silence(reply.body.decode("utf-8", "replace"), (known.client_secret,))[:300]
            raise LoginFailed(f"The CLM at {self._url} refuses the client {known.client_id!r}: {words}")
        return token

    def _refusal(self, where: str, reply: Reply) -> Refused:
        try:
            problem = msgspec.json.decode(reply.body)
        except UNREADABLE:
            problem = {}
        errors = self._description.errors
        code, detail = member(problem, errors.code), member(problem, errors.detail)
        known = (
            code if isinstance(code, str) and code else "unavailable" if reply.status >= 500 else f"HTTP_{reply.status}"
        )
        words = detail if isinstance(detail, str) else reply.body[:200].decode("utf-8", "replace")
        return Refused(where, reply.status, known, words)


def _fill(text: str, *, raw: bool = False, **values: str) -> str:
    """The text with its {names} filled in, quoted for a path unless `raw`."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value if raw else quote(value, safe=""))
    return text


def find_next(header: str) -> str:
    """The address that a Link header gives the next page; empty when it gives none."""
    for link in _LINK.finditer(header):
        relations = _REL.search(link["parameters"])
        if relations is not None and "next" in relations["names"].lower().split():
            return link["target"]
    return ""


def _items(answer: Any, place: Listing | Selection) -> list[Any]:
    found = member(answer, place.items) if place.items else answer
    if not isinstance(found, list):
        raise Unexpected(f"The CLM's answer to {place.path} has no list at {place.items!r}")
    return found


def _read(reply: Reply, items: str = "") -> Any:
    """The answer. Of a list at `items` the documents that make no sense are `Absurd`."""
    try:
        return msgspec.json.decode(reply.body)
    except UNREADABLE as strict:
        try:
            return read_leniently(reply.body, items)
        except JSONDecodeError:
            raise Unexpected(f"The CLM answered {reply.status} with a body that does not read: {strict}") from strict
        except ValueError as error:
            raise Unexpected(f"The CLM answered {reply.status} with a body that does not read: {error}") from strict


def _left_out(listing: Listing, query: Mapping[str, str], one: LeftOut) -> Unread:
    """What is said of a record that no page can be had with: where it stands, for its id is not known."""
    asked = "".join(f", {name} {value}" for name, value in query.items())
    words = f"Record {one.place + 1} of the CLM's list {listing.path}{asked} cannot be had, not even alone: {one.error}"
    return Unread(f"{listing.path}{asked}, record {one.place + 1}", "", words)
