"""Both twins with a template on them: deployed through the Metadata API, agreements in the CLM, customers in the org."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clmkit.twins import running as running_twin

from clmkit.cli.demo.run import SYNC_CONFIG
from clmkit.cli.demo.trial import assign_sets, deploy_mapping, load_records
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Spec
from clmkit.robotlib.people import ClmUser, SalesforceUser
from clmkit.sync.config import load_config
from clmkit.sync.engine import run_once
from clmkit.sync.reconcile import Comparison, ReconcileReport, reconcile_once
from clmkit.sync.report import RunReport
from clmkit.templates.agreements import make_agreements
from clmkit.templates.catalogue import Template

AGREEMENTS = 12
SEED = 7


@dataclass(frozen=True)
class Systems:
    """One template between both systems."""

    template: Template
    spec: Spec
    folder: Path
    clm: ClmUser
    salesforce: SalesforceUser

    def sync(self) -> RunReport:
        report = run_once(load_config(self.folder / "sync.yml"))
        assert not report.stopped, report.stopped
        return report

    def reconcile(self) -> ReconcileReport | Comparison:
        return reconcile_once(load_config(self.folder / "sync.yml"))

    def contract_of(self, agreement: str) -> dict[str, Any]:
        header = self.spec.header
        assert header is not None
        columns = ", ".join(["Id", "StatusCode", *(field.salesforce for field in header.columns)])
        rows = self.salesforce.find(f"SELECT {columns} FROM Contract WHERE {header.key.salesforce} = '{agreement}'")
        assert len(rows) == 1, rows
        return rows[0]

    def count(self, name: str) -> int:
        mapping = self.spec.get_object(name)
        query = f"SELECT Id FROM {mapping.salesforce} WHERE {mapping.key.salesforce} != null"
        return len(self.salesforce.find(query))


@contextlib.contextmanager
def running(template: Template, folder: Path) -> Iterator[Systems]:
    mapping = folder / "contract.yml"
    mapping.write_text(template.read_mapping(), encoding="utf-8")
    spec = load_spec(mapping).spec
    assert spec is not None
    with contextlib.ExitStack() as stack:
        org = stack.enter_context(running_twin("orgtwin", folder / "org.json"))
        clm_ready = stack.enter_context(running_twin("clmtwin", folder / "clm.json"))
        deploy_mapping(spec, folder / "org.json")
        clm, salesforce = ClmUser(clm_ready), SalesforceUser(org)
        stack.callback(clm.close)
        stack.callback(salesforce.close)
        assign_sets(spec, salesforce)
        load_records(spec, make_agreements(template, AGREEMENTS, SEED), clm, salesforce)
        (folder / "sync.yml").write_text(SYNC_CONFIG.format(spec=mapping.as_posix()), encoding="utf-8")
        yield Systems(template, spec, folder, clm, salesforce)
