// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/sandbox/display.h"
#include "skerry/sandbox/limits.h"
#include "skerry/sandbox/outcome.h"
#include "skerry/session/session_transaction.h"
#include "skerry/tool/tool.h"
#include "skerry/v1/skerry.pb.h"

namespace skerry::tool {

/// One stream of a run's output, as far as it was kept.
struct KeptOutput {
  std::string text;      ///< UTF-8; of a run that keeps bytes, these
  bool was_cut = false;  ///< there was more than the limit
};

/// A file that a run made, changed or removed.
struct ReportedFile {
  enum class Change { kCreated, kModified, kDeleted };
  std::string path;  ///< as the routes of a session's files take it
  Change change = Change::kCreated;
  std::uint64_t size = 0;
  std::string sha256 = {};   ///< of its content; empty where that did not come
  std::string id = {};       ///< of its content among the uploads; empty where it is not kept
  std::string message = {};  ///< why it is not kept; or empty
  std::size_t same_as = 0;   ///< of a further name of a file: the place of the first, from 1 on
};

/// All there is to tell of a run that is over.
struct RunReport {
  sandbox::Outcome outcome = {};
  KeptOutput standard_output = {};
  KeptOutput standard_error = {};
  /// The values that it showed, the last expression's among them; of a run whose caller did not get
  /// them as they came.
  std::vector<sandbox::Display> displays = {};
  std::vector<ReportedFile> files = {};
  bool has_more_files = false;  ///< it changed more than these
  sandbox::Limits limits = {};
  std::optional<run::SessionReport> session = {};
  std::shared_ptr<const void> memory = {};  ///< what the output counts against, until it is gone
};

/// What there is to count of a run.
RunFigures figures_of(const RunReport& report);

/// What became of a run that is a call: a session that could not be saved is our failure.
Verdict verdict_of(const RunReport& report);
/// The same of one that came to nothing.
Verdict verdict_of(const Status& status);

/// What stands in place of output beyond its limit.
std::string cut_marker(const sandbox::Limits& limits);

/// The report without its output, its values and its result: those are events over gRPC.
v1::Outcome proto_of(const RunReport& report);
v1::Display proto_of(sandbox::Display display);
/// A value as Jupyter has it: `data` by MIME type, binary as base64, JSON as such; `metadata`,
/// `is_result`, and `chart` if it has one.
nlohmann::ordered_json json_of(const sandbox::Display& display);
/// The JSON Schema of that.
nlohmann::ordered_json display_schema();
/// All of it, as the command line and the service tell it: docs/outcomes.md has the keys.
nlohmann::ordered_json json_of(RunReport report);

}  // namespace skerry::tool
