"""The seed of a run: what tests leave to chance follows from it, so that a failure can be seen again. `make prove ID=F16 SEED=7`
gives another one than that of `make test`."""

import os
from random import Random
from typing import Final

USUAL: Final = "1898"
SEED: Final = os.environ.get("TELEGRAPHONE_SEED", USUAL)


def chance(*what: object) -> Random:
    """Chance for one thing of a test; other things have another, and each run with the same seed has the same."""
    return Random("/".join(map(str, (SEED, *what))))
