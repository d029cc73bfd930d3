// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "skerry/base/os/file.h"
#include "skerry/engine/engine.h"
#include "skerry/runtime/home.h"
#include "skerry/runtime/runtime.h"

/// A language of some lines: a program prints itself, behind "toy: ". What it takes to add one. For
/// tests only.
namespace skerry::runtime::testing {

// At 0 what fd_write prints: the word at 16, then the program.
inline constexpr std::string_view kToyModule = R"((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "\10\00\00\00\05\00\00\00")
  (data (i32.const 16) "toy: ")
  (func (export "host_alloc") (param i32) (result i32) (i32.const 65536))
  (func (export "turn") (param $program i32) (param $size i32) (result i32)
    (i32.store (i32.const 8) (local.get $program))
    (i32.store (i32.const 12) (local.get $size))
    (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 24)))))";

class Toy final : public Runtime {
 public:
  /// `recipe` shapes its template.
  explicit Toy(std::string recipe = "1") {
    about_.name = "toy";
    about_.language = "Toy";
    about_.interpreter = "the toy";
    about_.version = "1";
    about_.templates = {{.name = "toy", .recipe = [recipe] { return recipe; }}};
    about_.default_template = "toy";
    about_.module = "toy.wasm";
    // No bound on addresses: a sanitizer's shadow alone is larger than any bound that makes sense.
    about_.budget = {.memory = bytes(~std::uint64_t{0})};
    about_.warm_up_memory = mib(1);
    about_.warm_program = "warm";
  }

  const RuntimeDescription& description() const override { return about_; }
  Result<wasi::HostState> first_state(const BlobSet&) const override { return wasi::HostState(); }
  Result<std::map<std::string, std::string>> warm_up(sandbox::Sandbox&,
                                                     std::string_view) const override {
    return std::map<std::string, std::string>();
  }
  Result<sandbox::Outcome> run(sandbox::Sandbox& sandbox, const Program& program,
                               sandbox::RunEnvironment environment, Randomness) const override {
    sandbox.attach(environment);
    SKERRY_ASSIGN(const std::uint32_t address, sandbox.place(program.code));
    const std::array<std::uint64_t, 2> arguments{address, program.code.size()};
    SKERRY_ASSIGN(const engine::CallEnd end, sandbox.call("turn", arguments));
    sandbox::Outcome outcome;
    sandbox.explain_end(end, outcome);
    return outcome;
  }
  Result<image::Edits> fresh_random_states(const std::map<std::string, std::string>&,
                                           std::uint64_t) const override {
    return image::Edits();
  }

 private:
  RuntimeDescription about_;
};

/// Puts the module where set-up looks for it.
inline Status fetch_toy(const Home& home) {
  std::filesystem::create_directories(home.parts("toy"));
  SKERRY_ASSIGN(const auto module, engine::text_to_binary(kToyModule));
  return write_file(home.parts("toy") / "toy.wasm", module);
}

}  // namespace skerry::runtime::testing
