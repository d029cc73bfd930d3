// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/patch.h"

#include <cstdint>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/sha256.h"
#include "skerry/engine/instance.h"
#include "skerry/engine/test_code.h"
#include "skerry/engine/test_module.h"
#include "skerry/engine/tune.h"
#include "skerry/image/linear_memory.h"

namespace skerry::engine {
namespace {

using ::testing::HasSubstr;

using Bytes = std::vector<std::byte>;

// `table` reaches `double` through a table, `twice` by two calls; `sevens` is 7 + 7 * 100.
constexpr std::string_view kGuest = R"((module
  (memory (export "memory") 1)
  (global $level (mut i32) (i32.const 5))
  (table 1 funcref)
  (elem (i32.const 0) $double)
  (func $double (param i32) (result i32) (i32.add (local.get 0) (local.get 0)))
  (func $sevens (export "sevens") (result i32)
    (i32.add (i32.const 7) (i32.mul (i32.const 7) (i32.const 100))))
  (func $whole (export "half") (param i32) (result i32)
    (local i64)
    (i32.add (i32.trunc_sat_f64_s (f64.div (f64.convert_i32_s (local.get 0)) (f64.const 2)))
             (i32.wrap_i64 (local.get 1))))
  (func $byte (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func $twice (export "twice") (param i32) (result i32)
    (call $double (call $double (local.get 0))))
  (func (export "table") (param i32) (result i32)
    (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)))
  (func (export "at") (param i32 i32) (result i32)
    (call_indirect (param i32) (result i32) (local.get 0) (local.get 1)))))";

Bytes guest() { return *text_to_binary(kGuest); }

/// What the guest's function `name` gives for `argument` once patched by `text`.
std::uint64_t patched(std::string_view text, std::string_view name,
                      const std::vector<std::uint64_t>& arguments) {
  const auto bytes = patch(guest(), text);
  if (!bytes.ok()) {
    ADD_FAILURE() << bytes.status();
    return 0;
  }
  auto compiled = testing::compile(*bytes);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  const auto program = Program::link(*std::move(compiled), {}).value();
  const auto memory = image::LinearMemory::zeroed(mib(1));
  const auto instance = Instance::create(program, **memory, nullptr, {});
  EXPECT_TRUE(instance.ok()) << instance.status();
  const auto end = (*instance)->call(name, arguments);
  EXPECT_TRUE(end.ok()) << end.status();
  return end.ok() ? end->value : 0;
}

std::string patch_refusal(std::string_view text) {
  const Status status = patch(guest(), text).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
  return std::string(message_of(status));
}

TEST(PatchTest, OneOfSeveralEqualInstructionsBecomesACall) {
  constexpr std::string_view kPatch = R"((module
    (func (export "sevens: i32.const 7, 2 of 2") (result i32) (i32.const 9))))";
  EXPECT_EQ(patched(kPatch, "sevens", {}), 907);
}

TEST(PatchTest, OneFunctionServesSeveralPlaces) {
  constexpr std::string_view kPatch = R"((module
    (func (export "sevens: i32.const 7, 1 of 2") (export "sevens: i32.const 7, 2 of 2") (result i32)
      (i32.const 1))))";
  EXPECT_EQ(patched(kPatch, "sevens", {}), 101);
}

TEST(PatchTest, AReplacementTakesWhatTheInstructionTakes) {
  constexpr std::string_view kPatch = R"((module
    (import "guest" "memory" (memory 0))
    (func (export "byte: i32.load8_u, 1 of 1") (param i32) (result i32)
      (i32.add (local.get 0) (i32.load8_u (local.get 0))))
    (func (export "twice: call double, 2 of 2") (param i32) (result i32)
      (i32.const 50))))";
  EXPECT_EQ(patched(kPatch, "byte", {40}), 40);
  EXPECT_EQ(patched(kPatch, "twice", {3}), 50);
}

TEST(PatchTest, AFunctionTakesThePlaceOfAnotherForAllWhoCallIt) {
  constexpr std::string_view kPatch = R"((module
    (import "guest" "level" (global (mut i32)))
    (import "original" "double" (func $double (param i32) (result i32)))
    (func (export "double") (param i32) (result i32)
      (call $more (call $double (local.get 0))))
    (func $more (param i32) (result i32) (i32.add (local.get 0) (global.get 0)))))";
  EXPECT_EQ(patched(kPatch, "twice", {1}), (2 + 5) * 2 + 5);
  EXPECT_EQ(patched(kPatch, "table", {1}), 2 + 5);
}

TEST(PatchTest, ABodyStandsInPlaceOfEachConversion) {
  constexpr std::string_view kPatch = R"((module
    (func (export "every i32.trunc_sat_f64_s") (param f64) (result i32)
      (if (result i32) (f64.lt (local.get 0) (f64.const 9))
        (then (i32.trunc_f64_s (f64.ceil (local.get 0))))
        (else (call $large (local.get 0) (i64.const 70)))))
    (func $large (param f64 i64) (result i32) (i32.wrap_i64 (local.get 1)))))";
  EXPECT_EQ(patched(kPatch, "half", {3}), 2);
  EXPECT_EQ(patched(kPatch, "half", {30}), 70);
}

TEST(PatchTest, WhatCannotStandInPlaceIsRefused) {
  EXPECT_THAT(
      patch_refusal(R"((module (func (export "every i64.trunc_sat_f32_u") (param f32) (result i64)
                (i64.const 1))))"),
      HasSubstr("every i64.trunc_sat_f32_u: there are 0"));
  EXPECT_THAT(patch_refusal(R"((module (func (export "every i32.add") (param i32) (result i32)
                (i32.const 1))))"),
              HasSubstr("unknown place"));
  for (const std::string_view body :
       {"(return (i32.const 1))", "(local.set 0 (f64.const 1)) (i32.const 1)"}) {
    EXPECT_THAT(patch_refusal(fmt::format(
                    R"((module (func (export "every i32.trunc_sat_f64_s") (param f64) (result i32)
                {})))",
                    body)),
                HasSubstr("cannot be put in place"));
  }
  EXPECT_FALSE(patch(*text_to_binary("(module (func (nop)))"), "(module)").ok());
}

TEST(PatchTest, PutsFunctionsBehindTheTable) {
  constexpr std::string_view kPatch = R"((module
    (import "element" "triple" (global $place i32))
    (func (export "byte") (param i32) (result i32) (global.get $place))
    (func (export "element: triple") (param i32) (result i32)
      (i32.mul (local.get 0) (i32.const 3)))))";
  EXPECT_EQ(patched(kPatch, "byte", {0}), 1);
  EXPECT_EQ(patched(kPatch, "at", {5, 1}), 15);
  EXPECT_EQ(patched(kPatch, "at", {5, 0}), 10);
  EXPECT_THAT(patch_refusal(R"((module (import "element" "none" (global i32))))"),
              HasSubstr("no element none"));
}

TEST(PatchTest, AProfileOfTheCodeBeforeStillServes) {
  const Bytes module = guest();
  const auto patched = patch(module, R"((module
    (func (export "sevens: i32.const 7, 1 of 2") (result i32) (i32.const 9))))");
  ASSERT_TRUE(patched.ok()) << patched.status();
  const std::string profile =
      "code " + sha256_hex(testing::code_section(module)) + "\ntotal 1000\n";
  EXPECT_TRUE(tune(*patched, profile).ok());
}

TEST(PatchTest, APatchOfAnotherModuleIsRefusedWithItsFirstFault) {
  EXPECT_THAT(patch_refusal(R"((module (func (export "halve"))))"), HasSubstr("has no halve"));
  EXPECT_THAT(patch_refusal(R"((module (import "guest" "halve" (func))))"),
              HasSubstr("has no halve"));
  EXPECT_THAT(patch_refusal(R"((module (import "original" "double" (func))))"),
              HasSubstr("double is not replaced"));
  EXPECT_THAT(patch_refusal(R"((module (func (export "double"))))"), HasSubstr("another type"));
  EXPECT_THAT(patch_refusal(R"((module (func (export "sevens: i32.const 7, 1 of 1") (result i32)
                (i32.const 9))))"),
              HasSubstr("sevens: i32.const 7, 1 of 1: there are 2"));
  EXPECT_THAT(patch_refusal(R"((module (func (export "sevens: i32.const 7, 3 of 2") (result i32)
                (i32.const 9))))"),
              HasSubstr("there are 2"));
  EXPECT_THAT(patch_refusal(R"((module (func (export "sevens: f32.const 7, 1 of 1"))))"),
              HasSubstr("unknown place"));
  EXPECT_THAT(patch_refusal(R"((module (func $f (param externref)) ))"),
              HasSubstr("unsupported type"));
}

TEST(PatchTest, ANameOfTwoFunctionsNamesNeither) {
  const Bytes module = *text_to_binary(R"((module (func (@name "x")) (func (@name "x")))
    )");
  EXPECT_FALSE(patch(module, R"((module (func (export "x"))))").ok());
}

TEST(PatchTest, APatchBringsNothingButFunctions) {
  EXPECT_THAT(patch_refusal("(module (memory 1))"), HasSubstr("memory"));
  EXPECT_THAT(patch_refusal("(module (func $f) (start $f))"), HasSubstr("start"));
  EXPECT_THAT(patch_refusal(R"((module (import "guest" "double" (func $f (param i32) (result i32)))
                (func (param i32) (result i32) (return_call $f (local.get 0)))))"),
              HasSubstr("unsupported"));
  EXPECT_THAT(
      patch_refusal("(module (global i32 (i32.const 1)) (func (result i32) (global.get 0)))"),
      HasSubstr("global"));
  EXPECT_THAT(patch_refusal("(module"), HasSubstr("expected"));
}

}  // namespace
}  // namespace skerry::engine
