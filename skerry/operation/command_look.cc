// SPDX-License-Identifier: Apache-2.0
// Commands that show files and directories: ls, find, pwd, echo.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "skerry/files/glob.h"
#include "skerry/operation/command_run.h"

namespace skerry::operation {
namespace {

/// "2026-11-22 10:49", in UTC.
std::string time_of(const Entry& entry) {
  // Not by the C library, which reads the time zone's file first.
  const std::chrono::sys_time<std::chrono::minutes> time(
      std::chrono::duration_cast<std::chrono::minutes>(entry.modified));
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day day(midnight);
  const std::chrono::hh_mm_ss clock(time - midnight);
  return fmt::format("{}-{:02}-{:02} {:02}:{:02}", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                     clock.hours().count(), clock.minutes().count());
}

std::string size_of(const Entry& entry, bool is_short) {
  constexpr std::string_view kUnits = "KMG";
  if (!is_short || entry.size < 1024) return std::to_string(entry.size);
  double size = static_cast<double>(entry.size);
  std::size_t unit = 0;
  for (size /= 1024; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  return fmt::format("{:.1f}{}", size, kUnits[unit]);
}

class Listing {
 public:
  Listing(CommandRun& run, const Options& options) : run_(run), options_(options) {}

  void show(const Tree& tree, const std::string& name, const Entry& entry) {
    if (!options_.has('l')) {
      run_.print(name + "\n");
      return;
    }
    const std::string_view mode = entry.is_directory() ? "drwxr-xr-x"
                                  : entry.is_link()    ? "lrwxrwxrwx"
                                                       : "-rw-r--r--";
    std::string line = fmt::format("{} {:>10} {} {}", mode, size_of(entry, options_.has('h')),
                                   time_of(entry), name);
    if (entry.is_link()) line += " -> " + tree.target_of(entry);
    run_.print(line + "\n");
  }

  Status show_directory(const Tree& tree, const std::string& path) {
    SKERRY_ASSIGN(auto entries, tree.list(path));
    if (options_.has('a')) {
      for (const char* dot : {"..", "."}) {
        SKERRY_ASSIGN(Entry self, tree.find(path));
        self.name = dot;
        entries.insert(entries.begin(), std::move(self));
      }
    }
    for (const Entry& entry : entries) {
      SKERRY_TRY(run_.deadline().check());
      if (run_.is_full()) break;
      if (!entry.is_hidden() || options_.has('a') || options_.has('A')) {
        show(tree, entry.name, entry);
      }
    }
    return ok_status();
  }

 private:
  CommandRun& run_;
  const Options& options_;
};

Status list_all_below(CommandRun& run, Listing& listing, const CommandRun::ResolvedPath& place,
                      const Options& options) {
  const auto visit = [&](const Entry& entry) -> Result<Tree::Step> {
    if (!entry.is_directory()) return Tree::Step::kOn;
    if (entry.is_hidden() && !options.has('a') && !options.has('A')) return Tree::Step::kNotInto;
    run.print("\n" + place.path.at(entry.below).shown() + ":\n");
    SKERRY_TRY(listing.show_directory(*place.tree, entry.below));
    return run.is_full() ? Tree::Step::kStop : Tree::Step::kOn;
  };
  return place.tree->walk(place.below(), run.deadline(), visit);
}

Status list_operands(CommandRun& run, const Options& options,
                     const std::vector<std::string>& operands) {
  Listing listing(run, options);
  std::vector<std::pair<std::string, CommandRun::ResolvedPath>> directories;
  bool has_files = false;
  for (const std::string& operand : operands) {
    SKERRY_TRY(run.deadline().check_now());
    const Status seen = [&]() -> Status {
      SKERRY_ASSIGN(const auto place, run.place(operand));
      SKERRY_ASSIGN(const Entry entry, options.has('l') || options.has('d')
                                           ? place.tree->find_itself(place.below())
                                           : place.tree->find(place.below()));
      if (entry.is_directory() && !options.has('d')) {
        directories.emplace_back(operand, place);
      } else {
        listing.show(*place.tree, operand, entry);
        has_files = true;
      }
      return ok_status();
    }();
    SKERRY_TRY(run.tell(operand, seen));
  }
  const bool has_titles = operands.size() > 1 || options.has('R');
  for (const auto& [operand, place] : directories) {
    if (has_titles) run.print((has_files ? "\n" : "") + operand + ":\n");
    has_files = true;
    SKERRY_TRY(run.tell(operand, listing.show_directory(*place.tree, place.below())));
    if (options.has('R')) SKERRY_TRY(list_all_below(run, listing, place, options));
  }
  return ok_status();
}

/// What `find` looks for.
struct Wanted {
  std::vector<Glob> names;
  std::vector<Glob> paths;
  char type = '\0';  ///< f, d or l
  bool is_empty = false;
  std::size_t least_depth = 0;
  std::size_t most_depth = SIZE_MAX;
};

/// Takes the tests behind `find`'s paths. None, and the user is told, when there is one that is
/// unknown. kInvalidArgument for a pattern that is too long.
Result<std::optional<Wanted>> wanted_by(CommandRun& run, const Words& words, std::size_t from) {
  Wanted wanted;
  for (std::size_t i = from; i < words.size(); ++i) {
    const std::string& test = words[i].text;
    if (test == "-print") continue;
    if (test == "-empty") {
      wanted.is_empty = true;
      continue;
    }
    if (i + 1 == words.size()) {
      run.complain(test, "not allowed, or its value is missing");
      return std::optional<Wanted>();
    }
    const std::string& value = words[++i].text;
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool is_number = error == std::errc() && end == value.data() + value.size();
    if (test == "-name" || test == "-iname") {
      const LetterCase letters = test == "-name" ? LetterCase::kKept : LetterCase::kIgnored;
      SKERRY_ASSIGN(Glob name, Glob::parse(value, letters));
      wanted.names.push_back(std::move(name));
    } else if (test == "-path") {
      SKERRY_ASSIGN(Glob path, Glob::parse(value));
      wanted.paths.push_back(std::move(path));
    } else if (test == "-type" && (value == "f" || value == "d" || value == "l")) {
      wanted.type = value[0];
    } else if (test == "-maxdepth" && is_number) {
      wanted.most_depth = number;
    } else if (test == "-mindepth" && is_number) {
      wanted.least_depth = number;
    } else {
      run.complain(test + " " + value, "not allowed");
      return std::optional<Wanted>();
    }
  }
  return std::optional(std::move(wanted));
}

/// Whether all of `globs` match. Fails as the deadline does.
Result<bool> all_match(const std::vector<Glob>& globs, std::string_view text, Deadline& deadline) {
  for (const Glob& glob : globs) {
    SKERRY_TRY(deadline.check(glob.cost(text.size())));
    if (!glob.matches(text)) return false;
  }
  return true;
}

Result<bool> is_wanted(const Wanted& wanted, const CommandRun::ResolvedPath& place,
                       const Entry& entry, const std::string& shown, Deadline& deadline) {
  const char type = entry.is_directory() ? 'd' : entry.is_link() ? 'l' : 'f';
  if (wanted.type != '\0' && wanted.type != type) return false;
  if (wanted.is_empty && (entry.is_directory() ? !place.tree->is_empty(entry) : entry.size > 0)) {
    return false;
  }
  SKERRY_ASSIGN(const bool has_name, all_match(wanted.names, entry.name, deadline));
  return has_name ? all_match(wanted.paths, shown, deadline) : false;
}

Status find_below(CommandRun& run, const Wanted& wanted, const std::string& operand) {
  SKERRY_ASSIGN(const auto place, run.place(operand));
  SKERRY_ASSIGN(Entry start, place.tree->find_itself(place.below()));
  if (start.name.empty()) start.name = ".";
  Deadline& deadline = run.deadline();
  if (wanted.least_depth == 0) {
    SKERRY_ASSIGN(const bool is_start, is_wanted(wanted, place, start, operand, deadline));
    if (is_start) run.print(operand + "\n");
  }
  if (!start.is_directory() || wanted.most_depth == 0) return ok_status();
  const std::size_t skipped = place.path.is_root() ? 0 : place.below().size() + 1;
  const auto visit = [&](const Entry& entry) -> Result<Tree::Step> {
    const std::string below = entry.below.substr(skipped);
    const auto depth = 1 + static_cast<std::size_t>(std::count(below.begin(), below.end(), '/'));
    const std::string shown = operand + (operand.ends_with('/') ? "" : "/") + below;
    if (depth >= wanted.least_depth) {
      SKERRY_ASSIGN(const bool is_found, is_wanted(wanted, place, entry, shown, deadline));
      if (is_found) run.print(shown + "\n");
    }
    if (run.is_full()) return Tree::Step::kStop;
    return depth < wanted.most_depth ? Tree::Step::kOn : Tree::Step::kNotInto;
  };
  return place.tree->walk(place.below(), deadline, visit);
}

}  // namespace

Status run_ls(CommandRun& run, const Words& words) {
  // Output is always one to a line; -1 says so, and nobody sees owners.
  const auto options = run.options(words, "1aAdhlR");
  if (!options) return ok_status();
  SKERRY_ASSIGN(auto operands, run.expand(options->operands));
  if (operands.empty()) operands.emplace_back(".");
  return list_operands(run, *options, operands);
}

Status run_find(CommandRun& run, const Words& words) {
  std::vector<std::string> operands;
  std::size_t tests = 0;
  while (tests < words.size() && !words[tests].text.starts_with('-')) {
    operands.push_back(words[tests++].text);
  }
  if (operands.empty()) operands.emplace_back(".");
  SKERRY_ASSIGN(const auto wanted, wanted_by(run, words, tests));
  if (!wanted) return ok_status();
  for (const std::string& operand : operands) {
    SKERRY_TRY(run.deadline().check_now());
    SKERRY_TRY(run.tell(operand, find_below(run, *wanted, operand)));
  }
  return ok_status();
}

Status run_pwd(CommandRun& run, const Words&) {
  run.print("/workspace\n");
  return ok_status();
}

Status run_echo(CommandRun& run, const Words& words) {
  auto first = words.begin();
  const bool has_end = first == words.end() || first->text != "-n";
  if (!has_end) ++first;
  SKERRY_ASSIGN(const auto operands, run.expand({first, words.end()}));
  for (std::size_t i = 0; i < operands.size(); ++i) {
    run.print((i > 0 ? " " : "") + operands[i]);
  }
  if (has_end) run.print("\n");
  return ok_status();
}

}  // namespace skerry::operation
