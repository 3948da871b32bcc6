"""Asterisk as a switch: its phones and trunks under the agents' hands, by the Asterisk REST Interface."""

from telegraphone.switches.asterisk.switch import AsteriskSwitch as AsteriskSwitch
