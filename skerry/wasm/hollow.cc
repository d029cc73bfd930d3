// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/hollow.h"

#include <algorithm>
#include <array>
#include <utility>

#include "skerry/base/bytes.h"
#include "skerry/wasm/cursor.h"
#include "skerry/wasm/instruction.h"
#include "skerry/wasm/sections.h"

namespace skerry::wasm {
namespace {

constexpr std::string_view kReservedPrefix = "skerry.";

Status unsupported(const std::string& message) {
  return Status(StatusCode::kUnimplemented, "WASM module cannot be hollowed: " + message);
}

Status invalid(const std::string& message) {
  return Status(StatusCode::kInvalidArgument, "WASM module cannot be hollowed: " + message);
}

/// Appends the format's primitives to bytes it owns.
class Output {
 public:
  void reserve(std::size_t size) { bytes_.reserve(size); }
  void byte(std::uint8_t value) { bytes_.push_back(std::byte{value}); }
  void append(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void u32(std::uint32_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
    byte(static_cast<std::uint8_t>(value));
  }
  void size(std::size_t value) { u32(static_cast<std::uint32_t>(value)); }
  void name(std::string_view text) {
    size(text.size());
    append(as_bytes(text));
  }
  void section(SectionId id, std::span<const std::byte> payload) {
    byte(static_cast<std::uint8_t>(id));
    size(payload.size());
    append(payload);
  }
  void section(SectionId id, const Output& payload) { section(id, std::span(payload.bytes_)); }
  bool is_empty() const { return bytes_.empty(); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

/// Computes i32 constant expressions of one module.
class Folder {
 public:
  explicit Folder(const Module& module) : globals_(module.globals.size()) {
    for (std::size_t i = module.imported.globals; i < globals_.size(); ++i) {
      const Global& global = module.globals[i];  // an initialiser sees only the globals before it:
                                                 // the rest are empty yet
      if (global.type == kI32 && !global.is_mutable) globals_[i] = fold(global.initializer);
    }
  }

  /// Nothing when it is not made of i32 constants, sums, differences, products and constant
  /// globals.
  std::optional<std::uint32_t> fold(const ConstantExpression& expression) {
    stack_.clear();
    Cursor in(expression.code);
    while (!in.at_end()) {
      const std::uint32_t opcode = in.byte();
      if (opcode == op::kEnd) break;
      if (opcode == op::kI32Const) {
        stack_.push_back(static_cast<std::uint32_t>(in.s32()));
      } else if (opcode == op::kGlobalGet) {
        const std::uint32_t index = in.u32();
        if (index >= globals_.size() || !globals_[index]) return std::nullopt;
        stack_.push_back(*globals_[index]);
      } else if (!combine(opcode)) {
        return std::nullopt;
      }
    }
    if (stack_.size() != 1) return std::nullopt;
    return stack_.front();
  }

 private:
  bool combine(std::uint32_t opcode) {
    if (stack_.size() < 2) return false;
    const std::uint32_t right = stack_.back();
    stack_.pop_back();
    std::uint32_t& left = stack_.back();
    switch (opcode) {
      case op::kI32Add:
        left += right;
        return true;
      case op::kI32Sub:
        left -= right;
        return true;
      case op::kI32Mul:
        left *= right;
        return true;
      default:
        return false;
    }
  }

  std::vector<std::optional<std::uint32_t>> globals_;
  std::vector<std::uint32_t> stack_;
};

Status check_imports_nothing_written(const Module& module) {
  if (module.memories.size() > 1) {
    return unsupported(std::to_string(module.memories.size()) + " memories, expected one");
  }
  for (const Import& import : module.imports) {
    const bool is_state =
        import.kind == ExternalKind::kMemory ||
        (import.kind == ExternalKind::kGlobal && module.globals[import.index].is_mutable);
    if (!is_state) continue;
    return unsupported(std::string(import.kind == ExternalKind::kMemory
                                       ? "imported memory "
                                       : "imported mutable global ") +
                       quoted_name(import.module) + "." + quoted_name(import.name));
  }
  return ok_status();
}

Status check_export_names(const Module& module) {
  for (const Export& each : module.exports) {
    if (each.name.starts_with(kReservedPrefix)) {
      return invalid("export " + quoted_name(each.name) + " takes a name that is reserved");
    }
    if (each.name == kMemoryExport && each.kind != ExternalKind::kMemory) {
      return invalid("export \"memory\" is a " + std::string(to_string(each.kind)) +
                     ", expected a memory");
    }
  }
  return ok_status();
}

Result<std::vector<MemorySegment>> memory_segments(const Module& module) {
  std::vector<MemorySegment> segments;
  Folder folder(module);
  for (std::size_t i = 0; i < module.data.size(); ++i) {
    const DataSegment& data = module.data[i];
    if (data.mode != SegmentMode::kActive) continue;
    const auto offset = folder.fold(data.offset);
    if (!offset)
      return unsupported("the offset of data segment " + std::to_string(i) + " is not a constant");
    const std::uint64_t size = module.memories.front().minimum_pages * kWasmPageSize;
    const std::uint64_t end = std::uint64_t{*offset} + data.bytes.size();
    if (end > size) {
      return invalid("data segment " + std::to_string(i) + " ends at byte " + std::to_string(end) +
                     ", outside the minimum memory of " + std::to_string(size) + " bytes");
    }
    if (!data.bytes.empty()) segments.push_back({*offset, data.bytes});
  }
  return segments;
}

std::vector<MutableGlobal> mutable_globals(const Module& module) {
  std::vector<MutableGlobal> found;
  for (std::uint32_t i = module.imported.globals; i < module.globals.size(); ++i) {
    if (!module.globals[i].is_mutable) continue;
    found.push_back(
        {std::string(kGlobalExportPrefix) + std::to_string(i), i, module.globals[i].type});
  }
  return found;
}

Output memory_payload(const Module& module) {
  const Memory memory = module.memories.empty() ? Memory{} : module.memories.front();
  Output out;
  out.u32(1);
  out.byte(1);  // has a maximum
  out.size(memory.minimum_pages);
  out.size(std::min(memory.maximum_pages.value_or(kMaxHollowPages), kMaxHollowPages));
  return out;
}

Output export_payload(const Module& module, std::span<const std::byte> original,
                      const HollowModule& hollow) {
  Output added;
  std::size_t count = module.exports.size();
  const auto add = [&](std::string_view name, ExternalKind kind, std::uint32_t index) {
    added.name(name);
    added.byte(static_cast<std::uint8_t>(kind));
    added.u32(index);
    ++count;
  };
  if (module.find_export(kMemoryExport) == nullptr) add(kMemoryExport, ExternalKind::kMemory, 0);
  for (const MutableGlobal& each : hollow.mutable_globals)
    add(each.export_name, ExternalKind::kGlobal, each.index);
  if (hollow.start_export) add(*hollow.start_export, ExternalKind::kFunction, *module.start);

  Cursor kept(original);
  if (!original.empty()) kept.u32();  // the old count
  Output out;
  out.size(count);
  out.append(kept.take(kept.remaining()));
  out.append(added.take());
  return out;
}

/// Passive segments as they are and an empty passive one for each active one, which is what an
/// active segment is to code once it was applied. Nothing when no code can refer to segments.
Output data_payload(const Module& module) {
  Output out;
  const bool has_passive =
      std::any_of(module.data.begin(), module.data.end(),
                  [](const DataSegment& each) { return each.mode == SegmentMode::kPassive; });
  if (module.data.empty() || (!module.data_count && !has_passive)) return out;
  out.size(module.data.size());
  for (const DataSegment& each : module.data) {
    out.byte(1);  // passive
    const auto kept =
        each.mode == SegmentMode::kPassive ? each.bytes : std::span<const std::byte>();
    out.size(kept.size());
    out.append(kept);
  }
  return out;
}

std::vector<std::byte> hollow_bytes(const Module& module, const HollowModule& hollow,
                                    NameSection names) {
  std::array<std::span<const std::byte>, kSectionOrder.size() + 1> payloads{};  // by id
  for (const Section& each : module.sections) {
    if (each.id != SectionId::kCustom) payloads[static_cast<std::size_t>(each.id)] = each.payload;
  }
  Output out;
  std::size_t dropped = 0;
  for (const MemorySegment& each : hollow.segments) dropped += each.bytes.size();
  out.reserve(module.bytes.size() - dropped);
  out.append(module.bytes.first(8));  // magic and version
  for (const SectionId id : kSectionOrder) {
    const std::span<const std::byte> original = payloads[static_cast<std::size_t>(id)];
    if (id == SectionId::kMemory) {
      out.section(id, memory_payload(module));
    } else if (id == SectionId::kExport) {
      out.section(id, export_payload(module, original, hollow));
    } else if (id == SectionId::kData) {
      if (const Output payload = data_payload(module); !payload.is_empty())
        out.section(id, payload);
    } else if (id != SectionId::kStart && !original.empty()) {
      out.section(id, original);
    }
  }
  for (const Section& each : module.sections) {
    const bool is_name = each.id == SectionId::kCustom && each.custom_name == "name";
    if (is_name && names == NameSection::kKeep) out.section(SectionId::kCustom, each.payload);
  }
  return out.take();
}

}  // namespace

Result<HollowModule> hollow(const Module& module, NameSection names) {
  SKERRY_TRY(check_imports_nothing_written(module));
  SKERRY_TRY(check_export_names(module));
  HollowModule result;
  if (!module.memories.empty()) result.minimum_pages = module.memories.front().minimum_pages;
  if (result.minimum_pages > kMaxHollowPages) {
    return Status(StatusCode::kResourceExhausted,
                  "WASM module cannot be hollowed: a memory of at least " +
                      std::to_string(result.minimum_pages) + " pages, limit " +
                      std::to_string(kMaxHollowPages));
  }
  SKERRY_ASSIGN(result.segments, memory_segments(module));
  result.mutable_globals = mutable_globals(module);
  if (module.start) result.start_export = kStartExport;
  result.bytes = hollow_bytes(module, result, names);
  return result;
}

}  // namespace skerry::wasm
