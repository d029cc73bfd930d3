// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace skerry::runtime {

/// Of guest/python, as they were at build time: skerry_guest.py, parts.sha256, python.profile.
std::string_view guest_python_text();
std::string_view guest_python_parts();
std::string_view guest_python_profile();

/// What a fresh interpreter is fed once: makes the module `_skerry`, which later turns import.
std::string python_guest_source();

}  // namespace skerry::runtime
