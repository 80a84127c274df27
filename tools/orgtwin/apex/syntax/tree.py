"""The nodes of a program. `pos` is the offset of the node's characteristic token; LineTable turns it into line and column.

Words that Apex compares without case (operators, modifiers, DML verbs) are lower case; names keep the case they were written in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(slots=True)
class Node:
    pos: int


# Types


@dataclass(slots=True)
class TypeName(Node):
    """`Map<String, List<A.B>>[]`: the dotted name, type arguments, number of `[]`."""

    name: str
    args: tuple[TypeName, ...] = ()
    dimensions: int = 0

    @property
    def shown(self) -> str:
        """As messages print what is written."""
        inside = f"<{', '.join(arg.shown for arg in self.args)}>" if self.args else ""
        return self.name + inside + "[]" * self.dimensions


# Expressions


class Expression(Node):
    __slots__ = ()


@dataclass(slots=True)
class Literal(Expression):
    """`kind` is Integer, Long, Double, Decimal, String, Boolean or null."""

    kind: str
    value: int | float | Decimal | str | bool | None


@dataclass(slots=True)
class Name(Expression):
    name: str


@dataclass(slots=True)
class FieldAccess(Expression):
    target: Expression
    name: str
    safe: bool


@dataclass(slots=True)
class Call(Expression):
    """`name(args)`, `target.name(args)`; `this(...)` and `super(...)` are calls without target."""

    target: Expression | None
    name: str
    args: list[Expression]
    safe: bool


@dataclass(slots=True)
class Index(Expression):
    target: Expression
    index: Expression


@dataclass(slots=True)
class Unary(Expression):
    op: str
    operand: Expression


@dataclass(slots=True)
class Postfix(Expression):
    op: str
    operand: Expression


@dataclass(slots=True)
class Binary(Expression):
    op: str
    left: Expression
    right: Expression


@dataclass(slots=True)
class Assign(Expression):
    op: str
    target: Expression
    value: Expression


@dataclass(slots=True)
class Ternary(Expression):
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(slots=True)
class Cast(Expression):
    type: TypeName
    operand: Expression


@dataclass(slots=True)
class InstanceOf(Expression):
    operand: Expression
    type: TypeName


@dataclass(slots=True)
class NewObject(Expression):
    type: TypeName
    args: list[Expression]


@dataclass(slots=True)
class NewSObject(Expression):
    """`new Account(Name = 'x')`; also `new Foo()` is NewObject, so this one has at least one field."""

    type: TypeName
    fields: list[tuple[str, int, Expression]]


@dataclass(slots=True)
class NewItems(Expression):
    """`new List<T>{...}`, `new Set<T>{...}`, `new T[]{...}`."""

    type: TypeName
    items: list[Expression]


@dataclass(slots=True)
class NewPairs(Expression):
    """`new Map<K, V>{k => v}`."""

    type: TypeName
    pairs: list[tuple[Expression, Expression]]


@dataclass(slots=True)
class NewSized(Expression):
    """`new T[n]`."""

    type: TypeName
    size: Expression


@dataclass(slots=True)
class ClassLiteral(Expression):
    """`Foo.class`."""

    type: TypeName


@dataclass(slots=True)
class This(Expression):
    pass


@dataclass(slots=True)
class Super(Expression):
    pass


@dataclass(slots=True)
class QueryField:
    """A path in a select list, condition or order: `Account.Owner.Name`, with the function around it, if any."""

    pos: int
    path: str
    function: str | None = None
    alias: str | None = None


@dataclass(slots=True)
class QueryTypeOf:
    pos: int
    field: str
    whens: list[tuple[str, list[QueryField]]]
    otherwise: list[QueryField]


@dataclass(slots=True)
class QueryTree:
    """What the compiler must know of a SELECT; the org's own engine reads the text itself."""

    pos: int
    select: list[QueryField | QueryTree | QueryTypeOf] = field(default_factory=list)
    source: str = ""
    source_pos: int = 0
    alias: str | None = None
    conditions: list[QueryField] = field(default_factory=list)
    subqueries: list[QueryTree] = field(default_factory=list)
    group_by: list[QueryField] = field(default_factory=list)
    order_by: list[QueryField] = field(default_factory=list)
    grouped: bool = False
    access: str | None = None
    locking: bool = False


@dataclass(slots=True)
class Query(Expression):
    """`[SELECT ...]`. `text` has `:bind0`, `:bind1` ... in place of the expressions in `binds`."""

    tree: QueryTree
    text: str
    binds: list[Expression]


@dataclass(slots=True)
class Search(Expression):
    """`[FIND ... RETURNING ...]`."""

    text: str
    binds: list[Expression]
    returning: list[str]


# Statements


class Statement(Node):
    __slots__ = ()


@dataclass(slots=True)
class Block(Statement):
    statements: list[Statement]


@dataclass(slots=True)
class LocalVariables(Statement):
    type: TypeName
    variables: list[tuple[str, int, Expression | None]]
    modifiers: Modifiers | None = None


@dataclass(slots=True)
class ExpressionStatement(Statement):
    expression: Expression


@dataclass(slots=True)
class If(Statement):
    condition: Expression
    then: Statement
    otherwise: Statement | None


@dataclass(slots=True)
class While(Statement):
    condition: Expression
    body: Statement | None


@dataclass(slots=True)
class DoWhile(Statement):
    body: Statement
    condition: Expression


@dataclass(slots=True)
class For(Statement):
    """`init` is one declaration or a list of expressions."""

    init: LocalVariables | list[Expression]
    condition: Expression | None
    update: Expression | None
    body: Statement | None


@dataclass(slots=True)
class ForEach(Statement):
    type: TypeName
    name: str
    name_pos: int
    source: Expression
    body: Statement | None


@dataclass(slots=True)
class Return(Statement):
    value: Expression | None


@dataclass(slots=True)
class Throw(Statement):
    value: Expression


@dataclass(slots=True)
class Break(Statement):
    pass


@dataclass(slots=True)
class Continue(Statement):
    pass


@dataclass(slots=True)
class Catch(Node):
    type: TypeName
    name: str
    body: Block


@dataclass(slots=True)
class Try(Statement):
    body: Block
    catches: list[Catch]
    final: Block | None


@dataclass(slots=True)
class When(Node):
    """One `when`: values, or a type with a variable, or else (all empty)."""

    values: list[Expression]
    type: TypeName | None
    name: str | None
    body: Block


@dataclass(slots=True)
class Switch(Statement):
    subject: Expression
    whens: list[When]


@dataclass(slots=True)
class Dml(Statement):
    """`insert as user x;` `key` is the external id field of upsert or the second operand of merge."""

    verb: str
    access: str | None
    operand: Expression
    key: Expression | None


@dataclass(slots=True)
class RunAs(Statement):
    args: list[Expression]
    body: Block


# Declarations


@dataclass(slots=True)
class Annotation(Node):
    """`@Name(key = value ...)`; a lone value has the key "value". By lower-case key: value, place, and the key as written."""

    name: str
    arguments: dict[str, str | bool | int | float | Decimal | None]
    positions: dict[str, int] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    repeated: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Modifiers(Node):
    words: list[str]
    annotations: list[Annotation]

    def has(self, word: str) -> bool:
        return word in self.words

    def find_annotation(self, name: str) -> Annotation | None:
        return next((a for a in self.annotations if a.name.lower() == name), None)


@dataclass(slots=True)
class Parameter(Node):
    type: TypeName
    name: str
    modifiers: Modifiers


class Member(Node):
    __slots__ = ()


@dataclass(slots=True)
class Method(Member):
    """A method, or a constructor where `type` is None."""

    modifiers: Modifiers
    type: TypeName | None
    name: str
    parameters: list[Parameter]
    body: Block | None


@dataclass(slots=True)
class Accessor(Node):
    """`get` or `set` of a property; without body it is automatic."""

    kind: str
    modifiers: Modifiers
    body: Block | None


@dataclass(slots=True)
class Property(Member):
    modifiers: Modifiers
    type: TypeName
    name: str
    accessors: list[Accessor]


@dataclass(slots=True)
class Fields(Member):
    """`Integer a = 1, b;`."""

    modifiers: Modifiers
    type: TypeName
    variables: list[tuple[str, int, Expression | None]]


@dataclass(slots=True)
class Initializer(Member):
    static: bool
    body: Block


@dataclass(slots=True)
class ClassDeclaration(Member):
    modifiers: Modifiers
    name: str
    extends: TypeName | None
    implements: list[TypeName]
    members: list[Member]


@dataclass(slots=True)
class InterfaceDeclaration(Member):
    modifiers: Modifiers
    name: str
    extends: list[TypeName]
    methods: list[Method]


@dataclass(slots=True)
class EnumDeclaration(Member):
    modifiers: Modifiers
    name: str
    constants: list[tuple[str, int]]


@dataclass(slots=True)
class TriggerDeclaration(Node):
    """`events` are pairs such as ("before", "insert"); members are methods and types declared in the trigger's body."""

    name: str
    object_name: str
    events: list[tuple[str, str]]
    statements: list[Statement]
    members: list[Member]


TypeDeclaration = ClassDeclaration | InterfaceDeclaration | EnumDeclaration
Unit = ClassDeclaration | InterfaceDeclaration | EnumDeclaration | TriggerDeclaration
