// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/host_state_codec.h"

#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "skerry/host_state.pb.h"
#include "skerry/wasi/files/changes.h"
#include "skerry/wasi/guest_fixture.h"

namespace skerry::wasi {
namespace {

constexpr Nanoseconds kModified{77};

Blob library() {
  const auto text = std::make_shared<const std::string>(200'000, 'b');
  return {as_bytes(*text), "abc123", text};
}

Result<Blob> resolver(std::string_view id) {
  if (id == "abc123") return library();
  return absl::NotFoundError("no such blob");
}

/// A state with one of everything.
void fill(Guest& guest) {
  FileSystem& files = guest.state.files();
  EXPECT_TRUE(add_file(files, "/lib/python.zip", library(),
                       {.modified = kModified, .access = Access::kReadOnly})
                  .ok());
  EXPECT_TRUE(add_file(files, "/data/big", as_bytes(std::string(150'000, 'x'))).ok());
  EXPECT_TRUE(add_file(files, "/data/patched", library()).ok());
  EXPECT_TRUE(
      files.write(*locate(files, "/data/patched"), 70'000, as_bytes("patch"), kModified).ok());
  EXPECT_TRUE(add_symlink(files, "/data/link", "big").ok());
  EXPECT_TRUE(guest.state.add_preopen("/zip/inner", "/data").ok());
  EXPECT_EQ(guest.link("data/big", "hard"), Errno::kSuccess);
  const std::uint32_t fd = guest.create("open-but-removed");
  EXPECT_TRUE(guest.write(fd, "still here").ok());
  EXPECT_EQ(guest.unlink("open-but-removed"), Errno::kSuccess);
  EXPECT_EQ(guest.unlink("none"), Errno::kNoEnt);
  guest.state.random = {.seed = seed_of(5), .position = 99};
  guest.state.clock.last_monotonic = Nanoseconds(1234);
  guest.state.clock.monotonic_offset_ns = -5;
}

Result<HostState> decoded(const std::string& bytes, const Quotas& quotas = {}) {
  return decode(as_bytes(bytes), resolver, quotas);
}

TEST(HostStateCodecTest, WhatIsStoredComesBack) {
  Guest guest;
  fill(guest);
  const std::string stored = *encode(guest.state);
  Guest again(*decoded(stored));
  EXPECT_EQ(*encode(again.state), stored);
  const auto changes = changes_since(guest.state.files(), again.state.files());
  ASSERT_TRUE(changes.ok());
  EXPECT_TRUE(changes->empty());
  EXPECT_EQ(again.state.clock, guest.state.clock);
  EXPECT_EQ(again.state.random, guest.state.random);
  EXPECT_EQ(*again.pread(5, 20, 0), "still here");
  EXPECT_EQ(again.stat("hard")->links, 2u);
  EXPECT_EQ(again.state.files().used_bytes(), guest.state.files().used_bytes());
  EXPECT_EQ(again.state.files().used_entries(), guest.state.files().used_entries());
  EXPECT_EQ(again.error("fd_prestat_get", {4, 0}), Errno::kSuccess);
  EXPECT_EQ(again.close(5), Errno::kSuccess);
  EXPECT_EQ(again.state.files().used_inodes(), guest.state.files().used_inodes() - 1)
      << "pinned once, not twice";
}

TEST(HostStateCodecTest, BlobsAreReferencesAndMustBeThere) {
  Guest guest;
  fill(guest);
  const std::string stored = *encode(guest.state);
  EXPECT_LT(stored.size(), 250'000u) << "neither blob is in it";
  const auto missing = decode(as_bytes(stored), [](std::string_view) -> Result<Blob> {
    return absl::NotFoundError("no such blob");
  });
  EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
  const auto shorter = decode(as_bytes(stored), [](std::string_view id) -> Result<Blob> {
    return Blob{as_bytes("short"), std::string(id), nullptr};
  });
  EXPECT_EQ(shorter.status().code(), StatusCode::kDataLoss);
}

TEST(HostStateCodecTest, LaterVersionsAreRefused) {
  proto::HostState message;
  message.set_version(5);
  EXPECT_EQ(decoded(message.SerializeAsString()).status().code(), StatusCode::kUnimplemented);
  EXPECT_EQ(decoded("").status().code(), StatusCode::kDataLoss);
}

TEST(HostStateCodecTest, FilesOfTheTemplateAreLeftOutAndFoundAgain) {
  HostState base;
  EXPECT_EQ(base.files().create_file(FileSystem::kRoot, "a", {}).status(), Errno::kSuccess);
  HostState state = base;
  const std::string whole = encode(state).value();
  const std::string on_base = encode(state, &base).value();
  EXPECT_LT(on_base.size(), whole.size());
  const BlobResolver none = [](std::string_view) -> Result<Blob> {
    return absl::NotFoundError("");
  };
  const auto back = decode(as_bytes(on_base), none, {}, &base);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(encode(*back).value(), whole);
  EXPECT_EQ(encode(*back, &base).value(), on_base);
  EXPECT_EQ(with_files_of(as_bytes(on_base), as_bytes(whole)).value(), whole);
  EXPECT_EQ(with_files_of(as_bytes(whole), as_bytes(whole)).value(), whole);
  EXPECT_EQ(decode(as_bytes(on_base), none).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(with_files_of(as_bytes(on_base), as_bytes(on_base)).status().code(),
            StatusCode::kDataLoss);
}

class OverTemplateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 200; ++i) add(base, "/d/" + std::to_string(i), std::string(600, 'a'));
    add(base, "/gone", "x");
    add(base, "/changed", "x");
    state = base;
  }
  static void add(HostState& to, const std::string& path, const std::string& content) {
    ASSERT_TRUE(add_file(to.files(), path, as_bytes(content)).ok());
  }
  static Result<Blob> none(std::string_view) { return absl::NotFoundError(""); }
  Result<HostState> decoded_over(const std::string& text) const {
    return decode(as_bytes(text), none, {}, &base);
  }

  HostState base;
  HostState state;
};

TEST_F(OverTemplateTest, OnlyWhatIsOtherIsStored) {
  add(state, "/new", "12345");
  ASSERT_TRUE(remove(state.files(), "/gone").ok());
  ASSERT_TRUE(remove(state.files(), "/changed").ok());
  add(state, "/changed", "y");
  const std::string whole = encode(state).value();
  const std::string over = encode(state, &base).value();
  EXPECT_LT(over.size(), 1000);
  EXPECT_GT(whole.size(), 100'000);
  const auto back = decoded_over(over);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(encode(*back).value(), whole);
  EXPECT_EQ(encode(*back, &base).value(), over);
  EXPECT_EQ(with_files_of(as_bytes(over), as_bytes(encode(base).value())).value(), whole);
}

TEST_F(OverTemplateTest, EveryDifferenceCounts) {
  const InodeNumber file = locate(base.files(), "/changed").value();
  const Nanoseconds later(5);
  const std::vector<std::function<void(FileSystem&)>> changes = {
      [&](FileSystem& files) { (void)files.set_times(file, {.modified = &later}, {}); },
      [&](FileSystem& files) { files.set_access(file, Access::kReadOnly); },
      [&](FileSystem& files) { (void)files.write(file, 0, as_bytes("y"), {}).status(); },
      [&](FileSystem& files) { (void)files.allocate(file, 0, 4096, {}); },
      [&](FileSystem& files) {
        (void)files.rename(FileSystem::kRoot, "changed", FileSystem::kRoot, "other", {});
      }};
  for (const auto& change : changes) {
    state = base;
    change(state.files());
    const auto back = decoded_over(encode(state, &base).value());
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(encode(*back).value(), encode(state).value());
    EXPECT_NE(encode(*back).value(), encode(base).value());
  }
}

TEST_F(OverTemplateTest, NothingIsStoredOverAnotherTemplate) {
  add(state, "/new", "12345");
  ASSERT_TRUE(remove(state.files(), "/gone").ok());
  const std::string over = encode(state, &base).value();
  EXPECT_EQ(decode(as_bytes(over), none).status().code(), StatusCode::kDataLoss);
  const HostState other;
  EXPECT_EQ(decode(as_bytes(over), none, {}, &other).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(with_files_of(as_bytes(over), as_bytes(over)).status().code(), StatusCode::kDataLoss);
  proto::HostState message;
  ASSERT_TRUE(message.ParseFromString(over));
  message.add_removed_inodes(12345);
  EXPECT_EQ(decoded_over(message.SerializeAsString()).status().code(), StatusCode::kDataLoss);
  message.clear_removed_inodes();
  message.mutable_files()->add_inodes()->set_number(1);
  EXPECT_EQ(decoded_over(message.SerializeAsString()).status().code(), StatusCode::kDataLoss);
}

TEST_F(OverTemplateTest, TheTemplatesContentCountsAgainstQuotas) {
  add(state, "/new", "12345");
  const std::string over = encode(state, &base).value();
  EXPECT_EQ(decode(as_bytes(over), none, {.file_bytes = kib(64)}, &base).status().code(),
            StatusCode::kDataLoss);
  EXPECT_EQ(decode(as_bytes(over), none, {.inodes = 100}, &base).status().code(),
            StatusCode::kDataLoss);
}

TEST(HostStateCodecTest, HolesBeyondTheQuotaThatWereStoredOnceAreTaken) {
  const Quotas once{.total_size = mib(1024)};
  Guest guest{HostState(FileSystem(once))};
  for (const char* name : {"a", "b"}) {
    EXPECT_EQ(guest.error("fd_filestat_set_size", {guest.create(name), mib(200).value}),
              Errno::kSuccess);
  }
  auto again = decoded(*encode(guest.state));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->files().used_size(), mib(400).value);
  Guest later(*again);
  EXPECT_EQ(later.stat("b")->size, mib(200).value);
  EXPECT_EQ(later.error("fd_filestat_set_size", {later.create("c"), 1}), Errno::kNoSpc);
}

TEST(HostStateCodecTest, LowerQuotasAreKept) {
  Guest guest;
  fill(guest);
  const std::string stored = *encode(guest.state);
  EXPECT_EQ(decoded(stored, Quotas{.file_bytes = kib(64)}).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(decoded(stored, Quotas{.inodes = 3}).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(decoded(stored, Quotas{.entries = 3}).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(decoded(stored, Quotas{.descriptors = 3}).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(decoded(stored, Quotas{.depth = 0}).status().code(), StatusCode::kDataLoss);
}

TEST(HostStateCodecTest, EveryTruncationIsRefusedOrSound) {
  Guest guest;
  guest.create("f");
  EXPECT_EQ(guest.make_directory("d"), Errno::kSuccess);
  const std::string stored = *encode(guest.state);
  for (std::size_t length = 0; length < stored.size(); ++length) {
    const auto state = decoded(stored.substr(0, length));
    if (state.ok()) {
      EXPECT_TRUE(encode(*state).ok());
    }
  }
}

TEST(HostStateCodecTest, FlippedBitsNeverCrash) {
  Guest guest;
  fill(guest);
  EXPECT_EQ(guest.error("fd_filestat_set_size", {5, 0}), Errno::kSuccess);
  ASSERT_TRUE(remove(guest.state.files(), "/data/big").ok());
  ASSERT_TRUE(remove(guest.state.files(), "/hard").ok());
  const std::string stored = *encode(guest.state);
  std::mt19937 random(4);
  for (int i = 0; i < 3000; ++i) {
    std::string flipped = stored;
    for (auto n = 1 + random() % 3; n > 0; --n) {
      flipped[random() % std::min<std::size_t>(flipped.size(), 1500)] ^=
          static_cast<char>(1u << random() % 8);
    }
    const auto state = decoded(flipped);
    if (!state.ok()) continue;
    Guest again(*state);
    again.list_all(Guest::kRoot, 1000);
    EXPECT_TRUE(encode(again.state).ok());
  }
}

/// A broken rule each: what `damage` does to a sound message must be refused.
TEST(HostStateCodecTest, EachBrokenRuleIsRefused) {
  Guest guest;
  guest.create("f");
  EXPECT_TRUE(guest.write(4, "text").ok());
  EXPECT_EQ(guest.make_directory("d"), Errno::kSuccess);
  EXPECT_EQ(guest.make_directory("d/e"), Errno::kSuccess);
  EXPECT_EQ(guest.symlink("f", "l"), Errno::kSuccess);
  const std::string stored = *encode(guest.state);
  proto::HostState sound;
  ASSERT_TRUE(sound.ParseFromString(stored));
  // Inodes in order: 0 root, 1 f, 2 d, 3 d/e, 4 l. Descriptors: 3 the root, 4 f.
  using Damage = std::function<void(proto::HostState&)>;
  const std::pair<const char*, Damage> damages[] = {
      {"missing root", [](auto& m) { m.mutable_files()->mutable_inodes()->DeleteSubrange(0, 1); }},
      {"root is a link", [](auto& m) { m.mutable_files()->mutable_inodes(0)->set_symlink("x"); }},
      {"root elsewhere",
       [](auto& m) { m.mutable_files()->mutable_inodes(0)->mutable_directory()->set_parent(3); }},
      {"number twice", [](auto& m) { m.mutable_files()->mutable_inodes(4)->set_number(2); }},
      {"number zero", [](auto& m) { m.mutable_files()->mutable_inodes(4)->set_number(0); }},
      {"number too high", [](auto& m) { m.mutable_files()->set_next_inode(3); }},
      {"serial too high", [](auto& m) { m.mutable_files()->set_next_inode(~std::uint64_t{0}); }},
      {"nothing", [](auto& m) { m.mutable_files()->mutable_inodes(4)->clear_symlink(); }},
      {"empty link", [](auto& m) { m.mutable_files()->mutable_inodes(4)->set_symlink(""); }},
      {"name for nothing",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(0)->mutable_directory()->mutable_entries(0)->set_inode(
             77);
       }},
      {"name twice",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(0)->mutable_directory()->mutable_entries(0)->set_name(
             "d");
       }},
      {"dots",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(0)->mutable_directory()->mutable_entries(0)->set_name(
             "..");
       }},
      {"slash",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(0)->mutable_directory()->mutable_entries(0)->set_name(
             "a/b");
       }},
      {"cookie twice",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(0)->mutable_directory()->mutable_entries(0)->set_cookie(
             3);
       }},
      {"cookie of a dot",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(0)->mutable_directory()->mutable_entries(0)->set_cookie(
             1);
       }},
      {"cookie too high",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(0)->mutable_directory()->set_next_cookie(3);
       }},
      {"directory twice",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(0)->mutable_directory()->mutable_entries(0)->set_inode(
             4);
       }},
      {"root below itself",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(3)->mutable_directory()->add_entries()->set_inode(1);
       }},
      {"wrong parent",
       [](auto& m) { m.mutable_files()->mutable_inodes(3)->mutable_directory()->set_parent(1); }},
      {"cycle apart",
       [](auto& m) {
         // d loses its name and is put below its own child.
         m.mutable_files()
             ->mutable_inodes(0)
             ->mutable_directory()
             ->mutable_entries()
             ->DeleteSubrange(1, 1);
         auto* child = m.mutable_files()->mutable_inodes(3)->mutable_directory();
         child->set_next_cookie(3);
         auto* entry = child->add_entries();
         entry->set_name("up");
         entry->set_inode(3);
         entry->set_cookie(2);
         m.mutable_files()->mutable_inodes(2)->mutable_directory()->set_parent(4);
       }},
      {"nameless inode",
       [](auto& m) {
         m.mutable_files()
             ->mutable_inodes(0)
             ->mutable_directory()
             ->mutable_entries()
             ->DeleteSubrange(2, 1);
       }},
      {"chunk out of range",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(1)->mutable_file()->mutable_chunks(0)->set_chunk(9);
       }},
      {"chunk past the end",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(1)->mutable_file()->mutable_chunks(0)->set_index(1);
       }},
      {"chunk of odd size",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(1)->mutable_file()->mutable_chunks(0)->set_allocated(
             600);
       }},
      {"chunk of huge size",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(1)->mutable_file()->mutable_chunks(0)->set_allocated(
             1u << 31);
       }},
      {"bytes past the end",
       [](auto& m) { m.mutable_files()->mutable_inodes(1)->mutable_file()->set_size(2); }},
      {"huge file",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(1)->mutable_file()->set_size(~std::uint64_t{0});
       }},
      {"unknown blob size",
       [](auto& m) {
         m.mutable_files()->mutable_inodes(1)->mutable_file()->mutable_blob()->set_visible(1);
       }},
      {"descriptor of nothing", [](auto& m) { m.mutable_descriptors(4)->set_inode(77); }},
      {"descriptor of another kind", [](auto& m) { m.mutable_descriptors(4)->set_inode(3); }},
      {"descriptor of no kind",
       [](auto& m) {
         m.mutable_descriptors(4)->set_kind(static_cast<proto::Descriptor::Kind>(9));
       }},
      {"descriptor twice", [](auto& m) { m.mutable_descriptors(4)->set_fd(0); }},
      {"descriptor too high", [](auto& m) { m.mutable_descriptors(4)->set_fd(0xffffffff); }},
      {"unknown rights", [](auto& m) { m.mutable_descriptors(4)->set_rights(~std::uint64_t{0}); }},
      {"unknown flags", [](auto& m) { m.mutable_descriptors(4)->set_flags(64); }},
      {"offset too high", [](auto& m) { m.mutable_descriptors(4)->set_offset(~std::uint64_t{0}); }},
      {"preopened file", [](auto& m) { m.mutable_descriptors(4)->set_preopen_name("/f"); }},
      {"short seed", [](auto& m) { m.mutable_random()->set_seed("short"); }},
  };
  ASSERT_TRUE(decoded(stored).ok());
  for (const auto& [name, damage] : damages) {
    proto::HostState message = sound;
    damage(message);
    const auto result = decoded(message.SerializeAsString());
    EXPECT_FALSE(result.ok()) << name;
  }
}

}  // namespace
}  // namespace skerry::wasi
