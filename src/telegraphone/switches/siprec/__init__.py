"""A session recording server for any border controller or exchange that forks calls by SIPREC (RFC 7866)."""

from telegraphone.switches.siprec.register import Admission as Admission
from telegraphone.switches.siprec.server import SiprecServer as SiprecServer
from telegraphone.switches.siprec.trunk import Trunk as Trunk
