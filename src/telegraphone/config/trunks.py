"""The settings of the recording server for SIPREC: where it listens, and what is known of each recording client."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from telegraphone.config.tenants import Tenant
from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.limits import CALL_S_MAX, CALLS_MAX


class Siprec(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[siprec]`: the recording server that border controllers and exchanges fork calls to; it runs when there are trunks."""

    sip_host: Annotated[str, Meta(description="The address to listen on for SIP, over UDP and TCP.")] = "127.0.0.1"
    sip_port: Annotated[int, Meta(ge=1, le=65_535, description="The port to listen on for SIP.")] = 5070
    advertised_host: Annotated[str, Meta(description="The address clients are told for SIP; empty: `sip_host`.")] = ""
    recordings_max: Annotated[
        int, Meta(ge=1, le=CALLS_MAX, description="Recording sessions at once; the next is sent to another recorder (503).")
    ] = CALLS_MAX
    tls_port: Annotated[int, Meta(ge=0, le=65_535, description="The port to listen on for SIP over TLS; 0: none.")] = 0
    tls_certificate: Annotated[str, Meta(description="The file of the certificate chain (PEM) for SIP over TLS.")] = ""
    tls_key: Annotated[str, Meta(description="The file of its private key (PEM).")] = ""
    tls_client_authorities: Annotated[
        str,
        Meta(description="The file of the authorities (PEM) clients' certificates must come from; empty: none is asked."),
    ] = ""


class TrunkEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[trunks]]`: one recording client, such as a session border controller."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="What it is called in the log.")]
    sources: Annotated[
        tuple[str, ...],
        Meta(min_length=1, description="The addresses or networks it calls from, such as `192.0.2.0/28`; others are refused."),
    ]
    certificates: Annotated[
        tuple[str, ...], Meta(description="The names one of which its certificate must bear; empty: it need not use TLS.")
    ] = ()
    recording: Annotated[
        Literal["always", "on-demand", "by-rule"],
        Meta(description="Whether its calls are recorded from the start: all, none, or those of agents that are `recorded`."),
    ] = "always"
    recording_required: Annotated[
        bool,
        Meta(
            description="Whether a session whose recording breaks off is ended (BYE), so that its client turns to another "
            "recorder or ends the call; else it goes on without, and that is called out."
        ),
    ] = False
    profile: Annotated[
        Literal["siprec", "cisco-bib"],
        Meta(description="What it speaks: SIPREC, or what Cisco phones do that record by their built-in bridge."),
    ] = "siprec"
    strict: Annotated[
        bool, Meta(description="Whether what RFC 7866 demands of a client is insisted on; for conformance laboratories.")
    ] = False
    codecs: Annotated[
        tuple[Literal["PCMA", "PCMU", "G722", "opus", "G729"], ...],
        Meta(min_length=1, description="What may be sent, best first; all but PCMA and PCMU is decoded to 8 kHz."),
    ] = ("PCMA", "PCMU", "G722", "opus", "G729")
    keys_under_avp: Annotated[
        bool, Meta(description="Whether keys (`a=crypto`) in a line of plain RTP/AVP mean that it is encrypted all the same.")
    ] = True
    source_port: Annotated[
        Literal["signalled", "any"],
        Meta(
            description="Whether its audio must come from the port it signals or may come from any of that address: for clients "
            "that send from one port and receive at another. Keys by DTLS are agreed on with the signalled port all the same."
        ),
    ] = "signalled"
    voices: Annotated[
        tuple[str, ...],
        Meta(
            description="Whose voice a line brings where its metadata does not say: by the line's label, or its place from 1 on, "
            "each as `inbound=caller` or `2=called`."
        ),
    ] = ()
    devices: Annotated[
        tuple[str, ...],
        Meta(description="Agents' numbers by address of record, each as `sip:name@example.com=5001`."),
    ] = ()
    device_pattern: Annotated[
        str,
        Meta(description="A regular expression for the user part of an address; its first group, or all of it, is the number."),
    ] = ""
    first_is_called: Annotated[
        bool, Meta(description="Whether the first participant in its metadata is the called one, and not the caller.")
    ] = False
    call_uuid_from: Annotated[
        tuple[str, ...], Meta(description="Header fields or metadata elements that may hold the call's UUID, best first.")
    ] = ()
    user_data_from: Annotated[
        tuple[str, ...],
        Meta(description="Header fields or metadata elements that become user data, each as `X-Campaign=Campaign`."),
    ] = ()
    orders: Annotated[
        tuple[str, ...],
        Meta(
            description="Header fields by which it may order recordings, each as `X-Action: hold-it=pause`; `start`, `pause`, "
            "`resume` or `stop`."
        ),
    ] = ()
    keep_snapshots: Annotated[bool, Meta(description="Whether every metadata document is kept as it came.")] = True
    call_s_max: Annotated[
        float, Meta(gt=0, le=7 * 86_400, description="A recording session that nobody ends is ended after so many seconds.")
    ] = CALL_S_MAX
    tenant: Tenant = DEFAULT_TENANT
