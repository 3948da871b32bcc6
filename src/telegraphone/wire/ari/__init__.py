"""The Asterisk REST Interface as data: events that it tells and requests that it takes, without a connection.

A channel is Asterisk's word for one leg, with an id that we may choose; a bridge is where legs hear each other. What comes
over the WebSocket is parsed by `events`, what REST answers by `resources`, and `requests` says what to ask.
"""
