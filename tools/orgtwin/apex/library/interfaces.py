"""Interfaces that Apex classes implement."""

from __future__ import annotations

from orgtwin.apex.library.jobs import JobContext
from orgtwin.apex.library.signatures import system_class, system_enum, system_interface
from orgtwin.apex.values import Id

system_interface("Comparable", "Integer compareTo(Object)")
system_interface("Comparator", "Integer compare(T,T)", generic="T")
system_interface("Callable", "Object call(String,Map<String,Object>)")
system_interface("Queueable", "void execute(QueueableContext)")
system_interface("Schedulable", "void execute(SchedulableContext)")
system_interface("Finalizer", "void execute(FinalizerContext)")
system_interface(
    "Batchable",
    "Iterable<T> start(Database.BatchableContext)",
    "void execute(Database.BatchableContext,List<T>)",
    "void finish(Database.BatchableContext)",
    namespace="Database",
    generic="T",
)
system_interface("Stateful", namespace="Database")
system_interface("AllowsCallouts", namespace="Database")
system_interface("RaisesPlatformEvents", namespace="Database")
system_interface("InstallHandler", "void onInstall(InstallContext)")
system_interface("UninstallHandler", "void onUninstall(UninstallContext)")
HTTP_CALLOUT_MOCK = system_interface("HttpCalloutMock", "HttpResponse respond(HttpRequest)")
system_interface("SandboxPostCopy", "void runApexClass(SandboxContext)")


def _job_id(this: JobContext) -> Id:
    return this.job_id


for _name, _namespace in (
    ("QueueableContext", "System"),
    ("FinalizerContext", "System"),
    ("SchedulableContext", "System"),
    ("BatchableContext", "Database"),
):
    system_interface(_name, namespace=_namespace)
system_class("QueueableContext", {"Id getJobId()": _job_id})
system_class("BatchableContext", {"Id getJobId()": _job_id, "Id getChildJobId()": _job_id}, namespace="Database")
system_class("SchedulableContext", {"Id getTriggerId()": _job_id})
PARENT_JOB_RESULT = system_enum("ParentJobResult", "SUCCESS UNHANDLED_EXCEPTION")
system_class(
    "FinalizerContext",
    {
        "Id getAsyncApexJobId()": _job_id,
        "Exception getException()": lambda this: this.error,
        "ParentJobResult getResult()": lambda this: PARENT_JOB_RESULT.constants[this.result.lower()],
        "String getRequestId()": lambda this: "TWIN00000000000001",
    },
)
