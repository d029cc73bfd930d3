// SPDX-License-Identifier: Apache-2.0
#include "skerry/packages/template_build.h"

#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/runtime/toy/test_toy.h"

namespace skerry::packages {
namespace {

using runtime::Installation;
using runtime::Runtimes;

class NoSteps final : public runtime::SetUpObserver {
 public:
  void step(const std::string& what) override { ADD_FAILURE() << what; }
  void damaged(const std::string& what) override { ADD_FAILURE() << what; }
  void progress(double) override {}
};

TEST(TemplateRequestTest, ItsCommandIsOneForAShell) {
  const TemplateRequest request{.name = "own",
                                .base = "toy",
                                .packages = {"plain", "a>=1", "it's"},
                                .requirements = {"my file.txt"},
                                .program = "warm.py"};
  EXPECT_EQ(request.command(),
            "skerry template build own --from toy --pip plain --pip 'a>=1' --pip 'it'\\''s' "
            "--requirements 'my file.txt' --run warm.py");
}

TEST(TemplateBuildTest, WhatCannotBeBuiltIsRefusedBeforeAnythingIsDone) {
  const TestDirectory directory;
  const Installation installation(runtime::Home{directory / "home"},
                                  Runtimes({std::make_shared<const runtime::testing::Toy>()}));
  NoSteps steps;
  const auto code = [&](const char* name, const char* base) {
    TemplateRequest request;
    request.name = name;
    request.base = base;
    return build_template(installation, request, steps).status().code();
  };
  EXPECT_EQ(code("../own", "toy"), StatusCode::kInvalidArgument);
  EXPECT_EQ(code("toy", "toy"), StatusCode::kInvalidArgument);
  EXPECT_EQ(code("own", "other"), StatusCode::kInvalidArgument);
  EXPECT_EQ(code("own", "toy"), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace skerry::packages
