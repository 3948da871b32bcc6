"""A switch without a network: scripted phones on any clock, for scenarios, simulations and for trying an agent's client.

It keeps the same promises as a real switch (they share one contract suite) and adds two things. Phones do what they are
told, by hand (`switch.phone("5001").answer()`) or by a script (`Script(answers_after_s=2.0)`); and what a real switch
does with audio is shown as facts: `hears(leg)` and `forks`. With a virtual clock every run is the same.
"""

from telegraphone.switches.simulated.phone import Script as Script
from telegraphone.switches.simulated.phone import SimulatedPhone as SimulatedPhone
from telegraphone.switches.simulated.switch import EVERY_ABILITY as EVERY_ABILITY
from telegraphone.switches.simulated.switch import SimulatedSwitch as SimulatedSwitch
