"""Keepers of data keys and of the node's signing key: adapters of `media.ports.KeyStore` and `media.ports.Signer`."""
