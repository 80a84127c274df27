"""The org as an authorization server: everything that sign-in needs, in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orgtwin.auth.apps import ClientApps
from orgtwin.auth.grants import Grants
from orgtwin.auth.history import LoginHistory
from orgtwin.auth.sessions import RandomText, SessionStore
from orgtwin.org import Org


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    org: Org
    apps: ClientApps
    sessions: SessionStore
    grants: Grants
    history: LoginHistory

    def moved_to(self, org: Org) -> AuthorizationServer:
        """The same apps, sessions and grants for an org that takes this one's place, with the same user ids."""
        self.sessions.follow(org.settings)
        return replace(self, org=org)


def create_authorization_server(org: Org, random: RandomText) -> AuthorizationServer:
    """A server that knows Salesforce's own public apps and nothing else."""
    return AuthorizationServer(
        org,
        ClientApps(),
        SessionStore(org.org_id, org.clock, org.settings, random),
        Grants(org.clock, random),
        LoginHistory(),
    )
