"""The org as an authorization server: everything that sign-in needs, in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from orgtwin.auth.apps import BUILT_IN_APPS, ClientApps
from orgtwin.auth.book import AuthBook
from orgtwin.auth.external_apps import ExternalApps
from orgtwin.auth.grants import Grants
from orgtwin.auth.history import LoginAttempt, LoginHistory
from orgtwin.auth.sessions import RandomText, SessionStore
from orgtwin.auth.users import find_by_id
from orgtwin.metadata.component import ComponentStore
from orgtwin.org import Org


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    org: Org
    apps: ClientApps
    sessions: SessionStore
    grants: Grants
    history: LoginHistory
    external: ExternalApps

    def moved_to(self, org: Org, attempts: Iterable[LoginAttempt]) -> AuthorizationServer:
        """The apps, and the sessions and grants of users that it has, for an org that takes this one's place.

        Ids of users come again: whoever is not there ends here, lest a later user of that id inherit a session.
        """

        def is_gone(user_id: str) -> bool:
            return find_by_id(org, user_id) is None

        self.sessions.follow(org.settings)
        self.sessions.revoke_where(is_gone)
        self.grants.forget_users(is_gone)
        self.apps.forget_users(is_gone)
        return replace(self, org=org, history=LoginHistory(attempts))


def create_authorization_server(
    org: Org, random: RandomText, components: Callable[[], ComponentStore], current: Callable[[], Org], book: AuthBook
) -> AuthorizationServer:
    """A server that knows Salesforce's own public apps, those that were deployed, and what its book remembers."""
    external = ExternalApps(current, components)
    return AuthorizationServer(
        org,
        ClientApps(BUILT_IN_APPS, book, external.find),
        SessionStore(org.org_id, org.clock, org.settings, random, book),
        Grants(org.clock, random, book),
        LoginHistory(),
        external,
    )
