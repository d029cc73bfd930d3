// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "skerry/wasm/instruction.h"
#include "skerry/wasm/section_reader.h"
#include "skerry/wasm/types.h"

namespace skerry::wasm {
namespace {

/// Of one type; the engine's limits.
constexpr std::uint32_t kMaxParameters = 1'000;
constexpr std::uint32_t kMaxFields = 10'000;

constexpr std::uint8_t kRecursionGroup = 0x4E;

}  // namespace

void SectionReader::types() {
  for_each(2, [&] {
    if (in_.peek() != kRecursionGroup) return sub_type();
    in_.byte();
    for_each(2, [&] { sub_type(); });
  });
}

void SectionReader::sub_type() {
  constexpr std::uint8_t kFinalSubType = 0x4F;
  constexpr std::uint8_t kSubType = 0x50;
  std::uint8_t form = in_.byte();
  if (form == kFinalSubType || form == kSubType) {
    const std::uint32_t supertypes = in_.count();
    if (supertypes > 1) in_.fail("several supertypes");
    if (supertypes == 1) check_index(in_, "supertype", in_.u32(), module_.types.size());
    form = in_.byte();
  }
  if (!in_.ok()) return;
  composite_type(form);
  check_limit(in_, "types", module_.types.size(), limits_.types);
}

void SectionReader::composite_type(std::uint8_t form) {
  TypeEntry entry;
  switch (form) {
    case 0x60:
      entry.function.params = value_types("parameters");
      entry.function.results = value_types("results");
      break;
    case 0x5F:
      entry.kind = TypeEntry::Kind::kStruct;
      fields();
      break;
    case 0x5E:
      entry.kind = TypeEntry::Kind::kArray;
      field();
      break;
    default:
      in_.fail_at(in_.offset() - 1, "unknown form of type " + hex_text(form));
  }
  module_.types.push_back(std::move(entry));
}

std::vector<ValueType> SectionReader::value_types(const std::string& what) {
  const std::uint32_t items = in_.count();
  check_limit(in_, what + " in one type", items, kMaxParameters);
  values_ += items;
  check_limit(in_, "parameters and results", values_, limits_.parameters_and_results);
  std::vector<ValueType> types;
  if (in_.ok()) types.reserve(items);
  for (std::uint32_t i = 0; i < items && in_.ok(); ++i) types.push_back(read_value_type(in_));
  return types;
}

void SectionReader::fields() {
  const std::uint32_t items = in_.count(2);
  check_limit(in_, "fields in one type", items, kMaxFields);
  for (std::uint32_t i = 0; i < items && in_.ok(); ++i) field();
}

void SectionReader::field() {
  const std::uint8_t code = in_.peek();
  if (code == 0x78 || code == 0x77) {  // i8, i16
    in_.byte();
  } else {
    read_value_type(in_);
  }
  if (in_.byte() > 1) in_.fail("unknown mutability");
}

}  // namespace skerry::wasm
