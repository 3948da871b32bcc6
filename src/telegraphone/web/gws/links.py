"""Makes the links of the API: absolute ones from the configured external URL, and the paths beside them (gws-api 3.1)."""

from dataclasses import dataclass

API = "/api/v2"


@dataclass(frozen=True, slots=True)
class Links:
    """Links of one installation; never built from a request's Host header."""

    external_url: str

    def uri(self, path: str) -> str:
        """The absolute link of a path such as `/devices/1`."""
        return f"{self.external_url}{API}{path}"

    def pair(self, path: str) -> dict[str, str]:
        """`uri` and `path` as resources carry them."""
        return {"uri": self.uri(path), "path": path}
