// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::sandbox {

/// A value as a guest shows it: the same in several MIME types. What Jupyter calls a bundle. A
/// value; the guest's words, and untrusted until `check` says that they keep the rules.
struct Display {
  /// What one bundle may hold: parts, bytes of all of them together, bytes of all its JSON.
  static constexpr std::size_t kMaxParts = 32;
  static constexpr std::size_t kMaxBytes = std::size_t{4} << 20;
  static constexpr std::size_t kMaxJson = std::size_t{256} << 10;
  /// What one run may show: bundles, and their bytes together.
  static constexpr std::size_t kMaxCount = 256;
  static constexpr std::size_t kMaxTotal = std::size_t{16} << 20;

  struct Part {
    enum class Kind { kText, kBinary, kJson };
    std::string type;  ///< "text/html"
    Kind kind = Kind::kText;
    std::string content;  ///< UTF-8, bytes, or JSON
  };

  std::vector<Part> parts;
  std::string metadata;    ///< a JSON object; or empty
  std::string chart;       ///< the same: what a figure shows, as data
  bool is_result = false;  ///< whether it is the last expression's value

  /// Bytes of all that is in it.
  std::size_t size() const;
  /// kInvalidArgument naming the rule that it breaks: sizes, types, UTF-8, JSON, a type twice.
  Status check() const;
};

/// A bundle with nothing but text: what a value without more comes to.
Display text_display(std::string text, bool is_result);

/// What one run has shown so far, within what it may. A value.
class DisplayQuota {
 public:
  /// Whether one more of this size fits; then it counts.
  bool take(std::size_t size);

 private:
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

/// Takes what a guest shows. Confined to one thread.
class DisplaySink {
 public:
  virtual ~DisplaySink() = default;
  /// kResourceExhausted when the run has shown as much as it may.
  virtual Status displayed(const Display& display) = 0;
};

}  // namespace skerry::sandbox
