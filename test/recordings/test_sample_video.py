# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The sample video comes out of a package; what stands in the way is told with a way out."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

from lwrf_ros.recordings import sample_video as module
from lwrf_ros.recordings.sample_video import SampleVideoError, sample_video

needs_dpkg = pytest.mark.skipif(
    shutil.which("dpkg-deb") is None, reason="dpkg-deb is missing: not a Debian or Ubuntu"
)

# Stands in for apt-get: knows the package only where private lists were filled before.
APT_GET = """#!/bin/sh
lists=
for argument in "$@"; do
    case "$argument" in Dir::State::Lists=*) lists=${argument#*=};; esac
done
case "$*" in
    *update) touch "$lists/filled" ;;
    *download*) [ -n "$lists" ] && [ -e "$lists/filled" ] && cp PACKAGE . && exit 0
                echo "E: Unable to locate package opencv-doc"; exit 100 ;;
esac
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lwrf_ros" / "vtest.avi"


def make_package(folder: Path, name: str, content: bytes) -> Path:
    """Build a package with one file where opencv-doc has its samples."""
    root = folder / "root"
    data = root / "usr/share/doc/opencv-doc/examples/data"
    data.mkdir(parents=True)
    (data / name).write_bytes(content)
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN" / "control").write_text(
        "Package: opencv-doc\nVersion: 1\nArchitecture: all\nMaintainer: test <test@test.invalid>\n"
        "Description: test\n"
    )
    package = folder / "opencv-doc_1_all.deb"
    subprocess.run(["dpkg-deb", "-b", root, package], check=True, capture_output=True)
    return package


def replace_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "apt-get").write_text(script)
    (tools / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")


@needs_dpkg
@pytest.mark.parametrize("packed", [False, True])
def test_fetched_with_private_lists_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, packed: bool
) -> None:
    content = bytes(range(256)) * 1000
    package = (
        make_package(tmp_path, "vtest.avi.gz", gzip.compress(content))
        if packed
        else make_package(tmp_path, "vtest.avi", content)
    )
    replace_apt(tmp_path, monkeypatch, APT_GET.replace("PACKAGE", str(package)))
    assert sample_video() == cache
    assert cache.read_bytes() == content
    assert [path.name for path in cache.parent.iterdir()] == ["vtest.avi"]
    replaced = tmp_path / "tools" / "apt-get"
    replaced.write_text("#!/bin/sh\nexit 1\n")
    assert sample_video() == cache


@needs_dpkg
def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    replace_apt(tmp_path, monkeypatch, "#!/bin/sh\necho 'E: no route'; exit 100\n")
    with pytest.raises(SampleVideoError, match=r"E: no route; .*make demo INPUT="):
        sample_video()
    assert not cache.exists()


def test_not_a_debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SampleVideoError, match=r"lacks apt-get and dpkg-deb; .*make demo INPUT="):
        sample_video()


@needs_dpkg
def test_package_without_the_video(tmp_path: Path, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    package = make_package(tmp_path, "other.avi", b"video")
    with pytest.raises(SampleVideoError, match=r"contains no vtest\.avi"):
        module.extract(package, cache)
    package.write_bytes(package.read_bytes()[:100])
    with pytest.raises(SampleVideoError):
        module.extract(package, cache)
    assert not list(cache.parent.iterdir())
