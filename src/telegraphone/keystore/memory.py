"""Keys that live as long as the process, for trials and tests; passes the same contract as every other key store."""

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from telegraphone.keystore.certificate import self_signed
from telegraphone.media.errors import KeyExists, KeyMissing
from telegraphone.media.seal import DEK_BYTES


class MemoryKeyStore:
    """A `KeyStore` and `Signer`; what it held is gone with it."""

    def __init__(self, entropy: Callable[[int], bytes]) -> None:
        """`entropy(count)` gives secure random bytes."""
        self._entropy = entropy
        self._keys: dict[tuple[str, str], bytes] = {}
        self._used: set[str] = set()
        self._signing = Ed25519PrivateKey.from_private_bytes(entropy(32))

    def create(self, tenant: str, dek_id: str) -> bytes:
        """See `KeyStore.create`."""
        if dek_id in self._used:
            raise KeyExists(dek_id)
        self._used.add(dek_id)
        self._keys[tenant, dek_id] = self._entropy(DEK_BYTES)
        return self._keys[tenant, dek_id]

    def create_all(self, tenant: str, dek_ids: Sequence[str]) -> list[bytes]:
        """See `KeyStore.create_all`."""
        return [self.create(tenant, dek_id) for dek_id in dek_ids]

    def open(self, tenant: str, dek_id: str) -> bytes:
        """See `KeyStore.open`."""
        try:
            return self._keys[tenant, dek_id]
        except KeyError:
            raise KeyMissing(dek_id) from None

    def erase(self, tenant: str, dek_id: str) -> bool:
        """See `KeyStore.erase`."""
        return self._keys.pop((tenant, dek_id), None) is not None

    def release(self, tenant: str, dek_id: str) -> None:
        """See `KeyStore.release`: there are no recipients."""

    def sign(self, message: bytes) -> bytes:
        """See `Signer.sign`."""
        return self._signing.sign(message)

    def public_key(self) -> bytes:
        """See `Signer.public_key`."""
        return self._signing.public_key().public_bytes_raw()

    def certificate(self) -> bytes:
        """See `Signer.certificate`."""
        return self_signed(self._signing)
