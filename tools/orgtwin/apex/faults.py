"""Apex exceptions as Python exceptions, and the platform's exception classes.

    ApexThrow           an exception that Apex code may catch; `value` is the exception object
      Uncatchable       a governor limit, a failed assertion: no catch, no finally of Apex sees it
        TooDeep         triggers that called each other too often
    Unsupported         from orgtwin.errors: the twin does not emulate this

Source: "Built-In Exceptions" and "Exception Class" (Apex Reference Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orgtwin.apex.classes import ApexClass, Method, exception_class
from orgtwin.apex.types import INTEGER, STRING, VOID, Type
from orgtwin.apex.values import ExceptionInstance, Value, whole_characters


class ApexThrow(Exception):
    """An Apex exception on its way up."""

    def __init__(self, value: ExceptionInstance) -> None:
        super().__init__(value.cls.full_name)
        self.value = value

    def __str__(self) -> str:
        return whole_characters(f"{self.value.cls.full_name}: {message_of(self.value)}")


class Uncatchable(ApexThrow):
    """A limit is exceeded: the transaction ends. `trigger` is the outermost trigger that ran."""

    trigger = ""


class TooDeep(Uncatchable):
    """Triggers called each other too often: everything ends up to the outermost write of Apex, whose rows it refuses."""

    def __init__(self, message: str) -> None:
        super().__init__(apex_exception("LimitException", message))


EXCEPTION = exception_class("Exception", None)
EXCEPTION.abstract = True
EXCEPTION.type.name = "Exception"  # the compiler shows it without namespace

_NAMES = (
    "AssertException AsyncException AuraException BigObjectException CalloutException DataWeaveScriptException DmlException"
    " DuplicateMessageException EmailException ExternalObjectException FatalCursorException FinalException FlowException"
    " FormulaEvaluationException"
    " FormulaValidationException HandledException IllegalArgumentException InvalidHeaderException"
    " InvalidParameterValueException InvalidReadOnlyUserDmlException JSONException LicenseException LimitException ListException"
    " MathException NoAccessException NoDataFoundException NoSuchElementException NullPointerException ProcedureException"
    " QueryException RequiredFeatureMissing RequiredFeatureMissingException SearchException SecurityException"
    " SerializationException SObjectException StringException TimeObjectException TouchHandledException TransactionException"
    " TransientCursorException TypeException UnexpectedException UnsupportedOperationException VisualforceException"
    " XmlException InvalidPostException"
)

ITERATED = "Cannot modify a collection while it is being iterated."
FIXED = "Collection is read-only"
"""As users of orgs paste it."""

_NAMESPACED = {
    "Auth": "AuthProviderPluginException DiscoveryCustomErrorException VerificationException",
    "Cache": ("BulkApiKeysLimitExceededException InvalidParamException ItemSizeLimitExceededException"),
    "Canvas": "CanvasRenderException",
    "Compression": "ZipException",
    "DataSource": "DataSourceException OAuthTokenExpiredException",
    "Reports": (
        "FeatureNotSupportedException InstanceAccessException InvalidFilterException InvalidReportMetadataException"
        " InvalidSnapshotDateException MetadataException ReportRunException UnsupportedOperationException"
    ),
    "Site": "ExternalUserCreateException",
}
"""Source: "Exceptions" in each namespace of the Apex Reference Guide."""

EXCEPTIONS: Mapping[str, ApexClass] = {
    "exception": EXCEPTION,
    **{name.lower(): exception_class(name, EXCEPTION) for name in _NAMES.split()},
    "aurahandledexception": exception_class("AuraHandledException", EXCEPTION),
    "eventbus.retryableexception": exception_class("RetryableException", EXCEPTION, "EventBus"),
    "eventbus.invalidreplayidexception": exception_class("InvalidReplayIdException", EXCEPTION, "EventBus"),
    "cache.org.orgcacheexception": exception_class("Org.OrgCacheException", EXCEPTION, "Cache"),
    "cache.session.sessioncacheexception": exception_class("Session.SessionCacheException", EXCEPTION, "Cache"),
    "cache.session.sessioncachenosessionexception": exception_class(
        "Session.SessionCacheNoSessionException", EXCEPTION, "Cache"
    ),
    "cache.cacheexception": exception_class("CacheException", EXCEPTION, "Cache"),
    **{
        f"{namespace}.{name}".lower(): exception_class(name, EXCEPTION, namespace)
        for namespace, names in _NAMESPACED.items()
        for name in names.split()
    },
}


def apex_exception(name: str, message: str | None) -> ExceptionInstance:
    """A platform exception object: `apex_exception("MathException", "Divide by 0")`."""
    value = ExceptionInstance(EXCEPTIONS[name.lower()])
    value.message = message
    return value


def throw(name: str, message: str | None) -> ApexThrow:
    """A platform exception, to be raised."""
    return ApexThrow(apex_exception(name, message))


def null_pointer() -> ApexThrow:
    return throw("NullPointerException", "Attempt to de-reference a null object")


def argument_null(name: str) -> ApexThrow:
    return throw("NullPointerException", f"Argument {name} cannot be null")


def out_of_limit(message: str) -> Uncatchable:
    return Uncatchable(apex_exception("LimitException", message))


# Methods of every exception


def stack_trace(value: ExceptionInstance) -> str:
    """`Class.Foo.bar: line 3, column 1`, innermost first."""
    return "\n".join(f"{place}: line {line}, column 1" for place, line in value.trace)


def _get_line(this: ExceptionInstance) -> int:
    return this.trace[0][1] if this.trace else 0


def _set_message(this: ExceptionInstance, message: str) -> None:
    this.message = message


def _init_cause(this: ExceptionInstance, cause: ExceptionInstance) -> None:
    if this.cause is not None:
        raise throw("TypeException", "Exception cause already set.")
    this.cause = cause


def message_of(this: ExceptionInstance) -> str:
    """What getMessage gives where no class of Apex has its own."""
    return this.message if this.message is not None else "Script-thrown exception"


_METHODS: tuple[tuple[str, tuple[Type, ...], Type, Callable[..., Value]], ...] = (
    ("getMessage", (), STRING, message_of),
    ("getCause", (), EXCEPTION.type, lambda this: this.cause),
    ("getLineNumber", (), INTEGER, _get_line),
    ("getStackTraceString", (), STRING, stack_trace),
    ("getTypeName", (), STRING, lambda this: this.cls.full_name),
    ("setMessage", (STRING,), VOID, _set_message),
    ("initCause", (EXCEPTION.type,), VOID, _init_cause),
)
for _name, _parameters, _returns, _call in _METHODS:
    _method = Method(EXCEPTION, _name, _parameters, _returns, _call, virtual=True)
    EXCEPTION.methods[_name.lower()] = [_method]
    EXCEPTION.vtable[_method.signature] = _method


def _construct(message: bool, cause: bool) -> Callable[..., None]:
    def construct(this: ExceptionInstance, *args: Value) -> None:
        if message:
            this.message = args[0]
        if cause:
            this.cause = args[-1]
            if not message and this.cause is not None and this.cls is not _AURA:
                this.message = f"{this.cause.cls.full_name}: {message_of(this.cause)}"

    return construct


EXCEPTION.constructors = [
    Method(EXCEPTION, "Exception", (), VOID, _construct(False, False)),
    Method(EXCEPTION, "Exception", (STRING,), VOID, _construct(True, False)),
    Method(EXCEPTION, "Exception", (EXCEPTION.type,), VOID, _construct(False, True)),
    Method(EXCEPTION, "Exception", (STRING, EXCEPTION.type), VOID, _construct(True, True)),
]
"""Every exception class has these four, declared or not. Source: "Create Custom Exceptions"."""
for _cls in EXCEPTIONS.values():
    _cls.vtable.update(EXCEPTION.vtable)
_AURA = EXCEPTIONS["aurahandledexception"]
_AURA.constructors = [
    Method(
        _AURA, _AURA.name, method.parameters, VOID, _construct(message=False, cause=EXCEPTION.type in method.parameters)
    )
    for method in EXCEPTION.constructors
]
"""What it is made with goes to the client; Apex reads a message only after setMessage (ASSUMED; public tests rely on it)."""
_INVALID = EXCEPTIONS["invalidparametervalueexception"]
_INVALID.constructors = [Method(_INVALID, _INVALID.name, (STRING, STRING), VOID, _construct(False, False))]
"""A parameter's name and its value, as public code makes it; what message they give is not documented (ASSUMED: none)."""
