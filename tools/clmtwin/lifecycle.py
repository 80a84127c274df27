"""The stages of an agreement and the one table of legal moves.

The stage words are the common core of the lifecycle that CLM products share: intake, authoring (draft), negotiation, approval,
execution (signature), active, then expired or terminated. `ACTIVE -> ACTIVE` is not a move: an amendment or an extension keeps
the stage and changes the terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Stage(StrEnum):
    INTAKE = "INTAKE"
    DRAFT = "DRAFT"
    NEGOTIATION = "NEGOTIATION"
    APPROVAL = "APPROVAL"
    EXECUTED = "EXECUTED"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    TERMINATED = "TERMINATED"
    CANCELLED = "CANCELLED"


TRANSITIONS: Mapping[Stage, tuple[Stage, ...]] = {
    Stage.INTAKE: (Stage.DRAFT, Stage.CANCELLED),
    Stage.DRAFT: (Stage.NEGOTIATION, Stage.CANCELLED),
    Stage.NEGOTIATION: (Stage.APPROVAL, Stage.DRAFT, Stage.CANCELLED),
    Stage.APPROVAL: (Stage.EXECUTED, Stage.NEGOTIATION, Stage.CANCELLED),
    Stage.EXECUTED: (Stage.ACTIVE,),
    Stage.ACTIVE: (Stage.EXPIRED, Stage.TERMINATED),
    Stage.EXPIRED: (Stage.ACTIVE,),
    Stage.TERMINATED: (),
    Stage.CANCELLED: (),
}

FIRST_STAGES = (Stage.INTAKE, Stage.DRAFT)


def is_legal(current: Stage, target: Stage) -> bool:
    return target in TRANSITIONS[current]


def describe_moves(current: Stage) -> str:
    """What a person may do next, for the refusal of an illegal move."""
    moves = TRANSITIONS[current]
    return f"{current} may become {', '.join(moves)}" if moves else f"{current} is final"
