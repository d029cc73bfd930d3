// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace skerry::wasi {

/// Fills `out` with the ChaCha20 key stream (RFC 8439's block function, with a 64-bit block counter
/// and a zero nonce) of `key`, from its byte `position` on.
void chacha20_stream(std::span<const std::byte, 32> key, std::uint64_t position,
                     std::span<std::byte> out);

}  // namespace skerry::wasi
