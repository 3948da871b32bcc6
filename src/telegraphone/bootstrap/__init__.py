"""Where ports meet adapters: builds one node from its configuration, runs it, and takes it down in the right order."""

from telegraphone.bootstrap.node import serve

__all__ = ["serve"]
