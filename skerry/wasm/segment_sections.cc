// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/section_reader.h"
#include "skerry/wasm/types.h"

// Sections of segments and of code: those whose items carry bytes.
namespace skerry::wasm {

void SectionReader::elements() {
  const std::uint32_t items = in_.count(2);
  check_limit(in_, "element segments", items, limits_.element_segments);
  for (std::uint32_t i = 0; i < items && in_.ok(); ++i) element_segment();
}

void SectionReader::element_segment() {
  const std::uint32_t flags = in_.u32();
  if (flags > 7)
    return in_.fail("unknown flags " + std::to_string(flags) + " of an element segment");
  const bool is_active = (flags & 1) == 0;
  const bool has_expressions = (flags & 4) != 0;
  ElementSegment segment;
  segment.type = kFuncRef;
  if (is_active) {
    if ((flags & 2) != 0) segment.table = in_.u32();
    check_index(in_, "table", segment.table, module_.tables.size());
    read_constant_expression(in_);
  } else {
    segment.mode = (flags & 2) != 0 ? SegmentMode::kDeclared : SegmentMode::kPassive;
  }
  if ((flags & 3) != 0) {
    if (has_expressions) {
      segment.type = read_reference_type(in_);
    } else if (in_.byte() != 0) {
      in_.fail("unknown kind of element segment");
    }
  }
  segment.count = in_.count(has_expressions ? 2 : 1);
  for (std::uint32_t i = 0; i < segment.count && in_.ok(); ++i) {
    if (has_expressions) {
      read_constant_expression(in_);
    } else {
      check_index(in_, "function", in_.u32(), module_.functions.size());
    }
  }
  module_.elements.push_back(segment);
}

void SectionReader::code() {
  const std::uint32_t items = in_.count(2);
  module_.bodies.reserve(std::min<std::size_t>(items, module_.functions.size()));
  for (std::uint32_t i = 0; i < items && in_.ok(); ++i) body();
}

void SectionReader::body() {
  const std::span<const std::byte> bytes = in_.sized_bytes();
  if (!in_.ok()) return;
  const auto limit_in_function = [&](const char* what, std::uint64_t value, std::uint64_t limit) {
    if (value <= limit) return;
    const std::size_t index = module_.imported.functions + module_.bodies.size();
    in_.fail_with(limit_reached(what + (" in function " + std::to_string(index)), value, limit));
  };
  limit_in_function("bytes of code", bytes.size(), limits_.function_body.value);
  if (!in_.ok()) return;
  Cursor body(bytes, module_.offset_of(bytes));
  std::uint64_t locals = 0;
  for (std::uint32_t left = body.count(2); left > 0 && body.ok(); --left) {
    locals += body.u32();
    read_value_type(body);
  }
  if (!body.ok()) return in_.fail_with(body.status());
  limit_in_function("locals", locals, limits_.locals);
  module_.bodies.push_back(bytes);
}

void SectionReader::data() {
  const std::uint32_t items = in_.count(2);
  check_limit(in_, "data segments", items, limits_.data_segments);
  for (std::uint32_t i = 0; i < items && in_.ok(); ++i) data_segment();
}

void SectionReader::data_segment() {
  const std::uint32_t flags = in_.u32();
  if (flags > 2) return in_.fail("unknown flags " + std::to_string(flags) + " of a data segment");
  DataSegment segment;
  if (flags == 1) {
    segment.mode = SegmentMode::kPassive;
  } else {
    if (flags == 2) segment.memory = in_.u32();
    check_index(in_, "memory", segment.memory, module_.memories.size());
    segment.offset = read_constant_expression(in_);
  }
  segment.bytes = in_.sized_bytes();
  module_.data.push_back(segment);
}

void SectionReader::data_count() {
  module_.data_count = in_.u32();
  check_limit(in_, "data segments", *module_.data_count, limits_.data_segments);
}

}  // namespace skerry::wasm
