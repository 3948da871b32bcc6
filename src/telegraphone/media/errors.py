"""What can be wrong with sealed audio and its keys, so that each reader can say which it met."""


class SealedFormatError(Exception):
    """Something stored is not what this format says; its text names the place."""


class DamagedHeader(SealedFormatError):
    """A file does not begin with a header of this format, or the header belongs to another file."""


class WrongKey(SealedFormatError):
    """The data key is not the one the header commits to."""


class DamagedSegment(SealedFormatError):
    """A sealed unit does not open: it was changed, moved, or never completely written."""


class DamagedManifest(SealedFormatError):
    """A manifest is missing a part, is not canonical, or its signature does not verify."""


class KeyMissing(LookupError):
    """There is no such data key for this tenant: never made, erased, or another tenant's."""


class KeyGivenAway(KeyMissing):
    """The data key is wrapped to somebody outside only: whoever holds that private key can open it, and we cannot."""


class KeyExists(Exception):
    """A data key of this id was made before; it is never handed out for writing again (W3)."""


class DamagedEnvelope(Exception):
    """A key envelope is there but does not open under the key store's own key."""
