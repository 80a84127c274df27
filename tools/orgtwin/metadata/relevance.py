"""Which classes and triggers a change concerns, by the names that stand in their texts.

A source reaches another when its text has the other's name as a word, in code, string or comment, so that Type.forName('Handler')
counts; it reaches a trigger when it names the trigger's object. Names in flows and records of custom metadata are read by code that
names none: what they hold concerns everything. More may be found than has to be, never less, but for names put together from parts.

    sources = Sources({"Adder": text, "Things.trigger": text}, metadata=[text of a flow])
    sources.concerned_by({"Adder"})          names of all that reach it, itself among them

Source: "Running Tests in a Deployment" (Metadata API Developer Guide) says that RunRelevantTests analyses a payload and what
depends on it. ASSUMED: how.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

_WORD = re.compile(r"\w+")
_TRIGGER = re.compile(r"\btrigger\s+\w+\s+on\s+(\w+)", re.IGNORECASE)
_TEST_FOR = re.compile(r"@\s*istest\s*\([^)]*\btestfor\s*=\s*'([^']*)'", re.IGNORECASE)
_CRITICAL = re.compile(r"@\s*istest\s*\([^)]*\bcritical\s*=\s*true", re.IGNORECASE)
TRIGGER = ".trigger"


class Sources:
    """Classes by name, triggers by name and ending."""

    def __init__(self, texts: Mapping[str, str], metadata: Iterable[str] = ()) -> None:
        self._words = {name: _words(text) for name, text in texts.items()}
        self._known_by = {name: _known_by(name, text) for name, text in texts.items()}
        self._everywhere = frozenset[str]().union(*map(_words, metadata))

    def concerned_by(self, changed: Collection[str]) -> frozenset[str]:
        """Everything that reaches one of these, which need not be there any more."""
        return self.concerned_by_words(self._known_by.get(name, name.lower()) for name in changed) | frozenset(
            name for name in changed if name in self._words
        )

    def concerned_by_words(self, words: Iterable[str]) -> frozenset[str]:
        """Everything that reaches something known by one of these words: a class's name, an object's."""
        found: set[str] = set()
        asked: set[str] = set()
        todo = list(words)
        while todo:
            word = todo.pop()
            if word in asked:
                continue
            asked.add(word)
            if word in self._everywhere:
                return frozenset(self._words)
            users = {name for name, written in self._words.items() if name not in found and word in written}
            found |= users
            todo += [self._known_by[name] for name in users]
        return frozenset(found)


def always_runs(text: str) -> bool:
    """@IsTest(critical=true): this test runs with every deploy."""
    return _CRITICAL.search(text) is not None


def tested_by(text: str) -> Iterator[tuple[str, str]]:
    """What @IsTest(testFor='ApexClass:A, ApexTrigger:B') names: type and name."""
    for names in _TEST_FOR.findall(text):
        for one in names.split(","):
            kind, colon, name = one.strip().partition(":")
            if colon:
                yield kind.strip(), name.strip()


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _known_by(name: str, text: str) -> str:
    """The word by which others reach it: nobody names a trigger, but its object."""
    found = _TRIGGER.search(text) if name.endswith(TRIGGER) else None
    return (found[1] if found is not None else name.removesuffix(TRIGGER)).lower()
