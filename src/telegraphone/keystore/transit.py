"""Data keys wrapped by the Transit engine of HashiCorp Vault or OpenBao: the wrapping key never leaves it.

HTTP API of the engine: `encrypt` and `decrypt` below `/v1/<mount>/…/<key>`, with `associated_data` for what each envelope is
bound to, and many at once in `batch_input`; its `rewrap` takes no associated data, so an envelope is renewed by these two.
The key must be of a kind that takes associated data, aes256-gcm96 for instance. Envelopes stay in the key folder; without
Vault none of them opens.
"""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from telegraphone.keystore.envelope import Envelope, context
from telegraphone.limits import TRANSIT_ANSWER_S
from telegraphone.media.canonical import canonical
from telegraphone.media.errors import DamagedEnvelope

TRANSIT: Final = "vault-transit"


class Transit:
    """One engine, reached with the token in a file, which is read for each request: whoever renews it replaces the file."""

    def __init__(self, address: str, mount: str, key: str, token_file: Path, *, authorities: str = "") -> None:
        """`key` is the name of the wrapping key; `{tenant}` in it stands for the tenant. Reaches nothing yet."""
        self._mount = mount.strip("/")
        self._key = key
        self._token_file = token_file
        self._http = httpx.Client(
            base_url=address, timeout=TRANSIT_ANSWER_S, verify=_checking(authorities), trust_env=False, follow_redirects=False
        )

    def wrap(self, tenant: str, deks: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """The envelopes of data keys, by id and key. Raises OSError, PermissionError."""
        kek_id = self.kek_id(tenant)
        batch = [{"plaintext": _base64(dek), "associated_data": _base64(context(tenant, dek_id, kek_id))} for dek_id, dek in deks]
        answers = self._ask("encrypt", tenant, batch)
        return [
            _envelope(tenant, dek_id, kek_id, answer["ciphertext"]) for (dek_id, _), answer in zip(deks, answers, strict=True)
        ]

    def unwrap(self, envelope: Envelope) -> bytes:
        """The data key. Raises DamagedEnvelope when Vault says that it does not open, OSError when it says nothing."""
        [answer] = self._ask("decrypt", envelope.tenant, [_sealed(envelope)])
        return base64.b64decode(answer["plaintext"])

    def renew(self, tenant: str) -> None:
        """Has Vault make a new version of the wrapping key."""
        self._post(f"keys/{self._name(tenant)}/rotate", {})

    def version(self, tenant: str) -> int:
        """The newest version of the wrapping key; 0 where there is none, for Vault makes it when it is first used."""
        return int(self._answer("GET", f"keys/{self._name(tenant)}", None).get("latest_version", 0))

    def kek_id(self, tenant: str) -> str:
        """What envelopes call the wrapping key."""
        return f"{self._mount}/{self._name(tenant)}"

    def _name(self, tenant: str) -> str:
        return self._key.replace("{tenant}", tenant)

    def _ask(self, deed: str, tenant: str, batch: list[dict[str, str]]) -> list[dict[str, str]]:
        results: list[dict[str, str]] = self._post(f"{deed}/{self._name(tenant)}", {"batch_input": batch})["batch_results"]
        for result in results:
            if result.get("error"):
                raise DamagedEnvelope(f"Vault: {result['error']}")
        return results

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._answer("POST", path, body)

    def _answer(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        headers = {"X-Vault-Token": self._token_file.read_text(encoding="ascii").strip()}
        try:
            answer = self._http.request(method, f"/v1/{self._mount}/{path}", json=body, headers=headers)
        except httpx.HTTPError as error:
            raise OSError(f"Vault: {type(error).__name__}: {error}") from None
        if answer.status_code == httpx.codes.FORBIDDEN:
            raise PermissionError(f"Vault: {path} is forbidden to this token")
        try:
            said: dict[str, Any] = answer.json() if answer.content else {}
        except ValueError:
            raise OSError(f"Vault: {answer.status_code} without JSON") from None
        if answer.status_code == httpx.codes.BAD_REQUEST and "batch_results" in (said.get("data") or {}):
            return dict(said["data"])
        if answer.status_code == httpx.codes.BAD_REQUEST:
            raise DamagedEnvelope(f"Vault: {'; '.join(map(str, said.get('errors', ())))[:200]}")
        if answer.status_code == httpx.codes.NOT_FOUND and method == "GET":
            return {}
        if not answer.is_success:
            raise OSError(f"Vault: {answer.status_code}: {'; '.join(map(str, said.get('errors', ())))[:200]}")
        return dict(said.get("data") or {})


def is_version(envelope: Envelope, version: int) -> bool:
    """Whether an envelope was made under this version of its wrapping key: its text begins with `vault:v<version>:`."""
    return bytes.fromhex(envelope.wrapped).startswith(b"vault:v%d:" % version)


def _sealed(envelope: Envelope) -> dict[str, str]:
    bound = context(envelope.tenant, envelope.dek_id, envelope.kek_id)
    return {"ciphertext": bytes.fromhex(envelope.wrapped).decode("ascii"), "associated_data": _base64(bound)}


def _envelope(tenant: str, dek_id: str, kek_id: str, text: str) -> bytes:
    return canonical(msgspec.structs.asdict(Envelope(TRANSIT, tenant, dek_id, kek_id, "", text.encode("ascii").hex())))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _checking(authorities: str) -> Any:
    import ssl

    return ssl.create_default_context(cafile=authorities) if authorities else True
