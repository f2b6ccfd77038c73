# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The two messages of vision_msgs that the node sends, built by ROS' own generators.

vision_msgs is no wheel. Its fields (the ros2 branch of ros-perception/vision_msgs) go through the
generators that rclpy's wheels bring along, and so make the very types, with the very type hashes,
that a robot's vision_msgs has.
"""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import numpy as np

PACKAGE = "vision_msgs"
FIELDS = {
    "VisionClass": "uint16 class_id\nstring class_name\n",
    "LabelInfo": "std_msgs/Header header\nvision_msgs/VisionClass[] class_map\nfloat32 threshold\n",
}
PREFIX = Path(sys.prefix)
DEPENDENCIES = ("std_msgs", "builtin_interfaces")
# Generator, its function, and the macros of the header that CMake would write for it.
C_GENERATORS = {
    "rosidl_generator_c": ("generate_c", ()),
    "rosidl_typesupport_introspection_c": ("generate_c", ("EXPORT",)),
    "rosidl_typesupport_fastrtps_c": ("generate_typesupport_fastrtps_c", ("IMPORT", "EXPORT")),
}
# What each library is linked with beside the one of the plain structures.
LINKS = {
    "rosidl_generator_c": ("rosidl_runtime_c", "std_msgs__rosidl_generator_c"),
    "rosidl_typesupport_introspection_c": (
        "rosidl_typesupport_introspection_c",
        "std_msgs__rosidl_typesupport_introspection_c",
    ),
    "rosidl_typesupport_fastrtps_c": (
        "rosidl_typesupport_fastrtps_c",
        "std_msgs__rosidl_typesupport_fastrtps_c",
        "fastcdr",
    ),
    "rosidl_typesupport_c": ("rosidl_typesupport_c",),
}


def build(folder: Path) -> dict[str, str]:
    """Build the messages, and make them known to this process.

    Args:
        folder: Where to; it must stay as long as they are used.

    Returns:
        What has to stand in front of each of these environment variables in other processes.

    Raises:
        ImportError: If a generator is missing.
        RuntimeError: If there is no compiler, or it fails.
    """
    if shutil.which("g++") is None:
        raise RuntimeError("there is no C++ compiler")
    _generate(folder)
    _compile(folder)
    index = folder / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    (index / PACKAGE).touch()
    # This process began without knowing where they lie.
    for name in LINKS:
        ctypes.CDLL(str(folder / "lib" / f"lib{PACKAGE}__{name}.so"))
    sys.path.insert(0, str(folder / "site"))
    return {
        "PYTHONPATH": str(folder / "site"),
        "LD_LIBRARY_PATH": str(folder / "lib"),
        "AMENT_PREFIX_PATH": str(folder),
    }


def _generate(folder: Path) -> None:
    convert = import_module("rosidl_adapter.msg").convert_msg_to_idl
    for name, fields in FIELDS.items():
        source = folder / "source" / "msg" / f"{name}.msg"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(fields)
        relative = source.relative_to(source.parents[1])
        convert(source.parents[1], PACKAGE, relative, folder / "idl" / "msg")
    include = [f"{package}:{PREFIX / 'share' / package}" for package in DEPENDENCIES]
    name = "rosidl_generator_type_description"
    import_module(name).generate_type_hash(_arguments(folder, name, include_paths=include))
    hashes = [f"msg/{m}.idl:{folder / name / PACKAGE / 'msg' / m}.json" for m in FIELDS]
    for name, (function, macros) in C_GENERATORS.items():
        arguments = _arguments(folder, name, type_description_tuples=hashes)
        getattr(import_module(name), function)(arguments)
        define = f"#define {name.upper()}_{{}}_{PACKAGE}\n"
        text = define.format("PUBLIC") + "".join(define.format(macro) for macro in macros)
        (folder / name / PACKAGE / "msg" / f"{name}__visibility_control.h").write_text(text)
    supports = list(LINKS)[1:3]
    name = "rosidl_typesupport_c"
    arguments = _arguments(folder, name, type_description_tuples=hashes)
    import_module(name).generate_c(arguments, supports)
    arguments = _arguments(folder, "rosidl_generator_py")
    import_module("rosidl_generator_py").generate_py(arguments, [name, *supports])


def _arguments(folder: Path, generator: str, **more: Sequence[str]) -> str:
    """Write the file of arguments that CMake would write for a generator."""
    output = folder / generator / PACKAGE
    output.mkdir(parents=True, exist_ok=True)
    arguments = {
        "package_name": PACKAGE,
        "output_dir": str(output),
        "template_dir": str(PREFIX / "share" / generator / "resource"),
        "idl_tuples": [f"{folder / 'idl'}:msg/{name}.idl" for name in FIELDS],
        "ros_interface_dependencies": [
            f"{package}:{path}"
            for package in DEPENDENCIES
            for path in (PREFIX / "share" / package).rglob("*.idl")
        ],
        "target_dependencies": [],
        **more,
    }
    path = folder / f"{generator}.json"
    path.write_text(json.dumps(arguments))
    return str(path)


def _compile(folder: Path) -> None:
    libraries, site = folder / "lib", folder / "site" / PACKAGE
    libraries.mkdir()
    shutil.copytree(folder / "rosidl_generator_py" / PACKAGE, site)
    (site / "__init__.py").touch()
    structures = f"{PACKAGE}__rosidl_generator_c"
    for name, links in LINKS.items():
        sources = [p for p in (folder / name / PACKAGE).rglob("*.c*")]
        own = () if name == "rosidl_generator_c" else (structures, "rosidl_runtime_c")
        _link(folder, sources, libraries / f"lib{PACKAGE}__{name}.so", (*own, *links))
    python = f"{PACKAGE}__rosidl_generator_py"
    needed = (structures, f"{PACKAGE}__rosidl_typesupport_c", "std_msgs__rosidl_generator_py")
    sources = list((folder / "rosidl_generator_py" / PACKAGE / "msg").glob("*.c"))
    _link(folder, sources, libraries / f"lib{python}.so", needed)
    for support in list(LINKS)[1:]:
        source = folder / "rosidl_generator_py" / PACKAGE / f"_{PACKAGE}_s.ep.{support}.c"
        target = site / f"{PACKAGE}_s__{support}{sysconfig.get_config_var('EXT_SUFFIX')}"
        _link(folder, [source], target, (python, f"{PACKAGE}__{support}", *needed))


def _link(folder: Path, sources: list[Path], target: Path, libraries: Sequence[str]) -> None:
    compiler = "g++" if any(source.suffix == ".cpp" for source in sources) else "gcc"
    include = [folder / name for name in (*LINKS, "rosidl_generator_py")]
    headers = PREFIX / "include"
    include += [headers, *(path for path in headers.iterdir() if path.is_dir())]
    include += [Path(np.get_include()), Path(sysconfig.get_path("include"))]
    places = [str(folder / "lib"), str(PREFIX / "lib")]
    command = [compiler, "-shared", "-fPIC", "-O0", *(f"-I{path}" for path in include)]
    linked = f"-Wl,-rpath,{':'.join(places)},-soname,{target.name}"
    command += [*map(str, sources), "-o", str(target), linked]
    command += [*(f"-L{place}" for place in places), *(f"-l{name}" for name in libraries)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{compiler} failed on {target.name}: {done.stderr}")
