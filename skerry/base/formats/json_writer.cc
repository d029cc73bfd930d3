// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/json_writer.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "skerry/base/formats/json_text.h"

namespace skerry {
namespace {

// Of a string: escaped it may become six times as long.
constexpr std::size_t kTextPiece = 8192;

void append_escaped(std::string_view text, std::string& out) {
  const std::string quoted = dump_json(text);
  out.append(quoted, 1, quoted.size() - 2);
}

}  // namespace

JsonWriter::JsonWriter(Json value) { root_.push_back(std::move(value)); }

std::string JsonWriter::next(std::size_t most) {
  std::string out;
  if (levels_.empty() && !is_in_text_ && !is_done_) begin(root_.front(), out);
  while (!is_done_ && out.size() < most) step(out);
  return out;
}

/// A scalar is written whole but for long strings; a container is opened.
void JsonWriter::begin(Json& value, std::string& out) {
  if (value.is_string()) {
    out += '"';
    text_ = value.get_ref<const std::string&>();
    is_in_text_ = true;
    write_text(out);
  } else if (value.is_structured()) {
    out += value.is_object() ? '{' : '[';
    levels_.push_back({.container = &value});
  } else {
    out += dump_json(value);
    is_done_ = levels_.empty();
  }
}

void JsonWriter::write_text(std::string& out) {
  const std::string_view piece = text_.substr(0, kTextPiece);
  append_escaped(utf8_.take(piece), out);
  text_.remove_prefix(piece.size());
  if (!text_.empty()) return;
  append_escaped(utf8_.finish(), out);
  out += '"';
  is_in_text_ = false;
  is_done_ = levels_.empty();
}

void JsonWriter::step(std::string& out) {
  if (is_in_text_) {
    write_text(out);
    return;
  }
  Level& level = levels_.back();
  Json& container = *level.container;
  if (level.index == container.size()) {
    out += container.is_object() ? '}' : ']';
    levels_.pop_back();
    is_done_ = levels_.empty();
    return;
  }
  if (level.index > 0) out += ',';
  const std::size_t index = level.index++;
  if (!container.is_object()) {
    begin(container[index], out);
    return;
  }
  auto& [name, value] =
      *(container.get_ref<Json::object_t&>().begin() + static_cast<std::ptrdiff_t>(index));
  out += dump_json(name) + ':';
  begin(value, out);
}

}  // namespace skerry
