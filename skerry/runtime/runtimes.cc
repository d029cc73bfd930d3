// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/runtimes.h"

namespace skerry::runtime {

Result<sandbox::Outcome> Runtime::add(sandbox::Sandbox&, const Additions&,
                                      const sandbox::RunEnvironment&,
                                      std::map<std::string, std::string>&) const {
  return absl::UnimplementedError("nothing can be added to templates of " + description().language);
}

std::string Runtimes::default_template() const {
  return all_.empty() ? std::string() : all_.front()->description().default_template;
}

std::vector<std::string> Runtimes::template_names() const {
  std::vector<std::string> names;
  for (const auto& runtime : all_) {
    for (const Template& each : runtime->description().templates) names.push_back(each.name);
  }
  return names;
}

Result<const Runtime*> Runtimes::with_template(std::string_view name) const {
  std::string known;
  for (const auto& runtime : all_) {
    for (const Template& each : runtime->description().templates) {
      if (each.name == name) return runtime.get();
      known += (known.empty() ? "" : ", ") + each.name;
    }
  }
  if (known.empty()) return absl::InvalidArgumentError("no runtime has a template to start from");
  return absl::InvalidArgumentError("unknown template \"" + std::string(name) +
                                    "\", expected one of " + known);
}

Result<const Runtime*> Runtimes::of(const std::map<std::string, std::string>& facts) const {
  const auto fact = facts.find(std::string(kRuntimeFact));
  for (const auto& runtime : all_) {
    if (fact == facts.end() || runtime->description().name == fact->second) return runtime.get();
  }
  return absl::FailedPreconditionError(
      fact == facts.end() ? "there is no runtime here"
                          : "the image is of the runtime \"" + fact->second + "\", not known here");
}

}  // namespace skerry::runtime
