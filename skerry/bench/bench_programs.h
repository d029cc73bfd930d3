// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace skerry::bench {

/// A program of bench/programs/, as it was at build time.
struct BenchProgram {
  std::string name;
  std::string source;
};

const std::vector<BenchProgram>& bench_programs();

}  // namespace skerry::bench
