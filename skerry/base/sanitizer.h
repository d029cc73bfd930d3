// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace skerry {

/// Whether the address sanitizer is built in: its shadow is larger than any bound on addresses, and
/// its runtime makes system calls of its own.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kHasAddressSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kHasAddressSanitizer = true;
#else
inline constexpr bool kHasAddressSanitizer = false;
#endif
#else
inline constexpr bool kHasAddressSanitizer = false;
#endif

}  // namespace skerry
