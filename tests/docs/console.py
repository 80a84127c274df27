"""Runs the samples of a Markdown page: what a reader types is typed, what he is told to see is looked for.

    ```console                     each line that starts with `$ ` is run in bash; the lines below it are its output, where
    $ clmkit --version             a line `...` stands for any lines and `…` inside a line for any text
    clmkit, version …
    ```

    ```yaml title=mappings/x.yml   the block is written to that file
    ```

A command ends with 0, unless the page says so in a line `(exit code 2)` below the output.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT_CODE = re.compile(r"^\(exit code (\d+)\)$")
ANY_LINES, ANY_TEXT = "...", "…"
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Command:
    line: str
    output: tuple[str, ...]
    exit_code: int


@dataclass(frozen=True, slots=True)
class File:
    path: str
    text: str


def parse_page(text: str) -> Iterator[Command | File]:
    """The commands and files of a page, in reading order."""
    for language, title, body in BLOCK.findall(text):
        if title:
            yield File(title, body)
        elif language == "console":
            yield from _parse_console(body)


def _parse_console(body: str) -> Iterator[Command]:
    for chunk in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        line, *output = chunk.rstrip("\n").split("\n")
        code = 0
        if output and (match := EXIT_CODE.match(output[-1])):
            code = int(match.group(1))
            output.pop()
        yield Command(line, tuple(output), code)


def begins_with_the_demo(text: str) -> bool:
    commands = [step.line for step in parse_page(text) if isinstance(step, Command)]
    return bool(commands) and commands[0].startswith("clmkit demo")


def run_page(
    text: str, folder: Path, environment: Mapping[str, str], already: Mapping[str, str] = NOTHING
) -> list[str]:
    """Carry a page out in a folder; the answer lists what did not come as the page says, and is empty when all did.

    `already` holds what commands said that were run there before, and are not run again.
    """
    troubles: list[str] = []
    for step in parse_page(text):
        if isinstance(step, File):
            target = folder / step.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(step.text, encoding="utf-8")
            continue
        code, output = (0, already[step.line]) if step.line in already else _run(step.line, folder, environment)
        if code != step.exit_code or not is_as_told(output, step.output):
            troubles.append(f"$ {step.line}\n(exit code {code})\n{output}")
    return troubles


def _run(line: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    return done.returncode, done.stdout


def is_as_told(output: str, told: tuple[str, ...]) -> bool:
    pattern = ""
    for line in told:
        if line.strip() == ANY_LINES:
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.rstrip().split(ANY_TEXT)) + r"[ ]*\n"
    text = "".join(f"{line.rstrip()}\n" for line in output.rstrip("\n").split("\n")) if output else ""
    return re.fullmatch(pattern, text) is not None
