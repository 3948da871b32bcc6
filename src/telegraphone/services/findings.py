"""What somebody who looks an installation over has to say about one thing in it."""

from dataclasses import dataclass
from enum import Enum


class Grade(Enum):
    """How a finding is meant."""

    GOOD = "ok"
    NOTE = "note"
    WRONG = "change"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is as it should be, might matter, or must be changed; and then how."""

    grade: Grade
    text: str

    def __str__(self) -> str:
        return f"{self.grade.value}: {self.text}"

    @property
    def is_fault(self) -> bool:
        """Whether something must be changed."""
        return self.grade is Grade.WRONG
