"""Bounds of switches and phones."""

from typing import Final

SWITCH_EVENTS_MAX: Final = 65_536
"""Facts waiting for the one reader: 2,000 calls make some ten each. New calls are refused at half of it."""

REGISTRATION_CONTACTS_MAX: Final = 10
"""Phones registered on one number at once: desk, soft and mobile phone of one person, and some that were reinstalled."""

REGISTRATION_S_MAX: Final = 3_600
"""The longest registration granted; a phone that asks for more is given this."""

REGISTRATION_S_MIN: Final = 30
"""The shortest one; a phone that asks for less is told so (RFC 3261 section 10.3, 423)."""

MEDIA_PORT_REST_S: Final = 10.0
"""How long a media port rests between two calls at least: RTP that is on its way longer than that is nobody's audio. The longest
unused is taken, so that in a range twice as large as the need each rests as long as a call lasts; to insist on a minute (siprec
7) would refuse calls where that cannot be had."""

MEDIA_PACKETS_PER_TURN: Final = 64
"""Packets read from one socket before others have their turn: 1.3 s of one stream after a stall."""

MEDIA_DATAGRAM_BYTES_MAX: Final = 2_048
"""One RTP packet: an Ethernet frame holds 1,500, and 20 ms of G.711 takes 172."""

MEDIA_SOCKET_BUFFER_BYTES: Final = 256 * 1024
"""Receive buffer asked for each media socket: some seconds of G.711 while the loop is busy."""

JITTER_DEPTH_SAMPLES: Final = 320
"""Audio that waits before it is mixed: 40 ms smooth what a local network and two event loops do to packets 20 ms apart."""

JITTER_SAMPLES_MAX: Final = 1_600
"""The most that waits, 200 ms: a longer queue is heard as delay, so a burst after a stall loses its beginning."""

ANNOUNCEMENT_S_MAX: Final = 60.0
"""The longest announcement: nobody waits longer to be heard. Half a megabyte as phones take it."""

ANNOUNCEMENT_LATE_S: Final = 20.0
"""How much longer an announcement may take than its sound: as long as all the keys that may wait, which halt it."""

ANNOUNCEMENTS_READY_MAX: Final = 64
"""Announcements kept as phones take them: one for each line of a large contact centre, 64 MB of the longest."""

KEYS_WAITING_MAX: Final = 64
"""Keypad digits that wait to be played to one phone: a card number, its date and its code, twice."""

FEATURE_CODE_KEY_S: Final = 4.0
"""The longest rest between two keys of one feature code: as long as slow fingers look for a key."""

PHONE_FRAMES_HEARD_MAX: Final = 180_000
"""Frames a small phone keeps of what it hears: an hour of 20 ms frames; older ones fall out."""

ENDED_LEGS_KNOWN_MAX: Final = 1_000
"""Ended legs whose switch is still remembered: some seconds of a node that is as busy as it can be."""
