"""Decides which web pages may use the API: allowed origins, CORS answers and the defence against forged requests.

A request with an `Origin` outside the list gets no CORS headers and changes nothing. One without an `Origin` is
accepted, since clients that are no browsers send none; but a cookie alone must then not come from a page elsewhere,
which every browser of today tells by `Sec-Fetch-Site` (gws-api 3.3, 4).
"""

import hmac

from starlette.datastructures import Headers

from telegraphone.web.gws.errors import CSRF_TOKEN_WRONG, NOT_JSON_TYPE, ORIGIN_NOT_ALLOWED, Failure
from telegraphone.web.settings import WebSettings

CSRF_HEADER = "X-CSRF-TOKEN"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = "GET,POST,PUT,DELETE,OPTIONS"
_REQUEST_HEADERS = (
    "X-Requested-With, Content-Type, Accept, Origin, Cookie, authorization, ssid, surl, ContactCenterId, X-CSRF-TOKEN"
)
_EXPOSED = "X-CSRF-HEADER, X-CSRF-TOKEN"
_PREFLIGHT_S = "1800"


class Origins:
    """The rules of one installation."""

    def __init__(self, settings: WebSettings) -> None:
        self._allowed = frozenset(origin.lower().rstrip("/") for origin in settings.allowed_origins)
        self._wants_token = settings.csrf_protection == "token"

    def allowed(self, headers: Headers) -> bool:
        """Whether the request comes from no web page or from one on the list."""
        origin = headers.get("origin")
        return origin is None or origin.lower() in self._allowed

    def refusal(self, method: str, headers: Headers, csrf_token: str, *, by_cookie: bool) -> Failure | None:
        """Why a request of this method may not go on; None when it may. `by_cookie`: nothing but the cookie says who
        asks, and a foreign page can make a browser send that."""
        if method in _SAFE_METHODS:
            return None
        if not self.allowed(headers):
            return ORIGIN_NOT_ALLOWED
        if not by_cookie:
            return None
        if "origin" not in headers and headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return ORIGIN_NOT_ALLOWED
        if self._wants_token and not hmac.compare_digest(headers.get(CSRF_HEADER, "").encode(), csrf_token.encode()):
            return CSRF_TOKEN_WRONG
        return None

    def cors(self, headers: Headers) -> dict[str, str]:
        """The CORS fields of any answer to this request."""
        origin = headers.get("origin")
        if origin is None or origin.lower() not in self._allowed:
            return {"Vary": "Origin"}
        return {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": _EXPOSED,
        }

    def preflight(self, headers: Headers) -> dict[str, str]:
        """What the answer to an OPTIONS request adds to them."""
        if headers.get("origin", "").lower() not in self._allowed:
            return {}
        return {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _REQUEST_HEADERS,
            "Access-Control-Max-Age": _PREFLIGHT_S,
        }


def content_type_refusal(headers: Headers) -> Failure | None:
    """A body that comes with nothing but the cookie must say that it is JSON, which a foreign form cannot say."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return None if media_type == "application/json" else NOT_JSON_TYPE
