"""Every bound of the program in one place, each with its reason: what is not bounded here is a defect."""

from typing import Final

# --- calls and services -------------------------------------------------------------------------------------------

CALLS_MAX: Final = 2_000
"""Calls alive at once on one node: four times the largest tested load, so that a leak is met before memory is."""

MAILBOX_MAX: Final = 64
"""Commands and events waiting for one call's actor: a person and two phones make a handful; more is a storm."""

DESTINATION_CHARS_MAX: Final = 128
"""A number an agent asks for: 15 digits are enough for E.164, and some exchanges dial names."""

RELEASED_CALL_S: Final = 60.0
"""How long a released call can still be addressed by its id (gws-api 7.2)."""

USER_DATA_BYTES_MAX: Final = 64 * 1024
"""User data of one call, as JSON: the size of one request body (gws-api 3.1)."""

COMMANDS_WAITING_MAX: Final = 48
"""Agents' commands are refused above this, so that facts from the switch always find room in the mailbox."""

CONFERENCE_PARTIES_MAX: Final = 16
"""Parties of one call: the largest conference of ordinary exchanges; each is mixed for each other."""

CONSULTS_MAX: Final = 8
"""Consult calls alive in one conversation: an agent has one or two, and each party may ask somebody."""

CATALOGUE_BACKLOG_MAX: Final = 50_000
"""Parts waiting for the database: a day without it at 500 calls of a quarter of an hour; about 1 KiB each."""

CATALOGUE_RETRY_S: Final = 1.0
"""Pause between two tries to reach the database."""

RECORDER_ANSWER_S: Final = 3.0
"""How long an operation waits for the recorder before it answers 500/4 (gws-api 8.4): the shortest client time-out is 5 s."""

# --- SIP and SDP --------------------------------------------------------------------------------------------------

SIP_DATAGRAM_BYTES_MAX: Final = 64 * 1024
"""A SIP message over UDP: what one datagram can hold."""

SIP_STREAM_MESSAGE_BYTES_MAX: Final = 256 * 1024
"""A SIP message over TCP: an INVITE of a recording client with metadata of 64 KiB, and ample room (siprec 9)."""

SIP_HEAD_BYTES_MAX: Final = 64 * 1024
"""Start line and header fields of one message: 128 lines rarely fill a tenth of it."""

SIP_BODY_BYTES_MAX: Final = 192 * 1024
"""A message's body: the largest stream message without its head."""

SIP_HEADERS_MAX: Final = 128
"""Header lines of one message: the longest of RFC 4475 has 43."""

SIP_HEADER_LINE_BYTES_MAX: Final = 8 * 1024
"""One unfolded header line."""

SIP_TRANSACTIONS_MAX: Final = 40_000
"""Transactions alive at once: 2,000 calls make some 10 each in 32 s of hanging about, and registrations as many."""

SIP_DIALOGS_MAX: Final = 10_000
"""Dialogs alive at once, early ones included: two legs a call, forks, and room for recording dialogs."""

SIP_WAITING_INVITES_MAX: Final = 4
"""Re-INVITEs that wait for their turn in one dialog: hold, retrieve, and again; more is a loop."""

SIP_CONNECTIONS_MAX: Final = 4_000
"""TCP connections open at once: one a phone."""

SIP_CONNECTION_BUFFER_BYTES_MAX: Final = 1024 * 1024
"""Bytes waiting to be written to one TCP connection: a peer that does not read is cut off."""

SIP_CONNECTION_IDLE_S: Final = 300.0
"""A TCP connection that has not said one whole message after so long is closed (siprec 9)."""

SIP_MESSAGE_FINISH_S: Final = 10.0
"""How long a TCP peer may take to finish a message it began."""

SIP_HANDSHAKE_S: Final = 5.0
"""How long a TLS peer may take to agree on keys, and to say goodbye: connections that do neither must not pile up."""

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

# --- SIPREC ---------------------------------------------------------------------------------------------------------

MULTIPART_PARTS_MAX: Final = 16
"""Parts of one body (siprec 9): a description, metadata, and what a gateway adds of its own."""

MULTIPART_NESTING_MAX: Final = 2
"""Bodies within bodies (siprec 9)."""

METADATA_BYTES_MAX: Final = 64 * 1024
"""One metadata document, and what is kept of a rejected one (siprec 9)."""

CALL_S_MAX: Final = 8 * 3_600.0
"""A recording session that nobody ends is ended after this (siprec 9)."""

SNAPSHOT_REQUEST_S: Final = 5.0
"""Time between two requests for a metadata snapshot in one dialog (siprec 3)."""

METADATA_DEPTH_MAX: Final = 16
"""Elements within elements of metadata (siprec 9): the schema needs four."""

METADATA_ELEMENTS_MAX: Final = 4_096
"""Elements of one metadata document (siprec 9)."""

METADATA_ITEMS_MAX: Final = 512
"""Participants, or streams, or associations of one recording session (siprec 9)."""

METADATA_TEXT_CHARS_MAX: Final = 1_024
"""One text or attribute value of metadata (siprec 9)."""

# --- sealed recordings --------------------------------------------------------------------------------------------

SEALED_HEADER_BYTES_MAX: Final = 4_096
"""The plain header of a sealed file (recording-format, "Header"): ids and numbers take some 500 bytes."""

SEALED_SEGMENT_BYTES_MAX: Final = 64 * 1024
"""Audio sealed as one unit: what a crash may lose and a seek must read; 200 ms of 16 kHz linear is 6,400 bytes."""

JOURNAL_RECORD_BYTES_MAX: Final = 4 * 1024
"""One record of a journal before sealing: a few ids, a note of who and how."""

JOURNAL_BYTES_MAX: Final = 8 * 1024 * 1024
"""One journal file: a day of a badly broken stream, a gap every second; read whole at recovery."""

MANIFEST_BYTES_MAX: Final = 32 * 1024 * 1024
"""One manifest: every gap of a full journal takes a line of some 120 bytes in it."""

PLAYBACK_PIECE_FRAMES: Final = 16_000
"""Frames rendered at once: 2 s of 8 kHz, 64 KB of stereo; what a listener waits for and a reader holds in memory."""

PLAYBACK_READS_MAX: Final = 8
"""Pieces rendered at the same moment in worker threads: each waits for a disk and then for one core."""

# --- Bayeux and CometD --------------------------------------------------------------------------------------------

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
"""One request or WebSocket frame of a client: the default of the original server (cometd 1.2)."""

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

# --- taking audio in ----------------------------------------------------------------------------------------------

SEGMENT_FRAMES: Final = 1_600
"""Frames sealed as one unit: 200 ms, half of what a crash may lose (recording-format, "Writer rules")."""

RUN_PACKETS_MAX: Final = 32
"""Packets of one stream read by one system call: a drain each 100 ms finds five, after a stall it asks again."""

REORDER_PACKETS_MAX: Final = 16
"""Packets that wait for one that is missing: 320 ms of 20 ms packets, far more than the window of time allows."""

REORDER_WINDOW_NS: Final = 60_000_000
"""How long packets wait for one that is missing: three packets of 20 ms."""

GATE_SPANS_MAX: Final = 16
"""Shut spans a gate tells apart: a packet that is late by more pauses than these finds everything shut."""

RECEIVE_BUFFER_BYTES: Final = 2 * 1024 * 1024
"""Receive buffer asked of the kernel for each RTP socket, B: it counts some 1 KiB for each small packet, so 40 s of one
stream wait there while a worker is stopped or replaced."""

# --- HTTP API -----------------------------------------------------------------------------------------------------

HTTP_BODY_BYTES_MAX: Final = 64 * 1024
"""One request body (gws-api 3.1): full user data of one call and its envelope."""

HTTP_BODY_S: Final = 10.0
"""How long a client may take to send the body of its request."""

HTTP_HEAD_BYTES_MAX: Final = 32 * 1024
"""Request line and header fields of one request: a long authorization, many cookies, and a search of six long criteria."""

HTTP_FIELDS_MAX: Final = 100
"""Header fields of one request: browsers behind proxies send some 30."""

HTTP_HEAD_S: Final = 20.0
"""How long a client may take to send the head of a request, once it has connected or begun."""

HTTP_CONNECTIONS_MAX: Final = 20_000
"""Connections open at once: ten thousand agents with a held connect and one for requests each."""

SIGN_IN_IDLE_S: Final = 1_800.0
"""A sign-in that nobody uses ends after this (gws-api 4)."""

SIGN_IN_LIFE_S: Final = 24 * 3_600.0
"""A sign-in ends after this whatever happens: longer than any shift, so that a stolen cookie does not last for ever."""

SIGN_INS_PER_USER_MAX: Final = 20
"""Sign-ins of one user; a further one ends the longest unused. As many as there may be CometD clients."""

SIGN_INS_MAX: Final = 20_000
"""Sign-ins of all users: ten thousand agents with a desktop and a forgotten browser each."""

CREDENTIALS_REMEMBERED_S: Final = 300.0
"""How long a verified password is remembered as a keyed hash, so that 100 requests/s cost no Argon2 (security 1)."""

CREDENTIALS_REMEMBERED_MAX: Final = 20_000
"""Users whose verified password is remembered; one more and the oldest is verified again."""

CREDENTIALS_CHARS_MAX: Final = 4 * 1024
"""An Authorization header: a long login and a pass phrase take a tenth of it."""

PASSWORD_CHECKS_MAX: Final = 2
"""Argon2 verifications at the same moment: each takes 64 MiB and a core for some 50 ms."""

PASSWORD_CHECKS_WAITING_MAX: Final = 200
"""Verifications waiting for their turn: the first minute of a shift; more are refused at once."""

LOGIN_FAILURES_PER_USER_MAX: Final = 10
"""Wrong passwords for one user in a row, from places where that user was never let in, before they are slowed down."""

LOGIN_FAILURES_PER_ADDRESS_MAX: Final = 30
"""Wrong passwords from one address in a row: an office behind one address on a Monday morning."""

LOGIN_FAILURE_FORGIVEN_S: Final = 6.0
"""One wrong password is forgiven after each such time: 600 guesses an hour, hopeless against eight characters."""

LOGIN_LIMITS_REMEMBERED_MAX: Final = 20_000
"""Users, and as many addresses, whose failures are counted; the least recently failing is forgotten first."""

COLLECTION_LIMIT_MAX: Final = 100
"""Items of one page of a search (gws-api 13.2)."""

COLLECTION_OFFSET_MAX: Final = 10_000
"""How far a search may be paged by offset (gws-api 13.2)."""

SEARCH_STARS_MAX: Final = 4
"""Stars in one search pattern: each may be tried at every place of every number, which grows with the power of stars."""

SEARCH_PATTERN_CHARS_MAX: Final = 256
"""One search criterion: four times the longest login or number."""

# --- switches and phones ------------------------------------------------------------------------------------------

SWITCH_EVENTS_MAX: Final = 65_536
"""Facts waiting for the one reader: 2,000 calls make some ten each. New calls are refused at half of it."""

REGISTRATION_CONTACTS_MAX: Final = 10
"""Phones registered on one number at once: desk, soft and mobile phone of one person, and some that were reinstalled."""

REGISTRATION_S_MAX: Final = 3_600
"""The longest registration granted; a phone that asks for more is given this."""

REGISTRATION_S_MIN: Final = 30
"""The shortest one; a phone that asks for less is told so (RFC 3261 section 10.3, 423)."""

MEDIA_PORT_REST_S: Final = 10.0
"""How long a media port rests between two calls: RTP that is on its way longer than that is nobody's audio."""

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

KEYS_WAITING_MAX: Final = 64
"""Keypad digits that wait to be played to one phone: a card number, its date and its code, twice."""

PHONE_FRAMES_HEARD_MAX: Final = 180_000
"""Frames a small phone keeps of what it hears: an hour of 20 ms frames; older ones fall out."""

COMMIT_PERIOD_S: Final = 0.2
"""Time between two rounds that make everything written durable (recording-format, W5)."""

KEYS_AT_ONCE: Final = 64
"""Data keys made together: one sync then costs each less than making its envelope does, and 64 take some 10 ms."""

KEYS_READY_MAX: Final = 128
"""Data keys of one tenant waiting to be used, three a recording: what starts in a second of the busiest hour."""

WRITER_BACKLOG_BYTES_MAX: Final = 128 * 1024 * 1024
"""Audio waiting for the disk in one worker: 8 s of 1,000 calls, hours of a few; then gaps are counted (W9)."""

JOURNAL_GAPS_BYTES_MAX: Final = 6 * 1024 * 1024
"""A journal longer than this takes no more gap records, so that pauses always find room (JOURNAL_BYTES_MAX)."""

CONTROL_MESSAGE_BYTES_MAX: Final = 128 * 1024
"""One message between the program and a recorder worker: a finished recording with a thousand spans."""

OPERATIONS_WAITING_MAX: Final = 16
"""Gate operations of one recording that wait for the one before: a person presses one button at a time."""

RESUME_GUARD_FRAMES: Final = 480
"""60 ms after a resume that stay silent: what was spoken before it may still be on its way (capture.md 2)."""

SPANS_TOLD_MAX: Final = 1_000
"""Spans of a finished recording that the program is told at once; the manifest has them all."""

RECORDINGS_PER_WORKER_MAX: Final = 2_000
"""Recordings of one worker at once: what one core was measured to take without loss, and all the calls of a node."""

DRAIN_PERIOD_S: Final = 0.4
"""Time between two readings of all sockets: measured cheapest, and short against what a crash may lose (capture.md 1)."""

DRIFT_WINDOW_S: Final = 5.0
"""Window over which the least delay of a stream is taken: 250 packets, of which one has had a free way."""

WRITER_SILENT_S: Final = 3.0
"""Audio that waits so long for the disk is an alarm (properties REC-6: under 5 s)."""

SALVAGE_ASKED_MAX: Final = 2_000
"""Recordings asked after at a start, in one message of 80 KiB: all that one node can have had running."""

RECORDING_SEAL_RETRY_S: Final = 10.0
"""Time between two attempts to finish a recording that could not be finished when its call ended."""

RECORDING_SEAL_S: Final = 30.0
"""How long finishing a recording may take: reading back and hashing ten hours of audio on a slow disk."""

RECORDER_EVENTS_MAX: Final = 4_096
"""Facts of the recorder waiting for the program: one for each recording of two workers, twice."""

COMMANDS_OUTSTANDING_MAX: Final = 8_192
"""Commands a worker has not answered: a start, two pauses and an end of each of its recordings."""

WORKER_RESTARTS_MAX: Final = 20
"""Workers started in the place of one that died, within the window below; more is a defect that restarting repeats."""

WORKER_RESTARTS_WINDOW_S: Final = 10.0
"""The window of the line above."""

WORKER_REST_S: Final = 10.0
"""How long a worker that died too often is left alone before it is tried again: a full disk or a broken library takes a
person minutes to mend, and recording shall be back soon after."""

WORKER_DEATH_S: Final = 0.5
"""How long a worker that has closed its link may take to die before it is killed."""

WORKER_STOP_S: Final = 60.0
"""How long a worker may take to finish everything at the end of the program."""
