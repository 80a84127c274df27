"""The codes that a file gets before any rule can judge it, each with its page. Rules have their own modules in `rules`."""

from __future__ import annotations

PAGES = {
    "MAP001": "The file can be read.\n\nIt exists, it is a file, and its permissions allow it.",
    "MAP002": "The file has at most 8 MB.\n\nA spec of 20,000 fields takes 5 MB; a bigger file is not a spec.",
    "MAP003": "The file is UTF-8.\n\nThe message names the first byte that is not.",
    "MAP004": "The file is not empty.\n\nA file of comments is empty, too.",
    "MAP005": "The file is YAML.\n\nThe message is libyaml's own; an unclosed quote or bracket is shown where it opens.",
    "MAP006": "Lines are indented with spaces.\n\nYAML forbids tabs, and editors show both alike.",
    "MAP007": (
        "A key stands once in its block.\n\nYAML readers keep the last one silently: of two owners, one would win by accident."
    ),
    "MAP008": "The file nests at most 64 levels.\n\nA spec needs eight.",
    "MAP009": (
        "The file has no anchors and no aliases.\n\nA value has one place that a finding can name; say it once in `defaults`."
    ),
    "MAP010": "A key is one word.\n\nA list or a block as a key has no meaning in a spec.",
    "MAP011": "A file holds one spec.\n\nA line of three dashes starts a second document.",
    "MAP012": "The file is a block of keys.\n\nIt starts with `spec: clmkit/v1`.",
    "MAP013": "The file has no tags.\n\n`!!str` and its like are not part of the language; quotes make a value text.",
    "MAP014": (
        "An overlay lies over a spec that can be read.\n\n`base` is a path from the overlay's folder; an overlay over an overlay"
        " is not read, because nobody could say which line wins."
    ),
    "MAP015": (
        "Text can be printed.\n\nIn double quotes an escape can write control characters; Salesforce's XML has no place for them."
    ),
    "MAP101": "Every key is known to the language.\n\nThe message names the nearest known key.",
    "MAP102": "No needed key is missing.\n\nThe message says what the key holds.",
    "MAP103": "Every value has the right type.\n\nNumbers and true or false are written without quotes.",
    "MAP104": "A value is one of the words that its key allows.\n\nThe message lists them.",
    "MAP105": "A name, path or measure has the right form.\n\nThe message shows one that does.",
    "MAP106": "A length, a number or a count is inside its limits.\n\nThe limits are Salesforce's.",
}
"""Code -> page: the law in one sentence, then what it is good for."""
