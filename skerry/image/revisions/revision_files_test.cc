// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/revisions/revision_files.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>
#include <set>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/image/test_template.h"
#include "skerry/revision.pb.h"

namespace skerry::image {
namespace {

using image::testing::patterned;

constexpr std::size_t kTemplateSize = image::testing::kTemplateSize;
constexpr ByteSize kRunLimit = image::testing::kRunLimit;

class RevisionFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = RevisionFiles::open(directory / "store");
    ASSERT_TRUE(opened.ok()) << opened.status();
    files.emplace(*std::move(opened));
    ASSERT_TRUE(files->keep_template(*root.file_image, made.file).ok());
  }

  template <typename Change>
  static Result<Captured> run_on(const Revision& parent, const Change& change) {
    return image::testing::TestTemplate::run_on(parent, change);
  }

  RevisionFiles::Written write(const Revision& parent, const Captured& captured) const {
    auto written = files->write(parent, captured, AtomicFile::Sync::kNone);
    EXPECT_TRUE(written.ok()) << written.status();
    return *written;
  }

  std::filesystem::path path_of(const std::string& id) const {
    return directory / "store" / "revisions" / (id + ".revision");
  }

  TestDirectory directory;
  image::testing::TestTemplate made;
  const Revision& root = made.root;
  std::optional<RevisionFiles> files;
};

std::vector<std::byte> content(const Revision& revision) {
  return image::testing::whole(*revision.image()->pages);
}

TEST_F(RevisionFilesTest, HoldsWhatTheRunLeft) {
  const auto captured = run_on(root, [](LinearMemory& memory) {
    memory.base()[5] = std::byte{42};
    ASSERT_TRUE(memory.grow_to(kTemplateSize + kWasmPageSize).ok());
    memory.base()[kTemplateSize + 77] = std::byte{43};
  });
  ASSERT_TRUE(captured.ok()) << captured.status();
  const auto written = write(root, *captured);
  EXPECT_EQ(written.pages, 2U);
  const auto loaded = files->load(written.id);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  auto expected = patterned(kTemplateSize);
  expected.resize(kTemplateSize + kWasmPageSize);
  expected[5] = std::byte{42};
  expected[kTemplateSize + 77] = std::byte{43};
  EXPECT_EQ(content(*loaded), expected);
  const Manifest manifest = loaded->image()->manifest;
  EXPECT_EQ(manifest.globals, (std::vector<Global>{{"one", 2}, {"two", 2}}));
  EXPECT_EQ(manifest.host_state, "state 0+");
  EXPECT_EQ(manifest.template_name, "test");
  EXPECT_EQ(manifest.module_sha256, std::string(64, 'a'));
  EXPECT_TRUE(files->verify(written.id).ok());
}

TEST_F(RevisionFilesTest, ARunThatChangesNothingHasNoPages) {
  const auto written = write(root, run_on(root, [](LinearMemory&) {}).value());
  EXPECT_EQ(written.pages, 0U);
  EXPECT_EQ(content(files->load(written.id).value()), patterned(kTemplateSize));
}

// A tree of revisions: each is a run on a random earlier one, compared with bytes kept aside.
TEST_F(RevisionFilesTest, AgreesWithAModelAlongATreeOfRuns) {
  std::mt19937 random(11);
  struct Node {
    std::string id;
    std::vector<std::byte> bytes;
  };
  std::vector<Node> nodes;
  for (int round = 0; round < 150; ++round) {
    // Mostly the newest: long lines are where sources could pile up.
    const bool from_root = nodes.empty() || random() % 25 == 0;
    const std::size_t at =
        nodes.empty() ? 0 : (random() % 4 == 0 ? random() % nodes.size() : nodes.size() - 1);
    const Revision parent = from_root ? root : files->load(nodes[at].id).value();
    auto bytes = from_root ? patterned(kTemplateSize) : nodes[at].bytes;
    const auto captured = run_on(parent, [&](LinearMemory& memory) {
      if (random() % 20 == 0 && memory.size() < kRunLimit.value) {
        ASSERT_TRUE(memory.grow_to(memory.size() + kWasmPageSize).ok());
        bytes.resize(memory.size());
      }
      const std::size_t pages = memory.size() / kPageSize;
      for (std::size_t run = random() % 6; run > 0; --run) {
        const std::size_t first = random() % pages;
        const std::size_t count =
            std::min<std::size_t>(pages - first, 1 + random() % (random() % 5 == 0 ? 60 : 3));
        const int value = random() % 7 == 0 ? 0 : static_cast<int>(random() % 256);
        std::memset(memory.base() + first * kPageSize, value, count * kPageSize);
        std::memset(bytes.data() + first * kPageSize, value, count * kPageSize);
      }
    });
    ASSERT_TRUE(captured.ok()) << captured.status();
    const auto written = write(parent, *captured);
    EXPECT_LE(written.sources.size(), 10U);
    ASSERT_EQ(content(files->load(written.id).value()), bytes) << round;
    nodes.push_back({written.id, std::move(bytes)});
  }
  for (const Node& node : nodes) {
    EXPECT_EQ(content(files->load(node.id).value()), node.bytes);
    EXPECT_TRUE(files->verify(node.id).ok());
  }
  EXPECT_EQ(files->list().size(), nodes.size());
}

TEST_F(RevisionFilesTest, SmallRunsDoNotPileUpAndLargePagesAreNotRewritten) {
  Revision head = root;
  const auto big = write(head, run_on(head, [](LinearMemory& memory) {
                                 std::memset(memory.base(), 9, kTemplateSize / 2);
                               }).value());
  head = files->load(big.id).value();
  std::size_t bytes = 0;
  for (int i = 0; i < 60; ++i) {
    const auto written = write(head, run_on(head, [&](LinearMemory& memory) {
                                       memory.base()[kTemplateSize - 1] = static_cast<std::byte>(i);
                                     }).value());
    EXPECT_LE(written.sources.size(), 2U);
    bytes += written.bytes;
    head = files->load(written.id).value();
  }
  EXPECT_LT(bytes, 60 * 3 * kPageSize);
}

TEST_F(RevisionFilesTest, DamageIsFoundAndNamed) {
  const auto written = write(root, *run_on(root, [](LinearMemory& memory) {
                               std::memset(memory.base(), 42, 4 * kPageSize);
                             }));
  const auto path = path_of(written.id);
  const auto size = std::filesystem::file_size(path);
  const auto flip = [&](std::uint64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
  };
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{13}, std::uint64_t{30},
                                 std::uint64_t{40}, std::uint64_t{70}}) {
    flip(at);
    const auto loaded = files->load(written.id);
    EXPECT_EQ(loaded.status().code(), StatusCode::kDataLoss) << at;
    EXPECT_NE(message_of(loaded.status()).find(path.native()), std::string_view::npos);
    flip(at);
  }
  flip(8);
  EXPECT_EQ(files->load(written.id).status().code(), StatusCode::kUnimplemented);
  flip(8);
  flip(size - 1);
  EXPECT_TRUE(files->load(written.id).ok());  // pages are hashed by verify alone
  EXPECT_EQ(files->verify(written.id).code(), StatusCode::kDataLoss);
  flip(size - 1);
  EXPECT_TRUE(files->verify(written.id).ok());
  std::filesystem::resize_file(path, size - 1);
  EXPECT_EQ(files->load(written.id).status().code(), StatusCode::kDataLoss);
  std::filesystem::remove(path);
  EXPECT_EQ(files->load(written.id).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(files->load("../../etc/passwd").status().code(), StatusCode::kInvalidArgument);
}

class CapturedStateTest : public RevisionFilesTest {
 protected:
  /// What a hostile run's process might leave: this message, these pages and this trailer.
  Result<Captured> read(const proto::CapturedState& message, std::size_t pages,
                        std::uint64_t claimed_pages, std::int64_t message_excess = 0) const {
    const std::string text = message.SerializeAsString();
    std::string file(pages * kPageSize, 'x');
    file += text;
    const std::uint64_t trailer[2] = {claimed_pages * kPageSize, text.size() + message_excess};
    file.append(reinterpret_cast<const char*>(trailer), sizeof trailer);
    const OwnedFd fd = image::testing::memory_file(as_bytes(file));
    return read_captured(fd.get(), limits());
  }

  StateLimits limits() const {
    return {.before = kTemplateSize, .globals = root.manifest().globals, .memory = kRunLimit};
  }

  static proto::CapturedState good() {
    proto::CapturedState message;
    message.set_memory_size(kTemplateSize);
    for (const char* name : {"one", "two"}) message.add_globals()->set_name(name);
    for (const std::uint64_t number : {3, 2}) message.add_changed_runs(number);
    return message;
  }
};

TEST_F(CapturedStateTest, AnHonestOneIsTaken) {
  const auto captured = read(good(), 2, 2);
  ASSERT_TRUE(captured.ok()) << captured.status();
  EXPECT_EQ(captured->pages().size(), 2 * kPageSize);
}

TEST_F(CapturedStateTest, LiesAreRefused) {
  const auto refused = [&](const auto& change, std::size_t pages = 2, std::uint64_t claimed = 2,
                           std::int64_t excess = 0) {
    auto message = good();
    change(message);
    return read(message, pages, claimed, excess).status().code() == StatusCode::kDataLoss;
  };
  const auto as_is = [](proto::CapturedState&) {};
  EXPECT_TRUE(refused(as_is, 2, 3));
  EXPECT_TRUE(refused(as_is, 2, std::uint64_t{1} << 52));
  EXPECT_TRUE(refused(as_is, 2, 2, 1));
  EXPECT_TRUE(refused(as_is, 2, 2, -1));
  EXPECT_TRUE(refused(as_is, 1, 1));
  EXPECT_TRUE(refused([](auto& m) { m.set_memory_size(kTemplateSize + 1); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_memory_size(kTemplateSize - kWasmPageSize); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_memory_size(kRunLimit.value + kWasmPageSize); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_changed_runs(0, kTemplateSize / kPageSize - 1); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_changed_runs(0, ~std::uint64_t{0}); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_changed_runs(1, ~std::uint64_t{0}); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_changed_runs(1, 0); }));
  EXPECT_TRUE(refused([](auto& m) { m.add_changed_runs(1); }));
  EXPECT_TRUE(refused([](auto& m) { m.mutable_globals(0)->set_name("three"); }));
  EXPECT_TRUE(refused([](auto& m) { m.add_globals(); }));
  EXPECT_TRUE(refused([](auto& m) { m.clear_globals(); }));
}

TEST_F(CapturedStateTest, NoiseIsRefused) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    std::string noise(random() % 300, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    const OwnedFd fd = image::testing::memory_file(as_bytes(noise));
    EXPECT_FALSE(read_captured(fd.get(), limits()).ok());
  }
}

/// The files of a revision, opened a second time.
std::vector<OwnedFd> handles(const Revision& revision) {
  std::vector<OwnedFd> files;
  for (const int fd : revision.descriptors) files.emplace_back(::dup(fd));
  return files;
}

TEST_F(RevisionFilesTest, AnotherProcessReadsARevisionFromItsFiles) {
  // The second needs pages of the first's file, the third has none of its own.
  const auto first = files->load(
      write(root,
            *run_on(root,
                    [](LinearMemory& memory) { std::memset(memory.base(), 1, 40 * kPageSize); }))
          .id);
  const auto second = files->load(write(*first, *run_on(*first, [](LinearMemory& memory) {
                                    memory.base()[5] = std::byte{7};
                                  })).id);
  ASSERT_EQ(second->descriptors.size(), 3U);
  const auto none = [](std::string_view) { return std::shared_ptr<const Image>(); };
  const auto read = read_revision(handles(*second), "", none);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(content(*read), content(*second));
  EXPECT_EQ(read->image()->manifest.globals, second->image()->manifest.globals);
  const auto with_template = read_revision(handles(*second), "", [&](std::string_view sha256) {
    EXPECT_EQ(sha256, root.file_image->sha256);
    return root.file_image;
  });
  ASSERT_TRUE(with_template.ok()) << with_template.status();
  EXPECT_EQ(with_template->file_image->base, root.file_image->base);
  const auto third = files->load(write(*second, *run_on(*second, [](LinearMemory&) {})).id);
  EXPECT_EQ(content(*read_revision(handles(*third), "", none)), content(*second));

  for (const std::size_t lost : {1U, 2U}) {
    auto some = handles(*second);
    some.erase(some.begin() + static_cast<std::ptrdiff_t>(lost));
    EXPECT_EQ(read_revision(std::move(some), "", none).status().code(), StatusCode::kDataLoss)
        << lost;
  }
  auto swapped = handles(*second);
  std::swap(swapped[1], swapped[2]);
  EXPECT_EQ(read_revision(std::move(swapped), "", none).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(read_revision({}, "", none).status().code(), StatusCode::kDataLoss);
}

/// A revision that has no file, from what a small change left of `parent`.
RevisionFiles::Written patch(const RevisionFiles& files, const Revision& parent, std::size_t at) {
  const auto captured = image::testing::TestTemplate::run_on(
      parent, [&](LinearMemory& memory) { memory.base()[at] ^= std::byte{1}; });
  auto written = files.patch(parent, *captured, AtomicFile::Sync::kNone);
  EXPECT_TRUE(written.ok() && *written) << written.status();
  return **written;
}

TEST_F(RevisionFilesTest, ASmallChangeNeedsNoFile) {
  const auto captured = run_on(root, [](LinearMemory& memory) { memory.base()[5] = std::byte{1}; });
  EXPECT_FALSE(*files->patch(root, *captured, AtomicFile::Sync::kNone)) << "a template has no file";
  const auto first = write(root, *captured);
  const auto second = patch(*files, first.revision, 5);
  const auto third = patch(*files, second.revision, 3 * kPageSize);
  EXPECT_EQ(files->list(), std::vector<std::string>{first.id});
  EXPECT_EQ(third.sources, std::vector<std::string>{first.id});
  EXPECT_EQ(second.pages, 1U);
  EXPECT_EQ(third.pages, 2U);

  auto expected = patterned(kTemplateSize);
  expected[5] = std::byte{0};
  expected[3 * kPageSize] ^= std::byte{1};
  const auto loaded = files->load_patched(third.id, third.revision.patch->content);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  for (const Revision& revision : {third.revision, *loaded}) {
    EXPECT_EQ(content(revision), expected);
    EXPECT_EQ(revision.image()->manifest.globals, (std::vector<Global>{{"one", 4}, {"two", 2}}));
    EXPECT_EQ(revision.image()->manifest.host_state, "state 0+++");
    EXPECT_EQ(revision.id, third.id);
    EXPECT_EQ(revision.file_id, first.id);
  }
  const auto none = [](std::string_view) { return std::shared_ptr<const Image>(); };
  const auto read = read_revision(handles(*loaded), loaded->patch->content, none);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(content(*read), expected);
  EXPECT_TRUE(files->verify(*loaded).ok());
}

TEST_F(RevisionFilesTest, AHostStateIsReadWithoutPages) {
  const auto own = [](const Revision& revision) {
    return OwnedFd(::dup(revision.descriptors.front()));
  };
  const auto first = write(root, *run_on(root, [](LinearMemory& memory) {
                             std::memset(memory.base(), 1, 40 * kPageSize);
                           }));
  const auto second = patch(*files, first.revision, 5);
  const auto third = write(first.revision, *run_on(first.revision, [](LinearMemory&) {}));
  for (const Revision& revision : {first.revision, second.revision, third.revision}) {
    const std::string content = revision.patch ? revision.patch->content : std::string();
    const auto state = read_stored_state(own(revision), content);
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->host_state, revision.image()->manifest.host_state);
    EXPECT_EQ(state->template_sha256, root.file_image->sha256);
  }
  EXPECT_EQ(read_stored_state(own(first.revision), "no patch").status().code(),
            StatusCode::kDataLoss);
  EXPECT_EQ(read_stored_state(image::testing::memory_file({}), "").status().code(),
            StatusCode::kDataLoss);
}

TEST_F(RevisionFilesTest, OfALargeHostStateAPatchHasWhatIsNew) {
  const auto left = [&](const Revision& parent, std::string host_state) {
    auto captured = *run_on(parent, [](LinearMemory& memory) { memory.base()[5] ^= std::byte{1}; });
    captured.state.host_state = std::move(host_state);
    return captured;
  };
  const std::string large(1 << 20, 'f');
  const auto first = write(root, left(root, "one" + large));
  Revision parent = first.revision;
  for (const std::string& state :
       {"one" + large, "two" + large, "one" + large + "3", "one" + large.substr(7), large + large,
        std::string(), std::string("f"), "one" + large}) {
    const auto patched = files->patch(parent, left(parent, state), AtomicFile::Sync::kNone);
    ASSERT_TRUE(patched.ok()) << patched.status();
    const bool is_new = state.size() > large.size() + 10;
    ASSERT_EQ(patched->has_value(), !is_new) << state.size();
    if (is_new) continue;
    EXPECT_LT((*patched)->bytes, 1000U);
    parent = (*patched)->revision;
    const auto loaded = files->load_patched(parent.id, parent.patch->content);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_TRUE(loaded->image()->manifest.host_state == state) << state.size();
  }
}

TEST_F(RevisionFilesTest, AFileTakesTheChangesBeforeItAlong) {
  const auto first = write(root, *run_on(root, [](LinearMemory& memory) {
                             std::memset(memory.base(), 1, 40 * kPageSize);
                           }));
  const auto second = patch(*files, first.revision, 50 * kPageSize);
  auto expected = content(second.revision);
  // A run that changes much, memory's size too, and one that changes little but is written whole.
  const auto large = run_on(second.revision, [](LinearMemory& memory) {
    ASSERT_TRUE(memory.grow_to(kTemplateSize + kWasmPageSize).ok());
    for (std::size_t at = 60 * kPageSize; at < 80 * kPageSize; ++at) {
      memory.base()[at] = static_cast<std::byte>(at * at % 251);
    }
    memory.base()[kTemplateSize + 7] = std::byte{9};
  });
  ASSERT_FALSE(large->state.changed.empty());
  ASSERT_FALSE(large->state.edits.empty());
  const auto third = write(second.revision, *large);
  auto grown = expected;
  grown.resize(kTemplateSize + kWasmPageSize);
  for (std::size_t at = 60 * kPageSize; at < 80 * kPageSize; ++at) {
    grown[at] = static_cast<std::byte>(at * at % 251);
  }
  grown[kTemplateSize + 7] = std::byte{9};
  EXPECT_EQ(content(third.revision), grown);
  EXPECT_EQ(content(*files->load(third.id)), grown);
  EXPECT_EQ(content(patch(*files, third.revision, kTemplateSize + 7).revision)[kTemplateSize + 7],
            std::byte{8});

  const auto small =
      run_on(second.revision, [](LinearMemory& memory) { memory.base()[3] = std::byte{3}; });
  expected[3] = std::byte{3};
  EXPECT_EQ(content(*files->load(write(second.revision, *small).id)), expected);
}

TEST_F(RevisionFilesTest, ChangesThatAddUpGoToAFile) {
  const auto first =
      write(root, *run_on(root, [](LinearMemory& memory) { memory.base()[5] = std::byte{1}; }));
  Revision revision = first.revision;
  for (int i = 0;; ++i) {
    ASSERT_LT(i, 5) << "of a third of what a patch holds";
    const auto captured = run_on(revision, [&](LinearMemory& memory) {
      for (std::size_t at = 0; at < Edits::kMaxInPatch / 3; ++at) {
        const std::size_t page = static_cast<std::size_t>(i) * 10 + at / 512;
        memory.base()[page * kPageSize + at % 512] = static_cast<std::byte>(at % 200 + 17);
      }
    });
    const auto written = files->patch(revision, *captured, AtomicFile::Sync::kNone);
    ASSERT_TRUE(written.ok()) << written.status();
    if (!*written) break;
    revision = (*written)->revision;
  }
}

TEST_F(RevisionFilesTest, AFileHasEditsWherePagesChangedLittle) {
  const auto touch = [](std::size_t from, std::size_t size) {
    return [=](LinearMemory& memory) {
      for (std::size_t page = from; page < 120; page += 2) {
        std::memset(memory.base() + page * kPageSize + 40, static_cast<int>(from + 1), size);
      }
    };
  };
  // Over the template, over a file with edits, and over a patch; the last is whole in some pages.
  const auto first = write(root, *run_on(root, touch(0, 300)));
  EXPECT_LT(first.bytes, 30'000);
  EXPECT_EQ(first.pages, 60);
  const auto second = patch(*files, first.revision, 7);
  const auto third = write(second.revision, *run_on(second.revision, touch(1, 500)));
  EXPECT_LT(third.bytes, 60'000);
  EXPECT_EQ(third.pages, 120);
  const auto last = write(third.revision, *run_on(third.revision, [](LinearMemory& memory) {
                            std::memset(memory.base() + 10 * kPageSize, 77, 2 * kPageSize);
                            memory.base()[12 * kPageSize + 41] = std::byte{99};
                          }));
  EXPECT_LT(last.bytes, 60'000 + 2 * kPageSize);
  auto expected = content(root);
  const auto apply = [&](std::size_t from, std::size_t size) {
    for (std::size_t page = from; page < 120; page += 2) {
      std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(page * kPageSize + 40), size,
                  static_cast<std::byte>(from + 1));
    }
  };
  apply(0, 300);
  EXPECT_EQ(content(first.revision), expected);
  EXPECT_EQ(content(*files->load(first.id)), expected);
  expected[7] = content(second.revision)[7];
  apply(1, 500);
  EXPECT_EQ(content(*files->load(third.id)), expected);
  std::fill_n(expected.begin() + 10 * kPageSize, 2 * kPageSize, std::byte{77});
  expected[12 * kPageSize + 41] = std::byte{99};
  EXPECT_EQ(content(last.revision), expected);
  EXPECT_EQ(content(*files->load(last.id)), expected);
  EXPECT_TRUE(files->verify(last.id).ok());
}

TEST_F(RevisionFilesTest, EditsThatAddUpLeaveTheirLargestPages) {
  Revision revision = root;
  auto expected = content(root);
  for (std::size_t i = 0; i < 6; ++i) {
    const auto captured = run_on(revision, [&](LinearMemory& memory) {
      for (std::size_t page = i; page < 120; page += 6) {
        std::memset(memory.base() + page * kPageSize, static_cast<int>(i + 1), 120 * (i + 1));
      }
    });
    ASSERT_TRUE(captured->state.changed.empty());
    for (std::size_t page = i; page < 120; page += 6) {
      std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(page * kPageSize), 120 * (i + 1),
                  static_cast<std::byte>(i + 1));
    }
    const auto written = write(revision, *captured);
    EXPECT_LT(written.bytes, Edits::kMaxSize + 30 * kPageSize);
    revision = written.revision;
    EXPECT_EQ(content(*files->load(written.id)), expected);
  }
  EXPECT_LE(revision.edits->encoded().size(), Edits::kMaxSize);
}

TEST_F(RevisionFilesTest, AFileOfTheFirstVersionIsRead) {
  const auto first = write(root, *run_on(root, [](LinearMemory& memory) {
                             std::memset(memory.base(), 1, 3 * kPageSize);
                           }));
  const auto path = directory / "store" / RevisionFiles::name_of(first.id);
  const auto with_version = [&](char version) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8);
    file.put(version);
  };
  const auto expected = content(first.revision);
  with_version(1);
  EXPECT_EQ(content(*files->load(first.id)), expected);
  for (const char other : {'\0', '\3'}) {
    with_version(other);
    EXPECT_EQ(files->load(first.id).status().code(), StatusCode::kUnimplemented);
  }
}

TEST_F(RevisionFilesTest, ADamagedPatchIsNamed) {
  const auto first =
      write(root, *run_on(root, [](LinearMemory& memory) { memory.base()[5] = std::byte{1}; }));
  const auto second = patch(*files, first.revision, 5);
  const std::string& whole = second.revision.patch->content;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(files->load_patched(second.id, whole.substr(0, size)).status().code(),
              StatusCode::kDataLoss);
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    EXPECT_EQ(files->verify_patch(second.id, flipped).code(), StatusCode::kDataLoss) << at;
  }
  ASSERT_TRUE(files->remove(first.id).ok());
  EXPECT_EQ(files->load_patched(second.id, whole).status().code(), StatusCode::kNotFound);
}

constexpr std::int64_t kAnyAge = std::numeric_limits<std::int64_t>::max();

class ColdRevisionTest : public RevisionFilesTest {
 protected:
  void SetUp() override {
    RevisionFilesTest::SetUp();
    first =
        write(root,
              *run_on(root,
                      [](LinearMemory& memory) { std::memset(memory.base(), 1, 40 * kPageSize); }))
            .id;
    const auto parent = files->load(first);
    // It needs pages of the first's file, and has one of zeros.
    second = write(*parent, *run_on(*parent, [](LinearMemory& memory) {
               memory.base()[5] = std::byte{7};
               std::memset(memory.base() + 6 * kPageSize, 0, kPageSize);
             })).id;
    expected = content(*files->load(second));
  }
  void compress_all() const {
    for (const std::string& id : {first, second}) {
      const auto freed = files->compress(id, kAnyAge);
      ASSERT_TRUE(freed.ok()) << freed.status();
      EXPECT_FALSE(std::filesystem::exists(path_of(id)));
    }
  }
  std::filesystem::path compressed_path(const std::string& id) const {
    return path_of(id).native() + ".zst";
  }

  std::string first;
  std::string second;
  std::vector<std::byte> expected;
};

TEST_F(ColdRevisionTest, ComesBackWithWhatItNeeds) {
  EXPECT_GT(*files->compress(first, kAnyAge), 30 * static_cast<std::int64_t>(kPageSize));
  compress_all();
  EXPECT_EQ(files->list().size(), 2U);
  EXPECT_TRUE(files->list_uncompressed().empty());
  EXPECT_TRUE(files->verify(second).ok());
  EXPECT_EQ(*files->template_of(second), root.file_image->sha256);
  EXPECT_GT(*files->size_of(second), 0);
  EXPECT_TRUE(files->list_uncompressed().empty());  // looking puts nothing back
  EXPECT_EQ(content(*files->load(second)), expected);
  EXPECT_EQ(files->list_uncompressed().size(), 2U);
  EXPECT_FALSE(std::filesystem::exists(compressed_path(first)));
  EXPECT_TRUE(files->verify(first).ok());
}

TEST_F(ColdRevisionTest, AYoungOneStays) {
  EXPECT_EQ(*files->compress(first, 0), 0);
  EXPECT_EQ(files->list_uncompressed().size(), 2U);
}

TEST_F(ColdRevisionTest, ACommitRestsOnFilesThatAreCompressedMeanwhile) {
  const auto parent = files->load(second);
  compress_all();
  const auto third =
      files->write(*parent, *run_on(*parent, [](LinearMemory&) {}), AtomicFile::Sync::kFull);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(content(*files->load(third->id)), expected);
}

TEST_F(ColdRevisionTest, RemovingTakesBoth) {
  std::filesystem::copy_file(path_of(first), directory / "aside");
  compress_all();
  // As a killed process leaves it.
  std::filesystem::copy_file(directory / "aside", path_of(first));
  EXPECT_EQ(files->list().size(), 2U);
  EXPECT_TRUE(files->remove(first).ok());
  EXPECT_TRUE(files->remove(second).ok());
  EXPECT_TRUE(files->list().empty());
  EXPECT_EQ(files->remove(first).code(), StatusCode::kNotFound);
}

TEST_F(ColdRevisionTest, DamageIsNamedAndNothingIsPutBack) {
  compress_all();
  const auto path = compressed_path(second);
  std::string whole = read_file(path, mib(1)).value();
  const auto refused = [&](const std::string& bytes) {
    std::ofstream(path) << bytes;
    const Status loaded = files->load(second).status();
    const Status verified = files->verify(second);
    return loaded.code() == StatusCode::kDataLoss && verified.code() == StatusCode::kDataLoss &&
           message_of(loaded).find(second) != std::string_view::npos &&
           !std::filesystem::exists(path_of(second));
  };
  EXPECT_TRUE(refused(whole.substr(0, whole.size() / 2)));
  EXPECT_TRUE(refused(whole + "more"));
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("no frame"));
  std::string flipped = whole;
  flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 1);
  EXPECT_TRUE(refused(flipped));
  std::ofstream(path) << whole;
  EXPECT_EQ(content(*files->load(second)), expected);
  files->remove(first).IgnoreError();
  EXPECT_EQ(files->load(second).status().code(), StatusCode::kNotFound);
}

TEST_F(ColdRevisionTest, SomeCompressWhileOthersOpen) {
  std::atomic<bool> done = false;
  std::thread compressing([&] {
    while (!done) {
      for (const std::string& id : {first, second}) EXPECT_TRUE(files->compress(id, kAnyAge).ok());
    }
  });
  const auto open = [&] {
    for (int round = 0; round < 100; ++round) {
      const auto loaded = files->load(second);
      // One that is compressed again in the moment after it was put back is not there.
      if (loaded.status().code() == StatusCode::kNotFound) continue;
      ASSERT_TRUE(loaded.ok()) << loaded.status();
      EXPECT_EQ(content(*loaded), expected);
    }
  };
  std::thread other(open);
  open();
  other.join();
  done = true;
  compressing.join();
  EXPECT_EQ(content(*files->load(second)), expected);
}

}  // namespace
}  // namespace skerry::image
