// SPDX-License-Identifier: Apache-2.0
// What a hostile guest does first: pointers to nowhere, at the edge, and lengths that would wrap.
#include <functional>

#include <gtest/gtest.h>

#include "skerry/wasi/guest_fixture.h"

namespace skerry::wasi {
namespace {

constexpr std::uint64_t kEnd = Guest::kMemorySize;
constexpr std::uint64_t kBadPointers[] = {kEnd,       kEnd - 1,   kEnd + 1,
                                          0x7fffffff, 0xffffffff, 0xfffffffc};

/// One way to call, with `{p}` standing for the pointer under test.
struct Shape {
  const char* name;
  std::function<std::vector<std::uint64_t>(std::uint64_t)> arguments;
};

const std::vector<Shape>& shapes() {
  using P = std::uint64_t;
  using A = std::vector<std::uint64_t>;
  static const std::vector<Shape> kShapes = {
      {"args_get", [](P p) { return A{p, 0}; }},
      {"args_get", [](P p) { return A{0, p}; }},
      {"args_sizes_get", [](P p) { return A{p, 0}; }},
      {"args_sizes_get", [](P p) { return A{0, p}; }},
      {"environ_get", [](P p) { return A{p, 0}; }},
      {"environ_sizes_get", [](P p) { return A{0, p}; }},
      {"clock_res_get", [](P p) { return A{0, p}; }},
      {"clock_time_get", [](P p) { return A{0, 0, p}; }},
      {"fd_fdstat_get", [](P p) { return A{3, p}; }},
      {"fd_filestat_get", [](P p) { return A{3, p}; }},
      {"fd_pread", [](P p) { return A{4, p, 1, 0, 0}; }},
      {"fd_pread", [](P p) { return A{4, 64, 1, 0, p}; }},
      {"fd_pwrite", [](P p) { return A{4, p, 1, 0, 0}; }},
      {"fd_pwrite", [](P p) { return A{4, 64, 1, 0, p}; }},
      {"fd_read", [](P p) { return A{4, p, 2, 0}; }},
      {"fd_read", [](P p) { return A{4, 64, 1, p}; }},
      {"fd_write", [](P p) { return A{4, p, 2, 0}; }},
      {"fd_write", [](P p) { return A{1, p, 1024, 0}; }},
      {"fd_write", [](P p) { return A{1, 64, 1, p}; }},
      {"fd_prestat_get", [](P p) { return A{3, p}; }},
      {"fd_prestat_dir_name", [](P p) { return A{3, p, 8}; }},
      {"fd_prestat_dir_name", [](P p) { return A{3, 8, p}; }},
      {"fd_readdir", [](P p) { return A{3, p, 100, 0, 0}; }},
      {"fd_readdir", [](P p) { return A{3, 8, p, 0, 0}; }},
      {"fd_readdir", [](P p) { return A{3, 0, 100, 0, p}; }},
      {"fd_seek", [](P p) { return A{4, 0, 0, p}; }},
      {"fd_tell", [](P p) { return A{4, p}; }},
      {"path_create_directory", [](P p) { return A{3, p, 4}; }},
      {"path_create_directory", [](P p) { return A{3, 8, p}; }},
      {"path_filestat_get", [](P p) { return A{3, 0, p, 4, 0}; }},
      {"path_filestat_get", [](P p) { return A{3, 0, 1024, 1, p}; }},
      {"path_filestat_set_times", [](P p) { return A{3, 0, p, 4, 0, 0, 0}; }},
      {"path_link", [](P p) { return A{3, 0, p, 4, 3, 0, 1}; }},
      {"path_link", [](P p) { return A{3, 0, 1024, 1, 3, p, 4}; }},
      {"path_open", [](P p) { return A{3, 0, p, 4, 0, 0, 0, 0, 0}; }},
      {"path_open", [](P p) { return A{3, 0, 8, p, 0, 0, 0, 0, 0}; }},
      {"path_open", [](P p) { return A{3, 0, 1024, 1, kOpenCreate, 0, 0, 0, p}; }},
      {"path_readlink", [](P p) { return A{3, p, 4, 0, 8, 0}; }},
      {"path_readlink", [](P p) { return A{3, 1024, 1, p, 8, 0}; }},
      {"path_readlink", [](P p) { return A{3, 1024, 1, 0, 8, p}; }},
      {"path_remove_directory", [](P p) { return A{3, p, 4}; }},
      {"path_rename", [](P p) { return A{3, p, 4, 3, 0, 1}; }},
      {"path_rename", [](P p) { return A{3, 1024, 1, 3, p, 4}; }},
      {"path_symlink", [](P p) { return A{p, 4, 3, 0, 1}; }},
      {"path_symlink", [](P p) { return A{1024, 1, 3, p, 4}; }},
      {"path_unlink_file", [](P p) { return A{3, p, 4}; }},
      {"poll_oneoff", [](P p) { return A{p, 0, 1, 0}; }},
      {"poll_oneoff", [](P p) { return A{0, p, 1, 0}; }},
      {"poll_oneoff", [](P p) { return A{0, 0, 1, p}; }},
      {"random_get", [](P p) { return A{p, 4}; }},
      {"random_get", [](P p) { return A{8, p}; }},
  };
  return kShapes;
}

TEST(HostilePointersTest, EveryPointerOutOfMemoryIsAFault) {
  for (const Shape& shape : shapes()) {
    for (const std::uint64_t pointer : kBadPointers) {
      Guest guest;
      guest.process = {.arguments = {"a"}, .environment = {"b=c"}};
      EXPECT_EQ(guest.create("f"), 4u);
      EXPECT_EQ(guest.path("f"), 1024u);
      guest.set_value<std::uint32_t>(64, 128);  // a buffer list of one buffer
      guest.set_value<std::uint32_t>(68, 8);
      const std::vector<std::uint64_t> arguments = shape.arguments(pointer);
      // A length just short of the end is none that wraps: it may do.
      if (pointer == kEnd - 1 && arguments[1] == 8) continue;
      const FileSystem before = guest.state.files();
      Context context{guest.state,    guest.process, *guest.clock,
                      *guest.entropy, guest.output,  *guest.input};
      const CallResult result =
          find_call(shape.name)->function(context, GuestMemory(guest.memory), arguments);
      EXPECT_EQ(std::get<Errno>(result), Errno::kFault) << shape.name << " " << pointer;
      EXPECT_TRUE(before.is_same_as(guest.state.files())) << shape.name << " changed something";
      EXPECT_EQ(guest.output.out, "") << shape.name;
    }
  }
}

TEST(HostilePointersTest, BuffersOfAListAreCheckedBeforeAnythingIsDone) {
  Guest guest;
  guest.create("f");
  for (const std::uint64_t pointer : kBadPointers) {
    guest.set_value<std::uint32_t>(64, 128);
    guest.set_value<std::uint32_t>(68, 8);
    guest.set_value<std::uint32_t>(72, static_cast<std::uint32_t>(pointer));
    guest.set_value<std::uint32_t>(76, 4);
    for (const char* name : {"fd_write", "fd_read"}) {
      EXPECT_EQ(guest.error(name, {4, 64, 2, 0}), Errno::kFault) << name;
    }
    EXPECT_EQ(guest.error("fd_write", {1, 64, 2, 0}), Errno::kFault);
    guest.set_value<std::uint32_t>(72, 4);
    guest.set_value<std::uint32_t>(76, static_cast<std::uint32_t>(pointer));
    EXPECT_EQ(guest.error("fd_write", {4, 64, 2, 0}), Errno::kFault);
  }
  EXPECT_EQ(guest.stat("f")->size, 0u);
  EXPECT_EQ(guest.output.out, "");
}

TEST(HostilePointersTest, BuffersThatAddUpToTooMuchAreRefused) {
  Guest guest;
  for (std::uint32_t i = 0; i < 1024; ++i) {
    guest.set_value<std::uint32_t>(Guest::kListAt + 8 * i, 0);
    guest.set_value<std::uint32_t>(Guest::kListAt + 8 * i + 4, 0x40000);
  }
  EXPECT_EQ(guest.error("fd_write", {1, Guest::kListAt, 1024, 0}), Errno::kSuccess);
  guest.memory.resize(std::size_t{16} << 20);
  for (std::uint32_t i = 0; i < 1024; ++i)
    guest.set_value<std::uint32_t>(Guest::kListAt + 8 * i + 4, 16u << 20);
  EXPECT_EQ(guest.error("fd_write", {1, Guest::kListAt, 1024, 0}), Errno::kInval);
}

TEST(HostilePointersTest, EmptyMemoryHasNoAddresses) {
  Guest guest;
  guest.memory.clear();
  for (const Call& call : calls()) {
    const std::vector<std::uint64_t> arguments(call.parameters.size(), 3);
    Context context{guest.state,    guest.process, *guest.clock,
                    *guest.entropy, guest.output,  *guest.input};
    call.function(context, GuestMemory(guest.memory), arguments);
  }
}

}  // namespace
}  // namespace skerry::wasi
