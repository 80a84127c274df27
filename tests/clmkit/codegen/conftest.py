"""The shipped spec and its plan."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.clmkit.codegen.specs import ROOT, project_of, spec_of

from clmkit.mapping.model import Spec


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def spec() -> Spec:
    return spec_of("shipped")


@pytest.fixture(scope="session")
def planned() -> dict[str, bytes]:
    return project_of("shipped")
