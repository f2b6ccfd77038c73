# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The page in a real Chromium: no error, nothing loaded, and everything that moves moves."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from math import sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_run import (
    PERIOD_NS,
    START_NS,
    camera,
    write_comparison,
    write_run,
    write_scores,
)

from lwrf_ros.replay.report.write import write_report

pytest.importorskip("selenium", reason="selenium is not installed")

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE_S = 60.0
COUNT = 30
# The frame at which something happens, and one that is refused.
JUMP, REFUSED = 20, 7
# How light the picture is that the browser shows, as a canvas tells.
GREY_SHOWN = """() => {
    const image = document.getElementById("picture");
    if (!image.complete || !image.naturalWidth) return NaN;
    const context = document.createElement("canvas").getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(9, 9, 1, 1).data[0];
}"""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1300,1700",
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page of two cameras."""
    frames: list[Any] = [[0.5 + 0.05 * sin(k), 0.25, 0.1] for k in range(COUNT)]
    frames[JUMP:] = [[0.1, 0.7, 0.1]] * (COUNT - JUMP)
    frames[REFUSED] = "truncated"
    pictures = [np.full((48, 64, 3), 8 * k, np.uint8) for k in range(COUNT - 1)]
    folder = tmp_path_factory.mktemp("report")
    write_run(folder / "out", frames, [camera("left"), camera("right")], pictures, complete=False)
    topics = [camera("left").topic, camera("right").topic]
    equal = [
        (topic, START_NS + k * PERIOD_NS, 0, 0.25 if k == JUMP else 1.0)
        for topic in topics
        for k in range(COUNT)
    ]
    write_comparison(folder / "out" / "comparison", folder / "out", equal)
    write_scores(folder / "out", topics[:1])
    return write_report(folder / "out", folder / "report.html").path.as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A Chromium without a window and with a profile of its own."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium or chromedriver is not installed: the page is not tried in a browser")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    browser.set_page_load_timeout(PATIENCE_S)
    yield browser
    browser.quit()


@pytest.fixture
def opened(browser: webdriver.Chrome, page: str) -> Iterator[webdriver.Chrome]:
    """The page, newly opened on a light system; whatever a test does leaves no error behind."""
    prefer(browser, "light")
    browser.get_log("performance")
    browser.get(page)
    assert attribute(browser, "ready") == "yes"
    yield browser
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def prefer(browser: webdriver.Chrome, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def attribute(browser: webdriver.Chrome, name: str) -> str:
    return browser.execute_script("return document.documentElement.dataset[arguments[0]]", name)


def text(browser: webdriver.Chrome, name: str) -> str:
    return browser.find_element(By.ID, name).text


def wait(browser: webdriver.Chrome, script: str, wanted: Any = True) -> None:
    WebDriverWait(browser, PATIENCE_S, 0.05).until(
        lambda _: browser.execute_script(f"return {script}") == wanted,
        f"{script} did not become {wanted!r}",
    )


def wait_for_frame(browser: webdriver.Chrome, place: int, seconds: float, grey: int) -> None:
    """Wait until a frame is shown everywhere: picture, slider, text and the line in the plot."""
    wait(browser, f"Math.abs(({GREY_SHOWN})() - {grey}) <= 3")
    assert browser.find_element(By.ID, "slider").get_attribute("value") == str(place)
    assert f"{seconds:.2f} s; picture {place + 1} of {COUNT - 1}" in text(browser, "where")
    wait(browser, "document.getElementById('coverage').layout.shapes[0].x0", seconds)


def test_it_loads_nothing_and_says_what_it_is(opened: webdriver.Chrome) -> None:
    events = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    addresses = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert any(address.startswith("file:") for address in addresses)
    assert {address.split(":")[0] for address in addresses} <= {"file", "data"}
    assert text(opened, "title") == "corridor.bag"
    assert "60 frames read, 58 with labels" in text(opened, "summary")
    assert "did not come to the recording's end" in text(opened, "notices")
    assert "refused: truncated" in text(opened, "account")
    assert f"frame {REFUSED}, 0.70 s: truncated" in text(opened, "refused")
    assert "weights_sha256 97d18" in text(opened, "settings")
    assert "p50 " in text(opened, "percentiles")
    wait_for_frame(opened, 0, 0.0, 0)


def test_the_slider_the_keys_and_the_buttons_move_everything(opened: webdriver.Chrome) -> None:
    slider = opened.find_element(By.ID, "slider")
    slider.send_keys(Keys.ARROW_RIGHT * 3)
    wait_for_frame(opened, 3, 0.3, 24)
    # Dragged by hand: beyond the right end.
    ActionChains(opened).drag_and_drop_by_offset(slider, slider.size["width"], 0).perform()
    wait_for_frame(opened, COUNT - 2, 2.9, 224)
    assert "car 70.0 %" in text(opened, "shares").replace("\n", " ")
    opened.find_element(By.ID, "back").click()
    # With the refused frame left out, the place is one less than the frame's number.
    wait_for_frame(opened, COUNT - 3, 2.8, 216)
    body = opened.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.HOME)
    wait_for_frame(opened, 0, 0.0, 0)
    body.send_keys(Keys.SHIFT, Keys.ARROW_RIGHT)
    wait_for_frame(opened, 10, 1.1, 80)
    opened.find_element(By.CSS_SELECTOR, "#worst button").click()
    wait_for_frame(opened, JUMP - 1, 2.0, 152)


def test_play_runs_to_the_end_and_stops(opened: webdriver.Chrome) -> None:
    opened.find_element(By.TAG_NAME, "body").send_keys(Keys.END)
    play = opened.find_element(By.ID, "play")
    play.click()
    assert play.text == "Pause"
    wait(opened, "Number(document.getElementById('slider').value) > 2")
    wait(opened, "document.getElementById('play').textContent", "Play")
    wait_for_frame(opened, COUNT - 2, 2.9, 224)


def test_the_plot_zooms_hides_classes_and_leads_to_a_frame(opened: webdriver.Chrome) -> None:
    plot = opened.find_element(By.CSS_SELECTOR, "#coverage .nsewdrag")
    middle = plot.size["width"] / 2
    # A click at 1.45 s of 0 to 2.9 s: the frames next to it are those of 1.4 and 1.5 s.
    ActionChains(opened).move_to_element(plot).click().perform()
    wait(opened, "[13, 14].includes(Number(document.getElementById('slider').value))")
    ActionChains(opened).move_to_element(plot).click_and_hold().move_by_offset(
        int(middle / 2), 0
    ).release().perform()
    wait(opened, "document.getElementById('coverage').layout.xaxis.range[0] > 1")
    # Drawn anew, it stays zoomed.
    opened.find_element(By.ID, "lines").click()
    wait(opened, "document.getElementById('coverage').data[0].stackgroup", None)
    wait(opened, "document.getElementById('coverage').layout.xaxis.range[0] > 1")
    hovered = "document.querySelector('#coverage .hoverlayer').textContent"
    ActionChains(opened).move_to_element(plot).perform()
    wait(opened, f"{hovered}.includes('car') && {hovered}.includes('road')")
    visible = "document.getElementById('coverage').data.map((one) => one.visible ?? true)"
    opened.find_element(By.CSS_SELECTOR, "#coverage .legendtoggle").click()
    wait(opened, f"{visible}.filter((one) => one === 'legendonly').length", 1)


def test_light_and_dark(opened: webdriver.Chrome, tmp_path: Path) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    letters = "document.getElementById('coverage').layout.font.color"
    light = opened.execute_script(f"return [{background}, {letters}]")
    folder = Path(os.environ.get("REPORT_SCREENSHOTS", tmp_path))
    opened.save_screenshot(str(folder / "light.png"))
    opened.find_element(By.ID, "theme").click()
    dark = opened.execute_script(f"return [{background}, {letters}]")
    opened.save_screenshot(str(folder / "dark.png"))
    assert attribute(opened, "theme") == "dark"
    for before, after in zip(light, dark, strict=True):
        assert before != after
    opened.find_element(By.ID, "theme").click()
    assert opened.execute_script(f"return [{background}, {letters}]") == light
    # As the system, and after it while the page is open.
    prefer(opened, "dark")
    wait(opened, "document.documentElement.dataset.theme", "dark")
    opened.refresh()
    assert opened.execute_script(f"return [{background}, {letters}]") == dark


def test_the_comparison_and_the_scores(opened: webdriver.Chrome) -> None:
    assert text(opened, "golden") == "runs/yesterday"
    assert text(opened, "verdict") == "Different"
    assert text(opened, "exceeded") == "road has an IoU of 0.5, less than 0.9"
    changes = text(opened, "changes").splitlines()
    assert changes[1:] == [
        "road 50.00 % 25.00 % -25.000 % 0.5000",
        "car 50.00 % 25.00 % +25.000 % -",
    ]
    assert "mean IoU 0.7500, pixel accuracy 0.8750" in text(opened, "scored")
    assert text(opened, "ious").splitlines()[2:] == ["car 0.5000 0.6250", "tree - -"]
    # The only one that changed is the one to look at.
    (worst,) = opened.find_elements(By.CSS_SELECTOR, "#worst button")
    assert "75.00% of the pixels have another class" in worst.text
    worst.click()
    wait_for_frame(opened, JUMP - 1, 2.0, 152)
    wait(opened, "document.getElementById('equal').layout.shapes[0].x0", 2.0)
    opened.find_element(By.TAG_NAME, "summary").click()
    wait(opened, "document.querySelector('#changed img').naturalWidth", 64)


def test_another_camera(opened: webdriver.Chrome) -> None:
    opened.find_element(By.TAG_NAME, "body").send_keys(Keys.END)
    opened.find_element(By.CSS_SELECTOR, "#camera option[value='1']").click()
    wait_for_frame(opened, 0, 0.0, 0)
    assert "/right/image_raw" in text(opened, "account")
    assert not opened.find_element(By.ID, "scores").is_displayed()


def test_a_link_leads_to_a_frame(opened: webdriver.Chrome, page: str) -> None:
    opened.get(f"{page}#camera=right&frame=20")
    wait_for_frame(opened, 19, 2.0, 152)
    assert "/right/image_raw" in text(opened, "account")
    opened.refresh()
    wait_for_frame(opened, 19, 2.0, 152)
    # It was refused: the one after it is shown. And one that there is not: the last.
    opened.get(f"{page}#frame={REFUSED}")
    wait_for_frame(opened, REFUSED, 0.8, 56)
    opened.get(f"{page}#frame=1000")
    wait_for_frame(opened, COUNT - 2, 2.9, 224)


def test_a_run_without_labels_is_a_page_too(opened: webdriver.Chrome, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", ["empty", "truncated"])
    opened.get(write_report(folder, tmp_path / "report.html").path.as_uri())
    assert attribute(opened, "ready") == "yes"
    assert text(opened, "notices") == "No frame has labels."
    assert text(opened, "where") == text(opened, "percentiles") == "no frame has labels"
    assert not opened.find_element(By.ID, "play").is_enabled()
    opened.find_element(By.TAG_NAME, "body").send_keys(Keys.ARROW_RIGHT)
    assert "frame 1, 0.10 s: truncated" in text(opened, "refused")
