// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::service {

/// One line of what is counted.
struct MetricLine {
  std::string name;
  std::map<std::string, std::string> labels = {};
  double value = 0;
};

/// Reads Prometheus's text format, version 0.0.4, as `Metrics` writes it; times behind values are
/// dropped. The text is untrusted: kInvalidArgument naming the line for anything else, kept or not
/// valid UTF-8, for more than 50,000 lines, or 16 labels in one.
Result<std::vector<MetricLine>> parse_metrics(std::string_view text);

}  // namespace skerry::service
