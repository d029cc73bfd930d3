// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "skerry/wasm/command.h"
#include "skerry/wasm/hollow.h"
#include "skerry/wasm/test_module.h"

// Broken modules: each must end in an answer, never in a crash.
namespace skerry::wasm {
namespace {

using namespace testing;

/// Everything the folder does with untrusted bytes. Whether they were taken for a module.
bool run_everything(std::span<const std::uint8_t> bytes) {
  const auto module = std::as_bytes(bytes);
  const Status status = check_command(module, {}, {});
  if (const auto hollowed = hollow(module, {}); hollowed.ok()) {
    const Status again = check_command(hollowed->bytes, ModuleLimits::bundled_runtime(), {});
    const std::string_view said = message_of(again);
    EXPECT_FALSE(said.starts_with("malformed")) << said;
  }
  const std::string_view said = message_of(status);
  EXPECT_EQ(status.ok(), said.empty());
  return status.ok() || said.starts_with("WASM module has no _start") ||
         said.starts_with("unknown import");
}

TEST(CorruptionTest, TruncatedModuleIsRefusedUnlessWholeSectionsAreLeft) {
  const Bytes bytes = full_module();
  std::vector<std::size_t> read;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    if (run_everything(std::span(bytes).first(length))) read.push_back(length);
  }
  // Without anything; with types; with imports; with all but one and both custom sections.
  const std::size_t producers = custom("producers", {0}).size();
  const std::size_t names = custom("name", {0, 2, 1, 'm'}).size();
  EXPECT_EQ(read, (std::vector<std::size_t>{8, 41, 70, bytes.size() - producers - names,
                                            bytes.size() - producers}));
}

TEST(CorruptionTest, ModuleIsReadAtABoundaryOnceCountsAgree) {
  const Bytes bytes = empty_command();
  EXPECT_TRUE(run_everything(std::span(bytes).first(8))) << "the empty module";
  EXPECT_TRUE(run_everything(std::span(bytes).first(14))) << "with a type";
  EXPECT_FALSE(run_everything(std::span(bytes).first(18))) << "with a function without a body";
}

TEST(CorruptionTest, EveryByteTakesEveryValue) {
  const Bytes original = full_module();
  Bytes bytes = original;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (unsigned value = 0; value < 256; ++value) {
      bytes[i] = static_cast<std::uint8_t>(value);
      taken += run_everything(bytes) ? 1 : 0;
    }
    bytes[i] = original[i];
  }
  EXPECT_GT(taken, bytes.size()) << "every byte's own value, at least";
}

TEST(CorruptionTest, HugeCountsAllocateNothing) {
  const Bytes huge = {0xFF, 0xFF, 0xFF, 0xFF, 0x0F};
  for (std::uint8_t id = 1; id <= 13; ++id) {
    EXPECT_FALSE(run_everything(module({section(id, huge)}))) << int{id};
    EXPECT_FALSE(run_everything(module({section(id, join({huge, Bytes(64, 0)}))}))) << int{id};
  }
  EXPECT_FALSE(run_everything(module({section(1, join({{1, 0x60}, huge}))})));
  EXPECT_FALSE(run_everything(module({section(1, join({{1, 0x4E}, huge}))})));
  EXPECT_FALSE(run_everything(module({section(1, join({{1, 0x5F}, huge}))})));
  EXPECT_FALSE(run_everything(join({preamble(), {0}, huge})));
}

TEST(CorruptionTest, EndlessNumbersEnd) {
  EXPECT_FALSE(run_everything(join({preamble(), {1}, Bytes(100'000, 0x80)})));
  EXPECT_FALSE(
      run_everything(module({section(6, join({{1, 0x7F, 0, 0x41}, Bytes(100'000, 0x80)}))})));
}

TEST(CorruptionTest, DeepConstantExpressionsAreWalkedWithoutRecursion) {
  constexpr std::size_t kTerms = 200'000;
  Bytes offset;
  for (std::size_t i = 0; i < kTerms; ++i) offset.insert(offset.end(), {0x41, 0});
  offset.insert(offset.end(), kTerms - 1, 0x6A);
  offset.push_back(0x0B);
  EXPECT_TRUE(run_everything(
      module({section(5, {1, 0, 1}), section(11, vec({join({{0}, offset, name("x")})}))})));
}

}  // namespace
}  // namespace skerry::wasm
