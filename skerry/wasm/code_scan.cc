// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/code_scan.h"

#include <optional>

#include "skerry/wasm/cursor.h"
#include "skerry/wasm/instruction.h"
#include "skerry/wasm/types.h"

namespace skerry::wasm {
namespace {

std::optional<Feature> prefixed_feature(std::uint32_t opcode) {
  switch (opcode) {
    case op::kMemoryInit:
      return Feature::kMemoryInit;
    case op::kDataDrop:
      return Feature::kDataDrop;
    case op::kTableInit:
      return Feature::kTableInit;
    case op::kElementDrop:
      return Feature::kElementDrop;
    case op::kTableCopy:
      return Feature::kTableCopy;
    case op::kTableGrow:
      return Feature::kTableGrow;
    case op::kTableFill:
      return Feature::kTableFill;
    default:
      break;
  }
  switch (opcode >> 16) {
    case op::kGcPrefix:
      return Feature::kGarbageCollection;
    case op::kSimdPrefix:
      return (opcode & 0xFFFF) < 0x100 ? Feature::kSimd : Feature::kRelaxedSimd;
    case op::kAtomicPrefix:
      return Feature::kAtomics;
    default:
      break;
  }
  if (opcode >= op::kFirstWide) return Feature::kWideArithmetic;
  return std::nullopt;
}

/// What an instruction of one byte adds.
void note_plain(std::uint32_t opcode, FeatureSet& features) {
  switch (opcode) {
    case op::kTableSet:
      return features.add(Feature::kTableSet);
    case op::kMemoryGrow:
      return features.add(Feature::kMemoryGrow);
    case op::kReturnCallRef:
      features.add(Feature::kTailCall);
      return features.add(Feature::kFunctionReferences);
    case op::kReturnCall:
    case op::kReturnCallIndirect:
      return features.add(Feature::kTailCall);
    case op::kThrow:
    case op::kThrowRef:
    case op::kTryTable:
      return features.add(Feature::kExceptions);
    case op::kTry:
    case op::kCatch:
    case op::kRethrow:
    case op::kDelegate:
    case op::kCatchAll:
      return features.add(Feature::kLegacyExceptions);
    case op::kCallRef:
    case op::kRefAsNonNull:
    case op::kBrOnNull:
    case op::kBrOnNonNull:
      return features.add(Feature::kFunctionReferences);
    case op::kRefEq:
      return features.add(Feature::kGarbageCollection);
    default:
      return;
  }
}

/// How many blocks an instruction opens, or closes.
int block_change(std::uint32_t opcode) {
  switch (opcode) {
    case op::kBlock:
    case op::kLoop:
    case op::kIf:
    case op::kTry:
    case op::kTryTable:
      return 1;
    case op::kEnd:
    case op::kDelegate:
      return -1;
    default:
      return 0;
  }
}

void skip_locals(Cursor& in) {
  for (std::uint32_t left = in.count(2); left > 0 && in.ok(); --left) {
    in.u32();
    read_value_type(in);
  }
}

void scan_body(Cursor& in, CodeScan& scan) {
  skip_locals(in);
  std::size_t open_blocks = 1;  // the function itself
  InstructionNotes notes;
  while (in.ok() && open_blocks > 0) {
    const std::uint32_t opcode = skip_instruction(in, notes);
    ++scan.instructions;
    if (opcode <= 0xFF) {
      note_plain(opcode, scan.features);
    } else if (const auto feature = prefixed_feature(opcode)) {
      scan.features.add(*feature);
    }
    if (opcode == op::kDelegate && open_blocks == 1) in.fail("delegate outside a try");
    open_blocks += block_change(opcode);
  }
  if (notes.has_memory_index) scan.features.add(Feature::kMultiMemory);
  if (!in.at_end()) in.fail("code after the function's end");
}

}  // namespace

std::string_view to_string(Feature feature) {
  switch (feature) {
    case Feature::kTableSet:
      return "table.set";
    case Feature::kTableGrow:
      return "table.grow";
    case Feature::kTableCopy:
      return "table.copy";
    case Feature::kTableInit:
      return "table.init";
    case Feature::kTableFill:
      return "table.fill";
    case Feature::kElementDrop:
      return "elem.drop";
    case Feature::kDataDrop:
      return "data.drop";
    case Feature::kMemoryInit:
      return "memory.init";
    case Feature::kGarbageCollection:
      return "garbage collection";
    case Feature::kMemoryGrow:
      return "memory.grow";
    case Feature::kAtomics:
      return "atomics";
    case Feature::kSimd:
      return "simd";
    case Feature::kRelaxedSimd:
      return "relaxed simd";
    case Feature::kTailCall:
      return "tail call";
    case Feature::kExceptions:
      return "exceptions";
    case Feature::kLegacyExceptions:
      return "legacy exceptions";
    case Feature::kFunctionReferences:
      return "function references";
    case Feature::kWideArithmetic:
      return "wide arithmetic";
    case Feature::kMultiMemory:
      return "several memories";
  }
  return "unknown";
}

std::string to_string(const FeatureSet& features) {
  std::string text;
  for (int i = 0; i < kFeatureCount; ++i) {
    const auto feature = static_cast<Feature>(i);
    if (!features.has(feature)) continue;
    if (!text.empty()) text += ", ";
    text += to_string(feature);
  }
  return text;
}

Result<CodeScan> scan_code(const Module& module) {
  CodeScan scan;
  for (std::size_t i = 0; i < module.bodies.size(); ++i) {
    Cursor in(module.bodies[i], module.offset_of(module.bodies[i]));
    scan_body(in, scan);
    if (in.ok()) continue;
    return annotate(in.status(), "malformed WASM module: function " +
                                     std::to_string(module.imported.functions + i));
  }
  return scan;
}

}  // namespace skerry::wasm
