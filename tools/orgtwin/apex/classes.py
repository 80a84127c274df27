"""Classes at run time, whether written in Apex or given by the platform.

A Method's `call` takes the receiver (None when static) and the arguments. Methods written in Apex are compiled when they are
first called, or all at once by the checker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from orgtwin.apex.syntax.problems import LineTable
from orgtwin.apex.types import Kind, Type
from orgtwin.apex.values import EnumConstant, ExceptionInstance, Instance, Value

if TYPE_CHECKING:
    from orgtwin.apex.syntax.tree import Modifiers


OLDER_VERSION = 64.0
"""Of a source whose API version nobody told: rules that came with later versions leave it alone."""


class Initialisers(Protocol):
    """The initialisers of a class, of its objects or its own, which are compiled and exchanged as methods are."""

    def compile(self) -> object: ...

    def exchange(self, compiled: Any = None) -> Any: ...


@dataclass(eq=False, slots=True)
class Method:
    """A method or constructor. `as_given`: numbers reach it in the type they have, not in that of the parameter."""

    owner: ApexClass | None
    name: str
    parameters: tuple[Type, ...]
    returns: Type
    call: Callable[..., Value]
    static: bool = False
    abstract: bool = False
    virtual: bool = False
    override: bool = False
    access: str = "public"
    pos: int = 0
    modifiers: Modifiers | None = None
    compile: Callable[[], None] | None = None
    generic: tuple[str, ...] = ()
    refused: bool = False
    as_given: bool = False
    parameter_names: tuple[str, ...] = ()
    uncompiled: tuple[Callable[..., Value], Callable[[], None]] | None = None

    def exchange(self, compiled: Any = None) -> Any:
        """Take the compiled form that an exchange gave before, or none at all; gives the one of now."""
        present = (self.call, self.compile)
        self.call, self.compile = compiled or self.uncompiled or present
        return present

    @property
    def signature(self) -> str:
        return self.name.lower() + "(" + ",".join(p.name.lower() for p in self.parameters) + ")"

    @property
    def shown(self) -> str:
        """As messages print it: `foo(Integer, String)`."""
        return f"{self.name}({', '.join(p.name for p in self.parameters)})"

    @property
    def test_visible(self) -> bool:
        """May tests of other files see it, whatever its access?"""
        return self.modifiers is not None and self.modifiers.find_annotation("testvisible") is not None


@dataclass(eq=False, slots=True)
class Variable:
    """A field or property. `slot` is its place in the instance or in the class's statics."""

    owner: ApexClass
    name: str
    type: Type
    static: bool
    slot: int
    final: bool = False
    access: str = "public"
    getter: Method | None = None
    setter: Method | None = None
    is_property: bool = False
    transient: bool = False
    readable: bool = True
    writable: bool = True
    pos: int = 0
    set_access: str = "public"
    get_access: str = "public"
    modifiers: Modifiers | None = None

    @property
    def test_visible(self) -> bool:
        """As a method's."""
        return self.modifiers is not None and self.modifiers.find_annotation("testvisible") is not None


@dataclass(eq=False)
class ApexClass:
    """One class, interface or enum.

    `name` is dotted for inner types; `statics` is None until the class is initialised; `broken` when its header or a member's type
    does not compile, so that what depends on them is not worth telling; `flawed` when something is wrong with the type as a whole:
    then orgs judge its declarations alone, not what came `late` and no bodies. `variables` are those of objects; a static one of
    the same name may stand beside each. `pos` is where its name stands.
    """

    name: str
    kind: str = "class"
    outer: ApexClass | None = None
    namespace: str = ""
    superclass: ApexClass | None = None
    interfaces: list[Type] = field(default_factory=list)
    modifiers: Modifiers | None = None
    abstract: bool = False
    virtual: bool = False
    lines: LineTable | None = None
    inner: dict[str, ApexClass] = field(default_factory=dict)
    methods: dict[str, list[Method]] = field(default_factory=dict)
    constructors: list[Method] = field(default_factory=list)
    variables: dict[str, Variable] = field(default_factory=dict)
    static_variables: dict[str, Variable] = field(default_factory=dict)
    constants: dict[str, EnumConstant] = field(default_factory=dict)
    vtable: dict[str, Method] = field(default_factory=dict)
    field_count: int = 0
    static_count: int = 0
    statics: list[Value] | None = None
    initialise: Callable[[], list[Value]] | None = None
    initialise_instance: Callable[[Instance], None] | None = None
    native_factory: Callable[[ApexClass], Instance] | None = None
    equals: Callable[[Any, Any], Any] | None = None
    hash_code: Callable[[Any], Any] | None = None
    is_test: bool = False
    refused: bool = False
    broken: bool = False
    flawed: bool = False
    late: list[Exception] = field(default_factory=list)
    pos: int = 0
    is_trigger: bool = False
    api_version: float = OLDER_VERSION
    sharing: str | None = None
    accessors: list[Method] = field(default_factory=list)
    initialisers: list[Initialisers] = field(default_factory=list)
    trigger_type: Type | None = None
    generic: tuple[str, ...] = ()
    type: Type = field(init=False)

    def __post_init__(self) -> None:
        self.type = Type(self.name, Kind.CLASS, cls=self)

    def __repr__(self) -> str:
        return f"ApexClass({self.name})"

    @property
    def is_interface(self) -> bool:
        return self.kind == "interface"

    @property
    def is_enum(self) -> bool:
        return self.kind == "enum"

    @property
    def full_name(self) -> str:
        """With the platform's namespace: `System.NullPointerException`; plain for Apex of the org."""
        return f"{self.namespace}.{self.name}" if self.namespace else self.name

    def chain(self) -> Iterator[ApexClass]:
        """The class and its superclasses."""
        cls: ApexClass | None = self
        while cls is not None:
            yield cls
            cls = cls.superclass

    def ancestors(self) -> set[ApexClass]:
        """Everything an object of this class is an instance of."""
        found: set[ApexClass] = set()
        todo: list[ApexClass] = [self]
        while todo:
            cls = todo.pop()
            if cls in found:
                continue
            found.add(cls)
            if cls.superclass is not None:
                todo.append(cls.superclass)
            todo.extend(i.cls for i in cls.interfaces if i.cls is not None)
        return found

    def interface_types(self) -> list[Type]:
        """All interfaces of the class and its ancestors, with their arguments."""
        return [i for cls in self.ancestors() for i in cls.interfaces]

    def is_a(self, other: ApexClass) -> bool:
        return self is other or other in self.ancestors()

    def declare_variable(self, variable: Variable) -> None:
        table = self.static_variables if variable.static else self.variables
        table[variable.name.lower()] = variable

    def own_variables(self) -> Iterator[Variable]:
        """Those of objects, then static ones; not those of superclasses."""
        yield from self.variables.values()
        yield from self.static_variables.values()

    def find_variable(self, name: str) -> Variable | None:
        """What the name stands for where there is an object: its own variable goes before a static one."""
        key = name.lower()
        for cls in self.chain():
            found = cls.variables.get(key) or cls.static_variables.get(key)
            if found is not None:
                return found
        return None

    def find_field(self, name: str) -> Variable | None:
        """A variable of its objects."""
        key = name.lower()
        return next((c.variables[key] for c in self.chain() if key in c.variables), None)

    def find_static(self, name: str) -> Variable | None:
        key = name.lower()
        return next((c.static_variables[key] for c in self.chain() if key in c.static_variables), None)

    def find_methods(self, name: str) -> list[Method]:
        """All methods of that name, own ones first; an overridden one appears once, one of an interface after what fulfils it."""
        key = name.lower()
        found: dict[str, Method] = {}
        todo = list(self.chain())
        seen: set[ApexClass] = set()
        while todo:
            cls = todo.pop(0)
            if cls in seen:
                continue
            seen.add(cls)
            for method in cls.methods.get(key, ()):
                found.setdefault(method.signature, method)
            todo.extend(i.cls for i in cls.interfaces if i.cls is not None)
        return list(found.values())

    def find_inner(self, name: str) -> ApexClass | None:
        """An inner type of the class or of a superclass."""
        key = name.lower()
        for cls in self.chain():
            if key in cls.inner:
                return cls.inner[key]
        return None

    def outermost(self) -> ApexClass:
        cls = self
        while cls.outer is not None:
            cls = cls.outer
        return cls

    @property
    def source_key(self) -> str:
        """By which the source of the class is known."""
        outermost = self.outermost()
        return source_key("ApexTrigger" if outermost.trigger_type is not None else "ApexClass", outermost.name)

    def blank_fields(self) -> list[Value]:
        return [None] * self.field_count

    def instantiate(self) -> Instance:
        """An object with blank fields, before initialisers and constructor."""
        for cls in self.chain():
            if cls.native_factory is not None:
                return cls.native_factory(self)
        return Instance(self)

    def get_statics(self) -> list[Value]:
        """The static fields; the first use in a transaction runs the static initialisers."""
        statics = self.statics
        if statics is not None:
            return statics
        if self.initialise is None:
            self.statics = [None] * self.static_count
            return self.statics
        return self.initialise()


def source_key(sobject_type: str, name: str) -> str:
    """Of a row of ApexClass or ApexTrigger."""
    return f"{sobject_type}/{name}".lower()


def exception_class(name: str, superclass: ApexClass | None, namespace: str = "System") -> ApexClass:
    """A platform exception."""
    cls = ApexClass(name, namespace=namespace, superclass=superclass, virtual=True, native_factory=ExceptionInstance)
    cls.type.name = f"{namespace}.{name}"
    return cls
