"""SourceMember: which components changed, in which order, for source tracking.

Source: "SourceMember" (Tooling API). Every changed component, children too, gets the next RevisionCounter; a deleted one stays, its
name obsolete.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from orgtwin.ids import IdSequence
from orgtwin.metadata.component import Key
from orgtwin.metadata.deploy_model import DeployMessage
from orgtwin.metadata.state import MetadataState, SourceMember

_KEY_PREFIX = "0MZ"


def with_changes(
    state: MetadataState, messages: Iterable[DeployMessage], ids: IdSequence, user_id: str, when: datetime
) -> MetadataState:
    """The state after the components of these messages changed."""
    members = dict(state.members)
    revision = state.revision
    for message in messages:
        key: Key = (message.component_type, message.full_name)
        before = members.get(key)
        revision += 1
        members[key] = SourceMember(
            before.id if before else ids.next_id(_KEY_PREFIX),
            *key,
            message.id or message.full_name,
            revision,
            message.deleted,
            before is None,
            user_id,
            when,
        )
    return replace(state, members=members, revision=revision)


def with_counter(state: MetadataState, member_id: str, counter: int) -> MetadataState | None:
    """The state with one member's counter set, as the CLI does when it makes a scratch org; None when no member has that id."""
    key = next((key for key, member in state.members.items() if member.id == member_id), None)
    if key is None:
        return None
    return replace(state, members={**state.members, key: replace(state.members[key], revision_counter=counter)})
