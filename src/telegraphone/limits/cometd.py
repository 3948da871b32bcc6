"""Bounds of Bayeux and CometD."""

from typing import Final

BAYEUX_HOLD_S: Final = 30.0
"""How long a connect waits for a message (gws-api 10): below the idle time-out of ordinary proxies, 60 s."""

BAYEUX_EXPIRY_S: Final = 60.0
"""A client that has no connect waiting is forgotten after this (gws-api 10): a desktop on a bad link keeps its place."""

BAYEUX_CLIENTS_PER_USER_MAX: Final = 20
"""Client ids of one user (gws-api 10): a desktop, some tabs and what they left behind when they crashed."""

BAYEUX_SOCKETS_PER_USER_MAX: Final = 40
"""WebSockets of one user: one for each client id and one more for each that is just being replaced."""

BAYEUX_QUEUE_MAX: Final = 1_000
"""Messages waiting for one client id (gws-api 10); one more and the client must begin anew, so nothing is lost unseen."""

BAYEUX_QUEUE_BYTES_MAX: Final = 8 * 1024 * 1024
"""Bytes of those messages: a thousand calls of 8 KiB, while a call with full user data alone has 64 KiB."""

BAYEUX_BODY_BYTES_MAX: Final = 64 * 1024
"""One request or WebSocket frame of a client: the default of the original server."""

BAYEUX_SUBSCRIPTIONS_MAX: Final = 100
"""Subscriptions of one client id: known desktops make at most 14."""

BAYEUX_CHANNEL_CHARS_MAX: Final = 256
"""Length of a channel's name: the longest in use has 30 characters."""

BAYEUX_MESSAGE_ID_CHARS_MAX: Final = 128
"""Length of a message id, which is echoed: clients count 1, 2, 3, some send a UUID."""

BAYEUX_CROWDED_S: Final = 10.0
"""How long a client pushed out by the user's newest one waits before it tries again: 21 tabs must not chase each other."""

COMETD_HEADS_KNOWN_MAX: Final = 16
"""Heads of requests that one connection remembers: five paths, and a length of body for each number of digits."""

COMETD_HEAD_BYTES_MAX: Final = 4 * 1024
"""The longest head that is remembered: what browsers send has 500 to 1,500 bytes."""

COMETD_BEHIND_BYTES_MAX: Final = 64 * 1024
"""What a client may send on a connection behind a request that waits: no known client sends anything."""

COMETD_BODY_S: Final = 10.0
"""How long a client may take to send the rest of a request it began."""

COMETD_SEND_S: Final = 30.0
"""How long a WebSocket client may leave a message unread in full buffers before it is cut off."""
