"""Points at which the commands beside `sync run` are killed, in the order in which a command comes by them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.clmkit.sync.crash.points import Moment, Point

from clmkit.clients.salesforce import Salesforce
from clmkit.operate.cutover import Cutover
from clmkit.sync.audit import AuditLog
from clmkit.sync.database_sqlite import Sqlite
from clmkit.sync.inbox import Inbox
from clmkit.sync.staged import Staging
from clmkit.sync.state import State
from clmkit.sync.tree import Tree

_ALL = (
    Point("an agreement is back at work, nothing is committed", ((Inbox, "redrive"),), Moment.AFTER),
    Point("an agreement is back at work", ((Inbox, "redrive"),), Moment.COMMITTED),
    Point("the tree is made, nothing is committed", ((Tree, "put"),), Moment.AFTER),
    Point("the tree is made", ((Tree, "put"),), Moment.COMMITTED),
    Point("all rows are asked for", ((Salesforce, "query_together"),), Moment.AFTER),
    Point("cases are open, nothing is committed", ((State, "park"),), Moment.AFTER),
    Point("cases are open", ((State, "park"),), Moment.COMMITTED),
    Point("rows are staged, nothing is committed", ((Staging, "put"),), Moment.AFTER),
    Point("rows are staged", ((Staging, "put"),), Moment.COMMITTED),
    Point("a job is made, nobody has noted it", ((Salesforce, "create_job"),), Moment.AFTER),
    Point("rows are under way", ((Salesforce, "upload_job"),), Moment.DURING),
    Point("rows are uploaded", ((Salesforce, "upload_job"),), Moment.AFTER),
    Point("a job is over, nothing is remembered", ((Salesforce, "finish_job"),), Moment.AFTER),
    Point("results are kept, nothing is committed", ((Staging, "note_saved"),), Moment.AFTER),
    Point("results are kept", ((Staging, "note_saved"),), Moment.COMMITTED),
    Point("a batch is sent, its rows are staged", ((Staging, "clear_rows"),), Moment.AFTER),
    Point("a step is done, the journal does not say so", ((Cutover, "_keep_journal"),), Moment.BEFORE),
    Point("a step is in the journal", ((Cutover, "_keep_journal"),), Moment.AFTER),
    Point("rows are deleted, their links stand", ((Salesforce, "delete_collection"),), Moment.AFTER),
    Point("a link is gone, nothing is committed", ((State, "remove_link"),), Moment.AFTER),
    Point("bodies are taken out, nothing is committed", ((AuditLog, "erase"),), Moment.AFTER),
    Point("data are erased, the file holds them", ((Sqlite, "rewrite"),), Moment.BEFORE),
)
COMMAND_POINTS: Mapping[str, Point] = {point.name: point for point in _ALL}
