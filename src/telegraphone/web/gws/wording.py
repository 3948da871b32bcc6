"""How packages write down recordings and lines of the trail: as the API shows them."""

from collections.abc import Sequence

from telegraphone.services.audit import AuditLine
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.keeping import Standing
from telegraphone.web.gws.answers import encode
from telegraphone.web.gws.recording_shapes import Meant, RecordingShapes, trail_line


class ApiWording:
    """A `Wording` in the API's shapes."""

    def __init__(self, shapes: RecordingShapes) -> None:
        self._shapes = shapes

    def metadata(self, parts: Sequence[PartRecord], standing: Standing, labels: Sequence[Meant]) -> bytes:
        """See `Wording.metadata`."""
        return encode(self._shapes.recording(parts, standing, labels))

    def trail(self, lines: Sequence[AuditLine]) -> bytes:
        """See `Wording.trail`."""
        return encode([trail_line(each) for each in lines])
