// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/wasm/cursor.h"
#include "skerry/wasm/limits.h"
#include "skerry/wasm/module.h"

namespace skerry::wasm {

/// "WASM module has 11 tables, limit 10".
Status limit_reached(std::string_view what, std::uint64_t value, std::uint64_t limit);

/// Fails when there are more than `limit` of something.
void check_limit(Cursor& in, std::string_view what, std::uint64_t count, std::uint64_t limit);

/// Fails unless `index` is in an index space of `size` entries.
void check_index(Cursor& in, std::string_view what, std::uint32_t index, std::size_t size);

/// Reads the contents of one section into a module that holds those before it; what goes wrong
/// stays in the cursor. One function for each kind of section, then what they are made of. Confined
/// to one thread.
class SectionReader {
 public:
  SectionReader(Cursor& in, const ModuleLimits& limits, Module& module)
      : in_(in), limits_(limits), module_(module) {}

  void types();
  void imports();
  void functions();
  void tables();
  void memories();
  void tags();
  void globals();
  void exports();
  void start();
  void elements();
  void data_count();
  void code();
  void data();
  void custom();

 private:
  void sub_type();
  void composite_type(std::uint8_t form);
  std::vector<ValueType> value_types(const std::string& what);
  void fields();
  void field();
  std::uint32_t function_type_index();
  ExternalKind external_kind();
  std::size_t size_of(ExternalKind kind) const;
  void import_item();
  void function_item();
  void tag_item();
  std::uint8_t limit_flags(const std::string& what, std::uint8_t known);
  void table_item();
  void check_memory_size(const char* bound, std::uint64_t pages);
  void memory_item();
  void global_item();
  void check_names_differ();
  void element_segment();
  void body();
  void data_segment();

  template <typename Item>
  void for_each(std::size_t item_size, Item&& item) {
    for (std::uint32_t left = in_.count(item_size); left > 0 && in_.ok(); --left) item();
  }

  Cursor& in_;
  const ModuleLimits& limits_;
  Module& module_;
  std::uint64_t values_ = 0;  // parameters and results so far
};

}  // namespace skerry::wasm
