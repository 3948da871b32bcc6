"""Telegraphone: an open call recorder for contact centres that answers the Genesys Web Services v2 API."""

__version__ = "0.1.0"
