// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/metrics_text.h"

#include <charconv>
#include <limits>
#include <optional>

#include "skerry/base/utf8.h"

namespace skerry::service {
namespace {

constexpr std::size_t kMaxLines = 50'000;
constexpr std::size_t kMaxLabels = 16;
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:";
constexpr std::string_view kDigits = "0123456789";

/// One line from its beginning on: each call takes what it names away from the front.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  bool is_at_end() const { return rest_.empty(); }
  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_spaces() {
    while (skip(' ') || skip('\t')) {
    }
  }

  /// Empty when there is none.
  std::string_view name() {
    std::size_t end = 0;
    while (end < rest_.size() && (kLetters.find(rest_[end]) != kLetters.npos ||
                                  (end > 0 && kDigits.find(rest_[end]) != kDigits.npos))) {
      ++end;
    }
    return take(end);
  }

  /// In quotes, as it is meant.
  std::optional<std::string> quoted() {
    if (!skip('"')) return std::nullopt;
    std::string text;
    while (!rest_.empty() && rest_.front() != '"') {
      char c = take(1).front();
      if (c == '\\') {
        if (rest_.empty()) return std::nullopt;
        c = take(1).front();
        if (c == 'n') {
          c = '\n';
        } else if (c != '\\' && c != '"') {
          return std::nullopt;
        }
      }
      text += c;
    }
    if (!skip('"')) return std::nullopt;
    return text;
  }

  /// Up to a space or the end.
  std::string_view word() { return take(std::min(rest_.find_first_of(" \t"), rest_.size())); }

 private:
  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view rest_;
};

std::optional<double> number_of(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "+Inf" || text == "Inf") return kInfinity;
  if (text == "-Inf") return -kInfinity;
  if (text == "NaN" || text == "Nan") return std::numeric_limits<double>::quiet_NaN();
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool read_labels(Reader& reader, std::map<std::string, std::string>& labels) {
  if (!reader.skip('{')) return true;
  reader.skip_spaces();
  while (!reader.skip('}')) {
    const std::string_view name = reader.name();
    reader.skip_spaces();
    if (name.empty() || !reader.skip('=') || labels.size() == kMaxLabels) return false;
    reader.skip_spaces();
    auto value = reader.quoted();
    if (!value || !labels.emplace(name, *std::move(value)).second) return false;
    reader.skip_spaces();
    if (reader.skip(',')) reader.skip_spaces();
  }
  return true;
}

std::optional<MetricLine> line_of(std::string_view text) {
  Reader reader(text);
  MetricLine line{.name = std::string(reader.name())};
  reader.skip_spaces();
  if (line.name.empty() || !read_labels(reader, line.labels)) return std::nullopt;
  reader.skip_spaces();
  const auto value = number_of(reader.word());
  reader.skip_spaces();
  const bool is_whole = reader.is_at_end() || (number_of(reader.word()) && reader.is_at_end());
  if (!value || !is_whole) return std::nullopt;
  line.value = *value;
  return line;
}

}  // namespace

Result<std::vector<MetricLine>> parse_metrics(std::string_view text) {
  std::vector<MetricLine> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto refuse = [number](const char* why) {
      return absl::InvalidArgumentError("line " + std::to_string(number) + " " + why);
    };
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (number > kMaxLines) return refuse("is one too many");
    if (!is_utf8(line)) return refuse("is not UTF-8");
    if (line.find_first_not_of(" \t") == line.npos || line.starts_with('#')) continue;
    auto parsed = line_of(line);
    if (!parsed) return refuse("is not Prometheus's text format");
    lines.push_back(*std::move(parsed));
  }
  return lines;
}

}  // namespace skerry::service
