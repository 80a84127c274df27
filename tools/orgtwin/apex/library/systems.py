"""System, UserInfo, Limits, Request.

Sources: "System Class", "UserInfo Class", "Limits Class" (Apex Reference Guide).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from orgtwin.apex import context
from orgtwin.apex.database import READ_ONLY
from orgtwin.apex.equality import equals
from orgtwin.apex.library.assertions import SYSTEM_ASSERTS
from orgtwin.apex.library.dates import TimeZone
from orgtwin.apex.library.hashing import hash_code
from orgtwin.apex.library.jobs import abort_job, attach_finalizer, enqueue, schedule, schedule_batch
from orgtwin.apex.library.signatures import declare, system_class, system_enum
from orgtwin.apex.limits import BULK, LIMITS, RESERVED, RETIRED, SAME_AS
from orgtwin.apex.text import concatenated
from orgtwin.apex.values import Long, Value, to_utc

# Ordinals rise with severity, as public code that compares them relies on; the documentation lists them the other way round.
system_enum("LoggingLevel", "NONE INTERNAL FINEST FINER FINE DEBUG INFO WARN ERROR")
_MODES = system_enum("ApplicationReadWriteMode", "DEFAULT READ_ONLY").constants
system_enum(
    "Quiddity",
    "ANONYMOUS AURA BATCH_ACS BATCH_APEX BATCH_CHUNK_PARALLEL BATCH_CHUNK_SERIAL BULK_API"
    " COMMERCE_INTEGRATION DISCOVERABLE_LOGIN EXTERNAL_SERVICE_CALLBACK FLOW FUNCTION_CALLBACK FUTURE"
    " INBOUND_EMAIL_SERVICE INVOCABLE_ACTION IOT PLATFORM_EVENT_PUBLISH_CALLBACK POST_INSTALL_SCRIPT"
    " QUEUEABLE QUICK_ACTION REMOTE_ACTION REST"
    " RUNTEST_ASYNC RUNTEST_DEPLOY RUNTEST_SYNC RUN_INTEGRATION_TESTS SCHEDULED SOAP SYNCHRONOUS"
    " TRANSACTION_FINALIZER_QUEUEABLE"
    " UNDEFINED VF",
)


def _now() -> datetime:
    return to_utc(context.engine().now())


def _debug(*args: Value) -> None:
    level = args[0].name if len(args) > 1 and args[0] is not None else "DEBUG"
    context.engine().debug(concatenated(args[-1]), level)


def _millis(moment: datetime) -> Long:
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return Long((delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000)


def _kind(*kinds: str) -> Callable[[], bool]:
    return lambda: context.transaction().kind in kinds


def _read_write_mode() -> str:
    """Read-only in a test that says so: "getApplicationReadWriteMode" (System Class)."""
    return "read_only" if context.engine().test_state.get(READ_ONLY) else "default"


def _today() -> Value:
    return context.engine().now().astimezone(context.engine().user_zone()).date()


_JOBS: dict[str, Callable[..., Value]] = {
    "static Id enqueueJob(Object)": enqueue,
    "static Id enqueueJob(Object,Integer)": enqueue,
    "static void attachFinalizer(Object)": attach_finalizer,
    "static String schedule(String,String,Object)": schedule,
    "static void abortJob(String)": abort_job,
    "static String scheduleBatch(Database.Batchable<SObject>,String,Integer)": schedule_batch,
    "static String scheduleBatch(Database.Batchable<SObject>,String,Integer,Integer)": schedule_batch,
    "static Id enqueueJob(Object,AsyncOptions)": enqueue,
}
system_class(
    "System",
    {
        **SYSTEM_ASSERTS,
        **_JOBS,
        "static void debug(Object)": _debug,
        "static void debug(LoggingLevel,Object)": _debug,
        "static Datetime now()": _now,
        "static Date today()": _today,
        "static Long currentTimeMillis()": lambda: _millis(context.engine().now()),
        "static Boolean equals(Object,Object)": equals,
        "static Integer hashCode(Object)": hash_code,
        "static Boolean isBatch()": _kind("batch"),
        "static Boolean isFuture()": _kind("future"),
        "static Boolean isQueueable()": _kind("queueable"),
        "static Boolean isScheduled()": _kind("schedulable"),
        "static Integer purgeOldAsyncJobs(Date)": lambda before: 0,
        "static System.ApplicationReadWriteMode getApplicationReadWriteMode()": lambda: _MODES[_read_write_mode()],
        "static Boolean isFunctionCallback()": lambda: False,
        "static Boolean isRunningElasticCompute()": lambda: False,
    },
)


def _user(name: str) -> Callable[[], Value]:
    return lambda: getattr(context.engine().user(), name)


def _session_id() -> Value:
    """ASSUMED: jobs have none. A session of nobody, made of the org's id, with which no API lets anybody in."""
    engine = context.engine()
    return None if engine.transaction.asynchronous else f"{engine.port.org_id[:15]}!{_SESSION}"


_SESSION = "AQEAQ" + "x" * 91

system_class(
    "UserInfo",
    {
        "static String getUserId()": _user("user_id"),
        "static String getProfileId()": lambda: (
            context.engine().user().profile_id or None
        ),  # ASSUMED: null for a user without profile
        "static String getUserRoleId()": _user("role_id"),
        "static String getUserName()": _user("username"),
        "static String getFirstName()": _user("first_name"),
        "static String getLastName()": _user("last_name"),
        "static String getName()": lambda: (
            f"{context.engine().user().first_name} {context.engine().user().last_name}".strip()
        ),
        "static String getUserEmail()": _user("email"),
        "static String getUserType()": _user("user_type"),
        "static String getLocale()": _user("locale"),
        "static String getLanguage()": _user("language"),
        "static String getDefaultCurrency()": _user("currency"),
        "static TimeZone getTimeZone()": lambda: TimeZone(context.engine().user().time_zone),
        "static String getOrganizationId()": lambda: context.engine().port.org_id,
        "static String getOrganizationName()": lambda: context.engine().port.org_name,
        "static String getSessionId()": _session_id,
        "static String getUiTheme()": lambda: "Theme4d",
        "static String getUiThemeDisplayed()": lambda: "Theme4d",
        "static Boolean isMultiCurrencyOrganization()": lambda: False,
        "static Boolean isCurrentUserLicensed(String)": lambda namespace: False,
        "static Boolean hasPackageLicense(Id)": lambda package: False,
    },
)
declare("TimeZone")


def _used(name: str) -> Callable[[], int]:
    if name == "CpuTime":
        return lambda: context.engine().cpu_time()
    if name == "HeapSize":
        return _heap
    return lambda: context.transaction().usage.used[name]


def _heap() -> int:
    engine = context.engine()
    engine.check_heap()
    return engine.used("HeapSize")


def _limit(name: str) -> Callable[[], int]:
    return lambda: context.transaction().usage.limit(name)


_LIMIT_METHODS: dict[str, Callable[..., Value]] = {}
for _name, _row in {**dict(zip(LIMITS, LIMITS, strict=True)), **SAME_AS}.items():
    _LIMIT_METHODS[f"static Integer get{_name}()"] = _used(_row)
    _LIMIT_METHODS[f"static Integer getLimit{_name}()"] = _limit(_row)
for _name in RESERVED:
    _LIMIT_METHODS[f"static Integer get{_name}()"] = lambda: 0
    _LIMIT_METHODS[f"static Integer getLimit{_name}()"] = lambda: 0
for _name, _most in RETIRED.items():
    _LIMIT_METHODS[f"static Integer get{_name}()"] = lambda: 0
    _LIMIT_METHODS[f"static Integer getLimit{_name}()"] = lambda most=_most: most
system_class("Limits", _LIMIT_METHODS)


class _Request:
    @property
    def apex_type(self) -> Value:
        return declare("Request").type


REQUEST = _Request()
_QUIDDITIES = {
    "queueable": "QUEUEABLE",
    "future": "FUTURE",
    "batch": "BATCH_APEX",
    "schedulable": "SCHEDULED",
    BULK: "BULK_API",
}


def _quiddity() -> Value:
    engine = context.engine()
    name = _QUIDDITIES.get(engine.transaction.kind, "RUNTEST_SYNC" if engine.is_testing else "ANONYMOUS")
    return declare("Quiddity").constants[name.lower()]


system_class(
    "Request",
    {
        "static Request getCurrent()": lambda: REQUEST,
        "String getRequestId()": lambda this: "TWIN00000000000001",
        "Quiddity getQuiddity()": lambda this: _quiddity(),
    },
)
