// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/session_variables.h"

#include <gtest/gtest.h>

#include "skerry/runtime/registry.h"
#include "skerry/session/session_report.h"

namespace skerry::session {
namespace {

sandbox::Outcome ended(sandbox::OutcomeKind kind) {
  sandbox::Outcome outcome;
  outcome.kind = kind;
  return outcome;
}
sandbox::Outcome completed() { return ended(sandbox::OutcomeKind::kCompleted); }

Result<Variables> variables_of(const sandbox::Outcome& outcome, std::string_view printed) {
  SKERRY_ASSIGN(auto query, VariablesQuery::of(runtime::bundled_runtimes(), {}, mib(1)));
  EXPECT_NE(query.program().code, "");
  query.output(wasi::Stream::kStderr, "no variable");
  query.output(wasi::Stream::kStdout, printed);
  return query.answer(outcome);
}

TEST(SessionVariablesTest, ReadsWhatTheGuestTells) {
  const auto told =
      variables_of(completed(), R"({"n": ["int", "1", "d1"], "odd": ["x"], "no": 3})");
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->at("n"), (Variable{"int", "1", "d1"}));
  EXPECT_EQ(told->at("odd"), (Variable{"x", "", ""}));
  EXPECT_EQ(told->at("no"), Variable{});
}

TEST(SessionVariablesTest, NonsenseIsNoState) {
  for (const char* printed : {"", "[]", "{", "null", "\xff"}) {
    EXPECT_EQ(variables_of(completed(), printed).status().code(), StatusCode::kDataLoss) << printed;
  }
  const auto killed = ended(sandbox::OutcomeKind::kDeadline);
  EXPECT_EQ(variables_of(killed, "{}").status().code(), StatusCode::kDataLoss);
}

TEST(SessionVariablesTest, DiffTellsEachNameOnce) {
  const Variables before{
      {"gone", {"int", "1", "a"}}, {"same", {"int", "2", "b"}}, {"new", {"int", "3", "c"}}};
  const Variables after{
      {"same", {"int", "2", "b"}}, {"new", {"int", "3", "d"}}, {"more", {"str", "'x'", "e"}}};
  const auto json = json_of(diff_of(before, after));
  EXPECT_EQ(json.dump(), R"({"added":[{"name":"more","type":"str","value":"'x'"}],)"
                         R"("changed":[{"name":"new","type":"int","value":"3"}],)"
                         R"("removed":[{"name":"gone","type":"int","value":"1"}]})");
}

}  // namespace
}  // namespace skerry::session
