// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/wasm/module.h"

namespace skerry::wasm {

/// Instructions worth knowing about before a module runs. The first nine are those that change, or
/// depend on, state which is neither in linear memory nor in a global.
enum class Feature : std::uint8_t {
  kTableSet,
  kTableGrow,
  kTableCopy,
  kTableInit,
  kTableFill,
  kElementDrop,
  kDataDrop,
  kMemoryInit,
  kGarbageCollection,  ///< struct, array and i31 instructions; casts
  kMemoryGrow,
  kAtomics,
  kSimd,
  kRelaxedSimd,
  kTailCall,
  kExceptions,
  kLegacyExceptions,
  kFunctionReferences,
  kWideArithmetic,
  kMultiMemory,
};
inline constexpr int kFeatureCount = static_cast<int>(Feature::kMultiMemory) + 1;

/// As in the text format where it is one instruction: "table.set", else a word: "atomics".
std::string_view to_string(Feature feature);

/// A set of features.
class FeatureSet {
 public:
  constexpr void add(Feature feature) { bits_ |= bit(feature); }
  constexpr bool has(Feature feature) const { return (bits_ & bit(feature)) != 0; }
  constexpr bool is_empty() const { return bits_ == 0; }
  bool operator==(const FeatureSet&) const = default;

 private:
  static constexpr std::uint32_t bit(Feature feature) {
    return std::uint32_t{1} << static_cast<unsigned>(feature);
  }
  std::uint32_t bits_ = 0;
};

/// Names in declaration order, separated by ", ".
std::string to_string(const FeatureSet& features);

struct CodeScan {
  FeatureSet features;
  std::uint64_t instructions = 0;
};

/// Walks every function body of `module`, instruction by instruction, over all that Wasmtime 48
/// accepts, and tells which features it meets. Checks that instructions are whole and blocks
/// closed, not their types. Linear, does not allocate, does not recurse: CPython's 74 MB of code
/// take 0.4 s in a release build. kInvalidArgument names an unknown opcode or a malformed
/// immediate, with offset and function.
Result<CodeScan> scan_code(const Module& module);

}  // namespace skerry::wasm
