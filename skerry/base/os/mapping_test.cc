// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/mapping.h"

#include <fcntl.h>
#include <string>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"

namespace skerry {
namespace {

/// Asks the kernel, which answers instead of faulting.
bool is_readable(const std::byte* address) {
  std::byte copy{};
  iovec to{&copy, 1};
  iovec from{const_cast<std::byte*>(address), 1};
  return ::process_vm_readv(::getpid(), &to, 1, &from, 1, 0) == 1;
}

TEST(AddressRangeTest, ReservedAddressesAreInaccessible) {
  const auto range = AddressRange::reserve(std::size_t{8} << 30);
  ASSERT_TRUE(range.ok()) << range.status();
  EXPECT_EQ(range->size(), std::size_t{8} << 30);
  EXPECT_FALSE(is_readable(range->data()));
  EXPECT_FALSE(is_readable(range->data() + range->size() - 1));
}

TEST(AddressRangeTest, MovingDoesNotMoveTheRange) {
  auto range = AddressRange::reserve(kPageSize);
  const std::byte* data = range->data();
  const AddressRange moved = *std::move(range);
  EXPECT_EQ(moved.data(), data);
  EXPECT_EQ(range->data(), nullptr);  // NOLINT(bugprone-use-after-move): what moving leaves
}

TEST(AddressRangeTest, ImpossibleLengthFails) {
  EXPECT_FALSE(AddressRange::reserve(std::size_t{1} << 62).ok());
}

TEST(ReadOnlyMappingTest, ShowsTheWholeFile) {
  const TestDirectory directory;
  const std::string text(10'000, 'a');
  ASSERT_TRUE(write_file(directory / "f", as_bytes(text)).ok());
  const auto file = open_file(directory / "f", O_RDONLY);
  const auto mapping = ReadOnlyMapping::of_file(file->get());
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  EXPECT_EQ(as_text(mapping->bytes()), text);
}

TEST(ReadOnlyMappingTest, OutlivesItsDescriptor) {
  const TestDirectory directory;
  ASSERT_TRUE(write_file(directory / "f", as_bytes("text")).ok());
  auto file = open_file(directory / "f", O_RDONLY);
  const auto mapping = ReadOnlyMapping::of_file(file->get());
  file->close();
  EXPECT_EQ(as_text(mapping->bytes()), "text");
}

TEST(ReadOnlyMappingTest, EmptyFileGivesAnEmptyView) {
  const TestDirectory directory;
  ASSERT_TRUE(write_file(directory / "f", {}).ok());
  const auto file = open_file(directory / "f", O_RDONLY);
  const auto mapping = ReadOnlyMapping::of_file(file->get());
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  EXPECT_TRUE(mapping->bytes().empty());
}

TEST(ReadOnlyMappingTest, ClosedDescriptorFails) {
  EXPECT_FALSE(ReadOnlyMapping::of_file(-1).ok());
}

}  // namespace
}  // namespace skerry
