# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How many images arrive over DDS, by the middleware's transport and the images' size."""

# As the environment says, and what Fast DDS does without settings, with its own variable for large
# data, and with this package's profile.
TRANSPORTS = ("active", "default", "large_data", "profile")
