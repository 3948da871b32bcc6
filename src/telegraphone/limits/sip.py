"""Bounds of SIP and SDP."""

from typing import Final

SIP_DATAGRAM_BYTES_MAX: Final = 64 * 1024
"""A SIP message over UDP: what one datagram can hold."""

SIP_HEAD_BYTES_MAX: Final = 64 * 1024
"""Start line and header fields of one message: 128 lines rarely fill a tenth of it."""

SIP_BODY_BYTES_MAX: Final = 192 * 1024
"""A message's body over TCP: the metadata of a recording client has 64 KiB, and ample room (siprec 9)."""

SIP_HEADERS_MAX: Final = 128
"""Header lines of one message: the longest of RFC 4475 has 43."""

SIP_HEADER_LINE_BYTES_MAX: Final = 8 * 1024
"""One unfolded header line."""

SIP_TRANSACTIONS_MAX: Final = 40_000
"""Transactions alive at once: 2,000 calls make some 10 each in 32 s of hanging about, and registrations as many."""

SIP_TRANSACTIONS_OF_ONE_MAX: Final = 20_000
"""Of those the requests of one address: half, so that a flood from one leaves room for all others; a proxy has enough."""

SIP_DIALOGS_MAX: Final = 10_000
"""Dialogs alive at once, early ones included: two legs a call, forks, and room for recording dialogs."""

SIP_WAITING_INVITES_MAX: Final = 4
"""Re-INVITEs that wait for their turn in one dialog: hold, retrieve, and again; more is a loop."""

SIP_CONNECTIONS_MAX: Final = 4_000
"""TCP connections open at once: one a phone. With more, the oldest that has not said a word is cut off for the newest."""

SIP_CONNECTION_BUFFER_BYTES_MAX: Final = 1024 * 1024
"""Bytes waiting to be written to one TCP connection: a peer that does not read is cut off."""

SIP_CONNECTION_IDLE_S: Final = 300.0
"""A TCP connection that has not said one whole message after so long is closed (siprec 9)."""

SIP_MESSAGE_FINISH_S: Final = 10.0
"""How long a TCP peer may take to finish a message it began."""

SIP_HANDSHAKE_S: Final = 5.0
"""How long a TLS peer may take to agree on keys, and to say goodbye: connections that do neither must not pile up."""

SIP_HANDSHAKES_MAX: Final = 256
"""Connections at a TLS port that have not agreed on keys yet: 64 MiB. With more, the oldest is cut off for the newest, so a flood
keeps a peer out only when that many connect while its handshake lasts."""

SIP_SOCKET_BUFFER_BYTES: Final = 4 * 1024 * 1024
"""Receive buffer asked of the kernel for the SIP socket: a burst of 2,000 INVITEs waits there instead of being lost."""

SIP_NONCE_S: Final = 300.0
"""Life of an authentication nonce: longer than any call set-up, shorter than a registration."""

SIP_NONCES_MAX: Final = 10_000
"""Nonces whose use counts are remembered; past that the oldest are stale, and their users are asked again."""

SDP_MEDIA_MAX: Final = 32
"""Media descriptions of one session description (siprec 9)."""

SDP_ATTRIBUTES_MAX: Final = 256
"""Attributes of one session description, all levels together (siprec 9)."""

SDP_BYTES_MAX: Final = 64 * 1024
"""A session description: 32 media of a hundred lines."""
