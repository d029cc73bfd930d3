// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace skerry::runtime::python {

/// Of guest/python, as they were at build time: skerry_guest.py, parts.sha256, python.profile.
std::string_view guest_text();
std::string_view guest_parts();
std::string_view guest_profile();

/// What a fresh interpreter is fed once: makes the module `_skerry`, which later turns import.
std::string guest_source();

}  // namespace skerry::runtime::python
