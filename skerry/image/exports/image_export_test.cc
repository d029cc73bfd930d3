// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/exports/image_export.h"

#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/formats/zstd_stream.h"
#include "skerry/base/os/file.h"
#include "skerry/base/sha256.h"
#include "skerry/image/page_container.h"
#include "skerry/image/test_export.h"
#include "skerry/image/test_template.h"
#include "skerry/session_export.pb.h"

namespace skerry::image {
namespace {

// docs/formats/session_export.md
constexpr std::size_t kExportVersionAt = 8;
constexpr std::size_t kManifestSizeAt = 12;
constexpr std::size_t kPagesSizeAt = 16;
constexpr std::size_t kBodySizeAt = 24;
constexpr std::size_t kExportHeader = 32;
constexpr std::size_t kHash = 32;

class ImageExportTest : public ::testing::Test {
 protected:
  static Result<Export> read(std::string_view file) { return testing::read_export(file); }

  std::string exported() const {
    const auto file = testing::exported(*made.root.file_image, {"s", 7});
    EXPECT_TRUE(file.ok()) << file.status();
    return *file;
  }

  static void set(std::string& file, std::size_t at, std::uint64_t value, std::size_t size) {
    std::memcpy(file.data() + at, &value, size);
  }

  /// Makes the hash fit, as who means harm would: of the version that the file says it has.
  static void sign(std::string& file) {
    const bool is_first = file[kExportVersionAt] == 1;
    const std::size_t at = is_first ? kExportHeader : file.size() - kHash;
    std::string hashed = file;
    hashed.erase(at, kHash);
    const auto digest = digest_of(sha256_hex(as_bytes(hashed)));
    std::memcpy(file.data() + at, digest.data(), digest.size());
  }

  /// A file around this manifest and that many pages, with a hash that fits.
  static std::string file_of(const std::string& manifest, std::size_t pages, int version = 2) {
    std::string body;
    ZstdWriter writer([&](std::span<const std::byte> bytes) {
      body += as_text(bytes);
      return ok_status();
    });
    EXPECT_TRUE(writer.write(as_bytes(manifest + std::string(pages * kPageSize, 'x'))).ok());
    EXPECT_TRUE(writer.finish().ok());
    const std::string hash(kHash, '\0');
    std::string file("SKRYEXP\0", 8);
    file.resize(kExportHeader);
    file += version == 1 ? hash + body : body + hash;
    set(file, kExportVersionAt, static_cast<std::uint64_t>(version), 4);
    set(file, kManifestSizeAt, manifest.size(), 4);
    set(file, kPagesSizeAt, pages * kPageSize, 8);
    if (version == 1) set(file, kBodySizeAt, body.size(), 8);
    sign(file);
    return file;
  }
  static std::string file_of(const proto::SessionExport& message, std::size_t pages,
                             int version = 2) {
    return file_of(message.SerializeAsString(), pages, version);
  }

  static proto::SessionExport good() {
    proto::SessionExport message;
    message.set_session("s");
    message.set_template_name("test");
    message.set_module_sha256(std::string(64, 'a'));
    message.set_memory_size(2 * kWasmPageSize);
    for (const std::uint64_t number : {3, 2}) message.add_packed_runs(number);
    return message;
  }

  /// The same as the first version of the format has it.
  static proto::SessionExport first_version() {
    proto::SessionExport message = good();
    message.clear_packed_runs();
    auto* run = message.add_runs();
    run->set_first(3);
    run->set_count(2);
    return message;
  }

  testing::TestTemplate made;
};

TEST_F(ImageExportTest, HoldsAllOfMemoryAndTheManifest) {
  const auto read_back = read(exported());
  ASSERT_TRUE(read_back.ok()) << read_back.status();
  EXPECT_EQ(read_back->origin.session, "s");
  EXPECT_EQ(read_back->origin.revision, 7);
  const Manifest& manifest = made.root.file_image->manifest;
  EXPECT_EQ(read_back->module_sha256, manifest.module_sha256);
  EXPECT_EQ(read_back->template_name, "test");
  EXPECT_EQ(read_back->captured.state.globals, manifest.globals);
  EXPECT_EQ(read_back->captured.state.host_state, "state 0");
  std::vector<std::byte> memory(read_back->captured.state.memory_size);
  auto pages = read_back->captured.pages();
  for (const PageRun& run : read_back->captured.state.changed) {
    std::memcpy(memory.data() + run.first * kPageSize, pages.data(), run.count * kPageSize);
    pages = pages.subspan(run.count * kPageSize);
  }
  EXPECT_EQ(memory, testing::patterned(testing::kTemplateSize));
}

TEST_F(ImageExportTest, LongGapsOfZerosAreLeftOut) {
  std::vector<std::byte> bytes(64 * kWasmPageSize);
  bytes[0] = bytes[9 * kPageSize] = bytes[500 * kPageSize] = std::byte{1};
  Image image = *made.root.file_image;
  image.pages = testing::base_pages(bytes);
  const auto read_back = read(testing::exported(image, {"s", 1}).value());
  ASSERT_TRUE(read_back.ok()) << read_back.status();
  EXPECT_EQ(read_back->captured.state.changed, (std::vector<PageRun>{{0, 10}, {500, 1}}));
}

TEST_F(ImageExportTest, ItComesInPiecesThatHoldLittle) {
  std::mt19937_64 random(1);
  std::vector<std::byte> noise(64 * kWasmPageSize);
  for (std::byte& byte : noise) byte = static_cast<std::byte>(random());
  Image image = *made.root.file_image;
  image.pages = testing::base_pages(noise);
  const auto writer = ExportWriter::begin(image, "", {"s", 1});
  ASSERT_TRUE(writer.ok()) << writer.status();
  std::string file;
  int pieces = 0;
  double fraction = 0;
  for (;;) {
    const auto piece = (*writer)->next();
    ASSERT_TRUE(piece.ok()) << piece.status();
    if (piece->empty()) break;
    EXPECT_LT(piece->size(), 6 * ExportWriter::kPiece);
    EXPECT_GE((*writer)->fraction(), fraction);
    fraction = (*writer)->fraction();
    file += *piece;
    ++pieces;
  }
  EXPECT_GT(pieces, 3);
  EXPECT_EQ(fraction, 1);
  EXPECT_TRUE((*writer)->next()->empty()) << "and remains at the end";
  EXPECT_TRUE(read(file).ok());
}

TEST_F(ImageExportTest, ZerosOfAnySizeGiveSmallPieces) {
  Image image = *made.root.file_image;
  std::vector<std::byte> memory(256 * kWasmPageSize);
  for (std::size_t at = 0; at < memory.size(); at += 8 * kPageSize) memory[at] = std::byte{1};
  image.pages = testing::base_pages(memory);
  const auto writer = ExportWriter::begin(image, "", {"s", 1});
  ASSERT_TRUE(writer.ok()) << writer.status();
  int pieces = 0;
  while (!(*writer)->next()->empty()) ++pieces;
  EXPECT_GE(pieces, 2) << "16 MiB are not read for one piece";
}

TEST_F(ImageExportTest, FilesOfTheFirstVersionAreRead) {
  const auto read_back = read(file_of(first_version(), 2, 1));
  ASSERT_TRUE(read_back.ok()) << read_back.status();
  EXPECT_EQ(read_back->captured.state.changed, (std::vector<PageRun>{{3, 2}}));
  const std::string whole = file_of(first_version(), 2, 1);
  for (const std::size_t size :
       {std::size_t{8}, std::size_t{63}, std::size_t{64}, whole.size() / 2, whole.size() - 1}) {
    const Status status = read(whole.substr(0, size)).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_NE(message_of(status).find("cut off"), std::string_view::npos) << status;
  }
  EXPECT_NE(message_of(read(whole + "x").status()).find("behind it"), std::string_view::npos);
}

TEST_F(ImageExportTest, WhatIsCutOffSaysSo) {
  const std::string whole = exported();
  for (const std::size_t size :
       {std::size_t{8}, std::size_t{63}, std::size_t{64}, whole.size() / 2, whole.size() - 1}) {
    const Status status = read(whole.substr(0, size)).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_NE(message_of(status).find("cut off"), std::string_view::npos) << status;
  }
  EXPECT_EQ(read(whole + "x").status().code(), StatusCode::kDataLoss);
  for (const std::string_view other : {"", "SKRY", "PK\3\4 a zip file that is longer than it"}) {
    EXPECT_NE(message_of(read(other).status()).find("something else"), std::string_view::npos);
  }
}

TEST_F(ImageExportTest, AFlippedBitIsFound) {
  for (const std::string& whole : {exported(), file_of(first_version(), 2, 1)}) {
    for (std::size_t at = kExportHeader; at < whole.size(); at += 53) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 16);
      const Status status = read(flipped).status();
      EXPECT_EQ(status.code(), StatusCode::kDataLoss);
      EXPECT_NE(message_of(status).find("checksum"), std::string_view::npos) << at << status;
    }
  }
}

TEST_F(ImageExportTest, AnotherVersionIsNamed) {
  for (const int version : {0, 3, 9}) {
    std::string file = exported();
    set(file, kExportVersionAt, static_cast<std::uint64_t>(version), 4);
    sign(file);
    const Status status = read(file).status();
    EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
    EXPECT_NE(message_of(status).find("this program reads up to 2"), std::string_view::npos);
  }
}

TEST_F(ImageExportTest, ClaimsAreRefusedBeforeAnythingIsAllocated) {
  for (const int version : {1, 2}) {
    const std::string whole = file_of(version == 1 ? first_version() : good(), 2, version);
    ASSERT_TRUE(read(whole).ok());
    for (const auto& [at, size] : {std::pair{kManifestSizeAt, 4}, {kPagesSizeAt, 8}}) {
      std::string file = whole;
      set(file, at, std::uint64_t{100} << 30 | 0xF0000000, static_cast<std::size_t>(size));
      sign(file);
      const Status status = read(file).status();
      EXPECT_EQ(status.code(), StatusCode::kDataLoss);
      EXPECT_NE(message_of(status).find("claims more"), std::string_view::npos) << status;
    }
    std::string body = whole;
    set(body, kBodySizeAt, std::uint64_t{100} << 30, 8);
    sign(body);
    EXPECT_EQ(read(body).status().code(), StatusCode::kDataLoss);
    // Within the limits, but not what is there.
    for (const std::uint64_t pages : {std::uint64_t{0}, std::uint64_t{4} << 30 >> 1}) {
      std::string file = whole;
      set(file, kPagesSizeAt, pages, 8);
      sign(file);
      EXPECT_EQ(read(file).status().code(), StatusCode::kDataLoss);
    }
    std::string file = whole;
    set(file, kManifestSizeAt, 200 << 20, 4);
    sign(file);
    EXPECT_EQ(read(file).status().code(), StatusCode::kDataLoss);
  }
}

TEST_F(ImageExportTest, TheCallersLimitsHold) {
  auto message = good();
  message.set_host_state(std::string(1000, 's'));
  for (const char* name : {"one", "two"}) message.add_globals()->set_name(name);
  const std::string file = file_of(message, 2);
  const auto is_taken = [&](const ExportLimits& limits) {
    return testing::read_export(file, limits).ok();
  };
  EXPECT_TRUE(is_taken({.pages = bytes(2 * kPageSize), .globals = 2, .host_state = bytes(1000)}));
  EXPECT_FALSE(is_taken({.pages = bytes(kPageSize)}));
  EXPECT_FALSE(is_taken({.globals = 1}));
  EXPECT_FALSE(is_taken({.host_state = bytes(999)}));
}

TEST_F(ImageExportTest, AnImportsFactsAreNotTaken) {
  auto message = good();
  (*message.mutable_facts())["recipe"] = std::string(64, 'a');
  EXPECT_TRUE(read(file_of(message, 2)).ok());
  (*message.mutable_facts())["padding"] = std::string(kMaxFact + 1, 'x');
  EXPECT_EQ(read(file_of(message, 2)).status().code(), StatusCode::kDataLoss);
  message.clear_facts();
  for (std::uint64_t i = 0; i <= kMaxFacts; ++i) (*message.mutable_facts())[std::to_string(i)] = "";
  EXPECT_EQ(read(file_of(message, 2)).status().code(), StatusCode::kDataLoss);
}

TEST_F(ImageExportTest, WhatTheOtherProcessLeftIsBelievedInNothing) {
  const std::string file = file_of(good(), 2);
  const OwnedFd fd = testing::memory_file(as_bytes(file));
  const OwnedFd room = testing::memory_file({});
  const auto sizes =
      unpack_export(fd.get(), room.get(), {}, [](const Export&) { return ok_status(); });
  ASSERT_TRUE(sizes.ok()) << sizes.status();
  (void)::lseek(room.get(), 0, SEEK_SET);
  const std::string left = read_all(room.get(), mib(1)).value();
  const auto is_taken = [](const std::string& what, const UnpackedSizes& claimed) {
    return take_unpacked(testing::memory_file(as_bytes(what)), claimed, {}).ok();
  };
  EXPECT_TRUE(is_taken(left, *sizes));
  EXPECT_FALSE(is_taken(left.substr(1), *sizes));
  EXPECT_FALSE(is_taken(left + "x", *sizes));
  UnpackedSizes other = *sizes;
  other.pages -= kPageSize;
  other.host_state += kPageSize;
  EXPECT_FALSE(is_taken(left, other)) << "pages that are none";
  other = *sizes;
  other.host_state = ~std::uint64_t{0};
  EXPECT_FALSE(is_taken(left, other));
  for (std::size_t at = sizes->pages; at < left.size(); ++at) {
    std::string changed = left;
    changed[at] = static_cast<char>(changed[at] ^ 0x08);
    (void)is_taken(changed, *sizes);  // whatever it says, nothing is read out of bounds
  }
}

TEST_F(ImageExportTest, LiesInTheManifestAreRefused) {
  ASSERT_TRUE(read(file_of(good(), 2)).ok());
  const auto refused = [&](const auto& change, std::size_t pages = 2) {
    auto message = good();
    change(message);
    return read(file_of(message, pages)).status().code() == StatusCode::kDataLoss;
  };
  constexpr std::size_t kPages = 2 * kWasmPageSize / kPageSize;
  EXPECT_TRUE(refused([](auto&) {}, 1));
  EXPECT_TRUE(refused([](auto&) {}, 3));
  EXPECT_TRUE(refused([](auto& m) { m.set_memory_size(0); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_memory_size(kWasmPageSize + 1); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_memory_size(std::uint64_t{100} << 30); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_packed_runs(0, kPages - 1); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_packed_runs(0, ~std::uint64_t{0}); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_packed_runs(1, ~std::uint64_t{0}); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_packed_runs(1, 0); }, 0));
  EXPECT_TRUE(refused([](auto& m) { m.add_packed_runs(1); }));
  EXPECT_TRUE(refused([](auto& m) { m.add_runs()->set_count(1); }, 3)) << "runs of two kinds";
  for (const char* hash : {"", "../../../etc/passwd", "A"}) {
    EXPECT_TRUE(refused([&](auto& m) { m.set_module_sha256(hash); }));
  }
  for (const std::string& name : {std::string(), std::string("\x1b[2J"), std::string(129, 'a')}) {
    EXPECT_TRUE(refused([&](auto& m) { m.set_session(name); }));
    EXPECT_TRUE(refused([&](auto& m) { m.set_template_name(name); }));
  }
  // Not a message at all.
  std::string file = file_of(good(), 2);
  set(file, kManifestSizeAt, 3, 4);
  sign(file);
  EXPECT_EQ(read(file).status().code(), StatusCode::kDataLoss);
}

TEST_F(ImageExportTest, NoiseIsRefused) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::string file = exported().substr(0, kExportHeader);
    file.resize(kExportHeader + kHash + random() % 300);
    for (std::size_t at = kExportHeader; at < file.size(); ++at)
      file[at] = static_cast<char>(random());
    if (round % 2 == 0) {
      set(file, kExportVersionAt, 1, 4);
      set(file, kBodySizeAt, file.size() - kExportHeader - kHash, 8);
    }
    sign(file);
    EXPECT_FALSE(read(file).ok());
  }
}

}  // namespace
}  // namespace skerry::image
