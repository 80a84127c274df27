"""REGEX(): whole-text matching with a bound on the work, as the org bounds it ("Regular expression runtime exceeded").

A pattern becomes a small program for a backtracking machine with its own stack, so that neither a hostile pattern nor a
long text can take the process's stack or its time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from orgtwin.formula.errors import FormulaError, FormulaEvaluationError
from orgtwin.formula.regex_parser import (
    Anchor,
    BackReference,
    Branch,
    Group,
    Look,
    Node,
    One,
    RegexSyntaxError,
    Repeat,
    Sequence,
    Test,
    parse_regex,
)

MAXIMUM_STEPS = 1_000_000  # ASSUMED; the org counts character accesses
_LONGEST_PROGRAM = 20_000

_Groups = dict[int, int]  # group number -> where it begins, minus the number -> where it ends


@dataclass(frozen=True, slots=True)
class _Instruction:
    """`one` tests a character; `split` tries `target`, then `other`; `loop` goes to `target` if the round consumed anything."""

    operation: str
    test: Test | None = None
    target: int = 0
    other: int = 0
    name: str = ""
    inner: tuple[_Instruction, ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    source: str
    program: tuple[_Instruction, ...] = field(repr=False)

    def matches(self, text: str) -> bool:
        """Whether the whole text matches. Raises FormulaEvaluationError when that takes too long."""
        return _Machine(self.source, text).run(self.program, 0, {}, whole=True) is not None


def compile_pattern(text: str, position: int = 0) -> Pattern:
    """Raises FormulaError at the pattern's position when it is none."""
    try:
        return _compile(text)
    except RegexSyntaxError as error:
        raise FormulaError(f"Invalid regular expression: {error}", position) from error


@lru_cache(maxsize=512)
def _compile(text: str) -> Pattern:
    return Pattern(text, _program(parse_regex(text)))


def _program(node: Node) -> tuple[_Instruction, ...]:
    program: list[_Instruction] = []
    _emit(node, program)
    return (*program, _Instruction("match"))


def _emit(node: Node, program: list[_Instruction]) -> None:
    if len(program) > _LONGEST_PROGRAM:
        raise RegexSyntaxError("Pattern is too large")
    match node:
        case One(test=test):
            program.append(_Instruction("one", test=test))
        case Sequence(parts=parts):
            for part in parts:
                _emit(part, program)
        case Branch(choices=choices):
            _emit_branch(choices, program)
        case Repeat(mode="possessive", body=body, least=least, most=most):
            _emit(Look(">", Repeat(body, least, most, "greedy")), program)
        case Repeat():
            _emit_repeat(node, program)
        case Group(number=number, body=body):
            program.append(_Instruction("save", target=number))
            _emit(body, program)
            program.append(_Instruction("save", target=-number))
        case Anchor(name=name):
            program.append(_Instruction("anchor", name=name))
        case BackReference(group=group):
            program.append(_Instruction("back", target=group))
        case Look(kind=kind, body=body):
            program.append(_Instruction("look", name=kind, inner=_program(body)))


def _emit_branch(choices: tuple[Node, ...], program: list[_Instruction]) -> None:
    jumps: list[int] = []
    for choice in choices[:-1]:
        split = len(program)
        program.append(_Instruction("split"))
        _emit(choice, program)
        jumps.append(len(program))
        program.append(_Instruction("jump"))
        program[split] = _Instruction("split", target=split + 1, other=len(program))
    _emit(choices[-1], program)
    for jump in jumps:
        program[jump] = _Instruction("jump", target=len(program))


def _emit_repeat(node: Repeat, program: list[_Instruction]) -> None:
    if node.most is not None and node.most < node.least:
        raise RegexSyntaxError("Illegal repetition range")
    for _ in range(node.least):
        _emit(node.body, program)
    if node.most is None:
        start = len(program)
        program.append(_Instruction("mark", target=start))
        program.append(_Instruction("split"))
        _emit(node.body, program)
        program.append(_Instruction("loop", target=start))
        program[start + 1] = _split(node, start + 2, len(program))
        return
    splits: list[int] = []
    for _ in range(node.most - node.least):
        splits.append(len(program))
        program.append(_Instruction("split"))
        _emit(node.body, program)
    for split in splits:
        program[split] = _split(node, split + 1, len(program))


def _split(node: Repeat, inside: int, after: int) -> _Instruction:
    if node.mode == "lazy":
        inside, after = after, inside
    return _Instruction("split", target=inside, other=after)


class _Machine:
    """One match: the text and what is left of the budget."""

    def __init__(self, source: str, text: str) -> None:
        self._source = source
        self._text = text
        self._budget = MAXIMUM_STEPS

    def run(
        self, program: tuple[_Instruction, ...], start: int, groups: _Groups, *, whole: bool
    ) -> tuple[int, _Groups] | None:
        """Where a match that begins at `start` ends and what its groups hold, or None."""
        text, length = self._text, len(self._text)
        stack: list[tuple[int, int, _Groups]] = [(0, start, groups)]
        while stack:
            counter, position, groups = stack.pop()
            while True:
                self._spend()
                step = program[counter]
                counter += 1
                if step.test is not None:
                    if position >= length or not step.test(text[position]):
                        break
                    position += 1
                elif step.operation == "split":
                    stack.append((step.other, position, groups))
                    counter = step.target
                elif step.operation == "match":
                    if not whole or position == length:
                        return position, groups
                    break
                else:
                    moved = self._move(step, counter, position, groups)
                    if moved is None:
                        break
                    counter, position, groups = moved
        return None

    def _spend(self) -> None:
        self._budget -= 1
        if self._budget < 0:
            raise FormulaEvaluationError(f"Regular expression runtime exceeded for: {self._source}")

    def _move(
        self, step: _Instruction, counter: int, position: int, groups: _Groups
    ) -> tuple[int, int, _Groups] | None:
        """The rarer instructions; None: this way fails."""
        match step.operation:
            case "jump":
                return step.target, position, groups
            case "save":
                return counter, position, {**groups, step.target: position}
            case "mark":
                return counter, position, {**groups, self._mark(step): position}
            case "loop":
                again = groups.get(self._mark(step)) != position
                return step.target if again else counter, position, groups
            case "anchor":
                return (counter, position, groups) if self._holds(step.name, position) else None
            case "back":
                return self._back(step.target, counter, position, groups)
            case _:
                return self._look(step, counter, position, groups)

    @staticmethod
    def _mark(step: _Instruction) -> int:
        return 1_000_000 + step.target

    def _holds(self, anchor: str, position: int) -> bool:
        text, length = self._text, len(self._text)
        if anchor in "^A":
            return position == 0
        if anchor == "z":
            return position == length
        if anchor in "$Z":
            return position == length or (position == length - 1 and text[position] == "\n")
        before = position > 0 and _is_word(text[position - 1])
        after = position < length and _is_word(text[position])
        return (before != after) == (anchor == "b")

    def _back(self, number: int, counter: int, position: int, groups: _Groups) -> tuple[int, int, _Groups] | None:
        if number not in groups or -number not in groups:
            return None
        captured = self._text[groups[number] : groups[-number]]
        if not self._text.startswith(captured, position):
            return None
        return counter, position + len(captured), groups

    def _look(
        self, step: _Instruction, counter: int, position: int, groups: _Groups
    ) -> tuple[int, int, _Groups] | None:
        found = self.run(step.inner, position, groups, whole=False)
        if step.name == "!":
            return (counter, position, groups) if found is None else None
        if found is None:
            return None
        return (counter, found[0] if step.name == ">" else position, found[1])


def _is_word(char: str) -> bool:
    return char == "_" or char.isalnum()
