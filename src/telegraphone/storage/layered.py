"""Reads several places as one: what is near first, what is far only when it is nowhere else."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from telegraphone.media.ports import SealedSource

Result = TypeVar("Result")


class Layered:
    """A `SealedSource` over others, in the order in which they are asked. A place that fails is passed over; its error is
    raised when no other has the file."""

    def __init__(self, *sources: SealedSource) -> None:
        self._sources = sources

    def list(self, directory: str) -> Sequence[str]:
        """See `SealedSource.list`; complete or an error."""
        names: set[str] = set()
        for source in self._sources:
            try:
                names.update(source.list(directory))
            except FileNotFoundError:
                continue
        if not names:
            raise FileNotFoundError(directory)
        return sorted(names)

    def size(self, path: str) -> int:
        """See `SealedSource.size`."""
        return self._first(path, lambda source: source.size(path))

    def read(self, path: str, offset: int, length: int) -> bytes:
        """See `SealedSource.read`."""
        return self._first(path, lambda source: source.read(path, offset, length))

    def _first(self, path: str, ask: Callable[[SealedSource], Result]) -> Result:
        failure: OSError | None = None
        for source in self._sources:
            try:
                return ask(source)
            except FileNotFoundError:
                continue
            except OSError as error:
                failure = failure or error
        raise failure or FileNotFoundError(path)
