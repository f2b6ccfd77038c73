# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How many images arrive over DDS, by the middleware's transport and the images' size."""
