// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/native_cache.h"

#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/sanitizer.h"
#include "skerry/engine/test_module.h"

namespace skerry::engine {
namespace {

namespace fs = std::filesystem;
using engine::testing::any_budget;

std::vector<std::byte> binary(std::string_view text) { return text_to_binary(text).value(); }

std::string leb(std::size_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
  return text + static_cast<char>(value);
}

std::string section(char id, const std::string& content) {
  return id + leb(content.size()) + content;
}

/// A valid module of `functions` functions, each some work to compile.
std::string large_module(std::size_t functions) {
  std::string body = "\x01\x02\x7f";  // two i32 locals
  for (int i = 0; i < 300; ++i)
    body += "\x20\x01\x20\x02\x6a\x41\x03\x6c\x22\x01\x21\x02";  // 1 = 2 = (1 + 2) * 3
  body += "\x20\x01\x0b";
  std::string types("\x01\x60\x01\x7f\x01\x7f", 6);
  std::string declared = leb(functions);
  std::string code = leb(functions);
  for (std::size_t i = 0; i < functions; ++i) {
    declared += '\0';
    code += leb(body.size()) + body;
  }
  return std::string("\0asm\1\0\0\0", 8) + section(1, types) + section(3, declared) +
         section(10, code);
}

class NativeCacheTest : public ::testing::Test {
 protected:
  Status compile(Metering metering = Metering::kNone) const {
    return cache.compile(module, name, metering, any_budget(), {});
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory / "native"), fs::directory_iterator()));
  }

  const TestDirectory directory;
  const NativeCache cache = NativeCache::open(directory / "native").value();
  const std::vector<std::byte> module =
      binary(R"((module (func (export "f") (result i32) (i32.const 42))))");
  const std::string name = sha256_hex(module);
  const std::shared_ptr<Engine> engine = Engine::create(Metering::kNone).value();
};

TEST_F(NativeCacheTest, CodeIsNotFoundUntilCompiled) {
  EXPECT_EQ(cache.load(*engine, name).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(cache.check(name, Metering::kNone, SealedFile::Depth::kTimes).code(),
            StatusCode::kNotFound);
  const Status compiled = compile();
  ASSERT_TRUE(compiled.ok()) << compiled;
  EXPECT_TRUE(cache.check(name, Metering::kNone, SealedFile::Depth::kHash).ok());
  const auto loaded = cache.load(*engine, name);
  EXPECT_TRUE(loaded.ok()) << loaded.status();
}

TEST_F(NativeCacheTest, DamagedCodeIsRefusedNamedAndRemoved) {
  ASSERT_TRUE(compile().ok());
  const fs::path path = cache.path_of(name, Metering::kNone);
  const auto file = open_file(path, O_WRONLY);
  ASSERT_EQ(::pwrite(file->get(), "X", 1, 1000), 1);
  const Status status = cache.load(*engine, name).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_NE(message_of(status).find(path.native()), std::string_view::npos) << status;
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(files(), 0U) << "the seal is gone, too";
  EXPECT_EQ(cache.load(*engine, name).status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(compile().ok());
}

TEST_F(NativeCacheTest, TruncatedCodeIsRefused) {
  ASSERT_TRUE(compile().ok());
  fs::resize_file(cache.path_of(name, Metering::kNone), 100);
  EXPECT_EQ(cache.load(*engine, name).status().code(), StatusCode::kDataLoss);
}

TEST_F(NativeCacheTest, CodeOfAnotherKindUnderAGoodSealIsRefusedByTheEngine) {
  ASSERT_TRUE(compile(Metering::kFuel).ok());
  const fs::path plain = cache.path_of(name, Metering::kNone);
  fs::copy(cache.path_of(name, Metering::kFuel), plain);
  ASSERT_TRUE(SealedFile::seal(plain).ok());
  EXPECT_EQ(cache.load(*engine, name).status().code(), StatusCode::kDataLoss);
}

TEST_F(NativeCacheTest, MeteringHasAKeyOfItsOwn) {
  EXPECT_NE(cache.path_of(name, Metering::kNone), cache.path_of(name, Metering::kFuel));
  ASSERT_TRUE(compile(Metering::kFuel).ok());
  EXPECT_EQ(cache.load(*engine, name).status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(cache.load(*Engine::create(Metering::kFuel).value(), name).ok());
}

TEST_F(NativeCacheTest, InvalidModuleSaysWhy) {
  const auto refused = [&](std::span<const std::byte> bytes) {
    const Status status = cache.compile(bytes, "x", Metering::kNone, any_budget(), {});
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
    EXPECT_TRUE(message_of(status).starts_with("Failed to compile WASM module: ")) << status;
    return std::string(message_of(status)).substr(31);
  };
  EXPECT_NE(refused(as_bytes("nonsense")), "");
  const std::string invalid =
      std::string("\0asm\1\0\0\0", 8) + section(1, std::string("\x01\x60\x00\x01\x7f", 5)) +
      section(3, std::string("\x01\x00", 2)) + section(10, std::string("\x01\x02\x00\x0b", 4));
  EXPECT_NE(refused(as_bytes(invalid)).find("type mismatch"), std::string::npos);
  EXPECT_EQ(files(), 0U) << "a failure leaves nothing";
}

TEST_F(NativeCacheTest, TooLittleMemoryIsResourceExhausted) {
  if (kHasShadowMemory) GTEST_SKIP() << "the sanitizer's shadow alone is over any bound";
  const std::string large = large_module(8000);
  const Status status =
      cache.compile(as_bytes(large), "x", Metering::kNone, {.memory = mib(64)}, {});
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status;
  EXPECT_NE(message_of(status).find("64 MiB"), std::string_view::npos) << status;
  EXPECT_EQ(files(), 0U);
}

TEST_F(NativeCacheTest, TooLittleProcessorTimeIsResourceExhausted) {
  CompileBudget budget = any_budget();
  budget.cpu = std::chrono::seconds(1);
  const std::string large = large_module(8000);
  const Status status = cache.compile(as_bytes(large), "x", Metering::kNone, budget, {});
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status;
  EXPECT_NE(message_of(status).find("1 s of processor time"), std::string_view::npos) << status;
}

TEST_F(NativeCacheTest, ProgressGoesForward) {
  std::vector<double> told;
  const std::string large = large_module(700);
  const Status status = cache.compile(as_bytes(large), "x", Metering::kNone, any_budget(),
                                      [&](double fraction) { told.push_back(fraction); });
  ASSERT_TRUE(status.ok()) << status;
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_TRUE(told[i] >= 0 && told[i] <= 1) << told[i];
    EXPECT_TRUE(i == 0 || told[i] >= told[i - 1]);
  }
}

TEST_F(NativeCacheTest, DirectoryThatOthersMayWriteInIsRefused) {
  ASSERT_EQ(::chmod((directory / "native").c_str(), 0770), 0);
  EXPECT_EQ(NativeCache::open(directory / "native").status().code(), StatusCode::kPermissionDenied);
}

TEST(EngineTest, FingerprintNamesVersionAndMetering) {
  const std::string plain = Engine::fingerprint(Metering::kNone);
  EXPECT_NE(plain.find("wasmtime 48."), std::string::npos) << plain;
  EXPECT_NE(plain, Engine::fingerprint(Metering::kFuel));
}

}  // namespace
}  // namespace skerry::engine
