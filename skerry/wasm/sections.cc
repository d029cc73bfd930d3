// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/sections.h"

#include "skerry/base/bytes.h"
#include "skerry/wasm/instruction.h"
#include "skerry/wasm/section_reader.h"
#include "skerry/wasm/types.h"

namespace skerry::wasm {
namespace {

/// 4 GiB, the end of 32-bit addresses.
constexpr std::uint64_t kMaxPages = 65'536;

constexpr std::uint8_t kTableWithInitializer = 0x40;

template <typename T>
std::uint32_t size32(const std::vector<T>& items) {
  return static_cast<std::uint32_t>(items.size());
}

}  // namespace

Status limit_reached(std::string_view what, std::uint64_t value, std::uint64_t limit) {
  return Status(StatusCode::kResourceExhausted, "WASM module has " + std::to_string(value) + " " +
                                                    std::string(what) + ", limit " +
                                                    std::to_string(limit));
}

void check_limit(Cursor& in, std::string_view what, std::uint64_t count, std::uint64_t limit) {
  if (count > limit) in.fail_with(limit_reached(what, count, limit));
}

void check_index(Cursor& in, std::string_view what, std::uint32_t index, std::size_t size) {
  if (in.ok() && index >= size) {
    in.fail(std::string(what) + " index " + std::to_string(index) + " out of range, there are " +
            std::to_string(size) + ",");
  }
}

void SectionReader::imports() {
  const std::uint32_t items = in_.count(4);
  check_limit(in_, "imports", items, limits_.imports);
  for (std::uint32_t i = 0; i < items && in_.ok(); ++i) import_item();
  module_.imported = {size32(module_.functions), size32(module_.tables), size32(module_.memories),
                      size32(module_.globals), size32(module_.tags)};
}

void SectionReader::functions() {
  for_each(1, [&] { function_item(); });
}

void SectionReader::tables() {
  for_each(3, [&] {
    const bool has_initializer = in_.peek() == kTableWithInitializer;
    if (has_initializer) {
      in_.byte();
      if (in_.byte() != 0) in_.fail("unknown table encoding");
    }
    table_item();
    if (!has_initializer || !in_.ok()) return;
    module_.tables.back().has_initializer = true;
    read_constant_expression(in_);
  });
}

void SectionReader::memories() {
  for_each(2, [&] { memory_item(); });
}

void SectionReader::globals() {
  for_each(3, [&] {
    global_item();
    if (in_.ok()) module_.globals.back().initializer = read_constant_expression(in_);
  });
}

void SectionReader::tags() {
  for_each(2, [&] { tag_item(); });
}

void SectionReader::exports() {
  const std::uint32_t items = in_.count(3);
  check_limit(in_, "exports", items, limits_.exports);
  for (std::uint32_t i = 0; i < items && in_.ok(); ++i) {
    Export item;
    item.name = in_.name();
    item.kind = external_kind();
    item.index = in_.u32();
    check_index(in_, to_string(item.kind), item.index, size_of(item.kind));
    module_.exports.push_back(item);
  }
  if (in_.ok()) check_names_differ();
}

void SectionReader::start() {
  const std::uint32_t index = in_.u32();
  check_index(in_, "start function", index, module_.functions.size());
  if (!in_.ok()) return;
  if (module_.function_type(index) != FunctionType{}) {
    in_.fail("start function has type " + to_string(module_.function_type(index)) +
             ", expected () -> (),");
  }
  module_.start = index;
}

void SectionReader::custom() {
  check_limit(in_, "custom sections",
              std::count_if(module_.sections.begin(), module_.sections.end(),
                            [](const Section& each) { return each.id == SectionId::kCustom; }),
              limits_.custom_sections);
}

std::uint32_t SectionReader::function_type_index() {
  const std::uint32_t index = in_.u32();
  check_index(in_, "type", index, module_.types.size());
  if (in_.ok() && module_.types[index].kind != TypeEntry::Kind::kFunction) {
    in_.fail("type " + std::to_string(index) + " is not a function type");
  }
  return index;
}

ExternalKind SectionReader::external_kind() {
  const std::uint8_t code = in_.byte();
  if (code > static_cast<std::uint8_t>(ExternalKind::kTag)) {
    in_.fail_at(in_.offset() - 1, "unknown kind of import or export " + hex_text(code));
    return ExternalKind::kFunction;
  }
  return static_cast<ExternalKind>(code);
}

std::size_t SectionReader::size_of(ExternalKind kind) const {
  switch (kind) {
    case ExternalKind::kFunction:
      return module_.functions.size();
    case ExternalKind::kTable:
      return module_.tables.size();
    case ExternalKind::kMemory:
      return module_.memories.size();
    case ExternalKind::kGlobal:
      return module_.globals.size();
    case ExternalKind::kTag:
      return module_.tags.size();
  }
  return 0;
}

void SectionReader::import_item() {
  Import item;
  item.module = in_.name();
  item.name = in_.name();
  item.kind = external_kind();
  if (!in_.ok()) return;
  item.index = static_cast<std::uint32_t>(size_of(item.kind));
  switch (item.kind) {
    case ExternalKind::kFunction:
      function_item();
      break;
    case ExternalKind::kTable:
      table_item();
      break;
    case ExternalKind::kMemory:
      memory_item();
      break;
    case ExternalKind::kGlobal:
      global_item();
      break;
    case ExternalKind::kTag:
      tag_item();
      break;
  }
  module_.imports.push_back(item);
}

void SectionReader::function_item() {
  module_.functions.push_back(function_type_index());
  check_limit(in_, "functions", module_.functions.size(), limits_.functions);
}

void SectionReader::tag_item() {
  if (in_.byte() != 0) in_.fail("unknown tag attribute");
  module_.tags.push_back(function_type_index());
  check_limit(in_, "tags", module_.tags.size(), limits_.tags);
}

/// Flags, minimum and maximum of a table or memory.
std::uint8_t SectionReader::limit_flags(const std::string& what, std::uint8_t known) {
  const std::uint8_t flags = in_.byte();
  if ((flags & ~known) != 0)
    in_.fail_at(in_.offset() - 1, "unknown flags " + hex_text(flags) + " of a " + what);
  const auto refuse = [&](const char* feature) {
    in_.fail_with(Status(StatusCode::kUnimplemented, "WASM module needs " + std::string(feature) +
                                                         " " + what + ", which is not supported"));
  };
  if ((flags & 2) != 0) refuse("a shared");
  if ((flags & 4) != 0) refuse("a 64-bit");
  return flags;
}

void SectionReader::table_item() {
  Table table;
  table.element = read_reference_type(in_);
  const std::uint8_t flags = limit_flags("table", 7);
  table.minimum = in_.u32();
  if ((flags & 1) != 0) table.maximum = in_.u32();
  if (!in_.ok()) return;
  const std::size_t index = module_.tables.size();
  if (table.minimum > limits_.table_elements) {
    in_.fail_with(Status(StatusCode::kResourceExhausted,
                         "WASM module declares a table larger than allowed (limit=" +
                             std::to_string(limits_.table_elements) + " elements): table " +
                             std::to_string(index) + " has a minimum of " +
                             std::to_string(table.minimum) + " elements"));
  }
  if (table.maximum && *table.maximum < table.minimum) in_.fail("table maximum below its minimum");
  module_.tables.push_back(table);
  check_limit(in_, "tables", module_.tables.size(), limits_.tables);
}

void SectionReader::check_memory_size(const char* bound, std::uint64_t pages) {
  const std::uint64_t size = pages * kWasmPageSize;
  if (size <= limits_.memory.value) return;
  in_.fail_with(Status(StatusCode::kResourceExhausted,
                       "WASM module declares memory larger than allowed (limit=" +
                           std::to_string(limits_.memory.value) + " bytes): memory " +
                           std::to_string(module_.memories.size()) + " has a " + bound + " of " +
                           std::to_string(size) + " bytes"));
}

void SectionReader::memory_item() {
  Memory memory;
  const std::uint8_t flags = limit_flags("memory", 15);
  memory.minimum_pages = in_.u32();
  if ((flags & 1) != 0) memory.maximum_pages = in_.u32();
  if ((flags & 8) != 0) {
    in_.fail_with(
        Status(StatusCode::kUnimplemented,
               "WASM module needs a memory with its own page size, which is not supported"));
  }
  if (!in_.ok()) return;
  check_memory_size("minimum", memory.minimum_pages);
  if (memory.maximum_pages) check_memory_size("maximum", *memory.maximum_pages);
  const std::uint64_t most = memory.maximum_pages.value_or(kMaxPages);
  if (most > kMaxPages) in_.fail("memory maximum over 65536 pages");
  if (memory.minimum_pages > most) in_.fail("memory minimum above its maximum");
  module_.memories.push_back(memory);
  check_limit(in_, "memories", module_.memories.size(), limits_.memories);
}

void SectionReader::global_item() {
  Global global;
  global.type = read_value_type(in_);
  const std::uint8_t mutability = in_.byte();
  if (mutability > 1)
    in_.fail_at(in_.offset() - 1, "unknown flags " + hex_text(mutability) + " of a global");
  global.is_mutable = mutability == 1;
  module_.globals.push_back(global);
  check_limit(in_, "globals", module_.globals.size(), limits_.globals);
}

/// Sorted rather than hashed: a chosen set of names cannot make it slow.
void SectionReader::check_names_differ() {
  std::vector<std::string_view> names;
  names.reserve(module_.exports.size());
  for (const Export& each : module_.exports) names.push_back(each.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) in_.fail("two exports named " + quoted_name(*twice));
}

void read_section(SectionId id, Cursor& in, const ModuleLimits& limits, Module& module) {
  SectionReader reader(in, limits, module);
  switch (id) {
    case SectionId::kCustom:
      return reader.custom();
    case SectionId::kType:
      reader.types();
      break;
    case SectionId::kImport:
      reader.imports();
      break;
    case SectionId::kFunction:
      reader.functions();
      break;
    case SectionId::kTable:
      reader.tables();
      break;
    case SectionId::kMemory:
      reader.memories();
      break;
    case SectionId::kGlobal:
      reader.globals();
      break;
    case SectionId::kExport:
      reader.exports();
      break;
    case SectionId::kStart:
      reader.start();
      break;
    case SectionId::kElement:
      reader.elements();
      break;
    case SectionId::kCode:
      reader.code();
      break;
    case SectionId::kData:
      reader.data();
      break;
    case SectionId::kDataCount:
      reader.data_count();
      break;
    case SectionId::kTag:
      reader.tags();
      break;
  }
  if (!in.at_end()) in.fail("bytes left over");
}

std::string_view to_string(SectionId id) {
  switch (id) {
    case SectionId::kCustom:
      return "custom";
    case SectionId::kType:
      return "type";
    case SectionId::kImport:
      return "import";
    case SectionId::kFunction:
      return "function";
    case SectionId::kTable:
      return "table";
    case SectionId::kMemory:
      return "memory";
    case SectionId::kGlobal:
      return "global";
    case SectionId::kExport:
      return "export";
    case SectionId::kStart:
      return "start";
    case SectionId::kElement:
      return "element";
    case SectionId::kCode:
      return "code";
    case SectionId::kData:
      return "data";
    case SectionId::kDataCount:
      return "data count";
    case SectionId::kTag:
      return "tag";
  }
  return "unknown";
}

}  // namespace skerry::wasm
