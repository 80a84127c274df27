"""The audit: what was written, held, allowed and erased, in a chain that shows the first altered entry.

chain    an entry, its hash, and where a chain breaks; pure
log      the chain in the sync's database: append, read, legal hold, retention, erasure
export   entries for a SIEM: OCSF or CEF; pure
"""

from clmkit.sync.audit.chain import GENESIS, Entry, digest, find_break, seal
from clmkit.sync.audit.log import AuditLog, LegalHold

__all__ = ["GENESIS", "AuditLog", "Entry", "LegalHold", "digest", "find_break", "seal"]
