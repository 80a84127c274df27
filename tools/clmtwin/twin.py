"""The twin itself: store, clock, faults and tokens behind the HTTP surface. One object, one event loop, no threads."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from clmtwin import agreements
from clmtwin.approvals import Matrix
from clmtwin.clicks import Clicks
from clmtwin.clock import Clock, iso
from clmtwin.faults import FaultBoard
from clmtwin.model import Agreement, CounterpartyEntry, Person
from clmtwin.problem import Problem
from clmtwin.store import Store

TOKEN_LIFETIME = timedelta(hours=2)
MOST_TOKENS = 1000
MATRIX = "approval_matrix"
SECRET, SECRET_BEFORE = "client_secret", "client_secret_before"


@dataclass(frozen=True, slots=True)
class Credentials:
    """`before` is the secret before this one: it goes on counting until the next, so that clients change over in between."""

    client_id: str
    client_secret: str
    before: str = ""

    def is_known(self, client_id: str, secret: str) -> bool:
        known = hmac.compare_digest(client_id.encode(), self.client_id.encode())
        secrets_of_it = [one for one in (self.client_secret, self.before) if one]
        return any(hmac.compare_digest(secret.encode(), one.encode()) for one in secrets_of_it) and known


@dataclass(slots=True)
class Budget:
    """A token bucket: `per_second` requests on average, twice that at once."""

    per_second: float
    left: float = 0.0
    seen: datetime | None = None

    def try_spend(self, now: datetime) -> bool:
        elapsed = (now - self.seen).total_seconds() if self.seen is not None else 2.0
        self.left = min(2 * self.per_second, self.left + max(elapsed, 0.0) * self.per_second)
        self.seen = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class Twin:
    store: Store
    clock: Clock
    credentials: Credentials
    public_url: str
    budget: Budget
    faults: FaultBoard = field(default_factory=FaultBoard)
    new_token: Callable[[], str] = lambda: secrets.token_urlsafe(32)
    on_change: Callable[[], None] = lambda: None
    clicks: Clicks = field(default_factory=Clicks)
    _tokens: OrderedDict[str, datetime] = field(default_factory=OrderedDict)

    def issue_token(self) -> tuple[str, int]:
        token = self.new_token()
        self._tokens[token] = self.clock.now() + TOKEN_LIFETIME
        while len(self._tokens) > MOST_TOKENS:
            self._tokens.popitem(last=False)
        return token, int(TOKEN_LIFETIME.total_seconds())

    def replace_secret(self) -> Credentials:
        """A new secret for the client; tokens that were issued go on."""
        self.credentials = Credentials(self.credentials.client_id, self.new_token(), self.credentials.client_secret)
        with self.store.transaction():
            self.store.put_setting(SECRET, self.credentials.client_secret)
            self.store.put_setting(SECRET_BEFORE, self.credentials.before)
        return self.credentials

    def is_valid_token(self, token: str) -> bool:
        expires = self._tokens.get(token)
        return expires is not None and self.clock.now() < expires

    def today(self) -> date:
        return self.clock.now().date()

    def read_matrix(self) -> Matrix:
        known = self.store.find_setting(MATRIX)
        return msgspec.json.decode(known, type=Matrix) if known else Matrix()

    def put_matrix(self, matrix: Matrix) -> None:
        self.store.put_setting(MATRIX, msgspec.json.encode(matrix).decode())

    def get_agreement(self, agreement_id: str) -> Agreement:
        agreement = self.store.find_agreement(agreement_id)
        if agreement is None:
            raise Problem("not_found", f"There is no agreement {agreement_id}.")
        return agreement

    def commit(self, before: Agreement | None, after: Agreement, change_type: str, actor: str) -> Agreement:
        """Keep `after` with the next revision and log the change; an agreement that did not change is left as it was."""
        if before is not None and before == after:
            return before
        stamped = agreements.stamp(after, revision=after.revision + 1, at=iso(self.clock.now()), by=actor)
        with self.store.transaction():
            self.keep(stamped, change_type)
        self.on_change()
        return stamped

    def keep(self, agreement: Agreement, change_type: str) -> None:
        """Save, log and index one stamped agreement. Call inside a transaction."""
        counterparty = agreement.counterparty
        if counterparty is not None:
            self.store.put_counterparty(CounterpartyEntry(counterparty.id, counterparty.name))
            if counterparty.contact is not None:
                contact = counterparty.contact
                self.store.put_person(Person(contact.id, contact.name, contact.email))
        self.store.save_agreement(agreement, change_type)
        self.clicks.note(agreement.id, agreement.revision)


def load_credentials(store: Store, client_id: str) -> Credentials:
    """The integration's credentials: made once, kept in the store, so that a restart does not lock its clients out."""
    secret = store.find_setting(SECRET)
    if secret is None:
        secret = secrets.token_urlsafe(32)
        store.put_setting(SECRET, secret)
    return Credentials(client_id, secret, store.find_setting(SECRET_BEFORE) or "")


def restore_clock(store: Store, clock: Clock) -> None:
    offset = store.find_setting("clock_offset_seconds")
    frozen = store.find_setting("clock_frozen_at")
    if offset is not None:
        clock.restore(float(offset), datetime.fromisoformat(frozen) if frozen else None)


def save_clock(store: Store, clock: Clock) -> None:
    store.put_setting("clock_offset_seconds", str(clock.offset_seconds))
    store.put_setting("clock_frozen_at", clock.now().isoformat() if clock.is_frozen else "")


def open_twin(data: Path, *, seed: int, client_id: str, public_url: str, requests_per_second: float) -> Twin:
    data.mkdir(parents=True, exist_ok=True)
    store = Store(data / "clm.sqlite", seed=seed)
    clock = Clock()
    restore_clock(store, clock)
    return Twin(store, clock, load_credentials(store, client_id), public_url.rstrip("/"), Budget(requests_per_second))
