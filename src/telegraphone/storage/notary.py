"""Signs statements in the node's name, in a form that anybody can check with its public key."""

from collections.abc import Mapping

import rfc8785

from telegraphone.media.manifest import signed
from telegraphone.media.ports import PublicFacts, Signer
from telegraphone.media.tombstone import FORMAT, digest
from telegraphone.services.keeping import Engraved


class SignedStatements:
    """A `Notary`: canonical JSON (RFC 8785) under the node's Ed25519 key (RFC 8032)."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def sign(self, statement: Mapping[str, object]) -> tuple[str, str]:
        """See `Notary.sign`."""
        data = _canonical(statement)
        return data.decode(), self._signer.sign(data).hex()

    def engrave(self, facts: Mapping[str, object]) -> Engraved:
        """See `Notary.engrave`."""
        data = _canonical({"format": FORMAT, **facts})
        return Engraved(data.decode(), signed(data, self._signer).decode(), digest(data))


def _canonical(statement: Mapping[str, object]) -> PublicFacts:
    return PublicFacts(rfc8785.dumps(dict(statement)))  # type: ignore[arg-type]  # it takes any JSON, which it says more narrowly
