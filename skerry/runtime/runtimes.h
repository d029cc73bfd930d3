// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/runtime/runtime.h"

namespace skerry::runtime {

/// The fact of an image's manifest that names its runtime. Images without it are older than it is:
/// they are of the first runtime.
inline constexpr std::string_view kRuntimeFact = "runtime";

/// The languages that a program of ours knows, the first of them for what names none. A value;
/// copies share the runtimes, which are immutable. Const calls may run concurrently.
class Runtimes {
 public:
  using List = std::vector<std::shared_ptr<const Runtime>>;

  Runtimes() = default;
  explicit Runtimes(List all) : all_(std::move(all)) {}

  const List& all() const { return all_; }

  /// For programs that name no template; empty when there is none.
  std::string default_template() const;
  /// In the order in which set-up makes them.
  std::vector<std::string> template_names() const;

  /// Whose template has this name. kInvalidArgument, with the names that there are, when it is
  /// nobody's.
  Result<const Runtime*> with_template(std::string_view name) const;

  /// Whose image has these facts in its manifest. kFailedPrecondition when it is not among these.
  Result<const Runtime*> of(const std::map<std::string, std::string>& facts) const;

 private:
  List all_;
};

}  // namespace skerry::runtime
