"""Network, Site: where code runs that no Experience Cloud site or Salesforce Site serves, as in tests and triggers.

Source: "Network Class", "Site Class" (Apex Reference Guide): outside a site the getters are null. Sites are not emulated; what
makes users of one is refused by name.
"""

from __future__ import annotations

from orgtwin.apex.library.pages import Page
from orgtwin.apex.library.signatures import system_class
from orgtwin.apex.values import Value


def _nothing(*_: Value) -> Value:
    return None


def _no(*_: Value) -> bool:
    return False


_TEXTS = (
    "AdminEmail AnalyticsTrackingCode BaseCustomUrl BaseInsecureUrl BaseRequestUrl BaseSecureUrl CurrentSiteUrl"
    " CustomWebAddress Domain ErrorDescription ErrorMessage ExperienceId MasterLabel Name OriginalUrl PathPrefix Prefix SiteType"
    " SiteTypeLabel"
)
system_class(
    "Network",
    {
        "static PageReference communitiesLanding()": lambda: Page(""),
        "static PageReference forwardToAuthPage(String)": lambda start: Page(""),
        "static PageReference forwardToAuthPage(String,String)": lambda start, kind: Page(""),
        "static String getNetworkId()": _nothing,
        "static String getLoginUrl(String)": _nothing,
        "static String getLogoutUrl(String)": _nothing,
        "static String getSelfRegUrl(String)": _nothing,
    },
)
system_class(
    "Site",
    {
        **{f"static String get{name}()": _nothing for name in _TEXTS.split()},
        "static String getBaseUrl()": lambda: "",
        "static Id getSiteId()": _nothing,
        "static Id getAdminId()": _nothing,
        "static Boolean isLoginEnabled()": _no,
        "static Boolean isPasswordExpired()": _no,
        "static Boolean isRegistrationEnabled()": _no,
        "static PageReference changePassword(String,String)": _nothing,
        "static PageReference changePassword(String,String,String)": _nothing,
        "static PageReference login(String,String,String)": _nothing,
        "static Boolean isValidUsername(String)": lambda name: "@" in name,
    },
)
