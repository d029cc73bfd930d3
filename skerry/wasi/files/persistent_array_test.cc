// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/persistent_array.h"

#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace skerry::wasi {
namespace {

using Array = PersistentArray<int>;

std::map<std::uint64_t, int> contents(const Array& array) {
  std::map<std::uint64_t, int> found;
  array.visit_from(
      0, [&](std::uint64_t index, const int& value) { return found.emplace(index, value).second; });
  return found;
}

TEST(PersistentArrayTest, FindsWhatWasPutFarApart) {
  Array array;
  const std::uint64_t indices[] = {
      0, 15, 16, 4095, 1'000'000, std::uint64_t{1} << 36, ~std::uint64_t{0}};
  for (const std::uint64_t index : indices) array.put(index, std::make_shared<int>(7));
  for (const std::uint64_t index : indices) EXPECT_NE(array.find(index), nullptr) << index;
  EXPECT_EQ(array.find(17), nullptr);
  EXPECT_EQ(contents(array).size(), std::size(indices));
}

TEST(PersistentArrayTest, ChangeLeavesCopiesAsTheyWere) {
  Array array;
  for (std::uint64_t i = 0; i < 100; ++i) array.put(i, std::make_shared<int>(0));
  const Array before = array;
  array.edit(42) = 1;
  array.erase(7);
  EXPECT_EQ(*before.find(42), 0);
  EXPECT_NE(before.find(7), nullptr);
  EXPECT_EQ(*array.find(42), 1);
  EXPECT_EQ(array.find(7), nullptr);
  EXPECT_EQ(array.find(41), before.find(41)) << "what did not change is shared";
}

TEST(PersistentArrayTest, ChangeToWhatIsNotSharedHappensInPlace) {
  Array array;
  array.put(3, std::make_shared<int>(0));
  const int* before = array.find(3);
  array.edit(3) = 5;
  EXPECT_EQ(array.find(3), before);
}

TEST(PersistentArrayTest, GivesUpNodesWithoutElements) {
  Array array;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    array.put(i, std::make_shared<int>(0));
    array.erase(i);
  }
  EXPECT_TRUE(array.is_empty());
}

TEST(PersistentArrayTest, VisitsFromAnyIndexAndStopsWhenTold) {
  Array array;
  for (std::uint64_t i = 0; i < 1000; i += 3) array.put(i, std::make_shared<int>(0));
  std::vector<std::uint64_t> seen;
  array.visit_from(500, [&](std::uint64_t index, const int&) {
    seen.push_back(index);
    return seen.size() < 3;
  });
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{501, 504, 507}));
}

TEST(PersistentArrayTest, AgreesWithAMapThroughRandomChangesAndCopies) {
  std::mt19937 random(1);
  std::vector<std::pair<Array, std::map<std::uint64_t, int>>> versions(1);
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 500 == 0) versions.push_back(versions[random() % versions.size()]);
    auto& [array, map] = versions[random() % versions.size()];
    const std::uint64_t index = random() % (random() % 2 == 0 ? 40 : 100'000);
    if (random() % 3 == 0) {
      array.erase(index);
      map.erase(index);
    } else {
      array.put(index, std::make_shared<int>(step));
      map[index] = step;
    }
  }
  for (const auto& [array, map] : versions) EXPECT_EQ(contents(array), map);
}

}  // namespace
}  // namespace skerry::wasi
