"""A new twin, ready to be served: the org, its sign-in, and the client-credentials app that every twin starts with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from orgtwin.apex.container_tables import register_container_tables
from orgtwin.apex.containers import Workspace
from orgtwin.apex.test_tables import register_test_tables
from orgtwin.auth.apps import CUMULUSCI, ClientApp, Flow
from orgtwin.auth.book import AuthBook
from orgtwin.auth.sessions import RandomText, random_text
from orgtwin.auth.users import UserRecord, find_by_id
from orgtwin.http.house import DirectoryHouse, MemoryHouse
from orgtwin.http.latency import OFF, Latency
from orgtwin.http.ready import ReadyFile
from orgtwin.http.recent_items import RecentItems, recently_viewed_table
from orgtwin.http.tooling import runs_of
from orgtwin.http.twin import DEFAULT_DAILY_API_REQUESTS, Twin
from orgtwin.http.versions import NEWEST
from orgtwin.metadata.data_tables import register_data_tables
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.settings_tables import SUFFIX as SETTINGS
from orgtwin.metadata.settings_tables import settings_table
from orgtwin.metadata.tooling_tables import register_tables
from orgtwin.organization import Clock, Organization, system_clock
from orgtwin.seed import administrator, integration_user

_ADMIN_TOKEN_LENGTH = 48
_SECRET_LENGTH = 64
_CLIENT_ID = "3MVG9orgtwin.integration"
_AUTH_BOOK = "auth.book"
ALIAS = "twin"


@dataclass(frozen=True, slots=True)
class Started:
    """A twin and what its ready file tells about it."""

    twin: Twin
    administrator: UserRecord
    integration_user: UserRecord
    app: ClientApp
    client_secret: str
    access_token: str
    refresh_token: str

    def ready_file(self, *, pid: int, http_url: str, https_url: str, pubsub_endpoint: str, ca_bundle: str) -> ReadyFile:
        return ReadyFile(
            pid=pid,
            http_url=http_url,
            https_url=https_url,
            pubsub_endpoint=pubsub_endpoint,
            ca_bundle=ca_bundle,
            org_id=self.twin.org.org_id,
            alias=ALIAS,
            username=self.administrator.username,
            user_id=self.administrator.user_id,
            access_token=self.access_token,
            refresh_token=self.refresh_token,
            integration_username=self.integration_user.username,
            integration_user_id=self.integration_user.user_id,
            client_id=self.app.client_id,
            client_secret=self.client_secret,
            admin_token=self.twin.admin_token,
            api_version=f"{NEWEST}.0",
        )


def start_twin(
    *,
    clock: Clock = system_clock,
    random: RandomText = random_text,
    daily_api_requests: int = DEFAULT_DAILY_API_REQUESTS,
    latency: Latency = OFF,
    certificate: str | None = None,
    data: Path | None = None,
) -> Started:
    """A twin of a new org. `certificate` (PEM) lets the integration app sign assertions with its key, besides its secret.
    `data` keeps the org in that directory, with who is signed in, and finds it there again."""
    house = DirectoryHouse(data, clock) if data else MemoryHouse(clock)
    org = house.open()
    admin = _user(org, administrator(org).user_id)
    integration = _user(org, integration_user(org).user_id)
    twin = Twin(
        org,
        house,
        admin_token=random(_ADMIN_TOKEN_LENGTH),
        admin_username=admin.username,
        daily_api_requests=daily_api_requests,
        latency=latency,
        random=random,
        book=AuthBook(data / _AUTH_BOOK if data else None),
    )
    register_tables(twin.tooling_tables, lambda: twin.part(MetadataService))
    register_data_tables(twin.data_tables, lambda: twin.part(MetadataService))
    twin.tooling_tables.register_family(SETTINGS, settings_table)
    twin.data_tables.register(recently_viewed_table(lambda: twin.part(RecentItems)))
    for tables in (twin.tooling_tables, twin.data_tables):
        register_test_tables(tables, lambda: runs_of(twin))
    register_container_tables(twin.tooling_tables, lambda: twin.part(Workspace))
    client_secret = random(_SECRET_LENGTH)
    app = _integration_app(twin, integration, certificate).with_secret(client_secret)
    twin.auth.apps.add(app)
    session = twin.sessions.issue(admin.user_id, None, ("full",), "Admin")
    refresh = twin.auth.grants.issue_refresh_token(admin.user_id, CUMULUSCI, ("web", "full", "refresh_token"))
    return Started(twin, admin, integration, app, client_secret, session.token, refresh)


def _integration_app(twin: Twin, user: UserRecord, certificate: str | None) -> ClientApp:
    """The app as an earlier run left it, or a new one."""
    known = twin.auth.apps.find(_CLIENT_ID)
    flows = frozenset({Flow.CLIENT_CREDENTIALS})
    app = known or ClientApp(_CLIENT_ID, "orgtwin integration", flows, run_as_user_id=user.user_id, scopes=("api",))
    if certificate is None or certificate in app.certificates:
        return app
    return replace(app, certificates=(*app.certificates, certificate), flows=app.flows | {Flow.JWT_BEARER})


def _user(org: Organization, user_id: str) -> UserRecord:
    user = find_by_id(org, user_id)
    if user is None:
        raise LookupError(f"a new org has no user {user_id}")
    return user
