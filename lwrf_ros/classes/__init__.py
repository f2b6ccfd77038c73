# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Class tables, their groups and regions of an image, and the YAML files that they come in."""
