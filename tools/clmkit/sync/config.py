"""The sync's configuration: a YAML or JSON file with addresses and references to secrets, never the secrets themselves.

    spec: mappings/contract.yml
    state: build/sync.sqlite                   # or {env: STATE_URL}, a postgresql:// address: then several may run at once
    clm:
      url: https://clm.example.com
      client_id: clmkit
      client_secret: {env: CLM_CLIENT_SECRET}
      roles: {steward: [ann@example.com, "*@legal.example.com"]}   # who has which audience's role in the CLM, for precedence rows
      as_user: sync@example.com                # whom requests act as, for a connector that has `login.as_user` (ironclad)
      connector: ironclad                      # a description of the CLM's API, shipped or a file beside this one; default: clm
    salesforce:
      url: {file: build/org.json, member: https_url}
      ca_bundle: {file: build/org.json, member: ca_bundle}
      client_id: {file: build/org.json, member: client_id}
      client_secret: {file: build/org.json, member: client_secret}

    webhook:                                   # optional: the CLM rings as soon as something changes
      listen: 127.0.0.1:8787
      url: https://sync.example.com/clm        # what the CLM calls; left out: the address listened on
      secrets: [{env: HOOK_SECRET}, {env: HOOK_SECRET_BEFORE}]   # the first signs from now on, all are accepted: rotation

    events:                                    # optional: Salesforce tells what people change as soon as they do (Pub/Sub API)
      endpoint: api.pubsub.salesforce.com:7443   # the default
      transport: auto                          # grpc, cometd (HTTP), or auto: cometd once gRPC cannot be reached
      topics: [/event/CLM_Contract_Change__e]  # default: the events of the generated triggers; /data/... for Change Data Capture
      managed: [CLM_Sync]                      # instead of topics: ManagedEventSubscriptions, whose position the org keeps
      deliveries_a_day: 10000                  # the org's allowance; at deliveries_percent (80) the looks go on alone
      look_every: 600                          # seconds between looks while every event is heard

    traces: {file: build/traces.jsonl}         # optional: OpenTelemetry spans; or {endpoint: https://collector.example.com/v1/traces}
    monitor: {listen: 127.0.0.1:9464}          # optional: /healthz, /readyz, /metrics and /alerts of `sync run --follow`
    batch: 10000                               # optional: changes worked on together; more cost fewer API calls and more memory
    pace: promised                             # optional: `sync run --follow` holds back by latency class; at_once: nothing waits
    guards:                                    # optional, shown with their defaults: what a run may do without being asked
      changed_percent: 25                      # of an object's linked rows (of the agreements, on the way back) ...
      changed_from: 500                        # ... and so many always; rows that are created are not counted
      emptied_percent: 5                       # the same for one field that becomes empty
      emptied_from: 50
      api_reserve_percent: 10                  # of the org's calls of 24 hours, left to others

A reference is `{env: NAME}`, `{file: PATH}` (the whole text), `{file: PATH, member: NAME}` (one member of a JSON file),
`{keyring: SERVICE, user: NAME}` or `{vault: MOUNT/PATH, member: KEY}` (HashiCorp Vault, with VAULT_ADDR and VAULT_TOKEN).
A secret that is written into the file itself is refused. For the JWT bearer flow give `username` and `private_key` instead
of `client_secret`. Paths are relative to the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import yaml

from clmkit.clients.clm import ClmCredentials
from clmkit.clients.errors import LoginFailed
from clmkit.clients.salesforce_login import ClientCredentials, JwtBearer, Login
from clmkit.clients.transport import require_private
from clmkit.connectors import Description, DescriptionError, load_description
from clmkit.secrets import Reference, Resolver, SecretUnavailable
from clmkit.secrets.reference import SPELLINGS
from clmkit.sync.database import POSTGRESQL, Target
from clmkit.sync.guards import Limits
from clmkit.sync.listening import EventsConfig

T = TypeVar("T")


class ConfigError(Exception):
    """The configuration cannot be used; the message says where, what and what to write instead."""


Setting = str | Reference


class _ClmSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: Setting
    client_id: Setting
    client_secret: Setting
    connector: str = "clm"
    as_user: str = ""
    roles: dict[str, tuple[str, ...]] = {}


class _SalesforceSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: Setting
    client_id: Setting
    client_secret: Setting | None = None
    username: Setting | None = None
    private_key: Setting | None = None
    ca_bundle: Setting | None = None


class _WebhookSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    listen: str
    secrets: list[Setting] = []
    url: Setting | None = None


class _EventsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    endpoint: Setting = EventsConfig().endpoint
    transport: Literal["auto", "grpc", "cometd"] = "auto"
    topics: tuple[str, ...] = ()
    deliveries_a_day: int = 10_000
    deliveries_percent: float = 80.0
    look_every: float = 600.0
    managed: tuple[str, ...] = ()


class TracesConfig(msgspec.Struct, frozen=True):
    """Where spans go: lines of OTLP/JSON in a file, or a collector's OTLP/HTTP address."""

    file: str = ""
    endpoint: str = ""


class _TracesSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    file: str = ""
    endpoint: Setting | None = None


class _MonitorSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    listen: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spec: str
    state: Setting
    clm: _ClmSection
    salesforce: _SalesforceSection
    webhook: _WebhookSection | None = None
    monitor: _MonitorSection | None = None
    traces: _TracesSection | None = None
    events: _EventsSection | None = None
    page: int = 500
    batch: int = 10_000
    pace: Literal["promised", "at_once"] = "promised"
    guards: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Listener:
    """An address of this machine to listen on."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """Where the CLM's webhooks arrive. `url` is empty when it is the address listened on."""

    host: str
    port: int
    url: str
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SyncConfig:
    """Everything a run needs. Its repr shows no secret.

    The credentials were read once, so that a wrong reference is told before anything is begun; `read_*` reads them anew for each
    login, and raises LoginFailed: a secret is replaced while the sync runs.
    """

    spec: Path
    state: Target = field(repr=False)
    clm_url: str
    connector: Description
    """How the CLM's API is."""
    clm_credentials: ClmCredentials
    salesforce_url: str
    salesforce_login: Login
    read_clm_credentials: Callable[[], ClmCredentials] = field(repr=False, compare=False)
    read_salesforce_login: Callable[[], Login] = field(repr=False, compare=False)
    ca_bundle: Path | None
    read_webhook_secrets: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False, compare=False)
    """Raises ConfigError."""
    renew_vault_token: Callable[[], float] | None = field(default=None, repr=False, compare=False)
    """Where a secret is in Vault. Answers after how many seconds to do so again; raises SecretUnavailable."""
    clm_roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Actors of the CLM by the spec's audiences, `*` for any text."""
    page: int = 500
    batch: int = 10_000
    keeps_promises: bool = True
    """Whether a sync that follows holds changes back until their latency class says so."""
    webhook: WebhookConfig | None = None
    guards: Limits = field(default_factory=Limits)
    events: EventsConfig | None = None
    monitor: Listener | None = None
    traces: TracesConfig | None = None


def load_config(path: Path, environment: Mapping[str, str] = os.environ) -> SyncConfig:
    """Read the file and resolve its references. Raises ConfigError."""
    return _resolve(path, _read_file(path), environment)


def load_state_target(path: Path, environment: Mapping[str, str] = os.environ) -> Target:
    """Where the state is, for what needs no system: the other references are left alone. Raises ConfigError."""
    return _state(path, _Reader(path, Resolver(path.parent, environment)), _read_file(path).state)


def load_spec_path(path: Path) -> Path:
    """Where the mapping is, for what needs no system either. Raises ConfigError."""
    return path.parent / _read_file(path).spec


def _read_file(path: Path) -> _File:
    try:
        text = path.read_text(encoding="utf-8")
        raw = yaml.load(text, Loader=yaml.CSafeLoader)
        return msgspec.convert(raw, _File)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}. Name an existing file with --config.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}. `clmkit sync run --help` shows a complete file.") from error


def _resolve(path: Path, file: _File, environment: Mapping[str, str]) -> SyncConfig:
    reader = _Reader(path, Resolver(path.parent, environment))
    if not 1 <= file.page <= 1000:
        raise ConfigError(f"{path}: page is {file.page}; it goes from 1 to 1000.")
    if not 1 <= file.batch <= 50_000:
        raise ConfigError(f"{path}: batch is {file.batch}; it goes from 1 to 50000.")
    salesforce, clm = file.salesforce, file.clm
    connector = _connector(path, clm.connector, clm.as_user)
    has_public_key = connector.webhooks is not None and bool(connector.webhooks.key_path)

    def read_clm() -> ClmCredentials:
        return ClmCredentials(
            reader.plain("clm.client_id", clm.client_id),
            reader.secret("clm.client_secret", clm.client_secret),
            clm.as_user,
        )

    def read_salesforce() -> Login:
        return _login(path, reader, salesforce)

    def read_hooks() -> tuple[str, ...]:
        return _webhook_secrets(reader, file.webhook.secrets) if file.webhook is not None else ()

    ca_bundle = reader.plain("salesforce.ca_bundle", salesforce.ca_bundle) if salesforce.ca_bundle is not None else None
    return SyncConfig(
        spec=path.parent / file.spec,
        state=_state(path, reader, file.state),
        clm_url=reader.url("clm.url", clm.url),
        clm_credentials=read_clm(),
        salesforce_url=reader.url("salesforce.url", salesforce.url),
        salesforce_login=read_salesforce(),
        read_clm_credentials=_at_login(read_clm),
        read_salesforce_login=_at_login(read_salesforce),
        ca_bundle=path.parent / ca_bundle if ca_bundle else None,
        read_webhook_secrets=read_hooks,
        renew_vault_token=reader.resolver.renew if _uses_vault(file) else None,
        page=file.page,
        batch=file.batch,
        keeps_promises=file.pace == "promised",
        guards=file.guards,
        events=_events(reader, file.events) if file.events is not None else None,
        webhook=_webhook(path, reader, file.webhook, has_public_key=has_public_key)
        if file.webhook is not None
        else None,
        traces=_traces(path, reader, file.traces) if file.traces is not None else None,
        monitor=_listener(path, "monitor.listen", file.monitor.listen) if file.monitor is not None else None,
        connector=connector,
        clm_roles=clm.roles,
    )


def _at_login(read: Callable[[], T]) -> Callable[[], T]:
    """The same reading, in the words of a login that failed."""

    def read_now() -> T:
        try:
            return read()
        except ConfigError as error:
            raise LoginFailed(str(error)) from error

    return read_now


def _events(reader: _Reader, section: _EventsSection) -> EventsConfig:
    return EventsConfig(
        reader.plain("events.endpoint", section.endpoint),
        section.transport,
        section.topics,
        section.deliveries_a_day,
        section.deliveries_percent,
        section.look_every,
        section.managed,
    )


def _traces(path: Path, reader: _Reader, section: _TracesSection) -> TracesConfig:
    if (section.endpoint is None) == (section.file == ""):
        raise ConfigError(f"{path}: traces needs either a file or an endpoint.")
    if section.endpoint is None:
        return TracesConfig(file=str(path.parent / section.file))
    return TracesConfig(endpoint=reader.url("traces.endpoint", section.endpoint))


def _state(path: Path, reader: _Reader, setting: Setting) -> Target:
    """A file beside the configuration, or a PostgreSQL address, which holds a password and so is referred to."""
    where = reader.plain("state", setting)
    if not where.startswith(POSTGRESQL):
        return path.parent / where
    return reader.secret("state", setting)


def _connector(path: Path, name: str, as_user: str) -> Description:
    try:
        connector = load_description(name, path.parent)
    except DescriptionError as error:
        raise ConfigError(f"{path}: clm.connector: {error}") from error
    header = connector.login.as_user
    if header and not as_user:
        words = f"is missing: {connector.name} asks every request whom it acts as ({header}), and does what that user may do"
        raise ConfigError(f"{path}: clm.as_user {words}.")
    if as_user and not header:
        raise ConfigError(f"{path}: clm.as_user: the connector {connector.name} has no `login.as_user` to send it in.")
    return connector


def _webhook(path: Path, reader: _Reader, section: _WebhookSection, *, has_public_key: bool) -> WebhookConfig:
    door = _listener(path, "webhook.listen", section.listen)
    if not section.secrets and not has_public_key:
        raise ConfigError(
            f"{path}: webhook.secrets is empty; without a secret nobody can tell the CLM's calls from others."
        )
    secrets = _webhook_secrets(reader, section.secrets)
    url = reader.url("webhook.url", section.url) if section.url is not None else ""
    return WebhookConfig(door.host, door.port, url, secrets)


def _webhook_secrets(reader: _Reader, settings: Sequence[Setting]) -> tuple[str, ...]:
    return tuple(reader.secret(f"webhook.secrets[{place}]", one) for place, one in enumerate(settings))


def _uses_vault(part: object) -> bool:
    """Whether a reference anywhere in the file points into Vault."""
    if isinstance(part, Reference):
        return part.vault is not None
    if isinstance(part, msgspec.Struct):
        return any(_uses_vault(one) for one in msgspec.structs.astuple(part))
    return isinstance(part, list) and any(_uses_vault(one) for one in part)


def _listener(path: Path, name: str, text: str) -> Listener:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"{path}: {name} is {text!r}; write host:port, such as 127.0.0.1:8787.")
    return Listener(host, int(port))


def _login(path: Path, reader: _Reader, section: _SalesforceSection) -> Login:
    client_id = reader.plain("salesforce.client_id", section.client_id)
    if section.client_secret is not None and section.private_key is None and section.username is None:
        return ClientCredentials(client_id, reader.secret("salesforce.client_secret", section.client_secret))
    if section.client_secret is None and section.private_key is not None and section.username is not None:
        username = reader.plain("salesforce.username", section.username)
        return JwtBearer(client_id, username, reader.secret("salesforce.private_key", section.private_key))
    raise ConfigError(f"{path}: salesforce needs either client_secret, or username and private_key.")


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path
    resolver: Resolver

    def url(self, name: str, setting: Setting) -> str:
        try:
            return require_private(self.plain(name, setting))
        except ValueError as error:
            raise ConfigError(f"{self.path}: {name}: {error}.") from error

    def secret(self, name: str, setting: Setting) -> str:
        if isinstance(setting, str):
            raise ConfigError(f"{self.path}: {name} is written into the file. Refer to it: {SPELLINGS}.")
        return self.plain(name, setting)

    def plain(self, name: str, setting: Setting) -> str:
        if isinstance(setting, str):
            return setting
        try:
            return self.resolver.read(setting)
        except SecretUnavailable as error:
            raise ConfigError(f"{self.path}: {name} {error}.") from error
