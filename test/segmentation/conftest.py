# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Here so that the tests in the folders below find `oracle` beside it."""
