// SPDX-License-Identifier: Apache-2.0
#include "skerry/config/config.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"

namespace skerry::config {
namespace {

using ::testing::HasSubstr;
using Files = std::vector<std::filesystem::path>;

class ConfigTest : public ::testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& text) const {
    const auto path = directory_.path() / name;
    std::ofstream(path) << text;
    return path;
  }
  Result<Config> load(const Files& files) const {
    return Config::load(files, [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      if (found == environment_.end()) return std::nullopt;
      return found->second;
    });
  }
  /// Why a file is refused, from its name on.
  std::string refusal(const std::string& text) const {
    const auto path = file("bad.yaml", text);
    const auto config = load({path});
    EXPECT_EQ(config.status().code(), StatusCode::kInvalidArgument) << text;
    const std::string why(message_of(config.status()));
    const auto at = why.find("bad.yaml");
    return at == why.npos ? why : why.substr(at);
  }
  static Config::Effective of(const Config& config, const std::string& key) {
    for (const auto& each : config.effective()) {
      if (each.key == key) return each;
    }
    ADD_FAILURE() << key;
    return {};
  }

  TestDirectory directory_;
  std::map<std::string, std::string> environment_;
};

TEST_F(ConfigTest, WithoutAnythingEverythingIsADefaultOfTheContract) {
  const Config config = load({}).value();
  EXPECT_EQ(config.settings().limits.memory, mib(256));
  EXPECT_EQ(config.settings().limits.wall, std::chrono::seconds(30));
  for (const auto& each : config.effective()) EXPECT_EQ(each.from, "default") << each.key;
}

TEST_F(ConfigTest, LaterFilesThenTheEnvironmentThenOptionsWin) {
  const auto first = file(
      "a.yaml",
      "wasi:\n  memory_limit_bytes: 104857600\n  max_open_files: 99\nservice:\n  workers: 3\n");
  const auto second =
      file("b.yaml", "service:\n  workers: 5\n  http: [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n");
  environment_ = {{"WASI_MEMORY_LIMIT_MB", "512"}, {"WASI_TIMEOUT_SECONDS", "3000"}};
  Config config = load({first, second}).value();
  ASSERT_TRUE(config.set("service.queue", 7, "--queue").ok());
  EXPECT_EQ(config.settings().limits.memory, mib(512));
  EXPECT_EQ(config.settings().limits.wall, std::chrono::seconds(3000));
  EXPECT_EQ(config.settings().http.size(), 2U);
  EXPECT_EQ(of(config, "service.workers").value, 5);
  EXPECT_EQ(of(config, "service.workers").from, second.native() + ":2");
  EXPECT_EQ(of(config, "wasi.max_open_files").from, first.native() + ":3");
  EXPECT_EQ(of(config, "wasi.memory_limit_bytes").from, "WASI_MEMORY_LIMIT_MB");
  EXPECT_EQ(of(config, "service.queue").from, "--queue");
}

TEST_F(ConfigTest, WhatDoesNotFitIsToldWithFileAndLine) {
  EXPECT_THAT(refusal("wasi:\n  max_feul: 3\n"),
              HasSubstr("bad.yaml:2: unknown key \"wasi.max_feul\""));
  EXPECT_THAT(refusal("\nnonsense: 1\n"), HasSubstr("bad.yaml:2: unknown key \"nonsense\""));
  EXPECT_THAT(
      refusal("service:\n  workers: many\n"),
      HasSubstr(
          "bad.yaml:2: service.workers: expected a whole number from 1 to 1024, got \"many\""));
  EXPECT_THAT(refusal("service:\n  workers: 0\n"), HasSubstr("got \"0\""));
  EXPECT_THAT(refusal("service:\n  workers: 2.5\n"), HasSubstr("got \"2.5\""));
  EXPECT_THAT(refusal("service:\n  workers:\n"), HasSubstr("has no value"));
  EXPECT_THAT(refusal("service: 3\n"), HasSubstr("is a section"));
  EXPECT_THAT(refusal("service:\n  require_key: maybe\n"), HasSubstr("true or false"));
  EXPECT_THAT(refusal("service:\n  workers: 1\n  workers: 2\n"),
              HasSubstr("bad.yaml:3: \"service.workers\" is given twice"));
  EXPECT_THAT(refusal("service:\n  http: &a [*a, *a, *a]\n"), HasSubstr("bad.yaml:2:"));
  EXPECT_THAT(refusal("service: [\n"), HasSubstr("bad.yaml:"));
  EXPECT_THAT(refusal("- a\n"), HasSubstr("bad.yaml:1:"));
  EXPECT_THAT(refusal("wasi:\n  execution_timeout_ms: 1\n  execution_timeout_secs: 5\n"),
              HasSubstr("bad.yaml:3: \"wasi.execution_timeout_secs\" contradicts"));
}

TEST_F(ConfigTest, WhatASandboxCannotGrantIsRefusedAndWhatIsSoAnywayIsNot) {
  for (const char* key : {"allow_network", "allow_subprocess", "fs_readonly"}) {
    EXPECT_THAT(refusal(std::string("wasi:\n  security:\n    ") + key + ": true\n"),
                HasSubstr("bad.yaml:3: wasi.security." + std::string(key) + ": cannot be true"));
    EXPECT_TRUE(
        load({file("good.yaml", std::string("wasi:\n  security:\n    ") + key + ": false\n")})
            .ok());
  }
  EXPECT_THAT(refusal("wasi:\n  max_tables: 20\n"), HasSubstr("cannot be 20"));
}

TEST_F(ConfigTest, ResultsAreKeptOfToolsThatKeepNothingThemselves) {
  const auto config = load(
      {file("good.yaml", "tools:\n  cache_seconds:\n    calculator: 60\n    code_executor: 0\n")});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->settings().cache_times.at("calculator"), std::chrono::seconds(60));
  EXPECT_THAT(refusal("tools:\n  cache_seconds:\n    clear_sessions: 60\n"),
              HasSubstr("tools whose results can be kept"));
  EXPECT_THAT(refusal("tools:\n  cache_seconds:\n    calculator: -1\n"), HasSubstr("bad.yaml:"));
  EXPECT_THAT(refusal("tools:\n  cache_seconds: 60\n"), HasSubstr("tools and seconds"));
}

TEST_F(ConfigTest, VariablesThatDoNotFitAreNamed) {
  for (const char* bad : {"x", "-1", "0", "1e300", "nan", " 5"}) {
    environment_ = {{"WASI_MEMORY_LIMIT_MB", bad}};
    const auto config = load({});
    EXPECT_EQ(config.status().code(), StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(message_of(config.status())), HasSubstr("WASI_MEMORY_LIMIT_MB")) << bad;
  }
  environment_ = {{"WASI_MEMORY_LIMIT_MB", ""}};
  EXPECT_TRUE(load({}).ok());
}

TEST_F(ConfigTest, FilesThatAreNamedMustBeThere) {
  EXPECT_EQ(load({directory_.path() / "none.yaml"}).status().code(), StatusCode::kNotFound);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());  // where there is no config/
  const auto files =
      Config::default_files([](const std::string& name) -> std::optional<std::string> {
        if (name == "AGENT_CONFIG_PATH") return "/a.yaml";
        if (name == "CONFIG_PATH") return "/f.yaml";
        return std::nullopt;
      });
  std::filesystem::current_path(before);
  EXPECT_EQ(files, (Files{"/a.yaml", "/f.yaml"}));
}

TEST_F(ConfigTest, AnEmptyFileSaysNothing) {
  for (const char* text : {"", "# nothing\n", "---\n", "service:\n", "wasi: {}\n"}) {
    EXPECT_TRUE(load({file("empty.yaml", text)}).ok()) << text;
  }
}

TEST_F(ConfigTest, RunsHaveVariablesAndFuel) {
  const auto path = file("a.yaml", "wasi:\n  max_fuel: 5\n  env_vars: {A: 'x, y', B: '2'}\n");
  const Config config = load({path}).value();
  EXPECT_EQ(config.settings().limits.fuel, 5U);
  EXPECT_EQ(config.settings().variables.at("A"), "x, y");
  EXPECT_EQ(config.settings().variables.size(), 2U);
  EXPECT_THAT(refusal("wasi:\n  env_vars: [A]\n"), HasSubstr("names and values"));
  EXPECT_THAT(refusal("wasi:\n  env_vars: {'A=B': c}\n"), HasSubstr("names and values"));
  EXPECT_THAT(refusal("wasi:\n  env_vars: {A: 1, A: 2}\n"), HasSubstr("given twice"));
  EXPECT_THAT(refusal("wasi:\n  env_vars: {A: " + std::string(40'000, 'x') + "}\n"),
              HasSubstr("at most"));
}

TEST_F(ConfigTest, AModelIsTold) {
  const auto path =
      file("a.yaml",
           "llm:\n  base_url: https://models.example/v1\n  model: m\n"
           "  models: {small: s}\n  prices: [m=1/2, s=0.5/1]\n  timeout_seconds: 10\n");
  environment_["LLM_MODEL"] = "other";
  const Config config = load({path}).value();
  const agent::ModelOptions& model = config.settings().model;
  EXPECT_EQ(model.base_url, "https://models.example/v1");
  EXPECT_EQ(model.model, "other");
  EXPECT_EQ(model.model_of(agent::Tier::kSmall), "s");
  EXPECT_EQ(model.price_of("m")->output, 2);
  EXPECT_EQ(model.query_time, std::chrono::seconds(10));
  EXPECT_EQ(of(config, "llm.prices").value, nlohmann::json({"m=1/2", "s=0.5/1"}));
  for (const char* wrong : {"base_url: nowhere", "prices: [m]", "prices: [m=1]", "prices: [m=-1/2]",
                            "timeout_seconds: 0", "model: ''", "model: [a]"}) {
    EXPECT_THAT(refusal(std::string("llm:\n  ") + wrong), HasSubstr("bad.yaml:2: llm.")) << wrong;
  }
}

TEST_F(ConfigTest, WhatIsOfTheReferenceAloneIsNamed) {
  environment_ = {{"LLM_SERVICE_URL", "http://x"}, {"METRICS_PORT", "9000"}, {"PORT", "9001"}};
  const Config config = load({}).value();
  ASSERT_EQ(config.notes().size(), 1U);
  EXPECT_THAT(config.notes()[0], HasSubstr("LLM_SERVICE_URL is set and not used"));
  EXPECT_EQ(config.settings().metrics, std::vector<std::string>{"127.0.0.1:9000"});
  EXPECT_EQ(config.settings().http, (std::vector<std::string>{"127.0.0.1:8000", "127.0.0.1:9001"}));
}

}  // namespace
}  // namespace skerry::config
