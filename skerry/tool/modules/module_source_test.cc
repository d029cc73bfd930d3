// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/modules/module_source.h"

#include <filesystem>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"
#include "skerry/tool/test_call.h"

namespace skerry::tool {
namespace {

namespace fs = std::filesystem;
using Module = ModuleSource::Module;

const std::string kModule("\0asm\1\0\0\0", 8);

class ModuleSourceTest : public ::testing::Test {
 protected:
  ModuleSourceTest() {
    fs::create_directories(root_ / "allowed" / "inner");
    fs::create_directories(root_ / "allowed2");
    put(root_ / "secret.wasm", kModule);
    put(root_ / "allowed2" / "other.wasm", kModule);
    put(root_ / "allowed" / "a.wasm", kModule);
    put(root_ / "allowed" / "inner" / "b.wasm", kModule);
    fs::create_directory_symlink(root_ / "allowed", root_ / "alias");
    source_ = open({.allowed_paths = {root_ / "alias"}});
  }

  static void put(const fs::path& path, std::string_view bytes) {
    ASSERT_TRUE(write_file(path, as_bytes(bytes)).ok());
  }
  static std::unique_ptr<ModuleSource> open(const ModuleFiles& files) {
    auto source = ModuleSource::open(files);
    EXPECT_TRUE(source.ok()) << source.status();
    return *std::move(source);
  }
  Result<Module> at(const fs::path& path) {
    std::optional<Result<Module>> answer;
    const auto fetch = [&]() -> boost::asio::awaitable<bool> {
      answer = co_await source_->from_path(path.native());
      co_return true;
    };
    testing::finish(fetch());
    return *answer;
  }
  std::string refusal(const fs::path& path) {
    const Status status = at(path).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
    return std::string(message_of(status));
  }

  const TestDirectory directory_;
  const fs::path root_ = fs::canonical(directory_.path());
  std::unique_ptr<ModuleSource> source_;
};

TEST_F(ModuleSourceTest, WhatLiesInAnAllowedDirectoryIsRead) {
  for (const fs::path& path :
       {root_ / "allowed" / "a.wasm", root_ / "alias" / "a.wasm", fs::path("a.wasm"),
        fs::path("inner/b.wasm"), root_ / "allowed" / "inner" / ".." / "a.wasm",
        root_ / "alias" / "inner" / "b.wasm"}) {
    const auto module = at(path);
    ASSERT_TRUE(module.ok()) << path << module.status();
    EXPECT_EQ(**module, kModule);
  }
}

TEST_F(ModuleSourceTest, WhatLiesOutsideIsNotAndNobodyLearnsWhetherItIsThere) {
  const auto words = [&](const fs::path& path) {
    std::string text = refusal(path);
    const auto named = text.find(path.native());
    EXPECT_NE(named, std::string::npos) << text;
    return text.erase(named, path.native().size());
  };
  const std::string missing = words(root_ / "nothing.wasm");
  EXPECT_TRUE(missing.starts_with("Failed to read wasm module at ")) << missing;
  for (const fs::path& path :
       {root_ / "secret.wasm", root_ / "allowed2" / "other.wasm",
        root_ / "allowed" / ".." / "secret.wasm",
        root_ / "allowed" / "inner" / ".." / ".." / "secret.wasm", fs::path("../secret.wasm"),
        fs::path("/etc/passwd"), fs::path("/etc/shadow"), fs::path("/nowhere/at/all"),
        root_ / "allowed", root_ / "allowed" / "inner", fs::path("inner"), fs::path("."),
        fs::path(".."), fs::path("/"), fs::path("/proc/self/exe")}) {
    EXPECT_EQ(words(path), missing) << path;
  }
  EXPECT_FALSE(at(std::string("a.wasm\0b", 8)).ok());
  EXPECT_FALSE(at(std::string(10'000, 'x')).ok());
}

TEST_F(ModuleSourceTest, LinksLeadNowhereOutside) {
  fs::create_symlink(root_ / "secret.wasm", root_ / "allowed" / "out.wasm");
  fs::create_symlink("../secret.wasm", root_ / "allowed" / "up.wasm");
  fs::create_directory_symlink("..", root_ / "allowed" / "updir");
  fs::create_symlink("inner/b.wasm", root_ / "allowed" / "in.wasm");
  EXPECT_FALSE(at("out.wasm").ok());
  EXPECT_FALSE(at("up.wasm").ok());
  EXPECT_FALSE(at("updir/secret.wasm").ok());
  EXPECT_TRUE(at("in.wasm").ok());
}

TEST_F(ModuleSourceTest, OnlyRegularFilesAreReadAndNothingWaits) {
  ASSERT_EQ(::mkfifo((root_ / "allowed" / "pipe.wasm").c_str(), 0600), 0);
  EXPECT_TRUE(refusal("pipe.wasm").starts_with("Failed to read wasm module at pipe.wasm"));
}

TEST_F(ModuleSourceTest, FilesThatAreNoModulesSayWhy) {
  put(root_ / "allowed" / "elf.wasm",
      "\x7F"
      "ELF");
  put(root_ / "allowed" / "empty.wasm", "");
  put(root_ / "allowed" / "big.wasm", kModule);
  fs::resize_file(root_ / "allowed" / "big.wasm", (50U << 20) + 1);
  EXPECT_TRUE(refusal("elf.wasm").starts_with("Invalid WASM module format"));
  EXPECT_TRUE(refusal("empty.wasm").starts_with("Invalid WASM module format"));
  EXPECT_TRUE(refusal("big.wasm").starts_with("WASM module too large: 52428801 bytes"));
}

TEST_F(ModuleSourceTest, WithoutDirectoriesNoPathIsTaken) {
  source_ = open({});
  EXPECT_TRUE(refusal(root_ / "allowed" / "a.wasm").starts_with("Failed to read wasm module at "));
}

TEST_F(ModuleSourceTest, SettingsThatCannotBeMetAreRefused) {
  for (const ModuleFiles& wrong :
       {ModuleFiles{.allowed_paths = {root_ / "nothing"}},
        ModuleFiles{.allowed_paths = {root_ / "secret.wasm"}},
        ModuleFiles{.interpreter = root_ / "nothing"}, ModuleFiles{.interpreter = root_}}) {
    EXPECT_EQ(ModuleSource::open(wrong).status().code(), StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace skerry::tool
