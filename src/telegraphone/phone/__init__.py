"""A small SIP phone: registers, calls, answers, speaks and listens; for the demonstration, for trying things, for tests."""

from telegraphone.phone.audio import HeardFrame as HeardFrame
from telegraphone.phone.conduct import CallFailed as CallFailed
from telegraphone.phone.conduct import PhoneOptions as PhoneOptions
from telegraphone.phone.conduct import PhoneState as PhoneState
from telegraphone.phone.phone import Phone as Phone
from telegraphone.phone.registration import RegistrationFailed as RegistrationFailed
from telegraphone.phone.terminal import scripted as scripted
from telegraphone.phone.terminal import typed as typed
from telegraphone.phone.terminal import use as use
from telegraphone.phone.voices import speech as speech
from telegraphone.phone.voices import tone as tone
from telegraphone.phone.voices import wav as wav
