"""The embedded exchange: real SIP phones register here, call each other through it, and nobody needs a PBX to begin."""

from telegraphone.switches.exchange.accounts import Account as Account
from telegraphone.switches.exchange.accounts import Answering as Answering
from telegraphone.switches.exchange.exchange import Exchange as Exchange
