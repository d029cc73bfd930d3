// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace skerry::runtime {

/// guest/python/skerry_guest.py and guest/python/parts.sha256, as they were at build time.
std::string_view guest_python_text();
std::string_view guest_python_parts();

/// What a fresh interpreter is fed once: makes the module `_skerry`, which later turns import.
std::string python_guest_source();

}  // namespace skerry::runtime
