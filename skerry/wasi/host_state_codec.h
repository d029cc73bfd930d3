// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"
#include "skerry/wasi/files/quotas.h"
#include "skerry/wasi/host_state.h"

namespace skerry::wasi {

/// Finds a blob by its id. kNotFound when the host does not have it (any more).
using BlobResolver = std::function<Result<Blob>(std::string_view id)>;

/// The state as versioned Protobuf (proto/skerry/host_state.proto). Blobs are stored as references;
/// other content in full, chunks that files share once. Files that are still as in `base`, the
/// template's state, are left out: `decode` wants the same base. Deterministic: equal states that
/// were made alike give equal bytes. kResourceExhausted above 2 GiB, Protobuf's limit.
Result<std::string> encode(const HostState& state, const HostState* base = nullptr);

/// The most bytes that `encode` makes of a state within `quotas`.
ByteSize max_encoded_size(const Quotas& quotas);

/// Bytes of memory that a state within `quotas` may take: their content, and 2 KiB for each inode
/// and entry.
ByteSize max_memory(const Quotas& quotas);

/// The state that `bytes` stand for, untrusted: what is in them is counted before they are parsed,
/// every number, name and reference is checked, and memory stays within four times
/// `max_memory(quotas)`. kDataLoss, naming the broken rule, when they are no state; kUnimplemented
/// for a version of later date; the resolver's own error for a blob that is missing.
Result<HostState> decode(std::span<const std::byte> bytes, const BlobResolver& blobs,
                         const Quotas& quotas = {}, const HostState* base = nullptr);

/// What `encode` would have made of the same state without a base. `base` is that one's encoding.
/// kDataLoss when either is none, or not within `quotas`.
Result<std::string> with_files_of(std::span<const std::byte> state, std::span<const std::byte> base,
                                  const Quotas& quotas = {});

}  // namespace skerry::wasi
