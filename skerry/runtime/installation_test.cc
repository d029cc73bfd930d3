// SPDX-License-Identifier: Apache-2.0
// What is the same for all languages, with one that takes a few lines (toy/test_toy.h).
#include "skerry/runtime/installation.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"
#include "skerry/image/image_file.h"
#include "skerry/runtime/registry.h"
#include "skerry/runtime/toy/test_toy.h"

namespace skerry::runtime {
namespace {

using engine::Metering;
using testing::Toy;

class Steps final : public SetUpObserver {
 public:
  void step(const std::string& what) override { all.push_back(what); }
  void damaged(const std::string&) override {}
  void progress(double) override {}
  std::vector<std::string> all;
};

/// A language that has nothing to start from.
class Bare final : public Runtime {
 public:
  const RuntimeDescription& description() const override { return about_; }
  Result<wasi::HostState> first_state(const BlobSet&) const override { return wasi::HostState(); }
  Result<std::map<std::string, std::string>> warm_up(sandbox::Sandbox&,
                                                     std::string_view) const override {
    return absl::InternalError("it has no template");
  }
  Result<sandbox::Outcome> run(sandbox::Sandbox&, const Program&, sandbox::RunEnvironment,
                               Randomness) const override {
    return absl::InternalError("it has no template");
  }
  Result<image::Edits> fresh_random_states(const std::map<std::string, std::string>&,
                                           std::uint64_t) const override {
    return absl::InternalError("it has no template");
  }

 private:
  RuntimeDescription about_ = [] {
    RuntimeDescription about;
    about.name = "bare";
    about.language = "Bare";
    return about;
  }();
};

/// A language whose module is pinned.
class Pinned final : public Runtime {
 public:
  explicit Pinned(std::string sha256) : about_(toy_.description()) {
    about_.parts = {{.name = about_.module, .sha256 = std::move(sha256)}};
    about_.parts_title = "toy parts";
    about_.parts_command = "fetch-toy";
  }
  const RuntimeDescription& description() const override { return about_; }
  Result<wasi::HostState> first_state(const BlobSet& blobs) const override {
    return toy_.first_state(blobs);
  }
  Result<std::map<std::string, std::string>> warm_up(sandbox::Sandbox& sandbox,
                                                     std::string_view name) const override {
    return toy_.warm_up(sandbox, name);
  }
  Result<sandbox::Outcome> run(sandbox::Sandbox& sandbox, const Program& program,
                               sandbox::RunEnvironment environment,
                               Randomness randomness) const override {
    return toy_.run(sandbox, program, environment, randomness);
  }
  Result<image::Edits> fresh_random_states(const std::map<std::string, std::string>& facts,
                                           std::uint64_t size) const override {
    return toy_.fresh_random_states(facts, size);
  }

 private:
  const Toy toy_;
  RuntimeDescription about_;
};

class InstallationTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(testing::fetch_toy(home_).ok()); }

  Result<int> set_up(const Installation& installation) {
    return installation.set_up(Metering::kNone, SealedFile::Depth::kTimes, steps_);
  }
  Installation with(Runtimes::List runtimes) const {
    return {home_, Runtimes(std::move(runtimes))};
  }

  const TestDirectory directory_;
  const Home home_{directory_ / "home"};
  const Installation toys_ = with({std::make_shared<const Toy>()});
  Steps steps_;
};

TEST_F(InstallationTest, SetUpMakesATemplateOnce) {
  EXPECT_EQ(toys_.open("toy", Metering::kNone).status().code(), StatusCode::kNotFound);
  const auto steps = set_up(toys_);
  ASSERT_TRUE(steps.ok()) << steps.status();
  EXPECT_EQ(*steps, 2);
  EXPECT_EQ(steps_.all, (std::vector<std::string>{"hollowing, patching and tuning toy.wasm",
                                                  "compiling the toy to native code",
                                                  "warming up template toy"}));
  EXPECT_EQ(set_up(toys_).value_or(-1), 0);
  const auto loaded = toys_.open("toy", Metering::kNone);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->image->manifest.facts.at("runtime"), "toy");
  EXPECT_EQ((*loaded)->image->manifest.template_name, "toy");
  // An image finds its runtime, too.
  EXPECT_TRUE(toys_.open((*loaded)->image, Metering::kNone).ok());
}

TEST_F(InstallationTest, AnotherRecipeOutdatesATemplate) {
  ASSERT_TRUE(set_up(toys_).ok());
  const Installation later = with({std::make_shared<const Toy>("2")});
  EXPECT_EQ(later.open("toy", Metering::kNone).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(set_up(later).value_or(-1), 1) << "the native code is the same";
  EXPECT_TRUE(later.open("toy", Metering::kNone).ok());
}

TEST_F(InstallationTest, ABuiltTemplateIsOneUntilItsBaseIsAnother) {
  ASSERT_TRUE(set_up(toys_).ok());
  const BuiltTemplates built = toys_.built();
  {
    const auto one_at_a_time = built.begin();
    const auto base = image::open_image(toys_.template_path("toy")).value();
    image::Manifest manifest = base->manifest;
    manifest.template_name = "own";
    const auto work = built.work_directory().value();
    const auto file = BuiltTemplates::image_in(work);
    ASSERT_TRUE(image::write_image(file, manifest, base->base->bytes()).ok());
    ASSERT_TRUE(SealedFile::seal(file).ok());
    TemplateLock lock;
    lock.name = "own";
    lock.base = "toy";
    lock.base_id = toys_.template_id("toy").value();
    lock.command = "build it again";
    ASSERT_TRUE(built.keep(work, lock).ok());
  }
  const auto loaded = toys_.open("own", Metering::kNone);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->image->manifest.template_name, "own");
  EXPECT_EQ(toys_.template_names(), (std::vector<std::string>{"toy", "own"}));
  EXPECT_TRUE(toys_.unusable_templates().empty());
  EXPECT_EQ(message_of(toys_.open("other", Metering::kNone).status()),
            "unknown template \"other\", expected one of toy, own");

  const Installation later = with({std::make_shared<const Toy>("2")});
  ASSERT_TRUE(set_up(later).ok());
  const Status refused = later.open("own", Metering::kNone).status();
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(message_of(refused),
            "template own was built on another toy than the one that is installed: run `build it "
            "again`");
  EXPECT_EQ(later.template_names(), (std::vector<std::string>{"toy"}));
  EXPECT_EQ(later.unusable_templates().size(), 1U);
}

TEST_F(InstallationTest, AnUnknownTemplateIsRefusedWithTheNamesThatThereAre) {
  const Status refused = toys_.open("python", Metering::kNone).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(message_of(refused), "unknown template \"python\", expected one of toy");
}

TEST_F(InstallationTest, ARuntimeWithoutTemplatesRunsNothing) {
  const Installation bare = with({std::make_shared<const Bare>()});
  EXPECT_EQ(set_up(bare).value_or(-1), 0);
  EXPECT_EQ(bare.runtimes().default_template(), "");
  const Status refused = bare.open("", Metering::kNone).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(message_of(refused), "no runtime has a template to start from");
}

TEST_F(InstallationTest, EachTemplateAndImageFindsItsRuntime) {
  const Runtimes both({std::make_shared<const Bare>(), std::make_shared<const Toy>()});
  EXPECT_EQ(both.with_template("toy").value()->description().name, "toy");
  EXPECT_EQ(both.of({{"runtime", "toy"}}).value()->description().name, "toy");
  EXPECT_EQ(both.of({{"recipe", "r"}}).value()->description().name, "bare")
      << "an image from before runtimes had names is of the first";
  const Status refused = both.of({{"runtime", "ruby"}}).status();
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(message_of(refused), "the image is of the runtime \"ruby\", not known here");
}

TEST_F(InstallationTest, InspectTellsOfEveryRuntime) {
  const Installation both = with({std::make_shared<const Bare>(), std::make_shared<const Toy>()});
  ASSERT_TRUE(set_up(both).ok());
  std::vector<std::string> told;
  for (const Finding& each : both.inspect(SealedFile::Depth::kHash)) {
    if (each.state.ok()) told.push_back(each.what);
  }
  EXPECT_NE(std::find(told.begin(), told.end(), "Toy: native code"), told.end());
  EXPECT_NE(std::find(told.begin(), told.end(), "template toy"), told.end());
}

/// A home without parts, and a package that has them.
class ShippedPartsTest : public InstallationTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::fetch_toy(package_).ok());
    sha256_ = sha256_of_file(shipped_file_).value();
  }
  Installation shipping(std::filesystem::path from) const {
    return {home_, Runtimes({std::make_shared<const Pinned>(sha256_)}),
            ShippedParts(std::move(from))};
  }
  std::string problem(const Installation& installation) const {
    for (const Finding& each : installation.inspect(SealedFile::Depth::kHash)) {
      if (each.what == "toy parts" && !each.state.ok()) return each.mend;
    }
    return "";
  }

  const Home package_{directory_ / "package"};
  const std::filesystem::path shipped_file_ = package_.parts("toy") / "toy.wasm";
  std::string sha256_;
};

TEST_F(ShippedPartsTest, SetUpCopiesThemOnce) {
  const Installation installation = shipping(package_.root / "runtimes");
  EXPECT_EQ(problem(installation), "skerry setup");
  ASSERT_TRUE(set_up(installation).ok());
  EXPECT_EQ(steps_.all.front(), "copying the toy from " + package_.parts("toy").native());
  EXPECT_EQ(sha256_of_file(home_.parts("toy") / "toy.wasm").value(), sha256_);
  EXPECT_EQ(problem(installation), "");
  EXPECT_EQ(set_up(installation).value_or(-1), 0);
  EXPECT_TRUE(installation.open("toy", Metering::kNone).ok());
}

TEST_F(ShippedPartsTest, TheyReplaceAPartThatIsAnother) {
  std::filesystem::create_directories(home_.parts("toy"));
  const auto part = home_.parts("toy") / "toy.wasm";
  ASSERT_TRUE(write_file(part, as_bytes(std::string_view("older"))).ok());
  ASSERT_TRUE(set_up(shipping(package_.root / "runtimes")).ok());
  EXPECT_EQ(sha256_of_file(part).value(), sha256_);
}

TEST_F(ShippedPartsTest, DamagedOnesAreRefusedAndLeaveNothing) {
  ASSERT_TRUE(write_file(shipped_file_, as_bytes(std::string_view("damaged"))).ok());
  const Status refused = set_up(shipping(package_.root / "runtimes")).status();
  EXPECT_EQ(refused.code(), StatusCode::kDataLoss);
  EXPECT_TRUE(message_of(refused).starts_with(shipped_file_.native() + " is corrupt (SHA-256 "))
      << refused;
  EXPECT_TRUE(std::filesystem::is_empty(home_.parts("toy")));
}

TEST_F(ShippedPartsTest, WithoutThemTheCommandThatFetchesIsNamed) {
  for (const auto& from : {directory_ / "nowhere", std::filesystem::path()}) {
    const Installation installation = shipping(from);
    const Status refused = set_up(installation).status();
    EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
    EXPECT_EQ(message_of(refused),
              (home_.parts("toy") / "toy.wasm").native() + " is missing: run fetch-toy");
    EXPECT_EQ(problem(installation), "fetch-toy");
  }
}

TEST(RegistryTest, NamesOfRuntimesAndTemplatesAreUnique) {
  const Runtimes bundled = bundled_runtimes();
  std::vector<std::string> names = bundled.template_names();
  EXPECT_NE(std::find(names.begin(), names.end(), bundled.default_template()), names.end());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
  names.clear();
  for (const auto& each : bundled.all()) names.push_back(each->description().name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace skerry::runtime
