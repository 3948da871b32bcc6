"""The identity providers of one node, made from its configuration."""

from telegraphone.config import Config, Secret
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.audit import AuditTrail
from telegraphone.services.federation import Federation, Provider


def make_federation(config: Config, audit: AuditTrail, clock: SystemClock) -> Federation:
    """The providers; nothing is reached yet."""
    providers: list[Provider] = []
    for entry in config.oidc:
        # Imported here: nobody else pays for loading it.
        from telegraphone.oidc.provider import OidcProvider, Registration

        secret = entry.client_secret.reveal() if isinstance(entry.client_secret, Secret) else ""
        registration = Registration(entry.issuer, entry.client_id, secret, entry.scopes, entry.authorities)
        identity = OidcProvider(registration, clock)
        providers.append(Provider(entry.name, entry.display_name or entry.name, entry.rules(), identity))
    return Federation(tuple(providers), audit)
