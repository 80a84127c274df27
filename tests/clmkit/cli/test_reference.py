"""The page of commands is what the commands say of themselves."""

from pathlib import Path

from clmkit.cli.reference import PAGE, render_page

ROOT = Path(__file__).parents[3]


def test_the_page_of_commands_is_what_their_help_says() -> None:
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert render_page() == written, "run python -m clmkit.cli.reference and commit the page"


def test_every_command_shows_its_options_with_a_word_on_each() -> None:
    bare = [
        line for line in render_page().splitlines() if line.startswith("  --") and not line.split("  ", 2)[-1].strip()
    ]
    assert bare == []
