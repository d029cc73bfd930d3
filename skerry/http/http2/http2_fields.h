// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "skerry/http/message.h"

// Shared by the sources that use nghttp2, and by them alone.

namespace skerry::http {

class Http2Stream;

inline std::string_view view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

/// Header fields as nghttp2 takes them. Owns the texts, which it refers to.
class Http2Fields {
 public:
  Http2Fields() = default;
  explicit Http2Fields(int status) { add(":status", std::to_string(status)); }
  Http2Fields(const Http2Fields&) = delete;
  Http2Fields& operator=(const Http2Fields&) = delete;

  void add(std::string_view name, std::string_view value) {
    const std::string& own_name = texts_.emplace_back(lower(name));
    const std::string& own_value = texts_.emplace_back(value);
    fields_.push_back({.name = bytes(own_name),
                       .value = bytes(own_value),
                       .namelen = own_name.size(),
                       .valuelen = own_value.size(),
                       .flags = NGHTTP2_NV_FLAG_NONE});
  }
  void add(const Headers& headers) {
    for (const auto& [name, value] : headers) add(name, value);
  }
  const nghttp2_nv* data() const { return fields_.data(); }
  std::size_t size() const { return fields_.size(); }

  /// Gives the session the next bytes of a stream's body: as nghttp2_data_source_read_callback.
  static ssize_t read(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                      std::size_t length, std::uint32_t* flags, Http2Stream& stream);

 private:
  static std::string lower(std::string_view text) {
    std::string low(text);
    for (char& c : low) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return low;
  }
  // nghttp2 copies, and has no const in its structure.
  static std::uint8_t* bytes(const std::string& text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  }

  std::deque<std::string> texts_;  // whose addresses must not change
  std::vector<nghttp2_nv> fields_;
};

}  // namespace skerry::http
