"""Bounds of what is said to and by an Asterisk."""

from typing import Final

ARI_TEXT_CHARS_MAX: Final = 4_096
"""One text in an event or answer: names and numbers are short, and Asterisk's own fields hold 256 characters or less."""

ARI_ITEMS_MAX: Final = 65_536
"""Items of one list: every channel of an Asterisk that carries 5,000 calls with two taps each."""

ARI_MESSAGE_BYTES_MAX: Final = 1024 * 1024
"""One event: most have 1 KiB, those of a bridge an id for each of its members."""

ARI_ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
"""One answer: some 700 B for each channel of a full list."""

ARI_ANSWER_S: Final = 2.5
"""How long a request may take: less than an operation waits (RECORDER_ANSWER_S), so that it fails by its own name."""

ARI_CONNECT_S: Final = 1.0
"""How long a connection may take: an Asterisk is in the same building."""

ARI_PING_S: Final = 2.0
"""Time between two pings on the events connection, and how long one waits: a frozen Asterisk is known in 4 s."""

ARI_RETRY_S: Final = (0.2, 0.5, 1.0, 2.0)
"""Pauses between tries to reconnect, then the last for ever: calls wait for nobody, and a try costs little."""

ARI_TAKEN_S: Final = 10.0
"""After so long an application that somebody else has taken is taken back: a node that follows this one has that long to end it,
and a program that was tried under the wrong name costs no more calls than come meanwhile."""

ARI_LOST_S: Final = 20.0
"""An Asterisk that cannot be reached for so long counts as gone, and its calls as ended: it may only have been frozen."""

ARI_LOOK_S: Final = 3.0
"""Time between two looks at what the application holds: how long an event that got lost stays unnoticed."""

ARI_STARTED_S: Final = 0.6
"""How long the event is awaited that says a tap's channel is ready; then it is tried without."""

ARI_CONDEMNED_MAX: Final = 4_096
"""Channels and bridges still to be deleted because Asterisk could not be reached: more are found by their names."""

ARI_ENDED_KNOWN_MAX: Final = 4_096
"""Ended channels whose late events are told from those of new ones."""

ASTERISK_PORTS_SHARE_MAX: Final = 0.8
"""How much of Asterisk's RTP ports may be in use before a tap is refused: with none left a tap kills Asterisk
(asterisk/asterisk#1757), and other calls take some too."""

ASTERISK_UNMUTE_S: Final = 0.3
"""How long a resume waits for a tap to be unmuted, which takes some milliseconds: then the gate opens all the same."""

ASTERISK_KEY_S: Final = 0.25
"""Time from key to key: Asterisk takes 0.22 s for each, so that none waits behind another there."""

ASTERISK_KEYS_MAX: Final = 256
"""Keys that wait to be played to one party: four operations of as many as one may have (64), a minute."""

ASTERISK_MISSED_PACKETS: Final = 4
"""So many packets that came to Asterisk and not to the recorder prove that its tap is dead: 80 ms of what a phone sends."""

ASTERISK_PARTY_SETTLED_S: Final = 2.0
"""After so long a phone behind address translation has sent its first packets, and Asterisk knows where it truly is."""

ASTERISK_PARTY_LOOK_S: Final = 10.0
"""Time between two looks where a tapped phone sends from: it moves when a call is taken over, which is seldom."""
