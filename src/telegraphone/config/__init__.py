"""The configuration of an installation: declared, read, checked and explained."""

from telegraphone.config.announcing import announcement_in as announcement_in
from telegraphone.config.asterisk import AsteriskEntry as AsteriskEntry
from telegraphone.config.explaining import explain as explain
from telegraphone.config.explaining import settings as settings
from telegraphone.config.reading import ConfigError as ConfigError
from telegraphone.config.reading import parse as parse
from telegraphone.config.reading import read as read
from telegraphone.config.secret import Secret as Secret
from telegraphone.config.storing import Keys as Keys
from telegraphone.config.storing import Storage as Storage
from telegraphone.config.tables import Config as Config
from telegraphone.config.tables import Phone as Phone
from telegraphone.config.trunks import TrunkEntry as TrunkEntry
from telegraphone.config.webhooks import WebhookEntry as WebhookEntry
from telegraphone.config.webhooks import secret_bytes as secret_bytes
