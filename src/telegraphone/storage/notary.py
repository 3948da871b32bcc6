"""Signs statements in the node's name, in a form that anybody can check with its public key."""

from collections.abc import Mapping

import rfc8785

from telegraphone.media.ports import Signer


class SignedStatements:
    """A `Notary`: canonical JSON (RFC 8785) under the node's Ed25519 key (RFC 8032)."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def sign(self, statement: Mapping[str, object]) -> tuple[str, str]:
        """See `Notary.sign`."""
        data = rfc8785.dumps(dict(statement))  # type: ignore[arg-type]  # it takes any JSON, which it says more narrowly
        return data.decode(), self._signer.sign(data).hex()
