# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Bags as tests: what the fixture ``replay`` of `lwrf_ros.tools.pytest_plugin` gives."""
