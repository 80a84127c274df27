"""The org twin's own fixtures, a twin with a clock, and a key that signs assertions."""

from __future__ import annotations

import pytest
from tests.orgtwin.auth.stage import Org, Signer

from orgtwin.pytest_plugin import org_twin, org_twin_client, org_twin_process

__all__ = ["org_twin", "org_twin_client", "org_twin_process"]


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()


@pytest.fixture
def org(signer: Signer) -> Org:
    return Org(signer.certificate)
