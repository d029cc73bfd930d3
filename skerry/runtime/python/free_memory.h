// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace skerry::runtime::python {

/// Where the pinned module keeps the state of its allocator, and how far its stack reaches from
/// address 0: at rest it is empty, and all below is free.
inline constexpr std::uint32_t kAllocator = 0x01AC33D8;
inline constexpr std::uint32_t kStackEnd = 0x01000000;

/// Makes these bytes zeros. Writes only in pages in which it changes something, since a page that
/// was written is private.
void make_zero(std::span<std::byte> bytes);

/// Overwrites with zeros what the guest's allocator has free: all but its own links and sizes.
/// `memory` is untrusted; `allocator` is where the allocator's state lies in it. Takes time linear
/// in the memory, whatever is there. Returns false, and leaves the rest as it is, when something
/// there is not as the allocator, which is dlmalloc, would have it.
bool zero_free_chunks(std::span<std::byte> memory, std::uint32_t allocator);

}  // namespace skerry::runtime::python
