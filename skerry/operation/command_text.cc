// SPDX-License-Identifier: Apache-2.0
// Commands that read files: cat, head, tail, wc.
#include <algorithm>
#include <charconv>
#include <functional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "skerry/files/lines.h"
#include "skerry/operation/command_run.h"

namespace skerry::operation {
namespace {

/// A file that a command reads.
struct Source {
  const Tree& tree;
  Entry file;
};

Result<Source> open_source(CommandRun& run, const std::string& operand) {
  SKERRY_ASSIGN(const auto place, run.place(operand));
  SKERRY_ASSIGN(Entry entry, place.tree->find(place.below()));
  if (entry.is_directory()) return absl::FailedPreconditionError("Is a directory");
  return Source{.tree = *place.tree, .file = std::move(entry)};
}

/// Calls `use` with each operand's file, until the output is full.
Status each_file(
    CommandRun& run, const std::vector<Word>& words,
    const std::function<Status(const std::string& operand, const Source& source)>& use) {
  SKERRY_ASSIGN(const auto operands, run.expand(words));
  if (operands.empty()) run.complain("", "no file was given");
  for (const std::string& operand : operands) {
    SKERRY_TRY(run.deadline().check_now());
    const auto source = open_source(run, operand);
    if (!source.ok()) {
      SKERRY_TRY(run.tell(operand, source.status()));
      continue;
    }
    if (run.is_full()) break;
    SKERRY_TRY(use(operand, *source));
  }
  return ok_status();
}

/// Calls `use` with the bytes of a file, piece by piece, until it returns false.
Status each_piece(CommandRun& run, const Source& source,
                  const std::function<bool(std::string_view piece, std::uint64_t offset)>& use) {
  std::string piece(Tree::kPiece, '\0');
  for (std::uint64_t offset = 0;;) {
    SKERRY_TRY(run.deadline().check(Tree::kPiece));
    const std::size_t size =
        source.tree.read_at(source.file, offset, std::as_writable_bytes(std::span(piece)));
    if (size == 0 || !use(std::string_view(piece).substr(0, size), offset)) return ok_status();
    offset += size;
  }
}

/// How much `head` and `tail` show.
struct Amount {
  enum class Unit { kLines, kBytes };
  Unit unit = Unit::kLines;
  std::size_t count = 10;
  char sign = '\0';  ///< "+3": from the third on; "-3": all but three
};

/// None, and the user is told, when there is no such number.
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
Result<std::uint64_t> start_of_line(CommandRun& run, const Source& source, std::size_t count) {
  std::uint64_t start = count == 0 ? 0 : source.file.size;
  if (count == 0) return start;
  SKERRY_TRY(each_piece(run, source, [&](std::string_view piece, std::uint64_t offset) {
    for (std::size_t at = piece.find('\n'); at != piece.npos; at = piece.find('\n', at + 1)) {
      if (--count > 0) continue;
      start = offset + at + 1;
      return false;
    }
    return true;
  }));
  return start;
}

/// Where the last `count` lines begin: read from the file's end.
Result<std::uint64_t> start_of_last(CommandRun& run, const Source& source, std::size_t count) {
  const std::uint64_t size = source.file.size;
  if (count == 0 || size == 0) return size;
  std::string piece(Tree::kPiece, '\0');
  // The last line's own end ends no other.
  for (std::uint64_t end = size - 1; end > 0;) {
    SKERRY_TRY(run.deadline().check(Tree::kPiece));
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end));
    source.tree.read_at(source.file, end - length,
                        std::as_writable_bytes(std::span(piece)).first(length));
    const std::string_view text = std::string_view(piece).substr(0, length);
    for (std::size_t at = text.rfind('\n'); at != text.npos;
         at = at == 0 ? text.npos : text.rfind('\n', at - 1)) {
      if (--count == 0) return end - length + at + 1;
    }
    end -= length;
  }
  return std::uint64_t{0};
}

/// Bytes of a file, from the first on.
struct Range {
  std::uint64_t from = 0;
  std::uint64_t end = 0;
};

Result<Range> head_of(CommandRun& run, const Source& source, const Amount& amount) {
  const bool is_all_but = amount.sign == '-';
  const std::uint64_t size = source.file.size;
  if (amount.unit == Amount::Unit::kBytes) {
    const std::uint64_t count = std::min<std::uint64_t>(amount.count, size);
    return Range{.end = is_all_but ? size - count : count};
  }
  SKERRY_ASSIGN(const std::uint64_t end, is_all_but ? start_of_last(run, source, amount.count)
                                                    : start_of_line(run, source, amount.count));
  return Range{.end = end};
}

Result<Range> tail_of(CommandRun& run, const Source& source, const Amount& amount) {
  const bool is_from = amount.sign == '+';
  const std::uint64_t size = source.file.size;
  const std::size_t skipped = amount.count - std::min<std::size_t>(amount.count, 1);
  if (amount.unit == Amount::Unit::kBytes) {
    const std::uint64_t some = std::min<std::uint64_t>(is_from ? skipped : amount.count, size);
    return Range{.from = is_from ? some : size - some, .end = size};
  }
  SKERRY_ASSIGN(const std::uint64_t from, is_from ? start_of_line(run, source, skipped)
                                                  : start_of_last(run, source, amount.count));
  return Range{.from = from, .end = size};
}

using Part = Result<Range> (*)(CommandRun& run, const Source& source, const Amount& amount);

/// `head` and `tail`.
Status show_part(CommandRun& run, const Words& words, Part part) {
  const auto options = run.options(words, "qv", "nc");
  if (!options) return ok_status();
  const auto amount = amount_of(run, *options);
  if (!amount) return ok_status();
  SKERRY_ASSIGN(const auto operands, run.expand(options->operands));
  const bool has_titles = (operands.size() > 1 || options->has('v')) && !options->has('q');
  bool is_first = true;
  return each_file(run, options->operands,
                   [&](const std::string& operand, const Source& source) -> Status {
                     if (has_titles) {
                       run.print(std::string(is_first ? "" : "\n") + "==> " + operand + " <==\n");
                     }
                     is_first = false;
                     SKERRY_ASSIGN(const Range range, part(run, source, *amount));
                     return run.print_file(source.tree, source.file, range.from, range.end);
                   });
}

struct Counts {
  std::uint64_t lines = 0;
  std::uint64_t words = 0;
  std::uint64_t characters = 0;
  std::uint64_t bytes = 0;
};

Result<Counts> counts_of(CommandRun& run, const Source& source) {
  Counts counts;
  bool is_in_word = false;
  SKERRY_TRY(each_piece(run, source, [&](std::string_view piece, std::uint64_t) {
    counts.bytes += piece.size();
    for (const char c : piece) {
      if (c == '\n') ++counts.lines;
      if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++counts.characters;
      const bool is_blank = c == ' ' || (c >= '\t' && c <= '\r');
      if (!is_blank && !is_in_word) ++counts.words;
      is_in_word = !is_blank;
    }
    return true;
  }));
  return counts;
}

}  // namespace

Status run_cat(CommandRun& run, const Words& words) {
  const auto options = run.options(words, "n");
  if (!options) return ok_status();
  std::size_t number = 0;
  const auto show = [&](const std::string&, const Source& source) -> Status {
    if (!options->has('n')) {
      return run.print_file(source.tree, source.file, 0, source.file.size);
    }
    files::FileLines lines(source.tree, source.file);
    while (const auto line = lines.next()) {
      SKERRY_TRY(run.deadline().check(line->text.size() + 1));
      if (run.is_full()) break;
      run.print(fmt::format("{:6}\t", ++number));
      run.print(line->text);
      run.print("\n");
    }
    return ok_status();
  };
  return each_file(run, options->operands, show);
}

Status run_head(CommandRun& run, const Words& words) { return show_part(run, words, head_of); }

Status run_tail(CommandRun& run, const Words& words) { return show_part(run, words, tail_of); }

Status run_wc(CommandRun& run, const Words& words) {
  auto options = run.options(words, "lwcm");
  if (!options) return ok_status();
  if (options->given.empty()) options->given = {{'l', {}}, {'w', {}}, {'c', {}}};
  std::vector<std::pair<std::string, Counts>> rows;
  Counts total;
  const auto count_file = [&](const std::string& operand, const Source& source) -> Status {
    SKERRY_ASSIGN(const Counts counts, counts_of(run, source));
    total.lines += counts.lines;
    total.words += counts.words;
    total.characters += counts.characters;
    total.bytes += counts.bytes;
    rows.emplace_back(operand, counts);
    return ok_status();
  };
  SKERRY_TRY(each_file(run, options->operands, count_file));
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
