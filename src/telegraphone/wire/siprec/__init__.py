"""SIPREC as data: bodies, metadata and the rules of a session recording server (RFC 7865, RFC 7866, RFC 9806)."""
