"""Every bound of the program in one place, each with its reason: what is not bounded here is a defect."""

from telegraphone.limits.ari import *  # noqa: F403 - one place to import from, by whatever layer a bound is kept
from telegraphone.limits.calls import *  # noqa: F403 - one place to import from, by whatever layer a bound is kept
from telegraphone.limits.capture import *  # noqa: F403 - one place to import from, by whatever layer a bound is kept
from telegraphone.limits.cometd import *  # noqa: F403 - one place to import from, by whatever layer a bound is kept
from telegraphone.limits.http import *  # noqa: F403 - one place to import from, by whatever layer a bound is kept
from telegraphone.limits.sealed import *  # noqa: F403 - one place to import from, by whatever layer a bound is kept
from telegraphone.limits.sip import *  # noqa: F403 - one place to import from, by whatever layer a bound is kept
from telegraphone.limits.siprec import *  # noqa: F403 - one place to import from, by whatever layer a bound is kept
from telegraphone.limits.switches import *  # noqa: F403 - one place to import from, by whatever layer a bound is kept
from telegraphone.limits.webhooks import *  # noqa: F403 - one place to import from, by whatever layer a bound is kept
