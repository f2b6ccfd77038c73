# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Coverage alerts: what is one, and when it is raised and cleared."""

from __future__ import annotations

import pytest

from lwrf_ros.configuration.alerts import Alert, AlertWatch, parse_alert


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("car>0.5", Alert("car", 0.5)),
        ("pedestrian@path>0.05", Alert("pedestrian", 0.05, "path")),
        (" traffic light @ far-left_2 > 1e-2 ", Alert("traffic light", 0.01, "far-left_2")),
        ("car>0.5 clear<0.3", Alert("car", 0.5, clear=0.3)),
        ("car>0.5,clear < 0.5", Alert("car", 0.5, clear=0.5)),
        ("car>0.5 hold=3", Alert("car", 0.5, hold_frames=3)),
        ("car>0.5 hold=1000", Alert("car", 0.5, hold_frames=1000)),
        ("car>0.5 hold = 0.25s", Alert("car", 0.5, hold_s=0.25)),
        ("car>0.5 hold=3s", Alert("car", 0.5, hold_s=3.0)),
        ("car>0.5 hold=3600s", Alert("car", 0.5, hold_s=3600.0)),
        ("a@b>0.05,clear<0.03,hold=3", Alert("a", 0.05, "b", 0.03, 3)),
        ("a@b>0.05 , hold=3  clear<0.03", Alert("a", 0.05, "b", 0.03, 3)),
        ("a>b@c>0.25", Alert("a>b", 0.25, "c")),
        ("a@b c>0.25", Alert("a@b c", 0.25)),
    ],
)
def test_what_is_an_alert(text: str, wanted: Alert) -> None:
    assert parse_alert(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "car>0.5 clear<0.6",
        "car>0.5 clear<0",
        "car>0.5 clear<-0.1",
        "car>0.5 clear<nan",
        "car>0 clear<0",
        "car>0.5 clear",
        "car>0.5clear<0.3",
        "car>0.5 hold=0",
        "car>0.5 hold=1.5",
        "car>0.5 hold=-1s",
        "car>0.5 hold=3601s",
        "car>0.5 hold=1001",
        "car>0.5 hold=3m",
        "car>0.5 hold=s",
        "car>0.5 hold=3 hold=4",
        "car>0.5 hold=3 hold=1s",
        "car>0.5 clear<0.3 clear<0.2",
        "car>0.5 clear<0.3; hold=3",
        "car>0.5 wait=3",
    ],
)
def test_what_is_none(text: str) -> None:
    assert parse_alert(text) is None


def raised(alert: str, shares: list[float], period_s: float = 0.1) -> list[bool]:
    """Tell after which frames an alert about `car` is raised."""
    watch, parsed = AlertWatch(), parse_alert(alert)
    assert parsed is not None
    return [
        bool(watch.update([parsed], {parsed.region: {"car": share}}, 50.0 + index * period_s))
        for index, share in enumerate(shares)
    ]


def test_without_options_each_frame_speaks_for_itself() -> None:
    shares = [0.0, 0.5, 0.51, 0.5, 0.9, 0.0]
    assert raised("car>0.5", shares) == [False, False, True, False, True, False]


def test_it_stays_raised_until_it_falls_below_the_lower_limit() -> None:
    shares = [0.04, 0.06, 0.04, 0.03, 0.029, 0.04, 0.06]
    wanted = [False, True, True, True, False, False, True]
    assert raised("car>0.05 clear<0.03", shares) == wanted


def test_it_takes_frames_in_a_row_both_ways() -> None:
    shares = [0.6, 0.6, 0.1, 0.6, 0.6, 0.6, 0.1, 0.1, 0.6, 0.1, 0.1, 0.1]
    wanted = [False] * 5 + [True] * 6 + [False]
    assert raised("car>0.5 hold=3", shares) == wanted


def test_between_the_limits_a_row_is_broken() -> None:
    shares = [0.6, 0.6, 0.2, 0.4, 0.2, 0.2]
    assert raised("car>0.5 clear<0.3 hold=2", shares) == [False, True, True, True, True, False]


def test_it_takes_seconds_whatever_the_rate() -> None:
    assert raised("car>0.5 hold=1s", [0.6] * 4 + [0.0] * 4, 0.5) == [
        *[False, False, True, True],
        *[True, True, False, False],
    ]
    assert raised("car>0.5 hold=1s", [0.6] * 12, 0.25).index(True) == 4


def test_words_say_class_region_and_limit() -> None:
    watch = AlertWatch()
    alerts = [Alert("car", 0.12), Alert("car", 0.5, "path", clear=0.3), Alert("road", 0.75)]
    shares = {"": {"car": 0.125, "road": 0.5}, "path": {"car": 0.625, "road": 0.0}}
    assert watch.update(alerts, shares, 0.0) == {
        "": ["car 12.5% > 12.0%"],
        "path": ["car in path 62.5% > 50.0%"],
    }
    shares["path"]["car"] = 0.4
    assert watch.update(alerts, shares, 0.1)["path"] == [
        "car in path 40.0% not yet cleared, was > 50.0%"
    ]


def test_one_that_is_taken_out_begins_anew() -> None:
    watch, alert = AlertWatch(), Alert("car", 0.5, hold_frames=2)
    shares = {"": {"car": 0.6}}
    assert watch.update([alert], shares, 0.0) == {}
    assert watch.update([], shares, 0.1) == {}
    assert watch.update([alert], shares, 0.2) == {}
    assert watch.update([alert], shares, 0.3) == {"": ["car 60.0% > 50.0%"]}


def test_the_same_class_may_have_several_alerts() -> None:
    alerts = [Alert("car", 0.5), Alert("car", 0.1, hold_frames=2)]
    watch, shares = AlertWatch(), {"": {"car": 0.2}}
    assert watch.update(alerts, shares, 0.0) == {}
    assert watch.update(alerts, shares, 0.1) == {"": ["car 20.0% > 10.0%"]}
