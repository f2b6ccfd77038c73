# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The front of lwrf: exit codes, messages, and quick help."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lwrf_ros
from lwrf_ros.cli import main as cli
from lwrf_ros.errors import LwrfError
from lwrf_ros.processes.interruption import Terminated
from lwrf_ros.terminal.exit_codes import EXIT_INTERRUPTED


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


def wrapped(error: Exception, cause: Exception) -> Exception:
    """Return an error as `raise ... from` makes it."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("outcome", "code", "words"),
    [
        (0, 0, ""),
        (1, 1, ""),
        (LwrfError("got a, wanted b"), 2, "lwrf probe: error: got a, wanted b\n"),
        (KeyboardInterrupt(), 130, "lwrf probe: interrupted\n"),
        (Terminated(), 143, "lwrf probe: terminated\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "scores.json"),
            4,
            "lwrf probe: error: [Errno 28] No space left on device: 'scores.json'; free space, or "
            "write somewhere else\n",
        ),
        (
            wrapped(LwrfError("cannot write out"), OSError(errno.EDQUOT, "Disk quota exceeded")),
            4,
            "lwrf probe: error: cannot write out; free space, or write somewhere else\n",
        ),
        (
            RuntimeError("I/O error: No space left on device (os error 28)"),
            4,
            "lwrf probe: error: I/O error: No space left on device (os error 28); free space, or "
            "write somewhere else\n",
        ),
        (MemoryError(), 4, "lwrf probe: error: out of memory: MemoryError\n"),
        (
            ImportError("libtorch.so: failed to map segment from shared object"),
            4,
            "lwrf probe: error: out of memory: libtorch.so: failed to map segment from shared "
            "object\n",
        ),
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


# A pipe whose reader has gone somewhere inside is no closed output.
@pytest.mark.parametrize("bug", [ValueError("a bug"), BrokenPipeError(errno.EPIPE, "a bug")])
def test_bug_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bug: Exception
) -> None:
    monkeypatch.setattr(cli, "SUBCOMMANDS", (subcommand(bug),))
    assert cli.main(["probe"]) == 3
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert error.endswith(f"lwrf probe: unexpected: {bug}\n")


def lwrf_ends(arguments: str, redirection: str) -> tuple[int, str]:
    """Run ``lwrf`` in a shell; return its exit code and what came on stderr."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m lwrf_ros.cli.main {arguments} {redirection}"],
        cwd=Path(cli.__file__).parents[2],
        # Buffered, as where nobody asked otherwise: what fails is the last write, not the first.
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_full_disk_under_the_output() -> None:
    assert lwrf_ends("--help", "> /dev/full") == (
        4,
        "lwrf: error: [Errno 28] No space left on device; free space, or write somewhere else\n",
    )


def test_a_reader_that_has_gone() -> None:
    assert lwrf_ends("train --help", "| (exec 0<&-); exit ${PIPESTATUS[0]}") == (141, "")


def test_sigterm_ends_as_ctrl_c_but_for_the_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = subcommand(0)
    module.run = lambda _: signal.raise_signal(signal.SIGTERM)  # type: ignore[attr-defined]
    monkeypatch.setattr(cli, "SUBCOMMANDS", (module,))
    assert cli.main(["probe"]) == 143
    assert capsys.readouterr().err == "lwrf probe: terminated\n"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"lwrf_ros {lwrf_ros.__version__}\n"


def test_a_misspelt_subcommand_gets_a_guess(capsys: pytest.CaptureFixture[str]) -> None:
    for given, guess in (("evalaute", "did you mean evaluate? "), ("xyzzy", "")):
        with pytest.raises(SystemExit) as ended:
            cli.main([given])
        assert ended.value.code == 2
        wanted = f"lwrf: error: there is no subcommand '{given}'; {guess}wanted archive, "
        assert wanted in capsys.readouterr().err


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
    assert player.returncode == EXIT_INTERRUPTED, error
    assert error.endswith("lwrf play: interrupted\n")
