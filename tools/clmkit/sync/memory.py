"""What a round remembers of its rows: read once, kept up to date with every answer, written before the next call is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from clmkit.mapping.model import ObjectMapping
from clmkit.sync.offers import Offer
from clmkit.sync.rows import RowPlan
from clmkit.sync.state import Fields, Link, State

Place = tuple[str, str]
"""Object mapping and key."""


@dataclass(slots=True)
class Memory:
    state: State
    now: Callable[[], str]
    _links: dict[Place, Link] = field(default_factory=dict)

    def recall(self, mapping: ObjectMapping, keys: Iterable[str]) -> None:
        """Read what is known of these rows."""
        wanted = set(keys)
        for key in wanted:
            self._links.pop((mapping.name, key), None)
        for link in self.state.find_links(mapping.name, wanted).values():
            self._links[link.object, link.key] = link

    def find(self, place: Place) -> Link | None:
        return self._links.get(place)

    def keep(self, links: Sequence[Link], bodies: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Links, and entries of the audit chain by their kind."""
        with self.state.transaction():
            self.state.put_links(links)
            for kind, some in bodies.items():
                self.state.record(self.now(), kind, *some)
        self._links.update({(link.object, link.key): link for link in links})

    def offer(self, offer: Offer) -> None:
        """Call before the CLM is patched."""
        with self.state.transaction():
            self.state.offers.put(offer)

    def keep_given(self, offer: Offer, links: Sequence[Link]) -> None:
        """The patch arrived, and this is what both sides agree on since."""
        with self.state.transaction():
            self.state.offers.remove(offer.agreement_id)
            self.state.put_links(links)
            self.state.record(self.now(), "patched", offer.told)
        self._links.update({(link.object, link.key): link for link in links})

    def drop(self, offer: Offer) -> None:
        """The patch did not arrive, or nothing of it is left."""
        with self.state.transaction():
            self.state.offers.remove(offer.agreement_id)

    def keep_agreed(self, plans: Iterable[RowPlan]) -> None:
        """What both sides turned out to agree on, where that is news."""
        links = [link for plan in plans if (link := self._find_news(plan)) is not None]
        if links:
            self.keep(links, {})

    def _find_news(self, plan: RowPlan) -> Link | None:
        facts = plan.facts
        known = facts.link
        record_id = facts.org.record_id if facts.org is not None else known.record_id if known is not None else ""
        if not record_id:
            return None
        link = link_of(plan, record_id, plan.base, {})
        is_news = known is None or (known.base, known.revision) != (link.base, link.revision) or self._is_new_hop(link)
        return link if is_news else None

    def forget(self, place: Place) -> None:
        with self.state.transaction():
            self.state.remove_link(*place)
        self._links.pop(place, None)

    def _is_new_hop(self, link: Link) -> bool:
        """Whether what is remembered of values that were put back is news."""
        known = self.find((link.object, link.key))
        return known is not None and known.hops != link.hops


def link_of(plan: RowPlan, record_id: str, base: Fields, lookups: Mapping[str, str]) -> Link:
    """What to remember of a row that was planned."""
    facts, known = plan.facts, plan.facts.link
    modstamp = facts.org.modstamp if facts.org is not None else known.modstamp if known is not None else ""
    ids = {**(known.lookups if known is not None else {}), **lookups}
    return Link(
        facts.mapping.name, facts.row.key, facts.agreement_id, record_id, facts.revision, modstamp, base, ids, plan.hops
    )
