"""SIP (RFC 3261) as data: messages, transactions, dialogs, and a user agent that never touches a socket.

Read from the bottom: `uri`, `headers`, `fields`, `message`; then `transaction` and `dialog`, the two state
machines; then `engine`, which is all that an endpoint or an exchange needs to know, with `events` (what it
says) and `commands` (what it is told).
"""
