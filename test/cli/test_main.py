# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The front of lwrf: exit codes, messages, and quick help."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lwrf_ros.cli import main as cli
from lwrf_ros.errors import LwrfError


def subcommand(outcome: int | BaseException) -> ModuleType:
    """Make a module that is a subcommand `probe` and returns or raises."""
    module = ModuleType("probe")

    def run(arguments: object) -> int:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    module.NAME, module.HELP = "probe", "a probe"  # type: ignore[attr-defined]
    module.add_arguments = lambda parser: None  # type: ignore[attr-defined]
    module.run = run  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize(
    ("outcome", "code", "words"),
    [
        (0, 0, ""),
        (3, 3, ""),
        (LwrfError("got a, wanted b"), 2, "lwrf probe: error: got a, wanted b\n"),
        (KeyboardInterrupt(), 130, "lwrf probe: interrupted\n"),
    ],
)
def test_outcome_becomes_exit_code_and_message(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcome: int | BaseException,
    code: int,
    words: str,
) -> None:
    monkeypatch.setattr(cli, "SUBCOMMANDS", (subcommand(outcome),))
    assert cli.main(["probe"]) == code
    assert capsys.readouterr() == ("", words)


def test_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "SUBCOMMANDS", (subcommand(ValueError("a bug")),))
    with pytest.raises(ValueError, match="a bug"):
        cli.main(["probe"])


def test_no_subcommand_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 2
    assert "SUBCOMMAND" in capsys.readouterr().err


@pytest.mark.parametrize("module", cli.SUBCOMMANDS, ids=lambda module: module.NAME)
def test_each_has_help(module: cli.Subcommand, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([module.NAME, "--help"])
    assert ended.value.code == 0
    assert module.HELP.split()[0] in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from lwrf_ros.cli.main import build_parser; build_parser().format_help();"
        "print([name for name in ('rclpy', 'torch', 'cv2', 'numpy', 'matplotlib', 'rosbags', 'PIL')"
        " if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(cli.__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ("play", "x", "--rate", "0"),
        ("play", "x", "--rate", "nan"),
        ("play", "x", "--max-frames", "0"),
        ("play", "x", "--max-frames", "1.5"),
        ("play", "x", "--wait-for-subscribers", "-1"),
        ("record", "-o", "out", "--idle-timeout", "soon"),
        ("record",),
        ("demo", "--input-width", "-3"),
    ],
)
def test_wrong_values_are_refused(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "wanted" in (error := capsys.readouterr().err) or "required" in error


def test_interrupt_of_a_real_process(lwrf: Any, video: Path) -> None:
    player = lwrf("play", video, "--rate", "0.01")
    # Its progress bar is the first thing that it says: it publishes then.
    player.stderr.read(1)
    player.send_signal(signal.SIGINT)
    _, error = player.communicate(timeout=20)
    assert player.returncode == cli.EXIT_INTERRUPTED, error
    assert error.endswith("lwrf play: interrupted\n")
