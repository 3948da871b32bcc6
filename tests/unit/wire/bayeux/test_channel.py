"""Names and wildcards of channels (gws-api 10.1)."""

import pytest

from telegraphone.limits import BAYEUX_CHANNEL_CHARS_MAX, BAYEUX_SUBSCRIPTIONS_MAX
from telegraphone.wire.bayeux.channel import Subscriptions, is_channel, is_pattern, patterns_of


@pytest.mark.parametrize("name", ["/a", "/v2/me/calls", "/meta/connect", "/a b/!#$()*+-.@_{}~", "/a/*", "/" + "x" * 255])
def test_well_formed_names_are_channels(name: str) -> None:
    assert is_channel(name)


@pytest.mark.parametrize(
    "name",
    ["", "/", "a", "a/b", "//", "/a/", "/a//b", "/a?b", "/ä", "/a\n", '/"', "/<b>", "/a%20", None, 5, ["/a"], "/" + "x" * 256],
)
def test_everything_else_is_none(name: object) -> None:
    assert not is_channel(name)


def test_the_longest_name_is_bounded() -> None:
    assert is_channel("/" + "x" * (BAYEUX_CHANNEL_CHARS_MAX - 1))
    assert not is_channel("/" + "x" * BAYEUX_CHANNEL_CHARS_MAX)


@pytest.mark.parametrize("name", ["/*", "/**", "/v2/me/*", "/v2/**", "/v2/me/calls", "/a*/b"])
def test_wildcards_stand_last(name: str) -> None:
    assert is_pattern(name)


@pytest.mark.parametrize("name", ["/*/calls", "/v2/**/calls", "/**/*", "v2", "", None, {}])
def test_wildcards_elsewhere_are_refused(name: object) -> None:
    assert not is_pattern(name)


@pytest.mark.parametrize(
    ("subscription", "heard"),
    [
        ("/v2/me/calls", True),
        ("/v2/me/*", True),
        ("/v2/me/**", True),
        ("/v2/**", True),
        ("/**", True),
        ("/v2/*", False),
        ("/*", False),
        ("/v2/me/calls/*", False),
        ("/v2/me/calls/**", False),
        ("/v2/me/devices", False),
        ("/v2/me/call", False),
    ],
)
def test_what_hears_a_call(subscription: str, heard: bool) -> None:
    subscriptions = Subscriptions()
    subscriptions.add(subscription)
    assert subscriptions.hear("/v2/me/calls") is heard


def test_a_channel_of_one_segment() -> None:
    assert patterns_of("/a") == {"/a", "/*", "/**"}


def test_subscriptions_are_bounded_and_not_counted_twice() -> None:
    subscriptions = Subscriptions()
    assert all(subscriptions.add(f"/{number}") for number in range(BAYEUX_SUBSCRIPTIONS_MAX))
    assert subscriptions.add("/0")
    assert not subscriptions.add("/one/more")
    assert subscriptions.remove("/0")
    assert not subscriptions.remove("/0")
    assert subscriptions.add("/one/more")
