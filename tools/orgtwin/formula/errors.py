"""Why a formula is refused.

    FormulaError              the text is no formula of this object; E of deploy, `Error: ` on the setup page
    FormulaEvaluationError    a good formula met values it has no answer for (#Error! on a page, null in the API)

Texts are those of the vendor's open formula engine (salesforce/formula-engine, labels.xml, section FormulaFieldExceptionMessages).
"""

from __future__ import annotations


class FormulaError(Exception):
    """`position` is the offset in the formula text, from 0."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class FormulaEvaluationError(Exception):
    """The message is the engine's own, for the debug log."""


def wrong_type(subject: str, expected: str, received: str, position: int) -> FormulaError:
    return FormulaError(f"Incorrect parameter type for {subject}. Expected {expected}, received {received}", position)


def wrong_count(subject: str, expected: int, received: int, position: int) -> FormulaError:
    return FormulaError(
        f"Incorrect number of parameters for {subject}. Expected {expected}, received {received}", position
    )


def illegal_argument(subject: str, position: int) -> FormulaError:
    return FormulaError(f"Incorrect argument type for {subject}. ", position)


def unknown_field(name: str, position: int) -> FormulaError:
    return FormulaError(f"Field {name} does not exist. Check spelling.", position)
