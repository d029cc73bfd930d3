// SPDX-License-Identifier: Apache-2.0
// Commands that read files: cat, head, tail, wc.
#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "skerry/files/lines.h"
#include "skerry/operation/command_run.h"

namespace skerry::operation {
namespace {

using files::Lines;

Result<std::string> content_of(CommandRun& run, const std::string& operand) {
  SKERRY_ASSIGN(const auto place, run.place(operand));
  SKERRY_ASSIGN(const Entry entry, place.tree->find(place.below()));
  if (entry.is_directory()) return absl::FailedPreconditionError("Is a directory");
  return place.tree->content_of(entry);
}

/// Calls `use` with each operand's content, until the output is full.
Status each_content(
    CommandRun& run, const std::vector<Word>& words,
    const std::function<Status(const std::string& operand, const std::string& content)>& use) {
  SKERRY_ASSIGN(const auto operands, run.expand(words));
  if (operands.empty()) run.complain("", "no file was given");
  for (const std::string& operand : operands) {
    SKERRY_TRY(run.watch().check_now());
    const auto content = content_of(run, operand);
    if (!content.ok()) {
      SKERRY_TRY(run.tell(operand, content.status()));
      continue;
    }
    if (run.is_full()) break;
    SKERRY_TRY(use(operand, *content));
  }
  return ok_status();
}

/// How much `head` and `tail` show.
struct Amount {
  enum class Unit { kLines, kBytes };
  Unit unit = Unit::kLines;
  std::size_t count = 10;
  char sign = '\0';  ///< "+3": from the third on; "-3": all but three
};

/// None, and told, when there is no such number.
std::optional<Amount> amount_of(CommandRun& run, const Options& options) {
  Amount amount;
  if (options.has('c')) amount.unit = Amount::Unit::kBytes;
  const std::string given = options.value(options.has('c') ? 'c' : 'n', "10");
  std::string_view digits = given;
  if (digits.starts_with('+') || digits.starts_with('-')) {
    amount.sign = digits.front();
    digits.remove_prefix(1);
  }
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), amount.count);
  if (error == std::errc() && end == digits.data() + digits.size()) return amount;
  run.complain(given, "invalid number");
  return std::nullopt;
}

/// Where line `count` (from 0 on) begins; the end when there are fewer.
std::size_t start_of_line(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; count > 0 && at < text.size(); --count) {
    const std::size_t end = text.find('\n', at);
    at = end == text.npos ? text.size() : end + 1;
  }
  return at;
}

/// Where the last `count` lines begin.
std::size_t start_of_last(std::string_view text, std::size_t count) {
  std::size_t at = text.size();
  // The last line's own end ends no other.
  std::size_t from = text.ends_with('\n') ? at - 1 : at;
  for (; count > 0; --count) {
    const std::size_t end = from == 0 ? text.npos : text.rfind('\n', from - 1);
    if (end == text.npos) return 0;
    at = end + 1;
    from = end;
  }
  return at;
}

std::string_view head_of(std::string_view text, const Amount& amount) {
  const bool is_all_but = amount.sign == '-';
  if (amount.unit == Amount::Unit::kBytes) {
    const std::size_t count = std::min(amount.count, text.size());
    return text.substr(0, is_all_but ? text.size() - count : count);
  }
  return text.substr(
      0, is_all_but ? start_of_last(text, amount.count) : start_of_line(text, amount.count));
}

std::string_view tail_of(std::string_view text, const Amount& amount) {
  const bool is_from = amount.sign == '+';
  if (amount.unit == Amount::Unit::kBytes) {
    const std::size_t count =
        is_from ? amount.count - std::min<std::size_t>(amount.count, 1) : amount.count;
    const std::size_t some = std::min(count, text.size());
    return text.substr(is_from ? some : text.size() - some);
  }
  if (!is_from) return text.substr(start_of_last(text, amount.count));
  return text.substr(start_of_line(text, amount.count - std::min<std::size_t>(amount.count, 1)));
}

using Part = std::string_view (*)(std::string_view text, const Amount& amount);

/// `head` and `tail`.
Status show_part(CommandRun& run, const Words& words, Part part) {
  const auto options = run.options(words, "qv", "nc");
  if (!options) return ok_status();
  const auto amount = amount_of(run, *options);
  if (!amount) return ok_status();
  SKERRY_ASSIGN(const auto operands, run.expand(options->operands));
  const bool has_titles = (operands.size() > 1 || options->has('v')) && !options->has('q');
  bool is_first = true;
  return each_content(
      run, options->operands, [&](const std::string& operand, const std::string& content) {
        if (has_titles) {
          run.print(std::string(is_first ? "" : "\n") + "==> " + operand + " <==\n");
        }
        is_first = false;
        run.print(part(content, *amount));
        return ok_status();
      });
}

struct Counts {
  std::size_t lines = 0;
  std::size_t words = 0;
  std::size_t characters = 0;
  std::size_t bytes = 0;
};

Counts counts_of(std::string_view text) {
  Counts counts{.bytes = text.size()};
  bool is_in_word = false;
  for (const char c : text) {
    if (c == '\n') ++counts.lines;
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++counts.characters;
    const bool is_blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (!is_blank && !is_in_word) ++counts.words;
    is_in_word = !is_blank;
  }
  return counts;
}

}  // namespace

Status run_cat(CommandRun& run, const Words& words) {
  const auto options = run.options(words, "n");
  if (!options) return ok_status();
  std::size_t number = 0;
  return each_content(run, options->operands,
                      [&](const std::string&, const std::string& content) -> Status {
                        if (!options->has('n')) {
                          run.print(content);
                          return ok_status();
                        }
                        Lines lines(content);
                        while (const auto line = lines.next()) {
                          SKERRY_TRY(run.watch().check());
                          if (run.is_full()) break;
                          run.print(fmt::format("{:6}\t", ++number));
                          run.print(*line);
                          run.print("\n");
                        }
                        return ok_status();
                      });
}

Status run_head(CommandRun& run, const Words& words) { return show_part(run, words, head_of); }

Status run_tail(CommandRun& run, const Words& words) { return show_part(run, words, tail_of); }

Status run_wc(CommandRun& run, const Words& words) {
  auto options = run.options(words, "lwcm");
  if (!options) return ok_status();
  if (options->given.empty()) options->given = {{'l', {}}, {'w', {}}, {'c', {}}};
  std::vector<std::pair<std::string, Counts>> rows;
  Counts total;
  SKERRY_TRY(each_content(run, options->operands,
                          [&](const std::string& operand, const std::string& content) {
                            const Counts counts = counts_of(content);
                            total.lines += counts.lines;
                            total.words += counts.words;
                            total.characters += counts.characters;
                            total.bytes += counts.bytes;
                            rows.emplace_back(operand, counts);
                            return ok_status();
                          }));
  if (rows.size() > 1) rows.emplace_back("total", total);
  const bool is_single = rows.size() == 1 && options->given.size() == 1;
  const std::size_t width = is_single ? 1 : std::to_string(total.bytes).size();
  for (const auto& [name, counts] : rows) {
    std::string line;
    for (const auto& [option, count] : {std::pair('l', counts.lines),
                                        {'w', counts.words},
                                        {'m', counts.characters},
                                        {'c', counts.bytes}}) {
      if (options->has(option))
        line += fmt::format("{}{:>{}}", line.empty() ? "" : " ", count, width);
    }
    run.print(line + " " + name + "\n");
  }
  return ok_status();
}

}  // namespace skerry::operation
