// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/tune.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/sha256.h"
#include "skerry/engine/engine.h"
#include "skerry/engine/instance.h"
#include "skerry/engine/test_code.h"
#include "skerry/engine/test_module.h"
#include "skerry/image/linear_memory.h"

namespace skerry::engine {
namespace {

using testing::bodies;
using testing::code_section;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kBrIf;
using testing::kCall;
using testing::kCallIndirect;
using testing::kIf;
using testing::opcodes;
using testing::Pieces;

using Bytes = std::vector<std::byte>;
using Arguments = std::vector<std::uint64_t>;

std::string code_line(const Bytes& bytes) {
  return "code " + sha256_hex(code_section(bytes)) + "\n";
}

/// The native code of a module, ready to be called.
class Runnable {
 public:
  explicit Runnable(const Bytes& module) {
    auto compiled = engine::testing::compile(module);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    program_ = Program::link(*std::move(compiled), {}).value();
  }

  /// The end of a call in a new instance, so that no call sees what another left.
  CallEnd call(std::string_view name, const Arguments& arguments) {
    const auto memory = image::LinearMemory::zeroed(mib(1));
    const auto instance = Instance::create(program_, **memory, nullptr, {});
    EXPECT_TRUE(instance.ok()) << instance.status();
    const auto end = (*instance)->call(name, arguments);
    EXPECT_TRUE(end.ok()) << end.status();
    return end.ok() ? *end : CallEnd{};
  }

 private:
  std::shared_ptr<Program> program_;
};

/// A module as it was and tuned, by a profile in which each of `entries` is very hot.
class Twins {
 public:
  explicit Twins(std::string_view text, std::string_view entries = "")
      : original_(*text_to_binary(text)) {
    auto result = tune(original_, code_line(original_) + "total 1000\n" + std::string(entries));
    EXPECT_TRUE(result.ok()) << result.status();
    if (result.ok()) tuned_ = *std::move(result);
  }

  const Bytes& original() const { return original_; }
  const Bytes& tuned() const { return tuned_; }

  /// Calls both with each of `inputs` and expects the same end.
  void expect_equal(std::string_view name, const std::vector<Arguments>& inputs) const {
    Runnable plain(original_);
    Runnable fast(tuned_);
    for (const Arguments& input : inputs) {
      const CallEnd expected = plain.call(name, input);
      const CallEnd actual = fast.call(name, input);
      const auto shown = ::testing::PrintToString(input);
      EXPECT_EQ(actual.kind, expected.kind) << name << shown;
      EXPECT_EQ(actual.value, expected.value) << name << shown;
      // Where in which module is another matter.
      const auto what = [](const CallEnd& end) {
        return end.message.substr(0, end.message.find(" in function"));
      };
      EXPECT_EQ(what(actual), what(expected)) << name << shown;
    }
  }

 private:
  Bytes original_;
  Bytes tuned_;
};

std::vector<Arguments> each_of(std::initializer_list<std::uint32_t> values) {
  std::vector<Arguments> inputs;
  for (const std::uint32_t value : values) inputs.push_back({value});
  return inputs;
}

Status tune_status(std::string_view text, std::string_view entries) {
  const Bytes module = *text_to_binary(text);
  return tune(module, code_line(module) + std::string(entries)).status();
}

/// Why the module in that text is refused before its profile is looked at.
std::string module_refusal(std::string_view text) {
  const Status status = tune(*text_to_binary(text), "").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  return std::string(message_of(status));
}

TEST(TuneTest, SmallCalleesAreInlinedWhereverTheyAreCalled) {
  const Twins twins(R"((module
    (func $half (param i32) (result i32) (i32.shr_u (local.get 0) (i32.const 1)))
    (func (export "f") (param i32) (result i32)
      (i32.sub (call $half (local.get 0)) (call $half (call $half (i32.const 100)))))))");
  EXPECT_EQ(opcodes(twins.tuned(), 1)[kCall], 0);
  twins.expect_equal("f", each_of({0, 1, 7, 1000, 0xFFFFFFFF}));
}

TEST(TuneTest, ArgumentsKeepTheirOrderAndTypes) {
  const Twins twins(R"((module
    (func $mix (param i32 i64 i32 f64) (result i64)
      (i64.add (i64.mul (local.get 1) (i64.extend_i32_s (i32.sub (local.get 0) (local.get 2))))
               (i64.trunc_sat_f64_s (local.get 3))))
    (func (export "f") (param i32 i64) (result i64)
      (call $mix (i32.const 9) (local.get 1) (local.get 0) (f64.const 2.75)))))");
  EXPECT_EQ(opcodes(twins.tuned(), 1)[kCall], 0);
  twins.expect_equal("f", {{1, 2}, {7, 0xFFFFFFFFFFFFFFFF}, {0xFFFFFFFF, 1'000'000'007}});
}

TEST(TuneTest, LocalsOfAnInlinedBodyAreClearedOnEachTurnOfALoop) {
  const Twins twins(R"((module
    (func $once (param i32) (result i32) (local i32 i64 f32 f64 v128)
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (local.set 2 (i64.add (local.get 2) (i64.const 1)))
      (i32.add (local.get 1) (i32.wrap_i64 (local.get 2))))
    (func (export "f") (param i32) (result i32) (local i32)
      (loop
        (local.set 1 (i32.add (local.get 1) (call $once (local.get 0))))
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1))))",
                    "call 1 0 1000\n");
  EXPECT_EQ(opcodes(twins.tuned(), 1)[kCall], 0);
  twins.expect_equal("f", each_of({1, 2, 3, 50}));
}

TEST(TuneTest, ReturnsAndBranchesLeaveOnlyTheInlinedBody) {
  const Twins twins(R"((module
    (func $sign (param i32) (result i32)
      (block (loop (block
        (br_if 0 (i32.lt_s (local.get 0) (i32.const 0)))
        (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
        (br_if 3 (i32.const 1) (i32.eq (local.get 0) (i32.const 77)))
        (drop)
        (block (br_table 0 1 3 0 (i32.sub (local.get 0) (i32.const 2))))
        (br_if 3 (i32.const 8) (i32.eq (local.get 0) (i32.const 5)))
        (drop)
        (return (i32.const 1)))
        (br 1)))
      (i32.const -1))
    (func (export "f") (param i32) (result i32)
      (block (result i32) (loop (result i32)
        (i32.add (i32.mul (call $sign (local.get 0)) (i32.const 10)) (i32.const 3)))))))",
                    "call 1 0 1000\nunlikely 0 0\nlikely 0 1\n");
  EXPECT_EQ(opcodes(twins.tuned(), 1)[kCall], 0);
  twins.expect_equal("f", each_of({0, 1, 2, 3, 4, 5, 77, 0x80000000, 0xFFFFFFFF}));
}

TEST(TuneTest, BlocksOfSeveralValuesAreCopiedAsTheyAre) {
  const Twins twins(R"((module
    (type $swap (func (param i32 i32) (result i32 i32)))
    (func $two (param i32) (result i32 i32) (local.get 0) (i32.const 5))
    (func $difference (param i32 i32) (result i32)
      (local.get 0) (local.get 1)
      (block (type $swap) (local.set 0) (local.set 1) (local.get 0) (local.get 1))
      (if (type $swap) (local.get 0) (then) (else (drop) (i32.const 9)))
      (i32.sub))
    (func (export "f") (param i32) (result i32)
      (call $two (local.get 0)) (call $difference))))",
                    "call 2 0 1000\ncall 2 1 1000\n");
  EXPECT_EQ(opcodes(twins.tuned(), 2)[kCall], 1) << "a callee of two results stays a call";
  twins.expect_equal("f", each_of({0, 1, 5, 100}));
}

constexpr std::string_view kTable = R"((module
    (type $unary (func (param i32) (result i32)))
    (type $binary (func (param i32 i32) (result i32)))
    (table 6 funcref)
    (elem (i32.const 0) $double $negate)
    (elem (i32.const 3) $sum $overwritten)
    (elem (i32.const 4) $square)
    (func $double (type $unary) (i32.mul (local.get 0) (i32.const 2)))
    (func $negate (type $unary) (i32.sub (i32.const 0) (local.get 0)))
    (func $square (type $unary) (i32.div_u (i32.const 1000) (i32.mul (local.get 0) (local.get 0))))
    (func $sum (type $binary) (i32.add (local.get 0) (local.get 1)))
    (func $overwritten (type $unary) (i32.const 666))
    (func (export "f") (param i32 i32) (result i32)
      (i32.add (i32.const 1)
        (call_indirect (type $unary) (local.get 0) (local.get 1))))))";

TEST(TuneTest, UsualTargetsOfAnIndirectCallAreTestedForAndInlined) {
  const Twins twins(kTable, "indirect 5 0 1000 0 500 1 300 4 150\n");
  EXPECT_EQ(opcodes(twins.tuned(), 5)[kCallIndirect], 1);
  EXPECT_EQ(opcodes(twins.tuned(), 5)[kIf], 3);
  EXPECT_EQ(opcodes(twins.tuned(), 5)[kCall], 0);
  twins.expect_equal("f", {{3, 0}, {3, 1}, {3, 4}, {0, 0}, {0xFFFFFFFF, 4}});
}

TEST(TuneTest, AnIndirectCallStillTraps) {
  const Twins twins(kTable, "indirect 5 0 1000 0 400 3 400 4 200\n");
  EXPECT_EQ(opcodes(twins.tuned(), 5)[kIf], 2) << "slot 3 holds another type";
  Runnable fast(twins.tuned());
  EXPECT_THAT(fast.call("f", {1, 2}).message, HasSubstr("uninitialized element"));
  EXPECT_THAT(fast.call("f", {1, 3}).message, HasSubstr("indirect call type mismatch"));
  EXPECT_THAT(fast.call("f", {1, 6}).message, HasSubstr("undefined element"));
  EXPECT_THAT(fast.call("f", {0, 4}).message, HasSubstr("divide by zero"));
  twins.expect_equal("f", {{1, 2}, {1, 3}, {1, 5}, {1, 6}, {1, 0xFFFFFFFF}, {0, 4}, {2, 4}});
}

TEST(TuneTest, RareTargetsAreNotTestedFor) {
  const Twins twins(kTable, "indirect 5 0 1000 0 200 1 200 4 200\n");
  EXPECT_EQ(opcodes(twins.tuned(), 5)[kIf], 0);
}

TEST(TuneTest, ExceptionsOfInlinedBodiesReachTheSameHandlers) {
  const Twins twins(R"((module
    (tag $e (param i32))
    (func $check (param i32) (result i32)
      (if (i32.gt_u (local.get 0) (i32.const 10)) (then (throw $e (local.get 0))))
      (local.get 0))
    (func $guarded (param i32) (result i32)
      (block $caught (result i32)
        (try_table (result i32) (catch $e $caught)
          (if (i32.eq (local.get 0) (i32.const 3)) (then (return (i32.const 33))))
          (i32.add (call $check (local.get 0)) (i32.const 100)))
        (return))
      (i32.mul (i32.const 2)))
    (func (export "f") (param i32) (result i32)
      (block $outer (result i32)
        (try_table (result i32) (catch $e $outer)
          (i32.add (call $guarded (local.get 0))
                   (call $check (i32.shr_u (local.get 0) (i32.const 2))))))
      )))",
                    "call 1 2 1000\ncall 2 0 1000\ncall 2 1 1000\n");
  EXPECT_EQ(opcodes(twins.tuned(), 2)[kCall], 0);
  twins.expect_equal("f", each_of({0, 3, 10, 11, 20, 43, 44, 1000}));
}

TEST(TuneTest, RecursionIsInlinedOnlySoDeep) {
  const Twins twins(R"((module
    (func $even (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (call $odd (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 1))))
    (func $odd (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (call $even (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 0))))
    (func $self (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 3) (call $self (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.const 0))))
    (func (export "f") (param i32) (result i32)
      (i32.add (call $even (local.get 0)) (call $self (local.get 0))))))",
                    "call 0 1 1000\ncall 1 1 1000\ncall 2 1 1000\ncall 3 0 1000\ncall 3 1 1000\n");
  EXPECT_EQ(opcodes(twins.tuned(), 2)[kCall], 1);
  EXPECT_EQ(opcodes(twins.tuned(), 3)[kCall], 2);
  twins.expect_equal("f", each_of({0, 1, 2, 9, 1000}));
}

TEST(TuneTest, UnreachableCodeStaysValid) {
  const Twins twins(
      R"((module
    (type $unary (func (param i32) (result i32)))
    (table 1 funcref) (elem (i32.const 0) $never)
    (func $never (type $unary) (unreachable))
    (func $dead (type $unary)
      (return (local.get 0)) (call $never) (call_indirect (type $unary) (i32.const 0)))
    (func (export "f") (param i32) (result i32)
      (block (result i32)
        (br 0 (call $dead (local.get 0)))
        (call $never) (call $dead) (call_indirect (type $unary)) (unreachable)
        (call $never (i32.const 1)) (call_indirect (type $unary))))
    (func (export "g") (param i32) (result i32)
      (call $never (call $dead (local.get 0))))))",
      "indirect 1 1 1000 0 1000\nindirect 2 3 1000 0 1000\nindirect 2 5 1000 0 1000\n");
  twins.expect_equal("f", each_of({0, 42}));
  twins.expect_equal("g", each_of({0, 42}));
}

TEST(TuneTest, TailCallsAndReferencesAreNotMoved) {
  const Twins twins(R"((module
    (func $tail (param i32) (result i32) (return_call $tail2 (local.get 0)))
    (func $tail2 (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func $reference (param i32) (result i32) (local externref)
      (if (ref.is_null (local.get 1)) (then (return (i32.const 4)))) (local.get 0))
    (func (export "f") (param i32) (result i32) (local funcref i64)
      (i32.mul (call $tail2 (call $reference (i32.const 1)))
               (i32.add (call $tail (local.get 0)) (ref.is_null (local.get 1)))))))");
  EXPECT_EQ(opcodes(twins.tuned(), 3)[kCall], 2);
  twins.expect_equal("f", each_of({0, 1, 99}));
}

TEST(TuneTest, WhatWouldGrowTooMuchIsLeftACall) {
  std::string body;
  for (int i = 0; i < 40; ++i) body += "(local.set 0 (i32.xor (local.get 0) (i32.const 7)))";
  std::string text = "(module (func $hot (param i32) (result i32) " + body +
                     "(local.get 0)) (func (export \"f\") (param i32) (result i32)";
  std::string entries;
  for (int i = 0; i < 100; ++i) {
    text += "(local.set 0 (call $hot (local.get 0)))";
    entries += "call 1 " + std::to_string(i) + " 1000\n";
  }
  const Twins twins(text + "(local.get 0)))", entries);
  const int calls = opcodes(twins.tuned(), 1)[kCall];
  EXPECT_GT(calls, 50);
  EXPECT_LT(calls, 90);
  twins.expect_equal("f", each_of({0, 1}));
}

TEST(TuneTest, HintsNameTheBranchesWhereTheyNowStand) {
  const Twins twins(R"((module
    (func $clamp (param i32) (result i32)
      (if (i32.gt_s (local.get 0) (i32.const 9)) (then (return (i32.const 9)))) (local.get 0))
    (func (export "f") (param i32) (result i32)
      (block (br_if 0 (i32.eqz (call $clamp (local.get 0)))) (return (i32.const 1)))
      (i32.const 0))))",
                    "unlikely 0 0\nlikely 1 1\n");
  Pieces in(testing::section(twins.tuned(), 0, "metadata.code.branch_hint"));
  std::vector<std::pair<std::uint32_t, bool>> hints;  // opcode, likely
  for (std::uint32_t functions = in.number(); functions > 0; --functions) {
    const auto body = bodies(twins.tuned()).at(in.number());
    for (std::uint32_t left = in.number(); left > 0; --left) {
      const std::uint32_t offset = in.number();
      EXPECT_EQ(in.number(), 1U);
      hints.emplace_back(std::to_integer<std::uint32_t>(body[offset]), in.byte() != 0);
    }
  }
  EXPECT_TRUE(in.at_end());
  EXPECT_THAT(hints,
              ElementsAre(std::pair(kIf, false), std::pair(kIf, false), std::pair(kBrIf, true)));
  twins.expect_equal("f", each_of({0, 1, 9, 10}));
}

TEST(TuneTest, TablesThatCouldChangeAreRefused) {
  constexpr std::string_view kWrites = "code that writes a table";
  EXPECT_THAT(module_refusal("(module (import \"a\" \"t\" (table 1 funcref)) (func))"),
              HasSubstr("an imported table"));
  EXPECT_THAT(module_refusal("(module (table (export \"t\") 1 funcref) (func))"),
              HasSubstr("an exported table"));
  EXPECT_THAT(module_refusal("(module (table i64 1 funcref) (func))"), HasSubstr("64-bit"));
  EXPECT_THAT(
      module_refusal("(module (table 1 funcref) (func (table.set (i32.const 0) (ref.null func))))"),
      HasSubstr(kWrites));
  EXPECT_THAT(
      module_refusal(
          "(module (table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1)))))"),
      HasSubstr(kWrites));
  EXPECT_THAT(
      module_refusal("(module (table 1 funcref) (func (table.fill (i32.const 0) (ref.null func) "
                     "(i32.const 1))))"),
      HasSubstr(kWrites));
  EXPECT_THAT(
      module_refusal("(module (table 1 funcref) (func (table.copy (i32.const 0) (i32.const 0) "
                     "(i32.const 1))))"),
      HasSubstr(kWrites));
  EXPECT_THAT(module_refusal(
                  "(module (table 1 funcref) (elem $e func 0) (func (table.init $e (i32.const 0) "
                  "(i32.const 0) (i32.const 1))))"),
              HasSubstr(kWrites));
  EXPECT_THAT(module_refusal("(module (import \"a\" \"g\" (global i32)) (table 1 funcref) "
                             "(elem (global.get 0) func 0) (func))"),
              HasSubstr("not a plain constant"));
  EXPECT_THAT(
      module_refusal("(module (table 1 funcref) (elem (i32.const 0) funcref (ref.func 0)) (func))"),
      HasSubstr("elements given by expressions"));
  EXPECT_THAT(module_refusal("(module (rec (type (func)) (type (func))) (func))"),
              HasSubstr("gc proposal"));
}

TEST(TuneTest, ProfileOfOtherCodeIsRefused) {
  const Bytes one = *text_to_binary("(module (func (nop)))");
  const Bytes other = *text_to_binary("(module (func (nop) (nop)))");
  EXPECT_TRUE(tune(one, code_line(one) + "total 1\n").ok());
  const Status status = tune(one, code_line(other) + "total 1\n").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(message_of(status)), HasSubstr("a profile of code"));
}

TEST(TuneTest, MalformedProfilesAreRefused) {
  for (const std::string_view entries :
       {"", "total 0\n", "total 1\ncall\n", "total 1\ncall 0\n", "total 1\ncall 0 0\n",
        "total 1\ncall 0 0 1 1\n", "total 1\ncall 6 0 1\n", "total 1\ncall 4294967296 0 1\n",
        "total 1\ncall 5 4294967296 1\n", "total 1\ncall 5 0 -1\n", "total 1\ncall 5 0 1x\n",
        "total 1\ncall 5 0 99999999999999999999\n", "total 1\nindirect 5 0 1 0\n",
        "total 1\nindirect 5 0 1 9 1\n", "total 1\nindirect 5 0 1 4294967296 1\n",
        "total 1\nlikely 5 0 x\n", "total 1\nsomething 5 0 1\n", "total 1\n\xFF\n", "total\n"}) {
    EXPECT_EQ(tune_status(kTable, entries).code(), StatusCode::kInvalidArgument) << entries;
  }
  const Bytes module = *text_to_binary(kTable);
  EXPECT_FALSE(tune(module, "").ok());
  EXPECT_FALSE(tune(module, "total 1\n").ok());
  const std::string huge =
      "total 18446744073709551615\nindirect 5 0 18446744073709551615 0 "
      "18446744073709551615 1 18446744073709551615\ncall 5 4294967295 7\n";
  EXPECT_TRUE(tune_status(kTable, huge).ok());
  const std::string whole = code_line(module) + huge;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    (void)tune(module, whole.substr(0, length));  // must only return
  }
}

TEST(TuneTest, MalformedModulesAreRefused) {
  const Bytes module = *text_to_binary(kTable);
  constexpr std::string_view kEntries = "total 1000\nindirect 5 0 1000 0 900\n";
  const std::string profile = code_line(module) + std::string(kEntries);
  // The code comes last, but for the names, which may be missing.
  const auto begin = static_cast<std::size_t>(code_section(module).data() - module.data());
  const std::size_t end = begin + code_section(module).size();
  for (std::size_t length = 0; length < end; ++length) {
    const Bytes cut(module.begin(), module.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_EQ(tune(cut, profile).status().code(), StatusCode::kInvalidArgument) << length;
  }
  for (std::size_t at = 0; at < module.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = module;
      changed[at] ^= std::byte{1} << bit;
      (void)tune(changed, profile);  // must only return
      const auto code = std::span(changed).subspan(begin, end - begin);
      (void)tune(changed, "code " + sha256_hex(code) + "\n" + std::string(kEntries));
    }
  }
}

TEST(TuneTest, EqualInputGivesEqualOutput) {
  const Twins first(kTable, "indirect 5 0 1000 0 500 1 300 4 150\n");
  const Twins second(kTable, "indirect 5 0 1000 0 500 1 300 4 150\n");
  EXPECT_EQ(first.tuned(), second.tuned());
}

}  // namespace
}  // namespace skerry::engine
