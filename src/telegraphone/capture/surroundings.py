"""What the live side of a recording needs of the worker that it is in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from telegraphone.capture.control import GivenBack
from telegraphone.capture.files import Item, RecordingFiles
from telegraphone.capture.lane import Lane
from telegraphone.media.memory import Room
from telegraphone.media.track import Output


@dataclass(frozen=True, slots=True)
class Surroundings:
    """To read a lane until it is empty, to have something written, to know the time, to tell the program something."""

    drain: Callable[[Lane], int]
    """Reads until nothing waits; answers the monotonic instant before the last look."""
    write: Callable[[RecordingFiles, Item, Callable[[str], None] | None], None]
    """Queues an item; the callback is called with an error text, empty when the item is durable."""
    store: Callable[[RecordingFiles, list[Output]], None]
    """Queues what a track has ready."""
    now_ns: Callable[[], int]
    moment: Callable[[int], datetime]
    room: Room
    """What is in memory alone shares it with that of other recordings."""
    tell: Callable[[GivenBack], None]
