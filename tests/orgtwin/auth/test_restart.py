"""What sign-in remembers of an org that is kept in a directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from tests.orgtwin.auth.stage import NOW, TOKEN, Org, Signer

from orgtwin.auth.apps import CUMULUSCI, Flow
from orgtwin.auth.book import AuthBook
from orgtwin.auth.sessions import SessionStore, random_text

BOOK = "auth.book"


@contextmanager
def running(data: Path) -> Iterator[Org]:
    """The twin of a directory, until it is stopped."""
    org = Org(data=data)
    yield org
    org.started.twin.house.close()


def works(org: Org, token: str) -> bool:
    return org.client.as_caller(token).get("/services/data/v66.0").status == 200


def test_sessions_refresh_tokens_secrets_and_certificates_outlive_a_restart(tmp_path: Path, signer: Signer) -> None:
    with running(tmp_path) as org:
        session = org.post(TOKEN, grant_type="client_credentials", **org.credentials()).json()["access_token"]
        credentials, refresh = org.credentials(), org.started.refresh_token
        admin = org.client.as_caller(org.started.twin.admin_token)
        app = {"name": "clm", "flows": ["jwt_bearer"], "certificate": signer.certificate}
        made = admin.post("/twin/admin/apps", app).json()
        signed = signer.sign(**org.claims(iss=made["client_id"]))
    with running(tmp_path) as org:
        assert works(org, session)
        assert org.post(TOKEN, grant_type="client_credentials", **credentials).status == 200
        assert org.post(TOKEN, grant_type="client_credentials", **org.credentials()).status == 200
        assert org.post(TOKEN, grant_type="refresh_token", client_id=CUMULUSCI, refresh_token=refresh).status == 200
        assert org.post(TOKEN, grant_type=Flow.JWT_BEARER, assertion=signed).status == 200


def test_what_was_revoked_stays_revoked(tmp_path: Path) -> None:
    with running(tmp_path) as org:
        session, refresh = org.started.access_token, org.started.refresh_token
        for token in (session, refresh):
            assert org.post("/services/oauth2/revoke", token=token).status == 200
    with running(tmp_path) as org:
        assert not works(org, session)
        assert org.post(TOKEN, grant_type="refresh_token", client_id=CUMULUSCI, refresh_token=refresh).status == 400


def test_a_session_ends_over_a_restart_too(tmp_path: Path) -> None:
    with running(tmp_path) as org:
        session = org.started.access_token
    with running(tmp_path) as org:
        org.clock.now += timedelta(hours=2, minutes=1)
        assert not works(org, session)


def test_sessions_of_before_the_restart_are_ended_with_the_others(tmp_path: Path) -> None:
    with running(tmp_path) as org:
        session = org.started.access_token
    with running(tmp_path) as org:
        assert org.started.twin.sessions.revoke_all() == 2
        assert not works(org, session)


def test_sessions_that_are_long_dead_are_forgotten(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    later = NOW + timedelta(days=2)
    store = SessionStore("00D", lambda: later, {}, random_text, AuthBook(tmp_path / BOOK))
    assert store.live() == ()
    assert AuthBook(tmp_path / BOOK).restored("session", bytes) == {}


def test_no_token_and_no_secret_is_in_the_file(tmp_path: Path) -> None:
    with running(tmp_path) as org:
        token = org.post(TOKEN, grant_type="client_credentials", **org.credentials()).json()["access_token"]
        told = (token, org.started.access_token, org.started.refresh_token, org.started.client_secret)
    content = (tmp_path / BOOK).read_text()
    assert [secret for secret in told if secret in content] == []
    assert (tmp_path / BOOK).stat().st_mode & 0o077 == 0


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    with running(tmp_path) as org:
        session = org.started.access_token
    with (tmp_path / BOOK).open("ab") as file:
        file.write(b'{"kind": "session", "key"')
    with running(tmp_path) as org:
        assert works(org, session)


def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / BOOK).write_text("groceries")
    with pytest.raises(ValueError, match="is not what orgtwin remembers of sign-ins"):
        AuthBook(tmp_path / BOOK)
    assert (tmp_path / BOOK).read_text() == "groceries"
