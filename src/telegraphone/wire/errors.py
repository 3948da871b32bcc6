"""Says whose fault a protocol error is, so that one place can decide how to answer it."""


class ProtocolError(Exception):
    """Something was said that the protocol does not allow; see the two subclasses for who said it."""


class LocalProtocolError(ProtocolError):
    """We asked an engine to do what the protocol forbids in its present state: a defect of the caller."""


class RemoteProtocolError(ProtocolError):
    """The peer sent something illegal; `status` is the answer its own protocol suggests (None: no answer fits)."""

    def __init__(self, reason: str, *, status: int | None = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
