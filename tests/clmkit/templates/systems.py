"""Both twins with a template on them: its agreements in the CLM, its customers in the org."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clmkit.cli.demo.trial import NO_TESTS, Trial, running_trial
from clmkit.templates.agreements import make_agreements
from clmkit.templates.catalogue import Template

AGREEMENTS = 12
SEED = 7


@dataclass(frozen=True)
class Systems(Trial):
    """One template between both systems."""

    template: Template


@contextlib.contextmanager
def running(template: Template, folder: Path) -> Iterator[Systems]:
    mapping = folder / "contract.yml"
    mapping.write_text(template.read_mapping(), encoding="utf-8")
    with running_trial(mapping, make_agreements(template, AGREEMENTS, SEED), folder, NO_TESTS) as trial:
        yield Systems(trial.spec, folder, trial.clm, trial.salesforce, template)
