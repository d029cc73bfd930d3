// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/directory.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace skerry::wasi {
namespace {

constexpr InodeNumber kParent{1};

std::vector<std::string> names_from(const Directory& directory, std::uint64_t cookie) {
  std::vector<std::string> names;
  directory.visit_from(cookie, [&](const Entry& entry) {
    names.push_back(entry.name);
    return true;
  });
  return names;
}

TEST(DirectoryTest, ListsInTheOrderOfAdding) {
  Directory directory(kParent);
  for (const char* name : {"z", "a", "m"}) directory.add(name, InodeNumber{5});
  EXPECT_EQ(names_from(directory, 0), (std::vector<std::string>{"z", "a", "m"}));
}

TEST(DirectoryTest, ReplacedNameKeepsItsPlace) {
  Directory directory(kParent);
  for (const char* name : {"z", "a", "m"}) directory.add(name, InodeNumber{5});
  directory.replace("a", InodeNumber{6});
  EXPECT_EQ(names_from(directory, 0), (std::vector<std::string>{"z", "a", "m"}));
  EXPECT_EQ(directory.find("a")->inode, InodeNumber{6});
}

TEST(DirectoryTest, CookieOutlivesTheEntryItCameFrom) {
  Directory directory(kParent);
  for (const char* name : {"a", "b", "c", "d"}) directory.add(name, InodeNumber{5});
  const std::uint64_t after_b = directory.find("b")->cookie + 1;
  directory.remove("a");
  directory.remove("b");
  EXPECT_EQ(names_from(directory, after_b), (std::vector<std::string>{"c", "d"}));
}

TEST(DirectoryTest, AgreesWithAMapThroughRandomChangesAndCopies) {
  std::mt19937 random(2);
  std::vector<std::pair<Directory, std::map<std::string, InodeNumber>>> versions;
  versions.emplace_back(Directory(kParent), std::map<std::string, InodeNumber>());
  for (std::uint32_t step = 0; step < 30'000; ++step) {
    if (random() % 1000 == 0) versions.push_back(versions[random() % versions.size()]);
    auto& [directory, map] = versions[random() % versions.size()];
    const std::string name = std::to_string(random() % 300);
    const InodeNumber inode{step};
    if (!map.contains(name)) {
      directory.add(name, inode);
      map[name] = inode;
    } else if (random() % 3 == 0) {
      directory.replace(name, inode);
      map[name] = inode;
    } else {
      directory.remove(name);
      map.erase(name);
    }
  }
  for (const auto& [directory, map] : versions) {
    EXPECT_EQ(directory.size(), map.size());
    EXPECT_EQ(names_from(directory, 0).size(), map.size());
    for (const auto& [name, inode] : map) {
      ASSERT_NE(directory.find(name), nullptr) << name;
      EXPECT_EQ(directory.find(name)->inode, inode) << name;
    }
  }
}

TEST(DirectoryTest, HundredThousandNamesInAnyOrderStayQuick) {
  Directory directory(kParent);
  for (int i = 0; i < 100'000; ++i) directory.add(std::to_string(i), kParent);
  const Directory snapshot = directory;
  for (int i = 99'999; i >= 0; --i) directory.remove(std::to_string(i));
  EXPECT_TRUE(directory.is_empty());
  EXPECT_EQ(snapshot.size(), 100'000u);
}

}  // namespace
}  // namespace skerry::wasi
