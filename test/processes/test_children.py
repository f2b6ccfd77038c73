# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Child processes are watched, and ended by ever harder signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lwrf_ros.processes import children as module
from lwrf_ros.processes.children import Child, ChildError, Children
from lwrf_ros.processes.interruption import interrupted_once, interruption_ignored

STUBBORN = """
import signal, sys, time
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), signal.SIG_IGN)
print('ready', flush=True)
time.sleep(60)
"""


def stubborn(tmp_path: Path, *ignored: str) -> Child:
    """Start a process that ignores signals, and wait until it does."""
    command = [sys.executable, "-c", STUBBORN, *ignored]
    child = Child("the child", command, os.environ, tmp_path / "child.log")
    deadline_s = time.monotonic() + 20
    while not child.log_has("ready") and time.monotonic() < deadline_s:
        time.sleep(0.02)
    return child


@pytest.mark.parametrize(
    ("ignored", "code", "words"),
    [
        ((), 1, ""),
        (("SIGINT",), -signal.SIGTERM, "within 0.3 s of SIGINT; sending SIGTERM"),
        (("SIGINT", "SIGTERM"), -signal.SIGKILL, "within 0.3 s of SIGTERM; sending SIGKILL"),
    ],
)
def test_stop(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ignored: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    monkeypatch.setattr(module, "TERMINATE_S", 0.3)
    child = stubborn(tmp_path, *ignored)
    if not ignored:
        code = -signal.SIGINT  # Python dies of it after its traceback
    assert child.stop(5.0 if not ignored else 0.3) == code
    assert child.ended
    error = capsys.readouterr().err
    assert words in error
    assert bool(error) == bool(ignored)


def test_end_before_its_time_shows_the_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('last words'); raise SystemExit(7)"]
    with Children(os.environ) as children:
        child = children.start("the child", command, tmp_path / "child.log")
        child._process.wait(20)
        with pytest.raises(ChildError, match=r"the child ended with code 7(.|\n)*last words"):
            children.check()
        child.may_end = True
        children.check()


def test_leaving_ends_what_is_left(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), Children(os.environ) as children:
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        first = children.start("first", command, tmp_path / "first.log")
        second = children.start("second", command, None)
        raise RuntimeError
    assert first.ended
    assert second.ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_the_moment_of_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    started = []

    class InterruptedStart(subprocess.Popen[str]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)
            signal.raise_signal(number)

    monkeypatch.setattr(module.subprocess, "Popen", InterruptedStart)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with (
        interrupted_once(),
        pytest.raises(KeyboardInterrupt),
        Children(os.environ) as children,
    ):
        children.start("the child", command, tmp_path / "child.log")
    (child,) = started
    assert child.poll() is not None, "the child was left running"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_child_hears_signals_whatever_its_parent_does_with_them(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"]
    with interruption_ignored(), Children(os.environ) as children:
        child = children.start("the child", command, tmp_path / "child.log")
        deadline_s = time.monotonic() + 20
        while not child.log_has("ready") and time.monotonic() < deadline_s:
            time.sleep(0.02)
        child.signal(number)
        child._process.wait(20)


def test_output_of_a_child_that_fails() -> None:
    child = Child("the child", [sys.executable, "-c", "raise SystemExit(3)"], os.environ, None)
    with pytest.raises(ChildError, match="the child ended with code 3"):
        child.output()


@pytest.mark.parametrize(("code", "fine"), [(0, True), (3, False)])
def test_an_end_with_another_code_than_0_is_an_error(tmp_path: Path, code: int, fine: bool) -> None:
    command = [sys.executable, "-c", f"print('last words'); raise SystemExit({code})"]
    child = Child("the child", command, os.environ, tmp_path / "child.log")
    child._process.wait(20)
    if fine:
        child.check_code()
    else:
        with pytest.raises(ChildError, match=r"(?s)the child ended with code 3.*last words"):
            child.check_code()
