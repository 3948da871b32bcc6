"""The two reports: canonical, about one version of a recording, every frame counted once."""

import json

from telegraphone.media.canonical import canonical
from telegraphone.media.journal import Drift
from telegraphone.media.reports import completeness, pauses
from tests.unit.media.recording_maker import Maker, at, conversation, ended, pause, started


def test_pauses_for_several_reasons_are_all_told() -> None:
    maker = Maker()
    maker.audio(b"\xff" * 1_000)
    records = [started(), *pause(100, 400), *pause(200, 300, "hold"), *pause(900, None, "policy"), ended(1_000)]
    maker.journal(records)
    said = pauses(maker.finished(), records)
    told = [(each["kind"], each["reason"], each["start"], each["stop"]) for each in json.loads(said)["pauses"]]
    assert told == [("paused", "agent", 100, 400), ("held", "hold", 200, 300), ("paused", "policy", 900, 1_000)]
    assert canonical(json.loads(said)) == said
    assert json.loads(said)["pauses"][2]["opened_by"] == {}


def test_every_frame_of_a_party_is_kept_silent_or_lost() -> None:
    maker = Maker()
    conversation(maker)
    maker.store.files[f"{maker.live}/s0-e0.tgs"][700] ^= 1
    said = json.loads(completeness(maker.finished(), [Drift(at(0), 1, 0, -31.5), Drift(at(9), 1, 9, 12.0)]))
    for party in said["parties"]:
        assert party["expected_frames"] == party["kept_frames"] + party["silent_frames"] + party["lost_frames"] == 1_000
    assert [party["drift_ppm_max"] for party in said["parties"]] == [0.0, 31.5]
    assert said["complete"] is (said["parties"][0]["lost_frames"] == 0)
