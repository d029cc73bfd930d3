// SPDX-License-Identifier: Apache-2.0
// Commands that change files: mkdir, rm, cp, mv, touch.
#include <functional>
#include <utility>

#include "skerry/operation/command_run.h"

namespace skerry::operation {
namespace {

using ResolvedPath = CommandRun::ResolvedPath;

/// Does `act` with each operand; at least one is wanted.
Status each_operand(CommandRun& run, const std::vector<Word>& words,
                    const std::function<Status(const ResolvedPath& place)>& act) {
  SKERRY_ASSIGN(const auto operands, run.expand(words));
  if (operands.empty()) run.complain("", "missing operand");
  for (const std::string& operand : operands) {
    SKERRY_TRY(run.deadline().check_now());
    const auto place = run.place(operand);
    SKERRY_TRY(run.tell(operand, place.ok() ? act(*place) : place.status()));
  }
  return ok_status();
}

Status check_not_root(const ResolvedPath& place) {
  return place.path.is_root() ? absl::PermissionDeniedError("the root itself stays") : ok_status();
}

bool is_same(const ResolvedPath& one, const ResolvedPath& other) {
  if (one.tree != other.tree) return false;
  const auto first = one.tree->find(one.below());
  const auto second = other.tree->find(other.below());
  return first.ok() && second.ok() && first->inode == second->inode;
}

Status same_file() { return absl::FailedPreconditionError("source and target are the same file"); }

/// Copies one thing, without what is in it.
Status copy_entry(CommandRun& run, const ResolvedPath& from, const Entry& entry,
                  const ResolvedPath& to) {
  if (entry.is_link()) {
    if (to.tree->find_itself(to.below()).ok()) SKERRY_TRY(to.tree->remove(to.below()));
    return to.tree->link_to(from.tree->target_of(entry), to.below());
  }
  if (!entry.is_directory()) {
    return to.tree->copy_from(*from.tree, entry, to.below(), run.deadline());
  }
  const auto there = to.tree->find(to.below());
  if (there.ok() && there->is_directory()) return ok_status();
  return to.tree->make_directory(to.below());
}

Status copy_directory(CommandRun& run, const ResolvedPath& from, const Entry& directory,
                      const ResolvedPath& to) {
  const bool is_within =
      from.tree == to.tree &&
      (to.below() + "/").starts_with(from.path.is_root() ? "" : from.below() + "/");
  if (is_within) return absl::FailedPreconditionError("cannot copy a directory into itself");
  SKERRY_TRY(copy_entry(run, from, directory, to));
  const std::size_t skipped = from.path.is_root() ? 0 : from.below().size() + 1;
  const auto visit = [&](const Entry& entry) -> Result<Tree::Step> {
    ResolvedPath target = to;
    target.path = to.path.is_root() ? to.path.at(entry.below.substr(skipped))
                                    : to.path.at(to.below() + "/" + entry.below.substr(skipped));
    SKERRY_TRY(copy_entry(run, from, entry, target));
    return Tree::Step::kOn;
  };
  return from.tree->walk(from.below(), run.deadline(), visit);
}

Status copy(CommandRun& run, const Options& options, const ResolvedPath& from,
            const ResolvedPath& to) {
  const bool is_recursive = options.has('r') || options.has('R') || options.has('a');
  SKERRY_ASSIGN(const Entry entry, is_recursive ? from.tree->find_itself(from.below())
                                                : from.tree->find(from.below()));
  if (is_same(from, to)) return same_file();
  if (options.has('n') && to.tree->find_itself(to.below()).ok()) return ok_status();
  if (!entry.is_directory()) return copy_entry(run, from, entry, to);
  if (!is_recursive) return absl::FailedPreconditionError("-r not specified; omitting directory");
  return copy_directory(run, from, entry, to);
}

Status move(CommandRun&, const Options& options, const ResolvedPath& from, const ResolvedPath& to) {
  SKERRY_TRY(check_not_root(from));
  SKERRY_TRY(from.tree->find_itself(from.below()).status());
  if (is_same(from, to)) return same_file();
  if (options.has('n') && to.tree->find_itself(to.below()).ok()) return ok_status();
  if (from.tree == to.tree) return from.tree->rename(from.below(), to.below());
  // That would be two changes, of which one might be made and the other not.
  return absl::FailedPreconditionError(
      "cannot move between the workspace and memory/: copy it, then remove it");
}

using Transfer = Status (*)(CommandRun& run, const Options& options, const ResolvedPath& from,
                            const ResolvedPath& to);

/// `cp` and `mv`: to a new name, or into a directory.
Status transfer(CommandRun& run, const Options& options, Transfer one) {
  SKERRY_ASSIGN(auto operands, run.expand(options.operands));
  if (operands.size() < 2) {
    run.complain("", operands.empty() ? "missing file operand" : "missing destination");
    return ok_status();
  }
  const std::string target = std::move(operands.back());
  operands.pop_back();
  const auto destination = run.place(target);
  if (!destination.ok()) return run.tell(target, destination.status());
  const auto there = destination->tree->find(destination->below());
  const bool is_directory = there.ok() && there->is_directory();
  if (!is_directory && (operands.size() > 1 || target.ends_with('/'))) {
    run.complain(target, "Not a directory");
    return ok_status();
  }
  for (const std::string& operand : operands) {
    SKERRY_TRY(run.deadline().check_now());
    const Status done = [&]() -> Status {
      SKERRY_ASSIGN(const ResolvedPath from, run.place(operand));
      ResolvedPath to = *destination;
      if (is_directory && !from.path.is_root()) to.path = to.path.child(from.path.name());
      return one(run, options, from, to);
    }();
    SKERRY_TRY(run.tell(operand, done));
  }
  return ok_status();
}

}  // namespace

Status run_mkdir(CommandRun& run, const Words& words) {
  const auto options = run.options(words, "pv");
  if (!options) return ok_status();
  return each_operand(run, options->operands, [&](const ResolvedPath& place) {
    return options->has('p') ? place.tree->make_directories(place.below())
                             : place.tree->make_directory(place.below());
  });
}

Status run_rm(CommandRun& run, const Words& words) {
  const auto options = run.options(words, "rRfdv");
  if (!options) return ok_status();
  if (options->has('f') && options->operands.empty()) return ok_status();
  const bool is_recursive = options->has('r') || options->has('R');
  return each_operand(run, options->operands, [&](const ResolvedPath& place) -> Status {
    SKERRY_TRY(check_not_root(place));
    const auto entry = place.tree->find_itself(place.below());
    if (entry.status().code() == StatusCode::kNotFound && options->has('f')) return ok_status();
    if (!entry.ok()) return entry.status();
    if (is_recursive) return place.tree->remove_all(place.below(), run.deadline());
    if (entry->is_directory() && !options->has('d')) {
      return absl::FailedPreconditionError("Is a directory");
    }
    return place.tree->remove(place.below());
  });
}

Status run_cp(CommandRun& run, const Words& words) {
  const auto options = run.options(words, "rRafpnv");
  return options ? transfer(run, *options, copy) : ok_status();
}

Status run_mv(CommandRun& run, const Words& words) {
  const auto options = run.options(words, "fnv");
  return options ? transfer(run, *options, move) : ok_status();
}

Status run_touch(CommandRun& run, const Words& words) {
  const auto options = run.options(words, "cam");
  if (!options) return ok_status();
  return each_operand(run, options->operands, [&](const ResolvedPath& place) -> Status {
    if (options->has('c') && !place.tree->find(place.below()).ok()) return ok_status();
    return place.tree->touch(place.below());
  });
}

}  // namespace skerry::operation
