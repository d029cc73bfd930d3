// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/page_runs.h"

namespace skerry::image {

std::vector<std::uint64_t> packed_runs(std::span<const PageRun> runs) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(2 * runs.size());
  std::size_t end = 0;
  for (const PageRun& run : runs) {
    numbers.push_back(run.first - end);
    numbers.push_back(run.count);
    end = run.first + run.count;
  }
  return numbers;
}

std::optional<std::vector<PageRun>> unpacked_runs(std::span<const std::uint64_t> numbers,
                                                  std::size_t pages) {
  if (numbers.size() % 2 != 0) return std::nullopt;
  std::vector<PageRun> runs;
  runs.reserve(numbers.size() / 2);
  std::size_t end = 0;
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    const std::uint64_t gap = numbers[i];
    const std::uint64_t count = numbers[i + 1];
    if (count == 0 || gap > pages - end || count > pages - end - gap) return std::nullopt;
    runs.push_back({end + gap, count});
    end += gap + count;
  }
  return runs;
}

}  // namespace skerry::image
