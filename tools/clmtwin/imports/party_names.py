"""Names of the parties out of the text that an attorney captured: `Accuray Inc., ("Accuray"); SIEMENS AG ("Siemens")`.

The list is split at semicolons. Of each piece the defined terms (`("Company")`, `(the "Buyer")`, `(collectively, ...)`) are taken
off; a bracket without quotation marks is part of the name (`Dialog Semiconductor (UK) Ltd.`). Dropped as naming nobody: blanked
names (`[ * * * ]`, `XXXX`), bare roles (`Customer`), and pieces that only speak of parties named before ("Each of the
foregoing ...").
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

QUOTES = '"“”„'
REFERRING = (
    "individually", "collectively", "each", "together", "singularly", "sometimes", "hereafter", "party and", "parties", "formerly",
    "the company", "dba",
)  # fmt: skip
PLACEHOLDERS = frozenset(
    (
        "affiliate", "affiliates", "an individual", "company", "consultant", "contractor", "customer", "developer", "distributor",
        "franchisee", "franchisor", "licensee", "licensor", "manufacturer", "provider", "purchaser", "recipient", "reseller",
        "seller", "software publishers", "subcontractor", "supplier", "vendor", "web site owners", "you",
    )
)  # fmt: skip
SUFFIXES = (
    "incorporated", "corporation", "holdings", "company", "limited", "trust", "corp", "gmbh", "inc", "llc", "llp", "ltd", "plc",
    "co", "ag", "lp", "na", "nv", "sa",
)  # fmt: skip
TAILS = re.compile(
    r",?\s+(?:together with its|on behalf of|solely for|and/or certain|(?:and|or) its subsidiaries|doing business as)\b.*|\s\.\s.*",
    re.IGNORECASE | re.DOTALL,
)
GROUP = re.compile(r"\(([^()]*)\)")
OUTER_SEMICOLON = re.compile(r";(?![^\[]*\])")
SHORTEST_FILER = 4


@dataclass(frozen=True, slots=True)
class PartyName:
    name: str
    is_filer: bool


def parse_parties(text: str, file_name: str) -> tuple[PartyName, ...]:
    """The parties in the order in which they are named, each once; `is_filer` tells the company that filed the contract."""
    filer = filer_of(file_name)
    names: list[str] = []
    terms: list[str] = []
    for piece in OUTER_SEMICOLON.split(text):
        name = _clean(piece)
        if _names_somebody(name, names, terms):
            names.append(name)
        terms.extend(_defined_terms(piece))
    exact = [name for name in names if _core(name) == filer]
    return tuple(PartyName(name, name in exact if exact else _is_akin(name, filer)) for name in names)


def filer_of(file_name: str) -> str:
    """`ADAMSGOLFINC_03_21_2005-EX-10.17-...` -> `adamsgolf`; `Array BioPharma Inc. - LICENSE ...` -> `arraybiopharma`."""
    head = re.split(r"_| - ", file_name, maxsplit=1)[0]
    return _core(head)


def _is_akin(name: str, filer: str) -> bool:
    """Spelt alike from the start: `Adaptimmune LLC` and the filer `adaptimmunetherapeutics`."""
    core = _core(name)
    if min(len(core), len(filer)) < SHORTEST_FILER:
        return False
    return core.startswith(filer) or filer.startswith(core)


def _core(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    letters = re.sub(r"[^a-z0-9]", "", plain)
    while True:
        shorter = next((letters.removesuffix(end) for end in SUFFIXES if letters.endswith(end)), letters)
        if shorter == letters or len(shorter) < SHORTEST_FILER:
            return letters
        letters = shorter


def _clean(piece: str) -> str:
    text = _without_groups(piece)
    text = _cut_open_group(text)
    text = re.split(f"[{QUOTES}]", text, maxsplit=1)[0] if _starts_with_name(text) else text
    text = TAILS.sub("", text.replace(" ,", ","))
    name = " ".join(text.split()).strip(" ,.;" + QUOTES)
    name = name if name.count("(") == name.count(")") else name.strip("() ")
    return name if name.endswith(".") else name + _final_full_stop(text)


def _without_groups(piece: str) -> str:
    while True:
        match = next((found for found in GROUP.finditer(piece) if _is_defined_term(found.group(1))), None)
        if match is None:
            return piece
        piece = piece[: match.start()] + " " + piece[match.end() :]


def _is_defined_term(inside: str) -> bool:
    return any(quote in inside for quote in QUOTES) or inside.strip().casefold().startswith(REFERRING)


def _cut_open_group(text: str) -> str:
    """A bracket that never closes opens the whole list when it comes first, and a defined term when it comes later."""
    stripped = text.strip()
    if stripped.startswith("(") and stripped.count("(") > stripped.count(")"):
        stripped = stripped[1:]
    open_at = stripped.rfind("(")
    if open_at > 0 and ")" not in stripped[open_at:]:
        return stripped[:open_at]
    return stripped


def _starts_with_name(text: str) -> bool:
    return not text.lstrip().startswith(tuple(QUOTES))


def _final_full_stop(text: str) -> str:
    """`Inc.` keeps its full stop, which the clean-up of punctuation took off."""
    last_word = text.strip(" ,;()").rsplit(" ", 1)[-1]
    return (
        "."
        if re.fullmatch(r"[\w.]*(?:Inc|Ltd|Corp|Co|L\.P|S\.A|G\.I\.E|S\.A\.S|Pte|N\.A)\.", last_word, re.IGNORECASE)
        else ""
    )


def _names_somebody(name: str, names: list[str], terms: list[str]) -> bool:
    folded = name.casefold()
    if sum(letter.isalpha() for letter in folded) < 2 or re.fullmatch(r"x{4,}", folded):
        return False
    if folded in PLACEHOLDERS or folded in {known.casefold() for known in names}:
        return False
    return not folded.startswith(REFERRING) and not _speaks_only_of(folded, names + terms)


def _speaks_only_of(folded: str, known: list[str]) -> bool:
    parts = re.split(r"\s+and\s+|,\s*", folded)
    if all(part in PLACEHOLDERS or any(word.casefold().startswith(part + " ") for word in known) for part in parts):
        return True
    rest = folded
    for word in sorted({word.casefold().strip(" ,.") for word in known}, key=len, reverse=True):
        rest = rest.replace(word, " ") if word else rest
    return re.fullmatch(r"[\s,.&]*(?:(?:and|the)[\s,.&]*)*", rest) is not None


def _defined_terms(piece: str) -> list[str]:
    return re.findall(f"[{QUOTES}]([^{QUOTES}]+)[{QUOTES}]", piece)
