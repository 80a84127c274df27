"""What can go wrong on the wire, and what a caller may do about it.

WireError
  Unreachable    no answer came: connection, TLS, timeout; after all attempts
    Untrusted    its certificate does not hold; nothing was sent
  Refused        an answer came and it is a refusal; `outcome` says retry, rebase, park or stop
  LoginFailed    no access token was given; nothing can be done before the credentials are right
  Unexpected     the answer is not what the service promises
    Unfinished   what was asked for is under way and has not ended; a later look tells
    ListingBroken  a list of agreements that cannot be read past a place
"""

from __future__ import annotations

import msgspec

from clmkit.clients.outcomes import Action, Outcome, outcome_of

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading JSON raises, whatever was sent: no JSON, no UTF-8, lists within lists without end."""


class WireError(Exception):
    """A system did not do what was asked."""


class Unreachable(WireError):
    """Nobody answered at `url`."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url} does not answer: {why}. Check that it runs and that the address is right.")
        self.url = url


class Untrusted(Unreachable):
    """Whoever answers at `url` may be somebody else."""

    def __init__(self, url: str, why: str) -> None:
        WireError.__init__(
            self,
            f"{url} is not spoken to: its certificate does not hold ({why}). Nothing was sent. Have the certificate renewed, or"
            " name the authority that signed it in `ca_bundle`.",
        )
        self.url = url


class LoginFailed(WireError):
    """The token endpoint refused the credentials."""


class Unexpected(WireError):
    """An answer that does not read as promised."""


class Unfinished(Unexpected):
    """Work that the service took and has not done after all looks at it."""


class ListingBroken(Unexpected):
    """The list of agreements cannot be read past a place: the one that stands there spoils every page with it."""

    def __init__(self, path: str, cursor: str, why: object) -> None:
        after = f"after the cursor {cursor!r}" if cursor else "at its beginning"
        super().__init__(f"The CLM's list {path} cannot be read {after}, not even one agreement at a time: {why}")


class Refused(WireError):
    """A refusal with the service's own code and words."""

    def __init__(self, where: str, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{where} answered {status} {code}: {message}")
        self.where = where
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    @property
    def outcome(self) -> Outcome:
        return outcome_of(self.code, self.message)

    @property
    def action(self) -> Action:
        return self.outcome.action
