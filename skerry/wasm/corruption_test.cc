// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <gtest/gtest.h>

#include "skerry/wasm/checks.h"
#include "skerry/wasm/code_scan.h"
#include "skerry/wasm/hollow.h"
#include "skerry/wasm/reader.h"
#include "skerry/wasm/test_module.h"

// Broken modules: each must end in an answer, never in a crash (these tests earn their keep under
// the sanitizers).
namespace skerry::wasm {
namespace {

using namespace testing;

/// Everything the folder does with untrusted bytes. Copied to the heap at their exact size, so that
/// a read past the end is seen. Whether they were taken for a module.
bool run_everything(std::span<const std::uint8_t> bytes) {
  const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
  const auto module = read_module(view(exact), {});
  if (!module.ok()) {
    EXPECT_FALSE(message_of(module.status()).empty());
    return false;
  }
  (void)check_imports(*module, {});
  (void)check_command(*module);
  if (const auto scan = scan_code(*module); scan.ok()) (void)check_state_in_image(*module, *scan);
  if (const auto hollowed = hollow(*module); hollowed.ok()) {
    EXPECT_TRUE(read_module(hollowed->bytes, ModuleLimits::bundled_runtime()).ok());
  }
  return true;
}

TEST(CorruptionTest, TruncatedModuleIsRefusedUnlessWholeSectionsAreLeft) {
  const Bytes bytes = full_module();
  const auto whole = read_module(view(bytes), {});
  ASSERT_TRUE(whole.ok());
  std::vector<std::size_t> ends = {8};
  for (const Section& each : whole->sections)
    ends.push_back(whole->offset_of(each.payload) + each.payload.size());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const bool is_boundary = std::find(ends.begin(), ends.end(), length) != ends.end();
    const bool was_read = run_everything(std::span(bytes).first(length));
    EXPECT_FALSE(was_read && !is_boundary) << length;
  }
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
