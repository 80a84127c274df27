"""An org's data out of sight, while tests run that may see only what they make themselves.

Source: "Isolation of Test Data from Organization Data in Unit Tests" (Apex Developer Guide): what manages the org stays, of which
the guide names users, profiles, the organization, cron triggers, record types, Apex and pages. ASSUMED: the other names of _STAYS,
and that a unique value of the org's data does not meet that of a test.
"""

from __future__ import annotations

from typing import Protocol

from orgtwin.records.table import Aside, RecordTable
from orgtwin.schema.model import SObjectType

_STAYS = frozenset(
    (
        *("ApexLog", "AppMenuItem", "AsyncApexJob", "AuthSession", "BrandTemplate", "BusinessHours", "CaseStatus"),
        *("ConnectedApplication", "ContractStatus", "CronJobDetail", "CronTrigger", "Dashboard", "EmailTemplate"),
        *("EventBusSubscriber", "EventLogFile", "FiscalYearSettings", "Folder", "Holiday", "LeadStatus", "ListView"),
        *("MailMergeTemplate", "MobileApplicationDetail", "Network", "OpportunityStage", "OrderStatus", "Period"),
        *("PlatformCachePartition", "PlatformEventUsageMetric", "Pricebook2", "ProcessDefinition", "PushTopic"),
        *("Report", "SetupAuditTrail", "Site", "StreamingChannel", "TaskPriority", "TaskStatus"),
    )
)


class TablesOfOrg(Protocol):
    """What a silo asks of an org."""

    tables: dict[str, RecordTable]


class DataSilo:
    """Closed, the org has no data of its own; whoever closes it opens it again."""

    def __init__(self, org: TablesOfOrg) -> None:
        self._org = org
        self._aside: list[tuple[RecordTable, Aside]] = []
        self._closed = False

    @property
    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Take the data out of sight. Closed already, nothing happens."""
        if self._closed:
            return
        self._closed = True
        self._aside = [
            (table, table.set_aside())
            for table in list(self._org.tables.values())
            if _is_data(table.type) and (table.live or table.recycled)
        ]

    def open(self) -> None:
        """Bring the data back."""
        aside, self._aside, self._closed = self._aside, [], False
        for table, rows in aside:
            table.bring_back(rows)


def _is_data(described: SObjectType) -> bool:
    name = described.api_name
    return not (described.setup or name.endswith("__mdt") or name in _STAYS)
