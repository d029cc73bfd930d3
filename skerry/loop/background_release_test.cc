// SPDX-License-Identifier: Apache-2.0
#include "skerry/loop/background_release.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/child.h"
#include "skerry/base/os/mapping.h"
#include "skerry/base/os/socket.h"
#include "skerry/base/sanitizer.h"
#include "skerry/base/test_usage.h"

namespace skerry::loop {
namespace {

constexpr std::size_t kSize = std::size_t{32} << 20;
// Of the processor time that giving it back takes: to hand it over takes microseconds.
constexpr double kShare = 0.25;

bool is_descriptor(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

/// A memory file of so many bytes, all of them there.
OwnedFd memory_file(std::size_t size) {
  OwnedFd file(::memfd_create("test", MFD_CLOEXEC));
  const std::string text(size, 'x');
  std::size_t written = 0;
  while (written < size) {
    const auto count = ::write(file.get(), text.data() + written, size - written);
    if (count <= 0) std::abort();
    written += static_cast<std::size_t>(count);
  }
  return file;
}

/// Processor time of this thread for the end of what `make` makes: least of some, since others only
/// ever add to it.
template <typename Make>
double time_of_end(const Make& make) {
  double least = 1e9;
  for (int i = 0; i < 3; ++i) {
    auto made = std::make_unique<decltype(make())>(make());
    const double begun = skerry::testing::cpu_seconds();
    made.reset();
    least = std::min(least, skerry::testing::cpu_seconds() - begun);
  }
  return least;
}

/// How much of that time is left to a thread that has a BackgroundRelease.
template <typename Make>
double share_of_time(const Make& make) {
  const double alone = time_of_end(make);
  const BackgroundRelease release;
  return time_of_end(make) / alone;
}

TEST(BackgroundReleaseTest, LargeTextIsFreedElsewhere) {
  if (kHasShadowMemory) GTEST_SKIP() << "the sanitizer has operators of its own";
  EXPECT_LT(share_of_time([] { return std::string(kSize, 'x'); }), kShare);
}

TEST(BackgroundReleaseTest, LargeFileIsClosedElsewhere) {
  EXPECT_LT(share_of_time([] { return memory_file(kSize); }), kShare);
}

TEST(BackgroundReleaseTest, LargeMappingIsUnmappedElsewhere) {
  const OwnedFd file = memory_file(kSize);
  const auto share = share_of_time([&] {
    auto mapping = ReadOnlyMapping::of_file(file.get());
    if (!mapping.ok()) std::abort();
    const auto bytes = mapping->bytes();
    for (std::size_t at = 0; at < bytes.size(); at += 4096) {
      if (bytes[at] != std::byte{'x'}) std::abort();
    }
    return *std::move(mapping);
  });
  EXPECT_LT(share, kShare);
}

TEST(BackgroundReleaseTest, FilesThatNobodyReceivedGoWithTheirSocket) {
  const auto share = share_of_time([] {
    struct Closing {
      OwnedFd fd;
      explicit Closing(OwnedFd closed) : fd(std::move(closed)) {}
      Closing(Closing&&) = default;
      ~Closing() { release_socket(std::move(fd)); }
    };
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    const OwnedFd sender(ends[0]);
    const OwnedFd file = memory_file(kSize);
    const int fds[] = {file.get()};
    if (!send_some(sender.get(), as_bytes("file"), fds).ok()) std::abort();
    return Closing(OwnedFd(ends[1]));
  });
  EXPECT_LT(share, kShare);
}

TEST(BackgroundReleaseTest, AllIsGivenBackAtItsEnd) {
  const std::uint64_t before = skerry::testing::status_bytes("VmRSS");
  int file = -1;
  {
    const BackgroundRelease release;
    for (int i = 0; i < 4; ++i) {
      const std::string text(kSize, 'x');
      OwnedFd each = memory_file(kLargeRelease);
      file = each.get();
    }
  }
  EXPECT_FALSE(is_descriptor(file));
  if (!kHasShadowMemory) {
    EXPECT_LT(skerry::testing::status_bytes("VmRSS"), before + kSize / 2);
  }
}

TEST(BackgroundReleaseTest, SmallThingsEndAtOnce) {
  const BackgroundRelease release;
  int number = -1;
  {
    const OwnedFd small = memory_file(kLargeRelease / 2);
    number = small.get();
  }
  EXPECT_FALSE(is_descriptor(number))
      << "others may wait for a lock or a hang-up that a close gives";
}

TEST(BackgroundReleaseTest, MuchThatWaitsIsGivenBackAtOnce) {
  const BackgroundRelease release({.items = 4, .bytes = 2 * kSize});
  const auto mapping_of = [](std::size_t size) {
    void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) std::abort();
    std::memset(data, 1, size);
    return static_cast<std::byte*>(data);
  };
  const std::uint64_t before = skerry::testing::status_bytes("VmRSS");
  std::uint64_t most = 0;
  for (int i = 0; i < 32; ++i) {
    release_mapping(mapping_of(kSize), kSize);
    most = std::max(most, skerry::testing::status_bytes("VmRSS"));
  }
  EXPECT_LT(most, before + 5 * kSize);
}

TEST(BackgroundReleaseTest, ForkedChildGivesBackItself) {
  const BackgroundRelease release;
  auto child = Child::fork([] {
    OwnedFd file = memory_file(kLargeRelease);
    const int number = file.get();
    file.close();
    return is_descriptor(number) ? 1 : 0;
  });
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(child->wait()->code, 0);
}

}  // namespace
}  // namespace skerry::loop
