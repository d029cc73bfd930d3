// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/base/test_directory.h"

namespace skerry::jail {
namespace {

OwnedFd sealed_page() {
  auto file = make_memory_file("pages");
  EXPECT_EQ(::write(file->get(), "pages", 5), 5);
  EXPECT_EQ(::ftruncate(file->get(), kPageSize), 0);
  EXPECT_TRUE(seal_memory_file(file->get()).ok());
  return *std::move(file);
}

void* map(int fd, int protection, int sharing) {
  return ::mmap(nullptr, kPageSize, protection, sharing, fd, 0);
}

TEST(MemoryFileTest, SealedFileIsNotWrittenGrownOrShrunk) {
  const OwnedFd file = sealed_page();
  EXPECT_EQ(::pwrite(file.get(), "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(file.get(), 2 * kPageSize), -1);
  EXPECT_EQ(::ftruncate(file.get(), 0), -1);
  EXPECT_EQ(map(file.get(), PROT_READ | PROT_WRITE, MAP_SHARED), MAP_FAILED);
}

TEST(MemoryFileTest, SharedMappingOfASealedFileIsNotMadeWritable) {
  const OwnedFd file = sealed_page();
  void* const page = map(file.get(), PROT_READ, MAP_SHARED);
  ASSERT_NE(page, MAP_FAILED);
  EXPECT_EQ(::mprotect(page, kPageSize, PROT_READ | PROT_WRITE), -1);
  ::munmap(page, kPageSize);
}

TEST(MemoryFileTest, SealedFileIsReadAndMappedPrivately) {
  const OwnedFd file = sealed_page();
  auto* const page = static_cast<char*>(map(file.get(), PROT_READ | PROT_WRITE, MAP_PRIVATE));
  ASSERT_NE(page, MAP_FAILED);
  page[0] = 'P';
  char byte = 0;
  EXPECT_EQ(::pread(file.get(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'p') << "what is written privately stays private";
  ::munmap(page, kPageSize);
}

TEST(MemoryFileTest, FileWithAWritableMappingIsNotSealed) {
  const auto file = make_memory_file("pages");
  ASSERT_EQ(::ftruncate(file->get(), kPageSize), 0);
  void* const page = map(file->get(), PROT_READ | PROT_WRITE, MAP_SHARED);
  EXPECT_EQ(seal_memory_file(file->get()).code(), StatusCode::kUnavailable);
  ::munmap(page, kPageSize);
  EXPECT_TRUE(seal_memory_file(file->get()).ok());
}

TEST(MemoryFileTest, ReceiverTakesSealedFilesOnly) {
  const OwnedFd sealed = sealed_page();
  EXPECT_TRUE(check_sealed(sealed.get()).ok());
  const auto open = make_memory_file("pages");
  EXPECT_EQ(check_sealed(open->get()).code(), StatusCode::kPermissionDenied);
  ASSERT_GE(::fcntl(open->get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  EXPECT_EQ(check_sealed(open->get()).code(), StatusCode::kPermissionDenied);
  const OwnedFd file(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(check_sealed(file.get()).code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(check_sealed(-1).code(), StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace skerry::jail
