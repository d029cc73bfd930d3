// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/request.h"

namespace skerry::operation {
namespace {

/// A function for each kind of request.
template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace

bool is_change(const Request& request) {
  return std::visit(
      Overloaded{[](const WriteFile&) { return true; }, [](const EditFile&) { return true; },
                 [](const DeleteFiles&) { return true; }, [](const MoveFile&) { return true; },
                 [](const RunCommand& run) { return run.command.is_change(); },
                 [](const auto&) { return false; }},
      request);
}

Roots roots_of(const Request& request) {
  return std::visit(Overloaded{[](const RunCommand& run) { return run.command.roots(); },
                               [](const auto& other) { return Roots::of(other.path.root()); }},
                    request);
}

std::string title_of(const Request& request) {
  return std::visit(
      Overloaded{[](const WriteFile& write) { return "FileWrite " + write.path.shown(); },
                 [](const EditFile& edit) { return "FileEdit " + edit.path.shown(); },
                 [](const DeleteFiles& deletion) {
                   return "FileDelete " + deletion.path.shown() +
                          (deletion.pattern.empty() ? "" : "/") + deletion.pattern;
                 },
                 [](const MoveFile& move) {
                   return "FileMove " + move.path.shown() + " " + move.to.shown();
                 },
                 [](const RunCommand& run) { return "command: " + run.command.text(); },
                 [](const auto&) { return std::string(); }},
      request);
}

}  // namespace skerry::operation
