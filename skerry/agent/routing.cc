// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/routing.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace skerry::agent {
namespace {

// As many of each as count fully.
constexpr double kManyWords = 200;
constexpr double kManySteps = 4;
constexpr double kManyHardWords = 3;
constexpr double kManyLines = 20;

constexpr double kLow = 0.3;
constexpr double kHigh = 0.5;

constexpr std::array kStepWords{"then",  "next",    "first",     "second",
                                "third", "finally", "afterwards"};
constexpr std::array kHardWords{
    "analyse",   "analyze",   "architecture", "compare",  "debug",     "derive",   "design",
    "estimate",  "evaluate",  "explain",      "forecast", "implement", "optimise", "optimize",
    "plan",      "predict",   "prove",        "refactor", "research",  "simulate", "strategy",
    "summarise", "summarize", "tradeoffs",    "verify",   "why"};

template <std::size_t N>
bool is_one_of(const std::array<const char*, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What counts in a query.
struct Signs {
  double words = 0;
  double steps = 0;
  double lines = 0;
  std::set<std::string> hard_words = {};
  bool has_fence = false;
};

/// Whether a line is an item of a list: "- …", "* …", "3. …", "3) …".
bool is_item(std::string_view line) {
  while (line.starts_with(' ')) line.remove_prefix(1);
  if (line.starts_with("- ") || line.starts_with("* ")) return true;
  const auto digits = std::min(line.find_first_not_of("0123456789"), line.size());
  line.remove_prefix(digits);
  return digits > 0 && digits < 3 && (line.starts_with(". ") || line.starts_with(") "));
}

void count_word(std::string_view word, Signs& signs) {
  std::string low(word);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  signs.words += 1;
  if (is_one_of(kStepWords, low)) signs.steps += 1;
  if (is_one_of(kHardWords, low)) signs.hard_words.insert(std::move(low));
}

bool is_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0;
}

void count_line(std::string_view line, Signs& signs) {
  signs.lines += 1;
  if (is_item(line)) signs.steps += 1;
  if (line.find("```") != line.npos) signs.has_fence = true;
  while (!line.empty()) {
    const auto begin = std::find_if(line.begin(), line.end(), is_letter);
    const auto end = std::find_if_not(begin, line.end(), is_letter);
    if (begin == end) return;
    count_word(std::string_view(begin, end), signs);
    line.remove_prefix(static_cast<std::size_t>(end - line.begin()));
  }
}

double share(double count, double many) { return std::min(1.0, count / many); }

}  // namespace

std::string_view name_of(Tier tier) {
  switch (tier) {
    case Tier::kSmall:
      return "small";
    case Tier::kMedium:
      return "medium";
    case Tier::kLarge:
      return "large";
  }
  return "small";
}

std::optional<Tier> tier_named(std::string_view name) {
  for (const Tier each : {Tier::kSmall, Tier::kMedium, Tier::kLarge}) {
    if (name == name_of(each)) return each;
  }
  return std::nullopt;
}

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::kSimple:
      return "simple";
    case Mode::kStandard:
      return "standard";
    case Mode::kComplex:
      return "complex";
    case Mode::kSupervisor:
      return "supervisor";
  }
  return "standard";
}

std::optional<Mode> mode_named(std::string_view name) {
  for (const Mode each : {Mode::kSimple, Mode::kStandard, Mode::kComplex, Mode::kSupervisor}) {
    if (name == name_of(each)) return each;
  }
  return std::nullopt;
}

double complexity_of(std::string_view query) {
  Signs signs;
  while (!query.empty()) {
    const auto end = std::min(query.find('\n'), query.size());
    count_line(query.substr(0, end), signs);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  const double hard = static_cast<double>(signs.hard_words.size());
  const double material = signs.has_fence ? 1 : share(signs.lines - 1, kManyLines);
  return 0.30 * share(signs.words, kManyWords) + 0.30 * share(signs.steps, kManySteps) +
         0.25 * share(hard, kManyHardWords) + 0.15 * std::max(0.0, material);
}

Tier tier_of(Mode mode, double complexity) {
  if (mode == Mode::kSimple) return Tier::kSmall;
  if (mode != Mode::kStandard) return Tier::kLarge;
  if (complexity < kLow) return Tier::kSmall;
  return complexity <= kHigh ? Tier::kMedium : Tier::kLarge;
}

}  // namespace skerry::agent
