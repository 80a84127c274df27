"""The nodes of a program. `pos` is the offset of the node's characteristic token; LineTable turns it into line and column.

Words that Apex compares without case (operators, modifiers, DML verbs) are lower case; names keep the case they were written in.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, field


class Node(Struct, gc=False):
    """A struct because a source of 12 KB has a thousand. Nodes know their children only, so there is nothing for the collector."""

    pos: int


# Types


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
    pass


class Literal(Expression):
    """`kind` is Integer, Long, Double, Decimal, String, Boolean or null."""

    kind: str
    value: int | float | Decimal | str | bool | None


class Name(Expression):
    name: str


class FieldAccess(Expression):
    target: Expression
    name: str
    safe: bool


class Call(Expression):
    """`name(args)`, `target.name(args)`; `this(...)` and `super(...)` are calls without target."""

    target: Expression | None
    name: str
    args: list[Expression]
    safe: bool


class Index(Expression):
    target: Expression
    index: Expression


class Unary(Expression):
    op: str
    operand: Expression


class Postfix(Expression):
    op: str
    operand: Expression


class Binary(Expression):
    op: str
    left: Expression
    right: Expression


class Assign(Expression):
    op: str
    target: Expression
    value: Expression


class Ternary(Expression):
    condition: Expression
    then: Expression
    otherwise: Expression


class Cast(Expression):
    type: TypeName
    operand: Expression


class InstanceOf(Expression):
    operand: Expression
    type: TypeName


class NewObject(Expression):
    type: TypeName
    args: list[Expression]


class NewSObject(Expression):
    """`new Account(Name = 'x')`; also `new Foo()` is NewObject, so this one has at least one field."""

    type: TypeName
    fields: list[tuple[str, int, Expression]]


class NewItems(Expression):
    """`new List<T>{...}`, `new Set<T>{...}`, `new T[]{...}`."""

    type: TypeName
    items: list[Expression]


class NewPairs(Expression):
    """`new Map<K, V>{k => v}`."""

    type: TypeName
    pairs: list[tuple[Expression, Expression]]


class NewSized(Expression):
    """`new T[n]`."""

    type: TypeName
    size: Expression


class ClassLiteral(Expression):
    """`Foo.class`."""

    type: TypeName


class This(Expression):
    pass


class Super(Expression):
    pass


class QueryField(Struct, gc=False):
    """A path in a select list, condition or order: `Account.Owner.Name`, with the function around it, if any."""

    pos: int
    path: str
    function: str | None = None
    alias: str | None = None


class QueryTypeOf(Struct, gc=False):
    pos: int
    field: str
    whens: list[tuple[str, list[QueryField]]]
    otherwise: list[QueryField]


class QueryTree(Struct, gc=False):
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


class Query(Expression):
    """`[SELECT ...]`. `text` has `:bind0`, `:bind1` ... in place of the expressions in `binds`."""

    tree: QueryTree
    text: str
    binds: list[Expression]


class Search(Expression):
    """`[FIND ... RETURNING ...]`."""

    text: str
    binds: list[Expression]
    returning: list[str]


# Statements


class Statement(Node):
    pass


class Block(Statement):
    statements: list[Statement]


class LocalVariables(Statement):
    type: TypeName
    variables: list[tuple[str, int, Expression | None]]
    modifiers: Modifiers | None = None


class ExpressionStatement(Statement):
    expression: Expression


class If(Statement):
    condition: Expression
    then: Statement
    otherwise: Statement | None


class While(Statement):
    condition: Expression
    body: Statement | None


class DoWhile(Statement):
    body: Statement
    condition: Expression


class For(Statement):
    """`init` is one declaration or a list of expressions."""

    init: LocalVariables | list[Expression]
    condition: Expression | None
    update: Expression | None
    body: Statement | None


class ForEach(Statement):
    type: TypeName
    name: str
    name_pos: int
    source: Expression
    body: Statement | None


class Return(Statement):
    value: Expression | None


class Throw(Statement):
    value: Expression


class Break(Statement):
    pass


class Continue(Statement):
    pass


class Catch(Node):
    type: TypeName
    name: str
    body: Block


class Try(Statement):
    body: Block
    catches: list[Catch]
    final: Block | None


class When(Node):
    """One `when`: values, or a type with a variable, or else (all empty)."""

    values: list[Expression]
    type: TypeName | None
    name: str | None
    body: Block


class Switch(Statement):
    subject: Expression
    whens: list[When]


class Dml(Statement):
    """`insert as user x;` `key` is the external id field of upsert or the second operand of merge."""

    verb: str
    access: str | None
    operand: Expression
    key: Expression | None


class RunAs(Statement):
    args: list[Expression]
    body: Block


# Declarations


class Annotation(Node):
    """`@Name(key = value ...)`; a lone value has the key "value". By lower-case key: value, place, and the key as written."""

    name: str
    arguments: dict[str, str | bool | int | float | Decimal | None]
    positions: dict[str, int] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    repeated: dict[str, int] = field(default_factory=dict)


class Modifiers(Node):
    words: list[str]
    annotations: list[Annotation]

    def has(self, word: str) -> bool:
        return word in self.words

    def find_annotation(self, name: str) -> Annotation | None:
        return next((a for a in self.annotations if a.name.lower() == name), None)


class Parameter(Node):
    type: TypeName
    name: str
    modifiers: Modifiers


class Member(Node):
    pass


class Method(Member):
    """A method, or a constructor where `type` is None."""

    modifiers: Modifiers
    type: TypeName | None
    name: str
    parameters: list[Parameter]
    body: Block | None


class Accessor(Node):
    """`get` or `set` of a property; without body it is automatic."""

    kind: str
    modifiers: Modifiers
    body: Block | None


class Property(Member):
    modifiers: Modifiers
    type: TypeName
    name: str
    accessors: list[Accessor]


class Fields(Member):
    """`Integer a = 1, b;`."""

    modifiers: Modifiers
    type: TypeName
    variables: list[tuple[str, int, Expression | None]]


class Initializer(Member):
    static: bool
    body: Block


class ClassDeclaration(Member):
    modifiers: Modifiers
    name: str
    extends: TypeName | None
    implements: list[TypeName]
    members: list[Member]


class InterfaceDeclaration(Member):
    modifiers: Modifiers
    name: str
    extends: list[TypeName]
    methods: list[Method]


class EnumDeclaration(Member):
    modifiers: Modifiers
    name: str
    constants: list[tuple[str, int]]


class TriggerDeclaration(Node):
    """`events` are pairs such as ("before", "insert"); members are methods and types declared in the trigger's body."""

    name: str
    object_name: str
    events: list[tuple[str, str]]
    statements: list[Statement]
    members: list[Member]


TypeDeclaration = ClassDeclaration | InterfaceDeclaration | EnumDeclaration
Unit = ClassDeclaration | InterfaceDeclaration | EnumDeclaration | TriggerDeclaration
