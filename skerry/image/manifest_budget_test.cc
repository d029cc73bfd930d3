// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/manifest_budget.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/formats/zstd_stream.h"
#include "skerry/base/sanitizer.h"
#include "skerry/base/test_usage.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/edits.h"
#include "skerry/image/page_runs.h"
#include "skerry/image/revisions/revision_files.h"
#include "skerry/image/test_export.h"
#include "skerry/image/test_template.h"
#include "skerry/revision.pb.h"
#include "skerry/session_export.pb.h"

namespace skerry::image {
namespace {

using skerry::testing::doubling_ratio;
using skerry::testing::kLinear;
using skerry::testing::peak_memory_of;

constexpr ByteSize kMemoryLimit = mib(256);
constexpr ByteSize kHostState = mib(16);

/// `count` fields of this number with nothing in them: two bytes each on the wire.
std::string empty_fields(std::uint32_t number, std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    bytes += static_cast<char>(number << 3 | 2);
    bytes += '\0';
  }
  return bytes;
}

/// As many runs of one page as fit in a memory of `pages`.
std::vector<std::uint64_t> many_runs(std::size_t pages) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 0; i < pages / 2; ++i) numbers.insert(numbers.end(), {1, 1});
  return numbers;
}

void expect_within(const std::function<void()>& work, ByteSize quota, const std::string& what) {
  // The test's own: pages of its code, of its stack, and what its allocator rounds up.
  constexpr std::uint64_t kOwn = 4 << 20;
  const std::uint64_t peak = peak_memory_of(work).value;
  EXPECT_LE(peak, 4 * quota.value + kOwn)
      << what << ": " << (peak >> 20) << " MiB of a quota of " << (quota.value >> 20);
}

class CapturedBudgetTest : public ::testing::Test {
 protected:
  StateLimits limits() const {
    return {.before = kWasmPageSize,
            .globals = globals_,
            .memory = kMemoryLimit,
            .host_state = kHostState};
  }

  proto::CapturedState good() const {
    proto::CapturedState message;
    message.set_memory_size(kMemoryLimit.value);
    for (const Global& global : globals_) message.add_globals()->set_name(global.name);
    return message;
  }

  /// A file of no pages around a message: what is counted is the message.
  static OwnedFd file_of(const std::string& message) {
    const std::uint64_t trailer[2] = {0, message.size()};
    return testing::memory_file(
        as_bytes(message + std::string(reinterpret_cast<const char*>(trailer), sizeof trailer)));
  }

  const std::vector<Global> globals_{{"one", 1}, {"two", 2}};
};

TEST_F(CapturedBudgetTest, HostileStatesTakeNoMoreThanFourTimesTheirQuota) {
  if (kHasShadowMemory) GTEST_SKIP() << "sanitizers take memory of their own";
  auto runs = good();
  for (const auto number : many_runs(kMemoryLimit.value / kPageSize)) runs.add_changed_runs(number);
  auto files = good();
  files.set_host_state(std::string(kHostState.value, 'h'));
  auto edits = good();
  edits.set_edits(std::string(Edits::kMaxSize, '\1'));
  const std::pair<const char*, std::string> messages[] = {
      {"many runs", runs.SerializeAsString()},
      {"a large host state", files.SerializeAsString()},
      {"large edits", edits.SerializeAsString()},
      {"packed numbers of a byte",
       good().SerializeAsString() + "\x32\x80\x80\x80\x07" + std::string(7 << 21, '\0')},
      {"numbers one by one",
       [] {
         std::string all;
         for (int i = 0; i < 7 << 20; ++i) all += std::string("\x30\0", 2);
         return all;
       }()},
      {"empty globals", empty_fields(3, 7 << 20)},
      {"empty unknown fields", empty_fields(9, 7 << 20)},
      {"32 MiB of globals", empty_fields(3, 16 << 20)}};
  for (const auto& [name, message] : messages) {
    const OwnedFd file = file_of(message);
    expect_within([&] { (void)read_captured(file.get(), limits()); }, limits().quota(), name);
    expect_within([&] { (void)decode_captured(message, limits()); }, limits().quota(), name);
  }
}

TEST_F(CapturedBudgetTest, WhatFillsTheBudgetIsTaken) {
  auto message = good();
  message.set_host_state(std::string(kHostState.value, 'h'));
  message.set_edits("");
  EXPECT_TRUE(decode_captured(message.SerializeAsString(), limits()).ok());
  message.mutable_host_state()->push_back('h');
  EXPECT_EQ(decode_captured(message.SerializeAsString(), limits()).status().code(),
            StatusCode::kDataLoss);
  std::string pages;
  auto runs = good();
  for (const auto number : many_runs(kWasmPageSize / kPageSize)) runs.add_changed_runs(number);
  pages.assign(kWasmPageSize / 2, 'x');
  const std::string text = runs.SerializeAsString();
  const std::uint64_t trailer[2] = {pages.size(), text.size()};
  const OwnedFd file = testing::memory_file(
      as_bytes(pages + text + std::string(reinterpret_cast<const char*>(trailer), sizeof trailer)));
  const auto captured = read_captured(file.get(), limits());
  ASSERT_TRUE(captured.ok()) << captured.status();
  EXPECT_EQ(captured->state.changed.size(), kWasmPageSize / kPageSize / 2);
}

TEST_F(CapturedBudgetTest, TwiceAsMuchTakesTwiceAsLong) {
  const auto with = [&](const auto& change) {
    return [&, change](std::size_t size) {
      auto message = good();
      change(message, size);
      return message.SerializeAsString();
    };
  };
  const auto read = [&](const std::string& message) { (void)decode_captured(message, limits()); };
  const auto runs = [](auto& message, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) message.add_changed_runs(1);
  };
  EXPECT_LT(doubling_ratio(16'000, with(runs), read), kLinear);
  const auto host_state = [](auto& message, std::size_t size) {
    message.set_host_state(std::string(size, 'h'));
  };
  EXPECT_LT(doubling_ratio(6 << 20, with(host_state), read), kLinear);
  const auto globals = [](std::size_t size) { return empty_fields(3, size); };
  EXPECT_LT(doubling_ratio(1 << 20, globals, read), kLinear);
}

/// An export of the first version or the second around a manifest.
std::string export_of(const std::string& manifest, std::uint32_t version) {
  std::string body;
  ZstdWriter writer([&](std::span<const std::byte> bytes) {
    body += as_text(bytes);
    return ok_status();
  });
  EXPECT_TRUE(writer.write(as_bytes(manifest)).ok());
  EXPECT_TRUE(writer.finish().ok());
  std::string header("SKRYEXP\0", 8);
  const auto put = [&](auto value) {
    header.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  put(version);
  put(static_cast<std::uint32_t>(manifest.size()));
  put(std::uint64_t{0});
  put(static_cast<std::uint64_t>(version == 1 ? body.size() : 0));
  const auto digest = digest_of(sha256_hex(as_bytes(header + body)));
  const std::string hash(digest.data(), digest.size());
  return version == 1 ? header + hash + body : header + body + hash;
}

proto::SessionExport good_export() {
  proto::SessionExport message;
  message.set_session("s");
  message.set_template_name("test");
  message.set_module_sha256(std::string(64, 'a'));
  message.set_memory_size(kMemoryLimit.value);
  return message;
}

constexpr ExportLimits kExportLimits{.globals = 2, .host_state = kHostState};

TEST(ExportBudgetTest, HostileManifestsTakeNoMoreThanFourTimesTheirQuota) {
  if (kHasShadowMemory) GTEST_SKIP() << "sanitizers take memory of their own";
  const std::string good = good_export().SerializeAsString();
  auto files = good_export();
  files.set_host_state(std::string(kHostState.value, 'h'));
  std::string numbers;
  for (int i = 0; i < 7 << 20; ++i) numbers += std::string("\x50\0", 2);
  const std::pair<const char*, std::string> manifests[] = {
      {"runs", good + empty_fields(9, 7 << 20)},
      {"runs of no memory", empty_fields(9, 7 << 20)},
      {"globals", good + empty_fields(6, 7 << 20)},
      {"facts", good + empty_fields(5, 7 << 20)},
      {"packed runs", good + "\x52\x80\x80\x80\x07" + std::string(7 << 21, '\0')},
      {"runs one by one", good + numbers},
      {"host state", files.SerializeAsString()},
      {"unknown fields", good + empty_fields(12, 7 << 20)},
      {"64 MiB", good + empty_fields(9, 32 << 20)}};
  for (const auto& [name, manifest] : manifests) {
    for (const std::uint32_t version : {1, 2}) {
      const OwnedFd file = testing::memory_file(as_bytes(export_of(manifest, version)));
      const OwnedFd room = testing::memory_file({});
      expect_within(
          [&] {
            (void)unpack_export(file.get(), room.get(), kExportLimits,
                                [](const Export&) { return ok_status(); });
          },
          kExportLimits.quota(kMemoryLimit), name);
    }
  }
}

TEST(ExportBudgetTest, TwiceAsMuchTakesTwiceAsLong) {
  const auto read = [](const std::string& file) {
    (void)testing::read_export(file, {.host_state = mib(64)});
  };
  const auto runs = [](std::size_t size) {
    auto message = good_export();
    for (std::size_t i = 0; i < size; ++i) message.add_runs()->set_count(1);
    return export_of(message.SerializeAsString(), 1);
  };
  EXPECT_LT(doubling_ratio(16'000, runs, read), kLinear);
  const auto host_state = [](std::size_t size) {
    auto message = good_export();
    message.set_host_state(std::string(size, 'h'));
    return export_of(message.SerializeAsString(), 2);
  };
  EXPECT_LT(doubling_ratio(20 << 20, host_state, read), kLinear);
  const auto facts = [](std::size_t size) { return export_of(empty_fields(5, size), 2); };
  EXPECT_LT(doubling_ratio(1 << 20, facts, read), kLinear);
}

class RevisionBudgetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    files.emplace(RevisionFiles::open(directory / "store").value());
    ASSERT_TRUE(files->keep_template(*made.root.file_image, made.file).ok());
  }

  std::string good(std::uint64_t memory) const {
    proto::RevisionManifest message;
    message.set_template_sha256(made.root.file_image->sha256);
    message.set_memory_size(memory);
    return message.SerializeAsString();
  }

  /// Writes a revision file of no pages.
  void write(const std::string& manifest) const {
    const auto path = directory / "store/revisions" / (id + ".revision");
    std::filesystem::remove(path);
    ASSERT_TRUE(
        write_container(path, kRevisionFormat, {as_bytes(manifest)}, {}, AtomicFile::Sync::kNone)
            .ok());
  }

  TestDirectory directory;
  testing::TestTemplate made;
  std::optional<RevisionFiles> files;
  const std::string id = std::string(32, 'f');
};

TEST_F(RevisionBudgetTest, HostileManifestsTakeNoMoreThanFourTimesTheirSize) {
  if (kHasShadowMemory) GTEST_SKIP() << "sanitizers take memory of their own";
  for (const std::uint32_t field : {6, 8, 9, 12}) {
    const std::string manifest = good(testing::kTemplateSize) + empty_fields(field, 8 << 20);
    write(manifest);
    expect_within([&] { EXPECT_FALSE(files->load(id).ok()); }, bytes(manifest.size()),
                  "field " + std::to_string(field));
    const std::string patch = xxh3_of({as_bytes(manifest)}) + manifest;
    expect_within([&] { EXPECT_FALSE(files->load_patched(id, patch).ok()); }, mib(1), "a patch");
  }
}

TEST_F(RevisionBudgetTest, AMemoryHasAnExtentForEachPageAndNoMore) {
  const auto refused = [&](std::uint64_t memory, std::size_t extents) {
    return check_revision_manifest(good(memory) + empty_fields(9, extents)).code() ==
           StatusCode::kDataLoss;
  };
  EXPECT_FALSE(refused(kWasmPageSize, 16));
  EXPECT_TRUE(refused(kWasmPageSize, 17));
  EXPECT_TRUE(refused(~std::uint64_t{0}, kMaxPages / kPageSize + 1));
}

TEST_F(RevisionBudgetTest, TwiceAsMuchTakesTwiceAsLong) {
  const auto read = [&](const std::string& manifest) {
    write(manifest);
    (void)files->load(id);
  };
  for (const std::uint32_t field : {6, 8, 9}) {
    const auto fields = [&](std::size_t size) {
      return good(mib(4000).value) + empty_fields(field, size);
    };
    EXPECT_LT(doubling_ratio(500'000, fields, read), kLinear) << field;
  }
  const auto patches = [](std::size_t size) {
    const std::string message = empty_fields(2, size);
    return xxh3_of({as_bytes(message)}) + message;
  };
  const auto read_patch = [&](const std::string& patch) { (void)files->load_patched(id, patch); };
  EXPECT_LT(doubling_ratio(250'000, patches, read_patch), kLinear);
}

TEST_F(RevisionBudgetTest, AnImagesManifestIsCounted) {
  EXPECT_TRUE(check_image_manifest(empty_fields(6, kMaxFacts)).ok());
  EXPECT_FALSE(check_image_manifest(empty_fields(6, kMaxFacts + 1)).ok());
  EXPECT_TRUE(check_image_manifest(empty_fields(3, kMaxGlobals)).ok());
  EXPECT_FALSE(check_image_manifest(empty_fields(3, kMaxGlobals + 1)).ok());
}

}  // namespace
}  // namespace skerry::image
