# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The demo's default recording: a real street scene out of Debian's and Ubuntu's opencv-doc."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from lwrf_ros.errors import LwrfError
from lwrf_ros.files import replace_file

NAME = "vtest.avi"
PACKAGE = "opencv-doc"
TOOLS = ("apt-get", "dpkg-deb")
DOWNLOAD_S = 600.0
WAY_OUT = "give a recording of your own: make demo INPUT=path/to/bag-or-video-or-folder"


class SampleVideoError(LwrfError):
    """The sample video cannot be had here."""


def cache_folder() -> Path:
    """Return the folder for what was fetched once."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lwrf_ros"


def sample_video() -> Path:
    """Return the sample video, fetched on the first call.

    The package is only unpacked, never installed, so no rights are needed.

    Returns:
        Path of ``vtest.avi``: 768x576, 795 frames, 10 Hz; people and cars seen from above.

    Raises:
        SampleVideoError: It is not in the cache and cannot be fetched; says how to do without.
    """
    video = cache_folder() / NAME
    if video.is_file():
        return video
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise SampleVideoError(
            f"the default recording comes from the package {PACKAGE} of Debian and Ubuntu, and "
            f"this machine lacks {' and '.join(missing)}; {WAY_OUT}"
        )
    print(
        f"fetching {NAME} (8 MB) from the package {PACKAGE} (about 100 MB), once", file=sys.stderr
    )
    try:
        video.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="lwrf_ros_") as folder:
            extract(_download(Path(folder)), video)
    except OSError as error:
        raise SampleVideoError(f"cannot store {video}: {error}; {WAY_OUT}") from error
    return video


def extract(package: Path, video: Path) -> None:
    """Take the one file out of the package.

    Args:
        package: A ``.deb``.
        video: Where to put the video; appears complete or not at all.

    Raises:
        SampleVideoError: The package is damaged or does not contain it.
    """
    # Unpacking all of it would need 270 MB for these 8.
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE
    ) as process:
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                for member in archive:
                    file = Path(member.name).name
                    if not member.isfile() or file not in (NAME, f"{NAME}.gz"):
                        continue
                    content = archive.extractfile(member)
                    if content is None:
                        continue
                    packed = file.endswith(".gz")
                    with (
                        content,
                        gzip.GzipFile(fileobj=content) if packed else content as unpacked,
                    ):
                        replace_file(video, unpacked.read())
                    return
        except (tarfile.TarError, EOFError) as error:
            raise SampleVideoError(f"{package.name} is damaged: {error}; {WAY_OUT}") from error
        finally:
            # The rest of the archive is of no interest.
            process.kill()
    raise SampleVideoError(f"{package.name} contains no {NAME}; {WAY_OUT}")


def _download(folder: Path) -> Path:
    """Fetch the package with the system's lists, or with private ones where those are empty."""
    if _apt(folder, "download", PACKAGE):
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        private = [f"Dir::State::Lists={folder / 'lists'}", f"Dir::Cache={folder / 'cache'}"]
        options = [part for option in private for part in ("-o", option)]
        failure = _apt(folder, *options, "update") or _apt(folder, *options, "download", PACKAGE)
        if failure:
            raise SampleVideoError(
                f"apt-get cannot fetch the package {PACKAGE}, which has the default recording: "
                f"{failure}; check the network and the package sources, or {WAY_OUT}"
            )
    packages = sorted(folder.glob(f"{PACKAGE}_*.deb"))
    if not packages:
        raise SampleVideoError(f"apt-get fetched no {PACKAGE}; {WAY_OUT}")
    return packages[0]


def _apt(folder: Path, *arguments: str) -> str:
    """Run apt-get in a folder; return its last words, or nothing if it went well."""
    try:
        done = subprocess.run(
            ["apt-get", "-q", *arguments],
            cwd=folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=DOWNLOAD_S,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {DOWNLOAD_S:g} s"
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stdout.splitlines() if line.startswith("E:")]
    return " ".join(lines) or f"exit code {done.returncode}"
