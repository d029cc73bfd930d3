// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace skerry {

#if defined(__has_feature)
#define SKERRY_HAS_FEATURE(name) __has_feature(name)
#else
#define SKERRY_HAS_FEATURE(name) 0
#endif

/// Whether the address sanitizer is built in: its runtime makes system calls of its own.
#if defined(__SANITIZE_ADDRESS__) || SKERRY_HAS_FEATURE(address_sanitizer)
inline constexpr bool kHasAddressSanitizer = true;
#else
inline constexpr bool kHasAddressSanitizer = false;
#endif

/// Whether a sanitizer is built in whose shadow is larger than any bound on addresses.
#if defined(__SANITIZE_THREAD__) || SKERRY_HAS_FEATURE(thread_sanitizer)
inline constexpr bool kHasShadowMemory = true;
#else
inline constexpr bool kHasShadowMemory = kHasAddressSanitizer;
#endif

/// Defined where a sanitizer is built in that has operators new and delete of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                 \
    SKERRY_HAS_FEATURE(address_sanitizer) || SKERRY_HAS_FEATURE(thread_sanitizer) || \
    SKERRY_HAS_FEATURE(memory_sanitizer)
#define SKERRY_HAS_SANITIZER 1
#endif

#undef SKERRY_HAS_FEATURE

}  // namespace skerry
