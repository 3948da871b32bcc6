"""Bounds of telling other systems what happens to recordings."""

from typing import Final

WEBHOOK_LOOK_S: Final = 60.0
"""How often a webhook looks for something new unasked; what this node writes is looked for at once."""

WEBHOOK_BATCH_MAX: Final = 100
"""Happenings read at once for one webhook."""

WEBHOOK_PAUSE_MIN_S: Final = 1.0
"""After the first failure it is tried again this soon; each further pause is twice as long."""

WEBHOOK_PAUSE_MAX_S: Final = 900.0
"""The longest pause: a receiver that is back hears of it within a quarter of an hour."""

WEBHOOK_GIVE_UP_S: Final = 3 * 86_400.0
"""How long one happening is tried: longer than a weekend. Then it is left out, loudly, so that the rest is told."""

WEBHOOK_HAPPENINGS_KEPT_S: Final = 30 * 86_400.0
"""How long happenings can be told again."""

WEBHOOK_ANSWER_S: Final = 10.0
"""How long a receiver may take from the first packet to the head of its answer."""

WEBHOOK_SECRET_BYTES_MIN: Final = 24
"""The shortest secret that signs (Standard Webhooks 1.0, "Signature scheme": 24 to 64 bytes)."""
