"""Layer 4: modifiers and statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from orgtwin.apex.syntax.lexer import STRING, WORD
from orgtwin.apex.syntax.queries import QueryParser
from orgtwin.apex.syntax.tree import (
    Annotation,
    Block,
    Break,
    Catch,
    Continue,
    Dml,
    DoWhile,
    Expression,
    ExpressionStatement,
    For,
    ForEach,
    If,
    LocalVariables,
    Modifiers,
    Return,
    RunAs,
    Statement,
    Switch,
    Throw,
    Try,
    When,
    While,
)
from orgtwin.apex.syntax.words import DML_WORDS, MODIFIERS, SHARING_WORDS


class StatementParser(QueryParser):
    def modifiers(self) -> Modifiers:
        """Annotations and modifier words, none included."""
        texts = self.texts
        start = self.starts[self.i]
        words: list[str] = []
        annotations: list[Annotation] = []
        while (text := texts[self.i]) in _MODIFYING:
            if text == "@":
                annotations.append(self._annotation())
            elif text in MODIFIERS:
                words.append(text)
                self.i += 1
            elif text in SHARING_WORDS and texts[self.i + 1] == "sharing":
                words.append(f"{text} sharing")
                self.i += 2
            else:
                break
        return Modifiers(start, words, annotations)

    def _annotation(self) -> Annotation:
        """`@Name`, `@Name('text')`, `@Name(key='text' key=true)`: no commas, no other values. Anything else is told at the @."""
        at = self.i
        self.i += 1
        found = Annotation(self.starts[at], self._annotation_name(at), {})
        if not self.accept("("):
            return found
        if self.kinds[self.i] == STRING:
            self._argument(found, "value", at)
        else:
            while self.texts[self.i] != ")":
                position = self.starts[self.i]
                written = self._annotation_name(at)
                key = written.lower()
                if key in found.positions:
                    found.repeated[key] = position
                found.positions[key], found.written[key] = position, written
                self._require(self.accept("="), at)
                self._argument(found, key, at)
        self._require(self.accept(")"), at)
        return found

    def _annotation_name(self, at: int) -> str:
        self._require(self.kinds[self.i] == WORD, at)
        return self.any_name()

    def _argument(self, annotation: Annotation, key: str, at: int) -> None:
        text = self.texts[self.i]
        is_text = self.kinds[self.i] == STRING
        self._require(is_text or text in ("true", "false"), at)
        annotation.positions.setdefault(key, self.starts[self.i])
        annotation.arguments[key] = self._string(self.raws[self.i]) if is_text else text == "true"
        self.i += 1

    def _require(self, holds: bool, at: int) -> None:
        if not holds:
            self.i = at
            self.unexpected()

    def block(self) -> Block:
        start = self.expect("{")
        statements: list[Statement] = []
        texts = self.texts
        while (text := texts[self.i]) != "}":
            if text in _NO_STATEMENTS:
                self.expect("}")
            statements.append(_STATEMENTS.get(text, _OTHER_STATEMENT)(self))
        self.i += 1
        return Block(start, statements)

    def statement(self) -> Statement:
        return _STATEMENTS.get(self.texts[self.i], _OTHER_STATEMENT)(self)

    def _declaration_or_expression(self) -> LocalVariables | ExpressionStatement:
        if self.starts_declaration():
            return self._declaration()
        start = self.starts[self.i]
        expression = self.expression()
        self.expect(";")
        return ExpressionStatement(start, expression)

    def _declaration(self) -> LocalVariables:
        found = self._local()
        self.expect(";")
        return found

    def _nothing(self) -> NoReturn:
        """The text ends where a statement should be."""
        self.expect("}")
        self.unexpected()

    def _local(self) -> LocalVariables:
        modifiers = self.modifiers()
        start = self.starts[self.i]
        type_name = self.type()
        variables: list[tuple[str, int, Expression | None]] = []
        while True:
            position = self.starts[self.i]
            name = self.name()
            variables.append((name, position, self.expression() if self.accept("=") else None))
            if not self.accept(","):
                break
        return LocalVariables(start, type_name, variables, modifiers)

    def _if(self) -> If:
        start = self.starts[self.i]
        condition = self._parenthesised()
        then = self.statement()
        otherwise = self.statement() if self.accept("else") else None
        return If(start, condition, then, otherwise)

    def _parenthesised(self) -> Expression:
        """The current word, then `( expression )`."""
        self.i += 1
        self.expect("(")
        inner = self.expression()
        self.expect(")")
        return inner

    def _while(self) -> While:
        start = self.starts[self.i]
        condition = self._parenthesised()
        return While(start, condition, self._loop_body())

    def _loop_body(self) -> Statement | None:
        return None if self.accept(";") else self.statement()

    def _do(self) -> DoWhile:
        start = self.starts[self.i]
        self.i += 1
        body = self.block()
        if self.texts[self.i] != "while":
            self.expect("while")
        condition = self._parenthesised()
        self.expect(";")
        return DoWhile(start, body, condition)

    def _for(self) -> Statement:
        start = self.starts[self.i]
        self.i += 1
        self.expect("(")
        init: LocalVariables | list[Expression] = []
        if self.starts_declaration():
            each = self._for_each(start)
            if each is not None:
                return each
            init = self._local()
        elif self.texts[self.i] != ";":
            init = [self.expression()]
            while self.accept(","):
                init.append(self.expression())
        self.expect(";")
        condition = None if self.texts[self.i] == ";" else self.expression()
        self.expect(";")
        update = None if self.texts[self.i] == ")" else self.expression()
        self.expect(")")
        return For(start, init, condition, update, self._loop_body())

    def _for_each(self, start: int) -> ForEach | None:
        after = self.skip_type(self.i)
        if after < 0 or self.texts[after + 1] != ":":
            return None
        type_name = self.type()
        position = self.starts[self.i]
        name = self.name()
        self.i += 1
        source = self.expression()
        self.expect(")")
        return ForEach(start, type_name, name, position, source, self._loop_body())

    def _return(self) -> Return:
        start = self.starts[self.i]
        self.i += 1
        value = None if self.texts[self.i] == ";" else self.expression()
        self.expect(";")
        return Return(start, value)

    def _throw(self) -> Throw:
        start = self.starts[self.i]
        self.i += 1
        value = self.expression()
        self.expect(";")
        return Throw(start, value)

    def _break(self) -> Break:
        start = self.starts[self.i]
        self.i += 1
        self.expect(";")
        return Break(start)

    def _continue(self) -> Continue:
        start = self.starts[self.i]
        self.i += 1
        self.expect(";")
        return Continue(start)

    def _try(self) -> Try:
        start = self.starts[self.i]
        self.i += 1
        body = self.block()
        catches: list[Catch] = []
        while self.texts[self.i] == "catch":
            self.i += 1
            self.expect("(")
            self.modifiers()
            type_name = self.type()
            position = self.starts[self.i]
            name = self.name()
            self.expect(")")
            catches.append(Catch(position, type_name, name, self.block()))
        final = self.block() if self.accept("finally") else None
        return Try(start, body, catches, final)

    def _switch(self) -> Statement:
        if self.texts[self.i + 1] != "on":
            return self._declaration_or_expression()
        start = self.starts[self.i]
        self.i += 2
        subject = self.expression()
        self.expect("{")
        whens: list[When] = []
        while not self.accept("}"):
            whens.append(self._when())
        return Switch(start, subject, whens)

    def _when(self) -> When:
        start = self.expect("when")
        if self.accept("else"):
            return When(start, [], None, None, self.block())
        after = self.skip_type(self.i)
        if after >= 0 and self.kinds[after] <= WORD and self.texts[after + 1] == "{":
            type_name = self.type()
            start = self.starts[self.i]
            name = self.name()
            return When(start, [], type_name, name, self.block())
        values = [self.expression()]
        while self.accept(","):
            values.append(self.expression())
        return When(start, values, None, None, self.block())

    def _dml(self) -> Dml:
        start = self.starts[self.i]
        verb = self.texts[self.i]
        self.i += 1
        access = None
        if self.texts[self.i] == "as" and self.texts[self.i + 1] in ("user", "system"):
            access = self.texts[self.i + 1]
            self.i += 2
        operand = self.expression()
        key = None
        if verb == "merge" or (verb == "upsert" and self.texts[self.i] != ";"):
            key = self.expression()
        self.expect(";")
        return Dml(start, verb, access, operand, key)

    def _run_as(self) -> Statement:
        at = self.i
        if self.texts[at + 1 : at + 4] != (".", "runas", "("):
            return self._declaration_or_expression()
        start = self.starts[at]
        self.i += 4
        args = self.arguments()
        return RunAs(start, args, self.block())


_MODIFYING = MODIFIERS | SHARING_WORDS | {"@"}
_NO_STATEMENTS = frozenset((";", "else", "catch", "finally", "<eof>"))
_STATEMENTS: dict[str, Callable[[StatementParser], Statement]] = {
    "{": StatementParser.block,
    "if": StatementParser._if,
    "for": StatementParser._for,
    "while": StatementParser._while,
    "do": StatementParser._do,
    "return": StatementParser._return,
    "throw": StatementParser._throw,
    "break": StatementParser._break,
    "continue": StatementParser._continue,
    "try": StatementParser._try,
    "switch": StatementParser._switch,
    "system": StatementParser._run_as,
    "<eof>": StatementParser._nothing,
    **dict.fromkeys(DML_WORDS, StatementParser._dml),
    **dict.fromkeys((*MODIFIERS, "@"), StatementParser._declaration),
}
_OTHER_STATEMENT = StatementParser._declaration_or_expression
"""Statements by their first word; what begins with any other is a declaration or an expression."""
