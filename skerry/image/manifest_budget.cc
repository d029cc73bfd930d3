// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/manifest_budget.h"

#include <algorithm>

#include "skerry/base/formats/wire_budget.h"
#include "skerry/image/edits.h"
#include "skerry/image/page_runs.h"
#include "skerry/image/revisions/revision.h"

namespace skerry::image {
namespace {

constexpr std::uint64_t kSha256Text = 64;
constexpr std::uint64_t kIdText = 32;

// Memory of one element once it is parsed, besides its bytes.
constexpr std::uint64_t kRunMemory = 2 * sizeof(PageRun);
constexpr std::uint64_t kGlobalMemory = 128;
constexpr std::uint64_t kFactMemory = 256;

// Bytes of one element on the wire, besides its content: tags, lengths and numbers.
constexpr std::uint64_t kRunWire = 2 * 5;
constexpr std::uint64_t kElementWire = 32;
// Of all that comes once, and of what no budget knows.
constexpr std::uint64_t kOnceWire = 4096 + kMaxUnknownWireBytes;

WireBudget global_budget() {
  return {wire_bytes(1, "name", kMaxGlobalName), wire_fixed64(2, "bits")};
}

WireBudget fact_budget() {
  return {wire_bytes(1, "key", kMaxFact), wire_bytes(2, "value", kMaxFact)};
}

std::uint64_t pages_of(ByteSize memory) { return memory.value / kPageSize; }

WireBudget state_budget(const StateLimits& limits, WireBudget& global) {
  return {wire_varint(1, "memory_size"), wire_messages(3, "globals", limits.globals.size(), global),
          wire_bytes(4, "host_state", limits.host_state.value),
          wire_bytes(5, "edits", Edits::kMaxSize),
          wire_varints(6, "changed_runs", 2 * max_runs(pages_of(limits.memory)))};
}

}  // namespace

ByteSize StateLimits::quota() const {
  return bytes(host_state.value + Edits::kMaxSize + max_runs(pages_of(memory)) * kRunMemory +
               globals.size() * (kGlobalMemory + kMaxGlobalName) + kMaxUnknownWireBytes);
}

ByteSize ExportLimits::quota(ByteSize memory) const {
  return bytes(host_state.value + max_runs(pages_of(memory)) * kRunMemory +
               globals * (kGlobalMemory + kMaxGlobalName) +
               kMaxFacts * (kFactMemory + 2 * kMaxFact) + kMaxUnknownWireBytes);
}

std::uint64_t ExportLimits::max_manifest(ByteSize memory) const {
  // The first version of the format has a message for each run.
  return host_state.value + max_runs(pages_of(memory)) * (kRunWire + kElementWire) +
         globals * (kElementWire + kMaxGlobalName) + kMaxFacts * (kElementWire + 2 * kMaxFact) +
         kOnceWire;
}

Status check_image_manifest(std::string_view bytes) {
  WireBudget global = global_budget();
  WireBudget fact = fact_budget();
  WireBudget image{wire_bytes(1, "module_sha256", kSha256Text),
                   wire_bytes(2, "pages_sha256", kSha256Text),
                   wire_messages(3, "globals", kMaxGlobals, global),
                   wire_bytes(4, "host_state", kMaxManifest),
                   wire_bytes(5, "template_name", kMaxName),
                   wire_messages(6, "facts", kMaxFacts, fact),
                   wire_varint(7, "created_unix_ns")};
  return check_wire(bytes, kMaxManifest, image);
}

Status check_revision_manifest(std::string_view bytes) {
  // Extents are disjoint and not empty: a memory has at most one for each of its pages.
  const std::uint64_t memory =
      std::min<std::uint64_t>(find_wire_varint(bytes, 5).value_or(0), kMaxPages);
  WireBudget global = global_budget();
  WireBudget extent{wire_varint(1, "first"), wire_varint(2, "count"), wire_varint(3, "source"),
                    wire_varint(4, "at")};
  WireBudget revision{wire_bytes(1, "template_sha256", kSha256Text),
                      wire_bytes(2, "template_name", kMaxName),
                      wire_bytes(3, "module_sha256", kSha256Text),
                      wire_bytes(4, "pages_xxh3", kIdText),
                      wire_varint(5, "memory_size"),
                      wire_messages(6, "globals", kMaxGlobals, global),
                      wire_bytes(7, "host_state", kMaxManifest),
                      wire_byte_strings(8, "sources", kMaxRevisionFiles, kIdText),
                      wire_messages(9, "extents", memory / kPageSize, extent),
                      wire_varint(10, "created_unix_ns"),
                      wire_bytes(11, "edits", Edits::kMaxSize)};
  return check_wire(bytes, kMaxManifest, revision);
}

Status check_patch(std::string_view bytes) {
  WireBudget global = global_budget();
  WireBudget state{wire_varint(1, "memory_size"), wire_messages(3, "globals", kMaxGlobals, global),
                   wire_bytes(4, "host_state", Edits::kMaxInPatch),
                   wire_bytes(5, "edits", Edits::kMaxInPatch)};
  WireBudget patch{wire_bytes(1, "file", kIdText), wire_message(2, "state", state),
                   wire_varint(3, "host_state_before"), wire_varint(4, "host_state_behind")};
  return check_wire(bytes, kMaxPatch, patch);
}

Status check_captured_state(std::string_view bytes, const StateLimits& limits) {
  WireBudget global = global_budget();
  WireBudget state = state_budget(limits, global);
  const std::uint64_t most = limits.host_state.value + Edits::kMaxSize +
                             max_runs(pages_of(limits.memory)) * kRunWire +
                             limits.globals.size() * (kElementWire + kMaxGlobalName) + kOnceWire;
  return check_wire(bytes, most, state);
}

Status check_export_manifest(std::string_view bytes, const ExportLimits& limits) {
  const ByteSize memory{std::min<std::uint64_t>(find_wire_varint(bytes, 8).value_or(0), kMaxPages)};
  const std::uint64_t runs = max_runs(pages_of(memory));
  WireBudget global = global_budget();
  WireBudget fact = fact_budget();
  WireBudget run{wire_varint(1, "first"), wire_varint(2, "count")};
  WireBudget manifest{wire_bytes(1, "session", kMaxName),
                      wire_varint(2, "revision"),
                      wire_bytes(3, "module_sha256", kSha256Text),
                      wire_bytes(4, "template_name", kMaxName),
                      wire_messages(5, "facts", kMaxFacts, fact),
                      wire_messages(6, "globals", limits.globals, global),
                      wire_bytes(7, "host_state", limits.host_state.value),
                      wire_varint(8, "memory_size"),
                      wire_messages(9, "runs", runs, run),
                      wire_varints(10, "packed_runs", 2 * runs)};
  return check_wire(bytes, limits.max_manifest(memory), manifest);
}

}  // namespace skerry::image
