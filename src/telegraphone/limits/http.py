"""Bounds of the API over HTTP."""

from typing import Final

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
"""How long a verified password is remembered as a keyed hash, so that 100 requests/s cost no Argon2."""

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

USER_NAME_CHARS_MAX: Final = 128
"""Characters of a login, in the configuration and from an identity provider."""

LOGIN_TRY_S: Final = 600.0
"""How long somebody may take at an identity provider: to find a phone for the second factor."""

LOGIN_TRIES_MAX: Final = 5_000
"""Browsers that are at an identity provider; one more and the oldest has to begin again. A shift that begins at once."""

OIDC_ANSWER_S: Final = 10.0
"""How long an identity provider may take for one answer."""

OIDC_DISCOVERED_S: Final = 3_600.0
"""How long it is believed what an identity provider says of itself, and its keys."""

OIDC_KEYS_AGAIN_S: Final = 60.0
"""How soon its keys are read again when a signature does not fit: forged tokens must not make us ask without end."""

OIDC_CLOCK_S: Final = 60.0
"""How far its clock may be from ours."""

TOKEN_NAME_CHARS_MAX: Final = 64
"""Characters of the name of an API token: what it is for, in a few words."""

TOKEN_CHARS_MAX: Final = 128
"""An API token as it is sent; ours have some 70 characters."""

TOKENS_PER_USER_MAX: Final = 50
"""API tokens of one user: one for each script, and room to change them."""

TOKEN_DAYS: Final = 90
"""How long an API token lasts where nothing else is asked for."""

TOKEN_DAYS_MAX: Final = 730
"""How long one may last: who forgets a script for two years has to think of it again."""

TOKEN_USE_NOTED_S: Final = 60.0
"""How exactly it is kept when a token was last used, so that reading does not become writing."""

TOKEN_REMEMBERED_S: Final = 300.0
"""How long a token goes on being good that was, when the database cannot be asked: as long as a verified password."""

COLLECTION_LIMIT_MAX: Final = 100
"""Items of one page of a search (gws-api 13.2)."""

COLLECTION_OFFSET_MAX: Final = 10_000
"""How far a search may be paged by offset (gws-api 13.2)."""

SEARCH_STARS_MAX: Final = 4
"""Stars in one search pattern: each may be tried at every place of every number, which grows with the power of stars."""

SEARCH_PATTERN_CHARS_MAX: Final = 256
"""One search criterion: four times the longest login or number."""

SEARCH_WORDS_MAX: Final = 200
"""Words of one recording that free text is looked for in: numbers, names, ids, labels, and user data as far as it goes."""

SEARCH_WORD_CHARS_MAX: Final = 64
"""Characters of one such word: what nobody types is not kept a second time."""

SEARCH_TRAIT_CHARS_MAX: Final = 256
"""Characters of a number or of a pair of user data that are compared: what fits an index of any database."""

SEARCH_TEXT_WORDS_MAX: Final = 8
"""Words of one search: each is compared with every recording that the others leave."""

SEARCH_WALKED_MAX: Final = 5_000
"""How many of the newest recordings are compared with what no index has in order, before all that fit are looked up: some
10 ms."""

SEARCH_TEAM_MERGED_MAX: Final = 100
"""Agents of a team whose newest recordings are read one by one and merged; of more, nearly any page is found by reading on."""

SEARCH_SAMPLE: Final = 500
"""Newest recordings that say which words of a search many have."""

SEARCH_SAMPLE_COMMON: Final = 50
"""Of these have a word that is not looked up beside a rarer one: what is found is compared with it."""

SEARCH_SAMPLE_RARE: Final = 10
"""Fewer of these have a rare word: all that has it is looked through sooner than the newest of an agent."""

PEAK_COLUMNS_MAX: Final = 4_000
"""Columns of a waveform in one answer: more than any screen has, in 64 KB."""

PEAK_STRETCH_MS_MAX: Final = 900_000
"""Milliseconds of audio that one answer of peaks is made of, some seconds of work at most."""

TRAIL_LINES_SHOWN_MAX: Final = 500
"""Lines of the trail in one answer; about one recording there are seldom more."""

MATTER_CHARS_MAX: Final = 128
"""Characters of the name of a matter that recordings are held for: what people type and indexes take."""

LABEL_NAME_CHARS_MAX: Final = 64
"""Characters of a label's name, which stands in URLs and search boxes."""

LABEL_TEXT_CHARS_MAX: Final = 1_024
"""Characters of a label's value, display name or description (gws-api 13.6)."""

LABEL_RECORDINGS_MAX: Final = 100
"""Recordings that one request labels: a page of a search (gws-api 13.6)."""

LABEL_DEFINITIONS_MAX: Final = 1_000
"""Label definitions of one contact centre: more than anybody can choose from, and read as a whole."""

LABELS_MAX: Final = 100
"""Labels of one recording: what one page shows."""

REDACTION_REASON_CHARS_MAX: Final = 256
"""Characters of the reason why a span was taken out, which stands in the manifest for as long as the recording."""

PURPOSE_CHARS_MAX: Final = 256
"""Characters of what a recording is heard for, which stands in every line of the trail about it."""

PURPOSE_S: Final = 8 * 3_600.0
"""How long somebody hears a recording for what was said once: a working day."""

SIGN_INS_WAITING_MAX: Final = 10_000
"""Sign-ins, sign-outs and wrong passwords that wait to be written down while the database is away: a morning's."""

SIGN_IN_ADDRESSES_MAX: Final = 20
"""Addresses that are known of one sign-in by password or token; when there are more, each is written down again."""

APPROVAL_S: Final = 86_400.0
"""How long somebody waits for a second person, and how long what was approved may be done: until the same hour tomorrow."""

APPROVALS_MAX: Final = 1_000
"""Wishes of one contact centre that wait for a second person at once; of more, the oldest of who asks must be asked for again."""

FOUND_PAGE: Final = 500
"""Recordings that something is done to in one transaction, of however many a search finds: some milliseconds."""

EXPORT_RECORDINGS_MAX: Final = 10_000
"""Recordings of one package: what one list of files proves, and a month of a contact centre takes a few of."""

EXPORT_JOBS_MAX: Final = 50
"""Packages of one contact centre at once, ready or not."""

EXPORT_KEPT_S: Final = 7 * 86_400.0
"""How long a package can be fetched: over a weekend and a holiday."""

EXPORT_LOOK_S: Final = 60.0
"""How often it is looked for packages to prepare that nobody has said anything of, as after a database was away."""

TROUBLES_SHOWN_MAX: Final = 1_000
"""Calls without a whole recording that are remembered to be shown: of more, something is wrong with more than calls."""
