"""The CLM's side of the wire. A CLM is described, not programmed: where things are in its API, as data.

    description   what a description says: login, list, feed, one agreement, patch, webhooks; read from YAML, checked
    documents     pure: an answer of the system -> agreement, change; a change of an agreement -> the system's patch
    described     the calls: a CLM as `clmkit.sync.ports.ClmSystem` wants it
    signatures    whether a webhook call is genuine, by kind of signature
    shipped/      descriptions that come with the kit: `ironclad` (Ironclad's Public API v1), `clm` (the REST API of clmtwin)

A system of which no event feed is published is followed by the moment of each record's last change: the feed is what changed since
the last look, and that moment, in milliseconds, is the revision. Such a system tells no actor; the sync's value fingerprint ends
echoes.
"""

from clmkit.connectors.described import DescribedClm
from clmkit.connectors.description import Description, DescriptionError, load_description

__all__ = ["DescribedClm", "Description", "DescriptionError", "load_description"]
